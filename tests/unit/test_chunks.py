"""The codec of time series: exact, compact, and honest about damage; merging and thinning keep what matters."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.stores import chunks
from cloud.stores.chunks import Run

TIMES = st.integers(0, 9_223_372_036_853)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ROUNDED = st.integers(-(10**9), 10**9).flatmap(lambda n: st.sampled_from([n / 1, n / 10, n / 100, n / 1000]))


def run(samples: dict[int, float]) -> Run:
    ordered = sorted(samples.items())
    return np.array([at for at, _ in ordered], np.int64), np.array([value for _, value in ordered], np.float64)


def as_dict(given: Run) -> dict[int, float]:
    return dict(zip(given[0].tolist(), given[1].tolist(), strict=True))


@given(st.dictionaries(TIMES, FINITE | ROUNDED, min_size=1, max_size=60))
def test_a_chunk_gives_back_exactly_what_went_in(samples: dict[int, float]) -> None:
    assert as_dict(chunks.decode(chunks.encode(*run(samples)))) == samples


@given(st.dictionaries(TIMES, ROUNDED, min_size=1, max_size=20), st.data())
def test_a_damaged_chunk_is_told_from_a_good_one(samples: dict[int, float], data: st.DataObject) -> None:
    body = chunks.encode(*run(samples))
    cut = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(chunks.Damaged):
        chunks.decode(body[:cut])
    with pytest.raises(chunks.Damaged):
        chunks.decode(body + b"\0")


def test_a_day_of_a_thermometer_takes_less_than_two_bytes_a_reading() -> None:
    noise = np.random.default_rng(1)
    times = np.arange(0, 86_400_000, 60_000) + noise.integers(-20, 21, 1440)
    values = np.round(4 + np.cumsum(noise.normal(0, 0.05, 1440)), 2)

    assert len(chunks.encode(times, values)) < 2 * 1440


@given(st.lists(st.lists(st.tuples(st.integers(0, 20), FINITE), max_size=10), max_size=5))
def test_merging_keeps_the_last_of_each_time(runs: list[list[tuple[int, float]]]) -> None:
    arrays = [(np.array([t for t, _ in one], np.int64), np.array([v for _, v in one], np.float64)) for one in runs]

    merged = chunks.merged(arrays)

    assert as_dict(merged) == {at: value for one in runs for at, value in one}
    assert all(a < b for a, b in pairwise(merged[0].tolist()))


@given(st.integers(0, 400), st.integers(1, 100))
def test_pieces_are_even_and_lose_nothing(length: int, samples_max: int) -> None:
    whole = np.arange(length, dtype=np.int64), np.arange(length, dtype=np.float64)

    pieces = chunks.split(whole, samples_max)

    sizes = [len(times) for times, _ in pieces]
    assert sum(sizes) == length
    assert all(0 < size <= samples_max for size in sizes)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


SAMPLES = st.dictionaries(st.integers(0, 999), st.integers(-3, 3).map(float), max_size=200)


@given(SAMPLES, st.integers(1, 25))
def test_thinning_keeps_real_samples_and_the_extremes_of_every_bucket(samples: dict[int, float], buckets: int) -> None:
    thin = as_dict(chunks.extremes(run(samples), 0, 1000, buckets))

    assert len(thin) <= 2 * buckets
    assert thin.items() <= samples.items()
    for bucket in range(buckets):
        inside = {at for at in samples if at * buckets // 1000 == bucket}
        kept = [thin[at] for at in thin if at in inside]
        assert bool(inside) == bool(kept)
        if inside:
            assert min(kept) == min(samples[at] for at in inside)
            assert max(kept) == max(samples[at] for at in inside)


@given(SAMPLES, st.integers(1, 25), st.integers(0, 999))
def test_thinning_parts_first_changes_nothing(samples: dict[int, float], buckets: int, cut: int) -> None:
    whole = run(samples)
    parts = [chunks.extremes(chunks.between(whole, *ends), 0, 1000, buckets) for ends in ((0, cut), (cut, 1000))]

    again = chunks.extremes(chunks.merged(parts), 0, 1000, buckets)

    assert as_dict(again) == as_dict(chunks.extremes(whole, 0, 1000, buckets))


@given(st.lists(SAMPLES, max_size=4), st.integers(1, 7))
def test_woven_pages_are_ascending_and_of_two_samples_at_one_time_the_last_source_counts(
    sources: list[dict[int, float]], page: int
) -> None:
    def pages(samples: dict[int, float]) -> Iterator[Run]:
        times, values = run(samples)
        for at in range(0, len(times), page):
            yield times[at : at + page], values[at : at + page]

    woven = list(chunks.woven([pages(one) for one in sources]))

    expected: dict[int, float] = {}
    for one in sources:
        expected |= one
    times = [at for page_times, _ in woven for at in page_times.tolist()]
    assert times == sorted(expected)
    assert {at: value for one in woven for at, value in as_dict(one).items()} == expected


@given(st.lists(ROUNDED, min_size=1, max_size=60), st.sets(st.integers(1, 59), max_size=5))
def test_sums_of_decimals_are_exact(values: list[float], cuts: set[int]) -> None:
    firsts = [0, *sorted(cut for cut in cuts if cut < len(values))]

    sums = chunks.sums(np.array(values), np.array(firsts, np.intp))

    for first, last, total in zip(firsts, [*firsts[1:], len(values)], sums, strict=True):
        assert total == float(sum(Decimal(str(value)) for value in values[first:last]))


def test_gathering_many_pages_holds_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "FOLD_SAMPLES", 100)
    whole = np.arange(10_000, dtype=np.int64), np.sin(np.arange(10_000))
    pages = [(whole[0][i : i + 50], whole[1][i : i + 50]) for i in range(0, 10_000, 50)]

    gathered = chunks.gathered(pages, 0, 10_000, 40, 1_000)

    assert as_dict(gathered) == as_dict(chunks.extremes(whole, 0, 10_000, 20))
    with pytest.raises(ValueError, match="more than 1000 samples"):
        chunks.gathered(pages, 0, 10_000, None, 1_000)
