"""The timestamps of a series, judged: what is repeated, reversed, missing, or a clock that was put back.

Wall clocks go back an hour in autumn and leave one out in spring; devices lose their time and start anew. A sample that
comes out of order is not judged, a clock that was put back is followed.
"""

from __future__ import annotations

from statistics import median
from typing import Literal

from msgspec import Struct, field

Note = Literal["repeated", "reversed", "gap", "daylight saving", "clock put back"]
HOUR_MS = 3_600_000
SPACINGS = 31
SPACINGS_MIN = 5
GAP_TIMES = 3
"""A step of more than so many usual ones is a gap."""
BACK_ROWS = 10
"""So many samples in order, all older than the last one, and the clock was put back."""
CHANGE_HOURS = range(4)
"""Where the wall clock's hour is left out or told twice."""


class Clock(Struct):
    """What is remembered of a series' time; bounded."""

    last_ms: int | None = None
    offset_ms: int = 0
    spacings_ms: list[int] = field(default_factory=list)
    usual_ms: float = 0.0
    back_ms: int = 0
    back_rows: int = 0


def take(clock: Clock, at_ms: int) -> tuple[bool, Note | None]:
    """Whether a sample of this time is to be judged, and what there is to be said of its time."""
    if clock.last_ms is None:
        clock.last_ms = at_ms
        return True, None
    now_ms = at_ms + clock.offset_ms
    by_ms = now_ms - clock.last_ms
    if by_ms == 0:
        return False, "repeated"
    if by_ms < 0:
        return _older(clock, now_ms)
    note: Note | None = None
    if clock.usual_ms and by_ms > GAP_TIMES * clock.usual_ms:
        note = "gap"
        if clock.usual_ms < HOUR_MS and abs(by_ms - HOUR_MS - clock.usual_ms) <= clock.usual_ms / 2:
            if clock.offset_ms >= HOUR_MS:
                clock.offset_ms -= HOUR_MS
                now_ms -= HOUR_MS
                note = "daylight saving"
            elif (at_ms - by_ms) // HOUR_MS % 24 in CHANGE_HOURS:
                note = "daylight saving"
    elif len(clock.spacings_ms) < SPACINGS:
        clock.spacings_ms.append(by_ms)
        if len(clock.spacings_ms) >= SPACINGS_MIN:
            clock.usual_ms = median(clock.spacings_ms)
    clock.last_ms, clock.back_rows = now_ms, 0
    return True, note


def _older(clock: Clock, now_ms: int) -> tuple[bool, Note | None]:
    """A sample older than the last one."""
    assert clock.last_ms is not None, "there is a last one"
    again_ms = now_ms + HOUR_MS - clock.last_ms
    hour = (now_ms - clock.offset_ms) // HOUR_MS % 24
    if hour in CHANGE_HOURS and clock.usual_ms and 0 < again_ms <= 1.5 * clock.usual_ms < HOUR_MS:
        clock.offset_ms += HOUR_MS
        clock.last_ms, clock.back_rows = now_ms + HOUR_MS, 0
        return True, "daylight saving"
    clock.back_rows = clock.back_rows + 1 if clock.back_rows and now_ms > clock.back_ms else 1
    clock.back_ms = now_ms
    if clock.back_rows < BACK_ROWS:
        return False, "reversed"
    step_ms = max(1, int(clock.usual_ms))
    clock.offset_ms += clock.last_ms + step_ms - now_ms
    clock.last_ms, clock.back_rows = clock.last_ms + step_ms, 0
    return True, "clock put back"
