"""The link between gateway and service over real CURVE sockets and real stores: nothing lost, nothing applied twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio

from cloud.keys import allow
from cloud.keys import own_keys as service_keys
from cloud.stores.ledger import Applied, Ledger, LedgerUnavailable, Received
from cloud.uplink import Uplink as Door
from edge import uplink as module
from edge.core.forwarding import Wanted
from edge.keys import own_keys, service_key
from edge.store import Group, Store
from edge.uplink import Uplink
from protocols.reports import LANE_OF, Lane, Report, Series, StockEvent, encode
from protocols.uplink import Batch, Receipt, Refused, Rejected, Welcome
from protocols.uplink import decode_from_gateway
from protocols.uplink import encode as frame
from tests.contract.brokers import free_port

T0 = 1_763_762_400_000
DEADLINE_S = 20.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same link, only less patient, so that a test need not wait as long as a gateway may."""
    for name, value in {"MUTE_S": 2.0, "HELLO_S": 0.2, "BACKOFF_MAX_S": 0.5, "POLL_S": 0.0}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr("cloud.uplink.KEYS_FRESH_S", 0.05)


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
        self.away = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.door = Door(self.address, self.folder, self.site, self._apply)
        self._task = asyncio.create_task(self.door.run())

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
        return applied

    def movements(self) -> list[int]:
        return [count for _, _, _, count, _, _ in self.ledger.movements()]


class Side:
    """The gateway's side: its store and its uplink."""

    def __init__(self, folder: Path, service: Service, name: str = "gw", site: str = "demo") -> None:
        self.store = Store(folder / "edge.db")
        self.keys = own_keys(folder, name)
        self.refused: list[Refused] = []
        self.sent: list[Wanted] = []
        self.link = Uplink(
            service.address,
            service_key(service.public_key),
            self.keys,
            name,
            site,
            lambda: self.store.next_seq,
            self._waiting,
            self._settle,
        )
        self._task: asyncio.Task[None] | None = None

    async def _waiting(self, wanted: Wanted, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        self.sent.append(wanted)
        return self.store.waiting(wanted.lane, wanted.after, wanted.before, min(reports_max, 50), bytes_max)

    async def _settle(self, lane: Lane, seqs: list[int], refused: list[Refused]) -> None:
        self.refused += refused
        self.store.settle(lane, seqs, [(one.seq, one.reason) for one in refused], T0)

    def start(self) -> None:
        self._task = asyncio.create_task(self.link.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def tell(self, *reports: Report) -> None:
        self.store.commit(Group(T0, reports=list(reports)))
        self.link.notify()

    def settled(self) -> bool:
        return all(book.pending == 0 for book in self.store.book().values())


class Ends:
    """A service and as many gateways as a test wants, all of them stopped with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services: list[Service] = []
        self.sides: list[Side] = []

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


@pytest.fixture
async def ends(tmp_path: Path) -> AsyncIterator[Ends]:
    both = Ends(tmp_path)
    yield both
    for side in both.sides:
        await side.stop()
        side.store.close()
    for service in both.services:
        await service.stop()


async def test_what_a_gateway_has_is_delivered_once_and_signed_for(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    side.tell(*(event(number) for number in range(120)), *(series(number) for number in range(120)))
    service.start()
    side.start()

    await until(side.settled, "receipts for the backlog")
    side.tell(event(120))
    await until(side.settled, "a receipt for what is new")

    assert service.movements() == list(range(121))
    assert len(service.applied) == 241
    assert side.link.connected
    assert side.link.why == ""
    assert all(book.balanced for book in side.store.book().values())
    assert [wanted.replay for wanted in side.sent if wanted.lane == "events"][-1] is False


async def test_what_is_new_overtakes_a_backlog(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    side.tell(*(event(number) for number in range(2000)))
    service.away = True
    service.start()
    side.start()
    await until(lambda: len(side.sent) == 8, "a full window")

    side.tell(event(2000))
    service.away = False
    await until(side.settled, "receipts for all")

    at = next(
        at for at, report in enumerate(service.applied) if isinstance(report, StockEvent) and report.count == 2000
    )
    assert at < 1000
    assert {wanted.replay for wanted in side.sent[:8]} == {True}
    assert sorted(service.movements()) == list(range(2001))


async def test_a_key_that_is_not_allowed_is_refused_and_recovers_once_it_is(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service, allowed_as=None)
    side.tell(event(0))
    service.start()
    side.start()
    await until(lambda: "cloud allow gw" in side.link.why, "the reason, with what to do")
    assert not side.link.connected
    assert service.applied == []

    allow(service.folder, "gw", side.keys.public.decode())

    await until(side.settled, "a receipt once the key is allowed")
    assert service.movements() == [0]


async def test_a_key_taken_off_the_list_is_refused_on_its_open_link(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    service.start()
    side.start()
    await until(lambda: side.link.connected, "the link")

    (service.folder / "gateways" / "gw.key").unlink()
    await until(lambda: not side.link.connected, "the link to be refused")
    side.tell(event(0))
    await until(lambda: side.link.why not in ("", "not yet connected"), "the reason")

    assert service.applied == []
    assert not side.settled()


async def test_a_gateway_of_another_name_than_its_keys_is_told_so(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service, allowed_as="dock")
    side.tell(event(0))
    service.start()
    side.start()

    await until(lambda: "this key belongs to 'dock'" in side.link.why, "the reason")

    assert not side.link.connected
    assert service.applied == []


async def test_a_gateway_of_another_site_is_told_so(ends: Ends) -> None:
    service = ends.service(site="berlin")
    side = ends.side(service)
    side.tell(event(0))
    service.start()
    side.start()

    await until(lambda: "keeps site 'berlin'" in side.link.why, "the reason")

    assert service.applied == []


async def test_a_service_restarted_in_the_middle_loses_and_doubles_nothing(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    service.start()
    side.start()
    told = 0
    for _ in range(3):
        service.away = False
        for _ in range(10):
            side.tell(*(event(number) for number in range(told, told + 60)))
            told += 60
            await asyncio.sleep(0)
        await until(lambda: len(service.applied) > 0, "something to be applied")
        # The service goes while batches are on their way to it; it is back before the link was missed.
        service.away = True
        side.tell(event(told))
        told += 1
        await until(lambda: bool(side.link._forwarder.pending), "batches on their way")
        await service.stop()
        service.start()

    service.away = False
    await until(side.settled, "receipts for all")

    assert sorted(service.movements()) == list(range(told))
    book = side.store.book()["events"]
    assert (book.accepted, book.delivered, book.refused) == (told, told, 0)


async def test_a_gateway_restarted_in_the_middle_loses_and_doubles_nothing(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    side.tell(*(event(number) for number in range(500)))
    service.start()
    side.start()
    await until(lambda: bool(service.applied), "something to be applied")
    await side.stop()
    side.store.close()

    folder = side.store.path.parent
    again = Side(folder, service)
    ends.sides[:] = [again]
    again.start()
    await until(again.settled, "receipts for all")

    assert sorted(service.movements()) == list(range(500))


@pytest.mark.parametrize("poison", [b"", b"\xc1", b"\x01\x02", encode(event(1))[:-1], b"\x93\xa5stock\xa2A1\x01"])
async def test_a_poison_report_is_refused_with_its_reason_and_holds_nothing_up(ends: Ends, poison: bytes) -> None:
    service = ends.service()
    side = ends.side(service)
    side.tell(event(0), event(1), event(2))
    side.store._connection.execute("UPDATE outbox SET report = ? WHERE seq = 1", (poison,))
    service.start()
    side.start()

    await until(side.settled, "receipts for all")

    assert service.movements() == [0, 2]
    assert [one.seq for one in side.refused] == [1]
    assert side.refused[0].reason
    book = side.store.book()["events"]
    assert (book.delivered, book.refused, book.balanced) == (2, 1, True)


async def test_a_service_that_is_not_there_is_found_once_it_comes(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    side.tell(event(0))
    side.start()
    await until(lambda: "does not answer" in side.link.why, "the reason")

    service.start()

    await until(side.settled, "a receipt")
    assert service.movements() == [0]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1", "nowhere", "udp://127.0.0.1:1"])
async def test_an_address_that_is_none_is_a_reason_and_no_crash(ends: Ends, address: str) -> None:
    service = ends.service()
    side = ends.side(service)
    side.link.address = address
    side.start()

    await until(lambda: "tcp://HOST:PORT" in side.link.why, "the reason")

    assert side._task is not None
    assert not side._task.done()


class Scripted:
    """A service that answers what a test says, to see what the gateway makes of it."""

    def __init__(self, service: Service) -> None:
        self._context = zmq.asyncio.Context()
        self.socket = self._context.socket(zmq.ROUTER)
        self.socket.curve_server = True
        self.socket.curve_publickey, self.socket.curve_secretkey = service_keys(service.folder)
        self.socket.bind(service.address)

    async def next(self, kind: str) -> tuple[bytes, Any]:
        while True:
            route, body = await asyncio.wait_for(self.socket.recv_multipart(), DEADLINE_S)
            heard = decode_from_gateway(body)
            if type(heard).__name__ == kind:
                return route, heard
            await self.say(route, Welcome(1, "demo"))

    async def say(self, route: bytes, what: Welcome | Receipt | Rejected | bytes) -> None:
        await self.socket.send_multipart([route, what if isinstance(what, bytes) else frame(what)])

    def close(self) -> None:
        self._context.destroy(linger=0)


@pytest.fixture
async def scripted(ends: Ends) -> AsyncIterator[Scripted]:
    one = Scripted(ends.service())
    yield one
    one.close()


async def test_a_receipt_for_a_batch_of_nobody_settles_nothing(ends: Ends, scripted: Scripted) -> None:
    side = ends.side(ends.services[0])
    side.tell(event(0))
    side.start()
    route, batch = await scripted.next("Batch")

    await scripted.say(route, Receipt(batch.id + 100, "events"))
    await scripted.say(route, Receipt(batch.id, "events", [Refused(999, "never sent")]))
    await until(side.settled, "the right receipt")

    book = side.store.book()["events"]
    assert (book.delivered, book.refused) == (1, 0)


@pytest.mark.parametrize("answer", [b"", b"\xc1", b"[]", frame(Receipt(1, "events"))])
async def test_a_greeting_answered_with_something_else_is_a_reason(
    ends: Ends, scripted: Scripted, answer: bytes
) -> None:
    side = ends.side(ends.services[0])
    side.start()
    route, _ = await asyncio.wait_for(scripted.socket.recv_multipart(), DEADLINE_S)

    await scripted.say(route, answer)

    await until(lambda: side.link.why not in ("", "not yet connected"), "the reason")
    assert not side.link.connected
    assert side._task is not None
    assert not side._task.done()


async def test_a_batch_nobody_signs_for_makes_the_link_new_and_goes_again(
    ends: Ends, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNSIGNED_S", 0.5)
    side = ends.side(ends.services[0])
    side.tell(event(0))
    side.start()
    _, first = await scripted.next("Batch")

    # Greetings are answered all the time, but never the batch.
    route, second = await scripted.next("Batch")

    assert isinstance(first, Batch)
    assert isinstance(second, Batch)
    assert first.seqs == second.seqs == [0]
    assert second.reports == [encode(event(0))]
    await scripted.say(route, Receipt(second.id, "events"))
    await until(side.settled, "the receipt")


async def test_reports_travel_as_the_bytes_they_were_stored_as(ends: Ends, scripted: Scripted) -> None:
    side = ends.side(ends.services[0])
    side.tell(series(1), event(2))
    side.start()

    seen: dict[Lane, list[bytes]] = {}
    while len(seen) < 2:
        _, batch = await scripted.next("Batch")
        seen[batch.lane] = batch.reports

    assert seen == {LANE_OF[type(one)]: [encode(one)] for one in (series(1), event(2))}


async def test_a_ledger_that_is_away_holds_receipts_back(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service)
    service.away = True
    side.tell(event(0))
    service.start()
    side.start()
    await until(lambda: bool(side.link._forwarder.pending), "the batch on its way")
    assert not side.settled()

    service.away = False

    await until(side.settled, "the receipt")
    with suppress(LedgerUnavailable):
        assert service.movements() == [0]
