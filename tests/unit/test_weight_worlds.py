"""The worlds that counts and settled masses are judged in are what they say, and the same for the same seed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from firmware_sim.worlds.shelf import CASES, Case, live
from firmware_sim.worlds.touches import SAMPLE_MS, handle

BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_shelfs_life_is_within_its_capacity_and_its_masses_are_of_its_units(case: Case) -> None:
    story = live(case, 4, 30, np.random.default_rng(5))

    assert len(story.weighings) == 120
    assert all(before.at_ms <= after.at_ms for before, after in pairwise(story.weighings))
    for one in story.weighings:
        spread_g = 6 * case.unit_g * case.cv * case.spread_times * (one.count + one.count**2 / case.sample) ** 0.5
        drift_g = 6 * (case.drift_g * case.drift_times * 96**0.5 + 10 * case.thermal_g) + 3 * case.noise_g
        creep_g = case.hysteresis_g + 2e-4 * case.capacity * case.unit_g
        lots_g = case.unit_g * case.cv * one.count if case.lots == "bimodal" else 0.0
        assert 0 <= one.count <= case.capacity
        assert abs(one.mass_g - one.count * case.unit_g) <= spread_g + drift_g + creep_g + lots_g


def test_the_same_seed_is_the_same_life() -> None:
    case = BY_NAME["cv 2 %"]

    assert live(case, 2, 30, np.random.default_rng(3)) == live(case, 2, 30, np.random.default_rng(3))
    assert live(case, 2, 30, np.random.default_rng(3)) != live(case, 2, 30, np.random.default_rng(4))


@pytest.mark.parametrize("lots", ["one", "bimodal", "skewed"])
def test_units_spread_as_told_whatever_their_lots(lots: str) -> None:
    """Taught masses of samples of one, over many shelves: their spread is the units'."""
    case = replace(BY_NAME["cv 5 %"], lots=lots, sample=1)

    taught_g = [live(case, 1, 1, np.random.default_rng(seed)).taught_g for seed in range(1500)]

    assert np.std(taught_g) / 250.0 == pytest.approx(0.05, rel=0.1)
    assert np.mean(taught_g) == pytest.approx(250.0, abs=1.5)


def test_a_shelf_at_rest_shows_its_load_and_hands_do_not() -> None:
    world = handle(80, np.random.default_rng(1))

    for since_ms, until_ms in world.rests():
        low, high = (int(np.ceil((at_ms - world.first_ms) / SAMPLE_MS)) for at_ms in (since_ms, since_ms + 2_000))
        assert until_ms - since_ms >= 2_500
        assert world.samples[low:high].mean() == pytest.approx(world.load_g(since_ms), abs=3)
        assert np.ptp(world.samples[low:high]) < 20
    for touch in world.touches:
        middle = round(((touch.start_ms + touch.end_ms) / 2 - world.first_ms) / SAMPLE_MS)
        assert abs(world.samples[middle] - touch.before_g) > 100
