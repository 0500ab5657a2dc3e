"""How right the book is, by the counts made: several figures go by the name of inventory accuracy, so each says which.

Only counts that stand are in them; one that waits to be repeated is not. `of` folds findings in any order, and two
tallies add up, so a period's figures are those of its days.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import Final

from msgspec import Struct

from cloud.core.counting.findings import Finding

METRICS: Final[dict[str, str]] = {
    "records_agreed": "counts within the tolerance / counts",
    "records_exact": "counts without any difference / counts",
    "units_right": "1 - sum of |counted - expected| / sum of expected, at least 0",
    "difference_rate": "sum of |counted - expected| / sum of the larger of the two",
    "net_rate": "sum of (counted - expected) / sum of expected: what is missing and what was found make up for each "
    "other",
}
"""Which figure is what: the property of `Accuracy` -> its definition. `records_agreed` is the inventory accuracy of
the pages; all are shares, and None where there is nothing to divide by."""


class Accuracy(Struct, frozen=True):
    """Counts that stand, and of them within the tolerance and exact ones; units counted, expected, `compared` (the
    larger of the two), off either way and net; money off either way and net."""

    counts: int = 0
    agreed: int = 0
    exact: int = 0
    counted: int = 0
    expected: int = 0
    compared: int = 0
    off: int = 0
    net: int = 0
    off_value: float = 0.0
    net_value: float = 0.0

    def __add__(self, other: Accuracy) -> Accuracy:
        return Accuracy(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))

    @property
    def records_agreed(self) -> float | None:
        """See `METRICS`."""
        return _share(self.agreed, self.counts)

    @property
    def records_exact(self) -> float | None:
        """See `METRICS`."""
        return _share(self.exact, self.counts)

    @property
    def units_right(self) -> float | None:
        """See `METRICS`."""
        wrong = _share(self.off, self.expected)
        return None if wrong is None else max(0.0, 1.0 - wrong)

    @property
    def difference_rate(self) -> float | None:
        """See `METRICS`."""
        return _share(self.off, self.compared)

    @property
    def net_rate(self) -> float | None:
        """See `METRICS`."""
        return _share(self.net, self.expected)


def of(findings: Iterable[Finding]) -> Accuracy:
    """The figures of these findings. What was expected below 0 counts as 0 there: nothing can lie below it."""
    stood = [one for one in findings if one.verdict != "recount"]
    return Accuracy(
        len(stood),
        sum(one.verdict == "agrees" for one in stood),
        sum(one.difference == 0 for one in stood),
        sum(one.counted for one in stood),
        sum(max(0, one.expected) for one in stood),
        sum(compared(one.counted, one.expected) for one in stood),
        sum(abs(one.difference) for one in stood),
        sum(one.difference for one in stood),
        fsum(abs(one.value) for one in stood),
        fsum(one.value for one in stood),
    )


def compared(counted: int, expected: int) -> int:
    """By what a difference is measured: the larger of the two, so that it is at most all of it, whichever was 0. Where
    units are owed it is the difference."""
    return max(counted, expected, abs(counted - expected))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
