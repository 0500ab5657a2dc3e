"""What lies ahead, from the amounts that were seen: negative binomial, unless they say no."""

from __future__ import annotations

import numpy as np
import pytest

from cloud.core.planning.amounts import moments, total
from cloud.core.planning.prospects import prospect
from cloud.core.planning.seen import EVIDENCE, evidence, prospect_of

RANDOM = np.random.default_rng(5)
PLAIN = [RANDOM.negative_binomial(0.5 * mean, 1 / 3, 180).tolist() for mean in (0.3, 1, 4, 20) for _ in range(25)]
SIXES = (6 * RANDOM.poisson(0.2, 180)).tolist()


def test_ordinary_histories_are_planned_as_negative_binomial() -> None:
    plain = 0
    for units in PLAIN:
        expected = prospect(float(np.mean(units)), float(np.var(units, ddof=1)), 5, 2, 180)
        found = prospect_of(units, 5, 2)
        plain += len(found.lead) == len(expected.lead) and np.allclose(found.lead, expected.lead)
    assert plain >= 0.95 * len(PLAIN)


def test_what_is_bought_in_sixes_is_foreseen_in_sixes() -> None:
    found = prospect_of(SIXES, 5)
    sixes = found.day[::6].sum()
    assert sixes > 0.97
    assert found.lead[::6].sum() > 0.8
    assert found.demand == np.mean(SIXES)


def test_a_seldom_seen_amount_is_still_thought_possible() -> None:
    found = prospect_of(SIXES, 5)
    assert found.day[7] > 0
    assert len(found.day) > max(SIXES) + 1


@pytest.mark.parametrize("units", [SIXES, PLAIN[60]], ids=["sixes", "plain"])
def test_the_lead_time_has_the_mean_of_its_periods_and_more_than_their_spread(units: list[int]) -> None:
    found = prospect_of(units, 5)
    mean, variance = moments(found.lead)
    assert mean == pytest.approx(5 * np.mean(units), rel=0.02)
    assert 1 < variance / moments(total(found.day, 5))[1] < 1.5


@pytest.mark.parametrize("units", [SIXES, PLAIN[60]], ids=["sixes", "plain"])
@pytest.mark.parametrize("growth", [0.5, 1.6])
def test_a_forecast_of_more_or_less_is_followed(units: list[int], growth: float) -> None:
    mean = growth * float(np.mean(units))
    found = prospect_of(units, 5, mean=mean)
    assert moments(found.day)[0] == pytest.approx(mean, rel=1e-6)
    assert moments(found.lead)[0] == pytest.approx(5 * mean, rel=0.02)
    assert found.demand == mean


def test_evidence_grows_with_what_was_seen() -> None:
    day = np.array([0.8, 0, 0, 0, 0, 0, 0.2])
    poor = prospect(1.2, 5.8, 1).day
    assert evidence(day, 10, poor) < evidence(day, 100, poor) < evidence(day, 1_000, poor)
    assert evidence(day, 100, poor) > EVIDENCE


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: prospect_of([], 5),
        lambda: prospect_of([0, 0, 0], 5),
        lambda: prospect_of([1, -1, 3], 5),
        lambda: prospect_of([1, 2, 3], float("nan")),
        lambda: prospect_of([1, 2, 3], 5, mean=0),
    ],
)
def test_nonsense_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"[:;] \w"):
        wrong()
