"""How fast a cooler recovers from defrosts and open doors: seen even where samples are too few for its cycles."""

from __future__ import annotations

from math import log
from statistics import median
from typing import Any

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, np.dtype[np.float64]]

RECOVERIES_MIN = 6
"""Fewer tell nothing of what is usual."""
PRIOR_SD = (10.0, 0.5, 0.3)
"""What the weights may be before any is seen: level, ln of the height, lift in 10 K."""
PRIOR_LIFT = -0.3
"""10 K more outside take about so much (ln) of the pace: more heat comes in, and the compressor does less."""
SIGMA_MIN = 0.06
"""No pace is believed to be known better: one sample more or less."""
FEW = 3.0
"""By so much more than their number warrants few recoveries' spread is doubted (as of Student's t)."""
DOUBT_TIMES = 4.0
"""Recoveries of one day say much the same, so the weights are known less well than if each spoke for itself."""


class Recovery(Struct, frozen=True, array_like=True):
    """A fall back from a defrost or an open door: how far, how fast (K a minute), against which lift."""

    at_ms: int
    height_c: float
    rate_c_min: float
    lift_c: float | None


class Pace(Struct, frozen=True):
    """How fast it recovers when healthy: ln rate = weights . [1, ln height, lift in 10 K]; `sigma` of one recovery."""

    weights: list[float]
    covariance: list[list[float]]
    height: float
    lift: float
    sigma: float


def pace_of(recoveries: list[Recovery]) -> Pace | None:
    """The pace of a healthy cooler; None where it was seen too seldom."""
    if len(recoveries) < RECOVERIES_MIN:
        return None
    lifts = [one.lift_c for one in recoveries if one.lift_c is not None]
    height, lift = median(log(one.height_c) for one in recoveries), median(lifts) if lifts else 0.0
    rows, target = _rows(recoveries, height, lift), np.array([log(one.rate_c_min) for one in recoveries])
    centre = float(np.median(target))
    noise = max(SIGMA_MIN, _spread(target))
    covariance = np.linalg.inv(rows.T @ rows / noise**2 + np.diag(np.array(PRIOR_SD) ** -2.0))
    prior = np.array([0.0, 0.0, PRIOR_LIFT])
    off = target - centre - rows @ prior
    weights = covariance @ (rows.T @ np.clip(off, -3 * noise, 3 * noise)) / noise**2 + prior
    weights[0] += centre
    off = target - rows @ weights
    sigma = max(SIGMA_MIN, _spread(off), float(np.percentile(np.abs(off), 90)) / 1.645)
    return Pace(weights.tolist(), covariance.tolist(), height, lift, sigma * (1 + FEW / len(recoveries)))


def slower(pace: Pace, recoveries: list[Recovery]) -> tuple[float, float]:
    """By how much (ln) these recoveries are slower than expected in the middle, and its standard deviation."""
    rows = _rows(recoveries, pace.height, pace.lift)
    late = rows @ np.array(pace.weights) - np.log([one.rate_c_min for one in recoveries])
    row = rows.mean(axis=0)
    unsure = DOUBT_TIMES * float(row @ np.array(pace.covariance) @ row)
    return float(np.median(late)), float(np.sqrt(pace.sigma**2 / len(recoveries) + unsure))


def _rows(recoveries: list[Recovery], height: float, lift: float) -> Array:
    lifts = [0.0 if one.lift_c is None else (one.lift_c - lift) / 10 for one in recoveries]
    return np.array([[1.0, log(one.height_c) - height, by] for one, by in zip(recoveries, lifts, strict=True)])


def _spread(values: Array) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
