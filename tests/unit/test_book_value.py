"""What stock was worth at a past moment, as it was known then and as it is known now."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.book.accounts import fold
from cloud.core.book.entries import Entry, order, take_back, taken_back
from cloud.core.book.value import Worth, accounts_at, worth
from tests.unit.book_facts import COSTINGS, HOUR_MS, T0, assert_same, by, histories

FIRST = Entry("receipt", "bolt", 10, T0, T0, unit_cost=2.0, id=1)
LATE = Entry("receipt", "bolt", 5, T0 + HOUR_MS, T0 + 9 * HOUR_MS, unit_cost=4.0, id=2)
SOLD = Entry("pick", "bolt", -3, T0 + 5 * HOUR_MS, T0 + 5 * HOUR_MS, id=3)
WRONG = replace(take_back(FIRST, T0 + 20 * HOUR_MS, "ann"), id=4)
BOOK = sorted([FIRST, LATE, SOLD, WRONG], key=order)


def at(happened_h: int, known_h: int | None = None) -> Worth | None:
    known_ms = None if known_h is None else T0 + known_h * HOUR_MS
    accounts = accounts_at(BOOK, {"bolt": by()}, [WRONG], T0 + happened_h * HOUR_MS, known_ms)
    return worth(accounts).get("bolt")


def test_value_is_told_as_it_was_known_at_any_moment() -> None:
    assert at(2, known_h=2) == Worth(10, 20.0)
    assert at(2, known_h=10) == Worth(15, 40.0)
    assert at(6, known_h=10) == Worth(12, 34.0)


def test_value_is_told_as_it_is_known_now_without_what_was_taken_back() -> None:
    assert at(2) == Worth(5, 20.0)
    assert at(0) == Worth(0, 0.0)
    assert at(-1) is None


def test_each_sku_has_its_own_method_and_those_no_longer_listed_are_valued_too() -> None:
    nut = replace(FIRST, sku="nut", id=9)
    stream = [FIRST, nut, LATE, replace(LATE, sku="nut", id=10), SOLD, replace(SOLD, sku="nut", id=11)]
    found = worth(accounts_at(stream, {"nut": by("lifo")}, [], T0 + 6 * HOUR_MS))

    assert found == {"bolt": Worth(12, 34.0), "nut": Worth(12, 28.0)}


@settings(deadline=None)
@given(histories(), st.sampled_from(COSTINGS), st.integers(0, 25))
def test_the_value_of_a_past_moment_is_that_of_the_facts_until_then(
    history: list[Entry], costing: str, hours: int
) -> None:
    until_ms = T0 + hours * HOUR_MS
    takers = [one for one in history if taken_back(one) is not None]
    accounts = accounts_at(history, {"bolt": by(costing)}, takers, until_ms)
    before = [one for one in history if one.happened_ms <= until_ms]

    assert [*accounts] == (["bolt"] if before else [])
    if before:
        assert_same(accounts["bolt"], fold(before, by(costing)))
        assert worth(accounts)["bolt"].value == pytest.approx(fold(before, by(costing)).value)
