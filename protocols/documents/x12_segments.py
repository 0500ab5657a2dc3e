"""An X12 transaction's segments, read: elements by place, loops, and what loops have in common."""

from __future__ import annotations

from protocols.documents.codes import X12_PARTY, word_of
from protocols.documents.papers import LINES_MAX, blame, day_of, number_of
from protocols.documents.trade import Party
from protocols.readings import Problem

Segment = list[str]
"""A segment's elements; place 0 holds its name."""


def element_of(segment: Segment, place: int) -> str:
    """The element at a place, "" where the segment is shorter."""
    return segment[place] if place < len(segment) else ""


def loops_of(body: list[Segment], name: str, problems: list[Problem]) -> tuple[list[Segment], list[list[Segment]]]:
    """The segments before the first loop, and the loops that begin with the segment `name`; CTT ends the last."""
    starts = [at for at, one in enumerate(body) if one[0] == name]
    if len(starts) > LINES_MAX:
        blame(problems, "document.too_long", f"{len(starts)} lines, {LINES_MAX} were taken", "send smaller papers")
    end = next((at for at, one in enumerate(body) if one[0] == "CTT"), len(body))
    if not starts:
        blame(problems, "document.no_lines", f"it has no line ({name} segment)")
        return body, []
    ends = [*starts[1:], max(end, starts[-1] + 1)]
    return body[: starts[0]], [body[at:to] for at, to in zip(starts, ends, strict=True)][:LINES_MAX]


def first_of(body: list[Segment], name: str) -> Segment:
    """The first segment of that name, an empty one where there is none."""
    return next((one for one in body if one[0] == name), [])


def pairs_of(segment: Segment, place: int) -> list[tuple[str, str]]:
    """(qualifier, number) from a place on."""
    return list(zip(segment[place::2], segment[place + 1 :: 2], strict=False))


def parties_of(body: list[Segment]) -> list[Party]:
    """Who takes part: each N1."""
    return [_party(one) for one in body if one[0] == "N1"][:LINES_MAX]


def _party(segment: Segment) -> Party:
    role, name, qualifier, number = (element_of(segment, at) for at in range(1, 5))
    return Party(role, number, name, word_of(qualifier, X12_PARTY))


def day_told(body: list[Segment], qualifiers: tuple[str, ...]) -> str:
    """The first day that a DTM with one of the qualifiers tells, "" for none."""
    return next(
        (day_of(element_of(one, 2)) for one in body if one[0] == "DTM" and element_of(one, 1) in qualifiers), ""
    )


def quantity_of(text: str, problems: list[Problem]) -> float | None:
    """A quantity; None, and a problem, when it is none."""
    number = number_of(text)
    if number is None:
        blame(problems, "document.quantity", f"{text[:40]!r} is no quantity")
    return number
