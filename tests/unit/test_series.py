"""Samples travel in bundles; none is lost, and none waits for ever."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.core.series import HOLD_MS, OWN_REPORT, SAMPLES_MAX, Bundle, due, put
from protocols.readings import Flag, Quantity, Reading
from protocols.reports import Series

T0 = 1_763_762_400_000


def reading(
    at_ms: int,
    values: list[float],
    step_ms: int = 0,
    quantity: Quantity = "temperature_c",
    flags: tuple[Flag, ...] = (),
) -> Reading:
    return Reading("cold-1", "1", quantity, at_ms, values, step_ms, flags=flags)


def samples(reports: list[Series]) -> list[tuple[str, int, float]]:
    return [
        (report.quantity, report.at_ms + offset, value)
        for report in reports
        for offset, value in zip(report.offsets_ms, report.values, strict=True)
    ]


def test_a_sample_waits_for_company_but_not_long() -> None:
    bundles: dict[str, Bundle] = {}

    assert put(bundles, reading(T0, [4.5]), "cold", T0) == []
    assert put(bundles, reading(T0 + 1000, [4.6]), "cold", T0 + 1000) == []
    assert due(bundles, "cold-1", "cold", T0 + HOLD_MS - 1) == []

    (told,) = due(bundles, "cold-1", "cold", T0 + HOLD_MS)
    assert told == Series("cold-1", "1", "temperature_c", "cold", T0, [0, 1000], [4.5, 4.6], T0)
    assert bundles == {}


def test_a_large_batch_is_a_report_of_its_own() -> None:
    bundles: dict[str, Bundle] = {}
    values = [float(n) for n in range(OWN_REPORT)]

    (told,) = put(bundles, reading(T0, values, 100), "cold", T0)

    assert told.offsets_ms == [n * 100 for n in range(OWN_REPORT)]
    assert told.values == values
    assert bundles == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["temperature_c", "humidity_pct"]),
            st.integers(T0 - 10**9, T0 + 10**6),
            st.sampled_from([0, 100, 1000]),
            st.lists(st.floats(-50, 50), min_size=1, max_size=90),
            st.integers(0, 3000),
        ),
        max_size=40,
    )
)
def test_every_sample_is_told_once_with_its_time(
    messages: list[tuple[Quantity, int, int, list[float], int]],
) -> None:
    bundles: dict[str, Bundle] = {}
    told: list[Series] = []
    now_ms, sent = T0, []

    for quantity, at_ms, step_ms, values, later_ms in messages:
        now_ms += later_ms
        sent += [(quantity, at_ms + i * step_ms, value) for i, value in enumerate(values)]
        told += put(bundles, reading(at_ms, values, step_ms, quantity), "cold", now_ms)
        told += due(bundles, "cold-1", "cold", now_ms)

        assert all(len(bundle.values) < SAMPLES_MAX for bundle in bundles.values())
    told += due(bundles, "cold-1", "cold", now_ms + HOLD_MS)

    assert sorted(samples(told)) == sorted(sent)
    assert bundles == {}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.sampled_from([0, 100]),
            st.lists(st.floats(-50, 50), min_size=1, max_size=90),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.sampled_from(["clock", "no_clock"]),
)
def test_samples_without_a_time_of_their_own_keep_apart_and_in_order(
    messages: list[tuple[int, int, list[float], bool]], flag: Flag
) -> None:
    bundles: dict[str, Bundle] = {}
    told: list[Series] = []
    now_ms, sent = T0, []

    for later_ms, step_ms, values, ended in messages:
        now_ms += later_ms
        sent += values
        told += put(bundles, reading(now_ms, values, step_ms, flags=(flag,)), "cold", now_ms)
        if ended:
            told += due(bundles, "cold-1", "cold", now_ms + HOLD_MS)
    told += due(bundles, "cold-1", "cold", now_ms + 3 * HOLD_MS)
    assert due(bundles, "cold-1", "cold", now_ms + 6 * HOLD_MS) == []

    times_ms = [at_ms for _, at_ms, _ in samples(told)]
    assert all(later > earlier for earlier, later in pairwise(times_ms))
    assert [value for _, _, value in samples(told)] == sent
    assert bundles == {}


def test_a_clock_that_was_set_back_does_not_draw_samples_after_it() -> None:
    bundles: dict[str, Bundle] = {}
    put(bundles, reading(T0, [4.5]), "cold", T0)

    put(bundles, reading(T0 - 10 * 60_000, [4.6], flags=("no_clock",)), "cold", T0)

    (told,) = due(bundles, "cold-1", "cold", T0 + HOLD_MS)
    assert told.offsets_ms == [0, -10 * 60_000]
