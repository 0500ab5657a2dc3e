"""What people see of one SKU's past and future, of what waits to be ordered, and of what another policy would do."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cloud.core.planning.bounds import Limit
from cloud.core.planning.cards import Card


class ComingView(Struct, frozen=True):
    """Units of an open order that are still to come, and when (0: nobody knows); `late`: that day is over."""

    order: int
    units: int
    due_ms: int
    late: bool


class RunsOut(Struct, frozen=True):
    """When nothing is left if nothing more is ordered: as expected, and between which moments in 8 of 10 cases. 0: not
    within what is looked ahead."""

    early_ms: int
    likely_ms: int
    late_ms: int


class AheadView(Struct, frozen=True):
    """From now on, at `times` a day apart: units that will be there if nothing more is ordered (below 0: owed), and
    between what 95 and 80 of 100 courses lie. `demand`: units of each local day from today on, and the same of it."""

    times: list[int]
    there: list[float]
    low95: list[float]
    low80: list[float]
    high80: list[float]
    high95: list[float]
    demand: list[float]
    demand_low95: list[float]
    demand_low80: list[float]
    demand_high80: list[float]
    demand_high95: list[float]
    out: RunsOut


class Served(Struct, frozen=True):
    """What was asked for in so many days, and given at once: units. `asked` has what could not be given as far as it is
    known, or was foretold for days on which nothing was there."""

    days: int
    asked: float
    given: float


class SkuCourse(Struct, frozen=True):
    """One SKU's measured past and foretold future. `days`: when each whole local day began, `demand` what was taken on
    it (null: it was out of stock, so nobody knows what was wanted). `times` and `stock`: what was on hand from each
    moment on, by the book, whose shelves are what their scales say (null: from then on a slot could not be counted).
    `from_ms`: how far back was looked. `ahead` is null while demand is not known, `card` until it was planned."""

    sku: str
    at_ms: int
    from_ms: int
    days: list[int]
    demand: list[int | None]
    times: list[int]
    stock: list[int | None]
    coming: list[ComingView]
    lead_time_days: float | None
    reorder_point: int | None
    order_up_to: int | None
    served: Served
    ahead: AheadView | None = None
    card: Card | None = None


Why = Literal["owed", "out", "before_delivery", "below_point", "expires", "gateway", "revised", "held"]
"""Why something waits to be ordered, the gravest first."""


class Suggestion(Struct, frozen=True):
    """A need that waits for somebody to decide: `units` proposed, from whom, when they would be there and what they
    cost with the order's own (`cost` null: nobody offers it, `unit_cost` is the site file's). `there`: what is there in
    0, 1 .. days if nothing is ordered; it is out at `out_ms` (0: not within these days). `risk` is the chance to run
    out before an order placed now comes. Somebody who snoozed it does not want to see it until `snoozed_until_ms`."""

    id: int
    sku: str
    name: str
    units: int
    state: Literal["proposed", "observed"]
    on_hand: int
    available: int
    coming: int
    reorder_point: int | None
    order_up_to: int | None
    daily: float | None
    risk: float | None
    why: list[Why]
    supplier: str
    supplier_name: str
    lead_time_days: float
    unit_cost: float
    cost: float | None
    out_ms: int
    there: list[float]
    created_ms: int
    changed_ms: int
    order: int | None
    snoozed_until_ms: int
    snoozed_by: str
    note: str


class Queue(Struct, frozen=True):
    """What waits to be ordered, what runs out first before the rest; `more`: so many were left out by the limit."""

    at_ms: int
    items: list[Suggestion]
    more: int


class Led(Struct, frozen=True):
    """What a policy leads to: orders a year, units of the usual lot and average stock in units (of one SKU; 0 of
    several), its value, the share of demand met at once, the chance that more is wanted in a lead time than was there
    when it was ordered (of several its mean), and money a year. Of one SKU also its point, level and safety stock, and
    what bounds them."""

    orders: float
    lot: float
    stock: float
    stock_value: float
    fill: float
    risk: float
    cost: float
    reorder_point: int | None = None
    order_up_to: int | None = None
    safety_stock: float | None = None
    limits: list[Limit] = []


class WhatIf(Struct, frozen=True):
    """What the planner would do now, and if demand, lead time or service were another: `skus` were planned both ways,
    `unplanned` can not be (no demand, or figures that do not fit), `left` were not reached in time. None: nothing could
    be planned, and `reason` says why of a single SKU."""

    sku: str
    skus: int
    unplanned: int
    left: int
    now: Led | None
    then: Led | None
    reason: str = ""


class PastPolicy(Struct, frozen=True):
    """What came of a policy in the days that were judged: `level` it aimed at (null: a rule of its own), the share of
    units given at once, money a year for holding and for orders, orders a year, days of an SKU on which something was
    not there, and average stock in money."""

    policy: str
    level: float | None
    fill: float
    holding: float
    ordering: float
    orders: float
    stockout_days: int
    stock_value: float


class BackTest(Struct, frozen=True):
    """One's own past lived through again: `points` of the policy proposed at several service levels, `rivals` by rules
    of thumb, each learnt with what was known by then. `days` were judged, from `from_ms` on, of `skus`; `left` were not
    reached in time. Without points the `reason`."""

    sku: str
    skus: int
    left: int
    days: int
    from_ms: int
    points: list[PastPolicy]
    rivals: list[PastPolicy]
    reason: Literal["", "too_few_days", "not_planned"] = ""
