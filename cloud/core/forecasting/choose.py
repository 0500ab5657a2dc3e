"""Demand by the week, month or quarter: the numbers that follow a few dozen, by the median of three methods.

Of the 17 best of the M4 competition 12 were combinations; the median of these three did best on the M1 and Tourism
competitions, and is reported on M3, which had no say.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cloud.core.forecasting.history import Array, Flags, packed, read
from cloud.core.forecasting.seasons import indices
from cloud.core.forecasting.smoothing import damped
from cloud.core.forecasting.theta import dynamic_theta, theta

METHOD = "median(dynamic_theta, damped, theta)"
BLOCK_CELLS = 40_000
"""Rows are taken in blocks of so many numbers, which stay in the processor's cache."""


class Periods(NamedTuple):
    """Of each row: the numbers to come [rows x horizon], and whether a season was found and taken into account."""

    units: Array
    seasonal: Flags


def follow(units: Any, period: int, horizon: int) -> Periods:
    """The next `horizon` numbers of each row of `units` [rows x periods, NaN before it existed], never below 0.

    `period` is the length of a season in columns (12 for months, 4 for quarters, 1 for none). Raises ValueError, as
    `history.read` does. Rows without any number are forecast as 0.
    """
    if period < 1 or horizon < 1:
        raise ValueError(f"a season of {period} and a horizon of {horizon}: both must be at least 1 period")
    history = read(units)
    rows, columns = history.units.shape
    told, found = np.zeros((rows, horizon)), np.zeros(rows, dtype=np.bool_)
    block = max(1, BLOCK_CELLS // max(columns, 1))
    for first in range(0, rows, block):
        part = slice(first, first + block)
        told[part], found[part] = _follow(history.units[part], history.known[part], period, horizon)
    return Periods(told, found)


def _follow(units: Array, known: Flags, period: int, horizon: int) -> tuple[Array, Flags]:
    values, counts = packed(units, known)
    season = indices(values, counts, period)
    columns = np.arange(values.shape[1])
    even = np.where(columns < counts[:, None], values / season[:, columns % period], 0.0)
    three = [method(even, counts, horizon) for method in (dynamic_theta, damped, theta)]
    ahead = (counts[:, None] + np.arange(horizon)) % period
    middle = np.maximum(np.median(three, axis=0), 0.0)
    return middle * np.take_along_axis(season, ahead, axis=1), (season != 1).any(axis=1)
