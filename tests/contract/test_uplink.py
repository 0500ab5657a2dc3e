"""The link between gateway and service over real CURVE sockets and real stores: nothing lost, nothing applied twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.keys import allow
from edge.core.forwarding import LIVE_ROOM, WINDOW
from edge.storing import sums
from protocols.reports import StockEvent, encode
from tests.contract.links import Ends, Side, event, hasten, open_ends, series, until


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


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
    await until(lambda: len(side.sent) == WINDOW - LIVE_ROOM, "a window full of backlog")

    side.tell(event(2000))
    await until(lambda: not side.sent[-1].replay, "what is new to be sent, though nothing was signed for")
    service.away = False
    await until(side.settled, "receipts for all")

    at = next(
        at for at, report in enumerate(service.applied) if isinstance(report, StockEvent) and report.count == 2000
    )
    assert at < 1000
    assert all(wanted.replay for wanted in side.sent[: WINDOW - LIVE_ROOM])
    assert sorted(service.movements()) == list(range(2001))


async def test_a_key_that_is_not_allowed_is_refused_and_recovers_once_it_is(ends: Ends) -> None:
    service = ends.service()
    side = ends.side(service, allowed_as=None)
    side.tell(event(0))
    service.start()
    side.start()
    await until(lambda: "cloud allow gw" in side.link.why, "the reason, with what to do")
    assert side.link.code == "silent"
    assert not side.link.connected
    assert service.applied == []

    allow(service.folder, "gw", side.keys.public.decode())

    await until(side.settled, "a receipt once the key is allowed")
    assert side.link.code == ""
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

    assert side.link.code == "refused"
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
    of_it = (poison, sums.of_report(1, poison))
    side.store._connection.execute("UPDATE outbox SET report = ?, crc = ? WHERE seq = 1", of_it)
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
    assert service.movements() == [0]


async def test_a_gateway_whose_store_was_started_anew_is_refused_before_its_reports_are_taken_for_repeats(
    ends: Ends,
) -> None:
    service = ends.service()
    side = ends.side(service)
    side.tell(*(event(number) for number in range(5)))
    service.start()
    side.start()
    await until(side.settled, "receipts")
    await side.stop()

    anew = ends.side(service)
    anew.tell(event(100))
    anew.start()

    await until(lambda: "numbers its reports from the start again" in anew.link.why, "a reason")
    assert service.movements() == list(range(5))
    assert anew.store.book()["events"].pending == 1
