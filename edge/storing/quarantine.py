"""Messages that could not be used, as they are shown and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from edge.core.field.tail import shown_text
from edge.storing.groups import QUARANTINE_PAYLOAD_MAX, QUARANTINE_ROWS_MAX
from protocols.fieldwork import Kept, Quarantine

SHOWN = 50

Rows = Callable[..., Iterable[Any]]
"""Runs a query with its parameters."""


class Held(NamedTuple):
    """A message to be replayed. `done_ms`: when it was already, 0 for never, None where it can not be."""

    id: int
    at_ms: int
    code: str
    topic: str
    payload: bytes
    done_ms: int | None


def shown(rows: Rows, before: int, code: str) -> Quarantine:
    """The latest messages below number `before` (0: of all), of one code or ("") of any."""
    found = [
        Kept(number, at_ms, why, device, topic, detail, hint, shown_text(payload or b""), done is not None, done or 0)
        for number, at_ms, why, device, topic, detail, hint, payload, done in rows(
            "SELECT p.id, at_ms, code, device, topic, detail, hint, payload, done_ms FROM problem p LEFT JOIN replay r"
            " ON r.id = p.id WHERE (?1 = 0 OR p.id < ?1) AND (?2 = '' OR code = ?2) ORDER BY p.id DESC LIMIT ?3",
            (before, code, SHOWN),
        )
    ]
    return Quarantine(
        found,
        found[-1].id if len(found) == SHOWN else 0,
        dict(rows("SELECT code, COUNT(*) FROM problem GROUP BY code")),
        dict(rows("SELECT code, COUNT(*) FROM problem JOIN replay USING (id) WHERE done_ms = 0 GROUP BY code")),
        dict(rows("SELECT code, count FROM problem_count")),
        QUARANTINE_ROWS_MAX,
        QUARANTINE_PAYLOAD_MAX,
    )


def to_replay(rows: Rows, ids: list[int], code: str, most: int) -> list[Held]:
    """The messages of these numbers, or else the oldest of a code that can be replayed; oldest first."""
    what = "SELECT p.id, at_ms, code, topic, payload, done_ms FROM problem p LEFT JOIN replay r ON r.id = p.id"
    if ids:
        marks = ", ".join("?" * len(ids))
        return [Held(*row) for row in rows(f"{what} WHERE p.id IN ({marks}) ORDER BY p.id", tuple(ids))]
    return [Held(*row) for row in rows(f"{what} WHERE code = ? AND done_ms = 0 ORDER BY p.id LIMIT ?", (code, most))]
