"""What a healthy cooler's capacity is, by load and time of day: a small Bayesian regression over its first days."""

from __future__ import annotations

from math import log
from statistics import median
from typing import Any

import numpy as np
from msgspec import Struct

from cloud.core.maintenance.cycles import HOUR_MS

Array = np.ndarray[Any, np.dtype[np.float64]]

DAY_MS = 24 * HOUR_MS
SIGMA_MIN = 0.02
"""No day's relative capacity is believed to be known better."""
PRIOR_SD = (10.0, 0.3, 0.1, 0.1)
"""What the regression's weights may be before a window is seen: level, load, sine and cosine of the day."""


class Window(Struct, frozen=True, array_like=True):
    """Some hours of one cooler: median minutes of a fall and a rise, mean temperatures, defrosts and doors seen."""

    at_ms: int
    fall_min: float
    rise_min: float
    inside_c: float
    outside_c: float | None
    disturbances: int

    @property
    def capacity(self) -> float:
        """ln of Q/C over the swing, 1/min."""
        return log(1 / self.fall_min + 1 / self.rise_min)

    @property
    def duty(self) -> float:
        """The share of time the compressor runs."""
        return self.fall_min / (self.fall_min + self.rise_min)


class Baseline(Struct, frozen=True):
    """ln capacity = weights . [1, load, sin, cos of the day]; the load is the lift in 10 K, or ln of 1/t_rise where
    the outside temperature is not known. `sigma`: of a day's median. `warm_c`: no learned window was warmer."""

    by_lift: bool
    load_mean: float
    weights: list[float]
    covariance: list[list[float]]
    sigma: float
    fall_min: float
    rise_min: float
    warm_c: float


def _load(window: Window, by_lift: bool) -> float | None:
    if not by_lift:
        return -log(window.rise_min)
    return None if window.outside_c is None else (window.outside_c - window.inside_c) / 10


def _rows(windows: list[Window], by_lift: bool, load_mean: float) -> Array:
    loads = [_load(window, by_lift) for window in windows]
    angles = 2 * np.pi * np.array([window.at_ms % DAY_MS for window in windows]) / DAY_MS
    centred = [0.0 if load is None else load - load_mean for load in loads]
    return np.column_stack((np.ones(len(windows)), centred, np.sin(angles), np.cos(angles)))


def fit(days: list[list[Window]]) -> Baseline:
    """Bayesian linear regression over the learned windows; the prior keeps few days from being over-read."""
    windows = [window for day in days for window in day]
    by_lift = sum(window.outside_c is not None for window in windows) >= 0.8 * len(windows)
    loads = [load for window in windows if (load := _load(window, by_lift)) is not None]
    load_mean = sum(loads) / len(loads)
    rows = _rows(windows, by_lift, load_mean)
    target = np.array([window.capacity for window in windows])
    centre = float(np.median(target))
    noise = max(SIGMA_MIN, 1.4826 * float(np.median(np.abs(target - centre))))
    covariance = np.linalg.inv(rows.T @ rows / noise**2 + np.diag(np.array(PRIOR_SD) ** -2.0))
    weights = covariance @ (rows.T @ (target - centre)) / noise**2
    weights[0] += centre
    day_ends = np.cumsum([len(day) for day in days])[:-1]
    misses = np.array([np.median(day) for day in np.split(target - rows @ weights, day_ends)])
    return Baseline(
        by_lift,
        load_mean,
        weights.tolist(),
        covariance.tolist(),
        sigma=max(SIGMA_MIN, float(np.sqrt((misses**2).sum() / (len(misses) - 2)))),
        fall_min=median(window.fall_min for window in windows),
        rise_min=median(window.rise_min for window in windows),
        warm_c=max(window.inside_c for window in windows),
    )


def losses(baseline: Baseline, windows: list[Window]) -> Array:
    """ln of expected over seen capacity, one a window."""
    expected: Array = _rows(windows, baseline.by_lift, baseline.load_mean) @ np.array(baseline.weights)
    lost: Array = expected - np.array([window.capacity for window in windows])
    return lost


def doubt(baseline: Baseline, windows: list[Window]) -> float:
    """Variance of what is expected of these windows together: grows where their load is unlike the learned days'."""
    row = _rows(windows, baseline.by_lift, baseline.load_mean).mean(axis=0)
    return float(row @ np.array(baseline.covariance) @ row)
