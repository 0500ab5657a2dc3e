"""What can be read of a damaged store, and the book that goes with it in the new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from edge.storing import pages, sums
from edge.storing.disk import SPARE_NUMBERS, beyond
from edge.storing.errors import StoreDamaged
from edge.storing.outbox import LaneState, Outbox, books
from edge.storing.rescue import Rescue
from protocols import ranges
from protocols.reports import LANES, Lane, Report, Thinned

KEYS = {
    "device": "id",
    "slot": "id",
    "snapshot": "id",
    "tag": "epc, device",
    "refused": "lane, seq",
    "problem": "id",
    "problem_count": "code",
    "replay": "id",
    "journal": "id",
    "pace": "lane, at_ms",
    "policy": "rowid",
}
"""All tables but those of reports and their books, and by what each is read."""
_END = 1 << 53


def carry(path: Path, new: sqlite3.Connection, now_ms: int, marked: dict[Lane, int]) -> list[str]:
    """Copy what can be read of a damaged store into a new one, within its transaction; what is to be said about it."""
    if not path.exists():
        return _account(new, {}, now_ms, marked)
    lost: list[str] = []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as old:
        rescue = Rescue(old)
        tables = rescue.tables()
        for table, key in KEYS.items():
            if table in ("device", "slot") and tables and "snapshot" not in tables:
                continue  # of the first schema: learnt anew, as its migration has it
            columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
            rows, whole = rescue.rows(table, columns, key)
            marks = ", ".join("?" * len(columns))
            new.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)
            if not whole:
                lost.append(table)
        known: dict[Lane, LaneState] = {}
        with suppress(sqlite3.Error, StoreDamaged):
            known = books(old)
        ends = {lane: known[lane].next_seq if known else _beyond(now_ms, marked) for lane in LANES}
        for block in rescue.blocks():
            if 0 <= block.first <= ends[block.lane] - block.reports:
                _put_block(new, *block)
        for lane in LANES:
            _put_loose(new, lane, rescue.loose(lane, 0, ends[lane] - 1))
    _search(path, new, known, _beyond(now_ms, marked))
    carried = _account(new, known, now_ms, marked)
    if lost:
        carried.append(f"not all of {', '.join(lost)} could be read; what is missing is learnt anew")
    if rescue.put_right:
        carried.append(f"{rescue.put_right} rows had one bit off and were put right by their checksum")
    return carried


def _put_block(new: sqlite3.Connection, lane: Lane, first: int, count: int, size: int, raw: int, blob: bytes) -> None:
    new.execute(
        "INSERT OR IGNORE INTO packed (lane, first, count, size, raw, reports, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (lane, first, count, size, raw, blob, sums.of_report(first, blob)),
    )


def _put_loose(new: sqlite3.Connection, lane: Lane, reports: Iterable[tuple[int, bytes]]) -> None:
    new.executemany(
        "INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?)",
        ((lane, seq, blob, sums.of_report(seq, blob)) for seq, blob in reports),
    )


def _search(path: Path, new: sqlite3.Connection, known: dict[Lane, LaneState], end: int) -> None:
    """Look page by page for the reports that should wait and were not found by their tables; for any at all when
    nothing was."""
    outbox = Outbox(new, {})
    there = {lane: outbox.there(lane, 0, _END) for lane in LANES}
    if known:
        missed = {lane: ranges.minus(known[lane].waits, there[lane]) for lane in LANES}
    else:
        missed = dict.fromkeys(LANES, () if any(there.values()) else ((0, end - 1),))
    if not any(missed.values()):
        return
    for lane, first, reports, packed, raw in pages.scan(path):
        last = first + len(reports) - 1
        wanted = ranges.within(missed[lane], first, last)
        if wanted == ((first, last),) and packed is not None:
            _put_block(new, lane, first, len(reports), len(packed), raw, packed)
        else:
            _put_loose(new, lane, ((seq, reports[seq - first]) for a, b in wanted for seq in range(a, b + 1)))
        missed[lane] = ranges.minus(missed[lane], wanted)


def _account(new: sqlite3.Connection, known: dict[Lane, LaneState], now_ms: int, marked: dict[Lane, int]) -> list[str]:
    """Bring each lane's book to what is there now, and let its numbers jump."""
    outbox = Outbox(new, dict.fromkeys(LANES, LaneState()))
    told: list[Report] = []
    said: list[str] = []
    starts: dict[Lane, int] = {}
    for lane in LANES:
        there = outbox.there(lane, 0, _END)
        stored = outbox.scalar("SELECT COALESCE(SUM(size), 0) FROM packed WHERE lane = ?", lane) + outbox.scalar(
            "SELECT COALESCE(SUM(LENGTH(report)), 0) FROM outbox WHERE lane = ?", lane
        )
        state = known.get(lane)
        if state is None:
            # Without its book all that is there waits: the service knows what it holds already. Whether the numbers in
            # between were signed for or are lost can not be told: that they will not come can.
            refused = outbox.scalar("SELECT COUNT(*) FROM refused WHERE lane = ?", lane)
            rows = new.execute("SELECT seq FROM refused WHERE lane = ? ORDER BY seq", (lane,))
            refused_runs = ranges.runs(seq for (seq,) in rows)
            waits = ranges.minus(there, refused_runs)
            state = LaneState(accepted=ranges.size(waits) + refused, refused=refused, written=stored)
            highest = there[-1][1] if there else -1
            unknown = ranges.gaps(ranges.union(there, refused_runs), 0, highest)
            gone: ranges.Ranges = ()
        else:
            unknown = ()
            gone = ranges.minus(state.waits, there)
            waits = ranges.minus(state.waits, gone)
            state.thinned += ranges.size(gone)
        state.bytes = stored
        state.next_seq = max(state.next_seq, there[-1][1] + 1 if there else 0)
        state.wait_for(waits)
        outbox.lanes[lane] = state
        outbox.save(lane)
        starts[lane] = state.next_seq
        told += [Thinned(first, last, last - first + 1, now_ms, "damaged", lane) for first, last in gone]
        told += [Thinned(first, last, 0, now_ms, "damaged", lane) for first, last in unknown]
        said.append(
            f"{lane}: {ranges.size(waits)} reports that wait were carried over, {ranges.size(gone)} could not be read"
        )
    to = beyond(now_ms, *starts.values(), *marked.values())
    for lane in LANES:
        outbox.jump(lane, to, now_ms, "damaged")
    outbox.append(told, now_ms)
    return said


def _beyond(now_ms: int, marked: dict[Lane, int]) -> int:
    """Above all numbers that can have been given: they begin at 0, jump to the time, and grow slower than it."""
    return max(now_ms, *marked.values(), 0) + SPARE_NUMBERS
