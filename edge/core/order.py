"""Which of two messages of a device is the newer one: by its numbers where it has them, else by its time.

A clock may be set back in mid-stream, or a backlog come out of order. The numbers (`boot`, `seq`) tell these apart, so
stock follows them: a newer message with an older time is taken at its time of receipt. A device without numbers is
judged by its time, until nothing newer came for long.

Where a device's clock is known to be steady, an older time is a doubt even with a newer number: some devices number
what they kept when they send it. What was kept comes faster than it was made; a clock that was set back goes on from
there at the pace of all clocks. So an older time counts as set back when it has kept that pace for a while.
"""

from __future__ import annotations

from msgspec.structs import replace

from edge.core.rewind import moved
from protocols.readings import Reading, TagReads

SET_BACK_MS = 5 * 60_000
SET_BACK_PERIODS = 6.0
"""When a device without numbers sent nothing newer for so long, and for so many of its periods, though it speaks, its
clock was set back."""
OLD_MS = 60_000
"""What is older than the newest by less is no doubt: messages overtake one another."""
PACED_MS, PACE_MS = 30_000, 10_000
"""An older time that went on at the pace of ours for so long, as exactly as this, is that of a clock set back."""

DOUBT = "\tdoubt"
"""Entered beside the newest of a kind: the first message that looks older, and when it came."""

Taken = tuple[int, int, int, int]
"""Of the newest message of one kind: its boot and number (-1: it has none), when it came, and when it was taken, ms."""


def latest(
    taken: dict[str, Taken],
    key: str,
    reading: Reading,
    now_ms: int,
    period_ms: float,
    known_ms: int = 0,
    learnt: bool = False,
) -> Reading | None:
    """The reading, at the time at which it counts as taken; None when it is older than the newest of its kind (`key`,
    entered in `taken`), which was taken at `known_ms` where that is not entered. `learnt`: how far the device's clock
    is from ours is known and steady."""
    last_ms = reading.last_ms
    at_ms = _placed(taken, key, (reading.boot, reading.seq, last_ms), now_ms, period_ms, known_ms, learnt)
    if at_ms is None or at_ms == last_ms:
        return reading if at_ms is not None else None
    return replace(reading, at_ms=at_ms - (last_ms - reading.at_ms))


def set_back(taken: dict[str, Taken], now_ms: int, by_ms: int) -> None:
    """Our own time was set back (see edge.core.rewind): the times go back, the numbers stay."""
    for key, (boot, seq, heard_ms, at_ms) in taken.items():
        taken[key] = boot, seq, moved(heard_ms, now_ms, by_ms), moved(at_ms, now_ms, by_ms)


def in_order(taken: dict[str, Taken], said: TagReads, now_ms: int, period_ms: float) -> TagReads:
    """The reads of a reader, moved to their time of receipt where its clock was set back."""
    at_ms = _placed(taken, "tags", (said.boot, said.seq, said.at_ms), now_ms, period_ms, 0, False)
    if at_ms is None or at_ms == said.at_ms:
        return said
    by_ms = at_ms - said.at_ms
    return replace(said, at_ms=at_ms, reads=[replace(read, at_ms=read.at_ms + by_ms) for read in said.reads])


def ahead_ms(taken: dict[str, Taken], offset_ms: float) -> float:
    """How far the time of a reader's reads is ahead of ours: its clock's offset; but none where they are taken at their
    time of receipt, its clock having been set back."""
    last = taken.get("tags")
    return offset_ms if last is None else max(offset_ms, last[3] - last[2])


def _placed(
    taken: dict[str, Taken],
    key: str,
    said: tuple[int, int, int],
    now_ms: int,
    period_ms: float,
    known_ms: int,
    learnt: bool,
) -> int | None:
    boot, seq, last_ms = said
    before = taken.get(key)
    newer = last_ms >= known_ms
    if before is not None:
        known_boot, known_seq, heard_ms, known_ms = before
        numbered = seq >= 0 and known_seq >= 0
        long = now_ms - heard_ms > max(SET_BACK_MS, SET_BACK_PERIODS * period_ms)
        if numbered and boot == known_boot:
            newer = seq >= known_seq
        else:
            # A counter of boots may be reset, so it alone makes nothing older.
            newer = last_ms >= known_ms or (numbered and boot > known_boot) or long
        if newer and last_ms > known_ms - OLD_MS:
            taken.pop(key + DOUBT, None)
        elif not long and (not numbered or (newer and learnt)):
            newer = _paced(taken, key + DOUBT, said, now_ms)
    if not newer:
        return None
    at_ms = last_ms if last_ms >= known_ms else max(known_ms, now_ms)
    taken[key] = (boot, seq, now_ms, at_ms)
    return at_ms


def _paced(taken: dict[str, Taken], key: str, said: tuple[int, int, int], now_ms: int) -> bool:
    """Whether older times have gone on at the pace of ours for long enough; the first of them is entered."""
    boot, seq, last_ms = said
    first = taken.get(key)
    if first is None or abs((last_ms - first[3]) - (now_ms - first[2])) > PACE_MS:
        taken[key] = (boot, seq, now_ms, last_ms)
        return False
    return now_ms - first[2] >= PACED_MS
