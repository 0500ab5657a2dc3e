"""The forecast of daily demand as the planner asks for it: units a day, and quantiles of the demand over each lead
time, corrected by their own past.

`learn` looks back once over a sample of SKUs; `forecast` uses what it found. One SKU is forecast anew after a pick with
the same `Calibration`, and comes out as it would have among all; `forecast_blocks` takes very many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from cloud.core.forecasting import classes, levels, recalibration, sizes
from cloud.core.forecasting.classes import Pattern
from cloud.core.forecasting.history import Array, Counts, Flags, History, read
from cloud.core.forecasting.levels import Levels
from cloud.core.forecasting.quantiles import Amounts
from cloud.core.forecasting.recalibration import Calibration
from cloud.core.forecasting.seasons import days_ahead
from cloud.core.forecasting.sizes import Sizes

HORIZON_DAYS = 14
HORIZON_MAX_DAYS = 3_650
TAUS = (0.5, 0.9, 0.95)
BLOCK = 1_000
"""SKUs forecast together; two years of their days take about 100 MB in between."""
SAMPLE = 2_000
"""So many SKUs, evenly spread over all, tell how right past quantiles were."""
ORIGINS = 8
"""Of so many past days the forecast is made again, one horizon apart, a week at least."""
ORIGIN_MIN_DAYS = 28
SIZES_MIN_DAYS = 56
"""Of fewer known days the sizes are not looked at."""


class Forecast(NamedTuple):
    """Of each SKU (row): what is expected over its horizon, how surely, and why.

    `mean_day` units a day over the horizon, `total` and `variance` of the demand over it, `quantiles` [rows x taus] in
    whole units, class (index in `classes.CLASSES`) and method (index in `levels.METHODS`) in `pattern.kind` and
    `levels.method`. For another horizon or an uncertain lead time: a day has mean `levels.level` and variance
    `levels.variance`, the mean itself the variance `levels.doubt`, weekdays the factors `levels.profile`. `sizes` are
    the amounts of single days where these tell more than the negative binomial.
    """

    mean_day: Array
    total: Array
    variance: Array
    quantiles: Array
    pattern: Pattern
    levels: Levels
    days: Counts
    sizes: list[Sizes]


def forecast(
    units: Any,
    censored: Any = None,
    horizon_days: Any = HORIZON_DAYS,
    taus: Sequence[float] = TAUS,
    calibration: Calibration | None = None,
) -> Forecast:
    """The demand of the days after the last column of `units` [SKUs x days], NaN before an SKU existed.

    `censored` marks days out of stock (True: demand not known), `horizon_days` is one number or one an SKU. Without a
    `calibration` quantiles are those of the negative binomial as it is. Raises ValueError, naming the row, for units
    that are negative, infinite or missing inside (see `history.read`), a horizon below 1 day or a tau outside 0..1.
    """
    history = read(units, censored)
    horizon = _horizons(horizon_days, len(history.units))
    wanted = np.asarray(taus, dtype=np.float64)
    if wanted.ndim != 1 or not bool(((wanted > 0) & (wanted < 1)).all()):
        raise ValueError(f"taus are {taus}: each must be above 0 and below 1, such as 0.95")
    pattern, found, total, variance, amounts, believed = _told(history, horizon)
    asked = (calibration or recalibration.untold()).asked(pattern.kind, wanted)
    return Forecast(total / horizon, total, variance, amounts.quantile(asked), pattern, found, history.days, believed)


def forecast_blocks(
    units: Any,
    censored: Any = None,
    horizon_days: Any = HORIZON_DAYS,
    taus: Sequence[float] = TAUS,
    calibration: Calibration | None = None,
) -> Iterator[tuple[slice, Forecast]]:
    """`forecast` of very many SKUs, `BLOCK` at a time: the rows and their forecast. `units` may be float32. A
    calibration that is not given is learnt from a sample first."""
    rows = len(units)
    horizon = _horizons(horizon_days, rows)
    if calibration is None:
        calibration = learn(units, censored, horizon)
    for first in range(0, rows, BLOCK):
        part = slice(first, min(first + BLOCK, rows))
        hidden = None if censored is None else censored[part]
        yield part, forecast(units[part], hidden, horizon[part], taus, calibration)


def learn(units: Any, censored: Any = None, horizon_days: Any = HORIZON_DAYS) -> Calibration:
    """How right quantiles were on the last days of this history: at most `SAMPLE` of its SKUs, each at its own horizon,
    forecast anew from up to `ORIGINS` past days with what was known by then. A short history teaches nothing."""
    rows = len(units)
    sample = np.unique(np.linspace(0, max(rows - 1, 0), min(rows, SAMPLE)).astype(np.int64))
    horizon = _horizons(horizon_days, rows)[sample]
    history = read(np.asarray(units)[sample], None if censored is None else np.asarray(censored)[sample])
    columns = history.units.shape[1]
    sums, seen = _running(history.units), _running(history.known)
    step = max(7, int(np.median(horizon))) if len(sample) else 7
    kinds, below, at_most = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0)]
    for origin in range(columns - step, max(columns - step * (ORIGINS + 1), ORIGIN_MIN_DAYS - 1), -step):
        row = np.flatnonzero((origin + horizon <= columns) & (seen[:, origin] > 0))
        end = origin + horizon[row]
        row = row[seen[row, end] - seen[row, origin] == horizon[row]]
        end = origin + horizon[row]
        known = history.known[row, :origin]
        past = History(history.units[row, :origin], known, known.sum(axis=1))
        pattern, _, _, _, amounts, _ = _told(past, horizon[row])
        came = sums[row, end] - sums[row, origin]
        kinds.append(pattern.kind)
        below.append(amounts.at_most(np.ceil(came) - 1))
        at_most.append(amounts.at_most(came))
    return recalibration.learn(np.concatenate(kinds), np.concatenate(below), np.concatenate(at_most))


class Told(NamedTuple):
    """What is told of each row whatever the horizon: its class, its level, and the sizes of its days."""

    pattern: Pattern
    levels: Levels
    sizes: list[Sizes]


def told_of(history: History) -> Told:
    """What a history tells of the days after it."""
    pattern = classes.patterns(history)
    found = levels.find(history, pattern)
    even = (found.method == levels.SMOOTHING) & (found.profile == 1).all(axis=1) & (history.days >= SIZES_MIN_DAYS)
    return Told(pattern, found, sizes.seen(history, found.level, found.variance, even))


def amounts_of(told: Told, known_days: Counts, ahead: Array) -> tuple[Array, Array, Amounts]:
    """The demand of so many average days `ahead` of each row: mean, variance, and how probable each amount is."""
    found = told.levels
    total = found.level * ahead
    variance = found.variance * ahead + found.doubt * ahead * ahead
    # Of what never sold the mean is 0, but not its chance: as if a part of a unit had been sold (Gamma prior).
    rare = np.where(known_days > 0, levels.PRIOR_UNITS / np.maximum(known_days, 1), 0.0) * ahead
    amounts = Amounts(total + rare, variance + rare + rare * rare)
    for row, one in enumerate(told.sizes):
        if one:
            pmf, days = sizes.day(one), float(ahead[row])
            growth = found.level[row] / float(pmf @ np.arange(len(pmf)))
            unsure = (days * growth) ** 2 * sizes.DOUBT * found.doubt[row] / found.level[row] ** 2
            amounts.given(row, sizes.compounded(pmf, growth * days, unsure))
    return total, variance, amounts


def _told(history: History, horizon: Counts) -> tuple[Pattern, Levels, Array, Array, Amounts, list[Sizes]]:
    """What is told of each row's horizon before it is corrected."""
    told = told_of(history)
    total, variance, amounts = amounts_of(told, history.days, days_ahead(told.levels.profile, horizon))
    return told.pattern, told.levels, total, variance, amounts, told.sizes


def _running(values: Array | Flags) -> Array:
    """The sum of what was before each column and, last, of all."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _horizons(horizon_days: Any, rows: int) -> Counts:
    horizon: Array = np.asarray(horizon_days, dtype=np.float64)
    if horizon.shape not in ((), (rows,)):
        raise ValueError(f"horizon_days is {horizon.shape} for {rows} SKUs: give one number, or one an SKU")
    wrong = np.flatnonzero(~((horizon >= 1) & (horizon <= HORIZON_MAX_DAYS) & (horizon == np.floor(horizon))))
    if len(wrong):
        of = f"row {int(wrong[0])}: " if horizon.shape else ""
        raise ValueError(f"{of}a horizon of {horizon.flat[wrong[0]]} days: whole days, 1 to {HORIZON_MAX_DAYS}")
    return np.broadcast_to(horizon.astype(np.int64), (rows,))
