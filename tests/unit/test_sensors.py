"""A value that stands still too long and noise that grew are told; a calm, coarse or busy sensor is left alone."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cloud.core.maintenance import sensors
from cloud.core.maintenance.sensors import Sensor

START_MS = 1_700_006_400_000
MINUTE_MS = 60_000
FREEZER = Path("../shared/data/coldchain/freezer_1min.csv.gz")


def room(days: float, noise: float = 0.1, quantum: float = 0.1, seed: int = 1) -> list[float]:
    """A room's temperature a minute: a daily wave, and the sensor's own noise, rounded."""
    rng, minutes = np.random.default_rng(seed), np.arange(int(days * 1440))
    true = 20 + 2 * np.sin(2 * np.pi * minutes / 1440)
    values: list[float] = (np.round((true + rng.normal(0, noise, len(minutes))) / quantum) * quantum).tolist()
    return values


def felt(values: list[float], sensor: Sensor | None = None, first: int = 0) -> Sensor:
    sensor = sensor or sensors.begin("temperature_c")
    for minute, value in enumerate(values, start=first):
        sensors.step(sensor, START_MS + minute * MINUTE_MS, value)
    return sensor


def found_after(values: list[float], at: int, every: int = 1) -> float:
    """Minutes from the sample `at` until a stuck value is told; inf where it is not. A sample each so many minutes."""
    sensor = sensors.begin("temperature_c")
    for row, value in enumerate(values):
        sensors.step(sensor, START_MS + row * every * MINUTE_MS, value)
        if sensor.still_ms:
            assert row >= at, "nothing was stuck yet"
            return (row - at) * every
    return float("inf")


def test_a_value_that_stands_still_is_told_within_half_an_hour() -> None:
    values = room(3)

    assert found_after(values + [values[-1]] * 120, len(values)) <= 30


def test_six_samples_of_five_minutes_are_enough_where_chance_does_not_bring_them() -> None:
    values = room(9, noise=0.8)[::5]

    assert found_after(values + [values[-1]] * 50, len(values), 5) <= 30


def test_where_the_noise_has_become_less_a_run_is_none_that_the_old_noise_would_not_bring() -> None:
    values = room(12, noise=0.4)[::5] + room(9, noise=0.06, seed=2)[::5]

    assert found_after(values, 10**9, 5) == float("inf")


def test_it_is_over_once_values_change_again() -> None:
    values = room(3)
    sensor = felt(values + [values[-1]] * 60)
    assert sensor.still_ms > START_MS + len(values) * MINUTE_MS - 10 * MINUTE_MS

    felt(room(0.1, seed=2), sensor, len(values) + 60)

    assert sensor.still_ms == 0


@pytest.mark.parametrize("noise", [0.2, 0.1, 0.05, 0.02, 0.0])
def test_a_sensor_that_works_is_never_called_stuck(noise: float) -> None:
    assert found_after(room(20, noise), 10**9) == float("inf")


def test_nothing_is_said_of_a_sensor_that_is_hardly_known() -> None:
    assert found_after([20.0, 20.1] * 20 + [20.0] * 500, 10**9) == float("inf")


def test_a_gap_is_no_run() -> None:
    values = room(3)
    sensor = felt(values)
    later_ms = START_MS + (len(values) + 600) * MINUTE_MS

    sensors.interrupt(sensor, later_ms)
    sensors.step(sensor, later_ms, values[-1])
    sensors.step(sensor, later_ms + MINUTE_MS, values[-1])

    assert sensor.still_ms == 0


def test_noise_that_grew_threefold_is_told_within_three_hours_and_its_end_too() -> None:
    sensor = felt(room(3, 0.1, 0.01))
    assert sensor.noisy_ms == 0

    felt(room(0.13, 0.5, 0.01), sensor, 4320)
    now, usual = sensors.noise(sensor)

    assert sensor.noisy_ms
    assert 0.4 < now < 0.6
    assert 0.08 < usual < 0.14

    felt(room(0.2, 0.1, 0.01), sensor, 4320 + 187)

    assert sensor.noisy_ms == 0


def test_steps_and_slopes_are_no_noise() -> None:
    values = [value + 3 * (minute // 20 % 2) + 0.05 * (minute % 20) for minute, value in enumerate(room(4, 0.1, 0.01))]

    assert felt(room(2, 0.1, 0.01) + values).noisy_ms == 0


def test_what_is_kept_of_a_sensor_is_small_and_goes_on() -> None:
    values = room(40)
    half = len(values) // 2

    stored = msgspec.msgpack.encode(felt(values[:half]))
    again = felt(values[half:], msgspec.msgpack.decode(stored, type=Sensor), half)

    assert len(stored) < 2_000
    assert again == felt(values)


@pytest.mark.skipif(not FREEZER.exists(), reason="the real freezer's week is not beside the project")
def test_a_real_freezers_week_has_no_stuck_value_until_one_is_put_in() -> None:
    with gzip.open(FREEZER, "rt") as file:
        rows = list(csv.reader(file))[1:]
    times = [int(datetime.fromisoformat(row[0].replace("Z", "+00:00")).timestamp() * 1000) for row in rows]
    values = [float(row[1]) for row in rows]
    for stuck_at in (None, 4000, 6500, 9000):
        sensor, told = sensors.begin("temperature_c"), 0
        for at, (at_ms, value) in enumerate(zip(times, values, strict=True)):
            sensors.step(sensor, at_ms, value if stuck_at is None or at < stuck_at else values[stuck_at])
            told = told or (at_ms if sensor.still_ms else 0)
        if stuck_at is None:
            assert not told
        else:
            assert times[stuck_at] < told <= times[stuck_at] + 30 * MINUTE_MS
