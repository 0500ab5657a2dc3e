"""A back-test: a history lived through again day by day, each policy knowing only what was known by then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.planning import backtest_policies as policies
from cloud.core.planning.backtest import backtest, course, first_judged, lead_days, mended_ahead, tally
from cloud.core.planning.backtest_course import Bounds, Rules, Table, Whole, live
from cloud.core.planning.items import Item

BOLT = Item("bolt", 2.0, 5.0, 0.365, 2.0)


def rules(point: float, upto: float, lot: float = 0.0, rows: int = 1) -> Rules:
    return Rules(*(np.full(rows, one) for one in (point, upto, lot)))


def bounds(moq: float = 1.0, pack: float = 1.0, rows: int = 1) -> Bounds:
    return Bounds(np.full(rows, moq), np.full(rows, pack))


def days(*units: float) -> Table:
    return np.array([units])


def leads(demand: Table, lead: int) -> Whole:
    return np.full(demand.shape, lead, dtype=np.int64)


def made(rows: int, count: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.uniform(0.1, 6, (rows, 1)), (rows, count)).astype(np.float32)


def mended(some: list[Item]) -> policies.Learner:
    return policies.mended(some, [(30, 60)] * len(some))


def items(rows: int, sd_days: float = 0.0) -> list[Item]:
    return [Item(f"sku {row}", 1.0 + row, 20.0, 0.25, float(2 + 3 * row), sd_days) for row in range(rows)]


def test_four_days_reckoned_by_hand() -> None:
    """At 2 or less up to 5, two days on the way. Evenings: 3; 1 and 4 ordered; 1 owed; 4 come, 4 ordered, 1 left; 1."""
    demand = days(2, 2, 2, 2, 0)
    found = live(demand, leads(demand, 2), lambda day: rules(2, 5), bounds(), first=0)

    assert (found.asked[0], found.given[0], found.lost[0]) == (8, 5, 0)
    assert (found.begin[0], found.end[0], found.end_on_order[0]) == (5, 1, 4)
    assert (found.orders[0], found.ordered[0], found.arrived[0]) == (2, 8, 4)
    assert found.short_days[0] == 2
    assert found.stock_days[0] == 3 + 1 + 0 + 1 + 1


def test_what_is_lost_comes_never_back() -> None:
    demand = days(9, 0, 0)
    owing = live(demand, leads(demand, 0), lambda day: rules(-20, -20), bounds(), first=0)
    losing = live(demand, leads(demand, 0), lambda day: rules(-20, -20), bounds(), first=0, lost=True)

    assert (owing.end[0], owing.lost[0]) == (-9, 0)
    assert (losing.end[0], losing.lost[0]) == (0, 9)


def test_money_is_the_evenings_stock_times_its_cost_and_the_orders() -> None:
    demand = days(2, 2, 2, 2, 0)
    found = tally("x", [BOLT], live(demand, leads(demand, 2), lambda day: rules(2, 5), bounds(), first=0), days=5)

    assert found.holding_cost == pytest.approx(6 * 2.0 * 0.365 / 365)
    assert found.ordering_cost == 2 * 5.0
    assert (found.fill, found.stock_value) == (5 / 8, 6 * 2.0 / 5)


@given(
    st.integers(0, 10_000),
    st.integers(0, 9),
    st.integers(-3, 20),
    st.integers(1, 30),
    st.booleans(),
    st.booleans(),
    st.integers(1, 7),
    st.integers(1, 12),
    st.integers(0, 30),
)
@settings(max_examples=80, deadline=None)
def test_nothing_comes_from_nowhere_and_nothing_goes_missing(
    seed: int, lead: int, point: int, lot: int, by_lots: bool, lost: bool, pack: int, moq: int, first: int
) -> None:
    demand = made(3, 60, seed)
    spread = np.floor(np.random.default_rng(seed).uniform(0, lead + 1, demand.shape)).astype(np.int64)
    fixed = rules(point, point + lot, lot if by_lots else 0, rows=3)
    found = live(demand, spread, lambda day: fixed, bounds(moq, pack, rows=3), first, lost)

    assert found.end == pytest.approx(found.begin + found.arrived - found.asked + found.lost)
    assert found.end_on_order == pytest.approx(found.begin_on_order + found.ordered - found.arrived)
    assert found.asked == pytest.approx(demand[:, first:].sum(axis=1))
    assert (found.given <= found.asked).all()
    assert (found.ordered % pack == 0).all()
    assert (found.ordered >= found.orders * moq).all()


@given(st.integers(0, 10_000), st.integers(0, 6), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_who_knows_the_future_is_never_short_and_never_holds_more_than_who_is_not_short_either(
    seed: int, lead: int, level: int
) -> None:
    demand = made(4, 50, seed)
    ahead = np.concatenate([demand, np.zeros((4, lead + 2))], axis=1)

    def foresee(day: int) -> Rules:
        upto = ahead[:, day + 1 : day + lead + 2].sum(axis=1)
        return Rules(upto - 1, upto, np.zeros(4))

    warm_up = lead + 1  # before, orders of those days can not have come
    knowing = live(demand, leads(demand, lead), foresee, bounds(rows=4), warm_up)
    guessing = live(demand, leads(demand, lead), lambda day: rules(level - 1, level, rows=4), bounds(rows=4), warm_up)

    assert (knowing.short_days == 0).all()
    assert (knowing.given >= guessing.given).all()
    never_short = (guessing.short_days == 0) & (guessing.end >= 0)
    last = ahead[:, demand.shape[1] - 1]  # whose evening is the last: nobody needs stock for the day after it
    assert (knowing.stock_days[never_short] <= guessing.stock_days[never_short] + last[never_short]).all()


@pytest.mark.parametrize("make", [policies.proposed, policies.min_max, policies.eoq_and_z, mended])
def test_a_history_that_changes_later_changes_no_earlier_decision(
    make: Callable[[list[Item]], policies.Learner],
) -> None:
    units = made(4, 120, seed=5)
    other = units.copy()
    other[:, 100:] = 50.0
    learner = make(items(4))
    seen: list[list[Rules]] = [[], []]
    for table, kept in zip((units, other), seen, strict=True):

        def learn(known: Table, kept: list[Rules] = kept) -> Rules:
            kept.append(learner(known))
            return kept[-1]

        course(items(4), table, 72, learn)

    same = [np.array_equal(one, another) for one, another in zip(*seen, strict=True)]
    assert same == [True, True], "learnt on days 72 and 100, of the days before them"
    assert not np.array_equal(learner(units), learner(other))


def test_all_policies_meet_the_same_lead_times_whatever_other_skus_there_are() -> None:
    some = items(3, sd_days=2.0)
    drawn = lead_days(some, 400, seed=9)

    assert np.array_equal(drawn[1:], lead_days(some[1:], 400, seed=9))
    assert not np.array_equal(drawn, lead_days(some, 400, seed=10))
    assert drawn.min() >= 0
    assert np.abs(drawn.mean(axis=1) - [2, 5, 8]).max() < 0.4
    assert (lead_days([Item("nut", 1, 1, 0.2, 2.2)], 5, seed=9) == 3).all()


def test_every_policy_is_judged_on_the_same_days_and_the_one_in_force_only_where_there_is_one() -> None:
    units = made(3, 100, seed=2)
    names = [one.policy for one in backtest(items(3), units, first_judged(100))]
    with_levels = backtest(items(3), units, first_judged(100), levels=[(5, 20)] * 3)

    assert names == ["proposed", "min_max", "eoq_and_z"]
    assert [one.policy for one in with_levels] == ["proposed", "in_force", "mended", "min_max", "eoq_and_z"]
    assert {(one.skus, one.days, one.asked) for one in with_levels} == {(3, 40, float(units[:, 60:].sum()))}


def test_what_somebody_set_by_hand_is_not_what_is_proposed() -> None:
    known, free = made(3, 90, seed=4), items(3)
    by_hand = [replace(one, reorder_point=500, order_quantity=900) for one in free]

    assert all(map(np.array_equal, policies.proposed(by_hand)(known), policies.proposed(free)(known)))


@pytest.mark.parametrize("make", [policies.proposed, policies.min_max, policies.eoq_and_z])
@given(st.integers(1, 400), st.integers(1, 40), st.sampled_from([1, 6]), st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_no_policy_that_is_reckoned_orders_more_than_fits_on_the_shelves(
    make: Callable[[list[Item]], policies.Learner], capacity: int, moq: int, pack: int, seed: int
) -> None:
    some = [replace(one, capacity=capacity, moq=moq, pack=pack) for one in items(3)]
    found = make(some)(made(3, 60, seed))
    least = -(-moq // pack) * pack

    assert (found.upto <= max(capacity, least)).all()
    assert (found.point <= max(0, capacity - least)).all()
    assert (found.lot % pack == 0).all()


def test_days_that_are_not_known_are_neither_learnt_from_nor_judged() -> None:
    known = made(3, 120, seed=3)
    hidden = known.copy()
    hidden[:, [20, 21, 100]] = np.nan

    for one in backtest(items(3), hidden, 72, levels=[(5, 20)] * 3):
        assert one.asked == float(np.nansum(hidden[:, 72:]))
    for make in (policies.proposed, policies.eoq_and_z):
        away, as_nothing = (make(items(3))(table) for table in (hidden, np.nan_to_num(hidden)))
        assert (away.upto > as_nothing.upto).all()


def test_levels_mended_beforehand_of_all_skus_are_those_mended_as_the_days_go_by() -> None:
    units, some, levels = made(4, 130, seed=6), items(4), [(30, 60)] * 4
    ahead = mended_ahead(some, units, 72, levels)
    whole = backtest(some, units, 72, levels)
    given = backtest(some, units, 72, levels, mended=policies.learnt(ahead))

    assert [*ahead] == [72, 100, 128]
    assert given == whole


def test_skus_judged_apart_add_up_to_skus_judged_together() -> None:
    units, some = made(4, 120, seed=8), items(4, sd_days=1.0)
    whole = backtest(some, units, 72)
    parts = [backtest(some[part], units[part], 72) for part in (slice(0, 1), slice(1, 4))]

    for one, first, rest in zip(whole, *parts, strict=True):
        added = first.plus(rest)
        assert (added.skus, added.orders, added.stockout_days) == (one.skus, one.orders, one.stockout_days)
        assert added.value_days == pytest.approx(one.value_days)


def test_a_day_that_leaves_nothing_to_learn_from_is_refused() -> None:
    for first in (0, 30, 31):
        with pytest.raises(ValueError, match="days before and after are needed"):
            backtest(items(1), made(1, 30, seed=1), first)


def test_what_never_sold_before_is_not_stocked_and_what_is_owed_of_it_is_ordered() -> None:
    units = np.zeros((1, 88), dtype=np.float32)
    units[0, 80] = 3  # it is learnt again on day 88
    found = course(items(1), units, 60, policies.proposed(items(1)))

    assert (found.stock_days[0], found.given[0]) == (0, 0)
    assert (found.ordered[0], found.end[0]) == (3, 0)


def test_a_reorder_point_by_hand_is_the_policy_in_force() -> None:
    table = made(2, 200, 5)
    some = [replace(one, reorder_point=0, order_quantity=1) for one in items(2)]
    by_name = {one.policy: one for one in backtest(some, table, 120)}

    assert by_name["in_force"].fill < by_name["proposed"].fill
    assert by_name["proposed"] == backtest(items(2), table, 120)[0]
    assert "in_force" not in {one.policy for one in backtest(items(2), table, 120)}
