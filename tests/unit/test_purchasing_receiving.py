"""What the sensors saw arriving, which order it belongs to, and what a person's yes books."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.purchasing.orders import Line, Order
from cloud.core.purchasing.receiving import GAP_MS, Arrival, arrivals, came_at, receive
from cloud.core.refusals import Refusal
from protocols.trade import Buying

T0 = 1_763_762_400_000
HOUR = 3_600_000
DAY = 24 * HOUR
LIMITS = Buying()


def order(id: int, *lines: Line, supplier: str = "acme", sent_ms: int = T0) -> Order:
    return Order(supplier, list(lines), "sent", sent_ms, sent_ms, "kim", sent_ms=sent_ms, id=id)


def bolts(id: int, units: int = 100, day: int = 5, **changed: int) -> Order:
    return order(id, Line("bolt", units, 2.0, due_ms=T0 + day * DAY, **changed))


def put(day: float, units: int, slot: str = "A1") -> tuple[int, int, str]:
    return (T0 + int(day * DAY), units, slot)


def test_goods_put_on_a_shelf_unexplained_are_taken_for_the_order_that_waits() -> None:
    (one,) = arrivals({"bolt": [put(5, 60, "A1"), put(5.1, 40, "A2")]}, {}, [bolts(3)])
    assert (one.id, one.units, one.slots, one.difference) == ("3:bolt", 100, ["A1", "A2"], 0)
    assert (one.from_ms, one.to_ms, one.evidence) == (T0 + 5 * DAY, T0 + int(5.1 * DAY), {"weight": 100})
    assert one.confidence > 0.7


def test_tags_heard_at_the_gate_and_units_on_the_shelf_are_one_delivery_not_two() -> None:
    (one,) = arrivals({"bolt": [put(5.2, 70)]}, {"bolt": [(T0 + 5 * DAY, 98)]}, [bolts(3)])
    assert (one.units, one.evidence, one.difference) == (98, {"weight": 70, "tags": 98}, -2)


def test_the_order_whose_date_and_quantity_fit_best_is_proposed() -> None:
    (one,) = arrivals({"bolt": [put(12, 100)]}, {}, [bolts(1, day=5), bolts(2, day=12)])
    assert one.order == 2
    (one,) = arrivals({"bolt": [put(5, 40)]}, {}, [bolts(1, units=300), bolts(2, units=40)])
    assert one.order == 2
    (one,) = arrivals({"bolt": [put(5, 100)]}, {}, [bolts(1), bolts(2, shipped=100)])
    assert one.order == 2


def test_other_lines_of_an_order_coming_at_the_same_time_speak_for_it() -> None:
    both = [bolts(1), order(2, Line("bolt", 100, 2.0, due_ms=T0 + 5 * DAY), Line("nut", 10, 1.0, due_ms=T0 + 5 * DAY))]
    found = arrivals({"bolt": [put(5, 100)], "nut": [put(5.1, 10, "B1")]}, {}, both)
    assert {(one.order, one.sku) for one in found} == {(2, "bolt"), (2, "nut")}


def test_two_like_orders_are_less_sure_than_one() -> None:
    (alone,) = arrivals({"bolt": [put(5, 100)]}, {}, [bolts(1)])
    (of_two,) = arrivals({"bolt": [put(5, 100)]}, {}, [bolts(1), bolts(2)])
    assert of_two.order == 1
    assert of_two.confidence < 0.5 < alone.confidence


def test_more_than_one_order_waits_for_is_shared_between_two_and_the_rest_is_a_difference() -> None:
    found = arrivals({"bolt": [put(5, 150)]}, {}, [bolts(1, day=5), bolts(2, units=50, day=6)])
    assert {(one.order, one.units, one.difference) for one in found} == {(1, 100, 0), (2, 50, 0)}
    (one,) = arrivals({"bolt": [put(5, 130)]}, {}, [bolts(1)])
    assert (one.units, one.difference) == (130, 30)


def test_deliveries_far_apart_are_told_apart() -> None:
    apart = {"bolt": [put(5, 100), put(12, 100)]}
    found = arrivals(apart, {}, [bolts(1, day=5), bolts(2, day=12)])
    assert {(one.order, one.from_ms) for one in found} == {(1, T0 + 5 * DAY), (2, T0 + 12 * DAY)}


def test_what_an_order_waits_for_is_given_to_one_delivery_only() -> None:
    (one,) = arrivals({"bolt": [put(5, 100), put(12, 100)]}, {}, [bolts(1, day=5)])
    assert (one.units, one.difference, one.from_ms) == (100, 0, T0 + 5 * DAY)


def test_what_came_before_an_order_was_sent_and_what_nobody_ordered_is_no_arrival() -> None:
    assert arrivals({"bolt": [put(-1, 100)]}, {}, [bolts(1)]) == []
    assert arrivals({"nail": [put(5, 100)]}, {}, [bolts(1)]) == []
    assert arrivals({"bolt": [put(5, 100)]}, {}, [replace(bolts(1), state="closed")]) == []


def test_what_was_put_away_before_an_order_was_sent_is_no_part_of_it_though_more_follows() -> None:
    puts = {"bolt": [(T0 - 11 * HOUR, 59, "A1"), (T0 + HOUR, 42, "A1")]}
    (one,) = arrivals(puts, {}, [order(1, Line("bolt", 42, 1.0, due_ms=T0 + DAY))])
    assert (one.units, one.difference, one.from_ms) == (42, 0, T0 + HOUR)
    older = order(2, Line("bolt", 59, 1.0, due_ms=T0), sent_ms=T0 - DAY)
    found = {one.order: one.units for one in arrivals(puts, {}, [order(1, Line("bolt", 42, 1.0)), older])}
    assert found == {1: 42, 2: 59}


def test_an_arrival_says_how_much_of_it_is_taken_in_unasked() -> None:
    assert [one.taken for one in arrivals({"bolt": [put(5, 181)]}, {}, [bolts(1, units=132)])] == [138]
    assert [one.taken for one in arrivals({"bolt": [put(5, 90)]}, {}, [bolts(1)])] == [90]
    assert [one.taken for one in arrivals({"bolt": [put(5, 90)]}, {}, [bolts(1, received=80, shipped=80)])] == [25]


def test_a_part_of_what_was_shipped_is_told_by_how_much_is_missing() -> None:
    (one,) = arrivals({"bolt": [put(5, 30)]}, {}, [bolts(1, shipped=40)])
    assert one.difference == -10


def test_a_yes_books_the_receipt_and_the_order_together_and_once() -> None:
    waiting = bolts(3)
    (one,) = arrivals({"bolt": [put(5, 100)]}, {}, [waiting])
    lots = {"bolt": ("L7", "2027-01-31")}
    made = receive(
        waiting, {"bolt": 95}, "kim", "buyer", T0 + 6 * DAY, LIMITS, came_ms=one.from_ms, key="n", lots=lots, note="ok"
    )
    assert not isinstance(made, Refusal)
    assert made.order.state == "partly_received"
    (entry,) = made.entries
    assert (entry.kind, entry.sku, entry.units, entry.place, entry.unit_cost) == ("receipt", "bolt", 95, "", 2.0)
    assert (entry.happened_ms, entry.known_ms, entry.ref) == (T0 + 5 * DAY, T0 + 6 * DAY, "order:3")
    assert (entry.lot, entry.expiry, entry.by, entry.key) == ("L7", "2027-01-31", "kim", "order:3:bolt:n")
    told: dict[str, Any] = {"came_ms": one.from_ms, "key": "n", "note": "ok"}
    again = receive(made.order, {"bolt": 95}, "kim", "buyer", T0 + 7 * DAY, LIMITS, lots=lots, **told)
    assert not isinstance(again, Refusal)
    assert again.order is made.order
    assert again.entries == []
    assert came_at(3, made.entries) == {("n", "bolt"): T0 + 5 * DAY}


def test_rejected_goods_never_enter_the_book() -> None:
    made = receive(
        bolts(3),
        {"bolt": 90},
        "kim",
        "buyer",
        T0 + DAY,
        LIMITS,
        came_ms=T0,
        key="n",
        rejected={"bolt": 10},
        note="bent",
    )
    assert not isinstance(made, Refusal)
    assert [one.units for one in made.entries] == [90]
    assert made.order.lines[0].rejected == 10


def test_too_much_or_somebody_who_may_not_books_nothing() -> None:
    for units, role in ((500, "buyer"), (10, "viewer")):
        refusal = receive(bolts(3), {"bolt": units}, "kim", role, T0, LIMITS, came_ms=T0, key="n")
        assert isinstance(refusal, Refusal)


PUTS = st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(1, 80), st.sampled_from(["A1", "A2"])), max_size=6)
TAGS = st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(1, 80)), max_size=4)
ORDERS = st.lists(
    st.tuples(st.integers(1, 150), st.integers(0, 20), st.integers(0, 150), st.integers(0, 150)), max_size=4
)


@settings(max_examples=200, deadline=None)
@given(PUTS, TAGS, ORDERS)
def test_no_unit_arrives_twice_and_no_line_has_two_arrivals(
    puts: list[tuple[int, int, str]], tags: list[tuple[int, int]], told: list[tuple[int, int, int, int]]
) -> None:
    orders = [
        order(n, Line("bolt", units, 1.0, min(received, units), 0, shipped, T0 + day * DAY if day else 0))
        for n, (units, day, received, shipped) in enumerate(told)
    ]
    signs = {"bolt": [(T0 + at, units, slot) for at, units, slot in puts]}
    heard = {"bolt": [(T0 + at, units) for at, units in tags]}
    found = arrivals(signs, heard, orders)
    assert len({one.id for one in found}) == len(found)
    assert sum(one.units for one in found) <= sum(units for _, units, _ in puts) + sum(units for _, units in tags)
    by_id = {one.id: one for one in orders}
    for one in found:
        assert one.units > 0
        assert 0 < one.confidence < 1
        assert one.from_ms <= one.to_ms
        line = by_id[one.order].lines[0]
        assert one.difference == one.units - (line.in_transit or line.rest)
    assert arrivals(signs, heard, orders[::-1]) == found, "in whatever order they are told"
    assert GAP_MS < DAY


def test_an_arrival_names_its_line() -> None:
    assert Arrival(7, "bolt", 1, T0, T0, [], {}, 0.5, 0).id == "7:bolt"
