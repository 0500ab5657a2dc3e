"""Demand by whole weeks and months, and forecasts of it by the method whose own past errors were least."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from cloud.core.forecasting import choose, periods
from cloud.core.forecasting.choose import METHOD, METHODS

MONDAY = date(2025, 11, 3)


def test_only_whole_weeks_from_monday_are_summed() -> None:
    days = np.arange(1.0, 21.0)[None, :]  # Thursday to a Tuesday: 4 days, two weeks, 2 days

    found = periods.sums(days, (MONDAY - timedelta(4)).toordinal(), "week")

    assert found.units.tolist() == [[sum(range(5, 12)), sum(range(12, 19))]]
    assert found.begins == [MONDAY, MONDAY + timedelta(7), MONDAY + timedelta(14)]


def test_months_are_those_of_the_calendar() -> None:
    first, after = date(2023, 12, 31), date(2024, 3, 31)
    days = np.ones((1, (after - first).days))

    found = periods.sums(days, first.toordinal(), "month")

    assert found.units.tolist() == [[31.0, 29.0]]  # March lacks its last day
    assert found.begins[-1] == date(2024, 3, 1)
    assert periods.ends(found.begins[-1], 3, "month") == date(2024, 5, 31)
    assert periods.ends(MONDAY, 2, "week") == date(2025, 11, 16)


def test_less_than_a_month_has_no_whole_one() -> None:
    assert periods.sums(np.ones((2, 20)), date(2025, 11, 3).toordinal(), "month").units.shape == (2, 0)


def test_a_part_of_a_first_week_is_not_taken_for_a_whole_one() -> None:
    days = np.ones((1, 21))
    days[0, :9] = np.nan  # first seen on a Wednesday

    found = periods.sums(days, MONDAY.toordinal(), "week").units

    assert np.isnan(found[0, :2]).all()
    assert found[0, 2] == 7


def test_days_that_are_not_known_are_no_days_without_demand() -> None:
    days = np.full((1, 42), 2.0)
    days[0, 8:10] = np.nan
    days[0, 21:28] = np.nan
    days[0, 28:35] = 4.0

    found = periods.sums(days, MONDAY.toordinal(), "week").units

    assert found[0].tolist() == [14.0, 14.0, 14.0, 21.0, 28.0, 14.0]  # two days as the others, a week between two


def test_the_method_is_that_whose_past_errors_were_least() -> None:
    rng = np.random.default_rng(3)
    level = rng.normal(100, 1, (1, 60)) + np.repeat([0.0, 400.0], 30)  # a lasting step: trends run on from it
    line = 5 * np.arange(60.0)[None, :] + rng.normal(100, 1, (1, 60))

    stays, grows = (periods.follow(rows, 1, 4, [0.5]) for rows in (level, line))

    assert set(stays.method + grows.method) <= set(METHODS)
    assert grows.units[0] == pytest.approx(100 + 5 * np.arange(60, 64), rel=0.02)
    assert grows.method[0] != "ses"
    assert stays.units[0] == pytest.approx(np.full(4, 500.0), rel=0.03)


def test_where_no_method_was_clearly_better_it_is_the_median_of_three() -> None:
    units = np.random.default_rng(4).poisson(40, (60, 40)).astype(float)
    told = periods.follow(units, 1, 4, [0.5, 0.9])

    assert told.method.count(METHOD) > 30
    at = told.method.index(METHOD)
    assert told.units[at] == pytest.approx(choose.follow(units[at : at + 1], 1, 4).units[0])


def test_quantiles_of_the_total_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(9)
    mean = rng.uniform(5, 80, (1000, 1))
    units = rng.negative_binomial(mean / 2, 1 / 3, (1000, 44)).astype(float)

    told = periods.follow(units[:, :40], 1, 4, [0.5, 0.9, 0.95])
    held = (units[:, 40:].sum(axis=1)[:, None] <= told.quantiles).mean(axis=0)

    assert held == pytest.approx([0.5, 0.9, 0.95], abs=0.06)
    assert told.came == pytest.approx([0.5, 0.9, 0.95], abs=0.04)
    assert told.cases == 1000 * periods.ORIGINS


def test_what_is_still_to_come_changes_nothing() -> None:
    units = np.random.default_rng(8).poisson(30, (5, 48)).astype(float)
    young = units.copy()
    young[2, :20] = np.nan

    together, alone = (periods.follow(rows, 12, 6, [0.9]) for rows in (young, young[2:3]))

    assert together.units[2] == pytest.approx(alone.units[0])
    assert together.method[2] == alone.method[0]


def test_a_single_period_is_forecast_and_none_is_told_to_be_none() -> None:
    told = periods.follow([[7.0], [np.nan]], 12, 3, [0.5])

    assert told.units == pytest.approx(np.array([[7.0] * 3, [0.0] * 3]))
    assert told.method == [METHOD, periods.NONE]
    assert told.cases == 0
    assert np.isnan(told.came).all()
    assert told.quantiles[:, 0].tolist() == [21.0, 0.0]
