"""A lenient reader of UN/EDIFACT: INVRPT stock, ORDERS orders, ORDRSP answers, DESADV goods on their way; any directory
(D.96A, D.01B, EANCOM).

The marks come from UNA where there is one. Numbers may have a decimal comma or point, whatever UNA says. Segments may
be followed by line ends, or end with them alone. Counts that are wrong and envelopes that do not end are problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from protocols.documents import edifact_papers
from protocols.documents.edifact_segments import Composite, Segment, part_of
from protocols.documents.papers import ELEMENTS_MAX, LINES_MAX, Content, Document, blame, moment_of
from protocols.readings import Problem

SEGMENTS_MAX = 8 * LINES_MAX
READERS = edifact_papers.READERS


class Marks(NamedTuple):
    """The service characters."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    end: str = "'"


def read(text: str, problems: list[Problem]) -> Document:
    """The paper in an interchange's text, with the problems of making it text; of what can not be read at all,
    a document with nothing but problems."""
    marks, text = _marks(text.lstrip("\ufeff \t\r\n"), problems)
    segments = list(_segments(text, marks, problems))
    head: Segment = next((one for one in segments if part_of(one, 0) == "UNB"), [])
    if not head:
        blame(problems, "edifact.no_envelope", "there is no UNB segment", "send a whole interchange")
    contents = list(_messages(segments, problems))
    end = next((one for one in segments if part_of(one, 0) == "UNZ"), None)
    if end is None:
        blame(problems, "edifact.unclosed", "the interchange has no UNZ: it may be cut off")
    else:
        sent = sum(part_of(one, 0) == "UNH" for one in segments)
        _same(problems, "edifact.message_count", "UNZ counts", part_of(end, 1), str(sent))
        _same(problems, "edifact.control_number", "UNB and UNZ say", part_of(end, 2), part_of(head, 5))
    test = part_of(head, 11).strip() == "1"
    made = moment_of(part_of(head, 4), part_of(head, 4, 1))
    return Document("EDIFACT", contents, problems, part_of(head, 2), part_of(head, 3), part_of(head, 5), test, made)


def _marks(text: str, problems: list[Problem]) -> tuple[Marks, str]:
    marks = Marks()
    if text.startswith("UNA"):
        told = text[3:9]
        if len(told) == 6 and not any(one.isalnum() for one in told):
            release = told[3] if told[3] != " " else "\0"
            marks = Marks(told[0], told[1], release, told[5])
            text = text[9:]
        else:
            blame(problems, "edifact.una", "UNA is not followed by six marks; the usual ones are taken")
            text = text[text.find("UNB") :] if "UNB" in text else ""
    if marks.end not in text and "\n" in text:
        blame(problems, "edifact.terminator", f"no segment ends with {marks.end!r}; line ends are taken instead")
        marks = marks._replace(end="\n")
    return marks, text


def _segments(text: str, marks: Marks, problems: list[Problem]) -> Iterator[Segment]:
    """Segments as lists of elements, those as lists of components; released marks are themselves again."""
    for at, piece in enumerate(_split(text, marks.end, marks.release)):
        if at == SEGMENTS_MAX:
            blame(problems, "document.too_long", f"more than {SEGMENTS_MAX} segments; the rest was not read")
            return
        piece = piece.strip("\r\n\t ")
        if piece:
            elements = _split(piece, marks.element, marks.release)[:ELEMENTS_MAX]
            yield [_components(element, marks) for element in elements]


def _components(element: str, marks: Marks) -> Composite:
    parts = _split(element, marks.component, marks.release)[:ELEMENTS_MAX]
    return [_plain(part, marks.release).strip() for part in parts]


def _split(text: str, mark: str, release: str) -> list[str]:
    """The pieces between marks that are not released."""
    if release not in text:
        return text.split(mark)
    pieces, start = [], 0
    for found in _mark(mark, release).finditer(text):
        if found[0] == mark:
            pieces.append(text[start : found.start()])
            start = found.end()
    return [*pieces, text[start:]]


@lru_cache(maxsize=64)
def _mark(mark: str, release: str) -> re.Pattern[str]:
    """Finds the mark, and released characters, which hide one."""
    return re.compile(f"{re.escape(release)}.|{re.escape(mark)}", re.DOTALL)


def _plain(part: str, release: str) -> str:
    if release not in part:
        return part
    return re.sub(f"{re.escape(release)}(.)", r"\1", part, flags=re.DOTALL)


def _messages(segments: list[Segment], problems: list[Problem]) -> Iterator[Content]:
    body: list[Segment] | None = None
    for one in segments:
        name = part_of(one, 0)
        if name == "UNH":
            if body is not None:
                blame(problems, "edifact.unclosed", f"message {part_of(body[0], 1)} has no UNT")
                yield from _content(body, problems)
            body = [one]
        elif name == "UNT" and body is not None:
            _same(problems, "edifact.segment_count", "UNT counts", part_of(one, 1), str(len(body) + 1))
            _same(problems, "edifact.control_number", "UNH and UNT say", part_of(one, 2), part_of(body[0], 1))
            yield from _content(body, problems)
            body = None
        elif body is not None:
            body.append(one)
    if body is not None:
        blame(problems, "edifact.unclosed", f"message {part_of(body[0], 1)} has no UNT: it may be cut off")
        yield from _content(body, problems)


def _content(body: list[Segment], problems: list[Problem]) -> Iterator[Content]:
    kind = part_of(body[0], 2)
    paper = READERS.get(kind)
    if paper is None:
        known = ", ".join(READERS)
        blame(problems, "document.not_read", f"EDIFACT message {kind[:10]!r} is not read here", f"send one of {known}")
        return
    starts = [at for at, one in enumerate(body) if part_of(one, 0) == "LIN"]
    if not starts:
        blame(problems, "document.no_lines", "it has no line (LIN segment)")
    if len(starts) > LINES_MAX:
        blame(problems, "document.too_long", f"{len(starts)} lines, {LINES_MAX} were taken", "send smaller papers")
    stop = next(
        (at for at, one in enumerate(body) if part_of(one, 0) == "UNS" and starts and at > starts[-1]), len(body)
    )
    ends = [*starts[1:], stop] if starts else []
    loops = [body[at:to] for at, to in zip(starts, ends, strict=True)][:LINES_MAX]
    yield paper(body[1 : starts[0]] if starts else body[1:], loops, problems)


def _same(problems: list[Problem], code: str, what: str, told: str, true: str) -> None:
    if told.lstrip("0") != true.lstrip("0"):
        blame(problems, code, f"{what} {told[:20]!r}, it is {true[:20]!r}")
