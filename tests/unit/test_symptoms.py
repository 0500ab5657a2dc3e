"""What a block of samples shows, and the robust statistics under the examinations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from edge.core.care.symptoms import examine, lower_quartile, median, slope, spread, upper_quartile


def block(values: list[float]) -> tuple[float, int]:
    """(noise, spikes) of a block of samples a second apart."""
    found = examine(list(range(0, 1000 * len(values), 1000)), values, 0, values[0], 0.0, handled=True)
    assert found.noise is not None
    return found.noise, found.spikes


def test_a_hand_a_step_and_a_slope_are_neither_noise_nor_spikes() -> None:
    still = default_rng(3).normal(5.0, 1.0, 128).tolist()
    hand = [value + (900.0 if 60 <= at < 70 else 0.0) for at, value in enumerate(still)]
    step = [value + (900.0 if at >= 60 else 0.0) for at, value in enumerate(still)]
    ramp = [value + 2.0 * at for at, value in enumerate(still)]
    shot = [value + (900.0 if at == 60 else 0.0) for at, value in enumerate(still)]
    pick = [value + (900.0 if at == 60 else -40.0 if at > 60 else 0.0) for at, value in enumerate(still)]

    usual, spikes = block(still)
    assert usual == pytest.approx(1.0, rel=0.35)
    assert spikes == 0
    for disturbed in (hand, step, ramp, pick):
        noise, spikes = block(disturbed)
        assert noise == pytest.approx(usual, rel=0.35)
        assert spikes == 0
    assert block(shot)[1] == 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_medians_and_quartiles_lie_among_their_values(values: list[float]) -> None:
    assert median(values) == pytest.approx(float(np.median(values)), rel=1e-12, abs=1e-9)
    assert lower_quartile(values) <= median(values) <= upper_quartile(values)


@given(st.floats(-100, 100), st.floats(-1e4, 1e4), st.integers(2, 20))
def test_the_slope_of_a_line_is_its_own_and_one_wrong_point_does_not_tilt_it(
    rate: float, start: float, count: int
) -> None:
    times = [float(at) for at in range(count)]
    line = [start + rate * at for at in times]
    bent = [*line[:-1], line[-1] + 1e6] if count > 5 else line

    assert slope(times, line) == pytest.approx(rate, abs=1e-6)
    assert slope(times, bent) == pytest.approx(rate, abs=1e-6)
    with pytest.raises(ValueError, match="two times"):
        slope([1.0, 1.0], [0.0, 1.0])


def test_the_spread_of_noise_on_a_drift_is_that_of_the_noise() -> None:
    values = [value + 3.0 * at for at, value in enumerate(default_rng(2).normal(0, 10.0, 400).tolist())]

    assert spread(values) == pytest.approx(10.0, rel=0.2)
    assert spread([1.0, 2.0]) == 0.0
