"""Daily demand from movements."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core.demand import TURNS_MAX, DailyDemand

DAY_MS = 86_400_000
BERLIN_MIDNIGHT_MS = 1_700_002_800_000  # 2023-11-15 00:00 in Berlin, UTC+1


def history(daily: list[int], timezone: str = "Europe/Berlin") -> DailyDemand:
    """Whole days from a midnight on, picked at noon."""
    one = DailyDemand(timezone, BERLIN_MIDNIGHT_MS)
    for day, units in enumerate(daily):
        one.add(BERLIN_MIDNIGHT_MS + day * DAY_MS + DAY_MS // 2, -units)
    return one


def test_receipts_are_no_demand() -> None:
    one = history([2, 2, 2])

    one.add(BERLIN_MIDNIGHT_MS + DAY_MS, +500)

    assert one.whole_days(BERLIN_MIDNIGHT_MS + 3 * DAY_MS) == [2, 2, 2]


def test_days_without_a_pick_count_and_today_does_not() -> None:
    one = history([4, 0, 0, 4, 9])

    days = one.whole_days(BERLIN_MIDNIGHT_MS + 4 * DAY_MS + DAY_MS // 2)

    assert days == [4, 0, 0, 4]


def test_the_day_the_watching_began_in_the_middle_of_does_not_count() -> None:
    one = DailyDemand("UTC", DAY_MS // 2)

    one.add(DAY_MS // 2 + 1, -7)

    assert one.whole_days(3 * DAY_MS) == [0, 0]


def test_days_are_the_sites_own() -> None:
    late = BERLIN_MIDNIGHT_MS + DAY_MS - 1  # still the 15th in Berlin, 22:59 UTC
    one = DailyDemand("Europe/Berlin", BERLIN_MIDNIGHT_MS)

    one.add(late, -1)
    one.add(late + 1, -10)

    assert one.whole_days(BERLIN_MIDNIGHT_MS + 2 * DAY_MS) == [1, 10]


HOUR_MS = 3_600_000


def emptied(*turns: tuple[str, float, int, int]) -> DailyDemand:
    """Slots at so many hours after that midnight: slot, hours, change, count after it."""
    one = DailyDemand("Europe/Berlin", BERLIN_MIDNIGHT_MS)
    for slot, hours, delta, count in turns:
        one.turn(slot, BERLIN_MIDNIGHT_MS + round(hours * HOUR_MS), delta, count)
    return one


def test_a_day_on_which_all_slots_were_empty_for_most_of_its_hours_is_a_day_out_of_stock() -> None:
    now_ms = BERLIN_MIDNIGHT_MS + 5 * DAY_MS
    one = emptied(("A1", 20, -3, 0), ("A2", 30, -1, 0), ("A1", 90, 9, 9))

    assert one.dry_days(["A1", "A2"], now_ms) == [False, True, True, True, False]  # from hour 30 to hour 90
    assert one.dry_days(["A1"], now_ms) == [False, True, True, True, False]  # from hour 20
    assert one.dry_days(["A2"], now_ms) == [False, True, True, True, True]  # it is empty still
    assert one.dry_days(["A1", "A3"], now_ms) == [False] * 5, "nobody knows of A3"
    assert one.dry_days([], now_ms) == [False] * 5


def test_an_evening_sold_out_and_a_pick_of_fewer_than_all_leave_a_day_known() -> None:
    one = emptied(("A1", 17, -3, 0), ("A1", 31, 20, 20), ("A1", 40, -5, 15))

    assert one.dry_days(["A1"], BERLIN_MIDNIGHT_MS + 2 * DAY_MS) == [False, False]


def test_a_slot_that_was_empty_from_the_first_was_out_of_stock_from_the_first() -> None:
    one = emptied(("A1", 0, 0, 0), ("A1", 40, 20, 20))

    assert one.dry_days(["A1"], BERLIN_MIDNIGHT_MS + 3 * DAY_MS) == [True, True, False]


@given(
    st.permutations(
        [
            ("A1", 2.0, -3, 0),
            ("A1", 50.0, 3, 3),
            ("A2", 10.0, -1, 0),
            ("A2", 60.0, 5, 5),
            ("A2", 61.0, -5, 0),
            ("A1", 70.0, -3, 0),
        ]
    )
)
def test_the_order_in_which_slots_are_told_of_does_not_matter(turns: list[tuple[str, float, int, int]]) -> None:
    now_ms = BERLIN_MIDNIGHT_MS + 4 * DAY_MS

    assert emptied(*turns).dry_days(["A1", "A2"], now_ms) == [True, True, False, True]


def test_of_a_slot_that_runs_out_all_the_time_the_newest_times_are_remembered() -> None:
    one = emptied(*(("A1", hour, -1 if hour % 2 else 1, 1 - hour % 2) for hour in range(TURNS_MAX + 50)))

    assert len(one.turns["A1"]) == TURNS_MAX
    assert one.turns["A1"][-1][0] == BERLIN_MIDNIGHT_MS + (TURNS_MAX + 49) * HOUR_MS


def test_a_copy_stays_as_it_is() -> None:
    one = emptied(("A1", 2, -3, 0))
    held = one.copy()

    one.add(BERLIN_MIDNIGHT_MS, -1)
    one.turn("A1", BERLIN_MIDNIGHT_MS + 9 * HOUR_MS, 3, 3)

    assert (held.units, len(held.turns["A1"])) == ({}, 1)


def test_old_days_are_forgotten() -> None:
    one = history([1] * 500)

    assert len(one.units) == 400
    assert len(one.whole_days(BERLIN_MIDNIGHT_MS + 500 * DAY_MS)) == 400


@given(st.permutations([(day * DAY_MS // 3, -day) for day in range(1, 12)]))
def test_the_order_of_movements_does_not_matter(movements: list[tuple[int, int]]) -> None:
    one = DailyDemand("UTC", 0)

    for at_ms, delta in movements:
        one.add(at_ms, delta)

    assert one.whole_days(5 * DAY_MS) == [3, 12, 21, 30, 0]
