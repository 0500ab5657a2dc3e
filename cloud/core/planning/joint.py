"""Several SKUs of one supplier, whose orders share a fixed cost: a cycle for all (Silver), or can-order levels."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod, sqrt
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import Pmf, moments, proper, quantile
from cloud.core.planning.losses import Costs, position_costs
from cloud.core.planning.refusals import not_negative, positive

ROUNDS_MAX = 20
"""So often the SKUs of a supplier are gone through; their chances to join each other settle in about five."""
STEPS_MAX = 100
"""Improvements of one SKU's levels; about five are made."""


class Cycle(NamedTuple):
    """Every `periods` the supplier is ordered from, each SKU every `multiples` of that, `lots` units; the cost."""

    periods: float
    multiples: list[int]
    lots: list[float]
    cost: float


class Member(Struct, frozen=True):
    """One SKU of a joint order: its demand in a period and over the lead time; `costs.order` is its own part alone."""

    day: Pmf
    lead: Pmf
    costs: Costs


class CanOrder(NamedTuple):
    """At `point` or less an order must be placed; at `can` or less the SKU joins one; both up to `upto`. The cost of a
    period, and how often the SKU makes the order necessary."""

    point: int
    can: int
    upto: int
    cost: float
    triggers: float


def silver_cycle(
    shared_cost: float, own_costs: Sequence[float], holding_costs: Sequence[float], demands: Sequence[float]
) -> Cycle:
    """The base cycle and whole multiples by Silver's heuristic (1976): the SKU of least k/(hD) has multiple 1, each
    other sqrt(k/(hD) (h1 D1)/(K + k1)), rounded."""
    not_negative(order_cost=shared_cost)
    values = []
    for own, holding, demand in zip(own_costs, holding_costs, demands, strict=True):
        not_negative(order_cost=own)
        positive(holding_cost=holding, demand=demand)
        values.append(holding * demand)
    if not values:
        raise ValueError("a joint order of no SKUs: name at least one")
    ratios = [own / value for own, value in zip(own_costs, values, strict=True)]
    first = ratios.index(min(ratios))
    positive(order_cost=shared_cost + own_costs[first])
    scale = values[first] / (shared_cost + own_costs[first])
    multiples = [max(1, round(sqrt(ratio * scale))) for ratio in ratios]
    multiples[first] = 1
    return _cycle(shared_cost, own_costs, values, demands, multiples)


def cycle(
    shared_cost: float, own_costs: Sequence[float], holding_costs: Sequence[float], demands: Sequence[float]
) -> Cycle:
    """Silver's cycle, improved until it stays: for the cycle T each SKU's best multiple, the least m with m (m + 1) >=
    2 k/(h D T^2), then the best T for those (Goyal 1974). Never dearer."""
    found = silver_cycle(shared_cost, own_costs, holding_costs, demands)
    values = [holding * demand for holding, demand in zip(holding_costs, demands, strict=True)]
    for _ in range(ROUNDS_MAX):
        square = found.periods * found.periods
        pairs = zip(own_costs, values, strict=True)
        multiples = [max(1, ceil((sqrt(1 + 8 * own / (value * square)) - 1) / 2)) for own, value in pairs]
        better = _cycle(shared_cost, own_costs, values, demands, multiples)
        if better.cost >= found.cost:
            break
        found = better
    return found


def can_order_levels(shared_cost: float, members: Sequence[Member]) -> list[CanOrder]:
    """(s, c, S) of each SKU. Each is planned by itself, the others' orders being chances, independent in every period,
    to order at its own cost alone; gone through until those chances settle (Federgruen, Groenevelt & Tijms 1984).

    Their costs add up to somewhat more than is paid: all are full after an order, so the next is not due at once, and
    two that make an order necessary on the same day pay for it once (8 % less was paid in the tests' case).
    """
    not_negative(order_cost=shared_cost)
    found = [one_can_order(shared_cost, 0.0, member) for member in members]
    for _ in range(ROUNDS_MAX):
        before = [one.triggers for one in found]
        for at, member in enumerate(members):
            chance = 1 - prod(1 - one.triggers for place, one in enumerate(found) if place != at)
            found[at] = one_can_order(shared_cost, chance, member)
        if all(abs(one.triggers - old) < 1e-3 * old for one, old in zip(found, before, strict=True)):
            break
    return found


def one_can_order(shared_cost: float, chance: float, member: Member) -> CanOrder:
    """The best (s, c, S) of one SKU that can join another's order in a period with this chance: exact, by improving the
    levels until no position can be left better than it is (policy iteration)."""
    day, costs = proper(member.day), member.costs
    mean = moments(day)[0]
    positive(demand=mean)
    least = quantile(proper(member.lead), costs.ratio)
    fixed = shared_cost + costs.order
    economic = sqrt(2 * fixed * mean * (1 / costs.holding + 1 / costs.backorder))
    span = ceil(1.5 * economic + 4 * sqrt(moments(member.lead)[1] + moments(day)[1])) + 8
    low = least - span
    each = position_costs(member.lead, costs, low, least + span)
    levels = (span - 1, span - 1, span)  # places in `each`
    found = None
    for _ in range(STEPS_MAX):
        worth, cost, triggers = _values(day, each, levels, costs.order, shared_cost, chance)
        point, can, upto = levels
        if found is None or cost < found.cost:
            found = CanOrder(low + point, low + max(can, point), low + upto, cost, triggers)
        best, upto = worth.min(), int(np.argmin(worth))
        must = np.flatnonzero(worth[:span] > best + fixed)
        may = np.flatnonzero(worth[:upto] > best + costs.order)
        better = (int(must[-1]) if len(must) else 0, int(may[-1]) if len(may) else 0, upto)
        if better == levels:
            break
        levels = better
    assert found is not None, "levels are valued at least once"
    return found


def decide(positions: Sequence[int], levels: Sequence[CanOrder]) -> list[int]:
    """Units to order of each SKU now: none of any unless one must be ordered, then of all that may."""
    if not any(position <= one.point for position, one in zip(positions, levels, strict=True)):
        return [0] * len(levels)
    return [one.upto - position if position <= one.can else 0 for position, one in zip(positions, levels, strict=True)]


def _values(
    day: Pmf, each: Pmf, levels: tuple[int, int, int], own: float, shared: float, chance: float
) -> tuple[Pmf, float, float]:
    """The relative cost of each position after ordering, 0 at S; the average cost, and how often one must order."""
    point, can, upto = levels
    count = len(each)
    ends = np.array([own + (1 - chance) * shared, 0.0, 1.0])  # at s or less: cost, periods, orders of its own
    joins = np.array([chance * own, 0.0, 0.0])  # between s and c, with this chance
    left = np.zeros((3, count))  # of each position before ordering: cost, periods, own orders until the next order
    after = np.zeros((3, count))
    left[:, : point + 1] = ends[:, None]
    back = day[::-1]
    size = len(day) - 1
    for y in range(count):
        seen = min(size, y)
        now = np.array([each[y], 1.0, 0.0])
        if seen:
            now += left[:, y - seen : y] @ back[size - seen : size]
        if seen < size:
            now += ends * day[y + 1 :].sum()
        if y <= point:
            after[:, y] = now + day[0] * ends
            continue
        stays = 1 - chance if y <= can else 1.0
        if y <= can:
            now += day[0] * joins
        after[:, y] = now / (1 - day[0] * stays)
        left[:, y] = after[:, y] if y > can else joins + stays * after[:, y]
    cost = float(after[0, upto] / after[1, upto])
    return after[0] - cost * after[1], cost, float(after[2, upto] / after[1, upto])


def _cycle(
    shared_cost: float,
    own_costs: Sequence[float],
    values: Sequence[float],
    demands: Sequence[float],
    multiples: list[int],
) -> Cycle:
    fixed = shared_cost + sum(own / m for own, m in zip(own_costs, multiples, strict=True))
    held = sum(value * m for value, m in zip(values, multiples, strict=True))
    periods = sqrt(2 * fixed / held)
    lots = [demand * m * periods for demand, m in zip(demands, multiples, strict=True)]
    return Cycle(periods, multiples, lots, sqrt(2 * fixed * held))
