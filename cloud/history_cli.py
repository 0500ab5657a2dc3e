"""`python -m cloud history SERIES`: a series day by day, far back too, where only buckets of old samples are left."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from cloud.stores.history import History, open_history
from cloud.stores.history_sqlite import SqliteHistory

DAY_MS = 86_400_000
DAYS_MAX = 36_500


class Day(Struct, frozen=True):
    """The samples of one day, UTC: how many there were, and their least, mean and greatest value."""

    day: str
    samples: int
    least: float
    mean: float
    greatest: float


def show(arguments: argparse.Namespace) -> None:
    """Print the days that have samples; raises `ValueError` for a series that is not known, or `HistoryUnavailable`."""
    if not 1 <= arguments.days <= DAYS_MAX:
        raise ValueError(f"{arguments.days} days can not be shown: give 1 to {DAYS_MAX}")
    url = arguments.history or f"sqlite:///{arguments.state / 'history.db'}"
    if not arguments.history and not (arguments.state / "history.db").exists():
        raise ValueError(f"{arguments.state} holds no history: give --state, or --history")
    store = open_history(url)
    try:
        if not store.latest([arguments.series]):
            raise ValueError(f"there is no series {arguments.series!r}: names are device/channel/quantity")
        for one in days(store, arguments.series, time.time_ns() // 1_000_000, arguments.days):
            said = msgspec.json.encode(one).decode() if arguments.json else _line(one)
            sys.stdout.write(said + "\n")
    finally:
        store.close()


def days(store: History, series: str, now_ms: int, number: int) -> Iterator[Day]:
    """The last `number` days of a series, the earliest first; those without samples are left out."""
    today_ms = now_ms // DAY_MS * DAY_MS
    for from_ms in range(max(0, today_ms - (number - 1) * DAY_MS), today_ms + 1, DAY_MS):
        _, extremes = store.read(series, from_ms, from_ms + DAY_MS, points=2)
        if extremes:
            mean, samples = _mean(store, series, from_ms)
            day = time.strftime("%Y-%m-%d", time.gmtime(from_ms / 1000))
            yield Day(day, samples, min(extremes), mean, max(extremes))


def _mean(store: History, series: str, from_ms: int) -> tuple[float, int]:
    if isinstance(store, SqliteHistory):
        return store.mean(series, from_ms, from_ms + DAY_MS)
    _, values = store.read(series, from_ms, from_ms + DAY_MS)
    return sum(values) / len(values), len(values)


def _line(one: Day) -> str:
    return f"{one.day}  {one.samples:>6} samples  {one.least:g} .. {one.mean:.4g} .. {one.greatest:g}"
