"""The simulator's sensors: each effect that a gateway must cope with is there, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.physics.loadcell import LoadCell, Touch, load_at, read, rest, unit_masses
from firmware_sim.physics.reader import Link, cycle, passing
from firmware_sim.physics.refrigerator import DAY_MS, Build, Leak, Room, advance, capacity_share, power_w


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_a_cell_at_rest_shows_its_noise_and_no_more() -> None:
    cell = LoadCell(noise_g=0.5)

    shown = read(cell, np.full(4000, 1000.0), False, 20.0, rng())

    assert np.mean(shown) == pytest.approx(1000.0, abs=0.05)
    assert np.std(shown) == pytest.approx(0.5, rel=0.1)


def test_a_cell_saturates_at_its_limit() -> None:
    cell = LoadCell(max_g=5000.0)

    shown = read(cell, np.array([4000.0, 9000.0, -9000.0]), False, 20.0, rng())

    assert shown[1] == 5000.0
    assert shown[2] == -5000.0


def test_creep_follows_the_load_and_comes_near_its_share_after_some_time_constants() -> None:
    cell = LoadCell(walk_g=0.0)

    for _ in range(60):
        rest(cell, 10_000.0, 60.0, rng())

    assert cell.creep_g == pytest.approx(2.0, rel=0.02)


def test_the_zero_wanders_with_the_root_of_time() -> None:
    chance = rng()
    ends = []
    for _ in range(400):
        cell = LoadCell(walk_g=0.2)
        for _ in range(25):
            rest(cell, 0.0, 3600.0, chance)
        ends.append(cell.zero_g)

    assert np.std(ends) == pytest.approx(0.2 * 5.0, rel=0.15)


def test_temperature_and_hysteresis_shift_the_reading() -> None:
    cell = LoadCell(noise_g=1e-9, thermal_g=0.1, hysteresis_g=0.3)

    rising = read(cell, np.array([100.0]), False, 30.0, rng())
    falling = read(cell, np.array([100.0]), True, 30.0, rng())

    assert rising[0] == pytest.approx(100.7)
    assert falling[0] == pytest.approx(101.3)


def test_a_hand_pushes_while_it_is_there_and_leaves_no_step() -> None:
    touch = Touch(1000, 3000, 800.0, 500.0, 500.0)
    times = np.arange(0, 6000, 100, dtype=np.float64)

    load = load_at(times, 500.0, [touch], rng())

    assert np.all(load[times < 1000] == 500.0)
    assert load[times == 2000][0] > 900.0
    assert np.all(load[times >= 3000] == 500.0)


def test_a_pick_rings_and_settles_on_the_new_load() -> None:
    touch = Touch(0, 1000, 500.0, 2000.0, 1500.0)
    times = np.array([1000.0, 1125.0, 4000.0])

    load = load_at(times, 2000.0, [touch], rng())

    assert load[0] < 1400.0
    assert load[1] > 1500.0
    assert load[2] == pytest.approx(1500.0, abs=0.01)


@given(st.floats(1.0, 5000.0), st.floats(0.0, 0.2), st.integers(0, 200))
@settings(max_examples=50, deadline=None)
def test_unit_masses_are_positive_and_scatter_about_the_mean(mean_g: float, cv: float, count: int) -> None:
    masses = unit_masses(mean_g, cv, count, rng())

    assert len(masses) == count
    assert all(mass > 0 for mass in masses)
    assert all(abs(mass - mean_g) <= 4 * cv * mean_g + 0.001 for mass in masses)


def test_tags_are_read_at_their_own_rates_and_weak_ones_not_at_all() -> None:
    links = [Link("GOOD", 1, 0.8, -60.0), Link("DEAD", 1, 0.03, -60.0), Link("FAR", 1, 0.9, -95.0)]
    chance = rng()
    heard = {"GOOD": 0, "DEAD": 0, "FAR": 0}
    for _ in range(1000):
        for sight in cycle(links, 2000, chance):
            heard[sight.epc] += 1
            assert 0 <= sight.at_ms < 2000

    assert heard["GOOD"] == pytest.approx(800, rel=0.1)
    assert heard["DEAD"] < 60
    assert heard["FAR"] == 0


def test_a_tag_that_comes_in_peaks_at_antenna_one_first() -> None:
    def strongest(antenna: int, inbound: bool) -> float:
        shares = np.linspace(0, 1, 101)
        levels = [next(k.rssi_dbm for k in passing("E", 0.9, s, inbound) if k.antenna == antenna) for s in shares]
        return float(shares[int(np.argmax(levels))])

    assert strongest(1, True) < strongest(2, True)
    assert strongest(1, False) > strongest(2, False)


def run_room(leak: Leak | None, days: int, step_ms: int = 60_000) -> tuple[list[float], list[float]]:
    room = Room(Build(setpoint_c=5.0), 20.0, 0, 5.0, leak=leak)
    temperatures, powers = [], []
    while room.at_ms < days * DAY_MS:
        advance(room, room.at_ms + step_ms)
        temperatures.append(room.temperature_c)
        powers.append(power_w(room))
    return temperatures, powers


def test_a_healthy_cold_room_stays_within_its_limits_and_cycles() -> None:
    temperatures, powers = run_room(None, 2)

    assert min(temperatures) > 3.5
    assert max(temperatures) < 7.5
    running = np.array(powers) > 300
    assert 20 < np.count_nonzero(np.diff(running.astype(int)) == 1) < 400


def test_a_leak_lengthens_the_runs_long_before_it_warms_the_room() -> None:
    healthy, healthy_w = run_room(None, 5)
    leaking, leaking_w = run_room(Leak(0, 0.04), 5)

    def duty(powers: list[float]) -> float:
        return float(np.mean((np.array(powers[-1440:]) > 300) & (np.array(powers[-1440:]) < 860)))

    assert duty(leaking_w) > 1.12 * duty(healthy_w)
    assert np.mean(leaking[-1440:]) == pytest.approx(np.mean(healthy[-1440:]), abs=0.3)


def test_an_open_door_warms_the_room() -> None:
    room = Room(Build(setpoint_c=5.0), 20.0, 3_600_000, 5.0, door_open=True)

    advance(room, room.at_ms + 300_000)

    assert room.temperature_c > 5.5


def test_capacity_falls_by_the_day_and_never_below_a_tenth() -> None:
    room = Room(Build(setpoint_c=5.0), 20.0, 0, 5.0, leak=Leak(0, 0.04))

    room.at_ms = 5 * DAY_MS
    after_five = capacity_share(room)
    room.at_ms = 500 * DAY_MS

    assert after_five == pytest.approx(0.8)
    assert capacity_share(room) == 0.1
