"""What lies ahead of one SKU: a period's demand and the demand over the lead time, with the doubt of what they were
learnt from, counted in steps of one unit, or of more where demand is so large that single units do not matter."""

from __future__ import annotations

from math import ceil, isqrt, sqrt

from msgspec import Struct

from cloud.core.planning.amounts import (
    MEAN_MIN,
    PMF_MAX,
    Pmf,
    entries,
    lead_time_moments,
    lead_time_pmf,
    rounded_normal,
    step_for,
)
from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.refusals import not_negative, positive

COARSER_MAX, FINER_MAX = 4, 16
"""A step is at most so many times as large as is wanted, where there is one not below the latter's part of it."""

SPREADS_DIFFER = 2.0
"""The relative variance, over SKUs, of what their spread is above the Poisson's: a standard deviation of one in its
logarithm. A retailer's and a maker's SKUs had 1.2 and 1.4, and 0.7 among those that sell alike."""


class Prospect(Struct, frozen=True):
    """The pmfs of a period's demand and of the lead time's, in steps of `step` units; mean demand a period in units."""

    day: Pmf
    lead: Pmf
    demand: float
    step: int = 1


def prospect(
    mean: float,
    variance: float,
    lead_mean: float,
    lead_variance: float = 0.0,
    periods_seen: float | None = None,
    lot: float = 0.0,
    lots: Lots = ANY,
) -> Prospect:
    """From a period's mean and variance and the lead time's, in periods; `lot` is the economic lot, about.

    With `periods_seen` the doubt about the mean is added (`amounts.lead_time_moments`), and that about the spread
    (`doubted`). Steps are such that a pack of `lots` is whole steps, or a step whole packs. ValueError where packs are
    so large that demand can not be told in them.
    """
    positive(demand=mean)
    not_negative(variance=variance, lead_mean=lead_mean, lead_variance=lead_variance, lot=lot)
    spread = variance if periods_seen is None else doubted(mean, variance, periods_seen)
    lead, lead_spread = lead_time_moments(mean, spread, lead_mean, lead_variance, periods_seen)
    _, day_spread = lead_time_moments(mean, spread, 1.0, 0.0, periods_seen)
    wanted = step_for(lead, sqrt(lead_spread), 2 * max(lot, lots.least))
    far = max(entries(lead, lead_spread), entries(mean, day_spread))  # of what is rare and large, far beyond 9 sd
    step = _step(wanted, ceil(2 * far / PMF_MAX), lots)
    if mean / step < MEAN_MIN:
        raise ValueError(f"a day's demand of {mean:g} is nothing beside packs of {lots.pack}: is the pack wrong?")
    return Prospect(
        demand_pmf(mean / step, day_spread / step**2), demand_pmf(lead / step, lead_spread / step**2), mean, step
    )


def demand_pmf(mean: float, variance: float) -> Pmf:
    """Negative binomial where the variance is above the mean, else Poisson; but the rounded normal where the variance
    is clearly below and none is far off, as with what is used evenly."""
    if variance < 0.9 * mean and mean > 4 * sqrt(variance):
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


def _step(wanted: int, least: int, lots: Lots) -> int:
    """About `wanted` units, at least `least`: whole packs, or a whole part of one; not more than a lot may be.

    Where a pack has no part of about that size (its units are a prime number, say), finer steps that are slower
    are taken rather than ones that see single packs only.
    """
    wanted = max(wanted, least)
    if lots.most is not None:
        wanted = min(wanted, max(1, lots.most))
    if wanted > lots.pack:
        packs = ceil(wanted / lots.pack) if lots.most is None else wanted // lots.pack
        return packs * lots.pack
    if wanted == 1:
        return 1
    half = [units for units in range(1, isqrt(lots.pack) + 1) if lots.pack % units == 0]
    parts = {*half, *(lots.pack // units for units in half)}
    coarse = min(units for units in parts if units >= wanted)
    finer = [units for units in parts if max(least, wanted // FINER_MAX) <= units < wanted]
    return max(finer) if finer and coarse > COARSER_MAX * wanted else coarse
