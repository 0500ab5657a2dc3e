"""A settled mass becomes a count where it can be told, and else a reason and a remedy."""

from __future__ import annotations

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.counting import CLAIM, Estimate, Unit, count_units
from protocols.layout import Slot

SLOT = Slot("A1", "hall", "bolt", "shelf-1", capacity=60, tare_g=100.0)


def unit(mass_g: float = 250.0, cv: float = 0.01, noise_g: float = 1.0, sample: int = 1000) -> Unit:
    return Unit(mass_g, cv, sample, noise_g, 30_000.0)


@pytest.mark.parametrize("cv", [0.0, 0.005, 0.01])
@pytest.mark.parametrize("mass_g", [20.0, 50.0, 250.0, 900.0])
def test_counts_are_exact_where_units_are_alike(mass_g: float, cv: float) -> None:
    rng = random.Random(7)
    wrong, unsure, told = [], 0, 0

    for n in range(31):
        for _ in range(20):
            units_g = sum(rng.gauss(mass_g, cv * mass_g) for _ in range(n))
            said = count_units(100.0 + units_g + rng.gauss(0, 1), SLOT, unit(mass_g, cv))
            told += 1
            unsure += said.count is None
            if said.count not in (None, n):
                wrong.append((n, said))

    assert wrong == []
    assert unsure <= 0.05 * told


def test_units_that_differ_much_are_not_counted_but_bounded() -> None:
    said = count_units(100.0 + 25 * 250.0, SLOT, unit(cv=0.15))

    assert said.count is None
    assert said.low < 25 < said.high
    assert (said.reason, said.remedy) == ("unit_variation", "recount")


def test_a_cell_too_coarse_for_the_unit_says_so() -> None:
    said = count_units(100.0 + 10 * 3.0, SLOT, unit(3.0, noise_g=2.0))

    assert (said.count, said.reason, said.remedy) == (None, "noise", "tare")
    assert said.low <= 10 <= said.high


@pytest.mark.parametrize(
    ("gross_g", "reason", "remedy"),
    [
        (30_000.0, "saturated", "check_shelf"),
        (1e9, "saturated", "check_shelf"),
        (-600.0, "negative", "tare"),
        (-1e9, "negative", "tare"),
        (100.0 + 2.5 * 250.0, "not_integer", "check_shelf"),
    ],
)
def test_what_can_not_be_counted_has_a_reason(gross_g: float, reason: str, remedy: str) -> None:
    said = count_units(gross_g, SLOT, unit())

    assert said.count is None
    assert said.confidence == 0.0
    assert (said.reason, said.remedy) == (reason, remedy)
    assert said.low <= said.high


def test_a_little_below_the_tare_is_an_empty_slot() -> None:
    assert count_units(97.0, SLOT, unit()).count == 0


@given(
    st.floats(-1e9, 1e9),
    st.floats(0.001, 1e6),
    st.floats(0, 1),
    st.floats(0.001, 1e5),
    st.integers(1, 10_000),
    st.floats(0.001, 1e9),
)
def test_any_mass_gives_a_sound_estimate(
    gross_g: float, mass_g: float, cv: float, noise_g: float, sample: int, limit_g: float
) -> None:
    said = count_units(gross_g, SLOT, Unit(mass_g, cv, sample, noise_g, limit_g))

    assert 0 <= said.low <= said.high
    assert 0.0 <= said.confidence <= 1.0 + 1e-9
    if said.count is None:
        assert said.reason
        assert said.remedy
    else:
        assert said.confidence >= CLAIM
        assert said.low <= said.count <= said.high
        assert (said.reason, said.remedy) == ("", "")


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Reading noise and zero drift as assumed, units that differ: the 95 % interval covers 95 %."""
    rng, one = random.Random(11), unit(40.0, cv=0.08)
    trials = 2000
    covered, claimed, right = 0, 0, 0

    for _ in range(trials):
        n = rng.randrange(31)
        units_g = sum(rng.gauss(40.0, 0.08 * 40.0) for _ in range(n))
        said: Estimate = count_units(100.0 + units_g + rng.gauss(0, sqrt(5.0)), SLOT, one)
        covered += said.low <= n <= said.high
        claimed += said.count is not None
        right += said.count == n

    assert covered >= 0.94 * trials
    assert right >= CLAIM * claimed
