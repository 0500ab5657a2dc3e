"""What alerts and notices make of clocks that are set back, of chatter, and of moments that were worse."""

from __future__ import annotations

import pytest

from cloud.alerts import lifecycle
from cloud.alerts.lifecycle import Alert, Book, Condition, Delays
from cloud.alerts.notices import Board, Crew, Notice, step

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
CREW = Crew(lambda _: (["ann"], (5, 15, 30)), lambda _: False)
WRONG = [Condition("warm", "d", "cold", 1, {})]


def alert(number: int, severity: int = 1) -> Alert:
    return Alert(number, "warm", f"d{number}", "cold", severity, "firing", 0, 0, {})


def told(board: Board, there: list[Alert], seconds: range) -> list[tuple[int, Notice]]:
    return [(second, one) for second in seconds for one in step(board, there, CREW, second * 1000)]


@pytest.mark.parametrize("severity", [1, 3])
def test_what_is_new_is_told_though_the_clock_was_set_back_a_day(severity: int) -> None:
    board = Board()
    told(board, [alert(1, severity)], range(360_000, 360_100))
    found = told(board, [alert(1, severity), alert(2, severity)], range(270_000, 270_200))
    assert found[0][1].alerts[-1] == 2
    assert found[0][0] <= 270_061


def test_what_was_told_is_told_again_in_its_time_though_the_clock_was_set_back() -> None:
    board = Board()
    assert told(board, [alert(1)], range(360_000, 360_001))
    assert [second for second, _ in told(board, [alert(1)], range(270_000, 270_600))] == [270_300]


def test_an_alert_fires_and_ends_in_its_time_though_the_clock_was_set_back() -> None:
    book, delays, states = Book(), {"warm": Delays(60_000, 60_000)}, []
    book, _ = lifecycle.step(book, WRONG, delays, 100 * HOUR_MS)
    for second in range(62):
        book, made = lifecycle.step(book, WRONG, delays, 76 * HOUR_MS + second * 1000)
        states += [(second, one.alert.state) for one in made]
    book, _ = lifecycle.step(book, [], delays, 76 * HOUR_MS + 70_000)
    for second in range(62):
        book, made = lifecycle.step(book, [], delays, 50 * HOUR_MS + second * 1000)
        states += [(second, one.alert.state) for one in made]
    assert states == [(60, "firing"), (60, "resolved")]


def test_the_end_of_what_was_critical_is_told_at_once_however_much_was_told_before() -> None:
    board = Board()
    for number in range(1, 5):
        told(board, [alert(one) for one in range(1, number + 1)], range(90 * number, 90 * number + 1))
    found = told(board, [alert(one) for one in range(1, 4)], range(361, 430))
    assert [(one.kind, one.alerts) for _, one in found][:1] == [("over", (4,))]


def test_the_last_word_on_what_is_there_is_not_that_it_is_over() -> None:
    board, said = Board(), []
    for minute in range(240):  # ten minutes, gone for fifty, and back for good
        there = [alert(1, 2)] if minute < 10 or minute >= 60 else []
        said += [one.kind for one in step(board, there, CREW, minute * MINUTE_MS)]
    assert said[-1] != "over"


def test_an_alert_fires_as_bad_as_it_is_not_as_it_was_for_a_moment() -> None:
    book, delays, fired = Book(), {"warm": Delays(300_000, 600_000)}, []
    for second in range(302):
        seen = [Condition("warm", "d", "cold", 1 if second == 0 else 2, {})]
        book, made = lifecycle.step(book, seen, delays, second * 1000)
        fired += [one.alert.severity for one in made if one.alert.state == "firing"]
    assert fired == [2]


def test_what_chattered_for_hours_is_over_after_an_hour_of_calm() -> None:
    book, delays, now_ms = Book(), {"warm": Delays(0, 0)}, 0
    for now_ms in range(0, 3 * HOUR_MS, 5000):
        book, _ = lifecycle.step(book, WRONG if now_ms % 10_000 else [], delays, now_ms)
    over_ms = now_ms + HOUR_MS + 10_000
    assert lifecycle.step(book, [], delays, now_ms + 10_000)[0].open
    book, _ = lifecycle.step(book, [], delays, now_ms + 20_000)
    assert not lifecycle.step(book, [], delays, over_ms)[0].open
