"""A paper as it was read: the document around what `trade` and the events here say, its limits, and how the readers
make quantities, days and items of text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

from msgspec import Struct

from protocols.documents.codes import BY_DIGITS, LOTS, SCHEMES, TRADE_NUMBERS
from protocols.documents.trade import (
    Activity,
    AnsweredLine,
    Item,
    Order,
    OrderAnswer,
    OrderChange,
    ShipNotice,
    StockReport,
)
from protocols.readings import Problem, Reading

BYTES_MAX = 8 * 1024 * 1024
"""A paper that is larger is not read."""
LINES_MAX = 50_000
"""Lines (items, packs, events) taken from one paper; beyond it a problem says so."""
ELEMENTS_MAX = 1000
"""Elements read of one segment of X12 or EDIFACT."""
PROBLEMS_MAX = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    offset: str = ""
    """The place's own time from UTC, +02:00 (eventTimeZoneOffset)."""
    lot: str = ""
    expires: str = ""
    """What is told of things as they come to be (ilmd): their lot, the last day of their life."""


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


Content = StockReport | Activity | Order | OrderChange | OrderAnswer | ShipNotice | Event | Envelope
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
    test: bool = False
    """Whether its envelope says that nothing is meant by it."""
    made: str = ""
    """When its envelope was made, as it tells: 2026-09-08T10:30. No standard says in which time zone."""


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


def moment_of(day: str, clock: str) -> str:
    """A day and HHMM as one ISO text, "" where it tells none."""
    clock = clock.strip()[:4]
    told = f"{day_of(day)}T{clock[:2]}:{clock[2:]}"
    try:
        datetime.fromisoformat(told)
    except ValueError:
        return ""
    return told if len(told) == 16 else ""


def check_digit(body: str) -> str:
    """The last digit of a GS1 number (GTIN, SSCC) whose other digits are `body`: weights 3, 1, 3 ... from the right."""
    total = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_gs1(number: str, sizes: tuple[int, ...] = (8, 12, 13, 14)) -> bool:
    """Whether a number has the digits of a GTIN (or, with other sizes, of an SSCC), its check digit put aside."""
    return len(number) in sizes and number.isascii() and number.isdigit()


def item_of(pairs: list[tuple[str, str]], problems: list[Problem]) -> Item:
    """The item that a line's (qualifier, number) pairs name; a bad check digit is a problem, not a refusal."""
    named = [(_scheme(qualifier, number), number) for qualifier, number in pairs if number and qualifier not in LOTS]
    if not named:
        blame(problems, "document.no_item", "a line names no item", "ask the sender for item numbers in each line")
        return Item()
    gtin = next((number for scheme, number in named if scheme in TRADE_NUMBERS and is_gs1(number)), "")
    if gtin and check_digit(gtin[:-1]) != gtin[-1]:
        blame(problems, "gtin.check_digit", f"GTIN {gtin}: its last digit should be {check_digit(gtin[:-1])}")
    gtin = gtin.rjust(14, "0") if gtin else ""
    scheme, number = named[0]
    others: dict[str, str] = {}
    for other, value in named[1:]:
        if (other, value) != ("GTIN-14", gtin):  # `gtin` says that already
            others.setdefault(other, value)
    return Item(number, scheme, gtin, others)


def _scheme(qualifier: str, number: str) -> str:
    if qualifier in ("EN", "SRV") and is_gs1(number):
        return BY_DIGITS[len(number)]
    return SCHEMES.get(qualifier, qualifier)


def lot_of(pairs: list[tuple[str, str]]) -> str:
    """The lot among a line's (qualifier, number) pairs."""
    return next((number for qualifier, number in pairs if qualifier in LOTS and number), "")


def check_answers(lines: list[AnsweredLine], problems: list[Problem]) -> None:
    """Tell of lines that are accepted in other amounts than were ordered: the code says yes, the amount says no."""
    for line in lines:
        told = [one.quantity for one in line.answers if one.quantity is not None]
        plain = all(one.meaning == "accepted" for one in line.answers)
        if plain and told and line.ordered is not None and sum(told) != line.ordered:
            detail = f"line {line.line[:20]!r} is accepted, yet with {sum(told):g} of {line.ordered:g}"
            blame(problems, "document.answer", detail, "ask the seller which holds: the code or the amount")


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
