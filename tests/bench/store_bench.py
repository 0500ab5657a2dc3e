"""What the outbox takes on the disk, how long its upkeep holds up a group, and how soon a killed gateway serves again.

The reports are those of 2,000 slots that each tell their level once a minute, with masses and confidences that differ
every time, and a stock event for one in fifty. A quarter of a day is written through the gateway's own commits and
upkeep; the figure for a week is 28 times that.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections import deque
from contextlib import closing
from pathlib import Path

import msgspec

from edge.store import Group, Store
from edge.storing.outbox import PACK_REPORTS
from protocols.reports import Report, SlotLevel, StockEvent, encode
from tests.bench.gateway_bench import broker, site_text
from tests.bench.table import Figure, show

SLOTS = 2000
HOURS = 6
WEEK_HOURS = 168
GROUP = 15
T0 = 1_763_762_400_000
LARGE_BYTES = 1 << 30


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("store", figures())


def figures() -> list[Figure]:
    """Room for a week without the service, delays by upkeep, time to serve after a kill."""
    with tempfile.TemporaryDirectory() as folder:
        found = offline(Path(folder))
        found.append(restart(Path(folder)))
    return found


def offline(folder: Path) -> list[Figure]:
    """Hours without the service: bytes a report, the steps of upkeep, and the commits between them."""
    store, plain = Store(folder / "week" / "edge.db"), Store(folder / "plain" / "edge.db")
    rng = random.Random(11)
    commits: list[float] = []
    alone: list[float] = []
    steps: list[float] = []
    turns = deque([(store, commits), (plain, alone)])
    raw = told = 0
    for minute in range(HOURS * 60):
        reports = minute_of(rng, T0 + minute * 60_000)
        raw += sum(len(encode(report)) for report in reports)
        told += len(reports)
        for at in range(0, len(reports), 500):
            store.commit(Group(T0 + minute * 60_000, reports=reports[at : at + 500]))
        more = True
        while more:
            began_s = time.perf_counter()
            more = store.tidy(T0 + minute * 60_000)
            steps.append(time.perf_counter() - began_s)
            small = Group(T0 + minute * 60_000, {"shelf-1": b"x" * 300}, reports=reports[:GROUP])
            turns.rotate()  # whichever comes second finds the processor's caches warm
            for one, took in turns:
                began_s = time.perf_counter()
                one.commit(small)
                took.append(time.perf_counter() - began_s)
            raw += sum(len(encode(report)) for report in small.reports)
            told += GROUP
    looks = store.outlook(T0 + HOURS * 3_600_000)
    assert sum(looks.pending.values()) == told
    store.close()
    plain.close()
    size = (folder / "week" / "edge.db").stat().st_size
    week = size * WEEK_HOURS / HOURS * SLOTS * HOURS * 60 / told
    rows = one_a_row(folder, raw / told) * SLOTS * 60 * WEEK_HOURS
    anchor = f"one row a report {rows / 1e9:.2f} GB; {size / told:.0f} bytes a report"
    commits.sort()
    alone.sort()
    middle, late = len(commits) // 2, int(len(commits) * 0.99)
    steps.sort()
    return [
        Figure("7 days offline, 2,000 slots a minute (28 x 6 h)", "<= 1 GB", week / 1e9, 1.0, "GB", anchor),
        Figure(
            "a step of upkeep, p99",
            "<= 20 ms",
            steps[int(len(steps) * 0.99)] * 1000,
            20.0,
            "ms",
            f"p50 {steps[len(steps) // 2] * 1000:.1f} ms, {len(steps)} steps",
        ),
        Figure(
            f"commit of {GROUP} reports between steps, p50",
            "<= 1.2 x without",
            commits[middle] / alone[middle],
            1.2,
            "x",
            f"without {alone[middle] * 1000:.2f} ms, p99 {alone[late] * 1000:.1f} (with {commits[late] * 1000:.1f})",
        ),
    ]


def restart(folder: Path) -> Figure:
    """Seconds from starting a gateway anew, after kill -9 with a log to be folded in, until it is ready."""
    state = folder / "large"
    path = state / "edge.db"
    enlarge(path)
    site = folder / "site.toml"
    site.write_text(site_text(SLOTS))
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    log_mb = path.with_name("edge.db-wal").stat().st_size / 1e6
    with broker(folder) as port:
        small = sorted(ready_after(folder / "small", site, port) for _ in range(3))[1]
        large = sorted(ready_after(state, site, port) for _ in range(3))[1]
    size = path.stat().st_size / 1e9
    anchor = f"an empty store {small:.1f} s; {size:.2f} GB, log {log_mb:.0f} MB"
    return Figure("kill -9 to serving again, 1 GB store", "<= 3 s", large, 3.0, "s", anchor)


KILLED = """
import os, sys
from pathlib import Path
from edge.store import Group, Store
from tests.bench.store_bench import T0, minute_of
import random
store = Store(Path(sys.argv[1]))
for _ in range(3):
    store.commit(Group(T0, reports=minute_of(random.Random(1), T0)))
os.kill(os.getpid(), 9)
"""


def minute_of(rng: random.Random, at_ms: int) -> list[Report]:
    """What 2,000 slots tell in one minute."""
    reports: list[Report] = []
    for slot in range(SLOTS):
        count = rng.randrange(5, 300)
        name, sku = f"A-{slot // 100:02d}-{slot % 100:02d}", f"SKU-{slot % 800:05d}"
        low, high, mass_g = count - rng.randrange(2), count + rng.randrange(2), count * 12.34 + rng.gauss(0, 2)
        when_ms = at_ms + rng.randrange(60_000)
        reports.append(SlotLevel(name, sku, count, low, high, rng.random(), mass_g, when_ms))
        if slot % 50 == 0:
            reports.append(StockEvent(name, sku, -1, count, when_ms, rng.random(), "weight", when_ms + 20))
    return reports


def one_a_row(folder: Path, size: float) -> float:
    """Bytes a report takes in a table with one row each, as it was kept before."""
    count = 100_000
    path = folder / "rows.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE outbox (lane TEXT, seq INTEGER, report BLOB, PRIMARY KEY (lane, seq)) WITHOUT ROWID")
        rows = (("telemetry", seq, os.urandom(round(size))) for seq in range(count))
        db.executemany("INSERT INTO outbox VALUES (?, ?, ?)", rows)
    return path.stat().st_size / count


def enlarge(path: Path) -> None:
    """A store of a gigabyte of packed reports that wait, of which each block is a real one."""
    store = Store(path)
    rng = random.Random(2)
    blocks = []
    for _ in range(40):
        packed = zlib.compress(msgspec.msgpack.encode([encode(one) for one in minute_of(rng, T0)[:PACK_REPORTS]]), 1)
        blocks.append(packed)
    store.close()
    with closing(sqlite3.connect(path)) as db, db:
        count = LARGE_BYTES // (sum(map(len, blocks)) // len(blocks))
        db.executemany(
            "INSERT INTO packed (lane, first, count, size, raw, reports) VALUES ('telemetry', ?, ?, ?, ?, ?)",
            (
                (at * PACK_REPORTS, PACK_REPORTS, len(blocks[at % 40]), 62 * PACK_REPORTS, blocks[at % 40])
                for at in range(count)
            ),
        )
        total = db.execute("SELECT SUM(size) FROM packed").fetchone()[0]
        db.execute(
            "UPDATE lane SET next_seq = ?1, accepted = ?1, bytes = ?2, tail_from = 0 WHERE id = 'telemetry'",
            (count * PACK_REPORTS, total),
        )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def ready_after(state: Path, site: Path, broker_port: int) -> float:
    """Start a gateway, wait until it says that it is ready, and kill it: seconds."""
    port = free_port()
    argv = [sys.executable, "-m", "edge", "run", "--site", str(site), "--state", str(state), "--port", str(port)]
    began_s = time.monotonic()
    process = subprocess.Popen([*argv, "--broker", f"mqtt://127.0.0.1:{broker_port}"], stdout=subprocess.DEVNULL)
    try:
        while time.monotonic() - began_s < 60:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return time.monotonic() - began_s
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise TimeoutError("the gateway was not ready within a minute")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


if __name__ == "__main__":
    sys.exit(main())
