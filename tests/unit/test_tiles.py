"""How the tiles went: the last value of each step, gaps where nobody measured, what is usual once enough is known."""

from __future__ import annotations

import msgspec

from cloud.core.tiles import HOUR_MS, HOURS, HOURS_MIN, STEP_MS, STEPS, Tiles
from cloud.core.view import Kpi

DAY_MS = 1_763_762_400_000 // HOUR_MS * HOUR_MS


def kpi(open_alerts: int) -> Kpi:
    return Kpi(60.0, 99.0, 1, 2, 3, open_alerts, 40)


def alerts(tiles: Tiles, now_ms: int) -> tuple[list[float | None], float | None, float | None]:
    course = next(one for one in tiles.view(now_ms).tiles if one.name == "open_alerts")
    return course.values, course.low, course.high


def test_a_step_shows_its_last_value_and_one_without_any_is_a_gap() -> None:
    tiles = Tiles()
    began = [tiles.take(kpi(n), DAY_MS + at) for n, at in ((1, 0), (2, STEP_MS - 1), (5, 2 * STEP_MS))]

    values, _, _ = alerts(tiles, DAY_MS + 2 * STEP_MS)

    assert began == [True, False, True]
    assert values[-4:] == [None, 2, None, 5]
    assert len(values) == STEPS
    assert tiles.view(DAY_MS).from_ms == DAY_MS - (STEPS - 1) * STEP_MS


def test_what_is_usual_is_told_once_half_a_day_of_hours_is_known_and_leaves_the_tails_out() -> None:
    tiles = Tiles()
    for hour in range(HOURS_MIN - 1):
        tiles.take(kpi(4), DAY_MS + hour * HOUR_MS)
    assert alerts(tiles, DAY_MS)[1:] == (None, None)

    for hour in range(HOURS_MIN - 1, 60):
        tiles.take(kpi(900 if hour == 40 else 0 if hour == 41 else 4 + hour % 3), DAY_MS + hour * HOUR_MS)

    assert alerts(tiles, DAY_MS)[1:] == (4, 6)


def test_it_is_bounded_and_forgets_what_is_too_old() -> None:
    tiles = Tiles()
    for hour in range(3 * HOURS):
        tiles.take(kpi(hour), DAY_MS + hour * HOUR_MS)

    assert len(tiles.steps) <= STEPS
    assert len(tiles.hours) == HOURS


def test_a_clock_that_was_set_back_does_not_show_the_future() -> None:
    tiles = Tiles()
    tiles.take(kpi(9), DAY_MS + 5 * HOUR_MS)
    tiles.take(kpi(1), DAY_MS)

    assert [*tiles.steps] == [DAY_MS // STEP_MS]
    assert alerts(tiles, DAY_MS)[0][-1] == 1


def test_what_is_kept_is_read_again() -> None:
    tiles = Tiles()
    tiles.take(kpi(3), DAY_MS)

    assert msgspec.json.decode(msgspec.json.encode(tiles), type=Tiles) == tiles
