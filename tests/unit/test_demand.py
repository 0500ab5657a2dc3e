"""Daily demand from movements."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core.demand import DailyDemand, estimate

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


def test_demand_is_unknown_until_three_whole_days() -> None:
    one = history([5, 5, 5])

    assert estimate(one, BERLIN_MIDNIGHT_MS + 3 * DAY_MS - 1) is None
    known = estimate(one, BERLIN_MIDNIGHT_MS + 3 * DAY_MS)
    assert known is not None
    assert (known.mean, known.sd, known.days) == (5.0, 0.0, 3)


def test_a_lasting_change_moves_the_mean() -> None:
    one = history([2] * 60 + [20] * 60)

    known = estimate(one, BERLIN_MIDNIGHT_MS + 120 * DAY_MS)

    assert known is not None
    assert 19 < known.mean <= 20


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
