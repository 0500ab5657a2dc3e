"""What will be there of an SKU if nothing more is ordered: what is free now and what is coming, less what is expected
to be wanted; and when that runs out.

A moment is so many whole days from now. The forecast is of local days, today the first of them, so the part of today
that is over is made up for by the same part of the day behind the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from cloud.core.forecasting.course import Course
from cloud.core.forecasting.history import Array
from cloud.core.purchasing.orders import OPEN, Order
from cloud.core.sku_view import AheadView, ComingView, RunsOut

DAY_MS = 86_400_000
TAUS = (0.025, 0.1, 0.9, 0.975)
"""The band's edges: 95 % of the courses lie between the outer ones, 80 % between the inner ones."""
DAYS_LEAST, DAYS_MOST = 14, 180
LATE_DAYS = 1
"""What is overdue is taken to come in so many days: nobody knows, and it is not there."""


def horizon(lead_time_days: float, cover_days: float | None) -> int:
    """So many days are looked ahead: past the next delivery, and past the day on which it would run out."""
    return min(DAYS_MOST, max(DAYS_LEAST, ceil(2 * lead_time_days) + 7, ceil(1.3 * (cover_days or 0.0)) + 3))


def coming(orders: Sequence[Order], sku: str, now_ms: int) -> list[ComingView]:
    """What open orders bring of an SKU, the soonest first; `due_ms` 0 where nobody knows when."""
    found = []
    for order in orders:
        line = order.line(sku) if order.state in OPEN else None
        if line is not None and line.rest:
            found.append(ComingView(order.id, line.rest, line.due_ms, 0 < line.due_ms < now_ms))
    return sorted(found, key=lambda one: (one.due_ms or DAYS_MOST * DAY_MS + now_ms, one.order))


def arrived(what: Sequence[ComingView], days: int, now_ms: int) -> Array:
    """Units that came within 0, 1 .. `days` days from now. What nobody knows the day of is not counted on."""
    units = np.zeros(days + 1)
    for one in what:
        if one.due_ms:
            units[max(LATE_DAYS, ceil((one.due_ms - now_ms) / DAY_MS)) :] += one.units
    return units


def wanted(total: Array, mean: Array, elapsed: float) -> Array:
    """Units wanted within 0, 1 .. days - 1 days from now, of what is foretold of local days; `elapsed` is the share of
    today that is over."""
    shift = elapsed * (mean[1:] - mean[0])
    return np.concatenate([np.zeros(1), np.maximum(total[:-1] + shift, 0.0)])


def ahead(found: Course, free: int, what: Sequence[ComingView], now_ms: int, elapsed: float) -> AheadView:
    """The projection of an SKU of which `free` units may be used. `found` is of one day more than is looked ahead."""
    days = len(found.mean) - 1
    there = free + arrived(what, days, now_ms)
    mean = there - wanted(found.total, found.mean, elapsed)
    edges = [there - wanted(found.totals[:, at], found.mean, elapsed) for at in range(len(TAUS))]
    high95, high80, low80, low95 = edges  # where little is wanted much is left
    day = [_told(found.quantiles[:-1, at]) for at in range(len(TAUS))]
    return AheadView(
        [now_ms + at * DAY_MS for at in range(days + 1)],
        _told(mean), _told(low95), _told(low80), _told(high80), _told(high95),
        _told(found.mean[:-1]), day[0], day[1], day[2], day[3],
        RunsOut(_ends(low80, now_ms), _ends(mean, now_ms), _ends(high80, now_ms)),
    )  # fmt: skip


def runs_out(free: int, daily: float, what: Sequence[ComingView], days: int, now_ms: int) -> tuple[list[float], int]:
    """The same at an even pace, for a list of many: what is there in 0, 1 .. `days` days, and when it is out (0: later,
    or never)."""
    there = free + arrived(what, days, now_ms) - daily * np.arange(days + 1)
    return _told(there), _ends(there, now_ms)


def _ends(there: Array, now_ms: int) -> int:
    """When a course first is at 0 or below, straight between its days; 0 where it never is."""
    out = np.flatnonzero(there <= 0)
    if not len(out):
        return 0
    at = int(out[0])
    if at == 0:
        return now_ms
    before, after = float(there[at - 1]), float(there[at])
    return now_ms + round((at - 1 + before / (before - after)) * DAY_MS)


def _told(values: Array) -> list[float]:
    """As people see it: below 0 is owed, a tenth of a unit is enough."""
    return [round(float(one), 1) for one in values]
