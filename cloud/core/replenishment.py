"""Replenishment: when to order an SKU again, how much, and why; and the life of the one open need it may have."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.cards import Card, card
from cloud.core.planning.deals import held
from cloud.core.planning.emergency import Source
from cloud.core.planning.expiry import perishing
from cloud.core.planning.items import Item
from cloud.core.planning.lots import Lots
from cloud.core.planning.settling import DAYS_A_YEAR, Outlook, Settled
from cloud.core.view import Param
from protocols.layout import Sku
from protocols.reports import Proposal
from protocols.trade import Action

VERSIONS_KEPT = 100
"""Of a need that is revised more often, the first version and the latest."""
BY_HAND = "by_hand"
"""The reorder point is the one in the site file."""
GATEWAY = "gateway"
"""A gateway proposed it, by the policy it was sent last, while the service was away."""

Verdict = Literal["order", "enough", "demand_unknown", "no_demand", "stock_unknown", "discontinued", "unfit"]
SAID = ("proposed_ms", "held_until_ms", "snoozed_until_ms", "snoozed_by", "snoozed_note")
"""What a need keeps though its figures are revised: what others said of it."""
OVER: frozenset[Verdict] = frozenset(("enough", "no_demand", "discontinued"))
"""Verdicts by which nothing is wanted."""
State = Literal["proposed", "observed", "fulfilled", "withdrawn"]
OPEN: frozenset[State] = frozenset(("proposed", "observed"))
Fate = Literal["free", "draft", "placed", "cancelled"]
"""What became of a need among the orders: it is on none, on one that waits for approval, on one that was approved and
counts as on order, or on one that came to nothing."""


class Plan(Struct, frozen=True):
    """What should be done about one SKU now. `quantity` is 0 unless `verdict` is "order"; the figures are None
    while they are not known. `order_quantity` is the usual lot, `quantity` what to order now. `projected` is the
    position that decides, `sensed` the units on the shelves, as a gateway sees them. Less than a unit a year is
    "no_demand"."""

    sku: str
    verdict: Verdict
    projected: int
    sensed: int
    reorder_point: int | None
    order_quantity: int | None
    quantity: int
    card: Card
    replenish: Action = "propose"


class Need(Struct, frozen=True):
    """A proposal to order; `id` is given by the ledger. `why` is the card, flat and whole, as it was when the need was
    made or revised; it is revised until it is on an order. One that is only observed is proposed to nobody."""

    sku: str
    quantity: int
    state: State
    created_ms: int
    changed_ms: int
    why: dict[str, Any]
    id: int = 0

    @property
    def held_until_ms(self) -> int:
        """Until then the service does not order it by itself, for somebody cancelled that; 0 where nobody did."""
        return self._time("held_until_ms")

    @property
    def snoozed_until_ms(self) -> int:
        """Until then nobody wants to be asked about it, and the service does not order it by itself; 0: now."""
        return self._time("snoozed_until_ms")

    def _time(self, name: str) -> int:
        until_ms = self.why.get(name)
        return until_ms if isinstance(until_ms, int) else 0


class Stock(Struct, frozen=True):
    """What a plan looks at beside the position: units on the shelves, slots of which nothing is known, and the units
    that fit in all of them, None where it has none; `lots` are the days each can still be sold, and its units, in the
    order in which they go."""

    position: Position
    sensed: int
    blind: int = 0
    capacity: int | None = None
    lots: tuple[tuple[int, int], ...] = ()


def item_of(sku: Sku, stock: Stock, told: Outlook | None, level: float) -> Item:
    """An SKU as it is planned by its own terms. `level` is the service level of its class; its own stands above it.
    Where holding costs nothing, a year's demand is ordered at once (`deals.held`)."""
    terms = held(listed(sku, stock, level), told)
    return stocked(terms, aged(stock, terms, told))


def listed(sku: Sku, stock: Stock, level: float) -> Item:
    """An SKU as the site file lists it."""
    return stocked(
        Item(
            sku.id,
            sku.unit_cost,
            sku.order_cost,
            sku.holding_rate,
            sku.lead_time_days,
            sku.lead_time_sd_days,
            sku.moq,
            sku.pack,
            service_level=sku.service_level if sku.service_level is not None else level,
            backorder_cost=sku.backorder_cost,
            capacity=stock.capacity,
            shelf_life_days=sku.shelf_life_days,
            reorder_point=sku.reorder_point,
            order_quantity=sku.order_quantity,
            policy=sku.policy,
            review_days=sku.review_days,
        ),
        stock.position,
    )


def stocked(terms: Item, there: Position) -> Item:
    """An item of which so much is there."""
    return replace(terms, **{name: getattr(there, name) for name in Position.__struct_fields__})


def aged(stock: Stock, terms: Item, told: Outlook | None) -> Position:
    """The position with the units that can be used today but will have expired, unsold, before an order placed now
    would come."""
    there, daily = stock.position, told.mean if told is not None else 0.0
    lost = perishing(stock.lots, daily, there.reserved, terms.lead_time_days)
    return replace(there, perishing=min(lost, max(0, there.available)))


def plan(
    sku: Sku,
    told: Outlook | None,
    stock: Stock,
    level: float,
    settled: Settled | None = None,
    sources: Sequence[Source] = (),
    due_days: float | None = None,
    others: bool = False,
) -> Plan:
    """The plan of an SKU: its card (`planning.cards`), and what follows from it here, where stock or demand may not be
    known, and an SKU may be given up. `settled`, `sources`, `due_days` and `others` as in `card`."""
    return planned(sku, told, stock, card(item_of(sku, stock, told, level), told, others, settled, sources, due_days))


def planned(sku: Sku, told: Outlook | None, stock: Stock, made: Card) -> Plan:
    """The plan that follows from a card."""
    terms = made.terms
    point, lot = made.reorder_point, sku.least_lot if terms is None else Lots(terms.moq, terms.pack).least
    if made.reorder_point is not None and made.order_up_to is not None:
        lot = made.order_up_to - made.reorder_point
    verdict: Verdict
    if made.verdict == "owed":
        verdict, point = "order", -1
    else:
        verdict = made.verdict
    if made.verdict == "no_demand" and told is None:
        verdict = "demand_unknown"
    if stock.blind and verdict in ("order", "enough", "demand_unknown"):
        verdict = "stock_unknown"
    if sku.discontinued:
        verdict = "discontinued"
    known = None if point is None else lot
    units = made.order if verdict == "order" else 0
    return Plan(sku.id, verdict, made.projected, stock.sensed, point, known, units, made, sku.replenish)


def reviewed(sku: Sku, day: int) -> bool:
    """Whether an SKU is ordered on this local day (its ordinal): a periodic one every `review_days` alone, counted from
    Monday 1 January of year 1, so that a weekly one is on Mondays."""
    return sku.review_days is None or (day - 1) % sku.review_days == 0


def unasked(made: Plan) -> Plan:
    """The same on a day on which its SKU is not ordered."""
    if made.verdict != "order":
        return made
    return replace(made, verdict="enough", quantity=0, card=replace(made.card, verdict="enough", order=0))


def decide(
    open_need: Need | None, made: Plan, now_ms: int, proposal: Proposal | None = None, fate: Fate = "free"
) -> Need | None:
    """The need to store now, or None when nothing changes; so deciding N times is deciding once.

    A need is *fulfilled* once the position is above both the present reorder point and the one it was made for: stock
    came, or was ordered; or once it is itself placed as an order. It is *withdrawn* when only the reorder point fell or
    demand ended, or its order came to nothing. While it is on no order it is *revised* when another quantity is
    wanted, by a lot or more. What can not be told (stock or demand unknown) leaves it as it is.

    An open `proposal` of a gateway becomes the need, unless one is open already, or the service knows that none is
    wanted, or the stock that was last known was above its point. It does so as it stands there, unless the service
    knows better by a lot or more. Such a need is fulfilled though demand is not known: its point is the proposal's.
    """
    assert open_need is None or open_need.sku == made.sku, "a need is decided by its own SKU's plan"
    wanted = made.verdict not in OVER
    state: State = "observed" if made.replenish == "observe" else "proposed"
    if open_need is None or open_need.state not in OPEN:
        if proposal is not None and proposal.state == "open" and wanted:
            point = proposal.reorder_point if made.reorder_point is None else made.reorder_point
            if made.projected <= point:
                return _adopted(proposal, made, state, now_ms)
        if made.verdict != "order":
            return None
        return Need(made.sku, made.quantity, state, now_ms, now_ms, why_of(made) | {"decided_ms": now_ms})
    if fate in ("placed", "cancelled"):
        return replace(open_need, state="fulfilled" if fate == "placed" else "withdrawn", changed_ms=now_ms)
    made_for = open_need.why["reorder_point"]
    assert isinstance(made_for, int), "a need is only proposed with a reorder point"
    above = made.projected > made_for
    by_gateway = made.verdict == "demand_unknown" and open_need.why["formula"] == GATEWAY
    if not wanted or (by_gateway and above):
        return replace(open_need, state="fulfilled" if above else "withdrawn", changed_ms=now_ms)
    if fate == "draft":
        return None
    if made.verdict == "order" and _differs(open_need.quantity, made):
        kept = {name: open_need.why[name] for name in SAID if name in open_need.why}
        why = why_of(made) | kept | {"revised": int(open_need.why.get("revised") or 0) + 1}
        why["decided_ms"] = now_ms
        return replace(open_need, quantity=made.quantity, state=state, changed_ms=now_ms, why=why)
    return replace(open_need, state=state, changed_ms=now_ms) if open_need.state != state else None


def snoozed(need: Need, until_ms: int, by: str, note: str, now_ms: int) -> Need:
    """The need that nobody wants to be asked about until then; `until_ms` 0: it waits for somebody again."""
    rest = {name: value for name, value in need.why.items() if not name.startswith("snoozed_")}
    said = {"snoozed_until_ms": until_ms, "snoozed_by": by, "snoozed_note": note} if until_ms else {}
    return replace(need, changed_ms=now_ms, why=rest | said)


def versions_with(known: list[Need], before: Need, after: Need) -> list[Need]:
    """The earlier versions of a need, oldest first, now that `after` takes the place of `before`."""
    if (before.why, before.quantity) == (after.why, after.quantity) or before in known:
        return known
    found = [*known, before]
    return [found[0], *found[1:][-(VERSIONS_KEPT - 2) :]]


def why_of(made: Plan) -> dict[str, Any]:
    """The figures of a plan by name, and under "card" the whole card, as a need keeps them."""
    one, flat = made.card, dict[str, Param]()
    there, ahead, terms = one.position, one.ahead, one.terms
    flat |= {"on_hand": there.on_hand, "reserved": there.reserved, "quarantined": there.quarantined}
    flat |= {"perishing": there.perishing, "doubtful": there.doubtful, "likely": there.likely}
    flat |= {"on_order": there.on_order, "in_transit": there.in_transit, "position": one.projected}
    flat |= {
        "daily_demand": ahead.daily if ahead else None,
        "demand_sd": ahead.daily_sd if ahead else None,
        "demand_days": ahead.days if ahead else 0,
        "lead_time_days": ahead.lead_time_days if ahead else None,
        "lead_time_sd_days": ahead.lead_time_sd_days if ahead else None,
        "service_level": terms.service_level if terms else None,
        "lead_time_demand": ahead.lead_time_demand if ahead else None,
        "safety_stock": one.safety_stock,
        "reorder_point": made.reorder_point,
    }
    if terms is not None:
        holding = terms.unit_cost * terms.holding_rate
        lot = sqrt(2 * terms.order_cost * ahead.daily * DAYS_A_YEAR / holding) if ahead and holding > 0 else None
        flat |= {"eoq": lot, "order_cost": terms.order_cost, "holding_cost_unit_year": holding}
        flat |= {"moq": terms.moq, "pack": terms.pack, "capacity": terms.capacity}
    if one.supply is not None:
        flat |= {"supplier": one.supply.supplier}
    flat |= {"quantity": made.quantity, "formula": one.formula, "replenish": made.replenish}
    return {**flat, "card": msgspec.to_builtins(one)}


def _differs(units: int, made: Plan) -> bool:
    """Whether so many units are off what is wanted now by a lot or more."""
    return made.order_quantity is not None and abs(units - made.card.order) >= made.order_quantity


def _adopted(proposal: Proposal, made: Plan, state: State, now_ms: int) -> Need:
    """The need that a gateway's proposal becomes: its numbers beside what the service knows."""
    assert proposal.sku == made.sku, "a proposal is adopted for its own SKU"
    better = made.reorder_point is not None and made.card.order > 0 and _differs(proposal.quantity, made)
    why = why_of(made) | {
        "decided_ms": now_ms,
        "proposed_ms": proposal.at_ms,
        "gateway_position": proposal.position,
        "gateway_reorder_point": proposal.reorder_point,
        "gateway_quantity": proposal.quantity,
        "quantity": made.card.order if better else proposal.quantity,
    }
    if not better:
        point = proposal.reorder_point if made.reorder_point is None else made.reorder_point
        why |= {"formula": GATEWAY, "position": proposal.position, "reorder_point": point}
    return Need(made.sku, why["quantity"], state, now_ms, now_ms, why)
