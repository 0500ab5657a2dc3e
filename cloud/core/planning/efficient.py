"""The efficient curve of an SKU, or of a set: what each share of demand met at once costs.

Every point keeps the lot of the policy that is proposed and moves its reorder point alone, to the least that promises
the share asked for; where shelves do not allow it, to the highest that they do. So the policy proposed
lies on the curve; how far another lies off it is what it wastes or misses, in money spent a year: by stock alone who
orders all too often looks thrifty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import Pmf, added, moments
from cloud.core.planning.choice import Policy
from cloud.core.planning.expiry import MANY, Life, spoiling
from cloud.core.planning.items import Item
from cloud.core.planning.levels import renewals
from cloud.core.planning.losses import Costs, losses
from cloud.core.planning.lots import Lots
from cloud.core.planning.prospects import Prospect
from cloud.core.planning.settling import DAYS_A_YEAR, Outlook, costs_of, settle

LEVELS = (0.80, 0.85, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.999)
"""The shares of demand met at once that are asked for."""
LOT_EXACT = 5_000
"""A Max so many steps above its Min, or more, is taken for (r, Q): there it is nearly the same, and quick."""
OWED_MAX = 10_000
"""A Min that lets more steps than this be owed is not drawn: nothing is kept."""

LIVED, RARE = 9, 0.001
"""Of what expires so many points are lived through, from where so little demand would leave anything on."""

Array = np.ndarray[Any, np.dtype[np.float64]]


class Point(Struct, frozen=True):
    """A policy: the share of demand it is to meet (`level`) and does (`fill`); average stock in money; money a year
    `spent` on orders, holding and what expires, and its `cost` with owing; orders a year. `reorder_point` and `lot` in
    units, 0 of a set."""

    level: float
    fill: float
    stock_value: float
    spent: float
    cost: float
    orders: float
    reorder_point: int
    lot: int


class Curve(Struct, frozen=True):
    """Points over `LEVELS`, the policy proposed and that in force; `demand` units a year. Without a plan no points, and
    the `reason`."""

    sku: str
    policy: str = ""
    demand: float = 0.0
    points: list[Point] = []
    proposed: Point | None = None
    in_force: Point | None = None
    reason: str = ""


class _Lots(NamedTuple):
    """How positions after ordering lie above the reorder point: chance of point + 1 + i; orders a period; units."""

    weights: Pmf
    orders: float
    lot: int


def curve(item: Item, told: Outlook | None, in_force: tuple[float, float] | None = None) -> Curve:
    """The curve of an item. It never raises: what can not be planned says why.

    `in_force`: Min and Max as somebody set them; at Min or less, up to Max. With packs, or an MOQ above Max - Min, so
    much is taken to be ordered at once. Without it, in force is the item's reorder point by hand, where there is one.
    """
    free = item.free
    made = settle(free, told, others=False)
    if made.policy is None or made.ahead is None or told is None:
        return Curve(item.sku, reason=made.reason or "no demand: less than a unit a year")
    ahead, policy, costs = made.ahead, made.policy, costs_of(item)
    point = policy.point // ahead.step
    lot = _lot(ahead, policy.lot / ahead.step, policy.kind == "s,S")
    drawn = _drawn(item, ahead, costs, lot, min(0, point)).within(_highest(item, ahead, policy))
    if item.shelf_life_days is not None and not len(lot.weights):
        days = (item.lead_time_days, item.lead_time_sd_days, item.shelf_life_days)
        drawn = drawn.expiring(Life(told.demand, *days, ahead.step), point)
    if in_force is not None:
        other = _min_max(item, ahead, costs, in_force)
    elif item.reorder_point is not None:
        other = _by_hand(item, ahead, costs, settle(item, told, others=False).policy)
    else:
        other = None
    return Curve(item.sku, policy.kind, told.mean * DAYS_A_YEAR, drawn.of(LEVELS), drawn.at(point), other)


def together(curves: Iterable[Curve]) -> Curve:
    """The curve of a set: at each level the sums, and the share of all units met at once. SKUs without a plan are left
    out, and the policy in force where one of the others has none."""
    planned = [one for one in curves if one.points]
    if not planned:
        return Curve("", reason="none of these can be planned, or has demand")
    weights = [one.demand for one in planned]
    proposed = [one.proposed for one in planned if one.proposed is not None]
    in_force = [one.in_force for one in planned if one.in_force is not None]
    return Curve(
        "",
        "",
        sum(weights),
        [_sum([one.points[at] for one in planned], weights, level) for at, level in enumerate(LEVELS)],
        _sum(proposed, weights),
        _sum(in_force, weights) if len(in_force) == len(planned) else None,
    )


class _Drawn(NamedTuple):
    """What each reorder point from `least` on leads to, of one lot: in steps, a period."""

    item: Item
    step: int
    least: int
    lot: _Lots
    costs: Costs
    stock: Array
    owed: Array
    fill: Array
    beside: Array | float = 0.0
    """Money a day for what expires, and for orders on top of the lot's own."""

    def of(self, shares: Sequence[float]) -> list[Point]:
        """The least reorder point for each share, the highest where none gives it."""
        reached = [np.flatnonzero(self.fill >= share - 1e-12) for share in shares]
        last = len(self.fill) - 1
        return [self._point(int(at[0]) if len(at) else last, share) for at, share in zip(reached, shares, strict=True)]

    def within(self, highest: int | None) -> _Drawn:
        """Without the reorder points above the `highest`."""
        if highest is None:
            return self
        end = highest - self.least + 1
        return self._replace(stock=self.stock[:end], owed=self.owed[:end], fill=self.fill[:end])

    def expiring(self, life: Life, point: int) -> _Drawn:
        """With what expires; lived through at `point`, and at others evenly spread."""
        rare = int(np.searchsorted(np.cumsum(life.within()), RARE))
        last = self.least + len(self.fill) - 1
        first = min(max(self.least, rare - self.lot.lot), last)
        at = np.unique([*np.linspace(first, last, LIVED).astype(int).tolist(), max(first, point)])
        lived = spoiling(life, at.tolist(), [self.lot.lot] * len(at), MANY)
        dearer = self.item.unit_cost * self.step * lived.waste + self.costs.order * lived.orders
        every = np.arange(self.least, last + 1)
        stock, owed, fill, beside = (np.interp(every, at, one) for one in (lived.stock, lived.owed, lived.fill, dearer))
        return self._replace(
            stock=np.maximum(self.stock + stock, 0.0),
            owed=np.maximum(self.owed + owed, 0.0),
            fill=np.clip(self.fill - fill, 0.0, 1.0),
            beside=beside,
        )

    def at(self, point: int) -> Point:
        """That of one reorder point."""
        at = min(point - self.least, len(self.fill) - 1)
        return self._point(at, float(self.fill[at]))

    def _point(self, at: int, share: float) -> Point:
        stock, owed = float(self.stock[at]) * self.step, float(self.owed[at]) * self.step
        beside = self.beside if isinstance(self.beside, float) else float(self.beside[at])
        spent = self.costs.order * self.lot.orders + self.costs.holding * stock + beside
        return Point(
            share,
            float(self.fill[at]),
            stock * self.item.unit_cost,
            spent * DAYS_A_YEAR,
            (spent + self.costs.backorder * owed) * DAYS_A_YEAR,
            self.lot.orders * DAYS_A_YEAR,
            (self.least + at) * self.step,
            self.lot.lot * self.step,
        )


def _highest(item: Item, ahead: Prospect, policy: Policy) -> int | None:
    """The highest reorder point in steps at which the lot fits, the policy's own at least; None where all do."""
    if item.capacity is None:
        return None
    return max(item.capacity - policy.lot, policy.point) // ahead.step


def _drawn(item: Item, ahead: Prospect, costs: Costs, lot: _Lots, least: int, most: int | None = None) -> _Drawn:
    """Every reorder point from `least` until nothing is owed any more, or to `most`, by outcomes.py's arithmetic."""
    after = added(ahead.lead, ahead.day)
    last = max(len(after), least + 1) if most is None else most
    low, high = least + 1, last + lot.lot
    short, later = (losses(pmf, low, high) for pmf in (ahead.lead, after))
    owed, newly = _mean(short, lot), _mean(later - short, lot)
    mean = moments(ahead.lead)[0]
    offset = float(lot.weights @ np.arange(len(lot.weights))) if len(lot.weights) else (lot.lot - 1) / 2
    stock = np.maximum(np.arange(low, low + len(owed)) + offset - mean + owed, 0.0)
    fill = np.clip(1 - newly / moments(ahead.day)[0], 0.0, 1.0)
    return _Drawn(item, ahead.step, least, lot, costs, stock, owed, fill)


def _mean(table: Array, lot: _Lots) -> Array:
    """At each reorder point the mean of `table` over the positions above it."""
    if len(lot.weights):
        return np.asarray(np.correlate(table, lot.weights, "valid"))
    sums = np.append(np.cumsum(table[::-1])[::-1], 0.0)
    return np.asarray((sums[: len(sums) - lot.lot] - sums[lot.lot :]) / lot.lot)


def _lot(ahead: Prospect, steps: float, up_to: bool) -> _Lots:
    """(s, S)'s by its renewals; (r, Q)'s are alike, and no weights are written down."""
    lot = max(1, round(steps))
    if up_to and lot < LOT_EXACT:
        times = renewals(ahead.day, lot)
        return _Lots(times[::-1] / times.sum(), float(1 / times.sum()), lot)
    short = float(losses(ahead.day, lot, lot)[0])
    return _Lots(np.empty(0), (moments(ahead.day)[0] - short) / lot, lot)


def _min_max(item: Item, ahead: Prospect, costs: Costs, in_force: tuple[float, float]) -> Point | None:
    low, high = in_force
    low = min(low, high - 1)  # at its Max nothing is ordered
    units, least = high - low, Lots(item.moq, item.pack).least
    opened = item.pack == 1 and least <= units
    wanted = units if opened else max(least, ceil(units / item.pack) * item.pack)
    point = round(low / ahead.step)
    if point < -OWED_MAX:
        return None
    return _drawn(item, ahead, costs, _lot(ahead, wanted / ahead.step, opened), point, point).at(point)


def _by_hand(item: Item, ahead: Prospect, costs: Costs, policy: Policy | None) -> Point | None:
    if policy is None:
        return None
    point = policy.point // ahead.step
    return _drawn(item, ahead, costs, _lot(ahead, policy.lot / ahead.step, False), point, point).at(point)


def _sum(points: Sequence[Point], weights: Sequence[float], level: float | None = None) -> Point:
    fill = sum(one.fill * weight for one, weight in zip(points, weights, strict=True)) / sum(weights)
    value, spent = sum(one.stock_value for one in points), sum(one.spent for one in points)
    cost, orders = sum(one.cost for one in points), sum(one.orders for one in points)
    return Point(fill if level is None else level, fill, value, spent, cost, orders, 0, 0)
