"""A machine's wear by its vibration at work, day by day, against its first days, and the days left to the limit.

The first days are never learned again. Once vibration is far above them, what is left to the limit is a Wiener process
from where the growth began (`wiener.py`): its drift is not known before and may itself change. Whether bearings wear
by steps or by shares nobody knows of one machine, so both are believed by half: its level, and the logarithm of it.
"""

from __future__ import annotations

from itertools import pairwise
from math import log, sqrt
from statistics import median

import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance import wiener
from cloud.core.maintenance.assets import DAYS_MAX, Days

DAY_MS = 86_400_000
WEARING = ("vibration_mm_s", "vibration_g")
STOP_MM_S = 7.1
"""ISO 20816: the upper end of what a medium machine may shake for a while."""
STOP_TIMES = 2.5
"""Where no such limit is known (vibration_g): so many times its own normal; zone D begins so far above zone B's end."""
LEAST = {"vibration_mm_s": 0.1, "vibration_g": 0.02}
"""What is usual is taken as so much at least: meters are hardly finer, and may round a smooth machine to nought."""
DAYS_KEPT, KNOWN_DAYS, NOW_DAYS = 120, 7, 5
LEVELS_MIN, LEVELS_MAX = 2, 96
"""Levels at work of a day: with fewer it is not judged."""
SIGMAS, SHARE = 4.0, 0.2
"""It wears where the median of `NOW_DAYS` is so many spreads, and such a share, above the first days."""
SPREAD_DAYS, MEAN_STEP = 28, 1.128
"""The spread of days is told by the first ones, and by the steps from day to day (their mean of a spread of 1)."""
SPREAD_SHARE = 0.02
"""No spread of days is smaller than this share of the level."""
WANDER = 0.35
"""How far the true level wanders in a day, in spreads of days; ..."""
DRIFT_DAYS = 6.0
"""... before it is seen the drift may be as large as the whole way in so many days, ..."""
DRIFT_WANDER, DRIFT_SLOW_DAYS = 0.1, 60.0
"""... and in a day it changes by such a share of itself, at least of the whole way in so many days."""
SHARES = np.array([[0.05, 0.5, 0.95]])
"""One in twenty fails before what is told first, half before the second, one in twenty after the third."""
SINCE_DAYS = 0.5
"""A day's level is that of its middle, and is known at its end."""
SIDE = 1.645
"""How many deviations a normal range is wide to each side, where each day counts."""


class Wear(Struct):
    """A channel's wear: the median at work of each day, and today's levels."""

    quantity: str
    days: list[tuple[int, float]] = field(default_factory=list)
    day: int = -1
    today: list[float] = field(default_factory=list)
    since_ms: int = 0
    left: Days | None = None

    @property
    def usual(self) -> tuple[float, float] | None:
        """The middle of its first days, and the spread of days; None while they are not known."""
        if len(self.days) < KNOWN_DAYS:
            return None
        levels = [level for _, level in self.days]
        middle = max(median(levels[:KNOWN_DAYS]), LEAST[self.quantity])
        steps = [abs(day - before) for before, day in pairwise(levels[:-NOW_DAYS][:SPREAD_DAYS])]
        away = [abs(level - middle) for level in levels[:KNOWN_DAYS]]
        spread = max(1.4826 * median(away), sum(steps) / max(1, len(steps)) / MEAN_STEP)
        return middle, max(spread, SPREAD_SHARE * middle)

    @property
    def normal(self) -> tuple[float, float] | None:
        """The range that a day's level keeps, rounded as it is told; None while that is not known."""
        usual = self.usual
        if usual is None:
            return None
        low, high = (float(f"{usual[0] + side * usual[1]:.4g}") for side in (-SIDE, SIDE))
        return low, high

    @property
    def limit(self) -> float:
        """Where it has to stop; 0 while that is not known."""
        usual = self.usual
        if usual is None:
            return 0.0
        return max(STOP_MM_S, STOP_TIMES * usual[0]) if self.quantity == "vibration_mm_s" else STOP_TIMES * usual[0]


def step(wear: Wear, at_ms: int, level: float) -> bool:
    """Take a level at work, in order of time; whether what is found may have changed."""
    day = at_ms // DAY_MS
    if day == wear.day:
        if len(wear.today) < LEVELS_MAX:
            wear.today.append(level)
        return False
    told = False
    if len(wear.today) >= LEVELS_MIN:
        wear.days.append((wear.day, median(wear.today)))
        if len(wear.days) > DAYS_KEPT:
            del wear.days[KNOWN_DAYS]
        told = _judge(wear, at_ms)
    wear.day, wear.today = day, [level]
    return told


def _judge(wear: Wear, at_ms: int) -> bool:
    usual = wear.usual
    if usual is None or len(wear.days) < KNOWN_DAYS + NOW_DAYS:
        return False
    middle, spread = usual
    now, was = _now(wear.days), wear.since_ms
    far = now - middle > max(SIGMAS * spread, SHARE * middle)
    wear.since_ms = (wear.since_ms or at_ms) if far else 0
    wear.left = None
    if far:
        wear.left = (0.0, 0.0, 0.0) if now >= wear.limit else days_left(wear.days, middle, spread, wear.limit)
    return was != wear.since_ms or wear.left is not None


def _now(days: list[tuple[int, float]]) -> float:
    return median([level for _, level in days[-NOW_DAYS:]])


def days_left(days: list[tuple[int, float]], middle: float, spread: float, limit: float) -> Days:
    """Days (low, middle, high) from the end of the last one until the level at work reaches the limit; the usual level
    is `middle` above 0, give or take `spread`."""
    began = len(days) - 1
    while began > 0 and _now(days[: began + 1]) > middle + spread:
        began -= 1
    path = days[began:]
    # By shares a spread stays as it is, by steps it grows with the level.
    grown = spread * sqrt(max(1.0, path[-1][1] / middle))
    least = 1e-9 * middle
    ways = (
        ([(day, log(limit / max(level, least))) for day, level in path], log(limit / middle), spread / middle),
        ([(day, limit - level) for day, level in path], limit - middle, grown),
    )
    found = [_followed(*way) for way in ways]
    times = np.unique(np.concatenate([wiener.times_to(belief, sigma, DAYS_MAX)[0] for belief, sigma in found]))
    chance = np.mean([wiener.passage(belief, sigma, times) for belief, sigma in found], axis=0)
    passages = np.clip(wiener.quantiles(chance, times[None], SHARES)[0] - SINCE_DAYS, 0.0, DAYS_MAX)
    low, mid, high = passages.round(1).tolist()
    return low, mid, high


def _followed(left: list[tuple[int, float]], whole: float, spread: float) -> tuple[wiener.Array, float]:
    """What is believed after a path of (day, what is left) that began with `whole` left, and how it wanders."""
    sigma, noise = WANDER * spread, np.array([spread**2])
    belief = wiener.begin(whole, spread, 0.0, whole / DRIFT_DAYS)
    for (before, _), (day, seen) in pairwise(left):
        belief = wiener.advance(belief, sigma, np.array([float(day - before)]))
        pace = DRIFT_WANDER * max(abs(float(belief[0, 1])), whole / DRIFT_SLOW_DAYS)
        belief[0, 4] += pace**2 * (day - before)
        belief = wiener.observe(belief, np.array([seen]), noise)
    return belief, sigma
