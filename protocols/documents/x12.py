"""A lenient reader of ANSI X12: 846 stock, 852 activity, 850 order, 860 its change, 855 answer, 856 goods on their
way.

Papers from the field break the envelope's rules: of ten public ones six count their segments wrong (SE01), one has an
ISA of 109 bytes, one separates elements by `~`. So the ISA's 16 elements are counted rather than its bytes, any
character may separate, what follows the last element ends a segment, and each breach is a problem beside what was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protocols.documents.papers import ELEMENTS_MAX, LINES_MAX, Content, Document, blame, moment_of
from protocols.documents.x12_papers import READERS
from protocols.documents.x12_segments import Segment, element_of
from protocols.readings import Problem

SEGMENTS_MAX = 4 * LINES_MAX
ISA_BYTES = 106
FUNCTIONAL = {"846": "IB", "850": "PO", "852": "PD", "855": "PR", "856": "SH", "860": "PC"}
"""Transaction -> what GS01 must say."""


class Marks(NamedTuple):
    """What separates elements, and what ends a segment."""

    element: str
    end: str


def read(text: str) -> Document:
    """The paper in an interchange's text; of what can not be read at all, a document with nothing but a problem."""
    problems: list[Problem] = []
    text = text.lstrip("\ufeff \t\r\n")
    marks, isa = _envelope(text, problems)
    if marks is None:
        return Document("X12", [], problems)
    segments = list(_segments(text, marks, problems))
    contents = [content for content in _transactions(segments, isa, problems) if content is not None]
    sender, receiver, number = isa[6].strip(), isa[8].strip(), isa[13].strip()
    made = moment_of(isa[9], isa[10])
    return Document("X12", contents, problems, sender, receiver, number, isa[15].strip() == "T", made)


def _envelope(text: str, problems: list[Problem]) -> tuple[Marks | None, Segment]:
    """What separates, and the ISA's elements (place 0 is "ISA")."""
    element = text[3:4]
    isa = text[:1000].split(element, 16) if element else []
    if text[:3] != "ISA" or len(isa) < 17 or element.isalnum():
        blame(problems, "x12.no_envelope", "it does not begin with an ISA of 16 elements", "send a whole interchange")
        return None, []
    rest = isa.pop()
    end = rest[1:2]
    lines = end in ("\r", "\n") and text.count(rest[0]) > text.count("\n")  # what stands before line ends is the mark
    if lines or rest[1:].startswith(f"GS{element}"):
        end = rest[0]
        blame(problems, "x12.isa", "the ISA ends without a mark for components", "send 16 elements and a segment mark")
    if not end or end.isalnum() or end == element:
        blame(problems, "x12.no_envelope", "no mark ends the ISA segment", "end each segment by a mark such as ~")
        return None, []
    end = "\n" if end == "\r" else end
    length = len(text[:1000]) - len(rest) + 2
    if length != ISA_BYTES:
        blame(problems, "x12.isa_length", f"the ISA has {length} characters, not {ISA_BYTES}")
    return Marks(element, end), [*isa, rest[:1]]


def _segments(text: str, marks: Marks, problems: list[Problem]) -> Iterator[Segment]:
    for at, piece in enumerate(text.split(marks.end, SEGMENTS_MAX)):
        if at == SEGMENTS_MAX:
            blame(problems, "document.too_long", f"more than {SEGMENTS_MAX} segments; the rest was not read")
            return
        piece = piece.strip("\r\n\t ")
        if piece:
            yield [part.strip() for part in piece.split(marks.element, ELEMENTS_MAX)]


def _transactions(segments: list[Segment], isa: Segment, problems: list[Problem]) -> Iterator[Content | None]:
    """What stands between each ST and its SE; envelopes are checked on the way."""
    group: Segment = []
    body: list[Segment] | None = None
    groups = sets = 0
    closed = False
    for one in segments:
        name = one[0]
        if name == "GS":
            group, groups, sets = one, groups + 1, 0
        elif name == "ST":
            if body is not None:
                blame(problems, "x12.unclosed", f"transaction {element_of(body[0], 2)} has no SE")
                yield _content(body, group, problems)
            body, sets = [one], sets + 1
        elif name == "SE" and body is not None:
            _same(problems, "x12.segment_count", "SE01 counts", element_of(one, 1), str(len(body) + 1))
            _same(problems, "x12.control_number", "ST02 and SE02 say", element_of(one, 2), element_of(body[0], 2))
            yield _content(body, group, problems)
            body = None
        elif name == "GE":
            _same(problems, "x12.group_count", "GE01 counts", element_of(one, 1), str(sets))
            _same(problems, "x12.control_number", "GS06 and GE02 say", element_of(one, 2), element_of(group, 6))
        elif name == "IEA":
            closed = True
            _same(problems, "x12.group_count", "IEA01 counts", element_of(one, 1), str(groups))
            _same(problems, "x12.control_number", "ISA13 and IEA02 say", element_of(one, 2), isa[13].strip())
        elif body is not None:
            body.append(one)
    if body is not None:
        blame(problems, "x12.unclosed", f"transaction {element_of(body[0], 2)} has no SE: it may be cut off")
        yield _content(body, group, problems)
    if not closed:
        blame(problems, "x12.unclosed", "the interchange has no IEA: it may be cut off")


def _content(body: list[Segment], group: Segment, problems: list[Problem]) -> Content | None:
    kind = element_of(body[0], 1)
    paper = READERS.get(kind)
    if paper is None:
        known = ", ".join(READERS)
        blame(problems, "document.not_read", f"X12 transaction {kind[:10]!r} is not read here", f"send one of {known}")
        return None
    if element_of(group, 1) not in ("", FUNCTIONAL[kind]):
        detail = (
            f"GS01 says {element_of(group, 1)[:10]!r} for transaction {kind}, which belongs under {FUNCTIONAL[kind]}"
        )
        blame(problems, "x12.functional_code", detail)
    return paper(body[1:], problems)


def _same(problems: list[Problem], code: str, what: str, told: str, true: str) -> None:
    if told.lstrip("0") != true.lstrip("0"):
        blame(problems, code, f"{what} {told[:20]!r}, it is {true[:20]!r}")
