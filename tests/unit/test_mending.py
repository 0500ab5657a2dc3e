"""Min and Max that somebody set, mended by a history: the same money, where it serves most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.planning.backtest import backtest
from cloud.core.planning.items import Item
from cloud.core.planning.mending import BUDGET, MOST_TIMES, mend, windows

DAYS = 400


def parts(costs: list[float], lead: float = 9.0) -> list[Item]:
    return [Item(f"part {at}", cost, 5.0, 0.25, lead) for at, cost in enumerate(costs)]


def sold(rows: list[dict[int, float]], days: int = DAYS) -> np.ndarray:
    units = np.zeros((len(rows), days), dtype=np.float32)
    for row, used in enumerate(rows):
        units[row, list(used)] = list(used.values())
    return units


def test_what_lead_times_asked_for_is_counted_backwards_from_the_last_day() -> None:
    known = np.array([[np.nan, 9, 1, 2, 0, 0, 5], [0, 0, 0, 0, 0, 0, 0]])
    seen = windows(known, np.array([3, 2]))

    assert seen.times.tolist() == [2, 3], "whole ones, of the days on which the SKU was there"
    assert (seen.row.tolist(), seen.units.tolist()) == ([0, 0], [5, 12])


def test_money_goes_from_a_dear_part_that_needs_less_to_a_cheap_one_that_needs_more() -> None:
    """A cheap part that lead times ask for 40 of, with 5 on the shelf; a dear one of which one at a time is used."""
    units = sold([dict.fromkeys(range(5, DAYS, 20), 40), dict.fromkeys(range(5, DAYS, 40), 1)])
    found = mend(parts([0.5, 900.0]), [(4, 5), (9, 10)], units)

    assert found.high[0] >= 40
    assert 1 <= found.high[1] < 10


def test_no_max_is_raised_above_what_fits_on_the_shelves() -> None:
    units = sold([dict.fromkeys(range(5, DAYS, 20), 40), dict.fromkeys(range(5, DAYS, 40), 1)])
    free = mend(parts([0.5, 900.0]), [(4, 5), (9, 10)], units)
    small = [replace(one, capacity=20) for one in parts([0.5, 900.0])]
    found = mend(small, [(4, 5), (9, 10)], units)
    full = mend(small, [(24, 25), (9, 10)], units)

    assert free.high[0] > 20
    assert found.high[0] == 20
    assert full.high[0] <= 25, "what somebody set too high is no reason to raise it"


def test_what_was_never_asked_for_is_kept_as_somebody_meant_it_but_for_what_is_dear() -> None:
    """Of what all SKUs' levels say of their use, the cheap one is given more and the dear one less; never nothing."""
    random = np.random.default_rng(3)
    costs = [1.0, 2000.0, *np.exp(random.uniform(0, 5, 60)).tolist()]
    units = sold([{}, {}, *({int(day): 6.0 for day in random.integers(0, DAYS, 12)} for _ in range(60))])
    found = mend(parts(costs), [(3, 4)] * 62, units)

    assert found.high[0] > 4
    assert 1 <= found.high[1] < 4


def test_levels_that_are_all_far_too_low_stay_for_there_is_no_money_to_move() -> None:
    units = np.random.default_rng(2).poisson(5, (6, 200)).astype(np.float32)
    found = mend(parts([5.0] * 6), [(3, 9)] * 6, units)

    assert (found.low.tolist(), found.high.tolist()) == ([3] * 6, [9] * 6)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_whatever_the_history_levels_stay_whole_bounded_and_affordable(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 30))
    units = np.floor(random.gamma(0.3, 3, (count, 120)) * (random.random((count, 120)) < 0.1)).astype(np.float32)
    units[0, : int(random.integers(0, 120))] = np.nan
    items = parts(np.exp(random.uniform(-2, 7, count)).tolist(), float(random.integers(0, 150)))
    low = random.integers(-3, 20, count).astype(float)
    high = low + random.integers(0, 15, count)
    found = mend(items, list(zip(low, high, strict=True)), units)

    point, kept = np.minimum(low, high - 1), np.minimum(low, high - 1) + 1
    assert (found.low == np.floor(found.low)).all()
    assert (found.high > found.low).all()
    assert (found.high - found.low == np.maximum(high - low, 1)).all(), "lots stay as they are"
    assert (found.low[kept < 1] == point[kept < 1]).all(), "what is not kept on the shelf is not from now on"
    assert (found.low[kept >= 1] >= 0).all(), "what is, stays"
    most = np.nansum(units, axis=1)
    assert (found.low + 1 <= MOST_TIMES * np.maximum(most, np.maximum(kept, 1))).all()


def test_the_money_expected_in_stock_is_within_the_budget() -> None:
    """Nothing is used of any of them, so the stock is what the levels say."""
    items = parts([10.0, 20.0, 30.0, 40.0])
    found = mend(items, [(29, 30)] * 4, sold([{}, {}, {}, {}]))

    assert found.high @ [10, 20, 30, 40] <= BUDGET * 30 * 100 + 1e-9


def test_a_back_test_of_parts_that_are_needed_now_and_then_gives_more_for_no_more_money() -> None:
    """Three hundred parts whose levels know nothing of price or use; the last days are judged."""
    random = np.random.default_rng(11)
    size = random.integers(1, 12, (300, 1))
    units = np.where(random.random((300, 700)) < 0.01, random.poisson(size, (300, 700)), 0).astype(np.float32)
    items = parts(np.exp(random.uniform(-1, 6, 300)).tolist(), lead=30.0)
    came = {one.policy: one for one in backtest(items, units, 420, levels=[(3, 6)] * 300)}

    assert came["mended"].fill > came["in_force"].fill + 0.02
    assert came["mended"].stock_value <= came["in_force"].stock_value


@pytest.mark.parametrize("known", [np.zeros((2, 0)), np.full((2, 50), np.nan), np.zeros((2, 3))])
def test_of_a_history_that_says_nothing_levels_follow_the_price_of_money_alone(known: np.ndarray) -> None:
    found = mend(parts([1.0, 1.0]), [(2, 3), (-1, 0)], known)

    assert found.high.tolist() == [3, 0] or found.high[0] in (1, 2)
    assert found.low[1] == -1
