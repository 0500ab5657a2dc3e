"""Forecasting methods against published answers, and what must hold for any demand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.forecasting import accuracy, choose, intermittent, seasons
from cloud.core.forecasting.history import Array, packed, read
from cloud.core.forecasting.smoothing import damped, ses, smooth
from cloud.core.forecasting.theta import dynamic_theta, theta
from cloud.core.forecasting.theta import fit as theta_fit
from cloud.core.forecasting.theta import lines as theta_lines

SPORADIC = np.array([[0, 0, 3, 0, 0, 0, 1, 4, 0, 0, 0, 0, 2, 0, 1, 0, 0, 5, 0, 0, 0, 2, 0, 0]], dtype=np.float64)
ALWAYS = np.ones(SPORADIC.shape, dtype=np.bool_)

tables = st.integers(1, 4).flatmap(
    lambda rows: st.integers(1, 90).flatmap(
        lambda days: st.lists(
            st.lists(st.integers(0, 50), min_size=days, max_size=days), min_size=rows, max_size=rows
        ).map(lambda lists: np.array(lists, dtype=np.float64))
    )
)


@pytest.mark.parametrize(
    ("name", "told", "published"),
    [
        ("Croston", intermittent.croston(SPORADIC), 0.9029897),
        ("SBA", intermittent.sba(SPORADIC), 0.8578402),
        ("TSB", intermittent.tsb(SPORADIC, ALWAYS, 0.2, 0.1), 0.6792417),
        ("ADIDA", intermittent.adida(SPORADIC), 0.8512786),
        ("IMAPA", intermittent.imapa(SPORADIC), 0.7044793),
        ("SES", ses(SPORADIC, 0.1, SPORADIC[:, 0])[:, -1], 0.6528484),
    ],
)
def test_intermittent_methods_give_the_answers_of_the_reference_library(
    name: str, told: Array, published: float
) -> None:
    assert told[0] == pytest.approx(published, abs=1e-6), name


@pytest.mark.parametrize("method", [intermittent.croston, intermittent.sba, intermittent.adida, intermittent.imapa])
@settings(max_examples=30, deadline=None)
@given(units=tables, times=st.sampled_from([0.5, 3.0, 1000.0]))
def test_intermittent_methods_do_not_care_for_the_unit_of_measure(method: object, units: Array, times: float) -> None:
    assert callable(method)

    assert method(units * times) == pytest.approx(method(units) * times, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("days", [1, 2, 63, 64, 65, 200])
@pytest.mark.parametrize("alpha", [0.003, 0.3, 0.95])
def test_the_filter_in_chunks_is_plain_exponential_smoothing(days: int, alpha: float) -> None:
    units = np.random.default_rng(3).poisson(4, (3, days)).astype(float)

    levels = ses(units, alpha, np.array([0.0, 4.0, 90.0]))

    for row, level in enumerate((0.0, 4.0, 90.0)):
        for day in range(days):
            assert levels[row, day] == pytest.approx(level)
            level += alpha * (units[row, day] - level)
        assert levels[row, days] == pytest.approx(level)


def test_a_short_history_is_a_plain_mean() -> None:
    level = smooth(read([[2.0, 4.0, 0.0, 6.0, 3.0]]))

    assert level.level[0] == pytest.approx(3.0, rel=0.05)


def test_a_lasting_change_moves_the_level_within_weeks() -> None:
    rng = np.random.default_rng(5)
    units = np.concatenate([rng.poisson(2, (20, 200)), rng.poisson(8, (20, 28))], axis=1)

    assert float(smooth(read(units)).level.mean()) > 6.5


def test_without_a_change_the_level_uses_the_whole_year() -> None:
    units = np.random.default_rng(6).poisson(4, (300, 365))

    error = smooth(read(units)).level - 4

    assert float(np.sqrt(np.mean(error**2))) < 2 * np.sqrt(4 / 365)


def test_days_that_are_not_known_do_not_pull_the_level_down() -> None:
    units = np.random.default_rng(7).poisson(6, (50, 300)).astype(float)
    hidden = np.zeros(units.shape, dtype=bool)
    hidden[:, 270:] = True
    units[hidden] = 0.0

    assert float(smooth(read(units, hidden)).level.mean()) == pytest.approx(6, abs=0.2)
    assert float(smooth(read(units)).level.mean()) < 2


@pytest.mark.parametrize("method", [dynamic_theta, damped, theta])
def test_a_constant_goes_on_as_it_is(method: object) -> None:
    assert callable(method)

    told = method(np.full((2, 30), 7.0), np.array([30, 30]), 5)

    assert told == pytest.approx(np.full((2, 5), 7.0), rel=1e-6)


@pytest.mark.parametrize("method", [dynamic_theta, damped, theta])
def test_a_straight_line_is_carried_on_upwards(method: object) -> None:
    assert callable(method)
    line = 100 + 2 * np.arange(40.0)

    told = method(line[None, :], np.array([40]), 4)[0]

    assert (np.diff(told) > 0).all()
    assert told[0] == pytest.approx(180, abs=4)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.99])
def test_the_dynamic_theta_model_fits_no_worse_than_a_search_over_its_parameters(alpha: float) -> None:
    rng = np.random.default_rng(11)
    y = np.cumsum(rng.normal(1, 3, 30)) + 100

    def wrong(first: float, tilt: float) -> float:
        """As published, step by step: no value before the second is judged."""
        level, squares = first, 0.0
        for t in range(len(y)):
            slope, start = np.polyfit(np.arange(1, t + 1), y[:t], 1) if t > 1 else (0.0, y[0])
            line = (1 - alpha) ** t * start + (1 - (1 - alpha) ** (t + 1)) / alpha * slope
            squares += (y[t] - level - tilt * line) ** 2 if t else 0.0
            level += alpha * (y[t] - level)
        return float(squares)

    fit = theta_fit(y[None, :], np.array([30]), alpha, theta_lines(y[None, :], np.array([30])))

    assert fit.wrong[0] == pytest.approx(wrong(float(fit.first[0]), float(fit.tilt[0])))
    assert fit.wrong[0] <= min(wrong(f, t) for f in np.linspace(-50, 150, 41) for t in (0.0, 0.25, 0.5, 0.75, 1.0))


@settings(max_examples=20, deadline=None)
@given(units=tables, times=st.sampled_from([0.25, 8.0, 4096.0]))
def test_numbers_to_come_do_not_care_for_the_unit_of_measure(units: Array, times: float) -> None:
    once, other = choose.follow(units, 1, 3).units, choose.follow(units * times, 1, 3).units

    assert np.isfinite(once).all()
    assert (once >= 0).all()
    assert other == pytest.approx(once * times, rel=1e-6, abs=1e-6 * times)


def test_months_follow_their_season() -> None:
    season = 1 + 0.5 * np.sin(np.arange(12) * np.pi / 6)
    units = np.tile(100 * season, 6) * np.random.default_rng(2).normal(1, 0.02, 72)

    made = choose.follow(units[None, :], 12, 12)

    assert made.seasonal[0]
    assert made.units[0] == pytest.approx(100 * season, rel=0.06)


def test_noise_has_no_season() -> None:
    units = np.random.default_rng(4).normal(100, 5, (200, 72))

    assert choose.follow(units, 12, 1).seasonal.mean() < 0.2


def test_later_months_change_no_earlier_forecast_and_rows_do_not_meet() -> None:
    units = np.random.default_rng(8).poisson(30, (6, 48)).astype(float)
    young = units.copy()
    young[2, :20] = np.nan

    together, alone = choose.follow(young, 12, 6).units, choose.follow(young[2:3], 12, 6).units

    assert together[2] == pytest.approx(alone[0])
    assert together[0] == pytest.approx(choose.follow(units[:1], 12, 6).units[0])


@pytest.mark.parametrize(("period", "horizon"), [(0, 3), (12, 0)])
def test_a_season_or_horizon_of_nothing_is_refused(period: int, horizon: int) -> None:
    with pytest.raises(ValueError, match="at least 1 period"):
        choose.follow([[1.0, 2.0]], period, horizon)


def test_packing_keeps_the_order_and_counts() -> None:
    values, counts = packed(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1, 0, 1], [0, 0, 0]], dtype=bool))

    assert values.tolist() == [[1.0, 3.0], [0.0, 0.0]]
    assert counts.tolist() == [2, 0]


def test_a_weekly_profile_is_found_where_there_is_one() -> None:
    rng = np.random.default_rng(9)
    shares = np.array([2.0, 1.0, 1.0, 1.0, 1.5, 0.5, 0.0])
    units = np.stack([rng.poisson(6 * np.tile(shares, 30)), rng.poisson(6, 210)])

    profile, _ = seasons.weekly(read(units))

    assert profile[0] == pytest.approx(shares, abs=0.3)
    assert profile[1].tolist() == [1.0] * 7


def test_chance_alone_makes_hardly_a_weekly_profile() -> None:
    units = np.random.default_rng(10).negative_binomial(0.5, 0.2, (500, 210))

    profile, _ = seasons.weekly(read(units))

    assert float((profile != 1).any(axis=1).mean()) < 0.03


def test_measures_of_accuracy_by_hand() -> None:
    past, actual, told = np.array([1.0, 3.0, 2.0]), np.array([4.0, 2.0]), np.array([2.0, 2.0])

    assert accuracy.smape(actual, told) == pytest.approx((200 * 2 / 6 + 0) / 2)
    assert accuracy.mase(past, actual, told) == pytest.approx(1.0 / 1.5)
    assert accuracy.rmsse(past[None, :], actual[None, :], told[None, :])[0] == pytest.approx((2 / 2.5) ** 0.5)
    assert accuracy.pinball(actual, told, 0.9) == pytest.approx(0.9)
    assert accuracy.coverage(actual, told) == 0.5
    assert accuracy.bias(actual, told) == pytest.approx(-1 / 3)


def test_a_past_that_never_changed_has_no_scale() -> None:
    still = np.full(5, 3.0)

    assert np.isnan(accuracy.mase(still, still, still))
    assert np.isnan(accuracy.rmsse(still[None, :], still[None, :], still[None, :]))[0]
    assert np.isnan(accuracy.bias(np.zeros(2), np.ones(2)))
