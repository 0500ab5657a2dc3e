"""The policies that a back-test compares, each learnt from the days that were known by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt

import numpy as np

from cloud.core.forecasting.daily import forecast
from cloud.core.planning.backtest_course import Array, Rules, Table, Whole
from cloud.core.planning.cards import DAYS_A_YEAR, DEMAND_LEAST, Outlook, card, costs_of
from cloud.core.planning.items import Item
from cloud.core.planning.losses import STANDARD
from cloud.core.planning.lots import Lots, best_lot, eoq, lot_cost

Learner = Callable[[Table], Rules]
"""The rules from the units of the days known [SKUs x days, NaN before an SKU existed]."""

MIN_TIMES = 1.5
MAX_DAYS = 30
"""The rule of thumb: Min lasts through the lead time and half of it again, Max thirty days more."""
RAISED_ORDERS, CUT_ORDERS = 20, 40
"""A Max is raised while holding the whole of it for a year costs no more than so many orders, and cut where holding one
unit of it costs more than so many."""
NEVER = (-1.0, 0.0, 0.0)
"""Without demand nothing is kept; only what is owed is ordered."""


def proposed(items: Sequence[Item]) -> Learner:
    """What `cards.card` proposes."""

    def learn(known: Table) -> Rules:
        told = forecast(known, taus=(0.5,))
        found = told.levels
        rows = []
        for at, item in enumerate(items):
            level, variance, doubt = (float(one[at]) for one in (found.level, found.variance, found.doubt))
            made = card(item, Outlook(level, variance, doubt, "", "", int(told.days[at])), others=False)
            if made.reorder_point is None or made.order_up_to is None:
                rows.append(NEVER)
            else:
                lot = made.order_up_to - made.reorder_point if made.policy == "r,Q" else 0
                rows.append((float(made.reorder_point), float(made.order_up_to), float(lot)))
        return _rules(rows)

    return learn


def in_force(levels: Sequence[tuple[float, float]]) -> Learner:
    """Min and Max as somebody set them: at Min or less, up to Max."""
    fixed = _rules([(float(low), float(high), 0.0) for low, high in levels])
    return lambda known: fixed


def mended(items: Sequence[Item], levels: Sequence[tuple[float, float]]) -> Learner:
    """Min and Max as somebody set them, mended by the most that one lead time ever asked for: what is cheap is raised
    to it, what is dear cut down to it once it was asked for at all. For parts that are needed once in years, of which a
    history says little and whoever set the levels may know more. Without an order cost they stay as they are."""
    cost = np.array([item.unit_cost * item.holding_rate for item in items])
    order = np.array([item.order_cost for item in items])
    windows = np.array([ceil(item.lead_time_days) + 1 for item in items])
    fixed = _rules([(float(low), float(high), 0.0) for low, high in levels])

    def learn(known: Table) -> Rules:
        most = _most(known, windows)
        raised = (cost * most <= RAISED_ORDERS * order) & (order > 0)
        upto = np.where(raised, np.maximum(fixed.upto, most), fixed.upto)
        point = np.where(raised, np.maximum(fixed.point, most), fixed.point)
        cut = (cost > CUT_ORDERS * order) & (order > 0) & (most > 0) & (upto > most)
        upto = np.where(cut, most, upto)
        return Rules(np.minimum(point, upto), upto, fixed.lot)

    return learn


def _most(known: Table, windows: Whole) -> Array:
    """The most units that each row asked for in so many days on end."""
    sums = np.zeros((known.shape[0], known.shape[1] + 1))
    np.cumsum(np.nan_to_num(known), axis=1, out=sums[:, 1:])
    most = np.zeros(len(known))
    for days in np.unique(windows):
        of, span = windows == days, min(int(days), known.shape[1])
        most[of] = (sums[of, span:] - sums[of, :-span]).max(axis=1)
    return most


def min_max(items: Sequence[Item]) -> Learner:
    """Min and Max by the rule of thumb."""

    def learn(known: Table) -> Rules:
        rows = []
        for item, (mean, _) in zip(items, _days(known), strict=True):
            low = ceil(MIN_TIMES * mean * item.lead_time_days)
            rows.append(
                (float(low), low + float(ceil(mean * MAX_DAYS)), 0.0) if mean * DAYS_A_YEAR >= DEMAND_LEAST else NEVER
            )
        return _rules(rows)

    return learn


def eoq_and_z(items: Sequence[Item]) -> Learner:
    """The textbook's: r = mean + z sd of the demand over the lead time, of the mean and sd of all days known, and the
    economic lot. z is the normal's at the service level, or at p/(p+h) where a backorder cost is given."""

    def learn(known: Table) -> Rules:
        rows = []
        for item, (mean, variance) in zip(items, _days(known), strict=True):
            if mean * DAYS_A_YEAR < DEMAND_LEAST:
                rows.append(NEVER)
                continue
            costs, spread = costs_of(item), item.lead_time_sd_days**2
            sd = sqrt(item.lead_time_days * variance + mean * mean * spread)
            point = ceil(mean * item.lead_time_days + STANDARD.inv_cdf(costs.ratio) * sd)
            lot = _economic(item, costs.order, mean, costs.holding)
            rows.append((float(point), float(point + lot), float(lot)))
        return _rules(rows)

    return learn


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
    return Rules(table[:, 0], table[:, 1], table[:, 2])
