"""Channels that stand at one value for far longer than they ever did: a sensor that is stuck, not a calm machine."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cloud.core.maintenance.events import Event, Moved

STUCK_TIMES, STUCK_ROWS, STUCK_MS = 10, 30, 30 * 60_000
"""One value for so many times the longest run before, and at least so many rows and so long, is stuck."""
CHANGES_MIN = 50
"""A channel that changed less often may be one that rarely does."""
STUCK_SCORE = 0.9


class Course(Struct):
    """How long a channel has stood at one value, the longest it ever did, and the range of all its values."""

    value: float
    since_row: int
    since_ms: int
    low: float
    high: float
    longest_rows: int = 0
    changes: int = 0
    told: bool = False


def stand(
    courses: Sequence[Course], channels: Sequence[str], row: int, at_ms: int, values: Sequence[float]
) -> list[Event]:
    """Take a row; each channel that is stuck, once. It is looked at every `STUCK_ROWS` rows."""
    for course, value in zip(courses, values, strict=True):
        if value != course.value:
            course.low, course.high = min(course.low, value), max(course.high, value)
            course.longest_rows = max(course.longest_rows, row - course.since_row)
            course.value, course.since_row, course.since_ms = value, row, at_ms
            course.changes += 1
            course.told = False
    if row % STUCK_ROWS:
        return []
    found = []
    for name, course in zip(channels, courses, strict=True):
        enough = max(STUCK_ROWS, STUCK_TIMES * course.longest_rows)
        if course.told or course.changes < CHANGES_MIN or row - course.since_row < enough:
            continue
        if at_ms - course.since_ms >= STUCK_MS:
            course.told = True
            moved = Moved(name, course.value, course.value, course.value)
            found.append(Event(course.since_ms, at_ms, "stuck", STUCK_SCORE, [moved]))
    return found
