"""A durable spool before another `History`, for one that can be away: nothing is lost in an outage.

`append` commits to a SQLite file and returns; `drain` hands the samples on in order, and forgets them only after the
history behind has taken them. Until then they are not seen by `read`, `latest` and `series`, which ask the history
behind. A full spool refuses with `HistoryUnavailable`, so that whoever sends keeps the samples. Samples which the
history behind refuses are set aside with its reason, so that they do not block those that follow.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import msgspec
from msgspec import Struct
from sqlite_utils import Database, Migrations

from cloud.stores.history import History, HistoryUnavailable, Samples, check
from cloud.stores.sqlite_file import connect, migrate, transaction

BATCH_SAMPLES = 5_000
SAMPLES_MAX = 20_000_000
"""About 400 MB: a week of 2,000 series at one a minute."""
DRAIN_SAMPLES = 100_000
REFUSED_MAX = 1_000
CACHE_KIB = 2_048

migrations = Migrations("spool")


@migrations()
def first(db: Database) -> None:
    """The tables of 0.1. A row of `spool` is one append."""
    db.conn.execute(
        "CREATE TABLE spool (id INTEGER PRIMARY KEY AUTOINCREMENT, samples INTEGER NOT NULL, body BLOB NOT NULL)"
    )
    db.conn.execute(
        "CREATE TABLE refused (id INTEGER PRIMARY KEY AUTOINCREMENT, samples INTEGER NOT NULL, body BLOB NOT NULL,"
        " reason TEXT NOT NULL)"
    )


_decoder = msgspec.msgpack.Decoder(list[Samples])


class Backlog(Struct, frozen=True):
    """Samples that wait, how many may wait at most, and how many runs of samples the history behind ever refused."""

    samples: int
    samples_max: int
    refused: int


class SpooledHistory:
    """A `History` whose `append` never waits for the one behind. Call `drain` from a thread of its own."""

    def __init__(self, inner: History, path: Path, samples_max: int = SAMPLES_MAX) -> None:
        """Opens or creates the spool file; raises `HistoryUnavailable`."""
        self._inner, self._path, self._samples_max = inner, path, samples_max
        self._storing, self._draining = Lock(), Lock()
        with self._explained("open"):
            db = connect(path, CACHE_KIB)
            migrate(db, migrations)
            self._db = db.conn
            (self._waiting,) = self._db.execute("SELECT coalesce(sum(samples), 0) FROM spool").fetchone()
            (self._refused,) = self._db.execute("SELECT coalesce(max(id), 0) FROM refused").fetchone()

    def append(self, samples: Sequence[Samples]) -> None:
        """See `History`: durable here when it returns."""
        check(samples)
        runs = [one for one in samples if one.times_ms]
        count = sum(len(one.times_ms) for one in runs)
        if not runs:
            return
        body = msgspec.msgpack.encode(runs, enc_hook=float)
        with self._storing, self._explained("append to"):
            if self._waiting + count > self._samples_max:
                raise HistoryUnavailable(
                    f"the history's spool {self._path} is full: {self._waiting} samples wait, {self._samples_max} may;"
                    " keep the samples, and bring the history behind it back"
                )
            self._db.execute("INSERT INTO spool (samples, body) VALUES (?, ?)", (count, body))
            self._waiting += count

    def drain(self, samples_max: int = DRAIN_SAMPLES) -> int:
        """Hands on what waits, oldest first, about `samples_max` samples at most; returns how many left the spool, 0
        when it is empty. Raises `HistoryUnavailable`; what was not taken stays."""
        done = 0
        with self._draining:
            while done < samples_max:
                last_id, count, runs = self._oldest()
                if not runs:
                    break
                self._forget(last_id, count, self._deliver(runs))
                done += count
        return done

    def backlog(self) -> Backlog:
        """How full it is."""
        with self._storing:
            return Backlog(self._waiting, self._samples_max, self._refused)

    def refused(self) -> list[tuple[Samples, str]]:
        """The newest runs (at most 1,000 are kept) that the history behind refused, each with its reason."""
        with self._storing, self._explained("read"):
            rows = self._db.execute("SELECT body, reason FROM refused ORDER BY id").fetchall()
        return [(_decoder.decode(body)[0], reason) for body, reason in rows]

    def read(self, series: str, from_ms: int, to_ms: int, points: int | None = None) -> tuple[list[int], list[float]]:
        """See `History`; asks the one behind."""
        return self._inner.read(series, from_ms, to_ms, points)

    def latest(self, series: Sequence[str] | None = None) -> dict[str, tuple[int, float]]:
        """See `History`; asks the one behind."""
        return self._inner.latest(series)

    def series(self) -> list[str]:
        """See `History`; asks the one behind."""
        return self._inner.series()

    def close(self) -> None:
        """See `History`; closes the one behind too. What waits stays in the file."""
        with self._draining, self._storing:
            self._db.close()
            self._inner.close()

    def _oldest(self) -> tuple[int, int, list[Samples]]:
        """The oldest appends that make a batch: the id of the last, their samples' number, and the samples."""
        last_id, count, runs = 0, 0, list[Samples]()
        with self._storing, self._explained("read"):
            for row_id, samples, body in self._db.execute("SELECT id, samples, body FROM spool ORDER BY id"):
                last_id, count = row_id, count + samples
                runs += _decoder.decode(body)
                if count >= BATCH_SAMPLES:
                    break
        return last_id, count, runs

    def _deliver(self, runs: list[Samples]) -> list[tuple[Samples, str]]:
        """Appends to the history behind; returns what it refused, found by halving, with its reason."""
        try:
            self._inner.append(runs)
        except ValueError as error:
            if len(runs) == 1:
                return [(runs[0], str(error))]
            middle = len(runs) // 2
            return self._deliver(runs[:middle]) + self._deliver(runs[middle:])
        return []

    def _forget(self, last_id: int, count: int, refused: list[tuple[Samples, str]]) -> None:
        rows = [(len(one.times_ms), msgspec.msgpack.encode([one]), reason) for one, reason in refused]
        with self._storing, self._explained("advance"), transaction(self._db, "IMMEDIATE"):
            self._db.executemany("INSERT INTO refused (samples, body, reason) VALUES (?, ?, ?)", rows)
            self._db.execute("DELETE FROM refused WHERE id <= ?", (self._refused + len(rows) - REFUSED_MAX,))
            self._db.execute("DELETE FROM spool WHERE id <= ?", (last_id,))
        with self._storing:
            self._refused += len(rows)
            self._waiting -= count

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = "check that the disk has room and that the service may write there"
            raise HistoryUnavailable(f"can not {what} the history's spool {self._path}: {error}; {hint}") from error
