"""When a room left its limits, how far, and whether that was a defrost, an excursion or a breach. A fold over samples.

A defrost warms the air evenly, by what its heater gives, for some tens of minutes, and the compressor takes it back at
once; a door left open or goods put in warm come in a jump. So a steady rise is left in peace for as long as a defrost
of this room may take; what it did to the goods is counted all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from protocols.cold import Storage

Kind = Literal["defrost", "excursion", "breach"]
Cause = Literal["", "too_far", "too_long", "kinetic", "budget", "aged"]

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
JUMP_C_A_MINUTE = 3.0
"""Air that warms faster was not warmed by a heater: defrosts of a real freezer came to 1.9, a door to 20."""
REST_MS = 3 * HOUR_MS
"""Between the end of a defrost and the next there is at least so much time."""
GAP_MS = 30 * MINUTE_MS
"""Between samples further apart nothing is known: no time outside is counted. Of a thermometer that always tells
seldom, see `held_ms`."""
SPARSE_MS = 2 * HOUR_MS
"""Longer than this no sample holds, however seldom a thermometer tells."""
PACES = 5
"""A thermometer's own pace is the middle one of so many of its last intervals, of three at least ..."""
PATIENCE = 2.5
"""... and its sample holds for so many of them: one message may be lost."""
DEFROST_C, DEFROST_OUTER_C = 25.0, 10.0
"""A defrost warms the air to so much above the limit at most, or above the outer one where there is one: those of a
real freezer came to 6 above what its goods bear."""
SPIKE_C = 20.0
"""What is further than this from the sample before is believed once a second one says so."""
BACK_C = 0.3
"""It is over when it is back inside by so much, or inside for `SETTLED_MS`."""
SETTLED_MS = 5 * MINUTE_MS


class Excursion(Struct, frozen=True):
    """Once outside, above (`side` 1) or below (-1). `peak_c` is the farthest, `outside_ms` the time that is known to
    have been outside. `why` says what made it a breach. `ended_ms` 0: it is not over."""

    began_ms: int
    side: int
    peak_c: float
    kind: Kind = "excursion"
    outside_ms: int = 0
    why: Cause = ""
    breach_ms: int = 0
    ended_ms: int = 0


class Room(Struct, frozen=True):
    """What is known of a room: its last sample, the excursion it is in, whether all of its rise was steady, since when
    it is inside again, and when a defrost ended last."""

    at_ms: int = 0
    celsius: float = 0.0
    now: Excursion | None = None
    steady: bool = True
    inside_ms: int = 0
    defrosted_ms: int = -REST_MS


def held_ms(intervals: Sequence[int]) -> int:
    """How long a sample holds, by a thermometer's last intervals (ms)."""
    pace = sorted(intervals)[len(intervals) // 2] if len(intervals) * 2 > PACES else 0
    return round(min(SPARSE_MS, max(GAP_MS, PATIENCE * pace)))


def paced(intervals: Sequence[int], interval_ms: int) -> list[int]:
    """A thermometer's last intervals with one more; none are kept of one that tells often, as nearly all do."""
    if not intervals and interval_ms * PATIENCE <= GAP_MS:
        return []
    kept = [*intervals, interval_ms][-PACES:]
    return kept if max(kept) * PATIENCE > GAP_MS else []


def step(room: Room, at_ms: int, celsius: float, kept: Storage, gap_ms: int = GAP_MS) -> tuple[Room, Excursion | None]:
    """The room after one more sample, and the excursion where it is new, another or over. Samples that are not newer
    are left out. The sample before held for `gap_ms` at most."""
    if at_ms <= room.at_ms:
        return room, None
    known = room.at_ms > 0 and at_ms - room.at_ms <= gap_ms
    jumped = known and (celsius - room.celsius) / max(1.0, (at_ms - room.at_ms) / MINUTE_MS) > JUMP_C_A_MINUTE
    side, before = kept.side(celsius), room.now
    after = replace(room, at_ms=at_ms, celsius=celsius)
    if before is None:
        if not side:
            return replace(after, steady=True, inside_ms=at_ms), None
        after = replace(after, steady=known and not jumped, inside_ms=0)  # what nobody saw rise is no defrost
        begun = _judged(Excursion(at_ms, side, celsius), room, after, kept)
        return replace(after, now=begun), begun
    after = replace(after, steady=room.steady and not jumped)
    if side == before.side:
        far = max(before.peak_c, celsius) if side > 0 else min(before.peak_c, celsius)
        more = at_ms - room.at_ms if known and not room.inside_ms else 0
        going = replace(before, peak_c=far, outside_ms=before.outside_ms + more)
        after = replace(after, inside_ms=0)
        going = _judged(going, room, after, kept)
        changed = (going.kind, going.why) != (before.kind, before.why)
        return replace(after, now=going), going if changed else None
    inside_ms = room.inside_ms or at_ms
    deep = side == -before.side or kept.side(celsius + before.side * BACK_C) == 0
    if not deep and at_ms - inside_ms < SETTLED_MS:
        return replace(after, inside_ms=inside_ms), None
    over = replace(before, ended_ms=inside_ms)
    defrosted = inside_ms if over.kind == "defrost" else room.defrosted_ms
    return replace(after, now=None, steady=True, inside_ms=inside_ms, defrosted_ms=defrosted), over


def _judged(one: Excursion, before: Room, room: Room, kept: Storage) -> Excursion:
    """What it is by now: only ever worse. One sample alone, far from the one before, is no breach: thermometers that
    just got power tell 85 degC."""
    if one.kind == "breach":
        return one
    lasts = room.at_ms - one.began_ms
    may_defrost = one.side > 0 and room.steady and one.began_ms - room.defrosted_ms >= REST_MS
    if may_defrost and lasts <= kept.defrost_minutes * MINUTE_MS and kept.defrost_minutes and _heated(one, kept):
        return replace(one, kind="defrost")
    if kept.unbearable(room.celsius) and (
        kept.unbearable(before.celsius) or (before.at_ms and abs(room.celsius - before.celsius) <= SPIKE_C)
    ):
        return replace(one, kind="breach", why="too_far", breach_ms=room.at_ms)
    if kept.excursion_minutes is not None and one.outside_ms > kept.excursion_minutes * MINUTE_MS:
        return replace(one, kind="breach", why="too_long", breach_ms=room.at_ms)
    return replace(one, kind="excursion")


def _heated(one: Excursion, kept: Storage) -> bool:
    """Whether it is no warmer than the heater of a defrost makes it."""
    if kept.outer_high_c is not None:
        return one.peak_c <= kept.outer_high_c + DEFROST_OUTER_C
    return kept.high_c is None or one.peak_c <= kept.high_c + DEFROST_C


def worst(low_c: float, high_c: float, kept: Storage) -> float:
    """The one temperature by which goods are judged that lie between these: the one outside, else the warmest; the
    coldest of those that may only not be too cold."""
    if kept.side(high_c) > 0:
        return high_c
    if kept.side(low_c) < 0:
        return low_c
    return high_c if kept.high_c is not None else low_c
