"""What a shelf life does to (r, Q): units that are thrown away, and what is missed since they are gone.

Let X be all that was asked for up to the end of a period, C all that was ordered, Z all that was thrown away. What had
been ordered a lead time and a shelf life ago has been sold by now, or is thrown away, for the oldest goes first; so

    Z(s) = max(Z(s - 1), C(s - lead time - shelf life) - X(s)),

in whatever ages units lie there. By this line policies are lived through, all side by side over the same drawn demand,
and beside each the same policy of what keeps for ever, of which the averages are known exactly (`points`). Only the
difference between the two is taken from the draw, which is always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, sqrt
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.random import Generator, default_rng

from cloud.core.planning.amounts import moments
from cloud.core.planning.demand import Demand
from cloud.core.planning.losses import STANDARD, losses

Table = np.ndarray[Any, np.dtype[np.float32]]
Numbers = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
GRAIN = 48
"""A lead time and shelf life of more days are counted in so many periods of several days."""
SEED = 20
KINDS = 8
"""So many different means of demand, where it is in doubt."""
FAR_SD = 9.0


class Play(NamedTuple):
    """So many paths are lived through, for so many periods each after twice a lead time and shelf life."""

    paths: int
    periods: int


FEW, MANY = Play(16, 120), Play(64, 240)
"""To look for a policy, and to say what the one that was found leads to."""


class Life(Struct, frozen=True):
    """Demand, to be counted in steps of `step` units; how long what is ordered takes to come, and then keeps; days."""

    demand: Demand
    lead: float
    lead_sd: float
    days: float
    step: int = 1

    def within(self) -> Numbers:
        """The pmf of the demand within lead time and shelf life."""
        days, spread = self._span()
        return self.demand.over(days, spread, self.step)

    def left(self, upto: int) -> float:
        """E[(upto - D)+]: so many steps of `upto` are not sold in time; an order has no more to be thrown away."""
        mean, variance = self.demand.moments(*self._span())
        if mean - FAR_SD * sqrt(variance) > upto * self.step:
            return 0.0
        sold = self.within()
        return max(0.0, upto - moments(sold)[0] + float(losses(sold, upto, upto)[0]))

    def _span(self) -> tuple[float, float]:
        days = self.lead + self.days
        return days, self.lead_sd**2 + self.demand.unsure(days, self.lead_sd**2)


class Spoiling(Struct, frozen=True):
    """Of each policy: steps thrown away a day; by how much stock, what is owed (steps) and orders a day are more than
    of what keeps for ever; the share of demand met at once, and of days that end with nothing owed, less."""

    waste: Numbers
    stock: Numbers
    owed: Numbers
    orders: Numbers
    fill: Numbers
    ready: Numbers


def perishing(lots: Sequence[tuple[int, int]], daily: float, promised: int, days: float) -> int:
    """Units that expire before they sell, and before an order placed now would come in so many `days`.

    `lots` are the days each can still be sold, and its units, in the order in which they go: first what is promised,
    then `daily` units a day. What expires later need not be replaced by an order of today, which would only be the
    staler for it (estimated withdrawal and aging: Broekmeulen & van Donselaar 2009).
    """
    gone = lost = 0
    for left, units in lots:
        if left > days:
            break
        sold = min(units, max(0, promised + floor(daily * left) - gone))
        gone, lost = gone + sold, lost + units - sold
    return lost


def spoiling(life: Life, points: Sequence[int], lots: Sequence[int], play: Play = FEW) -> Spoiling:
    """What a shelf life does to each (r, Q) of `points` and `lots`, in steps. The same call has the same answer."""
    random, (paths, periods) = default_rng(SEED), play
    r, lot = (np.asarray(one, dtype=np.float32) for one in (points, lots))
    grain = max(1.0, (life.lead + life.days) / GRAIN)
    places = (np.arange(paths) + 0.5) / paths
    leads = _whole(_times(life.lead, life.lead_sd, random.permutation(places)) / grain, random.permutation(places))
    ages = leads + _whole(np.full(paths, life.days / grain), random.permutation(places))
    first = 2 * int(ages.max()) + 1
    count = first + periods
    asked = _asked(life, grain, (count + 1, paths), random)
    told = np.cumsum(asked, axis=0, dtype=np.float32)[:, :, None]
    start = (r + 1 + np.floor(random.random((paths, 1), dtype=np.float32) * lot)).astype(np.float32)
    ordered, thrown = _lived(r, lot, start, told[:count], ages)
    path, days = np.arange(paths), np.arange(first, count)
    asked, came = asked[first + 1 :, :, None], days[:, None] - leads
    there = ordered[int(ages.max()) + came, path] - told[first:count] - thrown[first:]
    above = start - r - 1 - told[:count]
    above -= lot * np.floor(above / lot)  # the position of what keeps for ever, beyond r + 1
    plain = r + 1 + above[came, path] - (told[first:count] - told[came, path])
    crossed = told[first:count] - told[first - 1 : count - 1] > above[first - 1 : count - 1]
    ready = _mean(there < 0) - _mean(plain < 0)
    net = _mean(there) - _mean(plain)
    np.maximum(there, 0, out=there)
    np.maximum(plain, 0, out=plain)
    stock = _mean(there) - _mean(plain)
    given = _mean(np.minimum(plain, asked)) - _mean(np.minimum(there, asked))
    orders = _mean(np.diff(ordered[-periods - 1 :], axis=0) > 0) - _mean(crossed)
    waste = _mean(thrown[-1:] - thrown[first - 1]) / periods
    return Spoiling(waste / grain, stock, stock - net, orders / grain, given / max(float(asked.mean()), 1e-12), ready)


def _lived(r: Table, lot: Table, start: Table, told: Table, ages: Whole) -> tuple[Table, Table]:
    """All that was ordered [periods x paths x policies], nothing for the longest of `ages` before the first period, and
    all that was thrown away; `told` is what was asked for until then."""
    longest, path = int(ages.max()), np.arange(len(ages))
    ordered = np.zeros((longest + len(told), *start.shape), dtype=np.float32)
    thrown = np.zeros((len(told), *start.shape), dtype=np.float32)
    now, gone = start.copy(), np.zeros_like(start)
    for at, until in enumerate(told):
        gone = np.maximum(gone, ordered[longest + at - ages, path] - until)
        short = r + 1 - now
        short += gone
        short += until
        now += lot * np.ceil(np.maximum(short, 0) / lot)
        ordered[longest + at], thrown[at] = now, gone
    return ordered, thrown


def _mean(table: Any) -> Numbers:
    rows = table.reshape(-1, table.shape[-1]).astype(np.float32, copy=False)
    return np.asarray(np.full(len(rows), 1 / len(rows), dtype=np.float32) @ rows, dtype=np.float64)


def _asked(life: Life, grain: float, shape: tuple[int, int], random: Generator) -> Table:
    """What each period of each path asks for; paths differ in the mean, as far as that is in doubt."""
    kinds, drawn = _means(life.demand.doubt), random.random(shape)
    found = np.empty(shape, dtype=np.float32)
    for at, times in enumerate(kinds.tolist()):
        sums = np.cumsum(life.demand.over(grain * times, 0.0, life.step))
        mine = slice(at, None, len(kinds))
        found[:, mine] = np.searchsorted(sums / sums[-1], drawn[:, mine], side="right")
    return found


def _means(doubt: float) -> Numbers:
    """As likely as each other, of mean 1 and about this variance: the gamma's, by Wilson & Hilferty (1931)."""
    if doubt <= 0:
        return np.ones(1)
    z = np.array([STANDARD.inv_cdf((at + 0.5) / KINDS) for at in range(KINDS)])
    means = np.maximum(1 - doubt / 9 + z * sqrt(doubt) / 3, 0.01) ** 3
    return np.asarray(means / means.mean())


def _times(mean: float, sd: float, places: Numbers) -> Numbers:
    """Lead times of this mean and standard deviation, none below 0."""
    if not mean or not sd:
        return np.full(len(places), mean)
    drawn = np.maximum(mean + sd * np.array([STANDARD.inv_cdf(one) for one in places.tolist()]), 0.0)
    return np.asarray(drawn * mean / drawn.mean())


def _whole(times: Numbers, places: Numbers) -> Whole:
    """Whole numbers, up or down by chance, so that the mean stays."""
    return np.floor(times + places).astype(np.int64)
