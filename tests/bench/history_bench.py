"""Measures the embedded history beside the naive table of one row a reading, on the same readings in the same run.

    python -m tests.bench.history_bench [--series 400] [--samples 5000] [--folder /tmp]

Readings are made, not recorded: one a minute with 20 ms of jitter; a third are weights (0.1 g, noise of 1.5 g, a pick
in a hundred), a third temperatures (0.01 degC, a random walk), a third powers (0.1 W, noise of 40 W). They come in runs
of ten of every series at a time, but the last hundred one by one. Quiet series of one reading make it 2,000 in all.
Bytes a reading: the whole file, with what is not sealed yet and free pages; and the sealed chunks alone.
"""

from __future__ import annotations

import argparse
import gc
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from cloud.stores.history import Samples
from cloud.stores.history_sqlite import SqliteHistory

START_MS = 1_763_762_400_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000


class Store(Protocol):
    def append(self, samples: list[Samples]) -> None: ...
    def read(self, series: str, from_ms: int, to_ms: int) -> tuple[list[int], list[float]]: ...
    def latest(self) -> dict[str, tuple[int, float]]: ...
    def close(self) -> None: ...


class Rows:
    """The anchor: a row a reading, keyed by series and time, as tuned as the embedded history's file."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute("CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        self.db.execute("CREATE TABLE rows (series INT, at INT, value REAL, PRIMARY KEY (series, at)) WITHOUT ROWID")
        self.ids: dict[str, int] = {}

    def append(self, samples: list[Samples]) -> None:
        self.db.execute("BEGIN")
        for one in samples:
            if one.series not in self.ids:
                self.ids[one.series] = len(self.ids) + 1
                self.db.execute("INSERT INTO series VALUES (?, ?)", (self.ids[one.series], one.series))
        self.db.executemany(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
            ((self.ids[s.series], at, v) for s in samples for at, v in zip(s.times_ms, s.values, strict=True)),
        )
        self.db.execute("COMMIT")

    def read(self, series: str, from_ms: int, to_ms: int) -> tuple[list[int], list[float]]:
        query = "SELECT at, value FROM rows WHERE series = ? AND at >= ? AND at < ? ORDER BY at"
        found = self.db.execute(query, (self.ids[series], from_ms, to_ms)).fetchall()
        return [at for at, _ in found], [value for _, value in found]

    def latest(self) -> dict[str, tuple[int, float]]:
        """The skip scan, not the slow GROUP BY."""
        query = (
            "SELECT name, at, value FROM series CROSS JOIN rows ON rows.series = series.id"
            " AND at = (SELECT max(at) FROM rows AS other WHERE other.series = series.id)"
        )
        return {name: (at, value) for name, at, value in self.db.execute(query)}

    def close(self) -> None:
        self.db.close()


def readings(series: int, samples: int) -> Iterator[Samples]:
    noise = np.random.default_rng(7)
    for i in range(series):
        times = START_MS + np.arange(samples) * MINUTE_MS + noise.integers(-20, 21, samples)
        quantity = ("mass_g", "temperature_c", "power_w")[i % 3]
        if quantity == "mass_g":
            values = 4800 - 120 * np.cumsum(noise.random(samples) < 0.01) + noise.normal(0, 1.5, samples)
        elif quantity == "temperature_c":
            values = 4 + np.cumsum(noise.normal(0, 0.05, samples))
        else:
            values = np.abs(noise.normal(300, 40, samples))
        rounded = np.round(values, 2 if quantity == "temperature_c" else 1)
        yield Samples(f"device-{i:04}/1/{quantity}", times.tolist(), rounded.tolist())


def median_ms(call: Callable[[int], object], times: int = 30) -> float:
    taken = []
    for i in range(times):
        start = time.perf_counter()
        call(i)
        taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


class Cost:
    """What appends took: rows, seconds of each append, CPU seconds."""

    def __init__(self) -> None:
        self.rows, self.cpu_s = 0, 0.0
        self.seconds: list[float] = []

    def append(self, store: Store, batch: list[Samples]) -> None:
        cpu, start = time.process_time(), time.perf_counter()
        store.append(batch)
        self.seconds.append(time.perf_counter() - start)
        self.cpu_s += time.process_time() - cpu
        self.rows += sum(len(one.times_ms) for one in batch)

    def __str__(self) -> str:
        """Rows/s, CPU us a row, and the median and longest append in ms."""
        median, longest = statistics.median(self.seconds) * 1e3, max(self.seconds) * 1e3
        return f"{self.rows / sum(self.seconds):11,.0f}{self.cpu_s / self.rows * 1e6:8.2f}{median:8.1f}{longest:8.1f}"


def measure(name: str, path: Path, make: Callable[[Path], Store], data: list[Samples], quiet: list[Samples]) -> None:
    store, length = make(path), len(data[0].times_ms)
    runs, steps = Cost(), Cost()
    store.append(quiet)
    for i in range(0, length - 100, 10):
        runs.append(store, [Samples(one.series, one.times_ms[i : i + 10], one.values[i : i + 10]) for one in data])
    for i in range(length - 100, length):
        steps.append(store, [Samples(one.series, one.times_ms[i : i + 1], one.values[i : i + 1]) for one in data])
    end = START_MS + length * MINUTE_MS
    day = median_ms(lambda i: store.read(data[i * 7 % len(data)].series, end - DAY_MS, end))
    latest = median_ms(lambda i: store.latest())
    assert store.read(data[1].series, 0, end + DAY_MS) == (data[1].times_ms, data[1].values)
    assert len(store.latest()) == len(data) + len(quiet)
    store.close()
    rows = length * len(data)
    with sqlite3.connect(path) as db:
        tables = {table for (table,) in db.execute("SELECT name FROM sqlite_master")}
        query = "SELECT sum(length(body)) * 1.0 / sum(samples) FROM chunks" if "chunks" in tables else "SELECT NULL"
        (sealed,) = db.execute(query).fetchone()
    db.close()
    size = path.stat().st_size / rows
    print(f"{name:<9}{size:8.2f}{f'{sealed:.2f}' if sealed else '-':>8}{runs}{steps}{day:8.2f}{latest:10.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--samples", type=int, default=5000, help="of each series, a multiple of ten")
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    data = list(readings(options.series, options.samples))
    quiet = [Samples(f"quiet-{i}/1/mass_g", [START_MS], [1.5]) for i in range(max(0, 2000 - options.series))]
    print(f"{options.series} series of {options.samples} readings, {len(quiet)} of one; every append durable (fsync)")
    print(f"{'':<9}{'B/reading':>16}{'runs of ten':>35}{'one by one':>35}{'read of':>8}{'latest of':>10}")
    columns = f"{'rows/s':>11}{'CPU us':>8}{'p50 ms':>8}{'max ms':>8}"
    print(f"{'':<9}{'file':>8}{'sealed':>8}{columns}{columns}{'1 d, ms':>8}{'all, ms':>10}")
    gc.collect()
    gc.freeze()  # else the collector's walks through all these readings are charged to the appends
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure("rows", Path(folder) / "rows.db", Rows, data, quiet)
        measure("history", Path(folder) / "history.db", SqliteHistory, data, quiet)


if __name__ == "__main__":
    main()
