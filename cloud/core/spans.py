"""Sets of numbers as sorted, disjoint, closed spans `(first, last)` that do not touch. Pure arithmetic.

What takes such sets takes any pairs; what it returns is in that form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def joined(*sets: Iterable[Sequence[int]]) -> list[Span]:
    """The numbers that are in any of the sets, whose spans may overlap and come in any order."""
    found: list[Span] = []
    for first, last in sorted((one[0], one[1]) for spans in sets for one in spans if one[0] <= one[1]):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def gaps(held: Iterable[Span], first: int, last: int) -> list[Span]:
    """The numbers between `first` and `last` that are not in `held`, which is in the form of `joined`."""
    found: list[Span] = []
    at = first
    for low, high in held:
        if low > last:
            break
        if at < low:
            found.append((at, low - 1))
        at = max(at, high + 1)
    if at <= last:
        found.append((at, last))
    return found


def below(spans: Iterable[Span], limit: int) -> list[Span]:
    """The numbers that are less than `limit`."""
    return [(first, min(last, limit - 1)) for first, last in spans if first < limit]


def size(spans: Iterable[Sequence[int]]) -> int:
    """How many numbers."""
    return sum(one[1] - one[0] + 1 for one in spans)
