"""Discovery messages: abbreviations, bases, devices with components, and templates that are paths."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.parsing.discovery import COMPONENTS_MAX, TOPIC_MAX, announced, at_path, path_of

STEPS = st.lists(st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True) | st.integers(0, 999), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (None, None),
        ("", None),
        ("{{ value }}", None),
        ("{{ value | float(0) | round(1) }}", None),
        ("{{ value_json.temperature}}", ("temperature",)),
        ("{{value_json.a.b}}", ("a", "b")),
        ("{{ value_json['DS18B20-1'].Temperature | float }}", ("DS18B20-1", "Temperature")),
        ('{{ value_json["a b"][0] }}', ("a b", 0)),
        ("{{- value_json.tempc | is_defined -}}", ("tempc",)),
        ("{{ value_json }}", ()),
    ],
)
def test_a_path_in_a_template_is_read(template: str | None, path: tuple[str | int, ...] | None) -> None:
    assert path_of(template) == (path, "")


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.weight * 1000 }}",
        "{{ value_json.weight / 2 | round(1) }}",
        "{% if value_json.a %}1{% endif %}",
        "{{ value_json.a }} kg",
        "{{ value_json.get('a') }}",
        "{{ states('sensor.a') }}",
        "{{ value.split(',')[0] }}",
        "{{ value_json.a | multiply(3) }}",
        "value_json.a",
        "{{ value_json" + ".a" * 200 + " }}",
    ],
)
def test_what_is_more_than_a_path_is_said_to_be(template: str) -> None:
    path, unreadable = path_of(template)

    assert path is None
    assert unreadable.startswith(template[:20])


@given(STEPS)
def test_every_path_that_is_written_is_the_path_that_is_read(steps: list[str | int]) -> None:
    written = "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)

    assert path_of("{{ value_json" + written + " | float }}") == (tuple(steps), "")


@given(st.text(max_size=60))
def test_any_template_is_read_or_not(text: str) -> None:
    path_of(text)
    path_of("{{ value_json" + text)


def test_a_path_that_leads_nowhere_finds_nothing() -> None:
    assert at_path({"a": [{"b": 1}]}, ("a", 0, "b")) == 1
    for path in (("a", 1), ("b",), ("a", "b"), ("a", 0, "b", "c"), (0,)):
        assert at_path({"a": [{"b": 1}]}, path) is None


def test_abbreviations_and_a_base_topic_are_filled_in() -> None:
    short: dict[str, Any] = {
        "~": "hall/s1",
        "stat_t": "~/w",
        "unit_of_meas": "g",
        "dev_cla": "weight",
        "val_tpl": "{{ value_json.g }}",
        "avty": [{"t": "~/here", "pl_avail": "yes", "pl_not_avail": "no"}],
        "dev": {"ids": ["s1"]},
    }
    whole: dict[str, Any] = {
        "state_topic": "hall/s1/w",
        "unit_of_measurement": "g",
        "device_class": "weight",
        "value_template": "{{ value_json.g }}",
        "availability": [{"topic": "hall/s1/here", "payload_available": "yes", "payload_not_available": "no"}],
        "device": {"identifiers": "s1"},
    }

    found = announced("homeassistant/sensor/s1/config", short, "homeassistant")

    assert found == announced("homeassistant/sensor/s1/config", whole, "homeassistant")
    ((topic, entity),) = found.states
    assert (topic, entity.device, entity.channel, entity.unit) == ("hall/s1/w", "s1", "g", "g")
    ((where, available),) = found.available
    assert (where, available.here, available.gone) == ("hall/s1/here", "yes", "no")


def test_a_device_announces_all_its_components_at_once() -> None:
    said = {
        "dev": {"ids": "cold"},
        "stat_t": "cold/state",
        "cmps": {
            "a": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°C", "val_tpl": "{{value_json.t}}"},
            "b": {"p": "sensor", "dev_cla": "humidity", "unit_of_meas": "%", "val_tpl": "{{value_json.h}}"},
            "c": {"p": "light", "val_tpl": "{{value_json.l}}"},
            "d": {"p": "binary_sensor", "dev_cla": "window", "stat_t": "cold/window"},
            "e": {"p": "sensor"},
        },
    }

    found = announced("homeassistant/device/cold/config", said, "homeassistant")

    assert [(topic, one.channel, one.unit) for topic, one in found.states] == [
        ("cold/state", "t", "°C"),
        ("cold/state", "h", "%RH"),
        ("cold/window", "d", "door_open"),
    ]


def test_a_device_with_too_many_components_is_cut_and_says_so() -> None:
    parts = {f"c{number}": {"p": "sensor", "stat_t": f"c/{number}"} for number in range(COMPONENTS_MAX + 5)}

    found = announced("homeassistant/device/x/config", {"cmps": parts}, "homeassistant")

    assert len(found.states) == COMPONENTS_MAX
    assert [one.code for one in found.problems] == ["discovery.unreadable"]
    for name in list(parts)[COMPONENTS_MAX:]:
        del parts[name]
    assert announced("homeassistant/device/x/config", {"cmps": parts}, "homeassistant").problems == []


@pytest.mark.parametrize(("length", "taken"), [(0, 0), (1, 1), (TOPIC_MAX, 1), (TOPIC_MAX + 1, 0)])
def test_a_topic_that_is_empty_or_as_long_as_a_book_is_not_remembered(length: int, taken: int) -> None:
    found = announced("homeassistant/sensor/x/config", {"stat_t": "x" * length, "avty_t": "a"}, "homeassistant")
    known = announced("homeassistant/sensor/x/config", {"stat_t": "s", "avty_t": "x" * length}, "homeassistant")

    assert len(found.states) == taken
    assert len(known.available) == (1 if length <= TOPIC_MAX else 0)


def test_a_weight_without_a_unit_asks_for_one() -> None:
    found = announced("homeassistant/sensor/s/config", {"stat_t": "s/w", "dev_cla": "weight"}, "homeassistant")

    assert [one.code for one in found.problems] == ["unit.unknown"]
    assert "units" in found.problems[0].hint


@pytest.mark.parametrize("unit", ["µg/m³", "ppm", "stone"])
def test_a_unit_that_is_not_known_makes_a_raw_number(unit: str) -> None:
    found = announced("homeassistant/sensor/s/config", {"stat_t": "s/x", "unit_of_meas": unit}, "homeassistant")

    assert found.states[0][1].unit == "raw"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["~", "stat_t", "val_tpl", "unit_of_meas", "dev_cla", "avty", "avty_t", "dev", "cmps", "pl_on", "state_topic", "p"]
)


@given(st.dictionaries(KEYS, JSON), st.sampled_from(["sensor/x", "device/x", "binary_sensor/n/x", "a/b/c/d", "x"]))
def test_any_announcement_is_read_or_a_problem(said: dict[str, Any], place: str) -> None:
    found = announced(f"homeassistant/{place}/config", said, "homeassistant")

    assert all(isinstance(topic, str) and topic for topic, _ in [*found.states, *found.available])
