"""Demand known by period: when to order how much at least cost (Wagner-Whitin), and ordering to demand (JIT)."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf
from typing import NamedTuple

from cloud.core.planning.lots import ANY, Lots
from cloud.core.planning.refusals import not_negative, positive


class Schedule(NamedTuple):
    """What is to arrive at the beginning of each period, and what that costs."""

    units: list[float]
    cost: float


def wagner_whitin(demand: Sequence[float], order_cost: float, holding_cost: float) -> Schedule:
    """The orders of least cost that meet all demand in time; holding is paid for what is left after each period.

    By dynamic programming backwards: an order covers whole periods, and comes when nothing is left (Wagner & Whitin
    1958). An order is given up as too large once holding its last period alone costs more than another order.
    """
    not_negative(order_cost=order_cost)
    positive(holding_cost=holding_cost)
    for units in demand:
        not_negative(demand=units)
    periods = len(demand)
    least, until = [0.0] * (periods + 1), [0] * periods
    for first in range(periods - 1, -1, -1):
        least[first], holding = inf, 0.0
        if demand[first] == 0:  # nothing need come yet
            least[first], until[first] = least[first + 1], first
        for last in range(first, periods):
            carried = holding_cost * (last - first) * demand[last]
            if carried > order_cost:
                break
            holding += carried
            if order_cost + holding + least[last + 1] < least[first]:
                least[first], until[first] = order_cost + holding + least[last + 1], last + 1
    arrivals, first = [0.0] * periods, 0
    while first < periods:
        after = until[first]
        arrivals[first] = float(sum(demand[first:after]))
        first = max(after, first + 1)
    return Schedule(arrivals, least[0])


def order_to_demand(due: Sequence[int], stock: int = 0, coming: Sequence[int] = (), lots: Lots = ANY) -> list[int]:
    """What is to arrive in each period so that what is `due` in it is there, and no more than lots make it.

    `stock` is on hand less what is owed, `coming[n]` arrives in period n anyway. Each arrival is to be ordered a lead
    time before. `lots.most` does not count here: what is due is due.
    """
    arrivals, left = [], stock
    for period, units in enumerate(due):
        not_negative(demand=units)
        left += (coming[period] if period < len(coming) else 0) - units
        wanted = max(0, -left)
        arrivals.append(max(lots.least, ceil(wanted / lots.pack) * lots.pack) if wanted else 0)
        left += arrivals[-1]
    return arrivals
