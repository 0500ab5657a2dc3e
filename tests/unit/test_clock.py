"""The gateway's clock: never behind what was recorded, whatever the machine's shows, and it says when that is wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.clock import BUILT_MS, DAY_MS, HELD_MS, LATEST_MS, SLOWER, STANDS_MS, Clock

NOON_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
YEAR_2035_MS = NOON_MS + 9 * 365 * 86_400_000
YEAR_2099_MS = 4_070_908_800_000


class Machine:
    """A machine's clocks, in ms."""

    def __init__(self, wall_ms: int) -> None:
        self.wall_ms, self.steady_ms = wall_ms, 777

    def clock(self, recorded_ms: int = 0) -> Clock:
        return Clock(recorded_ms, lambda: self.wall_ms * 1_000_000, lambda: self.steady_ms * 1_000_000)

    def pass_time(self, ms: int) -> None:
        self.wall_ms, self.steady_ms = self.wall_ms + ms, self.steady_ms + ms


def test_a_clock_that_is_right_is_followed_and_nothing_is_said() -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock(NOON_MS - HOUR_MS)

    assert clock.now_ms() == NOON_MS
    machine.pass_time(5_000)
    assert (clock.now_ms(), clock.ahead_ms(), clock.why) == (NOON_MS + 5_000, 0, "")


def test_a_machine_that_wakes_up_in_1970_goes_on_from_what_was_recorded_and_says_so() -> None:
    machine = Machine(60_000)
    clock = machine.clock(NOON_MS)

    machine.pass_time(10_000)
    assert clock.now_ms() == NOON_MS + 10_000
    assert "1970-01-01" in clock.why
    assert "can not be right" in clock.why

    machine.wall_ms = NOON_MS + HOUR_MS  # the time server answers
    assert (clock.now_ms(), clock.why) == (NOON_MS + HOUR_MS, "")


def test_a_new_gateway_in_1970_begins_no_earlier_than_its_software() -> None:
    machine = Machine(0)

    assert machine.clock().now_ms() == BUILT_MS


def test_a_clock_in_2099_is_not_believed_and_neither_is_a_record_from_there() -> None:
    machine = Machine(YEAR_2099_MS)
    clock = machine.clock(NOON_MS)

    machine.pass_time(1_000)
    assert clock.now_ms() == NOON_MS + 1_000
    assert "2099" in clock.why
    assert Machine(NOON_MS).clock(YEAR_2099_MS).now_ms() == NOON_MS


def test_a_clock_set_back_is_waited_for_a_little_slower_and_never_followed_back() -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock()
    assert clock.now_ms() == NOON_MS

    machine.wall_ms -= HOUR_MS
    assert clock.now_ms() == NOON_MS
    assert "behind what was recorded" in clock.why
    before_ms = NOON_MS
    for _ in range(60 * (SLOWER + 1)):
        machine.pass_time(60_000)
        now_ms = clock.now_ms()
        assert before_ms < now_ms <= before_ms + 60_000
        before_ms = now_ms
    assert (clock.now_ms(), clock.why) == (machine.wall_ms, "")


def test_the_service_is_believed_where_the_machine_is_not() -> None:
    machine = Machine(60_000)
    clock = machine.clock(NOON_MS)

    clock.told(NOON_MS + HOUR_MS)
    assert clock.now_ms() == NOON_MS + HOUR_MS
    clock.told(NOON_MS)  # never back
    assert clock.now_ms() == NOON_MS + HOUR_MS
    clock.told(YEAR_2099_MS)
    assert clock.now_ms() == NOON_MS + HOUR_MS
    sane = Machine(NOON_MS).clock()
    sane.told(NOON_MS + HOUR_MS)
    assert sane.now_ms() == NOON_MS


def test_a_clock_in_2035_is_left_when_the_service_says_what_time_it_is() -> None:
    machine = Machine(YEAR_2035_MS)
    clock = machine.clock()  # a new gateway: nobody knows better yet
    assert clock.now_ms() == YEAR_2035_MS

    machine.pass_time(2_000)
    clock.told(NOON_MS)

    assert clock.now_ms() == NOON_MS
    assert "2035" in clock.why
    assert clock.off_ms() == NOON_MS - machine.wall_ms
    machine.pass_time(3 * HELD_MS)  # the link is cut, and the clock shows 2035 for long
    assert clock.now_ms() == NOON_MS + 3 * HELD_MS
    machine.wall_ms = NOON_MS + 3 * HELD_MS + 7_000
    assert (clock.now_ms(), clock.why, clock.off_ms()) == (machine.wall_ms, "", 0)


def test_time_that_was_recorded_in_2035_is_set_back_when_the_service_agrees_with_a_clock_that_is_right_again() -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock(YEAR_2035_MS)
    assert clock.now_ms() == YEAR_2035_MS
    assert "2035" in clock.why

    clock.told(NOON_MS + 700)

    assert clock.now_ms() == NOON_MS
    machine.pass_time(60_000)
    assert (clock.now_ms(), clock.why) == (NOON_MS + 60_000, "")


def test_devices_that_agree_with_the_machine_set_time_back_too_and_alone_they_do_not() -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock(YEAR_2035_MS)
    clock.heard(NOON_MS - 2_000)
    assert clock.now_ms() == NOON_MS

    machine = Machine(NOON_MS)
    clock = machine.clock(NOON_MS)
    clock.now_ms()
    clock.heard(NOON_MS - 30 * DAY_MS)
    assert clock.now_ms() == NOON_MS
    assert "most devices say" in clock.why


def test_the_service_alone_does_not_set_back_a_time_that_was_recorded() -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock(NOON_MS - HOUR_MS)
    clock.now_ms()

    clock.told(NOON_MS - 30 * DAY_MS)

    assert clock.now_ms() == NOON_MS
    assert "but the service says" in clock.why


def test_a_gateway_that_was_off_for_a_month_goes_on_at_once() -> None:
    for told in (False, True):
        machine = Machine(NOON_MS)
        clock = machine.clock(NOON_MS - 30 * DAY_MS)
        assert clock.now_ms() == NOON_MS
        if told:
            clock.told(NOON_MS + 900)
        assert (clock.now_ms(), clock.why) == (NOON_MS, "")


def test_what_was_believed_for_want_of_anything_better_is_taken_back() -> None:
    machine = Machine(NOON_MS + 60 * DAY_MS)
    clock = machine.clock(NOON_MS - DAY_MS)
    assert clock.now_ms() == machine.wall_ms

    machine.pass_time(4 * HOUR_MS)
    clock.told(NOON_MS - 10 * DAY_MS)  # less than was recorded: that one is wrong
    assert clock.now_ms() == machine.wall_ms
    machine = Machine(NOON_MS + 60 * DAY_MS)
    clock = machine.clock(NOON_MS - DAY_MS)
    clock.now_ms()
    clock.heard(NOON_MS)
    assert clock.now_ms() == NOON_MS


def test_a_jump_ahead_is_believed_when_a_witness_agrees_or_when_it_stands_for_an_hour() -> None:
    for jump_ms in (3 * DAY_MS, YEAR_2035_MS - NOON_MS):
        machine = Machine(NOON_MS)
        clock = machine.clock(NOON_MS)
        clock.now_ms()
        machine.wall_ms += jump_ms
        machine.pass_time(60_000)
        assert clock.now_ms() == NOON_MS + 60_000
        assert "nobody confirms" in clock.why
        for _ in range(STANDS_MS // 60_000):
            machine.pass_time(60_000)
            now_ms = clock.now_ms()
        assert now_ms == machine.wall_ms

        machine = Machine(NOON_MS)
        clock = machine.clock(NOON_MS)
        clock.now_ms()
        machine.wall_ms += jump_ms
        clock.heard(machine.wall_ms)
        assert clock.now_ms() == machine.wall_ms


def test_a_clock_that_the_service_was_against_is_not_believed_when_the_link_is_cut() -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock(NOON_MS)
    machine.wall_ms += 9 * 365 * DAY_MS
    for minute in range(200):
        machine.pass_time(60_000)
        if minute < 10:
            clock.told(NOON_MS + (minute + 1) * 60_000 + 300)
        clock.now_ms()

    assert clock.now_ms() == NOON_MS + 200 * 60_000
    assert clock.off_ms() < -DAY_MS
    clock.told(machine.wall_ms + 30 * 60_000)  # it was the service that was wrong
    assert clock.now_ms() == machine.wall_ms


def test_after_a_start_a_clock_years_ahead_of_what_was_recorded_must_stand_for_an_hour() -> None:
    machine = Machine(YEAR_2035_MS)
    clock = machine.clock(NOON_MS)

    assert clock.now_ms() == NOON_MS
    machine.pass_time(STANDS_MS - 1)
    assert clock.now_ms() == NOON_MS + STANDS_MS - 1
    machine.pass_time(1)
    assert clock.now_ms() == machine.wall_ms


Move = tuple[str, int]
MOVES = st.one_of(
    st.tuples(st.just("pass"), st.integers(0, 10 * HOUR_MS)),
    st.tuples(st.just("set"), st.integers(0, YEAR_2099_MS)),
    st.tuples(st.just("off"), st.integers(0, 40 * DAY_MS)),
)


@given(st.lists(MOVES, max_size=30))
def test_whatever_a_machine_did_right_clocks_bring_the_right_time_back(moves: list[Move]) -> None:
    """Jumps, times off and restarts, with nobody else to ask; then its clock is right and the service speaks."""
    machine, true_ms = Machine(NOON_MS), NOON_MS
    clock = machine.clock()
    recorded_ms = clock.now_ms()
    for what, ms in moves:
        if what == "set":
            machine.wall_ms = ms
        else:
            machine.pass_time(ms)
            true_ms += ms
        if what == "off":
            clock = machine.clock(recorded_ms)
        before_ms, now_ms = recorded_ms, clock.now_ms()
        assert now_ms >= before_ms  # by its own clock alone, time does not go back
        recorded_ms = now_ms
    machine.wall_ms = true_ms

    clock.told(true_ms + 800)
    now_ms = clock.now_ms()

    assert abs(now_ms - true_ms) <= DAY_MS
    for _ in range(11 * 24 + 1):
        machine.pass_time(HOUR_MS)
        clock.told(machine.wall_ms + 800)
        assert now_ms <= clock.now_ms() <= now_ms + max(HOUR_MS, machine.wall_ms - now_ms)
        now_ms = clock.now_ms()
    assert (now_ms, clock.why) == (machine.wall_ms, "")


@given(st.lists(MOVES, max_size=30), st.integers(-20 * HOUR_MS, 20 * HOUR_MS))
def test_while_the_service_is_heard_no_clock_of_the_machines_leads_astray(moves: list[Move], off_ms: int) -> None:
    machine, true_ms = Machine(NOON_MS), NOON_MS
    clock = machine.clock(NOON_MS)
    clock.told(true_ms + off_ms)
    for what, ms in moves:
        if what == "set":
            machine.wall_ms = ms
        else:
            machine.pass_time(ms)
            true_ms += ms
        if what == "off":
            clock = machine.clock(clock.now_ms())
            clock.now_ms()
        clock.told(true_ms + off_ms)
        assert clock.now_ms() - true_ms <= 3 * DAY_MS


@given(
    st.integers(0, LATEST_MS),
    st.lists(st.tuples(st.integers(0, 10 * HOUR_MS), st.integers(0, YEAR_2099_MS) | st.none()), max_size=30),
)
def test_time_never_goes_back_whatever_the_machine_does(recorded_ms: int, moves: list[tuple[int, int | None]]) -> None:
    machine = Machine(NOON_MS)
    clock = machine.clock(recorded_ms)
    before_ms = clock.now_ms()
    assert before_ms >= recorded_ms
    for passed_ms, set_to_ms in moves:
        machine.pass_time(passed_ms)
        if set_to_ms is not None:
            machine.wall_ms = set_to_ms
        now_ms = clock.now_ms()
        assert now_ms >= before_ms
        assert now_ms <= max(LATEST_MS, before_ms + passed_ms)
        assert isinstance(clock.why, str)
        before_ms = now_ms
