"""Orders that share a cost, demand that is known, and what to do before a stock-out."""

from __future__ import annotations

from itertools import product
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.planning import dynamic, joint, levels
from cloud.core.planning.amounts import Pmf, added, lead_time_pmf, poisson, total
from cloud.core.planning.emergency import Owning, Rescue, Source, rescue, spare
from cloud.core.planning.joint import CanOrder, Member
from cloud.core.planning.losses import Costs, position_costs
from cloud.core.planning.lots import Lots

SHARED = 40.0
MEMBERS = [Member(poisson(mean), poisson(3 * mean), Costs(2, 0.1, 2)) for mean in (0.2, 1, 3, 0.5)]


def lived(policies: list[CanOrder], members: list[Member], shared: float, days: int) -> float:
    """The average cost of a day of these levels; a lead time of 3 days, demand as the members' own."""
    random = np.random.default_rng(11)
    demands = np.stack([random.choice(len(one.day), days, p=one.day / one.day.sum()) for one in members])
    stock = np.array([one.upto for one in policies])
    coming = np.zeros((4, len(members)), dtype=np.int64)
    holding = np.array([one.costs.holding for one in members])
    backorder = np.array([one.costs.backorder for one in members])
    own = np.array([one.costs.order for one in members])
    cost = 0.0
    for day in range(days):
        stock = stock - demands[:, day] + coming[day % 4]
        coming[day % 4] = 0
        units = np.array(joint.decide((stock + coming.sum(axis=0)).tolist(), policies))
        coming[(day + 3) % 4] = units
        cost += shared * bool(units.any()) + float(own @ (units > 0))
        cost += float(holding @ np.maximum(stock, 0) + backorder @ np.maximum(-stock, 0))
    return cost / days


def test_ordering_together_costs_less_than_each_by_itself_and_not_more_than_was_foretold() -> None:
    together = joint.can_order_levels(SHARED, MEMBERS)
    alone = [levels.exact(one.day, one.lead, Costs(SHARED + 2, 0.1, 2)) for one in MEMBERS]
    by_themselves = [CanOrder(one.point, one.point, one.upto, one.cost, 0.0) for one in alone]
    cost = lived(together, MEMBERS, SHARED, 30_000)
    assert cost < 0.9 * lived(by_themselves, MEMBERS, SHARED, 30_000)
    assert 0.85 < cost / sum(one.cost for one in together) < 1.02


def test_without_others_can_order_is_the_exact_levels() -> None:
    for member in MEMBERS:
        exact = levels.exact(member.day, member.lead, Costs(SHARED + 2, 0.1, 2))
        found = joint.one_can_order(SHARED, 0.0, member)
        assert (found.point, found.upto) == (exact.point, exact.upto)
        assert found.cost == pytest.approx(exact.cost)


def test_no_other_can_order_levels_cost_less() -> None:
    member, chance = MEMBERS[1], 0.08
    found = joint.one_can_order(SHARED, chance, member)
    span = range(-3, 4)
    for ds, dc, du in product(span, span, span):
        other = CanOrder(found.point + ds, found.can + dc, found.upto + du, 0, 0)
        if other.point <= other.can < other.upto:
            assert alone_cost(other, member, SHARED, chance) >= found.cost - 1e-9
    assert alone_cost(found, member, SHARED, chance) == pytest.approx(found.cost)


def alone_cost(policy: CanOrder, member: Member, shared: float, chance: float) -> float:
    """The average cost by the stationary chances of the position after ordering: another way than the levels' own."""
    low = policy.point - len(member.day)
    places = np.arange(low, policy.upto + 1)
    count, top = len(places), len(places) - 1
    moves = np.zeros((count, count))
    paid = np.zeros(count)
    for at, position in enumerate(places):
        for units, share in enumerate(member.day):
            left = position - units
            if left <= policy.point:
                moves[at, top] += share
                paid[at] += share * (member.costs.order + (1 - chance) * shared)
            elif left <= policy.can:
                moves[at, top] += share * chance
                moves[at, left - low] += share * (1 - chance)
                paid[at] += share * chance * member.costs.order
            else:
                moves[at, left - low] += share
    equations = np.vstack(((moves.T - np.eye(count))[:-1], np.ones(count)))
    chances = np.linalg.solve(equations, np.append(np.zeros(count - 1), 1))
    held = [position_costs(member.lead, member.costs, int(position), int(position))[0] for position in places]
    return float(chances @ (paid + np.array(held)))


def test_nothing_is_ordered_until_one_must_be_and_then_all_that_may() -> None:
    policies = [CanOrder(2, 6, 10, 0, 0), CanOrder(5, 9, 20, 0, 0), CanOrder(0, 1, 4, 0, 0)]
    assert joint.decide([3, 6, 1], policies) == [0, 0, 0]
    assert joint.decide([2, 9, 2], policies) == [8, 11, 0]


@given(
    st.floats(1, 500),
    st.lists(st.tuples(st.floats(0, 200), st.floats(0.1, 20), st.floats(0.1, 50)), min_size=1, max_size=6),
)
def test_the_improved_cycle_is_never_dearer_than_silvers(shared: float, skus: list[tuple[float, float, float]]) -> None:
    own, holding, demand = (list(part) for part in zip(*skus, strict=True))
    silver, found = (one(shared, own, holding, demand) for one in (joint.silver_cycle, joint.cycle))
    assert found.cost <= silver.cost
    paid = (shared + sum(k / m for k, m in zip(own, found.multiples, strict=True))) / found.periods
    held = sum(h * lot / 2 for h, lot in zip(holding, found.lots, strict=True))
    assert paid + held == pytest.approx(found.cost)


def cheapest(demand: list[int], order_cost: float, holding: float) -> float:
    """Over every set of periods in which an order may come."""
    costs = []
    for comes in product((False, True), repeat=len(demand)):
        cost, since = 0.0, -1
        for period, (units, here) in enumerate(zip(demand, comes, strict=True)):
            since = period if here else since
            cost += order_cost * here
            cost += 0 if units == 0 else (holding * units * (period - since) if since >= 0 else np.inf)
        costs.append(cost)
    return min(costs)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=7), st.floats(0, 100), st.floats(0.1, 5))
@settings(max_examples=60)
def test_wagner_whitins_orders_cost_least_and_meet_all_demand_in_time(
    demand: list[int], order_cost: float, holding: float
) -> None:
    found = dynamic.wagner_whitin(demand, order_cost, holding)
    stock = np.cumsum(np.array(found.units) - np.array(demand))
    assert stock.min() >= 0
    assert stock[-1] == 0
    paid = order_cost * sum(units > 0 for units in found.units) + holding * stock.sum()
    assert paid == pytest.approx(found.cost)
    assert found.cost == pytest.approx(cheapest(demand, order_cost, holding))


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12),
    st.integers(-10, 30),
    st.lists(st.integers(0, 9), max_size=5),
    st.integers(1, 12),
    st.integers(1, 30),
)
def test_ordering_to_demand_is_in_time_and_no_lot_too_many(
    due: list[int], stock: int, coming: list[int], pack: int, moq: int
) -> None:
    lots = Lots(moq, pack)
    arrivals = dynamic.order_to_demand(due, stock, coming, lots)
    left = stock
    for period, units in enumerate(due):
        before = left + (coming[period] if period < len(coming) else 0) - units
        left = before + arrivals[period]
        assert left >= 0
        assert arrivals[period] % pack == 0
        assert arrivals[period] == 0 or (before < 0 and arrivals[period] >= moq)
        assert arrivals[period] == 0 or arrivals[period] == lots.least or left < pack


def owed(day: Pmf, stock: int, periods: int, arrives: int, units: int) -> float:
    """What is owed at the ends of the periods, together, when `units` come at the end of period `arrives`."""
    cost = 0.0
    for period in range(1, periods + 1):
        have = stock + (units if period > arrives else 0)
        pmf = total(day, period)
        cost += float(pmf @ np.maximum(np.arange(len(pmf)) - have, 0))
    return cost


@given(st.integers(-3, 12), st.integers(0, 5), st.floats(0.1, 20), st.integers(0, 4), st.floats(0, 60))
@settings(max_examples=40)
def test_a_rescue_saves_most_above_what_it_costs(
    stock: int, periods: int, backorder: float, arrives: int, fixed: float
) -> None:
    day = lead_time_pmf(1.5, 3.0)
    source = Source("air", arrives, fixed, 0.5)
    found = rescue(day, stock, periods, backorder, [source])
    waits = backorder * owed(day, stock, periods, arrives, 0)
    gains = [0.0] + [
        waits - backorder * owed(day, stock, periods, arrives, units) - fixed - 0.5 * units for units in range(1, 30)
    ]
    assert found.saves - found.costs == pytest.approx(max(gains), abs=1e-6)
    assert (found.source is None) == (found.units == 0)


def owned(day: Pmf, coming: int, since: int, units: int) -> float:
    """For how many period ends after `since` so many units more are there or serve what is owed, day by day."""
    sums, until = 0.0, total(day, since)
    for _ in range(400):
        until = added(until, day)
        sums += sum(float(until[: max(0, coming + k)].sum()) for k in range(1, units + 1))
    return sums


def expired(day: Pmf, there: int, periods: int, units: int) -> float:
    """How many units more are left after so many periods when there were so many units more."""
    sold = total(day, periods)
    left = [float(sold @ np.maximum(have - np.arange(len(sold)), 0)) for have in (there, there + units)]
    return left[1] - left[0]


@given(
    st.integers(-3, 12),
    st.integers(2, 6),
    st.integers(0, 1),
    st.integers(0, 25),
    st.floats(0.001, 1),
    st.integers(1, 8),
)
@settings(max_examples=25, deadline=None)
def test_a_rescue_pays_for_owning_its_units_until_they_sell(
    stock: int, periods: int, arrives: int, more: int, holding: float, life: int
) -> None:
    day, price, backorder = poisson(1.3), 2.0, 5.0
    coming = stock + more
    source = Source("air", arrives, 4.0, 0.1)
    owning = Owning(holding, coming, 9, life, price)

    found = rescue(day, stock, periods, backorder, [source], owning)

    best = (0.0, 0, 0.0, 0.0)
    none = owed(day, stock, periods, arrives, 0)
    for units in range(1, 10):
        helped = none - owed(day, stock, periods, arrives, units)
        thrown = max(expired(day, stock, arrives + life, units), expired(day, coming, periods + life, units))
        held = max(0.0, owned(day, coming, arrives, units) - helped)
        costs = 4.0 + 0.1 * units + holding * held + price * thrown
        best = max(best, (backorder * helped - costs, units, backorder * helped, costs))
    assert found.saves - found.costs == pytest.approx(best[0], abs=1e-6)
    if best[0] > 1e-6:
        assert found.units == best[1]
        assert found.saves == pytest.approx(best[2])
        assert found.costs == pytest.approx(best[3])


def test_no_room_no_rescue() -> None:
    day, air = poisson(2), Source("air", 1, 5)
    assert rescue(day, 0, 6, 10, [air]).units > 6
    assert rescue(day, 0, 6, 10, [air], Owning(room=4)).units == 4
    assert rescue(day, 0, 6, 10, [air], Owning(room=0)).source is None
    assert rescue(day, 0, 6, 10, [Source("air", 1, 5, lots=Lots(moq=5))], Owning(room=4)).source is None
    assert rescue(day, 0, 6, 10, [Source("air", 1, 5, lots=Lots(moq=10**9))]).source is None


def test_with_plenty_in_stock_one_waits() -> None:
    found = rescue(poisson(1), 30, 4, 10, [Source("air", 1, 5)])
    assert found == Rescue(None, 0, found.risk, found.risk, 0, 0)
    assert found.risk < 1e-9


def test_the_cheaper_transfer_is_taken_but_no_more_than_the_donor_can_spare() -> None:
    given_away = spare(9, poisson(4), 0.9)
    near = Source("other site", 0, 3, lots=Lots(most=given_away))
    found = rescue(poisson(2), 0, 3, 10, [Source("air", 1, 60), near])
    assert (found.source, found.units) == ("other site", given_away)
    assert found.risk_after < found.risk
    assert rescue(poisson(2), 0, 3, 10, [Source("other site", 0, 3, lots=Lots(most=0))]).source is None


@given(st.integers(0, 40), st.floats(0.5, 20), st.floats(0.5, 0.99))
def test_a_donor_keeps_what_its_own_promise_needs(stock: int, mean: float, level: float) -> None:
    until = poisson(mean)
    units = spare(stock, until, level)
    kept = stock - units
    assert units == 0 or until[: kept + 1].sum() >= level
    assert kept == 0 or until[:kept].sum() < level


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: dynamic.wagner_whitin([1, nan], 1, 1),
        lambda: dynamic.wagner_whitin([1, 2], 1, 0),
        lambda: dynamic.order_to_demand([1, -2]),
        lambda: joint.silver_cycle(10, [1], [0], [1]),
        lambda: joint.silver_cycle(10, [], [], []),
        lambda: joint.silver_cycle(0, [0], [1], [1]),
        lambda: joint.can_order_levels(nan, MEMBERS),
        lambda: joint.one_can_order(1, 0.5, Member(np.ones(1), np.ones(1), Costs(1, 1, 1))),
        lambda: rescue(poisson(1), 3, -1, 1, []),
        lambda: rescue(poisson(1), 3, 2, 0, []),
        lambda: Source("air", 1, nan),
        lambda: spare(3, poisson(1), 1),
    ],
)
def test_nonsense_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"[:;] \w"):
        wrong()
