"""A battery's end of life: its days in numbers, and when it will be empty, as an interval.

Its charge is a Wiener process with a drift that is not well known (`wiener.py`, `passing.py`); what a day's cold does
to it, and rounding, are noise. A new battery begins anew.
"""

from __future__ import annotations

from statistics import median

from msgspec import Struct, field
from msgspec.structs import replace

from cloud.core.maintenance import passing
from cloud.core.maintenance.assets import DAYS_MAX, Days
from cloud.core.maintenance.passing import Path, course, ends

DAY_MS = 86_400_000
EMPTY_PCT = 5.0
"""Below this a device can not be relied on."""
LOW_PCT, FINE_PCT = 15.0, 25.0
ENDING_DAYS, FINE_DAYS = 14.0, 28.0
RENEWED_PCT = 15.0
SPREAD_PCT = 0.3
"""Levels are rounded, so neither their noise nor how they wander can be less."""
DAYS_KEPT = 120
TODAY_MAX = 200
DAYS_MIN, FALL_MIN = passing.ROWS_MIN, 2.0
"""Fewer days, or a smaller fall (percent), do not tell how fast it goes."""


class Battery(Struct):
    """All that is remembered of one: a level a day (percent), and today's."""

    days: list[tuple[int, float]] = field(default_factory=list)
    day: int = -1
    today: list[float] = field(default_factory=list)
    left: Days | None = None
    low_ms: int = 0
    ending_ms: int = 0

    @property
    def level(self) -> float | None:
        """Percent now; None where nothing is known, or it hangs on the mains and says 0."""
        now = median(self.today) if self.today else self.days[-1][1] if self.days else 0.0
        return now if now > 0 else None


def step(battery: Battery, at_ms: int, pct: float) -> bool:
    """Take what a device says of its battery, in order of time; whether what is found of it may have changed."""
    day, told = at_ms // DAY_MS, False
    if day != battery.day:
        told = _close_day(battery, at_ms)
        battery.day, battery.today = day, [pct]
    elif len(battery.today) < TODAY_MAX:
        battery.today.append(pct)
    if pct <= LOW_PCT and not battery.low_ms and battery.level is not None and battery.level <= LOW_PCT:
        battery.low_ms, told = at_ms, True
    return told


def _close_day(battery: Battery, at_ms: int) -> bool:
    """A day is over: keep its level, and judge."""
    if not battery.today:
        return False
    level = median(battery.today)
    if battery.days and level > battery.days[-1][1] + RENEWED_PCT:
        battery.days = []
    battery.days = [*battery.days, (battery.day, level)][-DAYS_KEPT:]
    battery.left = days_left(battery.days)
    was = battery.low_ms, battery.ending_ms
    if level <= 0 or level >= FINE_PCT:
        battery.low_ms = 0
    elif level <= LOW_PCT and not battery.low_ms:
        battery.low_ms = at_ms
    middle = battery.left[1] if battery.left else DAYS_MAX
    if middle > FINE_DAYS:
        battery.ending_ms = 0
    elif middle <= ENDING_DAYS and not battery.ending_ms:
        battery.ending_ms = at_ms
    return was != (battery.low_ms, battery.ending_ms)


def days_left(days: list[tuple[int, float]]) -> Days | None:
    """Days (low, middle, high) until it is empty; None while it can not be told."""
    if len(days) < DAYS_MIN or max(level for _, level in days[:3]) - days[-1][1] < FALL_MIN or days[-1][1] <= 0:
        return None
    now = days[-1][1]
    if now <= EMPTY_PCT:
        return 0.0, 0.0, 0.0
    path: Path = passing.path([(float(day), level) for day, level in days], EMPTY_PCT, -1.0)
    how = course([path])
    if how is None:
        return None
    how = replace(how, sigma=max(how.sigma, SPREAD_PCT), noise=max(how.noise, SPREAD_PCT))
    low, middle, high = ends(how, passing.believed(how, path), DAYS_MAX)[0].tolist()
    return round(min(low, DAYS_MAX), 1), round(min(middle, DAYS_MAX), 1), round(min(high, DAYS_MAX), 1)
