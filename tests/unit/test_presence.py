"""The filter over all tags of a reader: it learns how long tags stay and how well they are read."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.tagging import presence
from edge.core.tagging.presence import Crowd, advance, chances, join, keep, read_rates
from firmware_sim.worlds.tags import REGIMES, Regime, Watch, watch

BY_NAME = {regime.name: regime for regime in REGIMES}


def crowd_of(size: int) -> Crowd:
    crowd = Crowd()
    for _ in range(size):
        join(crowd)
    return crowd


def play(seen: Watch) -> tuple[Crowd, float]:
    """The crowd after a watch, and its errors per epoch and 100 tags."""
    crowd, wrong = crowd_of(seen.there.shape[1]), 0.0
    for there, heard in zip(seen.there, seen.heard, strict=True):
        advance(crowd, heard)
        wrong += float(((chances(crowd) > 0.5) != there).mean())
    return crowd, 100.0 * wrong / len(seen.there)


def static(seen: Watch, window: int) -> float:
    """The errors of: there if read within the last `window` epochs."""
    last, wrong = np.full(seen.there.shape[1], -1000), 0.0
    for epoch, (there, heard) in enumerate(zip(seen.there, seen.heard, strict=True)):
        last[heard] = epoch
        wrong += float(((epoch - last < window) != there).mean())
    return 100.0 * wrong / len(seen.there)


@pytest.mark.parametrize(
    ("name", "window"), [("mobile weak 50 %", 5), ("portal 99 %", 1), ("shelf weak 38 %, long stays", 12)]
)
def test_one_filter_is_as_good_as_the_window_made_for_each_kind_of_place(name: str, window: int) -> None:
    seen = watch(BY_NAME[name], 60, 1200, np.random.default_rng(11))

    _, errors = play(seen)

    assert errors < 1.3 * static(seen, window) + 0.05
    assert errors < 0.7 * max(static(seen, 1), static(seen, 25))


def test_how_long_tags_stay_is_learned_from_what_is_heard() -> None:
    short = play(watch(Regime("short", 0.8, 20, 60), 60, 1500, np.random.default_rng(1)))[0]
    long = play(watch(Regime("long", 0.8, 300, 60), 60, 1500, np.random.default_rng(1)))[0]

    assert 1 / short.leave == pytest.approx(20, rel=0.35)
    assert 1 / long.leave == pytest.approx(300, rel=0.5)


@pytest.mark.parametrize("times", [3.0, 1 / 3])
def test_a_first_guess_three_times_wrong_does_little_harm(times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watch(BY_NAME["mobile 81 %"], 60, 1500, np.random.default_rng(2))
    usual = play(seen)[1]

    monkeypatch.setattr(presence, "FIRST_LEAVE", presence.FIRST_LEAVE * times)
    monkeypatch.setattr(presence, "FIRST_ARRIVE", presence.FIRST_ARRIVE * times)

    assert play(seen)[1] < 1.3 * usual


def test_tags_that_are_covered_now_and_then_are_not_taken_for_gone() -> None:
    """Misses come eight in a row; a tag so good would be gone after three if they came one by one."""
    covered = Regime("covered", 0.9, 500, 300, burst=8, burst_every=80)
    seen = watch(covered, 60, 1500, np.random.default_rng(3))

    crowd, errors = play(seen)

    assert crowd.uncover == pytest.approx(1 / 8, abs=0.05)
    assert errors < 0.8 * static(seen, 4)


def test_each_tag_has_its_own_read_rate() -> None:
    rng = np.random.default_rng(4)
    crowd = crowd_of(3)

    for _ in range(500):
        advance(crowd, rng.random(3) < np.array([0.2, 0.6, 0.97]))

    assert read_rates(crowd) == pytest.approx([0.2, 0.6, 0.97], abs=0.1)


def test_a_tag_that_was_never_heard_before_is_no_return() -> None:
    """A reader that is switched on before a full shelf does not learn that tags come all the time."""
    crowd = crowd_of(50)

    advance(crowd, np.ones(50, np.bool_))

    assert crowd.arrive <= presence.FIRST_ARRIVE


def test_epochs_before_a_tags_first_read_teach_nothing_of_how_often_tags_come() -> None:
    """A message may bring reads of twenty epochs: its tags join together, and are first heard one by one."""
    rng, crowd = np.random.default_rng(5), crowd_of(200)
    epochs = rng.random((20, 200)) < 0.6

    for heard in epochs:
        advance(crowd, heard)

    assert crowd.arrive <= 5 * presence.FIRST_ARRIVE
    assert chances(crowd)[epochs.any(axis=0)].min() > 0.5


def test_a_tag_that_joined_and_is_not_heard_is_as_unlikely_as_it_was() -> None:
    crowd = crowd_of(3)

    for _ in range(50):
        advance(crowd, np.array([True, False, True]))
    keep(crowd, np.array([False, True, True]))
    advance(crowd, np.array([False, True]))

    assert chances(crowd)[0] == pytest.approx(presence.NEW_CHANCE)


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), max_size=60), st.integers(0, 31))
def test_beliefs_stay_probabilities_and_survive_storing(epochs: list[list[bool]], kept: int) -> None:
    crowd = crowd_of(5)
    for epoch in epochs:
        advance(crowd, np.array(epoch))
    before = chances(crowd)
    mask = np.array([bool(kept >> place & 1) for place in range(5)])

    again = msgspec.msgpack.decode(msgspec.msgpack.encode(crowd), type=Crowd)
    keep(again, mask)

    assert np.all((before >= 0.0) & (before <= 1.0))
    assert np.array_equal(chances(again), before[mask])
    advance(again, np.ones(int(mask.sum()), np.bool_))
    assert np.all((chances(again) >= 0.0) & (chances(again) <= 1.0))
    for value in (again.leave, again.arrive, again.cover, again.uncover):
        assert 0.0 < value < 1.0
