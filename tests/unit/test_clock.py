"""The gateway's clock: never behind what was recorded, whatever the machine's shows, and it says when that is wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.clock import BUILT_MS, LATEST_MS, SLOWER, Clock

NOON_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
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
