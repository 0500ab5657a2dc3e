"""One scale, one SKU, two months: units of their own masses come and go, the zero wanders, and what the scale shows.

Truth for judging counts. What the estimator is told (taught unit mass, spread, drift) and what is so are apart, and
differ on purpose in the mis-specified worlds. Physics: `firmware_sim.physics.loadcell`; sizes after OIML R 60 class C3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sqrt

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.physics.loadcell import REFERENCE_C, LoadCell, read, rest

TUNING_SEEDS = (1, 2, 3)
REPORT_SEEDS = (9101,)
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
OPENS_H, CLOSES_H = 7.0, 21.0
READINGS = 8
"""Readings in a settled mass."""

Masses = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of article on one kind of cell. What is told to an estimator is `cv`, `noise_g`, `drift_g`, `sample`."""

    name: str
    unit_g: float = 250.0
    cv: float = 0.02
    sample: int = 10
    capacity: int = 60
    noise_g: float = 1.0
    drift_g: float = 0.5
    """Zero drift: standard deviation after one hour."""
    thermal_g: float = 0.28
    """Zero shift per degree: v_min / 5 K of a 20 kg cell of class C3."""
    limit_g: float = 20_000.0
    spread_times: float = 1.0
    """The units' true spread, times what was told."""
    drift_times: float = 1.0
    hysteresis_g: float = 0.0
    """The scale shows so much less after a put and so much more after a pick: the estimator is told nothing of it."""
    lots: str = "one"
    """`one`: units are normal about one mean. `bimodal`: each refill comes from one of two makers, whose means lie
    0.8 of the spread to either side; the whole spread is as told. `skewed`: a few units are much too heavy (gamma of
    shape 2), the spread is as told."""
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the scale showed once it was steady, and what truly lies there."""

    at_ms: int
    mass_g: float
    count: int


CASES = (
    Case("cv 0.3 %", cv=0.003),
    Case("cv 1 %", cv=0.01),
    Case("cv 2 %", cv=0.02),
    Case("cv 3 %", cv=0.03),
    Case("cv 5 %", cv=0.05),
    Case("cv 10 %", cv=0.10, hopeless=True),
    Case("20 g units, cv 1 %", unit_g=20.0, cv=0.01),
    Case("10 g units, cv 1 %", unit_g=10.0, cv=0.01, hopeless=True),
    Case("bad cell, cv 2 %", noise_g=5.0, drift_g=3.0),
    Case("cv 2 %, spread x0.5", spread_times=0.5),
    Case("cv 2 %, spread x1.5", spread_times=1.5),
    Case("cv 5 %, spread x0.5", cv=0.05, spread_times=0.5),
    Case("cv 5 %, spread x1.5", cv=0.05, spread_times=1.5),
    Case("cv 2 %, drift x2", drift_times=2.0),
    Case("20 g units, drift x2", unit_g=20.0, cv=0.01, drift_times=2.0),
    Case("cv 2 %, bimodal lots", lots="bimodal"),
    Case("cv 5 %, bimodal lots", cv=0.05, lots="bimodal"),
    Case("cv 5 %, skewed units", cv=0.05, lots="skewed"),
    Case("20 g units, hysteresis", unit_g=20.0, cv=0.01, hysteresis_g=1.0),
)


@dataclass(frozen=True, slots=True)
class Story:
    """A shelf's life: the unit mass that was taught from a sample, and every weighing."""

    taught_g: float
    weighings: list[Weighing]


def live(case: Case, days: int, a_day: int, rng: Generator) -> Story:
    """A shelf of `case` over so many days of `a_day` touches, each followed by one settled mass. It starts tared."""
    spread = case.cv * case.spread_times
    taught_g = float(_units(case, spread, case.sample, rng).mean())
    cell = LoadCell(
        noise_g=case.noise_g,
        walk_g=case.drift_g * case.drift_times,
        thermal_g=case.thermal_g,
        hysteresis_g=case.hysteresis_g,
        max_g=case.limit_g,
    )
    units = _units(case, spread, int(rng.integers(case.capacity // 2, case.capacity)), rng)
    low = int(rng.integers(0, case.capacity // 5))
    weighings: list[Weighing] = []
    last_ms, weather_c = 0, 0.0
    for at_ms in _times(days, a_day, rng):
        before_g = float(units.sum())
        rest(cell, before_g, (at_ms - last_ms) / 1000.0, rng)
        weather_c += float(rng.normal(0.0, 0.4 * sqrt((at_ms - last_ms) / HOUR_MS / 24))) - 0.01 * weather_c
        if len(units) <= low:
            goal = int(rng.integers(2 * case.capacity // 3, case.capacity + 1))
            units = np.concatenate((units, _units(case, spread, goal - len(units), rng)))
            low = int(rng.integers(0, case.capacity // 5))
        elif rng.random() < 0.08 and len(units) < case.capacity - 2:
            units = np.concatenate((units, _units(case, spread, int(rng.integers(1, 3)), rng)))
        else:
            taken = min(len(units), int(rng.geometric(0.45)))
            units = rng.permutation(units)[taken:]
        load_g = float(units.sum())
        ambient_c = REFERENCE_C + weather_c - 2.5 * cos(2 * pi * (at_ms / DAY_MS - 3 / 24))
        shown = read(cell, np.full(READINGS, load_g), load_g < before_g, ambient_c, rng)
        weighings.append(Weighing(at_ms, float(shown.mean()), len(units)))
        last_ms = at_ms
    return Story(taught_g, weighings)


def _times(days: int, a_day: int, rng: Generator) -> Iterator[int]:
    for day in range(days):
        for hour in np.sort(rng.uniform(OPENS_H, CLOSES_H, a_day)):
            yield round(day * DAY_MS + hour * HOUR_MS)


def _units(case: Case, spread: float, count: int, rng: Generator) -> Masses:
    """New units, each with its own mass for life."""
    deviations = rng.standard_normal(count)
    if case.lots == "bimodal":
        deviations = 0.8 * rng.choice((-1.0, 1.0)) + 0.6 * deviations
    elif case.lots == "skewed":
        deviations = (rng.gamma(2.0, 1.0, count) - 2.0) / sqrt(2.0)
    masses: Masses = case.unit_g * np.maximum(1.0 + spread * deviations, 0.05)
    return masses
