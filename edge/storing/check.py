"""The store read through for damage: a small one before the gateway starts, a large one while it works already.

SQLite's `integrity_check` (https://sqlite.org/pragma.html) costs what `quick_check` costs here, where few rows have an
index, and finds an index that hides rows. What lies in the rows only their checksums tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

from edge.storing import sums
from edge.storing.errors import StoreDamaged, is_damage
from edge.storing.outbox import unpack
from edge.storing.schema import SUMMED
from protocols.reports import LANES

CHECK_BLOCKS = 16
CHECK_PAUSE_S = 0.01


class Check:
    """Reads a large store through, on a connection and a thread of its own, while the gateway works; `found` says what
    is wrong. In small pieces: a long read would keep SQLite's log from being folded in."""

    def __init__(self, path: Path) -> None:
        self.found = ""
        self.done = False
        self._path = path
        self._stop = Event()
        self._thread = Thread(target=self._run, name="store-check", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it and wait for its end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                connection.execute("PRAGMA busy_timeout=5000")
                self.done = read_on(connection, lambda: self._stop.wait(CHECK_PAUSE_S))
        except StoreDamaged as damage:
            self.found = str(damage).replace("\n", " ")
        except sqlite3.Error as error:
            self.found = str(error) if is_damage(error) else ""


def read_through(connection: sqlite3.Connection) -> None:
    """Read all of a store, of whatever version. Raises `StoreDamaged` with the first thing that is wrong, or sqlite3's
    errors."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise StoreDamaged(said)
    tables = _tables(connection)
    for table in SUMMED:
        if "crc" in tables.get(table, ()):
            _read_rows(connection, table)
    _read_blocks(connection, tables, lambda: False)


def read_on(connection: sqlite3.Connection, ends: Callable[[], bool]) -> bool:
    """The same in small pieces; whether it came to the end. `ends`: asked between two pieces, whether to end now. The
    table of blocks is not read as one: each block is, and whether the index leads to it."""
    tables = _tables(connection)
    for table in tables:
        if table != "packed":
            (said,) = connection.execute(f"PRAGMA integrity_check({table})").fetchone()
            if said != "ok":
                raise StoreDamaged(said)
            if table in SUMMED:
                _read_rows(connection, table)
            if ends():
                return False
    return _read_blocks(connection, tables, ends)


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Each table with its columns."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}


def _read_rows(connection: sqlite3.Connection, table: str) -> None:
    for *values, kept in connection.execute(f"SELECT * FROM {table}"):
        if table == "outbox":
            whole = values[0] in LANES and sums.fits(values[1], values[2], kept)
        else:
            whole = sums.of(table, values) == kept
        if not whole:
            raise StoreDamaged(f"a row of {table} fails its checksum: {', '.join(map(str, values[:2]))[:80]}")


def _read_blocks(connection: sqlite3.Connection, tables: dict[str, list[str]], ends: Callable[[], bool]) -> bool:
    if "packed" not in tables:
        return True
    crc = "crc" if "crc" in tables["packed"] else "NULL"
    indexed = "SELECT 1 FROM packed AS other INDEXED BY packed_by_number WHERE other.id = packed.id"
    indexed = f"EXISTS ({indexed} AND other.lane = packed.lane AND other.first = packed.first)"
    at = 0
    while True:
        rows = connection.execute(
            f"SELECT id, lane, first, count, reports, {crc}, {indexed} FROM packed WHERE id > ? ORDER BY id LIMIT ?",
            (at, CHECK_BLOCKS),
        ).fetchall()
        for _, lane, first, count, blob, kept, found in rows:
            if not found:
                raise StoreDamaged(f"no index leads to the block {lane} {first} of {count} reports")
            if kept is None:
                unpack(blob, count)
            elif lane not in LANES or not sums.fits(first, blob, kept):
                raise StoreDamaged(f"the block {lane} {first} of {count} reports fails its checksum")
        if not rows:
            return True
        if ends():
            return False
        at = rows[-1][0]
