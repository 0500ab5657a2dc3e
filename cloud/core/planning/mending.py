"""Somebody's Min and Max, mended by what the history says: the same money in stock, but where it serves most.

All SKUs are looked at together (the system approach of Sherbrooke 1968): a unit more of an SKU is worth the chance that
one lead time asks for it, over its price; and one price of money holds for all. That chance is how often the SKU's own
past lead times asked for so much, and, as if so many more had been seen, how often those of all SKUs did, in proportion
to the level somebody gave them. So what was never asked for is believed to be wanted as the level says, and parts that
are needed once in years are planned at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from cloud.core.planning.items import Item

ALIKE = 10.0
"""What all SKUs' lead times asked for counts as so many of the SKU's own."""
BUDGET = 0.95
"""Of the money that Min and Max in force are expected to tie up: the rest is for what is expected wrongly."""
MOST_TIMES = 4
"""No level is more than so many times the greater of the one in force and the most that one lead time asked for."""
GRID = 60
"""Levels tried of each SKU."""
HALVINGS = 50
BLOCK = 5_000
"""SKUs whose days are summed at once."""

Array = np.ndarray[Any, np.dtype[np.float64]]
Rows = np.ndarray[Any, np.dtype[np.int64]]


class Levels(NamedTuple):
    """Of each SKU, in units: at Min or less it is ordered up to Max."""

    low: Array
    high: Array


class Windows(NamedTuple):
    """What lead times asked for: how many were seen of each SKU, and those that asked for anything: whose, how much."""

    times: Array
    row: Rows
    units: Array


def mend(items: Sequence[Item], levels: Sequence[tuple[float, float]], known: Any) -> Levels:
    """The mended levels, from the days known [SKUs x days, NaN before an SKU existed].

    Max stays as far above Min as it was. What has no unit on the shelf stays so; nothing that has goes below one. The
    stock expected is worth no more than `BUDGET` of that of the levels in force, unless one unit of each is. Where the
    known days would have missed more units by it, the levels in force stay. Nor is Max raised above what fits.
    """
    given = np.asarray(levels, dtype=np.float64).reshape(len(items), 2)
    point, lot = np.minimum(given[:, 0], given[:, 1] - 1), np.maximum(given[:, 1] - given[:, 0], 1.0)
    kept = point + 1  # what must last a lead time: Min, and the unit whose leaving orders
    cost = np.array([item.unit_cost for item in items])
    seen = windows(known, np.array([ceil(item.lead_time_days) + 1 for item in items], dtype=np.int64))
    most = np.zeros(len(items))
    np.maximum.at(most, seen.row, seen.units)
    shelves = np.array([np.inf if item.capacity is None else item.capacity for item in items])
    room = np.maximum(shelves - lot + 1, kept)  # what does not fit in force stays, and grows no more
    tried = _tried(np.minimum(MOST_TIMES * np.maximum(most, kept), room))
    gain = _wanted(tried, kept, seen) / cost
    cycle = lot - 1 - np.maximum(lot - _sizes(known, kept, seen), 0) / 2  # above what must last, between two orders
    budget = BUDGET * _value(kept + cycle, cost, seen)

    def at(money: float) -> Array:
        enough = np.minimum(np.cumprod(gain > money, axis=0).sum(axis=0), len(tried) - 1)
        found: Array = np.maximum(tried[enough, np.arange(len(kept))], np.minimum(kept, 1.0))
        return np.where(kept < 1, kept, found)

    low, high = np.log(np.maximum(gain.min(), 1e-30)), np.log(np.maximum(gain.max(), 1e-30))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _value(at(float(np.exp(middle))) + cycle, cost, seen) > budget else (low, middle)
    mended = at(float(np.exp(high)))
    if _missed(mended + cycle, seen) > _missed(kept + cycle, seen):
        mended = kept  # where all is far too low there is no money to move
    mended -= 1
    return Levels(mended, mended + np.where(given[:, 1] > given[:, 0], lot, 1.0))


def windows(known: Any, days: Rows) -> Windows:
    """The demand of each row in so many `days` on end, one after another backwards from the last."""
    counts, rows, units = [], [np.empty(0, np.int64)], [np.empty(0)]
    for first in range(0, len(known), BLOCK):
        part, span = known[first : first + BLOCK], days[first : first + BLOCK]
        count = (~np.isnan(part)).sum(axis=1) // span
        sums = np.zeros((part.shape[0], part.shape[1] + 1))
        np.cumsum(np.nan_to_num(part), axis=1, dtype=np.float64, out=sums[:, 1:])
        for back in range(int(count.max(initial=0))):
            row = np.flatnonzero(count > back)
            end = part.shape[1] - back * span[row]
            came = sums[row, end] - sums[row, end - span[row]]
            rows.append(first + row[came > 0])
            units.append(came[came > 0])
        counts.append(count.astype(np.float64))
    return Windows(np.concatenate([np.empty(0), *counts]), np.concatenate(rows), np.concatenate(units))


def _sizes(known: Any, kept: Array, seen: Windows) -> Array:
    """Units that are asked for at once; of what never was, as of all others in proportion to their levels."""
    days = np.count_nonzero(known > 0, axis=1)
    scale = np.maximum(kept, 1.0)
    alike = float(np.mean(seen.units / scale[seen.row])) if len(seen.row) else 1.0
    sizes = np.where(days > 0, np.nansum(known, axis=1) / np.maximum(days, 1), alike * scale)
    return np.maximum(sizes, 1.0)


def _tried(top: Array) -> Array:
    """Levels from 0 to `top` [tried x SKUs], denser below."""
    share = np.linspace(0, 1, GRID)[:, None]
    return np.maximum.accumulate(np.floor(np.expm1(np.log1p(np.maximum(top, 0.0)) * share) + 1e-9))


def _wanted(tried: Array, kept: Array, seen: Windows) -> Array:
    """The chance that a lead time asks for more than each level."""
    scale = np.maximum(kept, 1.0)
    shares, whole = np.sort(seen.units / scale[seen.row]), max(float(seen.times.sum()), 1.0)
    chances = np.empty(tried.shape)
    for place, level in enumerate(tried):
        alike = (len(shares) - np.searchsorted(shares, level / scale, side="right")) / whole
        own = np.bincount(seen.row[seen.units > level[seen.row]], minlength=len(kept))
        chances[place] = (own + ALIKE * alike) / (seen.times + ALIKE)
    return chances


def _value(level: Array, cost: Array, seen: Windows) -> float:
    """The money in stock at the end of a lead time, on average over those that were seen."""
    used = np.bincount(seen.row, np.minimum(seen.units, np.maximum(level, 0.0)[seen.row]), minlength=len(level))
    return float(cost @ (np.maximum(level, 0.0) - used / np.maximum(seen.times, 1)))


def _missed(level: Array, seen: Windows) -> float:
    """Units that lead times asked for beyond what is there, on average over those that were seen, of all SKUs."""
    short = np.maximum(seen.units - level[seen.row], 0.0) / np.maximum(seen.times[seen.row], 1)
    return float(short.sum())
