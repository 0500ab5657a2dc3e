"""Key figures are what their definitions say, by examples computed by hand, and the same in any order of facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.days import local_day
from cloud.core.kpis.courses import AHEAD_MAX, DAYS
from cloud.core.kpis.definitions import DEFINITIONS, REASONS
from cloud.core.kpis.facts import Counted, Fact, Pace, Refused, Step, Told
from cloud.core.kpis.figures import Kpi, kpis
from cloud.core.kpis.tallies import Tallies, advance, enter, retell, tallies, tell
from cloud.core.purchasing.facts import Came
from cloud.core.purchasing.facts import Fact as Line

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
    found = figure(one, "days_of_cover")
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
    """Of 4 counts 3 agreed: 0.75. They differed by 1 (within the tolerance) and 6 of 50 + 30 + 20 + 40 units: 0.05."""
    one = told(
        site(MONDAY),
        Step("bolt", MONDAY - DAY, 1, 1.0),
        Counted("bolt", MONDAY - DAY, 50, 50, True),
        Counted("bolt", MONDAY - DAY, 30, 31, True),
        Counted("bolt", MONDAY, 20, 26, False),
        Counted("bolt", MONDAY, 40, 40, True),
    )
    assert (figure(one, "inventory_accuracy").value, figure(one, "inventory_accuracy").n) == (0.75, 4)
    assert figure(one, "count_difference_rate").value == pytest.approx(7 / 140)
    told(one, Counted("bolt", MONDAY, 20, 26, False, undo=True), Counted("bolt", MONDAY, 20, 20, True))
    assert figure(one, "inventory_accuracy").value == 1.0


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
    assert figure(one, "forecast_error", MONDAY + 6 * DAY).reason == "no_forecast"
    assert figure(one, "forecast_error", MONDAY + 7 * DAY).value == pytest.approx(2 / 2)
    assert figure(one, "forecast_bias").value == pytest.approx(4 / 2 - 1)


def test_suppliers_are_on_time_by_the_lines_that_were_due() -> None:
    """Ten ordered for noon four times: in full an hour early; in full a day and an hour late; 9 and given up; not yet
    there, a day late. A fifth has no date, a sixth is not due yet."""
    noon, now = MONDAY + 12 * HOUR, MONDAY + 3 * DAY
    lines = [
        Line("acme", "bolt", 1, MONDAY, 10, noon, 1.0, [Came(noon - HOUR, 10, 0)], noon - HOUR),
        Line("acme", "bolt", 2, MONDAY, 10, noon, 1.0, [Came(noon + 25 * HOUR, 10, 0)], noon + 25 * HOUR),
        Line("acme", "bolt", 3, MONDAY, 10, noon, 1.0, [Came(noon, 9, 0)], noon + 2 * DAY, given_up=True),
        Line("acme", "bolt", 4, MONDAY, 10, noon, 1.0),
        Line("acme", "bolt", 5, MONDAY, 10, 0, 1.0),
        Line("acme", "bolt", 6, MONDAY, 10, now, 1.0),
    ]
    told_of = {kpi.id: kpi for kpi in kpis(site(now), now, lines)}
    assert (told_of["supplier_on_time"].value, told_of["supplier_on_time"].n) == (0.25, 4)
    later = next(one for one in kpis(site(now), now + 400 * DAY, lines) if one.id == "supplier_on_time")
    assert later.reason == "no_orders"


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


MOMENTS = st.integers(-30 * 24, 30 * 24).map(lambda hour: MONDAY + hour * HOUR + 1)
CHANGES = st.tuples(MOMENTS, st.sampled_from(["bolt", "nut"]), st.integers(-9, 12))
OTHERS = st.one_of(
    st.builds(Refused, st.sampled_from(["bolt", "nut"]), MOMENTS, st.integers(1, 9)),
    st.builds(Counted, st.just("bolt"), MOMENTS, st.integers(0, 9), st.integers(0, 9), st.booleans()),
)
FORECASTS = st.dictionaries(
    st.tuples(st.sampled_from(["bolt", "nut"]), st.integers(TODAY - 30, TODAY + 30)), st.floats(0, 9, width=32)
)


def steps(changes: list[tuple[int, str, int]], sku: str) -> list[Step]:
    """The steps of an SKU's changes in the order of time, its value falling with age so that a late one moves all."""
    found, on_hand = [], 0
    for number, (at_ms, _, units) in enumerate(sorted(one for one in changes if one[1] == sku)):
        on_hand += units
        value = on_hand * (1.0 + 0.1 * number)
        owed = min(-units, max(0, -on_hand)) if units < 0 else 0
        found.append(Step(sku, at_ms, on_hand, value, max(0, -units), max(0, -units) * 1.5, owed))
    return found


def near(one: Kpi) -> Any:
    rounded = {
        name: None if (v := getattr(one, name)) is None else pytest.approx(v, rel=1e-4, abs=1e-4)
        for name in ("value", "trend")
    }
    return replace(one, **rounded)


@settings(max_examples=60, deadline=None)
@given(
    st.data(), st.lists(CHANGES, max_size=14, unique_by=lambda one: one[:2]), st.lists(OTHERS, max_size=6), FORECASTS
)
def test_facts_that_come_late_and_in_any_order_end_in_the_same_figures(
    data: st.DataObject,
    changes: list[tuple[int, str, int]],
    others: list[Fact],
    forecasts: dict[tuple[str, int], float],
) -> None:
    end = MONDAY + 31 * DAY
    whole = site(end, "bolt", "nut")
    for sku in ("bolt", "nut"):
        told(whole, *steps(changes, sku))
    rest = [*others, *(Told(sku, day, units) for (sku, day), units in forecasts.items())]
    told(whole, *rest)

    late = site(MONDAY - 31 * DAY, "bolt", "nut")
    known: list[tuple[int, str, int]] = []
    news = data.draw(st.permutations([*changes, *rest]))
    for at, one in enumerate(news):
        advance(late, max(late.now_ms, _moment(one), MONDAY + (at - len(news)) * HOUR))
        if not isinstance(one, tuple):
            told(late, one)
            continue
        known.append(one)
        mine = steps(known, one[1])
        if mine[-1].at_ms != one[0] or tell(late, mine[-1]) == "late":
            assert retell(late, one[1], mine) == "taken"

    same(late, whole, end)


def _moment(one: Any) -> int:
    if isinstance(one, tuple):
        return int(one[0])
    return int(getattr(one, "at_ms", 0))


def same(one: Tallies, other: Tallies, end: int) -> None:
    """Not the figures alone, every sum they are made of."""
    assert kpis(one, end) == [near(kpi) for kpi in kpis(other, end)]
    for name, sums in one.days.items():
        assert [*sums] == pytest.approx([*other.days[name]], rel=1e-4, abs=1e-4), name
    for mine, theirs in ((one.openings, other.openings), (one.standing, other.standing)):
        assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-4)
    assert one.out == other.out


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3 * DAYS), st.integers(-5, 9)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 3 * DAYS), st.integers(1, 9)), max_size=8),
    st.data(),
)
def test_days_long_gone_are_forgotten_but_their_stock_is_not(
    moves: list[tuple[int, int]], said: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Told day by day as time goes by, or at the end all at once, or with one step that comes years late: the same."""
    changes = [(MONDAY + day * DAY + at, "bolt", units) for at, (day, units) in enumerate(sorted(moves))]
    mine, end = steps(changes, "bolt"), MONDAY + (3 * DAYS + 1) * DAY
    foretold = {TODAY + day: Told("bolt", TODAY + day, float(units)) for day, units in said}
    others: list[Refused | Told] = [Refused("bolt", MONDAY + day * DAY, units) for day, units in said]
    others += foretold.values()
    slowly, atonce = site(MONDAY), told(site(end), *mine)
    for one in others:
        tell(atonce, one)
    news: list[tuple[int, Fact]] = [(one.at_ms, one) for one in mine]
    news += [(MONDAY + (one.day - TODAY) * DAY if isinstance(one, Told) else one.at_ms, one) for one in others]
    for at_ms, one in sorted(news, key=lambda each: each[0]):
        advance(slowly, at_ms)
        told(slowly, one)
    same(slowly, atonce, end)
    assert all(len(one) == DAYS for one in slowly.days.values())

    missed = data.draw(st.integers(0, len(changes) - 1))
    late = site(end)
    retell(late, "bolt", steps([*changes[:missed], *changes[missed + 1 :]], "bolt"))
    for one in others:
        tell(late, one)
    assert retell(late, "bolt", mine) == "taken"
    same(late, atonce, end)


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
