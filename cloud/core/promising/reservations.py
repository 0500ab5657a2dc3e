"""A reservation: units of an SKU kept for a customer until a time. It ends once: picked, released, or run out.

Every change is a new value; what is over is never changed again, and ending it the same way twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.refusals import Refusal
from protocols.trade import Tier

State = Literal["held", "picked", "released", "expired"]
WORDS: Final[dict[State, str]] = {
    "held": "is held",
    "picked": "was picked",
    "released": "was released",
    "expired": "has run out",
}


class Reservation(Struct, frozen=True):
    """`units` of an SKU for a `customer` of `tier` ("": none of the listed ones), until `until_ms` (0: without end).
    `ref` is what it belongs to, `key` the one it came with (unique where not empty), `id` the ledger's."""

    sku: str
    units: int
    tier: str
    customer: str
    made_ms: int
    until_ms: int = 0
    state: State = "held"
    changed_ms: int = 0
    ref: str = ""
    note: str = ""
    by: str = ""
    key: str = ""
    id: int = 0


def reserved(reservations: Iterable[Reservation], sku: str) -> int:
    """The units of an SKU that are promised: the `reserved` of its position."""
    return sum(one.units for one in reservations if one.state == "held" and one.sku == sku)


def covered(held: Iterable[Reservation], there: int, tiers: Sequence[Tier]) -> dict[int, int]:
    """Of each reservation of one SKU that is held how many units are there for it, where `there` are to be had: those
    of the tiers served first before the others, inside a tier the first made. All of it, but where the world took what
    was promised: a loss, a quarantine, a count."""
    ranks = {one.id: at for at, one in enumerate(tiers)}
    left, found = max(0, there), {}
    for one in sorted(held, key=lambda one: (ranks.get(one.tier, len(ranks)), one.made_ms, one.id)):
        found[one.id] = min(left, one.units)
        left -= found[one.id]
    return found


def expire(reservations: Iterable[Reservation], now_ms: int) -> list[Reservation]:
    """Those that have run out by now, as they are after that: ended when their time was over, whenever that is seen."""
    return [
        replace(one, state="expired", changed_ms=one.until_ms)
        for one in reservations
        if one.state == "held" and 0 < one.until_ms <= now_ms
    ]


def release(reservation: Reservation, now_ms: int, by: str, note: str = "") -> Reservation | Refusal:
    """Given back. A released one stays as it is; one that was picked or has run out is refused."""
    if reservation.state == "released":
        return reservation
    if reservation.state != "held":
        return _over(reservation, "released")
    return replace(reservation, state="released", changed_ms=now_ms, by=by, note=note or reservation.note)


def picked(reservation: Reservation, units: int, now_ms: int, by: str) -> tuple[Reservation, ...] | Refusal:
    """So many units of it were handed out: the reservation as picked and, where fewer were, the rest as a new one
    that is held on (without an id or a key yet), so that no promised unit is lost. A picked one stays as it is."""
    if reservation.state == "picked" and units == reservation.units:
        return (reservation,)
    if reservation.state != "held":
        return _over(reservation, "picked")
    if not 0 < units <= reservation.units:
        detail = f"{reservation.units} are reserved; {units} can not be picked of them."
        return Refusal("not_so_many", detail, f"Pick 1 to {reservation.units}; reserve again for more.")
    done = replace(reservation, units=units, state="picked", changed_ms=now_ms, by=by)
    if units == reservation.units:
        return (done,)
    rest = replace(reservation, units=reservation.units - units, changed_ms=now_ms, by=by, key="", id=0)
    return done, rest


def _over(reservation: Reservation, wanted: str) -> Refusal:
    detail = f"The reservation {WORDS[reservation.state]}, so it can not be {wanted}."
    return Refusal("reservation_over", detail, "Make a new reservation.")
