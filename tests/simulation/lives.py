"""The two programs, living and dying: the real shells, started over their files, killed between any two steps.

A kill leaves the files as they are at that moment. Killed in the middle of work on its store, a program leaves a write
ahead log that ends anywhere within what it was writing. What is asked of the stores happens in the loop, one work
after the other, as in the shells' own worker threads.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cloud.core.intake import Arrived
from cloud.core.ordering import Ordering
from cloud.core.replenishment import Fate, Need, Plan
from cloud.service import Options as ServiceOptions
from cloud.service import Service
from cloud.uplink import Uplink as Door
from edge.gateway import Gateway
from edge.gateway import Options as GatewayOptions
from edge.mqtt import parse_url
from protocols.ranges import Ranges
from protocols.reports import Lane
from protocols.uplink import Hello
from tests.simulation.timeline import WORKER, Log, Timeline
from tests.simulation.world import SITE

How = Literal["before", "torn", "after"]
ADDRESS = "tcp://127.0.0.1:1"
DISK_S = (0.001, 0.02)
ROOM_CHANCE = 0.2
"""That a transaction still finds room on a full disk: so of two databases one may go on without the other."""


class Watched(sqlite3.Connection):
    """A connection of a program, until it closes it itself."""

    life: Life | None = None

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """A statement; where the disk is full a transaction may find no room."""
        if sql == "COMMIT":
            self._find_room()
        return super().execute(sql, *values)

    def commit(self) -> None:
        """The same of a transaction that the driver began."""
        if self.in_transaction:
            self._find_room()
        super().commit()

    def _find_room(self) -> None:
        if self.life is not None and self.life.no_room and self.life.rng.random() >= ROOM_CHANCE:
            raise sqlite3.OperationalError("database or disk is full")

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        if self.life is not None:
            self.life.connections.remove(self)
            self.life = None


class Death(Exception):
    """A program ended by itself: a fault of its own."""


class Life:
    """One program from a start to its death."""

    name = ""

    def __init__(self, line: Timeline, log: Log, rng: random.Random, folder: Path) -> None:
        self.line, self.log, self.rng = line, log, rng
        self.folder = folder
        self.alive = True
        self.down_s = 1.0
        """How long it stays dead."""
        self.no_room = False
        self.doomed: tuple[int, How] | None = None
        """After so many more works for the store it is killed: before, within or after that work."""
        self.connections: list[Watched] = []
        self.on_work: Callable[[str, tuple[Any, ...], Any], None] = lambda _name, _args, _result: None
        self.on_wish: Callable[[str, tuple[Any, ...]], None] = lambda _name, _args: None
        self.on_death: Callable[[Life], None] = lambda _life: None
        self.fatal: BaseException | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._free_s = 0.0

    def start(self) -> None:
        """Open the stores and run."""
        context = contextvars.copy_context()
        context.run(WORKER.set, self)
        context.run(self._start)

    def _start(self) -> None:
        """Each program in its own way."""

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task of this program."""
        self._tasks = [one for one in self._tasks if not one.done()]
        self._tasks.append(task)

    def work(self, act: Callable[..., Any], args: tuple[Any, ...], answer: asyncio.Future[Any]) -> None:
        """Do it after as long as the disk takes, one after the other."""
        if not self.alive:
            answer.cancel()
            return
        self.on_wish(*_named(partial(act, *args)))
        self._free_s = max(self._free_s, self.line.time()) + self.rng.uniform(*DISK_S)
        self.line.call_at(self._free_s, self._do, partial(act, *args), answer)

    def kill(self, folder: Path | None = None) -> None:
        """No step more. `folder`: the files as they were left, when they are not those of this moment."""
        if not self.alive:
            return
        self.alive = False
        after = folder or left_behind(self.folder)
        for task in self._tasks:
            task.cancel()
        for connection in list(self.connections):
            connection.close()
        before, self.folder = self.folder, after
        self._end()
        shutil.rmtree(before)
        self.on_death(self)

    def watch(self, main: asyncio.Task[Any]) -> None:
        """Whoever ends by itself is at fault."""

        def ended(task: asyncio.Task[Any]) -> None:
            if self.alive:
                self.fatal = task.exception() if not task.cancelled() else Death("cancelled by itself")

        main.add_done_callback(ended)

    def _end(self) -> None:
        """What else of it must be let go of."""

    def _do(self, act: partial[Any], answer: asyncio.Future[Any]) -> None:
        if not self.alive or answer.done():
            return
        how: How | None = None
        if self.doomed is not None:
            left, planned = self.doomed
            self.doomed = (left - 1, planned) if left else None
            how = None if left else planned
        if how == "before":
            self.kill()
            return
        before = left_behind(self.folder) if how == "torn" else None
        name, args = _named(act)
        try:
            result = act()
        except BaseException as error:
            self.log(self.name, f"{name}: {type(error).__name__}")
            self.line.call_soon(_fail, answer, error)
            return
        if before is not None:
            self.kill(torn(before, self.folder, self.rng))
            return
        self.on_work(name, args, result)
        if how == "after":
            self.kill()
            return
        self.line.call_later(self.rng.uniform(0.0, 0.003), self._tell, answer, result)

    def _tell(self, answer: asyncio.Future[Any], result: Any) -> None:
        if self.alive and not answer.done():
            answer.set_result(result)


class GatewayLife(Life):
    """The gateway."""

    name = "gateway"
    gateway: Gateway

    def _start(self) -> None:
        options = GatewayOptions(
            SITE, self.folder, parse_url("mqtt://broker:1883"), "gw", ADDRESS, self.folder / "service.key"
        )
        self.gateway = Gateway(options)
        self.watch(self.line.create_task(self.gateway.run(), name="gateway"))

    def _end(self) -> None:
        if hasattr(self, "gateway"):
            self.gateway.mqtt.dead = True  # type: ignore[attr-defined]
            self.gateway._worker.shutdown(wait=False)


class ServiceLife(Life):
    """The service."""

    name = "service"
    service: Service
    door: Door

    def __init__(self, line: Timeline, log: Log, rng: random.Random, folder: Path) -> None:
        super().__init__(line, log, rng, folder)
        self.on_plan: Callable[[ServiceLife, Plan], None] = lambda _life, _made: None
        self.on_decided: Callable[[str], None] = lambda _sku: None
        self.on_asked: Callable[[ServiceLife, Hello, Mapping[Lane, Ranges]], None] = lambda _life, _hello, _asked: None

    def waiting(self, gateway: str) -> list[Arrived]:
        """The batches of a gateway that are not yet applied."""
        intake = self.door._intake
        return [one for lanes in (intake._live, intake._replay) for one in lanes.get(gateway, ())]

    def _start(self) -> None:
        there = self.folder
        service = Service(ServiceOptions(SITE, there, f"sqlite:///{there}/history.db", f"sqlite:///{there}/ledger.db"))
        self.service = service
        service.ordering.decide = self._plan  # type: ignore[method-assign]
        service.ordering.enter = self._enter  # type: ignore[method-assign]
        asked = (service.apply, service.ledger.tops, self._ask, service.policies)
        self.door = Door(ADDRESS, there, SITE.site.id, *asked)
        self.watch(self.line.create_task(service.run(self.door), name="service"))

    def _plan(self, made: Plan, now_ms: int, fate: Fate = "free", cancelled_ms: int = 0) -> Need | None:
        self.on_plan(self, made)
        need = Ordering.decide(self.service.ordering, made, now_ms, fate, cancelled_ms)
        if need is None:
            self.on_decided(made.sku)
        return need

    def _enter(self, need: Need) -> None:
        Ordering.enter(self.service.ordering, need)
        self.on_decided(need.sku)

    def _ask(self, gateway: str, hello: Hello) -> dict[Lane, Ranges]:
        asked = self.service.ledger.missing(gateway, hello)
        self.on_asked(self, hello, asked)
        return asked

    def _end(self) -> None:
        if hasattr(self, "door"):
            self.door.close()
        if hasattr(self, "service"):
            self.service.close()


def left_behind(folder: Path) -> Path:
    """A copy of a program's files as a kill leaves them: without the shared memory of its databases, and without
    the ballast and what a restore set aside, which are large and say nothing."""
    number = int(folder.name.rpartition("-")[2])
    while True:
        number += 1
        after = folder.with_name(f"{folder.name.rpartition('-')[0]}-{number}")
        if not after.exists():
            break
    shutil.copytree(folder, after, ignore=shutil.ignore_patterns("*-shm", "*.ballast", "before-*"))
    return after


def torn(before: Path, now: Path, rng: random.Random) -> Path:
    """The files of a program killed in the middle of its last work: what it added to its logs is there up to some byte.
    The logs are written one after the other, the history's before the ledger's. Where the work did more than to add to
    its logs, as when it folded one into its database, it is done or not done at all."""
    after = left_behind(now)
    grown: list[tuple[str, int, int]] = []
    for path in sorted(after.glob("*.db-wal")):
        old, new = _bytes(before / path.name), path.read_bytes()
        if new != old:
            grown.append((path.name, len(old), len(new)))
    whole = all(_bytes(path) == _bytes(before / path.name) for path in after.glob("*.db"))
    added = all(_bytes(after / name).startswith(_bytes(before / name)) for name, _, _ in grown)
    if not (whole and added):
        gone, kept = (after, before) if rng.random() < 0.5 else (before, after)
        shutil.rmtree(gone)
        return kept
    left = rng.randint(0, sum(new_size - old_size for _, old_size, new_size in grown))
    for name, old_size, new_size in grown:
        added_size = min(left, new_size - old_size)
        left -= added_size
        with (after / name).open("r+b") as file:
            file.truncate(old_size + added_size)
    for path in before.glob("*.mark"):  # written when a work is done
        shutil.copy(path, after / path.name)
    shutil.rmtree(before)
    return after


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _named(act: partial[Any]) -> tuple[str, tuple[Any, ...]]:
    """What work this is: the name and arguments of what the shell wanted done."""
    func: Any = act
    args: tuple[Any, ...] = ()
    while True:
        if isinstance(func, partial):
            func, args = func.func, (*func.args, *args)
        elif getattr(func, "__name__", "") == "run" and args:  # asyncio.to_thread runs it in a context
            func, args = args[0], args[1:]
        else:
            return getattr(func, "__name__", "work"), args


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
