"""Economic lots, price breaks, packs, and what caps a lot; one order for one season; suppliers that fail."""

from __future__ import annotations

from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.planning import lots, newsvendor, supply
from cloud.core.planning.amounts import poisson, rounded_normal
from cloud.core.planning.losses import Costs, position_costs
from cloud.core.planning.lots import Lots, best_lot, eoq, lot_cost, sells_in_time, within

MONEY = st.floats(0.1, 1_000)
DEMAND = st.floats(0.1, 10_000)


@given(MONEY, DEMAND, MONEY)
def test_no_lot_costs_less_than_the_economic_one(order_cost: float, demand: float, holding: float) -> None:
    best = eoq(order_cost, demand, holding)
    assert lot_cost(best.units, order_cost, demand, holding) == pytest.approx(best.cost)
    for factor in (0.5, 0.9, 1.1, 2):
        assert lot_cost(best.units * factor, order_cost, demand, holding) > best.cost


@given(MONEY, DEMAND, MONEY, st.integers(1, 50), st.integers(1, 200))
def test_the_lot_is_the_best_of_all_whole_packs_that_are_enough(
    order_cost: float, demand: float, holding: float, pack: int, moq: int
) -> None:
    allowed = Lots(moq, pack)

    def cost(units: int) -> float:
        return lot_cost(units, order_cost, demand, holding)

    units = best_lot(cost, eoq(order_cost, demand, holding).units, allowed)
    assert units % pack == 0
    assert units >= moq
    assert cost(units) <= cost(units + pack)
    assert units - pack < moq or cost(units) <= cost(units - pack)


@given(MONEY, DEMAND, MONEY, MONEY)
def test_lots_that_may_be_owed_are_larger_and_cost_less(
    order_cost: float, demand: float, holding: float, backorder: float
) -> None:
    lot, owed = lots.eoq_with_backorders(order_cost, demand, holding, backorder)
    plain = eoq(order_cost, demand, holding)
    assert lot.units > plain.units
    assert lot.cost < plain.cost
    assert owed == pytest.approx(holding / (holding + backorder))
    short = owed * lot.units
    paid = (holding * (lot.units - short) ** 2 + backorder * short**2) / (2 * lot.units)
    assert order_cost * demand / lot.units + paid == pytest.approx(lot.cost)


BREAKS = st.lists(st.tuples(st.integers(1, 3_000), st.floats(0.3, 1)), min_size=1, max_size=4)


@given(MONEY, DEMAND, st.floats(0.05, 0.5), BREAKS)
def test_with_price_breaks_no_other_lot_costs_less(
    order_cost: float, demand: float, rate: float, steps: list[tuple[int, float]]
) -> None:
    firsts = [0, *np.cumsum([step for step, _ in steps]).tolist()]
    prices = [10 * float(one) for one in np.cumprod([1, *(0.999 * factor for _, factor in steps)])]

    def price_at(units: float) -> float:
        return max((first, price) for first, price in zip(firsts, prices, strict=True) if units >= first)[1]

    def all_units(units: float) -> float:
        return demand * price_at(units) + lot_cost(units, order_cost, demand, rate * price_at(units))

    def incremental(units: float) -> float:
        ends = [*firsts[1:], inf]
        paid: float = sum(
            price * max(0, min(units, end) - first) for first, end, price in zip(firsts, ends, prices, strict=True)
        )
        return demand * paid / units + order_cost * demand / units + rate * paid / 2

    grid = np.concatenate((np.geomspace(0.5, 50_000, 300), firsts[1:]))
    for found, cost in (
        (lots.all_units_breaks(order_cost, demand, rate, firsts, prices), all_units),
        (lots.incremental_breaks(order_cost, demand, rate, firsts, prices), incremental),
    ):
        assert cost(found.units) == pytest.approx(found.cost)
        assert prices[found.region] == price_at(found.units)
        assert found.cost <= min(cost(units) for units in grid) * (1 + 1e-9)


def test_a_production_lot_is_larger_than_one_that_comes_at_once() -> None:
    assert lots.epq(4, 80, 0.08, 160).units == pytest.approx(sqrt(2) * eoq(4, 80, 0.08).units)


@given(st.floats(0.2, 50), st.floats(0.5, 0.99), st.integers(0, 20))
def test_no_more_is_ordered_than_sells_before_it_expires(mean: float, level: float, ahead: int) -> None:
    life = poisson(mean)
    most = sells_in_time(life, level, ahead)
    assert most == 0 or life[most + ahead :].sum() >= level - 1e-9
    assert life[most + ahead + 1 :].sum() < level


def test_room_and_expiry_cap_the_lot_but_not_below_the_least_order() -> None:
    capped = within(Lots(1, 6), 40, None, 27)
    assert best_lot(lambda units: -units, 100, capped) == 24
    assert best_lot(lambda units: -units, 100, within(Lots(36, 6), 27)) == 36
    assert within(Lots(1, 6), None) == Lots(1, 6)
    assert capped.sizes(60).tolist() == [6, 12, 18, 24]


@given(st.floats(0.05, 10), st.floats(0.05, 10), st.floats(0.5, 80))
def test_no_other_stock_for_a_season_costs_less(holding: float, missed: float, mean: float) -> None:
    costs, pmf = Costs(0, holding, missed), poisson(mean)
    found = newsvendor.of_any(costs, pmf)
    assert found.cost <= position_costs(pmf, costs, 0, len(pmf) + 5).min() * (1 + 1e-9) + 1e-12
    assert found == newsvendor.of_poisson(costs, mean)


def test_a_season_of_normal_demand_is_that_of_its_rounded_pmf_nearly() -> None:
    costs = Costs(0, 2, 7)
    assert newsvendor.of_any(costs, rounded_normal(400, 60)).units == pytest.approx(
        newsvendor.of_normal(costs, 400, 60).units, abs=1
    )
    assert newsvendor.of_any(costs, np.bincount([3, 5, 5, 9]) / 4).units == 9


@pytest.mark.parametrize("units", [40, 56.6, 70])
def test_the_expected_profit_is_that_of_a_drawn_season(units: float) -> None:
    demand = np.random.default_rng(3).normal(50, 8, 400_000)
    sold = np.minimum(demand, units)
    drawn = float((sold - 0.3 * units + 0.12 * (units - sold)).mean())
    assert newsvendor.expected_profit(1, 0.3, 0.12, 50, 8, units).cost == pytest.approx(drawn, abs=0.05)


def test_a_supplier_that_hardly_fails_gets_the_economic_lot() -> None:
    plain = eoq(8, 1300, 0.225)
    assert supply.with_disruptions(8, 1300, 0.225, 5, 1e-9, 14) == pytest.approx(plain, rel=1e-4)
    assert supply.with_added_yield(8, 1300, 0.225, 0, 0) == pytest.approx(plain)
    assert supply.with_scaled_yield(8, 1300, 0.225, 1, 0) == pytest.approx(plain)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: eoq(8, 1300, 0),
        lambda: eoq(8, 0, 0.2),
        lambda: eoq(nan, 1300, 0.2),
        lambda: eoq(-1, 1300, 0.2),
        lambda: lots.epq(4, 80, 0.08, 80),
        lambda: lots.all_units_breaks(8, 1300, 0.3, (0, 400), (0.7, 0.8)),
        lambda: lots.all_units_breaks(8, 1300, 0.3, (10, 400), (0.8, 0.7)),
        lambda: lots.incremental_breaks(8, 1300, 0.3, (0, 400), (0.8,)),
        lambda: lots.incremental_breaks(8, 1300, 0.3, (0, 400), (0.8, nan)),
        lambda: Lots(0, 1),
        lambda: Lots(1, -6),
        lambda: sells_in_time(poisson(3), 1.0),
        lambda: newsvendor.of_normal(Costs(0, 1, 1), 50, 0),
        lambda: newsvendor.expected_profit(1, 0.3, 0.4, 50, 8),
        lambda: supply.with_disruptions(8, 1300, 0.2, 5, 0, 14),
        lambda: supply.with_scaled_yield(8, 1300, 0.2, 0, 0.1),
    ],
)
def test_nonsense_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"[:;] \w"):
        wrong()
