"""Tags that nobody saw are estimated from several looks, and what no look can tell is said."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.tagging.unread import estimate, from_rates
from tests.bench.truth.gate import walks


def looks(rates: list[float], times: int, seed: int) -> list[set[str]]:
    rng = random.Random(seed)
    return [{f"{n:04X}" for n, rate in enumerate(rates) if rng.random() < rate} for _ in range(times)]


def test_one_look_tells_nothing_of_what_it_missed() -> None:
    assert estimate([{"AA", "BB"}]) is None


def test_two_looks_are_chapmans_textbook_answer() -> None:
    """10 seen first, 15 then, 5 of them both times: 11 * 16 / 6 - 1."""
    said = estimate([{str(n) for n in range(10)}, {str(n) for n in range(5, 20)}])

    assert said is not None
    assert said.estimate == pytest.approx(28.3333, abs=1e-3)
    assert (said.seen, said.method, said.risk) == (20, "chapman", None)
    assert 20 <= said.low < said.estimate < said.high


def test_more_looks_are_chaos_bias_corrected_answer() -> None:
    """Seen once: 4, twice: 2, thrice: 1; 7 + 2/3 * 4 * 3 / (2 * 3)."""
    said = estimate([{"a", "b", "e", "g"}, {"c", "e", "f", "g"}, {"d", "f", "g"}])

    assert said is not None
    assert said.estimate == pytest.approx(7 + 2 / 3 * 2)
    assert said.method == "chao"


@pytest.mark.parametrize("times", [2, 4])
def test_where_all_tags_are_as_easy_to_read_the_truth_lies_in_the_interval(times: int) -> None:
    said = [estimate(looks([0.6] * 500, times, seed)) for seed in range(40)]

    held = [one for one in said if one is not None and one.low <= 500 <= one.high]

    assert len(held) >= 34
    assert all(one.risk is None or one.risk < 0.05 for one in held)


def test_tags_that_are_hard_to_read_show_as_a_risk() -> None:
    said = estimate(looks([0.9] * 350 + [0.1] * 150, 6, 1))

    assert said is not None
    assert said.risk is not None
    assert said.risk > 0.05


def test_the_read_rates_tell_how_many_were_missed() -> None:
    rng = random.Random(5)
    seen = [0.3 for _ in range(1000) if rng.random() < 1 - 0.7**4]

    said = from_rates(seen, 4)

    assert said.low < 1000 < said.high
    assert said.estimate == pytest.approx(1000, rel=0.03)


@given(st.lists(st.sets(st.integers(0, 30)), min_size=2, max_size=6))
def test_never_fewer_than_were_seen(sets: list[set[int]]) -> None:
    said = estimate([{str(n) for n in one} for one in sets])

    assert said is not None
    assert said.seen == len(set().union(*sets)) <= said.low <= said.estimate <= said.high


def test_two_real_walks_through_a_shop_tell_how_many_tags_there_are() -> None:
    seen, known = walks()
    if not seen:
        pytest.skip("the real data (../shared/data beside the project) is not here")

    said = [estimate(pair) for pair in combinations(seen, 2)]

    assert len(known) == 915
    assert all(one is not None and abs(one.estimate - 915) < 5 for one in said)
    assert sum(one is not None and one.low <= 915 <= one.high for one in said) >= 5
