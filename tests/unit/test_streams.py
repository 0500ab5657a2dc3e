"""Any one series: what is news is told once, with what moved; noise and habits are left alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.maintenance import streams
from cloud.core.maintenance.events import Event
from cloud.core.maintenance.streams import Stream, close, step

MINUTE_MS = 60_000
START_MS = 1_700_006_400_000


def run(
    values: Sequence[float], stream: Stream | None = None, spacing_ms: int = MINUTE_MS
) -> tuple[list[float], list[Event]]:
    """One sample a minute; the scores and all events, the open one too."""
    stream = stream or Stream()
    ended: list[Event] = []
    first = stream.rows
    scores = [
        step(stream, START_MS + (first + at) * spacing_ms, float(value), ended) for at, value in enumerate(values)
    ]
    return scores, ended + ([close(stream)] if stream.event else [])


def noise(rows: int, seed: int = 3) -> list[float]:
    """Noise within fixed bounds: nothing in it is news."""
    return [float(one) for one in np.random.default_rng(seed).uniform(-1, 1, rows)]


def test_a_spike_is_told_at_once_and_once() -> None:
    values = noise(3000)
    values[2000] = values[2003] = 6.0

    scores, events = run(values)

    assert scores[2000] > 0.9
    assert max(scores[2001:2050]) < 0.5
    assert [(one.kind, one.begin_ms) for one in events if one.score > 0.9] == [("spike", START_MS + 2000 * MINUTE_MS)]
    (level,) = [moved for moved in events[-1].why if moved.feature == "level"]
    assert level.value == 6.0
    assert (round(level.low, 1), round(level.high, 1)) == (-1.0, 1.0)


def test_a_shift_within_the_range_is_told_by_its_median() -> None:
    values = [0.5 * one for one in noise(4000)]
    values[1000] = values[1500] = 2.0
    values[3000:] = [1.0 + one for one in values[3000:]]

    scores, events = run(values)

    assert max(scores[3000:3040]) > 0.7
    assert events[-1].kind == "shift"
    assert "median" in {one.feature for one in events[-1].why}


def test_what_lasts_becomes_the_way_things_are() -> None:
    values = noise(2000) + [9.0 + one for one in noise(3000)]

    _, events = run(values)

    assert events[-1].end_ms < START_MS + 3000 * MINUTE_MS


def test_bounded_noise_makes_no_news() -> None:
    scores, _ = run(noise(8000)[:8000])

    assert max(scores[3000:]) < 0.5


def test_an_hour_unlike_the_same_hour_of_other_days_is_told() -> None:
    day = [20.0 if 8 * 60 <= minute < 18 * 60 else 10.0 for minute in range(1440)]
    values = [one + 0.2 * rest for one, rest in zip(day * 8, noise(8 * 1440), strict=True)]
    idle = 6 * 1440 + 10 * 60
    values[idle : idle + 120] = [10.0 + 0.2 * one for one in noise(120)]

    scores, events = run(values)

    assert max(scores[idle : idle + 60]) > 0.7
    assert max(scores[5 * 1440 : idle]) < 0.5
    assert "time of day" in {moved.feature for one in events for moved in one.why}


def test_an_outlier_of_long_ago_does_not_hide_the_next_for_ever() -> None:
    values = noise(20_000)
    values[500], values[19_000] = 100.0, 6.0

    scores, _ = run(values)

    assert scores[19_000] > 0.9


def test_a_series_that_stands_still_for_far_too_long_is_stuck() -> None:
    values = [*noise(500), *[0.25] * 60, *noise(100)]

    _, events = run(values)

    (stuck,) = [one for one in events if one.kind == "stuck"]
    assert stuck.begin_ms == START_MS + 500 * MINUTE_MS
    assert stuck.end_ms == START_MS + 559 * MINUTE_MS


def test_standing_still_is_nothing_to_one_that_often_does() -> None:
    steps = [float(at // 40 % 7) for at in range(4000)]
    values = [*steps, *[steps[-1]] * 300]

    _, events = run(values)

    assert not [one for one in events if one.kind == "stuck"]


def test_a_series_of_which_little_is_known_is_not_called_stuck() -> None:
    steps = [float(at // 10) for at in range(200)]

    _, events = run([*steps, *[steps[-1]] * 400])

    assert not [one for one in events if one.kind == "stuck"]


def test_a_constant_series_is_not_stuck_and_its_first_change_is_news() -> None:
    scores, events = run([5.0] * 400 + [5.1] * 10)

    assert [one.kind for one in events] != ["stuck"]
    assert max(scores[:400]) == 0.0
    assert scores[400] > 0.9


def test_a_change_of_scale_or_offset_changes_no_score() -> None:
    values = noise(1500)
    values[1000] = 3.0

    plain, _ = run(values)
    scaled, _ = run([1024.0 * one for one in values])

    assert scaled == plain


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400),
    st.integers(0, 400),
)
def test_a_restart_at_any_sample_changes_nothing(values: list[float], cut: int) -> None:
    whole, events = run(values)
    first = Stream()
    before: list[Event] = []
    scores = [step(first, START_MS + at * MINUTE_MS, one, before) for at, one in enumerate(values[:cut])]

    again = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=Stream)
    after, later = run(values[cut:], again)

    assert scores + after == whole
    assert before + later == events


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=300))
def test_every_score_is_from_0_to_1(values: list[float]) -> None:
    scores, _ = run(values)

    assert all(0.0 <= one <= 1.0 for one in scores)


def test_what_is_remembered_is_bounded() -> None:
    stream = Stream()
    sizes = []
    for part in range(4):
        run([one * (1 + part) for one in noise(3000, part)], stream)
        stream.event = None
        sizes.append(len(msgspec.msgpack.encode(stream)))

    assert max(sizes) < 5000
    assert streams.MEDIAN_ROWS == len(stream.recent) == len(stream.ordered)
