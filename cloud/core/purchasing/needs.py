"""From needs to orders: each need on one order ever, those of a supplier together, approved as far as is allowed.

What is made here is not stored yet: who does claims each need for its order in the same transaction, so that of two who
do it at once one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.purchasing.acting import may_approve
from cloud.core.purchasing.facts import DAY_MS
from cloud.core.purchasing.joining import Mate, joining
from cloud.core.purchasing.orders import Line, Order, draft, is_proposal, value
from cloud.core.purchasing.prices import Offered, lot_of, price_after
from cloud.core.purchasing.sourcing import Sourcing, Split
from cloud.core.refusals import Refusal
from protocols.trade import Action, Buying

BY: Final = "service"
"""Who makes these orders."""

Source = Callable[[str, int], Sourcing | Refusal]


class Asked(Struct, frozen=True):
    """An open need: so many units of an SKU, and how far the site lets the service go with it."""

    need: int
    sku: str
    units: int
    level: Action


class Left(NamedTuple):
    """A need that becomes no order now: ordered (it is on one, ever), observed (only shown), managed (its supplier
    keeps it), another_need (of the same SKU goes first), no_offer or another refusal of the sourcing."""

    need: int
    reason: str


class Made(Struct, frozen=True):
    """What to store: all of `new` in one transaction (a need may be split over two of them), each of `changed` (before,
    after) in one of its own; then what was left out. `sourced`: need -> where it is bought and why, for its card."""

    new: list[Order]
    changed: list[tuple[Order, Order]]
    left: list[Left]
    sourced: dict[int, Sourcing]


class _Want(NamedTuple):
    asked: Asked
    split: Split
    alone: bool


def orders_of(
    asked: Sequence[Asked],
    orders: Sequence[Order],
    source: Source,
    buying: Buying,
    now_ms: int,
    *,
    managed: Collection[str] = (),
    mates: Mapping[str, Sequence[Mate]] | None = None,
    order_costs: Mapping[str, float] | None = None,
    ordered: Collection[int] = (),
    offer: Offered = lambda sku, supplier: None,
) -> Made:
    """The orders that open needs become. Deciding again with these orders stored changes nothing.

    `orders` are all that are open, `ordered` the needs known to be on one, open or not. A need whose SKU is on a draft
    (none that its supplier proposed and nobody of ours has touched) joins
    that, its units raised to the need's where they are fewer, in the packs and at the price of the `offer`
    (a price that somebody gave stays); else one whose supplier has a draft that the service made or changed last joins
    that; else all of a supplier make a new one, which SKUs near their point join (`joining`, of `mates`
    by supplier). Needs of level "order" are kept apart from those that a person has to look at, and approved where all
    of their order is worth at most `buying.approved_to` and nothing falls back on a poor supplier.
    """
    taken = {need for order in orders for need in order.needs} | set(ordered)
    drafts = {order.id: order for order in orders if order.state == "draft" and not is_proposal(order)}
    changed = set[int]()
    left, sourced = list[Left](), dict[int, Sourcing]()
    wants: dict[tuple[str, bool], list[_Want]] = {}
    busy = set[str]()
    for one in sorted(asked, key=lambda each: each.need):
        reason = "ordered" if one.need in taken else _left_out(one, busy, managed)
        if reason:
            left.append(Left(one.need, reason))
            continue
        held = next((order for order in drafts.values() if order.line(one.sku) is not None), None)
        if held is not None:
            drafts[held.id] = _raised(held, one, offer)
            changed.add(held.id)
        else:
            found = source(one.sku, one.units)
            if isinstance(found, Refusal):
                left.append(Left(one.need, found.reason))
                continue
            sourced[one.need] = found
            for split in found.splits:
                free = one.level == "order" and not found.fallback
                want = _Want(one, split, len(found.splits) == 1)
                wants.setdefault((split.supplier, free), []).append(want)
        taken.add(one.need)
        busy.add(one.sku)
    new = []
    for (supplier, free), group in sorted(wants.items()):
        waiting = next((one for one in drafts.values() if one.supplier == supplier and one.by == BY), None)
        if waiting is not None and not free:
            for want in (one for one in group if one.alone):  # a need that is split is stored in one transaction
                drafts[waiting.id] = waiting = _added(waiting, want, now_ms)
                changed.add(waiting.id)
            group = [one for one in group if not one.alone]
        if group:
            elsewhere = busy.union(managed, (line.sku for order in drafts.values() for line in order.lines))
            fit = [one for one in (mates or {}).get(supplier, ()) if _may_join(one, free)]
            cost = (order_costs or {}).get(supplier, 0.0)
            more = _joined(group, cost, fit, elsewhere, now_ms)
            busy.update(line.sku for line in more)
            new.append(_new(supplier, group, more, free, buying, now_ms))
    before = {order.id: order for order in orders}
    steps = [(before[id], _next(before[id], drafts[id], now_ms)) for id in sorted(changed)]
    return Made(new, steps, left, sourced)


def _left_out(one: Asked, busy: Collection[str], managed: Collection[str]) -> str:
    if one.level == "observe":
        return "observed"
    if one.sku in managed:
        return "managed"
    return "another_need" if one.sku in busy else ""


def _may_join(mate: Mate, free: bool) -> bool:
    """What nobody looks at again takes only what may be ordered without anybody."""
    return mate.level == "order" or (mate.level == "propose" and not free)


def _joined(
    group: Sequence[_Want], order_cost: float, mates: Sequence[Mate], elsewhere: Collection[str], now_ms: int
) -> list[Line]:
    going = {want.asked.sku for want in group}
    fit = [one for one in mates if one.sku in going or one.sku not in elsewhere]
    if all(one.sku in going for one in fit):
        return []
    days = {one.sku: one.lead.mean_days for one in fit}
    found = joining(order_cost, fit, going)
    return [Line(one.sku, one.units, one.price, due_ms=_due_ms(now_ms, days[one.sku])) for one in found]


def _new(supplier: str, group: Sequence[_Want], more: Sequence[Line], free: bool, buying: Buying, now_ms: int) -> Order:
    lines = [_line(want, now_ms) for want in group] + list(more)
    made = draft(supplier, lines, BY, now_ms, [want.asked.need for want in group])
    assert isinstance(made, Order), "each SKU is wanted once, and sourced in whole units at a price"
    approved = free and may_approve("nobody", value(made), buying) is None
    return replace(made, state="approved") if approved else made


def _raised(order: Order, one: Asked, offer: Offered) -> Order:
    """A draft that has the SKU already: it is for this need too."""
    lines = list(order.lines)
    for at, line in enumerate(lines):
        if line.sku == one.sku and line.units < one.units:
            asked = offer(one.sku, order.supplier)
            units = one.units if asked is None else lot_of(asked, one.units)
            price = line.unit_price if asked is None else price_after(asked, line.units, line.unit_price, units)
            lines[at] = replace(line, units=units, unit_price=price)
    return replace(order, lines=lines, needs=sorted({*order.needs, one.need}))


def _added(order: Order, want: _Want, now_ms: int) -> Order:
    return replace(order, lines=[*order.lines, _line(want, now_ms)], needs=sorted({*order.needs, want.asked.need}))


def _next(before: Order, after: Order, now_ms: int) -> Order:
    """The next version, which is nobody's but the service's."""
    return replace(after, version=before.version + 1, changed_ms=now_ms, by=BY)


def _line(want: _Want, now_ms: int) -> Line:
    split = want.split
    return Line(want.asked.sku, split.units, split.price, due_ms=_due_ms(now_ms, split.due_days))


def _due_ms(now_ms: int, days: float) -> int:
    return now_ms + round(days * DAY_MS)
