"""Suppliers are on time and in full by one rule, whenever it can be said."""

from __future__ import annotations

from datetime import UTC, datetime

from cloud.core.kpis.figures import Kpi, judged, kpis
from cloud.core.kpis.tallies import tallies
from cloud.core.purchasing.facts import Came, shares
from cloud.core.purchasing.facts import Fact as Line

HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
"""Midnight before a Monday."""


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
    told_of = {kpi.id: kpi for kpi in kpis(tallies("UTC", now), now, judged(lines, "UTC", now))}
    assert (told_of["supplier_on_time"].value, told_of["supplier_on_time"].n) == (0.25, 4)
    later_ms = now + 400 * DAY
    later = next(
        one
        for one in kpis(tallies("UTC", now), later_ms, judged(lines, "UTC", later_ms))
        if one.id == "supplier_on_time"
    )
    assert later.reason == "no_orders"


def test_a_line_that_is_in_before_its_day_is_on_time_and_counts_at_once() -> None:
    """Promised in ten days, there on the second; of another half is there, which tells nothing before its day."""
    due = MONDAY + 10 * DAY
    lines = [
        Line("acme", "bolt", 1, MONDAY, 10, due, 1.0, [Came(MONDAY + 2 * DAY, 10, 0)], MONDAY + 2 * DAY),
        Line("acme", "bolt", 2, MONDAY, 10, due, 1.0, [Came(MONDAY + 2 * DAY, 5, 0)]),
    ]

    def on_time(now_ms: int) -> Kpi:
        found = kpis(tallies("UTC", now_ms), now_ms, judged(lines, "UTC", now_ms))
        return next(one for one in found if one.id == "supplier_on_time")

    assert (on_time(MONDAY + 3 * DAY).value, on_time(MONDAY + 3 * DAY).n) == (1.0, 1)
    assert (on_time(due + DAY).value, on_time(due + DAY).n) == (0.5, 2)


def test_the_figure_and_the_scorecard_say_the_same_of_the_same_lines() -> None:
    now = MONDAY + 5 * DAY
    lines = [
        Line("acme", "bolt", n, MONDAY, 10, MONDAY + 2 * DAY, 1.0, [Came(at, units, 0)], at if units == 10 else 0)
        for n, (at, units) in enumerate([(MONDAY, 10), (MONDAY + DAY, 9), (MONDAY + 4 * DAY, 10), (MONDAY + DAY, 10)])
    ]
    [figure] = [
        one for one in kpis(tallies("UTC", now), now, judged(lines, "UTC", now)) if one.id == "supplier_on_time"
    ]
    told = shares(lines, now)
    assert (figure.value, figure.n) == (told.on_time_in_full, told.lines) == (0.5, 4)
