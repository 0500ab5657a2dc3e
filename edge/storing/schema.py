"""The store's tables and how each earlier version becomes the present one. sqlite-utils lives here."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import sqlite_utils
from sqlite_utils import Database, Migrations

from edge.storing import sums
from edge.storing.errors import StoreError
from protocols.ranges import Ranges
from protocols.reports import LANES

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
NEWER = (
    # Reports of one lane numbered first, first + 1 ...: `size` bytes here, `raw` before they were packed.
    "TABLE packed (id INTEGER PRIMARY KEY, lane TEXT, first INTEGER, count INTEGER, size INTEGER, raw INTEGER,"
    " reports BLOB)",
    "UNIQUE INDEX packed_by_number ON packed (lane, first, count, size, raw)",
    # At `at_ms` the numbers below `seq` had been given, `accepted` of them, `written` bytes in all.
    "TABLE pace (lane TEXT, at_ms INTEGER, seq INTEGER, accepted INTEGER, written INTEGER, PRIMARY KEY (lane, at_ms))"
    " WITHOUT ROWID",
    "TABLE policy (sku TEXT PRIMARY KEY, reorder_point INTEGER, quantity INTEGER, open INTEGER)",
)
"""What came with the third version of the schema. In its `lane`, `bytes` counts all that is stored and `written` all
that ever was; the numbers from `tail_from` on wait, and of those below it the ranges of `pending`."""
SUMMED = ("device", "slot", "snapshot", "tag", "policy", "outbox")
"""Tables whose rows end in a checksum (`sums`) since the fourth version. In `packed` those of blocks made since then
do; the others have none but the one that zlib writes."""
OURS = {"device", "slot", "tag", "outbox", "refused", "lane", "problem"}
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
    "cache_size=-8000",
    "journal_size_limit=16777216",
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


@migrations()
def keep_what_was_sent(db: Database) -> None:
    """Reports stay when they are signed for, so which of them wait is said apart. All that was there until now does."""
    for thing in NEWER:
        db.execute(f"CREATE {thing}")
    for column in ("written INTEGER DEFAULT 0", "at_ms INTEGER DEFAULT 0", "tail_from INTEGER", "pending BLOB"):
        db.execute(f"ALTER TABLE lane ADD COLUMN {column}")
    # Numbers that follow one another differ from their rank by the same.
    islands = (
        "SELECT MIN(seq), MAX(seq) FROM (SELECT seq, seq - ROW_NUMBER() OVER (ORDER BY seq) AS island FROM outbox"
        " WHERE lane = ?) GROUP BY island ORDER BY 1"
    )
    for lane in LANES:
        waiting: Ranges = tuple(db.execute(islands, [lane]).fetchall())
        db.execute(
            "UPDATE lane SET pending = ?, tail_from = next_seq, written = bytes WHERE id = ?",
            [msgspec.msgpack.encode(waiting), lane],
        )


@migrations()
def sum_rows(db: Database) -> None:
    """Every row that is read back has a checksum. Blocks are many and large: those that are there keep zlib's."""
    for table in (*SUMMED, "packed"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER")
    db.conn.create_function("sum_of_report", 2, sums.of_report)
    db.conn.create_function("sum_of_state", 2, sums.of_state)
    db.conn.create_function("sum_of_row", -1, sums.of_row)
    db.execute("UPDATE outbox SET crc = sum_of_report(seq, report)")
    for table in sums.STATES:
        db.execute(f"UPDATE {table} SET crc = sum_of_state(id, state)")
    db.execute("UPDATE tag SET crc = sum_of_row(epc, device, zone, at_ms)")
    db.execute("UPDATE policy SET crc = sum_of_row(sku, reorder_point, quantity, open)")


@migrations()
def replay_messages(db: Database) -> None:
    """Which messages of the quarantine are whole and unused, and when they were replayed (0: not yet). Of those that
    are there already nobody knows."""
    db.execute("CREATE TABLE replay (id INTEGER PRIMARY KEY, done_ms INTEGER)")


VERSIONS = (create, know_more, keep_what_was_sent, sum_rows, replay_messages)


def opened(path: Path) -> sqlite3.Connection:
    """The database, made or brought to the present version. `StoreError` for a database of somebody else's, or of a
    later version; sqlite3's errors for what can not be opened."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        _versions(connection, path)
        path.chmod(0o600)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        migrations.apply(sqlite_utils.Database(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def looked_at(path: Path) -> sqlite3.Connection:
    """The database for reading, as it is. `StoreError` for one of an earlier version too: a gateway of that version may
    be at work on it, so it is brought up by the next one that starts, never by a look."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
    )
    try:
        connection.execute("PRAGMA busy_timeout=5000")
        versions = _versions(connection, path)
        if not versions:
            raise StoreError(f"the gateway's store {path} is empty: start the gateway first")
        if len(versions) < len(VERSIONS):
            what = f"{path} was written by an earlier version"
            raise StoreError(f"the gateway's store {what}: restart the gateway first, which brings it to this one")
    except BaseException:
        connection.close()
        raise
    return connection


def _versions(connection: sqlite3.Connection, path: Path) -> set[str]:
    """The versions that the database went through; none for one that is empty."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    strange = tables - OURS - {"_sqlite_migrations"}
    if strange and len(tables & OURS) < 2:
        what = f"{path} is a database of something else (it has a table {min(strange)!r})"
        raise StoreError(f"the gateway's store {what}: give another --state, or move the file away")
    if "_sqlite_migrations" not in tables:
        return set()
    applied = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'edge'")
    found = {name for (name,) in applied}
    later = found - {known.__name__ for known in VERSIONS}
    if later:
        what = f"{path} was written by a later version ({min(later)})"
        raise StoreError(f"the gateway's store {what}: install that version, or restore a backup")
    return found
