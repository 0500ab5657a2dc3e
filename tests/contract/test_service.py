"""The service over its real stores: what it signs for, proposes and shows, with failing disks and restarts between."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud import service as shell
from cloud.core import maintenance
from cloud.core.inventory import Stock
from cloud.service import Options, Service
from cloud.stores.history import History, HistoryUnavailable, Samples
from cloud.uplink import Link, Uplink
from cloud.web.desk import Conflict, NotFound, Unavailable
from protocols.reports import Report, Series, StockEvent
from tests import depot
from tests.depot import DAY_MS, HOUR_MS, batch, batches, health, level, stock, warmth

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

    batches = 0

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

    made = Uplink("tcp://127.0.0.1:*", tmp_path / "keys", "depot", nobody)  # type: ignore[arg-type]
    yield made
    made.close()


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not done():
            await asyncio.sleep(0.01)


def picks(slot: str, days: int, a_day: int, before_ms: int = NOW_MS) -> list[Report]:
    """So many days of the same demand, ending now with what is left."""
    sold: list[Report] = [stock(slot, 90, 90, before_ms - (days + 1) * DAY_MS, "first")]
    sold += [stock(slot, -a_day, 90, before_ms - day * DAY_MS) for day in range(days, 0, -1)]
    return sold


async def decide_over(service: Service, from_ms: int, to_ms: int, step_ms: int = 10_000) -> None:
    for now_ms in range(from_ms, to_ms + 1, step_ms):
        await service.tick(now_ms)


# What is signed for.


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


# Restarts.


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(depot.reports, max_size=12), min_size=1, max_size=5))
def test_after_a_crash_the_service_knows_what_it_knew(place: Depot, groups: list[list[Report]]) -> None:
    place.close()
    place.state = place.folder / f"state-{id(groups)}"
    shutil.rmtree(place.state, ignore_errors=True)
    live = place.start()

    async def run() -> None:
        first = 0
        for group in groups:
            await live.apply(batches(group, first))
            first += len(group)

    asyncio.run(run())
    again = place.restart_crashed()

    before, after = live.inventory, again.inventory
    assert after.levels == before.levels
    assert after.devices == before.devices
    assert after.known == before.known
    assert after.demand == before.demand
    assert after.now == before.now
    assert [after.stock(sku.id) for sku in SITE.skus] == [before.stock(sku.id) for sku in SITE.skus]
    assert after.picks_since(0) == before.picks_since(0)
    assert set(after.coolers) == set(before.coolers)
    assert again.ledger.lanes() == live.ledger.lanes()


def cooling(from_ms: int, samples: int) -> list[Report]:
    """A cooler that cycles between 3 and 5 degrees, a sample a minute."""
    return [
        warmth("thermo-1", 3.0 + abs((at + from_ms // MINUTE_MS) % 40 - 20) / 10, from_ms + at * MINUTE_MS)
        for at in range(samples)
    ]


@pytest.mark.parametrize("kept_after", [None, 300, 600], ids=["never kept", "kept on the way", "kept at the end"])
async def test_a_coolers_state_survives_a_crash(place: Depot, kept_after: int | None) -> None:
    service = place.start()
    sent = cooling(NOW_MS // MINUTE_MS * MINUTE_MS - 600 * MINUTE_MS, 600)
    for first in range(0, 600, 100):
        await service.apply([batch(sent[first : first + 100], first, lane="telemetry")])
        if first + 100 == kept_after:
            await service.tick(NOW_MS)

    again = place.restart_crashed()

    def packed(one: Service) -> bytes:
        return msgspec.msgpack.encode(one.inventory.coolers[COOLER])

    assert service.inventory.coolers[COOLER].recent != []
    assert packed(again) == packed(service)
    await again.apply([batch(more := cooling(NOW_MS // MINUTE_MS * MINUTE_MS, 10), 600, lane="telemetry")])
    await service.apply([batch(more, 600, lane="telemetry")])
    assert packed(again) == packed(service)


async def test_a_new_ledger_beside_an_old_history_learns_its_coolers_again(place: Depot) -> None:
    service = place.start()
    sent = cooling(NOW_MS - 600 * MINUTE_MS, 600)
    await service.apply([batch(sent, lane="telemetry")])
    place.crash()
    for path in place.state.glob("ledger.db*"):
        path.unlink()

    assert place.start().inventory.coolers[COOLER] == service.inventory.coolers[COOLER]


async def test_a_history_that_is_away_at_the_start_does_not_keep_the_service_from_starting(
    place: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = place.start()
    await service.apply(batches([level("A1", 4, NOW_MS), warmth("thermo-1", 4.0, NOW_MS)]))
    place.crash()

    def away(*_: object) -> None:
        raise HistoryUnavailable("the history is away")

    behind = service.history_store
    for name in ("latest", "read"):
        monkeypatch.setattr(type(behind), name, away)
    again = place.start()

    assert again.inventory.levels == service.inventory.levels
    assert again.inventory.now == {}


async def test_the_coolers_are_kept_when_the_service_stops(place: Depot, uplink: Uplink) -> None:
    service = place.start()
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS)]))
    running = asyncio.create_task(service.run(uplink))
    await until(lambda: service.live.current.q > 0)
    await service.apply([batch([warmth("thermo-1", 5.0, NOW_MS + 60_000)], 1, lane="telemetry")])

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    kept = msgspec.msgpack.decode(service.ledger.coolers()[COOLER], type=maintenance.State)
    assert kept == service.inventory.coolers[COOLER]
    assert kept.last_ms == NOW_MS + 60_000
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_coolers_that_could_not_be_kept_are_kept_the_next_time(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS)]))

    with place.locked_ledger():
        await service.tick(NOW_MS)
    await service.tick(NOW_MS + 1000)

    assert list(service.ledger.coolers()) == [COOLER]


async def test_looking_writes_nothing(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6), level("A1", 2, NOW_MS), level("A2", 0, NOW_MS)]))
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS)], 100))
    place.crash()
    before = place.dump()

    look = place.start()
    look.look_only()

    bolt = look.live.current.skus[0]
    assert (bolt.on_hand, bolt.daily_demand, bolt.status) == (2, 6.0, "low")
    assert look.live.current.needs == []
    look.close()
    place._running.remove(look)
    assert place.dump() == before


# Replenishment.


async def test_a_need_is_proposed_once_however_often_it_is_decided(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6), level("A1", 2, NOW_MS), level("A2", 0, NOW_MS)]))

    for second in range(5):
        await service.tick(NOW_MS + second * 1000)
    again = place.restart_crashed()
    await again.apply(batches([level("A1", 2, NOW_MS + 6000)], 50))
    for second in range(5):
        await again.tick(NOW_MS + HOUR_MS + second * 1000)

    [need] = again.ledger.needs()
    assert (need.sku, need.state, need.created_ms) == ("bolt", "proposed", NOW_MS)
    assert need.why["on_hand"] == 2
    [view] = again.live.current.needs
    assert (view.id, view.quantity) == (need.id, need.quantity)


async def test_a_need_is_fulfilled_when_stock_arrives_and_a_new_one_follows_when_that_is_gone(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6), level("A1", 2, NOW_MS), level("A2", 0, NOW_MS)]))
    await service.tick(NOW_MS)
    await service.apply(
        batches([stock("A1", 400, 402, NOW_MS + 1000), level("A1", 402, NOW_MS + 1000)], 50)
    )
    await service.tick(NOW_MS + 1000)
    await service.tick(NOW_MS + 2000)

    [done] = service.ledger.needs()
    assert (done.state, done.changed_ms) == ("fulfilled", NOW_MS + 1000)
    assert [one.state for one in service.live.current.needs] == ["fulfilled"]

    await service.apply(batches([level("A1", 1, NOW_MS + 3000)], 60))
    await service.tick(NOW_MS + 3000)

    assert [one.state for one in service.ledger.needs()] == ["fulfilled", "proposed"]
    assert [one.state for one in place.restart_crashed().live.current.needs] == ["fulfilled", "proposed"]


async def test_a_need_that_could_not_be_stored_is_proposed_as_soon_as_it_can(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6), level("A1", 2, NOW_MS), level("A2", 0, NOW_MS)]))

    with place.locked_ledger():
        await service.tick(NOW_MS)
        assert service.live.current.needs == []
    await service.tick(NOW_MS + 1000)

    assert [one.sku for one in service.ledger.needs()] == ["bolt"]


async def test_every_sku_has_its_turn_though_others_change_all_the_time(
    place: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "PLANS_A_TICK", 1)
    service = place.start()

    for second in range(4):
        at_ms = NOW_MS + second * 1000
        await service.apply(batches([level("A1", second, at_ms), level("C1", second, at_ms)], second * 2))
        await service.tick(at_ms)

    assert set(service.plans) == {"bolt", "milk"}


async def test_no_order_is_made_from_the_middle_of_a_backlog(place: Depot) -> None:
    """At some hour of the past the shelf was empty; what counts is what is there now."""
    service = place.start()
    past_ms = NOW_MS - 5 * HOUR_MS
    await service.apply(batches([*picks("A1", 10, 6), level("A1", 2, past_ms), level("A2", 0, past_ms)]))
    now_ms = shell._now_ms()

    await service.tick(now_ms)
    assert service.ledger.needs() == []
    await service.apply(batches([level("A1", 90, now_ms)], 50))
    await service.tick(now_ms + 1)
    assert service.ledger.needs() == []

    await service.apply(batches([level("A1", 2, now_ms + 2)], 60))
    await service.tick(now_ms + 3)
    assert len(service.ledger.needs()) == 1


# Alerts.


async def out_of_stock(place: Depot) -> Service:
    """Both SKUs have run out; the alert about bolts, number 1, fires."""
    service = place.start()
    await service.apply(batches([level(slot, 0, NOW_MS) for slot in ("A1", "A2")]))
    await decide_over(service, NOW_MS, NOW_MS + 30_000)
    assert [(one.id, one.state) for one in service.live.current.alerts] == [(1, "firing")]
    return service


async def test_an_alert_lives_on_over_a_restart(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([level(slot, 0, NOW_MS) for slot in ("A1", "A2")]))
    await decide_over(service, NOW_MS, NOW_MS + 20_000)
    assert service.live.current.alerts == []

    second = place.restart_crashed()
    await decide_over(second, NOW_MS + 20_000, NOW_MS + 30_000)
    [firing] = second.live.current.alerts
    assert (firing.state, firing.since_ms, firing.changed_ms) == ("firing", NOW_MS, NOW_MS + 30_000)

    third = place.restart_crashed()
    assert third.live.current.alerts == [firing]
    await third.acknowledge(firing.id, "ada", "on my way")
    fourth = place.restart_crashed()
    [taken] = fourth.live.current.alerts
    assert (taken.state, taken.acknowledged_by, taken.note) == ("acknowledged", "ada", "on my way")

    await fourth.apply(batches([level("A1", 9, NOW_MS + 40_000)], 10))
    await decide_over(fourth, NOW_MS + 40_000, NOW_MS + 70_000)
    [resolved] = fourth.live.current.alerts
    assert (resolved.id, resolved.state, resolved.note) == (firing.id, "resolved", "on my way")
    fifth = place.restart_crashed()
    assert fifth.live.current.alerts == [resolved]
    await decide_over(fifth, NOW_MS + 80_000, NOW_MS + 90_000)
    assert fifth.live.current.alerts == [resolved]


async def test_acknowledging_is_stored_and_published_and_once_is_enough(place: Depot) -> None:
    service = await out_of_stock(place)
    before = service.live.current.q

    taken = await service.acknowledge(1, "ada", "on my way")

    assert (taken.state, taken.acknowledged_by, taken.note) == ("acknowledged", "ada", "on my way")
    assert service.live.current.alerts == [taken]
    assert service.live.current.q == before + 1
    [stored] = service.ledger.alerts()
    assert (stored.state, stored.acknowledged_by) == ("acknowledged", "ada")
    assert await service.acknowledge(1, "bob", "me too") == taken
    assert service.live.current.q == before + 1


async def test_what_can_not_be_acknowledged_says_why(place: Depot) -> None:
    service = await out_of_stock(place)
    await service.apply(batches([level("C1", 0, NOW_MS + 31_000), level("A1", 5, NOW_MS + 31_000)], 10))
    await service.tick(NOW_MS + 31_000)

    for unknown in (0, -1, 3):
        with pytest.raises(NotFound, match="no alert"):
            await service.acknowledge(unknown, "ada", "")
    with pytest.raises(Conflict, match="not fired yet"):
        await service.acknowledge(2, "ada", "")
    await decide_over(service, NOW_MS + 40_000, NOW_MS + 70_000)
    with pytest.raises(Conflict, match="over"):
        await service.acknowledge(1, "ada", "")


async def test_an_acknowledgement_that_can_not_be_stored_does_not_happen(place: Depot) -> None:
    service = await out_of_stock(place)

    with place.locked_ledger(), pytest.raises(Unavailable):
        await service.acknowledge(1, "ada", "")

    assert service.live.current.alerts[0].state == "firing"
    assert (await service.acknowledge(1, "ada", "")).state == "acknowledged"


@pytest.mark.parametrize("first", ["acknowledge", "tick"])
async def test_an_acknowledgement_is_not_lost_to_the_tick_of_that_moment(place: Depot, first: str) -> None:
    """Both write the book of alerts; here the tick has something to write as well."""
    service = await out_of_stock(place)
    await service.apply(batches([level("C1", 0, NOW_MS + 31_000)], 10))

    works = [service.acknowledge(1, "ada", ""), service.tick(NOW_MS + 31_000)]
    await asyncio.gather(*(works if first == "acknowledge" else reversed(works)))
    await service.tick(NOW_MS + 32_000)

    states = {one.id: one.state for one in service.book.open.values()}
    assert states == {1: "acknowledged", 2: "pending"}
    assert {one.id: one.state for one in service.ledger.alerts()} == states


async def test_an_alert_acknowledged_as_it_ends_has_ended(place: Depot) -> None:
    service = await out_of_stock(place)
    await service.apply(batches([level("A1", 9, NOW_MS + 31_000)], 10))
    await service.tick(NOW_MS + 31_000)

    await asyncio.gather(
        service.acknowledge(1, "ada", ""), service.tick(NOW_MS + 61_000), return_exceptions=True
    )

    assert service.book.open == {}
    assert [one.state for one in service.ledger.alerts()] == ["resolved"]
    assert [one.state for one in service.live.current.alerts] == ["resolved"]


# What is shown.


async def test_the_snapshot_agrees_with_the_inventory(place: Depot) -> None:
    service = place.start()
    sent: list[Report] = [
        level("A1", 40, NOW_MS), level("A2", None, NOW_MS, 2, 4, 0.6), level("C1", 0, NOW_MS),
        stock("A1", -3, 40, NOW_MS), health("shelf-2", "silent", NOW_MS), warmth("thermo-1", 4.5, NOW_MS),
    ]  # fmt: skip
    await service.apply(batches(sent))
    await service.tick(NOW_MS + 1000)

    seen = service.live.current
    assert [(one.id, one.on_hand, one.uncertain) for one in seen.skus] == [("bolt", 43, 1), ("milk", 0, 0)]
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
