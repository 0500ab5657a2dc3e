"""What policies would have led to on one's own history: fill, stock, orders, each learnt again as the days went by with
nothing but what was known then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from zlib import crc32

import numpy as np
from msgspec import Struct

from cloud.core.planning import backtest_policies as policies
from cloud.core.planning.backtest_course import Bounds, Course, Rules, Table, Whole, live
from cloud.core.planning.backtest_policies import Learner
from cloud.core.planning.items import Item
from cloud.core.planning.settling import DAYS_A_YEAR

LEARN_DAYS = 28
"""So often the policies are learnt again."""
WARM_UP_DAYS = 365
"""So many days before the first that is judged are lived through with the rules it begins with, so that the shelves are
as these rules keep them, and not as full as they may be."""
SHARE_KNOWN = 0.6
"""The share of the days that is only learnt from, where no first day is given."""
LEADS_KEPT_SD = 4.0
"""A lead time that is drawn is no more than so many standard deviations above its mean."""


class Tally(Struct, frozen=True):
    """What came of a policy, summed over SKUs and over the days that are judged: units asked for and given at once;
    money for holding (an evening's stock) and for ordering; orders; days of an SKU on which some of what was asked for
    was not there; and the value of each evening's stock."""

    policy: str
    skus: int
    days: int
    asked: float
    given: float
    holding_cost: float
    ordering_cost: float
    orders: int
    stockout_days: int
    value_days: float

    def plus(self, other: Tally) -> Tally:
        """Of these SKUs and those."""
        mine, theirs = (tuple(getattr(one, name) for name in self.__struct_fields__[3:]) for one in (self, other))
        sums = [one + more for one, more in zip(mine, theirs, strict=True)]
        return Tally(self.policy, self.skus + other.skus, self.days, *sums)

    @property
    def fill(self) -> float:
        """The share of what was asked for that was given at once; 1 where nothing was."""
        return self.given / self.asked if self.asked else 1.0

    @property
    def stock_value(self) -> float:
        """The value of the stock on an average evening."""
        return self.value_days / self.days


def first_judged(days: int) -> int:
    """The first day that is judged, where none is given."""
    return ceil(SHARE_KNOWN * days)


def backtest(
    items: Sequence[Item],
    units: Table,
    first: int,
    levels: Sequence[tuple[float, float]] | None = None,
    lost: bool = False,
    seed: int = 1,
    mended: Learner | None = None,
) -> list[Tally]:
    """The tally of each policy from column `first` of `units` [SKUs x days, NaN before an SKU existed], a row an item.

    `levels` are the Min and Max in force, of each item, where there are some; without them reorder points by hand are
    in force, where any is given. Demand that is not met at once is owed,
    or `lost`. Levels are mended over all SKUs together: who judges some of them at a time gives what came of that as
    `mended` (`mended_ahead`). ValueError for a day that leaves nothing to learn from, or nothing to judge.
    """
    if not 0 < first < units.shape[1]:
        raise ValueError(
            f"day {first} of {units.shape[1]} can not be the first that is judged: days before and after are needed"
        )
    days = units.shape[1] - first
    learners: dict[str, Learner] = {
        "proposed": policies.proposed(items),
        **_in_force(items, levels, mended),
        "min_max": policies.min_max(items),
        "eoq_and_z": policies.eoq_and_z(items),
    }
    return [
        tally(name, items, course(items, units, first, learn, lost, seed), days) for name, learn in learners.items()
    ]


def _in_force(
    items: Sequence[Item], levels: Sequence[tuple[float, float]] | None, mended: Learner | None
) -> dict[str, Learner]:
    if levels is not None:
        return {"in_force": policies.in_force(levels), "mended": mended or policies.mended(items, levels)}
    if any(item.reorder_point is not None for item in items):
        return {"in_force": policies.planned(items)}
    return {}


def mended_ahead(
    items: Sequence[Item], units: Table, first: int, levels: Sequence[tuple[float, float]]
) -> dict[int, Rules]:
    """The mended levels of all SKUs, learnt on each day on which a back-test from `first` on learns again."""
    learn = policies.mended(items, levels)
    return {day: learn(units[:, :day]) for day in range(first, units.shape[1], LEARN_DAYS)}


def course(
    items: Sequence[Item], units: Table, first: int, learn: Learner, lost: bool = False, seed: int = 1
) -> Course:
    """What came of one policy, learnt on day `first` and every `LEARN_DAYS` after it."""
    begin = max(0, first - WARM_UP_DAYS)
    demand = np.nan_to_num(units[:, begin:])
    bounds = Bounds(np.array([float(one.moq) for one in items]), np.array([float(one.pack) for one in items]))
    leads = lead_days(items, units.shape[1], seed)[:, begin:]
    return live(demand, leads, _as_time_goes(units, begin, first, learn), bounds, first - begin, lost)


def lead_days(items: Sequence[Item], days: int, seed: int) -> Whole:
    """The lead time of what would be ordered on each day [SKUs x days]: whole days, rounded up; where it has a standard
    deviation drawn from the normal, the same for all policies and whatever other SKUs there are."""
    table = np.empty((len(items), days), dtype=np.int64)
    for row, item in enumerate(items):
        table[row] = ceil(item.lead_time_days)
        if item.lead_time_sd_days:
            drawn = np.random.default_rng([seed, crc32(item.sku.encode())]).standard_normal(days)
            spread = np.minimum(drawn, LEADS_KEPT_SD) * item.lead_time_sd_days
            table[row] = np.maximum(np.ceil(item.lead_time_days + spread - 0.5), 0)  # rounded, so that its mean stays
    return table


def tally(name: str, items: Sequence[Item], found: Course, days: int) -> Tally:
    """A policy's course in money and shares."""
    cost = np.array([one.unit_cost for one in items])
    holding = np.array([one.holding_rate * one.unit_cost / DAYS_A_YEAR for one in items])
    ordering = np.array([one.order_cost for one in items])
    return Tally(
        name,
        len(items),
        days,
        float(found.asked.sum()),
        float(found.given.sum()),
        float(holding @ found.stock_days),
        float(ordering @ found.orders),
        int(found.orders.sum()),
        int(found.short_days.sum()),
        float(cost @ found.stock_days),
    )


def _as_time_goes(units: Table, begin: int, first: int, learn: Learner) -> Callable[[int], Rules]:
    """The rules of a day, counted from `begin`: those learnt last."""
    learnt: dict[int, Rules] = {}

    def rules_of(day: int) -> Rules:
        since = first + max(0, begin + day - first) // LEARN_DAYS * LEARN_DAYS
        if since not in learnt:
            learnt.clear()
            learnt[since] = learn(units[:, :since])
        return learnt[since]

    return rules_of
