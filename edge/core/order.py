"""Which of two messages of a device is the newer one: by its numbers where it has them, else by its time.

A clock may be set back in mid-stream, or a backlog come out of order. The numbers (`boot`, `seq`) tell these apart, so
stock follows them: a newer message with an older time is taken at its time of receipt. A device without numbers is
judged by its time, until nothing newer came for long.
"""

from __future__ import annotations

from msgspec.structs import replace

from protocols.readings import Reading, TagReads

SET_BACK_MS = 5 * 60_000
SET_BACK_PERIODS = 6.0
"""When a device without numbers sent nothing newer for so long, and for so many of its periods, though it speaks, its
clock was set back."""

Taken = tuple[int, int, int, int]
"""Of the newest message of one kind: its boot and number (-1: it has none), when it came, and when it was taken, ms."""


def latest(
    taken: dict[str, Taken], key: str, reading: Reading, now_ms: int, period_ms: float, known_ms: int = 0
) -> Reading | None:
    """The reading, at the time at which it counts as taken; None when it is older than the newest of its kind (`key`,
    entered in `taken`), which was taken at `known_ms` where that is not entered."""
    at_ms = _placed(taken, key, reading.boot, reading.seq, reading.last_ms, now_ms, period_ms, known_ms)
    if at_ms is None or at_ms == reading.last_ms:
        return reading if at_ms is not None else None
    return replace(reading, at_ms=at_ms - (reading.last_ms - reading.at_ms))


def in_order(taken: dict[str, Taken], said: TagReads, now_ms: int, period_ms: float) -> TagReads:
    """The reads of a reader, moved to their time of receipt where its clock was set back."""
    at_ms = _placed(taken, "tags", said.boot, said.seq, said.at_ms, now_ms, period_ms, 0)
    if at_ms is None or at_ms == said.at_ms:
        return said
    by_ms = at_ms - said.at_ms
    return replace(said, at_ms=at_ms, reads=[replace(read, at_ms=read.at_ms + by_ms) for read in said.reads])


def _placed(
    taken: dict[str, Taken], key: str, boot: int, seq: int, last_ms: int, now_ms: int, period_ms: float, known_ms: int
) -> int | None:
    before = taken.get(key)
    newer = last_ms >= known_ms
    if before is not None:
        known_boot, known_seq, heard_ms, known_ms = before
        numbered = seq >= 0 and known_seq >= 0
        if numbered and boot == known_boot:
            newer = seq >= known_seq
        else:
            # A counter of boots may be reset, so it alone makes nothing older.
            long_ms = max(SET_BACK_MS, SET_BACK_PERIODS * period_ms)
            newer = last_ms >= known_ms or (numbered and boot > known_boot) or now_ms - heard_ms > long_ms
    if not newer:
        return None
    at_ms = last_ms if last_ms >= known_ms else max(known_ms, now_ms)
    taken[key] = (boot, seq, now_ms, at_ms)
    return at_ms
