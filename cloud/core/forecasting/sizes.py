"""The amounts that were asked for on single days, where they say that demand is not negative binomial.

Who buys in sixes, or a full box or nothing, is not: planned as if, it costs several per cent more. Where a history is
long enough to tell, the days that were seen take the place of the formula (Willemain, Smart & Schwarz 2004 draw from
them by chance; here their sums are exact).
"""

from __future__ import annotations

from math import ceil, lgamma, log, log1p, sqrt
from typing import NamedTuple

import numpy as np

from cloud.core.forecasting.history import Array, Flags, History
from cloud.core.forecasting.quantiles import log_gamma

Sizes = tuple[tuple[int, int], ...]
"""(units of a day, on how many days) in the order of units; empty where the negative binomial tells it as well."""

DAYS_BELIEVED = 20.0
"""Beside the days seen the negative binomial counts as so many days more: what was never seen may yet come."""
EVIDENCE = 3.0
"""Sizes are believed when the days foretell each other better by this: e^3, twenty times as likely."""
DOUBT = 2.0
"""The doubt about the mean is taken so many times: that the amounts are the right ones is not certain either."""
ALIKE = 1.25
"""The days must be of one kind: their variance round one mean at most so many times that round a moving level."""
GROWTH_MAX = 2.0
"""And the level of today at most so many times their mean, or one so many-th part of it."""
NARROW = 0.9
"""Of a variance below this share of the mean there is no negative binomial to compare with."""
AMOUNT_MAX = 100_000
"""Days of more units are left to formulae."""
COUNTS_MAX = 64
"""So many numbers of days are added up at most; where there may be more, every second or third, and so on, is."""
NEWTON = 6
SURE = 1e-12


class Days(NamedTuple):
    """Amounts in order, on how many days each was seen, their mean and variance."""

    amounts: Array
    times: Array
    mean: float
    variance: float


def seen(history: History, level: Array, variance: Array, even: Flags) -> list[Sizes]:
    """The sizes of each row's days, as far as they are to be believed: `level` and `variance` are a day's as they are
    forecast, `even` marks the rows without season, trend or end."""
    rows = []
    for row, fits in enumerate(even):
        known = history.units[row] if not fits or history.days[row] == history.units.shape[1] else _known(history, row)
        rows.append(_believed(known, float(level[row]), float(variance[row])) if fits else ())
    return rows


def _known(history: History, row: int) -> Array:
    return np.asarray(history.units[row, history.known[row]])


def _believed(units: Array, level: float, variance: float) -> Sizes:
    most = float(units.max(initial=0.0))
    if not 0 < most <= AMOUNT_MAX or not 1 / GROWTH_MAX <= level / float(units.mean()) <= GROWTH_MAX:
        return ()
    whole = units.astype(np.int64)
    if not np.array_equal(whole, units):
        return ()
    times = np.bincount(whole)
    amounts = np.flatnonzero(times)
    days = told(tuple(zip(amounts.tolist(), times[amounts].tolist(), strict=True)))
    if days.variance > ALIKE * variance * (days.mean / level) or days.variance < NARROW * days.mean:
        return ()
    if evidence(days) <= EVIDENCE:
        return ()
    return tuple((int(units), int(count)) for units, count in zip(days.amounts, days.times, strict=True))


def told(sizes: Sizes) -> Days:
    """Sizes as arrays, with the mean and the sample variance of their days."""
    amounts, times = np.asarray(sizes, dtype=np.float64).T
    count = float(times.sum())
    mean = float(amounts @ times) / count
    return Days(amounts, times, mean, float(np.square(amounts - mean) @ times) / max(1.0, count - 1))


def evidence(days: Days) -> float:
    """By how much the logarithm of the chance is higher, that each day asks for what it did when foretold by all the
    others (with `DAYS_BELIEVED` of the negative binomial), than when foretold by the negative binomial alone."""
    chances = np.maximum(_chances(days, days.amounts), SURE)
    others = (days.times - 1 + DAYS_BELIEVED * chances) / (days.times.sum() - 1 + DAYS_BELIEVED)
    return float(days.times @ (np.log(others) - np.log(chances)))


def day(sizes: Sizes) -> Array:
    """The pmf of a day: as often as each amount was seen, and `DAYS_BELIEVED` of the negative binomial."""
    days = told(sizes)
    reach = ceil(days.mean + 15 * sqrt(days.variance) + 25 * days.variance / days.mean) + 1
    pmf = np.zeros(max(reach, int(days.amounts[-1]) + 1))
    chances = _chances(days, np.arange(reach, dtype=np.float64))
    pmf[:reach] = DAYS_BELIEVED * chances / chances.sum()
    pmf[days.amounts.astype(np.int64)] += days.times
    return np.asarray(pmf / pmf.sum())


def _chances(days: Days, amounts: Array) -> Array:
    """Of each amount, by the negative binomial of the days' mean and variance (Poisson where that is not larger)."""
    mean, over = days.mean, days.variance - days.mean
    if over <= 1e-9 * mean:
        return np.asarray(np.exp(amounts * log(mean) - mean - log_gamma(amounts + 1)))
    size = mean * mean / over
    first, each = -size * log1p(mean / size) - lgamma(size), log(mean / (size + mean))
    return np.asarray(np.exp(first + amounts * each + log_gamma(amounts + size) - log_gamma(amounts + 1)))


def compounded(of_one: Array, periods: float, spread: float) -> Array:
    """The pmf of the demand of a number of periods that is itself uncertain, of this mean and variance, each period
    asking for `of_one`, a pmf. It is summed in frequencies, where periods multiply."""
    chances, apart = _counts(periods, spread)
    units = np.arange(len(of_one), dtype=np.float64)
    mean = float(of_one @ units)
    wide = float(of_one @ np.square(units - mean))
    far, variance = periods * mean, periods * wide + mean * mean * spread
    reach = far + 15 * sqrt(max(variance, far)) + 25 * max(1.0, variance / max(far, SURE))
    most = min(ceil(reach), (len(of_one) - 1) * (len(chances) - 1) * apart) + len(of_one)
    size = 1 << (most - 1).bit_length()
    one = np.fft.rfft(of_one, size) ** apart
    least = int(np.flatnonzero(chances)[0])
    both = np.full_like(one, chances[-1])
    for chance in chances[-2 : least - 1 if least else None : -1]:
        both *= one
        both += chance
    found = np.maximum(np.fft.irfft(both * one**least, size)[:most], 0.0)
    return np.asarray(found / found.sum())


def _counts(periods: float, spread: float) -> tuple[Array, int]:
    """The chances of 0, 1, 2 ... times so many periods as the second number says: the normal's of this mean and
    variance at whole numbers, or the two next to the mean where it is as good as sure."""
    apart = max(1, ceil(16 * sqrt(spread) / COUNTS_MAX))
    mean, variance = periods / apart, spread / apart**2
    low = int(mean)
    part = mean - low
    if variance <= part * (1 - part) + 1e-3:
        return np.concatenate([np.zeros(low), [1 - part, part]]) if part else np.eye(1, low + 1, low)[0], apart
    whole = np.arange(ceil(mean + 8 * sqrt(variance)) + 1, dtype=np.float64)
    weights, middle = _bell(whole, mean, variance), mean
    for _ in range(NEWTON):  # below nothing there is nothing: the middle is moved until the mean is right
        off = mean - float(weights @ whole)
        middle += off * variance / max(float(weights @ np.square(whole - mean + off)), variance / 4)
        weights = _bell(whole, middle, variance)
    return np.asarray(weights), apart


def _bell(whole: Array, middle: float, variance: float) -> Array:
    weights = np.exp(-np.square(whole - middle) / (2 * variance))
    return np.asarray(weights / weights.sum())
