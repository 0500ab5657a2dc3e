"""The snapshot that people see: its numbers agree with one another, whatever the reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core import overview
from cloud.core.book.positions import Position
from cloud.core.inventory import Inventory
from cloud.core.overview import Seen
from cloud.core.planning.settling import Outlook
from cloud.core.replenishment import Need, Plan, Stock, plan, why_of
from cloud.core.view import AlertView, GatewayView, SkuView, Snapshot
from edge.core.care.health import Pulse, patience_ms
from protocols.reports import Report
from tests import depot
from tests.depot import HOUR_MS, NOON_MS, health, level, stock, warmth

SITE = depot.site()
DAILY = Outlook(6.0, 16.0, 0.1, "smooth", "smoothing", 90)
GATEWAY = GatewayView("g1", True, NOON_MS, 7, 9, 0)


def seen(plans: dict[str, Plan] | None = None, alerts: list[AlertView] | None = None) -> Seen:
    return Seen(plans or {}, [], alerts or [], [GATEWAY])


def shown(*reports: Report, what: Seen | None = None, now_ms: int = NOON_MS) -> Snapshot:
    inventory = Inventory(SITE)
    inventory.apply(reports)
    return overview.snapshot(inventory, what or seen(), now_ms, "build-1", "epoch-1")


def sku(snapshot: Snapshot, name: str) -> SkuView:
    return next(one for one in snapshot.skus if one.id == name)


def alert(state: str) -> AlertView:
    return AlertView(1, "stock_out", "bolt", "hall", 2, state, 1, 2, {}, "", 0, "")  # type: ignore[arg-type]


@given(st.lists(depot.reports, max_size=40))
def test_the_numbers_agree_with_one_another(given_reports: list[Report]) -> None:
    snapshot = shown(*given_reports)

    known = [one for one in snapshot.slots if one.count is not None and one.status != "silent"]
    assert [one.id for one in snapshot.slots] == [one.id for one in SITE.slots]
    assert [one.id for one in snapshot.skus] == [one.id for one in SITE.skus]
    for one in snapshot.skus:
        slots = [slot for slot in snapshot.slots if slot.sku == one.id]
        assert one.uncertain == sum(slot.count is None for slot in slots)
        if not one.uncertain:
            assert one.on_hand == sum(slot.count or 0 for slot in slots)
        if one.status == "out":
            assert one.on_hand == 0
            assert one.uncertain == 0
    kpi = snapshot.kpi
    assert kpi.known_pct == round(100 * len(known) / len(snapshot.slots), 1)
    assert kpi.stock_outs == sum(one.status == "out" for one in snapshot.skus)
    assert kpi.stock_outs <= kpi.below_reorder
    assert kpi.silent_devices == sum(one.state in ("silent", "offline", "away") for one in snapshot.devices)


@pytest.mark.parametrize(
    ("count", "status"), [(0, "empty"), (14, "low"), (15, "ok"), (100, "ok"), (101, "over"), (None, "unknown")]
)
def test_a_slots_colour_follows_from_its_count(count: int | None, status: str) -> None:
    assert shown(level("A1", count)).slots[0].status == status


@pytest.mark.parametrize("state", ["silent", "offline"])
def test_a_slot_whose_device_is_away_is_drawn_so_and_keeps_its_last_count(state: str) -> None:
    slot = shown(level("A1", 40), health("shelf-1", state)).slots[0]

    assert (slot.status, slot.count) == ("silent", 40)


AWAY = {"shelf-1": "g1"}


@given(st.lists(depot.reports, max_size=40), st.sets(st.sampled_from([one.id for one in SITE.devices])))
def test_what_hangs_on_a_gateway_that_is_away_is_silent_and_all_else_as_it_was(
    given_reports: list[Report], lost: set[str]
) -> None:
    before = shown(*given_reports)
    after = shown(*given_reports, what=replace(seen(), away=dict.fromkeys(lost, "g1")))

    for then, now in zip(before.slots, after.slots, strict=True):
        if now.device not in lost:
            assert now == then
            continue
        assert (now.status, now.reason, now.remedy) == ("silent", "gateway_away", "check_gateway")
        assert replace(now, status=then.status, reason=then.reason, remedy=then.remedy) == then, "its last count stays"
    for was, one in zip(before.devices, after.devices, strict=True):
        assert one == (replace(was, state="away", gateway="g1") if one.id in lost else was)
    assert after.skus == before.skus
    assert after.kpi.fill_pct == before.kpi.fill_pct
    assert after.kpi.known_pct <= before.kpi.known_pct
    assert after.kpi.silent_devices == sum(one.state in ("silent", "offline", "away") for one in after.devices)


def test_a_slot_whose_gateway_is_away_says_so_and_counts_as_known_no_more() -> None:
    told: list[Report] = [level("A1", 40), level("A2", 10), level("C1", 5), health("shelf-1"), health("shelf-2")]

    there = shown(*told)
    cut = shown(*told, what=replace(seen(), away=AWAY))
    lone = next(one for one in cut.slots if one.device == "shelf-1")

    assert (lone.status, lone.reason, lone.count, lone.at_ms) == ("silent", "gateway_away", 40, NOON_MS)
    assert (there.kpi.known_pct, there.kpi.silent_devices) == (100.0, 0)
    assert cut.kpi.known_pct < 100.0
    assert cut.kpi.silent_devices == 1
    assert shown(*told) == there, "when it is back all is as it was"


def test_a_slot_that_was_never_heard_of_says_what_to_do() -> None:
    slot = shown().slots[0]
    away = shown(health("shelf-1", "silent")).slots[0]

    assert (slot.status, slot.count, slot.low, slot.high) == ("unknown", None, 0, 100)
    assert (slot.reason, slot.remedy) == ("no_reading", "check_sensor")
    assert away.status == "silent"


def test_an_sku_is_out_only_when_every_slot_says_so() -> None:
    empty, guess = level("A1", 0), level("A2", None, low=0, high=1, sure=0.6)

    assert sku(shown(empty, level("A2", 0)), "bolt").status == "out"
    assert sku(shown(empty, guess), "bolt").status == "unknown"
    assert sku(shown(empty), "bolt").status == "unknown"
    assert sku(shown(), "bolt").status == "unknown"
    assert sku(shown(empty, level("A2", 3)), "bolt").status == "ok"


def test_an_sku_that_the_book_has_none_of_is_not_out_while_a_scale_can_not_tell() -> None:
    inventory = Inventory(SITE)
    inventory.apply([level("A1", None, low=3, high=40), level("A2", 0)])

    views = {
        one.id: one for one in overview.sku_views(inventory, inventory.site.skus, {}, lambda _: Position(0, likely=21))
    }

    assert (views["bolt"].status, views["bolt"].on_hand, views["bolt"].projected) == ("unknown", 0, 21)


def test_an_sku_that_should_be_ordered_is_low_and_tells_how_long_it_lasts() -> None:
    known = SITE.sku_by_id["bolt"]
    made = plan(known, DAILY, Stock(Position(12), 12), 0.99)

    snapshot = shown(level("A1", 12), level("A2", 0), what=seen({"bolt": made}))

    bolt = sku(snapshot, "bolt")
    assert made.verdict == "order"
    assert (bolt.status, bolt.daily_demand, bolt.cover_days) == ("low", 6.0, 2.0)
    assert (bolt.reorder_point, bolt.order_quantity) == (made.reorder_point, made.order_quantity)
    assert snapshot.kpi.below_reorder == 1
    assert snapshot.kpi.stock_outs == 0


def test_without_demand_there_is_no_cover() -> None:
    made = plan(SITE.sku_by_id["bolt"], Outlook(0.0, 0.0, 0.0, "none", "none", 90), Stock(Position(12), 12), 0.95)

    bolt = sku(shown(level("A1", 12), what=seen({"bolt": made})), "bolt")

    assert (bolt.daily_demand, bolt.cover_days) == (0.0, None)


def test_the_tiles_count_firing_alerts_and_the_picks_of_the_last_hour() -> None:
    picks = [stock("A1", -3, 4, NOON_MS - 600_000), stock("A1", -50, 7, NOON_MS - 2 * HOUR_MS)]

    unheard = replace(alert("firing"), nodata=True)  # nobody is asked to do something about it
    alerts = [alert("firing"), alert("acknowledged"), alert("resolved"), unheard]
    kpi = shown(*picks, what=seen(alerts=alerts)).kpi

    assert (kpi.open_alerts, kpi.picks_last_hour) == (1, 3)


def test_the_picks_of_the_hour_before_stand_beside_those_of_the_last() -> None:
    picks = [stock("A1", -3, 90, NOON_MS - 600_000), stock("A1", -20, 70, NOON_MS - HOUR_MS - 600_000)]
    older = stock("A1", -50, 20, NOON_MS - 3 * HOUR_MS)

    kpi = shown(older, *picks).kpi

    assert (kpi.picks_last_hour, kpi.picks_hour_before) == (3, 20)


def test_fill_is_of_the_slots_whose_count_is_known() -> None:
    kpi = shown(level("A1", 50), level("A2", None), level("C1", 10)).kpi

    assert kpi.fill_pct == 50.0
    assert kpi.known_pct == 66.7


def test_an_empty_site_has_a_snapshot_too() -> None:
    bare = replace(SITE, slots=[], skus=[], devices=[], zones=[])

    snapshot = overview.snapshot(Inventory(bare), seen(), NOON_MS, "b", "e")

    assert (snapshot.kpi.fill_pct, snapshot.kpi.known_pct, snapshot.slots) == (0.0, 0.0, [])


def test_a_zones_climate_is_the_newest_of_its_thermometers() -> None:
    other = replace(warmth("thermo-2", 21.0, NOON_MS + 5), zone="cold")
    machine = replace(warmth("shelf-2", 60.0, NOON_MS + 9), zone="cold")
    damp = replace(warmth("thermo-1", 55.5, NOON_MS - 5), quantity="humidity_pct")

    hall, cold = shown(warmth("thermo-1", 4.126), other, machine, damp).zones

    assert (cold.temperature_c, cold.humidity_pct, cold.at_ms) == (21.0, 55.5, NOON_MS + 5)
    assert cold.series == "thermo-2/1/temperature_c"
    assert (cold.min_c, cold.max_c) == (2.0, 8.0)
    assert (hall.temperature_c, hall.at_ms, hall.series) == (None, 0, "")


def test_devices_are_shown_with_their_health_and_their_series() -> None:
    devices = {one.id: one for one in shown(health("shelf-1", "offline"), warmth("thermo-1", 4.0)).devices}

    assert (devices["shelf-1"].state, devices["shelf-1"].last_seen_ms) == ("offline", NOON_MS)
    assert devices["thermo-1"].state == "unseen"
    assert devices["thermo-1"].series == {"temperature_c": "thermo-1/1/temperature_c"}
    assert devices["thermo-1"].name == "thermo-1"


def test_a_device_that_is_well_was_heard_within_its_gateways_patience() -> None:
    quiet = replace(health("shelf-1"), at_ms=NOON_MS - 240_000, last_seen_ms=NOON_MS - 240_000, period_ms=13_000)

    device = shown(quiet).devices[0]

    assert (device.last_seen_ms, device.within_ms) == (NOON_MS - 240_000, 78_000)


@pytest.mark.parametrize("period_ms", [0, 1000, 5000, 5001, 300_000])
def test_the_service_knows_how_patient_a_gateway_is(period_ms: int) -> None:
    assert overview.patience_ms(period_ms) == patience_ms(Pulse(period_ms=period_ms))


def test_nobody_vouches_for_a_device_that_is_silent_or_whose_gateway_is_away() -> None:
    cut = replace(GATEWAY, connected=False)

    assert shown(health("shelf-1", "silent")).devices[0].within_ms == 0
    assert shown(health("shelf-1"), what=replace(seen(), gateways=[cut])).devices[0].within_ms == 0
    assert shown(health("shelf-1"), what=replace(seen(), gateways=[GATEWAY, cut])).devices[0].within_ms == 0
    assert shown(health("shelf-1"), what=replace(seen(), gateways=[])).devices[0].within_ms == 0
    assert shown().devices[0].within_ms == 0


def test_needs_are_shown_as_they_were_made() -> None:
    need = Need("bolt", 50, "proposed", 1, 2, {"reorder_point": 7}, 3)

    snapshot = shown(what=Seen({}, [need], [], []))

    [view] = snapshot.needs
    assert (view.id, view.sku, view.quantity, view.state, view.created_ms, view.changed_ms, view.why) == (
        3, "bolt", 50, "proposed", 1, 2, {"reorder_point": 7},
    )  # fmt: skip


def test_a_need_is_shown_with_its_whole_card_and_without_one_that_no_longer_fits() -> None:
    made = plan(SITE.sku_by_id["bolt"], DAILY, Stock(Position(2), 2), 0.95)
    need = Need("bolt", made.quantity, "proposed", 1, 2, why_of(made) | {"revised": 3}, 4)
    strange = Need("bolt", 5, "observed", 1, 2, {"reorder_point": 7, "card": {"sku": 5}}, 5)

    first, second = shown(what=Seen({}, [need, strange], [], [])).needs

    assert (first.card, first.revised) == (made.card, 3)
    assert first.why["position"] == 2
    assert {"card", "revised"}.isdisjoint(first.why)
    assert (second.card, second.revised, second.state) == (None, 0, "observed")


def test_what_is_promised_set_aside_and_under_way_is_shown_beside_what_is_there() -> None:
    there = Position(12, reserved=3, quarantined=2, on_order=40, in_transit=5)
    made = plan(SITE.sku_by_id["bolt"], DAILY, Stock(there, 12), 0.95)
    what = Seen({"bolt": made}, [], [], [GATEWAY], lambda _: there)

    bolt = sku(shown(level("A1", 12), level("A2", 0), what=what), "bolt")

    assert (bolt.on_hand, bolt.reserved, bolt.quarantined, bolt.available) == (12, 3, 2, 7)
    assert (bolt.on_order, bolt.in_transit, bolt.projected) == (40, 5, 52)
    assert bolt.cover_days == round(7 / 6, 2)
    assert (bolt.verdict, bolt.replenish, bolt.order_up_to) == (made.verdict, "propose", made.card.order_up_to)
