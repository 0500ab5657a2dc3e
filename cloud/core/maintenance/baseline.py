"""What a healthy cooler's capacity is, by load and time of day: small Bayesian regressions over its first days."""

from __future__ import annotations

from math import exp, log
from statistics import median
from typing import Any

import numpy as np
from msgspec import Struct

from cloud.core.maintenance.cycles import HOUR_MS
from cloud.core.maintenance.recovering import Pace, Recovery, pace_of

Array = np.ndarray[Any, np.dtype[np.float64]]

DAY_MS = 24 * HOUR_MS
SIGMA_MIN = 0.02
"""No day's relative capacity is believed to be known better."""
PRIOR_SD = (10.0, 0.12, 0.06, 0.06)
"""What the regression's weights may be before a window is seen: level, load, sine and cosine of the day."""
PRIOR_BY_LIFT = -0.1
"""A compressor loses up to 2 % of its capacity a kelvin that its surroundings are warmer; the load counts in 10 K."""
RISE_SD = 0.3
"""What the weight of a load that is told by rises may be: below nought for the compressor, above it for goods that take
part the more, the longer a rise lasts."""
DAY_NOISE_MIN = 0.02
"""The medians of few days may agree by chance, but not better than so."""
FEW = 3.0
"""By so much more than their number warrants few days' spread is doubted (as of Student's t)."""
RESOLUTION = 0.2
"""What samples as far apart as a run is long leave in doubt of a day's capacity."""
DOUBT_TIMES = 4.0
"""Windows of one day say much the same, so the weights are known less well than if each spoke for itself."""
SIDES = 3.0
"""How many deviations wide what is normal of a day is to each side."""
BEYOND_SD = 0.5
"""What is not known of a load beyond those that were learned, a unit of load (10 K, or e times as fast a rise)."""


class Window(Struct, frozen=True, array_like=True):
    """Some hours of one cooler: median minutes of a fall and a rise and their swing, mean temperatures, defrosts and
    doors seen, its lower temperatures (10 %), how far apart samples were, and how many rises it saw."""

    at_ms: int
    fall_min: float
    rise_min: float
    inside_c: float
    outside_c: float | None
    disturbances: int
    swing_c: float
    low_c: float
    spacing_min: float
    rises: int

    @property
    def capacity(self) -> float:
        """ln of Q/C over the swing, 1/min."""
        return log(1 / self.fall_min + 1 / self.rise_min)

    @property
    def duty(self) -> float:
        """The share of time the compressor runs."""
        return self.fall_min / (self.fall_min + self.rise_min)


class Baseline(Struct, frozen=True):
    """ln capacity = weights . [1, load, sin, cos of the day]; the load is the outside temperature in 10 K, or ln of
    1/t_rise where that is not known. `sigma`: of a day's median, `window_sigma` of a window. `usual_c`: the middle
    of the learned windows' temperatures, `low_c`: to where it cools down."""

    by_lift: bool
    load_mean: float
    weights: list[float]
    covariance: list[list[float]]
    sigma: float
    window_sigma: float
    fall_min: float
    rise_min: float
    swing_c: float
    usual_c: float
    low_c: float
    rise_sigma: float
    swing_sigma: float
    load_low: float
    load_high: float
    pace: Pace | None = None

    @property
    def duty(self) -> float:
        """The share of time the compressor usually runs."""
        return self.fall_min / (self.fall_min + self.rise_min)

    @property
    def normal(self) -> dict[str, tuple[float, float]]:
        """Within which a day is normal, whatever its load: `duty` (a share), `fall` and `rise` (min). A fall, and the
        share of time, differ by half as much as rises do; `window_sigma` is of the capacity, less what its load
        explains, and a third of a sound cooler's days would be beyond it."""
        half = self.rise_sigma / 2
        usual = {"duty": (self.duty, half), "fall": (self.fall_min, half), "rise": (self.rise_min, self.rise_sigma)}
        least = {name: middle * exp(-SIDES * sigma) for name, (middle, sigma) in usual.items()}
        most = {name: middle * exp(SIDES * sigma) for name, (middle, sigma) in usual.items()}
        most["duty"] = min(1.0, most["duty"])
        return {name: (float(f"{least[name]:.4g}"), float(f"{most[name]:.4g}")) for name in usual}


def _load(window: Window, by_lift: bool) -> float | None:
    if not by_lift:
        return -log(window.rise_min)
    return None if window.outside_c is None else window.outside_c / 10


def _rows(windows: list[Window], by_lift: bool, load_mean: float) -> Array:
    loads = [_load(window, by_lift) for window in windows]
    angles = 2 * np.pi * np.array([window.at_ms % DAY_MS for window in windows]) / DAY_MS
    centred = [0.0 if load is None else load - load_mean for load in loads]
    return np.column_stack((np.ones(len(windows)), centred, np.sin(angles), np.cos(angles)))


def _spread(values: Array) -> float:
    """The standard deviation of most of the values."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def fit(days: list[list[Window]], recoveries: list[Recovery]) -> Baseline:
    """Bayesian linear regression over the learned windows; the prior keeps few days from being over-read."""
    windows = [window for day in days for window in day]
    by_lift = sum(window.outside_c is not None for window in windows) >= 0.8 * len(windows)
    loads = [load for window in windows if (load := _load(window, by_lift)) is not None]
    load_mean = sum(loads) / len(loads)
    rows = _rows(windows, by_lift, load_mean)
    target = np.array([window.capacity for window in windows])
    day_ends = np.cumsum([len(day) for day in days])[:-1]
    weights, covariance = _regress(rows, target, day_ends, by_lift)
    off = target - rows @ weights
    misses = np.array([np.median(day) for day in np.split(off, day_ends)])
    rises, swings = (np.log([getattr(window, name) for window in windows]) for name in ("rise_min", "swing_c"))
    sure = 1 + FEW / len(misses)
    fall, rise = (median(getattr(window, name) for window in windows) for name in ("fall_min", "rise_min"))
    least = max(SIGMA_MIN, RESOLUTION * median(window.spacing_min for window in windows) / min(fall, rise))
    return Baseline(
        by_lift,
        load_mean,
        weights.tolist(),
        covariance.tolist(),
        sigma=max(least, sure * float(np.sqrt((misses**2).sum() / (len(misses) - 2)))),
        window_sigma=max(least, _spread(off)),
        fall_min=fall,
        rise_min=rise,
        swing_c=median(window.swing_c for window in windows),
        usual_c=median(window.inside_c for window in windows),
        low_c=median(window.low_c for window in windows),
        rise_sigma=max(SIGMA_MIN, _spread(rises)),
        swing_sigma=max(SIGMA_MIN, _spread(swings)),
        load_low=float(np.percentile(loads, 5)),
        load_high=float(np.percentile(loads, 95)),
        pace=pace_of(recoveries),
    )


def _regress(rows: Array, target: Array, day_ends: Array, by_lift: bool) -> tuple[Array, Array]:
    """The weights and their covariance; the prior keeps few days from being over-read.

    A rise is a part of the capacity as well: an error in it moves both, and they seem to go together. So the weight of
    a load that is told by rises comes from the days' medians, in which little of the errors is left."""
    prior, learned, by_rise = np.array([0.0, PRIOR_BY_LIFT, 0.0, 0.0]), rows.copy(), 0.0
    if not by_lift:
        parts = [[np.median(day) for day in np.split(values, day_ends)] for values in (rows[:, 1], target)]
        loads, seen = (np.array(part) - np.mean(part) for part in parts)
        weighed = loads / max(DAY_NOISE_MIN, _spread(seen)) ** 2
        by_rise = 1 / (RISE_SD**-2 + float(loads @ weighed))
        prior[1] = by_rise * float(weighed @ seen)
        learned[:, 1] = 0.0
    centre = float(np.median(target))
    noise = max(SIGMA_MIN, _spread(target))
    told = learned.T @ learned / noise**2
    covariance = np.linalg.inv(told + np.diag(np.array(PRIOR_SD) ** -2.0)).astype(np.float64)
    weights: Array = covariance @ (learned.T @ (target - centre - rows @ prior)) / noise**2 + prior
    weights[0] += centre
    if not by_lift:
        covariance[1, 1] = by_rise / DOUBT_TIMES
    return weights, covariance


def losses(baseline: Baseline, windows: list[Window]) -> Array:
    """ln of expected over seen capacity, one a window."""
    expected: Array = _rows(windows, baseline.by_lift, baseline.load_mean) @ np.array(baseline.weights)
    lost: Array = expected - np.array([window.capacity for window in windows])
    return lost


def doubt(baseline: Baseline, windows: list[Window]) -> float:
    """Variance of what is expected of these windows together: grows where their load is unlike the learned days'."""
    row = _rows(windows, baseline.by_lift, baseline.load_mean).mean(axis=0)
    load = float(row[1]) + baseline.load_mean
    return DOUBT_TIMES * float(row @ np.array(baseline.covariance) @ row) + (BEYOND_SD * beyond(baseline, load)) ** 2


def beyond(baseline: Baseline, load: float) -> float:
    """How far a load lies beyond those that were learned."""
    return max(0.0, load - baseline.load_high, baseline.load_low - load)


def load_of(baseline: Baseline, windows: list[Window]) -> float:
    """The mean load of these windows."""
    return float(_rows(windows, baseline.by_lift, baseline.load_mean)[:, 1].mean()) + baseline.load_mean
