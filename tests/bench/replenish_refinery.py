"""A refinery's materials under its own Min and Max, and under ours with no more money in stock.

3 years of monthly use, the delivery time, price, Min and Max of each material. A month's use is put on one day of it,
drawn with the seed; November 1997 is missing, and left out. What an owed unit costs is not known: it is chosen on days
before those that are judged, as the highest price that ties up no more money than the Min and Max do there. The Min and
Max are those of the end, so they may know what is judged; ours are learnt as the days go by.
"""

from __future__ import annotations

import csv
import gzip
from calendar import monthrange
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from cloud.core.planning import backtest_policies as policies
from cloud.core.planning.backtest import course, tally
from cloud.core.planning.backtest_course import Course
from cloud.core.planning.demand_table import Matrix
from cloud.core.planning.items import Item
from tests.bench.replenish_real import DATA, FIT
from tests.bench.table import Figure

FILE = DATA / "refinery.csv.gz"
BEFORE, ORDER_COST, HOLDING_RATE = 10, 5.0, 0.25
"""Columns before the months; what an order costs, of which nothing is known, and holding a year."""
PRICES = tuple(float(2**power) for power in range(4, 17))
"""Of a unit owed for a year."""
TRIED_ON = 4
"""The price is chosen on every fourth material."""


class Refinery(NamedTuple):
    """Materials, their Min and Max, their use [materials x days], and the day each month begins on."""

    items: list[Item]
    levels: list[tuple[float, float]]
    units: Matrix
    begins: list[int]

    def every(self, step: int) -> Refinery:
        """Each so many-th material."""
        return Refinery(self.items[::step], self.levels[::step], self.units[::step], self.begins)


def read(seed: int) -> Refinery:
    """All materials that have a price."""
    with gzip.open(FILE, "rt") as source:
        header, *rows = csv.reader(source)
    rows = [row for row in rows if float(row[5]) > 0]
    months = [(int(name[:4]), int(name[5:7])) for name in header[BEFORE:]]
    lengths = [monthrange(*month)[1] for month in months]
    begins = [0, *np.cumsum(lengths).tolist()]
    random = np.random.default_rng(seed)
    units = np.zeros((len(rows), begins[-1]), dtype=np.float32)
    for at, length in enumerate(lengths):
        used = np.array([max(0.0, float(row[BEFORE + at] or 0)) for row in rows])
        units[np.arange(len(rows)), begins[at] + random.integers(0, length, len(rows))] = used
    items = [Item(row[0], float(row[5]), ORDER_COST, HOLDING_RATE, float(row[1])) for row in rows]
    return Refinery(items, [(float(row[2]), float(row[3])) for row in rows], units, begins)


def ours(known: Refinery, first: int, price: float) -> Course:
    """The course of our policies where a unit owed for a year costs so much."""
    items = [replace(item, backorder_cost=price) for item in known.items]
    return course(items, known.units, first, policies.proposed(items))


def value(items: Sequence[Item], found: Course, days: int) -> float:
    """The average value of the stock."""
    return tally("", items, found, days).stock_value


def price_of(known: Refinery, first: int) -> float:
    """The highest price of owing that ties up no more money than the Min and Max in force do, from day `first` on."""
    some = known.every(TRIED_ON)
    days = some.units.shape[1] - first
    most = value(some.items, course(some.items, some.units, first, policies.in_force(some.levels)), days)
    low, high = 0, len(PRICES) - 1  # the stock grows with the price
    while low < high:
        middle = (low + high + 1) // 2
        if value(some.items, ours(some, first, PRICES[middle]), days) <= most:
            low = middle
        else:
            high = middle - 1
    return PRICES[low]


def figures(seed: int = 1997) -> list[Figure]:
    """Fill and stock value on the last 40 % of the months."""
    if not FILE.exists():
        print("the refinery's materials (../shared/data/demand beside the project) are not here: not measured")
        return []
    whole = read(seed)
    months = len(whole.begins) - 1
    middle, first = whole.begins[round(FIT * FIT * months)], whole.begins[round(FIT * months)]
    early = whole._replace(units=whole.units[:, :first])
    price = price_of(early, middle)
    found: dict[str, Any] = {
        "ours": ours(whole, first, price),
        "theirs": course(whole.items, whole.units, first, policies.in_force(whole.levels)),
    }
    days = whole.units.shape[1] - first
    mine, theirs = (tally(name, whole.items, one, days) for name, one in found.items())
    shares = [float(np.mean((one.given / np.maximum(one.asked, 1))[one.asked > 0])) for one in found.values()]
    orders = f"{mine.orders} orders, theirs {theirs.orders}; owing costs {price:g} a unit and year"
    return [
        Figure(
            "refinery: total fill",
            f">= {theirs.fill:.4f}",
            mine.fill,
            theirs.fill,
            "",
            f"its Min/Max {theirs.fill:.4f}",
            True,
        ),
        Figure(
            "  mean fill of its materials",
            f">= {shares[1]:.4f}",
            shares[0],
            shares[1],
            "",
            f"theirs {shares[1]:.4f}",
            True,
        ),
        Figure("  value in stock over its own's", "<= 1", mine.stock_value / theirs.stock_value, 1.0, "", orders),
    ]
