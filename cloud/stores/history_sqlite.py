"""The embedded `History`: SQLite, with compressed chunks of samples.

An append writes one row of `journal`, so it is durable, and adds its samples to their series' *heads* in memory. A head
of `HEAD_SAMPLES` is sealed: sorted, and merged into its series' `chunks`, which are disjoint in time; late samples go
the same way, into the chunk that covers their time. The journal keeps what is not sealed yet; opening the file reads
the heads back from it.

Sealing is spread: an append of n samples seals no more heads than 2 n samples would fill, so that series that fill in
step do not stall one unlucky append; a head still stays below twice `HEAD_SAMPLES` and one append. Where series that
hardly speak hold back a journal of mostly sealed samples, the oldest heads are sealed before they are full: that keeps
it below `HEAD_SAMPLES` a series even when all of them are late for it. Memory: 2 to 5 KB a series, and the caches.

`retain` makes buckets of old chunks (`retention.py`), a little at each call; what is freed in the file is used again,
the file does not shrink.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import msgspec
import numpy as np
from sqlite_utils import Database, Migrations

from cloud.stores import cells, chunks, sealing
from cloud.stores.chunks import Run
from cloud.stores.history import SAMPLES_MAX, HistoryUnavailable, Samples, check, check_read
from cloud.stores.retention import Retention, Step
from cloud.stores.sqlite_file import connect, migrate, transaction

HEAD_SAMPLES = 128
JOURNAL_SLACK = 3
JOURNAL_SAMPLES_MIN = 10_000
"""The journal may hold so many samples, or `JOURNAL_SLACK` times those that are not sealed, before it is shortened."""
WRITER_CACHE_KIB = 8_192
READER_CACHE_KIB = 8_192

migrations = Migrations("history")


@migrations()
def first(db: Database) -> None:
    """The tables of 0.1. `sealed_id`: the series' samples in journal rows up to this id are in its chunks."""
    db.conn.execute(
        "CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL DEFAULT -1,"
        " value REAL NOT NULL DEFAULT 0, sealed_id INTEGER NOT NULL DEFAULT 0)"
    )
    db.conn.execute("CREATE TABLE journal (id INTEGER PRIMARY KEY, samples INTEGER NOT NULL, body BLOB NOT NULL)")
    db.conn.execute(
        "CREATE TABLE chunks (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
        " last_ms INTEGER NOT NULL, samples INTEGER NOT NULL, body BLOB NOT NULL)"
    )
    db.conn.execute("CREATE UNIQUE INDEX chunks_by_time ON chunks (series, first_ms)")


@migrations()
def second(db: Database) -> None:
    """Buckets of old samples. `samples`: how many they stand for. `retained`: what became of old samples, in all."""
    db.conn.execute(
        "CREATE TABLE coarse (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, cell_ms INTEGER NOT NULL,"
        " samples INTEGER NOT NULL, extremes BLOB NOT NULL, sums BLOB NOT NULL, counts BLOB NOT NULL)"
    )
    db.conn.execute("CREATE UNIQUE INDEX coarse_by_time ON coarse (series, cell_ms)")
    db.conn.execute("CREATE TABLE retained (thinned INTEGER NOT NULL, dropped INTEGER NOT NULL)")
    db.conn.execute("INSERT INTO retained VALUES (0, 0)")


_PAIR = struct.Struct("<qd")
_PAIRS = np.dtype([("at", "<i8"), ("value", "<f8")])
_entries = msgspec.msgpack.Decoder(list[tuple[int, bytes]])
"""A journal row: (series id, time and value pairs) for each run that was appended."""


class _Head(NamedTuple):
    """Samples not in chunks yet, in order of arrival, as pairs; the oldest came with this journal row."""

    journal_id: int
    pairs: bytearray


class SqliteHistory:
    """A `History` in one SQLite file, of which this must be the only user. One connection writes; another reads
    beside it, so that a long read stalls no append. Each serves one call at a time."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file; raises `HistoryUnavailable`."""
        self._path = path
        self._writing, self._reading, self._memory = Lock(), Lock(), Lock()
        self._ids: dict[str, int] = {}
        self._latest: dict[str, tuple[int, float]] = {}
        self._heads: dict[str, _Head] = {}  # in order of their journal_id, as every head begins with the newest row
        self._full: dict[str, None] = {}
        self._journal: deque[tuple[int, int]] = deque()
        self._journal_samples = 0
        self._head_samples = 0
        self._journal_id = 0
        self._turn, self._idle = 0, True
        """Of retention: the series it was at last, and whether it has found nothing in this round yet."""
        with self._explained("open"):
            db = connect(path, WRITER_CACHE_KIB)
            migrate(db, migrations)
            self._writer = db.conn
            self._reader = connect(path, READER_CACHE_KIB).conn
            self._reader.execute("PRAGMA query_only = 1")
            self.retained: tuple[int, int] = self._writer.execute("SELECT thinned, dropped FROM retained").fetchone()
            """Samples that buckets stand for, and samples dropped with theirs, since the file was made."""
            self._replay()

    def append(self, samples: Sequence[Samples]) -> None:
        """See `History`. One transaction: all of the samples or none."""
        check(samples)
        runs = [(one.series, b"".join(map(_PAIR.pack, one.times_ms, one.values))) for one in samples if one.times_ms]
        if not runs:
            return
        count = sum(len(pairs) for _, pairs in runs) // _PAIR.size
        with self._writing, self._explained("append to"):
            journal_id = self._journal_id + 1
            sealed = self._to_seal(count)
            oldest = next((head.journal_id for name, head in self._heads.items() if name not in sealed), journal_id)
            with transaction(self._writer, "IMMEDIATE"):
                ids = self._known(name for name, _ in runs)
                body = msgspec.msgpack.encode([(ids[name], pairs) for name, pairs in runs])
                self._writer.execute("INSERT INTO journal VALUES (?, ?, ?)", (journal_id, count, body))
                for name in sealed:
                    sealing.seal(self._writer, self._ids[name], _run(self._heads[name].pairs))
                self._writer.executemany(
                    "UPDATE series SET at_ms = ?, value = ?, sealed_id = ? WHERE id = ?",
                    [(*self._latest[name], self._journal_id, self._ids[name]) for name in sealed],
                )
                self._writer.execute("DELETE FROM journal WHERE id < ?", (oldest,))
            with self._memory:  # committed: only now does memory follow
                self._ids.update(ids)
                for name in sealed:
                    self._head_samples -= len(self._heads.pop(name).pairs) // _PAIR.size
                    self._full.pop(name, None)
                self._journaled(journal_id, count)
                while self._journal[0][0] < oldest:
                    self._journal_samples -= self._journal.popleft()[1]
                for name, pairs in runs:
                    self._arrived(name, pairs, journal_id)

    def read(self, series: str, from_ms: int, to_ms: int, points: int | None = None) -> tuple[list[int], list[float]]:
        """See `History`."""
        check_read(series, from_ms, to_ms, points)
        with self._reading, self._explained("read"), transaction(self._reader, "DEFERRED"):
            number, raw = self._raw(series, from_ms, to_ms)
            pages = chunks.woven([cells.pages(self._reader, number, from_ms, to_ms), *raw])
            times, values = chunks.gathered(pages, from_ms, to_ms, points, SAMPLES_MAX)
        return times.tolist(), values.tolist()

    def retain(self, keep: Retention, now_ms: int) -> Step:
        """One small step towards what is to be kept: up to 64 chunks of one series become buckets, old cells of it are
        dropped. Series take turns. What is not in a chunk yet, fewer than 256 samples a series, waits until it is."""
        raw_from, kept_from = keep.raw_from(now_ms), keep.kept_from(now_ms)
        with self._reading, self._explained("look through"):
            series, self._turn = cells.due(self._reader, self._turn, raw_from, kept_from)
        if not series:
            over = self._turn == 0
            done, self._idle = over and self._idle, over or self._idle
            return Step(0, 0, done)
        self._idle = False
        with self._writing, self._explained("thin"), transaction(self._writer, "IMMEDIATE"):
            thinned = cells.thin(self._writer, series, raw_from)
            dropped = cells.drop(self._writer, series, kept_from)
            self._writer.execute("UPDATE retained SET thinned = thinned + ?, dropped = dropped + ?", (thinned, dropped))
        self.retained = (self.retained[0] + thinned, self.retained[1] + dropped)
        return Step(thinned, dropped, False)

    def mean(self, series: str, from_ms: int, to_ms: int) -> tuple[float, int]:
        """The mean of the samples with from_ms <= time < to_ms, and how many they were: (0, 0) when there were none.
        Where buckets stand for them, of the buckets that begin in that time."""
        check_read(series, from_ms, to_ms, None)
        with self._reading, self._explained("read"), transaction(self._reader, "DEFERRED"):
            number, raw = self._raw(series, from_ms, to_ms)
            total, samples = cells.totals(self._reader, number, from_ms, to_ms)
            for _, values in chunks.woven(raw):
                total, samples = total + float(values.sum()), samples + len(values)
        return (total / samples, samples) if samples else (0.0, 0)

    def latest(self, series: Sequence[str] | None = None) -> dict[str, tuple[int, float]]:
        """See `History`."""
        with self._memory:
            if series is None:
                return dict(self._latest)
            return {name: self._latest[name] for name in series if name in self._latest}

    def series(self) -> list[str]:
        """See `History`."""
        return sorted(self.latest())

    def close(self) -> None:
        """See `History`."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def _raw(self, series: str, from_ms: int, to_ms: int) -> tuple[int, list[Iterator[Run]]]:
        """The id of a series, 0 when it is not known, and pages of its samples that no buckets stand for: those in
        chunks, and those in the head."""
        with self._memory:  # the head as of the very state of the file that this transaction sees
            found = self._reader.execute("SELECT id FROM series WHERE name = ?", (series,)).fetchone()
            pairs = bytes(self._heads[series].pairs) if series in self._heads else b""
        number = found[0] if found else 0
        head = chunks.between(_run(pairs), from_ms, to_ms)
        return number, [sealing.pages(self._reader, number, from_ms, to_ms), iter([head])]

    def _replay(self) -> None:
        """Memory as the file has it."""
        sealed: dict[int, int] = {}
        for number, name, at_ms, value, sealed_id in self._writer.execute("SELECT * FROM series"):
            self._ids[name] = number
            sealed[number] = sealed_id
            if at_ms >= 0:
                self._latest[name] = at_ms, value
        names = {number: name for name, number in self._ids.items()}
        self._journal_id = max(sealed.values(), default=0)
        for journal_id, count, body in self._writer.execute("SELECT id, samples, body FROM journal ORDER BY id"):
            self._journaled(journal_id, count)
            for number, pairs in _entries.decode(body):
                if journal_id > sealed[number]:
                    self._arrived(names[number], pairs, journal_id)

    def _known(self, names: Iterator[str]) -> dict[str, int]:
        """The ids of these series; those not known yet become rows."""
        ids: dict[str, int] = {}
        for name in names:
            known = self._ids.get(name) or ids.get(name)
            ids[name] = known or self._writer.execute("INSERT INTO series (name) VALUES (?)", (name,)).lastrowid or 0
        return ids

    def _to_seal(self, count: int) -> dict[str, None]:
        """Which heads an append of `count` samples seals: full ones, and the oldest if the journal is too long."""
        budget = -(-2 * count // HEAD_SAMPLES)
        chosen = dict.fromkeys(islice(self._full, budget))
        if self._journal_samples > max(JOURNAL_SAMPLES_MIN, JOURNAL_SLACK * self._head_samples):
            oldest = islice(self._heads, budget)
            chosen |= dict.fromkeys(islice((name for name in oldest if name not in chosen), budget - len(chosen)))
        return chosen

    def _journaled(self, journal_id: int, count: int) -> None:
        self._journal_id = journal_id
        self._journal.append((journal_id, count))
        self._journal_samples += count

    def _arrived(self, name: str, pairs: bytes, journal_id: int) -> None:
        head = self._heads.get(name)
        if head is None:
            head = self._heads[name] = _Head(journal_id, bytearray())
        head.pairs.extend(pairs)
        self._head_samples += len(pairs) // _PAIR.size
        if len(head.pairs) >= HEAD_SAMPLES * _PAIR.size:
            self._full[name] = None
        last = max(reversed([*_PAIR.iter_unpack(pairs)]), key=_time)  # of two at one time the later arrival
        if name not in self._latest or last[0] >= self._latest[name][0]:
            self._latest[name] = last

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = "check that the disk has room and that the service may write there"
            raise HistoryUnavailable(f"can not {what} the history {self._path}: {error}; {hint}") from error
        except chunks.Damaged as error:
            why = f"it is damaged: {error}; restore the file from a backup"
            raise HistoryUnavailable(f"can not {what} the history {self._path}: {why}") from error


def open_url(url: str) -> SqliteHistory:
    """`sqlite:///path`, one more slash for a path from the root."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path:
        raise ValueError(f"{url!r} names no file: use sqlite:///history.db, or sqlite:////var/lib/history.db")
    return SqliteHistory(Path(path))


def _time(pair: tuple[int, float]) -> int:
    return pair[0]


def _run(pairs: bytes | bytearray) -> Run:
    """The pairs in ascending order, the later of two at one time."""
    records = np.frombuffer(bytes(pairs), _PAIRS)
    return chunks.merged([(np.ascontiguousarray(records["at"]), np.ascontiguousarray(records["value"]))])
