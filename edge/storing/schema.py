"""The store's tables and how each earlier version becomes the present one. sqlite-utils lives here."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import sqlite_utils
from sqlite_utils import Database, Migrations

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


def opened(path: Path) -> sqlite3.Connection:
    """The database, made or brought to the present version. `StoreError` for a database of somebody else's, or of a
    later version; sqlite3's errors for what can not be opened."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        strange = tables - OURS - {"_sqlite_migrations"}
        if strange and len(tables & OURS) < 2:
            what = f"{path} is a database of something else (it has a table {min(strange)!r})"
            raise StoreError(f"the gateway's store {what}: give another --state, or move the file away")
        if "_sqlite_migrations" in tables:
            applied = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'edge'")
            later = {name for (name,) in applied} - {
                known.__name__ for known in (create, know_more, keep_what_was_sent)
            }
            if later:
                what = f"{path} was written by a later version ({min(later)})"
                raise StoreError(f"the gateway's store {what}: install that version, or restore a backup")
        path.chmod(0o600)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        migrations.apply(sqlite_utils.Database(connection))
    except BaseException:
        connection.close()
        raise
    return connection
