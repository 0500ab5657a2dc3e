"""A history lived through again under given rules of ordering: day by day, all SKUs at once, in units.

A day ends with its demand, then the order, then what arrives; what is ordered with a lead time of n days arrives on the
evening n days later. So it was counted when the policies were made (outcomes.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
Table = np.ndarray[Any, Any]


DAILY: Array = np.ones(1)
"""Of all SKUs."""


class Rules(NamedTuple):
    """Of each SKU: at a position of `point` or less it is ordered, `lot` by `lot` until the position is above the
    point, or up to `upto` where `lot` is 0; on every so many days alone, left out: on each. Units."""

    point: Array
    upto: Array
    lot: Array
    every: Array = DAILY


class Bounds(NamedTuple):
    """Of each SKU what an order may be: at least so many units, in whole packs."""

    moq: Array
    pack: Array


class Course(NamedTuple):
    """What came of the days that are judged, of each SKU: units on the shelf less those owed, and on order, before the
    first and after the last of them; units asked for, given at once, lost for good, ordered and arrived; how many
    orders, on how many days some of what was asked for was not there; and the sum of each evening's stock."""

    begin: Array
    begin_on_order: Array
    end: Array
    end_on_order: Array
    asked: Array
    given: Array
    lost: Array
    ordered: Array
    arrived: Array
    orders: Array
    short_days: Array
    stock_days: Array


def live(
    demand: Table, lead_days: Whole, rules_of: Callable[[int], Rules], bounds: Bounds, first: int, lost: bool = False
) -> Course:
    """Live through `demand` [SKUs x days, no NaN], judged from day `first` on; the days before fill the shelves.

    `lead_days` [SKUs x days] is how long an order of that day takes. `rules_of(day)` is asked every day, the first one
    with as much on the shelf as its rules would order up to. What is not there is owed, or `lost`.
    """
    rows, days = demand.shape
    every, lanes = np.arange(rows), int(lead_days.max(initial=0)) + 1
    coming = np.zeros((lanes, rows))
    rules = rules_of(0)
    stock: Array = np.maximum(np.where(rules.lot > 0, rules.point + rules.lot, rules.upto), 0.0).astype(np.float64)
    on_order = np.zeros(rows)
    begin, begin_on_order = stock, on_order
    sums = np.zeros((8, rows))
    for day in range(days):
        if day == first:
            begin, begin_on_order = stock, on_order
        asked = demand[:, day].astype(np.float64)
        given = np.minimum(asked, np.maximum(stock, 0.0))
        stock = stock - (given if lost else asked)
        rules = rules_of(day)
        units = np.where(day % rules.every == 0, ordered(rules, stock + on_order, bounds), 0.0)
        coming[(day + lead_days[:, day]) % lanes, every] += units
        arrived = coming[day % lanes].copy()
        coming[day % lanes] = 0.0
        stock, on_order = stock + arrived, on_order + units - arrived
        if day >= first:
            gone = asked - given if lost else np.zeros(rows)
            sums += (asked, given, gone, units, arrived, units > 0, asked > given, np.maximum(stock, 0.0))
    return Course(begin, begin_on_order, stock, on_order, *sums)


def ordered(rules: Rules, position: Array, bounds: Bounds) -> Array:
    """Units to order at each position: whole packs, not below the MOQ; 0 above the point."""
    by_lots = np.ceil((rules.point + 1 - position) / np.maximum(rules.lot, 1)) * rules.lot
    wanted = np.where(rules.lot > 0, by_lots, rules.upto - position)
    units = np.maximum(np.ceil(wanted / bounds.pack) * bounds.pack, np.ceil(bounds.moq / bounds.pack) * bounds.pack)
    return np.where((position <= rules.point) & (wanted > 0), units, 0.0)
