"""By which policy an SKU is to be ordered: what follows from its terms and the forecast, whatever is in stock."""

from __future__ import annotations

from math import inf, sqrt

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.forecasting import classes, levels
from cloud.core.forecasting.daily import Forecast
from cloud.core.forecasting.sizes import Sizes
from cloud.core.planning.bounds import BROKEN, DEAR, EXPIRY, SHELVES, Limit
from cloud.core.planning.choice import Policy, alternatives, by_hand, choose
from cloud.core.planning.demand import Demand, forecast
from cloud.core.planning.expiry import Life
from cloud.core.planning.fitting import fitting, spoils, spoilt
from cloud.core.planning.items import Item, unfit
from cloud.core.planning.losses import Costs
from cloud.core.planning.lots import Lots
from cloud.core.planning.outcomes import Outcome
from cloud.core.planning.policies import asked, rules_of_thumb
from cloud.core.planning.prospects import Prospect, prospect

DAYS_A_YEAR = 365.0
SERVICE_LEVEL = 0.95
"""Where an item names neither a service level nor a backorder cost."""
DEMAND_LEAST = 1.0
"""Less than so many units a year is no demand."""
LOT_YEARS_MAX = 10_000
"""A lot that lasts longer is taken for a slip: a cost or an MOQ is wrong by orders of magnitude."""
COSTLIER = 1.01
"""Shelves that make the policy cost so many times as much are too small for it, also where no promise is broken."""
UNKNOWN = Outcome(0, 0, 0, 0, 0, 0)
"""What a policy by hand leads to where demand is not known."""


class Outlook(Struct, frozen=True):
    """What a forecast tells of one SKU: a day's mean and variance, the variance of the mean itself, the class, the
    method, the days it was learnt from, and the sizes of single days where these tell more (`forecasting.sizes`)."""

    mean: float
    variance: float
    doubt: float
    kind: str
    method: str
    days: int
    sizes: Sizes = ()

    @classmethod
    def of(cls, told: Forecast, row: int) -> Outlook:
        """What a forecast of several tells of one of its rows."""
        found = told.levels
        kind, method = classes.CLASSES[told.pattern.kind[row]], levels.METHODS[found.method[row]]
        mean, variance, doubt = float(found.level[row]), float(found.variance[row]), float(found.doubt[row])
        return cls(mean, variance, doubt, kind, method, int(told.days[row]), told.sizes[row])

    @property
    def demand(self) -> Demand:
        """As it is planned with. ValueError where there is none."""
        return forecast(self.mean, self.variance, self.doubt, self.days, self.sizes)


class Settled(Struct, frozen=True):
    """The policy to follow and what lies ahead, None where that is not known; the `others` that were rejected; codes of
    what bounded the policy; `reason`: why nothing can be planned."""

    policy: Policy | None = None
    ahead: Prospect | None = None
    others: list[Policy] = []
    limits: list[Limit] = []
    reason: str = ""


def settle(item: Item, told: Outlook | None, others: bool = True) -> Settled:
    """The policy of an item: it meets the service level by the economic lot, or, where a backorder cost is given, costs
    least in all, within what the shelves hold and what sells before it expires. A reorder point and an order quantity
    by hand stand above that. It never raises; `others`, the alternatives, take ten times as long."""
    reason = unfit(item)
    if reason:
        return Settled(reason=reason)
    lots = Lots(item.moq, item.pack)
    if told is None or told.mean * DAYS_A_YEAR < DEMAND_LEAST:
        if item.reorder_point is None:
            return Settled()
        policy = Policy("by_hand", "r,Q", item.reorder_point, item.order_quantity or lots.least, UNKNOWN)
        return _within_shelves(item, Settled(policy), lots)
    reason = _endless(item, told, lots)
    try:
        return _settled(item, told, lots, others) if not reason else Settled(reason=reason)
    except ValueError as error:  # the arithmetic says which of its figures is out of proportion
        return Settled(reason=str(error))


def _settled(item: Item, told: Outlook, lots: Lots, others: bool) -> Settled:
    costs, demand = costs_of(item), told.demand
    ahead = ahead_of(item, demand, lots)
    if item.policy:
        made = asked(item, demand, ahead, costs, lots, level_of(item))
        return Settled(made.policy, ahead, made.others if others else [], made.limits)
    policy, limits, beyond = choice(item, ahead, costs, lots), list[Limit](), list[Policy]()
    life = life_of(item, demand, ahead, policy)
    upto = item.capacity if item.capacity is not None and policy.point + policy.lot > item.capacity else None
    if life is not None or upto is not None:
        free, level = policy, level_of(item) if item.backorder_cost is None else None
        policy, room, reach, kept = fitting(
            ahead, costs, lots, free, item.capacity, level, item.unit_cost, life, others
        )
        broken = level is not None and policy.outcome.fill < level - 1e-9
        if (room.point, room.lot) != (policy.point, policy.lot) and (
            broken or policy.outcome.cost > COSTLIER * room.outcome.cost
        ):
            limits.append(SHELVES)
        if life is not None and (room.point, room.lot) != (free.point, free.lot):
            limits.append(EXPIRY)
        if lots.least > min(item.capacity or inf, ahead.demand * (item.shelf_life_days or inf)):
            limits.append("least_lot_too_large")
        if broken:
            limits.append(DEAR if reach else BROKEN)
            beyond += [kept] if kept is not None else []
        if limits:
            beyond.append(replace(free, name="with_room"))
    settled = Settled(policy, ahead, [], limits)
    if item.reorder_point is not None:
        set_by = by_hand(ahead, costs, lots, item.reorder_point, item.order_quantity or policy.lot)
        settled = _within_shelves(item, Settled(set_by, ahead), lots)
        if settled.policy is not None and settled.policy != set_by:
            settled = replace(settled, policy=by_hand(ahead, costs, lots, settled.policy.point, settled.policy.lot))
        life = life_of(item, demand, ahead, settled.policy)
        if life is not None and settled.policy is not None:
            settled = replace(settled, policy=spoilt([settled.policy], life, costs, item.unit_cost)[0])
    if not others:
        return settled
    compared = alternatives(ahead, costs, lots)
    compared += rules_of_thumb(ahead, costs, lots) if item.backorder_cost is not None else []
    if life is not None:
        compared = spoilt([one for one in compared if one.kind == "r,Q"], life, costs, item.unit_cost)
    return replace(settled, others=beyond + sorted(compared, key=lambda one: one.outcome.cost))


def life_of(item: Item, demand: Demand, ahead: Prospect, policy: Policy | None) -> Life | None:
    """How long units keep, None where nothing is thrown away by a policy that does not know of it."""
    if item.shelf_life_days is None or policy is None:
        return None
    life = Life(demand, item.lead_time_days, item.lead_time_sd_days, item.shelf_life_days, ahead.step)
    return life if spoils(life, policy, ahead.demand, item.unit_cost) else None


def _within_shelves(item: Item, made: Settled, lots: Lots) -> Settled:
    """By hand, no more than fits: at a point that leaves room for a lot of some size the lot is cut; one at which full
    shelves would order again and again is lowered until a lot fits."""
    policy = made.policy
    assert policy is not None, "it is by hand"
    if item.capacity is None or policy.point + policy.lot <= item.capacity:
        return made
    least: list[Limit] = ["least_lot_too_large"] if lots.least > item.capacity else []
    point = policy.point if policy.point + lots.least <= item.capacity else max(0, item.capacity - policy.lot)
    lot = min(policy.lot, max(lots.least, (item.capacity - point) // lots.pack * lots.pack))
    return replace(made, policy=replace(policy, point=point, lot=lot), limits=[SHELVES, *least])


def _endless(item: Item, told: Outlook, lots: Lots) -> str:
    """Why no lot of this item can be meant, "" where one can."""
    days = LOT_YEARS_MAX * DAYS_A_YEAR
    if lots.least > days * told.mean:
        return f"the least order, {lots.least} units, lasts over {LOT_YEARS_MAX:,} years: is moq or pack wrong?"
    if _economic(item, told.mean) > days * told.mean:
        return f"the economic lot lasts over {LOT_YEARS_MAX:,} years: is order_cost, unit_cost or holding_rate wrong?"
    return ""


def _economic(item: Item, mean: float) -> float:
    holding = item.holding_rate * item.unit_cost / DAYS_A_YEAR
    return sqrt(2 * item.order_cost * mean / holding)


def costs_of(item: Item) -> Costs:
    """The costs of a day; where only a service level is given, the backorder cost that makes it the best."""
    holding = item.holding_rate * item.unit_cost / DAYS_A_YEAR
    if item.backorder_cost is not None:
        return Costs(item.order_cost, holding, item.backorder_cost / DAYS_A_YEAR)
    return Costs.of_level(item.order_cost, holding, level_of(item))


def level_of(item: Item) -> float:
    """The share of demand to meet at once."""
    return item.service_level if item.service_level is not None else SERVICE_LEVEL


def ahead_of(item: Item, demand: Demand, lots: Lots) -> Prospect:
    """A day's demand and the lead time's, with the doubt of what they were learnt from."""
    spread = item.lead_time_sd_days**2
    return prospect(demand, item.lead_time_days, spread, max(1.0, _economic(item, demand.mean)), lots)


def choice(item: Item, ahead: Prospect, costs: Costs, lots: Lots) -> Policy:
    """The policy to follow."""
    if item.backorder_cost is not None:
        return choose(ahead, costs, lots)
    return choose(ahead, costs, lots, "fill", level_of(item))
