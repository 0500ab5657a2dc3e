"""A count can say why: the last word of each source, what it makes likeliest, and how strongly it speaks."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.slots import fusion, tagcount, why
from edge.core.slots.counting import Unit
from edge.core.slots.discrepancy import Rates
from edge.core.slots.fusion import HOUR_MS
from edge.core.slots.stock import Stock
from protocols.asked import Explanation, LastWord, Source

UNIT = Unit(250.0, 0.01, 50, 1.0, 30_000.0)
NOON_MS = 1_760_000_000_000


def explain(stock: Stock, at_ms: int = NOON_MS + 5 * HOUR_MS) -> Explanation:
    return why.explain(stock, "A1", UNIT, 60, Rates(), at_ms)


def word(said: Explanation, source: Source) -> LastWord:
    (found,) = [one for one in said.words if one.source == source]
    return found


def full() -> Stock:
    stock = fusion.begin(60, NOON_MS - HOUR_MS, 13)
    fusion.weigh(stock, 13 * 250.0, NOON_MS - HOUR_MS, False, UNIT, Rates())
    fusion.count(stock, 13, "mei", NOON_MS, UNIT, Rates())
    fusion.book(stock, -1, NOON_MS + HOUR_MS, UNIT, Rates())
    fusion.weigh(stock, 3_012.0, NOON_MS + HOUR_MS + 5_000, True, UNIT, Rates())
    fusion.see(stock, tagcount.look([1.0] * 12), NOON_MS + 2 * HOUR_MS, UNIT, Rates())
    return stock


def test_each_source_has_its_last_word_and_its_own_count() -> None:
    said = explain(full())

    assert (said.count, said.likeliest, said.book, said.gap) == (12, 12, 12, 0)
    assert said.agree == pytest.approx(said.probability)
    assert {one.source: (one.value, one.at_ms, one.count, one.by) for one in said.words} == {
        "mass": (3_012.0, NOON_MS + HOUR_MS + 5_000, 12, ""),
        "tags": (pytest.approx(12.0), NOON_MS + 2 * HOUR_MS, 12, ""),
        "booked": (-1, NOON_MS + HOUR_MS, 12, ""),
        "counted": (13, NOON_MS, 12, "mei"),
    }
    assert all(one.speaks > 0 for one in said.words)
    assert word(said, "mass").speaks > word(said, "booked").speaks
    assert said.age_ms == 3 * HOUR_MS


def test_a_source_that_speaks_against_the_count_is_below_zero() -> None:
    stock = full()
    fusion.weigh(stock, 11 * 250.0, NOON_MS + 3 * HOUR_MS, True, UNIT, Rates())

    said = explain(stock, NOON_MS + 20 * HOUR_MS)

    assert said.likeliest == 11
    assert word(said, "mass").speaks > 0 > word(said, "booked").speaks
    assert word(said, "tags").count == 12
    assert word(said, "tags").speaks < 0


def test_a_movement_that_waits_is_shown_and_is_no_gap_yet() -> None:
    stock = full()
    fusion.weigh(stock, 11 * 250.0, NOON_MS + 3 * HOUR_MS, True, UNIT, Rates())

    early, late = explain(stock), None
    fusion.pass_time(stock, NOON_MS + 12 * HOUR_MS, UNIT, Rates())
    late = explain(stock)

    assert [(one.kind, one.delta) for one in early.waiting] == [("step", -1)]
    assert early.gap == 0
    assert (late.waiting, late.gap) == ([], -1)
    assert late.agree is not None
    assert late.agree < 0.01


def test_what_can_not_be_told_says_why_and_what_would_help() -> None:
    stock = fusion.begin(60, NOON_MS)

    said = explain(stock)

    assert said.count is None
    assert (said.reason, said.remedy) == ("unrecorded", "recount")
    assert (said.low, said.high) == (2, 93), "slots are filled above their capacity"
    assert (said.words, said.book, said.agree) == ([], None, None)


def test_an_explanation_is_plain_json() -> None:
    said = explain(full())

    assert msgspec.json.decode(msgspec.json.encode(said), type=Explanation) == said
