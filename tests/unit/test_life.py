"""Remaining life learned from runs to failure: how far off, how often the interval holds, why, and what is kept."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
import pytest

from cloud.core.maintenance import health_index, learning_life, life
from cloud.core.maintenance.channels import Usual, find_states, scores, states_of
from cloud.core.maintenance.health_index import Sums
from cloud.core.maintenance.learning_life import Run, learn
from cloud.core.maintenance.life import Model, Remaining, Unit, remaining, step
from tests.unit.wearing import CHANNELS, SETTINGS, machines


@lru_cache(maxsize=1)
def learned() -> Model:
    """From forty machines."""
    model = learn(machines(40, seed=1), SETTINGS, CHANNELS)
    assert isinstance(model, Model)
    return model


def follow(model: Model, run: Run, rows: int, unit: Unit | None = None, first: int = 0) -> Unit:
    """Feed rows up to so many."""
    unit = unit or Unit()
    columns = [CHANNELS.index(one.name) for one in model.channels]
    for row in range(first, rows):
        why = step(model, unit, float(run.cycles[row]), run.settings[row].tolist(), run.values[row, columns].tolist())
        assert why == ""
    return unit


def judged(run: Run, rows: int) -> Remaining:
    """What is left of a machine after so many rows."""
    found = remaining(learned(), follow(learned(), run, rows))
    assert found is not None
    return found


def test_machines_not_seen_are_told_better_than_by_the_mean_life_and_the_interval_holds() -> None:
    ours, naive, held = [], [], []
    random = np.random.default_rng(4)
    for run in machines(80, seed=2):
        end = len(run.cycles)
        for left in random.integers(3, end - 20, 2):
            said = judged(run, end - int(left))
            assert said.left is not None
            assert said.low is not None
            assert said.high is not None
            ours.append(said.left - left)
            naive.append(max(0.0, learned().life_mean - (end - left)) - left)
            held.append(said.low <= left <= said.high)
    assert np.sqrt(np.mean(np.square(ours))) < 0.75 * np.sqrt(np.mean(np.square(naive)))
    assert 0.82 <= np.mean(held) <= 0.96


def test_health_falls_and_the_interval_narrows_towards_the_end() -> None:
    for run in machines(5, seed=3):
        end = len(run.cycles)
        young, old = judged(run, end // 4), judged(run, end - 4)
        assert young.health > 0.9
        assert old.health < 0.2
        assert old.high is not None
        assert old.low is not None
        assert young.high is not None
        assert young.low is not None
        assert old.high - old.low < (young.high - young.low) / 2


def test_why_names_the_channel_that_moved_in_its_own_units() -> None:
    run = machines(1, seed=6)[0]
    said = judged(run, len(run.cycles) - 2)
    first = said.why[0]
    assert first.channel == "heat"
    assert first.sd > 3
    usual = 50 + float(np.round(run.settings[-3, 0], -1))  # of the state the machine is in
    assert first.usual == pytest.approx(usual, abs=1.0)
    assert first.now > usual + 3


def test_a_channel_that_stands_still_or_says_nothing_is_left_out_and_named() -> None:
    model = learned()
    assert [one.name for one in model.channels] == ["heat", "hum"]
    assert model.notes == ["still: does not move", "noise: others go better with the cycles left"]
    assert len(model.states.cells) == 2


def test_a_machine_kept_over_a_restart_goes_on_as_if_nothing_had_been() -> None:
    run = machines(1, seed=7)[0]
    whole = follow(learned(), run, 60)
    kept = life.unpacked(follow(learned(), run, 31).packed())
    assert follow(learned(), run, 60, kept, 31) == whole


def test_a_model_kept_as_a_file_says_the_same() -> None:
    again = msgspec.json.decode(msgspec.json.encode(learned()), type=Model)
    assert again == learned()


def test_rows_that_can_not_be_used_change_nothing() -> None:
    run, model = machines(1, seed=8)[0], learned()
    unit = follow(model, run, 30)
    before = unit.packed()
    good = run.settings[30].tolist(), run.values[30, :2].tolist()
    assert step(model, unit, 30.0, *good) == "cycle 30 comes again"
    assert step(model, unit, 12.0, *good) == "cycle 12 comes after 30"
    assert step(model, unit, 31.0, [15_000.0], good[1]) == ""  # beyond a cut is the state on that side
    unit = life.unpacked(before)
    assert step(model, unit, 31.0, [np.nan], good[1]) == "its operating state is none of those learned"
    assert step(model, unit, 31.0, good[0], [np.nan, np.nan]) == "none of its channels can be read"
    assert unit.packed() == before


def test_a_few_rows_say_nothing() -> None:
    run = machines(1, seed=9)[0]
    assert remaining(learned(), follow(learned(), run, life.ROWS_MIN - 1)) is None
    assert remaining(learned(), follow(learned(), run, life.ROWS_MIN)) is not None


def test_missing_cells_and_missing_cycles_leave_the_rest_judged() -> None:
    run, model = machines(1, seed=10)[0], learned()
    random = np.random.default_rng(1)
    unit, end = Unit(), len(run.cycles) - 15
    for row in range(end):
        if random.random() < 0.3:
            continue
        values = np.where(random.random(2) < 0.2, np.nan, run.values[row, :2]).tolist()
        step(model, unit, float(run.cycles[row]), run.settings[row].tolist(), values)
    said, clean = remaining(model, unit), judged(run, end)
    assert said is not None
    assert said.left == pytest.approx(clean.left, abs=10)


def test_what_can_not_be_learned_is_said() -> None:
    runs = machines(12, seed=11)
    assert "9 runs to failure" in str(learn(runs[:9], SETTINGS, CHANNELS))
    still = [Run(run.cycles, run.settings, run.values[:, 2:3]) for run in runs]
    assert "no channel moves" in str(learn(still, SETTINGS, ["still"]))
    early = [Run(run.cycles - 500, run.settings, run.values) for run in runs]
    assert "count cycles from new" in str(learn(early, SETTINGS, CHANNELS))


def test_a_longer_run_is_learned_from_at_fewer_rows() -> None:
    runs = machines(12, seed=12, life=600)
    model = learn(runs, SETTINGS, CHANNELS)
    assert isinstance(model, Model)
    assert model.rows == sum(len(run.cycles) for run in runs)
    assert model.cap == pytest.approx(learning_life.CAP_SHARE * model.life_median)


def test_settings_part_states_at_gaps_if_channels_go_with_them() -> None:
    random = np.random.default_rng(1)
    settings = np.column_stack((random.choice((0.0, 20.0, 42.0), 600), np.round(random.normal(size=600), 1)))
    values = 3 * settings[:, :1] + random.normal(size=(600, 1))
    healthy = np.ones(600, dtype=np.bool_)
    states = find_states(settings, values, healthy)
    assert states.cuts == [[10.0, 31.0], []]
    assert states_of(states, np.array([[19.0, 0.0], [50.0, 9.0], [np.nan, 0.0]])).tolist() == [1, 2, -1]
    assert len(find_states(settings, random.normal(size=(600, 1)), healthy).cells) == 1


def test_a_channel_is_seen_against_its_own_state_and_no_farther_than_it_is_believed() -> None:
    usual = [Usual([10.0, 100.0], [1.0, 5.0], 4.0)]
    values = np.array([[12.0], [105.0], [21.0], [65_535.0], [50.0]])
    told = scores(values, np.array([0, 1, 0, 0, -1]), usual)
    assert told[:3, 0].tolist() == [2.0, 1.0, 4.0]
    assert np.isnan(told[3:, 0]).all()


def test_a_mad_reading_or_a_leap_of_cycles_leaves_a_unit_that_can_be_judged() -> None:
    run, model = machines(1, seed=13)[0], learned()
    unit = follow(model, run, 40)
    clean = remaining(model, unit)
    assert clean is not None
    settings = run.settings[40].tolist()
    assert step(model, unit, 40.5, settings, [1e300, -999.0]) == "none of its channels can be read"
    assert step(model, unit, 41.0, settings, [1e300, float(run.values[40, 1])]) == ""
    said = remaining(model, follow(model, run, 60, unit, 41))
    assert said is not None
    assert said.left == pytest.approx(judged(run, 60).left, abs=8)
    assert step(model, unit, 1e12, settings, run.values[41, :2].tolist()) == ""
    late = remaining(model, unit)
    assert late is not None
    assert late.low is not None
    assert np.isfinite(unit.belief).all()


def test_memories_fade_with_the_cycles_that_passed() -> None:
    memories = np.array([10.0, 40.0])
    sums, weights = health_index.remember(np.ones((2, 1)), np.ones((2, 1)), np.array([3.0]), 20.0, memories)
    fade = np.exp(-20 / memories)
    assert weights[:, 0] == pytest.approx(1 + fade)
    assert sums[:, 0] == pytest.approx(3 + fade)
    sums, weights = health_index.remember(sums, weights, np.array([np.nan]), 10.0, memories)
    assert sums[:, 0] / weights[:, 0] == pytest.approx((3 + fade) / (1 + fade))


def test_rows_close_together_are_believed_less() -> None:
    assert life.slack(10.0, np.array([2.0, 10.0, 50.0])).tolist() == [5.0, 1.0, 1.0]


def test_what_is_said_of_a_unit_left_out_is_not_learned_from_it() -> None:
    random = np.random.default_rng(3)
    rows = [
        learning_life._Kept(np.arange(12.0), random.normal(size=12), random.normal(size=(12, 12))) for _ in range(10)
    ]
    _, outside = learning_life._regress(rows, 100.0)
    errors = np.concatenate([said - np.minimum(one.left, 100.0) for said, one in zip(outside, rows, strict=True)])
    assert errors.std() > 0.98 * np.concatenate([one.left for one in rows]).std()


def test_sums_without_a_group_are_those_of_the_others() -> None:
    random = np.random.default_rng(2)
    rows, target = random.normal(size=(50, 3)), random.normal(size=50)
    whole, part, rest = Sums(3), Sums(3), Sums(3)
    whole.add(rows, target)
    part.add(rows[:20], target[:20])
    rest.add(rows[20:], target[20:])
    weights, offset = whole.plus(part, -1).solve(0.1, 3)
    others, other = rest.solve(0.1, 3)
    assert weights == pytest.approx(others)
    assert offset == pytest.approx(other)
