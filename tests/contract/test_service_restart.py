"""The service over its real stores, killed and started again: it knows what it knew, and looking changes nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.core.maintenance import refrigeration
from cloud.core.maintenance.keeping import Kept
from cloud.service import Service
from cloud.stores.history import HistoryUnavailable
from cloud.uplink import Uplink
from protocols.reports import Report, Series
from tests import depot
from tests.contract.depots import COOLER, MINUTE_MS, NOW_MS, SITE, Depot, picks, until
from tests.depot import batch, batches, level, warmth


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
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
    assert again.ledger.lanes() == live.ledger.lanes()


def cooler(service: Service) -> refrigeration.State:
    """What the cooler taught."""
    return service.assets.fleet.assets["thermo-1"].kept.coolers[COOLER.partition("/")[2]]


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
        return msgspec.msgpack.encode(cooler(one))

    assert cooler(service).recent != []
    assert packed(again) == packed(service)
    await again.apply([batch(more := cooling(NOW_MS // MINUTE_MS * MINUTE_MS, 10), 600, lane="telemetry")])
    await service.apply([batch(more, 600, lane="telemetry")])
    assert packed(again) == packed(service)


async def test_a_backlog_behind_newer_samples_leaves_no_gap_in_what_a_cooler_taught(place: Depot) -> None:
    samples = cooling(NOW_MS // MINUTE_MS * MINUTE_MS - 2880 * MINUTE_MS, 2880)
    early, late = samples[:2000], samples[2000:]
    service = place.start()
    await service.apply([batch(late, 2000, lane="telemetry")])
    await service.apply([batch(early, 0, lane="telemetry")])

    await service.tick(NOW_MS)
    await service.tick(NOW_MS + 3600_000)  # the backlog has long ended

    in_order = refrigeration.State(limit_c=8.0)
    for report in samples:
        assert isinstance(report, Series)
        refrigeration.step(in_order, report.at_ms, report.values[0])
    assert cooler(service) == in_order


async def test_a_new_ledger_beside_an_old_history_learns_its_coolers_again(place: Depot) -> None:
    service = place.start()
    sent = cooling(NOW_MS - 600 * MINUTE_MS, 600)
    await service.apply([batch(sent, lane="telemetry")])
    place.crash()
    for path in place.state.glob("ledger.db*"):
        path.unlink()

    assert cooler(place.start()) == cooler(service)


async def test_a_cooler_kept_by_an_earlier_version_is_learned_again(place: Depot) -> None:
    service = place.start()
    await service.apply([batch(cooling(NOW_MS - 600 * MINUTE_MS, 600), lane="telemetry")])
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(service.assets.fleet.assets["thermo-1"].kept))
    kept["coolers"][COOLER.partition("/")[2]]["warming"] = [NOW_MS, 0, 40.0, [40.0], NOW_MS, 3.0, 1.5]
    service.ledger.books.keep_all({"asset:thermo-1": msgspec.msgpack.encode(kept)})

    assert cooler(place.restart_crashed()) == cooler(service)


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

    kept = msgspec.msgpack.decode(service.ledger.books.kept_all("asset:")["asset:thermo-1"], type=Kept)
    assert kept.coolers[COOLER.partition("/")[2]] == cooler(service)
    assert kept.coolers[COOLER.partition("/")[2]].last_ms == NOW_MS + 60_000
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_coolers_that_could_not_be_kept_are_kept_the_next_time(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([warmth("thermo-1", 4.0, NOW_MS)]))

    with place.locked_ledger():
        await service.tick(NOW_MS)
    await service.tick(NOW_MS + 1000)

    assert "asset:thermo-1" in service.ledger.books.kept_all("asset:")


async def test_looking_writes_nothing(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6, left=2), level("A1", 2, NOW_MS), level("A2", 0, NOW_MS)]))
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
