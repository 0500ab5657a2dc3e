"""The why card of one SKU: what is there, what is expected, which policy, what it promises, what was rejected.

Everything that the decision rests on is on the card, so that it can be judged later by itself.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Literal

from msgspec import Struct

from cloud.core.planning.amounts import moments, quantile
from cloud.core.planning.choice import Policy, alternatives, choose
from cloud.core.planning.items import Item, unfit
from cloud.core.planning.losses import Costs
from cloud.core.planning.lots import Lots
from cloud.core.planning.prospects import Prospect, prospect

DAYS_A_YEAR = 365.0
SERVICE_LEVEL = 0.95
"""Where an item names neither a service level nor a backorder cost."""
DEMAND_LEAST = 1.0
"""Less than so many units a year is no demand."""
LOT_YEARS_MAX = 10_000
"""A lot that lasts longer is taken for a slip: a cost or an MOQ is wrong by orders of magnitude."""

Verdict = Literal["order", "enough", "no_demand", "owed", "unfit"]


class Outlook(Struct, frozen=True):
    """What a forecast tells of one SKU: a day's mean and variance, the variance of the mean itself, the class, the
    method and the days it was learnt from."""

    mean: float
    variance: float
    doubt: float
    kind: str
    method: str
    days: int


class Position(Struct, frozen=True):
    """Units. position = on hand - reserved + on order."""

    on_hand: int
    reserved: int
    available: int
    on_order: int
    position: int


class Ahead(Struct, frozen=True):
    """Units a day, and over the lead time: mean, standard deviation, and between what nine of ten come to lie."""

    daily: float
    daily_sd: float
    lead_time_days: float
    lead_time_sd_days: float
    lead_time_demand: float
    lead_time_demand_sd: float
    low: int
    high: int
    kind: str
    method: str
    days: int


class Rejected(Struct, frozen=True):
    """Another policy for the same costs: its order point and level, money a year, the share met at once."""

    policy: str
    reorder_point: int
    order_up_to: int
    cost: float
    fill: float


class Promise(Struct, frozen=True):
    """What the policy leads to in a year: money in all, average stock in units and money, orders, the share of demand
    met at once, the share of days at whose end nothing is owed."""

    cost: float
    stock: float
    stock_value: float
    orders: float
    fill: float
    ready: float


class Card(Struct, frozen=True):
    """One SKU's plan. `order` units are to be ordered now; `risk` is the chance to run out before an order placed now
    would arrive. Without demand there is no policy. An item is "unfit" when its figures do not fit each other; `reason`
    says which."""

    sku: str
    verdict: Verdict
    order: int
    position: Position
    ahead: Ahead | None = None
    policy: str = ""
    formula: str = ""
    reorder_point: int | None = None
    order_up_to: int | None = None
    safety_stock: float | None = None
    risk: float | None = None
    promise: Promise | None = None
    rejected: list[Rejected] = []
    abc: str = ""
    xyz: str = ""
    reason: str = ""


def card(item: Item, told: Outlook | None, others: bool = True) -> Card:
    """The plan of an item. Its policy meets the service level by the economic lot, or, where a backorder cost is given,
    costs least in all. `others`: with the alternatives, which take ten times as long. It never raises: what can not be
    planned says so.
    """
    there = Position(item.on_hand, item.reserved, item.available, item.on_order, item.position)
    reason = unfit(item)
    if reason:
        return Card(item.sku, "unfit", 0, there, reason=reason)
    lots = Lots(item.moq, item.pack)
    if told is None or told.mean * DAYS_A_YEAR < DEMAND_LEAST:
        owed = max(0, -item.position)
        units = max(lots.least, ceil(owed / item.pack) * item.pack) if owed else 0
        return Card(item.sku, "owed" if owed else "no_demand", units, there)
    reason = _endless(item, told, lots)
    if reason:
        return Card(item.sku, "unfit", 0, there, reason=reason)
    try:
        return _planned(item, told, there, lots, others)
    except ValueError as error:  # the arithmetic says which of its figures is out of proportion
        return Card(item.sku, "unfit", 0, there, reason=str(error))


def _endless(item: Item, told: Outlook, lots: Lots) -> str:
    """Why no lot of this item can be meant, "" where one can."""
    days = LOT_YEARS_MAX * DAYS_A_YEAR
    if lots.least > days * told.mean:
        return f"the least order, {lots.least} units, lasts over {LOT_YEARS_MAX:,} years: is moq or pack wrong?"
    if _economic(item, told) > days * told.mean:
        return f"the economic lot lasts over {LOT_YEARS_MAX:,} years: is order_cost, unit_cost or holding_rate wrong?"
    return ""


def _economic(item: Item, told: Outlook) -> float:
    holding = item.holding_rate * item.unit_cost / DAYS_A_YEAR
    return sqrt(2 * item.order_cost * told.mean / holding)


def _planned(item: Item, told: Outlook, there: Position, lots: Lots, others: bool) -> Card:
    costs = costs_of(item)
    ahead = ahead_of(item, told, lots)
    policy = choice(item, ahead, costs, lots)
    mean, sd, low, high = _range(ahead)
    at = max(0, item.position // ahead.step) if item.position >= 0 else -1
    risk = float(ahead.lead[at + 1 :].sum()) if at >= 0 else 1.0
    units = policy.order(item.position)
    result = policy.outcome
    return Card(
        item.sku,
        "order" if units else "enough",
        units,
        there,
        Ahead(
            told.mean,
            sqrt(told.variance),
            item.lead_time_days,
            item.lead_time_sd_days,
            mean,
            sd,
            low,
            high,
            told.kind,
            told.method,
            told.days,
        ),
        policy.kind,
        policy.name,
        policy.point,
        policy.point + policy.lot,
        policy.point - mean,
        risk,
        Promise(
            result.cost * DAYS_A_YEAR,
            max(0.0, result.stock),
            max(0.0, result.stock) * item.unit_cost,
            result.orders * DAYS_A_YEAR,
            _share(result.fill),
            _share(result.ready),
        ),
        _rejected(policy, ahead, costs, lots) if others else [],
    )


def costs_of(item: Item) -> Costs:
    """The costs of a day; where only a service level is given, the backorder cost that makes it the best."""
    holding = item.holding_rate * item.unit_cost / DAYS_A_YEAR
    if item.backorder_cost is not None:
        return Costs(item.order_cost, holding, item.backorder_cost / DAYS_A_YEAR)
    return Costs.of_level(item.order_cost, holding, level_of(item))


def level_of(item: Item) -> float:
    """The share of demand to meet at once."""
    return item.service_level if item.service_level is not None else SERVICE_LEVEL


def ahead_of(item: Item, told: Outlook, lots: Lots) -> Prospect:
    """A day's demand and the lead time's, with the doubt of what they were learnt from."""
    seen = told.variance / told.doubt if told.doubt > 0 else None
    spread = item.lead_time_sd_days**2
    return prospect(told.mean, told.variance, item.lead_time_days, spread, seen, max(1.0, _economic(item, told)), lots)


def choice(item: Item, ahead: Prospect, costs: Costs, lots: Lots) -> Policy:
    """The policy to follow."""
    if item.backorder_cost is not None:
        return choose(ahead, costs, lots)
    return choose(ahead, costs, lots, "fill", level_of(item))


def _rejected(policy: Policy, ahead: Prospect, costs: Costs, lots: Lots) -> list[Rejected]:
    return [
        Rejected(one.name, one.point, one.point + one.lot, one.outcome.cost * DAYS_A_YEAR, _share(one.outcome.fill))
        for one in alternatives(ahead, costs, lots)
        if (one.point, one.lot) != (policy.point, policy.lot)
    ]


def _share(figure: float) -> float:
    """A share without the last digits' rounding."""
    return min(1.0, max(0.0, figure))


def _range(ahead: Prospect) -> tuple[float, float, int, int]:
    """Mean, standard deviation, and the 5 % and 95 % quantile of the lead time's demand, in units."""
    mean, variance = moments(ahead.lead)
    low, high = (quantile(ahead.lead, level) * ahead.step for level in (0.05, 0.95))
    return mean * ahead.step, sqrt(variance) * ahead.step, low, high
