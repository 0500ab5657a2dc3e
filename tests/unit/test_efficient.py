"""The efficient curve: what each service level costs, with the policy proposed on it and that in force beside."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.planning.cards import card
from cloud.core.planning.efficient import LEVELS, Curve, Point, curve, together
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook

BOLT = Item("bolt", 4.0, 12.0, 0.25, 6.0)
SOLD = Outlook(3.0, 9.0, 0.05, "smooth", "smoothing", 180)


def outlook(mean: float, spread: float = 2.0) -> Outlook:
    return Outlook(mean, mean * spread, mean * spread / 180, "", "", 180)


ITEMS = st.builds(
    Item,
    sku=st.just("x"),
    unit_cost=st.floats(0.05, 900),
    order_cost=st.sampled_from([0.0, 5.0, 80.0]),
    holding_rate=st.just(0.25),
    lead_time_days=st.integers(0, 40).map(float),
    lead_time_sd_days=st.sampled_from([0.0, 3.0]),
    moq=st.sampled_from([1, 1, 50]),
    pack=st.sampled_from([1, 1, 6, 144]),
    service_level=st.sampled_from([None, 0.8, 0.99]),
)


@given(ITEMS, st.floats(0.01, 300), st.floats(0.6, 8))
@settings(max_examples=60, deadline=None)
def test_more_service_never_costs_less_stock_and_what_was_asked_is_promised(
    item: Item, mean: float, spread: float
) -> None:
    drawn = curve(item, outlook(mean, spread))

    assert [one.level for one in drawn.points] == list(LEVELS)
    assert all(one.fill >= one.level - 1e-9 for one in drawn.points)
    for name in ("fill", "stock_value", "reorder_point"):
        along = [getattr(one, name) for one in drawn.points]
        assert along == sorted(along)


@given(ITEMS, st.floats(0.01, 300), st.floats(0.6, 8), st.sampled_from([None, 5.0, 100.0]))
@settings(max_examples=60, deadline=None)
def test_the_policy_proposed_is_that_of_the_card_with_all_it_promises(
    item: Item, mean: float, spread: float, owing: float | None
) -> None:
    if owing is not None:
        item = replace(item, service_level=None, backorder_cost=owing * item.unit_cost * item.holding_rate)
    told = outlook(mean, spread)
    made, found = card(item, told, others=False), curve(item, told).proposed

    assert made.promise is not None
    assert found is not None
    assert (found.reorder_point, found.reorder_point + found.lot) == (made.reorder_point, made.order_up_to)
    promised = (made.promise.fill, made.promise.stock_value, made.promise.cost, made.promise.orders)
    assert (found.fill, found.stock_value, found.cost, found.orders) == pytest.approx(promised, rel=1e-6, abs=1e-9)


def test_a_policy_of_the_same_lot_lies_on_the_curve_and_one_of_a_larger_lot_right_of_it() -> None:
    drawn = curve(BOLT, SOLD)
    assert drawn.proposed is not None
    low, lot = drawn.proposed.reorder_point, drawn.proposed.lot
    larger = curve(BOLT, SOLD, (low, low + 4 * lot)).in_force
    same = curve(replace(BOLT, reorder_point=low, order_quantity=lot), SOLD).in_force

    assert same is not None
    assert larger is not None
    assert same.fill == pytest.approx(drawn.proposed.fill)
    assert same.stock_value == pytest.approx(drawn.proposed.stock_value)
    enough = next(one for one in drawn.points if one.fill >= larger.fill)
    assert larger.stock_value > 1.5 * enough.stock_value
    assert larger.spent > enough.spent


def test_who_orders_all_too_often_has_less_stock_but_spends_more() -> None:
    drawn = curve(BOLT, SOLD, (40, 43))
    assert drawn.in_force is not None
    same = next(one for one in drawn.points if one.fill >= drawn.in_force.fill)

    assert drawn.in_force.stock_value < same.stock_value
    assert drawn.in_force.spent > same.spent


def test_what_somebody_set_is_in_force_and_never_taken_for_what_is_proposed() -> None:
    free, by_hand = curve(BOLT, SOLD), curve(replace(BOLT, reorder_point=90, order_quantity=200), SOLD)

    assert by_hand.proposed == free.proposed
    assert by_hand.in_force is not None
    assert (by_hand.in_force.reorder_point, by_hand.in_force.lot) == (90, 200)
    assert free.in_force is None


def test_what_simulated_days_show_is_what_the_curve_says() -> None:
    """Two hundred thousand days of a Poisson demand, at the point told for 0.97."""
    told = Outlook(2.0, 2.0, 0.0, "", "", 1000)
    at = next(one for one in curve(BOLT, told).points if one.level == 0.97)
    demand = np.random.default_rng(5).poisson(2.0, 200_000)
    stock, coming, short = at.reorder_point + at.lot, [0] * 6, 0
    held = 0.0
    for asked in demand.tolist():
        short += max(0, asked - max(stock, 0))
        stock -= asked
        position = stock + sum(coming)
        wanted = -(-(at.reorder_point + 1 - position) // at.lot) * at.lot if position <= at.reorder_point else 0
        coming.append(wanted)
        stock += coming.pop(0)
        held += max(stock, 0)

    assert 1 - short / demand.sum() == pytest.approx(at.fill, abs=0.002)
    assert held / len(demand) * BOLT.unit_cost == pytest.approx(at.stock_value, rel=0.02)


@pytest.mark.parametrize(
    ("item", "told", "why"),
    [
        (BOLT, None, "no demand"),
        (BOLT, outlook(0.0001), "no demand"),
        (replace(BOLT, unit_cost=-1.0), SOLD, "unit_cost is -1"),
        (replace(BOLT, moq=10_000_000, reorder_point=5), outlook(0.01), "least order"),
    ],
)
def test_where_nothing_can_be_planned_the_curve_says_why(item: Item, told: Outlook | None, why: str) -> None:
    drawn = curve(item, told, (2, 5))

    assert (drawn.points, drawn.proposed, drawn.in_force) == ([], None, None)
    assert why in drawn.reason


@pytest.mark.parametrize("levels", [(0, 0), (5, 5), (0, 10_000_000), (-1, 3), (-1e9, 4), (1e9, 1e9)])
def test_whatever_min_and_max_somebody_set_is_drawn_or_left_out(levels: tuple[float, float]) -> None:
    drawn = curve(BOLT, SOLD, levels)

    assert len(drawn.points) == len(LEVELS)
    assert drawn.in_force is None if levels[0] < -10_000 else drawn.in_force is not None


def test_at_its_max_nothing_is_ordered_so_a_min_of_the_same_is_one_less() -> None:
    both, less = (curve(BOLT, SOLD, levels).in_force for levels in ((30, 30), (29, 30)))

    assert both == less
    assert both is not None
    assert (both.reorder_point, both.lot) == (29, 1)


@pytest.mark.parametrize("capacity", [40, 90, 100, 150])
def test_no_point_of_the_curve_is_more_than_fits_on_the_shelves(capacity: int) -> None:
    drawn = curve(replace(BOLT, capacity=capacity), SOLD)

    assert [one.level for one in drawn.points] == list(LEVELS)
    assert all(one.reorder_point + one.lot <= capacity for one in drawn.points)
    assert drawn.points[-1].fill < 0.999, "what can not be reached is not claimed"
    assert drawn.points[-1].fill >= drawn.points[0].fill
    assert drawn.proposed is not None
    assert drawn.points[-1].fill >= drawn.proposed.fill


def test_a_shelf_that_holds_whatever_is_proposed_changes_no_curve_below_it() -> None:
    free, bounded = curve(BOLT, SOLD), curve(replace(BOLT, capacity=10_000), SOLD)

    assert bounded == free


def test_a_set_is_the_sum_of_its_skus_and_its_fill_that_of_all_units() -> None:
    one, other = curve(BOLT, SOLD, (10, 40)), curve(replace(BOLT, sku="nut"), outlook(9.0), (60, 200))
    whole = together([one, other, curve(BOLT, None)])

    assert whole.demand == pytest.approx(12 * 365)
    for at, point in enumerate(whole.points):
        parts = one.points[at], other.points[at]
        assert point.stock_value == pytest.approx(parts[0].stock_value + parts[1].stock_value)
        assert point.fill == pytest.approx((3 * parts[0].fill + 9 * parts[1].fill) / 12)
    assert whole.in_force is not None
    assert together([one, curve(BOLT, SOLD)]).in_force is None, "not of all of them one is known"
    assert "none of these" in together([]).reason


def test_the_json_has_every_key_also_where_nothing_is_known() -> None:
    said = msgspec.json.decode(msgspec.json.encode(curve(BOLT, None)))

    assert [*said] == [*Curve.__struct_fields__]
    assert [*msgspec.json.decode(msgspec.json.encode(curve(BOLT, SOLD)))["points"][0]] == [*Point.__struct_fields__]
