"""From whom to order so many units of one SKU: all from the best, in two against lateness, or from whoever is left."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Final, Literal

from msgspec import Struct

from cloud.core.planning.deals import Deal
from cloud.core.purchasing.bills import (
    SCORE_WORTH,
    Bill,
    Option,
    Reason,
    against,
    best_bill,
    bill,
    joined,
    larger_lot,
)
from cloud.core.purchasing.lateness import Stakes, Wait, waiting
from cloud.core.purchasing.prices import goods, lot_of
from cloud.core.refusals import Refusal
from protocols.trade import Buying, Offer

SPLIT_EXTRA: Final = 0.03
"""Two suppliers instead of one may cost so much more, as a share of what the best one costs."""
SHARES: Final = (0.25, 0.5, 0.75)
"""Shares that are tried of the first of two suppliers."""
BEST_MAX: Final = 4
"""Of the best so many suppliers two are tried together; and so many parts are weighed for their lateness."""
NO_WAIT: Final = Wait(0.0, 0.0)

Chosen = Literal["only_one", "cheapest", "sooner", "score", "split_risk", "split_stock", "fallback", "backlog"]


class Split(Struct, frozen=True):
    """So many units to order from one supplier. `price` a unit, `cost` with the order's own, `due_days` from now.
    `why`: only_one (nobody else can), cheapest (in all), sooner (dearer goods, less lateness), score (dearer, a better
    supplier), split_risk, split_stock (who is cheap does not have enough), backlog (nobody has enough: it has to be
    waited for),
    fallback (suspended or under the score floor, and nobody else can: a person should look at it)."""

    supplier: str
    units: int
    price: float
    cost: float
    due_days: float
    why: Chosen


class Rejected(Struct, frozen=True):
    """Another choice: its units, what it would cost in all with what is expected of lateness (None: not worked out),
    and what tells most against it. A `larger_lot` than wanted would save `saves` a year."""

    supplier: str
    units: int
    cost: float | None
    reason: Reason
    saves: float = 0.0


class Sourcing(Struct, frozen=True):
    """Where to order. `late_cost` is expected for units owed before it comes, `risk` the chance to run out before."""

    splits: list[Split]
    rejected: list[Rejected]
    late_cost: float = 0.0
    risk: float = 0.0

    @property
    def fallback(self) -> bool:
        """Whether it falls back on a supplier that should get no orders."""
        return any(one.why == "fallback" for one in self.splits)


def source(sku: str, units: int, options: Sequence[Option], stakes: Stakes, buying: Buying) -> Sourcing | Refusal:
    """Where to order `units` of an SKU; never fewer, and more only for a pack, an MOQ, or a break that makes the wanted
    units cheaper (`bills.best_bill`).

    Weighed are: goods at the price of their break; an order's own cost; holding what a pack or an MOQ brings too much;
    expected money for units owed until it comes (`lateness.waiting`); and `bills.SCORE_WORTH` of the goods for a score
    of 0, in proportion, a score nobody knows being taken for the mean of those known. Suspended suppliers and those
    under `buying.score_floor` are asked only when nobody else offers it, suspended ones last. Where who is cheap does
    not have enough, or nobody has, several deliver; what nobody has, the best gets as a backlog. With `buying.sourcing`
    "split": in two, where that costs at most `SPLIT_EXTRA` more and takes away more expected cost of lateness than it
    adds.
    """
    if units < 1:
        return Refusal("units", f"{units} units of {sku} can not be ordered.", "Order one or more.")
    fit = [one for one in options if one.offer.sku == sku]
    if not fit:
        return Refusal("no_offer", f"No supplier offers {sku}.", "Add an offer to the site file.", {"sku": sku})
    asked, usual = askable(fit, buying)
    good = not _barred(asked[0], buying)
    bills = [best_bill(one, units, stakes, usual) for one in asked]
    bills.sort(key=lambda one: (one.total, one.lot, one.option.supplier.id))
    able = [one for one in bills if one.option.offer.stock is None or one.option.offer.stock >= one.lot]
    found = _best(able, bills, stakes) if able else _gathered(units, bills, stakes)
    if able and (cheaper := _together(units, able, bills, stakes, usual)) is not None:
        found = cheaper
    elif buying.sourcing == "split" and len(able) > 1:
        found = _paired(units, found, able, stakes, usual) or found
    refused = [
        Rejected(one.supplier.id, lot_of(one.offer, units), None, reason)
        for one in fit
        if one not in asked and (reason := _barred(one, buying))
    ]
    splits = found.splits
    if not good:
        splits = [Split(one.supplier, one.units, one.price, one.cost, one.due_days, "fallback") for one in splits]
    return Sourcing(splits, found.rejected + refused, found.late_cost, found.risk)


def askable(options: Sequence[Option], buying: Buying) -> tuple[list[Option], float]:
    """Who may be asked: good suppliers, else poor ones, else suspended ones; and their usual score."""
    good = [one for one in options if not _barred(one, buying)]
    asked = good or [one for one in options if not one.supplier.suspended] or [*options]
    known = [one.score for one in asked if one.score is not None]
    return asked, sum(known) / len(known) if known else 100.0


def deals(options: Sequence[Option], buying: Buying) -> list[Deal]:
    """What those who may be asked offer, as an SKU is planned with it: lead times to a tenth of a day and scores to a
    point, so that a plan does not become another with every hour that somebody is waited for."""
    asked, usual = askable(options, buying)
    return [
        Deal(
            one.supplier.id,
            one.offer.price,
            one.supplier.order_cost,
            round(one.lead.mean_days, 1),
            round(one.lead.sd_days, 1),
            one.offer.moq,
            one.offer.pack,
            tuple((each.units, each.price) for each in one.offer.breaks),
            one.offer.incremental,
            one.lead.n,
            SCORE_WORTH * (100 - round(usual if one.score is None else one.score)) / 100,
            one.offer.stock,
        )
        for one in asked
    ]


def _barred(option: Option, buying: Buying) -> Reason | None:
    if option.supplier.suspended:
        return "suspended"
    return "under_floor" if option.score is not None and option.score < buying.score_floor else None


def _best(able: Sequence[Bill], bills: Sequence[Bill], stakes: Stakes) -> Sourcing:
    """All from the best that has enough."""
    best = able[0]
    others = [one for one in bills if one is not best]
    rejected = [_rejected(one, against(one, best) if one in able else "no_stock") for one in others]
    if larger := larger_lot(best, stakes):
        lot, saves = larger
        rejected.append(Rejected(best.option.supplier.id, lot, None, "larger_lot", saves))
    return Sourcing([_split(best, _because(best, able[1:]))], rejected, best.late, best.risk)


def _because(best: Bill, others: Sequence[Bill]) -> Chosen:
    cheaper = [one for one in others if one.sure - one.score < best.sure - best.score]
    if not cheaper:
        return "cheapest" if others else "only_one"
    return "sooner" if against(cheaper[0], best) == "late" else "score"


def _gathered(units: int, bills: Sequence[Bill], stakes: Stakes) -> Sourcing:
    """Nobody has enough: from the best what it has, then the next; what nobody has is ordered from the best anyway."""
    lots: dict[str, int] = {}
    missing = units
    for one in bills:
        offer = one.option.offer
        if missing > 0 and (most := _has(offer)):
            lots[offer.supplier] = lot_of(offer, min(missing, most))
            missing -= lots[offer.supplier]
    first = bills[0].option.offer
    if missing > 0:
        lots[first.supplier] = lot_of(first, lots.get(first.supplier, 0) + missing)
    taken = [(one, lots[one.option.supplier.id]) for one in bills if one.option.supplier.id in lots]
    rejected = [_rejected(one, "no_stock") for one in bills if one.option.supplier.id not in lots]
    wait = waiting([one.option.part(lot) for one, lot in taken[:BEST_MAX]], stakes)
    made = [bill(one.option, lot, lot, stakes, 100.0, wait) for one, lot in taken]
    why: Chosen = "backlog" if missing > 0 else "split_stock"
    return Sourcing([_split(one, why) for one in made], rejected, wait.cost, wait.risk)


def _together(units: int, able: Sequence[Bill], bills: Sequence[Bill], stakes: Stakes, usual: float) -> Sourcing | None:
    """What some have cheaply from them, and the rest from one that has enough, where that costs less in all than
    everything from the best."""
    best = able[0]
    short = [(one.option, most) for one in bills if one not in able and (most := _has(one.option.offer))]
    short.sort(key=lambda one: (goods(one[0].offer, one[1]) + one[0].supplier.order_cost) / one[1])
    choices: list[list[Bill]] = []
    for count in range(1, BEST_MAX):
        for group in combinations(short[: BEST_MAX - 1], count):
            made, missing = list[Bill](), units
            for option, most in group:
                if missing > 0:
                    lot = lot_of(option.offer, min(missing, most))
                    made.append(bill(option, lot, min(missing, lot), stakes, usual, NO_WAIT))
                    missing -= lot
            if missing > 0:
                choices += [[*made, best_bill(one.option, missing, stakes, usual, NO_WAIT)] for one in able[:BEST_MAX]]
            else:
                choices.append(made)
    found = best
    parts: list[Bill] = []
    for made in choices:
        if joined(made, NO_WAIT).total < found.total * (1 - 1e-9):
            wait = waiting([one.option.part(one.lot) for one in made], stakes)
            if joined(made, wait).total < found.total * (1 - 1e-9):
                found, parts = joined(made, wait), made
    if not parts:
        return None
    names = [one.option.supplier.id for one in parts]
    others = [one for one in bills if one.option.supplier.id not in names]
    rejected = [_rejected(one, against(one, found) if one in able else "no_stock") for one in others]
    return Sourcing([_split(one, "split_stock") for one in parts], rejected, found.late, found.risk)


def _has(offer: Offer) -> int:
    """Units in whole packs that a supplier says it has; 0 where they do not make the least lot."""
    most = (offer.stock or 0) // offer.pack * offer.pack
    return most if most >= lot_of(offer, 1) else 0


def _paired(units: int, alone: Sourcing, able: Sequence[Bill], stakes: Stakes, usual: float) -> Sourcing | None:
    """The order in two that costs least in all, where it is worth it."""
    best = able[0]
    found: tuple[float, float, list[Bill]] | None = None
    for one, other in permutations([one.option for one in able[:BEST_MAX]], 2):
        for share in SHARES:
            first = lot_of(one.offer, max(1, round(units * share)))
            second = lot_of(other.offer, max(1, units - first))
            over = first + second - units
            if first >= units or over >= max(one.offer.pack, other.offer.pack):
                continue
            wait = waiting([one.part(first), other.part(second)], stakes)
            made = [
                bill(one, first, first, stakes, usual, wait),
                bill(other, second, units - first, stakes, usual, wait),
            ]
            extra = made[0].sure + made[1].sure - best.sure
            gain = best.late - wait.cost - extra
            small = extra <= SPLIT_EXTRA * best.sure
            if small and gain > 1e-9 and (found is None or gain > found[0]):
                found = (gain, wait.cost, made)
    if found is None:
        return None
    _, late, made = found
    names = [one.option.supplier.id for one in made]
    others = [one for one in alone.rejected if one.supplier not in names]
    rejected = [_rejected(best, "late"), *others]
    return Sourcing([_split(one, "split_risk") for one in made], rejected, late, made[0].risk)


def _rejected(one: Bill, reason: Reason) -> Rejected:
    return Rejected(one.option.supplier.id, one.lot, one.total, reason)


def _split(one: Bill, why: Chosen) -> Split:
    price = (one.paid - one.option.supplier.order_cost) / one.lot
    return Split(one.option.supplier.id, one.lot, price, one.paid, one.option.lead.mean_days, why)
