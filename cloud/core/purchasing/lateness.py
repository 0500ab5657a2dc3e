"""What waiting for a supplier is expected to cost: the units owed until its goods come, whenever that is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import Pmf, lead_time_pmf, rounded_normal, step_for
from cloud.core.planning.losses import losses

DAYS_MAX: Final = 400
"""So far ahead is looked; a lead time beyond that is counted as this long."""
DAYS_LOOKED: Final = 60
"""So many days of those are worked out, evenly spread; between them it is a straight line."""

Days = np.ndarray[Any, np.dtype[np.float64]]


class Stakes(Struct, frozen=True):
    """What is at stake for one SKU: a day's demand and its variance, the units to meet it with before the order comes
    (available, on order and in transit), money a day for a unit owed, and for a unit held; `room`: so many more fit,
    None where nobody knows."""

    daily: float
    variance: float
    cover: int
    backorder_day: float
    holding_day: float
    room: int | None = None


class Part(NamedTuple):
    """So many units from one supplier, after a lead time of this mean and standard deviation in days."""

    units: int
    mean_days: float
    sd_days: float


class Wait(NamedTuple):
    """Expected money for units owed until all is there, and the chance to run out before the first part comes."""

    cost: float
    risk: float


def waiting(parts: Sequence[Part], stakes: Stakes) -> Wait:
    """p x sum over days d of E[(D_d - cover - what came by then)+], as long as a part is still to come.

    Demand D_d of d days is negative binomial (`lead_time_pmf`), lead times rounded normals, independent of each other;
    one that is overdue delays only its own part. What runs out after the last part came is the next order's concern.
    """
    tails = [_tail(one.mean_days, one.sd_days) for one in parts]
    last = max(len(tail) for tail in tails)
    if last < 1:
        return Wait(0.0, 0.0)
    late = np.stack([np.append(tail, np.zeros(last - len(tail))) for tail in tails])  # P(not there on day d)
    sums = _subsets(late, [one.units for one in parts])
    days = np.unique(np.linspace(1, last, min(last, DAYS_LOOKED)).round().astype(np.int64))
    every = np.arange(1, last + 1)
    cost = 0.0
    first_gone = sums[0][1]
    out = np.zeros(len(days))
    for came, chance in sums:
        owed = np.zeros(len(days))
        for at, day in enumerate(days.tolist()):
            owed[at], empty = _owed(stakes, day, stakes.cover + came)
            if not came:
                out[at] = empty
        cost += stakes.backorder_day * float(chance @ np.interp(every, days, owed))
    ran_out = np.interp(every, days, out)
    ends = first_gone - np.append(first_gone[1:], 0.0)  # the chance that the first part comes at the end of day d
    return Wait(cost, float(min(1.0, ends @ ran_out)))


def _subsets(late: Days, units: Sequence[int]) -> list[tuple[int, Days]]:
    """(Units that came, chance on each day) of each state in which at least one part is still to come, none first."""
    count = len(units)
    found = []
    for state in range(2**count - 1):
        came = [bool(state >> at & 1) for at in range(count)]
        chance = np.ones(late.shape[1])
        for at, there in enumerate(came):
            chance = chance * (1 - late[at] if there else late[at])
        found.append((sum(n for n, there in zip(units, came, strict=True) if there), chance))
    return found


def _tail(mean_days: float, sd_days: float) -> Days:
    """P(lead time >= d) at d = 1, 2, ..."""
    mean, sd = min(mean_days, float(DAYS_MAX)), min(sd_days, float(DAYS_MAX))
    pmf = rounded_normal(mean, sd)
    tail: Days = np.cumsum(pmf[::-1])[::-1][1:]
    return tail[:DAYS_MAX]


def _owed(stakes: Stakes, days: int, stock: int) -> tuple[float, float]:
    """Units short after so many days, and the chance that any is."""
    pmf, step = _asked(stakes.daily * days, stakes.variance * days)
    there = stock // step
    short = float(losses(pmf, there, there)[0]) * step
    return short, float(pmf[there + 1 :].sum()) if there >= 0 else 1.0


@lru_cache(maxsize=2_048)
def _asked(mean: float, variance: float) -> tuple[Pmf, int]:
    """The demand, and how many units it counts as one; two suppliers are compared on the same days."""
    step = step_for(mean, sqrt(variance), 0.0)
    return lead_time_pmf(mean / step, variance / step**2), step
