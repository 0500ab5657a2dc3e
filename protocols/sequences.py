"""Which numbers of a sequence are held: the bookkeeping behind "nothing lost, nothing twice".

A gateway keeps one per device and boot, the service one per gateway and lane. In order, as nearly always, adding a
number costs one comparison.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct


class Sequence(Struct, array_like=True):
    """Held numbers as sorted, disjoint, closed ranges `[first, last]`, at most `limit` of them.

    At the limit the two oldest ranges are joined: the numbers between them are given up and counted in `forgotten`.
    """

    ranges: list[list[int]] = []
    forgotten: int = 0
    limit: int = 64

    def add(self, number: int) -> bool:
        """Hold one more number; False when it was held already (a duplicate)."""
        ranges = self.ranges
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
            return True
        at = bisect_right(ranges, number, key=_first) - 1
        if at >= 0 and number <= ranges[at][1]:
            return False
        touches_left = at >= 0 and ranges[at][1] == number - 1
        touches_right = at + 1 < len(ranges) and ranges[at + 1][0] == number + 1
        if touches_left and touches_right:
            ranges[at][1] = ranges.pop(at + 1)[1]
        elif touches_left:
            ranges[at][1] = number
        elif touches_right:
            ranges[at + 1][0] = number
        else:
            ranges.insert(at + 1, [number, number])
            if len(ranges) > self.limit:
                self.forgotten += ranges[1][0] - ranges[0][1] - 1
                ranges[0][1] = ranges.pop(1)[1]
        return True

    def holds(self, number: int) -> bool:
        """Whether the number is held (or was given up)."""
        at = bisect_right(self.ranges, number, key=_first) - 1
        return at >= 0 and number <= self.ranges[at][1]

    @property
    def top(self) -> int:
        """The highest number held, -1 when none is."""
        return self.ranges[-1][1] if self.ranges else -1

    def missing(self) -> int:
        """How many numbers between the lowest and the highest are not held, the given-up ones included."""
        gaps = sum(after[0] - before[1] - 1 for before, after in zip(self.ranges, self.ranges[1:], strict=False))
        return gaps + self.forgotten


def _first(held: list[int]) -> int:
    return held[0]
