"""Whatever is said to the service over real CURVE sockets: it is refused and counted, nothing of it is applied, and the
gateway beside it keeps its connection and gets its receipts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import zmq
import zmq.asyncio

from cloud.core.intake import BATCHES_MAX
from protocols.reports import Lane, encode
from protocols.uplink import FRAME_BYTES_MAX, VERSION, Batch, Hello, Receipt, Rejected, Welcome
from protocols.uplink import encode as frame
from tests.contract.links import T0, Ends, Raw, Service, event, hasten, open_ends, until

HELLO = Hello(VERSION, "bad", "demo", {"events": 10, "telemetry": 10})


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


@asynccontextmanager
async def beside_an_honest_gateway(ends: Ends) -> AsyncIterator[Service]:
    """A service to which a gateway speaks all the time, undisturbed; all that it said is there in the end, once."""
    service = ends.service()
    side = ends.side(service)
    service.start()
    side.start()
    await until(lambda: side.link.connected, "the honest gateway")
    told = 0

    async def speak() -> None:
        nonlocal told
        while True:
            side.tell(event(told))
            told += 1
            await asyncio.sleep(0.01)

    speaking = asyncio.create_task(speak())
    try:
        yield service
        receipts = service.door.links["gw"].batches
        await until(lambda: service.door.links["gw"].batches > receipts + 2, "receipts for the honest gateway")
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    await until(side.settled, "receipts for all that the honest gateway said")
    link = service.door.links["gw"]
    mine = [seq for gateway, seq in held(service) if gateway == "gw"]
    assert mine == list(range(told))
    assert (link.left, link.bad, link.flooded) == ([], 0, 0), "it has its first connection still"


def held(service: Service) -> list[tuple[str, int]]:
    """The numbers of events that the ledger holds, by gateway."""
    return [
        (gateway, seq)
        for (gateway, lane), state in service.ledger.lanes().items()
        for first, last in (state.held.ranges if lane == "events" else [])
        for seq in range(first, last + 1)
    ]


def batch(number: int, *seqs: int, lane: Lane = "events") -> Batch:
    return Batch(number, lane, T0, False, [*seqs], [encode(event(seq)) for seq in seqs])


async def greeted(raw: Raw, socket: zmq.asyncio.Socket | None = None) -> None:
    await raw.say(HELLO, socket)
    assert isinstance(await raw.hear(socket), Welcome)


async def refused(raw: Raw, word: str, socket: zmq.asyncio.Socket | None = None) -> None:
    answer = await raw.hear(socket)
    assert isinstance(answer, Rejected), answer
    assert word in answer.reason


async def test_frames_cut_short_and_with_bits_turned(ends: Ends) -> None:
    chance = random.Random(11)
    whole = [frame(HELLO), frame(batch(1, *range(10))), frame(Receipt(1, "events"))]
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        for _ in range(3000):
            body = bytearray(chance.choice(whole))
            for _ in range(chance.randint(1, 4)):
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            await raw.say(bytes(body[: chance.randint(0, len(body))] if chance.random() < 0.5 else body))
        await until(lambda: service.door.links["bad"].bad > 1000, "them to be counted")

        assert not any(seq >= 10 + 1_000_000 for gateway, seq in held(service) if gateway == "bad")
    assert {gateway for gateway, _ in held(service)} <= {"gw", "bad"}


async def test_values_of_every_other_shape(ends: Ends) -> None:
    shapes: list[object] = [
        None, 0, "hello", [], {}, [[]], ["hello"], ["batch"], ["welcome", 1, "demo"], ["resend", "events", [[0, 9]]],
        ["hello", VERSION, "bad", "demo", {"gossip": 1}], ["hello", VERSION, "bad", "demo", {"events": -1}],
        ["hello", VERSION, "bad", "demo", {"events": 2**63}], ["hello", "2", "bad", "demo", {}],
        ["batch", 1, "events", 0, False, [0], ["text"]], ["batch", 1, "events", 0, False, ["0"], [b""]],
        ["batch", 1, "events", 0, False, [2**60], [b""]], ["batch", 1, "events", 0, 1, [0], [b""]],
    ]  # fmt: skip
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        for shape in shapes:
            await raw.say(msgspec.msgpack.encode(shape))
        await until(lambda: service.door.links["bad"].bad == len(shapes), "all of them to be refused")


async def test_a_batch_sent_over_and_over_counts_once(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        for _ in range(50):
            await raw.say(batch(1, 0, 1, 2))
            assert isinstance(await raw.hear(), Receipt)
        assert service.duplicates == 49 * 3
        assert [seq for gateway, seq in held(service) if gateway == "bad"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (batch(1, 2, 1), "do not rise"),
        (batch(1, 1, 1), "do not rise"),
        (batch(1, 2**53), "far above"),
        (batch(1, 0, 10 + 1_000_000), "far above"),
        (batch(1, *range(5000)), "5000 reports"),
        (Batch(1, "events", T0, False, [0, 1], [b""]), "more numbers than reports"),
    ],
)
async def test_a_batch_that_no_gateway_sends_is_refused_whole(ends: Ends, wrong: Batch, word: str) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)

        await raw.say(wrong)

        await refused(raw, word)
        assert service.door.links["bad"].bad == 1
        assert ("bad", 0) not in held(service)
        await greeted(raw)  # and nothing it said makes its own next greeting fail


async def test_a_batch_before_a_greeting_is_refused(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")

        await raw.say(batch(1, 0))
        await refused(raw, "before a greeting")
        await raw.say(Hello(VERSION, "bad", "elsewhere", {"events": 10}))
        await refused(raw, "keeps site")
        await raw.say(batch(2, 0))
        await refused(raw, "before a greeting")

        assert service.door.links["bad"].bad == 3
        assert not service.door.connected("bad", service.door.links["gw"].last_seen_ms)


async def test_a_key_that_is_not_allowed_knocks_without_end_and_is_only_counted(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "nobody", allowed=False)
        for _ in range(30):
            socket = raw.connect()
            await socket.send(frame(Hello(VERSION, "gw", "demo", {"events": 0, "telemetry": 0})))
        await until(lambda: service.door.strangers >= 30, "every knock to be counted")
        assert {*service.door.links} == {"gw"}


async def test_the_name_of_another_gateway_is_not_had_by_saying_it(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")

        await raw.say(Hello(VERSION, "gw", "demo", {"events": 10**6, "telemetry": 10**6}))

        await refused(raw, "belongs to 'bad'")
        await greeted(raw)
        await raw.say(batch(1, 0))
        assert isinstance(await raw.hear(), Receipt)
        assert ("bad", 0) in held(service), "what it sends counts under the name of its key"


async def test_the_routing_id_of_another_gateway_is_not_had_by_taking_it(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw, thief = ends.raw(service, "bad"), ends.raw(service, "thief")
        owner = raw.connect(b"a-route")
        await greeted(raw, owner)

        taking = thief.connect(b"a-route")
        await thief.say(Hello(VERSION, "thief", "demo", {"events": 10, "telemetry": 10}), taking)
        for number in range(20):
            await raw.say(batch(number, number), owner)
            assert await raw.hear(owner) == Receipt(number, "events")

        assert "thief" not in service.door.links
        assert not await taking.poll(100)


async def test_of_two_connections_with_one_key_the_later_serves_and_the_earlier_is_told(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        later = raw.connect()
        await greeted(raw, later)

        await raw.say(batch(1, 0))
        await refused(raw, "another connection with the key of 'bad' came later")
        await raw.say(HELLO)
        await refused(raw, "another connection")
        await raw.say(batch(2, 1), later)

        assert await raw.hear(later) == Receipt(2, "events")
        assert [seq for gateway, seq in held(service) if gateway == "bad"] == [1]
        assert service.door.links["bad"].taken_over == 2


async def test_huge_frames_end_the_connection_they_come_over(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        for _ in range(5):
            await raw.say(b"\x00" * (2 * FRAME_BYTES_MAX))
        await raw.say(batch(1, 0))

        again = raw.connect()
        await greeted(raw, again)
        assert ("bad", 0) not in held(service)


async def test_a_message_of_many_parts_is_refused(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)

        await raw.socket.send_multipart([b"one", frame(batch(1, 0))])

        await refused(raw, "2 parts")
        assert ("bad", 0) not in held(service)


async def test_greetings_and_nonsense_as_fast_as_they_go(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        for number in range(6000):
            await raw.say(HELLO if number % 2 else b"\xc1")
        await until(lambda: service.door.links["bad"].bad >= 3000, "all of it to be read")
        assert service.door.links["bad"].flooded > 1000
        answers = 0
        while await raw.socket.poll(200):
            await raw.socket.recv()
            answers += 1
        assert answers < 2000, "a flood is not answered with a flood"


async def test_a_gateway_that_waits_for_no_receipt_fills_its_own_line_only(ends: Ends) -> None:
    async with beside_an_honest_gateway(ends) as service:
        raw = ends.raw(service, "bad")
        await greeted(raw)
        service.away = True
        for number in range(200):
            await raw.say(batch(number, number))
        await until(lambda: service.door.links["bad"].flooded >= 200 - 2 * BATCHES_MAX, "its line to be full")
        service.away = False
        await until(lambda: service.door.links["bad"].batches >= BATCHES_MAX, "its line to be worked off")
        assert service.door.links["bad"].bad == service.door.links["bad"].flooded
