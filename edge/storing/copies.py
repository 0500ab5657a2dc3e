"""The gateway's store seen from beside it: copied while the gateway writes to it, checked, its schema read.

A copy is made by SQLite's online backup (https://sqlite.org/backup.html) in one step: one moment of the store, which
holds up no writer. Many small steps would start over at every commit of the gateway. All of these raise `Unreadable`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_S = 10.0
CACHE_KIB = 2048


class Unreadable(Exception):
    """The store can not be read, or its copy not be written; the message says which and why."""


def copy(source: Path, target: Path) -> None:
    """The store as of now in one new file (0600, no log beside it), on the disk when this returns."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with _looking(source) as held:
        try:
            with closing(sqlite3.connect(target)) as made:
                held.backup(made)
                made.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise Unreadable(f"{source} can not be copied to {target}: {error}") from error
    with target.open("rb") as file:
        os.fsync(file.fileno())


def flaw(path: Path) -> str:
    """What SQLite's `quick_check` has against the store; "" when nothing. Reads the whole of it."""
    with _looking(path) as db:
        found = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
    return "" if found == ["ok"] else "; ".join(found)


def schema(path: Path) -> list[str]:
    """The names of the migrations that made the store, oldest first."""
    with _looking(path) as db:
        return [str(name) for (name,) in db.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid")]


@contextmanager
def _looking(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can write nothing."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as db:
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            yield db
    except sqlite3.Error as error:
        raise Unreadable(f"{path} can not be read: {error}") from error
