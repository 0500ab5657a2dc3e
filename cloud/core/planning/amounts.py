"""How much may be asked for: demand as a pmf, an array whose entry k is the probability of k units.

Tails are cut where less than `TAIL` is left. More than `PMF_MAX` entries are refused: who has more units than that
counts in steps of several (`step_for`).
"""

from __future__ import annotations

from math import ceil, erfc, floor, log, log1p, sqrt
from typing import Any

import numpy as np

from cloud.core.planning.refusals import finite, not_negative, positive, share

Pmf = np.ndarray[Any, np.dtype[np.float64]]

PMF_MAX = 200_000
MEAN_MIN = 1e-6
"""Demand below so many units is taken for none."""
TAIL = 1e-12
"""What is cut off, and put on the last entry that is kept."""
NONE: Pmf = np.ones(1)
"""No demand for certain."""


def proper(pmf: Pmf) -> Pmf:
    """`pmf` again, when it is one: at least one entry, none negative or NaN, 1 in all. ValueError otherwise."""
    if pmf.ndim != 1 or not len(pmf) or not (pmf.min() >= 0 and abs(pmf.sum() - 1) < 1e-6):
        raise ValueError("the chances of demand are negative, missing or not 1 in all: make them with planning.amounts")
    return pmf


def moments(pmf: Pmf) -> tuple[float, float]:
    """Mean and variance of a pmf. Units, units^2."""
    units = np.arange(len(pmf), dtype=np.float64)
    mean = float(pmf @ units)
    return mean, float(pmf @ (units - mean) ** 2)


def quantile(pmf: Pmf, level: float) -> int:
    """The least number of units that is enough with a chance of at least `level`."""
    share(level=level)
    return min(int(np.searchsorted(np.cumsum(pmf), level * (1 - 1e-14))), len(pmf) - 1)


def lead_time_pmf(mean: float, variance: float) -> Pmf:
    """Demand of this mean and variance: negative binomial, or Poisson where the variance is not above the mean."""
    not_negative(mean=mean, variance=variance)
    if mean < MEAN_MIN:
        return NONE
    return negative_binomial(mean, variance) if variance > mean * (1 + 1e-9) else poisson(mean)


def poisson(mean: float) -> Pmf:
    """P(k) = exp(-mean) mean^k / k!."""
    positive(mean=mean)
    steps = log(mean) - np.log(np.arange(1.0, _entries(mean, mean)))
    return _from_logs(-mean, steps)


def negative_binomial(mean: float, variance: float) -> Pmf:
    """The negative binomial of this mean and variance, which must be the larger. Its tail falls by e each
    variance/mean units; days of it add up to another one of the same variance/mean."""
    positive(mean=mean, variance_over_mean=variance - mean)
    size = mean * mean / (variance - mean)
    i = np.arange(_entries(mean, variance) - 1, dtype=np.float64)
    steps = np.log((size + i) / (i + 1)) + log(mean / (size + mean))
    return _from_logs(-size * log1p(mean / size), steps)


def rounded_normal(mean: float, sd: float) -> Pmf:
    """The normal rounded to whole units, what would be negative taken for none. With `sd` 0 the two whole numbers
    around `mean`, in the proportion that keeps it."""
    not_negative(mean=mean, sd=sd)
    if sd == 0:
        low = floor(mean)
        return trimmed(np.concatenate((np.zeros(low), [1 - (mean - low), mean - low])))
    last = ceil(mean + 9 * sd) + 1
    _within_limit(last + 1)
    first = max(0, floor(mean - 9 * sd) - 1)
    above = [erfc((k + 0.5 - mean) / (sd * sqrt(2))) / 2 for k in range(first, last)]  # P(demand > k)
    pmf = np.zeros(last + 1)
    pmf[first:] = -np.diff(np.concatenate(([1.0], above, [0.0])))
    return trimmed(pmf)


def added(one: Pmf, other: Pmf) -> Pmf:
    """The demand of both together, when they do not depend on each other."""
    _within_limit(len(one) + len(other))
    if min(len(one), len(other)) < 2_000:
        return trimmed(np.convolve(one, other))
    size = 1 << (len(one) + len(other) - 2).bit_length()
    both = np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size), size)[: len(one) + len(other) - 1]
    both = np.maximum(both, 0)
    return trimmed(both / both.sum())


def total(day: Pmf, periods: int) -> Pmf:
    """The demand of `periods` independent periods, each like `day`."""
    not_negative(periods=periods)
    sum_of, doubled, left = NONE, day, periods
    while left:
        if left & 1:
            sum_of = added(sum_of, doubled)
        left >>= 1
        if left:
            doubled = added(doubled, doubled)
    return sum_of


def entries(mean: float, variance: float) -> int:
    """So many entries the pmf of demand of this mean and variance has at most (`lead_time_pmf`); 1 where it is none."""
    if mean < MEAN_MIN:
        return 1
    return ceil(mean + 15 * sqrt(max(variance, mean)) + 25 * max(1.0, variance / mean)) + 1


def step_for(mean: float, sd: float, width: float, most: int = 2_048) -> int:
    """In steps of how many units to count, so that mean + 9 sd and `width` more are about `most` steps; 1 if it can."""
    finite(mean=mean, sd=sd, width=width)
    return max(1, ceil((mean + 9 * sd + width) / most))


def trimmed(pmf: Pmf) -> Pmf:
    """`pmf` without its far tail, `TAIL` in all, which is put on the last entry that is kept."""
    tail = np.cumsum(pmf[::-1])[::-1]
    kept = max(1, int(np.searchsorted(-tail, -TAIL)))
    if kept == len(pmf):
        return pmf
    short = pmf[:kept].copy()
    short[-1] += tail[kept]
    return short


def _from_logs(first: float, steps: Pmf) -> Pmf:
    pmf: Pmf = np.exp(np.concatenate(([first], first + np.cumsum(steps))))
    pmf[-1] += max(0.0, 1 - pmf.sum())
    return trimmed(pmf)


def _entries(mean: float, variance: float) -> int:
    most = entries(mean, variance)
    _within_limit(most)
    return most


def _within_limit(most: int) -> None:
    if most > PMF_MAX:
        raise ValueError(f"demand of up to {most} units is above {PMF_MAX}: count it in packs or in larger units")
