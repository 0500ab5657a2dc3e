"""Shelves that can not be relied on: what is there by the book, what is in doubt, what becomes of a slot's units."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.accounts import TOLD_MS, Account, fold, lapsed_ms
from cloud.core.book.costing import CHANGES_MAX, Since, course, followed, in_force
from cloud.core.book.entries import NO_CLAIM, Entry
from cloud.core.book.positions import Doubt, doubt
from cloud.desks.folding import RISES_MAX
from cloud.desks.folding import fold as held_of
from protocols.reports import SlotLevel
from tests.unit.book_facts import HOUR_MS, SLOTS, T0, Facts, by, histories

UNKNOWN = SlotLevel("A1", "bolt", None, 3, 12, 0.4, 20.0, T0)


@pytest.fixture
def facts() -> Facts:
    made = Facts()
    made.shelf("A1", 10, "first")
    return made


def folded(facts: Facts) -> Account:
    return fold(facts.entries, by())


def unsure(account: Account, level: SlotLevel, unusable: int = 0) -> Doubt:
    return doubt("bolt", account, SLOTS, {"A1": level}, unusable)


def test_of_a_scale_that_can_not_tell_the_least_is_sure_and_the_middle_likely(facts: Facts) -> None:
    account = folded(facts)

    assert unsure(account, UNKNOWN) == Doubt(7, 4)
    assert unsure(account, replace(UNKNOWN, low=12, high=20)) == Doubt(0, 6), "no more is promised than the book has"
    assert unsure(account, replace(UNKNOWN, low=0, high=300, confidence=0.0)) == Doubt(10, 10)
    assert unsure(account, replace(UNKNOWN, sku="nut")) == Doubt(), "it never told of this one"
    assert unsure(account, replace(UNKNOWN, count=10, low=10, high=10)) == Doubt()


def test_a_person_who_differs_from_the_scale_shifts_what_it_can_tell(facts: Facts) -> None:
    facts.say("count", 12, "A1")
    account = folded(facts)

    assert unsure(account, replace(UNKNOWN, count=10)) == Doubt()
    assert unsure(account, UNKNOWN) == Doubt(7, 4), "5 to 14 with the two that it does not feel"


def test_no_unit_is_unusable_and_in_doubt_at_once(facts: Facts) -> None:
    account = folded(facts)

    assert unsure(account, UNKNOWN, unusable=6) == Doubt(4, 1)
    assert unsure(account, UNKNOWN, unusable=10) == Doubt(0, 1 - 1)


@given(histories(), st.integers(0, 30), st.integers(0, 30), st.sampled_from([0.0, 0.4]), st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_never_more_is_in_doubt_than_there_is(
    entries: list[Entry], low: int, more: int, sure: float, unusable: int
) -> None:
    account = fold(entries, by())
    said = unsure(account, replace(UNKNOWN, low=low, high=low + more, confidence=sure), unusable)

    assert 0 <= said.doubtful <= max(0, account.on_hand - unusable)
    assert said.likely >= 0


def test_what_a_person_finds_where_the_scale_can_not_tell_stands_until_it_can(facts: Facts) -> None:
    facts.say("count", 8, "A1", other=NO_CLAIM)
    assert folded(facts).shelves == {"A1": 8}
    facts.shelf("A1", -3)
    after = folded(facts)

    assert (after.shelves, after.bias, after.found) == ({"A1": 7}, {}, {})
    assert after.flows.missing == 4.0, "two were missing when it was counted"
    assert after.flows.goods == 2.0, "one left since"


def test_a_scale_that_is_counted_itself_ends_a_persons_count(facts: Facts) -> None:
    facts.say("count", 8, "A1", other=NO_CLAIM)
    facts.shelf("A1", -1, "count")

    assert (folded(facts).shelves, folded(facts).found) == ({"A1": 9}, {})


def test_what_lay_in_a_slot_that_is_given_away_is_off_the_shelves_and_settles_what_is_owed(facts: Facts) -> None:
    facts.say("pick", -3)
    owing = folded(facts)
    facts.say("transfer", -10, "A1", ref="slot:A1")
    after = folded(facts)

    assert (owing.on_hand, len(owing.debts)) == (7, 1)
    assert (after.shelves, after.off, after.on_hand, after.debts, after.value) == ({}, 7, 7, [], owing.value)


def test_a_gateway_that_does_not_know_yet_that_a_slot_was_given_away_makes_nothing_twice(facts: Facts) -> None:
    facts.say("transfer", -10, "A1", ref="slot:A1")
    facts.shelf("A1", -2)
    after = folded(facts)

    assert (after.on_hand, after.shelves, after.off) == (8, {"A1": 8}, 0)
    assert after.flows.found == 20.0, "the first count alone"


def test_what_no_scale_saw_lapses_after_a_day_and_asks_for_a_count(facts: Facts) -> None:
    facts.say("loss", -3, "A1")
    told = facts.entries[-1].happened_ms
    account = folded(facts)

    assert lapsed_ms(account, "A1", told + TOLD_MS) == 0
    assert lapsed_ms(account, "A1", told + TOLD_MS + 1) == told + TOLD_MS
    assert lapsed_ms(account, "A2", told + TOLD_MS + 1) == 0
    late = Entry("count", "bolt", 7, told + 2 * TOLD_MS, told + 2 * TOLD_MS, "A1", id=9)
    assert fold([*facts.entries, late], by()).told == {}


def test_a_count_of_a_lot_says_that_who_named_none_took_others() -> None:
    facts = Facts()
    facts.say("receipt", 10, lot="L1", expiry="2026-01-31")
    facts.say("receipt", 10, lot="L2", expiry="2026-03-31")
    facts.say("pick", -2)
    facts.say("count", 10, lot="L1")
    some = folded(facts)
    facts.say("count", 12, lot="L1")
    found = folded(facts)

    assert {lot: units for lot, (units, _) in some.lots.items()} == {"L1": 10, "L2": 8}
    assert (some.flows.found, some.flows.missing) == (0.0, 0.0)
    assert {lot: units for lot, (units, _) in found.lots.items()} == {"L1": 12, "L2": 8}, "that is known once"
    assert found.lots["L1"][1] == "2026-01-31"


def test_a_lot_that_was_taken_whole_by_who_named_none_comes_back_with_its_date() -> None:
    facts = Facts()
    facts.say("receipt", 2, lot="L1", expiry="2026-01-31")
    facts.say("receipt", 10, lot="L2", expiry="2026-03-31")
    facts.say("pick", -2)
    facts.say("count", 2, lot="L1")

    assert folded(facts).lots == {"L1": (2, "2026-01-31"), "L2": (8, "2026-03-31")}


def test_a_rise_is_what_came_to_the_site_and_not_what_moved_in_it() -> None:
    facts = Facts()
    facts.say("receipt", 10)
    facts.shelf("A1", 6, "first")
    facts.say("transfer", 4, other="branch")
    facts.say("pick", -3)
    facts.say("count", 8)
    held, _ = held_of("bolt", facts.entries, by(), ())

    assert [units for _, units in held.rises] == [10, 4, 3]
    many = Facts()
    for _ in range(RISES_MAX + 5):
        many.say("put", 1)
    held, _ = held_of("bolt", many.entries, by(), ())
    assert (len(held.rises), held.rises[0]) == (RISES_MAX, (T0, 6))


def test_a_costing_holds_from_when_the_site_file_said_it() -> None:
    usual = {"bolt": by("fifo")}
    first = followed({}, usual, T0)
    again = followed(first, usual, T0 + HOUR_MS)
    changed = followed(first, {"bolt": by("lifo")}, T0 + 2 * HOUR_MS)

    assert first == again == {"bolt": [Since(T0, "fifo", 2.0)]}
    for hours, costing in ((-9, "fifo"), (1, "fifo"), (2, "lifo"), (9, "lifo")):
        now = in_force(changed, {"bolt": by("average")}, T0 + hours * HOUR_MS)
        assert (now["bolt"].costing, now["bolt"].slots) == (costing, by().slots)
    assert in_force(changed, {}, T0)["bolt"].costing == "fifo", "also of what is in the site file no more"
    assert course(None) == course(b"?") == {}
    often = first
    for n in range(CHANGES_MAX + 3):
        often = followed(often, {"bolt": by("fifo", float(n))}, T0 + n)
    assert len(often["bolt"]) == CHANGES_MAX
