"""Both ends of the link between gateway and service, on real sockets and real stores, for the uplink's tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio

from cloud.keys import allow
from cloud.keys import own_keys as service_keys
from cloud.stores.ledger import Applied, Ledger, Received
from cloud.uplink import Uplink as Door
from edge import uplink as module
from edge.core.forwarding import Wanted
from edge.keys import own_keys, service_key
from edge.store import Group, Store
from edge.uplink import Uplink
from protocols.reports import Lane, Report, Series, StockEvent
from protocols.uplink import FromGateway, FromService, Policy, Refused, decode_from_service
from protocols.uplink import encode as frame
from tests.contract.brokers import free_port

T0 = 1_763_762_400_000
DEADLINE_S = 20.0


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same link, only less patient, so that a test need not wait as long as a gateway may."""
    for name, value in {"MUTE_S": 2.0, "HELLO_S": 0.4, "BACKOFF_MAX_S": 0.5, "POLL_S": 0.0}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr("cloud.door.KEYS_FRESH_S", 0.0)


async def until(condition: Callable[[], bool], what: str) -> None:
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


def event(number: int) -> StockEvent:
    return StockEvent("A1", "bolt", 1, number, T0 + number, 0.99)


def series(number: int) -> Series:
    return Series("cold-1", "1", "temperature_c", "hall", T0 + number, [0], [4.5])


class Service:
    """The service's side: its uplink and its ledger, started and stopped at one address and on one file."""

    def __init__(self, folder: Path, site: str = "demo") -> None:
        self.folder, self.site = folder, site
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.public_key = service_keys(folder) and folder / "keys" / "service.key"
        self.ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.applied: list[Report] = []
        self.duplicates = 0
        self.away = self.deaf = False
        self.policies: list[Policy] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        asked = (self._apply, self.ledger.tops, self.ledger.missing, lambda: self.policies)
        self.door = Door(self.address, self.folder, self.site, *asked)
        self._task = asyncio.create_task(self.door.run())

    def lose_ledger(self) -> None:
        """Go on with a ledger that holds nothing, as from a backup of the first day."""
        self.ledger.close()
        self.ledger = Ledger(f"sqlite:///{self.folder / 'ledger2.db'}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self.door.close()
            self._task = None
            await asyncio.sleep(0.05)  # the loop lets go of the old sockets before new ones get their numbers

    async def _apply(self, received: list[Received]) -> list[Applied]:
        while self.away:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        applied = self.ledger.apply(received, T0, lambda _reports: None)
        for taken in applied:
            self.applied += taken.reports
            self.duplicates += taken.duplicates
        while self.deaf:  # what is applied stays unsigned
            await asyncio.sleep(0.01)
        return applied

    def movements(self) -> list[int]:
        return [count for _, _, _, count, _, _ in self.ledger.movements()]


class Box:
    """A gateway's store, as its link wants it; keeps what it was asked for again. `now_ms` tells the time."""

    def __init__(self, store: Store, now_ms: Callable[[], int] = lambda: T0) -> None:
        self.store, self.now_ms = store, now_ms
        self.asked: list[tuple[Lane, int, int]] = []

    @property
    def next_seq(self) -> dict[Lane, int]:
        return self.store.next_seq

    @property
    def unsigned_from(self) -> dict[Lane, int]:
        return self.store.unsigned_from

    @property
    def kept_from(self) -> dict[Lane, int]:
        return self.store.kept_from

    async def waiting(self, wanted: Wanted, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        return self.store.waiting(wanted.lane, wanted.after, wanted.before, reports_max, bytes_max)

    async def settle(self, lane: Lane, seqs: list[int], refused: list[Refused]) -> None:
        self.store.settle(lane, seqs, [(one.seq, one.reason) for one in refused], self.now_ms())

    async def resend(self, lane: Lane, first: int, last: int) -> None:
        self.asked.append((lane, first, last))
        self.store.resend(lane, first, last, self.now_ms())

    async def take_policies(self, policies: list[Policy]) -> None:
        self.store.keep_policies(policies)

    def settled(self) -> bool:
        return all(book.pending == 0 for book in self.store.book().values())


class Side(Box):
    """The gateway's side: its store and its uplink."""

    def __init__(self, folder: Path, service: Service, name: str = "gw", site: str = "demo") -> None:
        super().__init__(Store(folder / "edge.db"))
        self.keys = own_keys(folder, name)
        self.refused: list[Refused] = []
        self.sent: list[Wanted] = []
        public_key = service_key(service.public_key)
        self.link = Uplink(service.address, public_key, self.keys, name, site, self)
        self._task: asyncio.Task[None] | None = None

    async def waiting(self, wanted: Wanted, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        self.sent.append(wanted)
        return await super().waiting(wanted, min(reports_max, 50), bytes_max)

    async def settle(self, lane: Lane, seqs: list[int], refused: list[Refused]) -> None:
        self.refused += refused
        await super().settle(lane, seqs, refused)

    def start(self) -> None:
        self._task = asyncio.create_task(self.link.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def tell(self, *reports: Report) -> None:
        self.store.commit(Group(T0, reports=list(reports)))
        self.link.notify()


class Raw:
    """A bare end of the link with a key of its own, that says whatever a test wants."""

    def __init__(self, folder: Path, service: Service, name: str, allowed: bool = True) -> None:
        self.keys, self._service = own_keys(folder, name), service
        if allowed:
            allow(service.folder, name, self.keys.public.decode())
        self._context = zmq.asyncio.Context()
        self.sockets: list[zmq.asyncio.Socket] = []
        self.socket = self.connect()

    def connect(self, routing_id: bytes = b"") -> zmq.asyncio.Socket:
        """One more connection with this key."""
        socket: zmq.asyncio.Socket = self._context.socket(zmq.DEALER)
        if routing_id:
            socket.setsockopt(zmq.ROUTING_ID, routing_id)
        socket.curve_serverkey = service_key(self._service.public_key)
        socket.curve_publickey, socket.curve_secretkey = self.keys
        socket.setsockopt(zmq.RECONNECT_IVL, module.NEVER_MS)
        socket.setsockopt(zmq.LINGER, 0)
        self.sockets.append(socket)
        socket.connect(self._service.address)
        return socket

    async def say(self, what: FromGateway | bytes, socket: zmq.asyncio.Socket | None = None) -> None:
        await asyncio.wait_for(
            (socket or self.socket).send(what if isinstance(what, bytes) else frame(what)), DEADLINE_S
        )

    async def hear(self, socket: zmq.asyncio.Socket | None = None) -> FromService:
        return decode_from_service(await asyncio.wait_for((socket or self.socket).recv(), DEADLINE_S))

    def close(self) -> None:
        self._context.destroy(linger=0)


class Ends:
    """A service and as many gateways as a test wants, all of them stopped with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services: list[Service] = []
        self.sides: list[Side] = []
        self.raws: list[Raw] = []

    def service(self, **how: Any) -> Service:
        folder = self.folder / f"service{len(self.services)}"
        folder.mkdir()
        self.services.append(Service(folder, **how))
        return self.services[-1]

    def side(self, service: Service, allowed_as: str | None = "gw", **how: Any) -> Side:
        one = Side(self.folder / f"gateway{len(self.sides)}", service, **how)
        if allowed_as is not None:
            allow(service.folder, allowed_as, one.keys.public.decode())
        self.sides.append(one)
        return one

    def raw(self, service: Service, name: str, allowed: bool = True) -> Raw:
        self.raws.append(Raw(self.folder / f"raw{len(self.raws)}", service, name, allowed))
        return self.raws[-1]


@asynccontextmanager
async def open_ends(folder: Path) -> AsyncIterator[Ends]:
    """Ends that are all closed in the end."""
    both = Ends(folder)
    try:
        yield both
    finally:
        for raw in both.raws:
            raw.close()
        for side in both.sides:
            await side.stop()
            side.store.close()
        for service in both.services:
            await service.stop()
