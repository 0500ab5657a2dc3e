"""What the dated lots of an SKU are about to cost: units that will not sell by their day, first expired first out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Stake(NamedTuple):
    """The lots of an SKU: that which will expire first with units at stake (`lot`, in so many `days`; below 0: over),
    how many units it has, and in all: units that will not sell by their day, units that expired already and are free
    to be picked, and lots that have such."""

    lot: str
    days: int
    units: int
    at_stake: int
    expired: int
    lots: int


def stake(lots: Sequence[tuple[str, int, int]], daily: float) -> Stake | None:
    """Of lots (name, units, days to their date, that which expires first first) at a demand a day; None where all will
    sell. What goes first is used first, so demand until a day serves all lots up to it.
    """
    at_stake = expired = sold = count = 0
    first: tuple[str, int, int] | None = None
    for lot, units, days in lots:
        if days < 0:
            expired += units
            left = units
        else:
            room = max(0, int(daily * (days + 1)) - sold)
            sold += min(units, room)
            left = units - min(units, room)
        if left:
            count += 1
            at_stake += left
            first = first or (lot, days, units)
    return Stake(*first, at_stake, expired, count) if first is not None else None
