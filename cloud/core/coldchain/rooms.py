"""A room at one moment, for each way in which goods are kept there: what the rules judge and people see."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cloud.core.coldchain.approach import minutes_to
from cloud.core.coldchain.chamber import Kept
from protocols.excursions import Cause

Kind = Literal["", "defrost", "excursion", "breach"]


class RoomNow(Struct, frozen=True):
    """A zone for goods of one storage ("": the zone by itself). `kind` is what it is in, since `since_ms`, above
    (`side` 1) or below (-1) its limits, as far as `peak_c`, known to be outside for `outside_ms`; `why` made it a
    breach. `to_limit_min`: in so many minutes it reaches `limit_c`, if it goes on as it does: the limit while it is
    inside, what is borne at most while it is outside. `lots` lie there; `excursion` is its number in the dossier,
    `undecided` how many lots of this room wait for a release or a scrap.
    """

    zone: str
    storage: str
    kind: Kind = ""
    why: Cause = ""
    side: int = 0
    since_ms: int = 0
    peak_c: float = 0.0
    outside_ms: int = 0
    celsius: float | None = None
    at_ms: int = 0
    limit_c: float | None = None
    to_limit_min: float | None = None
    lots: int = 0
    excursion: int = 0
    undecided: int = 0


def room(zone: str, storage: str, kept: Kept, now_ms: int, lots: int = 0, excursion: int = 0, open: int = 0) -> RoomNow:
    """The room as it is now."""
    seen, one = kept.course.room, kept.course.now
    if not seen.at_ms:
        return RoomNow(zone, storage, lots=lots, undecided=open)
    limit_c, minutes = ahead(kept, now_ms)
    if one is None:
        return RoomNow(
            zone, storage, celsius=seen.celsius, at_ms=seen.at_ms, limit_c=limit_c, to_limit_min=minutes, lots=lots,
            undecided=open,
        )  # fmt: skip
    return RoomNow(
        zone, storage, one.kind, one.why, one.side, one.began_ms, one.peak_c, one.outside_ms, seen.celsius, seen.at_ms,
        limit_c, minutes, lots, excursion, open,
    )  # fmt: skip


def ahead(kept: Kept, now_ms: int) -> tuple[float | None, float | None]:
    """The limit that the room nears, and in how many minutes it is there; the sooner of two. A defrost goes back by
    itself, and a breach can get no worse."""
    one, by = kept.course.room.now, kept.by
    if one is not None and one.kind != "excursion":
        return None, None
    wanted = [(by.high_c, 1), (by.low_c, -1)] if one is None else []
    if one is not None:
        wanted = [(by.outer_high_c if one.side > 0 else by.outer_low_c, one.side)]
    found = [
        (minutes, limit)
        for limit, side in wanted
        if limit is not None and (minutes := minutes_to(kept.lately, limit, side, now_ms)) is not None
    ]
    if not found:
        return None, None
    minutes, limit = min(found)
    return limit, minutes
