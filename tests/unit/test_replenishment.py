"""When to order an SKU and how much: textbook answers, and plans with their why."""

from __future__ import annotations

import json
from math import exp, factorial
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.amounts import lead_time_pmf, poisson
from cloud.core.planning.cards import Card
from cloud.core.planning.demand import Demand
from cloud.core.planning.lots import eoq
from cloud.core.planning.points import by_ready_rate
from cloud.core.planning.settling import Outlook
from cloud.core.replenishment import BY_HAND, Plan, Stock, decide, plan
from protocols.layout import Sku
from tests.unit.bolts import DEMAND, NOTHING, SKU, daily, made

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "inventory"
WHY = (
    "on_hand reserved quarantined perishing doubtful likely on_order in_transit position daily_demand demand_sd "
    "demand_days "
    "lead_time_days lead_time_sd_days service_level lead_time_demand safety_stock reorder_point eoq order_cost "
    "holding_cost_unit_year moq pack capacity quantity formula replenish card decided_ms"
)


def test_the_economic_order_quantity_is_the_textbooks() -> None:
    assert eoq(8, 1300, 0.225).units == pytest.approx(304.0467800264368, abs=1e-9)


@pytest.mark.parametrize(
    ("holding", "penalty", "mean", "lot", "expected"),
    [(4, 28, 6, 7, 6), (20, 150, 3, 5, 3)],  # exact Poisson (r, Q): Snyder & Shen, example 5.8 and its problem
)
def test_the_reorder_point_is_the_textbooks(
    holding: float, penalty: float, mean: float, lot: int, expected: int
) -> None:
    assert by_ready_rate(poisson(mean), lot, penalty / (penalty + holding)) == expected


def test_known_answers_of_the_literature() -> None:
    file = DATA / "known_answers.json"
    if not file.exists():
        pytest.skip("the table of known answers is not on this machine")
    checked = 0
    for case in json.loads(file.read_text()):
        inputs, answer = case["inputs"], case["answer"]
        if case["function"] == "economic_order_quantity":
            found = eoq(inputs["fixed_cost"], inputs["demand_rate"], inputs["holding_cost"]).units
            assert found == pytest.approx(answer["Q"], rel=1e-9)
            checked += 1
        if case["function"] == "r_q_poisson_exact":
            mean, penalty = inputs["demand_mean"] * inputs["lead_time"], inputs["stockout_cost"]
            level = penalty / (penalty + inputs["holding_cost"])
            assert by_ready_rate(poisson(mean), answer["Q"], level) == answer["r"]
            checked += 1
    assert checked >= 2


@given(st.floats(0.05, 200), st.floats(0, 30), st.integers(1, 300), st.floats(0.5, 0.999))
def test_the_reorder_point_is_the_smallest_that_meets_the_level(
    mean: float, over: float, lot: int, level: float
) -> None:
    pmf = lead_time_pmf(mean, mean * (1 + over))
    cdf = np.append(np.cumsum(pmf), np.ones(lot + 1))

    point = by_ready_rate(pmf, lot, level)

    assert cdf[point + 1 : point + lot + 1].mean() >= level - 1e-9
    assert point == 0 or cdf[point : point + lot].mean() < level + 1e-9


@given(st.floats(0.05, 500), st.floats(0, 20))
def test_the_lead_time_demand_has_the_moments_it_was_asked_for(mean: float, over: float) -> None:
    pmf = lead_time_pmf(mean, mean * (1 + over))
    units = np.arange(len(pmf))

    found_mean = float(pmf @ units)

    assert pmf.sum() == pytest.approx(1, abs=1e-9)
    assert found_mean == pytest.approx(mean, rel=1e-3)
    assert float(pmf @ (units - found_mean) ** 2) == pytest.approx(mean * (1 + over), rel=2e-2)


def test_even_demand_is_poisson() -> None:
    pmf = lead_time_pmf(3.0, 1.0)

    assert pmf[:8] == pytest.approx([exp(-3) * 3**i / factorial(i) for i in range(8)])


def test_an_uncertain_lead_time_adds_to_the_variance() -> None:
    assert Demand(6, 16).moments(4, 1) == (24, 4 * 16 + 36)


def test_a_plan_says_why_with_every_figure() -> None:
    need = decide(None, found := made(SKU, DEMAND, 5), 1)

    assert need is not None
    assert list(need.why) == WHY.split()
    assert found.verdict == "order"
    assert found.quantity % 12 == 0
    assert found.quantity == need.quantity == need.why["quantity"]
    assert msgspec.convert(need.why["card"], Card) == found.card


def test_what_is_on_order_or_in_transit_counts_and_what_is_promised_or_set_aside_does_not() -> None:
    def verdict(there: Position) -> str:
        return plan(SKU, DEMAND, Stock(there, there.on_hand), 0.95).verdict

    assert verdict(Position(5)) == "order"
    assert verdict(Position(5, on_order=500)) == verdict(Position(5, in_transit=500)) == "enough"
    assert verdict(Position(500)) == "enough"
    assert verdict(Position(500, reserved=495)) == verdict(Position(500, quarantined=495)) == "order"


@pytest.mark.parametrize(
    ("demand", "uncertain", "verdict"),
    [(None, 0, "demand_unknown"), (NOTHING, 0, "no_demand"), (DEMAND, 1, "stock_unknown"), (None, 1, "stock_unknown")],
)
def test_without_the_figures_nothing_is_proposed(demand: Outlook | None, uncertain: int, verdict: str) -> None:
    found = made(SKU, demand, on_hand=0, uncertain=uncertain)

    assert (found.verdict, found.quantity) == (verdict, 0)
    assert decide(None, found, 1) is None


@pytest.mark.parametrize("free", [{"unit_cost": 0.0}, {"holding_rate": 0.0}, {"unit_cost": 0.0, "holding_rate": 0.0}])
def test_goods_that_cost_nothing_to_keep_are_ordered_for_a_year(free: dict[str, float]) -> None:
    found = made(msgspec.structs.replace(SKU, moq=1, pack=1, **free), DEMAND, 0)

    assert found.order_quantity == pytest.approx(6 * 365, abs=1)


def test_what_costs_nothing_to_order_and_to_keep_is_planned_too() -> None:
    assert made(replace(SKU, moq=1, pack=1, unit_cost=0.0, order_cost=0.0), DEMAND, 0).verdict == "order"


def test_units_owed_of_what_nobody_wants_any_more_are_ordered() -> None:
    found = made(SKU, NOTHING, -5)

    assert (found.verdict, found.quantity, found.reorder_point) == ("order", 12, -1)
    assert made(SKU, NOTHING, -5, on_order=12).verdict == "no_demand"


def test_at_the_reorder_point_it_is_time_to_order_and_one_above_it_is_not() -> None:
    point = made(SKU, DEMAND, 0).reorder_point
    assert point is not None

    assert made(SKU, DEMAND, point).verdict == "order"
    assert made(SKU, DEMAND, point + 1).verdict == "enough"


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 400), st.sampled_from((1, 6, 12)), st.sampled_from((1.0, 6.0, 40.0)), st.integers(1, 14))
def test_no_more_is_ordered_than_the_shelves_hold_but_for_the_smallest_order(
    capacity: int, pack: int, mean: float, days: int
) -> None:
    sku = replace(SKU, moq=1, pack=pack, lead_time_days=float(days))

    for on_hand in (0, capacity // 2, capacity):
        found = made(sku, daily(mean), on_hand, capacity=capacity)
        assert found.verdict in ("order", "enough")
        assert found.quantity == 0 or on_hand + found.quantity <= capacity or found.quantity == pack
        assert found.verdict == "enough" or on_hand < capacity, "full shelves want nothing"


def test_a_reorder_point_above_what_the_shelves_hold_orders_no_single_units_again_and_again() -> None:
    """30 fit, 42 are wanted until an order comes."""
    small = replace(SKU, moq=1, pack=1, lead_time_days=7.0)
    found = made(small, DEMAND, 30, capacity=30)

    assert found.verdict == "enough"
    assert found.card.limits == ["shelves_too_small", "promise_out_of_reach"]
    assert found.card.promise is not None
    assert found.card.promise.fill < 0.95
    assert found.reorder_point is not None
    orders = [made(small, DEMAND, units, capacity=30) for units in range(29, -1, -1)]
    first = next(one for one in orders if one.verdict == "order")
    assert first.quantity >= 5
    assert all(one.verdict == "order" for one in orders[orders.index(first) :])
    by_hand = replace(small, reorder_point=40, order_quantity=10)
    assert made(by_hand, None, 30, capacity=30).verdict == "enough"
    assert made(by_hand, None, 20, capacity=30).quantity == 10
    assert made(by_hand, DEMAND, 30, capacity=30).card.limits == ["shelves_too_small"]


def test_shelves_that_are_large_enough_change_nothing() -> None:
    free, roomy = made(SKU, DEMAND, 5), made(SKU, DEMAND, 5, capacity=1_000)

    assert (roomy.reorder_point, roomy.order_quantity) == (free.reorder_point, free.order_quantity)
    assert roomy.card.limits == []


def test_no_more_is_kept_than_is_worth_what_expires() -> None:
    """Six a day: an economic lot lasts two months, the goods four days."""
    cheap = replace(SKU, moq=1, pack=1, unit_cost=0.5, lead_time_days=2.0, lead_time_sd_days=0.0)
    lasting, milk = made(cheap, DEMAND, 0), made(replace(cheap, shelf_life_days=4.0), DEMAND, 0)
    dear = made(replace(cheap, unit_cost=5.0, shelf_life_days=4.0), DEMAND, 0)

    assert lasting.order_quantity is not None
    assert milk.order_quantity is not None
    assert lasting.order_quantity > 300
    assert 0 < milk.order_quantity <= 30, "about what sells in four days"
    assert milk.card.limits == dear.card.limits == ["expires_first"]
    for one in (milk, dear):
        assert one.card.promise is not None
        assert one.card.promise.fill >= 0.95
    assert milk.card.promise is not None
    assert dear.card.promise is not None
    assert milk.card.promise.waste > dear.card.promise.waste > 0, "cheap goods are rather thrown away than missed"
    assert "least_lot_too_large" in made(replace(cheap, shelf_life_days=4.0, moq=60), DEMAND, 0).card.limits


def test_lots_that_expire_before_they_sell_are_no_stock_to_plan_with() -> None:
    """Thirty-five lie there and expire tonight, six a day sell, an order comes in three days."""
    toner = replace(SKU, moq=1, pack=1, unit_cost=64.0, lead_time_days=3.0, lead_time_sd_days=0.0)

    def at(*lots: tuple[int, int]) -> Plan:
        return plan(toner, DEMAND, Stock(Position(35, 4), 35, lots=lots), 0.95)

    stale, fine, later = at((1, 35)), at((60, 35)), at((5, 35))

    assert (fine.verdict, fine.projected, fine.card.position.perishing) == ("enough", 31, 0)
    assert (later.verdict, later.projected) == ("enough", 31), "an order of today would come before they expire"
    assert (stale.verdict, stale.projected, stale.card.available) == ("order", 6, 31)
    assert stale.card.position.perishing == 25, "six sell today, and four are promised"
    assert stale.card.risk is not None
    assert stale.card.risk > 0.5


def test_a_reorder_point_by_hand_stands_above_what_demand_says_and_needs_none() -> None:
    sku = replace(SKU, reorder_point=40, order_quantity=24)

    for demand in (None, NOTHING, DEMAND):
        found = made(sku, demand, 30)
        assert (found.verdict, found.reorder_point, found.order_quantity, found.quantity) == ("order", 40, 24, 24)
        assert found.card.formula == BY_HAND
        assert made(sku, demand, 41).verdict == "enough"
        assert made(sku, demand, 30, uncertain=1).verdict == "stock_unknown"
    assert made(replace(SKU, reorder_point=40), None, 30).order_quantity == SKU.least_lot == 12
    promise = made(sku, DEMAND, 30).card.promise
    assert promise is not None
    assert promise.fill > 0.9


def test_rare_and_huge_demand_is_planned_too() -> None:
    found = made(SKU, Outlook(0.02, 160_000.0, 400.0, "lumpy", "smoothing", 400), 0)

    assert found.verdict in ("order", "unfit")
    assert found.quantity % 12 == 0


def test_an_articles_own_service_level_stands_above_that_of_its_class() -> None:
    there = Stock(Position(5), 5)

    def level(sku: Sku) -> float | None:
        terms = plan(sku, DEMAND, there, 0.92).card.terms
        assert terms is not None
        return terms.service_level

    assert level(SKU) == 0.92
    assert level(replace(SKU, service_level=0.99)) == 0.99
    assert level(replace(SKU, backorder_cost=12.0)) is None
