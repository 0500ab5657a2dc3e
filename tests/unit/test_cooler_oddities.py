"""What coolers do that is no fault: each was told as one once."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
import pytest

from cloud.core.maintenance import warming
from cloud.core.maintenance.baseline import Baseline
from cloud.core.maintenance.gathering import WINDOW_MS
from cloud.core.maintenance.refrigeration import State, step, troubled
from cloud.core.maintenance.warming import Warming

START_MS = 1_700_006_400_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
SPACING_MIN = 2


def cycling(days: float, low_c: float = 3.0, fall_min: int = 20, rise_min: int = 40) -> list[float]:
    """A cooler that swings by 2 K, a sample every two minutes, with a little noise."""
    rng = np.random.default_rng(5)
    minutes = np.arange(0, int(days * 1440), SPACING_MIN) % (fall_min + rise_min)
    swing = np.where(minutes < fall_min, 1 - minutes / fall_min, (minutes - fall_min) / rise_min)
    values: list[float] = (low_c + 2 * swing + rng.normal(0, 0.03, len(minutes))).tolist()
    return values


def live(state: State, values: list[float], outside_c: float | None = None) -> list[float]:
    """Go on with samples; the hours, from the first of them, at which something was found to be wrong."""
    begin_ms = state.last_ms + SPACING_MIN * MINUTE_MS if state.last_ms else START_MS
    wrong = []
    for at, value in enumerate(values):
        at_ms = begin_ms + at * SPACING_MIN * MINUTE_MS
        step(state, at_ms, value, outside_c)
        if troubled(state):
            wrong.append((at_ms - begin_ms) / HOUR_MS)
    return wrong


@lru_cache(maxsize=1)
def learned() -> bytes:
    """The state of a cooler that was learned in two weeks."""
    state = State()
    assert live(state, cycling(14)) == []
    assert state.baseline is not None
    return msgspec.msgpack.encode(state)


def cooler() -> State:
    """One that is known and well."""
    return msgspec.msgpack.decode(learned(), type=State)


def test_a_machine_that_does_not_start_is_told_within_hours() -> None:
    wrong = live(cooler(), [3 + 2 * hour / 20 for hour in range(300)])

    assert wrong
    assert wrong[0] < 6


def test_a_compressor_that_weakens_at_once_is_told_within_a_day() -> None:
    wrong = live(cooler(), cycling(2, fall_min=60))

    assert wrong
    assert wrong[0] < 24


def test_a_thermostat_that_is_set_colder_is_left_alone() -> None:
    assert live(cooler(), cycling(8, low_c=1)) == []


def test_a_thermostat_that_is_set_warmer_is_understood_after_three_cycles() -> None:
    assert all(hour < 4 for hour in live(cooler(), cycling(8, low_c=5)))


def test_single_lost_digits_change_nothing_of_what_is_seen() -> None:
    state, values = cooler(), cycling(3)
    plain = cooler()
    live(plain, values)
    for at in range(7, len(values), 50):
        values[at] += 8

    assert live(state, values) == []
    assert [one.capacity for one in state.recent[-16:]] == pytest.approx(
        [one.capacity for one in plain.recent[-16:]], abs=0.03
    )


def test_a_cooler_with_cycles_longer_than_a_window_is_learned() -> None:
    state = State()

    assert live(state, cycling(10, fall_min=100, rise_min=260)) == []
    assert state.baseline is not None
    assert WINDOW_MS / MINUTE_MS < 100 + 260
    assert state.baseline.fall_min == pytest.approx(100, rel=0.1)
    assert state.baseline.swing_c == pytest.approx(2, rel=0.1)


def test_three_fast_rises_of_a_slow_cooler_are_no_door_that_stays_open() -> None:
    state = State()
    live(state, cycling(10, fall_min=60, rise_min=120))

    assert live(state, cycling(0.25, fall_min=60, rise_min=50)[: 3 * 110 // SPACING_MIN]) == []
    assert live(state, cycling(2, fall_min=60, rise_min=120)) == []


def test_a_door_that_stays_open_is_told() -> None:
    state = cooler()

    assert live(state, cycling(0.5, rise_min=15))
    assert state.loaded > 0
    assert not state.losing


def test_a_cool_season_in_which_it_hardly_runs_is_no_loss_of_capacity() -> None:
    state = State()
    live(state, cycling(14), outside_c=20)

    assert live(state, cycling(10, fall_min=18, rise_min=110), outside_c=20) == []


def test_a_sample_in_fifteen_minutes_some_of_them_lost_is_enough() -> None:
    state, found = State(), []
    values = cycling(10, fall_min=35, rise_min=60) + [3 + minute / 100 for minute in range(0, 1440, SPACING_MIN)]
    for at in range(0, len(values), 7):
        if at % 13:
            at_ms = START_MS + at * SPACING_MIN * MINUTE_MS
            step(state, at_ms, values[at])
            if troubled(state):
                found.append((at_ms - START_MS) / DAY_MS)

    assert found
    assert 10 < found[0] < 10.5


def known_of(state: State) -> Baseline:
    """What was learned."""
    assert state.baseline is not None
    return state.baseline


def delivery(state: State, day: int) -> bool:
    """Warm goods come on a day: seven hours until it is cool again. Whether that was told."""
    known, told, begin_ms = known_of(state), False, START_MS + (20 + day) * DAY_MS
    for minute in range(0, 440, 5):
        celsius = known.low_c if minute in (0, 435) else known.low_c + 3 * known.swing_c
        at_ms = begin_ms + minute * MINUTE_MS
        before_ms = at_ms - 5 * MINUTE_MS if minute else 0
        warming.follow(state.warming, known, known.low_c, None, at_ms, celsius, before_ms)
        told = told or state.warming.told_ms > 0
    warming.close_day(state.warming)
    return told


def test_goods_that_come_warm_again_and_again_are_told_twice_and_then_known() -> None:
    state = cooler()

    assert [delivery(state, day) for day in (0, 3, 7, 10)] == [True, True, False, False]


def test_on_a_hot_day_it_is_waited_for_longer() -> None:
    known = msgspec.structs.replace(known_of(cooler()), by_lift=True, load_mean=2.0)
    state = Warming(usual_min=[60.0] * 6)

    mild, hot = (warming.patience_min(state, known, outside_c) for outside_c in (20.0, 32.0))

    assert mild == pytest.approx(2 * 60)
    assert 1.2 * mild < hot <= 3 * mild
