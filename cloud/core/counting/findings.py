"""What a count says: held against the book at the second of counting, counted again where much differs, then it stands.

Two people, or the same twice, seldom make the same mistake: a first count that differs by more than the tolerance asks
for a second one, which decides when it agrees with the first or with the book; else a third does. Every count is
held against the book at its own second, so goods may move between them. What becomes known later changes what was
expected (`rejudge`), never what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.refusals import Refusal

Verdict = Literal["agrees", "recount", "differs"]
Book = Callable[[int], int]
"""The units that the book has at a place at a moment (UTC ms), this count itself left out."""
COUNTS_MAX = 3
"""When no two of so many agree, the middle one stands: it is off by least, whichever is right."""
UNITS_MAX = 2**53


class Tolerance(Struct, frozen=True):
    """A difference up to the largest of these is none: units, a share of what was expected, a value in money."""

    units: int = 0
    share: float = 0.01
    value: float = 0.0

    def limit(self, expected: int, unit_cost: float) -> float:
        """The same in units."""
        return max(self.units, self.share * abs(expected), self.value / unit_cost if unit_cost > 0 else 0.0)


class Counted(Struct, frozen=True):
    """Units that somebody found at a place at a moment."""

    units: int
    at_ms: int
    by: str = ""


class Finding(Struct, frozen=True):
    """What the counts of a place came to. The one that stands (`stands` of `counts`) found `counted` units at `at_ms`,
    when the book said `expected`; `difference` = counted - expected, `value` its money. `alike`: how many counts say
    so (1 of three that all differ: the middle one). Of a `recount` nothing stands yet: they are those of the last."""

    sku: str
    slot: str
    verdict: Verdict
    counts: list[Counted]
    stands: int
    counted: int
    at_ms: int
    expected: int
    difference: int
    value: float
    limit: float
    alike: int = 1


class Terms(Struct, frozen=True):
    """What is counted, what a unit of it costs, and what difference is none."""

    sku: str
    slot: str
    unit_cost: float
    tolerance: Tolerance = Tolerance()


def judge(
    counted: int, at_ms: int, expected_at: Book, terms: Terms, before: Finding | None = None, by: str = ""
) -> Finding | Refusal:
    """The finding of a count; `before` is that of the counts it repeats, where they asked for it."""
    if not 0 <= counted <= UNITS_MAX:
        return Refusal(
            "not_counted", f"{counted} units can not be found at a place.", "Give what lies there, 0 or more."
        )
    again = before is not None and before.verdict == "recount"
    if again and before is not None and (before.sku, before.slot) != (terms.sku, terms.slot):
        where = before.slot or "the store room"
        return Refusal("other_place", f"The first count was of {before.sku} at {where}.", "Count that place again.")
    earlier = before.counts if again and before is not None else []
    return _decide([*earlier, Counted(counted, at_ms, by)], expected_at, terms)


def rejudge(finding: Finding, expected_at: Book, terms: Terms) -> Finding:
    """The finding by what is known of the book now. A count that stands goes on standing; one that waits to be
    repeated may turn out to have been right."""
    if finding.verdict == "recount":
        return _decide(finding.counts, expected_at, terms)
    said = _said(finding.counts, finding.stands, expected_at, terms, finding.alike)
    return replace(said, verdict="agrees" if abs(said.difference) <= said.limit else "differs")


def entry(finding: Finding, known_ms: int, ref: str = "", note: str = "", key: str = "") -> Entry | None:
    """The count as a fact of the book, which stands there from the second of counting on; None while it is to be
    repeated. A count that agreed is one too: it is an anchor all the same."""
    if finding.verdict == "recount":
        return None
    by = finding.counts[finding.stands].by
    return Entry(
        "count", finding.sku, finding.counted, finding.at_ms, known_ms, finding.slot, ref=ref, by=by, note=note, key=key
    )  # fmt: skip


def _decide(counts: Sequence[Counted], expected_at: Book, terms: Terms) -> Finding:
    said = [_said(counts, at, expected_at, terms) for at in range(len(counts))]
    last = said[-1]
    for one in reversed(said):
        if abs(one.difference) <= one.limit:
            return replace(one, verdict="agrees")
    alike = sum(abs(one.difference - last.difference) <= last.limit for one in said)
    if alike > 1:
        return replace(last, verdict="differs", alike=alike)
    if len(counts) < COUNTS_MAX:
        return last
    middle = sorted(said, key=lambda one: (one.difference, one.stands))[len(said) // 2]
    return replace(middle, verdict="differs")


def _said(counts: Sequence[Counted], at: int, expected_at: Book, terms: Terms, alike: int = 1) -> Finding:
    one = counts[at]
    expected = expected_at(one.at_ms)
    difference = one.units - expected
    limit = terms.tolerance.limit(expected, terms.unit_cost)
    value = difference * terms.unit_cost
    figures = (one.units, one.at_ms, expected, difference, value, limit, alike)
    return Finding(terms.sku, terms.slot, "recount", list(counts), at, *figures)
