"""What people say of alerts, and from it how far each rule can be trusted."""

from __future__ import annotations

from math import comb, isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.maintenance.verdicts import (
    DAY_MS,
    FLOOR,
    SAFETY,
    SPAN_MS,
    Verdict,
    beta_quantile,
    beta_share,
    heard_at,
    jeffreys,
    judged,
    pages,
    precision,
    standing,
)
from cloud.core.refusals import Refusal

T = 1_763_762_400_000
HOUR_MS = 3_600_000


def verdict(said: Any = "right", at_ms: int = T, **more: Any) -> Verdict:
    made = Verdict("door", "cooler-1", 1, 0, said, 2, at_ms, at_ms, "lee", id=at_ms - T + 1)
    return replace(made, **more)


def of(*given: Verdict, now_ms: int = T, rules: tuple[str, ...] = ()) -> dict[str, Any]:
    return {one.rule: one for one in precision(given, rules, lambda _: FLOOR, now_ms)}


def test_the_beta_function_is_the_binomial_sum_where_both_are_whole() -> None:
    assert (beta_share(0.0, 2.5, 3.5), beta_share(1.0, 2.5, 3.5)) == (0.0, 1.0)
    for a, b in ((1, 1), (3, 7), (12, 4), (40, 60)):
        n = a + b - 1
        for x in (0.01, 0.2, 0.5, 0.77, 0.999):
            exact = sum(comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
            assert isclose(beta_share(x, a, b), exact, abs_tol=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.5, 300), st.floats(0.5, 300))
def test_a_quantile_is_where_so_much_lies_below(share: float, a: float, b: float) -> None:
    x = beta_quantile(share, a, b)
    assert 0 <= x <= 1
    near = beta_share(max(0.0, x - 1e-8), a, b), beta_share(min(1.0, x + 1e-8), a, b)
    assert near[0] - 1e-9 <= share <= near[1] + 1e-9


@pytest.mark.parametrize(
    ("right", "wrong", "low", "high"),
    # By numerical integration to six digits of Beta(right + 1/2, wrong + 1/2), ends as in the paper's definition.
    [(0, 0, 0.0, 1.0), (0, 4, 0.0, 0.4448), (4, 0, 0.5552, 1.0), (10, 10, 0.2934, 0.7066), (1, 6, 0.0159, 0.5008)],
)
def test_jeffreys_interval_is_that_of_the_paper(right: int, wrong: int, low: float, high: float) -> None:
    found = jeffreys(right, wrong)

    assert (round(found[0], 4), round(found[1], 4)) == (low, high)


def test_few_verdicts_condemn_no_rule_and_many_do() -> None:
    wrong = [verdict("wrong", alert=i) for i in range(20)]

    assert not of(*wrong[:3])["door"].asks_tuning
    assert of(*wrong[:4])["door"].asks_tuning
    half = [verdict("right", alert=100 + i) for i in range(20)]
    assert not of(*wrong, *half)["door"].asks_tuning
    assert of(*wrong, *half[:5])["door"].asks_tuning


def test_not_now_is_right_without_time_for_it() -> None:
    found = of(verdict("not_now"), verdict("wrong", alert=2))["door"]

    assert (found.right, found.wrong, found.not_now, found.precision) == (0, 1, 1, 0.5)


def test_one_alert_counts_once_by_the_last_word_on_it() -> None:
    found = of(verdict("wrong"), verdict("right", T + HOUR_MS), now_ms=T + DAY_MS)["door"]

    assert (found.right, found.wrong) == (1, 0)


def test_an_order_that_came_of_an_alert_is_no_second_case() -> None:
    found = of(verdict("wrong"), verdict("wrong", T + 1, work=5), now_ms=T + 2)["door"]

    assert found.wrong == 1


def test_what_was_said_more_than_ninety_days_ago_counts_no_more() -> None:
    found = of(verdict("wrong"), now_ms=T + SPAN_MS, rules=("door", "fan"))

    assert [(one.rule, one.precision, one.low, one.high) for one in found.values()] == [
        ("door", None, 0.0, 1.0),
        ("fan", None, 0.0, 1.0),
    ]


def test_a_word_may_be_thought_over_for_a_day_and_then_it_stands() -> None:
    first = verdict("wrong")
    changed = verdict("right", T + DAY_MS, by="kim")
    assert judged([first], changed) == changed
    late = judged([first, changed], verdict("wrong", T + DAY_MS + 1))
    assert isinstance(late, Refusal)
    assert late.detail == "kim said right, and a day has passed since the first word on it."
    assert judged([first, changed], verdict("right", T + 2 * DAY_MS)) == changed, "that is what stands"


def test_the_same_tap_again_is_no_second_verdict() -> None:
    first = verdict("wrong")

    assert judged([first], verdict("wrong", T + 5, id=0)) is first
    assert judged([first], verdict("wrong", T + 5, by="kim")).by == "kim"


def test_what_was_found_at_the_end_may_be_said_whenever_and_opens_a_day_of_its_own() -> None:
    first, found = verdict("wrong"), verdict("right", T + 9 * DAY_MS, outcome=True)

    assert judged([first], found) == found
    again = verdict("wrong", T + 10 * DAY_MS)
    assert judged([first, found], again) == again
    assert isinstance(judged([first, found], replace(again, at_ms=again.at_ms + 1)), Refusal)


@given(st.permutations([verdict("wrong", T), verdict("right", T + 1), verdict("not_now", T + 2)]))
def test_in_whatever_order_phones_are_heard_the_last_word_stands(given: list[Verdict]) -> None:
    stands = standing(given)

    assert stands is not None
    assert stands.said == "not_now"


def test_a_phone_whose_clock_is_wrong_said_it_after_the_alert_and_before_now() -> None:
    assert heard_at(0, T, T + 9) == T + 9
    assert heard_at(T + 4, T, T + 9) == T + 4
    assert heard_at(5, T, T + 9) == T
    assert heard_at(T + DAY_MS, T, T + 9) == T + 9


def test_what_is_critical_is_told_whatever_people_say_of_its_rule() -> None:
    wrong = [verdict("wrong", alert=i, rule=("door", "gateway_silent")[i % 2]) for i in range(18)]
    found = of(*wrong)

    assert "gateway_silent" in SAFETY
    assert [found[rule].asks_tuning for rule in ("door", "gateway_silent")] == [True, True]
    assert (pages(found, "door", 2), pages(found, "door", 1)) == (False, True)
    assert pages(found, "gateway_silent", 3)
    assert pages(found, "never_judged", 3)
