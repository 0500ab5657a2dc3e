"""The service over its real stores: what it signs for and what it shows, with a disk that fails in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cloud import service as shell
from cloud.core.inventory import Stock
from cloud.core.view import delta
from cloud.stores.history import HistoryUnavailable
from cloud.uplink import Link, Uplink
from cloud.web.desk import NotFound, Unavailable
from protocols.reports import Report, Series, StockEvent
from tests.contract.depots import COOLER, DEADLINE_S, NOW_MS, Depot, Door, until
from tests.depot import batch, batches, health, level, stock, warmth


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Depot]:
    monkeypatch.setattr(shell, "RETRY_S", 0.01)
    made = Depot(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def uplink(tmp_path: Path) -> AsyncIterator[Uplink]:
    async def nobody(received: object) -> list[object]:
        raise AssertionError("no gateway is there")

    made = Uplink("tcp://127.0.0.1:*", tmp_path / "keys", "depot", nobody, lambda _: {})  # type: ignore[arg-type]
    yield made
    made.close()


async def test_nothing_is_signed_for_before_the_history_has_it(place: Depot) -> None:
    service = place.start()
    door = service.history_store = Door(service.history_store)
    door.shut = True

    signed = asyncio.create_task(service.apply(batches([stock("A1", -1, 4, NOW_MS), level("A1", 4, NOW_MS)])))
    await until(lambda: door.appends >= 3)
    assert not signed.done()
    assert service.ready() != []
    assert service.ledger.lanes() == {}
    assert service.inventory.levels == {}

    door.shut = False
    await signed
    assert service.ready() == []
    assert len(list(service.ledger.movements())) == 1
    assert service.history_store.read("A1/slot/count", 0, NOW_MS + 1) == ([NOW_MS], [4.0])
    assert (service.applied, service.duplicates) == (2, 0)
    assert service.inventory.stock("bolt") == Stock(4, 1, 1)


async def test_nothing_is_signed_for_before_the_ledger_has_it_and_nothing_is_doubled(place: Depot) -> None:
    service = place.start()
    door = service.history_store = Door(service.history_store)
    sent = batches([stock("A1", -1, 4, NOW_MS), level("A1", 4, NOW_MS), warmth("thermo-1", 4.0, NOW_MS)])

    with place.locked_ledger():
        signed = asyncio.create_task(service.apply(sent))
        await until(lambda: door.appends >= 2)
        assert not signed.done()
        assert service.ready() != []
    await signed
    again = await service.apply(sent)

    assert service.ready() == []
    assert [one.duplicates for one in again] == [1, 2]
    assert len(list(service.ledger.movements())) == 1
    assert service.history_store.read(COOLER, 0, NOW_MS + 1) == ([NOW_MS], [4.0])
    assert place.restart_crashed().inventory.levels == service.inventory.levels


async def test_a_slow_history_stops_neither_the_loop_nor_who_reads_it(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([level("A1", 4, NOW_MS)]))
    door = service.history_store = Door(service.history_store)
    door.free.clear()

    signed = asyncio.create_task(service.apply(batches([level("A1", 3, NOW_MS + 1)], 1)))
    await until(lambda: door.appends == 1)
    async with asyncio.timeout(DEADLINE_S / 2):
        times, values = await service.history("A1/slot/count", 0, NOW_MS + 1, 100)
    assert not signed.done()
    door.free.set()
    await signed

    assert (list(times), list(values)) == ([NOW_MS], [4.0])


async def test_a_poison_report_disturbs_nothing(place: Depot) -> None:
    service = place.start()
    bad = Series("thermo-1", "1", "temperature_c", "cold", NOW_MS, [0, 1], [float("nan")])

    [taken] = await service.apply([batch([warmth("thermo-1", 4.0, NOW_MS), bad, level("A1", 4)], lane="telemetry")])

    assert [one.seq for one in taken.refused] == [1]
    assert service.refused == 1
    assert service.inventory.stock("bolt").units == 4


async def test_trouble_that_only_the_tick_had_is_over_when_the_tick_can_write_again(place: Depot) -> None:
    """No gateway may be sending: nothing else would ever say that all is well."""
    service = place.start()
    await service.apply(batches([level(slot, 0, NOW_MS) for slot in ("A1", "A2", "C1")]))

    with place.locked_ledger():
        await service.tick(NOW_MS)
        assert service.ready() != []
    await service.tick(NOW_MS + 1000)

    assert service.ready() == []
    assert {one.subject for one in service.ledger.alerts()} == {"bolt", "milk"}


async def test_trouble_of_a_batch_is_not_over_because_the_tick_could_write(place: Depot) -> None:
    service = place.start()
    door = service.history_store = Door(service.history_store)
    door.shut = True
    signed = asyncio.create_task(service.apply(batches([level("A1", 4, NOW_MS)])))
    await until(lambda: door.appends >= 2)

    await service.tick(NOW_MS)

    assert service.ready() != []
    door.shut = False
    await signed


async def test_the_snapshot_agrees_with_the_inventory(place: Depot) -> None:
    service = place.start()
    sent: list[Report] = [
        level("A1", 40, NOW_MS), level("A2", None, NOW_MS, 2, 4, 0.6), level("C1", 0, NOW_MS),
        stock("A1", -3, 40, NOW_MS), health("shelf-2", "silent", NOW_MS), warmth("thermo-1", 4.5, NOW_MS),
    ]  # fmt: skip
    await service.apply(batches(sent))
    await service.tick(NOW_MS + 1000)

    seen = service.live.current
    assert [(one.id, one.on_hand, one.uncertain) for one in seen.skus] == [("bolt", 40, 1), ("milk", 0, 0)]
    assert [(one.available, one.projected) for one in seen.skus] == [(40, 43), (0, 0)], "3 more are likely"
    assert (seen.kpi.picks_last_hour, seen.kpi.silent_devices, seen.kpi.stock_outs) == (3, 1, 1)
    [gateway] = seen.gateways
    assert (gateway.id, gateway.connected, gateway.events, gateway.telemetry, gateway.refused) == ("g1", True, 1, 3, 0)
    assert seen.zones[1].temperature_c == 4.5
    counts = service.counts()
    assert (counts.reports_applied, counts.reports_refused, counts.gateways_connected) == (6, 0, 1)


async def test_a_gateway_is_shown_as_soon_as_it_connects(place: Depot, uplink: Uplink) -> None:
    service = place.start()
    service.uplink = uplink
    now_ms = shell._now_ms()
    uplink.links["g9"] = Link(last_seen_ms=now_ms)

    await service.tick(now_ms)

    [gateway] = service.live.current.gateways
    assert (gateway.id, gateway.connected, gateway.events) == ("g9", True, -1)


async def test_what_hangs_on_a_gateway_that_is_away_is_silent_until_it_is_back(place: Depot, uplink: Uplink) -> None:
    service = place.start()
    service.uplink = uplink
    now_ms = uplink.began_ms + 60_000
    told: list[Report] = [level("A1", 40, NOW_MS), level("C1", 5, NOW_MS), health("shelf-1"), health("shelf-2")]
    await service.apply([*batches(told[:1] + told[2:3], gateway="g1"), *batches(told[1:2] + told[3:], gateway="g2")])
    uplink.links |= {"g1": Link(last_seen_ms=now_ms), "g2": Link(last_seen_ms=now_ms)}
    await service.tick(now_ms)
    there = service.live.current

    uplink.links["g2"].last_seen_ms = now_ms + 12_000
    await service.tick(now_ms + 12_000)
    cut = service.live.current
    sent = delta(there, cut)
    await service.tick(now_ms + 13_000)
    still = delta(cut, service.live.current)
    uplink.links["g1"].last_seen_ms = now_ms + 14_000
    await service.tick(now_ms + 14_000)

    assert {one.device for one in cut.slots if one.reason == "gateway_away"} == {"shelf-1"}
    assert {one.id for one in sent.slots} == {one.id for one in there.slots if one.device == "shelf-1"}
    assert [(one.state, one.gateway) for one in cut.devices if one.id in ("shelf-1", "shelf-2")] == [
        ("away", "g1"), ("ok", ""),
    ]  # fmt: skip
    assert (still.slots, still.devices) == ([], []), "it is told once"
    assert [one.subject for one in cut.alerts] == []
    assert service.live.current.slots == there.slots


async def test_a_service_that_has_just_begun_to_listen_calls_no_gateway_away(place: Depot, uplink: Uplink) -> None:
    service = place.start()
    await service.apply(batches([level("A1", 40, NOW_MS), health("shelf-1")]))
    service.uplink = uplink

    await service.tick(uplink.began_ms + 9_999)
    before = service.live.current
    await service.tick(uplink.began_ms + 10_000)

    assert not any(one.reason == "gateway_away" for one in before.slots)
    assert all(one.reason == "gateway_away" for one in service.live.current.slots)


async def test_the_history_of_a_series_can_be_read(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS), warmth("thermo-1", 5.0, NOW_MS + 1)]))

    assert await service.history(COOLER, NOW_MS, NOW_MS + 2, 100) == ([NOW_MS, NOW_MS + 1], [4.0, 5.0])
    assert await service.history(COOLER, 0, 5, 100) == ([], [])
    for unknown in ("thermo-9/1/temperature_c", "no series"):
        with pytest.raises(NotFound):
            await service.history(unknown, 0, NOW_MS, 100)
    service.history_store = Door(service.history_store)

    def away(*_: object) -> None:
        raise HistoryUnavailable("away")

    service.history_store.read = away  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        await service.history(COOLER, 0, NOW_MS, 100)


async def test_a_restart_is_another_epoch(place: Depot) -> None:
    first = place.start()
    await first.tick(NOW_MS)

    again = place.restart_crashed()

    assert first.live.current.epoch != again.live.current.epoch
    assert len(first.live.current.epoch) == 16


def test_the_stores_are_the_owners_alone(place: Depot) -> None:
    service = place.start()
    asyncio.run(service.apply(batches([level("A1", 4), StockEvent("A1", "bolt", -1, 4, NOW_MS, 0.99)])))

    modes = {path.name: path.stat().st_mode & 0o077 for path in place.state.iterdir()}
    assert set(modes.values()) == {0}
