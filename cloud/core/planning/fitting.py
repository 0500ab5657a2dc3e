"""The (r, Q) to follow where shelves, or a shelf life, do not allow what would be best without them.

Of what fits, a policy is *in proportion* that costs at most `PROPORTION` times the cheapest which needs no more room,
or for each unit that it meets more than that at most `WORTH` of its price. Of the policies in proportion the one is
taken that meets most, up to the service level; where one keeps that, the cheapest of all that do. What more room adds
can so only be better. Units that expire cost what they were bought for, and what they are not there to meet is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from cloud.core.planning import points
from cloud.core.planning.amounts import added, moments
from cloud.core.planning.choice import Name, Policy, in_steps, policy_of
from cloud.core.planning.expiry import FEW, MANY, Life, Numbers, spoiling
from cloud.core.planning.losses import Costs, losses
from cloud.core.planning.lots import Lots
from cloud.core.planning.outcomes import Outcome
from cloud.core.planning.prospects import Prospect

PROPORTION, WORTH = 2.5, 0.25
"""Keeping a service level may cost so many times what the cheapest policy that needs no more room does; or, of each
unit that it meets more, such a part of the price."""
EVERY, WIDER, COARSE = 12, 1.15, 1.4
"""So many of the smallest lots are tried, and then each that is so many times the last; of what expires only lots that
are `COARSE` times the last, for each must be lived through."""
LIVED_LOTS, LIVED_POINTS = 12, 7
"""Of what expires, so many lots, the largest, are lived through at so many points each; between them lie the others."""
RARE, SURE = 0.001, 0.9999
"""Chances of so little, or so much, demand until units expire: with less nothing is thrown away, more is no use."""
TIGHTER = 1.5
"""Of what expires the policies for rooms each so many times the last are weighed against each other exactly."""
RAISED, MISSED = (1, 2, 4, 8), 0.03
"""A point found between those lived through, that misses its promise by less than this, is raised by so many times
`NEAR` of the lead time's standard deviation."""
NEAR = 0.1
SAME = 4
"""Shares of demand that are the same in so many decimals are: where nothing can be met in time, the cost decides."""
SPOILT_LEAST = 0.001
"""Where at most this share of demand is thrown away, or of the money, it is not looked at."""


class Fitted(NamedTuple):
    """The policy; the one there would be with endless shelves; whether any that fits keeps the service level, and the
    cheapest of those, where it was asked for and is another one."""

    policy: Policy
    room: Policy
    reach: bool
    kept: Policy | None


class _Row(NamedTuple):
    """Of a lot, the cost of a period and the share of demand met at once, at r = 0, 1, 2 .. steps."""

    lot: int
    cost: Numbers
    fill: Numbers


def spoils(life: Life, free: Policy, demand: float, price: float) -> bool:
    """Whether what expires counts, by a policy that does not know of it. `demand` a day, `price` of a unit."""
    upto = (free.point + free.lot) // life.step
    most = free.outcome.orders * life.left(upto) * life.step
    return most > SPOILT_LEAST * demand or most * price > SPOILT_LEAST * free.outcome.cost


def spoilt(policies: Sequence[Policy], life: Life, costs: Costs, price: float) -> list[Policy]:
    """Policies by point and lot with what expires; `price` of a unit, all else a day."""
    step = life.step
    at_most, lots = [one.point // step for one in policies], [max(1, round(one.lot / step)) for one in policies]
    lived = spoiling(life, at_most, lots, MANY)
    found = []
    for at, one in enumerate(policies):
        was = one.outcome
        waste, stock, owed = (float(each[at]) * step for each in (lived.waste, lived.stock, lived.owed))
        orders, fill, ready = (float(each[at]) for each in (lived.orders, lived.fill, lived.ready))
        now = Outcome(
            was.cost + costs.order * orders + costs.holding * stock + costs.backorder * owed + price * waste,
            max(0.0, was.stock + stock),
            max(0.0, was.backorders + owed),
            min(1.0, max(0.0, was.fill - fill)),
            min(1.0, max(0.0, was.ready - ready)),
            was.orders + orders,
            waste,
        )
        found.append(replace(one, outcome=now))
    return found


def fitting(
    ahead: Prospect,
    costs: Costs,
    lots: Lots,
    free: Policy,
    upto: int | None,
    level: float | None,
    price: float,
    life: Life | None = None,
    others: bool = True,
) -> Fitted:
    """The (r, Q) to follow where r + Q may be at most `upto` units, or units of this `price` expire within `life`.
    `free` is the policy without either. Without a `level` that of least cost. The least lot may be above `upto`; then
    it is ordered once nothing is left. `others`: with the one that is too dear."""
    step = ahead.step
    inner, steps = in_steps(ahead, costs, lots)
    most = None if upto is None else upto // step
    sold = life.within() if life is not None else None
    top = most if sold is None else int(np.searchsorted(np.cumsum(sold), SURE)) + 1
    assert top is not None, "shelves or a shelf life bound it"
    top = max(top, steps.least)
    sizes = _sizes(steps, max(steps.least, round(free.lot / step)), top, life is None)
    rows = _rows(ahead, inner, sizes, top)
    if life is not None and sold is not None:
        rows = _expiring(rows, life, sold, inner, price * step)
    name: Name = "best_point_and_lot" if level is None else "economic_lot_and_service"

    def policy(found: tuple[int, int], within: int | None) -> Policy:
        point, lot = found
        made = policy_of(ahead, name, point, lot, points.evaluate(point, lot, ahead.day, ahead.lead, inner))
        if life is not None:
            made = _raised(made, ahead, costs, level, within, life, price)
        return _fits(made, lots, within)

    worth = price * ahead.demand
    found, kept = _chosen(rows, top if most is None else most, level, worth)
    roomy = _chosen(rows, top, level, worth)[0] if life is not None else None
    made = policy(found, upto)
    another = policy(kept, upto) if kept is not None and kept != found and (others or life is not None) else None
    if life is not None and level is not None:
        less = {_chosen(rows, room, level, worth)[0] for room in _rooms(steps.least, top if most is None else most)}
        smaller = [policy(one, upto) for one in sorted(less - {found})]
        made = _best([made, *([another] if another is not None else []), *smaller], level, worth)
        another = another if others and another != made else None
    fits = most is None or roomy == found or (roomy is not None and sum(roomy) <= most)
    room = made if fits else free if roomy is None else policy(roomy, None)
    return Fitted(made, room, kept is not None, None if another is None else replace(another, name="promise_kept"))


def _rooms(least: int, most: int) -> list[int]:
    """Smaller rooms whose policies are weighed, too: the same ones whatever `most` is."""
    return [round(least * TIGHTER**times) for times in range(1, 60) if least * TIGHTER**times < most]


def _best(lived: Sequence[Policy], level: float, worth: float) -> Policy:
    """The same choice among policies that were lived through, not read off between others."""
    proportionate = []
    for one in lived:
        room = one.point + one.lot
        cheapest = min((each for each in lived if each.point + each.lot <= room), key=lambda each: each.outcome.cost)
        more = WORTH * worth * (one.outcome.fill - cheapest.outcome.fill)
        if one.outcome.cost <= max(PROPORTION * cheapest.outcome.cost, cheapest.outcome.cost + more):
            proportionate.append(one)
    return min(proportionate, key=lambda one: (-min(one.outcome.fill, level - 1e-9), one.outcome.cost))


def _sizes(steps: Lots, free: int, top: int, keeps: bool) -> list[int]:
    """Lots to try up to the `free` policy's, as many of them as are not above `top`: what fits is among what would fit
    with more room."""
    every = steps.sizes(free)
    tried = [*range(min(EVERY if keeps else 1, len(every)))]
    at = float(len(tried))
    while at < len(every):
        tried.append(int(at))
        at = max(at * (WIDER if keeps else COARSE), at + 1)
    if tried[-1] != len(every) - 1:
        tried.append(len(every) - 1)
    fit = [size for one in tried if (size := int(every[one])) <= top]
    return fit if keeps else [fit[0], *fit[1:][-LIVED_LOTS:]]


def _rows(ahead: Prospect, costs: Costs, sizes: Sequence[int], top: int) -> list[_Row]:
    """By outcomes.py's arithmetic, all points up to r + Q = `top` at once."""
    day, lead = moments(ahead.day)[0], moments(ahead.lead)[0]
    short = losses(ahead.lead, 1, top)
    newly = losses(added(ahead.lead, ahead.day), 1, top) - short
    sums = [np.append(0.0, np.cumsum(one)) for one in (short, newly)]
    rows = []
    for lot in sizes:
        owed, late = ((one[lot:] - one[:-lot]) / lot for one in sums)
        stock = np.arange(len(owed)) + (lot + 1) / 2 - lead + owed
        orders = (day - float(losses(ahead.day, lot, lot)[0])) / lot
        cost = costs.order * orders + costs.holding * stock + costs.backorder * owed
        rows.append(_Row(lot, cost, 1 - late / day))
    return rows


def _expiring(rows: Sequence[_Row], life: Life, sold: Numbers, costs: Costs, price: float) -> list[_Row]:
    """The same with what expires."""
    rare = int(np.searchsorted(np.cumsum(sold), RARE))
    tried = [
        (row.lot, point)
        for row in rows
        for point in np.unique(np.linspace(max(0, rare - row.lot), len(row.cost) - 1, LIVED_POINTS).astype(int))
    ]
    lots, at = (np.array(one) for one in zip(*tried, strict=True))
    lived = spoiling(life, at.tolist(), lots.tolist(), FEW)
    dearer = costs.order * lived.orders + costs.holding * lived.stock + costs.backorder * lived.owed
    dearer += price * lived.waste
    found = []
    for row in rows:
        mine, every = lots == row.lot, np.arange(len(row.cost))
        cost = row.cost + np.interp(every, at[mine], dearer[mine])
        found.append(_Row(row.lot, cost, row.fill - np.interp(every, at[mine], lived.fill[mine])))
    return found


def _chosen(
    rows: Sequence[_Row], most: int, level: float | None, worth: float
) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """Point and lot to follow, and the cheapest that keep the level; None where none does, or there is no level. All
    of a period's demand is `worth` so much."""
    fit = [row for row in rows if row.lot <= most] or [rows[0]._replace(cost=rows[0].cost[:1], fill=rows[0].fill[:1])]
    ends = [max(1, most - row.lot + 1) for row in fit]
    fit = [row._replace(cost=row.cost[:end], fill=row.fill[:end]) for row, end in zip(fit, ends, strict=True)]
    if level is None:
        _, point, lot = min((float(row.cost.min()), int(row.cost.argmin()), row.lot) for row in fit)
        return (point, lot), None
    cheapest, its_fill = _cheapest(fit, max(most, fit[0].lot))
    keeping, sound, best = [], False, (-np.inf, 0.0, 0, 0)
    for row in fit:
        room = slice(row.lot, row.lot + len(row.cost))
        worthy = cheapest[room] + WORTH * worth * (row.fill - its_fill[room])
        fair = row.cost <= np.maximum(PROPORTION * cheapest[room], worthy)
        keeps = np.flatnonzero(row.fill >= level - 1e-9)
        if len(keeps):
            point = int(keeps[0])
            keeping.append((float(row.cost[point]), point, row.lot))
            sound |= bool(fair[point])
        met = np.where(fair, np.round(row.fill, SAME), -np.inf)
        point = int(np.where(met == met.max(), row.cost, np.inf).argmin())
        best = max(best, (float(met[point]), -float(row.cost[point]), point, row.lot))
    kept = min(keeping, default=None)
    if kept is not None and (sound or best[0] >= level - 1e-9):
        return kept[1:], kept[1:]
    return best[2:], kept[1:] if kept is not None else None


def _cheapest(rows: Sequence[_Row], most: int) -> tuple[Numbers, Numbers]:
    """The least cost of all that need no more room than r + Q = 0 .. `most`, and the share of demand that it meets."""
    cost, fill = np.full(most + 1, np.inf), np.zeros(most + 1)
    for row in rows:
        room = slice(row.lot, row.lot + len(row.cost))
        less = row.cost < cost[room]
        cost[room][less], fill[room][less] = row.cost[less], row.fill[less]
    least = np.minimum.accumulate(cost)
    at = np.maximum.accumulate(np.where(cost == least, np.arange(most + 1), 0))
    return least, np.asarray(fill[at])


def _raised(
    made: Policy, ahead: Prospect, costs: Costs, level: float | None, upto: int | None, life: Life, price: float
) -> Policy:
    """With what expires; where that misses the promise by little, at a somewhat higher point that keeps it."""
    step = ahead.step
    near = max(1, round(NEAR * moments(ahead.lead)[1] ** 0.5)) * step
    inner, _ = in_steps(ahead, costs, Lots())

    def lived(steps: Sequence[int]) -> list[Policy]:
        tried = [made.point + times * near for times in steps]
        made_at = [points.evaluate(point // step, made.lot // step, ahead.day, ahead.lead, inner) for point in tried]
        plain = [
            policy_of(ahead, made.name, point // step, made.lot // step, result)
            for point, result in zip(tried, made_at, strict=True)
        ]
        return spoilt(plain, life, costs, price)

    first = spoilt([made], life, costs, price)[0]
    missed = level is not None and level - MISSED < first.outcome.fill < level - 1e-9
    steps = [one for one in RAISED if missed and (upto is None or made.point + one * near + made.lot <= upto)]
    keeping = [one for one in (lived(steps) if steps else ()) if level is not None and one.outcome.fill >= level - 1e-9]
    return keeping[0] if keeping else first


def _fits(made: Policy, lots: Lots, upto: int | None) -> Policy:
    """Less fits than is counted as one: the lot is cut to what does."""
    if upto is None or made.point + made.lot <= max(upto, lots.least):
        return made
    lot = max(lots.least, upto // lots.pack * lots.pack)
    return replace(made, point=max(0, upto - lot), lot=lot)
