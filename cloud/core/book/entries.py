"""The facts of the book: what people, papers and orders say, and what the shelves sensed, in one shape.

Every fact has two times, when it happened and when it was known, and is never changed: what was wrong is taken back
by another one. The order of the book is `order`: by what happened, not by when it was told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

Kind = Literal["receipt", "pick", "put", "transfer", "adjustment", "count", "loss", "quarantine"]
COUNTED: Final = frozenset(("first", "count"))
"""Sources of sensed changes in which no goods moved: a slot's first count, and a person's correction."""
SENSED: Final = "sensed"
"""The `ref` of what the shelves told."""
SLOT: Final = "slot:"
"""A `ref` that begins so names a slot that is the SKU's no more: what lay there is off the shelves since."""
NO_CLAIM: Final = "no_claim"
"""The `other` of a person's count at a slot whose scale claimed nothing at that second."""
TAKES_BACK: Final = "entry:"
"""A `ref` that begins so names the entry that it takes back."""


class Entry(Struct, frozen=True, gc=False):
    """One fact. `units` are signed, what the site gained (a pick: negative); of a count what was found, of a quarantine
    what was set aside (> 0) or released (< 0).

    `place` is a slot, or "" off the shelves; `other` the slot ("": off the shelves), or the neighbour site, on the
    other side of a transfer; of a count `NO_CLAIM`, or nothing. `expiry` is an ISO date, `unit_cost` money a unit where
    it is known. `ref` says what it belongs to: "order:7", "reservation:3", "entry:5" (takes that one back), "sensed",
    "slot:a1". `key` is the one it came with, unique where not empty; `id` the ledger's.
    """

    kind: Kind
    sku: str
    units: int
    happened_ms: int
    known_ms: int
    place: str = ""
    other: str = ""
    lot: str = ""
    expiry: str = ""
    unit_cost: float | None = None
    ref: str = ""
    by: str = ""
    note: str = ""
    key: str = ""
    id: int = 0


class Sensed(Entry, frozen=True, gc=False):
    """What a shelf told: beside the change, the `count` that is there after it, which stands whatever was missed."""

    count: int = 0


def sensed(
    slot: str, sku: str, delta: int, count: int, happened_ms: int, known_ms: int, source: str, id: int = 0
) -> Sensed:
    """A slot's movement as an entry: fewer units a pick, more a put; its first count and a correction are counts."""
    kind: Kind = "count" if source in COUNTED else "pick" if delta < 0 else "put"
    units = count if kind == "count" else delta
    return Sensed(kind, sku, units, happened_ms, known_ms, slot, ref=SENSED, by=source, id=id, count=count)


def order(entry: Entry) -> tuple[int, int, int]:
    """The place of an entry in the book: when it happened, when it was known, which it was."""
    return entry.happened_ms, entry.known_ms, entry.id


def taken_back(entry: Entry) -> int | None:
    """The id of the entry that this one takes back; None where it takes back none."""
    ref = entry.ref
    if not ref.startswith(TAKES_BACK):
        return None
    number = ref[len(TAKES_BACK) :]
    return int(number) if number.isascii() and number.isdecimal() else None


def take_back(entry: Entry, known_ms: int, by: str, note: str = "", key: str = "") -> Entry:
    """The entry that takes another one back: as if it had never been told, in its place and time."""
    return replace(
        entry,
        units=-entry.units,
        known_ms=known_ms,
        ref=f"{TAKES_BACK}{entry.id}",
        by=by,
        note=note,
        key=key,
        id=0,
    )


def order_of(entry: Entry) -> int | None:
    """The order that an entry belongs to; None where it belongs to none."""
    noun, _, number = entry.ref.partition(":")
    return int(number) if noun == "order" and number.isascii() and number.isdecimal() else None


def withdrawn(entries: Iterable[Entry], known_to_ms: int | None = None) -> frozenset[int]:
    """The ids that are taken back by what was known at a moment (None: by all). One that was taken back itself takes
    nothing back any more."""
    takers = {one.id: back for one in entries if (back := _taken(one, known_to_ms)) is not None}
    gone: set[int] = set()
    for taker in sorted(takers, reverse=True):  # what takes back is younger than what it takes back
        if taker not in gone:
            gone.add(takers[taker])
    return frozenset(gone)


def _taken(entry: Entry, known_to_ms: int | None) -> int | None:
    return taken_back(entry) if known_to_ms is None or entry.known_ms <= known_to_ms else None
