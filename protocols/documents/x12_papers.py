"""The X12 transactions that are read, from their segments: 846 stock, 850 order, 855 answer, 856 ship notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from protocols.documents.papers import (
    LINES_MAX,
    Answer,
    AnsweredLine,
    Content,
    Order,
    OrderAnswer,
    OrderLine,
    Pack,
    Packed,
    Party,
    ShipNotice,
    StockLine,
    StockReport,
    blame,
    day_of,
    item_of,
    number_of,
    sscc_of,
)
from protocols.readings import Problem

Segment = list[str]
"""A segment's elements; place 0 holds its name."""

ON_HAND = ("17", "1", "33", "QA")
AVAILABLE = ("QA", "33")
"""QTY01: what is there, and what of it is for sale, the best code first."""
LOCATIONS = ("WS", "LU", "ZZ")
"""Qualifiers of a line's REF that tell a storage location."""
NEEDED = ("002", "010", "106")
EXPECTED = ("017", "002", "067")
"""Qualifiers of DTM: the day asked for (delivery, requested ship, required by), the day expected."""
SSCC_MARKS = ("GM", "AA", "SM")
DEPTH_MAX = 20


def element_of(segment: Segment, place: int) -> str:
    """The element at a place, "" where the segment is shorter."""
    return segment[place] if place < len(segment) else ""


def _stock(body: list[Segment], problems: list[Problem]) -> StockReport:
    head, loops = _loops(body, "LIN", problems)
    begin = _first(head, "BIA")
    parties = _parties(head)
    site = next((one.id or one.name for one in parties if one.role in ("WH", "SF")), "")
    lines = []
    for loop in loops:
        quantities: dict[str, float] = {}
        unit, location = "", ""
        for one in loop[1:]:
            if one[0] == "QTY":
                amount = _amount(_at(one, 2), problems)
                if amount is not None:
                    quantities.setdefault(_at(one, 1), amount)
                unit = unit or _at(one, 3)
            elif one[0] == "UIT":
                unit = unit or _at(one, 1)
            elif one[0] == "REF" and _at(one, 1) in LOCATIONS:
                location = location or _at(one, 2)
            elif one[0] == "N1" and _at(one, 1) in ("WH", "SF"):
                location = _at(one, 4) or _at(one, 2)
        on_hand = next((quantities[code] for code in ON_HAND if code in quantities), None)
        if on_hand is None and quantities:
            on_hand = next(iter(quantities.values()))
        available = next((quantities[code] for code in AVAILABLE if code in quantities), None)
        item = item_of(_pairs(loop[0], 2), problems)
        lines.append(StockLine(item, on_hand, unit, available, location or site, quantities))
    return StockReport(_at(begin, 3), day_of(_at(begin, 4)), lines, parties)


def _order(body: list[Segment], problems: list[Problem]) -> Order:
    head, loops = _loops(body, "PO1", problems)
    begin = _first(head, "BEG")
    if not _at(begin, 3):
        blame(problems, "document.no_number", "the order has no number (BEG03)", "ask the buyer for it")
    lines = [
        OrderLine(
            _at(loop[0], 1),
            item_of(_pairs(loop[0], 6), problems),
            _amount(_at(loop[0], 2), problems),
            _at(loop[0], 3),
            _at(loop[0], 4),
            _day(loop, NEEDED),
        )
        for loop in loops
    ]
    currency = _at(_first(head, "CUR"), 2)
    return Order(_at(begin, 3), day_of(_at(begin, 5)), lines, _day(head, NEEDED), currency, _parties(head))


def _answer(body: list[Segment], problems: list[Problem]) -> OrderAnswer:
    head, loops = _loops(body, "PO1", problems)
    begin = _first(head, "BAK")
    if not _at(begin, 3):
        blame(problems, "document.no_number", "the answer names no order (BAK03)", "ask the seller for it")
    lines = []
    for loop in loops:
        answers = [
            Answer(_at(one, 1), _amount(_at(one, 2), problems), _at(one, 3), day_of(_at(one, 5)))
            for one in loop
            if one[0] == "ACK"
        ]
        line, ordered, unit, price = (_at(loop[0], at) for at in range(1, 5))
        item = item_of(_pairs(loop[0], 6), problems)
        lines.append(AnsweredLine(line, item, _amount(ordered, problems), unit, price, answers))
    return OrderAnswer(_at(begin, 3), day_of(_at(begin, 4)), _at(begin, 2), lines, _parties(head))


class Level(NamedTuple):
    """One HL loop of a ship notice: its number, its parent's, its kind (S shipment, O order, T pallet, P pack, I item)
    and its segments."""

    number: str
    parent: str
    kind: str
    segments: list[Segment]


def _notice(body: list[Segment], problems: list[Problem]) -> ShipNotice:
    head, loops = _loops(body, "HL", problems)
    begin = _first(head, "BSN")
    levels = {_at(one[0], 1): Level(_at(one[0], 1), _at(one[0], 2), _at(one[0], 3), one[1:]) for one in loops}
    packing = {one.parent for one in levels.values() if one.kind in ("P", "T")}
    packs: dict[str, Pack] = {}
    for level in levels.values():
        above = _above(level, levels)
        order = next(filter(None, (_order_of(one) for one in above)), "")
        if level.kind in ("P", "T"):
            pack = packs.setdefault(level.number, Pack(_sscc(level, problems), order, []))
            outer = next((one for one in above if one.kind == "I"), None)
            if outer is not None:  # some put the item above its packs: then its quantity stands with the pack
                pack.items.append(_packed(outer, level, problems))
        elif level.kind == "I" and level.number not in packing:
            holder = next((one.number for one in above if one.kind in ("P", "T")), "")
            packs.setdefault(holder, Pack("", order, [])).items.append(_packed(level, level, problems))
    shipment = [one for level in levels.values() if level.kind == "S" for one in level.segments]
    orders = list(dict.fromkeys(filter(None, (_order_of(one) for one in levels.values()))))
    kept = [pack for pack in packs.values() if pack.items or pack.sscc]
    carrier = _at(_first(shipment, "TD5"), 3)
    expected = _day(shipment, EXPECTED)
    parties = _parties([*head, *shipment])
    return ShipNotice(_at(begin, 2), day_of(_at(begin, 3)), orders, kept, carrier, expected, parties)


def _above(level: Level, levels: dict[str, Level]) -> list[Level]:
    """The loop and those it lies in, inner ones first; a paper that goes in circles ends at `DEPTH_MAX`."""
    found = [level]
    while len(found) < DEPTH_MAX and found[-1].parent in levels:
        found.append(levels[found[-1].parent])
    return found


def _order_of(level: Level) -> str:
    if level.kind != "O":
        return ""
    named = next((one for one in level.segments if one[0] == "REF" and _at(one, 1) == "PO"), [])
    return _at(_first(level.segments, "PRF"), 1) or _at(named, 2)


def _sscc(level: Level, problems: list[Problem]) -> str:
    mark = _first(level.segments, "MAN")
    number = _at(mark, 2)
    return sscc_of(number, problems) if number and _at(mark, 1) in SSCC_MARKS else number


def _packed(level: Level, counted: Level, problems: list[Problem]) -> Packed:
    number = _first(counted.segments, "SN1")
    item = item_of(_pairs(_first(level.segments, "LIN"), 2), problems)
    return Packed(item, _amount(_at(number, 2), problems) if number else None, _at(number, 3))


def _loops(body: list[Segment], name: str, problems: list[Problem]) -> tuple[list[Segment], list[list[Segment]]]:
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


def _first(body: list[Segment], name: str) -> Segment:
    return next((one for one in body if one[0] == name), [])


def _pairs(segment: Segment, place: int) -> list[tuple[str, str]]:
    """(qualifier, number) from a place on."""
    return list(zip(segment[place::2], segment[place + 1 :: 2], strict=False))


def _parties(body: list[Segment]) -> list[Party]:
    return [Party(_at(one, 1), _at(one, 4), _at(one, 2)) for one in body if one[0] == "N1"][:LINES_MAX]


def _day(body: list[Segment], qualifiers: tuple[str, ...]) -> str:
    return next((day_of(_at(one, 2)) for one in body if one[0] == "DTM" and _at(one, 1) in qualifiers), "")


def _amount(text: str, problems: list[Problem]) -> float | None:
    number = number_of(text)
    if number is None:
        blame(problems, "document.quantity", f"{text[:40]!r} is no quantity")
    return number


_at = element_of
READERS: dict[str, Callable[[list[Segment], list[Problem]], Content]] = {
    "846": _stock,
    "850": _order,
    "855": _answer,
    "856": _notice,
}
"""Transaction -> its reader."""
