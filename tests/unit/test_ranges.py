"""Ranges of numbers do what sets of numbers do."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from protocols import ranges
from protocols.ranges import Ranges

numbers = st.sets(st.integers(0, 30))
bound = st.integers(-2, 32)


def of(wanted: set[int]) -> Ranges:
    return ranges.runs(sorted(wanted))


def as_set(found: Ranges) -> set[int]:
    assert all(first <= last for first, last in found)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(found)), "sorted, apart"
    return {number for first, last in found for number in range(first, last + 1)}


@given(numbers, numbers)
def test_adding_and_taking_away(some: set[int], others: set[int]) -> None:
    assert as_set(ranges.union(of(some), of(others))) == some | others
    assert as_set(ranges.minus(of(some), of(others))) == some - others
    assert ranges.size(of(some)) == len(some)


@given(numbers, bound, bound)
def test_a_window_and_what_it_lacks(some: set[int], first: int, last: int) -> None:
    window = set(range(first, last + 1))
    assert as_set(ranges.within(of(some), first, last)) == some & window
    assert as_set(ranges.gaps(of(some), first, last)) == window - some
    assert as_set(ranges.below(of(some), last)) == {one for one in some if one < last}


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-2, 6))))
def test_ranges_that_overlap_in_any_order_are_joined(pieces: list[tuple[int, int]]) -> None:
    found = ranges.union([(first, first + more) for first, more in pieces])

    assert as_set(found) == {number for first, more in pieces for number in range(first, first + more + 1)}


def test_numbers_that_jumped_by_a_clock_cost_nothing() -> None:
    jumped = ((0, 5_000), (1_763_762_400_000, 1_763_762_400_009))

    assert ranges.gaps(jumped, 0, 1_763_762_400_009) == ((5_001, 1_763_762_399_999),)
