"""What announces itself: a state means what was announced, until it is taken back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.devices import homeassistant
from protocols.devices.homeassistant import Memory, Options, decode
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
LOAD = {"stat_t": "s1/sensor/load/state", "unit_of_meas": "kg", "dev_cla": "weight", "avty_t": "s1/status"}
CONFIG = "homeassistant/sensor/s1/load/config"


class House:
    """A broker's worth of messages through one memory."""

    def __init__(self, **options: Any) -> None:
        self.memory = Memory()
        self.options = Options(**options)

    def says(self, topic: str, body: Any, **context: Any) -> list[Decoded]:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        return decode(topic, payload, Context(NOW_MS, options=self.options, memory=self.memory, **context))


def values(found: list[Decoded]) -> dict[tuple[str, str, str], float]:
    return {(one.device, one.channel, one.quantity): one.values[0] for one in found if isinstance(one, Reading)}


def codes(found: list[Decoded]) -> list[str]:
    return [one.code for one in found if isinstance(one, Problem)]


def test_a_state_means_what_its_announcement_said() -> None:
    house = House()

    assert house.says(CONFIG, LOAD) == []
    assert values(house.says("s1/sensor/load/state", b"1.5")) == {("s1", "load", "mass_g"): 1500.0}


def test_a_state_before_its_announcement_names_the_remedy() -> None:
    (problem,) = House().says("s1/sensor/load/state", b"1.5")

    assert isinstance(problem, Problem)
    assert (problem.code, problem.device) == ("discovery.missing", "s1")
    assert "load = " in problem.hint


def test_an_empty_announcement_takes_everything_back() -> None:
    house = House()
    house.says(CONFIG, LOAD)

    house.says(CONFIG, b"")

    assert codes(house.says("s1/sensor/load/state", b"1.5")) == ["discovery.missing"]
    assert house.memory == Memory()


def test_a_new_announcement_replaces_the_old_one() -> None:
    house = House()
    house.says(CONFIG, LOAD)

    house.says(CONFIG, {**LOAD, "unit_of_meas": "g"})

    assert values(house.says("s1/sensor/load/state", b"1500")) == {("s1", "load", "mass_g"): 1500.0}
    assert house.memory.size == 2


def test_a_broken_announcement_leaves_the_old_one() -> None:
    house = House()
    house.says(CONFIG, LOAD)

    assert codes(house.says(CONFIG, b'{"stat_t":')) == ["payload.not_json"]
    assert len(values(house.says("s1/sensor/load/state", b"1.5"))) == 1


def test_what_the_broker_kept_may_be_old_and_says_so() -> None:
    house = House()
    house.says(CONFIG, LOAD, retained=True)

    (reading,) = house.says("s1/sensor/load/state", b"1.5", retained=True)

    assert isinstance(reading, Reading)
    assert reading.flags == ("no_clock", "retained")


@pytest.mark.parametrize("word", [b"nan", b"inf", b"heavy"])
def test_a_weight_that_is_no_number_is_a_problem(word: bytes) -> None:
    house = House()
    house.says(CONFIG, LOAD)

    assert codes(house.says("s1/sensor/load/state", word)) == ["value.not_finite"]


@pytest.mark.parametrize("word", [b"unknown", b"unavailable", b"None", b""])
def test_a_weight_that_is_not_there_is_none(word: bytes) -> None:
    house = House()
    house.says(CONFIG, LOAD)

    assert house.says("s1/sensor/load/state", word) == []


def test_values_of_one_message_come_from_their_paths_and_a_missing_one_is_no_problem() -> None:
    house = House()
    for name, unit in (("t", "°C"), ("h", "%")):
        kind = {"t": "temperature", "h": "humidity"}[name]
        template = "{{ value_json.air." + name + " | float }}"
        body = {"stat_t": "x/s", "dev_cla": kind, "unit_of_meas": unit, "val_tpl": template, "dev": {"ids": ["x1"]}}
        house.says(f"homeassistant/sensor/{name}/config", body)

    assert values(house.says("x/s", {"air": {"t": "4.5", "h": 60}})) == {
        ("x1", "air.t", "temperature_c"): 4.5,
        ("x1", "air.h", "humidity_pct"): 60.0,
    }
    assert list(values(house.says("x/s", {"air": {"h": 60, "t": None}}))) == [("x1", "air.h", "humidity_pct")]


def test_a_template_that_reckons_is_a_problem_each_time_not_a_wrong_weight() -> None:
    house = House()
    body = {**LOAD, "val_tpl": "{{ value_json.raw * 0.5 }}"}

    assert codes(house.says(CONFIG, body)) == ["discovery.unreadable"]
    assert codes(house.says("s1/sensor/load/state", {"raw": 3})) == ["discovery.unreadable"]


def test_the_source_has_the_last_word_about_a_unit() -> None:
    house = House(units={"load": "g"})

    assert values(house.says("s1/sensor/load/state", b"1500")) == {("s1", "load", "mass_g"): 1500.0}
    house.says(CONFIG, LOAD)
    assert values(house.says("s1/sensor/load/state", b"1500")) == {("s1", "load", "mass_g"): 1500.0}


def test_a_unit_in_the_site_file_that_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="stone"):
        msgspec.convert({"units": {"load": "stone"}}, Options)


def test_a_last_will_is_a_status_announced_or_not() -> None:
    house = House()

    assert house.says("s1/status", b"offline") == [DeviceStatus("s1", False, NOW_MS)]
    house.says(CONFIG, {**LOAD, "pl_avail": "here", "pl_not_avail": "gone"})
    assert house.says("s1/status", b"gone") == [DeviceStatus("s1", False, NOW_MS)]
    assert codes(house.says("s1/status", b"perhaps")) == ["payload.invalid"]


@pytest.mark.parametrize(("mode", "online"), [("all", False), ("any", True), ("latest", True)])
def test_a_device_behind_a_bridge_is_there_as_its_mode_says(mode: str, online: bool) -> None:
    house = House()
    body = {"stat_t": "d/s", "avty": [{"t": "bridge"}, {"t": "d/here"}], "avty_mode": mode, "dev": {"ids": "d"}}
    house.says("homeassistant/sensor/d/config", body)
    house.says("d/here", b"offline")

    assert house.says("bridge", b"online") == [DeviceStatus("d", online, NOW_MS)]


def test_a_door_is_open_when_it_says_on() -> None:
    house = House()
    house.says("homeassistant/binary_sensor/d/config", {"stat_t": "n/binary_sensor/d/state", "dev_cla": "door"})

    assert values(house.says("n/binary_sensor/d/state", b"ON")) == {("n", "d", "door_open"): 1.0}
    assert codes(house.says("n/binary_sensor/d/state", b"ajar")) == ["payload.invalid"]


def test_a_sensor_of_words_is_told_in_words_and_its_numbers_are_raw() -> None:
    house = House()
    house.says("homeassistant/sensor/m/config", {"stat_t": "n/sensor/m/state"})

    (notice,) = house.says("n/sensor/m/state", b"defrosting")
    assert isinstance(notice, Notice)
    assert notice.text == "defrosting"
    assert values(house.says("n/sensor/m/state", b"7")) == {("n", "m", "raw"): 7.0}


def test_what_is_for_home_assistant_itself_says_nothing() -> None:
    house = House()

    assert house.says("homeassistant/status", b"online") == []
    assert house.says("homeassistant/light/l/config", {"stat_t": "l/s"}) == []
    assert house.says("s1/switch/pump/command", b"ON") == []
    assert house.says("s1/debug", b"[D]") == []
    assert house.memory == Memory()


def test_at_the_limit_an_announcement_is_refused_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homeassistant, "ENTITIES_MAX", 4)
    house = House()
    for name in ("a", "b"):
        house.says(f"homeassistant/sensor/{name}/config", {**LOAD, "stat_t": f"{name}/sensor/load/state"})

    refused = house.says("homeassistant/sensor/c/config", {**LOAD, "stat_t": "c/sensor/load/state"})

    assert codes(refused) == ["discovery.full"]
    assert len(values(house.says("a/sensor/load/state", b"1"))) == 1
    assert codes(house.says("c/sensor/load/state", b"1")) == ["discovery.missing"]


BODIES = st.fixed_dictionaries(
    {},
    optional={
        "stat_t": st.sampled_from(["a/s", "b/s"]),
        "avty_t": st.sampled_from(["a/here", "b/here"]),
        "unit_of_meas": st.sampled_from(["kg", "°C", "?"]),
        "val_tpl": st.sampled_from(["{{ value_json.x }}", "{{ value_json.x + 1 }}"]),
        "cmps": st.just({"one": {"p": "sensor", "stat_t": "c/s"}}),
    },
)
STEPS = st.lists(st.tuples(st.sampled_from(["sensor/a", "sensor/b", "device/c"]), st.none() | BODIES), max_size=15)


@given(STEPS)
def test_whatever_was_announced_nothing_is_left_once_all_is_taken_back(
    steps: list[tuple[str, dict[str, Any] | None]],
) -> None:
    house = House()
    for place, body in steps:
        house.says(f"homeassistant/{place}/config", b"" if body is None else body)
        memory = house.memory
        held = sum(map(len, memory.states.values())) + sum(map(len, memory.available.values()))
        assert memory.size == held

    for place in ("sensor/a", "sensor/b", "device/c"):
        house.says(f"homeassistant/{place}/config", b"")

    assert house.memory == Memory()
