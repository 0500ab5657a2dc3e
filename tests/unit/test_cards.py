"""The why card of one SKU: all that a decision rests on, and an order that can be placed as it is."""

from __future__ import annotations

from math import inf, isfinite, nan

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.cards import Card, card
from cloud.core.planning.items import Item, unfit
from cloud.core.planning.settling import Outlook, level_of

BOLT = Item("bolt", 2.5, 8.0, 0.25, 7.0, 2.0, on_hand=20, on_order=5, reserved=4, service_level=0.95)
DAILY = Outlook(6.0, 16.0, 0.1, "smooth", "smoothing", 180)
ITEMS = st.builds(
    Item,
    st.just("bolt"),
    unit_cost=st.floats(0.01, 1e4),
    order_cost=st.sampled_from((0.0, 0.5, 20.0, 400.0)),
    holding_rate=st.floats(0.05, 1),
    lead_time_days=st.floats(0, 90),
    lead_time_sd_days=st.floats(0, 20),
    moq=st.integers(1, 1_000),
    pack=st.sampled_from((1, 2, 6, 10, 17, 100, 1_009)),
    on_hand=st.integers(-50, 2_000),
    on_order=st.integers(0, 1_000),
    reserved=st.integers(0, 100),
    service_level=st.sampled_from((None, 0.5, 0.8, 0.95, 0.99)),
)
OUTLOOKS = st.builds(
    lambda mean, over, days: Outlook(mean, mean * over, mean * over / days, "lumpy", "smoothing", days),
    st.floats(0.003, 1_000),
    st.floats(0.3, 20),
    st.integers(7, 1_000),
)
ANY_FIGURE = st.sampled_from((0, 1, -1, 0.5, 1e-320, 1e-12, 1e9, 1e12, 1e300, nan, inf, 10**12))
FIGURES = st.fixed_dictionaries(dict.fromkeys(Item.__struct_fields__[1:], ANY_FIGURE))


def test_a_card_tells_what_is_there_and_what_is_to_come() -> None:
    made = card(BOLT, DAILY)

    assert made.position == Position(on_hand=20, reserved=4, on_order=5)
    assert (made.available, made.projected) == (16, 21)
    assert made.ahead is not None
    assert (made.ahead.daily, made.ahead.daily_sd) == (6.0, 4.0)
    assert (made.ahead.lead_time_days, made.ahead.lead_time_sd_days) == (7.0, 2.0)
    assert made.ahead.lead_time_demand == pytest.approx(42, rel=1e-6)
    # E[L] var(D) + mean^2 var(L) = 7 * 16 + 36 * 4 = 256, and a little more for the doubt about both
    assert 16 < made.ahead.lead_time_demand_sd < 17
    assert made.ahead.low < 42 < made.ahead.high
    assert (made.ahead.kind, made.ahead.method, made.ahead.days) == ("smooth", "smoothing", 180)


def test_a_card_tells_the_policy_what_it_promises_and_the_risk_of_not_ordering() -> None:
    made = card(BOLT, DAILY)

    assert (made.verdict, made.policy, made.formula) == ("order", "r,Q", "economic_lot_and_service")
    assert made.reorder_point is not None
    assert made.order_up_to is not None
    assert made.safety_stock == pytest.approx(made.reorder_point - 42, abs=1e-4)
    assert made.promise is not None
    assert 0.95 <= made.promise.fill < 0.97
    assert made.promise.stock_value == made.promise.stock * 2.5
    assert made.promise.orders == pytest.approx(6 * 365 / (made.order_up_to - made.reorder_point), rel=0.01)
    assert made.risk is not None
    assert made.risk > 0.8, "21 units for 42 that are to be expected"
    rich = card(replace(BOLT, on_hand=400), DAILY)
    assert (rich.verdict, rich.order) == ("enough", 0)
    assert rich.risk == pytest.approx(0, abs=1e-6)


@given(ITEMS, OUTLOOKS)
@settings(max_examples=40, deadline=None)
def test_what_was_rejected_is_dearer_or_breaks_the_promise(item: Item, told: Outlook) -> None:
    made = card(item, told)

    assert made.promise is not None
    for one in made.rejected:
        assert (one.reorder_point, one.order_up_to) != (made.reorder_point, made.order_up_to)
        broken = one.fill < level_of(item)
        assert one.cost >= made.promise.cost * (1 - 1e-9) or broken


@given(ITEMS, OUTLOOKS, st.floats(0.05, 100))
@settings(max_examples=40, deadline=None)
def test_with_a_backorder_cost_nothing_that_was_rejected_is_cheaper(item: Item, told: Outlook, times: float) -> None:
    made = card(replace(item, backorder_cost=times * item.unit_cost * item.holding_rate), told)

    assert made.promise is not None
    assert {one.policy for one in made.rejected} <= {
        "exact_levels",
        "best_point_and_lot",
        "economic_lot_and_service",
        "textbook",
        "eoq_with_backorders",
        "loss_functions",
        "power_approximation",
    }
    assert all(one.cost >= made.promise.cost * (1 - 1e-9) for one in made.rejected)


def test_the_alternatives_are_left_out_where_nobody_asks() -> None:
    assert card(BOLT, DAILY).rejected != []
    assert card(BOLT, DAILY, others=False) == replace(card(BOLT, DAILY), rejected=[])


@given(ITEMS, OUTLOOKS, st.sampled_from((None, 0.1, 3.0, 40.0)))
@settings(max_examples=120, deadline=None)
def test_an_order_is_whole_packs_not_below_the_least_and_brings_the_position_above_the_point(
    item: Item, told: Outlook, times: float | None
) -> None:
    item = replace(item, backorder_cost=None if times is None else times * item.unit_cost * item.holding_rate)

    made = card(item, told, others=False)

    assert made.reorder_point is not None
    if made.verdict == "order":
        assert (made.order % item.pack, made.order >= item.moq) == (0, True)
        assert item.position.projected <= made.reorder_point < item.position.projected + made.order
    else:
        assert (made.verdict, made.order) == ("enough", 0)
        assert item.position.projected > made.reorder_point


@given(ITEMS, OUTLOOKS)
@settings(max_examples=40, deadline=None)
def test_what_was_ordered_is_not_ordered_again(item: Item, told: Outlook) -> None:
    made = card(item, told, others=False)

    assert card(item, told, others=False) == made
    assert card(replace(item, on_order=item.on_order + made.order), told, others=False).order == 0


@given(ITEMS, OUTLOOKS)
@settings(max_examples=60, deadline=None)
def test_the_share_met_at_once_is_the_one_that_was_asked_for(item: Item, told: Outlook) -> None:
    made = card(item, told, others=False)

    assert made.promise is not None
    assert level_of(item) - 1e-9 <= made.promise.fill <= 1


@pytest.mark.parametrize("told", [None, Outlook(0.0, 0.0, 0.0, "none", "none", 90), replace(DAILY, mean=0.002)])
def test_without_demand_nothing_is_ordered(told: Outlook | None) -> None:
    made = card(replace(BOLT, on_hand=4), told)

    assert (made.verdict, made.order, made.policy) == ("no_demand", 0, "")
    assert [made.ahead, made.promise, made.reorder_point] == [None, None, None]


@pytest.mark.parametrize(("owed", "moq", "pack", "order"), [(3, 1, 1, 3), (13, 1, 12, 24), (3, 30, 12, 36)])
def test_units_owed_without_demand_are_ordered_in_packs(owed: int, moq: int, pack: int, order: int) -> None:
    made = card(replace(BOLT, on_hand=-owed, on_order=0, reserved=0, moq=moq, pack=pack), None)

    assert (made.verdict, made.order) == ("owed", order)


def test_what_is_promised_to_someone_is_not_there_to_plan_with() -> None:
    assert card(replace(BOLT, on_hand=120, on_order=0, reserved=0), DAILY).verdict == "enough"
    assert card(replace(BOLT, on_hand=120, on_order=0, reserved=110), DAILY).verdict == "order"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"service_level": 0.99999}, "service_level is 0.99999: 0.01 to 0.9999 can be planned for"),
        ({"backorder_cost": 1e-6}, "backorder_cost is 1e-06, 1.6e-06 times what holding a unit for a year costs"),
        ({"pack": 2_000_000}, "pack is 2e+06: that can not be right"),
        ({"moq": 10**9}, "the least order, 1000000000 units, lasts over 10,000 years: is moq or pack wrong?"),
        (
            {"order_cost": 1e12, "unit_cost": 1e-3},
            "the economic lot lasts over 10,000 years: is order_cost, unit_cost or holding_rate",
        ),
    ],
)
def test_figures_that_do_not_fit_each_other_are_named(changes: dict[str, float], reason: str) -> None:
    made = card(msgspec.structs.replace(BOLT, **changes), DAILY)

    assert (made.verdict, made.order) == ("unfit", 0)
    assert made.reason.startswith(reason)


@given(FIGURES, st.sampled_from((1e-9, 0.01, 1.0, 300.0, 1e6, 1e12, nan)), st.sampled_from((0.0, 0.1, 1.0, 1e4)))
@settings(max_examples=300, deadline=None)
def test_whatever_the_figures_there_is_a_card_or_a_reason(figures: dict[str, float], mean: float, over: float) -> None:
    item = Item("odd", **figures)  # type: ignore[arg-type]

    made = card(item, Outlook(mean, mean * over, mean * over / 30, "lumpy", "smoothing", 30))

    assert (made.verdict == "unfit") == (made.reason != "")
    if unfit(item):
        assert made.reason == unfit(item)
    if made.promise is not None:
        assert all(isfinite(one) for one in msgspec.structs.astuple(made.promise))


@given(st.fixed_dictionaries({name: st.sampled_from((1, 2, 0.3, 30)) for name in Item.__struct_fields__[1:6]}))
@settings(max_examples=40, deadline=None)
def test_a_sudden_burst_in_a_short_history_is_planned_too(figures: dict[str, float]) -> None:
    item = msgspec.convert({"sku": "rare"} | figures, Item)

    made = card(item, Outlook(0.007, 0.3, 0.01, "lumpy", "smoothing", 30))

    assert made.verdict in ("order", "enough")


def test_a_card_comes_back_from_its_json_as_it_was() -> None:
    made = card(BOLT, DAILY)

    assert msgspec.json.decode(msgspec.json.encode(made), type=Card) == made
