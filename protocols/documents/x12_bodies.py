"""What stands between ST and SE of the transactions that are written (X12 004010): segments of plain values."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.documents.codes import ACTIVITIES, CHANGE_KINDS, CHANGES, X12_ITEM, X12_PARTY, X12_PURPOSES
from protocols.documents.layouts import Value, Values
from protocols.documents.sending import numbers_of, party_code, purpose_code
from protocols.documents.trade import Activity, Item, Order, OrderChange, Party, StockReport

ON_HAND, AVAILABLE = "17", "33"
NUMBERS_MAX = 10
UNCOUNTED = ("deleted", "dates", "price")
"""Changes of a line that need no quantity."""
STORAGE = "WS"
"""REF01: a place in a warehouse."""


def activity(paper: Activity) -> Iterator[Values]:
    """852: the period, who reports to whom, each item with its amounts."""
    yield "XQ", "H", paper.start, paper.end
    yield from _parties(paper.parties)
    for at, line in enumerate(paper.lines, 1):
        yield "LIN", str(at), *_item(line.item)
        if not line.quantities:
            raise ValueError(f"item {line.item.number!r} has no quantities: say at least one, on_hand or sold")
        for word, quantity in line.quantities.items():
            yield "ZA", _code(word, ACTIVITIES, "quantity"), quantity, line.unit
    yield from _total(len(paper.lines))


def stock(paper: StockReport) -> Iterator[Values]:
    """846: what is there of each item, what of it is free, where."""
    yield "BIA", "00", "MB", paper.number, paper.day
    yield from _parties(paper.parties)
    for at, line in enumerate(paper.lines, 1):
        yield "LIN", str(at), *_item(line.item)
        if line.location:
            yield "REF", STORAGE, line.location
        yield "QTY", ON_HAND, line.quantity, line.unit
        if line.available is not None:
            yield "QTY", AVAILABLE, line.available, line.unit
        for code, quantity in line.others.items():
            if code in (ON_HAND, AVAILABLE):
                raise ValueError(f"item {line.item.number!r} has a quantity {code} twice: it is quantity or available")
            yield "QTY", code, quantity, line.unit
    yield from _total(len(paper.lines))


def order(paper: Order) -> Iterator[Values]:
    """850: a stand-alone order, new, or in place of what was sent of it."""
    yield "BEG", purpose_code(paper.purpose, X12_PURPOSES, "BEG01"), "SA", paper.number, "", paper.day
    yield from _head(paper.currency, paper.needed, paper.parties)
    for line in paper.lines:
        yield "PO1", line.line, line.quantity, line.unit, line.price, "", *_item(line.item)
        if line.needed:
            yield "DTM", "002", line.needed
    yield from _total(len(paper.lines))


def order_change(paper: OrderChange) -> Iterator[Values]:
    """860: an order cancelled whole, or changed or replaced by its lines."""
    purpose = _code(paper.kind, CHANGE_KINDS, "kind of change")
    yield "BCH", purpose, "SA", paper.order, "", paper.version, paper.day, "", "", "", "", paper.changed
    yield from _head(paper.currency, paper.needed, paper.parties)
    for line in paper.lines:
        change = _code(line.change, CHANGES, "change of a line")
        if line.quantity is None and line.change not in UNCOUNTED:
            raise ValueError(f"line {line.line!r} is {line.change} without a quantity: say how many are wanted now")
        if line.quantity is not None and not line.unit:
            raise ValueError(f"line {line.line!r} has a quantity without its unit: say EA, CA, KG")
        yield "POC", line.line, change, line.quantity, "", line.unit, line.price, "", *_item(line.item)
        if line.needed:
            yield "DTM", "002", line.needed
    if paper.lines or paper.kind != "cancel":
        yield from _total(len(paper.lines))


def _head(currency: str, needed: str, parties: list[Party]) -> Iterator[Values]:
    if currency:
        yield "CUR", "BY", currency
    if needed:
        yield "DTM", "002", needed
    yield from _parties(parties)


def _parties(parties: list[Party]) -> Iterator[Values]:
    for one in parties:
        yield "N1", one.role, one.name, party_code(one, X12_PARTY, "X12"), one.id


def _item(item: Item) -> list[Value]:
    found: list[Value] = []
    named = numbers_of(item)
    if len(named) > NUMBERS_MAX:
        raise ValueError(f"item {item.number!r} has {len(named)} numbers: X12 has room for {NUMBERS_MAX} in a line")
    for scheme, number in named:
        found += [X12_ITEM.get(scheme, scheme), number]
    return found


def _total(lines: int) -> Iterator[Values]:
    if not lines:
        raise ValueError("the paper has no line: say at least one")
    yield "CTT", lines


def _code(word: str, words: dict[str, str], what: str) -> str:
    code = words.get(word, word)
    if code == word and not (len(word) == 2 and word.isalnum()):
        raise ValueError(f"{what} {word!r}: say one of {', '.join(words)}, or X12's own code")
    return code
