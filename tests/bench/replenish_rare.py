"""SKUs that sell one to eighteen times a year, planned from one year: what they hold, and what the doubt adds to it.

Customers come by chance (Poisson), each taking a geometric number of mean 1 to 10; lead times are a week to two months,
prices 1 to 400. A service level of 0.95 is asked for, of which one year of such a past can tell little. The anchor is
the same where the doubt about the spread is not bounded (prospects.py). The bound was looked at on seeds 1 and 2.
"""

from __future__ import annotations

from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from cloud.core.forecasting.history import Array
from cloud.core.planning import backtest_policies as policies
from cloud.core.planning import demand
from cloud.core.planning.backtest_course import Bounds, Course, live
from cloud.core.planning.items import Item
from tests.bench.table import Figure

SKUS, PAST_DAYS, DAYS, WARM_UP_DAYS = 250, 365, 30_000, 2_000
UNBOUNDED = 1e12


class Rare(NamedTuple):
    """SKUs, their past [SKUs x days] and the days to come, and units a day in truth; all have sold before."""

    items: list[Item]
    past: Array
    ahead: Array
    mean: Array


def drawn(seed: int) -> Rare:
    """SKUs of which something was sold."""
    random = np.random.default_rng(seed)
    rate, size = np.exp(random.uniform(np.log(0.003), np.log(0.05), SKUS)), np.exp(random.uniform(0, np.log(10), SKUS))
    leads, costs = random.integers(7, 60, SKUS), np.exp(random.uniform(0, 6, SKUS))

    def days(count: int) -> Array:
        came = random.poisson(rate[:, None], (SKUS, count))
        more = random.negative_binomial(np.maximum(came, 1), np.broadcast_to(1 / size[:, None], came.shape))
        return np.asarray(came + np.where(came > 0, more, 0), dtype=np.float64)

    past, ahead = days(PAST_DAYS), days(DAYS)
    sold = np.flatnonzero(past.sum(axis=1))
    items = [Item(f"sku {at}", float(costs[at]), 20.0, 0.25, float(leads[at])) for at in sold]
    return Rare(items, past[sold], ahead[sold], (rate * size)[sold])


def lived(world: Rare) -> Course:
    """What the policies made of the past lead to."""
    rules, ones = policies.proposed(world.items)(world.past), np.ones(len(world.items))
    leads = np.array([[int(item.lead_time_days)] for item in world.items])
    leads = np.broadcast_to(leads, world.ahead.shape)
    return live(world.ahead, leads, lambda day: rules, Bounds(ones, ones), WARM_UP_DAYS)


def figures(seed: int = 31337) -> list[Figure]:
    """Stock and fill, beside those of a doubt without a bound."""
    world = drawn(seed)
    bounded = lived(world)
    with patch.object(demand, "SPREADS_DIFFER", UNBOUNDED):
        unbounded = lived(world)
    cost = np.array([item.unit_cost for item in world.items])
    years = [
        float(cost @ one.stock_days) / (DAYS - WARM_UP_DAYS) / float(365 * cost @ world.mean)
        for one in (bounded, unbounded)
    ]
    fill, other = (100 * float(one.given.sum() / one.asked.sum()) for one in (bounded, unbounded))
    few = (world.past > 0).sum(axis=1) <= 3
    less = 100 * float(bounded.given[few].sum() / bounded.asked[few].sum())
    said = f"fill {fill:.1f} % of 95 asked, unbounded {other:.1f}; of the {few.sum()} that sold 1 to 3 times {less:.1f}"
    stock = f"{years[0]:.2f} years of demand, unbounded {years[1]:.2f}; {len(world.items)} SKUs"
    return [
        Figure("rare SKUs: stock over the unbounded doubt's", "<= 0.5", years[0] / years[1], 0.5, "", stock),
        Figure("  fill lost by it", "<= 2 pt", other - fill, 2.0, "pt", said),
    ]
