"""What people and the book tell of a slot changes that and nothing else, is told once, and survives a restart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.slots import actions
from edge.core.slots.acting import BACKDATE_MAX_MS, BOOKINGS_MAX
from edge.core.slots.actions import Action, ActionError, NoSuchSlotError
from edge.core.slots.shelves import LEVEL_REFRESH_MS
from tests.unit.hall import DAY_MS, HOUR_MS, Hall, events, filled, levels, whole
from tests.unit.test_inference import T0

WRONG: list[tuple[Action, str]] = [
    (actions.Book(3, T0 - BACKDATE_MAX_MS - 1), "30 days"),
    (actions.Book(3, T0 + HOUR_MS), "future"),
    (actions.Book(3, -1), "30 days"),
    (actions.Book(0), "0 units"),
    (actions.Count(101), "holds 100 at most"),
    (actions.Teach(100_000), "tare it"),
    (actions.Calibrate(5.0), "too light"),
    (actions.Calibrate(900_000.0), "put the weight on"),
]


@pytest.mark.parametrize(("action", "said"), WRONG)
def test_what_can_not_be_done_says_why_and_changes_nothing(action: Action, said: str) -> None:
    hall = filled(0)
    before = whole(hall.inference)

    with pytest.raises(ActionError, match=said):
        hall.act(action)

    assert whole(hall.inference) == before
    assert hall.notes == []


@pytest.mark.parametrize("action", [actions.Count(1), actions.Book(1), actions.Tare()])
def test_a_slot_that_is_not_there_is_refused(action: Action) -> None:
    with pytest.raises(NoSuchSlotError, match="'Z9' is not in the site file of 'demo'"):
        Hall().act(action, "Z9")


def test_a_count_is_the_book_from_now_on_and_changes_no_sure_weight() -> None:
    hall = filled(5)

    answer = hall.act(actions.Count(5, "Ann"))

    assert (answer["slot"], answer["count"]) == ("A1", 5)
    assert events(hall.told) == [(5, 5, "first")]
    assert levels(hall.told)[-1].booked == 5
    assert hall.notes == [("count", "A1")]
    explained = hall.inference.shelves.explain("A1", hall.now_ms)
    assert [(word.source, word.count, word.by) for word in explained.words][-1] == ("counted", 5, "Ann")


def test_a_count_makes_known_what_no_scale_told() -> None:
    hall = Hall()

    assert hall.act(actions.Count(42))["count"] == 42

    assert events(hall.told) == [(42, 42, "first")]


def test_more_than_a_slot_holds_may_be_counted_only_where_the_scale_says_so() -> None:
    hall = filled(95)
    hall.bolts(105)

    assert hall.act(actions.Count(105))["count"] == 105
    with pytest.raises(ActionError, match="correct capacity in the site file"):
        hall.act(actions.Count(160))


def test_a_booking_moves_the_book_and_not_what_the_scale_shows() -> None:
    hall = filled(5)
    hall.act(actions.Count(5))

    answer = hall.act(actions.Book(-2, id="pick-1"))

    assert answer["count"] == 5
    assert levels(hall.told)[-1].booked == 3
    assert events(hall.told) == [(5, 5, "first")]


@pytest.mark.parametrize("restart", [False, True])
def test_a_booking_sent_twice_counts_once_also_after_a_restart(restart: bool) -> None:
    hall = Hall()
    hall.act(actions.Count(20))
    hall.act(actions.Book(5, id="in-1"))
    if restart:
        hall.restart()
    before = whole(hall.inference)

    answer = hall.act(actions.Book(5, id="in-1"))

    assert answer["repeated"] is True
    assert whole(hall.inference) == before
    assert hall.inference.shelves.slots["A1"].stock.book == 25
    assert [what for what, _ in hall.notes] == ["count", "book"]


def test_bookings_without_an_id_or_with_different_ones_each_count() -> None:
    hall = Hall()
    hall.act(actions.Count(20))
    for name in ("", "", "a", "b"):
        hall.act(actions.Book(1, id=name))

    assert hall.inference.shelves.slots["A1"].stock.book == 24


def test_only_the_latest_bookings_are_remembered() -> None:
    hall = Hall()
    hall.act(actions.Count(20))
    for number in range(BOOKINGS_MAX + 5):
        hall.act(actions.Book(1 if number % 2 else -1, id=str(number)))

    assert len(hall.inference.shelves.slots["A1"].bookings) == BOOKINGS_MAX
    assert "repeated" in hall.act(actions.Book(1, id=str(BOOKINGS_MAX + 4)))


@pytest.mark.parametrize("book_first", [True, False])
@pytest.mark.parametrize("restart", [True, False])
def test_a_booking_and_its_pick_are_one_movement_in_either_order(book_first: bool, restart: bool) -> None:
    hall = filled(10)
    hall.act(actions.Count(10))

    for booked in (book_first, not book_first):
        if booked:
            hall.act(actions.Book(-3))
        else:
            hall.bolts(7)
        if restart:
            hall.restart()
        hall.live(HOUR_MS, 100.0 + 250.0 * float(hall.counts()["A1"] or 0))

    assert hall.counts()["A1"] == 7
    assert events(hall.told) == [(10, 10, "first"), (-3, 7, "weight")]
    assert not any(level.differs_ms for level in levels(hall.live(3 * DAY_MS, 1850.0)))
    explained = hall.inference.shelves.explain("A1", hall.now_ms)
    assert (explained.book, explained.gap, explained.waiting) == (7, 0, [])


def test_a_theft_against_the_book_is_told_and_a_count_closes_it() -> None:
    hall = filled(10)
    hall.act(actions.Count(10))
    hall.live(DAY_MS, 2600.0)
    assert not any(level.differs_ms for level in levels(hall.told))

    hall.bolts(6)
    told = hall.live(3 * DAY_MS, 1600.0)
    first = next(level for level in levels(told) if level.differs_ms)
    hall.restart()

    assert (first.count, first.booked) == (6, 10)
    assert T0 + DAY_MS < first.differs_ms < first.at_ms
    assert hall.notes.count(("differs", "A1")) == 1
    assert levels(hall.live(DAY_MS, 1600.0))[-1].differs_ms == first.differs_ms

    hall.act(actions.Count(6))

    assert (levels(hall.told)[-1].booked, levels(hall.told)[-1].differs_ms) == (6, 0)
    assert not any(level.differs_ms for level in levels(hall.live(3 * DAY_MS, 1600.0)))
    assert hall.notes.count(("differs", "A1")) == 1


def test_a_late_booking_closes_what_was_told_to_differ() -> None:
    hall = filled(10)
    hall.act(actions.Count(10))
    hall.bolts(6)
    assert levels(hall.live(3 * DAY_MS, 1600.0))[-1].differs_ms

    hall.act(actions.Book(-4, hall.now_ms - 2 * DAY_MS))

    assert levels(hall.live(HOUR_MS, 1600.0))[-1].differs_ms == 0


def test_a_stranger_makes_the_count_unknown_with_a_remedy_and_goes_again() -> None:
    hall = filled(8)

    hall.weigh(100.0 + 8 * 250.0 + 90.0)
    level = levels(hall.told)[-1]
    assert (level.count, level.reason, level.remedy) == (None, "not_integer", "check_shelf")
    hall.bolts(8)

    assert levels(hall.told)[-1].count == 8
    assert events(hall.told) == [(8, 8, "first")]


def test_an_overloaded_scale_tells_no_count_until_it_is_relieved() -> None:
    hall = filled(8)

    hall.weigh(30_500.0)
    level = levels(hall.told)[-1]
    assert (level.count, level.reason, level.remedy) == (None, "saturated", "check_shelf")
    hall.bolts(9)

    assert events(hall.told) == [(8, 8, "first"), (1, 9, "weight")]


def test_a_zero_that_moved_under_load_is_noted_when_the_shelf_is_empty_again() -> None:
    hall = filled(0)
    hall.bolts(4)
    for step in range(60):
        hall.weigh(1100.0 + 0.1 * step)
        hall.live(LEVEL_REFRESH_MS, 1100.0 + 0.1 * step)
    assert hall.notes == []

    hall.weigh(106.0)

    assert hall.counts()["A1"] == 0
    assert hall.notes == [("zeroed", "A1")]


def test_an_unmoved_load_is_followed_through_a_slow_drift() -> None:
    """Over a day the zero creeps by half a nut, a little at a time: no count changes."""
    hall = Hall()
    hall.weigh(40.0 * 12, "2")

    for step in range(288):
        hall.weigh(40.0 * 12 + 20.0 * step / 288, "2")
        hall.now_ms += LEVEL_REFRESH_MS
        hall.keep(hall.inference.tick(hall.now_ms))

    assert events(hall.told, "A2") == [(12, 12, "first")]
    assert hall.inference.shelves.slots["A2"].stock.words.mass_g == pytest.approx(500.0, abs=3.0)
    hall.weigh(40.0 * 11 + 20.0, "2")
    assert events(hall.told, "A2")[1:] == [(-1, 11, "weight")]


def test_what_nobody_confirms_for_weeks_is_no_longer_claimed() -> None:
    """A scale that fell silent: units may have gone unseen, and the slot says so by itself."""
    hall = filled(20)
    assert levels(hall.live(DAY_MS))[-1].count == 20

    level = levels(hall.live(60 * DAY_MS))[-1]

    assert level.count is None
    assert level.low < 20
    assert events(hall.told) == [(20, 20, "first")]
    hall.act(actions.Count(20))
    assert levels(hall.told)[-1].count == 20


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("weigh"), st.integers(0, 30)),
        st.tuples(st.just("odd"), st.integers(1, 8000)),
        st.tuples(st.just("book"), st.integers(-9, 9).filter(bool)),
        st.tuples(st.just("count"), st.integers(0, 30)),
        st.tuples(st.just("teach"), st.integers(1, 30)),
        st.tuples(st.just("tare"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    min_size=1,
    max_size=25,
)


@given(STEPS)
@settings(deadline=None, max_examples=60)
def test_the_deltas_add_up_to_the_last_known_count_whatever_is_weighed_booked_and_counted(
    steps: list[tuple[str, int]],
) -> None:
    hall = Hall()
    for what, number in steps:
        try:
            if what == "weigh":
                hall.bolts(number)
            elif what == "odd":
                hall.weigh(float(number))
            elif what == "book":
                hall.act(actions.Book(number))
            elif what == "count":
                hall.act(actions.Count(number))
            elif what == "teach":
                hall.act(actions.Teach(number))
            elif what == "tare":
                hall.act(actions.Tare())
            elif what == "wait":
                hall.live(number * HOUR_MS)
            else:
                hall.restart()
        except ActionError:
            continue

    told = events(hall.told)
    state = hall.inference.shelves.slots.get("A1")
    assert sum(delta for delta, _, _ in told) == (told[-1][1] if told else 0)
    assert (told[-1][1] if told else None) == (state.known if state is not None else None)
    assert [source for _, _, source in told].count("first") == (1 if told else 0)
    last = levels(hall.told)[-1:]
    assert all(level.count in (None, told[-1][1]) for level in last if told)
