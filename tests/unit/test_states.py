"""Many channels: each operating state has its learned normal; what leaves it is told with the channels that moved."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from cloud.core.maintenance.events import Event
from cloud.core.maintenance.states import LASTING_ROWS, LEARN_ROWS, SMOOTH_ROWS, STATES_MAX, Machine

Array = np.ndarray[Any, np.dtype[np.float64]]
CHANNELS = ("flow", "pressure", "power", "water_c")
START_MS = 1_700_006_400_000


def pump(rows: int, seed: int = 5) -> Array:
    """A pump: power goes with flow, pressure is noise, the water warms up slowly."""
    generator = np.random.default_rng(seed)
    flow = 32 + generator.normal(0, 0.5, rows)
    power = 2 * flow + generator.normal(0, 0.2, rows)
    water = 20 + np.cumsum(np.full(rows, 0.01)) + generator.normal(0, 0.02, rows)
    return np.column_stack((flow, generator.normal(1, 0.1, rows), power, water))


def run(rows: Array, machine: Machine | None = None, first: int = 0) -> tuple[list[float], list[Event], Machine]:
    """One row a second."""
    machine = machine or Machine(CHANNELS)
    ended: list[Event] = []
    scores = [machine.step(START_MS + (first + at) * 1000, one, ended) for at, one in enumerate(rows.tolist())]
    return scores, ended, machine


def test_a_healthy_machine_is_left_alone_even_where_it_warms_up() -> None:
    scores, ended, _ = run(pump(1500))

    assert np.mean(np.array(scores[LEARN_ROWS:]) >= 0.5) < 0.02
    assert not [one for one in ended if one.score > 0.6]


def test_a_machine_that_warms_up_for_long_is_left_alone_when_it_is_learned_again() -> None:
    scores, _, _ = run(pump(6000))

    assert np.mean(np.array(scores[LEARN_ROWS:]) >= 0.5) < 0.02


def test_what_wandered_while_a_state_was_away_is_followed_where_it_comes_back() -> None:
    rows: Array = np.column_stack((pump(4000), (np.arange(4000) // 1000 % 2).astype(float)))
    rows[1000:3000, 3] += 0.05 * np.arange(2000)
    rows[3000:, 3] += 100

    scores, _, _ = run(rows, Machine((*CHANNELS, "on")))

    assert np.mean(np.array(scores[2000:2100]) >= 0.5) < 0.2


def test_a_valve_that_closes_is_told_and_the_flow_is_named() -> None:
    rows = pump(1200)
    rows[800:1000, 0] -= 4
    rows[800:1000, 2] -= 8

    scores, ended, _ = run(rows)

    assert min(scores[800 + SMOOTH_ROWS : 1000]) >= 0.5
    assert max(scores[1000 + SMOOTH_ROWS :]) < 0.6
    worst = max(ended, key=lambda one: one.score)
    assert worst.kind == "state"
    assert {"flow", "power"} & {one.feature for one in worst.why}
    assert START_MS + 800_000 <= worst.begin_ms <= START_MS + 815_000


def test_channels_that_no_longer_go_together_are_told_though_each_is_in_its_range() -> None:
    rows = pump(1200)
    rows[800:, 2] = 2 * (64 - rows[800:, 0])

    scores, _, _ = run(rows)

    assert np.mean(np.array(scores[820:]) >= 0.5) > np.mean(np.array(scores[LEARN_ROWS:800]) >= 0.5) + 0.2


def test_one_odd_row_is_no_event() -> None:
    rows = pump(900)
    rows[700] = [0, 50, -200, 90]

    scores, _, _ = run(rows)

    assert max(scores[690:720]) < 0.6


def test_each_operating_state_has_its_own_normal() -> None:
    rows: Array = np.column_stack((pump(4000), (np.arange(4000) // 200 % 2).astype(float)))
    rows[rows[:, 4] == 0, 0] = 0.01 * rows[rows[:, 4] == 0, 0]
    rows[3820:, 0] *= 0.01  # on by its switch, but nothing flows

    scores, ended, machine = run(rows, Machine((*CHANNELS, "on")))

    assert len(machine.memory.states) == 2
    assert np.mean(np.array(scores[1600:3600]) >= 0.5) < 0.05
    assert np.mean(np.array(scores[3840:]) >= 0.5) > 0.9
    assert [one.kind for one in ended if one.begin_ms < START_MS + 1_600_000] in ([], ["new state"])


def test_a_switch_that_never_stood_so_is_told_then_learned() -> None:
    rows = np.column_stack((pump(2000), np.zeros(2000)))
    rows[1000:, 4] = 1
    rows[1000:, 0] += 20

    scores, ended, _ = run(rows, Machine((*CHANNELS, "boost")))

    assert scores[1000] >= 0.5
    (new,) = [one for one in ended if one.kind == "new state"]
    assert [moved.feature for moved in new.why] == ["boost"]
    assert max(scores[1001:]) < 0.6


def test_a_channel_that_stood_still_and_then_measures_is_learned_as_a_measurement() -> None:
    rows = np.column_stack((pump(2000), np.zeros(2000)))
    rows[700:, 4] = np.random.default_rng(2).normal(5, 1, 1300)

    scores, _, machine = run(rows, Machine((*CHANNELS, "valve")))

    assert machine.memory.measured == [4]
    assert np.mean(np.array(scores[1200:]) >= 0.5) < 0.05


def test_many_switches_make_no_more_states_than_can_be_kept() -> None:
    switches = np.array([[at // (20 + 7 * one) % 2 for one in range(6)] for at in range(1500)], float)

    scores, _, machine = run(np.column_stack((pump(1500), switches)), Machine([*CHANNELS, *"abcdef"]))

    assert len(scores) == 1500
    assert len(machine.memory.states) <= STATES_MAX
    assert machine.memory.measured


def test_a_deviation_that_lasts_is_told_once_and_then_learned() -> None:
    rows = pump(4000)
    rows[1000:, 0] += 5

    scores, ended, _ = run(rows)

    (lasting,) = [one for one in ended if one.score > 0.8]
    assert lasting.end_ms <= START_MS + (1000 + SMOOTH_ROWS + LASTING_ROWS) * 1000
    assert np.mean(np.array(scores[2100:]) >= 0.5) < 0.05


def test_a_channel_that_is_stuck_is_named() -> None:
    rows = pump(6000)
    rows[3000:5400, 1] = 1.0

    _, ended, _ = run(rows)

    assert [(one.kind, one.why[0].feature) for one in ended if one.kind == "stuck"] == [("stuck", "pressure")]


def test_missing_rows_end_an_event() -> None:
    rows = pump(900)
    rows[800:, 0] -= 5
    _, ended, machine = run(rows)

    assert not [one for one in ended if one.score > 0.8]
    assert [one.kind for one in machine.interrupt()] == ["state"]
    assert machine.close() == []
    scores, _, _ = run(rows[800:], machine, 900)
    assert scores[: SMOOTH_ROWS - 1] == [0.0] * (SMOOTH_ROWS - 1)
    assert scores[SMOOTH_ROWS - 1] >= 0.5


def test_what_is_remembered_is_bounded() -> None:
    _, _, machine = run(pump(6000))

    assert len(msgspec.msgpack.encode(machine.memory)) < 150_000
