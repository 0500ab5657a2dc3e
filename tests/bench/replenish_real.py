"""What planning leads to on real demand: spare parts of two firms by the rule of a published study, and a refinery's
materials against the Min and Max it has itself. Nothing is chosen on the periods that are judged.

The study (Erasmus University, curves in published_inventory_curves.csv) forecasts each period again, orders up to a
level R that arrives at once, and takes for R the least whole number with an expected shortage E[(D - R)+] of at most
(1 - target) x mean; D has the forecast's mean and the variance of all periods before, R is not above the largest demand
seen. Its total fill is units given at once over units asked for, its mean fill the mean of the items' fills; its cost
the mean over periods of 25 % x price x stock after the order, summed over items (which have two demands at least in the
periods learnt from). So much is in its code. It judged on the last 30 % of MAN (weeks 106 to 150) and RAF (months 60 to
84), which are not in our files, so its rows can not be met as printed. Run again here are four of its methods, by its
rule; the others are carried over by how they stood to SBA in its table. Whether D was its normal, gamma or negative
binomial the curves do not say: run here is the negative binomial, whose fills and costs an item are nearest to theirs.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from itertools import product
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cloud.core.forecasting.daily import forecast
from cloud.core.forecasting.history import Array
from cloud.core.forecasting.intermittent import croston, sba, tsb
from cloud.core.forecasting.quantiles import Amounts
from cloud.core.forecasting.smoothing import ses
from cloud.core.planning.amounts import lead_time_pmf
from cloud.core.planning.losses import losses
from tests.bench.table import Figure

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "demand"
TARGET, RATE, FIT = 0.95, 0.25, 0.6
"""The study's target fill and cost rate; our share of the periods to learn from."""
GRID = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


class Real(NamedTuple):
    """Units of items [items x periods], their prices, how many periods a year has, the study's name for them."""

    units: Array
    price: Array
    periods: int
    name: str

    def of(self, rows: Any) -> Real:
        """These items alone."""
        return Real(self.units[rows], self.price[rows], self.periods, self.name)


class Came(NamedTuple):
    """Total fill, mean fill and cost, as the study counts them."""

    fill: float
    mean_fill: float
    cost: float


def read(file: str, before: int, price: str, periods: int, name: str) -> Real:
    """A file's rows: `before` columns, then one a period."""
    with gzip.open(DATA / file, "rt") as source:
        header, *rows = csv.reader(source)
    at = header.index(price)
    units = np.array([[float(cell or 0) for cell in row[before:]] for row in rows])
    return Real(np.maximum(units, 0.0), np.array([float(row[at] or 0) for row in rows]), periods, name)


def live(levels: Array, demand: Array, price: Array) -> Came:
    """The study's course of events under order-up-to `levels` [items x periods]."""
    stock, owing = np.empty_like(demand), np.zeros(len(demand))
    for period in range(demand.shape[1]):
        stock[:, period] = np.maximum(owing, levels[:, period])
        owing = stock[:, period] - demand[:, period]
    given, asked = np.minimum(stock, demand).sum(axis=1), demand.sum(axis=1)
    each = np.where(asked > 0, given / np.maximum(asked, 1e-9), 0.0)
    return Came(float(given.sum() / asked.sum()), float(each.mean()), float((RATE * stock.mean(axis=1) * price).sum()))


def _smoothed(past: Array) -> Array:
    return np.asarray(ses(past, 0.1, past[:, 0])[:, -1])


METHODS: dict[str, Callable[[Array], Array]] = {
    "SBA": sba,
    "Croston": croston,
    "TSB": lambda past: tsb(past, np.ones(past.shape, dtype=np.bool_), 0.1, 0.1),
    "SES": _smoothed,
}


def published(real: Real, first: int, last: int, method: Callable[[Array], Array]) -> Came:
    """A method of the study, run again on periods `first` to `last`."""
    levels = np.zeros((len(real.units), last - first))
    for period in range(first, last):
        past = real.units[:, :period]
        mean, sd, most = method(past), past.std(axis=1, ddof=1), np.maximum(np.round(past.max(axis=1)), 1)
        for row in np.flatnonzero(mean > 1e-6):
            levels[row, period - first] = _level(float(mean[row]), float(sd[row]), float(most[row]))
    return live(levels, real.units[:, first:last], real.price)


def _level(mean: float, sd: float, most: float) -> float:
    try:
        pmf = lead_time_pmf(mean, sd * sd)
    except ValueError:  # too wide to be written down: more than any cap
        return most
    return min(float(np.argmax(losses(pmf, 0, len(pmf)) <= (1 - TARGET) * mean)), most)


class Ours(NamedTuple):
    """Our forecasts of some periods, each with what was known by then."""

    real: Real
    first: int
    last: int
    told: list[tuple[Array, Amounts]]

    def at(self, unit: float, usual: float) -> Came:
        """By cost, where a unit owed for a period costs `unit`, and as much as is usual in a period `usual` more: the
        newsvendor's level, P(D > R) <= h/p."""
        holding = RATE * self.real.price / self.real.periods
        levels = []
        for mean, amounts in self.told:
            price = np.maximum(unit + usual / np.maximum(mean, 1e-3), 1e-9)
            chance = np.clip(1 - holding / price, 1e-6, 1 - 1e-9)
            levels.append(np.where(holding < price, amounts.quantile(chance[:, None])[:, 0], 0.0))
        return live(np.array(levels).T, self.real.units[:, self.first : self.last], self.real.price)


def ours(real: Real, first: int, last: int) -> Ours:
    """Forecasts for periods `first` to `last`; a period is taken for a day."""
    told = [forecast(real.units[:, :period], horizon_days=1, taus=(0.5,)) for period in range(first, last)]
    return Ours(real, first, last, [(one.total, Amounts(one.total, one.variance)) for one in told])


def prices(known: Ours, rival: Came, budget: float) -> tuple[float, float]:
    """The prices of owing that lead the rival most, in the fill that leads less, within so much of its cost."""
    best, most = (0.0, 0.0), -inf
    for unit, usual in product(GRID, GRID):
        came = known.at(unit, usual)
        lead = min(came.fill - rival.fill, came.mean_fill - rival.mean_fill)
        if came.cost <= budget * rival.cost and lead > most:
            best, most = (unit, usual), lead
    return best


def spare_parts(real: Real) -> list[Figure]:
    """Ours against every row of the study's table at the target: its best total fill, best mean fill, least cost."""
    periods = real.units.shape[1]
    middle, first = round(FIT * FIT * periods), round(FIT * periods)
    table = printed(real.name)
    budget = min(one.cost for one in table.values()) / table["SBA"].cost
    early = real.of((real.units[:, :middle] > 0).sum(axis=1) >= 2)
    chosen = prices(ours(early, middle, first), published(early, middle, first, sba), budget)
    late = real.of((real.units[:, :first] > 0).sum(axis=1) >= 2)
    came = ours(late, first, periods).at(*chosen)
    again = {name: published(late, first, periods, method) for name, method in METHODS.items()}
    fill, mean_fill, cost = _best(table, again)
    base = again["SBA"]
    known = f"SBA run again {base.fill:.4f}, {base.mean_fill:.4f}, {base.cost:,.0f}"
    what = f"{len(late.units)} items, {periods - first} periods; owing costs {chosen[0]:g} a unit + {chosen[1]:g}"
    return [
        Figure(f"{real.name} total fill at target .95", f">= {fill:.4f}", came.fill, fill, "", known, floor=True),
        Figure("  mean fill of its items", f">= {mean_fill:.4f}", came.mean_fill, mean_fill, "", what, floor=True),
        Figure("  holding cost over SBA's", f"<= {cost:.3f}", came.cost / base.cost, cost, "", f"{came.cost:,.0f}"),
    ]


def printed(name: str) -> dict[str, Came]:
    """The rows of the study's table at the target."""
    with (DATA / "published_inventory_curves.csv").open() as source:
        rows = [row for row in csv.DictReader(source) if row["dataset"] == name and row["TargetFillRates"] == "0.95"]
    keys = ("AchievedFillRates_Total", "AchievedFillRates_Avg", "HoldingCosts")
    return {row["Method"]: Came(*(float(row[key]) for key in keys)) for row in rows}


def _best(table: dict[str, Came], again: dict[str, Came]) -> tuple[float, float, float]:
    """The best total and mean fill, and the least cost over SBA's, of the methods run again and of all printed ones,
    those carried over by how they stand to SBA."""
    base, here = table["SBA"], again["SBA"]
    carried = [
        Came(here.fill + one.fill - base.fill, here.mean_fill + one.mean_fill - base.mean_fill, one.cost / base.cost)
        for method, one in table.items()
        if method not in again
    ]
    every = [*carried, *(Came(one.fill, one.mean_fill, one.cost / here.cost) for one in again.values())]
    return max(one.fill for one in every), max(one.mean_fill for one in every), min(one.cost for one in every)


def figures() -> list[Figure]:
    """MAN and RAF, where their files are."""
    if not DATA.exists():
        print("real demand (../shared/data/demand beside the project) is not here: not measured")
        return []
    man = read("man.csv.gz", 7, "cost_price_eur", 52, "MAN")
    raf = read("raf.csv.gz", 4, "PRICE (£)", 12, "BRAF")
    return [*spare_parts(man), *spare_parts(raf)]
