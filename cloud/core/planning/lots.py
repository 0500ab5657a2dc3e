"""How much to order at once: economic lots, price breaks, and what a lot may be (MOQ, packs, expiry, room).

Rates and costs are of the same period throughout, any period. K is the cost of an order, D the demand, h the holding
cost of a unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, floor, inf, sqrt
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import Pmf, proper
from cloud.core.planning.refusals import not_negative, positive, share


class Lots(Struct, frozen=True):
    """What a lot may be: at least `moq`, whole packs, at most `most` units; where `most` is below the MOQ, the MOQ."""

    moq: int = 1
    pack: int = 1
    most: int | None = None

    def __post_init__(self) -> None:
        positive(moq=self.moq, pack=self.pack)
        not_negative(most=self.most or 0)

    @property
    def least(self) -> int:
        """The smallest lot: the MOQ in whole packs. Units."""
        return ceil(self.moq / self.pack) * self.pack

    def sizes(self, upto: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Every lot that may be, up to so many units; the smallest at least."""
        most = upto if self.most is None else min(upto, self.most)
        return np.arange(self.least, max(most, self.least) + 1, self.pack, dtype=np.int64)

    def fit(self, units: float) -> tuple[int, int]:
        """The two lots around `units` that may be, the smaller first; the same twice where only one may."""
        packs = units / self.pack
        low, high = floor(packs) * self.pack, ceil(packs) * self.pack
        if self.most is not None:
            most = self.most // self.pack * self.pack
            low, high = min(low, most), min(high, most)
        return max(self.least, low), max(self.least, high)


ANY = Lots()
"""Any whole number."""


class Lot(NamedTuple):
    """Units, and what a period of ordering so many at a time costs."""

    units: float
    cost: float


class Priced(NamedTuple):
    """Units, in which price region (the first is 0), and what a period costs, the goods included."""

    units: float
    region: int
    cost: float


def eoq(order_cost: float, demand: float, holding_cost: float) -> Lot:
    """Economic order quantity sqrt(2KD/h), cost sqrt(2KDh) (Harris 1913)."""
    positive(order_cost=order_cost, demand=demand, holding_cost=holding_cost)
    return Lot(sqrt(2 * order_cost * demand / holding_cost), sqrt(2 * order_cost * demand * holding_cost))


def lot_cost(units: float, order_cost: float, demand: float, holding_cost: float) -> float:
    """K D/Q + h Q/2."""
    positive(lot=units, demand=demand, holding_cost=holding_cost)
    return order_cost * demand / units + holding_cost * units / 2


def eoq_with_backorders(
    order_cost: float, demand: float, holding_cost: float, backorder_cost: float
) -> tuple[Lot, float]:
    """The lot where units may be owed at p a unit and period: sqrt(2KD(h+p)/(hp)); and the share that is, h/(h+p)."""
    positive(backorder_cost=backorder_cost)
    simple = eoq(order_cost, demand, holding_cost)
    owed = holding_cost / (holding_cost + backorder_cost)
    return Lot(simple.units / sqrt(1 - owed), simple.cost * sqrt(1 - owed)), owed


def epq(order_cost: float, demand: float, holding_cost: float, production: float) -> Lot:
    """Economic production quantity sqrt(2KD/(h(1-D/P))): a lot that comes in at the rate P, above D (Taft 1918)."""
    positive(production_over_demand=production - demand)
    return eoq(order_cost, demand, holding_cost * (1 - demand / production))


def all_units_breaks(
    order_cost: float, demand: float, holding_rate: float, breaks: Sequence[float], prices: Sequence[float]
) -> Priced:
    """The best lot where from `breaks[i]` units on each of them costs `prices[i]`; h is `holding_rate` x price.

    Of each price the lot that is economic, or the least that gets it; of those the cheapest with its goods.
    """
    _regions(breaks, prices)
    best = None
    for region, (first, price) in enumerate(zip(breaks, prices, strict=True)):
        units = max(eoq(order_cost, demand, holding_rate * price).units, first)
        if units >= (breaks[region + 1] if region + 1 < len(breaks) else inf):
            continue
        cost = demand * price + lot_cost(units, order_cost, demand, holding_rate * price)
        if best is None or cost < best.cost:
            best = Priced(units, region, cost)
    assert best is not None, "the last region has no upper end"
    return best


def incremental_breaks(
    order_cost: float, demand: float, holding_rate: float, breaks: Sequence[float], prices: Sequence[float]
) -> Priced:
    """The best lot where only the units beyond `breaks[i]` cost `prices[i]`: an order then bears what the earlier ones
    cost more, sum of (c_{j-1} - c_j) b_j, as if it were fixed (Hadley & Whitin 1963)."""
    _regions(breaks, prices)
    best, dearer = None, 0.0
    for region, (first, price) in enumerate(zip(breaks, prices, strict=True)):
        dearer += (prices[region - 1] - price) * first if region else 0.0
        units = eoq(order_cost + dearer, demand, holding_rate * price).units
        if not first <= units < (breaks[region + 1] if region + 1 < len(breaks) else inf):
            continue
        fixed = demand * price + holding_rate * dearer / 2
        cost = fixed + lot_cost(units, order_cost + dearer, demand, holding_rate * price)
        if best is None or cost < best.cost:
            best = Priced(units, region, cost)
    assert best is not None, "the cost goes down at every break, so some region holds its own best"
    return best


def best_lot(cost: Callable[[int], float], economic: float, lots: Lots = ANY) -> int:
    """The better by `cost` of the two lots around the economic one that may be ordered."""
    positive(lot=economic)
    low, high = lots.fit(economic)
    return low if cost(low) <= cost(high) else high


def sells_in_time(life: Pmf, level: float, ahead: int = 0) -> int:
    """The most units that all sell before they expire with a chance of at least `level`.

    `life` is the pmf of the demand within the shelf life, from arrival on; `ahead` units expire, and are sold, first.
    """
    share(level=level)
    not_negative(ahead=ahead)
    at_least = np.cumsum(proper(life)[::-1])[::-1]  # P(D >= k)
    return max(0, int(np.flatnonzero(at_least >= level * (1 - 1e-14))[-1]) - ahead)


def within(lots: Lots, *caps: int | None) -> Lots:
    """The same, no lot above any of the caps (expiry, room); None caps nothing."""
    given = [cap for cap in (lots.most, *caps) if cap is not None]
    return Lots(lots.moq, lots.pack, min(given) if given else None)


def _regions(breaks: Sequence[float], prices: Sequence[float]) -> None:
    falling = all(one > other for one, other in pairwise(prices))
    rising = all(one < other for one, other in pairwise(breaks))
    if not breaks or len(breaks) != len(prices) or breaks[0] != 0 or not rising or not falling:
        raise ValueError("price breaks must rise from 0 and prices fall with them: give one price for each break")
    positive(price=prices[-1])
