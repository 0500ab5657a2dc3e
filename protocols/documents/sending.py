"""Who sends what to whom: the envelope that the writers of X12 and EDIFACT put around papers, and what they share."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from protocols.documents.codes import TRADE_NUMBERS
from protocols.documents.papers import check_digit, is_gs1
from protocols.documents.trade import Item, Party

NUMBER_MAX = 999_999_999


class Mailbox(Struct, frozen=True):
    """An end of an interchange. `scheme` says whose number `id` is: DUNS, DUNS+4, GLN, phone, mutual (what the two have
    agreed on), or the standard's own code."""

    id: str
    scheme: str = "mutual"


class Interchange(Struct, frozen=True):
    """The envelope of papers to one partner.

    `number` counts the interchanges to the receiver, 1 to 999,999,999, and never comes again. `at_ms`: when, written
    as UTC.
    `marks`: what separates, where the two have agreed on other characters: X12 element, component, segment (`*>~`);
    EDIFACT the six of UNA (`:+.? '`). `charset`: X12 ascii, latin-1 or utf-8; EDIFACT a syntax identifier (UNOC).
    """

    sender: Mailbox
    receiver: Mailbox
    number: int
    at_ms: int
    test: bool = False
    marks: str = ""
    charset: str = ""

    @property
    def at(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


def check_interchange(envelope: Interchange) -> None:
    """Raises `ValueError` for a number or a time that no envelope can have."""
    if not 1 <= envelope.number <= NUMBER_MAX:
        raise ValueError(f"interchange number {envelope.number}: count from 1 to {NUMBER_MAX}, then from 1 again")
    if not 0 < envelope.at_ms < 4_102_444_800_000:
        raise ValueError(f"interchange time {envelope.at_ms}: give milliseconds since 1970, before 2100")


def mailbox_code(mailbox: Mailbox, codes: dict[str, str], standard: str, what: str) -> str:
    """The standard's code of whose number a mailbox has. Raises `ValueError` where there is none."""
    if not mailbox.id:
        raise ValueError(f"the {what} of the interchange has no id: say the number that the partner knows it by")
    code = codes.get(mailbox.scheme, mailbox.scheme)
    if code == mailbox.scheme and (mailbox.scheme in ("GLN", "phone") or not mailbox.scheme):
        told = ", ".join(codes)
        raise ValueError(f"{standard} has no code for the {what}'s scheme {mailbox.scheme!r}: say one of {told}")
    _check_number(mailbox.id, mailbox.scheme, f"the {what} of the interchange")
    return code


def party_code(party: Party, codes: dict[str, str], standard: str) -> str:
    """The standard's code of whose number a party's is, "" for a party that has but a name. Raises `ValueError` for a
    party of which nothing is said, or a number of which it is not said whose it is."""
    what = f"party {party.role!r}"
    if not party.id:
        if not party.name:
            raise ValueError(f"{what} has neither a number nor a name: give its GLN or DUNS, or its name")
        if party.scheme:
            raise ValueError(f"{what} has a scheme ({party.scheme}) and no number: give its {party.scheme}")
        return ""
    if not party.scheme:
        raise ValueError(f"{what} has the number {party.id!r}, but not whose it is: say GLN, DUNS, buyer or seller")
    _check_number(party.id, party.scheme, what)
    if party.scheme == "DUNS+4" and "DUNS+4" not in codes:
        raise ValueError(f"{standard} has no code for {what}'s scheme DUNS+4: give its DUNS")
    return codes.get(party.scheme, party.scheme)


def purpose_code(purpose: str, codes: dict[str, str], what: str) -> str:
    """The standard's code of what a paper does to an earlier one. Raises `ValueError` where it has none."""
    code = next((one for one, word in codes.items() if word == purpose), "")
    if not code:
        told = ", ".join(one for one in dict.fromkeys(codes.values()) if one)
        raise ValueError(f"{what}: there is no code for the purpose {purpose!r}: say one of {told}, or nothing")
    return code


def _check_number(number: str, scheme: str, what: str) -> None:
    if scheme == "GLN" and not (is_gs1(number, (13,)) and check_digit(number[:-1]) == number[-1]):
        raise ValueError(f"{what}: {number!r} is no GLN: it has 13 digits, the last its check digit")
    if scheme == "DUNS" and not is_gs1(number, (9,)):
        raise ValueError(f"{what}: {number!r} is no DUNS: it has 9 digits")


def numbers_of(item: Item) -> list[tuple[str, str]]:
    """(scheme, number) of an item, the first first; its GTIN too where no other number says it. Raises `ValueError` for
    an item without a number, a number of which it is not said whose it is, and a GTIN that is none."""
    if not item.number:
        hint = f"give its number {item.gtin!r} with the scheme GTIN-14" if item.gtin else "give its number and scheme"
        raise ValueError(f"a line names no item: {hint}")
    named = [(item.scheme, item.number), *item.others.items()]
    gtins = []
    for scheme, number in named:
        if not scheme or not number:
            raise ValueError(f"item {item.number!r} has a number {number!r} of scheme {scheme!r}: say both")
        if scheme in TRADE_NUMBERS:
            gtins.append(_gtin(number, TRADE_NUMBERS[scheme], item))
    if item.gtin:
        gtin = _gtin(item.gtin, (14,), item)
        if item.scheme in TRADE_NUMBERS and gtins[0] != gtin:
            raise ValueError(f"item {item.number!r} has another GTIN, {item.gtin!r}: say one of them")
        if gtin not in gtins[:1]:
            named.insert(1, ("GTIN-14", gtin))
    return named


def _gtin(number: str, sizes: tuple[int, ...], item: Item) -> str:
    if not is_gs1(number, sizes) or check_digit(number[:-1]) != number[-1]:
        told = " or ".join(map(str, sizes))
        raise ValueError(f"item {item.number!r}: {number!r} is no GTIN of {told} digits, the last its check digit")
    return number.rjust(14, "0")
