"""What it costs to order from one supplier, by what tells for or against it, all of it in money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from cloud.core.purchasing.facts import LeadTime
from cloud.core.purchasing.lateness import Part, Stakes, Wait, waiting
from cloud.core.purchasing.prices import economic_lot, goods, lot_of, lots_of
from protocols.trade import Offer, Supplier

SCORE_WORTH: Final = 0.10
"""A supplier of score 0 counts as so much dearer than one of 100, as a share of the goods' price."""
SELLS_DAYS_MAX: Final = 3_650
"""Units too many are held until they sell, at most so long: some never do."""

Reason = Literal["price", "order_cost", "late", "excess", "score", "no_stock", "suspended", "under_floor", "larger_lot"]


class Option(Struct, frozen=True):
    """A supplier that offers the SKU: its score (None: not known) and its lead time as measured."""

    supplier: Supplier
    offer: Offer
    lead: LeadTime
    score: float | None = None

    def part(self, units: int) -> Part:
        """So many units of it, on their way."""
        return Part(units, self.lead.mean_days, self.lead.sd_days)


class Bill(Struct, frozen=True):
    """`lot` units, of which `wanted` are wanted. Goods and the order's own cost are those of the wanted units, as the
    others save on the next order; `excess` is what holding these costs, `score` what the supplier's mark is worth,
    `late` what is expected for units owed until they come, `risk` the chance to run out before. `paid`: money for the
    lot."""

    option: Option
    lot: int
    wanted: int
    price: float
    order_cost: float
    excess: float
    score: float
    late: float
    risk: float
    paid: float

    @property
    def sure(self) -> float:
        """All of it but lateness."""
        return self.price + self.order_cost + self.excess + self.score

    @property
    def total(self) -> float:
        """All of it."""
        return self.sure + self.late


def bill(option: Option, lot: int, wanted: int, stakes: Stakes, usual: float, wait: Wait | None = None) -> Bill:
    """The bill of a lot; `usual` is the score of one nobody knows, `wait` what is expected of lateness (left out: of
    this lot alone). What is bought for a better price saves nothing of the order's own cost: how often to order is
    the plan's."""
    price = goods(option.offer, lot)
    if wait is None:
        wait = waiting([option.part(lot)], stakes)
    share = min(1.0, wanted / lot)
    poor = 1 - (usual if option.score is None else option.score) / 100
    return Bill(
        option,
        lot,
        wanted,
        price * share,
        option.supplier.order_cost * min(1.0, wanted / lot_of(option.offer, wanted)),
        _excess(lot - wanted, wanted, stakes),
        price * share * SCORE_WORTH * poor,
        wait.cost,
        wait.risk,
        price + option.supplier.order_cost,
    )


def best_bill(option: Option, units: int, stakes: Stakes, usual: float, wait: Wait | None = None) -> Bill:
    """The bill of the lot of a supplier that is cheapest for `units`: the least, or a larger one that reaches a better
    price, where that costs less with holding the rest, and there is room."""
    least, *larger = lots_of(option.offer, units)
    lots = [least, *(lot for lot in larger if stakes.room is None or lot <= stakes.room)]
    if wait is None:
        wait = waiting([option.part(least)], stakes)
    bills = [bill(option, lot, units, stakes, usual, wait) for lot in lots]
    return min(bills, key=lambda one: (one.sure, one.lot))


def joined(bills: Sequence[Bill], wait: Wait) -> Bill:
    """One bill of several orders, as if the first supplier's."""
    return Bill(
        bills[0].option,
        sum(one.lot for one in bills),
        sum(one.wanted for one in bills),
        sum(one.price for one in bills),
        sum(one.order_cost for one in bills),
        sum(one.excess for one in bills),
        sum(one.score for one in bills),
        wait.cost,
        wait.risk,
        sum(one.paid for one in bills),
    )


def against(one: Bill, best: Bill) -> Reason:
    """What makes a bill dearer than the best one: the part of it that is most above the best's."""
    parts: dict[Reason, float] = {
        "price": one.price - best.price,
        "order_cost": one.order_cost - best.order_cost,
        "excess": one.excess - best.excess,
        "score": one.score - best.score,
        "late": one.late - best.late,
    }
    return max(parts, key=lambda part: parts[part])


def larger_lot(best: Bill, stakes: Stakes) -> tuple[int, float] | None:
    """A larger lot of the same supplier that reaches a better price, and what it saves in a year with all its holding;
    None where none does."""
    offer, fixed = best.option.offer, best.option.supplier.order_cost
    yearly, rate = stakes.daily * 365, stakes.holding_day * 365 / offer.price
    found = economic_lot(offer, fixed, yearly, rate)
    lot = lot_of(offer, round(found.units)) if found is not None else 0
    if lot <= best.lot or (offer.stock is not None and lot > offer.stock):
        return None

    def year(units: int) -> float:
        return (fixed + goods(offer, units)) * yearly / units + rate * goods(offer, units) / 2

    better_price = goods(offer, lot) / lot < goods(offer, best.lot) / best.lot
    saves = year(best.lot) - year(lot)
    return (lot, saves) if better_price and saves > 0 else None


def _excess(over: int, wanted: int, stakes: Stakes) -> float:
    """Holding units nobody wanted: until what was wanted is sold, and then half as long as they last."""
    if over <= 0:
        return 0.0
    days = (wanted + over / 2) / stakes.daily if stakes.daily > 0 else SELLS_DAYS_MAX
    return over * stakes.holding_day * min(days, SELLS_DAYS_MAX)
