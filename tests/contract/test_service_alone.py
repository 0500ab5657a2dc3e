"""What gateways decided alone, at the real service over its real stores: adopted once, shown once, over restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud import service as shell
from cloud.core.ordering import CALM_MS, NEVER, PATIENCE_MS
from cloud.core.replenishment import GATEWAY
from cloud.service import Service
from protocols.reports import Alarm, Proposal, Report, Series
from protocols.uplink import Hello, Policy
from tests.contract.depots import MINUTE_MS, NOW_MS, SITE, Depot, decide_over, picks
from tests.depot import HOUR_MS, batches, level


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
    made = Depot(tmp_path)
    yield made
    made.close()


def proposal(state: str, at_ms: int, position: int = 3) -> Proposal:
    return Proposal("bolt", state, 48, position, 10, at_ms)  # type: ignore[arg-type]


def warm(state: str, at_ms: int) -> Alarm:
    return Alarm("zone_temperature", "cold", "cold", state, NOW_MS, at_ms, {"value": 9.0, "limit": 8.0})  # type: ignore[arg-type]


EMPTY: list[Report] = [level("A1", 3, NOW_MS), level("A2", 0, NOW_MS)]


async def test_a_proposal_becomes_the_one_need_as_people_saw_it_at_the_gateway(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*EMPTY, proposal("open", NOW_MS)]))

    for second in range(5):
        await service.tick(NOW_MS + second * 1000)
    await service.apply(batches([proposal("open", NOW_MS + 600_000)], 50))  # it repeats itself
    await service.tick(NOW_MS + 600_000)

    [need] = service.ledger.needs()
    assert (need.sku, need.quantity, need.state) == ("bolt", 48, "proposed")
    assert (need.why["formula"], need.why["position"], need.why["reorder_point"]) == (GATEWAY, 3, 10)
    assert Policy("bolt", 10, 48, True) in service.policies()
    [view] = service.live.current.needs
    assert view.why["formula"] == GATEWAY


async def test_a_proposal_changes_nothing_while_a_need_is_open(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6), *EMPTY]))
    await service.tick(NOW_MS)
    [own] = service.ledger.needs()
    assert own.why["formula"] != GATEWAY

    await service.apply(batches([proposal("open", NOW_MS + 1000)], 50))
    await service.tick(NOW_MS + 2000)

    assert service.ledger.needs() == [own]


async def test_a_proposal_by_an_outdated_policy_orders_nothing(place: Depot) -> None:
    """There is enough by the plan of today; the gateway is told the new point and closes its proposal itself."""
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 1), level("A1", 60, NOW_MS), level("A2", 0, NOW_MS)]))
    await service.apply(batches([proposal("open", NOW_MS, 60)], 50))
    await decide_over(service, NOW_MS, NOW_MS + 60_000)

    assert service.plans["bolt"].verdict == "enough"
    assert service.ledger.needs() == []


async def test_a_proposal_that_was_closed_while_the_link_was_down_orders_nothing(place: Depot) -> None:
    for order in (("open", "closed"), ("closed", "open")):  # the newer word may come first
        service = place.start()
        seqs = {"open": 60, "closed": 61}
        past_ms = NOW_MS - HOUR_MS
        for state in order:
            at_ms = past_ms + seqs[state]
            await service.apply(batches([proposal(state, at_ms)], seqs[state]))
        await decide_over(service, shell._now_ms(), shell._now_ms() + 10_000, 1000)
        assert service.ledger.needs() == []
        place.close()
        place.state = place.folder / f"next-{order[0]}"


async def test_a_proposal_waits_for_the_end_of_the_backlog_it_came_in_however_slow_that_is(place: Depot) -> None:
    """The shelf was filled up since; that is still on its way."""
    service, past_ms = place.start(), NOW_MS - HOUR_MS
    service.ledger.missing("g1", Hello(2, "g1", SITE.site.id, {"events": 9, "telemetry": 9}, {}, {"events": 0}))
    await service.apply(batches([level("A1", 3, past_ms), level("A2", 0, past_ms), proposal("open", past_ms)]))
    heard_ms = shell._now_ms()

    await decide_over(service, heard_ms + CALM_MS, heard_ms + 20 * CALM_MS)
    assert service.ledger.needs() == []
    await decide_over(service, heard_ms + PATIENCE_MS, heard_ms + PATIENCE_MS + 20_000)
    assert len(service.ledger.needs()) == 1


async def test_a_crash_between_taking_a_proposal_and_ordering_loses_nothing_and_doubles_nothing(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*EMPTY, proposal("open", NOW_MS)]))

    again = place.restart_crashed()
    await decide_over(again, NOW_MS, NOW_MS + 10_000, 1000)
    third = place.restart_crashed()
    await decide_over(third, NOW_MS + 20_000, NOW_MS + 40_000, 1000)

    assert [(one.sku, one.why["formula"], one.state) for one in third.ledger.needs()] == [("bolt", GATEWAY, "proposed")]


async def test_an_adopted_need_is_fulfilled_when_stock_is_above_the_point_it_was_made_for(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*EMPTY, proposal("open", NOW_MS)]))
    await service.tick(NOW_MS)
    await service.apply(batches([level("A1", 60, NOW_MS + 1000), proposal("closed", NOW_MS + 1000, 60)], 50))
    await service.tick(NOW_MS + 2000)

    assert [one.state for one in service.ledger.needs()] == ["fulfilled"]


async def test_policies_say_what_the_plans_say_and_what_nobody_wants(place: Depot) -> None:
    service = place.start()
    await service.apply(batches([*picks("A1", 10, 6), level("A1", 90, NOW_MS), level("A2", 0, NOW_MS)]))
    assert service.policies() == []  # nothing is planned yet

    await service.tick(NOW_MS)
    [policy] = service.policies()
    made = service.plans["bolt"]
    assert policy == Policy("bolt", made.reorder_point or 0, made.order_quantity or 0, False)
    await service.apply(batches([level("A1", 2, NOW_MS + 1000)], 50))
    await service.tick(NOW_MS + 2000)
    assert [one.open for one in service.policies()] == [True]

    await service.tick(NOW_MS + 400 * 24 * HOUR_MS)  # nothing was picked for a year
    [policy] = service.policies()
    assert policy.reorder_point == NEVER


async def test_one_warm_room_is_one_alert_though_gateway_and_service_both_see_it(place: Depot) -> None:
    service = place.start()
    seq = 0
    for minute in range(40):
        now_ms = NOW_MS + minute * MINUTE_MS
        value = 9.0 if minute < 15 else 5.0
        reports: list[Report] = [Series("thermo-1", "1", "temperature_c", "cold", now_ms, [0], [value])]
        if minute in (10, 25):
            reports.append(warm("firing" if minute == 10 else "resolved", now_ms))
        await service.apply(batches(reports, seq))
        seq += len(reports)
        await decide_over(service, now_ms, now_ms + MINUTE_MS - 1, 10_000)

    [alert] = [one for one in service.ledger.alerts() if one.rule == "zone_temperature"]
    assert alert.state == "resolved"
    assert "gateway" not in alert.params


async def test_an_alarm_that_only_the_gateway_has_is_shown_as_from_there_over_a_restart(place: Depot) -> None:
    service, at_ms = place.start(), shell._now_ms() + 5000
    full = Alarm("outbox_full", "gw", "", "firing", at_ms, at_ms, {"used_pct": 93.0})
    await service.apply(batches([full]))
    await service.tick(at_ms)
    [shown] = service.live.current.alerts
    assert (shown.rule, shown.state, shown.params["gateway"]) == ("outbox_full", "firing", "g1")

    again: Service = place.restart_crashed()
    await decide_over(again, at_ms + 1000, at_ms + 60_000)
    assert [(one.id, one.state) for one in again.live.current.alerts] == [(shown.id, "firing")]
    over = Alarm("outbox_full", "gw", "", "resolved", at_ms, at_ms + 61_000, {"used_pct": 70.0})
    await again.apply(batches([over], 50))
    await again.tick(at_ms + 61_000)
    assert [(one.id, one.state) for one in again.live.current.alerts] == [(shown.id, "resolved")]
