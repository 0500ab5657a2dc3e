"""What is known of demand: checked units of many SKUs, what is not known marked; rows of unequal length aligned."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Counts = np.ndarray[Any, np.dtype[np.int64]]

UNITS_MAX = 1e9
"""More units in one period are taken for a mistake; all that is computed of them stays finite."""


class History(NamedTuple):
    """Units of SKUs (rows) in periods (columns, oldest first): 0 where not `known`. `days` known in each row."""

    units: Array
    known: Flags
    days: Counts

    def of(self, rows: Flags) -> History:
        """These rows alone."""
        return History(self.units[rows], self.known[rows], self.days[rows])


def read(units: Any, censored: Any = None) -> History:
    """The history of `units` [SKUs x days], NaN before the SKU existed, less the days that `censored` marks.

    Raises ValueError that names the row and the day: a wrong shape, negative or infinite units, NaN after the first
    number. Units stay as they are where demand is in fractions (litres); nothing is rounded.
    """
    table = np.asarray(units, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"units must be a table of SKUs x days, not of {table.ndim} dimensions: give one row an SKU")
    blank = np.isnan(table)
    if blank.any():
        inside = blank & (np.cumsum(~blank, axis=1) > 0)
        _refuse(inside, table, "no number after the SKU's first: a day without demand is 0, one not known is censored")
    with np.errstate(invalid="ignore"):
        _refuse(table < 0, table, "negative demand: returns are no demand, leave them out")
        _refuse(table > UNITS_MAX, table, f"more than {UNITS_MAX:g} units, or no finite number")
    known = ~blank
    if censored is not None:
        hidden = np.asarray(censored, dtype=np.bool_)
        if hidden.shape != table.shape:
            raise ValueError(f"censored is {hidden.shape}, units are {table.shape}: one mark for every day")
        known &= ~hidden
    return History(table if known.all() else np.where(known, table, 0.0), known, known.sum(axis=1))


def _refuse(wrong: Flags, table: Array, why: str) -> None:
    if wrong.any():
        row, day = (int(at) for at in np.argwhere(wrong)[0])
        rows = int(wrong.any(axis=1).sum())
        more = f" (and {rows - 1} more rows)" if rows > 1 else ""
        raise ValueError(f"row {row}, day {day}: {table[row, day]:g}: {why}{more}")


def packed(values: Array, wanted: Flags) -> tuple[Array, Counts]:
    """The `wanted` values of each row moved to its left, in order, 0 after them; and how many they are."""
    counts = wanted.sum(axis=1)
    order = np.argsort(~wanted, axis=1, kind="stable")[:, : max(int(counts.max(initial=0)), 1)]
    moved = np.take_along_axis(values, order, axis=1)
    return np.where(np.arange(moved.shape[1]) < counts[:, None], moved, 0.0), counts
