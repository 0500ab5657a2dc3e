"""The policy for one SKU: the cheapest that its lots and service level allow, and what the others would cost."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Literal

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
    inner, steps = in_steps(ahead, costs, lots)
    if goal != "cost":
        return _by_service(ahead, inner, steps, goal, level)
    found = _exact(ahead, inner, steps) if lots.pack == 1 else None
    return found if found is not None else _point_and_lot(ahead, inner, steps)


def by_hand(ahead: Prospect, costs: Costs, lots: Lots, point: int, lot: int) -> Policy:
    """What a point and lot that somebody set lead to."""
    inner, _ = in_steps(ahead, costs, lots)
    near = max(1, round(lot / ahead.step))
    result = points.evaluate(point // ahead.step, near, ahead.day, ahead.lead, inner)
    return replace(policy_of(ahead, "by_hand", 0, near, result), point=point, lot=lot)


def alternatives(ahead: Prospect, costs: Costs, lots: Lots = ANY) -> list[Policy]:
    """Every policy for the same costs and lots, the cheapest first: what a choice was made from."""
    inner, steps = in_steps(ahead, costs, lots)
    found = [
        _exact(ahead, inner, steps) if lots.pack == 1 else None,
        _point_and_lot(ahead, inner, steps),
        _by_service(ahead, inner, steps, "ready", costs.ratio),
        _textbook(ahead, inner, steps),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: one.outcome.cost)


def in_steps(ahead: Prospect, costs: Costs, lots: Lots) -> tuple[Costs, Lots]:
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
    return policy_of(ahead, "exact_levels", found.point, found.upto - found.point, result)


def _point_and_lot(ahead: Prospect, costs: Costs, lots: Lots) -> Policy:
    found = points.best(moments(ahead.day)[0], ahead.lead, costs, lots, ahead.day)
    result = points.evaluate(found.point, found.lot, ahead.day, ahead.lead, costs)
    return policy_of(ahead, "best_point_and_lot", found.point, found.lot, result)


def _by_service(ahead: Prospect, costs: Costs, lots: Lots, goal: Goal, level: float | None) -> Policy:
    if level is None:
        raise ValueError("no service level is given: give one between 0 and 1, or plan by cost")
    lot = _economic_lot(ahead, costs, lots)
    if goal == "fill":
        point = points.by_fill_rate(ahead.lead, lot, level, ahead.day)
    else:
        point = points.by_ready_rate(ahead.lead, lot, level)
    result = points.evaluate(point, lot, ahead.day, ahead.lead, costs)
    return policy_of(ahead, "economic_lot_and_service", point, lot, result)


def _textbook(ahead: Prospect, costs: Costs, lots: Lots) -> Policy:
    mean, variance = moments(ahead.lead)
    point = ceil(mean + STANDARD.inv_cdf(costs.ratio) * sqrt(variance))
    lot = _economic_lot(ahead, costs, lots)
    result = points.evaluate(point, lot, ahead.day, ahead.lead, costs)
    return policy_of(ahead, "textbook", point, lot, result)


def _economic(ahead: Prospect, costs: Costs) -> float:
    units = eoq(costs.order, ahead.demand / ahead.step, costs.holding).units if costs.order else 1.0
    return max(units, LEAST)


def _economic_lot(ahead: Prospect, costs: Costs, lots: Lots) -> int:
    demand = ahead.demand / ahead.step
    return best_lot(lambda units: lot_cost(units, costs.order, demand, costs.holding), _economic(ahead, costs), lots)


def policy_of(ahead: Prospect, name: Name, point: int, lot: int, result: Outcome) -> Policy:
    """A policy in units, of one in steps."""
    step = ahead.step
    result = replace(result, stock=result.stock * step, backorders=result.backorders * step, waste=result.waste * step)
    return Policy(name, "s,S" if name == "exact_levels" else "r,Q", point * step, lot * step, result)
