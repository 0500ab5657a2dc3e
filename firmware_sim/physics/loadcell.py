"""A load cell with its HX711 converter: noise, zero drift, temperature, creep, hysteresis, saturation, and hands.

Sources: HX711 data (0.1-0.2 g rms on a 20 kg cell at 10-80 samples/s; a fielded cell is some times worse);
OIML R 60 class C3 (creep over 30 min <= 0.7 of the permitted error; zero shift per temperature step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Samples = NDArray[np.float64]

REFERENCE_C = 20.0
SETTLE_TAU_S = 0.15
SETTLE_HZ = 4.0
SETTLE_SHARE = 0.3
"""A load that changes rings: a damped swing of this share of the change."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Somebody at a shelf from `start_ms` to `end_ms`, leaning on it with `bump_g`; the load changes at the end."""

    start_ms: int
    end_ms: int
    bump_g: float
    before_g: float
    after_g: float


@dataclass(slots=True)
class LoadCell:
    """One cell: its character, and where its zero and creep stand now."""

    noise_g: float = 0.6
    walk_g: float = 0.15
    """Zero drift: standard deviation after one hour; grows with the root of time."""
    thermal_g: float = 0.05
    """Zero shift per degree away from 20 degrees."""
    creep_share: float = 2e-4
    creep_tau_s: float = 600.0
    hysteresis_g: float = 0.0
    max_g: float = 30_000.0
    zero_g: float = 0.0
    creep_g: float = 0.0
    tare_g: float = 0.0
    """What a `tare` command took off."""


def rest(cell: LoadCell, load_g: float, seconds: float, rng: Generator) -> None:
    """Let `seconds` pass under a steady load: the zero wanders, the creep follows the load."""
    cell.zero_g += cell.walk_g * sqrt(max(seconds, 0.0) / 3600.0) * float(rng.standard_normal())
    cell.creep_g += (cell.creep_share * load_g - cell.creep_g) * (1.0 - exp(-seconds / cell.creep_tau_s))


def load_at(times_ms: Samples, load_g: float, touches: Sequence[Touch], rng: Generator) -> Samples:
    """The true load in grams at each time, hands and ringing included.

    `touches` are in order of time; `load_g` holds where there is none.
    """
    load = np.full(times_ms.shape, touches[0].before_g if touches else load_g)
    for touch in touches:
        after = times_ms >= touch.end_ms
        since_s = (times_ms[after] - touch.end_ms) / 1000.0
        ring = SETTLE_SHARE * np.exp(-since_s / SETTLE_TAU_S) * np.cos(2 * np.pi * SETTLE_HZ * since_s)
        load[after] = touch.after_g + (touch.after_g - touch.before_g) * ring
        held = (times_ms >= touch.start_ms) & ~after
        share = (times_ms[held] - touch.start_ms) / (touch.end_ms - touch.start_ms)
        tremor = 1.0 + 0.1 * rng.standard_normal(share.shape)
        load[held] = touch.before_g + touch.bump_g * np.sqrt(np.sin(np.pi * share)) * tremor
    return load


def read(cell: LoadCell, load_g: Samples, falling: bool, ambient_c: float, rng: Generator) -> Samples:
    """What the cell reports for true loads, in grams, saturated at its limit. `falling`: the last change took away."""
    steady = cell.zero_g + cell.creep_g + cell.thermal_g * (ambient_c - REFERENCE_C) - cell.tare_g
    steady += cell.hysteresis_g if falling else -cell.hysteresis_g
    shown = load_g + steady + cell.noise_g * rng.standard_normal(load_g.shape)
    return np.clip(shown, -cell.max_g, cell.max_g)


def unit_masses(mean_g: float, cv: float, count: int, rng: Generator) -> list[float]:
    """Masses of new units, each its own for life: normal with relative sd `cv`, cut at 4 sd and above zero."""
    if count <= 0:
        return []
    spread = np.clip(rng.standard_normal(count), -4.0, 4.0) * cv
    masses: list[float] = np.round(mean_g * np.maximum(1.0 + spread, 0.05), 3).tolist()
    return masses
