"""A lenient reader of UN/EDIFACT: INVRPT stock, ORDERS orders; any directory (D.96A, D.01B, EANCOM).

The marks come from UNA where there is one. Numbers may have a decimal comma or point, whatever UNA says. Segments may
be followed by line ends, or end with them alone. Counts that are wrong and envelopes that do not end are problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from protocols.documents.papers import (
    ELEMENTS_MAX,
    LINES_MAX,
    Content,
    Document,
    Item,
    Order,
    OrderLine,
    Party,
    StockLine,
    StockReport,
    blame,
    day_of,
    item_of,
    number_of,
)
from protocols.readings import Problem

SEGMENTS_MAX = 8 * LINES_MAX
ON_HAND = ("145", "17", "198", "156")
"""QTY qualifiers of what is there: actual stock, on hand, and older habits."""
STORES = ("WH", "GY", "SF")
"""NAD roles whose place the stock lies in: warehouse keeper, inventory reporting party, ship from."""

Composite = list[str]
Segment = list[Composite]


class Marks(NamedTuple):
    """The service characters."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    end: str = "'"


def read(text: str) -> Document:
    """The paper in an interchange's text; of what can not be read at all, a document with nothing but a problem."""
    problems: list[Problem] = []
    marks, text = _marks(text.lstrip("\ufeff \t\r\n"), problems)
    segments = list(_segments(text, marks, problems))
    head: Segment = next((one for one in segments if _part(one, 0) == "UNB"), [])
    if not head:
        blame(problems, "edifact.no_envelope", "there is no UNB segment", "send a whole interchange")
    contents = list(_messages(segments, problems))
    end = next((one for one in segments if _part(one, 0) == "UNZ"), None)
    if end is None:
        blame(problems, "edifact.unclosed", "the interchange has no UNZ: it may be cut off")
    else:
        sent = sum(_part(one, 0) == "UNH" for one in segments)
        _same(problems, "edifact.message_count", "UNZ counts", _part(end, 1), str(sent))
        _same(problems, "edifact.control_number", "UNB and UNZ say", _part(end, 2), _part(head, 5))
    return Document("EDIFACT", contents, problems, _part(head, 2), _part(head, 3), _part(head, 5))


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
        name = _part(one, 0)
        if name == "UNH":
            if body is not None:
                blame(problems, "edifact.unclosed", f"message {_part(body[0], 1)} has no UNT")
                yield from _content(body, problems)
            body = [one]
        elif name == "UNT" and body is not None:
            _same(problems, "edifact.segment_count", "UNT counts", _part(one, 1), str(len(body) + 1))
            _same(problems, "edifact.control_number", "UNH and UNT say", _part(one, 2), _part(body[0], 1))
            yield from _content(body, problems)
            body = None
        elif body is not None:
            body.append(one)
    if body is not None:
        blame(problems, "edifact.unclosed", f"message {_part(body[0], 1)} has no UNT: it may be cut off")
        yield from _content(body, problems)


def _content(body: list[Segment], problems: list[Problem]) -> Iterator[Content]:
    kind = _part(body[0], 2)
    paper = READERS.get(kind)
    if paper is None:
        known = ", ".join(READERS)
        blame(problems, "document.not_read", f"EDIFACT message {kind[:10]!r} is not read here", f"send one of {known}")
        return
    starts = [at for at, one in enumerate(body) if _part(one, 0) == "LIN"]
    if not starts:
        blame(problems, "document.no_lines", "it has no line (LIN segment)")
    if len(starts) > LINES_MAX:
        blame(problems, "document.too_long", f"{len(starts)} lines, {LINES_MAX} were taken", "send smaller papers")
    stop = next((at for at, one in enumerate(body) if _part(one, 0) == "UNS" and starts and at > starts[-1]), len(body))
    ends = [*starts[1:], stop] if starts else []
    loops = [body[at:to] for at, to in zip(starts, ends, strict=True)][:LINES_MAX]
    yield paper(body[1 : starts[0]] if starts else body[1:], loops, problems)


def _stock(head: list[Segment], loops: list[list[Segment]], problems: list[Problem]) -> StockReport:
    parties = _parties(head)
    site = _store(head)
    lines = []
    for loop in loops:
        quantities: dict[str, float] = {}
        unit = ""
        for one in loop:
            if _part(one, 0) == "QTY":
                amount = _amount(one, problems)
                if amount is not None:
                    quantities.setdefault(_part(one, 1), amount)
                unit = unit or _part(one, 1, 2)
        on_hand = next((quantities[code] for code in ON_HAND if code in quantities), None)
        if on_hand is None and quantities:
            on_hand = next(iter(quantities.values()))
        lines.append(StockLine(_item(loop, problems), on_hand, unit, None, _store(loop) or site, quantities))
    return StockReport(_number(head), _day(head, "137"), lines, parties)


def _order(head: list[Segment], loops: list[list[Segment]], problems: list[Problem]) -> Order:
    number = _number(head)
    if not number:
        blame(problems, "document.no_number", "the order has no number (BGM, second element)", "ask the buyer for it")
    lines = []
    for loop in loops:
        quantity = next((one for one in loop if _part(one, 0) == "QTY" and _part(one, 1) == "21"), _first(loop, "QTY"))
        price = _part(_first(loop, "PRI"), 1, 1).replace(",", ".", 1)
        amount = _amount(quantity, problems) if quantity else None
        line = _part(loop[0], 1)
        lines.append(
            OrderLine(line, _item(loop, problems), amount, _part(quantity, 1, 2), price, _day(loop, "2", "63", "69"))
        )
    currency = _part(_first(head, "CUX"), 1, 1)
    return Order(number, _day(head, "137"), lines, _day(head, "2", "63", "69"), currency, _parties(head))


def _item(loop: list[Segment], problems: list[Problem]) -> Item:
    """LIN names the item; PIA adds numbers (each component group is number, qualifier)."""
    pairs = [(_part(loop[0], 3, 1), _part(loop[0], 3))]
    for one in loop[1:]:
        if _part(one, 0) == "PIA":
            pairs += [(_part([element], 0, 1), _part([element], 0)) for element in one[2:]]
    return item_of(pairs, problems)


def _store(body: list[Segment]) -> str:
    """The place that goods lie in: LOC, or the party that keeps them."""
    place = _part(_first(body, "LOC"), 2)
    return place or next(
        (_part(one, 2) for one in body if _part(one, 0) == "NAD" and _part(one, 1) in STORES and _part(one, 2)), ""
    )


def _number(head: list[Segment]) -> str:
    """BGM's number; old EANCOM senders put more components before it."""
    return _part(_first(head, "BGM"), 2)


def _parties(body: list[Segment]) -> list[Party]:
    nads = [one for one in body if _part(one, 0) == "NAD"][:LINES_MAX]
    return [Party(_part(one, 1), _part(one, 2), _part(one, 4) or _part(one, 3)) for one in nads]


def _day(body: list[Segment], *qualifiers: str) -> str:
    for one in body:
        if _part(one, 0) == "DTM" and _part(one, 1) in qualifiers:
            return day_of(_part(one, 1, 1))
    return ""


def _amount(quantity: Segment, problems: list[Problem]) -> float | None:
    number = number_of(_part(quantity, 1, 1))
    if number is None:
        blame(problems, "document.quantity", f"{_part(quantity, 1, 1)[:40]!r} is no quantity")
    return number


def _first(body: list[Segment], name: str) -> Segment:
    return next((one for one in body if _part(one, 0) == name), [])


def _part(segment: Segment, place: int, component: int = 0) -> str:
    """A component of an element, "" where the segment is shorter; element 0 is the segment's name."""
    if place < len(segment) and component < len(segment[place]):
        return segment[place][component]
    return ""


def _same(problems: list[Problem], code: str, what: str, told: str, true: str) -> None:
    if told.lstrip("0") != true.lstrip("0"):
        blame(problems, code, f"{what} {told[:20]!r}, it is {true[:20]!r}")


READERS: dict[str, Callable[[list[Segment], list[list[Segment]], list[Problem]], Content]] = {
    "INVRPT": _stock,
    "ORDERS": _order,
}
"""Message type -> its reader."""
