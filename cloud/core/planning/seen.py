"""What lies ahead of one SKU, from the amounts of each period that were seen: negative binomial, unless they say no.

Who buys in sixes, or a full box or nothing, is not negative binomial, and planned as if costs several per cent more.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from cloud.core.planning.amounts import (
    Pmf,
    empirical,
    moments,
    over_lead_time,
    rounded_normal,
    trimmed,
)
from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.prospects import Prospect, demand_pmf, prospect
from cloud.core.planning.refusals import positive

PERIODS_BELIEVED = 20.0
"""Where the amounts are taken as they were seen, the negative binomial still counts as so many periods more: what was
never seen may yet come."""
EVIDENCE = 3.0
"""They are taken as seen when they foretell each other better by this: e^3, twenty times as likely."""
DOUBT = 2.0
"""The doubt about the mean is taken so many times in that case: the spread that was seen is doubted too."""


def prospect_of(
    units: Sequence[int],
    lead_mean: float,
    lead_variance: float = 0.0,
    mean: float | None = None,
    lot: float = 0.0,
    lots: Lots = ANY,
) -> Prospect:
    """From the `units` of each period, all of one kind (no stock-outs, no season); lead time and lots as in `prospect`.

    `mean` is what a forecast expects of a period, where it is not what was seen on average; the variance is in
    proportion. ValueError where nothing was asked for.
    """
    seen = empirical(units)
    periods = len(units)
    mean_seen, spread = moments(seen)
    positive(demand=mean_seen)
    variance = spread * periods / max(1, periods - 1)
    expected = mean_seen if mean is None else mean
    positive(demand=expected)
    growth = expected / mean_seen
    ahead = prospect(expected, variance * growth, lead_mean, lead_variance, periods, lot, lots)
    known = demand_pmf(mean_seen, variance)
    if ahead.step > 1 or evidence(seen, periods, known) <= EVIDENCE:
        return ahead
    day = _blended(seen, periods, known)
    # The doubt about the mean is a lead time that may be longer or shorter; growth is more or less of it.
    middle, wide = moments(day)
    doubt = DOUBT * lead_mean**2 * wide / (periods * middle**2)
    longer = lead_mean * growth * mean_seen / middle
    lead = rounded_normal(longer, sqrt(max(0.0, (lead_variance + doubt) * growth**2 - 1 / 12)))
    ratio = growth * mean_seen / middle
    return Prospect(over_lead_time(day, rounded_normal(ratio, 0)), over_lead_time(day, lead), expected)


def evidence(seen: Pmf, periods: int, known: Pmf) -> float:
    """By how much the logarithm of the chance is higher, that each period has when foretold by all the others as they
    were seen (with `known` as `PERIODS_BELIEVED` more), than when foretold by `known` alone."""
    amounts = np.flatnonzero(seen)
    times = seen[amounts] * periods
    chances = np.zeros(len(amounts))
    within = amounts < len(known)
    chances[within] = known[amounts[within]]
    chances = np.maximum(chances, 1e-12)
    others = (times - 1 + PERIODS_BELIEVED * chances) / (periods - 1 + PERIODS_BELIEVED)
    return float(times @ (np.log(others) - np.log(chances)))


def _blended(seen: Pmf, periods: int, known: Pmf) -> Pmf:
    both = np.zeros(max(len(seen), len(known)))
    both[: len(seen)] += seen * periods
    both[: len(known)] += known * PERIODS_BELIEVED
    return trimmed(both / (periods + PERIODS_BELIEVED))
