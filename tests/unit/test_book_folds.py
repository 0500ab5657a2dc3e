"""The book whatever happens: facts in any order of knowing, taken back, counted; three ways to cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.book.accounts import Account, fold, opened, out_of_turn, post
from cloud.core.book.audit import Beside, audit
from cloud.core.book.checks import unfit
from cloud.core.book.entries import Entry, Sensed, order, take_back, taken_back
from cloud.core.book.late import untimely
from protocols.layout import Sku
from tests.unit.book_facts import COSTINGS, HOUR_MS, SLOTS, T0, Facts, assert_same, by, histories, told_again

costings = st.sampled_from(COSTINGS)


def lived(arrivals: list[Entry], costing: str) -> Account:
    """The account as a service keeps it: each fact folded when it comes, the whole anew when it comes out of turn."""
    known: list[Entry] = []
    account = opened("bolt", by(costing))
    for entry in arrivals:
        late = out_of_turn(account, entry)
        known.append(entry)
        if late:
            account = fold(known, by(costing))
        else:
            post(account, entry, by(costing))
    return account


@settings(deadline=None)
@given(histories(), costings, st.data())
def test_the_order_in_which_facts_become_known_changes_nothing_in_the_end(
    history: list[Entry], costing: str, data: st.DataObject
) -> None:
    arrivals = data.draw(st.permutations(history))
    late = [told_again(one, known_ms=T0 + 1000 * HOUR_MS + at) for at, one in enumerate(arrivals)]

    assert_same(lived(late, costing), fold(history, by(costing)))


@settings(deadline=None)
@given(histories(40), costings)
def test_what_came_less_what_left_is_what_is_there_and_every_sum_holds(history: list[Entry], costing: str) -> None:
    account = fold(history, by(costing))

    assert account.flows.value_in - account.flows.value_out == pytest.approx(account.value, rel=1e-6, abs=1e-6)
    assert account.layers.units == account.on_hand
    assert sum(units for units, _ in account.lots.values()) == max(0, account.on_hand)
    assert sum(one.units for one in account.debts) == max(0, -account.off)
    assert all(one.units > 0 for one in (*account.layers.layers, *account.layers.shorts))
    broken = audit(history, [], {"bolt": by(costing)}, Beside())
    assert [one for one in broken if one.check != "chain"] == []


@settings(deadline=None)
@given(histories(40), costings, st.sampled_from(["refuse", "allow"]), st.data())
def test_whatever_is_accepted_however_late_or_taken_back_the_audit_finds_nothing(
    history: list[Entry], costing: str, negative: Any, data: st.DataObject
) -> None:
    bolt, terms, known, gone = Sku("bolt", "Bolt", 5.0, negative=negative), by(costing), list[Entry](), set[int]()
    account = opened("bolt", terms)
    late = st.integers(0, 40 * HOUR_MS) if data.draw(st.booleans()) else st.just(0)
    for fact in history:
        entry, target = fact, None
        if type(fact) is not Sensed:
            said = [one for one in known if type(one) is not Sensed and taken_back(one) is None]
            if said and not data.draw(st.integers(0, 7)):
                target = data.draw(st.sampled_from(said))
                entry = told_again(take_back(target, fact.known_ms, "ann"), id=fact.id)
            else:
                entry = told_again(fact, happened_ms=max(0, fact.happened_ms - data.draw(late)))
            no = unfit(entry, account, bolt, SLOTS, now_ms=entry.known_ms, target=target, gone=gone)
            if no is None and target is None:
                no = untimely(entry, sorted(known, key=order), bolt, terms, gone)
            if no is not None:
                continue
            gone |= {target.id} if target is not None else set()
        known.append(entry)
        account = fold(known, terms)
        if negative == "refuse" and not gone:
            assert account.debts == []

    takers = [one for one in known if taken_back(one) is not None]
    broken = audit(sorted(known, key=order), takers, {"bolt": terms}, Beside(accounts={"bolt": account}))
    assert [one for one in broken if one.check != "chain"] == []


@settings(deadline=None)
@given(histories(), costings, st.data())
def test_what_is_taken_back_is_as_if_it_had_never_been_told(
    history: list[Entry], costing: str, data: st.DataObject
) -> None:
    said = [one for one in history if type(one) is not Sensed]
    wrong = data.draw(st.lists(st.sampled_from(said), unique_by=lambda one: one.id)) if said else []
    takers = [told_again(take_back(one, T0 + 10**9, "ann"), id=1000 + one.id) for one in wrong]

    never = [one for one in history if one not in wrong]
    assert_same(lived([*history, *takers], costing), fold(never, by(costing)))


@settings(deadline=None)
@given(histories(), histories(), histories(10), st.integers(0, 50), costings)
def test_a_count_stays_an_anchor_whatever_is_told_later_of_before_it(
    before: list[Entry], other: list[Entry], after: list[Entry], found: int, costing: str
) -> None:
    at_ms = T0 + 100 * HOUR_MS
    count = Entry("count", "bolt", found, at_ms, at_ms, id=500)
    # A count of a lot, and a slot that is given away, ask for what there was before.
    told = [one for one in after if type(one) is not Sensed and not one.ref and (one.kind != "count" or not one.lot)]
    later = [told_again(one, happened_ms=one.happened_ms + 101 * HOUR_MS) for one in told]

    ends = [fold([*past, count, *later], by(costing)) for past in (before, other, [])]

    assert len({one.off for one in ends}) == 1
    assert [one.debts for one in ends] == [ends[0].debts] * 3


@settings(deadline=None)
@given(histories(), histories(), st.integers(0, 50))
def test_a_count_of_a_slot_stands_whatever_is_told_later_of_before_it(
    before: list[Entry], other: list[Entry], found: int
) -> None:
    at_ms = T0 + 100 * HOUR_MS
    facts = Facts()
    facts.claims["A1"] = found
    count = told_again(facts.shelf("A1", 0, "count"), happened_ms=at_ms)
    sold = [told_again(facts.shelf("A1", -1), happened_ms=at_ms + 1)] if found else []

    ends = {fold([*past, count, *sold], by()).shelves["A1"] for past in (before, other, [])}

    assert ends == {max(0, found - 1)}


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Receipts, and the shelves that gain what came: in one order, and with the receipts told at other times."""
    receipts = draw(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9)), min_size=1, max_size=6))
    left, moves = sum(units for units, _ in receipts), []
    for slot, units, sold in draw(st.lists(st.tuples(st.sampled_from(SLOTS), st.integers(1, 40), st.integers(0, 40)))):
        units = min(units, left)
        left -= units
        if units:
            moves += [(slot, units), (slot, -min(units, sold))]
    moves = [one for one in moves if one[1]]
    places = [draw(st.lists(st.integers(0, len(moves)), min_size=len(receipts), max_size=len(receipts))) for _ in "ab"]
    made = []
    for where in places:
        course: list[Any] = [*moves]
        for place, receipt in sorted(zip(sorted(where), receipts, strict=True), key=lambda one: -one[0]):
            course.insert(place, receipt)
        made.append(_in_order(course, receipts))
    return made[0], made[1]


def _in_order(course: list[Any], receipts: list[tuple[int, int]]) -> list[Any]:
    """The same course, its receipts in the order in which they came."""
    coming = iter(receipts)
    return [one if isinstance(one[0], str) else next(coming) for one in course]


@settings(deadline=None)
@given(arrivals(), costings)
def test_a_receipt_told_before_or_after_the_shelf_saw_it_ends_in_the_same_book(
    courses: tuple[list[Any], list[Any]], costing: str
) -> None:
    ends = []
    for course in courses:
        facts = Facts()
        for what, units in course:
            if isinstance(what, str):
                facts.shelf(what, units)
            else:
                facts.say("receipt", what, unit_cost=float(units))
        ends.append(fold(facts.entries, by(costing)))
    first, second = ends

    assert (first.on_hand, first.off, first.shelves) == (second.on_hand, second.off, second.shelves)
    assert first.unexplained == second.unexplained == []
    assert first.flows.value_in == pytest.approx(second.flows.value_in)
    if costing == "fifo":
        assert first.value == pytest.approx(second.value)
        assert first.flows.value_out == pytest.approx(second.flows.value_out)


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1), st.integers(0, 50), st.floats(0.5, 9), costings)
def test_a_debt_is_settled_by_the_next_receipt_and_its_cost_put_right(
    picks: list[int], more: int, cost: float, costing: str
) -> None:
    facts = Facts()
    for units in picks:
        facts.say("pick", -units, ref=f"reservation:{units}")
    owing = fold(facts.entries, by(costing))
    facts.say("receipt", sum(picks) + more, unit_cost=cost)
    paid = fold(facts.entries, by(costing))

    assert [one.units for one in owing.debts] == picks
    assert owing.debts[0].cause == f"reservation:{picks[0]}"
    assert owing.debts[0].since_ms == T0
    assert owing.value == pytest.approx(-2.0 * sum(picks))
    assert (paid.debts, paid.on_hand) == ([], more)
    assert paid.value == pytest.approx(more * cost)
    assert paid.flows.goods + paid.flows.corrections == pytest.approx(sum(picks) * cost)


@settings(deadline=None)
@given(histories(30))
def test_the_book_is_in_the_order_of_what_happened(history: list[Entry]) -> None:
    assert [order(one) for one in history] == sorted(order(one) for one in history)
    assert history == [] or fold(history, by()).last == order(history[-1])
