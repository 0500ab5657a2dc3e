"""A group of messages, and how its parts other than reports are written: states, quarantine, journal, tags."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import msgspec
from msgspec import Struct

from edge.core.slots.shelves import Note
from edge.storing import room, sums
from edge.storing.outbox import Outbox
from protocols.readings import Problem
from protocols.reports import Report, TagMove

QUARANTINE_ROWS_MAX = 10_000
QUARANTINE_PAYLOAD_MAX = 4096
JOURNAL_ROWS_MAX = 20_000


class Quarantined(NamedTuple):
    """A message that could not be used, kept with its reason. `whole`: nothing of it was used, so that it can be
    replayed."""

    problem: Problem
    topic: str
    payload: bytes
    whole: bool = False


class Group(Struct):
    """What one commit writes. `devices`, `slots` and `snapshots` are states as MessagePack, by id; `replayed`: which
    messages in quarantine were used now."""

    at_ms: int
    devices: dict[str, bytes] = {}
    slots: dict[str, bytes] = {}
    reports: list[Report] = []
    problems: list[Quarantined] = []
    snapshots: dict[str, bytes] = {}
    notes: list[Note] = []
    replayed: list[int] = []


def put(connection: sqlite3.Connection, outbox: Outbox, group: Group, limit: int, spare: bool = False) -> str:
    """Write a group within a transaction. When the outbox holds more than `limit` bytes then, kept reports go, then
    telemetry that waits; "outbox_full" when some had to. `spare`: the group's own telemetry goes at once.

    Raises `OutboxFull` when the group does not fit beside the events that wait. Where nothing waits any group fits:
    else one that is larger than the limit would never be taken.
    """
    if group.devices:
        connection.executemany("INSERT OR REPLACE INTO device VALUES (?, ?, ?)", sums.states(group.devices))
    if group.slots:
        connection.executemany("INSERT OR REPLACE INTO slot VALUES (?, ?, ?)", sums.states(group.slots))
    if group.snapshots:
        connection.executemany("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)", sums.states(group.snapshots))
    if group.notes:
        _write_down(connection, group.notes)
    if group.problems:
        _quarantine(connection, group)
    if group.replayed:
        done = [(group.at_ms, number) for number in group.replayed]
        connection.executemany("UPDATE replay SET done_ms = ? WHERE id = ?", done)
    if not group.reports:
        return ""
    before, waits = outbox.used, any(state.waits for state in outbox.lanes.values())
    outbox.append(group.reports, group.at_ms, spare)
    _move_tags(connection, group.reports)
    if waits or outbox.used <= limit:
        return room.fit(outbox, limit, before, group.at_ms)
    room.evict(outbox)
    return ""


def _quarantine(connection: sqlite3.Connection, group: Group) -> None:
    rows, whole, counts = [], [], dict[str, int]()
    (last,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM problem").fetchone()
    for number, (problem, topic, payload, unused) in enumerate(group.problems, last + 1):
        counts[problem.code] = counts.get(problem.code, 0) + 1
        kept = payload[:QUARANTINE_PAYLOAD_MAX]
        rows.append((number, group.at_ms, problem.code, problem.device, topic, problem.detail, problem.hint, kept))
        if unused and payload and len(kept) == len(payload):
            whole.append((number,))
    connection.executemany(
        "INSERT INTO problem (id, at_ms, code, device, topic, detail, hint, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    connection.executemany("INSERT OR REPLACE INTO replay VALUES (?, 0)", whole)
    connection.executemany(
        "INSERT INTO problem_count VALUES (?, ?) ON CONFLICT (code) DO UPDATE SET count = count + excluded.count",
        counts.items(),
    )
    for table in ("problem", "replay"):
        connection.execute(f"DELETE FROM {table} WHERE id <= ?", (last + len(rows) - QUARANTINE_ROWS_MAX,))


def _write_down(connection: sqlite3.Connection, notes: list[Note]) -> None:
    connection.executemany(
        "INSERT INTO journal (at_ms, what, about, params) VALUES (?, ?, ?, ?)",
        [(note.at_ms, note.what, note.about, msgspec.json.encode(note.params).decode()) for note in notes],
    )
    connection.execute("DELETE FROM journal WHERE id <= (SELECT MAX(id) FROM journal) - ?", (JOURNAL_ROWS_MAX,))


def _move_tags(connection: sqlite3.Connection, reports: list[Report]) -> None:
    moves = {(report.epc, report.device): report for report in reports if type(report) is TagMove}
    if moves:
        arrived = [(one.epc, one.device, one.zone, one.at_ms) for one in moves.values() if one.move == "arrived"]
        connection.executemany("DELETE FROM tag WHERE epc = ? AND device = ?", moves)
        connection.executemany(
            "INSERT INTO tag VALUES (?, ?, ?, ?, ?)",
            [(*row, sums.of_row(*row)) for row in arrived],
        )
