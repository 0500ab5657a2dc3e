"""What the rules are shown of a real service: who tells of a device, doors, tags, losses, late orders, the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud import sight
from cloud.alerts.facts import Facts
from cloud.alerts.rules import evaluate
from cloud.core.book.entries import Entry
from cloud.core.purchasing.orders import Line, Order
from cloud.core.view import GatewayView
from cloud.service import Service
from cloud.sight import Sight
from protocols.reports import Series
from tests.contract.depots import NOW_MS, Depot, picks
from tests.depot import DAY_MS, HOUR_MS, batches, health, level, stock

UP = [GatewayView("gw", True, NOW_MS, 1, 1, 0)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
    made = Depot(tmp_path)
    yield made
    made.close()


def eyes(service: Service, place: Depot) -> Sight:
    made = Sight(service.inventory, service.trade, service.ledger, service.history_store, place.state)
    made.load()
    return made


async def seen(service: Service, made: Sight, now_ms: int = NOW_MS) -> Facts:
    await made.look(now_ms)
    return made.facts(sight.Seen(service.ordering.plans, UP), service.uplink, now_ms)


async def test_devices_are_known_by_the_gateway_that_told_of_them_last_also_after_a_restart(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([health("shelf-1"), health("thermo-1")]))
    [gateway] = set(service.ledger.senders().values())

    facts = await seen(service, eyes(service, place))

    assert facts.gateway_of == {"shelf-1": gateway, "thermo-1": gateway}
    again = place.restart_crashed()
    assert (await seen(again, eyes(again, place))).gateway_of == facts.gateway_of


async def test_a_calm_depot_shows_the_rules_nothing(place: Depot) -> None:
    service = place.start()
    slots = ("A1", "A2", "C1")
    first = [stock(slot, 50, 50, NOW_MS, "first") for slot in slots]
    await service.apply(batches([*first, *(level(slot, 50, NOW_MS) for slot in slots)]))
    facts = await seen(service, eyes(service, place))

    assert facts.disk is not None
    assert facts.disk.free_bytes > 0
    assert (facts.gone, facts.shrunk, facts.stakes, facts.late, facts.doors) == ([], [], {}, [], {})
    assert [one.rule for one in evaluate(facts) if one.rule != "disk_low"] == []


async def test_a_door_is_open_since_it_was_first_said_to_be(place: Depot) -> None:
    service = place.start()
    made = eyes(service, place)
    door = [
        Series("door", "1", "door_open", "cold", NOW_MS + at, [0], [value]) for at, value in ((0, 1.0), (60_000, 1.0))
    ]
    for at, one in enumerate(door):
        await service.apply(batches([one], at))
        facts = await seen(service, made)
        assert facts.doors == {"door": NOW_MS}
    await service.apply(batches([Series("door", "1", "door_open", "cold", NOW_MS + 90_000, [0], [0.0])], 9))
    assert (await seen(service, made)).doors == {}


async def test_lots_that_will_not_sell_are_seen_and_those_set_aside_are_not_at_stake(place: Depot) -> None:
    service = place.start()
    made = eyes(service, place)
    await service.apply(batches([*picks("C1", 10, 2), level("C1", 90, NOW_MS)]))
    past = NOW_MS - DAY_MS
    entry = Entry("receipt", "milk", 40, past, past, lot="L7", expiry="2000-01-01", unit_cost=1.0)
    await service.trade.book.store([entry])
    facts = await seen(service, made)
    assert facts.stakes["milk"].expired == 40
    await service.trade.book.store([Entry("quarantine", "milk", 40, past + 1, past + 1, lot="L7")])
    assert (await seen(service, made, NOW_MS + HOUR_MS)).stakes == {}


async def test_stock_that_is_corrected_downwards_again_and_again_is_shrinkage(place: Depot) -> None:
    service = place.start()
    made = eyes(service, place)
    for day in (20, 13, 6):
        at_ms = NOW_MS - day * DAY_MS
        await service.trade.book.store([Entry("adjustment", "bolt", -12, at_ms, at_ms, note="gone", id=0)])
    [lost] = (await seen(service, made)).shrunk
    assert (lost.sku, lost.units, lost.times) == ("bolt", 36, 3)


async def test_an_order_is_late_when_its_day_is_over_and_it_was_sent(place: Depot) -> None:
    service = place.start()
    made = eyes(service, place)
    line = Line("bolt", 10, 1.0, due_ms=NOW_MS - DAY_MS)
    sent = Order("acme", [line], "sent", 1, 1, "mo", sent_ms=5)
    kept = service.ledger.books.keep_order(None, sent, "draft", "mo")
    service.trade.purchasing._orders.know(kept)
    [late] = (await seen(service, made)).late
    assert (late.supplier, late.skus) == ("acme", {"bolt": 10})
