"""What the book has at one place, moment by moment around a count: what a count is held against, and what moved then.

A fold of the SKU's facts up to some minutes after the count, the count itself left out. Facts that became known later
are in it at the time they happened, so the course of an old count may be another one today.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable

from msgspec import Struct

from cloud.core.book.accounts import Terms, opened, post
from cloud.core.book.entries import Entry, Sensed


class Course(Struct, frozen=True):
    """Units at a place: `start` until the first of `times_ms`, then `units[i]` from `times_ms[i]` on. `moves` are
    (time, units gained) of goods that came or went, counts and corrections not among them."""

    start: int
    times_ms: list[int]
    units: list[int]
    moves: list[tuple[int, int]]

    def at(self, at_ms: int) -> int:
        """The units at a moment within the time that was asked for, what happened at that moment included."""
        behind = bisect_right(self.times_ms, at_ms)
        return self.units[behind - 1] if behind else self.start


def course(
    entries: Iterable[Entry],
    by: Terms,
    slot: str,
    from_ms: int,
    to_ms: int,
    without: Collection[int] = (),
) -> Course:
    """The course of a place of one SKU ("" off the shelves) between two moments. `entries` come in their order
    (`entries.order`) from the first one on; `without` are the ids of the count itself, where it is booked already, and
    of what was taken back (`entries.withdrawn`)."""
    account = opened("", by)
    start = last = 0
    times: list[int] = []
    units: list[int] = []
    moves: list[tuple[int, int]] = []
    for entry in entries:
        if entry.happened_ms > to_ms:
            break
        if entry.id and entry.id in without and type(entry) is not Sensed:
            continue
        post(account, entry, by)
        now = account.shelves.get(slot, 0) if slot else account.off
        if entry.happened_ms < from_ms:
            start = now
        elif now != last:
            times.append(entry.happened_ms)
            units.append(now)
            if entry.kind not in ("count", "adjustment"):
                moves.append((entry.happened_ms, now - last))
        last = now
    return Course(start, times, units, moves)
