"""The key figures of a site, from its tallies and its suppliers' order lines: the value, how it was a month before, or
why it can not be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, NamedTuple

from msgspec import Struct

from cloud.core.days import day_start_ms, local_day
from cloud.core.kpis.courses import DAYS, monday_of
from cloud.core.kpis.definitions import (
    DEFINITIONS,
    ERROR_WEEKS,
    SOLD_DAYS_MIN,
    TURNOVER_DAYS_MIN,
    YEAR_DAYS,
    Better,
    Unit,
)
from cloud.core.kpis.tallies import Tallies, advance
from cloud.core.purchasing.facts import Fact as Line

TREND_DAYS: Final = 30


class Kpi(Struct, frozen=True):
    """A figure; `id` is that of its definition. `value` is None where it can not be told, `reason` says why by a code.

    `n`: what it rests on (days, SKUs, units, counts, SKU-weeks or lines). `since_ms`: the begin of the time it looks
    back over, as far as there are facts. `trend`: the value less what it was 30 days before, None where that is not
    known. `target`: what the site wants, where it says so.
    """

    id: str
    value: float | None
    unit: Unit
    n: int
    since_ms: int
    trend: float | None
    target: float | None
    better: Better
    reason: str = ""


class _Told(NamedTuple):
    value: float
    n: float


_Found = _Told | str
"""A value and what it rests on, or why there is none."""
_Figure = Callable[[Tallies, int, int], _Found]
"""Of a site, the first day there are facts of, and the last day to look back from."""


Judged = Mapping[tuple[int, bool], int]
"""Order lines by the local day since which it can be said whether they came on time and in full, and whether they did.
"""


def judged(lines: Iterable[Line], timezone: str, now_ms: int) -> Judged:
    """What suppliers did, by order line, of the days that are looked back over, and for the trend."""
    found = Counter[tuple[int, bool]]()
    days = DEFINITIONS["supplier_on_time"].days + TREND_DAYS
    since_ms = day_start_ms(timezone, local_day(timezone, now_ms) - days + 1)
    for line in lines:
        if 0 < line.ended_ms < since_ms:
            continue  # most lines, of a site of some years
        judged_ms = line.judged_ms(now_ms)
        if judged_ms >= since_ms:
            found[local_day(timezone, judged_ms), line.on_time and line.in_full] += 1
    return found


def kpis(
    site: Tallies, now_ms: int, lines: Judged | None = None, targets: Mapping[str, float] | None = None
) -> list[Kpi]:
    """All key figures at `now_ms`, in the order of their definitions."""
    advance(site, now_ms)
    figures: dict[str, _Figure] = {**_FIGURES, "supplier_on_time": partial(_on_time, lines or {})}
    first = min((one.first_day for one in site.courses.values() if one.first_day), default=0)
    kept = max(first, site.today - DAYS + 1)
    found = []
    for name, definition in DEFINITIONS.items():
        told = figures[name](site, first, site.today) if first or name == "supplier_on_time" else "no_facts"
        trend = None
        if definition.days and not isinstance(told, str) and first and kept <= site.today - TREND_DAYS:
            before = figures[name](site, first, site.today - TREND_DAYS)
            trend = told.value - before.value if not isinstance(before, str) else None
        if name == "holding_cost" and not isinstance(told, str) and first and kept <= site.today - TREND_DAYS:
            trend = told.value - _upto(site, "held", site.today - TREND_DAYS)
        since = max(kept, site.today - definition.days + 1) if definition.days else site.today
        since_ms = day_start_ms(site.timezone, since) if first else site.now_ms
        value, n, reason = (None, 0.0, told) if isinstance(told, str) else (told.value, told.n, "")
        target = (targets or {}).get(name)
        found.append(Kpi(name, value, definition.unit, round(n), since_ms, trend, target, definition.better, reason))
    return found


def _turnover(site: Tallies, first: int, end: int) -> _Found:
    begin = _begin(site, first, end, YEAR_DAYS)
    days = end - begin + 1
    if days < TURNOVER_DAYS_MIN:
        return "too_short"
    value, summed = _upto(site, "change", begin - 1), 0.0
    for day in range(begin, end + 1):
        value += site.days["change"][day % DAYS]
        summed += value
    if summed <= 0:
        return "no_stock"
    cost = _sum(site, "cost", begin, end)
    return _Told(cost * (YEAR_DAYS / days) / (summed / days), days)


def _cover(site: Tallies, first: int, end: int) -> _Found:
    now = site.standing
    if not now["paced_skus"]:
        return "no_forecast"
    if now["pace_cost"] <= 0:
        return "no_demand"
    return _Told(now["covered"] / now["pace_cost"], now["paced_skus"])


def _fill(site: Tallies, first: int, end: int) -> _Found:
    begin = _begin(site, first, end, DEFINITIONS["fill_rate"].days)
    met = _sum(site, "picked", begin, end) - _sum(site, "owed", begin, end)
    lost = _sum(site, "lost", begin, end)
    if met + lost <= 0:
        return "no_demand"
    return _Told(max(0.0, met) / (max(0.0, met) + lost), met + lost)


def _out(site: Tallies, first: int, end: int) -> _Found:
    begin = _begin(site, first, end, DEFINITIONS["stock_out_rate"].days)
    skus, summed = _upto(site, "begun", begin - 1), 0.0
    for day in range(begin, end + 1):
        skus += site.days["begun"][day % DAYS]
        summed += skus * _gone(site, day)
    if summed <= 0:
        return "no_facts"
    return _Told(min(1.0, _sum(site, "out", begin, end) / summed), summed)


def _accuracy(site: Tallies, first: int, end: int) -> _Found:
    begin = _begin(site, first, end, DEFINITIONS["inventory_accuracy"].days)
    counts = _sum(site, "counts", begin, end)
    return _Told(_sum(site, "agreed", begin, end) / counts, counts) if counts > 0 else "no_counts"


def _differences(site: Tallies, first: int, end: int) -> _Found:
    begin = _begin(site, first, end, DEFINITIONS["count_difference_rate"].days)
    counts, units = (_sum(site, name, begin, end) for name in ("counts", "compared"))
    if counts <= 0:
        return "no_counts"
    return _Told(_sum(site, "differed", begin, end) / units if units > 0 else 0.0, units)


def _holding(site: Tallies, first: int, end: int) -> _Found:
    return _Told(_upto(site, "held", end), len(site.courses))


def _dead(site: Tallies, first: int, end: int) -> _Found:
    return _Told(site.standing["dead"], site.standing["dead_skus"])


def _slow(site: Tallies, first: int, end: int) -> _Found:
    if not site.standing["paced_skus"] and end - first + 1 < SOLD_DAYS_MIN:
        return "no_forecast"
    return _Told(site.standing["slow"], site.standing["slow_skus"])


def _bias(site: Tallies, first: int, end: int) -> _Found:
    told, came, _, judged = _errors(site, end)
    if not judged:
        return _unjudged(site)
    return _Told(told / came - 1, judged) if came > 0 else "no_demand"


def _error(site: Tallies, first: int, end: int) -> _Found:
    _, came, off, judged = _errors(site, end)
    if not judged:
        return _unjudged(site)
    return _Told(off / came, judged) if came > 0 else "no_demand"


def _unjudged(site: Tallies) -> str:
    """Why no forecast can be held against what came."""
    told = any(one.pace is not None or one.ahead for one in site.courses.values())
    return "no_week" if told or any(site.days["told"]) else "no_forecast"


def _on_time(lines: Judged, site: Tallies, first: int, end: int) -> _Found:
    begin = end - DEFINITIONS["supplier_on_time"].days + 1
    every = sum(n for (day, _), n in lines.items() if begin <= day <= end)
    good = sum(n for (day, is_good), n in lines.items() if is_good and begin <= day <= end)
    return _Told(good / every, every) if every else "no_orders"


_FIGURES: Final[dict[str, _Figure]] = {
    "turnover": _turnover,
    "cover_days": _cover,
    "fill_rate": _fill,
    "stock_out_rate": _out,
    "inventory_accuracy": _accuracy,
    "count_difference_rate": _differences,
    "holding_cost": _holding,
    "dead_stock": _dead,
    "slow_stock": _slow,
    "forecast_bias": _bias,
    "forecast_error": _error,
}


def _begin(site: Tallies, first: int, end: int, days: int) -> int:
    return max(first, site.today - DAYS + 1, end - days + 1)


def _sum(site: Tallies, name: str, begin: int, end: int) -> float:
    sums = site.days[name]
    return sum(sums[day % DAYS] for day in range(begin, end + 1))


def _upto(site: Tallies, name: str, day: int) -> float:
    """What has been added up to the end of a day, one kept or the one before them."""
    return site.openings[name] + _sum(site, name, site.today - DAYS + 1, day)


def _gone(site: Tallies, day: int) -> float:
    """The share of a day that is over."""
    if day < site.today:
        return 1.0
    start, end = (day_start_ms(site.timezone, one) for one in (day, day + 1))
    return (site.now_ms - start) / (end - start)


def _errors(site: Tallies, end: int) -> tuple[float, float, float, float]:
    """(forecast, demand, off, SKU-weeks) of the whole weeks that ended before or on a day that is over."""
    after = monday_of(end if end == site.today else end + 1)
    mondays = range(after - 7 * ERROR_WEEKS, after, 7)
    kept = [one % DAYS for one in mondays if one > site.today - DAYS]
    told, came, off, judged = (sum(site.days[name][at] for at in kept) for name in ("told", "came", "off", "judged"))
    return told, came, off, judged
