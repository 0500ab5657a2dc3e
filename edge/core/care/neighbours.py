"""Sensors of one zone against one another: a thermometer that drifts leaves the others, whatever the room does.

Each day each sensor's median is set against the middle of the others'. Rooms have warm and cold corners, so what counts
is how that difference changes against what it was, and how steady it usually is. At least three are needed: of two
that part, nobody can tell which one is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.core.care.charts import DAY_MS, DAYS_MAX, HOUR_MS, Change, Chart, settle
from edge.core.care.symptoms import MAD_SIGMAS, median, slope, spread
from protocols.readings import Quantity

SENSORS_MIN = 3
CLOSED_MS = 2 * HOUR_MS
"""A day is compared when so much of the next has passed: by then all have told of it."""
BASE_DAYS, NEW_DAYS = 7, 5
APART: dict[Quantity, float] = {"temperature_c": 0.5, "humidity_pct": 3.0, "pressure_hpa": 2.0}
"""What matters, by quantity."""
APART_SIGMAS = 3.5
CLEAR = 0.5
MANY = 5
"""Of fewer sensors only one is blamed at a time, the one that moved most: it takes the middle of the others with it."""


def compare(charts: Mapping[str, Chart], now_ms: int) -> list[tuple[str, Change]]:
    """Compare yesterday's levels of a zone's sensors of one quantity; who drifts, by name. Once a day it does work."""
    day = (now_ms - CLOSED_MS) // DAY_MS - 1
    levels = {
        name: chart.days[-1].level
        for name, chart in charts.items()
        if chart.days and chart.days[-1].day == day and (not chart.apart or chart.apart[-1][0] < day)
    }
    if len(levels) < SENSORS_MIN:
        return []
    moved: dict[str, tuple[float, float]] = {}
    for name, level in levels.items():
        chart = charts[name]
        others = [other for at, other in levels.items() if at != name]
        chart.apart = [*chart.apart, (day, level - median(others))][-DAYS_MAX:]
        if len(chart.apart) >= BASE_DAYS + NEW_DAYS:
            apart = [one for _, one in chart.apart]
            by = median(apart[-NEW_DAYS:]) - median(apart[:BASE_DAYS])
            moved[name] = by, by / max(APART.get(chart.quantity, 0.0), APART_SIGMAS * _sd(chart.apart), 1e-9)
    most = max((abs(by) for by, _ in moved.values()), default=0.0)
    taken = len(levels) < MANY and any("drift" in charts[name].open for name in levels)
    found: list[tuple[str, Change]] = []
    for name, (by, doubt) in moved.items():
        chart = charts[name]
        changes: list[Change] = []
        if "drift" in chart.open:
            if abs(doubt) < CLEAR:
                changes = settle(chart, "drift", now_ms, None)
        elif abs(doubt) > 1.0 and abs(by) >= most and not taken:
            days = float(chart.apart[-1][0] - chart.apart[0][0])
            evidence = {"per_day": by / days, "error_per_day": by / doubt / APART_SIGMAS / days, "days": days, "by": by}
            changes = settle(chart, "drift", chart.apart[0][0] * DAY_MS, evidence)
        found += [(name, change) for change in changes]
    return found


def _sd(apart: list[tuple[int, float]]) -> float:
    """How far a difference strays about its own trend: doors and goods change a corner for days."""
    days, values = [float(day) for day, _ in apart], [one for _, one in apart]
    rate = slope(days, values)
    middle = median([one - rate * day for day, one in zip(days, values, strict=True)])
    strays = [abs(one - rate * day - middle) for day, one in zip(days, values, strict=True)]
    return max(median(strays) / MAD_SIGMAS, spread(values))
