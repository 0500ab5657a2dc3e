"""(s, S): when the position is s or less, order up to S. Exact, of any discrete demand; and simpler levels.

`lead` is the pmf of the demand from the decision until what it orders can be used: n periods, where costs are counted
as in outcomes.py, n + 1 in the textbooks' (which count them before the next order).
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np

from cloud.core.planning.amounts import Pmf, moments, proper, quantile
from cloud.core.planning.losses import STANDARD, Costs, position_costs
from cloud.core.planning.outcomes import Outcome, outcome
from cloud.core.planning.refusals import not_negative, positive

REACH_MAX = 50_000
"""S - s is not searched farther than this."""


class Levels(NamedTuple):
    """s and S, and what a period of it is expected to cost."""

    point: int
    upto: int
    cost: float


def exact(day: Pmf, lead: Pmf, costs: Costs) -> Levels:
    """The (s, S) of least average cost c(s, S) = [K + sum of m(j) G(S - j), j < S - s] / M(S - s).

    m is the renewal density of a period's demand, M its sum (Veinott & Wagner 1965). For an S the best s, the first
    going down with c <= G(s); for that s the best S; in turns until neither changes. Then G(s+1) <= c <= G(s) and
    G(S) <= c, so that no position can be left better than it is (Zheng & Federgruen 1991): it is the optimum, and not
    merely better than its neighbours.
    ValueError where it would take more than `REACH_MAX` positions: count in larger units.
    """
    mean = moments(proper(day))[0]
    positive(demand=mean)
    least = quantile(proper(lead), costs.ratio)  # G is least here
    economic = sqrt(2 * costs.order * mean * (1 / costs.holding + 1 / costs.backorder))
    span = ceil(1.2 * economic + 3 * sqrt(moments(lead)[1])) + 8
    while span <= REACH_MAX:
        found = _search(day, lead, costs, least, span)
        if found is not None:
            return found
        span *= 2
    raise ValueError(f"the best levels lie more than {REACH_MAX} units apart: count in packs or in larger units")


def evaluate(point: int, upto: int, day: Pmf, lead: Pmf, costs: Costs) -> Outcome:
    """What (s, S) leads to, s < S."""
    positive(lot=upto - point)
    times = renewals(proper(day), upto - point)
    periods = float(times.sum())
    return outcome(times[::-1] / periods, point + 1, 1 / periods, day, proper(lead), costs)


def renewals(day: Pmf, count: int) -> Pmf:
    """m(0) .. m(count - 1): how many periods, on average, the demand since the last order stands at j units.

    The power series 1 / (1 - sum of day[k] z^k), by Newton's doubling.
    """
    positive(demand=1 - float(day[0]))
    inverse = np.zeros(count)
    inverse[: len(day)] = -day[:count]
    inverse[0] += 1
    times = np.array([1 / inverse[0]])
    while len(times) < count:
        size = min(count, 2 * len(times))
        product = np.convolve(inverse[:size], times)[:size]
        product = -product
        product[0] += 2
        times = np.convolve(times, product)[:size]
    return times


def power_approximation(
    demand: float, sd: float, costs: Costs, lead_mean: float | None = None, lead_sd: float | None = None
) -> tuple[float, float]:
    """s and S from the first two moments (Ehrhardt & Mosier 1984): of a period, and of the demand until an order can be
    used (a period's, without). Good to about a per cent where demand is not tiny."""
    positive(demand=demand, demand_sd=sd, order_cost=costs.order)
    mean_l, sd_l = demand if lead_mean is None else lead_mean, sd if lead_sd is None else lead_sd
    lot = 1.30 * demand**0.494 * (costs.order / costs.holding) ** 0.506 * (1 + (sd_l / demand) ** 2) ** 0.116
    z = sqrt(lot * costs.holding / (sd_l * costs.backorder))
    point = 0.973 * mean_l + sd_l * (0.183 / z + 1.063 - 2.192 * z)
    return point, point + lot


def base_stock(lead: Pmf, ratio: float) -> int:
    """S of order-up-to every review, by cost p/(p+h) or by the chance wanted: `lead` covers lead time and review."""
    return quantile(proper(lead), ratio)


def periodic(
    demand: float, sd: float, lead_mean: float, lead_sd: float, review: float, level: float
) -> tuple[float, float]:
    """(R, S) by the normal: S and its safety stock, over the lead time and the `review` interval. In periods, units."""
    not_negative(demand=demand, demand_sd=sd, lead_mean=lead_mean, lead_sd=lead_sd)
    positive(review=review)
    mean = demand * (lead_mean + review)
    safety = STANDARD.inv_cdf(level) * sqrt((lead_mean + review) * sd * sd + (demand * lead_sd) ** 2)
    return mean + safety, safety


def _search(day: Pmf, lead: Pmf, costs: Costs, least: int, span: int) -> Levels | None:
    """The best levels among least - span .. least + span; None if they may lie outside."""
    low = least - span
    each = position_costs(lead, costs, low, least + span)  # G at low ..
    times = renewals(day, 2 * span)
    periods = np.cumsum(times)
    upto, point, cost = span, span, np.inf  # as places in `each`
    while True:
        # the best s for this S: the first, going down, where G is not below the average
        averages = (costs.order + np.cumsum(times[:upto] * each[upto:0:-1])) / periods[:upto]
        places = np.arange(upto - 1, -1, -1)
        down = np.flatnonzero((averages <= each[places]) & (places < span))
        if not len(down):
            return None
        point = int(places[down[0]])
        # the best S for this s
        sums = np.convolve(times[: len(each) - point - 1], each[point + 1 :])[: len(each) - point - 1]
        averages = (costs.order + sums) / periods[: len(sums)]
        best = int(np.argmin(averages))
        if averages[best] >= cost * (1 - 1e-14):
            return Levels(low + point, low + upto, float(cost))
        if each[-1] < averages[best]:
            return None
        upto, cost = point + 1 + best, float(averages[best])
