"""A depot's service for its tests: started as often as wanted, over a ledger that locks and a history that shuts."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cloud import service as shell
from cloud.service import Options, Service
from cloud.stores.history import History, HistoryUnavailable, Samples
from cloud.uplink import Link
from protocols.reports import Report
from tests import depot
from tests.depot import DAY_MS, stock

SITE = depot.site()
MINUTE_MS = 60_000
DEADLINE_S = 10.0
COOLER = "thermo-1/1/temperature_c"
NOW_MS = shell._now_ms()


class Door:
    """A history that can be shut, or held on the way in; behind it is the real one."""

    def __init__(self, behind: History) -> None:
        self.behind = behind
        self.shut = False
        self.free = threading.Event()
        self.free.set()
        self.appends = 0
        self.read, self.latest, self.series, self.close = behind.read, behind.latest, behind.series, behind.close

    def append(self, samples: Sequence[Samples]) -> None:
        self.appends += 1
        assert self.free.wait(DEADLINE_S), "nobody opened the door"
        if self.shut:
            raise HistoryUnavailable("the history is away")
        self.behind.append(samples)


class Linked:
    """An uplink over which every gateway is heard."""

    batches = strangers = began_ms = 0

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}

    def connected(self, gateway: str, now_ms: int) -> bool:
        return True


class Depot:
    """One depot's service, started as often as wanted, also after a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number = folder, 0
        self.state = folder / "state-0"
        self._running: list[Service] = []

    def start(self) -> Service:
        ledger = f"sqlite:///{self.state}/ledger.db?timeout=0.05"
        service = Service(Options(SITE, self.state, f"sqlite:///{self.state}/history.db", ledger))
        service.uplink = Linked()  # type: ignore[assignment]
        self._running.append(service)
        return service

    def crash(self) -> None:
        """What is on the disk now is all that the next start finds. (The one that runs goes on beside it.)"""
        self._number += 1
        before, self.state = self.state, self.folder / f"state-{self._number}"
        shutil.copytree(before, self.state)

    def restart_crashed(self) -> Service:
        self.crash()
        return self.start()

    @contextmanager
    def locked_ledger(self) -> Iterator[None]:
        other = sqlite3.connect(self.state / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    def dump(self) -> list[str]:
        """All that the stores hold."""
        found = []
        for name in ("ledger.db", "history.db"):
            with sqlite3.connect(self.state / name) as db:
                found += list(db.iterdump())
            db.close()
        return found

    def close(self) -> None:
        while self._running:
            self._running.pop().close()


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not done():
            await asyncio.sleep(0.01)


def picks(slot: str, days: int, a_day: int, before_ms: int = NOW_MS, left: int = 90) -> list[Report]:
    """So many days of the same demand, ending now with what is left."""
    sold: list[Report] = [stock(slot, 90, 90, before_ms - (days + 1) * DAY_MS, "first")]
    sold += [stock(slot, -a_day, 90, before_ms - day * DAY_MS) for day in range(days, 0, -1)]
    return [*sold, counted(slot, left, before_ms)] if left != 90 else sold


def counted(slot: str, units: int, at_ms: int) -> Report:
    """What a slot holds, however much it was before: no goods moved."""
    return stock(slot, units, units, at_ms, "count")


async def decide_over(service: Service, from_ms: int, to_ms: int, step_ms: int = 10_000) -> None:
    for now_ms in range(from_ms, to_ms + 1, step_ms):
        await service.tick(now_ms)
