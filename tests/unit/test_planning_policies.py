"""Policies an item asks for by name: reviewed now and then, to demand, for one shelf life; and rules of thumb."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest

from cloud.core.planning import points
from cloud.core.planning.cards import card
from cloud.core.planning.items import Item, unfit
from cloud.core.planning.settling import Outlook, settle

MEAN, VARIANCE = 3.0, 6.0
TOLD = Outlook(MEAN, VARIANCE, 0.0, "smooth", "smoothing", 400)
PLAIN = Item("gloves", 10.0, 20.0, 0.25, 4.0, service_level=0.95)


def item(**given: Any) -> Item:
    fields = {name: getattr(PLAIN, name) for name in Item.__struct_fields__}
    return Item(**{**fields, **given})


def periodic(**given: Any) -> Item:
    return item(**{"policy": "periodic", "review_days": 7, **given})


def lived(point: int, lot: int, days: int, lead: int, review: int) -> tuple[float, float, float]:
    """Share met at once, mean evening stock, orders a day of a long simulated course, reviewed every so many days."""
    random = np.random.default_rng(3)
    demand = random.negative_binomial(MEAN * MEAN / (VARIANCE - MEAN), MEAN / VARIANCE, days)
    stock, coming, given, held, orders = point + lot, np.zeros(lead + 1, dtype=np.int64), 0, 0, 0
    for day, asked in enumerate(demand.tolist()):
        given += min(asked, max(stock, 0))
        stock -= asked
        position = stock + int(coming.sum())
        if day % review == 0 and position <= point:
            coming[(day + lead) % (lead + 1)] += ceil((point + 1 - position) / lot) * lot
            orders += 1
        stock += int(coming[day % (lead + 1)])
        coming[day % (lead + 1)] = 0
        held += max(stock, 0)
    return given / int(demand.sum()), held / days, orders / days


@pytest.mark.parametrize(("review", "pack"), [(7, 1), (7, 12), (30, 5), (1, 4)])
def test_what_a_reviewed_policy_promises_comes_true_and_one_unit_less_would_break_the_promise(
    review: int, pack: int
) -> None:
    policy = settle(periodic(review_days=review, pack=pack), TOLD, others=False).policy
    assert policy is not None

    fill, stock, orders = lived(policy.point, policy.lot, 200_000, 4, review)

    assert policy.outcome.fill >= 0.95
    assert fill == pytest.approx(policy.outcome.fill, abs=0.004)
    assert stock == pytest.approx(policy.outcome.stock, rel=0.02)
    assert orders == pytest.approx(policy.outcome.orders, rel=0.02)
    assert lived(policy.point - 2, policy.lot, 200_000, 4, review)[0] < 0.952


def test_reviewed_daily_it_is_the_policy_of_every_day() -> None:
    made = settle(periodic(review_days=1, pack=12), TOLD, others=False)
    assert made.policy is not None
    assert made.ahead is not None

    assert made.policy.point == points.by_fill_rate(made.ahead.lead, 12, 0.95, made.ahead.day)


def test_the_longer_between_reviews_the_more_is_kept() -> None:
    upto = [settle(periodic(review_days=days), TOLD, others=False).policy for days in (1, 7, 14, 60)]

    levels = [one.point + one.lot for one in upto if one is not None]
    assert levels == sorted(set(levels))


def test_with_a_backorder_cost_no_other_level_costs_less() -> None:
    found = settle(periodic(service_level=None, backorder_cost=60.0), TOLD)

    assert found.policy is not None
    assert {one.name for one in found.others} == {"textbook", "base_stock"}
    assert all(one.outcome.cost >= found.policy.outcome.cost - 1e-12 for one in found.others)


def test_on_a_review_day_it_is_filled_up_and_ordered_once() -> None:
    first = card(periodic(on_hand=10, pack=6), TOLD)
    again = card(periodic(on_hand=10, pack=6, on_order=first.order), TOLD)

    assert (first.verdict, first.formula) == ("order", "periodic_review")
    assert first.order % 6 == 0
    assert first.order_up_to is not None
    assert first.order_up_to - 6 < 10 + first.order <= first.order_up_to
    assert (again.verdict, again.order) == ("enough", 0)


def test_shelves_too_small_for_a_review_interval_are_told() -> None:
    made = card(periodic(capacity=25), TOLD)

    assert made.order_up_to == 25
    assert made.limits == ["shelves_too_small", "promise_out_of_reach"]


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ({"on_hand": 9, "reserved": 9}, 0),
        ({"on_hand": 9, "reserved": 12}, 3),
        ({"on_hand": 9, "reserved": 12, "pack": 10}, 10),
        ({"on_hand": 0, "reserved": 12, "moq": 11, "pack": 2}, 12),
        ({"on_hand": 0, "reserved": 13, "moq": 11, "pack": 2}, 14),
        ({"on_hand": -4, "on_order": 1, "in_transit": 1}, 2),
    ],
)
def test_to_demand_no_more_is_ordered_than_is_promised_or_owed(given: dict[str, int], order: int) -> None:
    with_demand, without = card(item(policy="jit", **given), TOLD), card(item(policy="jit", **given), None)

    assert (with_demand.order, without.order) == (order, order)
    assert with_demand.formula == "order_to_demand"


def test_what_expires_before_the_next_review_is_ordered_for_its_own_life_alone() -> None:
    fresh = periodic(shelf_life_days=3, review_days=7, lead_time_days=1, on_hand=50)
    made = card(fresh, TOLD)

    assert made.formula == "newsvendor"
    assert made.limits == ["expires_first", "promise_out_of_reach"]
    assert 9 < made.order < 18  # three days' demand with a margin; what lies there will have expired
    assert made.promise is not None
    assert made.promise.fill < 3 / 7
    assert card(periodic(shelf_life_days=3, lead_time_days=1, on_order=made.order), TOLD).order == 0
    assert card(periodic(shelf_life_days=3, lead_time_days=1, on_hand=-5), TOLD).order == made.order + 5


def test_the_dearer_it_is_to_miss_the_more_is_bought_for_a_shelf_life() -> None:
    given = {"shelf_life_days": 3, "lead_time_days": 1, "service_level": None}
    orders = [card(periodic(**given, backorder_cost=cost), TOLD).order for cost in (10, 1_000, 100_000)]

    assert orders == sorted(set(orders))


def test_rules_of_thumb_are_compared_where_a_backorder_cost_is_given() -> None:
    money = item(service_level=None, backorder_cost=60.0)
    found = card(money, TOLD)
    names = {one.policy for one in found.rejected}

    assert {"eoq_with_backorders", "loss_functions", "power_approximation"} <= names
    assert found.promise is not None
    assert all(one.cost >= found.promise.cost * (1 - 1e-9) for one in found.rejected)
    assert not names & {one.policy for one in card(PLAIN, TOLD).rejected} - {
        "exact_levels",
        "best_point_and_lot",
        "textbook",
        "economic_lot_and_service",
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"policy": "weekly"}, "policy is 'weekly'"),
        ({"policy": "periodic"}, "belong together"),
        ({"review_days": 7}, "belong together"),
        ({"policy": "periodic", "review_days": 0.5}, "whole days, 1 to 366"),
        ({"policy": "periodic", "review_days": 400}, "whole days, 1 to 366"),
        ({"policy": "jit", "reorder_point": 3}, "leave one out"),
        ({"policy": "periodic", "review_days": 3, "shelf_life_days": 2}, "lead time that is not longer"),
    ],
)
def test_figures_of_a_policy_that_do_not_fit_are_named(given: dict[str, Any], reason: str) -> None:
    assert reason in unfit(item(**given))


def test_without_its_policy_an_item_is_planned_as_any_other() -> None:
    assert periodic().free == PLAIN
