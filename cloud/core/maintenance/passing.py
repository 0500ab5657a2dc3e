"""Cycles left of units of which no run to failure is known, but the limit that one channel must not pass.

The channel is a Wiener process seen with noise. Spread and noise are told apart by how steps over one and over many
rows differ, the spread a standard error up, so that few rows make a wide interval; the drift of a unit is believed to
be like that of the others. Nothing here has been seen to come true: the interval rests on the process alone.
"""

from __future__ import annotations

from math import isfinite, sqrt
from typing import Any

import numpy as np
from msgspec import Struct

from cloud.core.maintenance import wiener
from cloud.core.maintenance.life import Moved, Remaining

Array = np.ndarray[Any, np.dtype[np.float64]]

ROWS_MIN = 10
"""Fewer rows of a unit do not tell its drift."""
LAG_MAX = 16
UNITS_ALIKE_MIN = 5
"""From so many units on, one's drift is believed to be like the others'."""
DRIFT_DOUBT = 3.0
"""Of a unit by itself the drift is believed before to be within so many times what its whole way suggests."""
HORIZON_SPANS = 50.0
"""A passage later than so many times what was seen is open-ended."""
SIGMA_MIN = 1e-3
"""The spread is at least this share of the steps', ..."""
FINEST = 1e-6
"""... and a step's spread this share of the way to the limit: a course that is an exact straight line was rounded."""


class Path(Struct, frozen=True):
    """One unit's rows in order [rows]: cycles, and what is left of the channel before its limit."""

    cycles: Array
    left: Array


class Course(Struct, frozen=True):
    """How units of a kind go: spread a root cycle, noise of a reading (standard deviations), and their drift a
    cycle."""

    sigma: float
    noise: float
    drift: float
    drift_sd: float


def course(paths: list[Path]) -> Course | None:
    """The course of these units (moments of their steps), None with no path of `ROWS_MIN` rows."""
    paths = [path for path in paths if len(path.left) >= ROWS_MIN]
    if not paths:
        return None
    lag = max(2, min(LAG_MAX, min(len(path.left) for path in paths) // 4))
    spans = np.array([path.cycles[-1] - path.cycles[0] for path in paths])
    drifts = np.array([path.left[0] - path.left[-1] for path in paths]) / spans
    ones, manies, step = [], [], 0.0
    for path, drift in zip(paths, drifts, strict=True):
        flat = path.left + drift * path.cycles
        ones.append(np.diff(flat))
        manies.append(flat[lag:] - flat[:-lag])
        step += float(np.diff(path.cycles).mean()) / len(paths)
    one, many = (float(np.mean(np.concatenate(steps) ** 2)) for steps in (ones, manies))
    doubt = sqrt(4 * lag / (3 * sum(len(steps) for steps in manies)))  # of `many`, its sums overlapping
    square = max((many * (1 + doubt) - one) / (lag - 1), SIGMA_MIN * one) / step
    noise = sqrt(max(one - square * step, 0.0) / 2)
    widest = max(float(np.abs(path.left).max()) for path in paths)
    square = max(square, (FINEST * widest) ** 2 / step, wiener.VARIANCE_MIN)
    sigma = sqrt(square)
    if len(paths) < UNITS_ALIKE_MIN:
        reach = max(abs(float(drifts.mean())), sigma / sqrt(float(spans.mean())))
        return Course(sigma, noise, 0.0, DRIFT_DOUBT * reach)
    own = float(np.mean(square / spans + 2 * noise**2 / spans**2))  # of a drift as it is measured
    units = len(paths)
    few = (units + 1) / units * (units - 1) / (units - 3)  # the spread of a next one, as of Student's t
    among = few * max(float(drifts.var(ddof=1)) - own, own / units)
    return Course(sigma, noise, float(drifts.mean()), sqrt(among))


def believed(course_of: Course, path: Path) -> Array:
    """What is believed of a unit [1 x 5] after all its rows."""
    start = float(path.left[0])
    belief = wiener.begin(start, max(course_of.noise, 1e-9), course_of.drift, course_of.drift_sd)
    noise = np.array([max(course_of.noise**2, wiener.VARIANCE_MIN)])
    for row in range(1, len(path.left)):
        belief = wiener.advance(belief, course_of.sigma, path.cycles[row : row + 1] - path.cycles[row - 1])
        belief = wiener.observe(belief, path.left[row : row + 1], noise)
    return belief


def ends(course_of: Course, beliefs: Array, horizon: float) -> Array:
    """The lower end, the median and the upper end [units x 3] of the cycles left; inf where open-ended."""
    times = wiener.times_to(beliefs, course_of.sigma, horizon)
    chance = wiener.passage(beliefs, course_of.sigma, times)
    return wiener.quantiles(chance, times, np.tile([0.05, 0.5, 0.95], (len(beliefs), 1)))


def remaining(course_of: Course, path: Path, channel: str, first: float, now: float) -> Remaining | None:
    """What is left of a unit; None with fewer than `ROWS_MIN` rows. Health is the share that is left of the way from
    the channel's `first` reading to the limit."""
    if len(path.left) < ROWS_MIN:
        return None
    belief = believed(course_of, path)
    whole, cycle = float(path.left[0]), float(path.cycles[-1])
    low, left, high = ends(course_of, belief, HORIZON_SPANS * (cycle - float(path.cycles[0])))[0].tolist()
    health = min(1.0, max(0.0, float(belief[0, 0]) / whole)) if whole > 0 else 0.0
    sd = max(course_of.noise, course_of.sigma, wiener.VARIANCE_MIN)
    gone = Moved(channel, round((now - first) / sd, 2), float(f"{now:.6g}"), float(f"{first:.6g}"))
    shown = [round(one, 1) if isfinite(one) else None for one in (low, left, high)]
    return Remaining(cycle, shown[1], shown[0], shown[2], round(health, 3), [gone])


def path(pairs: list[tuple[float, float]], limit: float, sign: float) -> Path:
    """The path of (cycle, reading) pairs to a limit above (`sign` 1) or below (-1)."""
    cycles, readings = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return Path(cycles, sign * (limit - readings))
