"""(r, Q): the smallest r for what is promised, the cheapest r and Q, and what they lead to."""

from __future__ import annotations

from itertools import pairwise
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.planning import levels, points
from cloud.core.planning.amounts import Pmf, lead_time_pmf, moments, poisson, total
from cloud.core.planning.losses import Costs, position_costs
from cloud.core.planning.lots import Lots
from cloud.core.planning.outcomes import Outcome

WEIGHTS = st.lists(st.floats(0, 1), min_size=2, max_size=15).filter(lambda weights: sum(weights[1:]) > 0.01)
COSTS = st.builds(Costs, st.floats(0, 200), st.floats(0.05, 5), st.floats(0.05, 100))


def pmf_of(weights: list[float]) -> Pmf:
    return np.array(weights) / sum(weights)


def ready(lead: Pmf, point: int, lot: int) -> float:
    """mean over i of P(D_L <= r + i), term by term."""
    return float(np.mean([lead[: max(0, point + i + 1)].sum() for i in range(1, lot + 1)]))


@given(WEIGHTS, st.integers(1, 40), st.floats(0.05, 0.999))
def test_the_reorder_point_is_the_smallest_that_is_ready_as_promised(
    weights: list[float], lot: int, level: float
) -> None:
    lead = pmf_of(weights)
    point = points.by_ready_rate(lead, lot, level)
    assert ready(lead, point, lot) >= level - 1e-9
    assert point == 0 or ready(lead, point - 1, lot) < level + 1e-9


@given(WEIGHTS, WEIGHTS, st.integers(1, 30), st.floats(0.05, 0.995))
def test_the_reorder_point_is_the_smallest_that_fills_as_promised(
    of_day: list[float], of_lead: list[float], lot: int, level: float
) -> None:
    day, lead = pmf_of(of_day), pmf_of(of_lead)
    point = points.by_fill_rate(lead, lot, level, day)
    costs = Costs(1, 1, 1)
    assert points.evaluate(point, lot, day, lead, costs).fill >= level - 1e-9
    assert point == 0 or points.evaluate(point - 1, lot, day, lead, costs).fill < level + 1e-9


@given(WEIGHTS, st.integers(1, 30), st.floats(0.05, 0.995))
def test_the_fill_rate_of_single_units_is_what_the_loss_function_says(
    weights: list[float], lot: int, level: float
) -> None:
    lead = pmf_of(weights)
    demand = np.arange(len(lead))

    def missed(point: int) -> float:
        short = [float(lead @ np.maximum(demand - one, 0)) for one in (point, point + lot)]
        return (short[0] - short[1]) / lot

    point = points.by_fill_rate(lead, lot, level)
    assert missed(point) <= 1 - level + 1e-9
    assert point == 0 or missed(point - 1) > 1 - level - 1e-9


def test_the_reorder_point_of_a_cycle_lasts_until_the_order_comes() -> None:
    lead = poisson(6)
    point = points.by_cycle_service(lead, 0.95)
    assert lead[: point + 1].sum() >= 0.95 > lead[:point].sum()


@given(WEIGHTS, WEIGHTS, COSTS)
@settings(max_examples=60)
def test_no_other_point_and_lot_cost_less_than_the_best(
    of_day: list[float], of_lead: list[float], costs: Costs
) -> None:
    day, lead = pmf_of(of_day), pmf_of(of_lead)
    found = points.best(moments(day)[0], lead, costs, day=day)
    assert points.evaluate(found.point, found.lot, day, lead, costs).cost == pytest.approx(found.cost, rel=1e-9)
    for lot in {1, 2, max(1, found.lot - 1), found.lot + 1, found.lot + 5, 3 * found.lot}:
        for point in range(found.point - 8, found.point + 9, 4 if lot > 40 else 1):
            assert points.evaluate(point, lot, day, lead, costs).cost >= found.cost * (1 - 1e-9)


@given(st.integers(1, 60), st.integers(1, 15), st.floats(0.1, 10))
def test_the_best_lot_is_whole_packs_and_not_below_the_least(moq: int, pack: int, mean: float) -> None:
    lead, costs, lots = poisson(3 * mean), Costs(20, 1, 9), Lots(moq, pack)
    found = points.best(mean, lead, costs, lots)
    assert found.lot % pack == 0
    assert found.lot >= moq
    for lot in (found.lot + pack, found.lot - pack):
        if lot >= moq:
            point = points.by_ready_rate(lead, lot, costs.ratio, least=-2 * lot - 50)
            each = position_costs(lead, costs, point + 1, point + lot)
            assert (costs.order * mean + each.sum()) / lot >= found.cost * (1 - 1e-9)


def test_a_lot_is_not_above_the_most_unless_the_least_is() -> None:
    lead, costs = poisson(3), Costs(500, 1, 9)
    assert points.best(1, lead, costs).lot > 20
    assert points.best(1, lead, costs, Lots(1, 6, 20)).lot == 18
    assert points.best(1, lead, costs, Lots(24, 6, 20)).lot == 24


def lived(policy: tuple[str, int, int], day: Pmf, lead_days: int, costs: Costs, days: int) -> Outcome:
    """What the policy comes to in a simulated life: demand, arrival, order, day by day."""
    kind, point, lot = policy
    demands = np.random.default_rng(7).choice(len(day), days, p=day)
    stock, coming, on_order = point + lot, [0] * (lead_days + 1), 0
    held = owed = served = late = orders = 0
    for today, asked in enumerate(demands.tolist()):
        served += min(asked, max(stock, 0))
        arrived, coming[today % (lead_days + 1)] = coming[today % (lead_days + 1)], 0
        stock, on_order = stock - asked + arrived, on_order - arrived
        short = point + 1 - stock - on_order
        if short > 0:
            units = short - 1 + lot if kind == "s,S" else -(-short // lot) * lot
            if lead_days:
                coming[(today + lead_days) % (lead_days + 1)] += units
                on_order += units
            else:
                stock += units
            orders += 1
        held, owed, late = held + max(stock, 0), owed + max(-stock, 0), late + (stock < 0)
    cost = costs.order * orders + costs.holding * held + costs.backorder * owed
    fill, ready_share = served / demands.sum(), 1 - late / days
    return Outcome(cost / days, held / days, owed / days, fill, ready_share, orders / days)


@pytest.mark.parametrize(
    ("policy", "lead_days"), [(("r,Q", 6, 9), 3), (("r,Q", -2, 4), 1), (("s,S", 6, 9), 3), (("s,S", 2, 14), 0)]
)
def test_a_policy_leads_in_a_simulated_life_to_what_was_foretold(policy: tuple[str, int, int], lead_days: int) -> None:
    day, costs = lead_time_pmf(1.7, 5.0), Costs(12, 1, 9)
    kind, point, lot = policy
    lead = total(day, lead_days)
    if kind == "r,Q":
        foretold = points.evaluate(point, lot, day, lead, costs)
    else:
        foretold = levels.evaluate(point, point + lot, day, lead, costs)
    seen = lived(policy, day, lead_days, costs, 150_000)
    for name in ("cost", "stock", "backorders", "fill", "ready", "orders"):
        assert getattr(seen, name) == pytest.approx(getattr(foretold, name), rel=0.03, abs=0.01), name


def test_more_stock_is_never_less_fill() -> None:
    day, lead = lead_time_pmf(1.7, 5.0), lead_time_pmf(5.1, 15.0)
    fills = [points.evaluate(point, 8, day, lead, Costs(1, 1, 1)).fill for point in range(-10, 40)]
    assert all(one <= other + 1e-12 for one, other in pairwise(fills))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: points.by_ready_rate(poisson(3), 0, 0.95),
        lambda: points.by_ready_rate(poisson(3), 5, 1.0),
        lambda: points.by_ready_rate(poisson(3), 5, nan),
        lambda: points.by_fill_rate(poisson(3), 5, 0.0),
        lambda: points.best(0, poisson(3), Costs(1, 1, 1)),
        lambda: points.best(nan, poisson(3), Costs(1, 1, 1)),
        lambda: points.evaluate(3, 0, poisson(1), poisson(3), Costs(1, 1, 1)),
    ],
)
def test_nonsense_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r": it must .*; \w"):
        wrong()
