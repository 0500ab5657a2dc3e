"""The newsvendor: one order for one season; what is left costs h a unit, what was missed p."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from cloud.core.planning.amounts import Pmf, poisson, proper, quantile
from cloud.core.planning.losses import STANDARD, Costs, position_costs, standard_normal_loss
from cloud.core.planning.refusals import finite, not_negative, positive


class Stock(NamedTuple):
    """Units to have, and what that is expected to cost."""

    units: float
    cost: float


def of_normal(costs: Costs, mean: float, sd: float, lead_periods: float = 0.0) -> Stock:
    """mu + z sigma with Phi(z) = p/(p+h), cost (h + p) phi(z) sigma, over one period and so many more."""
    positive(demand=mean, demand_sd=sd)
    not_negative(lead_periods=lead_periods)
    z, periods = STANDARD.inv_cdf(costs.ratio), 1 + lead_periods
    spread = sd * sqrt(periods)
    return Stock(mean * periods + z * spread, (costs.holding + costs.backorder) * spread * STANDARD.pdf(z))


def cost_of_normal(units: float, costs: Costs, mean: float, sd: float) -> float:
    """What having `units` costs, of normal demand: h (y - mu) + (h + p) sigma n(z)."""
    finite(units=units)
    positive(demand=mean, demand_sd=sd)
    short = sd * standard_normal_loss((units - mean) / sd)
    return costs.holding * (units - mean) + (costs.holding + costs.backorder) * short


def of_poisson(costs: Costs, mean: float, lead_periods: float = 0.0) -> Stock:
    """As `of_any`, of Poisson demand over one period and so many more."""
    positive(demand=mean)
    not_negative(lead_periods=lead_periods)
    return of_any(costs, poisson(mean * (1 + lead_periods)))


def of_any(costs: Costs, pmf: Pmf) -> Stock:
    """The fewest units that are enough with chance p/(p+h)."""
    units = quantile(proper(pmf), costs.ratio)
    return Stock(units, float(position_costs(pmf, costs, units, units)[0]))


def expected_profit(
    price: float, purchase_cost: float, salvage: float, mean: float, sd: float, units: float | None = None
) -> Stock:
    """Units and expected profit where each sells at `price`, was bought at `purchase_cost`, and what is left brings
    `salvage`: h = c - v, p = r - c, of normal demand. Of the best number of units, or of `units`."""
    costs = Costs(0, purchase_cost - salvage, price - purchase_cost)
    best = of_normal(costs, mean, sd).units if units is None else units
    return Stock(best, (price - purchase_cost) * mean - cost_of_normal(best, costs, mean, sd))
