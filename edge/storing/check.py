"""A large store is read through while the gateway works already."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

from edge.storing.errors import StoreDamaged, is_damage
from edge.storing.outbox import unpack
from edge.storing.salvage import KEYS

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
                for table in (*KEYS, "lane", "outbox"):
                    (said,) = connection.execute(f"PRAGMA quick_check({table})").fetchone()
                    if said != "ok":
                        raise StoreDamaged(said)
                    if self._stop.wait(CHECK_PAUSE_S):
                        return
                self._read_blocks(connection)
            self.done = True
        except StoreDamaged as damage:
            self.found = str(damage).replace("\n", " ")
        except sqlite3.Error as error:
            self.found = str(error) if is_damage(error) else ""

    def _read_blocks(self, connection: sqlite3.Connection) -> None:
        at = 0
        while True:
            rows = connection.execute(
                "SELECT id, count, reports FROM packed WHERE id > ? ORDER BY id LIMIT ?", (at, CHECK_BLOCKS)
            ).fetchall()
            for _, count, blob in rows:
                unpack(blob, count)
            if not rows or self._stop.wait(CHECK_PAUSE_S):
                return
            at = rows[-1][0]
