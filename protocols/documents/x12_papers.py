"""The X12 transactions that are read, from their segments: 846 stock, 852 activity, 850 order, 860 its change, 855
answer (856, the ship notice, has a module of its own)."""

from __future__ import annotations

from collections.abc import Callable

from protocols.documents.codes import ACTIVITIES, CHANGE_KINDS, CHANGES, X12_ANSWERS, X12_PURPOSES, word_of
from protocols.documents.papers import Content, blame, check_answers, day_of, item_of, number_of
from protocols.documents.trade import (
    Activity,
    ActivityLine,
    Answer,
    AnsweredLine,
    ChangedLine,
    Order,
    OrderAnswer,
    OrderChange,
    OrderLine,
    StockLine,
    StockReport,
)
from protocols.documents.x12_notice import notice
from protocols.documents.x12_segments import (
    Segment,
    day_told,
    element_of,
    first_of,
    loops_of,
    pairs_of,
    parties_of,
    quantity_of,
)
from protocols.readings import Problem

ON_HAND = ("17", "1", "33", "QA")
AVAILABLE = ("QA", "33")
"""QTY01: what is there, and what of it is for sale, the best code first."""
LOCATIONS = ("WS", "LU", "ZZ")
"""Qualifiers of a line's REF that tell a storage location."""
NEEDED = ("002", "010", "106")
"""Qualifiers of DTM: the day asked for (delivery, requested ship, required by)."""
_at = element_of


def _stock(body: list[Segment], problems: list[Problem]) -> StockReport:
    head, found = loops_of(body, "LIN", problems)
    begin = first_of(head, "BIA")
    who = parties_of(head)
    site = next((one.id or one.name for one in who if one.role in ("WH", "SF")), "")
    lines = []
    for loop in found:
        quantities: dict[str, float] = {}
        unit, location = "", ""
        for one in loop[1:]:
            if one[0] == "QTY":
                told = quantity_of(_at(one, 2), problems)
                if told is not None:
                    quantities.setdefault(_at(one, 1), told)
                unit = unit or _at(one, 3)
            elif one[0] == "UIT":
                unit = unit or _at(one, 1)
            elif one[0] == "REF" and _at(one, 1) in LOCATIONS:
                location = location or _at(one, 2)
            elif one[0] == "N1" and _at(one, 1) in ("WH", "SF"):
                location = _at(one, 4) or _at(one, 2)
        on_hand = next((code for code in ON_HAND if code in quantities), "")
        available = next((code for code in AVAILABLE if code in quantities), "")
        others = {code: told for code, told in quantities.items() if code not in (on_hand, available)}
        item = item_of(pairs_of(loop[0], 2), problems)
        there, free = quantities.get(on_hand), quantities.get(available)
        lines.append(StockLine(item, there, unit, free, location or site, others))
    return StockReport(_at(begin, 3), day_of(_at(begin, 4)), lines, who)


def _activity(body: list[Segment], problems: list[Problem]) -> Activity:
    head, found = loops_of(body, "LIN", problems)
    period = first_of(head, "XQ")
    lines = []
    for loop in found:
        quantities: dict[str, float] = {}
        unit = ""
        for one in loop[1:]:
            if one[0] == "ZA":
                told = quantity_of(_at(one, 2), problems) if _at(one, 2) else _by_store(loop[loop.index(one) + 1 :])
                if told is not None:
                    quantities.setdefault(word_of(_at(one, 1), ACTIVITIES), told)
                unit = unit or _at(one, 3)
            elif one[0] == "SDQ":
                unit = unit or _at(one, 1)
        lines.append(ActivityLine(item_of(pairs_of(loop[0], 2), problems), unit, quantities))
    return Activity(day_of(_at(period, 2)), day_of(_at(period, 3)), lines, parties_of(head))


def _by_store(after: list[Segment]) -> float | None:
    """The sum over the stores of the SDQ segments that follow a ZA without an amount (SDQ04, SDQ06 ...)."""
    told: list[float | None] = []
    for one in after:
        if one[0] != "SDQ":
            break
        told += [number_of(text) for text in one[4::2] if text]
    return sum(one for one in told if one is not None) if told else None


def _order(body: list[Segment], problems: list[Problem]) -> Order:
    head, found = loops_of(body, "PO1", problems)
    begin = first_of(head, "BEG")
    if not _at(begin, 3):
        blame(problems, "document.no_number", "the order has no number (BEG03)", "ask the buyer for it")
    lines = [
        OrderLine(
            _at(loop[0], 1),
            item_of(pairs_of(loop[0], 6), problems),
            quantity_of(_at(loop[0], 2), problems),
            _at(loop[0], 3),
            _at(loop[0], 4),
            day_told(loop, NEEDED),
        )
        for loop in found
    ]
    currency = _at(first_of(head, "CUR"), 2)
    purpose = X12_PURPOSES.get(_at(begin, 1), _at(begin, 1))
    needed = day_told(head, NEEDED)
    return Order(_at(begin, 3), day_of(_at(begin, 5)), lines, needed, currency, parties_of(head), purpose)


def _change(body: list[Segment], problems: list[Problem]) -> OrderChange:
    begin = first_of(body, "BCH")
    kind = word_of(_at(begin, 1), CHANGE_KINDS)
    whole = kind == "cancel" and not any(one[0] == "POC" for one in body)  # an order is cancelled without its lines
    head, found = (body, list[list[Segment]]()) if whole else loops_of(body, "POC", problems)
    if not _at(begin, 3):
        blame(problems, "document.no_number", "the change names no order (BCH03)", "ask the buyer for it")
    lines = [
        ChangedLine(
            _at(loop[0], 1),
            word_of(_at(loop[0], 2), CHANGES),
            item_of(pairs_of(loop[0], 8), problems),
            quantity_of(_at(loop[0], 3), problems) if _at(loop[0], 3) else None,
            _at(loop[0], 5),
            _at(loop[0], 6),
            day_told(loop, NEEDED),
        )
        for loop in found
    ]
    return OrderChange(
        _at(begin, 3),
        day_of(_at(begin, 6)),
        kind,
        lines,
        _at(begin, 5),
        day_of(_at(begin, 11)),
        day_told(head, NEEDED),
        _at(first_of(head, "CUR"), 2),
        parties_of(head),
    )


def _answer(body: list[Segment], problems: list[Problem]) -> OrderAnswer:
    head, found = loops_of(body, "PO1", problems)
    begin = first_of(head, "BAK")
    if not _at(begin, 3):
        blame(problems, "document.no_number", "the answer names no order (BAK03)", "ask the seller for it")
    lines = []
    for loop in found:
        answers = [
            Answer(
                _at(one, 1),
                quantity_of(_at(one, 2), problems) if _at(one, 2) else None,
                _at(one, 3),
                day_of(_at(one, 5)),
                X12_ANSWERS.get(_at(one, 1), ""),
            )
            for one in loop
            if one[0] == "ACK"
        ]
        line, ordered, unit, price = (_at(loop[0], at) for at in range(1, 5))
        item = item_of(pairs_of(loop[0], 6), problems)
        lines.append(AnsweredLine(line, item, quantity_of(ordered, problems), unit, price, answers))
    check_answers(lines, problems)
    purpose = X12_PURPOSES.get(_at(begin, 1), _at(begin, 1))
    return OrderAnswer(_at(begin, 3), day_of(_at(begin, 4)), _at(begin, 2), lines, parties_of(head), purpose)


READERS: dict[str, Callable[[list[Segment], list[Problem]], Content]] = {
    "846": _stock,
    "850": _order,
    "852": _activity,
    "855": _answer,
    "856": notice,
    "860": _change,
}
"""Transaction -> its reader."""
