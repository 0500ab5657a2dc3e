"""What a gateway sees of goods, doors and sensors by itself, as timelines: the service's rules with the same delays."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core import alarms
from edge.core.alarms import Own
from edge.core.alone import Alone
from edge.core.care.health import Pulse
from edge.core.glance import Glance
from edge.core.slots import fusion
from edge.core.slots.counting import Estimate
from edge.core.slots.shelves import SlotState
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import Alarm, Finding, Report, Series
from protocols.tuning import Tuning
from protocols.uplink import Policy

T0 = 1_763_762_400_000
GTIN = "04012345123456"
SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A"), Zone("b", "Aisle B"), Zone("dock", "Dock")],
    [Sku("bolt", "Bolt", 5.0, gtin=GTIN), Sku("nut", "Nut", 5.0)],
    [Slot("A1", "a", "bolt", "d1", "1", 40, reader="r1"), Slot("B1", "b", "nut", "d1", "2", 40)],
    [
        Device("d1", "shelf", "a"),
        Device("door", "climate", "a"),
        Device("r1", "rfid", "a"),
        Device("gate", "rfid", "dock", outer=[1], inner=[2]),
    ],
)
SHELF, DOOR = SITE.devices[0], SITE.devices[1]


def slot(count: int | None, low: int = 0, high: int = 40) -> SlotState:
    low, high = (low, high) if count is None else (count, count)
    return SlotState(fusion.begin(40, T0), Estimate(count, low, high, 0.99), 0.0, T0, count)


def told(
    alone: Alone, now: Glance, seconds: int, from_ms: int = T0, own: Own | None = None
) -> list[tuple[int, str, str, str]]:
    """(second, rule, subject, state) of every alarm while it stays as it is."""
    found: list[tuple[int, str, str, str]] = []
    for second in range(seconds):
        for one in alone.decide(now, own or Own(), from_ms + second * 1000):
            if type(one) is Alarm:
                found.append((second, one.rule, one.subject, one.state))
    return found


def shelf(**slots: SlotState) -> Glance:
    return Glance([(SHELF, Pulse(seen_ms=T0))], {}, slots)


def test_an_article_that_has_run_out_is_an_alarm_after_its_hold_and_over_when_some_came() -> None:
    alone = Alone(SITE)

    assert told(alone, shelf(A1=slot(0), B1=slot(9)), 60) == [(30, "stock_out", "bolt", "firing")]
    assert told(alone, shelf(A1=slot(12), B1=slot(9)), 60, T0 + 60_000) == [(30, "stock_out", "bolt", "resolved")]


def test_what_may_have_run_out_is_no_alarm_but_keeps_one() -> None:
    alone = Alone(SITE)
    assert told(alone, shelf(A1=slot(None), B1=slot(9)), 600) == []

    told(alone, shelf(A1=slot(0), B1=slot(9)), 60, T0 + 600_000)
    silent = Glance([(SHELF, Pulse(seen_ms=T0, state="silent", unheard=True))], {}, {"A1": slot(0), "B1": slot(9)})
    assert told(alone, silent, 600, T0 + 700_000) == []
    assert [one.rule for one in alone.alarms.open.values() if one.state == "firing"] == ["stock_out"]


def test_an_article_below_its_point_is_an_alarm_unless_the_service_orders_it() -> None:
    for ordered, wanted in ((False, [(86_400, "below_reorder_point", "nut", "firing")]), (True, [])):
        alone = Alone(SITE, policies={"nut": Policy("nut", 10, 50, ordered)})
        assert told(alone, shelf(A1=slot(9), B1=slot(8)), 86_410) == wanted


def test_a_door_is_told_once_it_has_been_open_for_long() -> None:
    alone, pulse = Alone(SITE), Pulse(seen_ms=T0)
    open_now = Glance([], {}, {}, [(DOOR, pulse)])

    assert told(alone, open_now, 599) == []
    assert told(alone, open_now, 2, T0 + 599_000) == [(1, "door_open", "door", "firing")]
    assert told(alone, Glance([], {}, {}), 60, T0 + 601_000) == [(30, "door_open", "door", "resolved")]


def test_a_door_contact_that_went_offline_starts_nothing() -> None:
    assert told(Alone(SITE), Glance([], {}, {}, [(DOOR, Pulse(seen_ms=T0, state="offline"))]), 1200) == []


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("stuck", "sensor_stuck"),
        ("drift", "sensor_drift"),
        ("creep", "sensor_drift"),
        ("noisy", "sensor_noisy"),
        ("spikes", "sensor_noisy"),
        ("battery_low", "battery_low"),
        ("battery_ending", "battery_low"),
    ],
)
def test_what_a_sensor_suffers_from_is_an_alarm_of_its_kind(code: str, rule: str) -> None:
    def findings() -> list[tuple[Device, list[Finding]]]:
        found = [Finding(code, "1", T0 - 1000, "restart_device", {"value": 3.0}), Finding(code, "2", T0, "tare")]
        return [(DOOR, found)]

    alone = Alone(SITE)
    alarms = [
        one
        for second in range(20)
        for one in alone.decide(Glance([], {}, {}, findings=findings), Own(), T0 + second * 1000)
        if type(one) is Alarm
    ]

    assert [(one.rule, one.subject, one.since_ms, one.params) for one in alarms] == [
        (rule, "door", T0 - 1000, {"value": 3.0})
    ]


def test_a_clock_that_is_off_and_a_channel_that_is_silent_are_told_elsewhere() -> None:
    def findings() -> list[tuple[Device, list[Finding]]]:
        return [(DOOR, [Finding("clock_off", "", T0, "set_clock"), Finding("silent", "1", T0, "check_power")])]

    assert told(Alone(SITE), Glance([], {}, {}, findings=findings), 20) == []


def test_tags_in_a_zone_without_a_slot_of_theirs_are_misplaced_after_half_an_hour() -> None:
    alone = Alone(SITE)
    there = {(GTIN, "a"): 30, (GTIN, "b"): 2, (GTIN, "dock"): 4, ("09999999999999", "b"): 1}
    now = Glance([], {}, {}, tags=lambda: there)

    assert told(alone, now, 1801) == [(1800, "misplaced_item", "bolt.b", "firing")]  # a gate is a way, not a place
    del there[GTIN, "b"]
    assert told(alone, now, 400, T0 + 1_801_000)[0][1:] == ("misplaced_item", "bolt.b", "resolved")


def test_a_disk_that_fills_and_one_that_is_small_but_half_empty() -> None:
    gib = 1 << 30
    for disk, rules in (
        ((2 * gib, 100 * gib), ["disk_low"]),
        ((gib // 2, 20 * gib), ["disk_low"]),
        ((gib // 2 + 1, gib), []),
        ((30 * gib, 100 * gib), []),
    ):
        found = told(Alone(SITE), Glance([], {}, {}), 61, own=Own("gw", disk_free=disk))
        assert [rule for _, rule, _, _ in found] == rules


def test_an_outbox_that_lasts_for_hours_only_is_told_though_much_of_it_is_free() -> None:
    for share, hours, fires in ((0.5, 3.0, True), (0.5, 20.0, False), (0.05, 3.0, False), (0.95, None, True)):
        own = Own("gw", outbox_share=share, outbox_hours=hours)
        assert bool(told(Alone(SITE), Glance([], {}, {}), 61, own=own)) is fires


def test_a_service_that_is_not_heard_for_five_minutes_is_away_and_back_with_its_first_word() -> None:
    alone, seen = Alone(SITE), []
    for second in range(900):
        silent_ms = 1000 * second if second < 600 else 0
        for one in alone.decide(Glance([], {}, {}), Own("gw", silent_ms=silent_ms), T0 + second * 1000):
            if type(one) is Alarm:
                seen.append((second, one.rule, one.state, one.since_ms))

    assert seen == [(300, "service_away", "firing", T0), (600, "service_away", "resolved", T0)]
    assert told(Alone(SITE), Glance([], {}, {}), 900, own=Own("gw", silent_ms=None)) == []  # it works alone


def test_a_gateway_that_starts_anew_does_not_take_its_own_silence_for_the_services_return() -> None:
    alone = Alone(SITE)
    assert told(alone, Glance([], {}, {}), 2, own=Own("gw", silent_ms=400_000)) == [(0, "service_away", "gw", "firing")]

    for second in range(100):
        own = Own("gw", silent_ms=second * 1000, reached=False)
        assert not [
            one for one in alone.decide(Glance([], {}, {}), own, T0 + (2 + second) * 1000) if type(one) is Alarm
        ]

    own = Own("gw", silent_ms=0, reached=True)
    assert told(alone, Glance([], {}, {}), 5, T0 + 102_000, own) == [(0, "service_away", "gw", "resolved")]


def test_figures_of_the_gateway_itself_are_told_every_five_minutes_once_they_are_known() -> None:
    alone, said = Alone(SITE), list[Report]()
    for second in range(601):
        said += alone.decide(Glance([], {}, {}), Own("gw", disk_free=(50, 200), outbox_hours=9.0), T0 + second * 1000)

    series = [one for one in said if type(one) is Series]
    assert [one.at_ms - T0 for one in series if one.quantity == "disk_free_pct"] == [0, 300_000, 600_000]
    assert {(one.device, one.channel, one.quantity, one.values[0]) for one in series} == {
        ("gw", "own", "disk_free_pct", 25.0),
        ("gw", "own", "outbox_used_pct", 0.0),
        ("gw", "own", "outbox_hours", 9.0),
        ("gw", "own", "clock_off_s", 0.0),
    }


@pytest.mark.parametrize(
    ("tuning", "fires"),
    [(Tuning(), False), (Tuning(hold_minutes=1.0), True), (Tuning(hold_minutes=1.0, off=True), False)],
)
def test_a_rule_is_at_the_gateway_as_the_site_has_tuned_it(tuning: Tuning, fires: bool) -> None:
    site = replace(SITE, zones=[*SITE.zones, Zone("hall", "Hall", max_c=30.0)], tuning={"zone_temperature": tuning})
    found = told(Alone(site), Glance([], {"hall": [("temperature_c", T0, 45.0)]}, {}), 120)
    assert bool(found) is fires
    assert alarms.severity("zone_temperature", {"zone_temperature": Tuning(severity=3)}) == 3
