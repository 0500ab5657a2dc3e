"""What lies ahead of one SKU: a period's demand and the demand over the lead time, with the doubt of what they were
learnt from, counted in steps of one unit, or of more where demand is so large that single units do not matter."""

from __future__ import annotations

from math import ceil, isqrt, sqrt

from msgspec import Struct

from cloud.core.planning.amounts import MEAN_MIN, PMF_MAX, Pmf, entries, step_for
from cloud.core.planning.demand import Demand
from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.refusals import not_negative

COARSER_MAX, FINER_MAX = 4, 16
"""A step is at most so many times as large as is wanted, where there is one not below the latter's part of it."""


class Prospect(Struct, frozen=True):
    """The pmfs of a period's demand and of the lead time's, in steps of `step` units; mean demand a period in units."""

    day: Pmf
    lead: Pmf
    demand: float
    step: int = 1


LEAD_LEAST = 1 / 1440
"""A lead time of less than a minute in days is none, whatever its spread."""


def prospect(
    demand: Demand, lead_mean: float, lead_variance: float = 0.0, lot: float = 0.0, lots: Lots = ANY
) -> Prospect:
    """From a period's demand and the lead time's mean and variance, in periods; `lot` is the economic lot, about.

    The doubt about the mean is added. Steps are such that a pack of `lots` is whole steps, or a step whole packs.
    ValueError where packs are so large that demand can not be told in them.
    """
    not_negative(lead_mean=lead_mean, lead_variance=lead_variance, lot=lot)
    lead_mean = lead_mean if lead_mean >= LEAD_LEAST else 0.0
    around, around_day = lead_variance + demand.unsure(lead_mean, lead_variance), demand.unsure(1.0)
    lead, lead_spread = demand.moments(lead_mean, around)
    mean, day_spread = demand.moments(1.0, around_day)
    wanted = step_for(lead, sqrt(lead_spread), 2 * max(lot, lots.least))
    far = max(entries(lead, lead_spread), entries(mean, day_spread))  # of what is rare and large, far beyond 9 sd
    step = _step(wanted, ceil(2 * far / PMF_MAX), lots)
    if mean / step < MEAN_MIN:
        raise ValueError(f"a day's demand of {mean:g} is nothing beside packs of {lots.pack}: is the pack wrong?")
    return Prospect(demand.over(1.0, around_day, step), demand.over(lead_mean, around, step), mean, step)


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
