"""A battery's end is foretold as an interval; a new one begins anew."""

from __future__ import annotations

import msgspec
import numpy as np

from cloud.core.maintenance import batteries
from cloud.core.maintenance.batteries import DAY_MS, Battery

START_MS = 1_700_006_400_000 // DAY_MS * DAY_MS


def worn(
    days: int, a_day: float, start: float = 100.0, seed: int = 1, battery: Battery | None = None, first: int = 0
) -> Battery:
    """Four words a day of a battery that loses so many percent a day, rounded, warmer and colder."""
    rng = np.random.default_rng(seed)
    battery = battery or Battery()
    for quarter in range(4 * days):
        pct = round(start - a_day * quarter / 4 + float(rng.normal(0, 0.6)))
        batteries.step(battery, START_MS + first * DAY_MS + quarter * DAY_MS // 4, float(min(100, max(0, pct))))
    return battery


def test_the_interval_holds_when_it_ends() -> None:
    battery = worn(60, 1.0)

    assert battery.left is not None
    low, middle, high = battery.left
    assert low < 95 - 59 < high  # 5 % are empty
    assert 28 < middle < 44
    assert not battery.ending_ms


def test_one_that_ends_within_two_weeks_is_told_before_it_is_low() -> None:
    battery = worn(42, 2.0)

    assert battery.level is not None
    assert battery.level > 15
    assert battery.ending_ms
    assert not battery.low_ms


def test_a_low_one_is_told_though_its_course_is_not_known() -> None:
    assert worn(3, 0.1, start=12.0).low_ms


def test_a_new_battery_begins_anew() -> None:
    battery = worn(42, 2.0)

    worn(4, 0.1, battery=battery, first=42)

    assert (battery.low_ms, battery.ending_ms, battery.left) == (0, 0, None)


def test_what_hangs_on_the_mains_has_none() -> None:
    battery = worn(20, 0.0, start=0.0)

    assert battery.level is None
    assert (battery.low_ms, battery.left) == (0, None)


def test_it_is_small_and_goes_on_after_being_stored() -> None:
    battery = worn(300, 0.2)
    stored = msgspec.msgpack.encode(battery)

    assert len(stored) < 4_000
    assert msgspec.msgpack.decode(stored, type=Battery) == battery
