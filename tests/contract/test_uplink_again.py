"""What was signed for and is lost at the service comes again by itself; and what else the service tells a gateway."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from protocols.reports import Series, StockEvent, Thinned
from protocols.uplink import Policies, Policy, Resend
from tests.contract.links import Ends, Service, Side, event, hasten, open_ends, series, until


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


async def delivered(ends: Ends, reports: int) -> tuple[Service, Side]:
    """So many events and as many series, all of them signed for."""
    service = ends.service()
    side = ends.side(service)
    side.tell(*map(event, range(reports)), *map(series, range(reports)))
    service.start()
    side.start()
    await until(side.settled, "receipts for all")
    return service, side


async def test_a_ledger_that_lost_everything_gets_everything_again_and_once(ends: Ends) -> None:
    service, side = await delivered(ends, 300)
    await service.stop()
    service.lose_ledger()
    service.applied.clear()
    side.tell(event(300))

    service.start()
    await until(lambda: len(service.applied) == 601, "all of it")
    await until(side.settled, "receipts for all")

    assert sorted(service.movements()) == list(range(301))
    assert sum(type(one) is Series for one in service.applied) == 300
    assert service.duplicates == 0
    assert all(wanted.replay for wanted in side.sent[-4:]), "what comes again is no news"
    book = side.store.book()["events"]
    assert (book.accepted, book.delivered, book.balanced) == (301, 301, True)


async def test_news_go_on_while_what_was_lost_comes_again(ends: Ends) -> None:
    service, side = await delivered(ends, 1000)
    await service.stop()
    service.lose_ledger()
    service.applied.clear()
    service.start()
    await until(lambda: bool(side.asked), "the service to ask")

    side.tell(event(1000))
    await until(lambda: len(service.applied) == 2001, "all of it")

    news = [at for at, one in enumerate(service.applied) if isinstance(one, StockEvent) and one.count == 1000]
    assert news[0] < 1500
    assert sorted(service.movements()) == list(range(1001))


async def test_of_what_is_not_kept_the_gateway_says_so_once_and_is_not_asked_again(ends: Ends) -> None:
    service, side = await delivered(ends, 20)
    side.store._connection.execute("DELETE FROM outbox WHERE lane = 'events' AND seq < 5")
    await service.stop()
    service.lose_ledger()
    service.applied.clear()
    service.start()

    await until(lambda: len(service.movements()) == 15, "what is kept")
    await until(lambda: any(type(one) is Thinned for one in service.applied), "what is not")
    asked = len(side.asked)
    service.door.links["gw"].asked_ms = 0
    heard = side.link.last_heard_ms
    await until(lambda: side.link.last_heard_ms > heard + 500, "more greetings")

    (gone,) = (one for one in service.applied if type(one) is Thinned)
    assert (gone.first, gone.last, gone.lane, gone.why) == (0, 4, "events", "not_kept")
    assert len(side.asked) == asked
    assert sorted(service.movements()) == list(range(5, 20))


async def test_what_is_sent_again_by_hand_is_no_second_movement(ends: Ends) -> None:
    service, side = await delivered(ends, 100)

    await side.resend("events", 10, 59)
    side.link.again("events", 10, 59)
    await until(lambda: service.duplicates == 50, "what was asked for")
    await until(side.settled, "receipts")

    assert service.movements() == list(range(100))


@pytest.mark.parametrize("ranges", [[[5, 2]], [[0, 2**53]], [[2**53, 2**53]], [[0, 0]] * 100, []])
async def test_whatever_ranges_are_asked_for_the_link_goes_on(ends: Ends, ranges: list[list[int]]) -> None:
    service, side = await delivered(ends, 10)

    await service.door._answer(service.door.links["gw"].route, Resend("events", ranges))
    side.tell(event(10))
    await until(lambda: 10 in service.movements(), "what is new")
    await until(side.settled, "receipts")

    assert service.movements() == list(range(11))
    assert service.door.links["gw"].left == [], "it is still the first connection"
    assert all(type(one) is not Thinned for one in service.applied)


async def test_a_gateway_is_told_the_policies_and_then_what_changes_of_them(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.uplink.POLICIES_FRESH_S", 0.0)
    monkeypatch.setattr("edge.uplink.MUTE_S", 60.0)  # a busy machine would meet the service anew, and hear all again
    service = ends.service()
    side = ends.side(service)
    service.policies = [Policy(f"sku{at}", at, 50, False) for at in range(1500)]
    told: list[int] = []
    answer = side.link._answer

    async def noted(frame: object) -> None:
        if isinstance(frame, Policies):
            told.append(len(frame.policies))
        await answer(frame)  # type: ignore[arg-type]

    monkeypatch.setattr(side.link, "_answer", noted)
    service.start()
    side.start()
    await until(lambda: len(side.store.policies()) == 1500, "the policies")

    service.policies = [Policy("sku7", 7, 50, True), *(one for one in service.policies if one.sku != "sku7")]
    await until(lambda: side.store.policies()["sku7"].open, "what changed")
    heard = side.link.last_heard_ms
    await until(lambda: side.link.last_heard_ms > heard + 500, "more greetings")

    assert told == [1000, 500, 1]
    assert side.store.policies()["sku3"] == Policy("sku3", 3, 50, False)


async def test_the_clocks_are_compared_by_the_batches_too(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    service = ends.service()
    side = ends.side(service)
    monkeypatch.setattr("edge.uplink._now_ms", lambda: time.time_ns() // 1_000_000 + 60_000)
    side.tell(event(0))
    service.start()
    side.start()

    await until(side.settled, "a receipt")

    ahead_ms = service.door.links["gw"].ahead_ms
    assert ahead_ms is not None
    assert 50_000 < ahead_ms <= 60_000
