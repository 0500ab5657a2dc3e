"""What the gateway's end of the link makes of any answer: a service is scripted here, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio

from cloud.keys import own_keys as service_keys
from edge import uplink as module
from protocols.reports import LANE_OF, Lane, encode
from protocols.uplink import Batch, Receipt, Refused, Rejected, Welcome, decode_from_gateway
from protocols.uplink import encode as frame
from tests.contract.links import DEADLINE_S, Ends, Service, event, hasten, open_ends, series, until


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


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
