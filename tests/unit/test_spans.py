"""Spans are sets of numbers: their arithmetic is that of sets."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cloud.core import spans
from cloud.core.spans import Span

pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 12)).map(lambda one: (one[0], one[0] + one[1])))


def numbers(of: list[Span]) -> set[int]:
    return {number for first, last in of for number in range(first, last + 1)}


def is_canonical(found: list[Span]) -> bool:
    apart = all(before[1] + 1 < after[0] for before, after in pairwise(found))
    return apart and all(first <= last for first, last in found)


@given(pairs, pairs)
def test_joined_spans_hold_the_numbers_of_all_and_no_others(some: list[Span], others: list[Span]) -> None:
    found = spans.joined(some, others)

    assert numbers(found) == numbers(some) | numbers(others)
    assert is_canonical(found)
    assert spans.size(found) == len(numbers(found))


@given(pairs, st.integers(-5, 70), st.integers(-5, 70))
def test_gaps_and_what_is_held_make_the_whole(some: list[Span], first: int, last: int) -> None:
    held = spans.joined(some)

    found = spans.gaps(held, first, last)

    assert numbers(found) == set(range(first, last + 1)) - numbers(held)
    assert is_canonical(found)


@given(pairs, st.integers(-5, 70))
def test_below_keeps_the_numbers_that_are_less(some: list[Span], limit: int) -> None:
    found = spans.below(spans.joined(some), limit)

    assert numbers(found) == {one for one in numbers(some) if one < limit}
    assert is_canonical(found)


def test_numbers_that_jumped_by_a_clock_cost_nothing() -> None:
    jumped = [(0, 5_000), (1_763_762_400_000, 1_763_762_400_009)]

    assert spans.gaps(jumped, 0, 1_763_762_400_009) == [(5_001, 1_763_762_399_999)]
