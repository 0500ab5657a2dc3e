"""A lane's gaps: which numbers are not here, which of them are asked for again, and since when they are missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core import lanes
from cloud.core.lanes import Hole, Lacking, LaneState, Patience, Told
from protocols.reports import Lane
from protocols.sequences import Sequence

HELD_MAX = 40
EVENTS: tuple[str, Lane] = ("g1", "events")
TELEMETRY: tuple[str, Lane] = ("g1", "telemetry")
numbers = st.integers(0, HELD_MAX)


def lane(*ranges: tuple[int, int], **more: object) -> LaneState:
    return LaneState(Sequence([[*one] for one in ranges], 0, 100), 0, 0, 1_000)._replace(**more)  # type: ignore[arg-type]


def holding(held: set[int]) -> LaneState:
    state = lanes.nothing()
    for number in held:
        state.held.add(number)
    return state


@given(st.sets(numbers), st.lists(st.tuples(numbers, st.integers(0, 8))), st.integers(0, HELD_MAX + 5))
def test_each_number_that_was_signed_for_is_held_given_up_or_asked_for_again(
    held: set[int], given_up: list[tuple[int, int]], unsigned_from: int
) -> None:
    state, gone = holding(held), set[int]()
    for first, more in given_up:
        state = lanes.give_up(state, first, first + more)
        gone |= set(range(first, first + more + 1))
    told = Told(HELD_MAX + 10, unsigned_from)

    asked = {number for first, last in lanes.lost(state, told) for number in range(first, last + 1)}
    lacking = {number for first, last in lanes.gaps(state, told) for number in range(first, last + 1)}

    assert asked == set(range(unsigned_from)) - held - gone
    assert lacking == set(range(max([unsigned_from - 1, *held], default=-1) + 1)) - held - gone


@given(st.permutations([*range(12)]), st.sets(st.integers(0, 11), max_size=4))
def test_a_gap_keeps_the_times_at_which_it_opened_until_it_is_filled(order: list[int], cuts: set[int]) -> None:
    """In whatever order they come, one a second, some groups at once: every gap lies between two arrivals."""
    state, arrived, now_ms = lanes.nothing(), dict[int, int](), 0
    for at, number in enumerate(order):
        now_ms += 0 if at in cuts else 1_000
        before, state = state, lanes.copy(state)
        state.held.add(number)
        arrived[number] = now_ms
        state = lanes.note_holes(before, state._replace(last_ms=now_ms), now_ms)
        holes = lanes.dated(lanes.gaps(state), state)
        assert tuple((hole.first, hole.last) for hole in holes) == lanes.gaps(state)
        for hole in holes:
            above = [ms for one, ms in arrived.items() if one > hole.last]
            assert hole.from_ms <= hole.to_ms
            assert hole.to_ms == min(above), "it was seen as soon as something above it came"
    assert state.holes == ()


def test_what_a_gateway_without_that_word_was_signed_for_is_not_asked_for() -> None:
    assert lanes.lost(lane((0, 9), (20, 29)), Told(30, None)) == ()
    assert lanes.gaps(lane((0, 9), (20, 29)), Told(30, None)) == ((10, 19),)


def test_a_gap_at_the_top_is_dated_by_what_came_last() -> None:
    """The ledger is from a backup: the gateway was signed for more than it holds."""
    state = lane((0, 9), told=Told(30, 30))

    assert lanes.dated(lanes.gaps(state), state) == [Hole(10, 29, 1_000, 0)]


def test_a_gap_that_was_given_up_in_its_middle_keeps_its_times_on_both_sides() -> None:
    state = lane((0, 9), (30, 39), holes=(Hole(10, 29, 5, 7),))

    state = lanes.note_holes(state, lanes.give_up(state, 15, 19), 9)

    assert state.holes == (Hole(10, 14, 5, 7), Hole(20, 29, 5, 7))


def test_more_gaps_than_are_kept_are_given_up_lowest_first_and_counted() -> None:
    state = lanes.nothing()
    for number in range(0, 2 * lanes.RANGES_MAX + 20, 2):
        state.held.add(number)

    assert len(state.held.ranges) == lanes.RANGES_MAX
    assert (state.held.forgotten, state.held.ranges[0]) == (10, [0, 20])
    assert lanes.gaps(state)[0] == (21, 21)


def test_a_lane_stored_with_more_gaps_than_are_kept_now_is_brought_below_that() -> None:
    many = lanes.RANGES_MAX + 50
    state = LaneState(Sequence([[3 * at, 3 * at] for at in range(many)], 5, 100_000), 0, 0, 1_000)

    after = lanes.copy(state)

    assert len(after.held.ranges) == lanes.RANGES_MAX
    assert (after.held.forgotten, after.held.ranges[0]) == (5 + 2 * 50, [0, 150])
    assert after.held.ranges[1:] == state.held.ranges[51:]
    assert len(state.held.ranges) == many, "the state before stays as it was"


def test_a_batch_that_came_again_changes_no_gap() -> None:
    state = lane((0, 9), (20, 29), holes=(Hole(10, 19, 5, 7),))

    assert lanes.note_holes(state, lanes.copy(state), 99).holes == state.holes


def test_given_up_numbers_have_a_limit_and_what_is_forgotten_is_a_gap_again() -> None:
    state = lane((0, 9))
    for number in range(lanes.GIVEN_UP_MAX + 1):
        state = lanes.give_up(state, 10 + 2 * number, 10 + 2 * number)

    assert len(state.given_up) == lanes.GIVEN_UP_MAX
    assert lanes.gaps(state, Told(20, 14)) == ((10, 11), (13, 13))


def test_a_gap_that_is_being_filled_is_waited_for_and_one_that_stays_grows_old() -> None:
    patience, there = Patience(), {"g1": True}

    draining = [patience.look({EVENTS: lane((0, at), (90, 99))}, there, at * 1_000) for at in range(10, 14)]
    staying = [patience.look({EVENTS: lane((0, 13), (90, 99))}, there, ms) for ms in (20_000, 700_000)]

    assert [one["g1"].since_ms for one in draining] == [10_000, 11_000, 12_000, 13_000]
    assert [one["g1"] for one in staying] == [Lacking(76, "events", 14, 13_000)] * 2
    assert patience.look({EVENTS: lane((0, 99))}, there, 800_000) == {}


def test_one_lane_waits_while_the_other_one_is_filled() -> None:
    patience, telemetry = Patience(), lane((0, 9), (90, 99))

    for at in range(10, 14):
        seen = patience.look({EVENTS: lane((0, at), (90, 99)), TELEMETRY: telemetry}, {"g1": True}, at * 1_000)

    assert seen["g1"] == Lacking(76 + 80, "events", 14, 13_000)


def test_a_gateway_that_is_away_is_not_held_against_its_gap() -> None:
    patience, held = Patience(), {EVENTS: lane((0, 9), (90, 99))}
    patience.look(held, {"g1": True}, 1_000)

    away = patience.look(held, {"g1": False}, 900_000)
    back = patience.look(held, {"g1": True}, 901_000)

    assert (away["g1"].since_ms, back["g1"].since_ms) == (900_000, 900_000)
