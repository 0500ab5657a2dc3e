"""Demand by the week or month: days summed into whole periods, and what follows them, by the method whose own past
errors were least, with quantiles from those errors.

`choose` has the methods; here stands which of them is believed for a row, and how far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import numpy as np

from cloud.core.forecasting import recalibration
from cloud.core.forecasting.choose import METHOD, by_each
from cloud.core.forecasting.history import Array, Counts, Flags, read
from cloud.core.forecasting.quantiles import Amounts

Span = Literal["week", "month"]
SEASONS: Mapping[str, int] = {"week": 52, "month": 12}
"""Periods in a year: the season that is tested for."""
ORIGINS = 8
"""From so many past periods, one apart, each method forecasts again what came."""
PERIODS_MIN = 4
"""With fewer periods before it nothing is forecast anew: no method can be told from another."""
BETTER = 0.9
"""The median of three stays unless another method's past errors were at most this share of its own: of few errors the
least are least by chance."""
NONE = "none"
"""The method of a row without a single whole period: 0 is told of it."""
WEEK_DAYS = 7


class Sums(NamedTuple):
    """Units of each row in whole periods [rows x periods], NaN before its first whole one; the first day of each
    period, and of the one after the last."""

    units: Array
    begins: list[date]


class Told(NamedTuple):
    """Of each row: the `horizon` numbers to come and their `total`, its quantiles [rows x taus], the `method` by name,
    whether a season was found, its known periods; and of all rows how often past totals were at most each quantile
    (NaN where there was no past), over so many `cases`."""

    units: Array
    total: Array
    quantiles: Array
    method: list[str]
    seasonal: Flags
    periods: Counts
    came: Array
    cases: int


def sums(units: Any, first_day: int, span: Span) -> Sums:
    """Days [rows x days from `first_day` (an ordinal), NaN before an SKU existed or where not known] as whole weeks
    from Monday or calendar months; parts of a period at either end are left out.

    A period of which some days are not known counts as the mean of the known ones says; one of which none are, after
    the row's first, lies on the straight line between its neighbours, or is as the last one was.
    """
    table = np.asarray(units, dtype=np.float64)
    starts = _starts(date.fromordinal(first_day), date.fromordinal(first_day + table.shape[1]), span)
    if len(starts) < 2:
        return Sums(np.zeros((len(table), 0)), starts)
    edges = [one.toordinal() - first_day for one in starts]
    known = ~np.isnan(table)
    begun = np.where(known.any(axis=1), known.argmax(axis=1), table.shape[1])
    inside = slice(edges[0], edges[-1])
    at = np.asarray(edges[:-1]) - edges[0]
    total = np.add.reduceat(np.where(known, table, 0.0)[:, inside], at, axis=1)
    count = np.add.reduceat(known[:, inside].astype(np.int64), at, axis=1)
    days = np.diff(edges)
    found = np.where(count > 0, total * days / np.maximum(count, 1), np.nan)
    found[np.asarray(edges[:-1])[None, :] < begun[:, None]] = np.nan
    for row in np.flatnonzero((np.isnan(found) & (np.cumsum(~np.isnan(found), axis=1) > 0)).any(axis=1)):
        there = np.flatnonzero(~np.isnan(found[row]))
        gap = np.arange(there[0], found.shape[1])
        found[row, there[0] :] = np.interp(gap, there, found[row, there])
    return Sums(found, starts)


def follow(units: Any, season: int, horizon: int, taus: Sequence[float]) -> Told:
    """The next `horizon` periods of each row of `units` [rows x periods, NaN before it existed].

    From each of the last `ORIGINS` periods that leave a whole horizon, all methods forecast what came then; the one
    with the least mean absolute error over those horizons is taken (`BETTER`). A quantile of the total is that of a
    negative binomial whose variance is the mean squared error of past totals, plus the square of its doubt, corrected
    by how often past ones came true. Rows with no such past get the Poisson's, and the median.
    """
    history = read(units)
    rows, columns = history.units.shape
    now = by_each(units, season, horizon)
    names = list(now.units)
    starts = [at for at in range(columns - horizon, columns - horizon - ORIGINS, -1) if at >= PERIODS_MIN]
    wrong = np.zeros((len(names), rows))
    past: list[tuple[Flags, Array, Array]] = []
    for at in starts:
        judged = history.known[:, :at].sum(axis=1) >= PERIODS_MIN
        came = history.units[:, at : at + horizon]
        then = by_each(np.asarray(units, dtype=np.float64)[:, :at], season, horizon).units
        totals = np.stack([then[name].sum(axis=1) for name in names])
        wrong += [np.where(judged, np.abs(then[name] - came).sum(axis=1), 0.0) for name in names]
        past.append((judged, totals, came.sum(axis=1)))
    usual = names.index(METHOD)
    best = wrong.argmin(axis=0)
    row = np.arange(rows)
    best = np.where(wrong[best, row] <= BETTER * wrong[usual], best, usual)
    best = np.where(wrong[usual] > 0, best, usual)
    ahead = np.stack([now.units[name] for name in names])[best, row]
    judged, told, came = _past(past, best, rows)
    quantiles, share, cases = _quantiles(ahead.sum(axis=1), judged, told, came, np.asarray(taus, dtype=np.float64))
    method = [names[at] if known else NONE for at, known in zip(best.tolist(), history.days.tolist(), strict=True)]
    return Told(ahead, ahead.sum(axis=1), quantiles, method, now.seasonal, history.days, share, cases)


def _past(past: Sequence[tuple[Flags, Array, Array]], best: Counts, rows: int) -> tuple[Flags, Array, Array]:
    """Which origins judge each row, the totals told then by its method, and those that came [origins x rows]."""
    if not past:
        return np.zeros((0, rows), dtype=np.bool_), np.zeros((0, rows)), np.zeros((0, rows))
    row = np.arange(rows)
    return (
        np.stack([one[0] for one in past]),
        np.stack([one[1][best, row] for one in past]),
        np.stack([p[2] for p in past]),
    )


def _quantiles(total: Array, judged: Flags, told: Array, came: Array, taus: Array) -> tuple[Array, Array, int]:
    """The quantiles of each total, and how often those of past totals, each from the other origins' errors, held."""
    squares = np.where(judged, np.square(told - came), 0.0)
    count, every = judged.sum(axis=0), squares.sum(axis=0)
    cases: list[tuple[Amounts, Array]] = []
    for one, made, real, square in zip(judged, told, came, squares, strict=True):
        use = one & (count > 1)
        if use.any():
            cases.append((Amounts(made[use], _spread(made, every - square, count - one)[use]), real[use]))
    chances = [(amounts.at_most(np.ceil(real) - 1), amounts.at_most(real)) for amounts, real in cases]
    held, number = np.zeros(len(taus)), 0
    for at, (amounts, real) in enumerate(cases):
        asked = _learnt([*chances[:at], *chances[at + 1 :]]).asked(np.zeros(len(real), dtype=np.int64), taus)
        held += (real[:, None] <= amounts.quantile(asked) + 1e-9).sum(axis=0)
        number += len(real)
    asked = _learnt(chances).asked(np.zeros(len(total), dtype=np.int64), taus)
    share = held / number if number else np.full(len(taus), np.nan)
    return Amounts(total, _spread(total, every, count)).quantile(asked), share, number


def _learnt(chances: Sequence[tuple[Array, Array]]) -> recalibration.Calibration:
    """What past totals teach of the chance to ask for, of all rows together."""
    if not chances:
        return recalibration.untold()
    below, at_most = (np.concatenate(part) for part in zip(*chances, strict=True))
    return recalibration.learn(np.zeros(len(below), dtype=np.int64), below, at_most)


def _spread(total: Array, squares: Array, count: Counts) -> Array:
    """The variance to plan a total with: at least the Poisson's, and that of the mean square itself added."""
    mean = squares / np.maximum(count, 1)
    return np.asarray(np.maximum(mean * (1 + 1 / np.maximum(count, 1)), total))


def _starts(first: date, after: date, span: Span) -> list[date]:
    """The first days of the periods that lie whole in `first` .. the day before `after`, and of the one after them."""
    if span == "week":
        monday = first + timedelta(days=-first.weekday() % WEEK_DAYS)
        return [monday + timedelta(days=day) for day in range(0, (after - monday).days + 1, WEEK_DAYS)]
    found, month = [], first if first.day == 1 else _next_month(first)
    while month <= after:
        found.append(month)
        month = _next_month(month)
    return found


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def ends(begin: date, count: int, span: Span) -> date:
    """The last day of `count` periods from `begin` on."""
    if span == "week":
        return begin + timedelta(days=WEEK_DAYS * count - 1)
    for _ in range(count):
        begin = _next_month(begin)
    return begin - timedelta(days=1)
