"""Seasons: a weekly profile of daily demand and the indices of months or quarters, each only where a test finds one."""

from __future__ import annotations

import numpy as np

from cloud.core.forecasting.history import Array, Counts, Flags, History

WEEK = 7
WEEKS_MIN = 6
"""A profile wants so many known days of each weekday."""
F_LIMIT = 2.80
"""The F statistic of six weekdays is above this by chance in one case of a hundred."""
CLOSED = 0.05
"""On a weekday that sells less than this share of the mean, nothing can be told of the level."""
AUTOCORRELATION_Z = 1.645
"""A season's autocorrelation must be beyond this many standard errors (90 %, as the M3 and M4 competitions tested)."""
INDEX_MIN = 0.01


def weekly(history: History) -> tuple[Array, Array]:
    """Each row's weekly profile [rows x 7], mean 1, and its F statistic.

    Column 0 is the weekday of the day after the last one, that is, of the first to be forecast. An F test asks whether
    weekdays differ by more than days do; where it says no, all are 1. Where it says yes, differences are shrunk by
    1 - 1/F, the share of them that is not chance (James & Stein 1961).
    """
    units, known, _ = history
    rows, columns = units.shape
    flat = np.ones((rows, WEEK))
    weeks = columns // WEEK
    if weeks < WEEKS_MIN:
        return flat, np.zeros(rows)
    cut = columns - weeks * WEEK
    table = units[:, cut:].reshape(rows, weeks, WEEK)
    count = known[:, cut:].reshape(rows, weeks, WEEK).sum(axis=1)
    total = table.sum(axis=1)
    by_day = total / np.maximum(count, 1)
    seen = count.sum(axis=1)
    mean = total.sum(axis=1) / np.maximum(seen, 1)
    between = (count * np.square(by_day - mean[:, None])).sum(axis=1) / (WEEK - 1)
    squares = np.square(table).sum(axis=(1, 2))
    inside = (squares - (count * np.square(by_day)).sum(axis=1)) / np.maximum(seen - WEEK, 1)
    statistic = between / np.maximum(inside, 1e-12 * np.square(mean) + 1e-300)
    found = (statistic > F_LIMIT) & (count.min(axis=1) >= WEEKS_MIN) & (mean > 0)
    shares = by_day / np.maximum(mean, 1e-300)[:, None]
    shares *= WEEK / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    kept = 1 - 1 / np.maximum(statistic, 1.0)
    return np.where(found[:, None], 1 + kept[:, None] * (shares - 1), flat), statistic


def factors(profile: Array, columns: int) -> Array | None:
    """The profile's factor of each past day; None where there is no profile in any row."""
    if bool((profile == 1).all()):
        return None
    return profile[:, (np.arange(columns) - columns) % WEEK]


def without_week(history: History, factor: Array | None) -> History:
    """The history in units of an average day; days of a closed weekday are not known."""
    if factor is None:
        return history
    known = history.known & (factor > CLOSED)
    return History(np.where(known, history.units / np.maximum(factor, CLOSED), 0.0), known, known.sum(axis=1))


def days_ahead(profile: Array, horizon_days: Counts) -> Array:
    """The sum of the profile over the next days of each row, in average days."""
    weeks, rest = np.divmod(horizon_days, WEEK)
    part = np.concatenate([np.zeros((len(profile), 1)), np.cumsum(profile, axis=1)], axis=1)
    return np.asarray(weeks * part[:, -1] + part[np.arange(len(profile)), rest])


def seasonal(values: Array, counts: Counts, period: int) -> Flags:
    """Which rows (left-aligned, `counts` long) have a season: their autocorrelation at `period` is beyond chance.

    Bartlett's standard error, sqrt((1 + 2 sum of the squared earlier autocorrelations) / n); three seasons are wanted.
    """
    rows, columns = values.shape
    if period < 2 or columns < 3 * period:
        return np.zeros(rows, dtype=np.bool_)
    there = np.arange(columns) < counts[:, None]
    mean = values.sum(axis=1) / np.maximum(counts, 1)
    off = np.where(there, values - mean[:, None], 0.0)
    power = np.maximum((off * off).sum(axis=1), 1e-300)
    lags = np.stack([(off[:, lag:] * off[:, :-lag]).sum(axis=1) / power for lag in range(1, period + 1)])
    limit = AUTOCORRELATION_Z * np.sqrt((1 + 2 * np.square(lags[:-1]).sum(axis=0)) / np.maximum(counts, 1))
    return np.asarray((counts >= 3 * period) & (np.abs(lags[-1]) > limit))


def indices(values: Array, counts: Counts, period: int) -> Array:
    """Multiplicative indices [rows x period] by classical decomposition, column 0 the season of column 0; 1 for rows
    without a season, with a value that is not positive, or with a season that sells next to nothing.

    Each value over the centred mean of a whole period round it (2 x m for an even one), averaged by season.
    """
    rows, columns = values.shape
    flat = np.ones((rows, period))
    there = np.arange(columns) < counts[:, None]
    found = seasonal(values, counts, period) & (np.where(there, values, 1.0) > 0).all(axis=1)
    if not found.any():
        return flat
    sums = np.concatenate([np.zeros((rows, 1)), np.cumsum(values, axis=1)], axis=1)
    means = (sums[:, period:] - sums[:, :-period]) / period
    if period % 2 == 0:
        means = (means[:, 1:] + means[:, :-1]) / 2
    half = period // 2
    middle = np.arange(half, half + means.shape[1])
    inside = middle < (counts - half)[:, None]
    ratio = np.where(inside, values[:, middle] / np.where(inside & (means > 0), means, 1.0), 0.0)
    season = np.zeros((rows, period))
    for at in range(period):
        of = middle % period == at
        season[:, at] = ratio[:, of].sum(axis=1) / np.maximum(inside[:, of].sum(axis=1), 1)
    season *= period / np.maximum(season.sum(axis=1, keepdims=True), 1e-300)
    found &= season.min(axis=1) > INDEX_MIN
    return np.where(found[:, None], season, flat)
