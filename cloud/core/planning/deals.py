"""At whose terms, and at which of their prices, an SKU is planned.

Each offer, at each of its price breaks, is weighed as if it were the only one: goods, orders, holding, what is owed,
and the supplier's score. So the lot that the formulas of price breaks find (Hadley & Whitin 1963) is the policy's own,
and is ordered, within shelves, shelf life, MOQ and packs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.planning.items import HOLDING_LEAST, Item, unfit
from cloud.core.planning.losses import STANDARD
from cloud.core.planning.lots import Lots
from cloud.core.planning.settling import DAYS_A_YEAR, DEMAND_LEAST, Outlook, Settled, costs_of, settle

TRIED_MAX: Final = 6
"""So many prices are planned with in full where shelves, shelf life or the least lot bound the policy."""
NEARLY_NOTHING: Final = 1e-9
"""What holding a unit for a year costs at least, in money."""


class Deal(Struct, frozen=True):
    """What somebody who delivers asks for an SKU: money a unit and an order, days and units. From `breaks` (units,
    price) on, all units cost that price, or, `incremental`, those above the break. The lead time was measured on so
    many `lines` (0: it is quoted). A poor score counts as so much dearer, `poor`, a share of the goods. It has `stock`
    units, where it says so."""

    supplier: str
    price: float
    order_cost: float
    lead_time_days: float
    lead_time_sd_days: float = 0.0
    moq: int = 1
    pack: int = 1
    breaks: tuple[tuple[int, float], ...] = ()
    incremental: bool = False
    lines: int = 0
    poor: float = 0.0
    stock: int | None = None


class Supply(Struct, frozen=True):
    """Whose terms an SKU is planned by ("": its own), and what they are: what a unit of the usual lot costs on average,
    an order's own cost, the lots it sells, how many of its deliveries the lead time was measured on (0: as quoted), and
    the units from which on that price holds, where a lot reaches a price break (else 0)."""

    supplier: str
    price: float
    order_cost: float
    moq: int
    pack: int
    lead_lines: int = 0
    price_from: int = 0


class Dealt(NamedTuple):
    """An item by the terms it is planned with, the policy that follows, and whose terms they are, where there was
    anything to choose."""

    item: Item
    settled: Settled
    supply: Supply | None = None


class _Price(NamedTuple):
    """One price of a deal: a unit's, from so many units on; an order costs `extra` more, for its first units."""

    deal: Deal
    first: int
    price: float
    extra: float


def dealt(item: Item, told: Outlook | None, deals: Sequence[Deal] = ()) -> Dealt:
    """An item planned by the best of these deals; without any by its own figures and its own `breaks`.

    The one that a textbook's cost puts first is taken where nothing bounds its policy; else the next ones are planned
    too, and the one is taken that keeps the promise and costs least. A lot by hand is bought at its own price, and what
    is ordered to demand at the first one. Where nothing is sold the cheapest is taken.
    """
    asked = list(deals) or [_own(item)]
    prices = [one for deal in asked for one in _prices(item, deal)]
    if told is None or told.mean * DAYS_A_YEAR < DEMAND_LEAST:
        best = min(prices, key=lambda one: (_short(one.deal, 1), one.price * (1 + one.deal.poor)))
        return _dealt(item, told, best, bool(deals))
    if len(prices) == 1:
        return _dealt(item, told, prices[0], bool(deals))
    bounded = item.shelf_life_days is not None
    ranked = sorted(prices, key=lambda one: _rough(item, told, one))
    found: list[tuple[tuple[bool, float], Dealt]] = []
    for price in ranked[:TRIED_MAX]:
        made = _dealt(item, told, price, True)
        if not found and not (bounded or made.settled.limits or made.settled.reason):
            return made
        found.append((_cost(made, told, price), made))
    return min(found, key=lambda one: one[0])[1]


def held(item: Item, told: Outlook | None) -> Item:
    """Where holding costs nothing, a year's demand is ordered at once: the holding cost is taken to be the one that
    makes this the economic lot."""
    cost = item.unit_cost
    if cost * item.holding_rate >= HOLDING_LEAST:
        return item
    year = max(1.0, told.mean * DAYS_A_YEAR) if told is not None else 1.0
    holding = max(2 * item.order_cost / year, NEARLY_NOTHING)
    cost, rate = (cost, holding / cost) if cost > holding else (holding, 1.0)
    return replace(item, unit_cost=cost, holding_rate=rate)


def _own(item: Item) -> Deal:
    """An item's own figures."""
    lead, spread = item.lead_time_days, item.lead_time_sd_days
    breaks = item.breaks, item.incremental
    return Deal("", item.unit_cost, item.order_cost, lead, spread, item.moq, item.pack, *breaks)


def _prices(item: Item, deal: Deal) -> list[_Price]:
    """The prices of a deal that an item may be ordered at."""
    every = [_Price(deal, 0, deal.price, 0.0)]
    for first, price in deal.breaks:
        before = every[-1]
        every.append(_Price(deal, first, price, before.extra + (before.price - price) * first))
    if not deal.incremental:
        every = [one._replace(extra=0.0) for one in every]
    elif any(one.price >= before.price for before, one in pairwise(every)):
        every = every[:1]
    if item.policy == "jit":
        return every[:1]
    if item.reorder_point is not None and item.order_quantity is not None:
        lot = Lots(deal.moq, deal.pack).fit(item.order_quantity)[1]
        return [one for one in every if one.first <= lot][-1:]
    return every


def _dealt(item: Item, told: Outlook | None, price: _Price, named: bool) -> Dealt:
    terms = _item(item, told, price)
    made = settle(terms, told, others=False)
    deal = price.deal
    if not named and not deal.breaks:
        return Dealt(terms, made)
    lot = made.policy.lot if made.policy is not None else max(1, terms.moq)
    each = price.price + price.extra / max(1, lot)
    return Dealt(
        terms, made, Supply(deal.supplier, each, deal.order_cost, deal.moq, deal.pack, deal.lines, price.first)
    )


def _item(item: Item, told: Outlook | None, price: _Price) -> Item:
    """The item as if this were the only price: no smaller lot is ordered, and an order bears what its first units cost
    more."""
    deal = price.deal
    quantity = item.order_quantity
    by_hand = item.reorder_point is not None and quantity is not None
    if deal.supplier and quantity is not None:
        quantity = Lots(deal.moq, deal.pack).fit(quantity)[1]
    terms = replace(
        item,
        unit_cost=price.price,
        order_cost=deal.order_cost + price.extra,
        lead_time_days=deal.lead_time_days,
        lead_time_sd_days=deal.lead_time_sd_days,
        moq=deal.moq if by_hand or deal.incremental else max(deal.moq, price.first),
        pack=deal.pack,
        order_quantity=quantity,
    )
    return held(terms, told) if deal.supplier else terms


def _short(deal: Deal, units: float) -> bool:
    """Whether it says that it has less."""
    return deal.stock is not None and deal.stock < units


def _rough(item: Item, told: Outlook, price: _Price) -> tuple[bool, float]:
    """Money a year by the textbook, goods included: K D/Q + h Q/2 of the economic lot, and (h + p) sd phi(z) for what
    is held and owed for safety. Nobody who has less than a lot is asked while another has it; a price that the economic
    lot goes beyond is none of its own."""
    terms, deal = _item(item, told, price), price.deal
    if unfit(terms):
        return True, inf
    costs, daily = costs_of(terms), told.mean
    lot = max(sqrt(2 * costs.order * daily / costs.holding), float(Lots(terms.moq, terms.pack).least))
    if not deal.incremental and any(price.first < first <= lot for first, _ in deal.breaks):
        return True, inf
    spread = told.variance * max(1.0, terms.lead_time_days) + (daily * terms.lead_time_sd_days) ** 2
    safety = (costs.holding + costs.backorder) * sqrt(spread) * STANDARD.pdf(STANDARD.inv_cdf(costs.ratio))
    day = costs.order * daily / lot + costs.holding * lot / 2 + safety
    return _short(deal, lot), day * DAYS_A_YEAR + _goods(terms, told, price)


def _cost(made: Dealt, told: Outlook, price: _Price) -> tuple[bool, float]:
    """The same by the policy that follows, those that break a promise, or fit nowhere, last."""
    policy = made.settled.policy
    if policy is None:
        return True, inf
    broken = any(one.startswith("promise_") or one == "least_lot_too_large" for one in made.settled.limits)
    worse = broken or _short(price.deal, policy.lot)
    return worse, policy.outcome.cost * DAYS_A_YEAR + _goods(made.item, told, price)


def _goods(terms: Item, told: Outlook, price: _Price) -> float:
    """What a year's goods cost, the money that is tied up in the first units' higher price, and the score."""
    goods = told.mean * DAYS_A_YEAR * price.price
    return goods * (1 + price.deal.poor) + terms.holding_rate * price.extra / 2
