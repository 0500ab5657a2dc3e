"""Samples become settled masses: a hand, a swing or noise does not; a change does, in single samples and in batches."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.slots.weight import Cell, Settled, step
from firmware_sim.worlds.touches import SAMPLE_MS, handle
from tests.bench.truth import session

T0 = 1_763_762_400_000


def feed(cell: Cell, samples: list[float], every_ms: int, batch: int, from_ms: int = T0) -> list[Settled]:
    """The samples, one each `every_ms`, in messages of `batch`; what settled."""
    settled = []
    for at in range(0, len(samples), batch):
        part = samples[at : at + batch]
        settled += step(cell, from_ms + at * every_ms, part, every_ms if len(part) > 1 else 0, 1.0)
    return settled


def noisy(rng: random.Random, mass_g: float, count: int) -> list[float]:
    return [rng.gauss(mass_g, 1.0) for _ in range(count)]


RATES = [(1000, 1), (100, 1), (100, 10), (100, 32), (1000, 5), (30_000, 1)]


@pytest.mark.parametrize(("every_ms", "batch"), RATES)
def test_a_first_steady_mass_is_news(every_ms: int, batch: int) -> None:
    settled = feed(Cell(), noisy(random.Random(1), 500.0, 60), every_ms, batch)

    assert settled[0].mass_g == pytest.approx(500, abs=3)


@pytest.mark.parametrize(("every_ms", "batch"), RATES)
@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_settles_nowhere_else(every_ms: int, batch: int, seed: int) -> None:
    settled = feed(Cell(), noisy(random.Random(seed), 500.0, 2000), every_ms, batch)

    assert len(settled) <= 4
    assert all(abs(one.mass_g - 500) < 4 for one in settled)


@pytest.mark.parametrize(("every_ms", "batch"), RATES)
@pytest.mark.parametrize("step_g", [6.2, 7.0, 9.0, 20.0, 250.0])
@pytest.mark.parametrize("seed", range(4))
def test_after_a_step_the_last_news_is_the_new_mass(every_ms: int, batch: int, step_g: float, seed: int) -> None:
    """A step of few sigma passes for steady while the window is mixed; the news must not stay at the mixture."""
    rng = random.Random(seed)

    settled = feed(Cell(), noisy(rng, 500.0, 63) + noisy(rng, 500.0 + step_g, 100), every_ms, batch)

    assert settled[-1].mass_g == pytest.approx(500 + step_g, abs=1.9)


def test_a_hand_on_the_shelf_is_no_news() -> None:
    rng, cell = random.Random(2), Cell()
    feed(cell, noisy(rng, 500.0, 60), 100, 1)

    hand = feed(cell, [500 + rng.uniform(50, 4000) for _ in range(40)], 100, 1, T0 + 6000)
    after = feed(cell, noisy(rng, 500.0, 60), 100, 1, T0 + 10_000)

    assert hand == []
    assert after == []
    assert cell.unsteady_since_ms == 0


def test_an_unsteady_mass_is_dated_from_when_it_began() -> None:
    rng, cell = random.Random(2), Cell()
    feed(cell, noisy(rng, 500.0, 60), 1000, 1)

    feed(cell, [rng.uniform(0, 4000) for _ in range(30)], 1000, 1, T0 + 60_000)

    assert cell.unsteady_since_ms == pytest.approx(T0 + 60_000, abs=2000)


def test_slow_drift_is_followed_and_is_no_news() -> None:
    rng, cell = random.Random(3), Cell()

    settled = feed(cell, [rng.gauss(500 + at * 0.005, 1.0) for at in range(8000)], 1000, 1)

    assert all(abs(one.mass_g - 500) < 4 for one in settled)
    assert cell.level_g == pytest.approx(540, abs=3)


def test_a_pick_and_a_put_within_one_batch_both_show() -> None:
    rng, cell = random.Random(4), Cell()
    feed(cell, noisy(rng, 500.0, 60), 100, 10)
    batch = noisy(rng, 500.0, 15) + noisy(rng, 250.0, 30) + noisy(rng, 500.0, 30)

    settled = step(cell, T0 + 6000, batch, 100, 1.0)

    assert [round(one.mass_g, -1) for one in settled] == [250, 500]
    assert T0 + 7500 < settled[0].at_ms <= T0 + 10_500


def test_after_a_pause_a_batch_is_judged_by_itself() -> None:
    rng, cell = random.Random(5), Cell()
    feed(cell, noisy(rng, 500.0, 60), 100, 10)

    (settled,) = step(cell, T0 + 3_600_000, noisy(rng, 300.0, 5), 100, 1.0)

    assert settled.mass_g == pytest.approx(300, abs=2)
    assert settled.at_ms == T0 + 3_600_400


@pytest.mark.parametrize("batch", [1, 6, 10, 60])
@pytest.mark.parametrize("seed", range(4))
def test_a_floor_that_shakes_hides_no_change(batch: int, seed: int) -> None:
    """Steps at 12 Hz, thirty times the cell's noise, sampled 60 times a second: the mass is told all the same."""
    rng, cell = random.Random(seed), Cell()

    def shaken(mass_g: float, count: int) -> list[float]:
        return [mass_g + 30 * math.sin(at * 12 / 60 * math.tau) + rng.gauss(0, 3.0) for at in range(count)]

    settled = feed(cell, shaken(500.0, 240), 17, batch) + feed(cell, shaken(250.0, 240), 17, batch, T0 + 240 * 17)

    assert [round(one.mass_g, -1) for one in settled if abs(one.mass_g - 500) > 12][-1] == 250
    assert all(min(abs(one.mass_g - 500), abs(one.mass_g - 250)) < 12 for one in settled)


@pytest.mark.parametrize(("noise_g", "within_ms"), [(3.0, 3_000), (6.0, 3_000), (25.0, 20_000)])
def test_a_cell_noisier_than_was_said_settles_too(noise_g: float, within_ms: int) -> None:
    """The site file says 1 g. Much more might be a hand; but no hand trembles about one mass for long."""
    rng = random.Random(9)

    settled = feed(Cell(), [rng.gauss(500.0, noise_g) for _ in range(400)], 100, 10)

    assert settled[0].at_ms <= T0 + within_ms
    assert settled[0].mass_g == pytest.approx(500, abs=noise_g)


@pytest.mark.parametrize("seed", range(5))
def test_a_hand_that_trembles_on_the_shelf_is_no_news(seed: int) -> None:
    rng, cell = random.Random(seed), Cell()
    feed(cell, noisy(rng, 500.0, 60), 100, 10)

    hand = feed(cell, [1500 + rng.gauss(0, 100) for _ in range(40)], 100, 10, T0 + 6000)
    after = feed(cell, noisy(rng, 500.0, 60), 100, 10, T0 + 10_000)

    assert hand == after == []


def test_hands_and_footsteps_bring_the_right_masses_and_no_others() -> None:
    """A simulated shelf: leaning, ringing, shaking floors, touches in quick succession."""
    world = handle(60, np.random.default_rng(77))
    cell, told = Cell(), list[tuple[int, float]]()
    for first in range(0, len(world.samples), 10):
        values, at_ms = world.samples[first : first + 10].tolist(), world.first_ms + first * SAMPLE_MS
        told += [(at_ms + 900, one.mass_g) for one in step(cell, at_ms, values, SAMPLE_MS, world.noise_g)]

    for since_ms, until_ms in world.rests():
        before = [mass_g for came_ms, mass_g in told if came_ms <= min(since_ms + 2_000, until_ms)]
        assert before[-1] == pytest.approx(world.load_g(since_ms), abs=3)
    for came_ms, mass_g in told:
        assert min(abs(mass_g - world.load_g(at_ms)) for at_ms in range(came_ms - 1500, came_ms + 1, 100)) < 15


@pytest.mark.parametrize("size", session.MESSAGES)
def test_a_real_session_shows_its_four_events_and_no_others(size: int) -> None:
    if not session.DATA.exists():
        pytest.skip("the real data (../shared/data beside the project) is not here")

    found = sorted(session.events(size), key=lambda event: event.end_ms)
    known = sorted(session.known("ground_truth"), key=lambda event: event.end_ms)

    assert [event.shelf for event in found] == [event.shelf for event in known]
    for ours, true in zip(found, known, strict=True):
        assert ours.delta_g == pytest.approx(true.delta_g, abs=15)
        assert true.start_ms < ours.end_ms < true.end_ms + session.SLACK_MS


def test_two_samples_are_too_few_to_settle() -> None:
    assert step(Cell(), T0, [500.0, 500.0], 100, 1.0) == []


def test_fast_samples_wait_until_they_fill_a_tenth_of_a_second() -> None:
    cell = Cell()

    assert step(cell, T0, [500.0] * 17, 17, 1.0) == []
    (settled,) = step(cell, T0 + 17 * 17, [500.0], 17, 1.0)

    assert settled.mass_g == 500.0
    assert len(cell.part) == 0


@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), max_size=12),
    st.sampled_from([0, 1, 100, 1000, 60_000]),
)
def test_any_samples_keep_the_window_small_and_the_news_in_order(batches: list[list[float]], step_ms: int) -> None:
    cell, at_ms, times = Cell(), T0, list[int]()

    for values in batches:
        times += [one.at_ms for one in step(cell, at_ms, values, step_ms, 1.0)]
        at_ms = cell.last_ms + 50

        assert len(cell.window) <= 15

    assert times == sorted(times)
    assert all(T0 <= one <= cell.last_ms for one in times)
