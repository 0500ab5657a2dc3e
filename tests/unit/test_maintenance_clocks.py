"""Timestamps: what is repeated, reversed or missing is told; a clock that was put back is followed."""

from __future__ import annotations

from cloud.core.maintenance.clocks import BACK_ROWS, Clock, take

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
START_MS = 20_000 * DAY_MS


def told(times_min: list[float]) -> list[tuple[bool, str | None]]:
    clock = Clock()
    return [take(clock, START_MS + round(one * MINUTE_MS)) for one in times_min]


def test_a_regular_series_has_no_notes() -> None:
    assert set(told([*range(500)])) == {(True, None)}


def test_a_repeated_time_is_not_judged() -> None:
    assert told([0, 1, 2, 2, 3])[3:] == [(False, "repeated"), (True, None)]


def test_one_late_row_is_not_judged_and_the_next_is() -> None:
    assert told([600, 601, 602, 595, 603])[3:] == [(False, "reversed"), (True, None)]


def test_missing_rows_are_told_and_the_row_after_them_judged() -> None:
    assert told([*range(700, 710), 730, 731])[10:] == [(True, "gap"), (True, None)]


def test_an_hour_told_twice_in_autumn_is_judged_twice() -> None:
    times = [*range(100, 180), *range(120, 300)]

    found = told([float(one) for one in times])

    assert [(at, note) for at, (_, note) in enumerate(found) if note] == [(80, "daylight saving")]
    assert all(fits for fits, _ in found)


def test_an_hour_left_out_in_spring_is_told_as_such() -> None:
    found = told([float(one) for one in [*range(60, 120), *range(180, 240)]])

    assert [note for _, note in found if note] == ["daylight saving"]


def test_an_hour_missing_at_noon_is_a_gap() -> None:
    found = told([float(one) for one in [*range(660, 720), *range(780, 840)]])

    assert [note for _, note in found if note] == ["gap"]


def test_a_clock_put_back_is_followed_after_some_rows() -> None:
    found = told([float(one) for one in [*range(5000, 5100), *range(1000, 1100)]])

    assert [note for _, note in found].count("reversed") == BACK_ROWS - 1
    assert found[100 + BACK_ROWS - 1] == (True, "clock put back")
    assert set(found[100 + BACK_ROWS :]) == {(True, None)}


def test_an_hour_back_at_noon_is_a_clock_put_back() -> None:
    found = told([float(one) for one in [*range(700, 780), *range(720, 800)]])

    assert [note for _, note in found if note] == ["reversed"] * (BACK_ROWS - 1) + ["clock put back"]


def test_late_rows_in_no_order_are_never_followed() -> None:
    found = told([float(one) for one in [*range(5000, 5100), *range(1000, 900, -1)]])

    assert {note for _, note in found[100:]} == {"reversed"}
