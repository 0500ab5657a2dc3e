"""Theengs and OpenMQTTGateway: one unit of two, probes as channels, sentinels, and the neighbours' telephones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocols.devices.theengs import SENTINELS, decode
from protocols.readings import Context, Decoded, Notice, Problem, Reading

NOW_MS = 1_763_762_400_000
TOPIC = "home/hall/BTtoMQTT/A4C138000002"


def said(topic: str = TOPIC, /, name: str = "", **body: Any) -> list[Decoded]:
    return decode(topic, json.dumps(body).encode(), Context(NOW_MS, name=name))


def values(found: list[Decoded]) -> dict[tuple[str, str, str], float]:
    return {(one.device, one.channel, one.quantity): one.values[0] for one in found if isinstance(one, Reading)}


def codes(found: list[Decoded]) -> list[str]:
    return [one.code for one in found if isinstance(one, Problem)]


def test_a_temperature_in_two_units_is_read_once() -> None:
    assert values(said(tempc=4.5, tempf=40.1)) == {("A4C138000002", "1", "temperature_c"): 4.5}
    assert values(said(tempf=41)) == pytest.approx({("A4C138000002", "1", "temperature_c"): 5.0})


def test_the_message_names_the_device_better_than_its_topic() -> None:
    assert list(values(said(id="A4:C1:38:00:00:02", tempc=4))) == [("A4:C1:38:00:00:02", "1", "temperature_c")]
    assert list(values(said("home/hall/BTtoMQTT", id="A4:C1", tempc=4))) == [("A4:C1", "1", "temperature_c")]
    assert list(values(said(name="freezer", tempc=4))) == [("freezer", "1", "temperature_c")]


def test_every_probe_has_its_channel() -> None:
    body: dict[str, Any] = {f"tempc{probe}": -float(probe) for probe in range(1, 7)}

    found = values(said(**body))

    assert found == {("A4C138000002", str(probe), "temperature_c"): -float(probe) for probe in range(1, 7)}


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_what_stands_for_no_value_is_no_value(sentinel: float) -> None:
    found = said(tempc=sentinel, hum=60)

    assert codes(found) == ["value.sentinel"]
    assert list(values(found)) == [("A4C138000002", "1", "humidity_pct")]


@pytest.mark.parametrize(("humidity", "flags"), [(99.5, ("no_clock",)), (104.7, ("no_clock", "uncertain"))])
def test_a_humidity_above_a_hundred_is_read_and_doubted(humidity: float, flags: tuple[str, ...]) -> None:
    (reading,) = said(hum=humidity)

    assert isinstance(reading, Reading)
    assert (reading.values, reading.flags) == ([humidity], flags)


def test_what_can_not_be_is_a_problem() -> None:
    assert codes(said(hum=120, batt=300, tempc="warm")) == [
        "value.out_of_range",
        "value.out_of_range",
        "value.not_finite",
    ]


@pytest.mark.parametrize(
    ("body", "grams"),
    [
        ({"model_id": "SKALE", "weight": 250.5}, 250.5),
        ({"unit": "kg", "weight": 12.5}, 12_500.0),
        ({"weight": 12.5}, 12_500.0),
        ({"unit": "jin", "weight": 25}, 12_500.0),
        ({"unit": "lb", "weight": 10}, 4535.9237),
    ],
)
def test_a_weight_is_in_the_unit_of_its_model(body: dict[str, Any], grams: float) -> None:
    assert list(values(said(**body)).values()) == [pytest.approx(grams)]


def test_a_weight_in_a_unit_that_nobody_knows_is_a_problem() -> None:
    assert codes(said(unit="stone", weight=2)) == ["unit.unknown"]
    assert codes(said(unit="jin", weight="heavy")) == ["value.not_finite"]


def test_a_telephone_that_walks_by_is_no_device_of_ours() -> None:
    assert said(id="5C:00:00:00:00:09", rssi=-88, name="Phone", mfr="Apple", presence=True) == []


def test_an_open_door_and_a_pressed_button() -> None:
    found = said(open=True, button="single")

    assert values(found) == {("A4C138000002", "1", "door_open"): 1.0}
    assert [(one.channel, one.text) for one in found if isinstance(one, Notice)] == [("button", "single")]
