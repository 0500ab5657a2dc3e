"""When an SKU is planned: at once after what happened just now, at its end after a backlog, in any case before long."""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.ordering import CALM_MS, HELD_MS, PATIENCE_MS, REPLAN_MS, Ordering
from cloud.core.replenishment import Need, Plan, Stock, plan
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.trade import Action

T0 = 1_763_762_400_000
TICK_MS = 1_000
DAY_MS = 86_400_000
MOST = 50


def full(sku: Sku) -> Plan:
    """100 units are there."""
    return plan(sku, None, Stock(Position(100), 100, 0, 500), 0.95)


def desk(*skus: str) -> Ordering:
    """The desk of a site with these SKUs, each of which was planned once."""
    slots = [Slot(f"A{at}", "hall", sku, f"s{at}", capacity=500) for at, sku in enumerate(skus)]
    devices = [Device(f"s{at}", "shelf", "hall") for at in range(len(skus))]
    place = [Sku(sku, sku, 5.0, reorder_point=20, order_quantity=50) for sku in skus]
    made = Ordering(Site(About("s1", "Site"), [Zone("hall", "Hall")], place, slots, devices))
    made.due(T0 - DAY_MS, MOST)
    for sku in made.due(T0 - 1, MOST):
        made.decide(full(sku), T0 - 1)
    assert made.due(T0, MOST) == []
    return made


def planned(made: Ordering, now_ms: int, behind: bool) -> list[str]:
    """The SKUs that are planned in the tick of that moment."""
    due = made.due(now_ms, MOST, behind)
    for sku in due:
        made.decide(full(sku), now_ms)
    return [sku.id for sku in due]


def test_what_changed_just_now_is_planned_at_once_though_others_keep_changing_and_a_gateway_drains_days() -> None:
    made = desk("bolt", "nut", "milk")

    for second in range(60):
        now_ms = T0 + second * TICK_MS
        made.note({"nut": now_ms}, now_ms)
        made.note({"milk": now_ms - 3 * DAY_MS}, now_ms)  # of another gateway's backlog
        made.note({"bolt": now_ms - 500} if second == 30 else {}, now_ms)
        assert planned(made, now_ms, behind=True) == (["bolt", "nut"] if second == 30 else ["nut"])


def test_what_comes_with_a_backlog_is_planned_once_when_that_has_ended() -> None:
    made = desk("bolt")
    end_ms = T0 + 120 * TICK_MS

    moments = []

    for now_ms in range(T0, end_ms + 60 * TICK_MS, TICK_MS):
        if now_ms <= end_ms:
            made.note({"bolt": now_ms - DAY_MS}, now_ms)
        if planned(made, now_ms, behind=now_ms < end_ms):
            moments.append(now_ms)

    assert moments == [end_ms + CALM_MS]


def test_a_backlog_without_end_is_waited_for_no_longer_than_patience_lasts() -> None:
    """Levels are told again every five minutes, so that what is heard renews itself all the time."""
    made = desk("bolt", "nut")
    moments: dict[str, list[int]] = {"bolt": [], "nut": []}

    for now_ms in range(T0, T0 + 3 * PATIENCE_MS, TICK_MS):
        made.note({"bolt": now_ms - DAY_MS}, now_ms)
        if (now_ms - T0) % 300_000 == 0:
            made.note({"nut": now_ms - DAY_MS}, now_ms)
        for sku in planned(made, now_ms, behind=True):
            moments[sku].append(now_ms)

    for found in moments.values():
        assert found[0] == T0 + PATIENCE_MS
        assert all(PATIENCE_MS <= after - before <= 2 * PATIENCE_MS for before, after in pairwise(found))


def test_a_busy_shelf_whose_clock_is_minutes_off_is_planned_all_the_same() -> None:
    made = desk("bolt")
    moments = []

    for now_ms in range(T0, T0 + PATIENCE_MS + TICK_MS, TICK_MS):
        made.note({"bolt": now_ms - 120_000}, now_ms)
        if planned(made, now_ms, behind=False):
            moments.append(now_ms)

    assert moments == [T0 + PATIENCE_MS]


def test_what_is_planned_by_anew_hurries_no_stock_of_a_past_hour() -> None:
    made = desk("bolt", "nut", "milk")
    made.note({"bolt": T0 - DAY_MS}, T0)

    made.again(["bolt", "nut", "unheard"], T0)

    assert planned(made, T0, behind=True) == []
    assert planned(made, T0, behind=False) == ["nut"], "nothing was heard of its shelf"
    assert planned(made, T0 + CALM_MS - 1, behind=False) == []
    assert planned(made, T0 + CALM_MS, behind=False) == ["bolt"]
    made.again(["milk"], T0 + CALM_MS)
    assert planned(made, T0 + PATIENCE_MS, behind=True) == ["milk"]


def test_in_the_middle_of_a_backlog_the_hourly_plan_waits_for_its_end_and_no_longer_than_patience_lasts() -> None:
    for behind, after_ms in ((False, REPLAN_MS), (True, REPLAN_MS + PATIENCE_MS)):
        made = desk("bolt")
        moments = range(T0 - 1, T0 + 2 * REPLAN_MS, TICK_MS)

        assert next(now_ms for now_ms in moments if planned(made, now_ms, behind)) == T0 - 1 + after_ms


def test_at_the_start_the_end_of_a_backlog_is_waited_for_and_no_longer_than_patience_lasts() -> None:
    for lasts_ms, until_ms in ((0, CALM_MS), (60_000, 60_000), (2 * PATIENCE_MS, PATIENCE_MS)):
        made = desk("bolt")
        fresh = Ordering(made.site)
        moments = range(T0, T0 + 3 * PATIENCE_MS, TICK_MS)

        first = next(now_ms for now_ms in moments if planned(fresh, now_ms, behind=now_ms < T0 + lasts_ms))

        assert first == T0 + until_ms


def test_what_was_cancelled_is_held_for_a_day_while_it_is_wanted_and_no_longer_when_it_is_wanted_anew() -> None:
    made = desk("bolt")
    [bolt] = made.site.skus

    def left(units: int, now_ms: int, replenish: Action = "order") -> Need | None:
        there = Stock(Position(units), units, 0, 500)
        return made.decide(plan(replace(bolt, replenish=replenish), None, there, 0.95), now_ms, "free", T0)

    need = left(5, T0 + 1000)
    assert need is not None
    assert (need.state, need.held_until_ms) == ("proposed", T0 + HELD_MS)
    shown = left(5, T0 + 1000, "propose")
    assert shown is not None
    assert shown.held_until_ms == 0, "the service orders none of it anyway"
    late = left(5, T0 + HELD_MS)
    assert late is not None
    assert late.held_until_ms == 0
    assert left(100, T0 + 2000) is None
    anew = left(5, T0 + 3000)
    assert anew is not None
    assert anew.held_until_ms == 0
