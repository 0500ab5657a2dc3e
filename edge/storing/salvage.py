"""What can be read of a damaged store, and the book that goes with it in the new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from edge.storing import pages
from edge.storing.disk import SPARE_NUMBERS, beyond
from edge.storing.errors import StoreDamaged
from edge.storing.outbox import LaneState, Outbox, books, unpack
from protocols import ranges
from protocols.reports import LANES, Lane, Report, Thinned

PROBES_MAX = 20_000
"""So many times a range of numbers that can not be read is halved; what is left then is given up."""
KEYS = {
    "device": "id",
    "slot": "id",
    "snapshot": "id",
    "tag": "epc, device",
    "refused": "lane, seq",
    "problem": "id",
    "problem_count": "code",
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
        tables = {name for (name,) in _both_ways(old, "sqlite_master", ["name"], "rowid")[0]}
        for table, key in KEYS.items():
            if table in ("device", "slot") and tables and "snapshot" not in tables:
                continue  # of the first schema: learnt anew, as its migration has it
            columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
            rows, whole = _both_ways(old, table, columns, key)
            marks = ", ".join("?" * len(columns))
            new.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)
            if not whole:
                lost.append(table)
        known: dict[Lane, LaneState] = {}
        with suppress(sqlite3.Error, StoreDamaged):
            known = books(old)
        for lane in LANES:
            end = known[lane].next_seq if known else _beyond(now_ms, marked)
            new.executemany(
                "INSERT OR IGNORE INTO packed (lane, first, count, size, raw, reports) VALUES (?, ?, ?, ?, ?, ?)",
                ((lane, *row) for row in _blocks(old, lane, end)),
            )
            new.executemany(
                "INSERT OR IGNORE INTO outbox VALUES (?, ?, ?)",
                ((lane, seq, blob) for seq, blob in _loose(old, lane, 0, end - 1, [PROBES_MAX])),
            )
    _search(path, new, known, _beyond(now_ms, marked))
    carried = _account(new, known, now_ms, marked)
    if lost:
        carried.append(f"not all of {', '.join(lost)} could be read; what is missing is learnt anew")
    return carried


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
            new.execute(
                "INSERT INTO packed (lane, first, count, size, raw, reports) VALUES (?, ?, ?, ?, ?, ?)",
                (lane, first, len(reports), len(packed), raw, packed),
            )
        else:
            new.executemany(
                "INSERT INTO outbox VALUES (?, ?, ?)",
                ((lane, seq, reports[seq - first]) for a, b in wanted for seq in range(a, b + 1)),
            )
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


def _both_ways(old: sqlite3.Connection, table: str, columns: list[str], key: str) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows of a table that can be read, from its beginning and from its end; whether these are all."""
    found: list[tuple[Any, ...]] = []
    for order in (key, ", ".join(f"{part} DESC" for part in key.split(", "))):
        try:
            for row in old.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}"):
                found.append(row)
        except (sqlite3.Error, UnicodeDecodeError):
            continue
        return found, True
    return found, False


def _blocks(old: sqlite3.Connection, lane: Lane, end: int) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Each block below `end` that can be read and is what was packed: its row without its lane."""
    with suppress(sqlite3.Error):
        highest = old.execute("SELECT MAX(id) FROM packed").fetchone()[0] or 0
        for number in range(1, highest + 1):
            with suppress(sqlite3.Error, StoreDamaged, TypeError):
                row = old.execute(
                    "SELECT lane, first, count, size, raw, reports FROM packed WHERE id = ?", (number,)
                ).fetchone()
                if row and row[0] == lane and 0 <= row[1] <= end - row[2]:
                    unpack(row[5], row[2])
                    yield row[1:]


def _loose(
    old: sqlite3.Connection, lane: Lane, first: int, last: int, budget: list[int]
) -> Iterator[tuple[int, bytes]]:
    """The loose reports that can be read: a range that can not be is halved until only what is spoilt is left out."""
    try:
        rows = old.execute(
            "SELECT seq, report FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY seq", (lane, first, last)
        )
        for seq, report in rows:
            with suppress(ValueError, TypeError):
                msgspec.msgpack.decode(report)
                yield seq, report
            first = seq + 1
    except sqlite3.Error:
        budget[0] -= 1
        if first < last and budget[0] > 0:
            middle = (first + last) // 2
            yield from _loose(old, lane, first, middle, budget)
            yield from _loose(old, lane, middle + 1, last, budget)


def _beyond(now_ms: int, marked: dict[Lane, int]) -> int:
    """Above all numbers that can have been given: they begin at 0, jump to the time, and grow slower than it."""
    return max(now_ms, *marked.values(), 0) + SPARE_NUMBERS
