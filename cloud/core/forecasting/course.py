"""The forecast of one SKU day by day, and of what the days come to together: what a chart of the future is drawn from.

The same level, profile and calibration as in `daily`, asked for at every horizon instead of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cloud.core.forecasting import recalibration
from cloud.core.forecasting.daily import HORIZON_MAX_DAYS, Told, amounts_of, told_of
from cloud.core.forecasting.history import Array, read
from cloud.core.forecasting.recalibration import Calibration
from cloud.core.forecasting.seasons import days_ahead


class Course(NamedTuple):
    """Of each day ahead: its mean, its quantiles [days x taus], and mean and quantiles of all days up to it."""

    mean: Array
    quantiles: Array
    total: Array
    totals: Array


def course(
    units: Sequence[float] | Any,
    censored: Sequence[bool] | Any,
    days: int,
    taus: Sequence[float],
    calibration: Calibration | None = None,
) -> Course:
    """The next `days` of one SKU whose past days were `units`, `censored` where it was out of stock. Raises ValueError
    as `daily.forecast` does."""
    if not 1 <= days <= HORIZON_MAX_DAYS:
        raise ValueError(f"{days} days ahead: 1 to {HORIZON_MAX_DAYS}")
    history = read(np.asarray(units, dtype=np.float64)[None, :], np.asarray(censored, dtype=np.bool_)[None, :])
    told = told_of(history)
    horizons = np.arange(1, days + 1)
    upto = days_ahead(np.repeat(told.levels.profile, days, axis=0), horizons)
    each = np.diff(upto, prepend=0.0)
    ahead = np.concatenate([each, upto])
    rows = np.zeros(2 * days, dtype=np.int64)
    every = Told(told.pattern, told.levels.of(rows), told.sizes * (2 * days))
    mean, _, amounts = amounts_of(every, history.days[rows], ahead)
    wanted = np.asarray(taus, dtype=np.float64)
    asked = (calibration or recalibration.untold()).asked(told.pattern.kind[rows], wanted)
    found = amounts.quantile(asked)
    return Course(mean[:days], found[:days], mean[days:], found[days:])
