"""Opens the SQLite files of the embedded stores: readable by their owner only, durable, with bounded caches."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlite_utils

from cloud.stores.history import HistoryUnavailable

BUSY_TIMEOUT_MS = 5_000
PAGE_BYTES = 8_192
CHECKPOINT_PAGES = 500
WAL_KEPT_BYTES = 16 << 20


def connect(path: Path, cache_kib: int) -> sqlite_utils.Database:
    """A connection in WAL mode that commits durably (synchronous = FULL) and leaves transactions to its user. It may
    move between threads, one at a time. Raises `sqlite3.Error` or `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its -wal and -shm files the same mode
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    pragmas = (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        f"page_size = {PAGE_BYTES}",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"cache_size = -{cache_kib}",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"journal_size_limit = {WAL_KEPT_BYTES}",
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return sqlite_utils.Database(connection)


def names(known: sqlite_utils.Migrations) -> tuple[str, ...]:
    """The schema versions that are known, the oldest first."""
    return tuple(one.name for one in known.pending(sqlite_utils.Database(memory=True)))


def migrate(db: sqlite_utils.Database, known: sqlite_utils.Migrations) -> None:
    """Bring the file's schema up to what is known here; raises `HistoryUnavailable` for that of a later version, whose
    tables would be passed over in silence."""
    later = [one.name for one in known.applied(db) if one.name not in names(known)]
    if later:
        hint = "start the version that made it, or restore a backup of before"
        raise HistoryUnavailable(f"a {known.name} of a later version (schema {later[-1]!r}) lies there; {hint}")
    known.apply(db)


@contextmanager
def transaction(db: sqlite3.Connection, kind: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[None]:
    """All of the block is committed, or nothing."""
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
