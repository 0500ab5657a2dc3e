"""The EDIFACT messages that are read, from their segments: INVRPT stock, ORDERS order, ORDRSP answer (DESADV, goods on
their way, has a module of its own)."""

from __future__ import annotations

from collections.abc import Callable

from protocols.documents.codes import EDIFACT_ANSWERS, EDIFACT_PURPOSES, EDIFACT_VERDICTS
from protocols.documents.edifact_notice import notice
from protocols.documents.edifact_segments import (
    Segment,
    day_told,
    first_of,
    item_told,
    paper_number,
    part_of,
    parties_of,
    quantity_of,
    store_of,
)
from protocols.documents.papers import Content, blame, check_answers
from protocols.documents.trade import (
    Answer,
    AnsweredLine,
    Meaning,
    Order,
    OrderAnswer,
    OrderLine,
    StockLine,
    StockReport,
)
from protocols.readings import Problem

ON_HAND = ("145", "17", "156")
"""QTY qualifiers of what is there: actual stock, on hand, and an older habit."""
NEEDED = ("2", "63", "69")
"""DTM qualifiers of the day of delivery: asked for, latest, promised."""
COMES = ("69", "67", "2", "17", "10", "11")
"""DTM qualifiers of the day that a seller names, the best first: promised, current schedule, asked for, estimated,
shipment asked for, despatch."""


def _stock(head: list[Segment], loops: list[list[Segment]], problems: list[Problem]) -> StockReport:
    site = store_of(head)
    lines = []
    for loop in loops:
        quantities: dict[str, float] = {}
        unit = ""
        for one in loop:
            if part_of(one, 0) == "QTY":
                amount = quantity_of(one, problems)
                if amount is not None:
                    quantities.setdefault(part_of(one, 1), amount)
                unit = unit or part_of(one, 1, 2)
        on_hand = next((code for code in ON_HAND if code in quantities), "")
        others = {code: amount for code, amount in quantities.items() if code != on_hand}
        item, place = item_told(loop, problems), store_of(loop) or site
        lines.append(StockLine(item, quantities.get(on_hand), unit, None, place, others))
    return StockReport(paper_number(head), day_told(head, "137"), lines, parties_of(head))


def _order(head: list[Segment], loops: list[list[Segment]], problems: list[Problem]) -> Order:
    number = paper_number(head)
    if not number:
        blame(problems, "document.no_number", "the order has no number (BGM, second element)", "ask the buyer for it")
    lines = []
    for loop in loops:
        quantity = first_of(loop, "QTY", "21") or first_of(loop, "QTY")
        amount = quantity_of(quantity, problems) if quantity else None
        line, unit = part_of(loop[0], 1), part_of(quantity, 1, 2)
        lines.append(OrderLine(line, item_told(loop, problems), amount, unit, _price(loop), day_told(loop, *NEEDED)))
    currency = part_of(first_of(head, "CUX"), 1, 1)
    code = part_of(first_of(head, "BGM"), 3)
    purpose = EDIFACT_PURPOSES.get(code, code)
    return Order(number, day_told(head, "137"), lines, day_told(head, *NEEDED), currency, parties_of(head), purpose)


def _answer(head: list[Segment], loops: list[list[Segment]], problems: list[Problem]) -> OrderAnswer:
    """ORDRSP: LIN 1229 says what becomes of a line, BGM 1225 of lines that say nothing; a line's other amounts (12 or
    113 to be delivered, 83 back-ordered) are answers of their own."""
    order = part_of(first_of(head, "RFF", "ON"), 1, 1)
    if not order:
        blame(problems, "document.no_number", "the answer names no order (RFF+ON)", "ask the seller for it")
    kind = part_of(first_of(head, "BGM"), 3)
    lines = []
    for loop in loops:
        status = part_of(loop[0], 2)
        meaning = EDIFACT_ANSWERS.get(status, "") if status else EDIFACT_VERDICTS.get(kind, "")
        asked = first_of(loop, "QTY", "21")
        ordered = quantity_of(asked, problems) if asked else None
        day = next(filter(None, (day_told(loop, code) for code in COMES)), "")
        given = first_of(loop, "QTY", "12", "113", "192")
        back = first_of(loop, "QTY", "83")
        amount = quantity_of(given, problems) if given else None
        answers = [Answer(status or kind, amount, part_of(given, 1, 2), day, _sharpened(meaning, ordered, amount))]
        if back:
            answers.append(Answer("83", quantity_of(back, problems), part_of(back, 1, 2), "", "backordered"))
        item, unit = item_told(loop, problems), part_of(asked, 1, 2)
        lines.append(AnsweredLine(part_of(loop[0], 1), item, ordered, unit, _price(loop), answers))
    check_answers(lines, problems)
    purpose = EDIFACT_PURPOSES.get(kind, "")
    return OrderAnswer(order, day_told(head, "137"), kind, lines, parties_of(head), purpose)


def _sharpened(meaning: Meaning, ordered: float | None, amount: float | None) -> Meaning:
    """EDIFACT says only that a line is changed; where its amount is another one, that is what is changed."""
    other = ordered is not None and amount is not None and amount != ordered
    return "quantity_changed" if meaning == "changed" and other else meaning


def _price(loop: list[Segment]) -> str:
    return part_of(first_of(loop, "PRI"), 1, 1).replace(",", ".", 1)


READERS: dict[str, Callable[[list[Segment], list[list[Segment]], list[Problem]], Content]] = {
    "INVRPT": _stock,
    "ORDERS": _order,
    "ORDRSP": _answer,
    "DESADV": notice,
}
"""Message type -> its reader: the segments before the first LIN, those of each LIN, problems."""
