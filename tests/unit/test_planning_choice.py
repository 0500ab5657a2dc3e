"""The policy chosen for one SKU: the cheapest its lots allow, or the one that keeps its promise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.planning.choice import Goal, Policy, alternatives, choose
from cloud.core.planning.demand import known
from cloud.core.planning.losses import Costs
from cloud.core.planning.lots import Lots
from cloud.core.planning.prospects import Prospect, prospect

SMALL = prospect(known(1.2, 3.0, 180), 6, 2)
COSTS = Costs(30, 0.05, 1)


@given(
    st.floats(0.02, 300),
    st.floats(0, 8),
    st.floats(0, 20),
    st.floats(0, 20),
    st.floats(0, 200),
    st.floats(0.001, 1),
    st.floats(0.5, 0.995),
)
@settings(max_examples=40, deadline=None)
def test_the_chosen_policy_is_the_cheapest_of_its_alternatives(
    mean: float, over: float, lead: float, spread: float, order_cost: float, holding: float, level: float
) -> None:
    costs = Costs.of_level(order_cost, holding, level)
    ahead = prospect(known(mean, mean * (1 + over), 200), lead, spread)
    found = choose(ahead, costs)
    others = alternatives(ahead, costs)
    assert found.outcome.cost <= others[0].outcome.cost * (1 + 1e-9)
    assert {one.name for one in others} >= {"best_point_and_lot", "economic_lot_and_service", "textbook"}


def test_singly_ordered_skus_get_exact_levels_and_packed_ones_a_point_and_a_lot() -> None:
    assert choose(SMALL, COSTS).name == "exact_levels"
    packed = choose(SMALL, COSTS, Lots(20, 12))
    assert (packed.name, packed.lot % 12, packed.lot >= 20) == ("best_point_and_lot", 0, True)
    assert choose(SMALL, COSTS, Lots(most=10)).lot == 10


def test_levels_closer_than_the_least_order_are_not_taken() -> None:
    assert choose(SMALL, COSTS, Lots(moq=30)).name == "exact_levels"
    assert choose(SMALL, COSTS, Lots(moq=300)).kind == "r,Q"
    assert choose(SMALL, COSTS, Lots(moq=300)).lot == 300


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_a_promise_is_kept_by_the_least_stock_that_keeps_it(level: float) -> None:
    goals: tuple[Goal, ...] = ("ready", "fill")
    for goal in goals:
        found = choose(SMALL, COSTS, goal=goal, level=level)
        kept = found.outcome.ready if goal == "ready" else found.outcome.fill
        assert level <= kept < level + 0.05


def test_a_higher_promise_is_never_less_stock() -> None:
    stocks = [choose(SMALL, COSTS, goal="fill", level=level).outcome.stock for level in (0.8, 0.9, 0.95, 0.99)]
    assert stocks == sorted(stocks)


def test_a_policy_orders_nothing_above_its_point_and_enough_at_it() -> None:
    levels = choose(SMALL, COSTS)
    assert levels.order(levels.point + 1) == 0
    assert levels.order(levels.point) == levels.lot
    assert levels.order(levels.point - 5) == levels.lot + 5
    lots = choose(SMALL, COSTS, Lots(12, 12))
    assert lots.order(lots.point) == lots.lot
    assert lots.order(lots.point - lots.lot) == 2 * lots.lot


def scaled(ahead: Prospect, costs: Costs) -> Policy:
    return next(one for one in alternatives(ahead, costs) if one.name == "best_point_and_lot")


def test_demand_of_millions_is_planned_as_that_of_thousands_is() -> None:
    small = scaled(prospect(known(1_000, 2e5), 6, lot=5_000), Costs(500, 0.01, 0.19))
    large_ahead = prospect(known(1_000_000, 2e11), 6, lot=5e6)
    large = scaled(large_ahead, Costs(500, 0.00001, 0.00019))
    assert large_ahead.step > 1_000
    assert (large.point, large.lot) == pytest.approx((small.point * 1_000, small.lot * 1_000), rel=0.02)
    assert large.outcome.cost == pytest.approx(small.outcome.cost, rel=0.005)
    assert large.outcome.stock == pytest.approx(small.outcome.stock * 1_000, rel=0.01)


def test_large_lots_are_whole_packs_too() -> None:
    for pack in (7, 1_250, 60_000):
        lots = Lots(10_000, pack)
        ahead = prospect(known(20_000, 2e7, 300), 5, 1, lot=200_000, lots=lots)
        found = choose(ahead, Costs(1_000, 0.001, 0.02), lots)
        assert ahead.step > 1
        assert found.lot % pack == 0
        assert found.lot >= 10_000
    with pytest.raises(ValueError, match="give prospect the lots"):
        choose(prospect(known(20_000, 2e7), 5, lot=200_000), Costs(1_000, 0.001, 0.02), Lots(1, 7))


def test_a_promise_without_a_level_is_refused() -> None:
    with pytest.raises(ValueError, match="give one between 0 and 1"):
        choose(SMALL, COSTS, goal="fill")
