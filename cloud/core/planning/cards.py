"""The why card of one SKU: what is there, what is expected, which policy, what it promises, what was rejected.

Everything that the decision rests on is on the card, so that it can be judged later by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.amounts import moments, quantile
from cloud.core.planning.bounds import Limit
from cloud.core.planning.choice import Policy
from cloud.core.planning.deals import Supply
from cloud.core.planning.emergency import Owning, Rescue, Source, rescue
from cloud.core.planning.items import Item
from cloud.core.planning.lots import Lots
from cloud.core.planning.policies import units as asked_units
from cloud.core.planning.prospects import Prospect
from cloud.core.planning.settling import (
    DAYS_A_YEAR,
    Outlook,
    Settled,
    costs_of,
    level_of,
    settle,
)

RISK_LEAST = 0.001
"""Nobody is asked for help where running out before the regular supply is less likely."""
REGULAR_MAX_DAYS = 60
"""Help is weighed over so many days; who waits longer for the regular supply can ask again meanwhile."""

Verdict = Literal["order", "enough", "no_demand", "owed", "unfit"]


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
    met at once, the share of days at whose end nothing is owed, and the units that expire, whose price `cost` has."""

    cost: float
    stock: float
    stock_value: float
    orders: float
    fill: float
    ready: float
    waste: float = 0.0


class Terms(Struct, frozen=True):
    """What an item is planned by: its goal (a service level, unless a backorder cost is given), costs, lots, bounds."""

    service_level: float | None
    backorder_cost: float | None
    unit_cost: float
    order_cost: float
    holding_rate: float
    moq: int
    pack: int
    capacity: int | None
    shelf_life_days: float | None
    review_days: float | None = None


class Card(Struct, frozen=True):
    """One SKU's plan. `order` units are to be ordered now; `risk` is the chance to run out before an order placed now
    would arrive. Without demand there is no policy but by hand. An item is "unfit" when its figures do not fit each
    other; `reason` says which. `limits` are codes of what bounded the policy, `rescue` is who could help out, `supply`
    whose terms it is planned by.
    """

    sku: str
    verdict: Verdict
    order: int
    position: Position
    available: int
    projected: int
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
    limits: list[Limit] = []
    terms: Terms | None = None
    rescue: Rescue | None = None
    supply: Supply | None = None


def card(
    item: Item,
    told: Outlook | None,
    others: bool = True,
    settled: Settled | None = None,
    sources: Sequence[Source] = (),
    due_days: float | None = None,
) -> Card:
    """The plan of an item by the policy that `settle` finds. `others`: with the alternatives, which take ten times as
    long. `settled`: what that said of these terms and this outlook, where it is known. `sources` may help out until
    the regular supply comes, in `due_days` or a lead time. It never raises: what can not be planned says so.
    """
    there = item.position
    made = settled if settled is not None else settle(item, told, others)
    blank = Card(item.sku, "unfit", 0, there, there.available, there.projected, reason=made.reason)
    if made.reason:
        return blank
    blank = replace(blank, terms=_terms(item))
    if made.policy is None:
        owed = max(0, -there.projected)
        units = max(Lots(item.moq, item.pack).least, ceil(owed / item.pack) * item.pack) if owed else 0
        return replace(blank, verdict="owed" if owed else "no_demand", order=units)
    policy, units = made.policy, _units(item, made.policy)
    followed = replace(
        blank,
        verdict="order" if units else "enough",
        order=units,
        policy=policy.kind,
        formula=policy.name,
        reorder_point=policy.point,
        order_up_to=policy.point + policy.lot,
        limits=made.limits,
    )
    if told is None or made.ahead is None:
        return followed
    return _promising(followed, item, told, made, made.ahead, _helped(item, made.ahead, units, sources, due_days))


def _promising(blank: Card, item: Item, told: Outlook, made: Settled, ahead: Prospect, helped: Rescue | None) -> Card:
    """The card with what lies ahead and what the policy leads to."""
    policy = made.policy
    assert policy is not None, "what lies ahead is known where a policy is"
    mean, sd, low, high = _range(ahead)
    at = blank.projected // ahead.step
    lead, spread = item.lead_time_days, item.lead_time_sd_days
    result = policy.outcome
    return replace(
        blank,
        ahead=Ahead(
            told.mean, sqrt(told.variance), lead, spread, mean, sd, low, high, told.kind, told.method, told.days
        ),
        safety_stock=policy.point - mean,
        risk=float(ahead.lead[at + 1 :].sum()) if at >= 0 else 1.0,
        promise=Promise(
            result.cost * DAYS_A_YEAR,
            max(0.0, result.stock),
            max(0.0, result.stock) * item.unit_cost,
            result.orders * DAYS_A_YEAR,
            _share(result.fill),
            _share(result.ready),
            result.waste * DAYS_A_YEAR,
        ),
        rejected=[_rejected(one) for one in made.others if (one.point, one.lot) != (policy.point, policy.lot)],
        rescue=helped,
    )


def _units(item: Item, policy: Policy) -> int:
    """What to order now. By hand it may be more than fits; then as many whole packs as do, but at least the MOQ, and
    what brings it above its point."""
    projected = item.position.projected
    units = asked_units(item, policy) if item.policy else policy.order(projected)
    if not units or item.capacity is None or policy.name != "by_hand":
        return units
    room = (item.capacity - projected) // item.pack * item.pack
    above = ceil((policy.point + 1 - projected) / item.pack) * item.pack
    return min(units, max(room, above, Lots(item.moq, item.pack).least))


def _helped(
    item: Item, ahead: Prospect, units: int, sources: Sequence[Source], due_days: float | None
) -> Rescue | None:
    """Who is to be asked for help until the regular supply comes; None where waiting costs less. `units` are to be
    ordered now."""
    days = min(REGULAR_MAX_DAYS, ceil(item.lead_time_days if due_days is None else due_days))
    stock, step = (item.position.available - item.perishing) // ahead.step, ahead.step
    quick = [one for one in sources if one.periods < days]
    if not quick or days <= 0 or (due_days is None and stock >= 0 and ahead.lead[stock + 1 :].sum() < RISK_LEAST):
        return None
    scaled = [
        Source(
            one.name,
            one.periods,
            one.fixed_cost,
            one.unit_cost * step,
            Lots(
                ceil(one.lots.moq / step),
                ceil(one.lots.pack / step),
                None if one.lots.most is None else one.lots.most // step,
            ),
        )
        for one in quick
    ]
    costs, coming = costs_of(item), item.on_order + item.in_transit + (units if due_days is None else 0)
    owning = Owning(
        costs.holding * step,
        (item.position.available - item.perishing + coming) // step,
        _room(item, coming, ahead.demand * days, step),
        None if item.shelf_life_days is None else int(item.shelf_life_days),
        item.unit_cost * step,
    )
    found = rescue(ahead.day, stock, days, costs.backorder * step, scaled, owning)
    return replace(found, units=found.units * step) if found.source is not None else None


def _room(item: Item, coming: int, sold: float, step: int) -> int | None:
    """Steps that fit on the shelves, now, and beside what is coming when it comes and so many units are sold."""
    if item.capacity is None:
        return None
    there = max(0, item.on_hand)
    return max(0, int(item.capacity - max(there, item.on_hand + coming - sold)) // step)


def _terms(item: Item) -> Terms:
    level = level_of(item) if item.backorder_cost is None else None
    given = (getattr(item, name) for name in Terms.__struct_fields__[1:])
    return Terms(level, *given)


def _rejected(one: Policy) -> Rejected:
    return Rejected(one.name, one.point, one.point + one.lot, one.outcome.cost * DAYS_A_YEAR, _share(one.outcome.fill))


def _share(figure: float) -> float:
    """A share without the last digits' rounding."""
    return min(1.0, max(0.0, figure))


def _range(ahead: Prospect) -> tuple[float, float, int, int]:
    """Mean, standard deviation, and the 5 % and 95 % quantile of the lead time's demand, in units."""
    mean, variance = moments(ahead.lead)
    low, high = (quantile(ahead.lead, level) * ahead.step for level in (0.05, 0.95))
    return mean * ahead.step, sqrt(variance) * ahead.step, low, high
