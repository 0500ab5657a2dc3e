"""The service's SQLite files, looked at from beside it: copied while they are written to, checked, their schema read.

A copy is made by SQLite's online backup (https://sqlite.org/backup.html) in one step: one snapshot of the file, which
holds up no writer; its log only grows meanwhile. Many small steps would start over at every write of another process.
All of these raise `Unreadable`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_S = 10.0
CACHE_KIB = 2_048


class Unreadable(Exception):
    """This SQLite file can not be read, or the copy of it not be written; the message says which and why."""


@contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can write nothing, beside whoever uses the file."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as db:
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            yield db
    except sqlite3.Error as error:
        raise Unreadable(f"{path} can not be read: {error}") from error


def copy(source: Path, target: Path) -> None:
    """The file as of now in one file of its own (0600, no log beside it), on the disk when this returns."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with looking(source) as held:
        try:
            with closing(sqlite3.connect(target)) as made:
                held.backup(made)
                made.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise Unreadable(f"{source} can not be copied to {target}: {error}") from error
    with target.open("rb") as file:
        os.fsync(file.fileno())


def flaw(path: Path) -> str:
    """What SQLite's `quick_check` has against the file; empty when nothing. Reads the whole of it."""
    with looking(path) as db:
        found = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
    return "" if found == ["ok"] else "; ".join(found)


def schema(path: Path) -> str:
    """The schema's version as the file says it: the ledger's number, or the name of a history's newest migration; empty
    when there is none."""
    with looking(path) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "about" in tables:
            found = db.execute("SELECT value FROM about WHERE key = 'schema'").fetchone()
        elif "_sqlite_migrations" in tables:
            found = db.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid DESC LIMIT 1").fetchone()
        else:
            found = None
    return str(found[0]) if found else ""


def tops(path: Path) -> list[tuple[str, str, bytes, int]]:
    """A ledger's lanes: gateway, lane, the numbers held (MessagePack of a `Sequence`), when last heard, in ms."""
    with looking(path) as db:
        return list(db.execute("SELECT gateway, lane, held, last_ms FROM lane ORDER BY gateway, lane"))


def spooled(path: Path) -> tuple[int, int]:
    """Of a history's spool: the samples that wait, and the runs that were set aside."""
    with looking(path) as db:
        (waiting,) = db.execute("SELECT coalesce(sum(samples), 0) FROM spool").fetchone()
        (refused,) = db.execute("SELECT count(*) FROM refused").fetchone()
    return int(waiting), int(refused)


def end_sessions(path: Path) -> None:
    """Forgets who was signed in, in a ledger's copy that nobody uses yet."""
    try:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("DELETE FROM session")
    except sqlite3.Error as error:
        raise Unreadable(f"{path} can not be written: {error}") from error
