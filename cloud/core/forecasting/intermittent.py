"""Methods for demand that comes now and then: Croston, SBA, TSB, ADIDA, IMAPA. Units a period, of rows at a time.

Croston 1972; Syntetos & Boylan 2005; Teunter, Syntetos & Babai 2011; Nikolopoulos et al. 2011; Petropoulos & Kourentzes
2015. Published initial values: each smoothing starts with its first value.
"""

from __future__ import annotations

import numpy as np

from cloud.core.forecasting.history import Array, Counts, Flags, packed
from cloud.core.forecasting.smoothing import ses

ALPHA = 0.1
AGGREGATE_ALPHAS = (0.1, 0.3)
"""Sums of periods are smoothed with the best constant between these."""
GOLDEN = (5**0.5 - 1) / 2
SEARCH_STEPS = 40


def _last_level(values: Array, wanted: Flags, alpha: float) -> Array:
    """The level after the wanted values of each row, begun with the first of them; 0 where there is none."""
    moved, counts = packed(values, wanted)
    levels = ses(moved, alpha, moved[:, 0])
    return levels[np.arange(len(levels)), counts]


def croston(units: Array, alpha: float = ALPHA) -> Array:
    """Smoothed size of demands over the smoothed interval between them. Known to be biased upwards: see `sba`."""
    sold = units > 0
    at = np.where(sold, np.arange(1, units.shape[1] + 1), 0)
    before = np.maximum.accumulate(np.concatenate([np.zeros((len(units), 1), np.int64), at[:, :-1]], axis=1), axis=1)
    intervals = (at - before).astype(np.float64)
    return _last_level(units, sold, alpha) / np.maximum(_last_level(intervals, sold, alpha), 1.0)


def sba(units: Array, alpha: float = ALPHA) -> Array:
    """Croston's forecast times 1 - alpha/2, which takes its bias away."""
    return (1 - alpha / 2) * croston(units, alpha)


def tsb(units: Array, known: Flags, alpha_size: float = ALPHA, alpha_chance: float = 0.05) -> Array:
    """Smoothed size of demands times the smoothed chance of one, which falls in every period without."""
    sold = known & (units > 0)
    return _last_level(units, sold, alpha_size) * _last_level(sold.astype(np.float64), known, alpha_chance)


def adida(units: Array) -> Array:
    """Sums of as many periods as lie between demands on average, smoothed, and spread over the periods again."""
    steps = _mean_interval(units)
    forecast = np.zeros(len(units))
    for step in np.unique(steps[steps > 0]):
        of = steps == step
        forecast[of] = _smoothed_sums(units[of], int(step))
    return forecast


def imapa(units: Array) -> Array:
    """The mean of the forecasts from sums of 1, 2, ... periods, up to ADIDA's."""
    steps = _mean_interval(units)
    forecast = np.zeros(len(units))
    for step in range(1, int(steps.max(initial=0)) + 1):
        of = steps >= step
        forecast[of] += _smoothed_sums(units[of], step)
    return forecast / np.maximum(steps, 1)


def _mean_interval(units: Array) -> Counts:
    """The mean number of periods from one demand to the next, whole; 0 without any demand."""
    sold = units > 0
    last = np.where(sold.any(axis=1), units.shape[1] - np.argmax(sold[:, ::-1], axis=1), 0)
    return np.asarray(np.rint(last / np.maximum(sold.sum(axis=1), 1)), dtype=np.int64)


def _smoothed_sums(units: Array, step: int) -> Array:
    """The level of the sums of `step` periods, over `step`; the constant by golden section on the squared errors."""
    rows, columns = units.shape
    sums = units[:, columns % step :].reshape(rows, -1, step).sum(axis=2)

    def levels(alpha: Array) -> tuple[Array, Array]:
        level, wrong = sums[:, 0].copy(), np.zeros(rows)
        for column in sums.T[1:]:
            off = column - level
            wrong += off * off
            level += alpha * off
        return level, wrong

    low, high = (np.full(rows, alpha) for alpha in AGGREGATE_ALPHAS)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = levels(left)[1], levels(right)[1]
    for _ in range(SEARCH_STEPS):
        lower = at_left <= at_right
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        at_new = levels(new)[1]
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, at_new, at_right), np.where(lower, at_left, at_new)
    return levels((low + high) / 2)[0] / step
