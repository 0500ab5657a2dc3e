"""What the book had at a place at the second of counting, whatever becomes known later of before."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.accounts import Terms, fold
from cloud.core.book.entries import Entry, Kind, order, sensed, take_back, withdrawn
from cloud.core.counting.course import Course, course
from cloud.core.counting.findings import Finding, Tolerance, entry, judge, rejudge
from cloud.core.counting.findings import Terms as Counting

NOW = 1_763_762_400_000
MINUTE = 60_000
VALUED = Terms(slots=frozenset({"A1"}))


def fact(kind: Kind, units: int, minutes: float, id: int, place: str = "", late: float = 0.0) -> Entry:
    happened_ms = round(NOW + minutes * MINUTE)
    return Entry(kind, "bolt", units, happened_ms, round(happened_ms + late * MINUTE), place, id=id)


def weighed(delta: int, count: int, minutes: float, source: str = "weight") -> Entry:
    at_ms = round(NOW + minutes * MINUTE)
    return sensed("A1", "bolt", delta, count, at_ms, at_ms, source)


def around(entries: list[Entry], slot: str = "A1", without: frozenset[int] = frozenset()) -> Course:
    return course(sorted(entries, key=order), VALUED, slot, NOW - 5 * MINUTE, NOW + 5 * MINUTE, without)


DAY = [
    weighed(20, 20, -600, "first"),
    weighed(-4, 16, -60),
    weighed(-3, 13, -2),
    weighed(-1, 12, 1),
    weighed(-5, 7, 60),
]


def test_the_book_at_a_slot_is_what_its_scale_had_said_by_that_second() -> None:
    seen = around(DAY)
    assert [seen.at(NOW + round(at * MINUTE)) for at in (-5, -2, 0, 1, 5)] == [16, 13, 13, 12, 12]
    assert seen.moves == [(NOW - 2 * MINUTE, -3), (NOW + MINUTE, -1)]


def test_the_store_room_has_what_came_less_what_the_shelves_took() -> None:
    facts = [fact("receipt", 50, -90, 1), weighed(20, 20, -30), weighed(6, 26, -1), fact("pick", -2, 1, 2)]
    seen = around(facts, "")
    assert [seen.at(NOW + at * MINUTE) for at in (-5, 0, 2)] == [30, 24, 22]


def test_a_correction_at_the_scale_is_no_move_of_goods() -> None:
    seen = around([*DAY[:3], weighed(2, 15, 0.5, "count")])
    assert seen.at(NOW + MINUTE) == 15
    assert seen.moves == [(NOW - 2 * MINUTE, -3)]


def test_a_count_is_not_held_against_itself() -> None:
    counted = fact("count", 11, 0, 5, "A1")
    assert around([*DAY, counted]).at(NOW) == 11
    assert around([*DAY, counted], without=frozenset({5})).at(NOW) == 13


def test_a_movement_that_has_the_same_number_as_the_count_is_not_left_out_with_it() -> None:
    at_ms = NOW - MINUTE
    moved = sensed("A1", "bolt", -2, 11, at_ms, at_ms, "weight", id=5)
    assert around([*DAY[:3], moved, fact("count", 11, 0, 5, "A1")], without=frozenset({5})).at(NOW) == 11


def test_what_was_taken_back_is_not_expected() -> None:
    facts = [fact("receipt", 50, -90, 1), fact("receipt", 8, -80, 2)]
    back = replace(take_back(facts[1], NOW, "anna"), id=3)
    everything = [*facts, back]
    assert around(everything, "", withdrawn(everything)).at(NOW) == 50


def test_an_empty_book_expects_nothing() -> None:
    assert around([]) == Course(0, [], [], [])
    assert around([]).at(NOW) == 0


def test_a_count_holds_though_a_pick_of_before_becomes_known_after_it() -> None:
    """The whole way: count, count again, book, hear of a late pick, look again."""
    terms = Counting("bolt", "", 1.0, Tolerance(0, 0.0, 0.0))
    facts = [fact("receipt", 10, -90, 1)]
    first = judge(7, NOW, around(facts, "").at, terms, by="anna")
    assert isinstance(first, Finding)
    assert first.verdict == "recount"
    second = judge(7, NOW + MINUTE, around(facts, "").at, terms, first, by="bo")
    assert isinstance(second, Finding)
    booked = entry(second, NOW + 2 * MINUTE)
    assert booked is not None
    facts.append(replace(booked, id=2))
    assert fold(facts, VALUED).on_hand == 7
    facts.append(fact("pick", -3, -10, 3, late=90))
    late = rejudge(second, around(facts, "", frozenset({2})).at, terms)
    assert (late.verdict, late.expected, late.difference) == ("agrees", 7, 0)
    assert fold(facts, VALUED).on_hand == 7


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["receipt", "pick", "loss"]), st.integers(1, 9), st.integers(-20, 20), st.integers(0, 60)
    ),
    max_size=12,
)


@given(HAPPENINGS, st.integers(0, 30), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_count_stands_in_the_book_whatever_becomes_known_in_whatever_order(
    happenings: list[tuple[Kind, int, int, int]], counted: int, chance: random.Random
) -> None:
    facts = [
        fact(kind, units if kind == "receipt" else -units, minutes + 0.5, at + 1, late=late)
        for at, (kind, units, minutes, late) in enumerate(happenings)
    ]
    anchor = fact("count", counted, 0, 99)
    told = [*facts]
    chance.shuffle(told)
    after = sum(one.units for one in facts if one.happened_ms > NOW)
    before = sum(one.units for one in facts if one.happened_ms <= NOW)
    terms = Counting("bolt", "", 1.0, Tolerance(0, 0.0, 0.0))
    known: list[Entry] = []
    finding = judge(counted, NOW, around(known, "").at, terms)
    assert isinstance(finding, Finding)
    for one in told:
        known.append(one)
        finding = rejudge(finding, around([*known, anchor], "", frozenset({99})).at, terms)
    assert (finding.counted, finding.expected, finding.difference) == (counted, before, counted - before)
    assert fold([*known, anchor], VALUED).on_hand == counted + after
