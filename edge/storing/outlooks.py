"""How long the outbox's room lasts, and which numbers were given when: both read from the pace of the numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from edge.storing.outbox import LaneState, Outbox
from protocols import ranges
from protocols.reports import Lane

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
KNOWN_AFTER_MS = 3_600_000
"""The rate is told once it has been seen for an hour: what devices hand in at first is no rate."""

All = Callable[..., list[Any]]


class Outlook(NamedTuple):
    """How long the room lasts. `hours` at the rate of the last day (None: not known yet). `full`: why telemetry is
    thinned now, "outbox_full" or "disk_full"; "" when it is not. `disk_bytes`: the whole disk."""

    used_bytes: int
    max_bytes: int
    disk_free_bytes: int
    hours: float | None
    oldest_pending_ms: int | None
    pending: dict[Lane, int]
    bytes_per_hour: int
    full: str
    disk_bytes: int = 0


def outlook(read: All, outbox: Outbox, bytes_max: int, disk: tuple[int, int], full: str, now_ms: int) -> Outlook:
    """The outlook at a time; `read` runs a query; `disk`: bytes that are free, and all."""
    disk_free_bytes, disk_bytes = disk
    waiting = sum(outbox.pending_bytes(lane) for lane in outbox.lanes)
    page, pages, spare = (read(f"PRAGMA {name}")[0][0] for name in ("page_size", "page_count", "freelist_count"))
    rate = sum(_bytes_per_hour(read, lane, state, now_ms) for lane, state in outbox.lanes.items())
    room = min(bytes_max - waiting, disk_free_bytes + page * spare + outbox.used - waiting)
    oldest = [
        at_ms
        for lane, state in outbox.lanes.items()
        if state.waits
        for (at_ms,) in read(
            "SELECT at_ms FROM pace WHERE lane = ? AND seq <= ? ORDER BY seq DESC, at_ms LIMIT 1",
            (lane, state.unsigned_from),
        )
    ]
    return Outlook(
        used_bytes=page * (pages - spare),
        max_bytes=bytes_max,
        disk_free_bytes=disk_free_bytes,
        hours=round(max(0, room) / rate, 1) if rate else None,
        oldest_pending_ms=min(oldest, default=None),
        pending={lane: ranges.size(state.waits) for lane, state in outbox.lanes.items()},
        bytes_per_hour=round(rate),
        full=full,
        disk_bytes=disk_bytes,
    )


def numbers_between(read: All, state: LaneState, lane: Lane, from_ms: int, to_ms: int) -> tuple[int, int] | None:
    """The lane's numbers given between two times, from the note before to the note after; None when there are none."""
    ((first, last),) = read(
        "SELECT COALESCE((SELECT seq FROM pace WHERE lane = ?1 AND at_ms <= ?2 ORDER BY at_ms DESC LIMIT 1),"
        " (SELECT MIN(seq) FROM pace WHERE lane = ?1)),"
        " (SELECT seq - 1 FROM pace WHERE lane = ?1 AND at_ms > ?3 ORDER BY at_ms LIMIT 1)",
        (lane, from_ms, to_ms),
    )
    last = state.next_seq - 1 if last is None else last
    return (first, last) if first is not None and first <= last and from_ms <= to_ms else None


def _bytes_per_hour(read: All, lane: Lane, state: LaneState, now_ms: int) -> float:
    """What a lane's reports of the last day take once they are packed; as they are while none is packed yet."""
    then = read(
        "SELECT at_ms, written FROM pace WHERE lane = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms LIMIT 1",
        (lane, now_ms - DAY_MS, now_ms - KNOWN_AFTER_MS),
    )
    if not then:
        return 0.0
    size, raw = read(
        "SELECT SUM(size), SUM(raw) FROM (SELECT size, raw FROM packed WHERE lane = ? ORDER BY first DESC LIMIT 20)",
        (lane,),
    )[0]
    at_ms, written = then[0]
    packed: float = size / raw if raw else 1.0
    return (state.written - int(written)) * packed * HOUR_MS / (now_ms - int(at_ms))
