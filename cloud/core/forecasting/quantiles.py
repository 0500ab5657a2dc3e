"""Quantiles of a demand of known mean and variance: negative binomial, or Poisson narrowed where it varies less."""

from __future__ import annotations

import numpy as np

from cloud.core.forecasting.history import Array

POINTS = 512
"""The distribution is summed at so many numbers of units a row: each number if that is enough, else denser below."""
REACH_SD, REACH_STEPS = 12.0, 25.0
"""Summed up to mean + 12 sd + 25 variance/mean: the tail falls by e each variance/mean units."""
NARROW_SD = 10.0
"""Where the mean is more than so many sd above nothing, only what is within as many of it."""
MEAN_MIN = 1e-9
OVER, SIZE_MAX = 1e-6, 1e9
"""A variance is this share above the mean at least, and the distribution's size no more than the latter, for logarithms
of greater numbers lose what they differ by: of a million units the variance is 0.1 % too high, of a billion double."""


def log_gamma(x: Array) -> Array:
    """ln of the gamma function, x > 0: Stirling's series from 8 upwards, by recurrence below it; to 1e-12."""
    small = x < 8
    low = x[small]
    z = x.copy()
    z[small] += 8
    gone = low.copy()
    for step in range(1, 8):
        gone *= low + step
    square = 1 / (z * z)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / z
    found = (z - 0.5) * np.log(z) - z + 0.9189385332046727 + series
    found[small] -= np.log(gone)
    return np.asarray(found)


class Amounts:
    """The distribution of each row's demand: its units at up to `POINTS` places, and the chance of at most as many."""

    def __init__(self, mean: Array, variance: Array) -> None:
        """`mean` and `variance` of units; a variance below the mean gives the Poisson distribution drawn together
        round the mean so that the variance is right, as there is no negative binomial for it."""
        self.mean = np.maximum(mean, MEAN_MIN)
        over = np.maximum(variance, self.mean * (1 + np.maximum(OVER, self.mean / SIZE_MAX)))
        self.narrow = np.sqrt(np.minimum(np.maximum(variance, 0.0) / self.mean, 1.0))
        self.sure = mean <= MEAN_MIN
        sd, steps = np.sqrt(over), over / self.mean
        low = np.floor(np.maximum(self.mean - NARROW_SD * sd, 0.0))
        width = np.ceil(self.mean + REACH_SD * sd + REACH_STEPS * steps) - low
        each = np.arange(float(POINTS))
        share = each / each[-1]
        spaced = np.rint(width[:, None] * np.where(low[:, None] > 0, share, share**3))
        self.units = low[:, None] + np.maximum(spaced, each)
        self.below = self._chances(over)
        self.told: dict[int, Array] = {}
        """Of rows whose distribution was told outright, the chance of at most 0, 1, 2 ... units."""

    def given(self, row: int, pmf: Array) -> None:
        """One row's distribution told outright: the chance of 0, 1, 2 ... units."""
        self.told[row] = np.cumsum(pmf)

    def _chances(self, variance: Array) -> Array:
        mean = self.mean[:, None]
        size = mean * mean / (variance[:, None] - mean)
        at = self.units
        log_p = log_gamma(at + size) - log_gamma(at + 1) - log_gamma(size)
        log_p += size * np.log(size / (size + mean)) + at * np.log(mean / (size + mean))
        log_p = np.minimum(log_p, 0.0)
        gap = np.diff(at, axis=1)
        left, right = log_p[:, :-1], log_p[:, 1:]
        # The chances within a gap are taken for geometric: the sum of exp(left + fall k), k = 1..gap.
        between = np.exp(right)
        wide = gap > 1
        fall = ((right - left) / gap)[wide]
        fall = np.where(np.abs(fall) < 1e-9, 1e-9, fall)
        between[wide] = np.exp(left[wide] + fall) * np.expm1(fall * gap[wide]) / np.expm1(fall)
        chances = np.cumsum(np.concatenate([np.exp(log_p[:, :1]), between], axis=1), axis=1)
        return np.asarray(chances / np.maximum(chances[:, -1:], 1e-300))

    def quantile(self, tau: Array) -> Array:
        """The least whole units of each row that demand is not above with a chance of at least `tau` [rows x taus]."""
        rows, taus = tau.shape
        found = np.empty((rows, taus))
        for column in range(taus):
            wanted = tau[:, column]
            at = np.minimum((self.below < wanted[:, None] - 1e-12).sum(axis=1), POINTS - 1)
            row = np.arange(rows)
            high, low = self.units[row, at], self.units[row, np.maximum(at - 1, 0)]
            f_high, f_low = self.below[row, at], self.below[row, np.maximum(at - 1, 0)]
            part = np.clip((wanted - f_low) / np.maximum(f_high - f_low, 1e-300), 0.0, 1.0)
            units = np.where(at == 0, high, low + np.maximum(np.ceil((high - low) * part - 1e-9), 1.0))
            narrowed = np.ceil(self.mean + (units - self.mean) * self.narrow - 1e-9)
            units = np.where(self.narrow < 1, np.maximum(narrowed, 0.0), np.minimum(units, high))
            found[:, column] = np.where(self.sure, 0.0, units)
        for at_row, chances in self.told.items():
            least = np.searchsorted(chances, tau[at_row] - 1e-12)
            found[at_row] = np.minimum(least, len(chances) - 1)
        return found

    def at_most(self, units: Array) -> Array:
        """The chance of demand not above `units` of each row; below 0 there is none."""
        asked = np.floor(self.mean + (units - self.mean + 1e-9) / np.maximum(self.narrow, 1e-18) + 1e-9)
        row = np.arange(len(asked))
        at = np.clip((self.units <= asked[:, None]).sum(axis=1) - 1, 0, POINTS - 2)
        low, high = self.units[row, at], self.units[row, at + 1]
        part = np.clip((asked - low) / np.maximum(high - low, 1.0), 0.0, 1.0)
        chance = self.below[row, at] + part * (self.below[row, at + 1] - self.below[row, at])
        chance = np.where(asked < self.units[:, 0], 0.0, np.where(asked >= self.units[:, -1], 1.0, chance))
        chance = np.where(self.sure, 1.0, chance)
        for at_row, chances in self.told.items():
            chance[at_row] = chances[min(int(max(units[at_row], 0.0)), len(chances) - 1)]
        return np.where(units < 0, 0.0, chance)
