"""(s, S): the exact levels are the best there are, of smooth and of lumpy demand."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.planning import levels
from cloud.core.planning.amounts import NONE, Pmf, lead_time_pmf, negative_binomial, poisson
from cloud.core.planning.losses import Costs

WEIGHTS = st.lists(st.floats(0, 1), min_size=2, max_size=12).filter(lambda weights: sum(weights[1:]) > 0.01)
COSTS = st.builds(Costs, st.floats(0, 100), st.floats(0.05, 5), st.floats(0.05, 100))


def pmf_of(weights: list[float]) -> Pmf:
    return np.array(weights) / sum(weights)


@given(WEIGHTS, WEIGHTS, COSTS)
@settings(max_examples=80)
def test_no_other_levels_cost_less_than_the_exact_ones(of_day: list[float], of_lead: list[float], costs: Costs) -> None:
    day, lead = pmf_of(of_day), pmf_of(of_lead)
    found = levels.exact(day, lead, costs)
    assert levels.evaluate(found.point, found.upto, day, lead, costs).cost == pytest.approx(found.cost, rel=1e-7)
    near = range(-6, 7)
    far = (-25, -12, 12, 25)
    for point in [found.point + one for one in (*near, *far)]:
        for upto in [found.upto + one for one in (*near, *far)]:
            if upto > point:
                assert levels.evaluate(point, upto, day, lead, costs).cost >= found.cost * (1 - 1e-8)


def test_lumpy_demand_of_zero_or_ten_has_levels_a_multiple_apart() -> None:
    day = np.zeros(11)
    day[[0, 10]] = 0.8, 0.2
    found = levels.exact(day, NONE, Costs(30, 1, 20))
    costs = [
        levels.evaluate(s, S, day, NONE, Costs(30, 1, 20)).cost for s in range(-60, 5) for S in range(s + 1, s + 90)
    ]
    assert found.cost == pytest.approx(min(costs), rel=1e-9)


def test_without_a_fixed_cost_every_unit_is_ordered_again() -> None:
    lead = poisson(12)
    found = levels.exact(poisson(3), lead, Costs(0, 1, 19))
    assert found.upto == found.point + 1 == levels.base_stock(lead, 0.95)


def test_the_renewals_are_their_recursion() -> None:
    day = negative_binomial(2, 7)
    slow = [1 / (1 - day[0])]
    for j in range(1, 100):
        slow.append(sum(day[k] * slow[j - k] for k in range(1, min(j, len(day) - 1) + 1)) / (1 - day[0]))
    assert levels.renewals(day, 100) == pytest.approx(np.array(slow), rel=1e-11)


def test_a_slow_mover_with_a_large_fixed_cost_has_exact_levels() -> None:
    day, lead = lead_time_pmf(0.01, 0.02), lead_time_pmf(0.07, 0.14)
    found = levels.exact(day, lead, Costs(200, 0.01, 1))
    costs = {
        (s, S): levels.evaluate(s, S, day, lead, Costs(200, 0.01, 1)).cost
        for s in range(found.point - 3, found.point + 4)
        for S in range(found.upto - 9, found.upto + 10)
    }
    assert min(costs, key=lambda one: costs[one]) == (found.point, found.upto)


@pytest.mark.parametrize(("mean", "spread", "order_cost"), [(5, 1, 64), (20, 3, 64), (20, 1, 64), (60, 4, 300)])
def test_the_power_approximation_is_within_four_per_cent(mean: float, spread: float, order_cost: float) -> None:
    day, lead = lead_time_pmf(mean, mean * spread), lead_time_pmf(3 * mean, 3 * mean * spread)
    costs = Costs(order_cost, 1, 19)
    sds = (mean * spread) ** 0.5, (3 * mean * spread) ** 0.5
    point, upto = levels.power_approximation(mean, sds[0], costs, 3 * mean, sds[1])
    rough = levels.evaluate(round(point), round(upto), day, lead, costs).cost
    best = levels.exact(day, lead, costs).cost
    assert best * (1 - 1e-9) <= rough <= 1.04 * best


def test_periodic_review_covers_lead_time_and_interval() -> None:
    upto, safety = levels.periodic(10, 3, 4, 1, review=5, level=0.95)
    assert safety == pytest.approx(1.6448536 * (9 * 9 + 100) ** 0.5, rel=1e-6)
    assert upto == pytest.approx(90 + safety)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: levels.exact(NONE, NONE, Costs(1, 1, 1)),
        lambda: levels.exact(np.array([0.5, nan]), NONE, Costs(1, 1, 1)),
        lambda: levels.evaluate(5, 5, poisson(1), poisson(3), Costs(1, 1, 1)),
        lambda: levels.power_approximation(0, 1, Costs(1, 1, 1)),
        lambda: levels.power_approximation(1, 0, Costs(1, 1, 1)),
        lambda: levels.exact(poisson(100), poisson(300), Costs(1e9, 0.001, 1)),
        lambda: levels.periodic(10, 3, 4, 1, review=0, level=0.95),
    ],
)
def test_nonsense_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"[:;] \w"):
        wrong()
