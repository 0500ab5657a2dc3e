"""What expires: how much is thrown away, what that does to a promise, and what is there but will not sell in time.

The shelves here are lived through by themselves, unit by unit and age by age, by nothing of what the planning uses."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.planning.cards import card
from cloud.core.planning.choice import by_hand
from cloud.core.planning.demand import Demand
from cloud.core.planning.efficient import curve
from cloud.core.planning.expiry import Life, perishing, spoiling
from cloud.core.planning.fitting import PROPORTION, spoilt
from cloud.core.planning.items import Item
from cloud.core.planning.losses import Costs
from cloud.core.planning.lots import ANY
from cloud.core.planning.prospects import prospect
from cloud.core.planning.settling import Outlook, settle

MILK = Item("milk", 11.0, 12.0, 0.25, 3.0, service_level=0.95, shelf_life_days=5.0)
CERTAIN = Outlook(3.32, 3.32, 0.0, "smooth", "smoothing", 0)
"""Known for certain: what is promised can be played out."""
DAYS = 20_000


class Lived(NamedTuple):
    """What came of a policy, a year."""

    fill: float
    waste: float
    orders: float
    stock: float


def lived(point: int, lot: int, lead: int, life: int, asked: list[int]) -> Lived:
    """(r, Q) day by day; goods come in the evening a lead time on, and can be sold on so many days."""
    shelf, coming, owed, on_order = list[list[int]](), dict[int, int](), 0, 0
    missed = waste = orders = stock = 0
    for day, units in enumerate(asked):
        for batch in shelf:
            taken = min(units, batch[1])
            batch[1] -= taken
            units -= taken
        missed, owed = missed + units, owed + units
        waste += sum(left for until, left in shelf if until <= day)
        shelf = [batch for batch in shelf if batch[1] and batch[0] > day]
        position = sum(left for _, left in shelf) - owed + on_order
        if position <= point:
            bought = ceil((point + 1 - position) / lot) * lot
            coming[day + lead] = coming.get(day + lead, 0) + bought
            on_order, orders = on_order + bought, orders + 1
        if came := coming.pop(day, 0):
            on_order -= came
            owed, came = owed - min(owed, came), came - min(owed, came)
            shelf.append([day + life, came])
        stock += sum(left for _, left in shelf)
    year = 365 / len(asked)
    return Lived(1 - missed / sum(asked), waste * year, orders * year, stock / len(asked))


def drawn(mean: float, variance: float) -> list[int]:
    """Days of demand, more of them where there is little on each."""
    random, days = np.random.default_rng(5), DAYS if mean > 1 else 10 * DAYS
    if variance <= mean:
        return [int(one) for one in random.poisson(mean, days)]
    size = mean * mean / (variance - mean)
    return [int(one) for one in random.negative_binomial(size, mean / variance, days)]


@pytest.mark.parametrize(
    ("point", "lot", "lead", "life", "mean", "variance"),
    [
        (9, 9, 3, 5, 3.32, 3.32),
        (15, 10, 3, 5, 3.32, 3.32),
        (18, 9, 3, 5, 3.32, 3.32),
        (22, 1, 3, 5, 3.32, 3.32),
        (5, 30, 1, 7, 3.32, 10.0),
        (60, 40, 4, 3, 12.0, 30.0),
        (3, 6, 10, 40, 0.2, 0.3),
    ],
)
def test_what_a_shelf_life_does_is_what_comes_of_it(
    point: int, lot: int, lead: int, life: int, mean: float, variance: float
) -> None:
    demand, costs = Demand(mean, variance), Costs(12.0, 0.01, 0.2)
    told = by_hand(prospect(demand, lead), costs, ANY, point, lot)
    came = lived(point, lot, lead, life, drawn(mean, variance))

    found = spoilt([told], Life(demand, lead, 0.0, life), costs, 11.0)[0].outcome

    assert found.fill == pytest.approx(came.fill, abs=0.012)
    assert found.waste * 365 == pytest.approx(came.waste, rel=0.08, abs=0.005 * mean * 365)
    assert found.orders * 365 == pytest.approx(came.orders, rel=0.02)
    assert found.stock == pytest.approx(came.stock, rel=0.05, abs=0.05)
    spent = costs.order * found.orders + costs.holding * found.stock + costs.backorder * found.backorders
    assert found.cost == pytest.approx(spent + 11.0 * found.waste, rel=0.001), "what is thrown away was paid for"


def test_a_service_level_is_kept_and_what_that_throws_away_is_told() -> None:
    made = card(MILK, CERTAIN)
    assert made.promise is not None
    assert made.reorder_point is not None
    assert made.order_up_to is not None

    came = lived(made.reorder_point, made.order_up_to - made.reorder_point, 3, 5, drawn(3.32, 3.32))

    assert made.promise.fill >= 0.95
    assert came.fill == pytest.approx(made.promise.fill, abs=0.01)
    assert came.waste == pytest.approx(made.promise.waste, rel=0.1)
    paid = 12.0 * came.orders + 11.0 * came.waste + 2.75 * came.stock
    assert made.promise.cost == pytest.approx(paid, rel=0.06), "owing costs a little more"
    assert made.limits == ["expires_first"]
    roomy = next(one for one in made.rejected if one.policy == "with_room")
    assert roomy.cost < made.promise.cost


def test_it_is_about_the_cheapest_that_keeps_the_level() -> None:
    asked = drawn(3.32, 3.32)[:6_000]
    every = [
        (12.0 * came.orders + 11.0 * came.waste + 2.75 * came.stock, point, lot)
        for point in range(11, 20)
        for lot in range(5, 16, 2)
        if (came := lived(point, lot, 3, 5, asked)).fill >= 0.95
    ]
    policy = settle(MILK, CERTAIN).policy
    assert policy is not None

    mine = lived(policy.point, policy.lot, 3, 5, asked)

    assert 12.0 * mine.orders + 11.0 * mine.waste + 2.75 * mine.stock < 1.08 * min(every)[0]


def test_a_level_that_would_be_thrown_away_for_stands_among_the_rejected_with_its_price() -> None:
    made = card(replace(MILK, shelf_life_days=2.0), CERTAIN)

    assert made.promise is not None
    assert made.promise.fill < 0.95
    assert made.limits == ["expires_first", "promise_too_dear"]
    kept = next(one for one in made.rejected if one.policy == "promise_kept")
    assert kept.fill >= 0.95
    assert kept.cost > PROPORTION / 2 * made.promise.cost
    came = lived(kept.reorder_point, kept.order_up_to - kept.reorder_point, 3, 2, drawn(3.32, 3.32))
    assert came.fill == pytest.approx(kept.fill, abs=0.012)
    assert 12.0 * came.orders + 11.0 * came.waste == pytest.approx(kept.cost, rel=0.06)


@pytest.mark.parametrize("by_cost", [False, True])
def test_what_lasts_until_it_is_sold_is_planned_as_if_it_lasted_for_ever(by_cost: bool) -> None:
    lasting = replace(MILK, shelf_life_days=None, backorder_cost=60.0 if by_cost else None)
    told = Outlook(3.32, 3.32, 0.003, "smooth", "smoothing", 200)

    for_ever, for_long = (settle(one, told) for one in (lasting, replace(lasting, shelf_life_days=90.0)))
    assert (for_long.policy, for_long.others, for_long.limits) == (for_ever.policy, for_ever.others, [])
    assert settle(replace(lasting, shelf_life_days=6.0), told).policy != settle(lasting, told).policy


def test_what_costs_least_weighs_what_is_thrown_away() -> None:
    dear = [
        card(replace(MILK, unit_cost=price, holding_rate=2.75 / price, backorder_cost=100.0), CERTAIN).promise
        for price in (0.5, 5.0, 50.0)
    ]
    waste = [one.waste for one in dear if one is not None]

    assert waste == sorted(waste, reverse=True)
    assert waste[0] > 3 * waste[2] > 0


def test_a_point_by_hand_is_told_with_what_expires_by_it() -> None:
    made = card(replace(MILK, reorder_point=18, order_quantity=9), CERTAIN)
    came = lived(18, 9, 3, 5, drawn(3.32, 3.32))

    assert made.promise is not None
    assert made.promise.waste == pytest.approx(came.waste, rel=0.08)
    assert made.promise.fill == pytest.approx(came.fill, abs=0.01)


@settings(deadline=None, max_examples=25)
@given(
    st.floats(0.02, 400),
    st.floats(0.8, 6),
    st.floats(0, 0.05),
    st.floats(0, 60),
    st.floats(0, 8),
    st.floats(0.3, 200),
    st.integers(0, 60),
    st.integers(1, 90),
)
def test_no_more_is_thrown_away_than_is_bought_nor_less_than_none(
    mean: float, over: float, doubt: float, lead: float, lead_sd: float, life: float, point: int, lot: int
) -> None:
    known = Life(Demand(mean, mean * over, doubt), lead, lead_sd, life, 1 + int(mean / 50))

    found = spoiling(known, [point, point + 5], [lot, lot])

    assert (found.waste >= 0).all()
    assert (found.fill <= 1 + 1e-6).all()
    assert all(np.isfinite(one).all() for one in (found.stock, found.owed, found.orders, found.fill, found.ready))
    assert found.waste[0] <= found.waste[1] + 0.2 * mean + 0.02, "a higher point throws away no less"
    again = spoiling(known, [point, point + 5], [lot, lot])
    assert (again.waste == found.waste).all()


def test_the_curve_of_what_expires_goes_through_the_policy_proposed() -> None:
    made, drawn_ = card(MILK, CERTAIN).promise, curve(MILK, CERTAIN)
    assert made is not None
    assert drawn_.proposed is not None

    assert drawn_.proposed.fill == pytest.approx(made.fill, abs=0.002)
    assert drawn_.proposed.cost == pytest.approx(made.cost, rel=0.01)
    spent = [one.spent for one in drawn_.points]
    assert spent[-1] > 1.3 * spent[0], "the last parts of demand are met by what is thrown away"


LOTS = [(2, 35)]


@pytest.mark.parametrize(
    ("lots", "daily", "promised", "days", "units"),
    [
        (LOTS, 1.65, 0, 3.0, 32),
        (LOTS, 1.65, 10, 3.0, 22),
        (LOTS, 20.0, 0, 3.0, 0),
        (LOTS, 0.0, 0, 3.0, 35),
        (LOTS, 1.65, 0, 1.0, 0),
        ([(1, 4), (3, 10), (9, 50)], 3.0, 0, 5.0, 1 + 4),
        ([], 3.0, 0, 5.0, 0),
    ],
)
def test_what_expires_unsold_before_an_order_could_come_is_no_stock_to_plan_with(
    lots: list[tuple[int, int]], daily: float, promised: int, days: float, units: int
) -> None:
    assert perishing(lots, daily, promised, days) == units


def test_what_will_not_sell_in_time_is_not_counted_when_ordering_but_may_be_promised() -> None:
    stale = card(replace(MILK, on_hand=30, perishing=28), CERTAIN)
    fine = card(replace(MILK, on_hand=30), CERTAIN)

    assert (fine.verdict, stale.verdict) == ("enough", "order")
    assert (stale.available, stale.projected) == (30, 2)
    assert stale.risk is not None
    assert stale.risk > 0.9


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (
            Item("x", 3.85, 5, 0.25, 10, service_level=0.95, shelf_life_days=40),
            Outlook(0.32, 1.28, 0.0032, "smooth", "s", 100),
        ),
        (
            Item("x", 2.93, 20, 0.25, 10, service_level=0.9, shelf_life_days=40),
            Outlook(0.29, 0.58, 0.0029, "smooth", "s", 100),
        ),
    ],
)
def test_with_more_room_nothing_is_chosen_that_meets_less_and_costs_more(item: Item, told: Outlook) -> None:
    before = None
    for room in (14, 18, 22, 28, 60, None):
        made = card(replace(item, capacity=room), told, others=False).promise
        assert made is not None
        if before is not None:
            assert made.fill >= before.fill - 0.006 or made.cost < before.cost
        before = made
