"""Cycles left before a machine fails, with a 90 % interval, its health and why: a fold over its rows.

Each row: channels against what is usual in the operating state (channels.py), fused to an index (health_index.py), the
index seen as a view of the level of a Wiener process that began with the life of its kind (wiener.py). What interval to
ask of the process so that 90 % come true was learned from machines left out (learning_life.py; distributional
conformal prediction: Chernozhukov, Wuethrich & Zhu 2021). No date is promised: an interval is.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance import health_index, wiener
from cloud.core.maintenance.channels import GLITCH_REACHES, States, Usual, off, scores, states_of
from cloud.core.maintenance.health_index import Regression
from cloud.core.maintenance.units import CONVERSIONS
from cloud.core.maintenance.wiener import Sight

Array = np.ndarray[Any, np.dtype[np.float64]]

VERSION = 1
"""Of the model file; another one is refused."""
ROWS_MIN = 5
"""Fewer rows of a unit say nothing about it."""
MOVED_MIN = 0.75
"""A channel that is so few usual standard deviations off has not moved."""
WHY_MAX = 3
HORIZON_LIVES = 10.0
"""A passage later than so many median lives is open-ended."""


class Channel(Struct, frozen=True):
    """A channel that is used: its usual course, and how it goes with the cycles left (a correlation)."""

    name: str
    usual: Usual
    trend: float


class Band(Struct, frozen=True):
    """For units whose level is up to `below` (None: any): the chances to ask the process for, so that 5, 50 and 95 %
    come true."""

    below: float | None
    low: float
    middle: float
    high: float


class Model(Struct, frozen=True):
    """What was learned from runs to failure; cycles are those of the file. `notes`: what was left out, and why."""

    version: int
    runs: int
    rows: int
    life_median: float
    life_mean: float
    life_sd: float
    cap: float
    spacing: float
    settings: list[str]
    states: States
    channels: list[Channel]
    memories: list[float]
    regression: Regression
    sight: Sight
    sigma: float
    drift_sd: float
    repeats: float
    bands: list[Band]
    error_cycles: float
    covered: float
    notes: list[str]


class Unit(Struct):
    """All that is remembered of one machine (some 100 bytes a channel); `step` changes it in place."""

    rows: int = 0
    cycle: float = 0.0
    state: int = -1
    sums: list[list[float]] = field(default_factory=list)
    weights: list[list[float]] = field(default_factory=list)
    belief: list[float] = field(default_factory=list)

    def packed(self) -> bytes:
        """To be kept over a restart."""
        return msgspec.json.encode(self)


class Moved(Struct, frozen=True):
    """A channel that has moved: by so many usual standard deviations, its level now and its usual one in this state."""

    channel: str
    sd: float
    now: float
    usual: float


class Beyond(Struct, frozen=True):
    """Readings of a channel farther off than those of machines that failed: their rows, the first of them, how many
    count as missing, and what other unit they may have ("": none that is usual)."""

    channel: str
    rows: list[int]
    first: float
    missing: int
    perhaps: str


class Remaining(Struct, frozen=True):
    """Cycles left after `cycle`: the median and a 90 % interval (None: open-ended); health 1 as new, 0 worn out;
    `why`: the channels that moved, the most telling one first."""

    cycle: float
    left: float | None
    low: float | None
    high: float | None
    health: float
    why: list[Moved]


def unpacked(packed: bytes) -> Unit:
    """A machine as it was kept. Raises `msgspec.DecodeError`."""
    return msgspec.json.decode(packed, type=Unit)


def fits(model: Model, unit: Unit) -> bool:
    """Whether what was kept of a unit is of this model."""
    sizes = {len(one) for one in (*unit.sums, *unit.weights)}
    return not unit.rows or (sizes == {len(model.channels)} and len(unit.belief) == 5 and len(unit.sums) == 2)


def step(model: Model, unit: Unit, cycle: float, settings: list[float], values: list[float]) -> str:
    """Take one row: the model's settings and channels in its order, NaN where missing. "" or why it was left out."""
    if unit.rows and cycle <= unit.cycle:
        return f"cycle {cycle:g} comes again" if cycle == unit.cycle else f"cycle {cycle:g} comes after {unit.cycle:g}"
    state = states_of(model.states, np.array([settings], dtype=np.float64).reshape(1, len(settings)))
    if state[0] < 0:
        return "its operating state is none of those learned"
    seen = scores(np.array([values]), state, [one.usual for one in model.channels])[0]
    if not np.isfinite(seen).any():
        return "none of its channels can be read"
    size = (2, len(model.channels))
    sums = np.array(unit.sums) if unit.rows else np.zeros(size)
    weights = np.array(unit.weights) if unit.rows else np.zeros(size)
    passed = cycle - unit.cycle if unit.rows else model.spacing
    sums, weights = health_index.remember(sums, weights, seen, passed, np.array(model.memories))
    row = health_index.features(sums, weights, cycle / model.life_median)
    told = health_index.index(model.regression, row[None], model.cap)
    belief = np.array([unit.belief]) if unit.rows else first_belief(model, np.array([cycle]))
    if unit.rows:
        belief = wiener.advance(belief, model.sigma, np.array([passed]))
    belief = wiener.observe_through(belief, told, model.sight, slack(model.repeats, np.array([passed])))
    unit.rows, unit.cycle, unit.state = unit.rows + 1, float(cycle), int(state[0])
    unit.sums, unit.weights, unit.belief = sums.tolist(), weights.tolist(), belief[0].tolist()
    return ""


def beyond(model: Model, settings: list[list[float]], channels: list[list[float]]) -> tuple[list[Beyond], list[str]]:
    """Of a machine's rows of settings and channels, in the model's order: readings that are not believed as they stand,
    where they count as missing or may have another unit; and the channels of which no reading counts."""
    values = np.array(channels, dtype=np.float64)
    state = states_of(model.states, np.array(settings, dtype=np.float64).reshape(len(values), len(model.settings)))
    usuals = [one.usual for one in model.channels]
    away = np.abs(off(values, state, usuals))
    reach = np.array([one.reach for one in usuals])
    found = []
    for at, channel in enumerate(model.channels):
        rows = np.flatnonzero(away[:, at] > reach[at])
        missing = int((away[rows, at] > GLITCH_REACHES * reach[at]).sum())
        perhaps = ""
        for name, (factor, summand) in CONVERSIONS.items():
            meant = np.abs(off(factor * values[rows] + summand, state[rows], usuals)[:, at]) <= reach[at]
            if len(rows) and 2 * int(meant.sum()) > len(rows):
                perhaps = name
        if missing or perhaps:
            found.append(Beyond(channel.name, rows.tolist(), float(values[rows[0], at]), missing, perhaps))
    counts = (away <= GLITCH_REACHES * reach).sum(axis=0).tolist()
    judged = bool((state >= 0).any())
    return found, [one.name for one, count in zip(model.channels, counts, strict=True) if judged and not count]


def first_belief(model: Model, cycles: Array) -> Array:
    """What is believed of units [units] first seen at these cycles: a life as others', less what has gone."""
    beliefs = wiener.begin(model.life_mean, model.life_sd, 1.0, model.drift_sd, len(cycles))
    return wiener.advance(beliefs, model.sigma, cycles)


def slack(repeats: float, passed: Array) -> Array:
    """How many times its variance an observation has, so long after the last: errors of the index last `repeats`
    cycles, so that many rows within say little more than one."""
    return np.maximum(repeats / passed, 1.0)


def remaining(model: Model, unit: Unit) -> Remaining | None:
    """What is left of a machine; None with fewer than `ROWS_MIN` rows."""
    if unit.rows < ROWS_MIN:
        return None
    belief = np.array([unit.belief])
    low, left, high = promised(model, belief)[0].tolist()
    health = min(1.0, max(0.0, unit.belief[0] / model.cap))
    ends = [round(one, 1) if isfinite(one) else None for one in (low, left, high)]
    return Remaining(unit.cycle, ends[1], ends[0], ends[2], round(health, 3), moved(model, unit))


def promised(model: Model, beliefs: Array) -> Array:
    """The lower end, the middle and the upper end [units x 3] of the cycles left; inf where it is open-ended."""
    times = wiener.times_to(beliefs, model.sigma, HORIZON_LIVES * model.life_median)
    bands = np.searchsorted([band.below for band in model.bands if band.below is not None], beliefs[:, 0])
    asked = np.array([[band.low, band.middle, band.high] for band in model.bands])[bands]
    return wiener.quantiles(wiener.passage(beliefs, model.sigma, times), times, asked)


def moved(model: Model, unit: Unit) -> list[Moved]:
    """The channels that have moved, in usual standard deviations over the short memory; those that tell most first."""
    short = health_index.features(np.array(unit.sums), np.array(unit.weights), 0.0)[: len(model.channels)]
    order = sorted(range(len(short)), key=lambda at: -abs(short[at] * model.channels[at].trend))
    found = []
    for at in order[:WHY_MAX]:
        channel = model.channels[at]
        usual, sd = channel.usual.means[unit.state], channel.usual.sds[unit.state]
        if abs(short[at]) >= MOVED_MIN:
            now = usual + float(short[at]) * sd
            found.append(Moved(channel.name, round(float(short[at]), 2), float(f"{now:.6g}"), float(f"{usual:.6g}")))
    return found
