"""What the service decides, over its real stores: orders once, alerts for as long as they live."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud import planner
from cloud import service as shell
from cloud.service import Service
from cloud.web.desk import Conflict, NotFound, Unavailable
from tests.contract.depots import NOW_MS, Depot, counted, decide_over, picks
from tests.depot import HOUR_MS, batches, level, stock


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
    made = Depot(tmp_path)
    yield made
    made.close()


async def test_a_need_is_proposed_once_however_often_it_is_decided(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6, left=2), level("A1", 2, NOW_MS), level("A2", 0, NOW_MS)]))

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
    await service.apply(batches([stock("A1", 400, 402, NOW_MS + 1000), level("A1", 402, NOW_MS + 1000)], 50))
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
    monkeypatch.setattr(planner, "PLANS_A_TICK", 1)
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

    await fourth.apply(batches([counted("A1", 9, NOW_MS + 40_000), level("A1", 9, NOW_MS + 40_000)], 10))
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
    said = [counted("A1", 5, NOW_MS + 31_000), level("C1", 0, NOW_MS + 31_000), level("A1", 5, NOW_MS + 31_000)]
    await service.apply(batches(said, 10))
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

    states = {one.id: one.state for one in service.alerting.book.open.values()}
    assert states == {1: "acknowledged", 2: "pending"}
    assert {one.id: one.state for one in service.ledger.alerts()} == states


async def test_an_alert_acknowledged_as_it_ends_has_ended(place: Depot) -> None:
    service = await out_of_stock(place)
    await service.apply(batches([counted("A1", 9, NOW_MS + 31_000), level("A1", 9, NOW_MS + 31_000)], 10))
    await service.tick(NOW_MS + 31_000)

    await asyncio.gather(service.acknowledge(1, "ada", ""), service.tick(NOW_MS + 61_000), return_exceptions=True)

    assert service.alerting.book.open == {}
    assert [one.state for one in service.ledger.alerts()] == ["resolved"]
    assert [one.state for one in service.live.current.alerts] == ["resolved"]
