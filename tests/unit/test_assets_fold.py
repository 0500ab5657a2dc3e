"""The assets of a site as a fold over reports: what is found of each, why, and what is kept as evidence."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.maintenance.fleet import Fleet
from cloud.core.maintenance.keeping import Kept
from protocols.layout import parse
from protocols.reports import DeviceHealth, Finding, Report, Series
from tests.depot import SITE_TEXT
from tests.unit.refrigerator import simulate

SITE = parse(
    SITE_TEXT
    + """
[[devices]]
id = "gate"
kind = "rfid"
zone = "hall"
antennas = {2 = "cold"}
[[devices]]
id = "pump"
kind = "machine"
zone = "hall"
"""
)
START_MS = 1_700_006_400_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def series(
    device: str, quantity: str, at_ms: int, values: list[float], channel: str = "1", step_ms: int = MINUTE_MS
) -> Series:
    offsets = [step_ms * one for one in range(len(values))]
    return Series(device, channel, quantity, "cold", at_ms, offsets, values)


def health(
    device: str, at_ms: int, state: str = "ok", findings: list[Finding] | None = None, unheard: bool = False
) -> DeviceHealth:
    return DeviceHealth(
        device, state, at_ms, at_ms - 5000, 5000, 0, 0, 0, findings=findings or [], unheard=unheard  # type: ignore[arg-type]
    )  # fmt: skip


def room(count: int, seed: int = 1) -> list[float]:
    rng = np.random.default_rng(seed)
    values: list[float] = np.round(20 + np.sin(np.arange(count) / 200) + rng.normal(0, 0.1, count), 1).tolist()
    return values


def found(fleet: Fleet, id: str, now_ms: int) -> list[str]:
    fleet.judge(now_ms)
    return [one.code for asset in fleet.current if asset.id == id for one in asset.faults]


def test_every_listed_device_is_an_asset_also_one_that_was_never_heard() -> None:
    fleet = Fleet(SITE)
    fleet.judge(START_MS)

    states = {one.id: (one.kind, one.state) for one in fleet.views}

    assert states["thermo-1"] == ("refrigerator", "unseen")
    assert states["shelf-1"] == ("scale", "unseen")
    assert states["gate"] == ("reader", "unseen")
    assert states["pump"] == ("machine", "unseen")
    assert fleet.current == []


def test_reports_of_devices_that_are_not_listed_are_left_out() -> None:
    fleet = Fleet(SITE)
    fleet.hear([series("stranger", "temperature_c", START_MS, [1.0]), health("stranger", START_MS)])
    fleet.judge(START_MS)

    assert "stranger" not in {one.id for one in fleet.views}


def leaking() -> Fleet:
    """A site, after twenty days, whose first thermometer is in a cooler that loses refrigerant from the twelfth on."""
    inside, outside = simulate(77, 1, 20, 12, 0.04)
    fleet = Fleet(SITE)
    for minute in range(0, len(inside), 60):
        at_ms = START_MS + minute * MINUTE_MS
        fleet.hear(
            [
                series("thermo-2", "temperature_c", at_ms, outside[minute : minute + 60, 0].tolist()),
                series("thermo-1", "temperature_c", at_ms, inside[minute : minute + 60, 0].tolist()),
            ]
        )
    fleet.judge(START_MS + 20 * DAY_MS)
    return fleet


def test_what_is_normal_of_a_cooler_is_told_and_drawn_alike() -> None:
    fleet = leaking()
    detail = fleet.detail("thermo-1")
    assert detail is not None
    [cooler] = [one for one in fleet.current if one.id == "thermo-1"]

    told = {one.name: (one.normal_low, one.normal_high) for one in cooler.why}
    drawn = {one.name: (one.normal_low, one.normal_high) for one in detail.drawn}

    assert "duty" in told
    assert {name: drawn[name] for name in told if name in drawn} == {name: told[name] for name in told if name in drawn}


def test_a_cooler_that_leaks_is_told_with_days_and_what_moved() -> None:
    fleet = leaking()

    [cooler] = [one for one in fleet.current if one.id == "thermo-1"]
    [fault] = cooler.faults
    assert fault.code in ("refrigerant", "losing_capacity")
    assert fault.since_ms >= START_MS + 9 * DAY_MS
    assert cooler.health < 0.5
    assert cooler.days is not None
    assert cooler.days[0] <= cooler.days[1] <= cooler.days[2]
    assert {one.name for one in cooler.why} & {"duty", "fall"}
    assert all(not one.normal_low <= one.value <= one.normal_high for one in cooler.why)
    detail = fleet.detail("thermo-1")
    assert detail is not None
    [evidence] = detail.evidence
    assert (evidence.code, evidence.over_ms) == (fault.code, 0)
    assert evidence.first["capacity_lost_pct"]
    lost = next(one for one in detail.drawn if one.name == "capacity_lost")
    assert len(lost.times_ms) == 19
    assert lost.normal_high is not None
    assert lost.values[-1] > lost.normal_high


def test_a_stuck_thermometer_is_told_and_its_end_stays_as_evidence() -> None:
    fleet, values = Fleet(SITE), room(2 * 1440)
    fleet.hear([series("thermo-2", "temperature_c", START_MS, values)])
    end_ms = START_MS + 2 * DAY_MS
    assert found(fleet, "thermo-2", end_ms) == []

    fleet.hear([series("thermo-2", "temperature_c", end_ms, [values[-1]] * 60)])
    assert found(fleet, "thermo-2", end_ms + HOUR_MS) == ["stuck"]
    fleet.hear([series("thermo-2", "temperature_c", end_ms + HOUR_MS, room(60, 3))])
    assert found(fleet, "thermo-2", end_ms + 2 * HOUR_MS) == []

    detail = fleet.detail("thermo-2")
    assert detail is not None
    [evidence] = detail.evidence
    assert evidence.code == "stuck"
    assert evidence.over_ms == end_ms + 2 * HOUR_MS
    assert evidence.first["value"] == values[-1]


def test_what_a_gateway_finds_is_a_fault_with_its_numbers_until_it_says_otherwise() -> None:
    fleet = Fleet(SITE)
    drift = Finding("drift", "2", START_MS, "tare", {"per_day": 3.5})
    fleet.hear([health("shelf-1", START_MS + DAY_MS, findings=[drift])])
    fleet.judge(START_MS + DAY_MS)

    [scale] = fleet.current
    [fault] = scale.faults
    assert (fault.code, fault.channel, fault.since_ms, fault.params["per_day"]) == ("drift", "2", START_MS, 3.5)
    assert fault.params["remedy"] == "tare"

    fleet.hear([health("shelf-1", START_MS)])  # an older word
    assert found(fleet, "shelf-1", START_MS + DAY_MS) == ["drift"]
    fleet.hear([health("shelf-1", START_MS + 2 * DAY_MS)])
    assert found(fleet, "shelf-1", START_MS + 2 * DAY_MS) == []


def test_silence_is_a_fault_unless_nobody_listened() -> None:
    fleet = Fleet(SITE)
    fleet.hear([health("shelf-1", START_MS, "silent"), health("shelf-2", START_MS, "silent", unheard=True)])

    assert found(fleet, "shelf-1", START_MS) == ["silent"]
    assert found(fleet, "shelf-2", START_MS) == []


def test_a_dead_antenna_is_an_asset_of_its_own_and_most_of_them_are_the_readers_fault() -> None:
    fleet = Fleet(SITE)
    for five in range(9 * 288):
        at_ms = START_MS + five * 300_000
        alive = five < 8 * 288
        for number in ("1", "2"):
            heard = 120.0 if alive or number == "1" else 0.0
            fleet.hear(
                [
                    series("gate", "reads_min", at_ms, [heard], number),
                    series("gate", "tags_seen", at_ms, [heard / 6], number),
                ]
            )
    end_ms = START_MS + 9 * DAY_MS

    assert found(fleet, "gate.2", end_ms) == ["antenna_dead"]
    assert found(fleet, "gate.1", end_ms) == []
    assert found(fleet, "gate", end_ms) == []
    view = next(one for one in fleet.views if one.id == "gate.2")
    assert (view.kind, view.part_of, view.zone, view.health) == ("antenna", "gate", "cold", 0.0)
    detail = fleet.detail("gate.2")
    assert detail is not None
    assert [one.code for one in detail.evidence] == ["antenna_dead"]
    assert detail.drawn[0].name == "reads_by_tag"


def test_an_antenna_whose_tags_grow_weaker_is_told_with_what_moved() -> None:
    fleet, rng = Fleet(SITE), np.random.default_rng(1)
    for five in range(10 * 288):
        at_ms, dbm = START_MS + five * 300_000, -60.0 - 4.0 * (five >= 7 * 288) + float(rng.normal(0, 0.5))
        told = {"tags_dbm": dbm, "reads_min": 200.0, "tags_seen": 40.0}
        fleet.hear([series("gate", quantity, at_ms, [value], "2") for quantity, value in told.items()])
    end_ms = START_MS + 10 * DAY_MS

    assert found(fleet, "gate.2", end_ms) == ["read_rate"]
    view = next(one for one in fleet.views if one.id == "gate.2")
    assert 3.5 < float(view.faults[0].params["lost_db"] or 0) < 4.5
    assert [one.unit for one in view.why if not one.normal_low <= one.value <= one.normal_high] == ["dB"]
    detail = fleet.detail("gate.2")
    assert detail is not None
    assert [one.name for one in detail.drawn] == ["reads_by_tag", "strength"]


def test_a_door_that_says_it_is_open_is_told_after_ten_minutes() -> None:
    fleet = Fleet(SITE)
    fleet.hear([series("thermo-1", "door_open", START_MS, [0.0, 1.0], "door")])

    assert found(fleet, "thermo-1", START_MS + 5 * MINUTE_MS) == []
    assert found(fleet, "thermo-1", START_MS + 15 * MINUTE_MS) == ["door_open"]
    fleet.hear([series("thermo-1", "door_open", START_MS + 20 * MINUTE_MS, [0.0], "door")])
    assert found(fleet, "thermo-1", START_MS + 21 * MINUTE_MS) == []


def test_a_battery_is_known_by_what_gateways_say_of_it_too() -> None:
    fleet = Fleet(SITE)
    for day in range(30):
        fleet.hear([msgspec.structs.replace(health("shelf-1", START_MS + day * DAY_MS), battery_pct=60.0 - 1.5 * day)])
    fleet.judge(START_MS + 30 * DAY_MS)

    [scale] = fleet.current
    assert scale.days is not None
    assert scale.days[0] < 8 < scale.days[2]
    assert [one.code for one in scale.faults] == ["battery_low"]


def test_a_low_battery_takes_health_and_says_so_at_once() -> None:
    fleet = Fleet(SITE)
    fleet.hear([series("pump", "battery_pct", START_MS, [8.0])])
    fleet.judge(START_MS + MINUTE_MS)

    [pump] = [one for one in fleet.views if one.id == "pump"]
    assert (pump.health, pump.state) == (0.15, "watch")
    assert [(one.code, one.params["battery_pct"]) for one in pump.faults] == [("battery_low", 8.0)]
    assert [(one.name, one.value, one.normal_low) for one in pump.why] == [("battery", 8.0, 15.0)]
    detail = fleet.detail("pump")
    assert detail is not None
    assert [one.code for one in detail.evidence] == ["battery_low"]


def test_a_gateway_that_is_away_is_silent_and_back_again() -> None:
    fleet = Fleet(SITE)
    fleet.gateways([("g1", True, START_MS)], START_MS)
    assert found(fleet, "g1", START_MS) == []
    fleet.gateways([("g1", False, START_MS)], START_MS + HOUR_MS - 60_000)
    assert found(fleet, "g1", START_MS + HOUR_MS - 60_000) == [], "as after a start, until it has greeted us"
    fleet.gateways([("g1", False, START_MS)], START_MS + HOUR_MS)
    assert found(fleet, "g1", START_MS + HOUR_MS) == ["silent"]
    fleet.gateways([("g1", True, START_MS + 2 * HOUR_MS)], START_MS + 2 * HOUR_MS)
    assert found(fleet, "g1", START_MS + 2 * HOUR_MS) == []
    detail = fleet.detail("g1")
    assert detail is not None
    assert [one.over_ms for one in detail.evidence] == [START_MS + 2 * HOUR_MS]


def test_what_is_wrong_with_the_data_is_counted_and_the_rest_judged() -> None:
    fleet, values = Fleet(SITE), room(300)
    fleet.hear([series("thermo-2", "temperature_c", START_MS, values)])
    end_ms = START_MS + 300 * MINUTE_MS
    fleet.hear(
        [
            series("thermo-2", "temperature_c", end_ms - MINUTE_MS, [values[-1]]),  # again
            series("thermo-2", "temperature_c", START_MS, [values[0]]),  # long ago
            series("thermo-2", "temperature_c", end_ms, [values[-1], values[-1] * 1.8 + 32, values[-1]]),  # one in F
            series("thermo-2", "temperature_c", end_ms + HOUR_MS, [20.0]),  # after a gap
        ]
    )
    fleet.judge(end_ms + HOUR_MS)

    [view] = [one for one in fleet.views if one.id == "thermo-2"]
    assert view.notes == {"repeated": 1, "reversed": 1, "perhaps degrees Fahrenheit": 1, "gap": 1}
    kept = fleet.assets["thermo-2"].kept.series["1/temperature_c"]
    assert kept.sensor is not None
    assert kept.sensor.value == 20.0


def test_what_is_drawn_of_a_channel_is_the_mean_of_each_hour_at_whatever_minute_it_switches() -> None:
    for shift in (0, 45):
        fleet = Fleet(SITE)
        watts = [1500.0 if (minute + shift) % 60 < 40 else 30.0 for minute in range(300)]
        for first in range(0, 300, 100):
            at_ms = START_MS + first * MINUTE_MS
            fleet.hear([series("pump", "power_w", at_ms, watts[first : first + 100])])
            fleet.hear([series("pump", "switch_on", at_ms, [1.0] * 100)])
        fleet.judge(START_MS + 300 * MINUTE_MS)
        detail = fleet.detail("pump")
        assert detail is not None
        [drawn] = [one for one in detail.drawn if one.name != "score"]  # a switch is no curve
        assert (drawn.name, drawn.values) == ("1/power_w", [1010.0] * 4)
        assert drawn.times_ms == [START_MS + HOUR_MS * hour + HOUR_MS // 2 for hour in range(4)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=8), st.integers(0, 3))
def test_batches_and_storing_change_nothing(cuts: list[int], stored: int) -> None:
    """Several series in turns, split anywhere; the state packed and unpacked on the way."""
    rng = np.random.default_rng(5)
    said = [
        (
            "thermo-1",
            "temperature_c",
            [round(4 + abs(at % 40 - 20) / 10 + float(rng.normal(0, 0.05)), 2) for at in range(1500)],
        ),
        ("thermo-2", "temperature_c", room(1500)),
        ("pump", "vibration_mm_s", [round(2 + float(rng.normal(0, 0.1)), 3) for _ in range(1500)]),
    ]
    edges = sorted({0, 1500, *(sum(cuts[: at + 1]) % 1500 for at in range(len(cuts)))})
    whole, parts = Fleet(SITE), Fleet(SITE)
    # The hall first in both: coolers are judged beside it.
    for device, quantity, values in reversed(said):
        whole.hear([series(device, quantity, START_MS, values)])
    for number, (first, last) in enumerate(pairwise(edges)):
        reports: list[Report] = [
            series(device, quantity, START_MS + first * MINUTE_MS, values[first:last])
            for device, quantity, values in reversed(said)
        ]
        parts.hear(reports)
        if number == stored:
            blobs = {name: msgspec.msgpack.encode(asset.kept) for name, asset in parts.assets.items()}
            outside, parts = parts.outside, Fleet(SITE)
            parts.outside = outside
            for blob in blobs.values():
                assert parts.take(msgspec.msgpack.decode(blob, type=Kept))

    def plain(fleet: Fleet) -> dict[str, object]:
        return {name: msgspec.to_builtins(asset.kept) for name, asset in fleet.assets.items()}

    assert plain(parts) == plain(whole)


def test_a_stored_asset_of_a_device_that_is_gone_is_left_alone() -> None:
    assert not Fleet(SITE).take(Kept("gone"))
