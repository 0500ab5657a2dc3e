"""The X12 856, read: goods on their way, as its HL loops hold each other (shipment, order, pallet, pack, item)."""

from __future__ import annotations

from typing import NamedTuple

from protocols.documents.codes import X12_PURPOSES
from protocols.documents.papers import day_of, item_of, lot_of, sscc_of
from protocols.documents.trade import Pack, Packed, ShipNotice
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

EXPECTED = ("017", "002", "067")
"""Qualifiers of DTM: the day that the goods are expected."""
EXPIRES = ("036", "208")
"""Qualifiers of DTM: the day that goods expire, the last day of a lot's life."""
SSCC_MARKS = ("GM", "AA", "SM")
DEPTH_MAX = 20
_at = element_of


class Level(NamedTuple):
    """One HL loop of a ship notice: its number, its parent's, its kind (S shipment, O order, T pallet, P pack, I item)
    and its segments."""

    number: str
    parent: str
    kind: str
    segments: list[Segment]


def notice(body: list[Segment], problems: list[Problem]) -> ShipNotice:
    """What the 856 says, by pack."""
    head, found = loops_of(body, "HL", problems)
    begin = first_of(head, "BSN")
    levels = {_at(one[0], 1): Level(_at(one[0], 1), _at(one[0], 2), _at(one[0], 3), one[1:]) for one in found}
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
            holder = next((one.number for one in above if one.kind in ("P", "T")), f"order {order}")
            packs.setdefault(holder, Pack("", order, [])).items.append(_packed(level, level, problems))
    shipment = [one for level in levels.values() if level.kind == "S" for one in level.segments]
    orders = list(dict.fromkeys(filter(None, (_order_of(one) for one in levels.values()))))
    kept = [pack for pack in packs.values() if pack.items or pack.sscc]
    carrier = _at(first_of(shipment, "TD5"), 3)
    expected = day_told(shipment, EXPECTED) or day_told(head, EXPECTED)
    who = parties_of([*head, *shipment])
    purpose = X12_PURPOSES.get(_at(begin, 1), _at(begin, 1))
    return ShipNotice(_at(begin, 2), day_of(_at(begin, 3)), orders, kept, carrier, expected, who, purpose)


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
    return _at(first_of(level.segments, "PRF"), 1) or _at(named, 2)


def _sscc(level: Level, problems: list[Problem]) -> str:
    mark = first_of(level.segments, "MAN")
    number = _at(mark, 2)
    return sscc_of(number, problems) if number and _at(mark, 1) in SSCC_MARKS else number


def _packed(level: Level, counted: Level, problems: list[Problem]) -> Packed:
    """The item of one loop, counted in another (its pack's, where the pack lies in the item's)."""
    number = first_of(counted.segments, "SN1")
    named = pairs_of(first_of(level.segments, "LIN"), 2)
    quantity = quantity_of(_at(number, 2), problems) if number else None
    about = [*counted.segments, *level.segments]
    lot = lot_of(named) or next((_at(one, 2) for one in about if one[0] == "REF" and _at(one, 1) == "LT"), "")
    return Packed(item_of(named, problems), quantity, _at(number, 3), lot, day_told(about, EXPIRES))
