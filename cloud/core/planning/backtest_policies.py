"""The policies that a back-test compares, each learnt from the days that were known by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, sqrt

import numpy as np
from msgspec.structs import replace

from cloud.core.forecasting.daily import forecast
from cloud.core.planning.backtest_course import Rules, Table
from cloud.core.planning.deals import dealt
from cloud.core.planning.demand_table import censored
from cloud.core.planning.items import Item
from cloud.core.planning.losses import STANDARD
from cloud.core.planning.lots import Lots, best_lot, eoq, lot_cost
from cloud.core.planning.mending import mend
from cloud.core.planning.settling import DAYS_A_YEAR, DEMAND_LEAST, Outlook, costs_of

Learner = Callable[[Table], Rules]
"""The rules from the units of the days known [SKUs x days, NaN before an SKU existed]."""

MIN_TIMES = 1.5
MAX_DAYS = 30
"""The rule of thumb: Min lasts through the lead time and half of it again, Max thirty days more."""
NEVER = (-1.0, 0.0, 0.0)
"""Without demand nothing is kept; only what is owed is ordered."""


def proposed(items: Sequence[Item]) -> Learner:
    """What `deals.dealt` proposes, whatever was set by hand; a policy asked for by name is kept to, and a periodic one
    ordered on its review days alone."""
    return planned([replace(item, reorder_point=None, order_quantity=None) for item in items])


def planned(items: Sequence[Item]) -> Learner:
    """The same with what was set by hand, where anything was."""
    every = np.array([float(item.review_days or 1) for item in items])

    def learn(known: Table) -> Rules:
        told = forecast(*censored(known), taus=(0.5,))
        rows = []
        for at, item in enumerate(items):
            made = dealt(item, Outlook.of(told, at)).settled.policy
            if made is None:
                rows.append(NEVER)
            else:
                lot = made.lot if made.kind == "r,Q" else 0
                rows.append((float(made.point), float(made.point + made.lot), float(lot)))
        return _rules(rows)._replace(every=every)

    return learn


def in_force(levels: Sequence[tuple[float, float]]) -> Learner:
    """Min and Max as somebody set them: at Min or less, up to Max."""
    fixed = _rules([(float(low), float(high), 0.0) for low, high in levels])
    return lambda known: fixed


def mended(items: Sequence[Item], levels: Sequence[tuple[float, float]]) -> Learner:
    """Min and Max as somebody set them, mended by the days known (`mending.mend`)."""

    def learn(known: Table) -> Rules:
        found = mend(items, levels, known)
        return Rules(found.low, found.high, np.zeros(len(items)), np.ones(len(items)))

    return learn


def learnt(ahead: Mapping[int, Rules]) -> Learner:
    """What was learnt beforehand, by how many days were known."""
    return lambda known: ahead[known.shape[1]]


def min_max(items: Sequence[Item]) -> Learner:
    """Min and Max by the rule of thumb, as far as they fit on the shelves."""

    def learn(known: Table) -> Rules:
        rows = []
        for item, (mean, _) in zip(items, _days(known), strict=True):
            if mean * DAYS_A_YEAR < DEMAND_LEAST:
                rows.append(NEVER)
                continue
            point, lot = within_shelves(item, ceil(MIN_TIMES * mean * item.lead_time_days), ceil(mean * MAX_DAYS))
            rows.append((float(point), float(point + lot), 0.0))
        return _rules(rows)

    return learn


def eoq_and_z(items: Sequence[Item]) -> Learner:
    """The textbook's: r = mean + z sd of the demand over the lead time, of the mean and sd of all days known, and the
    economic lot, as far as they fit on the shelves. z is the normal's at the service level, or at p/(p+h) where a
    backorder cost is given."""

    def learn(known: Table) -> Rules:
        rows = []
        for item, (mean, variance) in zip(items, _days(known), strict=True):
            if mean * DAYS_A_YEAR < DEMAND_LEAST:
                rows.append(NEVER)
                continue
            costs, spread = costs_of(item), item.lead_time_sd_days**2
            sd = sqrt(item.lead_time_days * variance + mean * mean * spread)
            point = ceil(mean * item.lead_time_days + STANDARD.inv_cdf(costs.ratio) * sd)
            point, lot = within_shelves(item, point, _economic(item, costs.order, mean, costs.holding))
            rows.append((float(point), float(point + lot), float(lot)))
        return _rules(rows)

    return learn


def within_shelves(item: Item, point: int, lot: int) -> tuple[int, int]:
    """Point and lot that fit: first the lot is cut, to whole packs, then the point. The least lot is ordered anyway."""
    least = Lots(item.moq, item.pack).least
    if item.capacity is None or point + max(lot, least) <= item.capacity:
        return point, lot
    lot = min(lot, max(least, (item.capacity - point) // item.pack * item.pack))
    return min(point, max(0, item.capacity - max(lot, least))), lot


def _economic(item: Item, order: float, mean: float, holding: float) -> int:
    wanted = eoq(order, mean, holding).units if order else 1.0
    return best_lot(lambda units: lot_cost(units, order, mean, holding), wanted, Lots(item.moq, item.pack))


def _days(known: Table) -> list[tuple[float, float]]:
    """Mean and variance of a day of each row."""
    there = ~np.isnan(known)
    count = there.sum(axis=1)
    mean = np.where(there, known, 0.0).sum(axis=1, dtype=np.float64) / np.maximum(count, 1)
    off = np.where(there, known - mean[:, None], 0.0)
    variance = (off * off).sum(axis=1) / np.maximum(count - 1, 1)
    return [(float(one), float(other)) for one, other in zip(mean, variance, strict=True)]


def _rules(rows: Sequence[tuple[float, float, float]]) -> Rules:
    table = np.asarray(rows, dtype=np.float64).reshape(len(rows), 3)
    return Rules(table[:, 0], table[:, 1], table[:, 2], np.ones(len(rows)))
