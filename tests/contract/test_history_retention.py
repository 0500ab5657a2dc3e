"""What the embedded history keeps of old samples: least, greatest and mean of each quarter of an hour, and no more."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.history_cli import days
from cloud.stores import cells, history_sqlite, sealing
from cloud.stores.history import HistoryUnavailable, Samples
from cloud.stores.history_sqlite import SqliteHistory
from cloud.stores.retention import BUCKET_MS, CELL_MS, DAY_MS, Retention

T0 = 1_763_596_800_000 // CELL_MS * CELL_MS
MINUTE_MS = 60_000
NAME = "a/1/x"
KEEP = Retention(raw_days=31, years=1)
YEAR_MS = 365 * DAY_MS


def settle(history: SqliteHistory, now_ms: int, keep: Retention = KEEP) -> tuple[int, int]:
    """Steps until nothing is left to do: how many samples were thinned, and dropped."""
    thinned = dropped = 0
    for _ in range(10_000):
        step = history.retain(keep, now_ms)
        thinned, dropped = thinned + step.thinned, dropped + step.dropped
        if step.done:
            return thinned, dropped
    raise AssertionError("retention finds no end")


def by_bucket(samples: dict[int, float]) -> Iterator[list[tuple[int, float]]]:
    for _, members in groupby(sorted(samples.items()), key=lambda one: one[0] // BUCKET_MS):
        yield list(members)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqliteHistory]:
    made = SqliteHistory(tmp_path / "history.db")
    yield made
    made.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Few samples make a chunk, few chunks a step."""
    patch.setattr(sealing, "CHUNK_FULL", 8)
    patch.setattr(sealing, "CHUNK_SAMPLES_MAX", 16)
    patch.setattr(history_sqlite, "HEAD_SAMPLES", 4)
    patch.setattr(history_sqlite, "JOURNAL_SAMPLES_MIN", 20)
    patch.setattr(cells, "CHUNKS_A_STEP", 2)
    patch.setattr(cells, "SERIES_A_STEP", 2)


WALKS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(1, 40),
        st.sampled_from([30_000, 60_000, 400_000, 5_000_000]),
        st.integers(-50, 50),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(WALKS, st.randoms(use_true_random=False), st.booleans())
def test_least_greatest_and_mean_survive_and_nothing_is_invented(
    tmp_path_factory: pytest.TempPathFactory,
    walks: list[tuple[str, int, int, int]],
    rng: random.Random,
    reopened: bool,
) -> None:
    path = tmp_path_factory.mktemp("model") / "history.db"
    model: dict[str, dict[int, float]] = {}
    at_ms = dict.fromkeys("abc", T0)
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        history = SqliteHistory(path)
        for device, length, pace_ms, value in walks:
            times = [at_ms[device] + i * pace_ms for i in range(length)]
            at_ms[device] = times[-1] + rng.choice([pace_ms, DAY_MS])
            values = [value + rng.randrange(-300, 300) / 10 for _ in times]
            history.append([Samples(f"{device}/1/x", times, values)])
            model.setdefault(f"{device}/1/x", {}).update(zip(times, values, strict=True))
        now_ms = T0 + 10 * CELL_MS
        settle(history, now_ms)
        if reopened:
            history.close()
            history = SqliteHistory(path)

        for name, known in model.items():
            kept = dict(zip(*history.read(name, 0, now_ms), strict=True))
            assert kept.items() <= known.items()
            for was, left in zip(by_bucket(known), by_bucket(kept), strict=True):
                assert min(v for _, v in was) == min(v for _, v in left)
                assert max(v for _, v in was) == max(v for _, v in left)
            mean, number = history.mean(name, 0, now_ms)
            assert number == len(known)
            assert mean == pytest.approx(sum(known.values()) / len(known), rel=1e-12, abs=1e-9)
        assert set(history.latest()) == set(model)
        history.close()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4 * CELL_MS // MINUTE_MS), st.integers(1, 60), st.integers(-9, 9)),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.integers(0, 8), min_size=1, max_size=4),
)
def test_what_comes_late_or_twice_widens_buckets_and_young_samples_stay_exact(
    tmp_path_factory: pytest.TempPathFactory, appends: list[tuple[int, int, int]], weeks: list[int]
) -> None:
    model: dict[int, float] = {}
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        history = SqliteHistory(tmp_path_factory.mktemp("late") / "history.db")
        now_ms = T0
        for i, (minute, length, value) in enumerate(appends):
            times = [T0 + (minute + j) * MINUTE_MS for j in range(length)]
            values = [model.get(at, value + j / 10) for j, at in enumerate(times)]
            for _ in range(1 + i % 2):
                history.append([Samples(NAME, times, values)])
            model.update(zip(times, values, strict=True))
            now_ms = max(now_ms, T0 + weeks[i % len(weeks)] * CELL_MS)
            for _ in range(3):
                history.retain(KEEP, now_ms)
        settle(history, now_ms)

        border_ms = KEEP.raw_from(now_ms)
        young = {at: value for at, value in model.items() if at >= border_ms}
        assert dict(zip(*history.read(NAME, border_ms, T0 + 99 * CELL_MS), strict=True)) == young
        kept = dict(zip(*history.read(NAME, 0, T0 + 99 * CELL_MS), strict=True))
        assert kept.items() <= model.items()
        for was, left in zip(by_bucket(model), by_bucket(kept), strict=True):
            assert {min(v for _, v in was), max(v for _, v in was)} <= {v for _, v in left}
        history.close()


def test_a_peak_keeps_its_time_and_a_read_across_the_border_sees_both_sides(history: SqliteHistory) -> None:
    times = [T0 + i * MINUTE_MS for i in range(6 * 7 * 1440)]
    values = [4.0 + (i % 15) / 10 for i in range(len(times))]
    values[10_000], values[50_000] = 99.5, -40.0
    history.append([Samples(NAME, times, values)])
    history.append([Samples(NAME, times[-1:], values[-1:])])
    now_ms = times[-1]
    before = history.read(NAME, T0, now_ms, points=500)

    thinned, dropped = settle(history, now_ms)

    border_ms = KEEP.raw_from(now_ms)
    assert T0 < border_ms < now_ms
    old, young = history.read(NAME, T0, border_ms), history.read(NAME, border_ms, now_ms + 1)
    assert len(young[0]) == sum(at >= border_ms for at in times)
    assert len(old[0]) == 2 * (border_ms - T0) // BUCKET_MS
    assert (thinned, dropped) == (sum(at < border_ms for at in times) - len(old[0]), 0)
    across = history.read(NAME, T0, now_ms + 1)
    assert across == (old[0] + young[0], old[1] + young[1])
    assert dict(zip(*across, strict=True))[times[10_000]] == 99.5
    assert max(before[1]) == max(history.read(NAME, T0, now_ms, points=500)[1]) == 99.5
    assert min(before[1]) == min(history.read(NAME, T0, now_ms, points=500)[1]) == -40.0


def test_what_is_too_old_is_dropped_by_whole_weeks_and_the_latest_is_still_known(history: SqliteHistory) -> None:
    times = [T0 + i * 10 * MINUTE_MS for i in range(3 * 7 * 144)]
    history.append([Samples(NAME, times, [1.0] * len(times))])
    history.append([Samples("b/1/x", [T0], [1.0])])
    now_ms = T0 + YEAR_MS + CELL_MS

    _, dropped = settle(history, now_ms)

    kept = history.read(NAME, 0, now_ms)[0]
    assert kept[0] == T0 + CELL_MS == KEEP.kept_from(now_ms)
    assert dropped == 7 * 144
    assert history.latest([NAME]) == {NAME: (times[-1], 1.0)}


def test_days_are_told_alike_before_and_after_only_buckets_are_left(history: SqliteHistory) -> None:
    """`python -m cloud history`."""
    times = [T0 + i * MINUTE_MS for i in range(8 * 1440)]
    history.append([Samples(NAME, times, [20 + (i % 97) / 10 for i in range(len(times))])])
    history.append([Samples(NAME, [T0 + 9 * DAY_MS], [5.0])])
    now_ms = T0 + 40 * DAY_MS
    before = list(days(history, NAME, now_ms, 60))

    assert settle(history, now_ms)[0] > 0

    after = list(days(history, NAME, now_ms, 60))
    assert [(one.day, one.samples, one.least, one.greatest) for one in after] == [
        (one.day, one.samples, one.least, one.greatest) for one in before
    ]
    assert [one.mean for one in after] == pytest.approx([one.mean for one in before], rel=1e-12)
    assert (len(before), before[0].samples, before[-1].samples) == (9, 1440, 1)


def test_for_ever_is_for_ever(history: SqliteHistory) -> None:
    times = [T0 + i for i in range(1000)]
    history.append([Samples(NAME, times, [1.0] * 1000)])

    assert settle(history, T0 + 150 * YEAR_MS, Retention(0, 0)) == (0, 0)
    assert len(history.read(NAME, 0, T0 + DAY_MS)[0]) == 1000


@pytest.mark.usefixtures("small")
def test_one_step_is_small_and_series_take_turns(history: SqliteHistory) -> None:
    for device in "abcde":
        history.append([Samples(f"{device}/1/x", [T0 + i * MINUTE_MS for i in range(600)], [1.0] * 600)])
        for i in range(40):
            history.append([Samples(f"{device}/1/x", [T0 + 900 * MINUTE_MS + i], [1.0])])
    now_ms = T0 + 9 * CELL_MS

    steps = [history.retain(KEEP, now_ms) for _ in range(5 + 5)]

    with sqlite3.connect(history._path) as db:
        touched = db.execute("SELECT count(DISTINCT series), max(samples) FROM coarse").fetchone()
    db.close()
    assert touched[0] == 5
    assert touched[1] <= 3 * 2 * 16 + 15
    assert not any(step.done for step in steps)
    settle(history, now_ms)


def test_a_damaged_series_does_not_keep_others_from_their_turn(history: SqliteHistory) -> None:
    for at_ms in (T0, T0 + 1000):
        history.append([Samples(f"{d}/1/x", [at_ms + i for i in range(600)], [1.0] * 600) for d in "ab"])
    with sqlite3.connect(history._path) as db:
        db.execute("UPDATE chunks SET body = substr(body, 1, 40) WHERE series = 1")
    db.close()
    now_ms = T0 + 9 * CELL_MS

    with pytest.raises(HistoryUnavailable, match="damaged"):
        history.retain(KEEP, now_ms)
    step = history.retain(KEEP, now_ms)

    assert step.thinned > 500


@pytest.mark.parametrize("days_years", [(30, 10), (-1, 10), (90, -1), (800, 2), (90, 201)])
def test_retention_that_makes_no_sense_is_refused(days_years: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"days|years"):
        Retention(*days_years)
