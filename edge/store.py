"""The gateway's memory on disk: state, estimates, outbox, quarantine. sqlite-utils lives here.

One SQLite file (WAL, synchronous=FULL). `commit` writes one group in one transaction; only when it has returned may
the group's messages be acknowledged to the broker. Not thread-safe: the shell calls it from one worker thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import sqlite_utils
from msgspec import Struct
from sqlite_utils import Database, Migrations

from edge.core.inference import DeviceState
from edge.core.slots.shelves import Note, SlotState
from protocols.readings import Problem
from protocols.reports import LANE_OF, LANES, Lane, Report, TagMove, Thinned, encode

OUTBOX_BYTES_MAX = 1 << 30
THIN_SHARE = 10
"""At the limit one part in this many of the waiting telemetry goes, oldest first, as one counted event."""
QUARANTINE_ROWS_MAX = 10_000
QUARANTINE_PAYLOAD_MAX = 4096
JOURNAL_ROWS_MAX = 20_000

SCHEMA = (
    "device (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
    "slot (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID",
    "tag (epc TEXT, device TEXT, zone TEXT, at_ms INTEGER, PRIMARY KEY (epc, device)) WITHOUT ROWID",
    "outbox (lane TEXT, seq INTEGER, report BLOB NOT NULL, PRIMARY KEY (lane, seq)) WITHOUT ROWID",
    "refused (lane TEXT, seq INTEGER, report BLOB, reason TEXT, at_ms INTEGER, PRIMARY KEY (lane, seq)) WITHOUT ROWID",
    "lane (id TEXT PRIMARY KEY, next_seq INTEGER, accepted INTEGER, delivered INTEGER, refused INTEGER,"
    " thinned INTEGER, bytes INTEGER) WITHOUT ROWID",
    "problem (id INTEGER PRIMARY KEY, at_ms INTEGER, code TEXT, device TEXT, topic TEXT, detail TEXT, hint TEXT,"
    " payload BLOB)",
    "problem_count (code TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID",
)

migrations = Migrations("edge")


@migrations()
def create(db: Database) -> None:
    """The first schema."""
    for table in SCHEMA:
        db.execute(f"CREATE TABLE {table}")
    for lane in LANES:
        db.execute("INSERT INTO lane VALUES (?, 0, 0, 0, 0, 0, 0)", [lane])


@migrations()
def know_more(db: Database) -> None:
    """Slots hold all their evidence, tags and charts lie apart. Older estimates are learnt anew."""
    db.execute("DELETE FROM device")
    db.execute("DELETE FROM slot")
    db.execute("CREATE TABLE snapshot (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID")
    db.execute("CREATE TABLE journal (id INTEGER PRIMARY KEY, at_ms INTEGER, what TEXT, about TEXT, params TEXT)")


class StoreError(Exception):
    """The store can not be opened or written; the message says what to do."""


class LaneBook(NamedTuple):
    """One lane's double entry: accepted = delivered + pending + refused + thinned."""

    accepted: int
    delivered: int
    pending: int
    refused: int
    thinned: int
    bytes: int

    @property
    def balanced(self) -> bool:
        """Whether the invariant holds."""
        return self.accepted == self.delivered + self.pending + self.refused + self.thinned


class Quarantined(NamedTuple):
    """A message that could not be used, kept with its reason."""

    problem: Problem
    topic: str
    payload: bytes


class Memory(NamedTuple):
    """All that is kept: devices and slots, the snapshots of what is large and slow, and the tags that were told to be
    there, by (device, zone)."""

    devices: dict[str, DeviceState]
    slots: dict[str, SlotState]
    snapshots: dict[str, bytes]
    tags: dict[tuple[str, str], list[str]]


class Group(Struct):
    """What one commit writes. `devices`, `slots` and `snapshots` are states as MessagePack, by id."""

    at_ms: int
    devices: dict[str, bytes] = {}
    slots: dict[str, bytes] = {}
    reports: list[Report] = []
    problems: list[Quarantined] = []
    snapshots: dict[str, bytes] = {}
    notes: list[Note] = []


class Store:
    """An open store."""

    def __init__(self, path: Path, outbox_bytes_max: int = OUTBOX_BYTES_MAX) -> None:
        self.path = path
        self.outbox_bytes_max = outbox_bytes_max
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            path.chmod(0o600)
            self._db = sqlite_utils.Database(connection)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "cache_size=-8000"):
                connection.execute(f"PRAGMA {pragma}")
            migrations.apply(self._db)
        except (sqlite3.Error, OSError) as error:
            hint = "restore a backup, or move the file away to start anew"
            raise StoreError(f"the gateway's store {path} can not be opened: {error}; {hint}") from error
        self._connection = connection
        rows = connection.execute("SELECT id, next_seq, bytes FROM lane").fetchall()
        self.next_seq: dict[Lane, int] = {lane: seq for lane, seq, _ in rows}
        self.bytes: dict[Lane, int] = {lane: size for lane, _, size in rows}

    def restore(self) -> Memory:
        """Everything as last committed."""
        decode_device = msgspec.msgpack.Decoder(DeviceState).decode
        decode_slot = msgspec.msgpack.Decoder(SlotState).decode
        try:
            devices = {name: decode_device(blob) for name, blob in self._all("SELECT id, state FROM device")}
            slots = {name: decode_slot(blob) for name, blob in self._all("SELECT id, state FROM slot")}
            snapshots = dict(self._all("SELECT id, state FROM snapshot"))
            tags: dict[tuple[str, str], list[str]] = {}
            for epc, device, zone in self._all("SELECT epc, device, zone FROM tag"):
                tags.setdefault((device, zone), []).append(epc)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            hint = "restore a backup, or move the file away to start anew"
            raise StoreError(f"the gateway's store {self.path} can not be read: {error}; {hint}") from error
        return Memory(devices, slots, snapshots, tags)

    def commit(self, group: Group) -> None:
        """Write a group in one transaction; on `StoreError` nothing of it is written and it may be tried again."""
        next_seq, sizes = dict(self.next_seq), dict(self.bytes)
        with self._transaction() as connection:
            if group.devices:
                connection.executemany("INSERT OR REPLACE INTO device VALUES (?, ?)", group.devices.items())
            if group.slots:
                connection.executemany("INSERT OR REPLACE INTO slot VALUES (?, ?)", group.slots.items())
            if group.snapshots:
                connection.executemany("INSERT OR REPLACE INTO snapshot VALUES (?, ?)", group.snapshots.items())
            if group.notes:
                self._journal(group.notes)
            if group.reports:
                self._append(group.reports, next_seq, sizes)
                self._move_tags(group.reports)
                if sum(sizes.values()) > self.outbox_bytes_max:
                    self._append(self._thin(sizes, group.at_ms), next_seq, sizes)
            if group.problems:
                self._quarantine(group)
        self.next_seq, self.bytes = next_seq, sizes

    def waiting(self, lane: Lane, after: int, before: int, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """Reports of a lane above `after` and below `before`, oldest first, up to a number and size (at least one)."""
        found: list[tuple[int, bytes]] = []
        size = 0
        try:
            cursor = self._connection.execute(
                "SELECT seq, report FROM outbox WHERE lane = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?",
                (lane, after, before, reports_max),
            )
            for seq, report in cursor:
                size += len(report)
                if found and size > bytes_max:
                    break
                found.append((seq, report))
        except sqlite3.Error as error:
            raise StoreError(f"the gateway's store {self.path} can not be read: {error}; check the disk") from error
        return found

    def settle(self, lane: Lane, seqs: list[int], refused: Iterable[tuple[int, str]], at_ms: int) -> None:
        """A receipt came for these numbers: they leave the outbox, the refused ones for a table of their own."""
        reasons = dict(refused)
        gone, bad, size = 0, 0, 0
        with self._transaction() as connection:
            # Numbers of a batch are nearly always a run, which is one range delete.
            for first, last in _runs(seqs):
                count, total = connection.execute(
                    "SELECT COUNT(*), COALESCE(SUM(LENGTH(report)), 0) FROM outbox "
                    "WHERE lane = ? AND seq BETWEEN ? AND ?",
                    (lane, first, last),
                ).fetchone()
                gone, size = gone + count, size + total
                for seq, reason in reasons.items():
                    if first <= seq <= last:
                        bad += connection.execute(
                            "INSERT OR REPLACE INTO refused SELECT lane, seq, report, ?, ? FROM outbox "
                            "WHERE lane = ? AND seq = ?",
                            (reason, at_ms, lane, seq),
                        ).rowcount
                connection.execute("DELETE FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ?", (lane, first, last))
            connection.execute(
                "UPDATE lane SET delivered = delivered + ?, refused = refused + ?, bytes = bytes - ? WHERE id = ?",
                (gone - bad, bad, size, lane),
            )
        self.bytes[lane] -= size

    def book(self) -> dict[Lane, LaneBook]:
        """Each lane's double entry, with what is pending counted afresh."""
        pending = dict(self._all("SELECT lane, COUNT(*) FROM outbox GROUP BY lane"))
        rows = self._all("SELECT id, accepted, delivered, refused, thinned, bytes FROM lane")
        return {
            lane: LaneBook(accepted, delivered, pending.get(lane, 0), refused, thinned, size)
            for lane, accepted, delivered, refused, thinned, size in rows
        }

    def problems(self, limit: int = 100) -> tuple[dict[str, int], list[dict[str, object]]]:
        """How often each problem occurred, and the latest ones."""
        counts = dict(self._all("SELECT code, count FROM problem_count"))
        latest = self._db.query(
            "SELECT at_ms, code, device, topic, detail, hint FROM problem ORDER BY id DESC LIMIT ?", [limit]
        )
        return counts, list(latest)

    def present_tags(self) -> list[dict[str, object]]:
        """Tags that are there."""
        return list(self._db.query("SELECT epc, device, zone, at_ms FROM tag ORDER BY epc"))

    def journal(self, limit: int = 100, about: str = "") -> list[dict[str, Any]]:
        """The latest lines of the journal, newest first, of everything or of one slot or SKU."""
        rows = self._connection.execute(
            "SELECT at_ms, what, about, params FROM journal WHERE ?1 = '' OR about = ?1 ORDER BY id DESC LIMIT ?2",
            (about, limit),
        ).fetchall()
        return [
            {"at_ms": at_ms, "what": what, "about": name, **msgspec.json.decode(params)}
            for at_ms, what, name, params in rows
        ]

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        self._connection.close()

    def _all(self, sql: str) -> list[Any]:
        return self._connection.execute(sql).fetchall()

    def _quarantine(self, group: Group) -> None:
        rows, counts = [], dict[str, int]()
        for problem, topic, payload in group.problems:
            counts[problem.code] = counts.get(problem.code, 0) + 1
            kept = payload[:QUARANTINE_PAYLOAD_MAX]
            rows.append((group.at_ms, problem.code, problem.device, topic, problem.detail, problem.hint, kept))
        self._connection.executemany(
            "INSERT INTO problem (at_ms, code, device, topic, detail, hint, payload) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
        )
        self._connection.executemany(
            "INSERT INTO problem_count VALUES (?, ?) ON CONFLICT (code) DO UPDATE SET count = count + excluded.count",
            counts.items(),
        )
        self._connection.execute(
            "DELETE FROM problem WHERE id <= (SELECT MAX(id) FROM problem) - ?", (QUARANTINE_ROWS_MAX,)
        )

    def _journal(self, notes: list[Note]) -> None:
        self._connection.executemany(
            "INSERT INTO journal (at_ms, what, about, params) VALUES (?, ?, ?, ?)",
            [(note.at_ms, note.what, note.about, msgspec.json.encode(note.params).decode()) for note in notes],
        )
        self._connection.execute(
            "DELETE FROM journal WHERE id <= (SELECT MAX(id) FROM journal) - ?", (JOURNAL_ROWS_MAX,)
        )

    def _append(self, reports: list[Report], next_seq: dict[Lane, int], sizes: dict[Lane, int]) -> None:
        rows, counts = [], dict.fromkeys(LANES, 0)
        for report in reports:
            lane = LANE_OF[type(report)]
            blob = encode(report)
            rows.append((lane, next_seq[lane], blob))
            next_seq[lane] += 1
            sizes[lane] += len(blob)
            counts[lane] += 1
        self._connection.executemany("INSERT INTO outbox VALUES (?, ?, ?)", rows)
        self._connection.executemany(
            "UPDATE lane SET next_seq = ?, accepted = accepted + ?, bytes = ? WHERE id = ?",
            [(next_seq[lane], counts[lane], sizes[lane], lane) for lane in LANES if counts[lane]],
        )

    def _move_tags(self, reports: list[Report]) -> None:
        moves = {(report.epc, report.device): report for report in reports if type(report) is TagMove}
        if moves:
            self._connection.executemany("DELETE FROM tag WHERE epc = ? AND device = ?", moves)
            self._connection.executemany(
                "INSERT INTO tag VALUES (?, ?, ?, ?)",
                [(move.epc, move.device, move.zone, move.at_ms) for move in moves.values() if move.move == "arrived"],
            )

    def _thin(self, sizes: dict[Lane, int], at_ms: int) -> list[Report]:
        """Over the limit: drop the oldest telemetry; what is to be said about it."""
        connection = self._connection
        waiting = connection.execute("SELECT COUNT(*) FROM outbox WHERE lane = 'telemetry'").fetchone()[0]
        if not waiting:
            return []
        first, last, count, size = connection.execute(
            "SELECT MIN(seq), MAX(seq), COUNT(*), SUM(LENGTH(report)) FROM "
            "(SELECT seq, report FROM outbox WHERE lane = 'telemetry' ORDER BY seq LIMIT ?)",
            (max(1, waiting // THIN_SHARE),),
        ).fetchone()
        connection.execute("DELETE FROM outbox WHERE lane = 'telemetry' AND seq <= ?", (last,))
        connection.execute(
            "UPDATE lane SET thinned = thinned + ?, bytes = bytes - ? WHERE id = 'telemetry'", (count, size)
        )
        sizes["telemetry"] -= size
        return [Thinned(first, last, count, at_ms, "outbox_full")]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, whatever goes wrong inside."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                reason = f"the gateway's store {self.path} can not be written: {error}; free some disk"
                raise StoreError(reason) from error
            raise


def _runs(seqs: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for seq in seqs:
        if runs and runs[-1][1] == seq - 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return runs
