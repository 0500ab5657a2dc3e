"""Whether a fact may enter the book: each refusal says in a sentence what was found, and in another what to do.

Facts that shelves sensed are not asked. What passes here may still turn out to be wrong: then it is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from math import isfinite

from cloud.core.book.aside import SIGNED, waiting
from cloud.core.book.entries import TAKES_BACK, Entry, taken_back
from cloud.core.book.lots import NO_ENDS
from cloud.core.book.positions import Position
from cloud.core.book.state import Account
from cloud.core.refusals import Refusal
from protocols.layout import Sku

AHEAD_MS = 300_000
"""A fact may be told to happen at most so far ahead of now: clocks differ by minutes, plans are no facts."""
EARLIEST_MS = 946_684_800_000
"""2000: what is told of a time before was told in seconds, or by a clock that was never set."""
UNITS_MAX = 2**40
OWN_REFS = {
    "order:": "Take the goods in at that order: its receipt is entered with it.",
    "reservation:": "Pick that reservation: what left for it is entered with it.",
    "slot:": "Give the slot to another SKU in the site file: what lay there is off the shelves then.",
    "cold:": "Release or scrap what that breach set aside in the cold room: it is entered with it.",
    "work:": "Take the part at that maintenance order: what left for it is entered with it.",
    "sensed": "Shelves tell that themselves; say in other words what it belongs to.",
    "count": "Tell it as a count, or say in other words what it belongs to.",
}
"""A `ref` that begins so (up to a ":") or is so is the service's own, and what a person does instead."""
SIGNS = {"receipt": 1, "put": 1, "pick": -1, "loss": -1}
WAYS = {1: ("comes in", "above"), -1: ("leaves", "below")}


def unfit(
    entry: Entry,
    account: Account,
    sku: Sku | None,
    slots: Collection[str],
    *,
    now_ms: int,
    target: Entry | None = None,
    gone: Collection[int] = (),
    elsewhere: Collection[str] | None = None,
) -> Refusal | None:
    """Why an entry may not enter the book; None where it may.

    `sku` is None where the site file has none of that name; `slots` are those of the SKU. `target` is the entry that
    this one takes back, if the book has it, and `gone` are the ids that are taken back already. `elsewhere` are the
    sites (and suppliers) goods may be sent to; None: any.
    """
    if sku is None:
        return Refusal("unknown_sku", f"The site file has no SKU {entry.sku!r}.", "Is it spelled as there?")
    if entry.ref.startswith(TAKES_BACK):
        return _withdrawal(entry, target, gone)
    return (
        moment(entry.happened_ms, now_ms)
        or _place(entry, slots, elsewhere)
        or _amount(entry)
        or _lot(entry, account, slots)
        or (_aside(entry, account) if entry.kind == "quarantine" else _short(entry, account, sku))
    )


def told(ref: str) -> Refusal | None:
    """Why a person may not tell a fact with this `ref`; None where they may."""
    plain = ref.strip().casefold()
    for own, hint in OWN_REFS.items():
        if plain.startswith(own) if own.endswith(":") else plain == own:
            return Refusal("ref", f"{ref!r} is not entered by hand.", hint)
    if plain.startswith(TAKES_BACK) and not ref.startswith(TAKES_BACK):
        return Refusal("ref", f"{ref!r} takes nothing back.", f"Write it as {TAKES_BACK}5, with the entry's number.")
    return None


def moment(at_ms: int, now_ms: int) -> Refusal | None:
    """Why something can not have happened at a moment that a person tells; None where it can."""
    if at_ms > now_ms + AHEAD_MS:
        said = f"It is told to happen more than {AHEAD_MS // 60_000} minutes from now."
        return Refusal("time", said, "Tell it once it has happened.")
    return impossible(at_ms)


def impossible(at_ms: int) -> Refusal | None:
    """Why no moment that a person tells, of the past or to come, can be this; None where it can."""
    if at_ms < EARLIEST_MS:
        said = f"{at_ms} ms since 1970 is a moment before the year 2000."
        return Refusal("time", said, "Give the time in ms since 1970, UTC, not in seconds.")
    return None


def promised(entry: Entry, sku: Sku, slots: Collection[str], position: Position) -> Refusal | None:
    """Why goods may not be picked, or sent to another site, off the shelves: they are promised to somebody. What was
    lost is lost, and what is picked for a reservation is what was promised."""
    if entry.place or not _goes_away(entry, slots) or entry.ref.startswith("reservation:"):
        return None
    if sku.members_only and not slots and entry.kind == "pick":
        said = f"{sku.id} is there for members alone ({sku.members_only})."
        return Refusal("reserved", said, "Reserve it for whom it is, and pick that reservation.")
    free = max(0, position.available)
    if not position.reserved or -entry.units <= free:
        return None
    said = f"{free} are free, {-entry.units} were asked; {position.reserved} are reserved."
    return Refusal("reserved", said, "Pick the reservation it is for, or release that first.")


def withheld(
    entry: Entry, account: Account, slots: Collection[str], today: str, ends: Mapping[str, str] = NO_ENDS
) -> Refusal | None:
    """Why goods of a lot that is named may not go to whoever wants them: they are in quarantine, or have expired by
    `today` (an ISO date; `ends` as of `lots`). What is set aside without a lot's name may be of any. Who names no lot
    gets such goods only where there are no others; what left a slot is gone."""
    lot = entry.lot or entry.expiry
    if not lot or entry.place or not _goes_away(entry, slots):
        return None
    there, expiry = account.batches.units.get(lot, 0), ends.get(lot) or account.batches.expiry.get(lot, "")
    free = max(0, min(there - account.aside.get(lot, 0), account.on_hand - account.quarantined))
    if expiry and expiry < today:
        free = 0
    if -entry.units <= free or there < -entry.units:  # `short` says what is not there
        return None
    why = f"expired on {expiry}" if expiry and expiry < today else f"is in quarantine but for {free}"
    hint = "Take another lot, or release it; or tell it again and insist, if that is what was taken."
    return Refusal("unusable", f"Lot {lot} {why}, {-entry.units} were asked.", hint)


def held_back(entry: Entry, account: Account, slots: Collection[str]) -> Refusal | None:
    """Why goods that a breach set aside may not be given back, lost, or go to anybody, whoever insists: they wait for a
    signed word. Of no known lot, they may be of any. Fewer of them may be counted; what a scale saw leave has left."""
    held = waiting(account)
    if not held or entry.ref.startswith(SIGNED):
        return None
    lot, units = entry.lot or entry.expiry, -entry.units
    waits = held.get(lot, 0)
    if entry.kind == "quarantine":
        if units <= 0 or not waits or units <= account.aside.get(lot, 0) - waits:
            return None
        said = f"{waits} of {f'lot {lot}' if lot else 'no known lot'} are in quarantine for a breach."
        return Refusal("held", said, OWN_REFS["cold:"])
    undone = entry.kind in ("receipt", "put") and taken_back(entry) is not None
    if not (_goes_away(entry, slots) or entry.kind in ("loss", "adjustment") or undone):
        return None
    if entry.place:
        units -= sum(one.units for one in account.seen.get(entry.place, ()))
    there, free = account.batches.units.get(lot, 0), account.on_hand - sum(held.values())
    if lot:
        free = min(free, there - waits)
    if units <= max(0, free) or (lot and there < units and not undone):  # `short` says what is missing
        return None
    of = f"lot {lot}" if waits else entry.sku
    said = f"{waits or sum(held.values())} of {of} are in quarantine for a breach, {units} were asked."
    return Refusal("held", said, LOST if entry.kind in ("loss", "adjustment") else OWN_REFS["cold:"])


LOST = "Scrap them in the cold room; or count what is there, where some are missing."


def signed(target: Entry) -> Refusal | None:
    """Why an entry may not be taken back by hand: it is of what a breach set aside, or of somebody's signed word."""
    if not target.ref.startswith(SIGNED):
        return None
    said = f"Entry {target.id} is what a breach set aside, or what somebody signed for."
    return Refusal("held", said, OWN_REFS["cold:"])


def _goes_away(entry: Entry, slots: Collection[str]) -> bool:
    """Whether somebody is to get goods."""
    away = entry.kind == "pick" or (entry.kind == "transfer" and bool(entry.other) and entry.other not in slots)
    return away and entry.units < 0


def _withdrawal(entry: Entry, target: Entry | None, gone: Collection[int]) -> Refusal | None:
    number = taken_back(entry)
    if number is None or target is None or target.id != number:
        return Refusal("unknown_entry", f"There is no entry {entry.ref!r} to take back.", "Look its number up.")
    if taken_back(target) is not None:
        said = f"Entry {number} only takes {target.ref} back."
        return Refusal("takes_back", said, f"Tell anew what {target.ref} said.")
    if number in gone:
        return Refusal("taken_back", f"Entry {number} was taken back already.", "There is nothing left to do.")
    if target.sku != entry.sku:
        said = f"Entry {number} is of SKU {target.sku!r}, not of {entry.sku!r}."
        return Refusal("unknown_entry", said, "Look its number up.")
    if entry.happened_ms != target.happened_ms:
        said = f"Entry {number} is taken back at another time than it happened."
        return Refusal("time", said, "Give it the time of what it takes back; when it was known is kept apart.")
    return None


def _place(entry: Entry, slots: Collection[str], elsewhere: Collection[str] | None) -> Refusal | None:
    if entry.place and entry.place not in slots:
        said = f"{entry.sku} has no slot {entry.place!r}."
        return Refusal("unknown_slot", said, f"Use {_listed(slots)}, or leave the place empty: off the shelves.")
    if entry.kind != "transfer":
        return None
    if entry.other == entry.place:
        return Refusal("same_place", "A transfer goes to another place.", "Say in `other` where it goes to.")
    if entry.other and entry.other not in slots and elsewhere is not None and entry.other not in elsewhere:
        said = f"{entry.other!r} is no slot of {entry.sku}, and no other site."
        return Refusal("unknown_slot", said, f"Use {_listed([*slots, *elsewhere])}, or leave it empty.")
    return None


def _amount(entry: Entry) -> Refusal | None:
    units, kind = entry.units, entry.kind
    if abs(units) > UNITS_MAX:
        return Refusal("units", f"{units} units are more than the book holds.", "Is a digit too many?")
    if kind == "count":
        if units < 0:
            return Refusal("units", f"A count found {units} units.", "Tell what is there, 0 or more.")
    elif units == 0:
        return Refusal("units", f"A {kind} of 0 units says nothing.", "Tell how many units it was.")
    elif units * SIGNS.get(kind, units) < 0:
        way, side = WAYS[SIGNS[kind]]
        return Refusal("sign", f"A {kind} {way}, and has {units} units.", f"Give units {side} 0, or take another kind.")
    if entry.unit_cost is not None and not (isfinite(entry.unit_cost) and entry.unit_cost >= 0):
        said = f"A unit can not cost {entry.unit_cost}."
        return Refusal("unit_cost", said, "Give a number, 0 or more, or leave it out.")
    if kind == "adjustment" and entry.place:
        said = f"Slot {entry.place} weighs for itself what it holds."
        return Refusal("weighed", said, "Count it, or say what left it for what: a loss, a pick, a transfer.")
    return None


def _lot(entry: Entry, account: Account, slots: Collection[str]) -> Refusal | None:
    if entry.expiry and not _is_date(entry.expiry):
        said = f"{entry.expiry!r} is no date."
        return Refusal("expiry", said, "Write it as 2026-03-31: year, month, day.")
    lot = entry.lot or entry.expiry
    if not lot:
        return None
    known = account.batches.expiry.get(lot, "")
    if entry.lot and entry.expiry and known and entry.expiry != known:
        said = f"Lot {lot} expires on {known}, not on {entry.expiry}."
        hint = f"Leave the date out, or name the lot otherwise. If {known} is wrong, take back what said so first."
        return Refusal("expiry", said, hint)
    if entry.kind == "count" and slots:
        said = f"Lots of {entry.sku} are not told apart by place, so that one can not be counted there."
        return Refusal("lot", said, "Count the place as a whole, without a lot.")
    if entry.units >= 0 and entry.kind != "quarantine":
        return None
    there = account.batches.units.get(lot, 0)
    if entry.place:
        there += sum(one.units for seen in account.seen.get(entry.place, ()) for one in seen.batches if one.lot == lot)
    if not there:
        others = [one for one in account.lots if one]
        return Refusal("unknown_lot", f"There is nothing of lot {lot!r}.", f"Use {_listed(others)}, or leave it out.")
    if entry.kind == "quarantine" or -entry.units <= there:
        return None
    said = f"{there} of lot {lot} are there, {-entry.units} were asked."
    return Refusal("short", said, f"Tell {there} of that lot, and of which lots the others were.")


def _aside(entry: Entry, account: Account) -> Refusal | None:
    lot = entry.lot or entry.expiry
    aside = account.aside.get(lot, 0)
    of = f" of lot {lot}" if lot else ""
    if entry.ref.startswith(SIGNED):
        aside = account.held.get(lot, 0)  # also of what is missing
    if entry.units < 0:
        if aside + entry.units >= 0:
            return None
        said = f"{aside}{of} are in quarantine, {-entry.units} were to be released."
        return Refusal("quarantine", said, f"Release at most {aside}." if aside else "Name the lot that is set aside.")
    free = account.on_hand - account.quarantined
    if lot:
        free = min(free, account.batches.units.get(lot, 0) - account.aside.get(lot, 0))
    if entry.units <= free:
        return None
    said = f"{max(0, free)}{of} are there and not yet in quarantine, {entry.units} were to be set aside."
    return Refusal("quarantine", said, "Set aside what is there; count it where more is.")


def _short(entry: Entry, account: Account, sku: Sku) -> Refusal | None:
    units = -entry.units
    if units <= 0 or entry.kind == "count":
        return None
    if entry.place:
        seen = sum(one.units for one in account.seen.get(entry.place, ()))
        there = account.shelves.get(entry.place, 0) + seen
        if units <= there:
            return None
        said = f"{entry.place} holds {there - seen} and {seen} just left it, {units} were asked."
        return Refusal("short", said, "Take what is there, or count the slot where more is.")
    if units <= account.off or sku.negative == "allow":
        return None
    there, shelves = max(0, account.off), sum(account.shelves.values())
    if shelves:
        said = f"{there} are there off the shelves, {units} were asked; the shelves hold {shelves}."
        return Refusal("short", said, "Name the slot it is taken from, or book the receipt that is missing first.")
    said = f"{there} are there, {units} were asked."
    return Refusal("short", said, f"Take {there}, or book the receipt that is missing first." if there else _NO_STOCK)


_NO_STOCK = 'Book the receipt that is missing first, or let the SKU be owed: negative = "allow".'


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)[:5]
    if not shown:
        return "none, there are none"
    return ", ".join(shown) + (f" or another of {len(names)}" if len(names) > len(shown) else "")
