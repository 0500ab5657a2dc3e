"""What trading partners tell each other, in the field's words, whatever the standard: the readers yield these structs,
the writers take them.

Quantities are in the unit that the paper names (a UN/ECE or X12 code: EA, CA, PCE, KGM); prices stay decimal text; days
are ISO text (2026-09-24); an item keeps every number that the paper gives it, by scheme, and its GTIN in 14 digits.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Item(Struct, frozen=True, omit_defaults=True):
    """What a line is about. `number` is the first that the paper gives, `scheme` says whose it is: GTIN-14, GTIN-13,
    GTIN-8, UPC-12, vendor, buyer, maker, SKU, ISBN, or the standard's own code; `gtin` has 14 digits; `others` are the
    numbers that neither says, by scheme."""

    number: str = ""
    scheme: str = ""
    gtin: str = ""
    others: dict[str, str] = {}


class Party(Struct, frozen=True, omit_defaults=True):
    """A partner in a paper: `role` as the standard codes it (BY buyer, SU supplier, WH warehouse, ST ship to);
    `scheme` says whose number `id` is: GLN, DUNS, DUNS+4, buyer, seller, mutual, or the standard's own code."""

    role: str
    id: str = ""
    name: str = ""
    scheme: str = ""


class StockLine(Struct, frozen=True, omit_defaults=True):
    """What a partner has of an item at a location. `available`: what of it can be ordered, where told."""

    item: Item
    quantity: float | None
    unit: str = ""
    available: float | None = None
    location: str = ""
    others: dict[str, float] = {}
    """The other quantities, by the standard's code (X12 element 673, EDIFACT 6063)."""


class StockReport(Struct, frozen=True, omit_defaults=True, tag="stock", tag_field="paper"):
    """A partner's stock (X12 846, EDIFACT INVRPT)."""

    number: str
    day: str
    lines: list[StockLine]
    parties: list[Party] = []


class ActivityLine(Struct, frozen=True, omit_defaults=True):
    """What became of an item: amounts by the words of `codes.ACTIVITIES` (on_hand, sold, received, on_order ...), or
    by X12's own code (element 859) where there is no word."""

    item: Item
    unit: str
    quantities: dict[str, float]


class Activity(Struct, frozen=True, omit_defaults=True, tag="activity", tag_field="paper"):
    """Stock and what moved it from day to day, one report a place (X12 852, product activity)."""

    start: str
    end: str
    lines: list[ActivityLine]
    parties: list[Party] = []


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """What is ordered."""

    line: str
    item: Item
    quantity: float | None
    unit: str = ""
    price: str = ""
    needed: str = ""


class Order(Struct, frozen=True, omit_defaults=True, tag="order", tag_field="paper"):
    """A purchase order (X12 850, EDIFACT ORDERS). `needed`: the day of delivery asked for; `purpose`: what it does to
    what was sent before of this order, words as in an answer."""

    number: str
    day: str
    lines: list[OrderLine]
    needed: str = ""
    currency: str = ""
    parties: list[Party] = []
    purpose: str = ""


class ChangedLine(Struct, frozen=True, omit_defaults=True):
    """A line after its change. `change`: a word of `codes.CHANGES` (added, deleted, increased, dates, price ...), or
    X12's own code (element 670)."""

    line: str
    change: str
    item: Item
    quantity: float | None
    unit: str = ""
    price: str = ""
    needed: str = ""


class OrderChange(Struct, frozen=True, omit_defaults=True, tag="order_change", tag_field="paper"):
    """The buyer changes, replaces or cancels an order (X12 860). `version`: which change of the order it is; `day`:
    the order's; `changed`: the change's."""

    order: str
    day: str
    kind: str
    """change, cancel, replace, or X12's own code (element 353)."""
    lines: list[ChangedLine]
    version: str = ""
    changed: str = ""
    needed: str = ""
    currency: str = ""
    parties: list[Party] = []


Meaning = Literal[
    "",
    "accepted",
    "changed",
    "quantity_changed",
    "date_changed",
    "price_changed",
    "substituted",
    "part_backordered",
    "backordered",
    "on_hold",
    "rejected",
]
"""What an answer comes to; "" where its code is none of those known here."""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What the seller says to (part of) a line: `status` as the standard codes it (X12 element 668: IA, IQ, DR, IB, IR;
    EDIFACT 1229: 5, 3, 7), `meaning` in our words; `day`: when it ships or comes."""

    status: str
    quantity: float | None = None
    unit: str = ""
    day: str = ""
    meaning: Meaning = ""


class AnsweredLine(Struct, frozen=True, omit_defaults=True):
    """An ordered line and its answers."""

    line: str
    item: Item
    ordered: float | None
    unit: str = ""
    price: str = ""
    answers: list[Answer] = []


class OrderAnswer(Struct, frozen=True, omit_defaults=True, tag="order_answer", tag_field="paper"):
    """A seller's answer to an order (X12 855, EDIFACT ORDRSP). `kind` as the standard codes it: X12 AC with detail and
    change, AD without change, RD rejected; EDIFACT 29 accepted, 4 changed, 27 not accepted."""

    order: str
    day: str
    kind: str
    lines: list[AnsweredLine]
    parties: list[Party] = []
    purpose: str = ""
    """What it does to an earlier answer: "" nothing, cancel, change, replace, add, delete, or the standard's code."""


class Packed(Struct, frozen=True, omit_defaults=True):
    """An item in a pack, with its lot and the last day of its life, where told."""

    item: Item
    quantity: float | None
    unit: str = ""
    lot: str = ""
    expires: str = ""


class Pack(Struct, frozen=True, omit_defaults=True):
    """A pallet or carton by its SSCC (18 digits; "" for goods that the paper puts in no pack)."""

    sscc: str
    order: str
    items: list[Packed]


class ShipNotice(Struct, frozen=True, omit_defaults=True, tag="ship_notice", tag_field="paper"):
    """Goods on their way (X12 856, EDIFACT DESADV)."""

    number: str
    day: str
    orders: list[str]
    packs: list[Pack]
    carrier: str = ""
    expected: str = ""
    parties: list[Party] = []
    purpose: str = ""
    """What it does to an earlier notice; words as in an answer."""
