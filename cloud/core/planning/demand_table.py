"""Daily demand of many SKUs as one table, made of single rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

Matrix = np.ndarray[Any, np.dtype[np.float32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
CELLS_MAX = 60_000_000
"""SKUs x days held at once: 240 MB."""

FAR_DAYS, FAR_TIMES, FAR_SHARE = 60, 5, 0.01
"""Rows that stand so many days from all others, and so many times further than any of those from each other, and are no
more than this share of all, are slips."""


class DemandTable(NamedTuple):
    """Units of each SKU (row) on each day (column); NaN before its first row, and where a day is not known. `first_day`
    is a date's ordinal."""

    skus: list[str]
    first_day: int
    units: Matrix


class TooManyCellsError(ValueError):
    """So many SKUs over so many days are not held at once."""


def demand_table(
    skus: Sequence[str],
    sku_of: Sequence[int],
    day_of: Sequence[int],
    units: Sequence[float],
    hidden: Sequence[tuple[int, int]] = (),
) -> DemandTable:
    """The table of rows (index in `skus`, ordinal of the day, units); rows of one SKU and day add up. Of `hidden`
    (index and ordinal) nothing is known. SKUs without a row are left out. Raises `TooManyCellsError`."""
    row, on = np.asarray(sku_of, dtype=np.int64), np.asarray(day_of, dtype=np.int64)
    used, place = np.unique(row, return_inverse=True)
    first, last = int(on.min()), int(on.max())
    count = last - first + 1
    if len(used) * count > CELLS_MAX:
        raise TooManyCellsError(f"{len(used)} SKUs over {count} days are more than {CELLS_MAX:,} cells")
    begins = np.full(len(used), last + 1)
    np.minimum.at(begins, place, on)
    table = np.zeros((len(used), count), dtype=np.float32)
    np.add.at(table, (place, on - first), np.asarray(units, dtype=np.float64))
    table[np.arange(count)[None, :] < (begins - first)[:, None]] = np.nan
    places = {sku: at for at, sku in enumerate(used.tolist())} if hidden else {}
    for sku, day in hidden:
        if sku in places and first <= day <= last:
            table[places[sku], day - first] = np.nan
    return DemandTable([skus[one] for one in used.tolist()], first, table)


def censored(units: Matrix) -> tuple[Matrix, Flags | None]:
    """The units with 0 where a day after an SKU's first is not known, and these days; None where all are known."""
    blank = np.isnan(units)
    before = np.where(blank.all(axis=1), units.shape[1], np.argmin(blank, axis=1))
    if np.array_equal(blank.sum(axis=1), before):
        return units, None
    inside: Flags = blank & (np.arange(units.shape[1])[None, :] >= before[:, None])
    return np.where(inside, np.float32(0), units), inside


def span(days: Sequence[int], rows: Sequence[int], today: int = 0) -> tuple[int, int]:
    """The first and the last day of nearly all rows; `days` are ordinals (0 is none), each of so many `rows`.

    A few that stand far off are slips, most often by a year, and one would make a year of no demand for every SKU. So
    are a few after `today`, where that is told: nothing was sold yet.
    """
    told = sorted((day, count) for day, count in zip(days, rows, strict=True) if day)
    few = FAR_SHARE * sum(count for _, count in told)
    first = next(at for at, below in enumerate(accumulate(count for _, count in told)) if below > few)
    last = (
        len(told)
        - 1
        - next(at for at, above in enumerate(accumulate(count for _, count in reversed(told))) if above > few)
    )
    gaps = [following[0] - day[0] for day, following in pairwise(told)]
    far = max(FAR_DAYS, FAR_TIMES * max(gaps[first:last], default=0))
    begin = next((at + 1 for at in reversed(range(first)) if gaps[at] > far), 0)
    end = next((at for at in range(last, len(gaps)) if gaps[at] > far), len(gaps))
    if today and told[last][0] <= today:
        end = max(at for at in range(last, end + 1) if told[at][0] <= today)
    return told[begin][0], told[end][0]


def mean_days(units: Matrix) -> list[float]:
    """The mean day of each SKU since its first."""
    sums = np.nansum(units, axis=1, dtype=np.float64)
    return [float(one) for one in sums / np.maximum((~np.isnan(units)).sum(axis=1), 1)]
