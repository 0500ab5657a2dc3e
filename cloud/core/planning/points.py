"""(r, Q): when the position is r or less, order as many lots of Q as bring it above r. Exact, of any discrete demand.

The position after ordering is uniform on r+1 .. r+Q, in whatever batches demand comes (Hadley & Whitin 1963); `lead` is
the pmf of the demand over the lead time, `day` that of one period.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np

from cloud.core.planning.amounts import (
    Pmf,
    added,
    moments,
    proper,
    quantile,
)
from cloud.core.planning.losses import Costs, losses, position_costs
from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.outcomes import Outcome, outcome
from cloud.core.planning.refusals import positive, share

WINDOW_MAX = 2_000_000
"""Among so many positions the best lot is searched."""


class PointAndLot(NamedTuple):
    """r and Q, and what a period of it is expected to cost."""

    point: int
    lot: int
    cost: float


def by_ready_rate(lead: Pmf, lot: int, level: float, least: int = 0) -> int:
    """The smallest r >= `least` with mean over i = 1..Q of P(D_L <= r + i) >= `level`.

    That mean is the share of time without a stock-out; with p/(p+h) for `level` and low enough `least` the r that costs
    least.
    """
    positive(lot=lot)
    share(level=level)
    high = max(len(lead), least + 1)
    short = losses(proper(lead), least + 1, high + lot + 1)
    late = short[:-lot] - short[lot:]  # sum over i of P(D_L > r + i), at r = least ..
    return least + int(np.argmax(late <= (1 - level) * lot * (1 + 1e-12)))


def by_fill_rate(lead: Pmf, lot: int, level: float, day: Pmf | None = None, least: int = 0) -> int:
    """The smallest r >= `least` that meets at least this share of demand from stock at once (type 2, the rest is owed).

    With `day`, of demand in the batches of such periods; without, of units that come singly:
    1 - fill = (n(r) - n(r + Q)) / Q.
    """
    positive(lot=lot)
    share(level=level)
    if day is None:
        return by_ready_rate(lead, lot, level, least - 1) + 1
    after = added(proper(lead), proper(day))
    high = max(len(after), least + 1)
    newly = losses(after, least + 1, high + lot) - losses(lead, least + 1, high + lot)
    sums = np.append(np.cumsum(newly[::-1])[::-1], 0.0)  # newly owed, summed from each position on
    most = (1 - level) * lot * moments(day)[0]
    return least + int(np.argmax(sums[:-lot] - sums[lot:] <= most * (1 + 1e-12)))


def by_cycle_service(lead: Pmf, level: float, least: int = 0) -> int:
    """The smallest r >= `least` that lasts until the order comes with a chance of at least `level` (type 1)."""
    return max(least, quantile(proper(lead), level))


def evaluate(point: int, lot: int, day: Pmf, lead: Pmf, costs: Costs) -> Outcome:
    """What (r, Q) leads to. Several lots at once are one order: E[min(D, Q)] / Q orders a period."""
    positive(lot=lot)
    return outcome(np.full(lot, 1 / lot), point + 1, _orders(proper(day), lot)[-1], day, proper(lead), costs)


def best(demand: float, lead: Pmf, costs: Costs, lots: Lots = ANY, day: Pmf | None = None) -> PointAndLot:
    """The r and Q of least cost [K orders + sum of G(y), y = r+1..r+Q] / Q, among the lots that may be.

    For each Q the best r+1..r+Q are the Q positions of least G, which lie side by side since G is convex (Federgruen &
    Zheng 1992); so every Q is tried. Orders are `demand` / Q a period of units that come singly, fewer with `day`.
    """
    positive(demand=demand)
    proper(lead)
    center = quantile(lead, costs.ratio)
    width = 2 * ceil(sqrt(2 * costs.order * demand * (1 / costs.holding + 1 / costs.backorder))) + 2 * len(lead) + 8
    width = max(width, lots.least + lots.pack)
    while True:
        low = center - width
        each = position_costs(lead, costs, low, center + width)
        order = np.argsort(each, kind="stable")
        sizes = np.arange(1, len(each) + 1)
        orders = _orders(day, len(each)) if day is not None else demand / sizes
        cost = costs.order * orders + np.cumsum(each[order]) / sizes
        allowed = lots.sizes(len(each))
        lot = int(allowed[np.argmin(cost[allowed - 1])])
        edge, least_cost = min(each[0], each[-1]), float(cost[lot - 1])
        every = lots.most is not None and lots.most <= len(each) and edge >= each[order[allowed[-1] - 1]]
        if edge >= least_cost or every or 2 * width > WINDOW_MAX:
            return PointAndLot(low + int(order[:lot].min()) - 1, lot, least_cost)
        width *= 2


def _orders(day: Pmf, lot: int) -> Pmf:
    """E[min(D, Q)] / Q at Q = 1 .. `lot`."""
    mean = moments(day)[0]
    sizes = np.arange(1, lot + 1)
    rates: Pmf = (mean - losses(day, 1, lot)) / sizes
    return rates
