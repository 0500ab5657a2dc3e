"""Demand by the week, month or quarter: the numbers that follow a few dozen, by the median of three methods, or each.

Of the 17 best of the M4 competition 12 were combinations; the median of these three did best on the M1 and Tourism
competitions, and is reported on M3, which had no say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cloud.core.forecasting.history import Array, Counts, Flags, packed, read
from cloud.core.forecasting.seasons import indices
from cloud.core.forecasting.smoothing import damped, level_alone
from cloud.core.forecasting.theta import dynamic_theta, theta

METHOD = "median(dynamic_theta, damped, theta)"
Method = Callable[[Array, Counts, int], Array]
"""The next numbers of left-aligned rows, without season: (values, counts, horizon)."""
THREE: dict[str, Method] = {"dynamic_theta": dynamic_theta, "damped": damped, "theta": theta}
LEVEL = "ses"
METHODS = (METHOD, LEVEL, *THREE)
BLOCK_CELLS = 40_000
"""Rows are taken in blocks of so many numbers, which stay in the processor's cache."""


class Periods(NamedTuple):
    """Of each row: the numbers to come [rows x horizon], and whether a season was found and taken into account."""

    units: Array
    seasonal: Flags


class Each(NamedTuple):
    """As `Periods`, the numbers to come by the name of their method."""

    units: dict[str, Array]
    seasonal: Flags


def follow(units: Any, period: int, horizon: int) -> Periods:
    """The next `horizon` numbers of each row of `units` [rows x periods, NaN before it existed], never below 0.

    `period` is the length of a season in columns (12 for months, 4 for quarters, 1 for none). Raises ValueError, as
    `history.read` does. Rows without any number are forecast as 0.
    """
    each = by_each(units, period, horizon, (METHOD,))
    return Periods(each.units[METHOD], each.seasonal)


def by_each(units: Any, period: int, horizon: int, names: Sequence[str] = METHODS) -> Each:
    """`follow` by several methods, by their names."""
    if period < 1 or horizon < 1:
        raise ValueError(f"a season of {period} and a horizon of {horizon}: both must be at least 1 period")
    history = read(units)
    rows, columns = history.units.shape
    told = {name: np.zeros((rows, horizon)) for name in names}
    found = np.zeros(rows, dtype=np.bool_)
    block = max(1, BLOCK_CELLS // max(columns, 1))
    for first in range(0, rows, block):
        part = slice(first, first + block)
        made = _follow(history.units[part], history.known[part], period, horizon, names)
        for name in names:
            told[name][part] = made.units[name]
        found[part] = made.seasonal
    return Each(told, found)


def _follow(units: Array, known: Flags, period: int, horizon: int, names: Sequence[str]) -> Each:
    values, counts = packed(units, known)
    season = indices(values, counts, period)
    columns = np.arange(values.shape[1])
    even = np.where(columns < counts[:, None], values / season[:, columns % period], 0.0)
    made = {name: method(even, counts, horizon) for name, method in THREE.items()}
    made[METHOD] = np.median([*made.values()], axis=0)
    if LEVEL in names:
        made[LEVEL] = level_alone(even, counts, horizon)
    ahead = (counts[:, None] + np.arange(horizon)) % period
    index = np.take_along_axis(season, ahead, axis=1)
    return Each({name: np.maximum(made[name], 0.0) * index for name in names}, (season != 1).any(axis=1))
