"""Economic lots from a supplier that fails: closed at times, or delivering another amount than was ordered.

Demand is certain here, and lead times nought (Snyder & Shen, Fundamentals of Supply Chain Theory, chapter 9).
"""

from __future__ import annotations

from math import exp, sqrt

from cloud.core.planning.lots import Lot, eoq
from cloud.core.planning.refusals import finite, not_negative, positive


def with_disruptions(
    order_cost: float, demand: float, holding_cost: float, shortage_cost: float, closing: float, reopening: float
) -> Lot:
    """The lot from a supplier that closes and reopens at these rates a period, what is asked meanwhile being lost at
    `shortage_cost` a unit (Parlar & Berkin 1991, corrected by Berk & Arreola-Risa 1994)."""
    positive(shortage_cost=shortage_cost, closing=closing, reopening=reopening)
    plain = eoq(order_cost, demand, holding_cost).units

    def cost(lot: float) -> float:
        closed = closing / (closing + reopening) * (1 - exp(-(closing + reopening) * lot / demand))
        wait = closed / reopening  # expected, once the stock is gone
        cycle = order_cost + holding_cost * lot * lot / (2 * demand) + shortage_cost * demand * wait
        return cycle / (lot / demand + wait)

    low, high = 0.0, plain
    while cost(2 * high) < cost(high):  # the cost is quasi-convex in the lot
        high *= 2
    high *= 2
    golden = (sqrt(5) - 1) / 2
    for _ in range(200):
        one, other = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, other) if cost(one) <= cost(other) else (one, high)
    return Lot((low + high) / 2, cost((low + high) / 2))


def with_added_yield(order_cost: float, demand: float, holding_cost: float, yield_mean: float, yield_sd: float) -> Lot:
    """The lot where Q + Y come, Y of this mean (below 0: units are missing) and standard deviation."""
    finite(yield_mean=yield_mean)
    not_negative(yield_sd=yield_sd)
    plain = eoq(order_cost, demand, holding_cost).units
    comes = sqrt(plain * plain + yield_sd * yield_sd)
    return Lot(comes - yield_mean, holding_cost * comes)


def with_scaled_yield(order_cost: float, demand: float, holding_cost: float, yield_mean: float, yield_sd: float) -> Lot:
    """The lot where Q Z come, Z of this mean (below 1: a share is missing) and standard deviation."""
    positive(yield_mean=yield_mean)
    not_negative(yield_sd=yield_sd)
    plain = eoq(order_cost, demand, holding_cost)
    size = sqrt(yield_mean**2 + yield_sd**2)
    return Lot(plain.units / size, plain.cost * size / yield_mean)
