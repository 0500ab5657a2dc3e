"""A belief takes evidence exactly as the model says, from scales and from elsewhere, and comes back as it was."""

from __future__ import annotations

from itertools import pairwise
from math import inf, log

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.slots import belief as b
from edge.core.slots import rows as gauss
from edge.core.slots.belief import ANY, STILL, Belief
from edge.core.slots.counting import CLAIM, Unit
from tests.unit.shelf import MINUTE_MS, filled, unit


def test_two_masses_give_the_probabilities_of_the_exact_model() -> None:
    """Against the joint normal of both masses, for every pair of counts and every world."""
    one = Unit(100.0, 0.06, 10, 1.0, 20_000.0, drift_g=2.0)
    masses = np.array([1_590.0, 1_180.0])
    held = b.begin(40)
    b.weigh(held, masses[0], 0, one)
    b.weigh(held, masses[1], 3_600_000, one, dict.fromkeys(range(-30, 0), 1 / 30))

    exact: dict[int, float] = {}
    for world in gauss.WORLDS:
        for before in range(41):
            for after in range(before):
                exact[after] = exact.get(after, 0.0) + world.share * _density(masses, before, after, one, world)
    total = sum(exact.values())

    counts, p = b.probabilities(held)
    for count, share in zip(counts.tolist(), p.tolist(), strict=True):
        assert share == pytest.approx(exact[count] / total, abs=2e-3)


def _density(masses: np.ndarray, before: int, after: int, one: Unit, world: gauss.World) -> float:
    """Density of both masses, when any `after` of `before` units stay: unit by unit, taught error, zero and noise."""
    s2 = (one.mass_g * one.cv * world.spread) ** 2
    lot = world.lot**2
    loads = np.array([np.ones(before), np.r_[np.ones(after), np.zeros(before - after)]])
    n = np.array([before, after])
    common = lot / 2 * n[0] ** 2 if before else 0.0
    share = after / before if before else 0.0
    cov = s2 * loads @ loads.T + s2 * (1 / one.sample + lot) * np.outer(n, n)
    cov += s2 * common * np.outer([1, share], [1, share])
    cov[1, 1] += s2 * lot * gauss.LOT_MIXED * (before - after) * share
    cov += one.zero_g**2
    walk = (one.walk_g**2 + (one.day_g / b.DAY_HOURS) ** 2) * world.drift**2
    moved = (b.LOAD_SHARE * (masses[1] - masses[0])) ** 2 + (b.TOUCH_SHARE * one.limit_g) ** 2
    cov[1, 1] += walk + moved
    cov += np.eye(2) * one.noise_g**2
    miss = masses - n * one.mass_g
    return float(np.exp(-0.5 * miss @ np.linalg.solve(cov, miss)) / np.sqrt(np.linalg.det(cov)))


@given(st.integers(2, 60), st.integers(1, 59), st.integers(1, 59), st.floats(-200, 200))
def test_taking_some_and_then_some_more_is_taking_them_at_once(
    n: int, first: int, second: int, deviation: float
) -> None:
    first, second = min(first, n - 1), min(second, n)
    second = min(second, n - first)
    row = gauss.prior(np.array([[float(n), 0.0]]), n * 250.0, unit(cv=0.04), 1.0)
    row[:, 3] = deviation

    twice = row
    for taken in (first, second):
        twice = _take(twice, taken)
    once = _take(row, first + second)

    assert twice[:, [3, 6, 7, 8]] == pytest.approx(once[:, [3, 6, 7, 8]], abs=1e-6)
    if first + second == n:
        assert once[:, [3, 6]] == pytest.approx(0.0, abs=1e-9)


def _take(rows: gauss.Array, count: int) -> gauss.Array:
    ways = gauss.routes(rows, {-count: 1.0})
    states = gauss.moved(rows, ways, unit(cv=0.04), (0.0, 0.0))
    return np.column_stack((ways.after, ways.log_p, rows[ways.source, gauss.WORLD], *states))


def test_what_is_moved_unweighed_moves_the_count() -> None:
    shelf = filled(20)

    b.move(shelf.belief, {-3: 1.0}, shelf.at_ms, shelf.unit)
    certain = shelf.said
    b.move(shelf.belief, {-1: 0.5, 0: 0.5}, shelf.at_ms, shelf.unit)
    unsure = shelf.said
    shelf.take(4)
    shelf.weigh(STILL)

    assert certain.count == 17
    assert unsure.count is None
    assert (unsure.low, unsure.high) == (16, 17)
    assert shelf.said.count == 16


def test_a_slot_without_a_scale_is_counted_by_what_is_booked() -> None:
    held = b.begin(60, count=10)

    b.move(held, {5: 0.99, 0: 0.01}, 1, unit())
    b.move(held, {-2: 1.0}, 2, unit())

    assert b.estimate(held, unit(), 60).count == 13


def test_more_can_not_be_taken_than_there_is() -> None:
    held = b.begin(60, count=1)

    b.move(held, {-2: 1.0}, 1, unit())

    assert b.estimate(held, unit(), 60).count == 1


def test_other_evidence_narrows_the_count() -> None:
    shelf = filled(40, unit(cv=0.1))
    assert shelf.said.count is None

    b.reweigh(shelf.belief, lambda n: np.where(n == 40, 0.0, log(1e-4)))

    assert shelf.said.count == 40


def test_evidence_that_excludes_every_count_is_not_taken() -> None:
    shelf = filled(20)

    b.reweigh(shelf.belief, lambda n: np.full(len(n), -inf))

    assert shelf.said.count == 20


def test_a_person_who_counted_is_believed_against_the_scale() -> None:
    shelf = filled(20)
    b.recount(shelf.belief, 18, shelf.at_ms, shelf.unit)
    assert shelf.said.count == 18

    shelf.take(3)
    shelf.weigh()
    assert shelf.said.count == 15


def test_a_belief_comes_back_from_the_store_as_it_was() -> None:
    shelf = filled(30, unit(cv=0.04))
    shelf.take(2)
    shelf.weigh()
    back = msgspec.msgpack.decode(msgspec.msgpack.encode(shelf.belief), type=Belief)
    assert back == shelf.belief

    for held in (back, shelf.belief):
        b.weigh(held, 6_900.0, shelf.at_ms + MINUTE_MS, shelf.unit, ANY)
    assert back == shelf.belief


def test_a_sure_count_is_small_to_store() -> None:
    shelf = filled(30)
    for _ in range(10):
        shelf.take(1)
        shelf.weigh()

    assert len(msgspec.msgpack.encode(shelf.belief)) < 2_000


def test_the_paths_say_what_a_step_was() -> None:
    shelf = filled(30)
    shelf.take(4)

    paths = shelf.weigh().paths

    assert paths is not None
    assert paths.p.sum() == pytest.approx(1.0)
    assert paths.p[(paths.before == 30) & (paths.after == 26)].sum() > 0.99


MASSES = st.one_of(st.floats(-500, 15_000), st.sampled_from([0.0, 250.0, 2_500.0, 19_999.0, 1e9]))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(MASSES, st.sampled_from([0, 1_000, 3_600_000, 86_400_000 * 30]), st.booleans()), max_size=25),
    st.floats(1, 2_000),
    st.sampled_from([0.0, 0.003, 0.1, 1.0]),
    st.floats(0, 50),
    st.integers(1, 1000),
)
def test_any_masses_leave_a_sound_belief(
    steps: list[tuple[float, int, bool]], mass_g: float, cv: float, noise_g: float, capacity: int
) -> None:
    one = Unit(mass_g, cv, 10, noise_g, 20_000.0)
    held, at_ms = b.begin(capacity), 0

    for shown_g, pause_ms, touched in steps:
        at_ms += pause_ms
        b.weigh(held, shown_g, at_ms, one, ANY if touched else STILL)
        counts, p = b.probabilities(held)
        said = b.estimate(held, one, capacity)

        assert (np.diff(counts) > 0).all()
        assert counts[0] >= 0
        assert p.sum() == pytest.approx(1.0)
        assert np.isfinite(np.frombuffer(held.rows)).all()
        assert len(held.rows) <= 8 * gauss.COLUMNS * len(gauss.WORLDS) * max(2 * gauss.REACH_MAX + 1, gauss.ROWS_MAX)
        assert 0 <= said.low <= said.high
        assert 0.0 <= said.confidence <= 1.0
        if said.count is None:
            assert said.remedy
        else:
            assert said.confidence >= CLAIM
            assert said.low <= said.count <= said.high


@given(st.lists(st.sampled_from([{-1: 1.0}, {1: 0.5, 2: 0.5}, {-5: 0.1, 0: 0.9}, {}]), max_size=20))
def test_any_moves_keep_the_probability_together(kernels: list[dict[int, float]]) -> None:
    shelf = filled(10, unit(cv=0.05))
    held, fresh = shelf.belief, b.begin(20)

    for kernel in kernels:
        for one in (held, fresh):
            b.move(one, kernel, shelf.at_ms, shelf.unit)
            counts, p = b.probabilities(one)
            assert p.sum() == pytest.approx(1.0)
            assert all(low < high for low, high in pairwise(counts.tolist()))
            assert counts[0] >= 0
