"""What a supplier's papers ask to be done with its orders: 855 and ORDRSP confirm, 856 and DESADV say what was shipped.

Strict about whose order it is, lenient about the format: the readers make sense of what they can, and what is then left
open (a code that is not known, an amount in cartons, a date that is none) is a `Refusal` that names the segment. Of one
order all is done or nothing; lines that an answer does not name are accepted as they were ordered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from cloud.core.days import noon_ms
from cloud.core.purchasing.agreements import UNSEEN, step
from cloud.core.purchasing.facts import DAY_MS
from cloud.core.purchasing.orders import UNITS_MAX, Line, Order
from cloud.core.purchasing.papers import Partner, item, order_number
from cloud.core.refusals import Refusal
from protocols.documents.papers import Document, number_of
from protocols.documents.trade import Answer, AnsweredLine, Item, OrderAnswer, Packed, ShipNotice
from protocols.layout import Site
from protocols.trade import Buying

MINUTE_MS: Final = 60_000
"""Envelopes tell the minute."""
ZONES_MS: Final = 12 * 3_600_000
"""So far behind UTC is the time of a place at most."""
PIECES: Final = frozenset(("", "EA", "PCE", "PC", "C62", "H87", "UN", "NAR"))
"""Codes of a piece in X12 and UN/ECE recommendation 20, and habits; others are not translated."""
ACCEPTED: Final = frozenset(("AD", "AK", "AP", "AT", "29"))
DECLINED: Final = frozenset(("RD", "RF", "RJ", "RO", "27"))
"""BAK02 of an 855, BGM 1225 of an ORDRSP: the whole order is taken as it is, or rejected."""
UNSAFE: Final = {
    "document.quantity": "Send quantities as numbers.",
    "document.too_long": "Send it in parts.",
    "document.too_big": "Send it in parts.",
    "x12.unclosed": "Send it whole.",
    "x12.group_count": "Count what is in it, and send it again.",
    "x12.control_number": "Close each envelope with the number it began with.",
    "edifact.unclosed": "Send it whole.",
    "edifact.message_count": "Count what is in it, and send it again.",
    "edifact.control_number": "Close each envelope with the number it began with.",
}
"""Problems of a paper for which nothing in it is done."""
AGAIN: Final = ("", "change", "replace")
"""What an answer may do to an earlier one: what it says holds from then on."""
OURS: Final = ("buyer", "SKU")
"""Schemes of item numbers that are the site's own."""
_NUMBER: Final = re.compile(r"\s*(?:PO)?[-#\s]*0*([1-9][0-9]{0,17})\s*", re.IGNORECASE)


class Step(Struct, frozen=True):
    """What a paper asks to be done with one order: units, dates (UTC ms) and prices by SKU. `key` is the number of a
    dispatch, so that it does not count twice."""

    order: Order
    action: Literal["confirm", "ship"]
    units: dict[str, int] = {}
    dues: dict[str, int] = {}
    prices: dict[str, float] = {}
    key: str = ""

    def taken(self, by: str, now_ms: int, limits: Buying) -> Order | Refusal:
        """The order after it, as after the same step in the supplier's portal."""
        mine, action = self.order.supplier, self.action
        units, dues, prices = self.units, self.dues, self.prices
        return step(self.order, mine, action, by, now_ms, limits, units=units, dues=dues, prices=prices, key=self.key)


class _Places(NamedTuple):
    """Where a standard says what is asked for here."""

    order: str
    line: str
    answer: str
    answer_purpose: str
    shipped_order: str
    packed: str
    amount: str
    day: str
    number: str
    notice_purpose: str


_X12: Final = _Places("BAK03", "PO1", "ACK", "BAK01", "PRF01", "LIN", "SN1", "DTM", "BSN02", "BSN01")
_EDIFACT: Final = _Places("RFF+ON", "LIN", "LIN", "BGM 1225", "RFF+ON", "LIN", "QTY", "DTM", "BGM", "BGM 1225")


class _Said(NamedTuple):
    """What a line comes to."""

    units: int
    due_ms: int
    price: float


def steps(site: Site, partner: Partner, document: Document, orders: Iterable[Order]) -> list[Step | Refusal]:
    """What a paper of a partner asks for, by order. `orders` may hold others' too: they are not there for it."""
    if refused := unfit(partner, document):
        return [refused]
    mine = {one.id: one for one in orders if one.supplier == partner.supplier and one.state not in UNSEEN}
    places = _EDIFACT if document.standard == "EDIFACT" else _X12
    found: list[Step | Refusal] = []
    for content in document.contents:
        if isinstance(content, OrderAnswer):
            found.append(_confirmed(site, content, mine, places, document.made))
        elif isinstance(content, ShipNotice):
            found += _shipped(site, content, mine, places)
        else:
            said = f"A paper of the kind {type(content).__name__} asks for nothing here."
            found.append(Refusal("not_expected", said, "Send 855 or ORDRSP, 856 or DESADV."))
    return found


def unfit(partner: Partner, document: Document) -> Refusal | None:
    """Why nothing in a paper is done, whatever it says."""
    if not document.contents:
        problem = document.problems[0]
        hint = problem.hint
        return Refusal("not_read", f"The paper can not be read: {problem.detail}.", f"{hint[:1].upper()}{hint[1:]}.")
    for what, told, end in (("sender", document.sender, partner.theirs), ("receiver", document.receiver, partner.ours)):
        if told.strip() != end.id:
            said = f"The {what} of the interchange is {told.strip()[:40]!r}, agreed on is {end.id!r}."
            return Refusal(f"other_{what}", said, "Send it by the mailbox that was agreed on.")
    if document.test and not partner.test:
        said = "The interchange is marked as a test."
        return Refusal("test", said, "Send it as production; of a test nothing is done.")
    for one in document.problems:
        if one.code in UNSAFE:
            return Refusal("unsafe", f"Nothing is done, for {one.detail}.", UNSAFE[one.code])
    return None


def _confirmed(site: Site, paper: OrderAnswer, mine: Mapping[int, Order], at: _Places, made: str) -> Step | Refusal:
    order = _order(paper.order, mine, at.order)
    if isinstance(order, Refusal):
        return order
    name = order_number(order)
    if paper.purpose not in AGAIN:
        said = f"The answer to {name} is marked {paper.purpose[:20]!r} ({at.answer_purpose}); what was answered stands."
        hint = "Answer anew with what holds, or write to the site: it can cancel its order."
        return Refusal("not_original", said, hint)
    if paper.kind in DECLINED:
        said = f"{name} is rejected whole ({paper.kind})."
        return Refusal("declined", said, "Cancel it here, and order elsewhere.")
    if not paper.lines and paper.kind not in ACCEPTED:
        said = (
            f"{name} is answered with {paper.kind!r} and without lines ({at.line}): it is not said what becomes of it."
        )
        return Refusal("no_lines", said, f"Send a {at.answer} for each line, or accept the order as it is.")
    units, dues, prices = dict[str, int](), dict[str, int](), dict[str, float]()
    shown = set[str]()
    for answered in paper.lines:
        line = _line(site, order, answered.line, answered.item, f"{at.line} {answered.line or '?'} of {name}")
        if isinstance(line, Refusal):
            return line
        where = f"{at.answer} of line {answered.line or line.sku} of {name}"
        if line.sku in units:
            return Refusal("line_twice", f"{where}: {line.sku} is answered twice.", "Answer each line once.")
        said_of = _answered(site, order, line, answered, where)
        if isinstance(said_of, Refusal):
            return said_of
        units[line.sku] = said_of.units
        if answered.ordered == line.units:
            shown.add(line.sku)
        if said_of.due_ms:
            dues[line.sku] = said_of.due_ms
        if said_of.price != line.unit_price:
            prices[line.sku] = said_of.price
    return _older(order, shown, made) or Step(order, "confirm", units, dues, prices)


def _older(order: Order, shown: Collection[str], made: str) -> Refusal | None:
    """Why an answer is none to the order as the site changed it last. Its envelope was made at a time of which nobody
    says in which zone: where that may be before the change and may be after it, its lines have to show (`shown`: those
    whose units it tells as they are ordered now)."""
    if not (order.revised_ms and made):
        return None
    made_ms = round(datetime.fromisoformat(f"{made}+00:00").timestamp() * 1000) + MINUTE_MS
    whole = all(line.sku in shown for line in order.lines if line.units)
    if made_ms >= order.revised_ms or (whole and made_ms + ZONES_MS >= order.revised_ms):
        return None
    said = f"The answer to {order_number(order)} was made {made.replace('T', ' ')}; the order was changed after that."
    return Refusal("older", said, "Answer the order as it is now, in an envelope of the time (UTC).")


def _answered(site: Site, order: Order, line: Line, told: AnsweredLine, where: str) -> _Said | Refusal:
    """What the answers to one line add up to: parts that come later count, at the last of their days."""
    if told.ordered is not None and told.ordered != line.units:
        said = f"{where}: {told.ordered:g} were ordered, it says; {line.units} are."
        return Refusal("other_version", said, "Answer the order as it was changed last.")
    price = number_of(told.price) if told.price else line.unit_price
    if price is None or price < 0:
        return Refusal("price", f"{where}: {told.price[:40]!r} is no price.", "Send money a unit.")
    if not told.answers:
        return _Said(line.units, 0, price)
    total, due_ms, open_ended = 0, 0, False
    for one in told.answers:
        if refused := _unclear(one, where):
            return refused
        units = 0 if one.meaning == "rejected" else _whole(one.quantity, one.unit, where)
        if isinstance(units, Refusal):
            return units
        if units is None:
            same = one.meaning == "changed" and not one.day and price == line.unit_price
            if len(told.answers) > 1 or one.meaning == "quantity_changed" or same:
                return Refusal("no_quantity", f"{where} ({one.status}) has no quantity.", "Say how many.")
            units = line.units
        total += units
        open_ended |= one.meaning in ("part_backordered", "backordered") and not one.day
        if one.day and units:
            day_ms = noon_ms(site.site.timezone, one.day)
            if day_ms is None or day_ms < order.sent_ms - DAY_MS:
                return Refusal("date", f"{where}: {one.day} is no day it can come.", "Send a day after the order's.")
            due_ms = max(due_ms, day_ms)
    if total < line.units and any(one.meaning == "part_backordered" for one in told.answers):
        total, open_ended = line.units, True  # the rest comes too, it is not said when
    if total != line.units and all(one.meaning == "accepted" for one in told.answers):
        said = f"{where}: it is accepted, yet with {total} of {line.units}."
        return Refusal("contradiction", said, "Say that the quantity is changed, or accept all.")
    return _Said(total, 0 if open_ended else due_ms, price)


def _unclear(one: Answer, where: str) -> Refusal | None:
    """An answer that a person has to decide about."""
    if one.meaning == "on_hold":
        return Refusal("on_hold", f"{where} ({one.status}) is on hold.", "Send another answer when it is decided.")
    if one.meaning == "substituted":
        said = f"{where} ({one.status}) offers another item."
        return Refusal("substituted", said, "Agree with the site; it will order that item.")
    if not one.meaning:
        said = f"{where}: the code {one.status[:20]!r} is not known here."
        return Refusal("unknown_code", said, "Accept, change or reject the line by its usual code.")
    return None


def _shipped(site: Site, paper: ShipNotice, mine: Mapping[int, Order], at: _Places) -> list[Step | Refusal]:
    if not paper.number:
        hint = "Number your dispatches, so that none counts twice."
        return [Refusal("no_number", f"The dispatch has no number ({at.number}).", hint)]
    if paper.purpose:
        said = (
            f"Dispatch {paper.number} is marked {paper.purpose[:20]!r} ({at.notice_purpose}); what was shipped stands."
        )
        hint = "Write to the site, which puts it right. Number what leaves beside it anew, and send that."
        return [Refusal("not_original", said, hint)]
    by_order: dict[str, list[Packed]] = {}
    for pack in paper.packs:
        whose = pack.order or (paper.orders[0] if len(paper.orders) == 1 else "")
        by_order.setdefault(whose, []).extend(pack.items)
    if not any(by_order.values()):
        said = f"Dispatch {paper.number} names no goods ({at.packed}, {at.amount})."
        return [Refusal("no_lines", said, "Say what was shipped, and how much.")]
    return [_dispatched(site, paper, whose, items, mine, at) for whose, items in by_order.items() if items]


def _dispatched(
    site: Site, paper: ShipNotice, whose: str, items: Sequence[Packed], mine: Mapping[int, Order], at: _Places
) -> Step | Refusal:
    order = _order(whose, mine, at.shipped_order)
    if isinstance(order, Refusal):
        return order
    units = dict[str, int]()
    for one in items:
        where = f"{at.packed} {one.item.number[:40]!r} of {order_number(order)}"
        line = _line(site, order, "", one.item, where)
        if isinstance(line, Refusal):
            return line
        count = _whole(one.quantity, one.unit, f"{at.amount} after {where}")
        if isinstance(count, Refusal):
            return count
        if count is None:
            return Refusal("no_quantity", f"{at.amount} is missing after {where}.", "Say how many were shipped.")
        units[line.sku] = units.get(line.sku, 0) + count
    due_ms = noon_ms(site.site.timezone, paper.expected) if paper.expected else 0
    if due_ms is None or (due_ms and due_ms < order.sent_ms - DAY_MS):
        said = f"{at.day} of dispatch {paper.number}: {paper.expected} is no day it can come."
        return Refusal("date", said, "Send a day after the order's.")
    return Step(order, "ship", units, dict.fromkeys(units, due_ms) if due_ms else {}, key=paper.number)


def _order(text: str, mine: Mapping[int, Order], where: str) -> Order | Refusal:
    """The order that a paper names, if it is this supplier's and was sent; whose else it is, is not told."""
    found = _NUMBER.fullmatch(text)
    order = mine.get(int(found[1])) if found else None
    if order is not None:
        return order
    said = (
        f"{where} names order {text[:40]!r}: there is none of yours by that number." if text else f"{where} is empty."
    )
    return Refusal("no_such_order", said, "Name the order as it was sent, such as PO-7.")


def _line(site: Site, order: Order, number: str, named: Item, where: str) -> Line | Refusal:
    """The line that an item belongs to: by any number that is an SKU of the order, by its GTIN, or, where the item has
    but numbers of the supplier's own, by its place in the order."""
    numbers = [(named.scheme, named.number), *named.others.items()]
    found = {one.sku: one for _, told in numbers if (one := order.line(told)) is not None}
    if not found and named.gtin:
        found = {one.sku: one for one in order.lines if item(site, one.sku).gtin == named.gtin}
    if not found and not named.gtin and not any(scheme in OURS for scheme, _ in numbers):
        at = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        found = {one.sku: one for one in order.lines[at - 1 : at]} if at else {}
    if len(found) == 1:
        return next(iter(found.values()))
    told = ", ".join(f"{scheme} {value[:40]}" for scheme, value in numbers if value) or "nothing"
    if found:
        said = f"{where} names {told}: these are {len(found)} lines, {', '.join(found)}."
        return Refusal("two_lines", said, "Name one item in a line.")
    here = ", ".join(one.sku for one in order.lines[:5])
    return Refusal("no_such_line", f"{where} names {told}, which is not in the order.", f"In it: {here}.")


def _whole(quantity: float | None, unit: str, where: str) -> int | Refusal | None:
    """Whole pieces; None where nothing is said."""
    if unit.upper() not in PIECES:
        said = f"{where}: the amount is in {unit[:20]!r}; the order is in pieces."
        return Refusal("unit", said, "Send pieces (EA, PCE).")
    if quantity is None:
        return None
    if quantity < 0 or quantity != int(quantity) or quantity > UNITS_MAX:
        return Refusal("quantity", f"{where}: {quantity:g} is no number of pieces.", "Send whole pieces, 0 or more.")
    return int(quantity)
