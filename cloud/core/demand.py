"""Daily demand of one SKU, learnt from its picks. Days are the site's own; today is not over and does not count yet."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct, field

DAYS_MIN = 3
"""With fewer whole days than this, demand is not known."""
DAYS_MAX = 400
"""Older days are forgotten."""
VARIANCE_DAYS = 112
LEVEL_DAYS = 28
"""The smoothing starts from the mean of up to this many first days, so that a short history is a plain mean."""
ALPHAS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


class Demand(Struct, frozen=True):
    """Units a day: expected mean, standard deviation of single days, and the whole days they were learnt from."""

    mean: float
    sd: float
    days: int


class DailyDemand(Struct):
    """Units picked per local day of one SKU (a fold over its movements, in any order).

    Every day from `since_ms` on counts, also those without a pick. Only negative deltas are demand: receipts are
    not, nor can a movement between two slots be told from a pick here; whoever knows it should not add it.
    """

    timezone: str
    since_ms: int
    units: dict[int, int] = field(default_factory=dict)

    def add(self, at_ms: int, delta: int) -> None:
        """Count one movement: `delta` units, negative when taken."""
        if delta >= 0:
            return
        day = local_day(self.timezone, at_ms)
        self.units[day] = self.units.get(day, 0) - delta
        self.since_ms = min(self.since_ms, at_ms)
        if len(self.units) > DAYS_MAX:
            del self.units[min(self.units)]

    def whole_days(self, now_ms: int) -> list[int]:
        """Units of each whole local day, oldest first: not the day it began on, unless at midnight, and not today."""
        first = local_day(self.timezone, self.since_ms)
        if local_day(self.timezone, self.since_ms - 1) == first:
            first += 1
        today = local_day(self.timezone, now_ms)
        return [self.units.get(day, 0) for day in range(max(first, today - DAYS_MAX), today)]


def estimate(history: DailyDemand, now_ms: int) -> Demand | None:
    """The demand at `now_ms`, or None while there are fewer than `DAYS_MIN` whole days.

    Mean by simple exponential smoothing, its constant chosen from `ALPHAS` by the least squared one-step error;
    variance of the last `VARIANCE_DAYS` days (Gardner 1985; the grid did best on intermittent daily SKUs).
    """
    days = history.whole_days(now_ms)
    if len(days) < DAYS_MIN:
        return None
    recent = np.asarray(days[-VARIANCE_DAYS:], dtype=np.float64)
    return Demand(mean=_smoothed(days), sd=float(recent.std(ddof=1)), days=len(days))


def _smoothed(days: list[int]) -> float:
    start = sum(days[:LEVEL_DAYS]) / len(days[:LEVEL_DAYS])
    best_error, best_level = float("inf"), start
    for alpha in ALPHAS:
        level, squared_error = start, 0.0
        for units in days:
            error = units - level
            squared_error += error * error
            level += alpha * error
        if squared_error < best_error:
            best_error, best_level = squared_error, level
    return best_level


def local_day(timezone: str, at_ms: int) -> int:
    """The ordinal of the local calendar day that `at_ms` falls on (`datetime.date.toordinal`)."""
    return datetime.fromtimestamp(at_ms / 1000, _zone(timezone)).toordinal()


@lru_cache(maxsize=64)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)
