"""What a supplier is told by machine papers: stock, what moved it, orders and their changes, receipts and picks.

Structs of `protocols.documents.trade` made of the site's own, and written by the writers there: X12 852, 846, 850, 860;
EDIFACT INVRPT, ORDERS; EPCIS events. An SKU is named by the site's id (the buyer's number) and its GTIN; a line by its
place in the order, for good. What a paper can not say, or lacks, is a `Refusal` in the writer's words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from cloud.core.book.entries import Entry
from cloud.core.days import iso_day, offset
from cloud.core.purchasing.agreements import Shelf
from cloud.core.purchasing.orders import Line, Order, in_transit, on_order
from cloud.core.refusals import Refusal
from protocols.documents import edifact_writing, epcis_writing, x12_writing
from protocols.documents.papers import Event, Goods
from protocols.documents.sending import Interchange, Mailbox
from protocols.documents.trade import (
    Activity,
    ActivityLine,
    ChangedLine,
    Item,
    OrderChange,
    OrderLine,
    Party,
    StockLine,
    StockReport,
)
from protocols.documents.trade import Order as OrderPaper
from protocols.layout import Site

Standard = Literal["x12", "edifact"]
UNITS: Final[dict[Standard, str]] = {"x12": "EA", "edifact": "PCE"}
"""Each standard's code of a piece."""
STEPS: Final = {"receipt": "receiving", "pick": "picking"}
"""What entries are told as events, and by which business step (CBV 2.0)."""
PREFIX: Final = "PO-"
ORDER: Final = "order:"
"""How the `ref` of an entry begins that belongs to an order."""


class Partner(Struct, frozen=True):
    """How papers go to and from a supplier: the mailboxes of both, the standard, whether they are but a test; `marks`
    and `charset` where others than the usual ones were agreed on; our GLN, "" for none."""

    supplier: str
    ours: Mailbox
    theirs: Mailbox
    standard: Standard = "x12"
    test: bool = False
    marks: str = ""
    charset: str = ""
    gln: str = ""


class Flow(Struct, frozen=True):
    """Units of an SKU that were taken in and picked in a time."""

    received: int = 0
    picked: int = 0


class Told(NamedTuple):
    """An EPCIS document, and the SKUs that it is silent of, for they have no GTIN."""

    data: bytes
    left_out: list[str]


def order_number(order: Order) -> str:
    """The number of an order in papers: PO-7."""
    return f"{PREFIX}{order.id}"


def stock(site: Site, partner: Partner, shelves: Sequence[Shelf], now_ms: int, number: int) -> bytes | Refusal:
    """What is there of each SKU (846, INVRPT). `number` counts the interchanges to this partner; so below."""
    lines = [
        StockLine(
            item(site, one.sku),
            one.on_hand,
            UNITS[partner.standard],
            one.available if partner.standard == "x12" else None,  # INVRPT D.96A has no code for it
        )
        for one in shelves
    ]
    paper = StockReport(f"{site.site.id}-{number}"[:30], _day(site, now_ms), lines, _parties(site, partner))
    return _written(partner, paper, now_ms, number)


def activity(
    site: Site,
    partner: Partner,
    shelves: Sequence[Shelf],
    flows: Mapping[str, Flow],
    orders: Iterable[Order],
    since_ms: int,
    now_ms: int,
    number: int,
) -> bytes | Refusal:
    """Stock, its bounds, what is to come and what moved since (852). `orders` are this supplier's own."""
    if partner.standard != "x12":
        return _unsaid("product activity", "Send stock (INVRPT), or agree on X12.")
    mine = [one for one in orders if one.supplier == partner.supplier]
    lines = []
    for one in shelves:
        flow = flows.get(one.sku, Flow())
        told: dict[str, float] = {
            "on_hand": one.on_hand,
            "available": one.available,
            "on_order": on_order(mine, one.sku),
            "in_transit": in_transit(mine, one.sku),
            "received": flow.received,
            "sold": flow.picked,
        }
        if one.least is not None:
            told["minimum"] = one.least
        if one.most is not None:
            told["maximum"] = one.most
        lines.append(ActivityLine(item(site, one.sku), UNITS["x12"], told))
    paper = Activity(_day(site, since_ms), _day(site, now_ms), lines, _parties(site, partner))
    return _written(partner, paper, now_ms, number)


def ordered(site: Site, partner: Partner, order: Order, now_ms: int, number: int) -> bytes | Refusal:
    """An order (850, ORDERS). One that is a draft, over, or another supplier's is refused. EDIFACT has it anew where
    the site changed it since it was sent, or cancelled it; X12 has a paper of its own for that (`changed`)."""
    if refused := _not_theirs(partner, order):
        return refused
    purpose = ""
    if partner.standard == "edifact" and order.sent_ms:
        purpose = "cancel" if order.state == "cancelled" else "replace" if order.revised_ms else ""
    if order.state in ("draft", "closed") or (order.state == "cancelled" and not purpose):
        said = f"Order {order.id} is {order.state}: it can not be sent."
        return Refusal("not_now", said, "Approve it first." if order.state == "draft" else "Make a new order.")
    unit = UNITS[partner.standard]
    lines = [
        OrderLine(str(at), item(site, one.sku), one.units, unit, _price(one), _due(site, one))
        for at, one in enumerate(order.lines, 1)
        if one.units
    ]
    day = _day(site, order.sent_ms or now_ms)
    paper = OrderPaper(order_number(order), day, lines, "", site.site.currency, _parties(site, partner), purpose)
    return _written(partner, paper, now_ms, number)


def changed(site: Site, partner: Partner, versions: Sequence[Order], now_ms: int, number: int) -> bytes | Refusal:
    """All that the site changed in an order since it was sent, or that it cancels it (860); `versions` are the order's,
    the first first. Who misses one of these papers, or takes one twice, has with the next the order as it is."""
    after, sent = versions[-1], [one for one in versions if one.sent_ms]
    if refused := _not_theirs(partner, after):
        return refused
    if partner.standard != "x12":
        return _unsaid("the change of an order", "Send its ORDERS anew, which stands in place of what was sent.")
    if not sent:
        return Refusal("not_sent", f"Order {after.id} was not sent.", "Send it; there is nothing to change for them.")
    cancelled = after.state == "cancelled"
    lines = [] if cancelled else _changes(site, sent)
    if not cancelled and not lines:
        said = f"Nothing that concerns the supplier changed in order {after.id}."
        return Refusal("no_change", said, "Send a change of units, dates or prices.")
    paper = OrderChange(
        order_number(after),
        _day(site, sent[0].sent_ms),
        "cancel" if cancelled else "change",
        lines,
        str(after.version),
        _day(site, now_ms),
        "",
        site.site.currency,
        _parties(site, partner),
    )
    return _written(partner, paper, now_ms, number)


def events(
    site: Site, partner: Partner, entries: Iterable[Entry], skus: Collection[str], now_ms: int
) -> Told | Refusal:
    """Receipts and picks of SKUs (those of the supplier's agreement) as EPCIS events, each with an id that stays."""
    found, left_out = [], dict[str, None]()
    for one in entries:
        step = STEPS.get(one.kind)
        if step is None or one.sku not in skus or not one.units:
            continue
        gtin = item(site, one.sku).gtin
        if not gtin:
            left_out[one.sku] = None
            continue
        kind = epcis_writing.trade_item(gtin, one.lot)
        found.append(
            Event(
                "ObjectEvent",
                one.happened_ms,
                "OBSERVE",
                step,
                "in_progress",
                _event_id(site, one),
                goods=[Goods(kind, abs(one.units))],
                read_point=_place(partner, one.place),
                location=_place(partner, ""),
                papers=_papers(partner, one),
                offset=offset(site.site.timezone, one.happened_ms),
            )
        )
    if not found:
        hint = f"Give {', '.join(left_out)} their GTINs." if left_out else "Send events when something was moved."
        return Refusal("no_events", "No receipt or pick can be told.", hint)
    made = _said(lambda: epcis_writing.write(found, now_ms))
    return made if isinstance(made, Refusal) else Told(made, [*left_out])


def item(site: Site, sku: str) -> Item:
    """How an SKU is named in papers; its GTIN only where the site file knows it."""
    known = site.sku_by_id.get(sku)
    return Item(sku, "buyer", known.gtin.rjust(14, "0") if known is not None and known.gtin else "")


def _changes(site: Site, sent: Sequence[Order]) -> list[ChangedLine]:
    """The lines that the site changed, as they are now."""
    ours = [(before, after) for before, after in pairwise(sent) if _is_ours(before, after)]
    found = []
    for at, now in enumerate(sent[-1].lines, 1):
        if any(_change(site, before.line(now.sku), after.line(now.sku)) for before, after in ours):
            struck = any(line is not None and not line.units for line in (one.line(now.sku) for one in sent[:-1]))
            change = _change(site, sent[0].line(now.sku), now)
            if not change or (struck and now.units):
                change = "replaced"  # it was otherwise meanwhile, which the supplier may have been told
            unit = UNITS["x12"]
            units = None if change == "deleted" else now.units
            found.append(ChangedLine(str(at), change, item(site, now.sku), units, unit, _price(now), _due(site, now)))
    return found


def _is_ours(before: Order, after: Order) -> bool:
    """Whether the site changed it: the supplier has to agree again, and nothing was shipped or received by it."""
    return not after.confirmed_ms and after.keys == before.keys


def _change(site: Site, was: Line | None, now: Line | None) -> str:
    """The word for what became of a line; "" where nothing did. Of an order that was sent there is no new line."""
    if was is None or now is None:
        return ""
    moved = _due(site, now) != _due(site, was)
    if not was.units and now.units:
        return "added"
    if was.units and not now.units:
        return "deleted"
    dearer, more = now.unit_price != was.unit_price, now.units - was.units
    if moved + dearer + bool(more) > 1:
        return "changed"
    return "dates" if moved else "price" if dearer else "increased" if more > 0 else "decreased" if more else ""


def _written(
    partner: Partner, paper: StockReport | Activity | OrderPaper | OrderChange, now_ms: int, number: int
) -> bytes | Refusal:
    sent = Interchange(partner.ours, partner.theirs, number, now_ms, partner.test, partner.marks, partner.charset)
    if partner.standard == "x12":
        return _said(lambda: x12_writing.write([paper], sent))
    assert not isinstance(paper, Activity | OrderChange), "these are refused above"
    return _said(lambda: edifact_writing.write([paper], sent))


def _said(write: Callable[[], bytes]) -> bytes | Refusal:
    """What a writer makes, or what it says is missing, and the remedy it names after a colon."""
    try:
        return write()
    except ValueError as error:
        said, _, hint = str(error).rpartition(": ")
        return Refusal(
            "not_written", f"The paper can not be written: {said or error}.", f"{hint[:1].upper()}{hint[1:]}."
        )


def _unsaid(what: str, hint: str) -> Refusal:
    return Refusal("no_such_paper", f"There is no EDIFACT message for {what} here.", hint)


def _not_theirs(partner: Partner, order: Order) -> Refusal | None:
    if order.supplier == partner.supplier:
        return None
    said = f"Order {order.id} is {order.supplier}'s, not {partner.supplier}'s."
    return Refusal("other_supplier", said, "Send it to whom it is for.")


def _parties(site: Site, partner: Partner) -> list[Party]:
    name = next((one.name for one in site.suppliers if one.id == partner.supplier), "")
    ours = Party("BY", partner.gln, site.site.name, "GLN" if partner.gln else "")
    return [ours, Party("SU", partner.supplier, name, "buyer")]


def _day(site: Site, at_ms: int) -> str:
    return iso_day(site.site.timezone, at_ms)


def _due(site: Site, line: Line) -> str:
    return _day(site, line.due_ms) if line.due_ms else ""


def _price(line: Line) -> str:
    return f"{line.unit_price:.6f}".rstrip("0").rstrip(".")


def _place(partner: Partner, slot: str) -> str:
    return epcis_writing.place(partner.gln, slot) if partner.gln else ""


def _papers(partner: Partner, entry: Entry) -> list[tuple[str, str]]:
    if not partner.gln or not entry.ref.startswith(ORDER):
        return []
    return [("po", epcis_writing.paper(partner.gln, PREFIX + entry.ref.removeprefix(ORDER)))]


def _event_id(site: Site, entry: Entry) -> str:
    """A UUID of version 8 (RFC 9562, 5.8) that is the same whenever this entry is told."""
    told = f"{site.site.id}\0{entry.ref == 'sensed'}\0{entry.id}\0{entry.sku}\0{entry.happened_ms}"
    digits = sha256(told.encode()).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
