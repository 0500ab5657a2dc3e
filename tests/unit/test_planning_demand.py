"""Demand over any number of periods: by the formula, or from the amounts that were seen where these tell more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.planning.amounts import moments, total
from cloud.core.planning.demand import SPREADS_DIFFER, Demand, doubted, forecast, known, pmf_of

SIXES = ((0, 147), (6, 28), (12, 4), (18, 1))
"""180 days of customers who buy six at a time."""
MEAN = sum(units * days for units, days in SIXES) / 180


def test_the_doubt_about_the_mean_adds_to_the_variance() -> None:
    demand = Demand(4, 9, doubt=9 / 63 / 16)  # the mean of 63 days
    assert demand.moments(7) == pytest.approx((28, 63))
    assert demand.moments(7, demand.unsure(7)) == pytest.approx((28, 63 + 49 * 9 / 63))


def test_the_spread_of_poisson_demand_is_not_doubted_and_more_history_leaves_less_doubt() -> None:
    assert doubted(4, 3.5, 100) == 4
    assert 12 < doubted(4, 12, 1_000) < doubted(4, 12, 100) < doubted(4, 12, 10)


def test_even_demand_is_planned_as_even_once_it_was_seen_long_enough() -> None:
    assert doubted(100, 80, 20) == 100
    assert 25 < doubted(100, 25, 100) < 30
    assert moments(known(100, 25, 1_000).over(4)) == pytest.approx((400, 100), rel=0.1)
    assert moments(pmf_of(1, 0.5)) == pytest.approx((1, 1))  # so small, it is Poisson


@pytest.mark.parametrize("mean", [1e-4, 0.003, 0.05, 2.0])
@pytest.mark.parametrize("spread", [1.5, 12.0, 900.0])
@pytest.mark.parametrize("periods", [7, 180, 3_000])
def test_however_little_was_seen_a_spread_is_not_taken_for_more_than_skus_differ_by(
    mean: float, spread: float, periods: int
) -> None:
    beyond = mean * (spread - 1)

    assert beyond < doubted(mean, mean * spread, periods) - mean <= beyond * (1 + SPREADS_DIFFER) * (1 + 1e-9)


def test_with_much_history_the_doubt_is_the_sampling_error_alone() -> None:
    error = (2 + 6 * 2 / 5 + 1 / 15) / 100_000

    assert doubted(5, 15, 100_000) == pytest.approx(5 + 10 * (1 + error), rel=1e-9)


def seen(mean: float = MEAN, doubt: float = 0.0) -> Demand:
    return forecast(mean, 8.0, doubt, 180, SIXES)


def test_what_is_bought_in_sixes_is_foreseen_in_sixes() -> None:
    assert seen().over(1)[::6].sum() > 0.96
    assert seen().over(5)[::6].sum() > 0.8


def test_an_amount_that_was_never_seen_is_still_thought_possible() -> None:
    day = seen().over(1)
    assert day[7] > 0
    assert len(day) > 19


def test_without_doubt_several_periods_are_their_sum() -> None:
    demand = seen()
    assert demand.day is not None
    expected = total(demand.day, 5)
    found = demand.over(5 * moments(demand.day)[0] / demand.mean)
    both = min(len(found), len(expected))
    assert found[:both] == pytest.approx(expected[:both], abs=1e-11)


@given(st.floats(0.5, 60), st.floats(0, 100), st.floats(0.5, 2.0), st.floats(0, 0.01), st.sampled_from([1, 2, 6, 7]))
def test_any_number_of_periods_has_the_moments_of_the_formula(
    periods: float, spread: float, growth: float, doubt: float, step: int
) -> None:
    demand = seen(growth * MEAN, doubt)
    around = min(spread, periods**2 / 9) + demand.unsure(periods)
    mean, variance = demand.moments(periods, around)
    found_mean, found_variance = moments(demand.over(periods, around, step))
    assert found_mean * step == pytest.approx(mean, rel=1e-2)
    spare = demand.mean**2 / 2 * 4 + periods * growth * step**2  # a number of days is whole, and so are steps
    assert variance * 0.95 - 0.1 <= found_variance * step**2 <= variance * 1.05 + spare


def test_a_forecast_of_more_is_more_purchases_not_larger_ones() -> None:
    twice = seen(2 * MEAN).over(1)
    assert moments(twice)[0] == pytest.approx(2 * MEAN, rel=1e-6)
    assert twice[::6].sum() > 0.9


def test_what_was_seen_is_doubted_too() -> None:
    sure, unsure = seen(), seen(doubt=0.05)
    assert moments(unsure.over(5, unsure.unsure(5)))[1] > moments(sure.over(5))[1]


def test_no_time_has_no_demand() -> None:
    for demand in (seen(), known(3, 5), forecast(3, 5, 0.1, 90)):
        assert moments(demand.over(0)) == (0, 0)


@pytest.mark.parametrize("wrong", [lambda: known(0, 1), lambda: known(1, -1), lambda: forecast(1, 1, float("nan"), 9)])
def test_nonsense_is_refused_and_the_refusal_says_what_to_do(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"[:;] \w"):
        wrong()
