"""What so many units cost of an offer: price breaks, least lots, packs; and what an order of other units costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import inf, isclose

from cloud.core.planning.lots import Lots, Priced, all_units_breaks, incremental_breaks
from cloud.core.purchasing.orders import Order
from cloud.core.refusals import Refusal
from protocols.trade import Offer

Offered = Callable[[str, str], Offer | None]
"""(SKU, supplier) -> its offer."""


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


def lots_of(offer: Offer, units: int) -> list[int]:
    """The lots worth a look for `units`: the least one, and those that just reach a further break, as far as the
    supplier has them."""
    least, most = lot_of(offer, units), inf if offer.stock is None else offer.stock
    further = {lot_of(offer, one.units) for one in offer.breaks}
    return [least, *sorted(lot for lot in further if least < lot <= most)]


def unfit_lot(offer: Offer, units: int) -> Refusal | None:
    """Why so many, one or more, can not be ordered of an offer, and what would be right."""
    less, more = Lots(offer.moq, offer.pack).fit(units)
    if units < 1 or units == more:
        return None
    said = f"{offer.sku} comes in packs of {offer.pack}, at least {offer.moq}; {units} is no such lot."
    hint = f"Give {less} or {more}." if less < more else f"Give {more}."
    told: dict[str, str | float] = {"sku": offer.sku, "pack": offer.pack, "moq": offer.moq}
    return Refusal("not_a_lot", said, hint, {**told, "units": units, "right": more})


def price_after(offer: Offer, units: int, price: float, wanted: int) -> float:
    """The price a unit when `units` at `price` become `wanted`: the offer's; somebody's own price stays."""
    own = not isclose(price, unit_price(offer, units), rel_tol=1e-9)
    return price if own else unit_price(offer, wanted)


def offered(
    order: Order, units: Mapping[str, int], prices: Mapping[str, float], offer: Offered, *, anyway: bool = False
) -> dict[str, float] | Refusal:
    """The prices of an order's lines that become other units: those given, else as offered. A lot that does not fit is
    refused, unless it is meant `anyway` or only cuts the line to what has left the supplier."""
    found = dict(prices)
    for sku, wanted in units.items():
        line, asked = order.line(sku), offer(sku, order.supplier)
        if asked is None or wanted < 1 or (line is not None and wanted == line.units):
            continue
        cut = line is not None and wanted == line.received + line.in_transit
        if not (anyway or cut) and (refused := unfit_lot(asked, wanted)):
            return refused
        if line is None:
            found.setdefault(sku, unit_price(asked, wanted))
        else:
            found.setdefault(sku, price_after(asked, line.units, line.unit_price, wanted))
    return found


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
