"""A refinery's materials under its own Min and Max, and under the same mended by what the history says.

3 years of monthly use, the delivery time, price, Min and Max of each material. A month's use is put on one day of it,
drawn with the seed; November 1997 is missing, and left out. Judged are the last 40 % of the months; how levels are
mended, and the two constants of it, were chosen on the 60 % before. The refinery's levels are those it had at the end,
so they may know what is judged, and what is mended is not free of that either. Most materials are used once in years:
of half of those judged the history before says nothing, and what is planned of the history alone is far behind. That is
measured beside, on every fourth material.
"""

from __future__ import annotations

import csv
import gzip
from calendar import monthrange
from typing import NamedTuple

import numpy as np

from cloud.core.planning import backtest_policies as policies
from cloud.core.planning.backtest import course, tally
from cloud.core.planning.demand_table import Matrix
from cloud.core.planning.items import Item
from tests.bench.replenish_real import DATA, FIT
from tests.bench.table import Figure

FILE = DATA / "refinery.csv.gz"
BEFORE, ORDER_COST, HOLDING_RATE = 10, 5.0, 0.25
"""Columns before the months; what an order costs, of which nothing is known, and holding a year."""
ALONE = 4
"""Planned of their history alone is every fourth material, which takes the time of all others."""


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


def figures(seed: int = 1997) -> list[Figure]:
    """Fill and stock value on the last 40 % of the months."""
    if not FILE.exists():
        print("the refinery's materials (../shared/data/demand beside the project) are not here: not measured")
        return []
    whole = read(seed)
    first = whole.begins[round(FIT * (len(whole.begins) - 1))]
    mine = lived(whole, first, policies.mended(whole.items, whole.levels))
    theirs = lived(whole, first, policies.in_force(whole.levels))
    some = whole.every(ALONE)
    alone, beside = (lived(some, first, one) for one in (policies.proposed(some.items), policies.in_force(some.levels)))
    said = [
        f"its own {own:.4f}; every {ALONE}th: its own {other:.4f}, of the history alone {ours:.4f}"
        for own, other, ours in zip(theirs[:2], beside[:2], alone[:2], strict=True)
    ]
    orders = f"{mine.orders} orders, its own {theirs.orders}; of the history alone {alone.value / beside.value:.2f}"
    return [
        Figure("refinery's Min/Max, mended: fill", f"> {theirs.fill:.4f}", mine.fill, theirs.fill, "", said[0], True),
        Figure("  mean fill of its materials", f"> {theirs.mean:.4f}", mine.mean, theirs.mean, "", said[1], True),
        Figure("  value in stock over its own's", "<= 1", mine.value / theirs.value, 1.0, "", orders),
    ]


class Lived(NamedTuple):
    """Of all materials: the share of units given at once, its mean over materials, the value in stock, the orders."""

    fill: float
    mean: float
    value: float
    orders: int


def lived(known: Refinery, first: int, learn: policies.Learner) -> Lived:
    """What a policy leads to from day `first` on."""
    found = course(known.items, known.units, first, learn)
    sums = tally("", known.items, found, known.units.shape[1] - first)
    asked = found.asked > 0
    mean = float(np.mean(found.given[asked] / found.asked[asked]))
    return Lived(sums.fill, mean, sums.stock_value, sums.orders)
