"""The days of one SKU: what was picked, owed, refused and forecast each day, how its value changed, how long it was
out."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from math import ceil, isnan, nan
from typing import Final

from msgspec import Struct, field

from cloud.core.days import day_start_ms, local_day
from cloud.core.kpis.definitions import CENSORED, SOLD_DAYS_MIN, STALE_DAYS

DAYS: Final = 400
"""Days kept, today the last: a year and the month before it that trends look at. What happened before is in the opening
value alone. 36 bytes each: 14 KB an SKU, 144 MB for 10,000 SKUs."""
AHEAD_MAX: Final = 120
"""Forecasts for days further ahead than this are not kept."""


def _units() -> array[float]:
    return array("f", bytes(4 * DAYS))


def _money() -> array[float]:
    return array("d", bytes(8 * DAYS))


def _unknown() -> array[float]:
    return array("f", [nan]) * DAYS


class Course(Struct):
    """One SKU. Arrays by day modulo `DAYS`; `change` is that of its value, `out` the share of a day with nothing on
    hand, NaN in `told` where no forecast was made. Changed in place by `tallies`.

    `stocked`: being out is a stock-out (not so of a discontinued one). `out_ms`: up to when being out has been booked,
    None while it is in stock.
    """

    rate: float
    stocked: bool = True
    picked: array[float] = field(default_factory=_units)
    owed: array[float] = field(default_factory=_units)
    refused: array[float] = field(default_factory=_units)
    cost: array[float] = field(default_factory=_money)
    change: array[float] = field(default_factory=_money)
    out: array[float] = field(default_factory=_units)
    told: array[float] = field(default_factory=_unknown)
    ahead: dict[int, float] = field(default_factory=dict)
    on_hand: int = 0
    value: float = 0.0
    opening: float = 0.0
    first_day: int = 0
    last_ms: int = -1
    moved_day: int = 0
    sold_day: int = 0
    out_ms: int | None = None
    pace: Pacing | None = None


class Pacing(Struct, frozen=True):
    """Expected units a day, and what they cost."""

    units: float
    cost: float


def lost(course: Course, at: int) -> float:
    """Units of a day that somebody wanted and did not get at once: those known of, or what was forecast for the time
    that nothing was there, whichever is more."""
    known = course.owed[at] + course.refused[at]
    out = course.out[at]
    if not out:
        return known
    told = course.told[at]
    return known if isnan(told) else max(known, told * out)


def countable(course: Course, day: int, units: int) -> int:
    """How many of the units that were refused just now, on `day`, count as wanted: all that were refused that day at
    most as many as were ever picked, or forecast, of one day that is kept, and 1 where neither is known. So nobody's
    slip of the pen, and nobody who asks again and again, weighs more than one such day."""
    told = max((one for one in course.told if not isnan(one)), default=0.0)
    pace = course.pace.units if course.pace is not None else 0.0
    most = max(1, ceil(max(*course.picked, told, pace) - 1e-6))
    return max(0, min(units, most - round(course.refused[day % DAYS])))


def week_error(course: Course, monday: int, today: int) -> tuple[float, float, int]:
    """(forecast, demand, 1) of the days of a week, up to today, that have a forecast and were not censored; zeros where
    none has."""
    told = came = 0.0
    judged = 0
    for day in range(monday, min(monday + 6, today) + 1):
        at = day % DAYS
        foreseen = course.told[at]
        if not isnan(foreseen) and course.out[at] < CENSORED:
            told += foreseen
            came += course.picked[at] + course.refused[at]
            judged = 1
    return told, came, judged


def is_dead(course: Course, today: int) -> bool:
    """Whether there is stock that has not moved for `STALE_DAYS`, as far as is known."""
    return course.on_hand > 0 and today - max(course.moved_day, course.first_day) >= STALE_DAYS


def a_day(course: Course, today: int) -> float | None:
    """Units expected to sell a day: the forecast, and without one what was picked a day of the last `STALE_DAYS`. None
    where fewer than `SOLD_DAYS_MIN` of them are known, or not all of them and nothing was sold."""
    if course.pace is not None:
        return course.pace.units
    days = min(STALE_DAYS, today - course.first_day + 1)
    if not course.first_day or days < SOLD_DAYS_MIN:
        return None
    end = today % DAYS + 1
    begin = end - days
    sold = sum(course.picked[max(0, begin) : end]) + (sum(course.picked[begin:]) if begin < 0 else 0.0)
    return max(0.0, sold / days) if sold > 0 or today - course.first_day >= STALE_DAYS else None


def excess(course: Course, today: int) -> float:
    """The share of the stock that is not expected to sell within `STALE_DAYS`; 0 where that is not known."""
    if course.on_hand <= 0 or (units := a_day(course, today)) is None:
        return 0.0
    return max(0.0, 1 - units * STALE_DAYS / course.on_hand)


def monday_of(day: int) -> int:
    """The ordinal of the Monday of a day's week."""
    return day - (day - 1) % 7


def shares(timezone: str, from_ms: int, to_ms: int, first_day: int) -> Iterator[tuple[int, float]]:
    """Each local day from `first_day` on that lies in a time, with the share of the day that does."""
    day = max(first_day, local_day(timezone, from_ms))
    while (start_ms := day_start_ms(timezone, day)) < to_ms:
        end_ms = day_start_ms(timezone, day + 1)
        within = min(to_ms, end_ms) - max(from_ms, start_ms)
        if within > 0:
            yield day, within / (end_ms - start_ms)
        day += 1
