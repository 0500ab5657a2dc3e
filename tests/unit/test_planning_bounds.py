"""What bounds a policy: shelves, shelf life and levels by hand; and who helps out until the regular supply comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.planning.cards import card
from cloud.core.planning.emergency import Source
from cloud.core.planning.items import Item
from cloud.core.planning.lots import Lots
from cloud.core.planning.settling import Outlook, settle

BOLT = Item("bolt", 2.5, 8.0, 0.25, 7.0, 2.0, service_level=0.95)
DAILY = Outlook(6.0, 16.0, 0.1, "smooth", "smoothing", 180)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 300), st.sampled_from((1, 5, 12)), st.sampled_from((0.4, 6.0, 300.0)), st.booleans())
def test_point_and_lot_together_are_within_the_shelves_or_the_lot_is_the_least_there_is(
    capacity: int, pack: int, mean: float, by_cost: bool
) -> None:
    told = Outlook(mean, 3 * mean, mean / 30, "smooth", "smoothing", 90)
    item = replace(BOLT, pack=pack, capacity=capacity, backorder_cost=6.0 if by_cost else None)

    policy = settle(item, told, others=False).policy

    assert policy is not None
    assert policy.lot % pack == 0 or policy.kind == "s,S"
    assert policy.point + policy.lot <= capacity or (policy.lot, policy.point) == (pack, 0)


def test_of_what_fits_the_cheapest_that_keeps_the_promise_is_taken() -> None:
    free = settle(BOLT, DAILY).policy
    assert free is not None
    upto = free.point + free.lot - 5
    tight = settle(replace(BOLT, capacity=upto), DAILY).policy
    assert tight is not None

    assert tight.outcome.fill >= 0.95
    assert upto >= tight.point + tight.lot
    assert free.outcome.cost < tight.outcome.cost < 1.1 * free.outcome.cost
    by_hand = [
        settle(replace(BOLT, reorder_point=point, order_quantity=lot), DAILY, others=False).policy
        for lot in range(10, upto, 3)
        for point in range(10, upto - lot, 2)
    ]
    assert tight.outcome.cost < 1.01 * min(
        one.outcome.cost for one in by_hand if one is not None and one.outcome.fill >= 0.95
    )


ODD = [
    replace(BOLT, service_level=0.99),
    replace(BOLT, unit_cost=11.0, order_cost=12.0, lead_time_days=3.0, lead_time_sd_days=0.25, pack=12),
    replace(BOLT, unit_cost=64.0, lead_time_days=3.0, moq=5),
    replace(BOLT, unit_cost=0.05, order_cost=20.0, pack=7),
]


@pytest.mark.parametrize("item", ODD)
def test_more_room_never_gives_a_worse_fill_and_out_of_reach_is_only_said_where_it_is(item: Item) -> None:
    before = 0.0
    for capacity in [*range(item.pack, 70), *range(70, 200, 7)]:
        made = settle(replace(item, capacity=capacity), DAILY, others=False)
        assert made.policy is not None
        met = min(made.policy.outcome.fill, item.service_level or 0)
        assert met >= before - 1e-4, capacity
        before = met
        least = Lots(item.moq, item.pack).least
        most = settle(
            replace(item, reorder_point=max(0, capacity - least), order_quantity=least, capacity=None), DAILY, False
        ).policy
        assert most is not None
        reached = most.outcome.fill >= (item.service_level or 0)
        assert ("promise_out_of_reach" in made.limits) == (not reached), capacity
        assert ("promise_too_dear" in made.limits) == (reached and met < (item.service_level or 0)), capacity
    assert before == item.service_level


@pytest.mark.parametrize(("capacity", "level"), [(60, 0.9), (80, 0.9), (44, 0.99), (48, 0.99)])
def test_a_level_that_fits_is_kept_for_some_more_money(capacity: int, level: float) -> None:
    told = Outlook(3.32, 3.32, 0.003, "smooth", "smoothing", 1_000)
    item = Item("fil", 11.0, 12.0, 0.25, 3.0, 0.25, pack=12, service_level=level, capacity=capacity)

    made = card(item, told)

    assert made.promise is not None
    assert made.promise.fill >= level
    assert "promise_out_of_reach" not in made.limits


@pytest.mark.parametrize("capacity", [120, 150, 170, 180, 190, 200])
def test_shelves_too_small_for_the_promise_do_not_give_it_up_and_say_what_would_keep_it(capacity: int) -> None:
    tape = Item("tape", 1.6, 12.0, 0.25, 1.0, 0.25, pack=12, service_level=0.95, on_hand=49, capacity=capacity)
    told = Outlook(82.8, 900.0, 7.5, "smooth", "smoothing", 120)

    made = card(tape, told)

    assert made.promise is not None
    assert (made.verdict, made.order > 0) == ("order", True)
    # About as large a share is met as there can be of what is as good as ordered each day.
    most = max(
        card(replace(tape, reorder_point=point, order_quantity=12), told).promise.fill  # type: ignore[union-attr]
        for point in range(0, capacity - 11, 12)
    )
    assert made.promise.fill > 0.9 * min(most, 0.95)
    assert "shelves_too_small" in made.limits
    assert ("promise_out_of_reach" in made.limits) == (most < 0.95)
    roomy = next(one for one in made.rejected if one.policy == "with_room")
    assert roomy.fill >= 0.95
    assert roomy.order_up_to > capacity
    assert roomy.cost < made.promise.cost


def test_a_promise_is_not_bought_at_any_price() -> None:
    paper = Item("paper", 4.0, 12.0, 0.25, 3.0, 1.0, service_level=0.95, capacity=20)
    told = Outlook(2.5, 5.0, 0.05, "smooth", "smoothing", 120)

    made = card(paper, told)

    assert made.promise is not None
    assert made.promise.orders < 150
    assert made.promise.cost < 1_800
    assert 0.8 < made.promise.fill < 0.95
    assert made.limits == ["shelves_too_small", "promise_too_dear"]
    kept = next(one for one in made.rejected if one.policy == "promise_kept")
    assert kept.fill >= 0.95
    assert kept.cost > 3_000
    assert kept.order_up_to <= 20
    dear = card(replace(paper, unit_cost=64.0), told)
    assert dear.promise is not None
    assert dear.promise.fill >= 0.95, "of what costs more than its orders that is no price"


@pytest.mark.parametrize(("capacity", "point", "limits"), [(None, 90, []), (140, 90, []), (95, 45, 1), (60, 10, 1)])
def test_a_point_by_hand_stands_while_a_lot_fits_at_it(capacity: int | None, point: int, limits: object) -> None:
    item = replace(BOLT, reorder_point=90, order_quantity=50, moq=10, capacity=capacity)

    for told in (None, DAILY):
        made = settle(item, told)
        assert made.policy is not None
        assert (made.policy.point, made.policy.lot, made.policy.name) == (point, 50, "by_hand")
        assert made.limits == (["shelves_too_small"] if limits else [])


def test_a_lot_that_does_not_fit_above_a_point_by_hand_is_cut_and_the_card_says_so() -> None:
    item = Item("gear", 1.0, 10.0, 0.2, 5.0, 1.0, capacity=60, service_level=0.95, reorder_point=50)

    for by_hand in (item, replace(item, order_quantity=40)):
        made = card(by_hand, Outlook(3.0, 3.0, 0.02, "smooth", "smoothing", 150))
        assert (made.reorder_point, made.order_up_to, made.order) == (50, 60, 60)
        assert made.limits == ["shelves_too_small"]


def test_help_is_asked_for_where_waiting_risks_more_than_it_costs() -> None:
    item = replace(BOLT, on_hand=3, on_order=100, backorder_cost=400.0)
    near = Source("neighbour:north", 1, 5.0, 0.1, Lots(most=40))

    helped = card(item, DAILY, others=False, sources=[near], due_days=6.0).rescue
    assert helped is not None
    assert (helped.source, helped.units <= 40, helped.units > 20) == ("neighbour:north", True, True)
    assert helped.risk > 0.99
    assert helped.risk_after < helped.risk
    assert helped.saves > helped.costs
    assert card(item, DAILY, others=False, due_days=6.0).rescue is None
    assert card(item, DAILY, others=False, sources=[replace(near, fixed_cost=1e6)], due_days=6.0).rescue is None
    assert card(item, DAILY, others=False, sources=[replace(near, periods=6)], due_days=6.0).rescue is None
    assert card(replace(item, on_hand=300), DAILY, others=False, sources=[near]).rescue is None


def test_help_comes_in_units_also_where_demand_is_counted_in_steps() -> None:
    many = Outlook(9_000.0, 4e6, 4e4, "smooth", "smoothing", 180)
    item = replace(BOLT, on_hand=20_000, backorder_cost=400.0)

    helped = card(item, many, others=False, sources=[Source("neighbour:north", 1, 5.0, 0.1, Lots(most=15_000))]).rescue

    assert helped is not None
    assert 10_000 < helped.units <= 15_000


def test_by_hand_an_order_is_not_asked_for_again_once_it_is_counted() -> None:
    owing = Item("gear", 1.0, 10.0, 0.2, 5.0, pack=12, on_hand=-20, capacity=3, reorder_point=0)

    first = card(owing, Outlook(3.0, 3.0, 0.02, "smooth", "smoothing", 150))

    assert first.order == 24
    assert card(replace(owing, on_order=first.order), Outlook(3.0, 3.0, 0.02, "smooth", "smoothing", 150)).order == 0


@settings(deadline=None, max_examples=150)
@given(
    st.integers(-60, 60),
    st.sampled_from((1, 5, 12)),
    st.sampled_from((1, 7, 24)),
    st.integers(1, 60),
    st.integers(0, 80),
    st.integers(0, 9),
)
def test_deciding_twice_by_hand_orders_once(
    there: int, pack: int, moq: int, capacity: int, point: int, packs: int
) -> None:
    lot = packs * pack if packs * pack >= moq else None
    item = Item("gear", 1.0, 10.0, 0.2, 5.0, moq=moq, pack=pack, on_hand=there, capacity=capacity, reorder_point=point)
    item = replace(item, order_quantity=lot)

    for told in (None, DAILY):
        first = card(item, told, others=False)
        assert card(replace(item, on_order=first.order), told, others=False).order == 0
        least = Lots(moq, pack).least
        assert there < 0 or first.order <= max(least, capacity - there), "no more than fits, or the least there is"


def test_help_is_no_more_than_fits_and_sells() -> None:
    toner = Item("toner", 64.0, 12.0, 0.25, 14.0, 1.0, on_hand=5, service_level=0.95)
    told, quick = Outlook(1.65, 3.0, 0.02, "smooth", "smoothing", 150), [Source("supplier:quick", 2, 12.0)]

    def units(item: Item) -> int:
        helped = card(item, told, others=False, sources=quick, due_days=10.0).rescue
        return helped.units if helped is not None else 0

    lasting = units(toner)
    assert 8 <= lasting <= 20, "ten days' demand less what is there, and not for months"
    assert units(replace(toner, capacity=12)) <= 7
    assert units(replace(toner, on_hand=33, capacity=20)) == 0
    assert units(replace(toner, shelf_life_days=4.0)) < lasting
    assert units(replace(toner, on_order=40)) <= lasting, "what comes anyway waits the longer"


def test_a_lot_of_one_is_not_too_large_for_an_article_that_seldom_sells() -> None:
    told = Outlook(0.3, 0.6, 0.003, "smooth", "smoothing", 200)
    item = Item("x", 5.0, 200.0, 0.25, 5.0, 0.0, 1, 1, on_hand=5, service_level=0.95, capacity=5)

    found = settle(item, told)

    assert "least_lot_too_large" not in found.limits
    assert "least_lot_too_large" in settle(replace(item, moq=6), told).limits


def test_a_lead_time_of_no_time_is_none_whatever_is_said_of_its_spread() -> None:
    item = Item("x", 1.0, 0.0, 1.0, 5.960464477539063e-08, 16.0, 1, 1)

    made = card(item, Outlook(17.0, 17.0, 2.4, "lumpy", "smoothing", 7))

    assert (made.verdict, made.reason) == ("order", "")
