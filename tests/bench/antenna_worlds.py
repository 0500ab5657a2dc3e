"""Antennas that the estimators do not know: what each hears of its tags, five minutes at a time.

Each tag answers by its margin (dB above what the reader needs), which is drawn when it comes and moves a little when it
is touched; a reader asks as often as its answers leave time. *store*: goods stay for days, and come and go on working
days. *line*: some boxes an hour pass by day, nothing at night. Both have pallets in the way for hours, a noisy radio
now and then, lost reports. From `fault_day` on the antenna loses `loss_db` (a connector, a crushed cable), at once or
by `loss_db` a day; it dies where that is infinite.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.random import Generator

Array = np.ndarray[Any, np.dtype[np.float64]]
World = Literal["store", "line"]
START_MS = 1_767_571_200_000
"""Monday, 5 January 2026, 0 h."""
FIVE_MS, FIVE_S = 300_000, 300
DAY_FIVES = 288
SOFT_DB = 1.5
FLOOR_DBM, FADING_DB = -75.0, 1.0
"""The best of many reads is the stronger the more there are."""
ANSWERS_A_S = 120.0
"""Tags a reader can hear in a second, all antennas' turns taken together; ..."""
IDLE_S = 0.4
"""... and how long it needs to find that nothing answers."""


class Heard(NamedTuple):
    """What a gateway tells of an antenna: when, reads a minute, tags seen, and how strong these were (dBm)."""

    times_ms: list[int]
    reads: list[float]
    tags: list[float]
    dbm: list[float]


def lived(world: World, days: int, fault_day: float, loss_db: float, by_day: bool, rng: Generator) -> Heard:
    """An antenna's life of some days."""
    fives = np.arange(days * DAY_FIVES)
    since_d = np.maximum(fives / DAY_FIVES - fault_day, 0.0)
    lost = np.where(since_d > 0, since_d * loss_db if by_day else loss_db, 0.0) if loss_db else np.zeros(len(fives))
    lost = lost + _in_the_way(len(fives), rng)
    middle, wide = float(rng.uniform(6, 14)), float(rng.uniform(4, 8))
    size = int(rng.integers(30, 300))
    margins = rng.normal(middle, wide, size)
    pace = float(rng.uniform(0.5, 3.0)) * size / 100
    heard = Heard([], [], [], [])
    for five in fives.tolist():
        hour, weekday = five / 12 % 24, five // DAY_FIVES % 7
        busy = 7 <= hour < 18 and weekday < 5
        if world == "line":
            count = int(rng.poisson(pace * 4)) if busy else 0
            margins = rng.normal(middle, wide, count)
        elif busy:
            stay = rng.random(len(margins)) > pace / 100 * rng.exponential(1.0)
            come = int(rng.poisson(pace * rng.exponential(1.0) * (1.5 if len(margins) < size else 0.6)))
            margins = np.concatenate((margins[stay], rng.normal(middle, wide, come)))
            moved = rng.random(len(margins)) < 0.02
            margins = np.where(moved, rng.normal(middle, wide, len(margins)), margins)
        told = _heard(margins - lost[five], 60.0 if world == "line" else float(FIVE_S), rng)
        if rng.random() < 0.004:
            continue
        heard.times_ms.append(START_MS + five * FIVE_MS)
        heard.reads.append(round(told[0] / 5, 3))
        heard.tags.append(float(told[1]))
        heard.dbm.append(round(told[2], 2))
    return heard


def _heard(margins: Array, seconds: float, rng: Generator) -> tuple[int, int, float]:
    """Reads, tags and the mean of their best strengths of some time, in which all these were there."""
    chance = 1 / (1 + np.exp(-np.clip(margins / SOFT_DB, -50, 50)))
    rounds = seconds / (IDLE_S + float(chance.sum()) / ANSWERS_A_S)
    counts = rng.poisson(rounds * chance)
    heard = counts > 0
    fading = FADING_DB * np.sqrt(2 * np.log1p(counts[heard])) * rng.uniform(0.7, 1.3, int(heard.sum()))
    dbm = FLOOR_DBM + margins[heard] + fading
    return int(counts.sum()), int(heard.sum()), float(dbm.mean()) if heard.any() else FLOOR_DBM


def _in_the_way(count: int, rng: Generator) -> Array:
    """Pallets before the antenna for some hours once a week or so, and a radio that disturbs for minutes."""
    found = np.zeros(count)
    for often, fives, strong in ((1 / 7, 36, 6.0), (1 / 2, 3, 4.0)):
        for start in np.flatnonzero(rng.random(count) < often / DAY_FIVES).tolist():
            long = 1 + int(rng.exponential(fives))
            found[start : start + long] += rng.uniform(1, strong)
    return found
