"""Sensors as patients: what is sick is found with its numbers, what is well is left alone, and findings come and go."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from edge.core.care import neighbours, patients
from edge.core.care.charts import Change, Chart
from firmware_sim.worlds import patients as world
from firmware_sim.worlds.patients import DAY_MS, HOUR_MS, START_MS, Ill
from protocols.readings import Quantity

MINUTE_MS = 60_000
TICK_MS = 120_000


class Ward:
    """One channel's chart, and all that was said of it: (hours since the start, came, code)."""

    def __init__(self, quantity: Quantity = "temperature_c") -> None:
        self.chart = patients.begin(quantity, START_MS)
        self.changes: list[Change] = []
        self.said: list[tuple[float, bool, str]] = []
        self.now_ms = START_MS

    def feel(self, times_ms: Iterable[int], values: Iterable[float]) -> None:
        """Samples one by one, time passing between them."""
        for at_ms, value in zip(times_ms, values, strict=True):
            self.wait(at_ms)
            self._note(at_ms, patients.feel(self.chart, at_ms, [value], 0, at_ms))

    def wait(self, until_ms: int, tick_ms: int = TICK_MS) -> None:
        """Let time pass."""
        while self.now_ms + tick_ms <= until_ms:
            self.now_ms += tick_ms
            self._note(self.now_ms, patients.pass_time(self.chart, self.now_ms))

    def _note(self, at_ms: int, changes: list[Change]) -> None:
        self.changes += changes
        self.said += [((at_ms - START_MS) / HOUR_MS, one.came, one.finding.code) for one in changes]

    def codes(self) -> list[tuple[bool, str]]:
        """What came and went, in order."""
        return [(came, code) for _, came, code in self.said]


def minutes(first_h: float, last_h: float, every_ms: int = MINUTE_MS) -> list[int]:
    """Times from hour to hour."""
    return list(range(START_MS + int(first_h * HOUR_MS), START_MS + int(last_h * HOUR_MS), every_ms))


def noisy(count: int, seed: int = 1, sd: float = 0.1, mean: float = 5.0, step: float = 0.01) -> list[float]:
    """Gaussian noise, rounded."""
    return [round(value / step) * step for value in default_rng(seed).normal(mean, sd, count).tolist()]


@pytest.mark.parametrize("kind", ["cell", "cell 1 g", "cold room", "hall", "on change", "humidity", "battery"])
def test_a_healthy_sensor_is_left_alone_for_a_month(kind: world.Kind) -> None:
    told = world.sensor(kind, 30, Ill(), (0, 0), default_rng([4, len(kind)]))
    ward = Ward(told.quantity)

    ward.feel(told.times_ms.tolist(), told.values.tolist())

    assert ward.said == []


def test_a_value_that_stands_still_is_stuck_after_half_an_hour_and_well_after_a_few_changes() -> None:
    ward = Ward()
    times = minutes(0, 12)
    ward.feel(times, noisy(len(times)))
    ward.feel(minutes(12, 13), [4.2] * 60)

    (found,) = ward.changes
    assert found.came
    assert (found.finding.code, found.finding.remedy) == ("stuck", "restart_device")
    assert found.finding.evidence["value"] == 4.2
    assert 12.5 <= ward.said[0][0] <= 12.75
    assert found.finding.since_ms == START_MS + 12 * HOUR_MS

    ward.feel(minutes(13, 13.1), [4.2, 4.3, 4.3, 4.3, 4.3, 4.3])
    assert "stuck" in ward.chart.open, "one change is no recovery"
    times = minutes(13.1, 14)
    ward.feel(times, noisy(len(times), 2))
    assert ward.codes() == [(True, "stuck"), (False, "stuck")]


def test_a_coarse_thermometer_in_a_quiet_hall_is_not_stuck_at_night() -> None:
    told = world.sensor("hall 0.5", 25, Ill(), (0, 0), default_rng(8))
    ward = Ward()

    ward.feel(told.times_ms.tolist(), told.values.tolist())

    assert ward.said == []
    assert np.diff(told.times_ms[np.flatnonzero(np.diff(told.values))]).max() > 4 * HOUR_MS, "a plain rule would cry"


def test_a_load_that_nobody_touches_for_weeks_is_not_stuck() -> None:
    ward = Ward("mass_g")
    times = minutes(0, 24 * 30, 30 * MINUTE_MS)
    ward.feel(times, [1240.0 if at < 100 else 980.0 for at in range(len(times))])

    assert ward.said == []


def test_noise_against_a_sensors_own_past_comes_and_goes() -> None:
    ward = Ward()
    times = minutes(0, 72)
    ward.feel(times, noisy(len(times)))
    times = minutes(72, 84)
    ward.feel(times, noisy(len(times), 2, sd=0.4))

    (found,) = ward.changes
    assert (found.finding.code, found.finding.remedy) == ("noisy", "check_wiring")
    assert 3.0 < found.finding.evidence["ratio"] < 5.0
    assert found.finding.evidence["usual"] == pytest.approx(0.1, rel=0.3)
    assert ward.said[0][0] < 77

    times = minutes(84, 96)
    ward.feel(times, noisy(len(times), 3))
    assert ward.codes() == [(True, "noisy"), (False, "noisy")]


def test_single_samples_far_off_are_spikes_when_they_become_more() -> None:
    ward = Ward()
    times = minutes(0, 96)
    values = noisy(len(times))
    for at in range(60 * 72, len(values), 97):
        values[at] += 8.0
    ward.feel(times, values)

    (found,) = ward.changes
    assert (found.finding.code, found.finding.remedy) == ("spikes", "check_wiring")
    assert found.finding.evidence["size"] == pytest.approx(8.0, abs=1.0)
    assert ward.said[0][0] < 96

    times = minutes(96, 24 * 7)
    ward.feel(times, noisy(len(times), 9))
    assert ward.codes() == [(True, "spikes"), (False, "spikes")]


def test_silence_is_told_by_a_channels_own_period_and_ends_with_a_word() -> None:
    ward = Ward()
    times = minutes(0, 30)
    ward.feel(times, noisy(len(times)))
    ward.wait(START_MS + 31 * HOUR_MS)

    (found,) = ward.changes
    assert (found.finding.code, found.finding.remedy) == ("silent", "check_power")
    assert found.finding.since_ms == times[-1]
    assert found.finding.evidence["usual_minutes"] == pytest.approx(1.0, rel=0.1)

    ward.feel([START_MS + 31 * HOUR_MS], [5.0])
    assert ward.codes() == [(True, "silent"), (False, "silent")]


def test_a_sensor_that_speaks_once_a_day_is_not_silent() -> None:
    ward = Ward("battery_pct")
    times = minutes(1, 24 * 20, DAY_MS)
    ward.feel(times, [80.0] * len(times))

    assert ward.said == []


def test_while_the_gateway_is_away_nobody_is_silent() -> None:
    ward = Ward()
    times = minutes(0, 30)
    ward.feel(times, noisy(len(times)))
    ward.now_ms = START_MS + 40 * HOUR_MS  # no tick, no message: the gateway was off
    ward._note(ward.now_ms, patients.pass_time(ward.chart, ward.now_ms))
    times = minutes(40.02, 41)
    ward.feel(times, noisy(len(times)))

    assert ward.said == []


@pytest.mark.parametrize("size", [1.0, 5.0])
def test_a_battery_that_will_be_empty_in_two_weeks_is_told_in_time_and_a_new_one_ends_it(size: float) -> None:
    ward = Ward("battery_pct")
    times = minutes(0, 24 * 28, 2 * HOUR_MS)
    fall = [round((90.0 - 3.0 * (at_ms - START_MS) / DAY_MS) / size) * size for at_ms in times]
    ward.feel(times, [max(value, 6.0) for value in fall])

    assert ward.codes() == [(True, "battery_ending"), (True, "battery_low")]
    ending = ward.changes[0].finding
    assert ending.remedy == "replace_battery"
    assert ending.evidence["per_day"] == pytest.approx(-3.0, rel=0.2)
    assert ending.evidence["days_left"] <= 14.0
    assert ward.said[0][0] / 24 < 18

    times = minutes(24 * 28, 24 * 32, 2 * HOUR_MS)
    ward.feel(times, [100.0] * len(times))
    assert sorted(ward.codes()[2:]) == [(False, "battery_ending"), (False, "battery_low")]


def test_a_device_on_the_mains_that_says_0_per_cent_has_no_failing_battery() -> None:
    ward = Ward("battery_pct")
    times = minutes(0, 24 * 10, HOUR_MS)
    ward.feel(times, [0.0] * len(times))

    assert ward.said == []


def test_a_cell_that_drifts_under_picks_and_refills_is_told_by_grams_a_day() -> None:
    ill = Ill("drift", START_MS + 12 * DAY_MS, 6.0)
    told = world.sensor("cell", 34, ill, (0, 0), default_rng([3, 2]))
    ward = Ward("mass_g")

    ward.feel(told.times_ms.tolist(), told.values.tolist())

    (found,) = ward.changes
    assert (found.finding.code, found.finding.remedy) == ("drift", "tare")
    assert found.finding.evidence["per_day"] == pytest.approx(6.0, abs=3.0)
    assert 12 < ward.said[0][0] / 24 < 26


def test_a_cell_that_creeps_after_every_load_is_told_as_that() -> None:
    ill = Ill("creep", START_MS + 10 * DAY_MS, 0.0)
    told = world.sensor("cell", 40, ill, (0, 0), default_rng([2, 3]))
    ward = Ward("mass_g")

    ward.feel(told.times_ms.tolist(), told.values.tolist())

    assert set(ward.chart.open) == {"creep"}, "what drifts because it creeps is not told twice"
    finding = ward.chart.open["creep"]
    assert finding.remedy == "check_mount"
    assert 1e-3 < finding.evidence["share"] < 4e-3


def hall(drift_c_day: float, count: int = 4, room: Callable[[int], float] = lambda day: 0.0) -> dict[str, Ward]:
    """Thermometers of one zone for 40 days; the first drifts from day 15 on; who was found to drift."""
    wards = {f"t{at}": Ward() for at in range(count)}
    rng = default_rng(5)
    for day in range(40):
        for at, ward in enumerate(wards.values()):
            gone = drift_c_day * max(0, day - 15) if at == 0 else 0.0
            times = minutes(24 * day, 24 * day + 24, 30 * MINUTE_MS)
            values = rng.normal(20.0 + at + gone + room(day), 0.1, len(times)).round(1).tolist()
            for at_ms, value in zip(times, values, strict=True):
                patients.feel(ward.chart, at_ms, [value], 0, at_ms)
        now_ms = START_MS + (day + 1) * DAY_MS - HOUR_MS
        for name, change in neighbours.compare({name: ward.chart for name, ward in wards.items()}, now_ms):
            wards[name].changes.append(change)
    return wards


def test_a_thermometer_that_leaves_its_neighbours_drifts() -> None:
    wards = hall(0.1)

    (found,) = wards["t0"].changes
    assert (found.came, found.finding.code, found.finding.remedy) == (True, "drift", "calibrate")
    assert found.finding.evidence["by"] > 0.4
    assert [one for name in ("t1", "t2", "t3") for one in wards[name].changes] == []


def test_a_room_that_warms_blames_no_thermometer_and_two_alone_blame_nobody() -> None:
    assert not any(ward.changes for ward in hall(0.0, room=lambda day: 0.3 * day).values())
    assert not any(ward.changes for ward in hall(0.2, count=2).values())


@pytest.mark.parametrize("offset_ms", [-30_000, 30_000, 240_000])
def test_a_wrong_clock_is_told_and_a_backlog_is_no_wrong_clock(offset_ms: int) -> None:
    clock = patients.Clock()
    device, received = world.clock(6, offset_ms, START_MS + 3 * DAY_MS, default_rng(4))
    changes = [
        (received_ms, change)
        for at_ms, received_ms in zip(device.tolist(), received.tolist(), strict=True)
        for change in patients.hear(clock, at_ms, received_ms)
    ]

    ((at_ms, change),) = changes
    assert (change.finding.code, change.finding.remedy) == ("clock_off", "set_clock")
    assert change.finding.evidence["offset_s"] == pytest.approx(offset_ms / 1000, abs=2)
    assert 3 * DAY_MS < at_ms - START_MS < 3.5 * DAY_MS

    later = START_MS + 7 * DAY_MS
    gone = [one for at in range(240) for one in patients.hear(clock, later + at * MINUTE_MS, later + at * MINUTE_MS)]
    assert [one.came for one in gone] == [False]
    assert clock.open is None


def test_a_backlog_shows_that_the_device_is_there_and_nothing_else() -> None:
    ward = Ward()
    times = minutes(0, 30)
    ward.feel(times, noisy(len(times)))
    before = msgspec.to_builtins(plain(ward.chart))
    now_ms = START_MS + 30 * HOUR_MS

    patients.feel(ward.chart, times[0], [99.0] * 60, MINUTE_MS, now_ms)

    after = msgspec.to_builtins(plain(ward.chart))
    names = [name for name, one, two in zip(ward.chart.__struct_fields__, before, after, strict=True) if one != two]
    assert set(names) <= {"heard_ms", "period_ms", "gaps", "today"}


def plain(chart: Chart) -> Chart:
    """The chart with what it holds as lists."""
    one = copy(chart)
    one.held_ms, one.held = list(chart.held_ms), list(chart.held)
    return one


def state_of(chart: Chart) -> bytes:
    """The whole chart, with what it holds."""
    return msgspec.msgpack.encode(plain(chart))


def test_after_a_restart_a_chart_goes_on_where_it_was_and_is_small() -> None:
    told = world.sensor("cell", 20, Ill("drift", START_MS + 8 * DAY_MS, 8.0), (0, 0), default_rng(6))
    times, values = told.times_ms.tolist(), told.values.tolist()
    through, broken = Ward("mass_g"), Ward("mass_g")
    through.feel(times, values)
    for at in range(0, len(times), 10_007):
        broken.feel(times[at : at + 10_007], values[at : at + 10_007])
        broken.chart = msgspec.msgpack.decode(state_of(broken.chart), type=Chart)

    assert state_of(broken.chart) == state_of(through.chart)
    assert broken.said == through.said
    assert len(state_of(patients.resting(through.chart))) < 8000
    assert through.chart.held, "what rests is a copy"


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_batches_say_what_single_samples_say(seed: int, size: int) -> None:
    times = minutes(0, 50)
    values = noisy(len(times), seed)
    values[40 * 60 :] = [5.0] * (len(values) - 40 * 60)
    single, batched = Ward(), patients.begin("temperature_c", START_MS)
    single.feel(times, values)
    found = []
    for at in range(0, len(times), size):
        now_ms = times[min(at + size, len(times)) - 1]
        found += patients.feel(batched, times[at], values[at : at + size], MINUTE_MS, now_ms)
        found += patients.pass_time(batched, now_ms)

    assert [(one.came, one.finding.code) for one in found] == single.codes()


FREEZER = Path(__file__).resolve().parents[3] / "shared" / "data" / "coldchain" / "freezer_1min.csv.gz"


@pytest.mark.skipif(not FREEZER.exists(), reason="the real data (../shared/data beside the project) is not here")
def test_a_real_freezer_is_well_for_a_week_and_each_fault_put_into_it_is_found() -> None:
    lines = gzip.decompress(FREEZER.read_bytes()).decode().splitlines()[1:]
    real = [float(line.split(",")[1]) for line in lines]
    times = minutes(0, len(real) / 60)
    drawn = default_rng(1)
    cut = len(real) - 2 * 24 * 60
    stuck = real[:cut] + [real[cut]] * (len(real) - cut)
    shots = [value + 9.0 * (at > cut and at % 97 == 0) for at, value in enumerate(real)]
    loud = real[:cut] + [value + drawn.normal(0.0, 0.4) for value in real[cut:]]

    def said(values: list[float]) -> list[tuple[bool, str]]:
        ward = Ward()
        ward.feel(times, values)
        return ward.codes()

    assert said(real) == []
    assert said(stuck) == [(True, "stuck")]
    assert said(shots) == [(True, "spikes")]
    assert said(loud) == [(True, "noisy")]


NUMBERS = st.floats(-1e15, 1e15) | st.sampled_from([0.0, 1.0, 5.0])


@settings(max_examples=200)
@given(
    st.sampled_from(["mass_g", "temperature_c", "battery_pct", "power_w", "raw"]),
    st.lists(
        st.tuples(st.integers(-HOUR_MS, 9 * HOUR_MS), st.lists(NUMBERS, max_size=300), st.integers(0, 10_000_000)),
        max_size=12,
    ),
)
def test_whatever_is_felt_is_a_chart_that_can_be_kept(
    quantity: Quantity, messages: list[tuple[int, list[float], int]]
) -> None:
    chart = patients.begin(quantity, START_MS)
    now_ms = START_MS
    for later_ms, values, step_ms in messages:
        now_ms += max(later_ms, 0)
        for change in [
            *patients.feel(chart, now_ms + later_ms, values, step_ms, now_ms),
            *patients.pass_time(chart, now_ms),
        ]:
            assert change.finding.evidence
    assert state_of(msgspec.msgpack.decode(state_of(chart), type=Chart)) == state_of(chart)
    assert len(chart.held) <= 128 + 300
    assert len(chart.days) <= 28
