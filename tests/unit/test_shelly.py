"""Shelly: the same said twice, deltas, sleepers, and a switch that is warm inside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocols.devices import shelly
from protocols.devices.shelly import ECHO_MS, Memory, Options, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000


def said(topic: str, body: Any, at_ms: int = NOW_MS, **context: Any) -> list[Decoded]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(topic, payload, Context(at_ms, **context))


def notified(method: str = "NotifyStatus", /, at_ms: int = NOW_MS, **components: Any) -> dict[str, Any]:
    named = {name.replace("_", ":"): body for name, body in components.items()}
    return {"src": "s1", "method": method, "params": {"ts": at_ms / 1000, **named}}


def values(found: list[Decoded]) -> dict[tuple[str, str, str], float]:
    return {(one.device, one.channel, one.quantity): one.values[0] for one in found if isinstance(one, Reading)}


@pytest.mark.parametrize("rpc_first", [True, False])
def test_what_is_said_twice_counts_once(rpc_first: bool) -> None:
    memory = Memory()
    bodies: dict[str, Any] = {
        "s1/events/rpc": notified(switch_0={"apower": 180.5}),
        "s1/status/switch:0": {"id": 0, "apower": 180.5},
    }
    first, second = sorted(bodies, reverse=not rpc_first)

    assert len(said(first, bodies[first], memory=memory)) == 1
    assert said(second, bodies[second], at_ms=NOW_MS + 300, memory=memory) == []


def test_a_new_value_by_the_other_way_is_read() -> None:
    memory = Memory()
    said("s1/events/rpc", notified(switch_0={"apower": 180.5}), memory=memory)

    assert len(said("s1/status/switch:0", {"apower": 181.0}, memory=memory)) == 1


def test_a_steady_value_said_again_later_is_read() -> None:
    memory = Memory()
    said("s1/events/rpc", notified(switch_0={"apower": 180.5}), memory=memory)

    assert len(said("s1/status/switch:0", {"apower": 180.5}, at_ms=NOW_MS + ECHO_MS, memory=memory)) == 1
    assert len(said("s1/status/switch:0", {"apower": 180.5}, at_ms=NOW_MS + ECHO_MS + 1, memory=memory)) == 1


def test_a_delta_says_only_what_changed() -> None:
    assert values(said("s1/events/rpc", notified(switch_0={"id": 0, "output": False, "source": "HTTP_in"}))) == {
        ("s1", "switch:0", "switch_on"): 0.0
    }


def test_the_heat_inside_a_switch_is_not_the_room_but_a_thermometer_is() -> None:
    (inside,) = said("s1/status/switch:0", {"temperature": {"tC": 61.5, "tF": 142.7}})
    (room,) = said("s1/status/temperature:100", {"id": 100, "tC": 4.5, "tF": 40.1})

    assert isinstance(inside, Reading)
    assert isinstance(room, Reading)
    assert "internal" in inside.flags
    assert "internal" not in room.flags
    assert room.values == [4.5]


def test_the_thermometer_of_an_energy_meter_is_its_own() -> None:
    def flags(device: str, memory: Memory | None = None) -> tuple[str, ...]:
        (reading,) = said(f"{device}/status/temperature:0", {"id": 0, "tC": 46.6}, memory=memory)
        assert isinstance(reading, Reading)
        return reading.flags

    memory = Memory()
    said("cellar/meter/status/em:0", {"total_act_power": 5}, memory=memory)

    assert "internal" in flags("shellypro3em-aabbccddeeff")
    assert "internal" in flags("cellar/meter", memory)
    assert "internal" not in flags("shellyplusht-aabbccddeeff")
    assert "internal" not in flags("cellar/other", memory)


def test_a_paired_sensor_that_is_repeated_keeps_its_own_time() -> None:
    body = notified("NotifyFullStatus", bthomesensor_200={"value": 4.5, "last_updated_ts": NOW_MS // 1000 - 600})

    (reading,) = said("gw/events/rpc", body)

    assert isinstance(reading, Reading)
    assert (reading.channel, reading.quantity, reading.at_ms) == ("bthomesensor:200", "raw", NOW_MS - 600_000)


def test_a_paired_device_has_a_battery_and_a_signal_but_no_value() -> None:
    body = {"id": 200, "rssi": -61, "battery": 88, "packet_id": 7, "last_updated_ts": NOW_MS // 1000}

    assert values(said("gw/status/bthomedevice:200", body)) == {
        ("gw", "bthomedevice:200", "battery_pct"): 88.0,
        ("gw", "bthomedevice:200", "rssi_dbm"): -61.0,
    }
    assert values(said("gw/status/bthomesensor:201", {"value": True})) == {("gw", "bthomesensor:201", "switch_on"): 1.0}


def test_a_component_that_is_gone_says_null_and_one_that_is_no_object_is_a_problem() -> None:
    assert said("s1/status/switch:0", b"null") == []
    (problem,) = said("s1/status/switch:0", [1])
    assert isinstance(problem, Problem)
    assert (
        said("s1/events/rpc", {"method": "NotifyEvent", "params": {"events": [{"event": None}, {"event": ""}]}}) == []
    )


def test_a_device_on_a_cable_has_no_signal_strength() -> None:
    assert said("s1/status/wifi", {"rssi": 0, "sta_ip": None, "status": "disconnected"}) == []
    assert values(said("s1/status/wifi", {"rssi": -58})) == {("s1", "wifi", "rssi_dbm"): -58.0}


def test_a_thermometer_without_a_value_says_nothing_but_its_error() -> None:
    found = said("s1/status/temperature:100", {"id": 100, "tC": None, "tF": None, "errors": ["read"]})

    assert found == [Notice("s1", "temperature:100", "read", NOW_MS, ("no_clock",))]


def test_energy_is_in_watt_hours_and_by_minute_is_left() -> None:
    found = values(said("s1/status/pm1:0", {"apower": 9.5, "aenergy": {"total": 913.25, "by_minute": [404631.0]}}))

    assert found == {("s1", "pm1:0", "power_w"): 9.5, ("s1", "pm1:0", "energy_wh"): 913.25}


def test_the_energy_of_each_phase_has_its_channel() -> None:
    found = values(said("s1/status/emdata:0", {"a_total_act_energy": 10.5, "b_total_act_energy": 5, "total_act": 15.5}))

    assert found == {
        ("s1", "emdata:0/a", "energy_wh"): 10.5,
        ("s1", "emdata:0/b", "energy_wh"): 5.0,
        ("s1", "emdata:0/total", "energy_wh"): 15.5,
    }


def test_a_clock_that_has_not_been_set_since_waking_is_believed_near_the_receipt_only() -> None:
    def at(behind_ms: int, unixtime: int | None) -> tuple[int, tuple[str, ...]]:
        body = notified("NotifyFullStatus", at_ms=NOW_MS - behind_ms, sys={"unixtime": unixtime}, humidity_0={"rh": 50})
        reading = said("s1/events/rpc", body)[0]
        assert isinstance(reading, Reading)
        return reading.at_ms, reading.flags

    assert at(2000, None) == (NOW_MS - 2000, ())
    assert at(3_600_000, None) == (NOW_MS, ("clock",))
    assert at(3_600_000, 1763758800) == (NOW_MS - 3_600_000, ())


def test_an_empty_battery_beside_external_power_is_doubted() -> None:
    def flags(external: bool) -> tuple[str, ...]:
        body = {"battery": {"V": 0.4, "percent": 0}, "external": {"present": external}}
        percent = said("s1/status/devicepower:0", body)[1]
        assert isinstance(percent, Reading)
        return percent.flags

    assert "uncertain" in flags(True)
    assert "uncertain" not in flags(False)


def test_a_sleeper_that_sleeps_is_not_offline() -> None:
    assert said("s1/online", b"false") == [DeviceStatus("s1", False, NOW_MS)]
    assert said("s1/online", b"true", options=Options(sleeping=True)) == [DeviceStatus("s1", True, NOW_MS)]
    (notice,) = said("s1/online", b"false", options=Options(sleeping=True))
    assert isinstance(notice, Notice)


def test_a_device_is_named_by_its_topic_on_all_its_topics() -> None:
    devices = {
        one.device
        for found in (
            said("cold/door 2/events/rpc", notified(humidity_0={"rh": 50})),
            said("cold/door 2/status/humidity:0", {"rh": 51}),
            said("cold/door 2/online", b"true"),
        )
        for one in found
        if isinstance(one, Reading | DeviceStatus)
    }

    assert devices == {"cold/door 2"}


def test_a_bluetooth_packet_is_read_once_and_the_next_one_too() -> None:
    memory = Memory()

    def heard(packet: int, at_ms: int) -> int:
        data = {"pid": packet, "temperature": 4.5, "address": "AA:01"}
        body = {"method": "NotifyEvent", "params": {"ts": at_ms / 1000, "events": [{"event": "x", "data": data}]}}
        return len(said("gw/events/rpc", body, at_ms=at_ms, memory=memory))

    assert [heard(7, NOW_MS), heard(7, NOW_MS + 900), heard(8, NOW_MS + 5000), heard(8, NOW_MS + 70_000)] == [
        1,
        0,
        1,
        1,
    ]


@pytest.mark.parametrize("component", ["sys", "mqtt", "cloud", "ble", "ws", "script:1", "ht_ui"])
def test_components_that_measure_nothing_say_nothing(component: str) -> None:
    assert said(f"s1/status/{component}", {"id": 0, "voltage": 3.3, "unixtime": 1}) == []


@pytest.mark.parametrize("body", [{"id": 3, "src": "s1", "result": {}}, {"method": "Shelly.GetStatus", "params": {}}])
def test_commands_and_answers_say_nothing(body: dict[str, Any]) -> None:
    assert said("s1/events/rpc", body) == []


def test_a_notice_without_its_params_is_a_problem() -> None:
    (problem,) = said("s1/events/rpc", {"method": "NotifyStatus", "params": 3})

    assert isinstance(problem, Problem)
    assert problem.code == "payload.invalid"


def test_the_memory_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelly, "REMEMBERED_MAX", 5)
    memory = Memory()
    for device in range(20):
        said(f"s{device}/status/humidity:0", {"rh": 50}, memory=memory)

    assert len(memory.said) == 5
