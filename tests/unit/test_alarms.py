"""The gateway's own alarms: never before their hold, never flapping, over a restart, and worded as the service's."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alerts import limits, rules
from cloud.alerts.rules import zone_humidity, zone_temperature
from edge.core import alarms
from edge.core.alarms import Book, Condition, Own, of_devices, of_gateway, of_zones, step
from edge.core.alone import Alone
from edge.core.care import health
from edge.core.care.health import Pulse
from edge.core.glance import Glance
from edge.words import WORDS
from protocols.alarms import STALE_MS, WATCHED
from protocols.layout import About, Device, Site, Zone
from protocols.reports import Alarm, decode, encode

T0 = 1_763_762_400_000
SITE = Site(
    About("s1", "Site"),
    [Zone("cold", "Cold room", min_c=2.0, max_c=8.0, max_pct=80.0), Zone("hall", "Hall")],
    devices=[Device("t1", "climate", "cold"), Device("s1", "shelf", "hall")],
)
HOLD_MS, CLEAR_MS = alarms.RULES["zone_temperature"]


def warm(value: float, at_ms: int, now_ms: int) -> list[Condition]:
    return list(of_zones(SITE, {"cold": [("temperature_c", at_ms, value)]}, now_ms))


def run(book: Book, values: list[float], from_ms: int, linked: bool = False) -> list[Alarm]:
    """A temperature a second."""
    told = []
    for second, value in enumerate(values):
        now_ms = from_ms + 1000 * second
        told += step(book, warm(value, now_ms, now_ms), now_ms, linked)
    return told


def test_a_warm_room_fires_when_its_hold_is_over_and_not_a_second_before() -> None:
    book = Book()

    assert run(book, [9.04] * 600, T0) == []
    (alarm,) = run(book, [9.04] * 60, T0 + 600_000)

    assert alarm == Alarm("zone_temperature", "cold", "cold", "firing", T0, T0 + HOLD_MS, {"value": 9.0, "limit": 8.0})
    assert decode(encode(alarm)) == alarm


def test_a_door_that_was_open_for_a_while_is_no_alarm() -> None:
    book = Book()

    assert run(book, [9.0] * 590 + [5.0] * 5 + [9.0] * 590 + [5.0], T0) == []
    assert book.open == {}


def test_an_alarm_ends_only_when_the_room_is_well_inside_its_limits_for_long() -> None:
    book = Book()
    run(book, [9.0] * 601, T0)

    assert run(book, [7.9, 8.1] * 600, T0 + 601_000) == []  # around the limit it neither ends nor begins again
    assert run(book, [7.0] * 600, T0 + 1_801_000) == []
    (over,) = run(book, [7.0], T0 + 2_401_000)

    assert (over.state, over.since_ms, over.at_ms) == ("resolved", T0, T0 + 2_401_000)
    assert book.over == [over]


def test_the_worst_thermometer_of_a_room_counts_and_an_old_value_starts_nothing() -> None:
    values = {"cold": [("temperature_c", T0, 5.0), ("temperature_c", T0, 9.5), ("humidity_pct", T0, 85.0)]}

    assert {(one.rule, one.params["value"]) for one in of_zones(SITE, values, T0)} == {
        ("zone_temperature", 9.5),
        ("zone_humidity", 85.0),
    }
    (old,) = warm(9.0, T0, T0 + STALE_MS + 1)
    assert old.sustain
    assert step(Book(), [old], T0) == []


def test_time_that_nobody_watched_brings_no_alarm_nearer() -> None:
    book = Book()
    run(book, [9.0] * 300, T0)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(book), type=Book)  # the gateway was off for a day
    later_ms = T0 + 299_000 + 86_400_000

    assert run(kept, [9.0] * 300, later_ms) == []
    (alarm,) = run(kept, [9.0] * 2, later_ms + 300_000)
    assert (alarm.state, alarm.since_ms) == ("firing", T0)


def test_an_alarm_that_fires_goes_on_over_a_restart_and_is_not_told_again_while_the_link_is_down() -> None:
    book = Book()
    run(book, [9.0] * 601, T0)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(book), type=Book)

    assert run(kept, [9.0] * 1200, T0 + 601_000) == []
    (again,) = run(kept, [9.0] * 30, T0 + 1_801_000, linked=True)
    assert (again.state, again.since_ms) == ("firing", T0)


def test_a_silent_device_is_an_alarm_once_its_hold_is_over() -> None:
    pulses = [(SITE.devices[1], Pulse(seen_ms=T0, period_ms=5000.0, state="silent"))]
    book = Book()

    told = [one for s in range(150) for one in step(book, of_devices(pulses, 10**6), T0 + s * 1000)]

    assert [(one.rule, one.subject, one.at_ms, one.params["offline"]) for one in told] == [
        ("device_silent", "s1", T0 + 120_000, 0.0)
    ]


@pytest.mark.parametrize(
    ("deaf", "rule"), [(Own(broker=False), "broker_away"), (Own(stalled_ms=T0), "not_acknowledging")]
)
def test_a_device_is_not_called_silent_where_nobody_listened(deaf: Own, rule: str) -> None:
    """The broker was away, or the store took nothing: then a device that speaks once an hour has up to six hours to be
    heard again."""
    hourly = [(SITE.devices[1], Pulse(seen_ms=T0, period_ms=3_600_000.0, state="silent"))]
    alone, own = Alone(SITE), Own()
    told = []
    for minute in range(8 * 60):
        away = minute < 60
        pulse = hourly[0][1]
        now = deaf if away else own
        pulse.unheard = health.hear_nothing(pulse, alone.listen(now.listening, T0 + minute * 60_000))
        said = alone.decide(Glance(hourly, {}, {}), now, T0 + minute * 60_000)
        told += [(minute, one.rule, one.state) for one in said if type(one) is Alarm]

    assert told[0][1:] == (rule, "firing")
    assert [(about, state) for _, about, state in told[1:]] == [(rule, "resolved"), ("device_silent", "firing")]
    assert 60 + 6 * 60 < told[-1][0] < 60 + 6 * 60 + 5


def test_a_store_that_took_nothing_for_a_while_is_told_when_it_takes_again() -> None:
    book = Book()

    (told,) = step(book, of_gateway(Own(stalled_ms=T0)), T0 + 15_000)
    assert (told.rule, told.since_ms) == ("not_acknowledging", T0)
    assert step(Book(), of_gateway(Own(stalled_ms=T0)), T0 + 5_000) == []  # a short one is none
    assert [one.state for s in range(65) for one in step(book, [], T0 + 16_000 + s * 1000)] == ["resolved"]


def test_an_outbox_that_fills_is_told_once_however_it_breathes() -> None:
    book, told = Book(), []
    for minute in range(240):
        share = 0.93 if minute % 2 else 0.85
        for second in range(60):
            told += step(book, of_gateway(Own(outbox_share=share)), T0 + (minute * 60 + second) * 1000)
    assert [one.rule for one in told] == []  # it never stays above for its hold
    told = [one for s in range(61) for one in step(book, of_gateway(Own(outbox_share=0.95)), T0 + (14_400 + s) * 1000)]
    assert [one.rule for one in told] == ["outbox_full"]


@given(st.lists(st.sampled_from([4.0, 7.8, 8.2, 12.0]), min_size=1, max_size=60))
def test_whatever_a_room_does_firing_and_over_alternate_and_each_took_its_time(minutes: list[float]) -> None:
    book, told = Book(), []
    for minute, value in enumerate(minutes):
        for quarter in range(4):
            now_ms = T0 + minute * 60_000 + quarter * 15_000
            told += step(book, warm(value, now_ms, now_ms), now_ms)
    assert [one.state for one in told] == (["firing", "resolved"] * len(told))[: len(told)]
    hot = [(T0 + at * 60_000, value > 8.0) for at, value in enumerate(minutes)]
    for one in told:
        if one.state == "firing":
            assert all(over for at_ms, over in hot if one.at_ms - HOLD_MS <= at_ms < one.at_ms)
        else:
            assert not any(over for at_ms, over in hot if one.at_ms - CLEAR_MS <= at_ms < one.at_ms)


def test_what_the_service_watches_too_it_watches_as_we_do_and_all_is_worded() -> None:
    theirs = rules.rules()

    shared = alarms.RULES.keys() & theirs.keys()
    assert shared >= {"zone_temperature", "zone_humidity", "device_silent", "stock_differs"}
    assert all(tuple(alarms.RULES[name]) == tuple(theirs[name].delays) for name in shared)
    assert WATCHED["zone_temperature"].dead_band == zone_temperature.DEAD_BAND_C
    assert WATCHED["zone_humidity"].dead_band == zone_humidity.DEAD_BAND_PCT
    assert STALE_MS == limits.STALE_MS
    for words in WORDS.values():
        assert alarms.RULES.keys() <= words.keys()
