"""From whom to order: by price and breaks, in packs, against lateness, by score, and from whoever is left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.planning.lots import all_units_breaks, incremental_breaks
from cloud.core.purchasing.bills import Option
from cloud.core.purchasing.facts import LeadTime
from cloud.core.purchasing.joining import Mate, joining
from cloud.core.purchasing.lateness import Part, Stakes, waiting
from cloud.core.purchasing.prices import economic_lot, goods, lot_of, unit_price
from cloud.core.purchasing.sourcing import Sourcing, source
from cloud.core.refusals import Refusal
from protocols.trade import Break, Buying, Offer, Supplier

CALM = Stakes(daily=10.0, variance=10.0, cover=1_000, backorder_day=1.0, holding_day=0.001)
TIGHT = Stakes(daily=10.0, variance=30.0, cover=40, backorder_day=1.0, holding_day=0.001)


def option(
    name: str, price: float = 1.0, days: float = 3.0, sd: float = 0.0, score: float | None = None, **offer: Any
) -> Option:
    suspended, order_cost = offer.pop("suspended", False), offer.pop("order_cost", 20.0)
    supplier = Supplier(name, name.title(), order_cost=order_cost, suspended=suspended)
    return Option(supplier, Offer(name, "bolt", price, **offer), LeadTime(days, sd, 0), score)


def chosen(units: int, *options: Option, stakes: Stakes = CALM, buying: Buying | None = None) -> Sourcing:
    found = source("bolt", units, options, stakes, buying or Buying())
    assert isinstance(found, Sourcing), found
    return found


def bought(found: Sourcing) -> list[tuple[str, int, str]]:
    return [(one.supplier, one.units, one.why) for one in found.splits]


def against(found: Sourcing) -> dict[str, str]:
    return {one.supplier: one.reason for one in found.rejected if one.reason != "larger_lot"}


BREAKS = [Break(100, 0.9), Break(500, 0.8)]


@pytest.mark.parametrize(
    ("units", "all_units", "each"),
    [(99, 99.0, 99.0), (100, 90.0, 100.0), (101, 90.9, 100.9), (500, 400.0, 460.0), (600, 480.0, 540.0)],
)
def test_breaks_are_for_all_units_or_for_those_above(units: int, all_units: float, each: float) -> None:
    assert goods(Offer("a", "bolt", 1.0, BREAKS), units) == pytest.approx(all_units)
    assert goods(Offer("a", "bolt", 1.0, BREAKS, incremental=True), units) == pytest.approx(each)


def test_the_economic_lot_with_breaks_is_the_textbooks() -> None:
    firsts, prices = [0.0, 100.0, 500.0], [1.0, 0.9, 0.8]
    found = economic_lot(Offer("a", "bolt", 1.0, BREAKS), 8.0, 1300.0, 0.3)
    assert found == all_units_breaks(8.0, 1300.0, 0.3, firsts, prices)
    found = economic_lot(Offer("a", "bolt", 1.0, BREAKS, incremental=True), 8.0, 1300.0, 0.3)
    assert found == incremental_breaks(8.0, 1300.0, 0.3, firsts, prices)
    assert economic_lot(Offer("a", "bolt", 1.0, [Break(10, 1.2)]), 8.0, 1300.0, 0.3) is None


def test_the_cheapest_gets_it_and_the_others_hear_why_not() -> None:
    found = chosen(50, option("dear", 1.2), option("cheap", 1.0), option("costly", 1.0, order_cost=60.0))
    assert bought(found) == [("cheap", 50, "cheapest")]
    assert against(found) == {"dear": "price", "costly": "order_cost"}
    assert found.splits[0].cost == pytest.approx(70.0)


def test_a_break_that_is_reached_decides() -> None:
    both = (option("plain", 0.95), option("breaks", 1.0, breaks=[Break(100, 0.8)]))
    dear = Stakes(10.0, 10.0, 1_000, 1.0, 0.05)
    assert bought(chosen(50, *both, stakes=dear))[0][:2] == ("plain", 50)
    assert bought(chosen(100, *both, stakes=dear))[0][:2] == ("breaks", 100)


def test_more_is_ordered_where_a_break_makes_that_cheaper_for_what_is_wanted() -> None:
    found = chosen(59, option("a", 10.0, breaks=[Break(60, 3.0)]))
    assert bought(found) == [("a", 60, "only_one")]
    assert (found.splits[0].price, found.splits[0].cost) == (3.0, 200.0)
    assert bought(chosen(59, option("a", 10.0, breaks=[Break(60, 3.0)], pack=8)))[0][1] == 64
    assert bought(chosen(99, option("plain", 0.95), option("a", 1.0, breaks=[Break(100, 0.8)])))[0][:2] == ("a", 100)


@pytest.mark.parametrize(
    ("offer", "stakes"),
    [
        ({"breaks": [Break(60, 3.0)], "stock": 59}, CALM),
        ({"breaks": [Break(60, 3.0)]}, Stakes(10.0, 10.0, 1_000, 1.0, 0.001, room=59)),
        ({"breaks": [Break(60, 3.0)], "incremental": True}, CALM),
        ({"breaks": [Break(60, 11.0)]}, CALM),
        ({"breaks": [Break(5_000, 9.9)]}, Stakes(10.0, 10.0, 1_000, 1.0, 0.01)),
    ],
    ids=["it-has-no-more", "no-room", "incremental", "dearer", "holding-costs-more"],
)
def test_a_break_is_not_bought_up_to_where_that_is_no_gain(offer: dict[str, Any], stakes: Stakes) -> None:
    assert bought(chosen(59, option("a", 10.0, **offer), stakes=stakes)) == [("a", 59, "only_one")]


def test_a_larger_lot_saves_nothing_of_an_orders_own_cost() -> None:
    both = (option("plain", 1.0), option("breaks", 1.05, breaks=[Break(100, 0.99)]))
    assert bought(chosen(10, *both, stakes=Stakes(10.0, 10.0, 1_000, 1.0, 0.01)))[0][:2] == ("plain", 10)


def test_what_is_wanted_is_ordered_and_more_only_for_packs_and_moq() -> None:
    assert bought(chosen(50, option("a", pack=12)))[0][1] == 60
    assert bought(chosen(50, option("a", moq=80, pack=12)))[0][1] == 84
    found = chosen(50, option("big", 1.0, moq=5_000), option("small", 1.01), stakes=CALM)
    assert (bought(found)[0][0], against(found)) == ("small", {"big": "excess"})


def test_a_larger_lot_is_named_but_not_ordered() -> None:
    found = chosen(10, option("a", 1.0, breaks=[Break(100, 0.98)]), stakes=Stakes(10.0, 10.0, 1_000, 1.0, 0.001))
    assert bought(found) == [("a", 10, "only_one")]
    (larger,) = found.rejected
    assert (larger.reason, larger.units >= 100, larger.saves > 0) == ("larger_lot", True, True)


def test_a_dearer_supplier_that_is_sooner_gets_it_when_stock_is_short() -> None:
    both = (option("slow", 1.0, days=10.0, sd=3.0), option("quick", 1.05, days=2.0))
    assert bought(chosen(100, *both, stakes=CALM)) == [("slow", 100, "cheapest")]
    found = chosen(100, *both, stakes=TIGHT)
    assert bought(found) == [("quick", 100, "sooner")]
    assert against(found) == {"slow": "late"}


def test_a_spread_of_the_lead_time_costs() -> None:
    sure, unsure = (waiting([Part(100, 4.0, sd)], TIGHT) for sd in (0.0, 3.0))
    assert unsure.cost > sure.cost
    assert unsure.risk > sure.risk


def test_a_better_score_outweighs_a_little_money() -> None:
    found = chosen(100, option("poor", 1.0, score=50.0), option("good", 1.02, score=95.0))
    assert bought(found) == [("good", 100, "score")]
    assert bought(chosen(100, option("poor", 1.0, score=50.0), option("good", 1.10, score=95.0)))[0][0] == "poor"


def test_a_supplier_nobody_knows_is_taken_for_an_average_one() -> None:
    found = chosen(100, option("new", 1.0), option("known", 1.0001, score=60.0))
    assert bought(found)[0][0] == "new"


def test_suspended_and_poor_suppliers_are_asked_only_when_nobody_else_can() -> None:
    bad = (option("barred", 0.5, suspended=True), option("poor", 0.6, score=30.0))
    found = chosen(100, *bad, option("dear", 2.0))
    assert bought(found) == [("dear", 100, "only_one")]
    assert against(found) == {"barred": "suspended", "poor": "under_floor"}
    assert not found.fallback
    found = chosen(100, *bad)
    assert bought(found) == [("poor", 100, "fallback")]
    assert found.fallback
    assert bought(chosen(100, bad[0])) == [("barred", 100, "fallback")]


def test_who_does_not_have_enough_is_passed_by_or_delivers_a_part() -> None:
    found = chosen(100, option("low", 0.5, stock=40), option("full", 1.0))
    assert (bought(found), against(found)) == ([("full", 100, "only_one")], {"low": "no_stock"})
    found = chosen(100, option("low", 0.5, stock=40), option("half", 1.0, stock=70), option("none", 1.0, stock=0))
    assert bought(found) == [("low", 40, "split_stock"), ("half", 60, "split_stock")]
    assert against(found) == {"none": "no_stock"}


def test_what_one_has_cheaply_is_taken_and_only_the_rest_is_bought_dearly() -> None:
    both = (option("a", 10.0, stock=58), option("b", 1_000.0))
    found = chosen(59, *both)
    assert bought(found) == [("a", 58, "split_stock"), ("b", 1, "split_stock")]
    assert sum(one.cost for one in found.splits) == 58 * 10 + 1_000 + 2 * 20
    found = chosen(59, *both, option("c", 900.0, order_cost=500.0))
    assert (bought(found)[1], against(found)) == (("b", 1, "split_stock"), {"c": "price"})
    assert bought(chosen(59, both[0], option("b", 10.2)))[0][:2] == ("b", 59), "a second order costs more than it saves"
    three = (option("a", 1.0, stock=30), option("b", 2.0, stock=30), option("c", 50.0))
    assert [one[:2] for one in bought(chosen(60, *three))] == [("a", 30), ("b", 30)]
    assert [one[:2] for one in bought(chosen(62, *three))] == [("a", 30), ("b", 30), ("c", 2)]


def test_nobody_is_asked_for_less_than_its_least_lot_or_for_a_broken_pack() -> None:
    a, b = option("a", 1.0, stock=59, pack=12), option("b", 50.0)
    assert [one[:2] for one in bought(chosen(62, a, b))] == [("a", 48), ("b", 14)]
    a = option("a", 1.0, stock=50, moq=60)
    assert bought(chosen(62, a, b)) == [("b", 62, "only_one")]


def test_what_nobody_has_is_waited_for_at_the_best() -> None:
    found = chosen(100, option("low", 0.5, stock=40), option("half", 1.0, stock=30))
    assert sorted(bought(found)) == [("half", 30, "backlog"), ("low", 70, "backlog")]
    assert bought(chosen(100, option("a", stock=0))) == [("a", 100, "backlog")]


SPLIT = Buying(sourcing="split")


def test_an_order_is_split_where_that_costs_little_and_takes_away_risk() -> None:
    both = (option("one", 1.0, days=4.0, sd=3.0, order_cost=2.0), option("two", 1.01, days=4.0, sd=3.0, order_cost=2.0))
    alone = chosen(200, *both, stakes=TIGHT)
    assert len(alone.splits) == 1
    found = chosen(200, *both, stakes=TIGHT, buying=SPLIT)
    assert [one.why for one in found.splits] == ["split_risk", "split_risk"]
    assert sum(one.units for one in found.splits) == 200
    assert found.late_cost < alone.late_cost
    assert found.risk < alone.risk
    assert len(chosen(200, *both, stakes=CALM, buying=SPLIT).splits) == 1, "no risk to take away"
    dear = (both[0], option("two", 1.5, days=4.0, sd=3.0, order_cost=2.0))
    assert len(chosen(200, *dear, stakes=TIGHT, buying=SPLIT).splits) == 1, "too dear"
    grave = Stakes(10.0, 30.0, 40, 50.0, 0.001)
    assert len(chosen(200, *dear, stakes=grave, buying=SPLIT).splits) == 1, "too dear, whatever it takes away"
    assert len(chosen(200, *both, stakes=grave, buying=SPLIT).splits) == 2


def test_nobody_offers_it_and_nothing_is_wanted_are_said() -> None:
    for units, options, reason in ((10, [], "no_offer"), (0, [option("a")], "units")):
        found = source("bolt", units, options, CALM, Buying())
        assert isinstance(found, Refusal)
        assert found.reason == reason


def test_waiting_costs_what_two_suppliers_late_by_chance_cost_counted_by_hand() -> None:
    """One unit asked for each day, none there; one part is there after a day, the other after three."""
    sure = Stakes(daily=1.0, variance=0.0, cover=0, backorder_day=1.0, holding_day=0.0)
    one = waiting([Part(10, 2.0, 0.0)], sure)
    poisson = [sum(k * p for k, p in enumerate(pmf)) for pmf in ([0.0, 1.0], [0.0, 0.0, 1.0])]
    assert one.cost == pytest.approx(sum(poisson), abs=1e-6)
    both = waiting([Part(10, 1.0, 0.0), Part(10, 3.0, 0.0)], sure)
    assert both.cost == pytest.approx(1.0, abs=0.01)  # the ten of the first last until the second is there
    assert waiting([Part(10, 0.0, 0.0)], sure) == (0.0, 0.0)


OPTIONS = st.builds(
    lambda n, price, days, sd, score, moq, pack, stock, suspended, step: option(
        f"s{n}", price, days, sd, score, moq=moq, pack=pack, stock=stock, suspended=suspended, breaks=step
    ),
    st.integers(0, 99),
    st.floats(0.1, 5),
    st.floats(0, 20),
    st.floats(0, 5),
    st.none() | st.floats(0, 100),
    st.integers(1, 60),
    st.integers(1, 24),
    st.none() | st.integers(0, 300),
    st.booleans(),
    st.just([]) | st.just([Break(50, 0.1)]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 400),
    st.lists(OPTIONS, min_size=1, max_size=4, unique_by=lambda one: one.supplier.id),
    st.sampled_from([CALM, TIGHT]),
    st.sampled_from([Buying(), SPLIT]),
)
def test_never_fewer_than_wanted_and_never_more_than_packs_and_moqs_make_it(
    units: int, options: list[Option], stakes: Stakes, buying: Buying
) -> None:
    found = chosen(units, *options, stakes=stakes, buying=buying)
    by_name = {one.supplier.id: one for one in options}
    total = sum(one.units for one in found.splits)
    assert total >= units
    spare = max(max(by_name[one.supplier].offer.pack, lot_of(by_name[one.supplier].offer, 1)) for one in found.splits)
    reached = [one for one in found.splits if by_name[one.supplier].offer.breaks and one.price < 0.100001]
    assert total - units < max([spare, *(lot_of(by_name[one.supplier].offer, 50) for one in reached)])
    for one in found.splits:
        offer = by_name[one.supplier].offer
        assert one.units == lot_of(offer, one.units)
        assert one.price == pytest.approx(unit_price(offer, one.units))
    names = [one.supplier for one in found.splits]
    assert len(set(names)) == len(names)
    told = {one.supplier for one in found.rejected} | set(names)
    assert told == set(by_name), "who did not get it hears why"


def mate(sku: str, position: int, **changed: Any) -> Mate:
    told: dict[str, Any] = {
        "offer": Offer("acme", sku, 2.0),
        "daily": 5.0,
        "variance": 8.0,
        "lead": LeadTime(4.0, 1.0, 0),
        "holding_day": 0.002,
        "backorder_day": 0.05,
        **changed,
    }
    return Mate(sku, position=position, **told)


def test_an_sku_near_its_point_joins_and_a_full_one_does_not() -> None:
    found = joining(40.0, [mate("a", 5), mate("near", 30), mate("full", 400)], ["a"])
    assert [one.sku for one in found] == ["near"]
    assert found[0].units > 0
    assert found[0].can >= 30
    ((_, _, _, can),) = joining(40.0, [mate("a", 5), mate("near", 30)], ["a"])
    assert joining(40.0, [mate("a", 5), mate("near", can)], ["a"])
    assert joining(40.0, [mate("a", 5), mate("near", can + 1)], ["a"]) == [], "though there is room up to its level"


def test_what_joins_comes_in_packs_and_within_its_room() -> None:
    (one,) = joining(40.0, [mate("a", 5), mate("b", 30, offer=Offer("acme", "b", 2.0, pack=24))], ["a"])
    assert one.units % 24 == 0
    assert joining(40.0, [mate("a", 5), mate("b", 30, room=10, offer=Offer("acme", "b", 2.0, moq=20))], ["a"]) == []


def test_nothing_joins_where_an_order_costs_nothing_or_nothing_sells() -> None:
    assert joining(0.0, [mate("a", 5), mate("b", 30)], ["a"]) == []
    assert joining(40.0, [mate("a", 5), mate("b", 3, daily=0.0)], ["a"]) == []


def test_large_demand_is_joined_as_quickly_as_small() -> None:
    big = {"daily": 4_000.0, "variance": 90_000.0, "holding_day": 0.0005}
    (one,) = joining(40.0, [mate("a", 5, **big), mate("b", 17_000, **big)], ["a"])
    assert one.units > 1_000
