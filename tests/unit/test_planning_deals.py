"""With whose terms an SKU is planned, and which price break its lot reaches."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from cloud.core.planning.deals import Deal, dealt
from cloud.core.planning.demand_table import DemandTable
from cloud.core.planning.items import Item, unfit
from cloud.core.planning.lots import all_units_breaks, incremental_breaks
from cloud.core.planning.settling import Outlook
from cloud.planning import plans


def told(yearly: float) -> Outlook:
    """Steady demand."""
    return Outlook(yearly / 365, yearly / 365, 0.0, "smooth", "smoothing", 400)


def item(price: float, order: float, rate: float, **more: object) -> Item:
    made = Item("x", price, order, rate, 3.0, service_level=0.95)
    return replace(made, **more)


def lot_of(one: Item, yearly: float) -> int:
    policy = dealt(one, told(yearly)).settled.policy
    assert policy is not None
    return policy.lot


def test_the_lot_of_an_all_units_break_is_ordered_and_is_that_of_the_formula() -> None:
    toner = item(0.75, 8, 0.3, breaks=((400, 0.72), (800, 0.68)))

    made = dealt(toner, told(1300))

    assert made.settled.policy is not None
    assert made.settled.policy.lot == 800
    assert made.supply is not None
    assert (made.supply.price, made.supply.price_from, made.supply.moq) == (0.68, 800, 1)


def test_the_lot_of_incremental_breaks_is_that_of_the_formula() -> None:
    dear = item(1490, 2250, 0.25, breaks=((1200, 1220.0), (2400, 1100.0)), incremental=True)
    found = incremental_breaks(2250, 182_500, 0.25, [0, 1200, 2400], [1490, 1220, 1100])

    made = dealt(dear, told(182_500))

    assert made.settled.policy is not None
    assert made.settled.policy.lot == pytest.approx(found.units, rel=0.002) == pytest.approx(28_553, rel=0.002)
    assert made.supply is not None
    assert made.supply.price == pytest.approx((1200 * 1490 + 1200 * 1220 + (28_553 - 2400) * 1100) / 28_553, rel=1e-3)
    assert made.supply.order_cost == 2250
    assert lot_of(item(10, 20, 0.25, breaks=((500, 9.0),), incremental=True), 3650) == pytest.approx(1299, abs=2)


def test_any_all_units_breaks_give_the_lot_of_the_formula_in_whole_units() -> None:
    random = np.random.default_rng(11)
    for _ in range(40):
        order, yearly, rate = random.uniform(2, 60), random.uniform(200, 9000), random.uniform(0.1, 0.4)
        units = np.cumsum(random.integers(20, 600, 2)).tolist()
        prices = (10 * np.cumprod([1.0, *random.uniform(0.9, 0.995, 2)])).tolist()
        one = item(prices[0], order, rate, breaks=tuple(zip(units, prices[1:], strict=True)))

        found = all_units_breaks(order, yearly, rate, [0, *units], prices)

        lot = lot_of(one, yearly)
        price = max((first, each) for first, each in zip([0, *units], prices, strict=True) if first <= lot)[1]
        year = yearly * price + order * yearly / lot + rate * price * lot / 2
        assert year <= found.cost * 1.002, (units, prices, found)


def test_a_break_that_does_not_fit_on_the_shelves_or_sells_too_slowly_is_left() -> None:
    one = item(10.0, 20, 0.25, breaks=((500, 9.0), (2000, 8.9)))

    assert lot_of(one, 3650) == 500
    assert lot_of(replace(one, capacity=400), 3650) < 400
    assert lot_of(replace(one, shelf_life_days=30.0), 3650) <= 300
    assert lot_of(replace(one, pack=144), 3650) == 576
    assert lot_of(replace(one, breaks=((500, 9.99),)), 3650) < 250, "holding so many costs more than that saves"


def test_a_lot_by_hand_is_bought_at_its_own_price_and_jit_at_the_first() -> None:
    one = item(10.0, 20, 0.25, breaks=((500, 9.0),), reorder_point=40)

    for units, price in ((120, 10.0), (500, 9.0), (600, 9.0)):
        made = dealt(replace(one, order_quantity=units), told(3650))
        assert made.settled.policy is not None
        assert (made.settled.policy.lot, made.item.unit_cost) == (units, price)
    assert dealt(replace(one, reorder_point=None, policy="jit"), told(3650)).item.unit_cost == 10.0


def test_the_cheapest_in_all_is_planned_with_goods_orders_safety_and_score_counted() -> None:
    own = item(99.0, 99, 0.25)
    near = Deal("near", 10.0, 20.0, 2.0, 0.5, pack=12, moq=24, lines=7)
    far = Deal("far", 9.9, 20.0, 60.0, 25.0)

    made = dealt(own, told(3650), [near, far])

    assert made.supply is not None
    assert (made.supply.supplier, made.supply.lead_lines) == ("near", 7)
    terms = made.item
    assert (terms.lead_time_days, terms.lead_time_sd_days, terms.pack, terms.moq) == (2.0, 0.5, 12, 24)
    assert (terms.unit_cost, terms.order_cost) == (10.0, 20.0)
    for other in (replace(far, price=8.0), replace(far, lead_time_days=2.0, lead_time_sd_days=0.5)):
        found = dealt(own, told(3650), [near, other])
        assert found.supply is not None
        assert found.supply.supplier == "far", "what it saves is worth its wait, or it takes no longer"
    poor = dealt(own, told(3650), [near, replace(far, price=9.5, lead_time_days=2.0, poor=0.08)])
    assert poor.supply is not None
    assert poor.supply.supplier == "near"


def test_who_has_less_than_a_lot_is_passed_over_while_another_has_it() -> None:
    cheap, dear = Deal("cheap", 5.0, 20.0, 3.0, stock=3), Deal("dear", 6.0, 20.0, 3.0)

    for deals, name in (([cheap, dear], "dear"), ([cheap], "cheap"), ([cheap, replace(dear, stock=0)], "cheap")):
        made = dealt(item(1.0, 1, 0.25), told(3650), deals)
        assert made.supply is not None
        assert made.supply.supplier == name
    nothing_sold = dealt(item(1.0, 1, 0.25), None, [dear, replace(cheap, stock=9)])
    assert nothing_sold.supply is not None
    assert nothing_sold.supply.supplier == "cheap"


def test_holding_that_costs_nothing_buys_a_years_demand_of_whoever_it_is() -> None:
    free = replace(item(4.0, 20, 0.0), holding_rate=0.0)

    made = dealt(free, told(3650), [Deal("a", 5.0, 12.0, 3.0)])

    assert made.settled.policy is not None
    assert made.settled.policy.lot == pytest.approx(3650, rel=0.01)


def test_breaks_that_can_not_be_are_named_and_a_plan_of_plain_files_buys_at_its_break() -> None:
    good = item(10.0, 20, 0.25, breaks=((500, 9.0),))
    assert unfit(good) == ""
    for wrong in (((1, 9.0),), ((500, 9.0), (500, 8.0)), ((500, 0.0),), ((500, 9.0), (100, 8.0))):
        assert "breaks have to rise" in unfit(replace(good, breaks=wrong))
    assert "incremental" in unfit(replace(good, breaks=(), incremental=True))

    table = DemandTable(["x"], 739_000, np.full((1, 300), 10.0, dtype=np.float32))
    [card] = plans({"x": good}, table)

    assert card.order >= 500
    assert card.order_up_to is not None
    assert card.reorder_point is not None
    assert card.order_up_to - card.reorder_point == 500
    assert card.supply is not None
    assert (card.supply.supplier, card.supply.price, card.supply.price_from) == ("", 9.0, 500)
    [with_rejected] = plans({"x": good}, table, why=True)
    assert (with_rejected.order, with_rejected.supply) == (card.order, card.supply)
    assert with_rejected.rejected
