"""Demand as a pmf: its moments, mixtures over the lead time, what is short and left, and what is refused."""

from __future__ import annotations

from math import comb, exp, factorial, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.planning.amounts import (
    NONE,
    PMF_MAX,
    Pmf,
    added,
    lead_time_pmf,
    moments,
    negative_binomial,
    poisson,
    proper,
    quantile,
    rounded_normal,
    step_for,
    total,
    trimmed,
)
from cloud.core.planning.demand import Demand, known
from cloud.core.planning.losses import Costs, loss, losses, position_costs
from cloud.core.planning.lots import Lots
from cloud.core.planning.prospects import prospect

WEIGHTS = st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda weights: sum(weights) > 0.01)


def pmf_of(weights: list[float]) -> Pmf:
    return np.array(weights) / sum(weights)


def test_poisson_is_its_formula() -> None:
    assert poisson(2.5)[:6] == pytest.approx([exp(-2.5) * 2.5**k / factorial(k) for k in range(6)], rel=1e-12)


def test_the_negative_binomial_is_its_formula() -> None:
    # mean 3, variance 6: three successes of chance 1/2
    assert negative_binomial(3, 6)[:8] == pytest.approx([comb(k + 2, k) / 2 ** (k + 3) for k in range(8)], rel=1e-12)


@given(st.floats(0.01, 3_000), st.floats(0, 40))
def test_lead_time_demand_has_the_mean_and_variance_it_was_made_of(mean: float, over: float) -> None:
    pmf = lead_time_pmf(mean, mean * (1 + over))
    assert proper(pmf) is pmf
    assert moments(pmf) == pytest.approx((mean, mean * (1 + over)), rel=1e-6)


def over_lead_time(day: Pmf, lead: Pmf) -> Pmf:
    """The demand over a lead time that is itself uncertain: `lead[n]` is the chance of n periods. Exact (a mixture)."""
    parts, sum_of = [], NONE
    for chance in lead.tolist():
        parts.append((chance, sum_of))
        sum_of = added(sum_of, day)
    mixed = np.zeros(max(len(part) for chance, part in parts))
    for chance, part in parts:
        mixed[: len(part)] += chance * part
    return mixed


@given(WEIGHTS, WEIGHTS)
@settings(max_examples=60)
def test_demand_over_an_uncertain_lead_time_has_the_moments_of_the_formula(
    of_day: list[float], of_lead: list[float]
) -> None:
    day, lead = pmf_of(of_day), pmf_of(of_lead)
    expected = Demand(*moments(day)).moments(*moments(lead))
    assert moments(over_lead_time(day, lead)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_demand_over_a_lead_time_of_one_or_two_days_is_their_mixture() -> None:
    day = np.array([0.5, 0.5])
    assert over_lead_time(day, np.array([0, 0.4, 0.6])) == pytest.approx([0.35, 0.5, 0.15])


@given(st.floats(0.1, 20), st.floats(0.1, 5), st.integers(0, 12))
def test_days_of_negative_binomial_demand_add_up_to_one(mean: float, over: float, days: int) -> None:
    each, whole = negative_binomial(mean, mean * (1 + over)), lead_time_pmf(mean * days, mean * (1 + over) * days)
    summed = total(each, days)
    upto = min(len(summed), len(whole))
    assert summed[: upto - 1] == pytest.approx(whole[: upto - 1], abs=1e-10)


def test_long_demand_is_added_as_short_demand_is() -> None:
    one, other = poisson(3_000), negative_binomial(2_000, 60_000)
    assert min(len(one), len(other)) > 2_000
    assert added(one, other)[4_000:6_000] == pytest.approx(np.convolve(one, other)[4_000:6_000], abs=1e-14)
    assert moments(added(one, other)) == pytest.approx((5_000, 63_000), rel=1e-8)


def test_the_rounded_normal_keeps_its_moments_and_takes_less_than_none_for_none() -> None:
    assert moments(rounded_normal(40, 6)) == pytest.approx((40, 36 + 1 / 12), rel=1e-6)
    assert rounded_normal(0, 1)[0] == pytest.approx(0.6914624612740131)
    assert moments(rounded_normal(2.25, 0)) == pytest.approx((2.25, 0.1875))


@given(WEIGHTS, st.floats(0.01, 0.99))
def test_a_quantile_is_the_least_that_is_enough(weights: list[float], level: float) -> None:
    pmf = pmf_of(weights)
    units = quantile(pmf, level)
    assert pmf[: units + 1].sum() >= level - 1e-9
    assert units == 0 or pmf[:units].sum() < level


@given(WEIGHTS, st.integers(-10, 40))
def test_what_is_short_and_what_is_left_are_their_sums(weights: list[float], units: int) -> None:
    pmf = pmf_of(weights)
    demand = np.arange(len(pmf))
    short, left = loss(pmf, units)
    assert short == pytest.approx(pmf @ np.maximum(demand - units, 0), abs=1e-12)
    assert left == pytest.approx(pmf @ np.maximum(units - demand, 0), abs=1e-9)


@given(WEIGHTS, st.floats(0.01, 10), st.floats(0.01, 100))
def test_the_cost_of_a_position_is_convex(weights: list[float], holding: float, backorder: float) -> None:
    costs = position_costs(pmf_of(weights), Costs(0, holding, backorder), -10, 40)
    assert np.diff(costs, 2).min() >= -1e-9 * costs.max()


def test_losses_far_in_the_tail_are_not_lost_in_rounding() -> None:
    chances = [exp(-20) * 20.0**k / factorial(k) for k in range(46, 120)]
    short = sum((k - 45) * chance for k, chance in zip(range(46, 120), chances, strict=True))
    assert losses(poisson(20), 45, 45)[0] == pytest.approx(short, rel=1e-4)
    assert losses(poisson(20), 0, 0)[0] == pytest.approx(20, rel=1e-11)


def test_a_far_tail_is_put_on_the_last_entry() -> None:
    short = trimmed(np.array([0.5, 0.5 - 4e-13, 2e-13, 2e-13]))
    assert len(short) == 2
    assert short.sum() == 1


@given(st.floats(1, 1e7), st.integers(1, 5_000), st.integers(1, 10**6), st.one_of(st.none(), st.integers(1, 10**6)))
def test_steps_and_packs_fit_each_other(mean: float, pack: int, moq: int, most: int | None) -> None:
    lots = Lots(moq, pack, most)
    if mean * 4 > 100_000 * max(1, min(most or mean, pack)):
        return  # demand is far above what may be ordered
    ahead = prospect(known(mean, mean * 3), lead_mean=4, lots=lots)
    assert ahead.step % pack == 0 or pack % ahead.step == 0
    assert most is None or ahead.step <= max(most, pack)


def test_large_demand_is_counted_in_steps_and_keeps_its_moments() -> None:
    ahead = prospect(known(5e6, 1e12), lead_mean=6, lead_variance=1, lot=1e6)
    mean, variance = moments(ahead.lead)
    assert ahead.step > 1
    assert len(ahead.lead) < 10_000
    assert (mean * ahead.step, variance * ahead.step**2) == pytest.approx((3e7, 6e12 + 25e12), rel=1e-6)
    assert step_for(100, 30, 50) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: lead_time_pmf(nan, 1),
        lambda: lead_time_pmf(1, -1),
        lambda: lead_time_pmf(2.0 * PMF_MAX, 1),
        lambda: poisson(0),
        lambda: negative_binomial(3, 3),
        lambda: rounded_normal(nan, 1),
        lambda: quantile(poisson(1), 1.0),
        lambda: loss(np.array([0.5, nan]), 1),
        lambda: loss(np.array([0.5, 0.4]), 1),
        lambda: prospect(known(1, 1), nan),
        lambda: known(0, 1, 3),
        lambda: Costs(1, 0, 1),
        lambda: Costs(1, 1, 0),
        lambda: Costs(-1, 1, 1),
        lambda: Costs(1, nan, 1),
        lambda: Costs.of_level(1, 1, 95),
    ],
)
def test_nonsense_is_refused_and_the_refusal_says_what_to_do(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"[:;] \w"):
        wrong()
