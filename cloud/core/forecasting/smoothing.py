"""Exponential smoothing of many series at once: levels by weights that fade, averaged over how fast; a damped trend."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cloud.core.forecasting.history import Array, Counts, History

CHUNK = 64
"""The filter runs over so many days as one product of matrices."""
ALPHAS = (0.003, 0.006, 0.012, 0.025, 0.05, 0.1, 0.2)
"""From the plain mean of a year to the last week or so. Each is about twice the one before."""
RESTLESS = 2.5
"""What a step to the next faster constant must gain, in units of 2 log-likelihood (a prior: levels mostly stay)."""
MEMORY_DAYS = 180
"""A constant is judged by its errors; those so many days ago count half. So is the variance learnt."""
RUN_IN_DAYS = 7
LEVEL_FLOOR = 0.02
"""A level is judged as if it were at least this share of the row's mean: no error is infinitely surprising."""
DAMPED_GRID = tuple(
    (alpha, beta, phi)
    for alpha in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
    for beta in (0.02, 0.1, 0.3)
    for phi in (0.8, 0.9, 0.98)
)
"""(alpha, beta as a share of alpha, phi): Gardner & McKenzie 1985."""

LEVEL_GRID = (*(round(0.05 * step, 2) for step in range(1, 20)), 0.99)
"""Constants of `level_alone`."""
TREND_HELD = 1.0


class Level(NamedTuple):
    """Of each row: the level after its last day, the variance of that level, the variance of one day around the level
    told the day before, the smoothing constant (mean over those that were averaged)."""

    level: Array
    doubt: Array
    variance: Array
    alpha: Array


def ses(values: Array, alpha: float, start: Array) -> Array:
    """Simple exponential smoothing: the level before each column and, last, after all; [rows x columns + 1]."""
    rows, columns = values.shape
    chunks = -(-columns // CHUNK)
    pad = chunks * CHUNK - columns
    off = np.zeros((rows, chunks, CHUNK))
    off.reshape(rows, chunks * CHUNK)[:, pad:] = values - start[:, None]
    weights, decay = _weights(alpha)
    within = off @ weights
    carry = np.zeros((rows, chunks))
    for chunk in range(1, chunks):
        carry[:, chunk] = within[:, chunk - 1, -1] + decay[-1] * carry[:, chunk - 1]
    within += carry[:, :, None] * decay
    levels = np.empty((rows, columns + 1))
    levels[:, 0] = start
    np.add(within.reshape(rows, chunks * CHUNK)[:, pad:], start[:, None], out=levels[:, 1:])
    return levels


@lru_cache(maxsize=64)
def _weights(alpha: float) -> tuple[Array, Array]:
    """What a day of a chunk gives to the levels of its days [from x to], and what is left of the level before it."""
    day = np.arange(CHUNK)
    ago = day[None, :] - day[:, None]
    weights = np.where(ago >= 0, alpha * (1 - alpha) ** np.maximum(ago, 0), 0.0)
    return weights, np.asarray((1 - alpha) ** (day + 1.0))


def smooth(history: History, factor: Array | None = None) -> Level:
    """The level of each row: a mean over `ALPHAS` of means whose weights fade by alpha a day.

    With the `factor` of each day's weekday the level is that of an average day: units over factors, both weighed, so
    that a day that sells little also tells little. Days not known weigh nothing, so a short row is a plain mean (no
    start value is needed). Each alpha weighs exp(-score/2), its score 2/phi sum(level - units ln level), the
    quasi-likelihood of counts whose variance is phi times their mean (Wedderburn 1974), errors fading by `MEMORY_DAYS`:
    under squared errors the days of high demand, often those long past, would decide alone. By the same proportion the
    variance is that of today's level: what days strayed from what was told of them, over what was told and sold. A row
    without known days has level 0.
    """
    units, known, days = history
    rows, columns = units.shape
    mean = units.sum(axis=1) / np.maximum(days, 1)
    spread = np.maximum((units * units).sum(axis=1) / np.maximum(days, 1) - mean * mean, 0.0)
    phi = np.maximum(spread / np.maximum(mean, 1e-300), mean * 1e-6)
    ages = np.arange(columns)[::-1]
    share = known if factor is None else np.where(known, factor, 0.0)
    whole = factor is None and bool(known.all())
    nth = np.cumsum(known, axis=1)
    fading = np.where(known & (nth > RUN_IN_DAYS), 0.5 ** (ages / MEMORY_DAYS), 0.0)
    judged = np.where(known & (nth > 1), 0.5 ** (ages / MEMORY_DAYS), 0.0)
    floor = LEVEL_FLOOR * mean[:, None] + 1e-300
    count = len(ALPHAS)
    scores, levels, shares, squares = (np.empty((count, rows)) for _ in range(4))
    none = np.zeros(rows)
    for at, alpha in enumerate(ALPHAS):
        weighed = ses(units, alpha, none)
        mass = 1 - (1 - alpha) ** np.arange(columns + 1.0) if whole else ses(share.astype(np.float64), alpha, none)
        weighed /= np.maximum(mass, 1e-300)
        levels[at] = weighed[:, -1]
        before = np.maximum(weighed[:, :-1], floor)
        told = before if whole else before * share
        strayed = np.einsum("ij,ij->i", judged, np.square(units - told))
        sold = np.einsum("ij,ij->i", judged, 0.5 * (told + units))  # of a rare SKU little was told before it sold
        squares[at] = levels[at] * strayed / np.maximum(sold, 1e-300)
        scores[at] = np.einsum("ij,ij->i", fading, told - units * np.log(before))
        shares[at] = _share(alpha, days)
    scores = 2 * scores / np.maximum(phi, 1e-300) + RESTLESS * np.arange(count)[:, None]
    weights = np.exp(-0.5 * (scores - scores.min(axis=0)))
    weights /= weights.sum(axis=0)
    level = (weights * levels).sum(axis=0)
    variance = (weights * squares).sum(axis=0)
    doubt = (weights * (np.square(levels - level) + shares * variance)).sum(axis=0)
    return Level(level, doubt, variance, (weights * np.asarray(ALPHAS)[:, None]).sum(axis=0))


def _share(alpha: float, days: Counts) -> Array:
    """The variance of the level in units of one day's: the sum of the squared weights; at least what a level that
    wanders as alpha supposes is uncertain by (alpha, Muth 1960)."""
    left = (1 - alpha) ** np.maximum(days, 1)
    return np.asarray(np.maximum(alpha * (1 + left) / ((2 - alpha) * (1 - left)), alpha))


def damped(values: Array, counts: Counts, horizon: int) -> Array:
    """The next `horizon` values of each row (left-aligned, `counts` long) by a damped trend, the best of `DAMPED_GRID`.

    For given constants an error is linear in the first level and trend: both are found by least squares, held towards
    a trend of none by one observation's worth.
    """
    rows, columns = values.shape
    alpha, share, phi = (np.asarray(one)[:, None] for one in zip(*DAMPED_GRID, strict=True))
    beta = alpha * share
    grid = len(DAMPED_GRID)
    level, trend = np.zeros((grid, rows)), np.zeros((grid, rows))
    unit = np.zeros((2, 2, grid, 1))  # what is left, as level and as trend, of one unit of first level; of first trend
    unit[0, 0] = unit[1, 1] = 1.0
    left = np.zeros((2, 2, grid, rows))
    ones, both, trends, one_off, trend_off, power = (np.zeros((grid, rows)) for _ in range(6))
    for t in range(columns):
        there = t < counts
        fallen = phi * trend
        off = np.where(there, values[:, t] - level - fallen, 0.0)
        told = unit[:, 0] + phi * unit[:, 1]
        one, two = np.where(there, told, 0.0)
        ones += one * one
        both += one * two
        trends += two * two
        one_off += one * off
        trend_off += two * off
        power += off * off
        level = np.where(there, level + fallen + alpha * off, level)
        trend = np.where(there, fallen + beta * off, trend)
        unit = np.stack([(1 - alpha) * told, phi * unit[:, 1] - beta * told], axis=1)
        left = np.where(there, unit, left)
    trends = trends + TREND_HELD * trends / np.maximum(counts, 1) + 1e-300
    whole = np.maximum(ones * trends - both * both, 1e-300)
    first_trend = (trend_off * ones - one_off * both) / whole
    first_level = (one_off - both * first_trend) / np.maximum(ones, 1e-300)
    wrong = power - first_level * one_off - first_trend * trend_off
    pick = (wrong.argmin(axis=0), np.arange(rows))
    level = (level + first_level * left[0, 0] + first_trend * left[1, 0])[pick]
    trend = (trend + first_level * left[0, 1] + first_trend * left[1, 1])[pick]
    fading = np.cumsum(phi[pick[0]] ** np.arange(1, horizon + 1), axis=1)
    return np.asarray(level[:, None] + trend[:, None] * fading)


def level_alone(values: Array, counts: Counts, horizon: int) -> Array:
    """The next `horizon` values of each row (left-aligned, `counts` long) by simple exponential smoothing from its
    first value, the constant of `LEVEL_GRID` with the least squared error: the last level, without trend."""
    level, _ = last_level(values, counts, LEVEL_GRID)
    return np.repeat(level[:, None], horizon, axis=1)


def last_level(values: Array, counts: Counts, alphas: Sequence[float]) -> tuple[Array, Array]:
    """The last level of each row by the constant with the least squared error, and that constant."""
    rows, columns = values.shape
    best, level, chosen = np.full(rows, np.inf), np.zeros(rows), np.ones(rows)
    for alpha in alphas:
        now, wrong = values[:, 0].copy(), np.zeros(rows)
        for t in range(1, columns):
            off = np.where(t < counts, values[:, t] - now, 0.0)
            wrong += off * off
            now += alpha * off
        better = wrong < best
        best, level = np.where(better, wrong, best), np.where(better, now, level)
        chosen = np.where(better, alpha, chosen)
    return level, chosen
