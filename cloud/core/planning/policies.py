"""Policies that an item asks for by name: looked at every so many days, or ordered to demand; and rules of thumb.

`periodic`: on every review day as many least lots as bring the projected stock above the point, exactly of any discrete
demand, since that is (r, Q) of the review interval's demand (Hadley & Whitin 1963). Where stock expires before the
next review each order is for itself: the newsvendor's. `jit`: what is promised or owed beyond what is there and coming.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import ceil, sqrt

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from cloud.core.planning import levels, newsvendor, points, textbook
from cloud.core.planning.amounts import Pmf, added, moments
from cloud.core.planning.bounds import BROKEN, EXPIRY, SHELVES, Limit, bounds_of
from cloud.core.planning.choice import SPAN_EXACT, Name, Policy
from cloud.core.planning.demand import Demand
from cloud.core.planning.dynamic import order_to_demand
from cloud.core.planning.items import Item
from cloud.core.planning.losses import Costs, losses, position_costs
from cloud.core.planning.lots import ANY, Lots, best_lot, eoq, lot_cost
from cloud.core.planning.outcomes import Outcome
from cloud.core.planning.prospects import Prospect, prospect

DAYS_SEEN_MAX = 60
"""A review interval's stock is averaged over so many of its days at most, evenly spread."""


class Asked(Struct, frozen=True):
    """The policy an item asks for, codes of what bounded it, and what others with the same review would lead to."""

    policy: Policy
    limits: list[Limit] = []
    others: list[Policy] = []


class _Ahead(Struct, frozen=True):
    """Demand in steps of `step` units: over the lead time, over the review interval after it, and the mean of what it
    is by each evening of that interval; `cover` over both together. `days` is the interval."""

    lead: Pmf
    review: Pmf
    evenings: Pmf
    cover: Pmf
    step: int
    days: float


def asked(item: Item, demand: Demand, ahead: Prospect, costs: Costs, lots: Lots, level: float) -> Asked:
    """The policy that `item.policy` names; `costs` are a day's, `level` is the service level, which counts unless a
    backorder cost is given. ValueError where figures do not fit each other."""
    if item.policy == "jit":
        inner, least = _scaled(costs, ahead.step), max(1, round(lots.least / ahead.step))
        result = points.evaluate(-1, least, ahead.day, ahead.lead, inner)
        made = _made("order_to_demand", -1, least, result, ahead.step)
        return Asked(replace(made, point=-1, lot=lots.least))
    days = item.review_days or 1.0
    if item.shelf_life_days is not None and item.shelf_life_days < days:
        found = _season(item, days, demand, costs, lots)
        return replace(found, limits=found.limits + _broken(item, found.policy, level))
    there = _over(item, days, demand, lots)
    step, inner, lot = there.step, _scaled(costs, there.step), ceil(lots.least / there.step)
    if item.backorder_cost is None:
        point = points.by_fill_rate(there.lead, lot, level, there.review)
    else:
        point = points.by_ready_rate(there.evenings, lot, costs.ratio, -lot - 1)
    upto = (point + lot) * step
    limits: list[Limit] = []
    bounds = bounds_of(item, demand, ahead.step, upto, level)
    if bounds.upto is not None and upto > bounds.upto:
        point = max(0, bounds.upto // step - lot)
        limits = [bounds.why or EXPIRY, *(["least_lot_too_large"] if lots.least > bounds.upto else [])]  # type: ignore[list-item]
    normal, _ = levels.periodic(
        demand.mean, sqrt(demand.variance), item.lead_time_days, item.lead_time_sd_days, days, costs.ratio
    )
    rough: dict[Name, int] = {
        "textbook": ceil(normal / step) - lot,
        "base_stock": levels.base_stock(there.cover, costs.ratio) - lot,
    }
    made = _judged("periodic_review", point, lot, there, inner)
    limits += _broken(item, made, level)
    return Asked(made, limits, [_judged(name, at, lot, there, inner) for name, at in rough.items()])


def _broken(item: Item, policy: Policy, level: float) -> list[Limit]:
    """Whether the service level is not kept, as a code."""
    return [BROKEN] if item.backorder_cost is None and policy.outcome.fill < level - 1e-9 else []


def units(item: Item, policy: Policy) -> int:
    """What to order now by a policy that `asked` made: whole packs, at least the MOQ; a review day is today."""
    there, lots = item.position, Lots(item.moq, item.pack)
    if policy.name == "order_to_demand":
        return order_to_demand([0], there.projected, lots=lots)[0]
    if policy.name == "newsvendor":  # what lies there expires before the order comes; what is owed, waits for it
        coming = there.on_order + there.in_transit + min(0, there.available)
        return order_to_demand([0], coming - policy.point - policy.lot, lots=lots)[0]
    return policy.order(there.projected)


def rules_of_thumb(ahead: Prospect, costs: Costs, lots: Lots) -> list[Policy]:
    """What rules for normal demand lead to at these costs, in lots that may be: EOQ with backorders, loss functions,
    and where units come singly the power approximation. None where the lead time's demand is certain."""
    mean, variance = moments(ahead.lead)
    if variance <= 0 or mean <= 0 or costs.order <= 0:
        return []
    step = ahead.step
    inner = _scaled(costs, step)
    scaled = Lots(ceil(lots.moq / step), max(1, lots.pack // step), None if lots.most is None else lots.most // step)
    demand = ahead.demand / step
    normal = textbook.NormalDemand(demand, mean, sqrt(variance))
    found: list[Policy] = []
    rules: dict[Name, Callable[[], float]] = {
        "eoq_with_backorders": lambda: textbook.eoq_with_backorders_point(normal, inner)[1],
        "loss_functions": lambda: textbook.loss_functions(normal, inner)[1],
    }
    for name, rule in rules.items():
        with suppress(ValueError):  # costs out of proportion: the rule has no answer
            lot = best_lot(lambda size: lot_cost(size, inner.order, demand, inner.holding), rule(), scaled)
            point = ceil(textbook.best_point(lot, normal, inner))
            found.append(_made(name, point, lot, points.evaluate(point, lot, ahead.day, ahead.lead, inner), step))
    economic = eoq(inner.order, demand, inner.holding).units
    if lots == ANY and economic <= SPAN_EXACT:  # where levels are what is chosen
        low, high = levels.power_approximation(demand, sqrt(moments(ahead.day)[1]), inner, mean, sqrt(variance))
        point, upto = round(low), round(high)
        if upto > point:
            result = levels.evaluate(point, upto, ahead.day, ahead.lead, inner)
            found.append(_made("power_approximation", point, upto - point, result, step))
    return found


def _season(item: Item, days: float, demand: Demand, costs: Costs, lots: Lots) -> Asked:
    """One order for one shelf life: what is left of it is thrown away, what was missed waits for the next review."""
    life, mean = item.shelf_life_days or 0.0, demand.mean
    total, pmf = mean * life, _by(demand, life)
    if item.backorder_cost is None:
        money = Costs(0, item.unit_cost, item.unit_cost * costs.ratio / (1 - costs.ratio))
    else:
        money = Costs(0, item.unit_cost, costs.backorder * days)
    wanted = newsvendor.of_any(money, pmf).units
    most = Lots(lots.moq, lots.pack, item.capacity)
    have = best_lot(lambda size: float(position_costs(pmf, money, size, size)[0]), max(1.0, wanted), most)
    short = float(losses(pmf, have, have)[0])
    enough = float(pmf[: have + 1].sum())
    stock = owed = ready = 0.0
    evenings = _days(days)
    for day in evenings:
        by = pmf if day >= life else _by(demand, day)
        late = float(losses(by, have, have)[0])
        if day < life:
            stock += have - mean * day + late
            owed += late
            ready += float(by[: have + 1].sum())
        else:  # nothing is left; what is asked for since then is owed
            owed += short + mean * (day - life)
            ready += enough * float(_by(demand, day - life)[0])
    stock, owed, ready = (one / len(evenings) for one in (stock, owed, ready))
    thrown = item.unit_cost * (have - total + short)
    cost = (costs.order + thrown) / days + costs.holding * stock + costs.backorder * owed
    result = Outcome(cost, stock, owed, (total - short) / (mean * days), ready, 1 / days)
    limits: list[Limit] = [EXPIRY]
    if item.capacity is not None and wanted > item.capacity:
        limits.append(SHELVES)
        limits += ["least_lot_too_large"] if lots.least > item.capacity else []
    return Asked(Policy("newsvendor", "s,S", have - 1, 1, result), limits)


def _by(demand: Demand, days: float) -> Pmf:
    """The pmf of so many days' demand, of which there is none in no time."""
    return demand.over(days, demand.unsure(days))


def _over(item: Item, days: float, demand: Demand, lots: Lots) -> _Ahead:
    lead, spread = item.lead_time_days, item.lead_time_sd_days**2
    step = prospect(demand, lead + days, spread, lots.least, lots).step

    def until(day: float) -> Pmf:
        return demand.over(lead + day, spread + demand.unsure(lead + day, spread), step)

    before = until(0)
    # What the interval adds: of its doubt, too, which is the same as the lead time's.
    review = demand.over(days, demand.unsure(lead + days) - demand.unsure(lead), step)
    evenings = [before, *(until(day) for day in _days(days)[1:])]
    mixed = np.zeros(max(map(len, evenings)))
    for one in evenings:
        mixed[: len(one)] += one / len(evenings)
    return _Ahead(before, review, mixed / mixed.sum(), added(before, review), step, days)


def _days(days: float) -> list[float]:
    """The evenings of an interval before its last, from the first one, 0, on."""
    count = max(1, ceil(days))
    return [float(one) for one in np.linspace(0, count - 1, min(count, DAYS_SEEN_MAX))]


def _judged(name: Name, point: int, lot: int, there: _Ahead, costs: Costs) -> Policy:
    """What a point and lot lead to that are looked at on review days only, exactly but for days not averaged over."""
    review = points.evaluate(point, lot, there.review, there.lead, costs)
    evening = points.evaluate(point, lot, there.review, there.evenings, costs)
    orders = review.orders / there.days
    cost = costs.order * orders + costs.holding * evening.stock + costs.backorder * evening.backorders
    result = Outcome(cost, evening.stock, evening.backorders, review.fill, evening.ready, orders)
    return _made(name, point, lot, result, there.step)


def _scaled(costs: Costs, step: int) -> Costs:
    return Costs(costs.order, costs.holding * step, costs.backorder * step)


def _made(name: Name, point: int, lot: int, result: Outcome, step: int) -> Policy:
    result = replace(result, stock=result.stock * step, backorders=result.backorders * step)
    kind = "s,S" if name == "power_approximation" else "r,Q"
    return Policy(name, kind, point * step, lot * step, result)  # type: ignore[arg-type]
