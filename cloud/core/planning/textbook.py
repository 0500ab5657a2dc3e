"""(r, Q) of normal lead-time demand, as textbooks have it: quick, rough, and what planning by pmf is measured against.

D, its sd and the costs are of one period, the lead time is in periods. Sources: Hadley & Whitin 1963; Snyder & Shen,
Fundamentals of Supply Chain Theory, chapter 5.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple

from msgspec import Struct

from cloud.core.planning.losses import STANDARD, Costs, second_normal_loss, standard_normal_loss
from cloud.core.planning.lots import eoq, eoq_with_backorders
from cloud.core.planning.refusals import finite, positive, share

ROUNDS_MAX = 1_000
"""An iteration that has not settled by then is given up with a ValueError; those of sane figures take about ten."""


class NormalDemand(Struct, frozen=True):
    """Demand of a period, and the mean and standard deviation of the demand over the lead time."""

    demand: float
    mean_l: float
    sd_l: float

    def __post_init__(self) -> None:
        positive(demand=self.demand, lead_time_demand=self.mean_l, lead_time_sd=self.sd_l)

    @classmethod
    def of(cls, demand: float, sd: float, lead_periods: float) -> NormalDemand:
        """From a period's demand and sd and a lead time that is certain."""
        positive(lead_time=lead_periods)
        return cls(demand, demand * lead_periods, sd * sqrt(lead_periods))


class NormalPolicy(NamedTuple):
    """r, Q and what a period of it is expected to cost by the approximation that gave them."""

    point: float
    lot: float
    cost: float


def cost(point: float, lot: float, normal: NormalDemand, costs: Costs) -> float:
    """[K D + integral of G from r to r + Q] / Q: orders, holding, and units owed by time."""
    finite(point=point)
    positive(lot=lot)
    near, far = ((one - normal.mean_l) / normal.sd_l for one in (point, point + lot))
    owed = normal.sd_l**2 / lot * (second_normal_loss(near) - second_normal_loss(far))
    held = point + lot / 2 - normal.mean_l + owed
    return costs.order * normal.demand / lot + costs.holding * held + costs.backorder * owed


def best_point(lot: float, normal: NormalDemand, costs: Costs) -> float:
    """The r that costs least for this Q, where G(r) = G(r + Q)."""
    positive(lot=lot)
    spread, mean = normal.sd_l, normal.mean_l

    def above(point: float) -> bool:
        near, far = ((one - mean) / spread for one in (point, point + lot))
        late = spread / lot * (standard_normal_loss(near) - standard_normal_loss(far))
        return 1 - late >= costs.ratio

    return _least(above, mean - lot - 40 * spread, mean + 40 * spread)


def eoq_with_backorders_point(normal: NormalDemand, costs: Costs) -> tuple[float, float]:
    """Q as if demand were certain and could be owed, then the best r for it: at most 11.8 % above the optimum
    (Axsater 1996)."""
    lot = eoq_with_backorders(costs.order, normal.demand, costs.holding, costs.backorder)[0].units
    return best_point(lot, normal, costs), lot


def eoq_with_safety_stock(normal: NormalDemand, costs: Costs) -> tuple[float, float]:
    """r = mu_L + z sigma_L with Phi(z) = p/(p+h), Q the EOQ: what most spreadsheets do. No bound is known."""
    return point_by_cycle(normal, costs.ratio), eoq(costs.order, normal.demand, costs.holding).units


def expected_inventory_level(normal: NormalDemand, shortage_cost: float, costs: Costs) -> NormalPolicy:
    """r and Q of the approximation h (r - mu_L + Q/2) + K D/Q + p' D n(r)/Q, and that cost.

    `shortage_cost` p' is paid once for each unit short, whatever its wait (`costs.backorder` is not used).
    """
    positive(shortage_cost=shortage_cost)
    demand, spread = normal.demand, normal.sd_l

    def short(point: float) -> float:
        return spread * standard_normal_loss((point - normal.mean_l) / spread)

    def step(lot: float) -> tuple[float, float]:
        late = lot * costs.holding / (shortage_cost * demand)
        if late >= 1:
            raise ValueError("a shortage costs less than holding a lot: there is no reorder point; order when asked")
        point = point_by_cycle(normal, 1 - late)
        return point, sqrt(2 * demand * (costs.order + shortage_cost * short(point)) / costs.holding)

    point, lot = _settled(step, eoq(costs.order, demand, costs.holding).units)
    ordering = (costs.order + shortage_cost * short(point)) * demand / lot
    return NormalPolicy(point, lot, costs.holding * (point - normal.mean_l + lot / 2) + ordering)


def loss_functions(normal: NormalDemand, costs: Costs) -> tuple[float, float]:
    """r and Q where what the position r + Q would owe is neglected: n(r) = h Q/(h+p),
    Q = sqrt(2 (K D + (h+p) n2(r)) / h)."""
    spread, ratio = normal.sd_l, costs.holding / (costs.holding + costs.backorder)

    def step(lot: float) -> tuple[float, float]:
        def above(point: float) -> bool:
            return spread * standard_normal_loss((point - normal.mean_l) / spread) <= ratio * lot

        point = _least(above, normal.mean_l - lot - 40 * spread, normal.mean_l + 40 * spread)
        second = spread**2 * second_normal_loss((point - normal.mean_l) / spread)
        return point, sqrt(2 * (costs.order * normal.demand / costs.holding + second / ratio))

    return _settled(step, eoq(costs.order, normal.demand, costs.holding).units)


def point_by_cycle(normal: NormalDemand, level: float) -> float:
    """mu_L + z sigma_L: enough until the order comes with this chance (type 1)."""
    share(level=level)
    return normal.mean_l + STANDARD.inv_cdf(level) * normal.sd_l


def _least(above: Callable[[float], bool], low: float, high: float) -> float:
    """The least figure from `low` to `high` for which `above` holds, which then goes on to hold."""
    for _ in range(200):
        middle = (low + high) / 2
        if above(middle):
            high = middle
        else:
            low = middle
    return high


def _settled(step: Callable[[float], tuple[float, float]], lot: float) -> tuple[float, float]:
    for _ in range(ROUNDS_MAX):
        point, after = step(lot)
        if abs(after - lot) <= 1e-12 * lot:
            return point, after
        lot = after
    raise ValueError("reorder point and lot do not settle: holding or shortage costs are out of proportion")
