"""What sensors suffer from is told with their device's health, goes again, and outlives a restart."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from edge.core.care import ward as module
from edge.core.care.ward import NOT_NOW, Ward
from edge.core.inference import HEALTH_REFRESH_MS, Inference
from protocols.readings import Flag, Reading
from protocols.reports import DeviceHealth
from tests.unit.test_inference import SITE, T0, restored

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Room:
    """A thermometer with a battery, `cold-1`, told of every ten minutes."""

    def __init__(self) -> None:
        self.inference = Inference(SITE)
        self.now_ms = T0
        self.numbers = count()
        self.told: list[DeviceHealth] = []

    def live(self, span_ms: int, battery_pct: float = 80.0, ahead_ms: int = 0, *flags: Flag) -> list[DeviceHealth]:
        """Let time pass; what was told of the device's health meanwhile."""
        before = len(self.told)
        for _ in range(span_ms // (10 * MINUTE_MS)):
            self.now_ms += 10 * MINUTE_MS
            at_ms = self.now_ms + ahead_ms
            wobble = next(self.numbers) % 7 / 10.0
            said = [
                Reading("cold-1", "1", "temperature_c", at_ms, [4.0 + wobble], flags=flags),
                Reading("cold-1", "1", "battery_pct", at_ms, [battery_pct], flags=flags),
            ]
            reports = self.inference.fold(list(said), self.now_ms).reports
            reports += self.inference.tick(self.now_ms).reports
            self.told += [one for one in reports if type(one) is DeviceHealth]
        return self.told[before:]

    def found(self) -> list[str]:
        return [one.code for one in self.told[-1].findings]


def test_a_finding_is_told_with_its_evidence_and_goes_again() -> None:
    room = Room()
    assert not any(one.findings for one in room.live(2 * DAY_MS))

    low = room.live(2 * DAY_MS, 8.0)
    assert room.found() == ["battery_low"]
    told = next(one for one in low if one.findings).findings[0]
    assert (told.code, told.channel, told.remedy, told.evidence) == (
        "battery_low",
        "1",
        "replace_battery",
        {"pct": 8.0},
    )
    assert T0 < told.since_ms < room.now_ms

    room.live(2 * DAY_MS, 100.0)
    assert room.found() == []


def test_a_finding_is_told_when_it_comes_not_with_the_next_routine() -> None:
    inference, told = Inference(SITE), list[DeviceHealth]()
    for hour in range(60):
        now_ms = T0 + hour * HOUR_MS
        out = inference.fold([Reading("cold-1", "1", "battery_pct", now_ms, [9.0])], now_ms)
        told += [one for one in out.reports if type(one) is DeviceHealth]

    assert [[found.code for found in one.findings] for one in told] == [["battery_low"]]


def test_a_clock_is_judged_with_the_message_that_shows_it() -> None:
    inference, told = Inference(SITE), list[DeviceHealth]()
    for step in range(16):
        now_ms = T0 + step * 15 * MINUTE_MS
        out = inference.fold([Reading("cold-1", "1", "humidity_pct", now_ms + 60_000, [50.0])], now_ms)
        told += [one for one in out.reports if type(one) is DeviceHealth]

    assert [[found.code for found in one.findings] for one in told] == [["clock_off"]]


@pytest.mark.parametrize("flag", sorted(NOT_NOW))
def test_samples_that_say_nothing_of_now_are_kept_out_of_the_charts(flag: Flag) -> None:
    room = Room()

    room.live(3 * DAY_MS, 8.0, 0, flag)

    assert not any(found.channel for one in room.told for found in one.findings)
    assert all(not chart.held and chart.today is None for chart in room.inference.ward.charts.values())


def test_a_clock_that_is_off_is_a_finding_of_the_device_until_it_is_set() -> None:
    room = Room()
    room.live(3 * HOUR_MS)
    assert room.found() == []

    room.live(4 * HOUR_MS, ahead_ms=60_000)
    (told,) = room.told[-1].findings
    assert (told.code, told.channel, told.remedy, told.evidence) == ("clock_off", "", "set_clock", {"offset_s": 60.0})

    room.live(4 * HOUR_MS)
    assert room.found() == []


@pytest.mark.parametrize("flag", ["clock", "historical"])
def test_a_clock_years_off_is_a_finding_too_and_a_late_word_is_not(flag: Flag) -> None:
    room = Room()
    room.live(3 * HOUR_MS)
    flags: tuple[Flag, ...] = ("clock",) if flag == "clock" else ("clock", "historical")

    room.live(4 * HOUR_MS, 50.0, 0, *flags)

    if flag == "clock":
        (told,) = room.told[-1].findings
        assert (told.code, told.remedy, told.evidence) == ("clock_off", "set_clock", {"more_than_s": 300.0})
        assert room.inference.devices["cold-1"].clock.best_ms == 0  # what was learnt of it is not spoilt
    else:
        assert room.found() == []
    room.live(4 * HOUR_MS)
    assert room.found() == []


def test_what_was_learnt_of_a_sensor_is_restored() -> None:
    room = Room()
    room.live(2 * DAY_MS)
    room.live(2 * DAY_MS, 8.0)

    room.inference = restored(room.inference, SITE)
    room.live(HOUR_MS, 8.0)

    (now,) = [one for one in room.inference.tick(room.now_ms + HEALTH_REFRESH_MS).reports if type(one) is DeviceHealth]
    assert [one.code for one in now.findings] == ["battery_low"]
    room.live(2 * DAY_MS, 100.0)
    assert room.found() == []


def test_a_restart_makes_no_sensor_stuck() -> None:
    """Samples that were not yet examined are not stored; the value did not stand still through them."""
    room = Room()
    room.live(4 * DAY_MS)

    room.inference = restored(room.inference, SITE)
    told = room.inference.tick(room.now_ms + MINUTE_MS).reports

    assert not any(one.findings for one in told if type(one) is DeviceHealth)


def test_charts_of_devices_that_are_gone_from_the_site_are_forgotten() -> None:
    room = Room()
    room.live(HOUR_MS)

    devices = [one for one in SITE.devices if one.id != "cold-1"]
    back = restored(room.inference, msgspec.structs.replace(SITE, devices=devices))

    assert back.ward.charts == {}


def test_channels_beyond_the_limit_are_heard_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHARTS_MAX", 2)
    room = Room()

    room.inference.fold([Reading("cold-1", str(one), "humidity_pct", T0, [50.0]) for one in range(5)], T0)

    assert len(room.inference.ward.charts) == 2
    assert room.inference.ward.unexamined == 3
    assert room.inference.devices["cold-1"].now == {"humidity_pct": (T0, 50.0)}


def test_a_channel_with_slashes_is_told_with_dots() -> None:
    """As the series of it are: a Sparkplug metric is `Bin/A/Battery`."""
    room = Room()
    for hour in range(50):
        now_ms = T0 + hour * HOUR_MS // 2
        said = [Reading("cold-1", "Bin/A/Battery", "battery_pct", now_ms, [7.0])]
        for one in room.inference.fold(list(said), now_ms).reports:
            room.told += [one] if type(one) is DeviceHealth else []

    assert {one.channel for told in room.told for one in told.findings} == {"Bin.A.Battery"}


def test_a_ward_without_patients_passes_time() -> None:
    assert Ward(SITE).pass_time(T0) == set()
