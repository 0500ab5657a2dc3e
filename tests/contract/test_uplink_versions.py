"""A service works with gateways of its own version and of the one before, each in its own words, and with no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import pytest

from cloud.keys import allow
from edge.storing import sums
from protocols.uplink import VERSION, Hello, Policy, Rejected, Welcome
from tests.contract import gateway_v1
from tests.contract.gateway_v1 import GatewayV1
from tests.contract.links import Ends, Service, Side, event, hasten, open_ends, series, until

POISON = b"\x93\xa5stock\xa2A1\x01"


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


class Speaker(Protocol):
    """A gateway of some version, as far as it matters here."""

    def stock(self, *numbers: int) -> None: ...
    def sample(self, *numbers: int) -> None: ...
    def poison(self) -> None: ...
    def settled(self) -> bool: ...
    def replays(self) -> list[bool]: ...
    def refusals(self) -> list[int]: ...
    def start(self) -> None: ...
    async def stop(self) -> None: ...


class Today:
    """A gateway of this version."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.settled, self.start, self.stop = side.settled, side.start, side.stop

    def stock(self, *numbers: int) -> None:
        self.side.tell(*map(event, numbers))

    def sample(self, *numbers: int) -> None:
        self.side.tell(*map(series, numbers))

    def poison(self) -> None:
        self.side.tell(event(-1))
        seq = self.side.next_seq["events"] - 1
        of_it = (POISON, sums.of_report(seq, POISON), seq)
        self.side.store._connection.execute("UPDATE outbox SET report = ?, crc = ? WHERE seq = ?", of_it)

    def replays(self) -> list[bool]:
        return [wanted.replay for wanted in self.side.sent]

    def refusals(self) -> list[int]:
        return [one.seq for one in self.side.refused]


class Before(GatewayV1):
    """A gateway of the version before."""

    def stock(self, *numbers: int) -> None:
        self.tell("events", *map(gateway_v1.stock, numbers))

    def sample(self, *numbers: int) -> None:
        self.tell("telemetry", *map(gateway_v1.series, numbers))

    def poison(self) -> None:
        self.tell("events", POISON)

    def replays(self) -> list[bool]:
        return self.sent

    def refusals(self) -> list[int]:
        return [seq for seq, _ in self.refused]


Make = Callable[[Service], Speaker]


@pytest.fixture(params=[VERSION - 1, VERSION])
async def make(request: pytest.FixtureRequest, ends: Ends) -> AsyncIterator[Make]:
    made: list[Before] = []

    def one(service: Service) -> Speaker:
        if request.param == VERSION:
            return Today(ends.side(service))
        made.append(before(ends, service))
        return made[-1]

    yield one
    for gateway in made:
        await gateway.stop()


def before(ends: Ends, service: Service) -> Before:
    gateway = Before(ends.folder / "v1", service.address, service.public_key)
    allow(service.folder, "gw", gateway.public.decode())
    return gateway


async def test_what_waited_and_what_is_new_is_delivered_once_and_the_backlog_is_marked(ends: Ends, make: Make) -> None:
    service = ends.service()
    gateway = make(service)
    gateway.stock(*range(120))
    gateway.sample(*range(120))
    service.start()
    gateway.start()
    await until(gateway.settled, "receipts for the backlog")
    assert all(gateway.replays())

    gateway.stock(120)
    await until(gateway.settled, "a receipt for what is new")

    assert sorted(service.movements()) == list(range(121))
    assert len(service.applied) == 241
    assert False in gateway.replays()


async def test_a_poison_report_is_refused_by_itself(ends: Ends, make: Make) -> None:
    service = ends.service()
    gateway = make(service)
    gateway.stock(0)
    gateway.poison()
    gateway.stock(2)
    service.start()
    gateway.start()

    await until(gateway.settled, "receipts for all")

    assert service.movements() == [0, 2]
    assert gateway.refusals() == [1]
    assert service.ledger.lanes()["gw", "events"].refused == 1


async def test_a_service_that_goes_and_comes_loses_and_doubles_nothing(ends: Ends, make: Make) -> None:
    service = ends.service()
    gateway = make(service)
    service.start()
    gateway.start()
    told = 0
    for _ in range(3):
        gateway.stock(*range(told, told + 200))
        told += 200
        await until(lambda: len(service.applied) > 0, "something to be applied")
        await service.stop()
        service.start()

    await until(gateway.settled, "receipts for all")

    assert sorted(service.movements()) == list(range(told))


async def test_batches_whose_receipts_were_lost_come_again_and_are_signed_for_and_not_applied(
    ends: Ends, make: Make
) -> None:
    service = ends.service()
    gateway = make(service)
    gateway.stock(*range(20))  # a batch, so that the service does not go deaf between two
    service.deaf = True
    service.start()
    gateway.start()
    await until(lambda: len(service.applied) == 20, "all to be applied, and no receipt to come")
    assert not gateway.settled()
    await service.stop()

    service.deaf = False
    service.start()

    await until(gateway.settled, "receipts")
    assert service.movements() == list(range(20))
    assert service.duplicates == 20


async def test_a_gateway_of_the_version_before_is_told_nothing_that_it_does_not_know(ends: Ends) -> None:
    service = ends.service()
    gateway = before(ends, service)
    service.policies = [Policy("bolt", 10, 50, False)]
    gateway.stock(*range(10))
    service.start()
    gateway.start()
    try:
        await until(gateway.settled, "receipts")
        await service.stop()
        service.lose_ledger()
        service.start()
        gateway.stock(10)
        await until(gateway.settled, "a receipt of the service that lost its ledger")
        heard = len(gateway.heard)
        await until(lambda: len(gateway.heard) > heard + 3, "some pulses")
    finally:
        await gateway.stop()

    assert {*gateway.heard} == {"welcome", "receipt"}
    assert service.movements() == [10], "what the ledger lost stays lost: version 1 could not send it again"


@pytest.mark.parametrize(
    ("version", "hint"), [(VERSION - 2, "update the gateway"), (VERSION + 1, "update the service, then its gateways")]
)
async def test_a_gateway_of_any_other_version_is_refused_with_what_to_do(ends: Ends, version: int, hint: str) -> None:
    service = ends.service()
    service.start()
    raw = ends.raw(service, "gw")

    await raw.say(Hello(version, "gw", "demo", {"events": 0, "telemetry": 0}))

    answer = await raw.hear()
    assert isinstance(answer, Rejected)
    assert answer.reason == f"version {version} is not spoken here, {VERSION - 1} and {VERSION} are"
    assert answer.hint == hint
    assert service.door.links["gw"].bad == 1


async def test_a_gateway_knows_the_services_version_and_how_far_its_clock_is_off(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = ends.service()
    side = ends.side(service)
    monkeypatch.setattr("edge.uplink._now_ms", lambda: time.time_ns() // 1_000_000 - 3_600_000)
    service.start()
    side.start()

    await until(lambda: side.link.clock_offset_ms is not None, "a welcome")

    assert side.link.service_version == VERSION
    assert side.link.clock_offset_ms is not None
    assert abs(side.link.clock_offset_ms - 3_600_000) <= 2000


async def test_a_service_that_does_not_tell_its_time_leaves_the_offset_unknown(ends: Ends) -> None:
    side = ends.side(ends.service())
    side.link._greeted_ms.append(0)

    await side.link._answer(Welcome(1, "demo"))
    await asyncio.sleep(0)

    assert side.link.clock_offset_ms is None
    assert side.link.service_version == 1
