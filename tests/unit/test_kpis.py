"""Key figures are what their definitions say, by examples computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cloud.core.days import local_day
from cloud.core.kpis.courses import AHEAD_MAX, DAYS, countable
from cloud.core.kpis.definitions import DEFINITIONS, REASONS
from cloud.core.kpis.facts import Counted, Fact, Pace, Refused, Step, Told
from cloud.core.kpis.figures import Kpi, kpis
from cloud.core.kpis.tallies import Tallies, advance, enter, retell, tallies, tell

HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
"""Midnight before a Monday."""
TODAY = local_day("UTC", MONDAY)


def site(now_ms: int, *skus: str, rate: float = 0.25) -> Tallies:
    made = tallies("UTC", now_ms)
    for sku in skus or ("bolt",):
        enter(made, sku, rate)
    return made


def told(one: Tallies, *facts: Fact) -> Tallies:
    for fact in facts:
        assert tell(one, fact) == "taken", fact
    return one


def figure(one: Tallies, name: str, now_ms: int = 0, **targets: float) -> Kpi:
    return next(kpi for kpi in kpis(one, now_ms or one.now_ms, targets=targets) if kpi.id == name)


def test_stock_turns_as_often_as_its_mean_value_was_sold() -> None:
    """100 units of 2 money for 73 days, then 50 are sold, another 73 days: cost 100, mean value (73 x 200 + 73 x 100) /
    146 = 150, scaled to a year: 100 x 365 / 146 / 150 = 1.6667."""
    begin = MONDAY - 145 * DAY
    one = told(
        site(MONDAY + HOUR),
        Step("bolt", begin, 100, 200.0),
        Step("bolt", begin + 73 * DAY, 50, 100.0, picked=50, cost=100.0),
    )
    found = figure(one, "turnover")
    assert found.value == pytest.approx(100 * 365 / 146 / 150)
    assert (found.n, found.since_ms, found.unit, found.better) == (146, begin, "a year", "up")


def test_a_year_is_not_told_from_a_week() -> None:
    one = told(site(MONDAY), Step("bolt", MONDAY - 6 * DAY, 5, 10.0), Step("bolt", MONDAY, 4, 8.0, picked=1, cost=2.0))
    found = figure(one, "turnover")
    assert (found.value, found.reason) == (None, "too_short")


def test_cover_is_the_value_of_stock_over_the_cost_of_a_days_demand() -> None:
    """Bolts: 30 units of 2, 3 a day. Nuts: 40 units of 1, 1 a day. (60 + 40) / (6 + 1) = 14.29 days. Washers are not
    forecast: they are left out."""
    one = told(
        site(MONDAY, "bolt", "nut", "washer"),
        Step("bolt", MONDAY, 30, 60.0),
        Step("nut", MONDAY, 40, 40.0),
        Step("washer", MONDAY, 9, 900.0),
        Pace("bolt", 3, 2.0),
        Pace("nut", 1, 1.0),
    )
    found = figure(one, "cover_days")
    assert found.value == pytest.approx(100 / 7)
    assert found.n == 2


def test_a_day_out_of_stock_loses_what_was_forecast_or_what_was_asked_for_whichever_is_more() -> None:
    """Of 10 and 8 wanted 10 and 6 were there (2 owed). Then the shelf is empty from noon: of the 4 forecast that day
    half is taken for lost, 2, and the 1 that was refused is among them. The next day is empty whole: 4 forecast, yet 9
    refused: 9. Met 16; lost 2 + 2 + 9 = 13."""
    noon = MONDAY - 2 * DAY + DAY // 2
    one = told(
        site(MONDAY),
        Step("bolt", MONDAY - 4 * DAY, 20, 20.0),
        Step("bolt", MONDAY - 4 * DAY + HOUR, 10, 10.0, picked=10, cost=10.0),
        Step("bolt", MONDAY - 3 * DAY, 6, 6.0),
        Step("bolt", MONDAY - 3 * DAY + 1, -2, 0.0, picked=8, cost=8.0, owed=2),
        Step("bolt", MONDAY - 3 * DAY + 2, 5, 5.0),
        Step("bolt", noon, 0, 0.0, moved=False),
        Told("bolt", TODAY - 2, 4.0),
        Told("bolt", TODAY - 1, 4.0),
        Refused("bolt", noon + HOUR, 1),
        Refused("bolt", MONDAY - HOUR, 9),
    )
    found = figure(one, "fill_rate")
    assert found.value == pytest.approx(16 / 29)
    assert found.n == 29


def test_of_refused_units_no_day_counts_for_more_than_was_ever_wanted_on_one() -> None:
    """7 were picked on one day, 8.5 are forecast for another: a slip of the pen, 100,000 for 10, is 9 units of that
    day, and no more of that day count then. Of washers nothing is known: 1."""
    one = told(
        site(MONDAY, "bolt", "washer"),
        Step("bolt", MONDAY - DAYS * DAY + DAY, 7, 7.0),
        Step("bolt", MONDAY - DAYS * DAY + DAY, 0, 0.0, picked=7),
        Step("washer", MONDAY, 7, 7.0),
    )
    bolt, washer = one.courses["bolt"], one.courses["washer"]
    assert [countable(bolt, TODAY, units) for units in (1, 7, 100_000)] == [1, 7, 7]
    told(one, Told("bolt", TODAY - 3, 8.5), Pace("bolt", 2.0, 1.0))
    assert countable(bolt, TODAY, 100_000) == 9
    told(one, Refused("bolt", MONDAY, 4))
    assert [countable(bolt, day, 100_000) for day in (TODAY, TODAY - 1)] == [5, 9]
    told(one, Refused("bolt", MONDAY, 5))
    assert countable(bolt, TODAY, 1) == 0
    assert countable(washer, TODAY, 100_000) == 1
    told(one, Pace("washer", 12.0, 1.0))
    assert countable(washer, TODAY, 100_000) == 12


def test_stock_outs_are_counted_by_the_part_of_each_skus_days() -> None:
    """Two SKUs for 4 days; one is out from noon of the second day to 6 o'clock of the fourth: 0.5 + 1 + 0.25 of 8."""
    start = MONDAY - 4 * DAY
    one = told(
        site(MONDAY - 1, "bolt", "nut"),
        Step("nut", start, 3, 3.0),
        Step("bolt", start, 3, 3.0),
        Step("bolt", start + 36 * HOUR, 0, 0.0, picked=3, cost=3.0),
        Step("bolt", start + 78 * HOUR, 5, 5.0),
    )
    found = figure(one, "stock_out_rate")
    assert found.value == pytest.approx(1.75 / 8, rel=1e-6)


def test_being_out_goes_on_while_nobody_says_anything() -> None:
    one = told(site(MONDAY), Step("bolt", MONDAY, 0, 0.0))
    assert figure(one, "stock_out_rate", MONDAY + 6 * HOUR).value == pytest.approx(1.0)
    told(one, Step("bolt", MONDAY + 3 * HOUR, 4, 4.0))  # it was there before we looked, and is heard of only now
    assert figure(one, "stock_out_rate").value == pytest.approx(0.5)
    assert figure(one, "stock_out_rate", MONDAY + DAY + 12 * HOUR).value == pytest.approx(0.125 / 1.5)


def test_a_discontinued_sku_is_never_out_of_stock() -> None:
    one = tallies("UTC", MONDAY)
    enter(one, "bolt", 0.25, stocked=False)
    told(one, Step("bolt", MONDAY - DAY, 0, 0.0))
    assert figure(one, "stock_out_rate").reason == "no_facts"


def test_accuracy_counts_records_and_the_difference_rate_counts_units() -> None:
    """Of 4 counts 3 agreed: 0.75. They differed by 1 (within the tolerance) and 6 of 50 + 31 + 26 + 40 units."""
    one = told(
        site(MONDAY),
        Step("bolt", MONDAY - DAY, 1, 1.0),
        Counted("bolt", MONDAY - DAY, 50, 50, True),
        Counted("bolt", MONDAY - DAY, 30, 31, True),
        Counted("bolt", MONDAY, 20, 26, False),
        Counted("bolt", MONDAY, 40, 40, True),
    )
    assert (figure(one, "inventory_accuracy").value, figure(one, "inventory_accuracy").n) == (0.75, 4)
    assert figure(one, "count_difference_rate").value == pytest.approx(7 / 147)
    told(one, Counted("bolt", MONDAY, 20, 26, False, undo=True), Counted("bolt", MONDAY, 20, 20, True))
    assert figure(one, "inventory_accuracy").value == 1.0


def test_a_count_that_finds_nothing_is_a_count() -> None:
    """All of 10 are gone: 1. Nothing found where nothing should be differs by nothing."""
    one = told(site(MONDAY), Step("bolt", MONDAY, 1, 1.0), Counted("bolt", MONDAY, 0, 10, False))
    assert (figure(one, "count_difference_rate").value, figure(one, "inventory_accuracy").value) == (1.0, 0.0)
    told(one, Counted("bolt", MONDAY, 1, 1, True))
    assert figure(one, "count_difference_rate").value == pytest.approx(10 / 11)
    found = told(site(MONDAY), Step("bolt", MONDAY, 1, 1.0), Counted("bolt", MONDAY, 10, 0, False))
    assert figure(found, "count_difference_rate").value == 1.0
    empty = told(site(MONDAY), Step("bolt", MONDAY, 1, 1.0), Counted("bolt", MONDAY, 0, 0, True))
    assert (figure(empty, "count_difference_rate").value, figure(empty, "count_difference_rate").reason) == (0.0, "")


def test_holding_costs_what_each_skus_rate_says_and_a_month_ago_it_was_less() -> None:
    one = site(MONDAY, "bolt", rate=0.2)
    enter(one, "milk", 0.5)
    told(
        one,
        Step("bolt", MONDAY - 500 * DAY, 10, 100.0),
        Step("bolt", MONDAY - 40 * DAY, 20, 200.0),
        Step("milk", MONDAY - 5 * DAY, 10, 60.0),
    )
    found = figure(one, "holding_cost")
    assert found.value == pytest.approx(0.2 * 200 + 0.5 * 60)
    assert found.trend == pytest.approx(30.0)


def test_what_is_owed_is_no_stock_and_costs_nothing_to_keep() -> None:
    """20 nuts of 1 all the time; 10 bolts of 10 for 20 days, then 30 were taken: 20 are owed for 20 days, until 25
    come. Turned: cost 300 of a mean value of (40 x 20 + 20 x 100) / 40 = 70."""
    begin = MONDAY - 39 * DAY
    one = told(
        site(MONDAY, "bolt", "nut"),
        Step("nut", begin, 20, 20.0),
        Step("bolt", begin, 10, 100.0),
        Step("bolt", begin + 20 * DAY, -20, -200.0, picked=30, cost=300.0, owed=20),
        Pace("bolt", 1.0, 10.0),
        Pace("nut", 1.0, 1.0),
    )
    assert figure(one, "holding_cost").value == pytest.approx(0.25 * 20)
    assert figure(one, "holding_cost").trend == pytest.approx(-0.25 * 100)
    assert figure(one, "cover_days").value == pytest.approx(20 / 11)
    assert figure(one, "turnover").value == pytest.approx(300 * 365 / 40 / 70)
    told(one, Step("bolt", MONDAY, 5, 50.0))
    assert figure(one, "holding_cost").value == pytest.approx(0.25 * 70)


def test_dead_is_what_has_not_moved_for_half_a_year_and_slow_what_will_not_sell_in_one() -> None:
    """Nuts: 400 units of 1 at 1 a day: 220 of them are too many. Bolts moved 180 days ago; a count since is no move."""
    one = told(
        site(MONDAY, "bolt", "nut", "washer"),
        Step("bolt", MONDAY - 180 * DAY, 7, 70.0),
        Step("bolt", MONDAY - DAY, 6, 60.0, moved=False),
        Step("washer", MONDAY - 179 * DAY, 5, 50.0),
        Step("nut", MONDAY - DAY, 400, 400.0),
        Pace("nut", 1.0, 1.0),
        Pace("bolt", 0.0, 10.0),
    )
    assert figure(one, "dead_stock").value == pytest.approx(60)
    assert figure(one, "slow_stock").value == pytest.approx(220)
    assert figure(one, "dead_stock", MONDAY + DAY).value == pytest.approx(110)
    told(one, Step("bolt", MONDAY + DAY, 5, 50.0, picked=1, cost=10.0))
    assert figure(one, "dead_stock").value == pytest.approx(50)


def test_without_a_forecast_stock_is_slow_by_what_was_sold() -> None:
    """5,000 bolts of 1 came 35 days ago (today the 36th), 72 were sold since: 2 a day, 360 in 180 days; 4,568 are too
    many of the 4,928. Of nuts one was sold in 27 days: 6.4 in 180 are told on the next. Washers came a year ago: 90
    were sold before, 36 since, so 36 of the 100 are wanted. Pins came 90 days ago and did not move since: who
    knows."""
    now = MONDAY + HOUR
    one = told(
        site(now, "bolt", "nut", "washer", "pin"),
        Step("pin", MONDAY - 90 * DAY, 50, 50.0),
        Step("bolt", MONDAY - 35 * DAY, 5_000, 5_000.0),
        Step("bolt", MONDAY, 4_928, 4_928.0, picked=72, cost=72.0),
        Step("nut", MONDAY - 26 * DAY, 5_000, 5_000.0),
        Step("nut", MONDAY, 4_999, 4_999.0, picked=1),
        Step("washer", MONDAY - 365 * DAY, 226, 226.0),
        Step("washer", MONDAY - 180 * DAY, 136, 136.0, picked=90),
        Step("washer", MONDAY - 179 * DAY, 100, 100.0, picked=36),
    )
    found = figure(one, "slow_stock")
    assert found.value == pytest.approx(4_928 - 360 + 100 - 36)
    assert found.n == 2
    later = figure(one, "slow_stock", now + DAY)  # the washers are dead by now
    assert later.value == pytest.approx(4_928 - 72 / 37 * 180 + 4_999 - 180 / 28)
    assert later.n == 2
    told(one, Pace("bolt", 100.0, 1.0))
    assert figure(one, "slow_stock").value == pytest.approx(4_999 - 180 / 28)
    new = told(site(MONDAY), Step("bolt", MONDAY - 26 * DAY, 5_000, 5_000.0))
    assert figure(new, "slow_stock").reason == "no_forecast"
    assert figure(new, "slow_stock", MONDAY + DAY).value == 0


def test_what_comes_and_comes_and_never_sells_is_slow_after_half_a_year() -> None:
    one = told(site(MONDAY), *(Step("bolt", MONDAY - n * 60 * DAY, 5_000, 5_000.0) for n in range(3, -1, -1)))
    assert (figure(one, "dead_stock").value, figure(one, "slow_stock").value) == (0, 5_000)


def test_forecasts_are_judged_by_the_week_and_not_by_days_without_stock() -> None:
    """Bolts: 2 a day told, 7 x 2 = 14 in the week, 10 came. Nuts: 1 a day told, 7; 9 came, 2 of them refused; one
    day, told 30, is out of stock and left out with its own day. Bias (14 + 6) / (10 + 9) - 1; error (4 + 3) / 19."""
    last = MONDAY - 7 * DAY
    one = told(
        site(MONDAY, "bolt", "nut"),
        Step("bolt", last, 90, 90.0),
        Step("bolt", last + DAY, 80, 80.0, picked=10, cost=10.0),
        Step("nut", last, 7, 7.0),
        Step("nut", last + HOUR, 0, 0.0, picked=7, cost=7.0),
        Step("nut", last + 9 * HOUR, 5, 5.0),
        Refused("nut", last + 2 * HOUR, 2),
        Step("nut", last + 3 * DAY, 0, 0.0, moved=False),
        Step("nut", last + 4 * DAY, 5, 5.0, moved=False),
        *(Told("bolt", TODAY - 7 + day, 2.0) for day in range(7)),
        *(Told("nut", TODAY - 7 + day, 30.0 if day == 3 else 1.0) for day in range(7)),
        Told("bolt", TODAY, 5000.0),  # this week is not over
    )
    assert figure(one, "forecast_bias").value == pytest.approx(20 / 19 - 1)
    assert figure(one, "forecast_error").value == pytest.approx(7 / 19)
    assert figure(one, "forecast_error").n == 2


def test_a_forecast_of_a_day_to_come_waits_for_it() -> None:
    one = told(site(MONDAY), Step("bolt", MONDAY, 9, 9.0), Told("bolt", TODAY, 3.0), Told("bolt", TODAY + 1, 1.0))
    advance(one, MONDAY + DAY)
    told(one, Step("bolt", MONDAY + DAY, 7, 7.0, picked=2, cost=2.0))
    assert figure(one, "forecast_error", MONDAY + 6 * DAY).reason == "no_week"
    assert figure(one, "forecast_error", MONDAY + 7 * DAY).value == pytest.approx(2 / 2)
    assert figure(one, "forecast_bias").value == pytest.approx(4 / 2 - 1)


def test_what_is_forecast_and_can_not_be_judged_yet_is_not_called_unforecast() -> None:
    one = told(site(MONDAY), Step("bolt", MONDAY, 9, 9.0))
    assert {figure(one, name).reason for name in ("forecast_bias", "forecast_error")} == {"no_forecast"}
    told(one, Told("bolt", TODAY + 14, 3.0))
    assert {figure(one, name).reason for name in ("forecast_bias", "forecast_error")} == {"no_week"}
    planned = told(site(MONDAY), Step("bolt", MONDAY, 9, 9.0), Pace("bolt", 3.0, 1.0))
    assert figure(planned, "forecast_bias").reason == "no_week"


def test_what_is_told_marks_the_tallies_and_time_alone_does_not() -> None:
    one = site(MONDAY)
    for fact in (Step("bolt", MONDAY, 9, 9.0), Pace("bolt", 1.0, 1.0), Counted("bolt", MONDAY, 9, 9, True)):
        before = one.version
        told(one, fact)
        assert one.version > before, fact
    before = one.version
    advance(one, MONDAY + HOUR)
    assert one.version == before
    advance(one, MONDAY + DAY)
    assert one.version > before
    before = one.version
    retell(one, "bolt", [])
    assert one.version > before


def test_each_figure_is_defined_and_says_why_it_can_not_be_told() -> None:
    found = kpis(site(MONDAY), MONDAY, targets={"fill_rate": 0.97})
    assert [one.id for one in found] == list(DEFINITIONS)
    assert all(one.value is None and one.reason in REASONS for one in found)
    assert [one.target for one in found if one.target is not None] == [0.97]


def test_what_can_not_be_booked_is_told_and_changes_nothing() -> None:
    one = told(site(MONDAY), Step("bolt", MONDAY, 9, 9.0))
    before = kpis(one, MONDAY)
    assert tell(one, Step("bolt", MONDAY - 1, 8, 8.0)) == "late"
    assert tell(one, Step("nut", MONDAY, 8, 8.0)) == "unknown"
    assert tell(one, Step("bolt", MONDAY, 8, float("nan"))) == "unfit"
    assert tell(one, Pace("bolt", float("inf"), 1.0)) == "unfit"
    assert tell(one, Refused("bolt", MONDAY - DAYS * DAY, 1)) == "old"
    assert tell(one, Told("bolt", TODAY + AHEAD_MAX + 1, 1.0)) == "old"
    assert retell(one, "nut", []) == "unknown"
    assert kpis(one, MONDAY) == before


def test_days_are_the_sites_own_and_may_have_23_hours() -> None:
    """In Berlin the 29th of March 2026 has 23 hours; the shelf is empty for half of them."""
    start = int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() * 1000)
    one = tallies("Europe/Berlin", start + 23 * HOUR - 1)
    enter(one, "bolt", 0.25)
    told(one, Step("bolt", start, 4, 4.0), Step("bolt", start + 23 * HOUR // 2, 0, 0.0, picked=4, cost=4.0))
    assert figure(one, "stock_out_rate").value == pytest.approx(0.5, rel=1e-5)


def test_stock_and_skus_of_years_ago_count_in_a_years_figures() -> None:
    """Three SKUs for years, 100 money of each; 73 were sold this year: 73 / 300. Of their 3 x 90 days one was out for
    9."""
    ago = MONDAY - 3 * DAYS * DAY
    one = told(
        site(MONDAY - 1, "bolt", "nut", "pin"),
        *(Step(sku, ago, 10, 100.0) for sku in ("bolt", "nut", "pin")),
        Step("pin", MONDAY - 10 * DAY, 10, 100.0, picked=73, cost=73.0),
        Step("nut", MONDAY - 9 * DAY, 0, 100.0, moved=False),
    )
    assert figure(one, "turnover").value == pytest.approx(73 / 300)
    assert figure(one, "stock_out_rate").value == pytest.approx(9 / 270, rel=1e-6)


def test_a_forecast_of_a_year_ago_is_not_taken_for_one_of_this_week() -> None:
    """The day kept longest lies where tomorrow will. 3 + 1 were told of this week, 5 + 1 came: off by 2."""
    one = told(
        site(MONDAY),
        Told("bolt", TODAY - DAYS + 1, 50.0),
        Told("bolt", TODAY, 3.0),
        Step("bolt", MONDAY, 9, 9.0),
        Step("bolt", MONDAY + 1, 4, 4.0, picked=5, cost=5.0),
    )
    advance(one, MONDAY + DAY)
    told(one, Told("bolt", TODAY + 1, 1.0), Step("bolt", MONDAY + DAY, 3, 3.0, picked=1, cost=1.0))
    assert figure(one, "forecast_error", MONDAY + 7 * DAY).value == pytest.approx(2 / 6)
