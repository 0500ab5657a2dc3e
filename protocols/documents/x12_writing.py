"""The exact writer of ANSI X12 004010: 852 product activity, 846 stock, 850 order, 860 its change.

Counts and control numbers are right by making, an element that the standard needs is never made up: what is missing,
too long or holds a mark is a `ValueError` that names the element and the remedy. X12 has no way to hide a mark in a
text: whoever has stars in item numbers agrees on another mark with the partner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from protocols.documents.codes import X12_MAILBOX
from protocols.documents.layouts import Layout, Values, filled, layout
from protocols.documents.sending import Interchange, Mailbox, check_interchange, mailbox_code
from protocols.documents.trade import Activity, Order, OrderChange, StockReport
from protocols.documents.x12 import FUNCTIONAL
from protocols.documents.x12_bodies import activity, order, order_change, stock

Written = Activity | StockReport | Order | OrderChange
MARKS = "*>~"
"""Element, component, segment."""
CHARSETS = ("ascii", "latin-1", "utf-8")
VERSION = "004010"
TOTAL_MAX = 999_999
"""Transactions in one group."""

_ITEMS = "whose item number ID2-2! | item number AN1-48!"
_LAYOUTS: dict[str, tuple[Layout, int]] = {
    name: (layout(line), 2 if _ITEMS in line else 0)
    for name, line in {
        "ST": "transaction ID3-3! | control number AN4-9!",
        "BIA": "purpose ID2-2! | report type ID2-2! | report's number AN1-30! | report's day DT8-8!",
        "BEG": "purpose ID2-2! | order type ID2-2! | order's number AN1-22! | - | order's day DT8-8!",
        "BCH": "purpose ID2-2! | order type ID2-2! | order's number AN1-22! | - | version AN1-8 | order's day DT8-8!"
        " | - | - | - | - | change's day DT8-8",
        "XQ": "transaction handling ID1-2! | first day DT8-8! | last day DT8-8",
        "CUR": "buyer's role ID2-3! | currency ID3-3!",
        "DTM": "date's kind ID3-3! | day DT8-8!",
        "N1": "role ID2-3! | name AN1-60 | whose number ID1-2 | party's number AN2-80",
        "LIN": f"line AN1-20 | {_ITEMS}",
        "REF": "kind of reference ID2-3! | location AN1-30!",
        "QTY": "kind of quantity ID2-2! | quantity R1-15! | unit ID2-2!",
        "ZA": "activity ID2-2! | quantity R1-15! | unit ID2-2!",
        "PO1": f"line AN1-20! | quantity R1-15! | unit ID2-2! | price R1-17 | - | {_ITEMS}",
        "POC": f"line AN1-20! | change ID2-2! | quantity R1-15 | - | unit ID2-2 | price R1-17 | - | {_ITEMS}",
        "CTT": "lines N1-6!",
        "SE": "segments N1-10! | control number AN4-9!",
    }.items()
}
"""Segment -> what may stand in it (X12 004010), and how many of its last places may come again."""
_MAKERS: dict[type, tuple[str, Callable[[Any], Iterator[Values]]]] = {
    Activity: ("852", activity),
    StockReport: ("846", stock),
    Order: ("850", order),
    OrderChange: ("860", order_change),
}


def write(papers: Sequence[Written], envelope: Interchange) -> bytes:
    """One interchange with papers of one kind, each a transaction of its own, in one group.

    Raises `ValueError` for what X12 can not say or must be told."""
    check_interchange(envelope)
    marks = _marks(envelope)
    element, component, end = tuple(marks)
    kinds = {type(paper) for paper in papers}
    if len(kinds) != 1 or len(papers) > TOTAL_MAX:
        raise ValueError(f"{len(kinds)} kinds of papers in one interchange: send one kind, one paper at least")
    kind, maker = _MAKERS[kinds.pop()]
    lines = [_gs(envelope, kind, element)]
    for at, paper in enumerate(papers, 1):
        control = f"{at:04d}"
        body: list[Values] = [("ST", kind, control), *maker(paper)]
        lines += [_line(one, element) for one in [*body, ("SE", len(body) + 1, control)]]
    number = envelope.number
    lines += [element.join(["GE", str(len(papers)), str(number)]), element.join(["IEA", "1", f"{number:09d}"])]
    body_text = "".join(_plain(line, component + end, envelope) + end for line in lines)
    return f"{_isa(envelope, marks)}{end}{body_text}".encode(envelope.charset or "ascii")


def _marks(envelope: Interchange) -> str:
    marks = envelope.marks or MARKS
    if len(marks) != 3 or len(set(marks)) != 3 or any(one.isalnum() or one in " .-" for one in marks):
        raise ValueError(f"marks {marks!r}: give three different ones, element, component, segment, such as {MARKS!r}")
    if not marks.isascii() or (envelope.charset or "ascii") not in CHARSETS:
        told = ", ".join(CHARSETS)
        raise ValueError(f"marks {marks!r} are ASCII, and the charset {envelope.charset!r} is one of {told}")
    return marks


def _isa(envelope: Interchange, marks: str) -> str:
    """The first segment, of 105 characters and the mark that ends it."""
    at = envelope.at
    ends = []
    for what, mailbox in (("sender", envelope.sender), ("receiver", envelope.receiver)):
        ends += [_qualifier(mailbox, what), _mailbox(mailbox, what, marks).ljust(15)]
    parts = ["ISA", "00", " " * 10, "00", " " * 10, *ends, f"{at:%y%m%d}", f"{at:%H%M}", "U", "00401"]
    return marks[0].join([*parts, f"{envelope.number:09d}", "0", "T" if envelope.test else "P", marks[1]])


def _qualifier(mailbox: Mailbox, what: str) -> str:
    code = mailbox_code(mailbox, X12_MAILBOX, f"X12 {VERSION}", what)
    if len(code) != 2 or not code.isalnum():
        raise ValueError(f"{what}'s scheme {mailbox.scheme!r}: X12 codes have two characters, say mutual, DUNS or ZZ")
    return code


def _mailbox(mailbox: Mailbox, what: str, marks: str) -> str:
    told = mailbox.id
    good = 2 <= len(told) <= 15 and told.isascii() and told.isprintable() and told == told.strip()
    if not good or any(mark in told for mark in marks):
        raise ValueError(f"{what}'s id {told[:40]!r}: X12 takes 2 to 15 ASCII characters, none of them a mark")
    return told


def _gs(envelope: Interchange, kind: str, element: str) -> str:
    at = envelope.at
    parts = ["GS", FUNCTIONAL[kind], envelope.sender.id, envelope.receiver.id, f"{at:%Y%m%d}", f"{at:%H%M}"]
    return element.join([*parts, str(envelope.number), "X", VERSION])


def _line(segment: Values, element: str) -> str:
    places, repeats = _LAYOUTS[str(segment[0])]
    told = [parts[0] for parts in filled(segment, places, repeats)]
    for at, text in enumerate(told):
        if element in text:
            raise ValueError(f"{told[0]}{at:02d} {text[:80]!r} holds the mark {element!r}: agree on another one")
    return element.join(told)


def _plain(line: str, marks: str, envelope: Interchange) -> str:
    """The segment, if it holds no mark and its characters can be sent."""
    for mark in marks:
        if mark in line:
            raise ValueError(f"{line[:80]!r} holds the mark {mark!r}: agree on another one")
    try:
        line.encode(envelope.charset or "ascii")
    except UnicodeEncodeError as error:
        letter = line[error.start]
        told = f"{line[:80]!r} holds {letter!r}, which {error.encoding} has not"
        raise ValueError(f"{told}: agree on the charset utf-8, or leave it out") from None
    return line
