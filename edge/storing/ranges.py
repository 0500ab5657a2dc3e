"""Sets of numbers as sorted, disjoint, closed ranges `(first, last)` that do not touch; never changed in place."""

from __future__ import annotations

from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]


def size(ranges: Ranges) -> int:
    """How many numbers."""
    return sum(last - first + 1 for first, last in ranges)


def within(ranges: Ranges, first: int, last: int) -> Ranges:
    """Those between `first` and `last`."""
    return tuple((max(a, first), min(b, last)) for a, b in ranges if a <= last and b >= first)


def gaps(ranges: Ranges, first: int, last: int) -> Ranges:
    """Those between `first` and `last` that are not in the set."""
    found, at = [], first
    for a, b in within(ranges, first, last):
        if at < a:
            found.append((at, a - 1))
        at = b + 1
    if at <= last:
        found.append((at, last))
    return tuple(found)


def minus(ranges: Ranges, others: Ranges) -> Ranges:
    """Those of the set that are in none of `others`."""
    for first, last in others:
        if not ranges or last < ranges[0][0] or first > ranges[-1][1]:
            continue
        left: list[tuple[int, int]] = []
        for a, b in ranges:
            if b < first or a > last:
                left.append((a, b))
                continue
            if a < first:
                left.append((a, first - 1))
            if b > last:
                left.append((last + 1, b))
        ranges = tuple(left)
    return ranges


def plus(ranges: Ranges, others: Iterable[tuple[int, int]]) -> Ranges:
    """Those of the set and those of `others`, which may overlap and come in any order."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted([*ranges, *others]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def runs(numbers: Iterable[int]) -> Ranges:
    """Numbers in rising order, as ranges."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)
