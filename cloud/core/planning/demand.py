"""What is known of an SKU's demand, and what follows for any number of periods: here it becomes a pmf."""

from __future__ import annotations

from math import sqrt

import numpy as np
from msgspec import Struct

from cloud.core.forecasting.sizes import DOUBT, NARROW, Sizes, compounded, day
from cloud.core.planning.amounts import NONE, Pmf, lead_time_pmf, moments, rounded_normal, trimmed
from cloud.core.planning.refusals import not_negative, positive

SPREADS_DIFFER = 2.0
"""The relative variance, over SKUs, of what their spread is above the Poisson's: a standard deviation of one in its
logarithm. A retailer's and a maker's SKUs had 1.2 and 1.4, and 0.7 among those that sell alike."""


class Demand(Struct, frozen=True):
    """A period's demand: its mean, the variance to plan with, and the relative variance of the mean itself, which is
    the same in all periods; `day` is its pmf where that was seen, else it is negative binomial."""

    mean: float
    variance: float
    doubt: float = 0.0
    day: Pmf | None = None

    def unsure(self, periods: float, spread: float = 0.0) -> float:
        """So much more variance of the number of periods, of this mean and variance, is like the doubt."""
        return (periods * periods + spread) * self.doubt

    def moments(self, periods: float, spread: float = 0.0) -> tuple[float, float]:
        """Mean and variance over a number of periods of this mean and variance: E[N] var(D) + mean^2 var(N) (Hadley &
        Whitin 1963)."""
        return self.mean * periods, periods * self.variance + self.mean * self.mean * spread

    def over(self, periods: float, spread: float = 0.0, step: int = 1) -> Pmf:
        """The pmf of the same in steps of `step` units; without the doubt, which `unsure` adds to `spread`."""
        mean, variance = self.moments(periods, spread)
        if not mean:
            return NONE
        if self.day is None:
            return pmf_of(mean / step, variance / step**2)
        growth = self.mean / moments(self.day)[0]  # more is asked for by more days, not by larger amounts
        return trimmed(compounded(_stepped(self.day, step), periods * growth, spread * growth * growth))


def known(mean: float, variance: float, periods_seen: float | None = None) -> Demand:
    """Demand whose mean and variance were seen over so many periods, or are known for certain (None)."""
    positive(demand=mean)
    not_negative(variance=variance)
    if periods_seen is None:
        return Demand(mean, variance)
    wide = doubted(mean, variance, periods_seen)
    return Demand(mean, wide, wide / periods_seen / mean**2)


def forecast(mean: float, variance: float, doubt: float, days: int, sizes: Sizes = ()) -> Demand:
    """Demand as it is forecast: a day's mean and variance, the variance of that mean, the days they were learnt from,
    and the sizes of days where they tell more (`forecasting.sizes`)."""
    positive(demand=mean)
    not_negative(variance=variance, doubt=doubt)
    if sizes:
        seen = day(sizes)
        return Demand(mean, moments(seen)[1] * mean / moments(seen)[0], DOUBT * doubt / mean**2, seen)
    wide = doubted(mean, variance, days) if days > 0 else variance
    return Demand(mean, wide, (doubt * wide / variance if variance > 0 else doubt) / mean**2)


def pmf_of(mean: float, variance: float) -> Pmf:
    """Negative binomial where the variance is above the mean, else Poisson; but the rounded normal where the variance
    is clearly below and none is far off, as with what is used evenly."""
    if variance < NARROW * mean and mean > 4 * sqrt(variance):
        return rounded_normal(mean, sqrt(max(0.0, variance - 1 / 12)))  # rounding adds the twelfth
    return lead_time_pmf(mean, variance)


def doubted(mean: float, variance: float, periods_seen: float) -> float:
    """The variance to plan with, of demand whose mean and variance were seen over so many periods.

    Rare large days are missed more often than met too often, and a spread seen too low is the one that runs out. So
    what is above the mean, the Poisson's share, is raised by the relative square error of a sample variance,
    (2 + excess kurtosis) / n, with the negative binomial's excess 6 (d - 1) / mean + 1 / variance, d = variance / mean.
    Of an SKU that sold once or twice that error is in the hundreds, which says only that nothing is known of it. But it
    is known how SKUs differ, so the two are joined as precisions are: 1 / (1 / error + 1 / `SPREADS_DIFFER`).
    A variance below the mean is believed when it is by two standard errors, and raised by one; else it is the mean.
    """
    positive(demand=mean, periods_seen=periods_seen)
    beyond, error = variance - mean, sqrt(2 / periods_seen)
    if beyond <= 0:
        return variance * (1 + error) if variance * (1 + 2 * error) < mean else mean
    excess = 6 * (variance / mean - 1) / mean + 1 / variance
    square = (2 + excess) / periods_seen
    return mean + beyond * (1 + 1 / (1 / square + 1 / SPREADS_DIFFER))


def _stepped(pmf: Pmf, step: int) -> Pmf:
    """In steps of so many units, what lies between two of them shared so that the mean stays."""
    if step == 1:
        return pmf
    units = np.arange(len(pmf))
    low, part = units // step, units % step / step
    found = np.zeros(int(low[-1]) + 2)
    np.add.at(found, low, pmf * (1 - part))
    np.add.at(found, low + 1, pmf * part)
    return found
