"""Inventory accuracy: which of the figures that go by this name is which, by hand-counted examples."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.counting.accuracy import METRICS, Accuracy, of
from cloud.core.counting.findings import Counted, Finding, Verdict


def finding(counted: int, expected: int, verdict: Verdict, cost: float = 2.0) -> Finding:
    off = counted - expected
    return Finding("bolt", "A1", verdict, [Counted(counted, 0)], 0, counted, 0, expected, off, off * cost, 1.0)


def test_four_counts_worked_out_by_hand() -> None:
    seen = of(
        [
            finding(10, 10, "agrees"),
            finding(99, 100, "agrees"),
            finding(45, 50, "differs"),
            finding(46, 40, "differs"),
            finding(3, 90, "recount"),
        ]
    )
    assert (seen.counts, seen.records_agreed, seen.records_exact) == (4, 0.5, 0.25)
    assert seen.units_right == pytest.approx(1 - 12 / 200)
    assert seen.difference_rate == pytest.approx(12 / 206)
    assert (seen.net_rate, seen.off_value, seen.net_value) == (0.0, 24.0, 0.0)


def test_before_anything_was_counted_nothing_is_claimed() -> None:
    for name in METRICS:
        assert getattr(of([]), name) is None, name


def test_a_book_that_is_wrong_by_more_than_it_holds_is_not_less_than_wholly_wrong() -> None:
    assert of([finding(90, 10, "differs")]).units_right == 0.0


def test_a_debt_in_the_book_counts_as_nothing_expected() -> None:
    seen = of([finding(2, -3, "differs"), finding(10, 10, "agrees")])
    assert (seen.expected, seen.off) == (10, 5)
    assert seen.difference_rate == 5 / 15


def test_a_count_of_nothing_is_off_by_all_that_was_expected() -> None:
    assert of([finding(0, 10, "differs")]).difference_rate == of([finding(10, 0, "differs")]).difference_rate == 1.0


FINDINGS = st.lists(
    st.builds(finding, st.integers(0, 50), st.integers(-5, 50), st.sampled_from(["agrees", "differs", "recount"])),
    max_size=12,
)


@given(st.lists(FINDINGS, max_size=5))
def test_the_figures_of_a_month_are_those_of_its_days_together(days: list[list[Finding]]) -> None:
    month = reduce(Accuracy.__add__, map(of, days), Accuracy())
    whole = of([one for day in days for one in day])
    assert month.off_value == pytest.approx(whole.off_value)
    for name in METRICS:
        assert getattr(month, name) == pytest.approx(getattr(whole, name))
