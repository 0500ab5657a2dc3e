"""Zigbee2MQTT: names with slashes, millivolts, and a cache that repeats itself."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices import zigbee2mqtt
from protocols.devices.zigbee2mqtt import Memory, Options, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
SEEN = "2025-11-21T22:00:00.000Z"


def said(body: Any, topic: str = "zigbee2mqtt/t1", **context: Any) -> list[Decoded]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(topic, payload, Context(NOW_MS, **context))


def values(found: list[Decoded]) -> dict[tuple[str, str, str], float]:
    return {(one.device, one.channel, one.quantity): one.values[0] for one in found if isinstance(one, Reading)}


def test_a_friendly_name_is_all_of_the_topic() -> None:
    assert list(values(said({"temperature": 4}, "zigbee2mqtt/cold room/shelf 3/top"))) == [
        ("cold room/shelf 3/top", "1", "temperature_c")
    ]


def test_the_voltage_of_a_battery_is_in_millivolts_and_that_of_the_mains_in_volts() -> None:
    assert values(said({"battery": 90, "voltage": 2985}))["t1", "1", "voltage_v"] == 2.985
    assert values(said({"voltage": 2985})) == {("t1", "1", "voltage_v"): 2.985}
    assert values(said({"battery": 3, "voltage": 900}))["t1", "1", "voltage_v"] == 0.9
    assert values(said({"voltage": 231.5})) == {("t1", "1", "voltage_v"): 231.5}
    assert values(said({"battery": 50, "voltage": 12.5}))["t1", "1", "voltage_v"] == 12.5
    assert values(said({"voltage": 1000})) == {("t1", "1", "voltage_v"): 1.0}


@pytest.mark.parametrize("stamp", [SEEN, "2025-11-21T23:00:00+01:00", 1763762400000])
def test_every_form_of_last_seen_is_read(stamp: object) -> None:
    (reading,) = said({"temperature": 4, "last_seen": stamp})

    assert isinstance(reading, Reading)
    assert (reading.at_ms, reading.flags) == (NOW_MS, ())


def test_what_the_cache_repeats_is_not_read_twice() -> None:
    memory = Memory()
    said({"temperature": 4, "humidity": 60, "last_seen": SEEN}, memory=memory)

    assert said({"temperature": 4, "humidity": 60, "last_seen": SEEN}, memory=memory) == []
    assert values(said({"temperature": 4, "humidity": 61, "last_seen": SEEN}, memory=memory)) == {
        ("t1", "1", "humidity_pct"): 61.0
    }


def test_the_same_value_heard_anew_is_a_new_reading() -> None:
    memory = Memory()
    said({"temperature": 4, "last_seen": SEEN}, memory=memory)

    assert len(said({"temperature": 4, "last_seen": "2025-11-21T22:00:10.000Z"}, memory=memory)) == 1


def test_without_last_seen_nothing_is_left_out() -> None:
    memory = Memory()
    said({"temperature": 4}, memory=memory)

    assert len(said({"temperature": 4}, memory=memory)) == 1


def test_a_leak_is_told_once_and_its_end_too() -> None:
    memory = Memory()
    told = [said({"water_leak": leak}, memory=memory) for leak in (False, True, True, False, False)]

    texts = [[one.text for one in found if isinstance(one, Notice)] for found in told]
    assert texts == [[], ["true"], [], ["false"], []]


def test_a_button_pressed_twice_is_told_twice() -> None:
    memory = Memory()

    for _ in range(2):
        (notice,) = said({"action": "single"}, memory=memory)
        assert isinstance(notice, Notice)
        assert (notice.channel, notice.text) == ("action", "single")
    assert said({"action": ""}, memory=memory) == []


def test_firmware_news_colours_and_link_quality_are_no_readings() -> None:
    assert said({"update": {"state": "idle", "temperature": 5}, "color": {"x": 1}, "linkquality": 80}) == []


def test_a_device_with_two_endpoints_has_two_channels() -> None:
    found = values(said({"temperature_1": 4, "temperature_2": -18, "state_l1": "ON", "power_phase_a": 12}))

    assert found == {
        ("t1", "1", "temperature_c"): 4.0,
        ("t1", "2", "temperature_c"): -18.0,
        ("t1", "l1", "switch_on"): 1.0,
        ("t1", "phase_a", "power_w"): 12.0,
    }


def test_the_temperature_of_the_device_is_not_that_of_the_room() -> None:
    room, device = said({"temperature": 4, "device_temperature": 31})

    assert isinstance(room, Reading)
    assert isinstance(device, Reading)
    assert (room.channel, "internal" in room.flags) == ("1", False)
    assert (device.channel, "internal" in device.flags) == ("device", True)


def test_an_open_contact_is_an_open_door() -> None:
    assert values(said({"contact": False})) == {("t1", "1", "door_open"): 1.0}


def test_the_state_of_a_blind_is_told_in_words() -> None:
    (notice,) = said({"state": "OPEN", "position": 80})

    assert isinstance(notice, Notice)
    assert notice.text == "OPEN"


@pytest.mark.parametrize("rest", ["t1/set", "t1/get", "a/b/set", "t1/set/state", "t1/get/temperature"])
def test_a_command_is_no_reading(rest: str) -> None:
    assert said({"temperature": 4, "state": "ON"}, f"zigbee2mqtt/{rest}") == []


@pytest.mark.parametrize("rest", ["bridge/info", "bridge/devices", "bridge/event", "bridge/response/device/rename"])
def test_what_the_bridge_talks_about_is_left(rest: str) -> None:
    assert said({"state": "online", "temperature": 4}, f"zigbee2mqtt/{rest}") == []


@pytest.mark.parametrize("body", [b"online", b'{"state":"online"}'])
def test_both_forms_of_a_state_are_read(body: bytes) -> None:
    assert said(body, "zigbee2mqtt/a/b/availability") == [DeviceStatus("a/b", True, NOW_MS)]
    assert said(body, "zigbee2mqtt/bridge/state") == [
        Notice("zigbee2mqtt", "bridge", "online", NOW_MS, ("no_clock",)),
    ]


def test_another_base_topic_is_an_option() -> None:
    found = said({"temperature": 4}, "hall/z2m/shelf/1", options=Options(base="hall/z2m"))

    assert list(values(found)) == [("shelf/1", "1", "temperature_c")]


def test_a_value_on_a_topic_of_its_own_is_read_like_one_in_an_object() -> None:
    assert values(said(b"ON", "zigbee2mqtt/plug/state_l2")) == {("plug", "l2", "switch_on"): 1.0}
    assert values(said(b"true", "zigbee2mqtt/door/contact")) == {("door", "1", "door_open"): 0.0}
    assert said(b"54", "zigbee2mqtt/door/linkquality") == []


def test_a_field_with_a_unit_that_nobody_knows_is_refused_with_the_site_file() -> None:
    with pytest.raises(msgspec.ValidationError, match="furlong"):
        msgspec.convert({"fields": {"distance": "furlong"}}, Options)


def test_a_text_as_long_as_a_book_is_not_remembered() -> None:
    memory = Memory()

    said({"temperature": "9" * 5000, "state": "x" * 5000, "last_seen": "x" * 5000}, memory=memory)

    assert memory.told["t1"].values == {}
    assert len(str(memory.told["t1"].stamp)) <= 64


def test_the_memory_ends_at_its_limit_and_then_only_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zigbee2mqtt, "DEVICES_MAX", 3)
    memory = Memory()
    for device in ("a", "b", "c", "d"):
        said({"temperature": 4, "last_seen": SEEN}, f"zigbee2mqtt/{device}", memory=memory)

    assert len(memory.told) == 3
    assert len(said({"temperature": 4, "last_seen": SEEN}, "zigbee2mqtt/a", memory=memory)) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["t1", "t2"]),
            st.sampled_from([SEEN, "2025-11-21T22:00:10Z", None]),
            st.dictionaries(st.sampled_from(["temperature", "humidity", "state", "contact"]), st.integers(0, 3)),
        ),
        max_size=12,
    )
)
def test_a_value_is_left_out_only_when_device_time_and_value_are_those_before(
    messages: list[tuple[str, str | None, dict[str, int]]],
) -> None:
    memory = Memory()
    last: dict[str, tuple[str | None, dict[str, int]]] = {}
    for device, stamp, body in messages:
        whole = body if stamp is None else {**body, "last_seen": stamp}
        found = said(whole, f"zigbee2mqtt/{device}", memory=memory)
        before, values_before = last.get(device, (None, {}))
        fresh = [key for key in body if stamp is None or before != stamp or values_before.get(key) != body[key]]
        assert len([one for one in found if not (isinstance(one, Problem) and one.code.startswith("clock"))]) == len(
            fresh
        )
        last[device] = stamp, body
