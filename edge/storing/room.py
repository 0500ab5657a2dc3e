"""Where the outbox's room comes from: packing what is older, letting go what was signed for, thinning telemetry.

Events that wait are never among the victims.
"""

from __future__ import annotations

import zlib
from itertools import chain, repeat

import msgspec

from edge.storing import sums
from edge.storing.errors import OutboxFull, StoreDamaged
from edge.storing.outbox import PACK_REPORTS, Outbox
from protocols import ranges
from protocols.ranges import Ranges
from protocols.reports import LANES, Lane, Thinned

PACK_BYTES = 128 * 1024
"""What one block holds at most, before it is packed: some milliseconds of work."""
PACK_LEVEL = 1
"""Level 6 would save another twentieth and take twice as long."""
THIN_BLOCKS = 64
THIN_ROWS = 5000
THIN_SHARE = 10
"""One thinning takes one part in this many of the waiting telemetry, oldest first, up to so many blocks or rows."""
THIN_MORE = 4
"""The part when that was not enough for one group; after it all goes that is left."""
EVICT_BLOCKS = 64

_pack = msgspec.msgpack.Encoder().encode


def evict(outbox: Outbox) -> int:
    """Let the oldest kept blocks go, telemetry before events, or kept rows when there is no such block; the bytes that
    are free for others now."""
    for take in (_kept_blocks, _kept_rows):
        for lane in reversed(LANES):
            state = outbox.lanes[lane]
            freed = take(outbox, lane, ranges.gaps(state.waits, state.kept_from, state.next_seq - 1))
            if freed:
                outbox.went(lane)
                return freed
    return 0


def fit(outbox: Outbox, limit: int, before: int, at_ms: int) -> str:
    """Make room when more than `limit` bytes are stored, until no more are than `before`: a limit that was lowered is
    come to in many small steps. "outbox_full" when telemetry that waits had to go. Raises `OutboxFull` when there is
    none left and it is not enough."""
    shares, why = chain((THIN_SHARE, THIN_MORE), repeat(1)), ""
    while outbox.used > limit:
        if not evict(outbox):
            if not thin(outbox, at_ms, "outbox_full", next(shares)):
                what = f"{before / 1e6:.1f} MB wait for the service, and its limit is {limit / 1e6:.1f} MB"
                raise OutboxFull(
                    f"the gateway's outbox is full: {what}; see why the service does not sign for them, or start the"
                    " gateway with a larger --outbox-max-mb"
                )
            why = "outbox_full"
        if outbox.used <= max(limit, before):
            break
    return why


def thin(outbox: Outbox, at_ms: int, why: str, part: int = THIN_SHARE) -> int:
    """Let the oldest telemetry that waits go, one part in so many of it, and say so in an event; how many reports."""
    lane: Lane = "telemetry"
    state = outbox.lanes[lane]
    waits = state.waits
    if not waits:
        return 0
    oldest = waits[0][0]
    blocks = _oldest_blocks(outbox, oldest, waits, part)
    if blocks:
        last = blocks[-1][0] + blocks[-1][2] - 1
        _delete_blocks(outbox, lane, [(first, size) for first, size, _ in blocks])
    else:
        share = max(1, min(THIN_ROWS, ranges.size(waits) // part))
        last = outbox.scalar(
            "SELECT COALESCE(MAX(seq), -1) FROM"
            " (SELECT seq FROM outbox WHERE lane = ? AND seq >= ? ORDER BY seq LIMIT ?)",
            *(lane, oldest, share),
        )
        if last < 0:
            raise StoreDamaged(f"telemetry {oldest} waits but is not there")
    _delete_rows(outbox, lane, oldest, last)
    gone = ranges.within(waits, oldest, last)
    count = ranges.size(gone)
    state.thinned += count
    state.wait_for(ranges.minus(waits, gone))
    outbox.went(lane)
    outbox.append([Thinned(oldest, gone[-1][1], count, at_ms, why)], at_ms)
    return count


def pack(outbox: Outbox, lane: Lane) -> bool:
    """Put the lane's oldest loose reports into one block; whether more are left to pack."""
    state = outbox.lanes[lane]
    if state.loose < 2 * PACK_REPORTS:
        return False
    seqs: list[int] = []
    blobs: list[bytes] = []
    raw = 0
    for seq, report in outbox.loose(lane, 0, state.next_seq, PACK_REPORTS):
        raw += len(report)
        if seqs and (seq != seqs[-1] + 1 or raw > PACK_BYTES):
            raw -= len(report)
            break
        seqs.append(seq)
        blobs.append(report)
    packed = zlib.compress(_pack(blobs), PACK_LEVEL)
    outbox.connection.execute(
        "INSERT INTO packed (lane, first, count, size, raw, reports, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (lane, seqs[0], len(seqs), len(packed), raw, packed, sums.of_report(seqs[0], packed)),
    )
    outbox.connection.execute("DELETE FROM outbox WHERE lane = ? AND seq <= ?", (lane, seqs[-1]))
    state.loose -= len(seqs)
    state.bytes += len(packed) - raw
    outbox.save(lane)
    return state.loose >= 2 * PACK_REPORTS


def _kept_blocks(outbox: Outbox, lane: Lane, signed: Ranges) -> int:
    blocks: list[tuple[int, int]] = []
    for first, last in signed:
        blocks += outbox.connection.execute(
            "SELECT first, size FROM packed WHERE lane = ? AND first BETWEEN ? AND ? AND first + count - 1 <= ?"
            " ORDER BY first LIMIT ?",
            (lane, first, last, last, EVICT_BLOCKS - len(blocks)),
        ).fetchall()
        if len(blocks) >= EVICT_BLOCKS:
            break
    return _delete_blocks(outbox, lane, blocks)


def _kept_rows(outbox: Outbox, lane: Lane, signed: Ranges) -> int:
    return sum(_delete_rows(outbox, lane, first, last) for first, last in signed)


def _oldest_blocks(outbox: Outbox, oldest: int, waits: Ranges, part: int) -> list[tuple[int, int, int]]:
    """(first, size, count) of the blocks of telemetry with numbers that wait, as many as one thinning takes."""
    since = ("telemetry", oldest - PACK_REPORTS)
    share = outbox.scalar("SELECT COUNT(*) FROM packed WHERE lane = ? AND first > ?", *since) // part
    found: list[tuple[int, int, int]] = []
    for first, size, count in outbox.connection.execute(
        "SELECT first, size, count FROM packed WHERE lane = ? AND first > ? ORDER BY first", since
    ):
        if ranges.within(waits, first, first + count - 1):
            found.append((first, size, count))
            if len(found) >= min(THIN_BLOCKS, share):
                break
    return found


def _delete_blocks(outbox: Outbox, lane: Lane, blocks: list[tuple[int, int]]) -> int:
    outbox.connection.executemany(
        "DELETE FROM packed WHERE lane = ? AND first = ?", [(lane, first) for first, _ in blocks]
    )
    freed = sum(size for _, size in blocks)
    outbox.lanes[lane].bytes -= freed
    return freed


def _delete_rows(outbox: Outbox, lane: Lane, first: int, last: int) -> int:
    count, freed = outbox.connection.execute(
        "SELECT COUNT(*), COALESCE(SUM(LENGTH(report)), 0) FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ?",
        (lane, first, last),
    ).fetchone()
    if count:
        outbox.connection.execute("DELETE FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ?", (lane, first, last))
        outbox.lanes[lane].loose -= count
        outbox.lanes[lane].bytes -= freed
    return int(freed)
