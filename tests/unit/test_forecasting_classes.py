"""Classes of demand, quantiles of its distribution, and their correction."""

from __future__ import annotations

from math import lgamma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.forecasting import classes, recalibration
from cloud.core.forecasting.history import read
from cloud.core.forecasting.quantiles import Amounts, log_gamma
from cloud.core.planning.amounts import lead_time_pmf


def kind_of(units: object, censored: object = None) -> str:
    """The class of one SKU."""
    return classes.CLASSES[int(classes.patterns(read(units, censored)).kind[0])]


@pytest.mark.parametrize(
    ("cycle", "kind"),
    [
        ([4, 5, 4, 6], "smooth"),
        ([1, 20, 1, 1], "erratic"),
        ([4, 0, 0, 5], "intermittent"),
        ([1, 0, 0, 20], "lumpy"),
        ([0, 0, 0, 0], "none"),
    ],
)
def test_demand_is_classed_by_how_often_and_how_evenly_it_comes(cycle: list[int], kind: str) -> None:
    assert kind_of([cycle * 30]) == kind


def test_the_young_are_new_and_not_judged_yet() -> None:
    assert kind_of([[np.nan] * 100 + [4.0, 0.0] * 20]) == "new"


def test_who_stops_selling_is_dying() -> None:
    assert kind_of([[1.0, 0.0] * 100 + [0.0] * 40]) == "dying"


def test_who_is_out_of_stock_is_not_dying() -> None:
    units = [[1.0, 0.0] * 100 + [0.0] * 40]

    assert kind_of(units, [[False] * 200 + [True] * 40]) == "intermittent"


def test_a_slow_mover_that_pauses_as_it_always_did_is_not_dying() -> None:
    units = np.zeros((1, 300))
    units[0, ::40] = 1

    assert kind_of(units) == "intermittent"


def test_censored_days_do_not_lengthen_the_interval_between_demands() -> None:
    units = np.tile([2.0, 0.0], 60)[None, :]
    hidden = np.zeros((1, 120), dtype=bool)
    hidden[0, 40:80] = True
    gone = np.where(hidden, 0.0, units)

    assert classes.patterns(read(gone, hidden)).adi[0] == pytest.approx(2.0)
    assert classes.patterns(read(gone)).adi[0] == pytest.approx(3.0)


def test_classes_do_not_care_for_the_unit_of_measure() -> None:
    units = np.random.default_rng(1).negative_binomial(0.3, 0.1, (100, 200)).astype(float)

    assert (classes.patterns(read(units)).kind == classes.patterns(read(units * 1000)).kind).all()


def test_abc_takes_the_dearest_first_and_the_worthless_last() -> None:
    assert classes.abc(np.array([5.0, 70.0, 0.0, 15.0, 10.0])) == ["C", "A", "C", "A", "B"]
    assert classes.abc(np.zeros(2)) == ["C", "C"]
    assert classes.abc(np.array([])) == []


def test_xyz_goes_by_how_much_weeks_vary() -> None:
    rng = np.random.default_rng(2)
    even, uneven = rng.poisson(9, 140), rng.poisson(0.25, 140)
    wild = np.zeros(140)
    wild[[10, 90]] = 50

    assert classes.xyz(read(np.stack([even, uneven, wild, np.zeros(140)]))) == ["X", "Y", "Z", "Z"]


def test_weeks_out_of_stock_do_not_make_an_even_sku_uneven() -> None:
    units = np.full((1, 140), 5.0)
    hidden = np.zeros((1, 140), dtype=bool)
    hidden[0, 30:75] = True
    gone = np.where(hidden, 0.0, units)

    assert classes.xyz(read(gone, hidden)) == ["X"]
    assert classes.xyz(read(gone)) == ["Y"]


def test_the_logarithm_of_gamma_is_right_to_twelve_digits() -> None:
    x = np.geomspace(1e-6, 1e8, 500)

    assert log_gamma(x) == pytest.approx(np.array([lgamma(one) for one in x]), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("mean", [0.01, 0.3, 2.0, 17.0, 90.0, 600.0, 5000.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.5, 4.0, 30.0, 300.0])
def test_quantiles_are_those_of_the_negative_binomial(mean: float, dispersion: float) -> None:
    chances = np.cumsum(lead_time_pmf(mean, mean * dispersion))
    taus = np.array([[0.05, 0.5, 0.8, 0.95, 0.999]])
    amounts = Amounts(np.array([mean]), np.array([mean * dispersion]))

    for tau, units in zip(taus[0], amounts.quantile(taus)[0], strict=True):
        # Exact, or where numbers are skipped between, right to a thousandth of the chance.
        assert chances[int(units)] >= tau - 1e-3
        assert units == 0 or chances[int(units) - 1] < tau + 1e-3
        assert amounts.at_most(np.array([units]))[0] == pytest.approx(chances[int(units)], abs=1e-3)


def test_small_numbers_are_exact() -> None:
    for mean, dispersion in ((0.2, 1.2), (3.0, 2.5), (12.0, 1.0)):
        chances = np.cumsum(lead_time_pmf(mean, mean * dispersion))
        taus = np.linspace(0.01, 0.999, 200)[None, :]

        told = Amounts(np.array([mean]), np.array([mean * dispersion])).quantile(taus)[0]

        assert told.tolist() == np.searchsorted(chances, taus[0] - 1e-12).tolist()


@settings(deadline=None)
@given(mean=st.floats(0.001, 1e6), dispersion=st.floats(0.0, 1e4), more=st.floats(1.0, 50.0))
def test_quantiles_rise_with_chance_and_bracket_the_chances_told(mean: float, dispersion: float, more: float) -> None:
    variance = np.array([mean * dispersion, mean * dispersion * more])
    taus = np.tile([0.01, 0.3, 0.5, 0.9, 0.99, 0.9999], (2, 1))
    amounts = Amounts(np.array([mean, mean]), variance)

    told = amounts.quantile(taus)

    assert (np.diff(told, axis=1) >= 0).all()
    assert (told >= 0).all()
    for at, tau in enumerate(taus[0]):
        assert (amounts.at_most(told[:, at]) >= tau - 5e-3).all()


def test_a_demand_that_never_varies_is_known() -> None:
    told = Amounts(np.array([70.0, 12.5]), np.zeros(2)).quantile(np.tile([0.05, 0.5, 0.99], (2, 1)))

    assert told.tolist() == [[70.0] * 3, [13.0] * 3]


def test_chances_that_came_true_are_left_as_they_are() -> None:
    rng = np.random.default_rng(3)
    told = rng.random(20_000)
    kinds = rng.integers(0, 7, 20_000)

    learnt = recalibration.learn(kinds, told - 1e-6, told)

    assert learnt.asked(np.arange(7), np.array([0.5, 0.95]))[:, 0] == pytest.approx(0.5, abs=0.03)
    assert learnt.asked(np.arange(7), np.array([0.5, 0.95]))[:, 1] == pytest.approx(0.95, abs=0.012)


def test_who_was_too_sure_asks_for_more_and_only_in_that_class() -> None:
    rng = np.random.default_rng(4)
    sure, right = rng.random(10_000) ** 0.5, rng.random(10_000)
    kinds = np.repeat([classes.LUMPY, classes.SMOOTH], 10_000)
    told = np.concatenate([sure, right])

    asked = recalibration.learn(kinds, told - 1e-6, told).asked(
        np.array([classes.LUMPY, classes.SMOOTH]), np.array([0.9])
    )

    assert asked[0, 0] == pytest.approx(0.9**0.5, abs=0.01)
    assert asked[1, 0] == pytest.approx(0.9, abs=0.01)


def test_without_a_past_nothing_is_corrected() -> None:
    nothing = recalibration.learn(np.empty(0, np.int64), np.empty(0), np.empty(0))

    for one in (nothing, recalibration.untold()):
        assert one.asked(np.array([classes.SMOOTH]), np.array([0.5, 0.95, 0.999]))[0] == pytest.approx(
            [0.5, 0.95, 0.999]
        )
