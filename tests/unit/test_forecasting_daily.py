"""Forecasts of daily demand: what the planner relies on, whatever the history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud.core.forecasting import classes, daily, levels
from cloud.core.forecasting.history import Array

TAUS = (0.5, 0.8, 0.9, 0.95, 0.99)

histories = st.integers(1, 120).flatmap(
    lambda days: st.lists(st.integers(0, 60), min_size=days, max_size=days).map(lambda one: np.array([one], float))
)
sparse = st.integers(1, 200).flatmap(
    lambda days: st.lists(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 40]), min_size=days, max_size=days).map(
        lambda one: np.array([one], float)
    )
)


def shop(skus: int = 60, days: int = 200, seed: int = 1) -> Array:
    """Demand of SKUs from slow to fast, by chance."""
    rng = np.random.default_rng(seed)
    rates = np.geomspace(0.05, 20, skus)[:, None]
    return np.asarray(rng.negative_binomial(rates, 0.5, (skus, days)), dtype=np.float64)


def test_nothing_ever_sold_is_forecast_as_nothing() -> None:
    told = daily.forecast(np.zeros((1, 400)), None, 14, TAUS)

    assert told.total[0] == 0
    assert told.quantiles.tolist() == [[0.0] * 5]
    assert classes.CLASSES[told.pattern.kind[0]] == "none"
    assert levels.METHODS[told.levels.method[0]] == "none"


def test_one_day_of_history_is_enough_to_say_something() -> None:
    told = daily.forecast([[3.0]], None, 7, TAUS)

    assert told.total[0] == pytest.approx(21)
    assert told.quantiles[0, 3] > 21


def test_no_day_of_history_is_a_forecast_of_nothing() -> None:
    unborn = daily.forecast(np.full((2, 30), np.nan), None, 7, TAUS)
    empty = daily.forecast(np.empty((3, 0)), None, 7, TAUS)

    assert unborn.total.tolist() == [0.0, 0.0]
    assert unborn.quantiles.max() == 0
    assert empty.quantiles.shape == (3, 5)


def test_no_skus_are_no_forecasts() -> None:
    assert daily.forecast(np.empty((0, 30))).quantiles.shape == (0, 3)
    assert list(daily.forecast_blocks(np.empty((0, 30)))) == []


def test_a_constant_demand_is_forecast_as_itself_with_little_to_spare() -> None:
    told = daily.forecast(np.full((1, 730), 5.0), None, 14, (0.95,))

    assert told.total[0] == pytest.approx(70, rel=1e-6)
    assert 70 <= told.quantiles[0, 0] <= 74


def test_days_before_an_sku_existed_count_as_nothing_known() -> None:
    units = shop()
    later = np.concatenate([np.full((60, 165), np.nan), units], axis=1)

    told, same = daily.forecast(later, None, 10, TAUS), daily.forecast(units, None, 10, TAUS)

    assert told.total == pytest.approx(same.total)
    assert told.quantiles.tolist() == same.quantiles.tolist()


@settings(deadline=None)
@given(units=histories | sparse, horizon=st.integers(1, 60), times=st.sampled_from([0.5, 4.0, 50.0]))
@example(units=np.array([[0.0, 3.0, 60.0, 0.0, 0.0, 7.0] * 9]), horizon=31, times=1000.0)
@example(units=np.array([[0.0, 0.0, 0.0, 40.0, 0.0, 0.0, 1.0] * 9]), horizon=7, times=1000.0)
def test_the_mean_does_not_care_for_the_unit_of_measure(units: Array, horizon: int, times: float) -> None:
    once, other = daily.forecast(units, None, horizon), daily.forecast(units * times, None, horizon)

    assert other.total == pytest.approx(once.total * times, rel=1e-6)


@settings(deadline=None)
@given(units=histories | sparse, horizon=st.integers(1, 90))
def test_a_higher_chance_never_asks_for_less(units: Array, horizon: int) -> None:
    told = daily.forecast(units, None, horizon, TAUS)

    assert (np.diff(told.quantiles, axis=1) >= 0).all()
    assert np.isfinite(told.quantiles).all()
    assert (told.quantiles == np.floor(told.quantiles)).all()
    assert told.total[0] >= 0


@settings(max_examples=60, deadline=None)
@given(units=histories | sparse)
def test_a_longer_lead_time_never_asks_for_less(units: Array) -> None:
    horizons = np.array([1, 2, 3, 5, 7, 8, 13, 21, 28, 45, 90])

    told = daily.forecast(np.repeat(units, len(horizons), axis=0), None, horizons, TAUS)

    assert (np.diff(told.total) >= -1e-9).all()
    assert (np.diff(told.quantiles, axis=0) >= 0).all()


def test_seldom_large_days_are_asked_for_whole_however_long_the_lead_time() -> None:
    """Between the sizes that are sold there is no chance, and no quantile."""
    days = np.zeros(131)
    days[[23, 24, 38, 54, 77, 88, 96, 110]] = 40.0
    days[[16, 17, 18, 19, 35, 36, 46, 58, 64, 65, 66, 73, 95, 106, 107, 118, 122]] = 1.0
    days[[20, 21, 22, 37, 47, 48, 53, 59, 60, 61, 89, 101, 104, 112, 115]] = 2.0
    horizons = np.array([1, 2, 3, 5, 7])

    told = daily.forecast(np.repeat(days[None, :], 5, axis=0), None, horizons, TAUS)

    assert told.sizes[0], "the sizes are believed"
    assert (np.diff(told.quantiles, axis=0) >= 0).all()
    assert ((told.quantiles < 20) | (told.quantiles >= 40)).all()


def test_later_days_change_no_earlier_forecast() -> None:
    units, other = shop(), shop()
    other[:, 150:] = 7 * other[:, 150:] + 3

    calibration, same = daily.learn(units[:, :150], None, 14), daily.learn(other[:, :150], None, 14)
    told = daily.forecast(units[:, :150], None, 14, TAUS, calibration)
    again = daily.forecast(other[:, :150], None, 14, TAUS, same)

    assert calibration.came.tolist() == same.came.tolist()
    assert told.quantiles.tolist() == again.quantiles.tolist()


def test_learning_looks_at_each_past_day_with_what_was_known_then(monkeypatch: pytest.MonkeyPatch) -> None:
    units, seen = shop(20, 120), []
    tell = daily._told

    def watched(history: Any, horizon: Any) -> Any:
        seen.append(history.units.shape[1])
        assert (history.units == units[:, : history.units.shape[1]]).all()
        return tell(history, horizon)

    monkeypatch.setattr(daily, "_told", watched)
    daily.learn(units, None, 14)

    assert seen == [106, 92, 78, 64, 50, 36]


def test_one_sku_alone_is_forecast_as_among_all() -> None:
    units, horizon = shop(), np.arange(60) % 30 + 1
    calibration = daily.learn(units, None, horizon)

    together = daily.forecast(units, None, horizon, TAUS, calibration)

    for row in (0, 17, 59):
        alone = daily.forecast(units[row : row + 1], None, int(horizon[row]), TAUS, calibration)
        assert alone.total[0] == pytest.approx(together.total[row])
        assert alone.quantiles[0].tolist() == together.quantiles[row].tolist()


def test_blocks_are_the_same_forecasts(monkeypatch: pytest.MonkeyPatch) -> None:
    units, hidden = shop().astype(np.float32), np.zeros((60, 200), dtype=bool)
    hidden[5, 90:120] = True
    monkeypatch.setattr(daily, "BLOCK", 25)

    blocks = list(daily.forecast_blocks(units, hidden, 9))

    whole = daily.forecast(units, hidden, 9, calibration=daily.learn(units, hidden, 9))
    assert [(part.start, part.stop) for part, _ in blocks] == [(0, 25), (25, 50), (50, 60)]
    assert np.concatenate([one.quantiles for _, one in blocks]).tolist() == whole.quantiles.tolist()


def test_days_out_of_stock_are_not_taken_for_no_demand() -> None:
    units = shop(40, 300)
    hidden = np.zeros(units.shape, dtype=bool)
    hidden[:, 240:] = True
    gone = np.where(hidden, 0.0, units)

    knowing, fooled = daily.forecast(gone, hidden, 14), daily.forecast(gone, None, 14)

    assert float(knowing.total.sum()) == pytest.approx(14 * float(units[:, :240].mean(axis=1).sum()), rel=0.1)
    assert float(fooled.total.sum()) < 0.3 * float(knowing.total.sum())
    assert (knowing.days == 240).all()


def test_what_was_sold_on_a_censored_day_does_not_matter() -> None:
    units, hidden = shop(10, 120), np.zeros((10, 120), dtype=bool)
    hidden[:, 30:50] = True
    other = np.where(hidden, 999.0, units)

    assert daily.forecast(units, hidden).total == pytest.approx(daily.forecast(other, hidden).total)
    assert daily.forecast(units, hidden).quantiles.tolist() == daily.forecast(other, hidden).quantiles.tolist()


def test_the_weekday_decides_over_a_short_horizon() -> None:
    rng = np.random.default_rng(4)
    week = np.array([9.0, 1, 1, 1, 1, 1, 0])
    units = rng.poisson(np.tile(week, 40), (30, 280)).astype(float)

    first, second, whole = (float(daily.forecast(units, None, days).total.mean()) for days in (1, 2, 7))

    assert first == pytest.approx(9, rel=0.1)
    assert second - first == pytest.approx(1, abs=0.5)
    assert whole == pytest.approx(14, rel=0.05)


def test_the_dying_are_not_forecast_by_what_they_once_sold() -> None:
    rng = np.random.default_rng(5)
    rate = np.concatenate([np.full(200, 0.8), 0.8 * 0.5 ** (np.arange(120) / 40)])
    units = rng.poisson(rate, (200, 320)).astype(float)

    told = daily.forecast(units, None, 14)
    left = 0.8 * 0.5**3 * 14

    assert float((told.pattern.kind == classes.DYING).mean()) > 0.6
    assert float(told.total.mean()) < 1.6 * left
    assert 14 * float(units.mean()) > 4 * left


def test_a_plain_trend_is_followed() -> None:
    rng = np.random.default_rng(6)
    units = rng.poisson(4 * np.exp(0.006 * np.arange(365)), (60, 365)).astype(float)
    truth = float((4 * np.exp(0.006 * np.arange(365, 379))).sum())

    told = daily.forecast(units, None, 14)

    assert float((told.levels.method == levels.LINE).mean()) > 0.9
    assert float(told.total.mean()) == pytest.approx(truth, rel=0.08)


def test_recalibration_mends_what_the_distribution_gets_wrong() -> None:
    rng = np.random.default_rng(7)
    days, skus = 300, 600
    # Customers come in waves of some weeks, which no day's variance tells of.
    waves = np.repeat(rng.gamma(0.5, 2, (skus, days // 15)), 15, axis=1)
    units = rng.poisson(3 * waves).astype(float)
    past, came = units[:, :285], units[:, 285:].sum(axis=1)

    plain = daily.forecast(past, None, 15, (0.95,)).quantiles[:, 0]
    learnt = daily.forecast(past, None, 15, (0.95,), daily.learn(past, None, 15)).quantiles[:, 0]

    assert float((came <= plain).mean()) < 0.92
    assert float((came <= learnt).mean()) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([1.0, -2.0, 3.0], "row 1, day 1: -2: negative demand"),
        ([1.0, np.inf, 3.0], "row 1, day 1: inf: more than"),
        ([1.0, -np.inf, 3.0], "row 1, day 1: -inf: negative"),
        ([1.0, 1e10, 3.0], "row 1, day 1: 1e.10: more than"),
        ([1.0, np.nan, 3.0], "row 1, day 1: nan: no number after"),
        ([1.0, 2.0, np.nan], "row 1, day 2: nan: no number after"),
    ],
)
def test_bad_units_are_refused_with_their_row_and_day(row: list[float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        daily.forecast([[1.0, 2.0, 3.0], row, [0.0, 0.0, 0.0]])


def test_of_many_bad_rows_the_first_is_named_and_the_others_are_counted() -> None:
    with pytest.raises(ValueError, match=r"row 0, day 1.*and 2 more rows"):
        daily.forecast([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"units": [1.0, 2.0]}, "table of SKUs x days"),
        ({"censored": [[True, False]]}, "one mark for every day"),
        ({"horizon_days": 0}, "whole days"),
        ({"horizon_days": [3, 2.5]}, "row 1: a horizon of 2.5"),
        ({"horizon_days": [3, np.nan]}, "row 1: a horizon of nan"),
        ({"horizon_days": [3, 3, 3]}, "one an SKU"),
        ({"taus": (0.5, 1.0)}, "below 1"),
        ({"taus": (np.nan,)}, "below 1"),
    ],
)
def test_bad_questions_are_refused(given: dict[str, Any], why: str) -> None:
    asked = {"units": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]} | given

    with pytest.raises(ValueError, match=why):
        daily.forecast(**asked)
