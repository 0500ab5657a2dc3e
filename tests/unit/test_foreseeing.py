"""An article's course: the forecast day by day, what is there until it runs out, and what was there, gaps and all."""

from __future__ import annotations

import numpy as np
import pytest

from cloud.core.forecasting.course import course
from cloud.core.forecasting.daily import forecast
from cloud.core.purchasing.orders import Line, Order
from cloud.core.sku_view import AheadView, ComingView
from cloud.core.supplying import past, projecting

DAY = projecting.DAY_MS
NOW = 1_800_000_000_000
DEMAND = np.random.default_rng(3).poisson(8, 120).astype(float)
NEVER_DRY = np.zeros(120, dtype=bool)


def test_the_days_up_to_each_horizon_come_to_what_the_forecast_of_that_horizon_says() -> None:
    found = course(DEMAND, NEVER_DRY, 30, projecting.TAUS)

    for days in (1, 7, 30):
        told = forecast(DEMAND[None, :], NEVER_DRY[None, :], days, projecting.TAUS)
        assert found.total[days - 1] == pytest.approx(told.total[0])
        assert list(found.totals[days - 1]) == list(told.quantiles[0])
    assert found.mean.sum() == pytest.approx(found.total[-1])


def test_a_weekday_that_sells_more_is_foretold_more_on_its_day() -> None:
    weekly = np.array(([2.0] * 6 + [30.0]) * 20)

    found = course(weekly, np.zeros(140, dtype=bool), 14, (0.5,))

    assert [int(day) for day in np.flatnonzero(found.mean > 15)] == [6, 13]
    assert found.quantiles[6, 0] > 3 * found.quantiles[5, 0]


def test_a_horizon_of_no_days_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="0 days ahead"):
        course(DEMAND, NEVER_DRY, 0, (0.5,))


def projected(free: int, what: list[ComingView]) -> AheadView:
    return projecting.ahead(course(DEMAND, NEVER_DRY, 29, projecting.TAUS), free, what, NOW, 0.25)


def test_what_is_there_runs_out_within_its_band_and_is_owed_from_then_on() -> None:
    made = projected(80, [])

    assert made.there[0] == 80
    assert NOW + 9 * DAY < made.out.likely_ms < NOW + 11 * DAY
    assert made.out.early_ms < made.out.likely_ms < made.out.late_ms
    assert made.there[-1] < 0
    for low95, low80, mean, high80, high95 in zip(
        made.low95, made.low80, made.there, made.high80, made.high95, strict=True
    ):
        assert low95 <= low80 <= mean <= high80 <= high95


def test_an_order_puts_the_day_off_on_which_it_runs_out() -> None:
    soon, never = [ComingView(7, 80, NOW + 3 * DAY, False)], [ComingView(7, 80, 0, False)]

    assert projected(80, soon).out.likely_ms > projected(80, []).out.likely_ms + 8 * DAY
    assert projected(80, never).out == projected(80, []).out  # nobody knows when it comes


def test_what_is_overdue_is_not_counted_on_before_tomorrow() -> None:
    late = [ComingView(7, 50, NOW - 4 * DAY, True)]

    there, _ = projecting.runs_out(10, 8.0, late, 3, NOW)

    assert there == [10, 52, 44, 36]


def test_what_is_out_already_is_out_now_and_what_lasts_is_never_out() -> None:
    assert projecting.runs_out(0, 8.0, [], 5, NOW)[1] == NOW
    assert projecting.runs_out(9, 0.0, [], 5, NOW)[1] == 0
    assert projecting.runs_out(4, 8.0, [], 5, NOW)[1] == NOW + DAY // 2


def test_open_orders_bring_what_has_not_come_of_them_and_drafts_bring_nothing() -> None:
    def order(number: int, state: str, due_ms: int, received: int = 0) -> Order:
        line = Line("tea", 40, 1.0, received, due_ms=due_ms)
        return Order("acme", [line], state, 0, 0, "bo", id=number)  # type: ignore[arg-type]

    every = [
        order(1, "draft", NOW), order(2, "sent", NOW + DAY), order(3, "partly_received", NOW - DAY, 30),
        order(4, "approved", 0), order(5, "received", NOW, 40),
    ]  # fmt: skip

    found = projecting.coming(every, "tea", NOW)

    assert [(one.order, one.units, one.late) for one in found] == [(3, 10, True), (2, 40, False), (4, 40, False)]


def test_a_gap_lasts_from_when_a_slot_was_not_known_until_it_was_counted_again() -> None:
    assert past.uncounted([10, 12, 40], [5, 20, 30], 90) == [(10, 20), (40, 90)]
    assert past.together([(10, 20), (15, 30), (50, 50), (60, 70)]) == [(10, 30), (60, 70)]


def test_a_course_is_broken_in_a_gap_and_goes_on_behind_it_from_what_is_known_then() -> None:
    times, units = past.course([(10, 5), (20, 9), (40, 3)], [(15, 30)], 0, 50, 600)

    assert list(zip(times, units, strict=True)) == [(10, 5), (15, None), (30, 9), (40, 3), (50, 3)]


def test_a_gap_that_lasts_leaves_the_course_open_at_its_end() -> None:
    assert past.course([(10, 5)], [(20, 50)], 0, 50, 600) == ([10, 20], [5, None])


def test_a_course_begins_with_what_was_there_before_it() -> None:
    assert past.course([(10, 5), (20, 9)], [], 15, 30, 600) == ([15, 20, 30], [5, 9, 9])


def test_of_a_long_course_the_extremes_and_the_last_of_each_stretch_are_kept() -> None:
    steps = [(at, 100 if at == 777 else 0 if at == 333 else 50) for at in range(1, 1_001)]

    times, units = past.course(steps, [], 0, 1_001, 60)

    assert len(times) <= 62
    assert (dict(zip(times, units, strict=True))[777], dict(zip(times, units, strict=True))[333]) == (100, 0)
    assert (times[-1], units[-1]) == (1_001, 50)
