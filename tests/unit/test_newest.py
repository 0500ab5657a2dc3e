"""What moved is shown at once: the slots and articles that moved as they are, all else as it was."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from cloud import glimpses
from cloud.core import overview
from cloud.core.book.positions import Position
from cloud.core.inventory import Inventory, Touched
from cloud.core.newest import Standing, amended
from cloud.core.overview import Seen
from cloud.core.view import Delta, GatewayView, Snapshot, delta
from cloud.web.live import Live
from protocols.reports import Report
from tests import depot
from tests.depot import NOON_MS, level
from tests.unit.test_live import taking

SITE = depot.site()


def whole(standing: Standing, now_ms: int = NOON_MS) -> Snapshot:
    inventory, plans, positions = standing
    return overview.snapshot(inventory, Seen(plans, [], [], [], positions), now_ms, "build-1", "epoch-1")


def standing() -> Standing:
    inventory = Inventory(SITE)
    return Standing(inventory, {}, lambda sku: Position(inventory.stock(sku).units))


@given(st.lists(depot.reports, max_size=20), st.lists(depot.reports, max_size=10))
def test_slots_and_articles_are_as_the_next_whole_look_will_show_them(past: list[Report], news: list[Report]) -> None:
    site = standing()
    site.inventory.apply(past)
    before = whole(site)

    moved = site.inventory.apply(news)
    after, change = amended(before, site, moved, NOON_MS + 5)
    then = whole(site)

    assert [one for one in after.slots if one.id in moved.slots] == [one for one in then.slots if one.id in moved.slots]
    assert [one for one in after.slots if one.id not in moved.slots] == [
        one for one in before.slots if one.id not in moved.slots
    ]
    assert [one for one in after.skus if one.id in moved.skus] == [one for one in then.skus if one.id in moved.skus]
    assert delta(before, after) == msgspec.structs.replace(change, q=after.q)


def test_all_else_stays_as_it_was_and_what_is_not_of_the_site_is_left_out() -> None:
    site = standing()
    before = whole(site)
    site.inventory.apply([level("A1", 0)])

    after, change = amended(before, site, Touched({"nothing": 1}, {"A1", "nowhere"}), NOON_MS + 5)

    assert [one.id for one in change.slots] == ["A1"]
    assert (change.skus, after.kpi, after.t) == ([], before.kpi, NOON_MS + 5)


def test_a_slot_whose_gateway_is_away_stays_silent_until_the_next_whole_look() -> None:
    site = standing()
    site.inventory.apply([level("A1", 40), level("C1", 7)])
    gone = GatewayView("g1", False, NOON_MS, 7, 9, 0)
    seen = Seen({}, [], [], [gone], site.positions, away={SITE.slot_by_id["A1"].device: "g1"})
    before = overview.snapshot(site.inventory, seen, NOON_MS, "build-1", "epoch-1")

    _, change = amended(before, site, site.inventory.apply([level("A1", 39), level("C1", 6)]), NOON_MS + 5)

    [lost, heard] = change.slots
    assert (lost.id, lost.count, lost.status, lost.reason) == ("A1", 39, UNSET, UNSET)
    assert (heard.id, heard.count) == ("C1", 6)


async def shown_at_once(site: Standing, *told: Report) -> tuple[Live, list[bytes]]:
    """What who looks on is handed when this is told."""
    live, showing, handed = Live(whole(site)), glimpses.Glimpses(site, lambda: NOON_MS + 5), list[bytes]()
    with live.join(0, "epoch-1") as cursor:
        cursor.take = taking(handed)
        showing.note(site.inventory.apply(told))
        running = asyncio.create_task(showing.run(live))
        for _ in range(3):
            await asyncio.sleep(0)
        running.cancel()
    return live, handed


async def test_what_moves_is_told_at_once_to_who_looks_on() -> None:
    _, [frame] = await shown_at_once(standing(), level("A1", 0))

    assert [one.count for one in msgspec.json.decode(frame, type=Delta).slots] == [0]
    assert b'"sku"' not in frame.partition(b'"skus"')[0]  # what is as it was is not told again


async def test_a_backlog_waits_for_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glimpses, "SLOTS_MAX", 1)

    live, handed = await shown_at_once(standing(), level("A1", 0), level("A2", 0))

    assert (live.current.q, handed) == (0, [])
