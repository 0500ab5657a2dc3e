"""Theta methods of many series at once: the classical one, and the dynamic optimised one (Fiorucci et al. 2016).

Rows are series, left-aligned, `counts` periods long, any length. The dynamic optimised theta model tells the next value
by level + (1 - 1/theta) ((1-alpha)^(t-1) A_t + (1-(1-alpha)^t)/alpha B_t), A and B the intercept and slope of the
straight line through all that came before. For a given alpha that is linear in the first level and in 1 - 1/theta, so
both are found by least squares and only alpha by search.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cloud.core.forecasting.history import Array, Counts
from cloud.core.forecasting.smoothing import last_level

ALPHAS = (*(round(0.05 * step, 2) for step in range(2, 20)), 0.99)
"""The dynamic model's smoothing constants: 0.10 to 0.95, and 0.99 (the published bounds)."""
THETA_ALPHAS = (0.05, *ALPHAS)


class Fit(NamedTuple):
    """Of each row, for one alpha: the first level, the tilt 1 - 1/theta, the squared error from the second value on,
    and the level after the last."""

    first: Array
    tilt: Array
    wrong: Array
    level: Array


def dynamic_theta(values: Array, counts: Counts, horizon: int) -> Array:
    """The next `horizon` values of each row by the dynamic optimised theta model [rows x horizon]."""
    rows = len(values)
    through = lines(values, counts)
    best = np.full(rows, np.inf)
    forecast = np.zeros((rows, horizon))
    for alpha in ALPHAS:
        found = fit(values, counts, alpha, through)
        better = found.wrong < best
        best = np.where(better, found.wrong, best)
        told = _carried(found.level, found.tilt, alpha, through, counts, horizon)
        forecast = np.where(better[:, None], told, forecast)
    return forecast


def fit(values: Array, counts: Counts, alpha: float, through: tuple[Array, Array, Array]) -> Fit:
    """First level and tilt by least squares: an error is what it is for a first level and tilt of 0, less first times
    what fades of it, less tilt times the line. The first value is told by no line, and not judged."""
    rows, columns = values.shape
    _, slopes, starts = through
    gram, power = np.zeros((5, rows)), np.zeros(rows)
    level, fade, left = np.zeros(rows), 1.0, np.zeros(rows)
    for t in range(columns):
        there = t < counts
        off = np.where(there, values[:, t] - level, 0.0)
        if t > 0:
            line = np.where(there, fade * starts[:, t] + (1 - fade * (1 - alpha)) / alpha * slopes[:, t], 0.0)
            one = np.where(there, fade, 0.0)
            gram += np.stack([one * one, one * line, line * line, one * off, line * off])
            power = power + off * off
        level = level + alpha * off
        fade *= 1 - alpha
        left = np.where(there, fade, left)
    first, tilt, wrong = _solved(gram, power)
    return Fit(first, tilt, wrong, level + first * left)


def lines(values: Array, counts: Counts) -> tuple[Array, Array, Array]:
    """Before each column and after the last: the mean, and slope and intercept of the line through what came before."""
    rows, columns = values.shape
    mean, slope = np.zeros(rows), np.zeros(rows)
    means, slopes, starts = (np.zeros((rows, columns + 1)) for _ in range(3))
    for t in range(1, columns + 1):
        there = t <= counts
        off = values[:, t - 1] - mean
        if t > 1:
            slope = np.where(there, ((t - 2) * slope + 6 / t * off) / (t + 1), slope)
        mean = np.where(there, mean + off / t, mean)
        means[:, t], slopes[:, t] = mean, slope
        starts[:, t] = mean - (np.minimum(t, counts) + 1) / 2 * slope
    return means, slopes, starts


def _solved(gram: Array, power: Array) -> tuple[Array, Array, Array]:
    """First level and tilt of least squares, the tilt within 0..1, and the squared error that is left."""
    ones, both, drifts, one_off, drift_off = gram
    ones = np.maximum(ones, 1e-300)
    rest = drifts - both * both / ones
    tilt = np.where(
        rest > 1e-12 * (drifts + 1e-300), (drift_off - both * one_off / ones) / np.maximum(rest, 1e-300), 0.0
    )
    tilt = np.clip(tilt, 0.0, 1.0)
    first = (one_off - tilt * both) / ones
    wrong = power - first * one_off - tilt * (2 * drift_off - tilt * drifts) + first * tilt * both
    return first, tilt, wrong


def _carried(
    level: Array, tilt: Array, alpha: float, through: tuple[Array, Array, Array], counts: Counts, horizon: int
) -> Array:
    """The model run on over its own forecasts, which move its line too."""
    row = np.arange(len(level))
    mean, slope, start = (one[row, counts] for one in through)
    told = np.zeros((len(level), horizon))
    for step in range(horizon):
        t = counts + step  # periods seen so far
        fade = (1 - alpha) ** t
        told[:, step] = level + tilt * (fade * start + (1 - fade * (1 - alpha)) / alpha * slope)
        off = told[:, step] - mean
        n = t + 1
        slope = ((n - 2) * slope + 6 / n * off) / (n + 1)
        mean = mean + off / n
        start = mean - (n + 1) / 2 * slope
        level = level + alpha * (told[:, step] - level)
    return told


def theta(values: Array, counts: Counts, horizon: int) -> Array:
    """Theta by Assimakopoulos & Nikolopoulos 2000, as Hyndman & Billah 2003 found it to be: simple exponential
    smoothing, its constant by least squares, with half the slope of the straight line as drift."""
    _, slopes, _ = lines(values, counts)
    drift = slopes[np.arange(len(values)), counts] / 2
    level, chosen = last_level(values, counts, THETA_ALPHAS)
    steps = np.arange(horizon)
    grown = (1 - (1 - chosen) ** counts) / chosen
    return np.asarray(level[:, None] + drift[:, None] * (steps + grown[:, None]))
