"""A number in another unit is left out, and said; another level is not mistaken for one."""

from __future__ import annotations

import numpy as np
import pytest

from cloud.core.maintenance.units import ROWS_MAX, Level, other_unit


def settled(level: float, spread: float = 0.2) -> Level:
    channel = Level()
    for value in np.random.default_rng(1).normal(level, spread, 200).tolist():
        assert other_unit(channel, value) == ""
    return channel


@pytest.mark.parametrize(
    ("level", "value", "name"),
    [
        (21.0, 69.8, "degrees Fahrenheit"),
        (70.0, 21.1, "degrees Celsius"),
        (4.0, 277.1, "kelvin"),
        (277.1, 4.0, "degrees Celsius, not kelvin"),
        (12.0, 12_010.0, "a thousand times too large"),
        (12_010.0, 12.0, "a thousand times too small"),
    ],
)
def test_a_number_that_a_conversion_brings_back_is_in_another_unit(level: float, value: float, name: str) -> None:
    assert other_unit(settled(level), value) == name


@pytest.mark.parametrize("value", [21.9, 35.0, -18.0, 0.0, 500.0])
def test_another_level_is_no_other_unit(value: float) -> None:
    assert other_unit(settled(21.0), value) == ""


def test_what_strays_widely_is_never_suspected() -> None:
    assert other_unit(settled(4.0, 3.0), 4_000.0) == ""


def test_where_they_stay_they_are_what_they_are() -> None:
    channel = settled(21.0)

    found = [other_unit(channel, 69.8) for _ in range(40)]

    assert found[:ROWS_MAX] == ["degrees Fahrenheit"] * ROWS_MAX
    assert set(found[ROWS_MAX:]) == {""}
    assert {other_unit(channel, 21.0 + 0.1 * (at % 3)) for at in range(400)} == {""}
    assert other_unit(channel, 69.8) == ""
