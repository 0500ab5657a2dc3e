"""Lots, reorder points, and the one open need of an SKU."""

from __future__ import annotations

import json
from math import exp, factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.demand import Demand
from cloud.core.planning.amounts import lead_time_moments, lead_time_pmf
from cloud.core.planning.lots import Lots, eoq
from cloud.core.planning.points import reorder_point
from cloud.core.replenishment import (
    BY_HAND,
    GATEWAY,
    Need,
    decide,
    lot_size,
    plan,
)
from protocols.layout import Sku
from protocols.reports import Proposal

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "inventory"
SKU = Sku("bolt", "Bolt", 5.0, unit_cost=2.0, lead_time_days=4, lead_time_sd_days=1, moq=10, pack=12)
DEMAND = Demand(6.0, 4.0, 90)
WHY = (
    "on_hand on_order position daily_demand demand_sd demand_days lead_time_days lead_time_sd_days service_level "
    "lead_time_demand safety_stock reorder_point eoq order_cost holding_cost_unit_year moq pack capacity "
    "quantity formula"
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
    assert reorder_point(mean, mean, lot, penalty / (penalty + holding)) == expected


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
            assert reorder_point(mean, mean, answer["Q"], level) == answer["r"]
            checked += 1
    assert checked >= 2


@given(st.floats(0.05, 200), st.floats(0, 30), st.integers(1, 300), st.floats(0.5, 0.999))
def test_the_reorder_point_is_the_smallest_that_meets_the_level(
    mean: float, over: float, lot: int, level: float
) -> None:
    pmf = lead_time_pmf(mean, mean * (1 + over))
    cdf = np.append(np.cumsum(pmf), np.ones(lot + 1))

    point = reorder_point(mean, mean * (1 + over), lot, level)

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
    assert lead_time_moments(6, 16, 4, 1) == (24, 4 * 16 + 36)


@pytest.mark.parametrize(
    ("economic", "moq", "pack", "expected"),
    [(304.05, 1, 1, 304), (304.05, 1, 25, 300), (314, 1, 25, 325), (3, 1, 25, 25), (30, 40, 25, 50), (0, 1, 1, 1)],
)
def test_lots_come_in_packs_and_not_below_the_least(economic: float, moq: int, pack: int, expected: int) -> None:
    assert lot_size(economic, Lots(moq, pack)) == expected


def test_a_plan_says_why_with_every_figure() -> None:
    found = plan(SKU, DEMAND, on_hand=5, on_order=0)

    assert list(found.why) == WHY.split()
    assert found.verdict == "order"
    assert found.quantity % 12 == 0
    assert found.quantity == found.why["quantity"]
    assert found.reorder_point is not None
    assert found.reorder_point >= 24


def test_what_is_on_order_counts() -> None:
    assert plan(SKU, DEMAND, on_hand=5, on_order=500).verdict == "enough"


def test_a_position_far_below_is_filled_with_several_lots() -> None:
    sku = replace(SKU, order_cost=0.0)

    found = plan(sku, DEMAND, on_hand=0, on_order=0)

    assert found.order_quantity == 12
    assert found.reorder_point is not None
    assert found.reorder_point < found.quantity <= found.reorder_point + 12


@pytest.mark.parametrize(
    ("demand", "uncertain", "verdict"),
    [(None, 0, "demand_unknown"), (Demand(0.0, 0.0, 30), 0, "no_demand"), (DEMAND, 1, "stock_unknown")],
)
def test_without_the_figures_nothing_is_proposed(demand: Demand | None, uncertain: int, verdict: str) -> None:
    found = plan(SKU, demand, on_hand=0, on_order=0, uncertain=uncertain)

    assert (found.verdict, found.quantity) == (verdict, 0)
    assert decide(None, found, 1) is None


def test_goods_that_cost_nothing_to_keep_are_ordered_for_a_year_at_most() -> None:
    found = plan(replace(SKU, unit_cost=0.0, moq=1, pack=1), DEMAND, on_hand=0, on_order=0)

    assert found.order_quantity == 6 * 365


def test_an_open_need_keeps_its_quantity() -> None:
    need = decide(None, plan(SKU, DEMAND, 20, 0), 1)

    assert need is not None
    assert decide(need, plan(SKU, Demand(9.0, 5.0, 91), 0, 0), 2) is None


def test_received_stock_fulfils_a_need() -> None:
    need = decide(None, plan(SKU, DEMAND, 5, 0), 1)

    after = decide(need, plan(SKU, DEMAND, 500, 0), 2)

    assert after is not None
    assert (after.state, after.changed_ms, after.created_ms) == ("fulfilled", 2, 1)


def test_a_need_whose_reason_went_is_withdrawn() -> None:
    need = decide(None, plan(SKU, DEMAND, 5, 0), 1)

    fell = decide(need, plan(SKU, Demand(0.2, 0.4, 120), 5, 0), 2)
    ended = decide(need, plan(SKU, Demand(0.0, 0.0, 120), 5, 0), 2)

    assert fell is not None
    assert ended is not None
    assert (fell.state, ended.state) == ("withdrawn", "withdrawn")


def test_an_unknown_stock_neither_opens_nor_closes_a_need() -> None:
    need = decide(None, plan(SKU, DEMAND, 5, 0), 1)

    assert decide(need, plan(SKU, DEMAND, 500, 0, uncertain=1), 2) is None
    assert decide(need, plan(SKU, None, 500, 0), 2) is None


@given(
    st.lists(st.tuples(st.integers(-3, 120), st.integers(0, 60), st.floats(0, 20), st.integers(1, 4)), max_size=12),
)
def test_deciding_again_and_again_is_deciding_once(moments: list[tuple[int, int, float, int]]) -> None:
    def run(times: int) -> list[Need]:
        stored: dict[int, Need] = {}
        open_need: Need | None = None
        for now_ms, (on_hand, on_order, mean, _) in enumerate(moments):
            for _ in range(times):
                after = decide(open_need, plan(SKU, Demand(mean, mean, 60), on_hand, on_order), now_ms)
                if after is None:
                    continue
                open_need = after if after.id else replace(after, id=len(stored) + 1)
                stored[open_need.id] = open_need
                if open_need.state != "proposed":
                    open_need = None
                assert sum(need.state == "proposed" for need in stored.values()) <= 1
        return list(stored.values())

    assert run(3) == run(1)


def test_at_the_reorder_point_it_is_time_to_order_and_one_above_it_is_not() -> None:
    point = plan(SKU, DEMAND, 0, 0).reorder_point
    assert point is not None

    assert plan(SKU, DEMAND, point, 0).verdict == "order"
    assert plan(SKU, DEMAND, point + 1, 0).verdict == "enough"


def test_no_more_is_ordered_than_the_shelves_hold_but_for_the_smallest_order() -> None:
    packs = replace(SKU, moq=1, pack=6)
    free = plan(packs, DEMAND, 5, 0)
    tight = plan(packs, DEMAND, 5, 0, capacity=50)

    assert free.quantity > 45
    assert tight.quantity == 42
    assert tight.why["capacity"] == 50
    assert plan(replace(SKU, moq=60, pack=6), DEMAND, 5, 0, capacity=50).quantity == 60


def test_a_reorder_point_by_hand_stands_above_what_demand_says_and_needs_none() -> None:
    sku = replace(SKU, reorder_point=40, order_quantity=24)

    for demand in (None, Demand(0.0, 0.0, 90), DEMAND):
        made = plan(sku, demand, 30, 0)
        assert (made.verdict, made.reorder_point, made.order_quantity, made.quantity) == ("order", 40, 24, 24)
        assert made.why["formula"] == BY_HAND
        assert plan(sku, demand, 41, 0).verdict == "enough"
        assert plan(sku, demand, 30, 0, uncertain=1).verdict == "stock_unknown"
    assert plan(replace(SKU, reorder_point=40), None, 30, 0).order_quantity == SKU.least_lot == 12


def test_a_gateways_proposal_is_the_need_as_it_stands_unless_none_is_wanted() -> None:
    proposal = Proposal("bolt", "open", 48, 7, 10, 5)

    need = decide(None, plan(SKU, None, 7, 0, uncertain=1), 9, proposal)
    assert need is not None
    assert decide(None, plan(SKU, None, 500, 0, uncertain=1), 9, proposal) is None, "it was last known to be full"
    assert (need.quantity, need.created_ms, need.why["formula"], need.why["position"]) == (48, 9, GATEWAY, 7)
    assert decide(None, plan(SKU, DEMAND, 500, 0), 9, proposal) is None
    assert decide(None, plan(SKU, None, 500, 0), 9, replace(proposal, state="closed")) is None
    assert decide(need, plan(SKU, DEMAND, 5, 0), 10, proposal) is None
    done = decide(need, plan(SKU, None, 11, 0), 11)
    assert done is not None
    assert done.state == "fulfilled"


def test_rare_and_huge_demand_is_planned_too() -> None:
    made = plan(SKU, Demand(0.02, 400.0, 400), on_hand=0, on_order=0)

    assert made.verdict == "order"
    assert made.quantity % 12 == 0
