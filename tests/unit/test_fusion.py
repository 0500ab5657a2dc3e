"""Masses, tags, bookings and people's counts become one count, and no movement is counted twice."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.slots import belief, fusion, tagcount
from edge.core.slots.counting import Unit
from edge.core.slots.discrepancy import Rates
from edge.core.slots.fusion import DAY_MS, HOUR_MS
from edge.core.slots.stock import Stock

UNIT = Unit(250.0, 0.01, 50, 1.0, 30_000.0)
SPREAD = Unit(250.0, 0.06, 10, 1.0, 30_000.0)
NOON_MS = 1_760_000_000_000
Move = Callable[[Stock, int], None]


def slot(count: int, live: bool = True) -> Stock:
    """A slot with a scale whose book and mass agree."""
    stock = fusion.begin(60, NOON_MS - DAY_MS, count)
    fusion.weigh(stock, count * 250.0, NOON_MS - 2 * HOUR_MS, False, UNIT, Rates())
    stock.live = live
    return stock


def likeliest(stock: Stock) -> tuple[int, float]:
    counts, p = fusion.now(stock, Rates())
    return int(counts[p.argmax()]), float(p.max())


def tags(*present: float) -> tagcount.Look:
    return tagcount.look(present)


def booked(stock: Stock, at_ms: int) -> None:
    fusion.book(stock, -2, at_ms, UNIT, Rates())


def weighed(stock: Stock, at_ms: int) -> None:
    fusion.weigh(stock, 10 * 250.0, at_ms, True, UNIT, Rates())


@pytest.mark.parametrize("order", [(booked, weighed), (weighed, booked)])
@pytest.mark.parametrize("apart_ms", [0, 5_000, 600_000, 6 * HOUR_MS])
def test_a_booking_and_its_step_are_one_movement_whichever_comes_first(order: tuple[Move, Move], apart_ms: int) -> None:
    stock = slot(12)

    for number, happen in enumerate(order):
        happen(stock, NOON_MS + number * apart_ms)

    assert likeliest(stock)[0] == 10
    assert likeliest(stock)[1] > 0.99
    assert stock.book == 10
    assert (stock.opened, stock.steps) == ([], [])


def test_two_picks_of_which_one_was_booked_are_two_picks_of_which_one_was_booked() -> None:
    stock = slot(12)

    fusion.weigh(stock, 11 * 250.0, NOON_MS, True, UNIT, Rates())
    fusion.weigh(stock, 10 * 250.0, NOON_MS + HOUR_MS, True, UNIT, Rates())
    fusion.book(stock, -1, NOON_MS + 2 * HOUR_MS, UNIT, Rates())

    assert likeliest(stock)[0] == 10
    assert stock.book == 11
    assert [step.rest for step in stock.steps] == [-1]


def test_one_step_may_be_of_several_bookings() -> None:
    stock = slot(12)

    fusion.weigh(stock, 7 * 250.0, NOON_MS, True, UNIT, Rates())
    fusion.book(stock, -3, NOON_MS + 60_000, UNIT, Rates())
    fusion.book(stock, -2, NOON_MS + 90_000, UNIT, Rates())

    assert (likeliest(stock)[0], stock.book, stock.steps, stock.opened) == (7, 7, [], [])


def test_a_booking_without_a_step_moves_no_count_that_a_live_scale_watches() -> None:
    stock = slot(12)

    fusion.book(stock, -3, NOON_MS, UNIT, Rates())
    fusion.weigh(stock, 12 * 250.0, NOON_MS + 9 * HOUR_MS, False, UNIT, Rates())

    assert likeliest(stock)[0] == 12
    assert (stock.book, stock.opened) == (9, [])


def test_a_scale_that_is_asked_once_a_day_takes_bookings_meanwhile_and_checks_them_then() -> None:
    stock = slot(12, live=False)

    fusion.book(stock, -3, NOON_MS, UNIT, Rates())
    meanwhile = likeliest(stock)[0]
    fusion.weigh(stock, 8 * 250.0, NOON_MS + 9 * HOUR_MS, False, UNIT, Rates())

    assert meanwhile == 9
    assert likeliest(stock)[0] == 8
    assert stock.opened == []


def test_a_scale_that_fell_silent_is_not_waited_for() -> None:
    stock = slot(12)

    fusion.book(stock, -3, NOON_MS + 3 * DAY_MS, UNIT, Rates())

    assert likeliest(stock)[0] == 9
    assert stock.opened == []


def test_the_number_on_a_receipt_settles_what_uneven_units_leave_open() -> None:
    told, untold = (fusion.begin(60, NOON_MS - HOUR_MS, 2) for _ in range(2))
    for stock in (told, untold):
        fusion.weigh(stock, 500.0, NOON_MS - HOUR_MS, False, SPREAD, Rates())
        fusion.weigh(stock, 41.3 * 250.0, NOON_MS, True, SPREAD, Rates())

    fusion.book(told, 40, NOON_MS + 60_000, SPREAD, Rates())

    assert likeliest(untold)[1] < 0.9
    assert likeliest(told)[0] == 42
    assert likeliest(told)[1] > 0.95


def test_without_a_scale_the_book_counts_but_is_trusted_less_from_day_to_day() -> None:
    stock = fusion.begin(60, NOON_MS, 20)

    fusion.book(stock, -5, NOON_MS + HOUR_MS, UNIT, Rates())
    fresh = likeliest(stock)
    fusion.pass_time(stock, NOON_MS + 60 * DAY_MS, UNIT, Rates())
    old = likeliest(stock)

    assert fresh[0] == old[0] == 15
    assert fresh[1] > 0.9 > 0.7 > old[1]
    assert fusion.estimate(stock, UNIT, 60, Rates()).remedy == "recount"


def test_a_tag_that_stays_away_is_a_unit_that_is_gone() -> None:
    stock = fusion.begin(60, NOON_MS, 12)
    fusion.see(stock, tags(*[1.0] * 11), NOON_MS + HOUR_MS, UNIT, Rates())
    with_a_dead_tag = likeliest(stock)[0]

    for day in range(1, 20):
        fusion.see(stock, tags(*[1.0] * 10), NOON_MS + day * DAY_MS, UNIT, Rates())

    assert with_a_dead_tag == 12
    assert likeliest(stock)[0] == 11


def test_a_dead_tag_does_not_become_a_missing_unit_by_being_missed_again_and_again() -> None:
    stock = slot(12)

    for day in range(60):
        at_ms = NOON_MS + day * DAY_MS
        fusion.weigh(stock, 12 * 250.0, at_ms, False, UNIT, Rates())
        fusion.see(stock, tags(*[1.0] * 11), at_ms + HOUR_MS, UNIT, Rates())

    assert likeliest(stock)[0] == 12
    assert likeliest(stock)[1] > 0.99


def test_an_antenna_that_fell_silent_empties_no_slot() -> None:
    stock = slot(12)
    for hour in range(0, 24, 6):
        fusion.see(stock, tags(*[1.0] * 12), NOON_MS + hour * HOUR_MS, UNIT, Rates())

    used = [fusion.see(stock, tags(), NOON_MS + (24 + hour) * HOUR_MS, UNIT, Rates()) for hour in range(0, 72, 6)]

    assert used[0] is False
    assert likeliest(stock)[0] == 12


def test_looks_that_follow_each_other_closely_count_once() -> None:
    stock = fusion.begin(60, NOON_MS, 12)

    used = [fusion.see(stock, tags(*[1.0] * 11), NOON_MS + minute * 60_000, UNIT, Rates()) for minute in range(60)]

    assert used == [True] + [False] * 59


def test_a_person_settles_an_open_count_and_sets_the_book() -> None:
    stock = fusion.begin(60, NOON_MS)

    fusion.count(stock, 17, "mei", NOON_MS + HOUR_MS, UNIT, Rates())

    assert likeliest(stock)[0] == 17
    assert likeliest(stock)[1] > 0.95
    assert stock.book == 17


def test_a_person_who_counts_another_number_than_the_scale_is_not_simply_believed() -> None:
    stock = slot(12)

    fusion.count(stock, 13, "mei", NOON_MS + HOUR_MS, UNIT, Rates())

    assert likeliest(stock)[0] == 12
    assert stock.book == 13


def test_a_person_who_counts_the_same_number_again_is_believed_against_the_scale() -> None:
    stock, rates = slot(12), Rates()

    for minute in (1, 2):
        fusion.count(stock, 13, "mei", NOON_MS + HOUR_MS + minute, UNIT, rates)
    assert likeliest(stock)[0] == 13

    fusion.weigh(stock, 11 * 250.0, NOON_MS + 2 * HOUR_MS, True, UNIT, rates)
    assert likeliest(stock)[0] == 12, "and the scale counts on from there"


def test_two_counts_of_different_loads_are_two_slips() -> None:
    stock, rates = slot(12), Rates()

    fusion.count(stock, 13, "mei", NOON_MS + HOUR_MS, UNIT, rates)
    fusion.weigh(stock, 11 * 250.0, NOON_MS + 2 * HOUR_MS, True, UNIT, rates)
    fusion.count(stock, 13, "mei", NOON_MS + 3 * HOUR_MS, UNIT, rates)

    assert likeliest(stock)[0] == 11


def test_a_tool_on_the_shelf_makes_the_count_unknown_and_not_wrong() -> None:
    stock = slot(12)

    fusion.weigh(stock, 12 * 250.0 + 120.0, NOON_MS, True, UNIT, Rates())
    said = fusion.estimate(stock, UNIT, 60, Rates())

    assert said.count is None
    assert said.reason == "not_integer"


def test_what_was_stored_goes_on_as_if_nothing_had_happened() -> None:
    stock = slot(12)
    fusion.see(stock, tags(*[1.0] * 11), NOON_MS, UNIT, Rates())
    fusion.book(stock, -1, NOON_MS + 1, UNIT, Rates())
    fusion.weigh(stock, 8 * 250.0, NOON_MS + HOUR_MS, True, UNIT, Rates())

    blob = msgspec.msgpack.encode(stock)
    again = msgspec.msgpack.decode(blob, type=Stock)
    for one in (stock, again):
        fusion.book(one, -3, NOON_MS + 2 * HOUR_MS, UNIT, Rates())

    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(stock)
    assert len(blob) < 10_000


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("weigh"), st.floats(-500, 40_000), st.booleans()),
        st.tuples(st.just("book"), st.integers(-70, 70), st.booleans()),
        st.tuples(st.just("see"), st.integers(0, 70), st.floats(0, 1)),
        st.tuples(st.just("count"), st.integers(0, 80), st.booleans()),
        st.tuples(st.just("wait"), st.integers(0, 90), st.booleans()),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sampled_from([None, 0, 7]), st.integers(0, 36))
def test_whatever_comes_the_probabilities_stay_probabilities_and_what_waits_stays_bounded(
    events: list[tuple[str, float, float]], book: int | None, hours: int
) -> None:
    stock, rates, at_ms = fusion.begin(40, NOON_MS, book), Rates(), NOON_MS

    for name, value, flag in events:
        at_ms += hours * HOUR_MS
        if name == "weigh":
            fusion.weigh(stock, value, at_ms, bool(flag), UNIT, rates)
        elif name == "book" and value:
            fusion.book(stock, int(value), at_ms, UNIT, rates)
        elif name == "see":
            fusion.see(stock, tags(*[1.0] * int(value), flag), at_ms, UNIT, rates)
        elif name == "count":
            fusion.count(stock, int(value), "x", at_ms, UNIT, rates)
        else:
            fusion.pass_time(stock, at_ms + int(value) * DAY_MS, UNIT, rates)
        fusion.doubt(stock, "A1", at_ms, rates)
        counts, p = fusion.now(stock, rates)
        said = fusion.estimate(stock, UNIT, 40, rates)
        assert np.all(counts >= 0)
        assert float(p.sum()) == pytest.approx(1.0, abs=1e-3)
        assert 0 <= said.low <= said.high
        assert said.count is not None or (said.reason and said.remedy)
        assert len(stock.opened) <= 6
        assert len(stock.steps) <= 6
        assert 0.0 < rates.wrong_share <= 0.5
        assert rates.lost_a_day > 0.0
    assert len(belief.probabilities(stock.belief)[0]) >= 1


def test_a_count_settles_what_was_booked_and_not_seen() -> None:
    stock, rates = slot(12), Rates()
    fusion.book(stock, 10, NOON_MS + 60_000, UNIT, rates)

    fusion.count(stock, 5, "mei", NOON_MS + 120_000, UNIT, rates)

    assert likeliest(stock)[0] == 12, "no booking that nobody saw makes 22 of it"
    assert stock.opened == []
