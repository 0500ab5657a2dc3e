"""What is set aside: by people, who may give it back as they like, and for breaches of the cold chain, which a signed
word alone makes free again.

What people set aside goes with its units. What a breach `held` is owed a word for: counted away, lost or taken off a
shelf it is there no more, but found again it is in quarantine again, with the very fact that tells of it. Found are
units that come by a count, a correction or back (`FOUND`); what is received is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cloud.core.book.entries import Entry

if TYPE_CHECKING:
    from cloud.core.book.state import Account

SIGNED: Final = "cold:"
"""The `ref` of what a breach set aside, and of what somebody signed for, begins so."""
FOUND: Final = frozenset(("count", "put", "adjustment"))


def set_aside(account: Account, more: Mapping[str, int]) -> None:
    """People set so many more units aside, by lot (below 0: fewer), as far as they are there. What is held for a breach
    comes first; units of no known lot are of whatever is left."""
    by_people, held, there = account.by_people, account.held, account.batches.units
    for lot, units in more.items():
        by_people[lot] = by_people.get(lot, 0) + units
    if not by_people and not held and not account.aside:
        return
    aside = {lot: min(units, there.get(lot, 0)) for lot, units in held.items() if lot}
    rest = sum(there.values()) - sum(aside.values())
    if held:
        missing = sum(held.values()) - held.get("", 0) - sum(aside.values())
        aside[""] = min(held.get("", 0) + min(missing, _others(account, aside)), max(0, rest))
        rest -= aside[""]
    for lot in sorted(by_people, reverse=True):
        room = min(rest, there.get(lot, 0) - aside.get(lot, 0)) if lot else rest
        by_people[lot] = min(by_people[lot], room)
        if by_people[lot] > 0:
            aside[lot] = aside.get(lot, 0) + by_people[lot]
            rest -= by_people[lot]
        else:
            del by_people[lot]
    account.aside = {lot: units for lot, units in aside.items() if units > 0}


def hold(account: Account, lot: str, units: int) -> None:
    """A breach sets so many more units of a lot aside; below 0: somebody signed for so many."""
    held = account.held
    held[lot] = held.get(lot, 0) + units
    account.dates[lot] = account.batches.expiry.get(lot, "") or account.dates.get(lot, "")
    if held[lot] <= 0:
        del held[lot], account.dates[lot]
    if not held:
        account.turned_up.clear()
    set_aside(account, {})


def waiting(account: Account) -> dict[str, int]:
    """Lot -> its units that are there and wait for a signed word; of no known lot ("") also those that stand for held
    ones which are missing."""
    if not account.held:
        return {}
    found = {lot: units - account.by_people.get(lot, 0) for lot, units in account.aside.items()}
    return {lot: units for lot, units in found.items() if units > 0}


def found_again(account: Account, entry: Entry, before: Mapping[str, int]) -> None:
    """After a fact: what was found is of the held lots that were missing. `before` are the units by lot then."""
    batches = account.batches
    if entry.kind in FOUND:
        loose = batches.units.get("", 0) - before.get("", 0)
        for lot, units in account.held.items():
            again = min(loose, units - batches.units.get(lot, 0))
            if lot and again > 0:
                batches.rename(again, lot, account.dates[lot])
                loose -= again
            if lot in batches.units and not batches.expiry[lot]:
                batches.come(lot, 0, account.dates[lot])  # it is the same lot, whoever counted it
        for lot, units in batches.units.items():
            if lot and units > before.get(lot, 0):
                account.turned_up[lot] = account.turned_up.get(lot, 0) + units - before.get(lot, 0)
    set_aside(account, {})


def _others(account: Account, aside: Mapping[str, int]) -> int:
    """Units of other lots that were found meanwhile: while held ones are missing, they may be those."""
    there = account.batches.units
    return sum(min(units, there.get(lot, 0) - aside.get(lot, 0)) for lot, units in account.turned_up.items())
