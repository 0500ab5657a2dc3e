"""Replenishment: when to order an SKU again, how much, and why; and the life of the one open need it may have."""

from __future__ import annotations

from math import ceil
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.demand import Demand
from cloud.core.planning.amounts import lead_time_moments
from cloud.core.planning.lots import Lots, best_lot, eoq
from cloud.core.planning.points import reorder_point
from cloud.core.view import Param
from protocols.layout import Sku
from protocols.reports import Proposal

DAYS_A_YEAR = 365
READY_RATE = "eoq+ready_rate"
"""Code of the policy on the card: economic order quantity in packs, reorder point by the ready rate."""
LEAD_TIME_FLOOR = "eoq+lead_time_demand"
"""The same, the reorder point raised to the mean lead-time demand: large lots would reach the ready rate with less."""
BY_HAND = "by_hand"
"""The reorder point is the one in the site file."""
GATEWAY = "gateway"
"""A gateway proposed it, by the policy it was sent last, while the service was away."""

Verdict = Literal["order", "enough", "demand_unknown", "no_demand", "stock_unknown"]


class Plan(Struct, frozen=True):
    """What should be done about one SKU now. `quantity` is 0 unless `verdict` is "order"; the figures are None
    while demand is not known. `order_quantity` is the usual lot, `quantity` what to order now, in whole lots. Less
    than a unit a year is "no_demand"."""

    sku: str
    verdict: Verdict
    position: int
    reorder_point: int | None
    order_quantity: int | None
    quantity: int
    why: dict[str, Param]


class Need(Struct, frozen=True):
    """A proposal to order. `quantity` and `why` are frozen when it is made; `id` is given by the ledger."""

    sku: str
    quantity: int
    state: Literal["proposed", "fulfilled", "withdrawn"]
    created_ms: int
    changed_ms: int
    why: dict[str, Param]
    id: int = 0


def plan(
    sku: Sku, demand: Demand | None, on_hand: int, on_order: int, uncertain: int = 0, capacity: int | None = None
) -> Plan:
    """The plan for an SKU with `on_hand` + `on_order` units, `uncertain` of its slots having no known count.

    Lot: EOQ, at most a year's demand, to the better neighbouring pack multiple, at least the MOQ. Reorder point: by the
    ready rate (`points.reorder_point`), but never below the mean lead-time demand, for safety stock should not be
    negative. With `capacity`, the units its slots hold, neither a lot nor what is ordered now is more than fits, in
    whole packs; only the MOQ may be. A reorder point and a quantity by hand (the site file's) stand above all this, and
    need no demand to be known.
    """
    position = on_hand + on_order
    why: dict[str, Param] = {
        "on_hand": on_hand,
        "on_order": on_order,
        "position": position,
        "daily_demand": demand.mean if demand else None,
        "demand_sd": demand.sd if demand else None,
        "demand_days": demand.days if demand else 0,
        "lead_time_days": sku.lead_time_days,
        "lead_time_sd_days": sku.lead_time_sd_days,
        "service_level": sku.service_level,
        "lead_time_demand": None,
        "safety_stock": None,
        "reorder_point": None,
        "eoq": None,
        "order_cost": sku.order_cost,
        "holding_cost_unit_year": sku.unit_cost * sku.holding_rate,
        "moq": sku.moq,
        "pack": sku.pack,
        "capacity": capacity,
        "quantity": 0,
        "formula": READY_RATE,
    }
    point, lot, annual = sku.reorder_point, sku.order_quantity, None
    if demand is not None:
        annual = demand.mean * DAYS_A_YEAR
        economic = _economic(sku.order_cost, annual, sku.unit_cost * sku.holding_rate)
        lot = lot or _fitting(lot_size(economic, Lots(sku.moq, sku.pack)), capacity, sku)
        lead, spread = sku.lead_time_days, sku.lead_time_sd_days**2
        mean, variance = lead_time_moments(demand.mean, demand.sd**2, lead, spread)
        why |= {"lead_time_demand": mean, "eoq": economic}
        if point is None:
            point = reorder_point(mean, variance, lot, sku.service_level)
            if point < mean:
                point, why["formula"] = ceil(mean), LEAD_TIME_FLOOR
        why |= {"safety_stock": point - mean}
    if point is None:
        return Plan(sku.id, "stock_unknown" if uncertain else "demand_unknown", position, None, None, 0, why)
    lot = lot or _fitting(sku.least_lot, capacity, sku)
    why["reorder_point"] = point
    if sku.reorder_point is not None:
        why["formula"] = BY_HAND
    if uncertain:
        return Plan(sku.id, "stock_unknown", position, point, lot, 0, why)
    if sku.reorder_point is None and annual is not None and annual < 1:
        return Plan(sku.id, "no_demand", position, point, lot, 0, why)
    if position > point:
        return Plan(sku.id, "enough", position, point, lot, 0, why)
    room = None if capacity is None else capacity - position
    why["quantity"] = quantity = _fitting(ceil((point + 1 - position) / lot) * lot, room, sku)
    return Plan(sku.id, "order", position, point, lot, quantity, why)


def _fitting(units: int, room: int | None, sku: Sku) -> int:
    """`units`, or as many whole packs as there is room for, but at least the MOQ."""
    if room is None or units <= room:
        return units
    return max(room // sku.pack * sku.pack, sku.least_lot)


def decide(open_need: Need | None, now_plan: Plan, now_ms: int, proposal: Proposal | None = None) -> Need | None:
    """The need to store now, or None when nothing changes; so deciding N times is deciding once.

    A proposed need is *fulfilled* once the position is above both the present reorder point and the one it was
    made for: stock came, or was ordered. It is *withdrawn* when only the reorder point fell or demand ended. What
    can not be told (stock or demand unknown) leaves it as it is.

    An open `proposal` of a gateway becomes the need, as it stands there, unless one is open already, or the service
    knows that none is wanted, or the stock that was last known was above the proposal's point. Such a need is fulfilled
    though demand is not known: its point is the proposal's.
    """
    assert open_need is None or open_need.sku == now_plan.sku, "a need is decided by its own SKU's plan"
    wanted = now_plan.verdict not in ("enough", "no_demand")
    if open_need is None or open_need.state != "proposed":
        proposed = proposal is not None and proposal.state == "open" and now_plan.position <= proposal.reorder_point
        if proposal is not None and proposed and wanted:
            return adopted(proposal, now_plan, now_ms)
        if now_plan.verdict != "order":
            return None
        return Need(now_plan.sku, now_plan.quantity, "proposed", now_ms, now_ms, dict(now_plan.why))
    made_for = open_need.why["reorder_point"]
    assert isinstance(made_for, int), "a need is only proposed with a reorder point"
    above = now_plan.position > made_for
    by_gateway = now_plan.verdict == "demand_unknown" and open_need.why["formula"] == GATEWAY
    if wanted and not (by_gateway and above):
        return None
    return replace(open_need, state="fulfilled" if above else "withdrawn", changed_ms=now_ms)


def adopted(proposal: Proposal, now_plan: Plan, now_ms: int) -> Need:
    """The need that a gateway's proposal becomes: its numbers, beside what the service knows."""
    assert proposal.sku == now_plan.sku, "a proposal is adopted for its own SKU"
    why = now_plan.why | {"formula": GATEWAY, "position": proposal.position, "quantity": proposal.quantity}
    why |= {"reorder_point": proposal.reorder_point, "proposed_ms": proposal.at_ms}
    return Need(proposal.sku, proposal.quantity, "proposed", now_ms, now_ms, why)


def _economic(order_cost: float, annual_demand: float, holding: float) -> float:
    """What to order at once by cost: at most a year's demand, which it is where holding costs nothing. Units."""
    if holding <= 0:
        return annual_demand
    if order_cost <= 0 or annual_demand <= 0:
        return 0.0
    return min(eoq(order_cost, annual_demand, holding).units, annual_demand)


def lot_size(economic: float, lots: Lots) -> int:
    """The lot of least yearly cost that may be ordered. KD/Q + hQ/2 is in proportion to EOQ^2/Q + Q."""
    return best_lot(lambda units: economic * economic / units + units, economic, lots) if economic > 0 else lots.least
