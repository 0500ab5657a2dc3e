"""The policy for one SKU: the cheapest that its lots and service level allow, and what the others would cost."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from cloud.core.planning import levels, points
from cloud.core.planning.amounts import moments
from cloud.core.planning.losses import STANDARD, Costs
from cloud.core.planning.lots import ANY, Lots, best_lot, eoq, lot_cost
from cloud.core.planning.outcomes import Outcome
from cloud.core.planning.prospects import Prospect

SPAN_EXACT = 1_500
"""(s, S) is searched while an economic lot is at most so many steps; beyond, it is nearly (r, Q) and slow to find."""

Goal = Literal["cost", "ready", "fill"]
Name = Literal[
    "exact_levels",
    "best_point_and_lot",
    "economic_lot_and_service",
    "textbook",
    "by_hand",
    "with_room",
    "promise_kept",
    "periodic_review",
    "base_stock",
    "newsvendor",
    "order_to_demand",
    "eoq_with_backorders",
    "loss_functions",
    "power_approximation",
]
"""`with_room` and `promise_kept` are alternatives where a policy is bounded: what would be best with no bounds, and the
cheapest within them that keeps the promise, where that is too dear. Those after them are of policies.py."""
LEAST = 1e-9
"""An economic lot is taken to be no smaller: an order that costs as good as nothing makes it vanish."""
SIZES_TRIED = 24
"""So many lots are tried, evenly spread, where room or shelf life bounds lot and point together."""
SHELF_SHARE = 5
"""Where the bounds put a promise in doubt, a unit more that is met at once is worth what it costs to order one by this
part of what may be filled up: a promise is given up only for more than that, and never bought at any price."""


class Policy(Struct, frozen=True):
    """At a position of `point` or less: with "s,S" order up to point + lot, with "r,Q" as many lots as bring it above.

    `name` says how it was found; units throughout. `lot` of (s, S) is S - s, the least it orders.
    """

    name: Name
    kind: Literal["s,S", "r,Q"]
    point: int
    lot: int
    outcome: Outcome

    def order(self, position: int) -> int:
        """Units to order at this position, 0 above the point."""
        if position > self.point:
            return 0
        if self.kind == "s,S":
            return self.point + self.lot - position
        return ceil((self.point + 1 - position) / self.lot) * self.lot


def choose(ahead: Prospect, costs: Costs, lots: Lots = ANY, goal: Goal = "cost", level: float | None = None) -> Policy:
    """The policy to follow.

    By "cost": exact (s, S) where the lots let it order any number, else the best (r, Q). By "ready" (share of time
    without a stock-out) or "fill" (share of demand met at once): the economic lot, and the least r >= 0 that promises
    `level`. ValueError where such a level is missing.
    """
    inner, steps = _in_steps(ahead, costs, lots)
    if goal != "cost":
        return _by_service(ahead, inner, steps, goal, level)
    found = _exact(ahead, inner, steps) if lots.pack == 1 else None
    return found if found is not None else _point_and_lot(ahead, inner, steps)


def bounded(
    ahead: Prospect, costs: Costs, lots: Lots, upto: int, goal: Goal = "cost", level: float | None = None
) -> Policy:
    """The (r, Q) to follow where r + Q may be at most `upto` units: of least cost, the share of demand that it lacks to
    the promise counted in at K / (upto / `SHELF_SHARE`) a unit. As large a lot as fits leaves no room for a reorder
    point and meets little; units ordered singly meet most and cost the most orders: it lies between. The least lot may
    be above `upto`; then it is ordered once nothing is left."""
    worth = SHELF_SHARE * costs.order / max(1, upto) * ahead.demand
    best = min(_within(ahead, costs, lots, upto, goal, level), key=lambda one: one[0].outcome.cost + one[1] * worth)[0]
    if best.point + best.lot > max(upto, lots.least):  # less fits than is counted as one
        lot = max(lots.least, upto // lots.pack * lots.pack)
        return replace(best, point=max(0, upto - lot), lot=lot)
    return best


def keeping(ahead: Prospect, costs: Costs, lots: Lots, upto: int, level: float) -> Policy | None:
    """Of the same the cheapest that meets this share of demand at once, whatever it costs; None where none does."""
    found = [one for one, lacks in _within(ahead, costs, lots, upto, "fill", level) if lacks <= 0]
    best = min(found, key=lambda one: one.outcome.cost, default=None)
    return replace(best, name="promise_kept") if best is not None and best.point + best.lot <= upto else None


def _within(
    ahead: Prospect, costs: Costs, lots: Lots, upto: int, goal: Goal, level: float | None
) -> list[tuple[Policy, float]]:
    """Of each lot the best point at which it fits, and the share that this lacks to the promise."""
    inner, steps = _in_steps(ahead, costs, lots)
    most = upto // ahead.step
    sizes = steps.sizes(most)
    tried = sizes[np.unique(np.linspace(0, len(sizes) - 1, min(len(sizes), SIZES_TRIED)).astype(np.int64))]
    name: Name = "best_point_and_lot" if goal == "cost" else "economic_lot_and_service"
    found = []
    for lot in tried.tolist():
        if goal == "fill" and level is not None:
            wanted = points.by_fill_rate(ahead.lead, lot, level, ahead.day)
        else:
            wanted = points.by_ready_rate(ahead.lead, lot, level if goal == "ready" and level else inner.ratio)
        point = min(wanted, max(0, most - lot))
        result = points.evaluate(point, lot, ahead.day, ahead.lead, inner)
        met = result.fill if goal == "fill" else result.ready
        lacks = max(0.0, level - met) if goal != "cost" and level is not None and point < wanted else 0.0
        found.append((_policy(ahead, name, point, lot, result), lacks))
    return found


def by_hand(ahead: Prospect, costs: Costs, lots: Lots, point: int, lot: int) -> Policy:
    """What a point and lot that somebody set lead to."""
    inner, _ = _in_steps(ahead, costs, lots)
    near = max(1, round(lot / ahead.step))
    result = points.evaluate(point // ahead.step, near, ahead.day, ahead.lead, inner)
    return replace(_policy(ahead, "by_hand", 0, near, result), point=point, lot=lot)


def alternatives(ahead: Prospect, costs: Costs, lots: Lots = ANY) -> list[Policy]:
    """Every policy for the same costs and lots, the cheapest first: what a choice was made from."""
    inner, steps = _in_steps(ahead, costs, lots)
    found = [
        _exact(ahead, inner, steps) if lots.pack == 1 else None,
        _point_and_lot(ahead, inner, steps),
        _by_service(ahead, inner, steps, "ready", costs.ratio),
        _textbook(ahead, inner, steps),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: one.outcome.cost)


def _in_steps(ahead: Prospect, costs: Costs, lots: Lots) -> tuple[Costs, Lots]:
    """Costs and lots where `ahead.step` units count as one. ValueError where steps and packs do not fit each other."""
    step = ahead.step
    if step == 1:
        return costs, lots
    if step % lots.pack and lots.pack % step:
        raise ValueError(
            f"{step} units are counted as one, which packs of {lots.pack} do not fit: give prospect the lots"
        )
    most = None if lots.most is None else lots.most // step
    scaled = Lots(ceil(lots.moq / step), max(1, lots.pack // step), most)
    return Costs(costs.order, costs.holding * step, costs.backorder * step), scaled


def _exact(ahead: Prospect, costs: Costs, lots: Lots) -> Policy | None:
    """Of what comes singly, for it orders up to a level: packs would have to be opened."""
    if lots.most is not None or _economic(ahead, costs) > SPAN_EXACT:
        return None
    found = levels.exact(ahead.day, ahead.lead, costs)
    if found.upto - found.point < lots.least:
        return None
    result = levels.evaluate(found.point, found.upto, ahead.day, ahead.lead, costs)
    return _policy(ahead, "exact_levels", found.point, found.upto - found.point, result)


def _point_and_lot(ahead: Prospect, costs: Costs, lots: Lots) -> Policy:
    found = points.best(moments(ahead.day)[0], ahead.lead, costs, lots, ahead.day)
    result = points.evaluate(found.point, found.lot, ahead.day, ahead.lead, costs)
    return _policy(ahead, "best_point_and_lot", found.point, found.lot, result)


def _by_service(ahead: Prospect, costs: Costs, lots: Lots, goal: Goal, level: float | None) -> Policy:
    if level is None:
        raise ValueError("no service level is given: give one between 0 and 1, or plan by cost")
    lot = _economic_lot(ahead, costs, lots)
    if goal == "fill":
        point = points.by_fill_rate(ahead.lead, lot, level, ahead.day)
    else:
        point = points.by_ready_rate(ahead.lead, lot, level)
    result = points.evaluate(point, lot, ahead.day, ahead.lead, costs)
    return _policy(ahead, "economic_lot_and_service", point, lot, result)


def _textbook(ahead: Prospect, costs: Costs, lots: Lots) -> Policy:
    mean, variance = moments(ahead.lead)
    point = ceil(mean + STANDARD.inv_cdf(costs.ratio) * sqrt(variance))
    lot = _economic_lot(ahead, costs, lots)
    result = points.evaluate(point, lot, ahead.day, ahead.lead, costs)
    return _policy(ahead, "textbook", point, lot, result)


def _economic(ahead: Prospect, costs: Costs) -> float:
    units = eoq(costs.order, ahead.demand / ahead.step, costs.holding).units if costs.order else 1.0
    return max(units, LEAST)


def _economic_lot(ahead: Prospect, costs: Costs, lots: Lots) -> int:
    demand = ahead.demand / ahead.step
    return best_lot(lambda units: lot_cost(units, costs.order, demand, costs.holding), _economic(ahead, costs), lots)


def _policy(ahead: Prospect, name: Name, point: int, lot: int, result: Outcome) -> Policy:
    step = ahead.step
    result = replace(result, stock=result.stock * step, backorders=result.backorders * step)
    return Policy(name, "s,S" if name == "exact_levels" else "r,Q", point * step, lot * step, result)
