"""What the planner would do if demand, lead time or service level were another, beside what it does now.

The same `dealt` as plans an SKU, once as things are and once as they would be: nothing is estimated from the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.planning.amounts import moments
from cloud.core.planning.deals import Deal, dealt, held
from cloud.core.planning.items import LEAD_MAX_DAYS, Item
from cloud.core.planning.prospects import Prospect
from cloud.core.planning.settling import DAYS_A_YEAR, Outlook
from cloud.core.sku_view import Led, WhatIf


class Change(Struct, frozen=True):
    """Demand and lead time as shares of what they are; the service level instead of what is aimed at (None: as it
    is)."""

    demand: float = 1.0
    lead: float = 1.0
    level: float | None = None


class Planned(NamedTuple):
    """An SKU as the planner has it: by its own terms, what its suppliers ask, and what is expected of it."""

    item: Item
    deals: Sequence[Deal]
    told: Outlook | None


AS_IT_IS = Change()


def what_if(sku: str, skus: Iterable[Planned], change: Change, go_on: Callable[[], bool] = lambda: True) -> WhatIf:
    """What `change` would do to these SKUs; to one where `sku` names it. It is over when `go_on` says no: what is left
    is counted."""
    now, then, weights = list[Led](), list[Led](), list[float]()
    unplanned = left = 0
    reason = ""
    for one in skus:
        if (now or unplanned) and not go_on():
            left += 1
            continue
        before, after = _led(one, AS_IT_IS), _led(one, change)
        if isinstance(before, str) or isinstance(after, str):
            unplanned += 1
            reason = reason or next(said for said in (before, after) if isinstance(said, str))
            continue
        now.append(before)
        then.append(after)
        weights.append(one.told.mean if one.told is not None else 0.0)
    if sku or not now:
        return WhatIf(sku, len(now), unplanned, left, now[0] if now else None, then[0] if then else None, reason)
    return WhatIf(sku, len(now), unplanned, left, _together(now, weights), _together(then, weights))


def changed(told: Outlook, share: float) -> Outlook:
    """The outlook of so much more demand: of more days' worth of it, not of larger amounts. What is not known of its
    level stays the same share of it."""
    return replace(told, mean=told.mean * share, variance=told.variance * share, doubt=told.doubt * share * share)


def _led(one: Planned, change: Change) -> Led | str:
    """What its policy leads to; why there is none."""
    item, told = one.item, one.told
    if change.level is not None:
        item = replace(item, service_level=change.level, backorder_cost=None)
    item = replace(item, lead_time_days=min(LEAD_MAX_DAYS, item.lead_time_days * change.lead))
    days = [min(LEAD_MAX_DAYS, deal.lead_time_days * change.lead) for deal in one.deals]
    deals = [replace(deal, lead_time_days=lead) for deal, lead in zip(one.deals, days, strict=True)]
    if told is not None and change.demand != 1.0:
        told = changed(told, change.demand)
    found = dealt(item if deals else held(item, told), told, deals)
    made = found.settled
    if made.policy is None or made.ahead is None:
        return made.reason or "no demand: less than a unit a year"
    policy, result = made.policy, made.policy.outcome
    stock = max(0.0, result.stock)
    return Led(
        result.orders * DAYS_A_YEAR,
        float(policy.lot),
        stock,
        stock * found.item.unit_cost,
        min(1.0, max(0.0, result.fill)),
        _risk(made.ahead, policy.point),
        result.cost * DAYS_A_YEAR,
        policy.point,
        policy.point + policy.lot,
        policy.point - moments(made.ahead.lead)[0] * made.ahead.step,
        made.limits,
    )


def _risk(ahead: Prospect, point: int) -> float:
    """The chance that a lead time asks for more than the point."""
    return 1.0 if point < 0 else min(1.0, max(0.0, float(ahead.lead[point // ahead.step + 1 :].sum())))


def _together(every: Sequence[Led], weights: Sequence[float]) -> Led:
    """Of a set: sums; the share of all units met at once; the risk of the mean SKU."""
    units = fsum(weights)
    fill = fsum(one.fill * weight for one, weight in zip(every, weights, strict=True)) / units if units else 1.0
    return Led(
        fsum(one.orders for one in every),
        0.0,
        0.0,
        fsum(one.stock_value for one in every),
        fill,
        fsum(one.risk for one in every) / len(every),
        fsum(one.cost for one in every),
    )
