"""One cause is one alert: gateways that are away, zones that fell dark; and what a site tunes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.alerts import rules as rules_
from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Book, Condition, Delays, step
from cloud.alerts.rules import cut_off, delays, evaluate, rules
from cloud.core.coldchain.rooms import Kind, RoomNow
from cloud.core.coldchain.silence import watched_ms
from cloud.core.coldchain.thermometers import Thermometers
from edge.core import alarms
from protocols.layout import About, Device, LayoutError, Site, Zone, parse
from protocols.reports import DeviceHealth
from protocols.tuning import RULES, Tuning
from tests.unit.alert_world import GATEWAYS, NOW_MS, of, site, well, wrong

NOT_HERE_YET = {"rule_asks_tuning", "work_overrun", "service_away", "misplaced_item", "disk_low"}
SITE_TEXT = '[site]\nid = "s"\nname = "S"\n[[zones]]\nid = "z"\nname = "Z"\n'


def away(facts: Facts, *gone: str) -> Facts:
    links = {one: GatewayLink(one not in gone, facts.now_ms - 120_000) for one in GATEWAYS}
    return replace(facts, gateways=links)


def news(conditions: list[Condition]) -> list[Condition]:
    return [one for one in conditions if not one.sustain]


def test_a_world_where_all_is_wrong_has_an_alert_of_every_rule() -> None:
    place = site()
    seen = news(evaluate(wrong(place))) + news(evaluate(away(wrong(place, silent=True), "g1")))
    dark = replace(well(place), devices={
        name: replace(one, state="silent", last_seen_ms=NOW_MS - 60_000) for name, one in well(place).devices.items()
    })  # fmt: skip
    seen += news(evaluate(dark))

    unseen = rules().keys() - {one.rule for one in seen}
    assert unseen <= {"incomplete", "zone_temperature", "work_overrun", "rule_asks_tuning"}, unseen
    assert news(evaluate(well(place))) == []


@pytest.mark.parametrize("name", [name for name, rule in rules().items() if rule.known_by])
def test_no_rule_sees_anything_new_of_what_a_gateway_that_is_away_would_tell(name: str) -> None:
    place, rule = site(), rules()[name]
    for silent in (False, True):
        whole = wrong(place, silent=silent)
        if name == "zone_temperature":
            whole = replace(whole, rooms=[])
        before = rule.evaluate(whole)
        if not before:
            continue
        seen = rule.evaluate(away(whole, "g1"))

        assert {of(one.subject) for one in seen if not one.sustain} <= {"g2"}
        assert {(one.rule, one.subject) for one in before} == {(one.rule, one.subject) for one in seen}, "it is kept"
        assert news(rule.evaluate(away(whole, *GATEWAYS))) == []


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_while_a_gateway_is_away_nothing_of_its_devices_is_a_new_alert_but_that_it_is(data: st.DataObject) -> None:
    """Whatever was wrong before, and goes wrong meanwhile by what was still on its way."""
    place = site(2)
    fine, bad = well(place), wrong(place, silent=data.draw(st.booleans()))
    known = delays()
    book, new = Book(), []
    for at in range(1, 15):
        pick = data.draw(st.sampled_from([fine, bad]))
        now_ms = NOW_MS + at * 600_000
        facts = away(replace(pick, now_ms=now_ms), *(["g1"] if at > 5 else []))
        book, transitions = step(book, evaluate(facts), known, now_ms)
        if at > 5:
            new += [one.alert for one in transitions if one.alert.state == "firing" and one.before != "firing"]
    mine = {(one.rule, one.subject) for one in new if of(one.subject) == "g1"}
    assert mine <= {("gateway_silent", "g1"), ("clock_wrong", "g1")} | {
        (one.rule, one.subject) for one in new if not rules()[one.rule].known_by
    }


def test_what_no_device_tells_is_said_though_every_gateway_is_away() -> None:
    seen = news(evaluate(away(wrong(site()), *GATEWAYS)))
    assert {"supplier_late", "disk_low", "backlog", "expiry", "gateway_silent"} <= {one.rule for one in seen}


def test_a_subject_that_nobody_watches_is_not_cut_off() -> None:
    facts = away(well(site()), *GATEWAYS)
    assert not cut_off(facts, "sku", "no-such-sku")
    assert not cut_off(facts, "slot", "no-such-slot")
    assert cut_off(facts, "device", "g1-rfid0.2")
    assert cut_off(facts, "zone", "z-g1")


def hall(devices: int, period_ms: int = 60_000) -> Facts:
    """A hall of so many devices through one gateway, a second hall with one."""
    place = Site(
        About("s1", "Site"),
        [Zone("hall", "Hall"), Zone("yard", "Yard")],
        devices=[*(Device(f"d{i}", "shelf", "hall") for i in range(devices)), Device("y", "climate", "yard")],
    )
    health = {one.id: DeviceHealth(one.id, "ok", NOW_MS, NOW_MS, period_ms, 0, 0, 0) for one in place.devices}
    links = {"g1": GatewayLink(True, NOW_MS)}
    return Facts(place, NOW_MS, devices=health, gateways=links, gateway_of=dict.fromkeys(health, "g1"))


def lost(facts: Facts, which: dict[str, int]) -> Facts:
    devices = {
        name: replace(one, state="silent", last_seen_ms=which[name]) if name in which else one
        for name, one in facts.devices.items()
    }
    return replace(facts, devices=devices)


@given(st.lists(st.integers(0, 59_999), min_size=5, max_size=80), st.integers(0, 4))
@settings(max_examples=50, deadline=None)
def test_devices_that_lose_their_power_together_are_one_alert(phases: list[int], others: int) -> None:
    """Each was heard last at some moment of its period before; a few more were silent for hours."""
    facts = hall(len(phases) + others)
    which = {f"d{i}": NOW_MS - 300_000 - phase for i, phase in enumerate(phases)}
    which |= {f"d{len(phases) + i}": NOW_MS - 40_000_000 * (i + 1) for i in range(others)}

    seen = news(evaluate(lost(facts, which)))

    assert [(one.subject, one.params["devices"]) for one in seen if one.rule == "zone_dark"] == [("hall", len(phases))]
    assert sum(one.rule == "device_silent" for one in seen) == others
    assert all(one.params["nodata"] for one in seen)


def test_devices_that_fail_on_their_own_are_told_one_by_one() -> None:
    facts = hall(40)
    seen = news(evaluate(lost(facts, {f"d{i}": NOW_MS - 3_600_000 * (i + 1) for i in range(8)})))
    assert [one.rule for one in seen] == ["device_silent"] * 8


def test_what_does_not_come_back_with_the_power_is_told_then() -> None:
    facts, known, book = hall(10), delays(), Book()
    states = []
    for second in range(0, 900, 10):
        which = {f"d{i}": NOW_MS - 60_000 for i in range(10 if second < 300 else 1)}
        now = replace(lost(facts, which), now_ms=NOW_MS + second * 1000)
        book, transitions = step(book, evaluate(now), known, now.now_ms)
        states += [(second, one.alert.rule, one.alert.state) for one in transitions if one.alert.state != "pending"]
    assert states == [(30, "zone_dark", "firing"), (420, "zone_dark", "resolved"), (420, "device_silent", "firing")]


def test_a_warm_room_is_one_alert_however_many_ways_goods_are_kept_in_it() -> None:
    """It nears its limit, is outside, goods are about to be lost, some are; then it gets cold again."""
    known, book = delays(), Book()
    seen: list[tuple[str, int, object]] = []
    place = Site(About("s1", "Site"), [Zone("cold", "Cold room")])
    for minute in range(0, 240):
        warm = 5.0 + 0.1 * minute if minute < 180 else 5.0
        rooms: list[RoomNow] = []
        for storage, outer in (("2-8", 15.0), ("vaccine", 18.0)):
            kind: Kind = "" if warm <= 8.0 else "excursion" if warm <= outer else "breach"
            limit = 8.0 if not kind else outer
            left = (limit - warm) / 0.1 if kind != "breach" and minute < 180 else None
            at_ms = NOW_MS + minute * 60_000
            rooms.append(RoomNow("cold", storage, kind, "", 1, 0, warm, at_ms, warm, at_ms, limit, left, 2))
        facts = Facts(place, NOW_MS + minute * 60_000, rooms=rooms)
        book, _ = step(book, evaluate(facts), known, facts.now_ms)
        firing = [one for one in book.open.values() if one.state == "firing"]
        assert len(firing) <= 1, [one.rule for one in firing]
        told = [(one.rule, one.severity, one.params.get("also")) for one in firing]
        seen += told if told != seen[-1:] else []
    assert seen == [
        ("temperature_ahead", 2, None),
        ("temperature_excursion", 2, "vaccine"),
        ("temperature_ahead", 1, None),
        ("temperature_breach", 1, "vaccine"),
    ]


def test_a_room_whose_fuse_blew_is_unwatched_and_one_whose_gateway_is_away_is_not_told_twice() -> None:
    place = site(1)
    rooms = [RoomNow("z-g1", "2-8", celsius=5.0, at_ms=NOW_MS - 5 * 3_600_000, limit_c=8.0, lots=3)]
    facts = replace(lost(well(place), {"g1-climate0": NOW_MS - 5 * 3_600_000}), rooms=rooms)
    seen = {one.rule: one.severity for one in news(evaluate(facts))}
    assert seen == {"device_silent": 3, "room_unwatched": 1}
    assert {one.rule for one in news(evaluate(away(facts, "g1")))} == {"gateway_silent"}


def test_thermometers_are_waited_for_by_their_own_spacing() -> None:
    hour_ms, told = 3_600_000, Thermometers()
    assert watched_ms(told) == 0
    for at in range(5):
        told.place(NOW_MS + at * 60_000, "quick", 5.0)
    assert watched_ms(told) == NOW_MS + 4 * 60_000 + hour_ms // 2
    for at in range(3):
        told.place(NOW_MS + at * hour_ms, "logger", 5.0)
    assert watched_ms(told) == NOW_MS + 2 * hour_ms + round(2.5 * hour_ms)


def test_a_site_tunes_its_rules() -> None:
    told = SITE_TEXT + "[tuning.zone_temperature]\nhold_minutes = 3\nseverity = 2\n[tuning.overstock]\noff = true\n"
    place = parse(told)
    assert place.tuning == {
        "zone_temperature": Tuning(severity=2, hold_minutes=3), "overstock": Tuning(off=True)
    }  # fmt: skip
    before = delays()
    after = delays(place.tuning)
    assert after["zone_temperature"] == Delays(180_000, before["zone_temperature"].clear_ms)
    assert {name for name in before if before[name] != after[name]} == {"zone_temperature"}
    world = site()
    tuned = replace(world, tuning=place.tuning)
    seen = evaluate(replace(wrong(world), site=tuned, rooms=[]))
    assert {one.severity for one in seen if one.rule == "zone_temperature"} == {2}
    assert "overstock" not in {one.rule for one in seen}
    assert "overstock" in {one.rule for one in evaluate(wrong(world))}
    gateways_own = [Condition("outbox_full", "g1", "", 2, {}), Condition("overstock", "x", "", 3, {})]
    assert rules_.tuned(gateways_own, place.tuning) == gateways_own[:1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tuning.zone_temprature]\noff = true\n", "there is no such rule; do you mean 'zone_temperature'?"),
        ("[tuning.device_sick]\noff = true\n", "do you mean 'device_silent'?"),
        ("[tuning.overstock]\nseverity = 4\n", "severity"),
        ("[tuning.overstock]\nhold_minutes = -1\n", "hold_minutes"),
        ("[tuning.overstock]\nhold = 1\n", "hold"),
    ],
)
def test_what_can_not_be_tuned_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(LayoutError, match=complaint.replace("?", r"\?")):
        parse(SITE_TEXT + text)


def test_every_rule_can_be_tuned() -> None:
    there = rules().keys() | alarms.RULES.keys()
    assert there <= RULES
    assert RULES - there <= NOT_HERE_YET
