"""What a count says: against the book at the second of counting, repeated where much differs, an anchor for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.counting.findings import COUNTS_MAX, Counted, Finding, Terms, Tolerance, entry, judge, rejudge
from cloud.core.refusals import Refusal

NOW = 1_763_762_400_000
MINUTE = 60_000
TERMS = Terms("bolt", "A1", 2.0, Tolerance(0, 0.0, 0.0))


def always(units: int) -> Callable[[int], int]:
    return lambda _: units


def book(*facts: tuple[int, int]) -> Callable[[int], int]:
    """Units at a moment, from (time, units gained)."""
    return lambda at_ms: sum(units for happened_ms, units in facts if happened_ms <= at_ms)


def found(answer: Finding | Refusal) -> Finding:
    assert isinstance(answer, Finding), answer
    return answer


def counting(units: Sequence[int], expected: Callable[[int], int] = lambda _: 10, terms: Terms = TERMS) -> Finding:
    """Counts a minute apart."""
    finding = None
    for at, one in enumerate(units):
        finding = found(judge(one, NOW + at * MINUTE, expected, terms, finding, by=f"p{at}"))
    assert finding is not None
    return finding


def test_a_count_that_finds_what_the_book_says_agrees_and_is_an_anchor_all_the_same() -> None:
    finding = counting([10])
    assert (finding.verdict, finding.difference, finding.value) == ("agrees", 0, 0.0)
    fact = entry(finding, NOW + 5, key="k")
    assert fact is not None
    assert (fact.kind, fact.sku, fact.place, fact.units, fact.happened_ms, fact.known_ms, fact.by, fact.key) == (
        "count", "bolt", "A1", 10, NOW, NOW + 5, "p0", "k",
    )  # fmt: skip


def test_a_first_count_that_differs_asks_for_a_second_and_books_nothing() -> None:
    finding = counting([7])
    assert (finding.verdict, finding.difference, finding.value) == ("recount", -3, -6.0)
    assert entry(finding, NOW) is None


def test_two_counts_that_agree_stand_against_the_book() -> None:
    finding = counting([7, 7])
    assert (finding.verdict, finding.difference, finding.alike, finding.at_ms) == ("differs", -3, 2, NOW + MINUTE)
    fact = entry(finding, NOW + 2 * MINUTE)
    assert fact is not None
    assert (fact.units, fact.happened_ms, fact.by) == (7, NOW + MINUTE, "p1")


def test_a_second_count_that_agrees_with_the_book_clears_it_of_the_first() -> None:
    finding = counting([7, 10])
    assert (finding.verdict, finding.counted, len(finding.counts)) == ("agrees", 10, 2)


def test_two_counts_that_differ_from_each_other_ask_for_a_third_which_decides() -> None:
    assert counting([7, 8]).verdict == "recount"
    assert (counting([7, 8, 7]).counted, counting([7, 8, 7]).alike) == (7, 2)
    assert (counting([7, 8, 8]).counted, counting([7, 8, 8]).alike) == (8, 2)
    assert counting([7, 8, 10]).verdict == "agrees"


@pytest.mark.parametrize("units", list(permutations((4, 7, 9))))
def test_of_three_counts_that_all_differ_the_middle_one_stands_and_it_says_so(units: tuple[int, ...]) -> None:
    finding = counting(units)
    assert (finding.verdict, finding.counted, finding.alike, len(finding.counts)) == ("differs", 7, 1, COUNTS_MAX)
    assert finding.at_ms == NOW + units.index(7) * MINUTE


def test_a_small_difference_is_none_by_units_by_share_or_by_value() -> None:
    for tolerance in (Tolerance(2, 0.0, 0.0), Tolerance(0, 0.2, 0.0), Tolerance(0, 0.0, 4.0)):
        terms = Terms("bolt", "A1", 2.0, tolerance)
        assert counting([8], terms=terms).verdict == "agrees"
        assert counting([12], terms=terms).verdict == "agrees"
        assert counting([7], terms=terms).verdict == "recount"
    # What stands is what was found, the difference is told.
    within = counting([8], terms=Terms("bolt", "A1", 2.0, Tolerance(2)))
    assert (within.counted, within.difference) == (8, -2)


def test_of_goods_without_a_price_no_value_is_small() -> None:
    assert counting([7], terms=Terms("bolt", "A1", 0.0, Tolerance(0, 0.0, 100.0))).verdict == "recount"


def test_two_counts_of_many_screws_need_not_agree_to_the_screw() -> None:
    terms = Terms("screw", "A1", 0.01, Tolerance(0, 0.01, 0.0))
    assert counting([900, 905], always(1_000), terms).verdict == "differs"
    assert counting([900, 920], always(1_000), terms).verdict == "recount"


def test_goods_taken_between_two_counts_do_not_make_them_disagree() -> None:
    expected = book((0, 10), (NOW + 30_000, -2))
    finding = counting([7, 5], expected)
    assert (finding.verdict, finding.expected, finding.difference) == ("differs", 8, -3)


def test_a_pick_right_after_counting_hides_no_difference_and_makes_none() -> None:
    expected = book((0, 10), (NOW + 1, -2))
    assert counting([10], expected).verdict == "agrees"
    assert counting([8], expected).verdict == "recount"


def test_a_fact_that_comes_late_changes_what_was_expected_and_never_what_was_found() -> None:
    finding = counting([7, 7])
    late = rejudge(finding, book((0, 10), (NOW - MINUTE, -3)), TERMS)
    assert (late.verdict, late.expected, late.difference) == ("agrees", 7, 0)
    assert entry(late, NOW + 9) == entry(finding, NOW + 9)


def test_a_count_that_agreed_by_mistake_of_the_book_is_told_and_goes_on_standing() -> None:
    late = rejudge(counting([10]), book((0, 10), (NOW - MINUTE, -3)), TERMS)
    assert (late.verdict, late.counted, late.difference) == ("differs", 10, 3)


def test_a_count_that_waits_for_its_second_may_turn_out_to_have_been_right() -> None:
    late = rejudge(counting([7]), book((0, 10), (NOW - MINUTE, -3)), TERMS)
    assert late.verdict == "agrees"
    assert entry(late, NOW + 9) is not None
    assert rejudge(counting([7]), always(10), TERMS).verdict == "recount"


def test_the_first_of_two_that_differ_may_turn_out_to_have_been_right() -> None:
    late = rejudge(counting([7, 8]), book((0, 10), (NOW - MINUTE, -3)), TERMS)
    assert (late.verdict, late.counted, late.at_ms) == ("agrees", 7, NOW)


def test_what_happened_after_the_count_changes_nothing_of_it() -> None:
    finding = counting([7, 7])
    assert rejudge(finding, book((0, 10), (NOW + 2 * MINUTE, -5)), TERMS) == finding


def test_a_new_count_after_one_that_stands_begins_anew() -> None:
    finding = found(judge(6, NOW + 9, always(10), TERMS, counting([7, 7])))
    assert (finding.verdict, finding.counts) == ("recount", [Counted(6, NOW + 9)])


def test_a_count_below_zero_or_of_another_place_is_refused() -> None:
    below = judge(-1, NOW, always(0), TERMS)
    other = judge(5, NOW, always(5), Terms("bolt", "B1", 2.0), counting([7]))
    assert isinstance(below, Refusal)
    assert isinstance(other, Refusal)
    assert (below.reason, other.reason) == ("not_counted", "other_place")


FACTS = st.lists(st.tuples(st.integers(NOW - 20, NOW + 20), st.integers(-5, 5)), max_size=12)
COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(NOW - 5, NOW + 15)), min_size=1, max_size=3)


@given(FACTS, st.data(), COUNTS)
@settings(max_examples=200, deadline=None)
def test_facts_in_any_order_of_knowing_come_to_the_same_finding_of_the_same_count(
    facts: list[tuple[int, int]], data: st.DataObject, counts: list[tuple[int, int]]
) -> None:
    known = [(0, 12), *facts]
    finding: Finding | None = None
    for units, at_ms in counts:
        finding = found(judge(units, at_ms, book(*known), TERMS, finding))
        if finding.verdict != "recount":
            break
    assert finding is not None
    late = data.draw(FACTS)
    order = data.draw(st.permutations(late))
    told = finding
    seen = list(known)
    for fact in order:
        seen.append(fact)
        told = rejudge(told, book(*seen), TERMS)
    # However late facts trickle in, a count that stands does so with what it found, against the book as it is now.
    if finding.verdict != "recount":
        assert (told.counted, told.at_ms, told.counts) == (finding.counted, finding.at_ms, finding.counts)
        assert told == rejudge(finding, book(*known, *late), TERMS)
    assert told.expected == book(*known, *late)(told.at_ms)
    assert told.difference == told.counted - told.expected


@given(st.integers(0, 40), st.lists(st.integers(0, 40), min_size=1, max_size=3), st.integers(0, 5))
@settings(max_examples=200, deadline=None)
def test_a_finding_is_settled_after_three_counts_at_most_and_stands_on_one_that_was_made(
    expected: int, units: list[int], small: int
) -> None:
    terms = Terms("bolt", "A1", 2.0, Tolerance(small, 0.0, 0.0))
    finding: Finding | None = None
    for at, one in enumerate(units):
        if finding is not None and finding.verdict != "recount":
            break
        finding = found(judge(one, NOW + at, always(expected), terms, finding))
    assert finding is not None
    assert finding.counted in units
    assert (finding.verdict == "agrees") == (abs(finding.counted - expected) <= small)
    assert len(finding.counts) < COUNTS_MAX or finding.verdict != "recount"
