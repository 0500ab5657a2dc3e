"""The EDIFACT DESADV, read: goods on their way, as its CPS loops hold each other (consignment, pallet, carton)."""

from __future__ import annotations

from protocols.documents.codes import EDIFACT_PURPOSES
from protocols.documents.edifact_segments import (
    Segment,
    day_told,
    first_of,
    item_told,
    pairs_of,
    paper_number,
    part_of,
    parties_of,
    quantity_of,
)
from protocols.documents.papers import lot_of, sscc_of
from protocols.documents.trade import Pack, Packed, ShipNotice
from protocols.readings import Problem

EXPIRES = ("36", "361")
"""DTM qualifiers: expiry, best before."""
ARRIVES = ("17", "132", "2", "69")
"""DTM qualifiers: estimated delivery, estimated arrival, delivery asked for, promised."""


def notice(head: list[Segment], loops: list[list[Segment]], problems: list[Problem]) -> ShipNotice:
    """What the DESADV says, by pack. Packs (PAC, GIN+BJ in a CPS) stand before the lines in them, so a pack's segments
    are the end of what precedes its first line."""
    first = next((at for at, one in enumerate(head) if part_of(one, 0) == "CPS"), len(head))
    about, opening = head[:first], head[first:]
    order = _order_of(about)
    packs: list[Pack] = []
    orders = [order] if order else []
    for body in [opening, *loops]:
        lines, packing = _parted(body)
        if part_of(lines[0] if lines else [], 0) == "LIN":
            own = _order_of(lines) or order
            if own and own not in orders:
                orders.append(own)
            last = packs.pop() if packs and not packs[-1].items else None
            if last is not None or not packs or packs[-1].order != own:  # a pack may hold goods of two orders
                packs.append(Pack(last.sscc if last is not None else packs[-1].sscc if packs else "", own, []))
            packs[-1].items.append(_packed(lines, problems))
        for number in _ssccs(packing):
            packs.append(Pack(sscc_of(number, problems), order, []))
        if packing and not _ssccs(packing):
            packs.append(Pack("", order, []))
    kept = [pack for pack in packs if pack.items or pack.sscc]
    carrier = part_of(first_of(about, "TDT"), 5) or part_of(first_of(about, "TDT"), 5, 3)
    expected = next(filter(None, (day_told(about, code) for code in ARRIVES)), "")
    code, who = part_of(first_of(head, "BGM"), 3), parties_of(about)
    purpose = EDIFACT_PURPOSES.get(code, code)
    return ShipNotice(paper_number(head), day_told(about, "137"), orders, kept, carrier, expected, who, purpose)


def _parted(body: list[Segment]) -> tuple[list[Segment], list[Segment]]:
    """A line's own segments, and those of the packs that begin after it."""
    at = next((at for at, one in enumerate(body) if part_of(one, 0) == "CPS"), len(body))
    return body[:at], body[at:]


def _ssccs(packing: list[Segment]) -> list[str]:
    """The SSCCs of packs: GIN+BJ, each component a number."""
    found = []
    for one in packing:
        if part_of(one, 0) == "GIN" and part_of(one, 1) == "BJ":
            found += [part_of(one, at) for at in range(2, len(one)) if part_of(one, at)]
    return found


def _order_of(body: list[Segment]) -> str:
    return next(
        (part_of(one, 1, 1) for one in body if part_of(one, 0) == "RFF" and part_of(one, 1) == "ON"),
        "",
    )


def _packed(loop: list[Segment], problems: list[Problem]) -> Packed:
    sent = first_of(loop, "QTY", "12") or first_of(loop, "QTY")
    batch = first_of(loop, "GIN", "BX")
    lot = lot_of(pairs_of(loop)) or part_of(batch, 2)
    quantity = quantity_of(sent, problems) if sent else None
    return Packed(item_told(loop, problems), quantity, part_of(sent, 1, 2), lot, day_told(loop, *EXPIRES))
