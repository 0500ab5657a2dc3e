"""A cooler that loses capacity is told from its temperature, and a healthy one is left alone."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
import pytest

from cloud.core.maintenance.assessing import Assessment, assess
from cloud.core.maintenance.cycles import Tracker, track
from cloud.core.maintenance.refrigeration import State, step
from tests.unit.refrigerator import Array, simulate

START_MS = 1_700_006_400_000
MINUTE_MS = 60_000
DAY_MINUTES = 1440


def watch(inside: Array, outside: Array | None = None, state: State | None = None, first: int = 0) -> State:
    """Feed one sample a minute."""
    state = state or State()
    for minute, inside_c in enumerate(inside.tolist(), start=first):
        step(state, START_MS + minute * MINUTE_MS, inside_c, None if outside is None else float(outside[minute]))
    return state


def judged(state: State) -> Assessment:
    """The assessment at the last sample."""
    return assess(state, state.last_ms)


@lru_cache(maxsize=4)
def fleet(fault_day: float, loss_a_day: float) -> tuple[Array, Array]:
    """Four devices for twenty days."""
    return simulate(77, 4, 20, fault_day, loss_a_day)


def test_a_short_history_is_learning() -> None:
    inside, _ = fleet(99, 0)

    found = judged(watch(inside[: 4 * DAY_MINUTES, 0]))

    assert found.state == "learning"
    assert (found.score, found.capacity_lost_pct, found.since_ms, found.days_to_limit) == (1.0, 0.0, None, None)


def test_healthy_coolers_are_left_alone() -> None:
    inside, outside = fleet(99, 0)

    found = [judged(watch(inside[:, device], outside[:, device])) for device in range(4)]

    assert [one.state for one in found] == ["steady"] * 4


@pytest.mark.parametrize("with_ambient", [True, False])
def test_a_loss_of_four_percent_a_day_is_told_within_eight_days(with_ambient: bool) -> None:
    inside, outside = fleet(12, 0.04)

    found = [judged(watch(inside[:, i], outside[:, i] if with_ambient else None)) for i in range(4)]

    assert [one.state for one in found] == ["losing"] * 4
    for one in found:
        assert 8 < one.capacity_lost_pct < 45  # 28 % is true; slopes blur it
        assert one.score < 0.5
        assert one.since_ms is not None
        assert 10 <= (one.since_ms - START_MS) / DAY_MINUTES / MINUTE_MS <= 18
        assert one.evidence["duty"] > one.evidence["duty_expected"]


def test_the_days_left_come_with_a_range() -> None:
    inside, outside = fleet(12, 0.04)

    found = judged(watch(inside[:, 1], outside[:, 1]))

    assert found.days_low is not None
    assert found.days_to_limit is not None
    assert found.days_low <= found.days_to_limit
    assert found.days_high is None or found.days_to_limit <= found.days_high


def test_one_sample_a_second_says_the_same_as_one_a_minute() -> None:
    inside, _ = fleet(99, 0)
    minutes = inside[: 2 * DAY_MINUTES, 0]
    seconds = State()

    for minute, inside_c in enumerate(minutes.tolist()):
        for second in range(60):
            step(seconds, START_MS + minute * MINUTE_MS + second * 1000, inside_c)

    by_minute = watch(minutes).recent
    assert len(seconds.recent) == len(by_minute)
    assert [one.capacity for one in seconds.recent] == pytest.approx([one.capacity for one in by_minute], abs=0.05)


def test_samples_handed_in_late_change_nothing() -> None:
    inside, _ = fleet(99, 0)
    state = watch(inside[:DAY_MINUTES, 0])
    before = msgspec.msgpack.encode(state)

    step(state, START_MS, -40.0)

    assert msgspec.msgpack.encode(state) == before


def test_the_state_is_small_and_goes_on_after_being_stored() -> None:
    inside, outside = fleet(12, 0.04)
    half = 10 * DAY_MINUTES + 77

    stored = msgspec.msgpack.encode(watch(inside[:half, 0], outside[:, 0]))
    restored = watch(inside[half:, 0], outside[:, 0], msgspec.msgpack.decode(stored, type=State), first=half)

    assert len(stored) < 32_000
    assert judged(restored) == judged(watch(inside[:, 0], outside[:, 0]))


def test_a_cooler_that_stands_still_is_not_called_healthy() -> None:
    inside, _ = fleet(99, 0)
    state = watch(inside[:, 0])
    quiet = np.full(2 * DAY_MINUTES, float(np.median(inside[:, 0])))

    watch(quiet, state=state, first=len(inside))

    assert judged(state).state == "blind"


def test_a_gap_breaks_a_run_instead_of_stretching_it() -> None:
    tracker = Tracker()
    wave = [2.0 + abs(minute % 40 - 20) * 0.1 for minute in range(400)]
    minutes = [minute + (600 if minute > 205 else 0) for minute in range(400)]

    runs = [track(tracker, at * MINUTE_MS, inside_c, 2.0) for at, inside_c in zip(minutes, wave, strict=True)]

    assert {run.minutes for run in runs if run} == {20.0}
