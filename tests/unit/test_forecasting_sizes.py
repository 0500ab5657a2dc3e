"""The sizes of single days: believed where they foretell each other better than the negative binomial does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.forecasting import sizes
from cloud.core.forecasting.daily import forecast

RANDOM = np.random.default_rng(5)
DAYS = 180


def by_sixes(rows: int = 20, mean: float = 0.2, days: int = DAYS) -> np.ndarray:
    return 6.0 * RANDOM.poisson(mean, (rows, days))


def believed(units: np.ndarray, hidden: np.ndarray | None = None) -> list[bool]:
    return [bool(one) for one in forecast(units, hidden).sizes]


@pytest.mark.parametrize("mean", [0.3, 1.0, 4.0, 20.0])
def test_ordinary_histories_are_told_by_the_negative_binomial(mean: float) -> None:
    units = RANDOM.negative_binomial(0.5 * mean, 1 / 3, (60, DAYS)).astype(float)
    assert sum(believed(units)) <= 3


def test_purchases_in_sixes_are_believed() -> None:
    found = forecast(by_sixes()).sizes
    assert sum(map(bool, found)) >= 18
    assert {units % 6 for one in found for units, _ in one} == {0}


def test_a_short_history_is_not_believed() -> None:
    assert not any(believed(by_sixes(days=30)))


def test_days_of_another_kind_are_not_believed() -> None:
    moved = by_sixes(mean=0.5)
    moved[:, :60] = 0.0
    moved[:, 60:120] = 6.0 * RANDOM.poisson(4.0, (20, 60))
    rising = 6.0 * RANDOM.poisson(np.linspace(0.05, 1.5, DAYS), (20, DAYS))
    weekly = 6.0 * RANDOM.poisson(np.tile([2.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 26)[:DAYS], (20, DAYS))
    for units in (moved, rising, weekly):
        assert sum(believed(units)) <= 2


def test_days_out_of_stock_are_not_counted() -> None:
    units = by_sixes(rows=1)
    units[0, 100:] = 0.0
    hidden = np.zeros(units.shape, dtype=bool)
    hidden[0, 100:] = True
    (found,) = forecast(units, hidden).sizes
    assert sum(days for _, days in found) == 100


def test_demand_in_parts_of_a_unit_has_no_sizes() -> None:
    assert not any(believed(by_sixes() / 4 + 0.1))


def test_quantiles_of_sixes_are_sixes_and_those_of_a_longer_time_no_less() -> None:
    units = by_sixes(rows=40)
    levels = (0.9, 0.95, 0.99)
    short, long = (forecast(units, None, days, levels) for days in (3, 30))
    rows = [row for row, one in enumerate(short.sizes) if one]
    assert np.mean(short.quantiles[rows] % 6 == 0) > 0.85
    assert (np.diff(short.quantiles, axis=1) >= 0).all()
    assert (long.quantiles >= short.quantiles).all()


def test_quantiles_of_boxes_come_as_often_as_they_say() -> None:
    units = np.where(RANDOM.random((400, 365)) < 0.15, 24.0, 0.0)
    units[:, :10] += RANDOM.integers(1, 3, (400, 10))  # a little of everything
    told = forecast(units[:, :351], None, 14, (0.9, 0.95))
    came = units[:, 351:].sum(axis=1)
    for level, column in zip((0.9, 0.95), told.quantiles.T, strict=True):
        assert level - 0.04 <= (came <= column).mean()


def test_evidence_grows_with_what_was_seen() -> None:
    few, some, many = (sizes.evidence(sizes.told(((0, 8 * n), (6, 2 * n)))) for n in (1, 10, 100))
    assert few < some < many
    assert some > sizes.EVIDENCE


@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=15),
    st.floats(0, 80),
    st.floats(0, 400),
)
def test_a_sum_of_an_uncertain_number_of_days_is_a_pmf_of_the_right_mean(
    weights: list[float], periods: float, spread: float
) -> None:
    one = np.array(weights) / sum(weights)
    found = sizes.compounded(one, periods, min(spread, periods**2 / 4))
    units = np.arange(len(found))
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert float(found @ units) == pytest.approx(periods * float(one @ np.arange(len(one))), rel=2e-2, abs=1e-6)
