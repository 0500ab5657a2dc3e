"""Opens the SQLite files of the embedded stores: readable by their owner only, durable, with bounded caches."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlite_utils

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
