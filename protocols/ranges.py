"""Sets of numbers as sorted, disjoint, closed ranges `(first, last)` that do not touch; never changed in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Range = tuple[int, int]
Ranges = tuple[Range, ...]


def size(ranges: Iterable[Sequence[int]]) -> int:
    """How many numbers."""
    return sum(last - first + 1 for first, last in ranges)


def within(ranges: Ranges, first: int, last: int) -> Ranges:
    """Those between `first` and `last`."""
    return tuple((max(a, first), min(b, last)) for a, b in ranges if a <= last and b >= first)


def below(ranges: Iterable[Range], limit: int) -> Ranges:
    """Those less than `limit`."""
    return tuple((first, min(last, limit - 1)) for first, last in ranges if first < limit)


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


def union(*sets: Iterable[Sequence[int]]) -> Ranges:
    """Those of any of the sets, whose ranges may overlap, be empty, and come in any order."""
    joined: list[Range] = []
    for first, last in sorted((one[0], one[1]) for ranges in sets for one in ranges if one[0] <= one[1]):
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
