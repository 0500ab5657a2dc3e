"""The rows of the embedded history's chunks: read, and written when a head of newer samples is sealed.

All of these work inside a transaction of the caller's and raise `sqlite3.Error` or `chunks.Damaged`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import chain

from cloud.stores import chunks
from cloud.stores.chunks import Run

CHUNK_FULL = 512
"""A chunk of so many samples is not extended; late samples inside its time still go into it."""
CHUNK_SAMPLES_MAX = 1_024

_CHUNKS = """
SELECT {columns} FROM chunks WHERE series = :series AND first_ms <= :last
  AND first_ms >= coalesce((SELECT max(first_ms) FROM chunks WHERE series = :series AND first_ms <= :first), :first)
ORDER BY first_ms
"""
_CHUNK_SPANS = _CHUNKS.format(columns="id, first_ms, last_ms, samples")
_CHUNK_BODIES = _CHUNKS.format(columns="body")


def pages(db: sqlite3.Connection, series: int, from_ms: int, to_ms: int) -> Iterator[Run]:
    """The samples of the chunks in [from_ms, to_ms), a page a chunk."""
    for (body,) in db.execute(_CHUNK_BODIES, {"series": series, "first": from_ms, "last": to_ms - 1}):
        yield chunks.between(chunks.decode(body), from_ms, to_ms)


def seal(db: sqlite3.Connection, series: int, head: Run) -> None:
    """Moves a head into the chunks: each chunk takes what lies before the next one begins."""
    span = {"series": series, "first": int(head[0][0]), "last": int(head[0][-1])}
    spans: list[tuple[int | None, int, int, int]] = db.execute(_CHUNK_SPANS, span).fetchall()
    if not spans or span["first"] < spans[0][1]:
        spans.insert(0, (None, span["first"], span["first"] - 1, CHUNK_FULL))
    ends = chain((first_ms for _, first_ms, _, _ in spans[1:]), [span["last"] + 1])
    for (chunk, first_ms, last_ms, samples), end_ms in zip(spans, ends, strict=True):
        run = chunks.between(head, first_ms, end_ms)
        if not len(run[0]):
            continue
        if samples < CHUNK_FULL or run[0][0] <= last_ms:
            (body,) = db.execute("SELECT body FROM chunks WHERE id = ?", (chunk,)).fetchone()
            run = chunks.merged([chunks.decode(body), run])
            db.execute("DELETE FROM chunks WHERE id = ?", (chunk,))
        for times, values in chunks.split(run, CHUNK_SAMPLES_MAX):
            row = (series, int(times[0]), int(times[-1]), len(times), chunks.encode(times, values))
            db.execute("INSERT INTO chunks (series, first_ms, last_ms, samples, body) VALUES (?, ?, ?, ?, ?)", row)
