"""The exact writer of UN/EDIFACT D.96A: INVRPT stock, ORDERS order.

UNA is always written, so that no partner guesses the marks; marks in a text are released. Counts and references are
right by making; what is missing, too long or outside the character set is a `ValueError` that names element and remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from protocols.documents.charsets import CHARSETS
from protocols.documents.codes import EDIFACT_ITEM, EDIFACT_MAILBOX, EDIFACT_PARTY, EDIFACT_PURPOSES
from protocols.documents.edifact import Marks
from protocols.documents.layouts import Layout, Value, Values, filled, layout
from protocols.documents.sending import (
    Interchange,
    check_interchange,
    mailbox_code,
    numbers_of,
    party_code,
    purpose_code,
)
from protocols.documents.trade import Item, Order, Party, StockReport

Written = StockReport | Order
UNA = ":+.? '"
"""Component, element, decimal mark, release, a space that is kept for later, segment."""
CHARSET = "UNOC"
NAME_MOST, NAME_PARTS = 35, 5
PER_PIA = 5
"""Numbers of an item in one PIA."""

_ITEM = "item number AN1-35?, whose item number AN1-3?"
_LAYOUTS: dict[str, Layout] = {
    name: layout(line)
    for name, line in {
        "UNB": "character set AN4-4!, syntax version N1-1! | sender's id AN1-35!, sender's scheme AN1-4!"
        " | receiver's id AN1-35!, receiver's scheme AN1-4! | date N6-8!, time N4-4! | reference AN1-14!"
        " | - | - | - | - | - | test N1-1",
        "UNH": "reference AN1-14! | message AN1-6!, version AN1-3!, release AN1-3!, agency AN1-2!",
        "BGM": "paper's kind AN1-3! | paper's number AN1-35! | function AN1-3!",
        "DTM": "date's kind AN1-3!, day DT8-8!, format AN1-3!",
        "NAD": "role AN1-3! | party's number AN1-17?, -, whose number AN1-3? | - | "
        + ", ".join(["name AN1-35"] * NAME_PARTS),
        "CUX": "kind of currency AN1-3!, currency AN3-3!, use AN1-3!",
        "LIN": f"line N1-6! | - | {_ITEM}",
        "PIA": "kind of number AN1-3! | " + " | ".join([_ITEM] * PER_PIA),
        "LOC": "kind of place AN1-3! | location AN1-25!",
        "QTY": "kind of quantity AN1-3!, quantity R1-15!, unit AN1-3!",
        "PRI": "kind of price AN1-3!, price R1-15!",
        "UNS": "section AN1-1!",
        "CNT": "kind of total AN1-3!, total N1-18!",
        "UNT": "segments N1-6! | reference AN1-14!",
        "UNZ": "messages N1-6! | reference AN1-14!",
    }.items()
}
"""Segment -> what may stand in it (D.96A), as far as it is written here."""


def write(papers: Sequence[Written], envelope: Interchange) -> bytes:
    """One interchange, each paper a message of its own. Raises `ValueError` for what D.96A can not say or needs."""
    check_interchange(envelope)
    una, charset = envelope.marks or UNA, envelope.charset or CHARSET
    marks = _marks(una)
    if charset not in CHARSETS or charset == "UNOY":
        raise ValueError(f"charset {charset!r}: say one of {', '.join(one for one in CHARSETS if one != 'UNOY')}")
    if not papers:
        raise ValueError("an interchange without papers: give at least one")
    version, at = CHARSETS[charset].version, envelope.at
    ends = [
        (one.id, mailbox_code(one, EDIFACT_MAILBOX, "EDIFACT", what))
        for what, one in (("sender", envelope.sender), ("receiver", envelope.receiver))
    ]
    date = f"{at:%Y%m%d}" if version >= 4 else f"{at:%y%m%d}"
    number = str(envelope.number)
    test = "1" if envelope.test else ""
    segments: list[Values] = [
        ("UNB", (charset, str(version)), *ends, (date, f"{at:%H%M}"), number, "", "", "", "", "", test)
    ]
    for reference, paper in enumerate(papers, 1):
        kind, maker = _MAKERS[type(paper)]
        body: list[Values] = [("UNH", str(reference), (kind, "D", "96A", "UN")), *maker(paper)]
        segments += [*body, ("UNT", len(body) + 1, str(reference))]
    segments.append(("UNZ", len(papers), number))
    text = f"UNA{una}" + "".join(_line(one, marks, una[2], charset) for one in segments)
    return text.encode(CHARSETS[charset].codec)


def _marks(una: str) -> Marks:
    used = una[:4] + una[5:]
    good = len(una) == 6 and len(set(used)) == 5 and una[2] in ".," and una[4] == " "
    if not good or not una.isascii() or any(one.isalnum() or one in " -" or not one.isprintable() for one in used):
        raise ValueError(f"marks {una!r}: give the six of UNA, different ones, such as {UNA!r}")
    return Marks(una[0], una[1], una[3], una[5])


def _line(segment: Values, marks: Marks, decimal: str, charset: str) -> str:
    name = str(segment[0])
    told = []
    for parts in filled(segment, _LAYOUTS[name]):
        if name in ("QTY", "PRI") and len(parts) > 1:
            parts[1] = parts[1].replace(".", decimal)
        told.append(marks.component.join(_released(part, marks, charset, name) for part in parts))
    return marks.element.join(told) + marks.end


def _released(text: str, marks: Marks, charset: str, name: str) -> str:
    _check_letters(text, charset, name)
    return "".join(marks.release + one if one in marks else one for one in text)


def _check_letters(text: str, charset: str, name: str) -> None:
    codec, _, allowed = CHARSETS[charset]
    for letter in text:
        good = letter in allowed if allowed is not None else _has(codec, letter)
        if not good:
            told = f"{name}: {text[:80]!r} holds {letter!r}, which {charset} has not"
            raise ValueError(f"{told}: agree on UNOC (Latin-1) or UNOW (UTF-8), or leave it out")


def _has(codec: str, letter: str) -> bool:
    try:
        letter.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _stock(paper: StockReport) -> Iterator[Values]:
    yield "BGM", "35", paper.number, "9"
    yield "DTM", ("137", paper.day, "102")
    yield from _parties(paper.parties)
    for at, line in enumerate(paper.lines, 1):
        if line.available is not None:
            told = f"item {line.item.number!r} has {line.available:g} available"
            raise ValueError(f"{told}: INVRPT D.96A has no code for that, leave it out or send an X12 846")
        yield from _item(str(at), line.item)
        if line.location:
            yield "LOC", "18", line.location
        yield "QTY", ("145", line.quantity, line.unit)
        for code, quantity in line.others.items():
            if code == "145":
                raise ValueError(f"item {line.item.number!r} has a quantity 145 twice: it is its quantity")
            yield "QTY", (code, quantity, line.unit)
    _check_lines(len(paper.lines))


def _order(paper: Order) -> Iterator[Values]:
    yield "BGM", "220", paper.number, purpose_code(paper.purpose, EDIFACT_PURPOSES, "BGM 1225")
    yield "DTM", ("137", paper.day, "102")
    if paper.needed:
        yield "DTM", ("2", paper.needed, "102")
    yield from _parties(paper.parties)
    if paper.currency:
        yield "CUX", ("2", paper.currency, "9")
    for line in paper.lines:
        yield from _item(line.line, line.item)
        yield "QTY", ("21", line.quantity, line.unit)
        if line.needed:
            yield "DTM", ("2", line.needed, "102")
        if line.price:
            yield "PRI", ("AAA", line.price)
    _check_lines(len(paper.lines))
    yield "UNS", "S"
    yield "CNT", ("2", len(paper.lines))


def _item(line: str, item: Item) -> Iterator[Values]:
    named = [(number, EDIFACT_ITEM.get(scheme, scheme)) for scheme, number in numbers_of(item)]
    yield "LIN", line, "", named[0]
    for at in range(1, len(named), PER_PIA):
        yield "PIA", "1", *named[at : at + PER_PIA]


def _parties(parties: list[Party]) -> Iterator[Values]:
    for one in parties:
        code = party_code(one, EDIFACT_PARTY, "EDIFACT")
        yield "NAD", one.role, (one.id, "", code) if one.id else "", "", _broken(one.name)


def _broken(name: str) -> list[Value]:
    """A long name in up to five components, broken between words."""
    parts: list[Value] = []
    rest = name
    while len(rest) > NAME_MOST and len(parts) < NAME_PARTS:
        cut = rest.rfind(" ", 0, NAME_MOST + 1)
        if cut <= 0 or rest[cut - 1] == " " or rest[cut + 1] == " ":
            break
        parts.append(rest[:cut])
        rest = rest[cut + 1 :]
    if len(rest) > NAME_MOST or len(parts) >= NAME_PARTS:
        raise ValueError(
            f"party's name {name[:80]!r}: EDIFACT has {NAME_PARTS} lines of {NAME_MOST} for it, shorten it"
        )
    return [*parts, rest] if name else []


def _check_lines(lines: int) -> None:
    if not lines:
        raise ValueError("the paper has no line: say at least one")


_MAKERS: dict[type, tuple[str, Callable[[Any], Iterator[Values]]]] = {
    StockReport: ("INVRPT", _stock),
    Order: ("ORDERS", _order),
}
