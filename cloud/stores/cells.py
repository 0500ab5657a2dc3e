"""The rows of the embedded history's buckets: read, made of old chunks a few at a time, dropped. See `retention.py`.

All of these work inside a transaction of the caller's and raise `sqlite3.Error` or `chunks.Damaged`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from cloud.stores import chunks, retention
from cloud.stores.chunks import Run
from cloud.stores.retention import BUCKET_MS, CELL_MS

CHUNKS_A_STEP = 64
"""Chunks that become buckets in one transaction, up to 65,000 samples: some 10 ms."""
SERIES_A_STEP = 1_000
"""Series looked at for something to do in one step."""
CELLS_A_STEP = 100

_NEXT = """
SELECT id, (SELECT min(first_ms) FROM chunks WHERE series = part.id) AS oldest_ms,
  (SELECT min(cell_ms) FROM coarse WHERE series = part.id) AS cell_ms
FROM (SELECT id FROM series WHERE id > :after ORDER BY id LIMIT :limit) AS part
WHERE oldest_ms < :raw_from OR cell_ms < :kept_from ORDER BY id LIMIT 1
"""


def due(db: sqlite3.Connection, after: int, raw_from: int, kept_from: int) -> tuple[int, int]:
    """The id above `after` of the next series with something to do, and where to go on. 0 for the first: there is none
    among those looked at; for the second: that was the end."""
    marks = {"after": after, "limit": SERIES_A_STEP, "raw_from": raw_from, "kept_from": kept_from}
    found = db.execute(_NEXT, marks).fetchone()
    if found:
        return int(found[0]), int(found[0])
    (last,) = db.execute(
        "SELECT max(id) FROM (SELECT id FROM series WHERE id > :after ORDER BY id LIMIT :limit)", marks
    ).fetchone()
    return 0, last or 0


def thin(db: sqlite3.Connection, series: int, raw_from: int) -> int:
    """Make buckets of the oldest chunks of a series, of one cell at most; returns how many samples went for that."""
    (oldest_ms,) = db.execute("SELECT min(first_ms) FROM chunks WHERE series = ?", (series,)).fetchone()
    if oldest_ms is None or oldest_ms >= raw_from:
        return 0
    cell_ms = oldest_ms // CELL_MS * CELL_MS
    until = _until(db, series, oldest_ms, min(cell_ms + CELL_MS, raw_from))
    rows = db.execute(
        "SELECT id, body FROM chunks WHERE series = ? AND first_ms < ? ORDER BY first_ms", (series, until)
    ).fetchall()
    run = chunks.merged(chunks.decode(body) for _, body in rows)
    old = chunks.between(run, 0, until)
    db.executemany("DELETE FROM chunks WHERE id = ?", [(chunk,) for chunk, _ in rows])
    _keep_chunk(db, series, (run[0][len(old[0]) :], run[1][len(old[0]) :]))
    held = db.execute(
        "SELECT extremes, sums, counts FROM coarse WHERE series = ? AND cell_ms = ?", (series, cell_ms)
    ).fetchone()
    before = retention.decode(*held) if held else retention.NOTHING
    after = retention.coarsened(cell_ms, old, before)
    row = (series, cell_ms, int(after.counts[1].sum()), *retention.encode(after))
    db.execute(
        "INSERT OR REPLACE INTO coarse (series, cell_ms, samples, extremes, sums, counts) VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    return len(old[0]) - (len(after.extremes[0]) - len(before.extremes[0]))


def drop(db: sqlite3.Connection, series: int, kept_from: int) -> int:
    """Delete the oldest cells of a series; returns how many samples they stood for."""
    rows = db.execute(
        "SELECT id, samples FROM coarse WHERE series = ? AND cell_ms < ? ORDER BY cell_ms LIMIT ?",
        (series, kept_from, CELLS_A_STEP),
    ).fetchall()
    db.executemany("DELETE FROM coarse WHERE id = ?", [(row,) for row, _ in rows])
    return sum(samples for _, samples in rows)


def pages(db: sqlite3.Connection, series: int, from_ms: int, to_ms: int) -> Iterator[Run]:
    """The samples of the buckets in [from_ms, to_ms), a page a cell."""
    found = db.execute(
        "SELECT extremes FROM coarse WHERE series = ? AND cell_ms > ? AND cell_ms < ? ORDER BY cell_ms",
        (series, from_ms - CELL_MS, to_ms),
    )
    for (extremes,) in found:
        yield chunks.between(chunks.decode(extremes), from_ms, to_ms)


def totals(db: sqlite3.Connection, series: int, from_ms: int, to_ms: int) -> tuple[float, int]:
    """Sum and number of the samples of the buckets that begin in [from_ms, to_ms)."""
    total, number = 0.0, 0
    found = db.execute(
        "SELECT sums, counts FROM coarse WHERE series = ? AND cell_ms > ? AND cell_ms < ?",
        (series, from_ms - CELL_MS, to_ms),
    )
    for sums, counts in found:
        total += float(chunks.between(chunks.decode(sums), from_ms, to_ms)[1].sum())
        number += int(chunks.between(chunks.decode(counts), from_ms, to_ms)[1].sum())
    return total, number


def _until(db: sqlite3.Connection, series: int, oldest_ms: int, end_ms: int) -> int:
    """Up to where chunks are taken now: `end_ms`, or an earlier end of a bucket where there are many."""
    beyond = db.execute(
        "SELECT first_ms FROM chunks WHERE series = ? AND first_ms < ? ORDER BY first_ms LIMIT 1 OFFSET ?",
        (series, end_ms, CHUNKS_A_STEP),
    ).fetchone()
    if beyond is None:
        return end_ms
    return int(max(beyond[0] // BUCKET_MS, oldest_ms // BUCKET_MS + 1) * BUCKET_MS)


def _keep_chunk(db: sqlite3.Connection, series: int, run: Run) -> None:
    if len(run[0]):
        row = (series, int(run[0][0]), int(run[0][-1]), len(run[0]), chunks.encode(*run))
        db.execute("INSERT INTO chunks (series, first_ms, last_ms, samples, body) VALUES (?, ?, ?, ?, ?)", row)
