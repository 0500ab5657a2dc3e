"""Vendor-managed inventory: what a supplier may see and do by its agreement, and what becomes of what it plans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.purchasing.acting import act
from cloud.core.purchasing.facts import DAY_MS
from cloud.core.purchasing.keys import digest, made_before, noted
from cloud.core.purchasing.orders import Line, Order, State, draft, in_transit, on_order
from cloud.core.purchasing.prices import lot_of, unfit_lot, unit_price
from cloud.core.refusals import Refusal
from protocols.trade import Agreement, Buying, Offer, Supplier

ALLOWED: Final = ("confirm", "change", "ship")
"""What a supplier may do with its own orders; its `change` is one of dates."""
UNSEEN: Final = frozenset(("draft", "approved"))
"""Orders in these states were not sent, and are nobody's but the site's."""
LINES_MAX: Final = 1_000
"""SKUs in one plan; more are refused."""
FAR_MS: Final = 730 * DAY_MS
"""A day that a supplier names and that is further off is taken for a slip."""
ROOM_DAYS: Final = 7
"""Between a bound that was agreed on and the plan's there is room for so many days' demand, and for a lot."""


class Span(Struct, frozen=True):
    """Units expected to be asked for in a time: mean, and between what nine of ten come to lie."""

    low: int
    mean: float
    high: int


class Known(Struct, frozen=True):
    """What the site knows of one SKU, for those who may see it. `point` and `upto` are the plan's, None while there is
    none; `trusted_ms` is when its shelves were last sure of their counts."""

    sku: str
    name: str
    position: Position
    point: int | None = None
    upto: int | None = None
    forecast_day: float | None = None
    forecast_28: Span | None = None
    trusted_ms: int | None = None


class Shelf(Struct, frozen=True):
    """What a supplier sees of one SKU, units: what is there and free, what will be there once all that was ordered
    of it came, between what to keep it, and what is expected to be taken. `coming`: what is to come of it by this
    supplier's orders, and by its plans that the site has not decided about."""

    sku: str
    name: str
    on_hand: int
    available: int
    projected: int
    least: int | None
    most: int | None
    forecast_day: float | None
    forecast_28: Span | None
    trusted_ms: int | None
    coming: int = 0


def agreed(agreements: Iterable[Agreement], supplier: str, over: Collection[str] = ()) -> dict[str, Agreement]:
    """SKU -> the agreement with this supplier that names it; `over`: those that are not bought any more."""
    return {sku: one for one in agreements if one.supplier == supplier for sku in one.skus if sku not in over}


def bounds(agreement: Agreement, known: Known, lot: int = 1) -> tuple[int | None, int | None]:
    """Least and most units of an SKU: as agreed, else the plan's reorder point and up-to level. Where the plan's would
    leave no room beside the other for a lot and a week's demand, it gives way; what was agreed on never does."""
    least, most = agreement.least.get(known.sku), agreement.most.get(known.sku)
    room = max(lot, ceil(ROOM_DAYS * (known.forecast_day or 0.0)))
    if least is None and known.point is not None:
        least = known.point if most is None else max(0, min(known.point, most - room))
    if most is None and known.upto is not None:
        most = known.upto if least is None else max(known.upto, least + room)
    return least, most


def shelves(
    agreements: Iterable[Agreement],
    supplier: str,
    known: Iterable[Known],
    offers: Iterable[Offer],
    orders: Iterable[Order],
) -> list[Shelf]:
    """What a supplier may see: the SKUs of its agreements, nothing of any other, nor what others are to deliver."""
    names, lots = agreed(agreements, supplier), _lots(offers, supplier)
    mine = [one for one in orders if one.supplier == supplier]
    found = []
    for one in known:
        if one.sku not in names:
            continue
        least, most = bounds(names[one.sku], one, lots.get(one.sku, 1))
        there = one.position
        found.append(
            Shelf(
                one.sku,
                one.name,
                there.on_hand,
                there.available,
                projected(there, mine, supplier, one.sku),
                least,
                most,
                one.forecast_day,
                one.forecast_28,
                one.trusted_ms,
                coming(mine, supplier, one.sku),
            )
        )
    return found


def projected(position: Position, orders: Iterable[Order], supplier: str, sku: str) -> int:
    """What there will be of an SKU once all came that was ordered of one supplier. What was ordered of others is none
    of its business: neither may it be told, nor reckoned from what its plan is refused for."""
    mine = [one for one in orders if one.supplier == supplier]
    return position.available + on_order(mine, sku) + in_transit(mine, sku)


def coming(orders: Sequence[Order], supplier: str, sku: str) -> int:
    """Units of an SKU that are to come by one supplier's orders, and by its plans as they were handed in."""
    sent = [one for one in orders if one.supplier == supplier and one.sent_ms]
    asked = (line.units for one in waiting(orders, supplier) for line in one.lines if line.sku == sku)
    return on_order(sent, sku) + in_transit(sent, sku) + sum(asked)


def own_orders(orders: Iterable[Order], supplier: str) -> list[Order]:
    """A supplier's orders that were sent, without what is the site's alone: names, notes, needs."""
    return [_bare(one) for one in orders if one.supplier == supplier and one.state not in UNSEEN and one.sent_ms]


def waiting(orders: Iterable[Order], supplier: str) -> list[Order]:
    """A supplier's plans that the site has not decided about, as they were handed in: nothing of what the site made of
    them."""
    mine = (one for one in orders if one.supplier == supplier and one.state in UNSEEN and not one.sent_ms)
    return [_handed_in(one) for one in mine if one.proposed]


def seen(order: Order) -> Order:
    """An order of its own as its supplier may see it: once it was sent, as it is; before, what it handed in itself."""
    return _bare(order) if order.sent_ms else _handed_in(order)


def _bare(order: Order) -> Order:
    return replace(order, by="", note="", needs=[], keys=[], said={}, proposed=[])


def _handed_in(order: Order) -> Order:
    state: State = "draft" if order.state in UNSEEN else order.state
    lines = order.proposed or (order.lines if order.version == 1 else [])
    plain = replace(_bare(order), lines=lines, state=state, version=1)
    return replace(plain, changed_ms=order.created_ms, asking=[], supplier_note="", closed_ms=0)


def step(
    order: Order,
    supplier: str,
    action: str,
    by: str,
    now_ms: int,
    limits: Buying,
    *,
    units: Mapping[str, int] | None = None,
    dues: Mapping[str, int] | None = None,
    prices: Mapping[str, float] | None = None,
    note: str = "",
    key: str = "",
) -> Order | Refusal:
    """The order after what its supplier did: confirm (units, dates, prices), change (dates) or ship (units, dates),
    with its note.

    Another supplier's order, or one that was not sent, is not there for it. A day that it names anew is none before
    today (in whatever time zone), or before the order where goods were shipped, and none two years off.
    """
    if order.supplier != supplier or not order.sent_ms:
        return Refusal("no_such_order", "There is no such order of yours.", "Look at the list of your orders.")
    new = {sku: at for sku, at in (dues or {}).items() if (line := order.line(sku)) is None or line.due_ms != at}
    if refused := _no_day(new, order.sent_ms if action == "ship" else now_ms, now_ms):
        return refused
    if action == "ship":
        return act(order, "ship", by, "supplier", now_ms, limits, units=units, dues=dues, note=note, key=key)
    if action == "change" and (units or prices):
        return Refusal("dates_only", "Only dates can be changed here.", "Confirm the order with what you can deliver.")
    if action in ALLOWED:
        return act(order, "confirm", by, "supplier", now_ms, limits, units=units, dues=dues, prices=prices, note=note)
    said = f"A supplier can not {action} an order."
    return Refusal("not_allowed", said, "You can confirm it, change its dates, or say what was shipped.")


def plan(
    deals: Mapping[str, Agreement],
    supplier: Supplier,
    units: Mapping[str, int],
    known: Iterable[Known],
    offers: Iterable[Offer],
    orders: Sequence[Order],
    by: str,
    now_ms: int,
    *,
    dues: Mapping[str, int] | None = None,
    seen: Mapping[str, int] | None = None,
    key: str,
) -> Order | Refusal:
    """The order that a supplier's plan becomes; the one it became before, where it came with this `key` already.
    `deals`: SKU -> this supplier's agreement about it; `seen`: SKU -> units that were to come (`coming`) as it was
    made; where that is another figure by now, a colleague may have planned the same.

    Where the supplier decides it is confirmed at once, whatever its value: the agreement is the approval. Where the
    site does, it is a draft. Either way what will be there has to lie within the least and the most of each SKU,
    drafts of this supplier counted.
    """
    said = digest(units, dues or {})
    if (before := made_before(orders, "plan", key, said)) is not None:
        return before
    for sku, units_seen in (seen or {}).items():
        if (now := coming(orders, supplier.id, sku)) != units_seen:
            return _meanwhile(orders, supplier.id, sku, now, units_seen)
    if supplier.suspended:
        return Refusal("suspended", "This supplier is suspended.", "Talk to the site.")
    if len(units) > LINES_MAX:
        return Refusal("too_many", f"The plan names {len(units)} SKUs.", f"Send at most {LINES_MAX} at once.")
    there = {one.sku: one for one in known}
    if refused := _no_day(dues or {}, now_ms, now_ms):
        return refused
    asked = {one.sku: one for one in offers if one.supplier == supplier.id}
    lots = _lots(asked.values(), supplier.id)
    lines = []
    for sku, wanted in units.items():
        if refused := _outside(deals, supplier.id, sku, wanted, there.get(sku), lots.get(sku, 1), orders):
            return refused
        if sku not in asked:
            return Refusal("no_offer", f"There is no agreed price of {sku}.", "Let the site list your offer.")
        if refused := unfit_lot(asked[sku], wanted):
            return refused
        lines.append(Line(sku, wanted, unit_price(asked[sku], wanted), due_ms=(dues or {}).get(sku, 0)))
    made = draft(supplier.id, lines, by, now_ms)
    if isinstance(made, Refusal):
        return made
    made = noted(made, "plan", key, said) if key else made
    mine = [sku for sku in units if deals[sku].decides == "supplier"]
    if mine and len(mine) < len(units):
        said = f"You decide about {', '.join(mine[:5])}; about the rest of the plan the site does."
        return Refusal("two_plans", said, "Send these as one plan, and the rest as another.")
    if not mine:
        return replace(made, proposed=made.lines)
    return replace(made, state="confirmed", sent_ms=now_ms, confirmed_ms=now_ms)


def _meanwhile(orders: Sequence[Order], supplier: str, sku: str, now: int, seen: int) -> Refusal:
    """That something else is to come than was seen; by whom, where the last order of it is a plan of the supplier's."""
    mine = [one for one in orders if one.supplier == supplier and one.line(sku) and (one.sent_ms or one.proposed)]
    last = max(mine, key=lambda one: one.id, default=None)
    said, hint = f"{now} of {sku} are to come by now, and {seen} were as this was planned.", "Look again, then decide."
    if now > seen and last is not None and last.version == 1 and (last.proposed or last.state == "confirmed"):
        return Refusal("changed", said, hint, by=last.by, changed_ms=last.created_ms)
    return Refusal("changed", said, hint)


def _lots(offers: Iterable[Offer], supplier: str) -> dict[str, int]:
    """SKU -> the least lot of this supplier's."""
    return {one.sku: lot_of(one, 1) for one in offers if one.supplier == supplier}


def _no_day(dues: Mapping[str, int], from_ms: int, now_ms: int) -> Refusal | None:
    """Why goods can not be due then; 0 is no day yet. Somewhere a day begins up to a day before."""
    for sku, due_ms in dues.items():
        if due_ms and not from_ms - DAY_MS <= due_ms <= now_ms + FAR_MS:
            said = f"{sku} can not be due then: that day is over, or more than two years off."
            told: dict[str, str | float] = {"sku": sku, "years": FAR_MS // (365 * DAY_MS)}
            return Refusal("date", said, "Give a day from today on, or none.", told)
    return None


def _outside(
    deals: Mapping[str, Agreement],
    supplier: str,
    sku: str,
    units: int,
    known: Known | None,
    lot: int,
    orders: Sequence[Order],
) -> Refusal | None:
    if sku not in deals or known is None:
        return Refusal("not_yours", f"{sku} is not in your agreement.", f"In it: {', '.join([*deals][:5])}.")
    least, most = bounds(deals[sku], known, lot)
    if least is None or most is None:
        return Refusal("no_bounds", f"Nobody knows yet how much of {sku} to keep.", "Agree on a least and a most.")
    drafts = [one for one in orders if one.state == "draft" and one.supplier == supplier]
    planned = sum(line.units for one in drafts for line in one.lines if line.sku == sku)
    there = projected(known.position, orders, supplier, sku) + planned
    after = there + units
    if least <= after <= most:
        return None
    said = f"With {units} more there would be {after} of {sku}; {least} to {most} are agreed."
    room = most - there
    hint = f"Plan {max(1, units + least - after)} to {room}." if room > 0 else "Nothing more is wanted now."
    told: dict[str, str | float] = {"sku": sku, "after": after, "least": least, "most": most, "room": max(0, room)}
    return Refusal("outside", said, hint, told)
