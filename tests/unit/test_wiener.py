"""The time until a wandering level reaches nought: its distribution, what is believed of level and drift."""

from __future__ import annotations

from math import erfc, exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.maintenance import passing, wiener
from cloud.core.maintenance.wiener import Sight

SURE = 1e-9


@given(st.floats(-30, 30))
def test_the_tail_is_the_normal_one(z: float) -> None:
    exact = erfc(z / sqrt(2)) / 2
    assert float(wiener.tail(np.array([z]))[0]) == pytest.approx(exact, rel=2e-3, abs=2e-7)


def test_a_known_level_and_drift_pass_as_the_inverse_gaussian_says() -> None:
    level, drift, sigma = 20.0, 0.5, 1.5
    times = np.array([5.0, 20.0, 40.0, 80.0, 200.0])
    beliefs = wiener.begin(level, SURE, drift, SURE)

    def exact(t: float) -> float:
        near, far = (drift * t - level) / (sigma * sqrt(t)), (drift * t + level) / (sigma * sqrt(t))
        return erfc(-near / sqrt(2)) / 2 + exp(2 * drift * level / sigma**2) * erfc(far / sqrt(2)) / 2

    told = wiener.passage(beliefs, sigma, times)[0]
    assert told == pytest.approx([exact(float(t)) for t in times], abs=1e-3)


@given(
    st.floats(0.1, 500),
    st.floats(0.01, 50),
    st.floats(-2, 5),
    st.floats(0.01, 2),
    st.floats(0.01, 20),
)
def test_a_chance_never_falls_and_stays_between_nought_and_one(
    level: float, level_sd: float, drift: float, drift_sd: float, sigma: float
) -> None:
    beliefs = wiener.begin(level, level_sd, drift, drift_sd)
    times = wiener.times_to(beliefs, sigma, 10_000.0)
    assert (np.diff(times[0]) > 0).all()
    chance = wiener.passage(beliefs, sigma, times)[0]
    assert (chance >= 0).all()
    assert (chance <= 1).all()
    assert (np.diff(chance) > -2e-3).all()


def test_simulated_units_pass_when_they_are_said_to() -> None:
    random = np.random.default_rng(5)
    level, sigma, step = 10.0, 1.0, 0.05
    drifts = random.normal(0.5, 0.1, 4000)
    walk = np.cumsum(drifts[:, None] * step + sigma * sqrt(step) * random.normal(size=(4000, 1600)), axis=1)
    passed = np.where((walk >= level).any(axis=1), step * (walk >= level).argmax(axis=1), np.inf)

    beliefs = wiener.begin(level, SURE, 0.5, 0.1)
    for time in (10.0, 20.0, 40.0, 60.0):
        assert float(wiener.passage(beliefs, sigma, np.array([time]))[0, 0]) == pytest.approx(
            float(np.mean(passed <= time)), abs=0.035
        )


def test_a_drift_that_may_be_upwards_leaves_the_upper_end_open() -> None:
    beliefs = wiener.begin(50.0, 1.0, 0.05, 0.2)
    times = wiener.times_to(beliefs, 0.5, 5_000.0)
    low, high = wiener.quantiles(wiener.passage(beliefs, 0.5, times), times, np.array([[0.05, 0.95]]))[0]
    assert 50 < low < 500
    assert high == np.inf


def test_readings_teach_the_drift() -> None:
    beliefs = wiener.begin(100.0, 1.0, 0.0, 1.0)
    for cycle in range(1, 60):
        beliefs = wiener.advance(beliefs, 0.1, np.array([1.0]))
        beliefs = wiener.observe(beliefs, np.array([100.0 - 0.7 * cycle]), np.array([0.25]))
    level, drift, _, _, doubt = beliefs[0]
    assert level == pytest.approx(100 - 0.7 * 59, abs=0.5)
    assert drift == pytest.approx(0.7, abs=0.03)
    assert doubt < 0.01


def test_a_view_that_is_flat_teaches_nothing_and_a_steep_one_all() -> None:
    sight = Sight([0.0, 50.0, 100.0], [0.0, 50.0, 50.0], [2.0, 2.0, 2.0])
    far = wiener.begin(200.0, 5.0, 1.0, 0.1)
    assert wiener.observe_through(far, np.array([50.0]), sight, np.ones(1))[0] == pytest.approx(far[0], rel=1e-6)
    near = wiener.begin(25.0, 5.0, 1.0, 0.1)
    seen = wiener.observe_through(near, np.array([20.0]), sight, np.ones(1))[0]
    assert seen[0] == pytest.approx(20.7, abs=0.1)
    assert seen[2] < 4


def test_one_mad_reading_moves_little() -> None:
    beliefs = wiener.begin(100.0, 1.0, 1.0, 0.1)
    moved = wiener.observe(beliefs, np.array([1e9]), np.array([1.0]))
    assert abs(float(moved[0, 0]) - 100) < 5


def test_spread_and_noise_are_told_apart() -> None:
    random = np.random.default_rng(8)
    paths = []
    for _ in range(40):
        level = 100 - np.cumsum(0.4 + 0.6 * random.normal(size=150))
        paths.append(passing.Path(np.arange(150.0), level + 1.5 * random.normal(size=150)))
    course = passing.course(paths)
    assert course is not None
    assert course.sigma == pytest.approx(0.6, rel=0.15)
    assert course.noise == pytest.approx(1.5, rel=0.1)
    assert course.drift == pytest.approx(0.4, abs=0.03)


def test_nothing_is_said_of_short_paths() -> None:
    short = passing.Path(np.arange(5.0), np.arange(5.0, 0.0, -1))
    assert passing.course([short]) is None


@pytest.mark.parametrize(
    ("readings", "left"),
    [([100.0 - 2 * row for row in range(20)], 31.0), ([40.0] * 20, None), ([0.0] * 20, 0.0)],
    ids=["towards the limit", "standing", "at the limit"],
)
def test_an_exact_straight_line_ends_where_it_points(readings: list[float], left: float | None) -> None:
    path = passing.Path(np.arange(20.0), np.array(readings))
    course = passing.course([path])
    assert course is not None

    told = passing.remaining(course, path, "vibration", readings[0], readings[-1])

    assert told is not None
    assert (told.left is None) == (left is None)
    assert left is None or told.left == pytest.approx(left, abs=0.1)
    assert told.low is None or told.left is None or told.low <= told.left
