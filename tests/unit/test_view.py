"""Snapshots and the deltas between them."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core import overview
from cloud.core.inventory import Inventory
from cloud.core.view import AlertView, Delta, Snapshot, changed, delta
from protocols.reports import Report
from tests import depot
from tests.depot import NOON_MS
from tests.desk import amended

SITE = depot.site()
LISTS = ("skus", "needs", "alerts", "zones", "devices", "gateways")


def patched(before: Snapshot, change: Delta) -> Snapshot:
    """What a page shows after a delta: of slots what is new, else whole objects replaced by id; new ones at the end."""
    parts: dict[str, list[Any]] = {"slots": amended(before.slots, change.slots)}
    for name in LISTS:
        held = {one.id: one for one in getattr(before, name)}
        held |= {one.id: one for one in getattr(change, name)}
        parts[name] = list(held.values())
    return replace(before, q=change.q, t=change.t, kpi=change.kpi or before.kpi, **parts)


@given(st.lists(st.lists(depot.reports, max_size=8), min_size=1, max_size=6))
def test_a_page_that_applies_every_delta_shows_the_snapshot(groups: list[list[Report]]) -> None:
    inventory = Inventory(SITE)
    nothing_else = overview.Seen({}, [], [], [])
    page = before = overview.snapshot(inventory, nothing_else, NOON_MS, "b", "e")

    for number, group in enumerate(groups, 1):
        inventory.apply(group)
        after = replace(overview.snapshot(inventory, nothing_else, NOON_MS + number, "b", "e"), q=number)
        wire = msgspec.json.encode(delta(before, after))
        page = patched(page, msgspec.json.decode(wire, type=Delta))
        before = after

        assert page == after


def test_a_delta_without_news_is_a_heartbeat() -> None:
    snapshot = overview.snapshot(Inventory(SITE), overview.Seen({}, [], [], []), NOON_MS, "b", "e")

    beat = delta(snapshot, replace(snapshot, q=1, t=NOON_MS + 1000))

    assert msgspec.json.decode(msgspec.json.encode(beat)) == {"k": "d", "q": 1, "t": NOON_MS + 1000}


def test_only_what_is_new_or_different_has_changed() -> None:
    one = AlertView(1, "warm", "cold", "cold", 1, "firing", 1, 2, {"value": 9.5}, "", 0, "")
    taken, new = replace(one, state="acknowledged"), replace(one, id=2)

    assert changed([one], [one]) == []
    assert changed([one], [taken, new]) == [taken, new]
    assert changed([one, new], [one]) == []


def test_a_snapshot_is_the_same_after_the_wire() -> None:
    snapshot = overview.snapshot(Inventory(SITE), overview.Seen({}, [], [], []), NOON_MS, "b", "e")

    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot
