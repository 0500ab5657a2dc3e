"""What so many units cost of an offer: price breaks, least lots, packs."""

from __future__ import annotations

from itertools import pairwise

from cloud.core.planning.lots import Lots, Priced, all_units_breaks, incremental_breaks
from protocols.trade import Offer


def goods(offer: Offer, units: int) -> float:
    """What `units` cost without the order's own cost: each at the price of the last break they reach; or, where breaks
    are incremental, only those above a break at its price."""
    firsts = [0, *(one.units for one in offer.breaks)]
    prices = [offer.price, *(one.price for one in offer.breaks)]
    if not offer.incremental:
        return units * max(zip(firsts, prices, strict=True), key=lambda one: (one[0] <= units, one[0]))[1]
    parts = zip(firsts, [*firsts[1:], units], prices, strict=True)
    return sum(price * max(0, min(units, last) - first) for first, last, price in parts)


def unit_price(offer: Offer, units: int) -> float:
    """What one of `units` costs on average."""
    return goods(offer, units) / units if units > 0 else offer.price


def lot_of(offer: Offer, units: int) -> int:
    """The least lot that brings `units`: whole packs, at least the MOQ, whatever the supplier has."""
    return Lots(offer.moq, offer.pack).fit(units)[1]


def economic_lot(offer: Offer, order_cost: float, yearly: float, holding_rate: float) -> Priced | None:
    """The lot that costs least in a year with its goods (Hadley & Whitin 1963); None where prices do not fall with
    the breaks, or nothing is sold or paid for holding."""
    breaks = [0.0, *(float(one.units) for one in offer.breaks)]
    prices = [offer.price, *(one.price for one in offer.breaks)]
    falling = all(one > other for one, other in pairwise(prices))
    if not (falling and yearly > 0 and holding_rate > 0 and order_cost > 0):
        return None
    arithmetic = incremental_breaks if offer.incremental else all_units_breaks
    return arithmetic(order_cost, yearly, holding_rate, breaks, prices)
