"""An EDIFACT message's segments, read: components by place, and what its messages have in common."""

from __future__ import annotations

from protocols.documents.codes import EDIFACT_PARTY, word_of
from protocols.documents.papers import LINES_MAX, blame, day_of, item_of, number_of
from protocols.documents.trade import Item, Party
from protocols.readings import Problem

Composite = list[str]
Segment = list[Composite]
"""A segment's elements, each a list of components; element 0 is the segment's name."""

STORES = ("WH", "GY", "SF")
"""NAD roles whose place the stock lies in: warehouse keeper, inventory reporting party, ship from."""


def part_of(segment: Segment, place: int, component: int = 0) -> str:
    """A component of an element, "" where the segment is shorter."""
    if place < len(segment) and component < len(segment[place]):
        return segment[place][component]
    return ""


def first_of(body: list[Segment], name: str, *qualifiers: str) -> Segment:
    """The first segment of that name (whose first element is one of the qualifiers, where they are given)."""
    return next(
        (one for one in body if part_of(one, 0) == name and (not qualifiers or part_of(one, 1) in qualifiers)), []
    )


def pairs_of(loop: list[Segment]) -> list[tuple[str, str]]:
    """(qualifier, number) of a line: LIN names the item, PIA adds numbers."""
    line = first_of(loop, "LIN")
    pairs = [(part_of(line, 3, 1), part_of(line, 3))]
    for one in loop:
        if part_of(one, 0) == "PIA":
            pairs += [(part_of([element], 0, 1), part_of([element], 0)) for element in one[2:]]
    return pairs


def item_told(loop: list[Segment], problems: list[Problem]) -> Item:
    """What a line is about."""
    return item_of(pairs_of(loop), problems)


def store_of(body: list[Segment]) -> str:
    """The place that goods lie in: LOC, or the party that keeps them."""
    place = part_of(first_of(body, "LOC"), 2)
    keepers = (part_of(one, 2) for one in body if part_of(one, 0) == "NAD" and part_of(one, 1) in STORES)
    return place or next(filter(None, keepers), "")


def paper_number(head: list[Segment]) -> str:
    """BGM's number; old EANCOM senders put more components before it."""
    return part_of(first_of(head, "BGM"), 2)


def parties_of(body: list[Segment]) -> list[Party]:
    """Who takes part: each NAD."""
    return [_party(one) for one in body if part_of(one, 0) == "NAD"][:LINES_MAX]


def _party(segment: Segment) -> Party:
    """A long name stands in up to five components (C080), broken between words."""
    name = " ".join(filter(None, (part_of(segment, 4, at) for at in range(5))))
    scheme = word_of(part_of(segment, 2, 2), EDIFACT_PARTY)
    return Party(part_of(segment, 1), part_of(segment, 2), name or part_of(segment, 3), scheme)


def day_told(body: list[Segment], *qualifiers: str) -> str:
    """The first day that a DTM with one of the qualifiers tells, "" for none."""
    return day_of(part_of(first_of(body, "DTM", *qualifiers), 1, 1))


def quantity_of(quantity: Segment, problems: list[Problem]) -> float | None:
    """A QTY's amount; None, and a problem, when it is none."""
    number = number_of(part_of(quantity, 1, 1))
    if number is None:
        blame(problems, "document.quantity", f"{part_of(quantity, 1, 1)[:40]!r} is no quantity")
    return number
