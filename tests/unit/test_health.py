"""A device's own traffic tells whether it is there, what was lost and what came twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.care.health import PERIOD_MAX_MS, Pulse, answer, hear, judge, lost, report, tell
from protocols.readings import DeviceStatus

T0 = 1_763_762_400_000


def live(pulse: Pulse, count: int, every_ms: int = 1000, boot: int = 1, seq: int = 0, from_ms: int = T0) -> int:
    """`count` messages in time; when the last one came."""
    for number in range(count):
        now_ms = from_ms + number * every_ms
        hear(pulse, boot, seq + number, now_ms, now_ms)
    return from_ms + (count - 1) * every_ms


def test_a_device_that_stops_is_silent_and_then_back() -> None:
    pulse = Pulse()
    last_ms = live(pulse, 50)

    assert judge(pulse, last_ms + 29_000) == "ok"
    assert judge(pulse, last_ms + 31_000) == "silent"

    hear(pulse, 1, 50, last_ms + 60_000, last_ms + 60_000)
    assert judge(pulse, last_ms + 60_000) == "ok"


def test_the_period_is_learned_so_that_a_slow_device_is_not_silent_soon() -> None:
    pulse = Pulse()

    last_ms = live(pulse, 60, every_ms=300_000)

    assert report(pulse, "d", last_ms).period_ms == pytest.approx(300_000, rel=0.05)
    assert judge(pulse, last_ms + 5 * 300_000) == "ok"
    assert judge(pulse, last_ms + 7 * 300_000) == "silent"


def test_a_long_pause_teaches_a_bounded_period() -> None:
    pulse = Pulse()

    live(pulse, 100, every_ms=90 * 86_400_000)

    assert pulse.period_ms <= PERIOD_MAX_MS


def test_a_device_that_keeps_pace_far_behind_us_has_its_offset_learnt() -> None:
    """Our clock was set three hours ahead: what the reader says is as new as ever."""
    pulse = Pulse()
    last_ms = live(pulse, 50)

    for number in range(50, 120):
        at_ms = last_ms + (number - 49) * 1000
        hear(pulse, 1, number, at_ms, at_ms + 3 * 3_600_000)

    assert pulse.offset_ms == pytest.approx(-3 * 3_600_000, abs=11_000)


def test_a_backlog_proves_life_and_teaches_neither_period_nor_clock() -> None:
    pulse = Pulse()
    last_ms = live(pulse, 50)
    period_ms, offset_ms = pulse.period_ms, pulse.offset_ms

    for number in range(50, 500):
        hear(pulse, 1, number, T0 - 86_400_000 + number, last_ms + 20_000)

    assert (pulse.period_ms, pulse.offset_ms) == (period_ms, offset_ms)
    assert judge(pulse, last_ms + 49_000) == "ok"


def test_the_offset_of_a_clock_is_learned() -> None:
    pulse = Pulse()

    for number in range(100):
        hear(pulse, 1, number, T0 + number * 1000 + 2500, T0 + number * 1000)

    assert report(pulse, "d", T0).clock_offset_ms == pytest.approx(2500, abs=5)


def test_a_last_will_makes_a_device_offline_until_it_speaks() -> None:
    pulse = Pulse()
    last_ms = live(pulse, 5)

    tell(pulse, DeviceStatus("d", False, last_ms, 1), last_ms)
    assert judge(pulse, last_ms) == "offline"

    hear(pulse, 1, 5, last_ms + 500, last_ms + 500)
    assert judge(pulse, last_ms + 500) == "ok"


def test_the_last_will_of_an_earlier_boot_says_nothing_about_this_one() -> None:
    pulse = Pulse()
    last_ms = live(pulse, 5, boot=4)

    tell(pulse, DeviceStatus("d", False, last_ms, 3), last_ms)

    assert judge(pulse, last_ms) == "ok"


def test_a_will_that_comes_after_the_greeting_of_the_next_boot_is_too_late() -> None:
    """The broker notices a dead connection late: the device has said it is online before it sent any data."""
    pulse = Pulse()
    last_ms = live(pulse, 5, boot=3)

    tell(pulse, DeviceStatus("d", True, last_ms, 4), last_ms + 1000)
    tell(pulse, DeviceStatus("d", False, last_ms, 3), last_ms + 2000)

    assert judge(pulse, last_ms + 2000) == "ok"


def test_a_status_carries_the_battery() -> None:
    pulse = Pulse()

    tell(pulse, DeviceStatus("d", True, T0, 1, 87.0), T0)

    assert report(pulse, "d", T0).battery_pct == 87.0


def test_a_device_that_only_answers_commands_is_there() -> None:
    pulse = Pulse()

    answer(pulse, T0)

    assert judge(pulse, T0 + 1000) == "ok"


def test_a_message_that_comes_twice_is_told_and_counted() -> None:
    pulse = Pulse()
    live(pulse, 5)

    assert hear(pulse, 1, 3, T0, T0 + 6000) == "duplicate"
    assert report(pulse, "d", T0).duplicates == 1


def test_a_gap_is_lost_until_it_is_filled_out_of_order() -> None:
    pulse = Pulse()
    for seq in (0, 1, 5, 6):
        hear(pulse, 1, seq, T0, T0)
    assert lost(pulse) == 3

    assert hear(pulse, 1, 3, T0, T0) == "new"

    assert lost(pulse) == 2


def test_after_a_reboot_the_sequence_starts_anew() -> None:
    pulse = Pulse()
    live(pulse, 100, boot=7)

    assert [hear(pulse, 8, seq, T0, T0) for seq in range(3)] == ["new"] * 3
    assert hear(pulse, 7, 50, T0, T0) == "duplicate", "the boot before is still known"
    assert lost(pulse) == 0


def test_losses_of_forgotten_boots_stay_counted() -> None:
    pulse = Pulse()

    for boot in range(1, 10):
        hear(pulse, boot, 0, T0, T0)
        hear(pulse, boot, 3, T0, T0)

    assert lost(pulse) == 9 * 2
    assert len(pulse.boots) == 3


def test_without_a_sequence_a_device_is_taken_at_its_word() -> None:
    pulse = Pulse()

    assert [hear(pulse, 0, -1, T0, T0) for _ in range(3)] == ["new"] * 3


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 20)), max_size=100))
def test_nothing_new_is_taken_for_a_duplicate(messages: list[tuple[int, int]]) -> None:
    pulse, seen = Pulse(), set[tuple[int, int]]()

    for boot, seq in messages:
        verdict = hear(pulse, boot, seq, T0, T0)

        if verdict == "duplicate":
            assert (boot, seq) in seen
        seen.add((boot, seq))
        assert len(pulse.boots) <= 3


def test_what_came_of_a_new_boot_is_told_soon() -> None:
    """Else it stood nowhere for ten minutes which numbers the gateway holds."""
    pulse = Pulse(told_ms=T0)
    tell(pulse, DeviceStatus("d", True, T0, 1), T0)

    live(pulse, 1)

    assert pulse.told_ms == 0
    assert report(pulse, "d", T0).heard[0].ranges == [[0, 0]]
