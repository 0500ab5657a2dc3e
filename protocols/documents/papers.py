"""What trading papers say, whatever their standard: stock, orders, answers to orders, goods on their way, events.

Quantities are in the unit that the paper names (a UN/ECE or X12 code: EA, CA, PCE, KGM); prices stay decimal text; days
are ISO text (2026-09-24); an item keeps every number that the paper gives it, by scheme, and its GTIN in 14 digits.
"""

from __future__ import annotations

from math import isfinite

from msgspec import Struct

from protocols.readings import Problem, Reading

BYTES_MAX = 8 * 1024 * 1024
"""A paper that is larger is not read."""
LINES_MAX = 50_000
"""Lines (items, packs, events) taken from one paper; beyond it a problem says so."""
ELEMENTS_MAX = 1000
"""Elements read of one segment of X12 or EDIFACT."""
PROBLEMS_MAX = 200


class Item(Struct, frozen=True, omit_defaults=True):
    """What a line is about. `number` is the first that the paper gives, `scheme` says whose it is: GTIN-14, GTIN-13,
    UPC-12, vendor, buyer, maker, SKU, or the standard's own code; `gtin` has 14 digits."""

    number: str = ""
    scheme: str = ""
    gtin: str = ""
    others: dict[str, str] = {}


class Party(Struct, frozen=True, omit_defaults=True):
    """A partner in a paper: `role` as the standard codes it (BY buyer, SU supplier, WH warehouse, ST ship to)."""

    role: str
    id: str = ""
    name: str = ""


class StockLine(Struct, frozen=True, omit_defaults=True):
    """What a partner has of an item at a location. `available`: what of it can be ordered, where told."""

    item: Item
    quantity: float | None
    unit: str = ""
    available: float | None = None
    location: str = ""
    quantities: dict[str, float] = {}
    """All of them, by the standard's code."""


class StockReport(Struct, frozen=True, omit_defaults=True, tag="stock", tag_field="paper"):
    """A partner's stock (X12 846, EDIFACT INVRPT)."""

    number: str
    day: str
    lines: list[StockLine]
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
    """A purchase order (X12 850, EDIFACT ORDERS). `needed`: the day of delivery asked for."""

    number: str
    day: str
    lines: list[OrderLine]
    needed: str = ""
    currency: str = ""
    parties: list[Party] = []


class Answer(Struct, frozen=True, omit_defaults=True):
    """What the seller says to (part of) a line: `status` as X12 codes it (IA accepted, IQ accepted with another
    quantity, IB back-ordered, IR rejected ...)."""

    status: str
    quantity: float | None = None
    unit: str = ""
    day: str = ""


class AnsweredLine(Struct, frozen=True, omit_defaults=True):
    """An ordered line and its answers."""

    line: str
    item: Item
    ordered: float | None
    unit: str = ""
    price: str = ""
    answers: list[Answer] = []


class OrderAnswer(Struct, frozen=True, omit_defaults=True, tag="order_answer", tag_field="paper"):
    """A seller's answer to an order (X12 855). `kind` as X12 codes it: AC with detail and change, AD without change."""

    order: str
    day: str
    kind: str
    lines: list[AnsweredLine]
    parties: list[Party] = []


class Packed(Struct, frozen=True, omit_defaults=True):
    """An item in a pack."""

    item: Item
    quantity: float | None
    unit: str = ""


class Pack(Struct, frozen=True, omit_defaults=True):
    """A pallet or carton by its SSCC (18 digits; "" for goods that the paper puts in no pack)."""

    sscc: str
    order: str
    items: list[Packed]


class ShipNotice(Struct, frozen=True, omit_defaults=True, tag="ship_notice", tag_field="paper"):
    """Goods on their way (X12 856)."""

    number: str
    day: str
    orders: list[str]
    packs: list[Pack]
    carrier: str = ""
    expected: str = ""
    parties: list[Party] = []


class Goods(Struct, frozen=True, omit_defaults=True):
    """An amount of a class of goods in an event, e.g. 12.5 KGM of an LGTIN; without a unit it is pieces."""

    kind: str
    quantity: float | None = None
    unit: str = ""


class Event(Struct, frozen=True, omit_defaults=True, tag="event", tag_field="paper"):
    """Something that happened to things (EPCIS 2.0): the what, when, where, why and how.

    `epcs`: what it happened to (the children of an aggregation, what went into a transformation); `outputs` and
    `made`: what came out of one. `readings`: what sensors said on the way.
    """

    kind: str
    at_ms: int
    action: str = ""
    step: str = ""
    disposition: str = ""
    id: str = ""
    epcs: list[str] = []
    goods: list[Goods] = []
    parent: str = ""
    outputs: list[str] = []
    made: list[Goods] = []
    read_point: str = ""
    location: str = ""
    papers: list[tuple[str, str]] = []
    """(type, number) of the papers it belongs to: po, desadv ..."""
    readings: list[Reading] = []


class Envelope(Struct, frozen=True, omit_defaults=True, tag="cloud_event", tag_field="paper"):
    """A CloudEvent's attributes (CNCF CloudEvents 1.0); what it carries follows it in the document."""

    id: str
    source: str
    type: str
    at_ms: int | None = None
    subject: str = ""
    content_type: str = ""
    data: str = ""
    """The data as JSON text, where it is no paper of a kind known here."""


Content = StockReport | Order | OrderAnswer | ShipNotice | Event | Envelope
"""What a document may hold."""


class Document(Struct, frozen=True, omit_defaults=True):
    """One paper as it was read: who sent it to whom under which number, what it holds, what is wrong with it.

    Problems do not void the contents: most papers in the field break a rule or two (see `x12`).
    """

    standard: str
    contents: list[Content]
    problems: list[Problem]
    sender: str = ""
    receiver: str = ""
    number: str = ""


def number_of(text: str) -> float | None:
    """A quantity in a paper: digits with a point or a comma; None when it is none."""
    text = text.strip().replace(",", ".", 1)
    if not text or len(text) > 30 or text.strip("+-.0123456789"):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and abs(number) < 1e15 else None


def day_of(text: str) -> str:
    """CCYYMMDD (with or without a time after it) or YYMMDD as an ISO day; "" when it is none."""
    digits = text.strip()
    if len(digits) == 6:
        digits = "20" + digits
    year, month, day = digits[:4], digits[4:6], digits[6:8]
    whole = len(digits) >= 8 and digits[:8].isascii() and digits[:8].isdigit()
    if not whole or not ("1970" <= year <= "2100" and "01" <= month <= "12" and "01" <= day <= "31"):
        return ""
    return f"{year}-{month}-{day}"


def check_digit(body: str) -> str:
    """The last digit of a GS1 number (GTIN, SSCC) whose other digits are `body`: weights 3, 1, 3 ... from the right."""
    total = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_gs1(number: str, sizes: tuple[int, ...] = (8, 12, 13, 14)) -> bool:
    """Whether a number has the digits of a GTIN (or, with other sizes, of an SSCC), its check digit put aside."""
    return len(number) in sizes and number.isascii() and number.isdigit()


SCHEMES: dict[str, str] = {
    "UK": "GTIN-14",
    "GT": "GTIN-14",
    "EN": "GTIN-13",
    "SRV": "GTIN",
    "EO": "GTIN-8",
    "UP": "UPC-12",
    "UI": "UPC-12",
    "UA": "UPC-12",
    "VN": "vendor",
    "VP": "vendor",
    "VC": "vendor",
    "SA": "vendor",
    "BP": "buyer",
    "IN": "buyer",
    "IB": "ISBN",
    "MG": "maker",
    "MF": "maker",
    "SK": "SKU",
}
"""Qualifiers of item numbers (X12 element 235, EDIFACT 7143) -> whose number it is."""
TRADE_NUMBERS = ("GTIN", "GTIN-14", "GTIN-13", "GTIN-8", "UPC-12")


def item_of(pairs: list[tuple[str, str]], problems: list[Problem]) -> Item:
    """The item that a line's (qualifier, number) pairs name; a bad check digit is a problem, not a refusal."""
    named = [(SCHEMES.get(qualifier, qualifier), number) for qualifier, number in pairs if number]
    if not named:
        blame(problems, "document.no_item", "a line names no item", "ask the sender for item numbers in each line")
        return Item()
    gtin = next((number for scheme, number in named if scheme in TRADE_NUMBERS and is_gs1(number)), "")
    if gtin and check_digit(gtin[:-1]) != gtin[-1]:
        blame(problems, "gtin.check_digit", f"GTIN {gtin}: its last digit should be {check_digit(gtin[:-1])}")
    scheme, number = named[0]
    others: dict[str, str] = {}
    for other, value in named[1:]:
        others.setdefault(other, value)
    return Item(number, scheme, gtin.rjust(14, "0") if gtin else "", others)


def sscc_of(text: str, problems: list[Problem]) -> str:
    """An SSCC as printed (with its application identifier 00 or without) in the form it was given, checked."""
    digits = text[2:] if len(text) == 20 and text.startswith("00") else text
    if not is_gs1(digits, (18,)):
        blame(problems, "sscc.malformed", f"{text[:40]!r} is no SSCC: it has 18 digits")
    elif check_digit(digits[:-1]) != digits[-1]:
        blame(problems, "sscc.check_digit", f"SSCC {digits}: its last digit should be {check_digit(digits[:-1])}")
    return text


def blame(
    problems: list[Problem], code: str, detail: str, hint: str = "tell the sender; what was read is kept"
) -> None:
    """Note what is wrong with a paper, each thing once, `PROBLEMS_MAX` at most."""
    problem = Problem(code, detail[:300], hint)
    if len(problems) < PROBLEMS_MAX and problem not in problems:
        problems.append(problem)
