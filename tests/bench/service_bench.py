"""What the service costs: reports applied a second, and the tick that judges and shows them. No network, one core.

Reports are made: of 1,000, 300 stock events, 300 levels, 350 series of five samples, 50 of device health; a batch is
in the ledger and in the history, each durable, when its time stops. The anchor keeps the same bytes of the same run in
a table, one INSERT a report, one transaction a batch, and knows nothing of what they say.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from cloud.service import Options, Service
from cloud.stores.ledger import Received
from protocols.layout import Site, parse
from protocols.reports import LANES, DeviceHealth, Lane, Report, Series, SlotLevel, StockEvent, encode
from tests.bench.table import Figure, show

BATCHES, BATCH, GROUP = 100, 1000, 5
SLOTS, SKUS, ZONES, CLIMATES, COOLERS = 2000, 400, 20, 200, 10
TICKS, CHANGED_A_TICK = 30, 100


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return show("service", figures())


def figures() -> list[Figure]:
    """Reports a second, and milliseconds of the event loop a tick."""
    with tempfile.TemporaryDirectory() as folder:
        site = parse(site_text())
        service = Service(
            Options(site, Path(folder), f"sqlite:///{folder}/history.db", f"sqlite:///{folder}/ledger.db")
        )
        made = Made(site)
        batches = [made.batch() for _ in range(BATCHES)]
        alone = [made.batch() for _ in range(BATCHES)]
        grouped = [sum(alone[at : at + GROUP], list[Received]()) for at in range(0, BATCHES, GROUP)]
        try:
            rate, cpu_us = asyncio.run(_applied(service, batches))
            backlog, _ = asyncio.run(_applied(service, grouped))
            tick_ms, longest_ms = asyncio.run(_ticked(service, made))
        finally:
            service.close()
        naive = _inserted(Path(folder) / "naive.db", batches)
    bare = f"INSERTs {naive:,.0f}/s"
    tick = f"longest {longest_ms:.0f} ms"
    return [
        Figure(f"reports applied a second, batches of {BATCH:,}", ">= 20,000", rate, 20_000, "/s", bare, floor=True),
        Figure(
            f"the same as a backlog, {GROUP} batches a commit", ">= 20,000", backlog, 20_000, "/s", bare, floor=True
        ),
        Figure("CPU a report applied", "<= 50 us", cpu_us, 50, "us", bare),
        Figure(f"a tick at {SLOTS:,} slots, median", "<= 100 ms", tick_ms, 100, "ms", tick),
    ]


class Made:
    """Reports as they would come: numbered a lane, later and later."""

    def __init__(self, site: Site) -> None:
        self._site, self._chance = site, random.Random(7)
        self._at_ms = time.time_ns() // 1_000_000 - BATCHES * 1000
        self._next: dict[Lane, int] = dict.fromkeys(LANES, 0)

    def batch(self) -> list[Received]:
        """1,000 reports: a batch of events and one of telemetry."""
        self._at_ms += 1000
        stocks = [self._stock() for _ in range(300)]
        events: list[Report] = [*stocks, *(self._health() for _ in range(50))]
        telemetry: list[Report] = [*map(self._level, stocks), *(self._series() for _ in range(350))]
        return [self._numbered("events", events), self._numbered("telemetry", telemetry)]

    def levels(self, count: int) -> list[Received]:
        """A batch of so many levels."""
        self._at_ms += 1000
        return [self._numbered("telemetry", [self._level(self._stock()) for _ in range(count)])]

    def _numbered(self, lane: Lane, reports: list[Report]) -> Received:
        first = self._next[lane]
        self._next[lane] += len(reports)
        return Received("g1", lane, [*range(first, first + len(reports))], [encode(one) for one in reports])

    def _stock(self) -> StockEvent:
        slot = self._chance.choice(self._site.slots)
        delta, count = self._chance.randint(-5, -1), self._chance.randint(0, 100)
        return StockEvent(slot.id, slot.sku, delta, count, self._at_ms, 0.99)

    def _level(self, event: StockEvent) -> SlotLevel:
        count = event.count
        return SlotLevel(event.slot, event.sku, count, count, count, 0.99, 50.0 * count, event.at_ms)

    def _health(self) -> DeviceHealth:
        return DeviceHealth(self._chance.choice(self._site.devices).id, "ok", self._at_ms, self._at_ms, 5000, 0, 0, 0)

    def _series(self) -> Series:
        device = self._site.devices[self._chance.randrange(CLIMATES)]
        values = [round(self._chance.gauss(5, 1), 1) for _ in range(5)]
        return Series(device.id, "1", "temperature_c", device.zone, self._at_ms, [0, 200, 400, 600, 800], values)


def site_text() -> str:
    """Thermometers first, some of them in coolers; a shelf with four slots each for the rest."""
    lines = ['[site]\nid = "bench"\nname = "Bench"']
    lines += [f'[[zones]]\nid = "z{at}"\nname = "Zone"\nmin_c = 2.0\nmax_c = 8.0' for at in range(ZONES)]
    lines += [f'[[skus]]\nid = "S{at}"\nname = "S"\nunit_mass_g = 50.0' for at in range(SKUS)]
    for at in range(CLIMATES):
        role = 'role = "refrigerator"' if at < COOLERS else ""
        lines.append(f'[[devices]]\nid = "t{at}"\nkind = "climate"\nzone = "z{at % ZONES}"\n{role}')
    lines += [f'[[devices]]\nid = "d{at}"\nkind = "shelf"\nzone = "z{at % ZONES}"' for at in range(SLOTS // 4)]
    for at in range(SLOTS):
        device = at // 4
        lines.append(f'[[slots]]\nid = "A{at}"\nzone = "z{device % ZONES}"\nsku = "S{at % SKUS}"\ndevice = "d{device}"')
        lines.append(f'channel = "{at % 4 + 1}"')
    return "\n".join(lines)


async def _applied(service: Service, batches: list[list[Received]]) -> tuple[float, float]:
    """Reports a second, and CPU microseconds a report."""
    await service.apply(batches[0])
    count = sum(len(part.seqs) for batch in batches[1:] for part in batch)
    cpu_s, start_s = time.process_time(), time.perf_counter()
    for batch in batches[1:]:
        await service.apply(batch)
    return count / (time.perf_counter() - start_s), (time.process_time() - cpu_s) / count * 1e6


async def _ticked(service: Service, made: Made) -> tuple[float, float]:
    """Median and longest milliseconds of a tick, with stock changing all the time."""
    taken = []
    for _ in range(TICKS):
        await service.apply(made.levels(CHANGED_A_TICK))
        start_s = time.perf_counter()
        await service.tick(time.time_ns() // 1_000_000)
        taken.append((time.perf_counter() - start_s) * 1e3)
    return statistics.median(taken), max(taken)


def _inserted(path: Path, batches: list[list[Received]]) -> float:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE report (lane TEXT, seq INTEGER, body BLOB, PRIMARY KEY (lane, seq))")
    start_s = time.perf_counter()
    for batch in batches:
        db.execute("BEGIN")
        for _, lane, seqs, reports in batch:
            for seq, body in zip(seqs, reports, strict=True):
                db.execute("INSERT INTO report VALUES (?, ?, ?)", (lane, seq, body))
        db.execute("COMMIT")
    rate = BATCH * len(batches) / (time.perf_counter() - start_s)
    db.close()
    return rate


if __name__ == "__main__":
    sys.exit(main())
