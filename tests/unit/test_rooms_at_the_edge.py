"""Rooms that are kept for goods, judged by the gateway alone: excursions and breaches as the service judges them."""

from __future__ import annotations

import msgspec

from edge.core.alarms import Own
from edge.core.alone import Alone
from edge.core.glance import Glance
from edge.core.rooms import Rooms
from protocols import cold, excursions
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import Alarm

T0 = 1_763_762_400_000
MINUTE_MS = 60_000
BRIEF = cold.Storage("brief", 2.0, 8.0, 0.0, 15.0, excursion_minutes=30.0)
SITE = Site(
    About("s1", "Site"),
    [
        Zone("cold", "Cold room", min_c=2.0, max_c=8.0),
        Zone("hall", "Hall", max_c=8.0),
        Zone("own", "Own", storage="2-8"),
    ],
    [Sku("milk", "Milk", 1.0, storage="brief")],
    [Slot("C1", "cold", "milk", "d1")],
    [Device("d1", "shelf", "cold"), Device("t1", "climate", "cold")],
    storages=[BRIEF],
)


def run(alone: Alone, minutes: list[float], zone: str = "cold", from_minute: int = 0) -> list[tuple[int, str, str]]:
    """A temperature a minute (each told twice in it): (minute, rule, state) of every alarm."""
    told: list[tuple[int, str, str]] = []
    for minute, celsius in enumerate(minutes, from_minute):
        for half in (0, 30_000):
            now_ms = T0 + minute * MINUTE_MS + half
            climate = {zone: [("temperature_c", T0 + minute * MINUTE_MS, celsius)]}
            for one in alone.decide(Glance([], climate, {}), Own(), now_ms):
                if type(one) is Alarm:
                    told.append((minute, one.rule, one.state))
    return told


def test_a_room_that_is_warm_for_longer_than_its_goods_bear_is_a_breach_and_the_plain_limit_says_nothing() -> None:
    told = run(Alone(SITE), [5.0] * 5 + [11.0] * 60 + [5.0] * 30)

    assert told == [
        (15, "temperature_excursion", "firing"),
        (36, "temperature_breach", "firing"),
        (41, "temperature_excursion", "resolved"),
        (70, "temperature_breach", "resolved"),
    ]


def test_one_sample_far_from_all_others_is_no_breach_and_two_are() -> None:
    assert [one for one in run(Alone(SITE), [5.0] * 5 + [85.0] + [5.0] * 5) if "breach" in one[1]] == []
    assert run(Alone(SITE), [5.0] * 5 + [85.0] * 2)[0][:2] == (6, "temperature_breach")


def test_a_logger_that_tells_hourly_is_waited_for() -> None:
    rooms, now_ms = Rooms(SITE), T0
    for hour in range(12):
        now_ms = T0 + hour * 60 * MINUTE_MS
        found = rooms.feel({"cold": [("temperature_c", now_ms, 5.0 if hour < 6 else 11.0)]}, now_ms)
    assert [(one.rule, one.params["outside_min"]) for one in found] == [("temperature_breach", 300.0)]


def test_a_room_that_is_far_too_warm_is_a_breach_at_once() -> None:
    alone = Alone(SITE)
    assert run(alone, [5.0] * 5 + [16.0]) == [(5, "temperature_breach", "firing")]
    figures = alone.alarms.open["temperature_breach/cold"].params
    assert figures == {"celsius": 16.0, "limit_c": 15.0, "peak_c": 16.0, "outside_min": 0.0, "side": 1.0, "why": 1.0}


def test_a_door_that_stood_open_for_some_minutes_is_nothing() -> None:
    assert run(Alone(SITE), [5.0] * 5 + [11.0] * 9 + [5.0] * 60) == []


def test_a_defrost_of_a_room_that_defrosts_is_left_in_peace() -> None:
    rise = [4.0 + step for step in range(9)]  # a degree a minute, as heaters warm
    assert run(Alone(SITE), [4.0] * 5 + rise + rise[::-1] + [4.0] * 60, "own") == []


def test_a_room_that_may_defrost_is_told_when_it_is_certainly_none_and_has_had_its_hold() -> None:
    told = run(Alone(SITE), [4.0] * 5 + [6.0, 8.0, 10.0] + [11.0] * 90, "own")
    [(minute, rule, state)] = told
    assert (rule, state) == ("temperature_excursion", "firing")
    assert 7 + 45 + 10 <= minute <= 7 + 45 + 12


def test_a_zone_without_a_storage_is_judged_by_its_own_limits() -> None:
    assert run(Alone(SITE), [9.0] * 12, "hall") == [(10, "zone_temperature", "firing")]


def test_a_thermometer_that_fell_silent_starts_nothing_and_ends_nothing() -> None:
    alone = Alone(SITE)
    run(alone, [5.0] * 5 + [16.0])
    climate = {"cold": [("temperature_c", T0 + 5 * MINUTE_MS, 16.0)]}

    told = [
        one
        for minute in range(6, 300)
        for one in alone.decide(Glance([], climate, {}), Own(), T0 + minute * MINUTE_MS)
        if type(one) is Alarm
    ]

    assert told == []


def test_what_is_known_of_a_room_goes_on_over_a_restart_and_not_over_a_clock_that_was_set_back() -> None:
    alone = Alone(SITE)
    run(alone, [5.0] * 5 + [11.0] * 20)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(alone.rooms.rooms), type=dict[str, excursions.Room])
    again = Rooms(SITE, kept)
    assert again.rooms == alone.rooms.rooms

    climate = {"cold": [("temperature_c", T0 - 86_400_000, 5.0)]}
    assert again.feel(climate, T0 - 86_400_000) == []
    assert again.rooms["cold/brief"].at_ms == T0 - 86_400_000
