"""What the planner would do if things were otherwise, and how its policy would have done: by the planner's own code."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from cloud.core.planning.backtest_curve import CHUNK, LEVELS, backtest_curve, table_of
from cloud.core.planning.deals import Deal, dealt
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook
from cloud.core.planning.what_if import AS_IT_IS, Change, Planned, changed, what_if

TEA = Item("tea", 5.0, 12.0, 0.25, 5.0, 1.0, 1, 6, service_level=0.95)
TOLD = Outlook(9.0, 20.0, 0.1, "smooth", "smoothing", 120)
ONE = Planned(TEA, (), TOLD)


def test_as_it_is_both_sides_are_what_the_planner_does() -> None:
    made = what_if("tea", [ONE], AS_IT_IS)

    policy = dealt(TEA, TOLD).settled.policy
    assert policy is not None
    assert made.now is not None
    assert made.now == made.then
    assert (made.now.reorder_point, made.now.lot) == (policy.point, policy.lot)
    assert made.now.fill >= 0.95


def test_a_longer_lead_time_keeps_more_and_a_higher_level_costs_more() -> None:
    longer = what_if("tea", [ONE], Change(lead=2.0))
    higher = what_if("tea", [ONE], Change(level=0.99))

    assert longer.now is not None
    assert longer.then is not None
    assert higher.then is not None
    assert (longer.then.reorder_point or 0) > 1.8 * (longer.now.reorder_point or 0)
    assert higher.then.stock_value > longer.now.stock_value
    assert higher.then.risk < longer.now.risk
    assert higher.then.fill >= 0.99


def test_more_demand_is_more_days_worth_of_it() -> None:
    twice = changed(TOLD, 2.0)

    assert (twice.mean, twice.variance) == (18.0, 40.0)
    assert twice.doubt / twice.mean**2 == TOLD.doubt / TOLD.mean**2


def test_a_suppliers_lead_time_is_stretched_too() -> None:
    deal = Deal("acme", 5.0, 12.0, 5.0, 1.0)
    offered = Planned(replace(TEA, lead_time_days=99.0), [deal], TOLD)

    now, alone = what_if("tea", [offered], AS_IT_IS).now, what_if("tea", [ONE], AS_IT_IS).now
    then, longer = what_if("tea", [offered], Change(lead=3.0)).then, what_if("tea", [ONE], Change(lead=3.0)).then

    assert now is not None
    assert alone is not None
    assert then is not None
    assert longer is not None
    assert now.reorder_point == alone.reorder_point
    assert then.reorder_point == longer.reorder_point


def test_of_several_sums_are_told_and_those_that_can_not_be_planned_are_counted() -> None:
    idle, unfit = ONE._replace(told=None), ONE._replace(item=replace(TEA, pack=0))

    made = what_if("", [ONE, idle, ONE, unfit], Change(demand=1.5))

    alone = what_if("tea", [ONE], Change(demand=1.5))
    assert (made.skus, made.unplanned, made.left) == (2, 2, 0)
    assert made.then is not None
    assert alone.then is not None
    assert made.then.stock_value == 2 * alone.then.stock_value
    assert made.then.fill == alone.then.fill
    assert made.then.reorder_point is None


def test_one_that_can_not_be_planned_says_why() -> None:
    made = what_if("tea", [ONE._replace(told=None)], AS_IT_IS)

    assert (made.now, made.then) == (None, None)
    assert "no demand" in made.reason


def test_what_is_not_reached_in_time_is_counted_and_the_first_is_always_reached() -> None:
    made = what_if("", [ONE] * 5, AS_IT_IS, lambda: False)

    assert (made.skus, made.left) == (1, 4)


DAYS = np.random.default_rng(5).poisson(9, 200).astype(float)


def test_in_ones_own_past_more_service_cost_more_and_gave_more() -> None:
    made = backtest_curve("tea", [TEA], table_of([DAYS.tolist()]), 200 * 86_400_000)

    assert [one.level for one in made.points] == [*LEVELS]
    assert made.points[-1].fill > made.points[0].fill
    assert made.points[-1].holding > made.points[0].holding
    assert [one.policy for one in made.rivals] == ["in_force", "min_max", "eoq_and_z"]
    assert (made.days, made.from_ms) == (80, 120 * 86_400_000)
    aimed = next(one for one in made.points if one.level == 0.95)
    assert made.rivals[0].fill == aimed.fill  # what is planned now aims at just that


def test_too_few_days_are_not_judged() -> None:
    made = backtest_curve("tea", [TEA], table_of([DAYS[:11].tolist()]), 0)

    assert (made.points, made.reason) == ([], "too_few_days")
    assert backtest_curve("", [], table_of([]), 0).reason == "not_planned"


def test_a_back_test_ends_when_there_is_no_more_time_and_says_how_many_are_left() -> None:
    rows = [DAYS[:60].tolist()] * 60

    made = backtest_curve("", [TEA] * 60, table_of(rows), 0, lambda: False)

    assert (made.skus, made.left) == (CHUNK, 60 - CHUNK)
    assert made.points[0].orders > 0
