"""The whole watch: whatever comes, each row is answered, and a restart between any two rows changes nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.maintenance.watching import Judged, Watch

MINUTE_MS = 60_000
START_MS = 1_700_006_400_000
CELLS = st.one_of(st.none(), st.floats(-1e100, 1e100), st.sampled_from([0.0, 1.0, 20.0, 68.0, 20_000.0]))
ROWS = st.lists(
    st.tuples(st.sampled_from([1, 1, 1, 1, 0, -5, -60, 61, 5000]), CELLS, CELLS, CELLS), min_size=1, max_size=250
)


def run(watch: Watch, rows: list[tuple[int, list[float | None]]]) -> list[Judged]:
    return [watch.take(at_ms, values) for at_ms, values in rows]


def timed(
    rows: list[tuple[int, float | None, float | None, float | None]], width: int
) -> list[tuple[int, list[float | None]]]:
    at_ms, found = START_MS, []
    for by, *cells in rows:
        at_ms += by * MINUTE_MS
        found.append((at_ms, list(cells[:width])))
    return found


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([1, 3]))
def test_whatever_comes_is_answered(
    drawn: list[tuple[int, float | None, float | None, float | None]], width: int
) -> None:
    rows = timed(drawn, width)
    told = run(Watch(["a", "b", "c"][:width], 60), rows)

    assert len(told) == len(rows)
    assert all(0.0 <= one.score <= 1.0 for one in told)


def test_a_bad_cell_costs_a_machine_only_itself() -> None:
    generator = np.random.default_rng(6)
    rows: list[tuple[int, list[float | None]]] = [
        (START_MS + at * MINUTE_MS, list(one)) for at, one in enumerate(generator.normal(50, 1, (700, 3)).tolist())
    ]
    plain = run(Watch(["a", "b", "c"]), rows)
    rows[600][1][1] = None

    holed = run(Watch(["a", "b", "c"]), rows)

    assert holed[600].judged
    assert abs(holed[600].score - plain[600].score) < 0.1
    assert run(Watch(["a"]), [(START_MS, [None])])[0].judged is False


def test_a_slip_of_units_is_named_with_its_channel_and_judged_beside_the_rest() -> None:
    generator = np.random.default_rng(6)
    watch = Watch(["inside", "outside"])
    for at, one in enumerate(generator.normal((4, 20), 0.2, (600, 2)).tolist()):
        watch.take(START_MS + at * MINUTE_MS, one)

    found = watch.take(START_MS + 600 * MINUTE_MS, [4.0, 68.0])

    assert found.notes == [("perhaps degrees Fahrenheit", "outside")]
    assert found.score < 0.5


def test_missing_rows_end_the_event_of_a_machine() -> None:
    rows = np.random.default_rng(6).normal(50, 1, (700, 2))
    rows[600:, 0] -= 20
    watch = Watch(["a", "b"])
    for at, one in enumerate(rows.tolist()):
        watch.take(START_MS + at * MINUTE_MS, one)

    found = watch.take(START_MS + 900 * MINUTE_MS, [30.0, 50.0])

    assert [one.kind for one in found.events] == ["state"]
    assert (found.score, found.open) == (0.0, False)


def late(rows: int, begins: int) -> list[tuple[int, list[float | None]]]:
    """Two channels, of which the second begins late; the first is far off for rows 1400 to 1439."""
    values = np.random.default_rng(6).normal((5, 50), (0.1, 1), (rows, 2))
    values[1400:1440, 0] += 20
    return [
        (START_MS + at * MINUTE_MS, [one, other if at >= begins else None])
        for at, (one, other) in enumerate(values.tolist())
    ]


def test_a_channel_that_begins_late_leaves_no_row_of_the_others_unjudged() -> None:
    rows = late(2000, 1500)
    alone = run(Watch(["a"]), [(at_ms, values[:1]) for at_ms, values in rows])

    found = run(Watch(["a", "b"]), rows)

    assert all(one.judged for one in found)
    assert [one.score for one in found[:1500]] == [one.score for one in alone[:1500]]
    assert max(one.score for one in found[1400:1440]) > 0.9
    assert {at: one.begun for at, one in enumerate(found) if one.begun} == {0: ["a"], 1500: ["b"]}
    assert {moved.feature for one in found for event in one.events for moved in event.why} >= {"a level"}


def test_a_channel_that_began_late_is_judged_from_its_own_numbers_on() -> None:
    rows = late(2000, 500)
    rows[1900][1][1] = 500.0

    found = run(Watch(["a", "b"]), rows)

    assert found[1900].score > 0.9
    assert any(moved.feature == "b level" for one in found[1900:] for event in one.events for moved in event.why)


def test_channels_that_begin_late_together_are_watched_together() -> None:
    generator = np.random.default_rng(8)
    b = generator.normal(10, 1, 2000)
    c = b + generator.normal(0, 0.1, 2000)
    c[1700:] -= 3
    rows: list[tuple[int, list[float | None]]] = [
        (START_MS + at * MINUTE_MS, [at % 7, b[at] if at >= 600 else None, c[at] if at >= 610 else None])
        for at in range(2000)
    ]

    found = run(Watch(["a", "b", "c"]), rows)

    assert all(one.judged for one in found)
    assert min(one.score for one in found[1720:1800]) > 0.5


def test_channels_that_take_turns_are_one_machine() -> None:
    rows = np.random.default_rng(6).normal(50, 1, (1600, 2)).tolist()
    turns: list[tuple[int, list[float | None]]] = [
        (START_MS + at * MINUTE_MS, [one if at % 2 else None, None if at % 2 else other])
        for at, (one, other) in enumerate(rows)
    ]

    found = run(Watch(["a", "b"]), turns)

    assert all(one.judged for one in found)
    assert [[*one.begun] for one in found[:3]] == [["b"], ["a"], []]
