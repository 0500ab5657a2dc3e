"""The arithmetic of a belief: rows of Gaussian states, the routes that lead on from them, and what a mass says of each.

A row is one count n in one of `WORLDS`, with its probability and a Kalman state in g that explains a settled mass W:

    W = n (u + e) + D + Z + r

u taught unit mass; e its error, common to all units; D sum of the deviations of the units now on the shelf; Z zero of
the cell; r reading noise. Units are exchangeable and normal with standard deviation s, so a change is exact:

    k added:        D' = D + N(0, k s^2)
    k of n taken:   D' = D (n - k) / n + N(0, s^2 k (n - k) / n)    (finite-population bridge: empty means D = 0)

Spread, drift and lots are not known but estimated: each world is weighed by how well it foretold. Arrays of float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge.core.slots.counting import Unit

Array = NDArray[np.float64]

N, LOG_P, WORLD, DEVIATION, ZERO, COMMON, VAR_D, VAR_Z, VAR_E = 0, 1, 2, 3, 4, 5, 6, 9, 11
COLUMNS = 12
"""n, log P, world, means of D Z e, covariances DD DZ De ZZ Ze ee."""
KEY = 1e7
"""World and count as one number: world times this, plus the count."""
PRUNE = 14.0
"""Rows less probable than e^-14 times the likeliest are forgotten ..."""
PRUNE_WORLD = 6.0
"""... but of each world, however improbable, those within e^-6 of its likeliest are kept: it may be needed again."""
FAR = 300.0
"""Log likelihoods so far below the best are alike: nothing of them is left in a double."""
LEAK = 0.001
"""Share of all probability that is dealt out to the worlds anew with each mass."""
ROWS_MAX = 192
"""Routes start from so many rows at most, the likeliest."""
REACH_MAX = 40
"""A mass is held against so many counts to either side of the nearest."""
EXCHANGE = 0.05
"""A touch that leaves the count as it was exchanged a unit for another, with this probability."""
LOG_EXCHANGE = log(EXCHANGE)
LOT_MIXED = 0.25
"""A shelf holds mostly one lot: of the difference between lots, this share shows among the units that are taken."""
NOISE_SHARE = 1e-6
"""No reading is better than this share of the cell's limit."""


class World(Struct, frozen=True):
    """What units and cell may truly be like, against what was taught; `share` of slots before anything was seen."""

    spread: float
    """Standard deviation of a unit, times the taught one."""
    lot: float
    """Common deviation of the units that came together, times the unit's."""
    drift: float
    share: float


WORLDS = (
    World(0.55, 0.0, 1.0, 0.12),
    World(0.75, 0.0, 1.5, 0.20),
    World(1.0, 0.0, 1.0, 0.24),
    World(1.6, 0.0, 2.0, 0.14),
    World(0.9, 0.6, 1.5, 0.15),
    World(0.7, 1.3, 2.0, 0.15),
)
SPREAD, LOT, DRIFT, SHARE = np.array([[one.spread, one.lot, one.drift, one.share] for one in WORLDS]).T
WIDEST = float(SPREAD.max())
SPREAD_SQUARED, LOT_SQUARED, DRIFT_SQUARED = SPREAD**2, LOT**2, DRIFT**2

highest = np.maximum.reduce
"""The same as `max` of an array, at half the price for a few numbers."""

# Places among the states (D Z e, DD DZ De ZZ Ze ee): what shrinks with D, the variances, and the matrix of all nine.
_OF_D = np.array((0, 3, 4, 5))
_DD, _ZZ = 3, 6
_VARIANCES = np.array((3, 6, 8))
_SYMMETRIC = np.array(((3, 4, 5), (4, 6, 7), (5, 7, 8)))
_NO_TOPS = np.full(len(WORLDS), -np.inf)
_FIRST, _SECOND = np.array((0, 0, 0, 1, 1, 2)), np.array((0, 1, 2, 1, 2, 2))


class Routes(NamedTuple):
    """Ways from a row (its place) to a count, with log probability; from place `exchanged` on a unit was exchanged."""

    source: NDArray[np.int64]
    after: Array
    log_p: Array
    exchanged: int


class Seen(NamedTuple):
    """What a mass leaves: the routes that are still credible, with their probabilities, and the rows they end in."""

    misfit: float
    source: NDArray[np.int64]
    after: Array
    p: Array
    rows: Array


def prior(known: Array, mass_g: float, unit: Unit, zero_g: float) -> Array:
    """Rows of all worlds for `known` (n, log P), states as before any mass, the zero known to `zero_g`.

    Of many counts, those that `mass_g` makes likely are kept.
    """
    most = ROWS_MAX // len(WORLDS)
    if len(known) > most:
        sd = np.sqrt(zero_g**2 + (unit.mass_g * unit.cv) ** 2 * (known[:, N] + known[:, N] ** 2 / unit.sample))
        near = known[:, LOG_P] - 0.5 * ((mass_g - known[:, N] * unit.mass_g) / sd) ** 2
        known = known[np.sort(np.argpartition(near, -most)[-most:])]
    world = np.repeat(np.arange(len(WORLDS)), len(known))
    count, log_p = np.tile(known, (len(WORLDS), 1)).T
    variance = (unit.mass_g * unit.cv) ** 2 * SPREAD_SQUARED[world]
    lot = LOT_SQUARED[world]
    rows = np.zeros((len(world), COLUMNS))
    rows[:, N], rows[:, LOG_P], rows[:, WORLD] = count, log_p + np.log(SHARE[world]), world
    rows[:, VAR_D] = variance * (count + count * count * lot / 2)
    rows[:, VAR_Z] = zero_g**2
    rows[:, VAR_E] = variance * (1.0 / unit.sample + lot)
    return rows


def routes(rows: Array, kernel: Mapping[int, float]) -> Routes:
    """Every way the kernel allows: the count changes by k with probability kernel[k], and stays >= 0."""
    steps = [(k, log(p)) for k, p in kernel.items() if p > 0]
    if not steps:
        return Routes(np.empty(0, np.int64), np.empty(0), np.empty(0), 0)
    ks, ps = np.array(steps).T
    after = (rows[:, :1] + ks).ravel()
    log_p = (rows[:, LOG_P : LOG_P + 1] + ps).ravel()
    source = np.repeat(np.arange(len(rows)), len(ks))
    fit = after >= 0
    return Routes(source[fit], after[fit], log_p[fit], int(fit.sum()))


def any_routes(rows: Array, mass_g: float, unit: Unit) -> Routes:
    """Every way to every count that the mass could be, each as probable as the others, and exchanges."""
    kept = np.arange(len(rows))
    if len(rows) > ROWS_MAX:
        kept = np.sort(np.argpartition(rows[:, LOG_P], -ROWS_MAX)[-ROWS_MAX:])
        rows = rows[kept]
    log_p, before = rows[:, LOG_P], rows[:, N]
    zero, common = np.exp(log_p) @ rows[:, ZERO : COMMON + 1]
    centre = max(0.0, (mass_g - zero) / max(unit.mass_g + common, 0.1 * unit.mass_g))
    sd = sqrt(
        float(rows[:, VAR_Z].max()) / unit.mass_g**2 + (WIDEST * unit.cv) ** 2 * centre * (1 + centre / unit.sample)
    )
    reach = min(6.0 * sd + 2.0, REACH_MAX)
    targets = np.arange(max(0, int(centre - reach)), int(centre + reach) + 1, dtype=np.float64)
    ways = len(kept) * len(targets)
    held = np.flatnonzero(before)
    source, after, log_ps = np.empty(ways + len(held), np.int64), *np.empty((2, ways + len(held)))
    shape = (len(kept), len(targets))
    source[:ways].reshape(shape)[:] = kept[:, None]
    after[:ways].reshape(shape)[:] = targets
    log_ps[:ways].reshape(shape)[:] = log_p[:, None]
    source[ways:], after[ways:], log_ps[ways:] = kept[held], before[held], log_p[held] + LOG_EXCHANGE
    return Routes(source, after, log_ps, ways)


def moved(rows: Array, ways: Routes, unit: Unit, wander: tuple[float, float]) -> Array:
    """The states at the end of each route, as (9, routes): means of D Z e, covariances DD DZ De ZZ Ze ee.

    `wander`: variance in g^2 by which the zero went, first what a world's drift scales, then what it does not.
    """
    rows, after = rows[ways.source], ways.after
    before, world = rows[:, N], rows[:, WORLD].astype(np.int64)
    added, taken = np.maximum(after - before, 0.0), np.maximum(before - after, 0.0)
    added[ways.exchanged :] = taken[ways.exchanged :] = 1.0
    left = (before - taken) / np.maximum(before, 1.0)
    bridge = taken * left
    lots = LOT_SQUARED[world] * (added * added + LOT_MIXED * bridge)
    states: Array = rows.T[DEVIATION:].copy()
    states[_OF_D] *= left
    states[_DD] *= left
    states[_DD] += (unit.mass_g * unit.cv) ** 2 * SPREAD_SQUARED[world] * (added + bridge + lots)
    states[_ZZ] += wander[0] * DRIFT_SQUARED[world] + wander[1]
    return states


def seen(
    rows: Array, ways: Routes, mass_g: float, unit: Unit, wander: tuple[float, float], samples: int, touched: bool
) -> Seen:
    """Hold a settled mass of so many independent readings against every route, then match what ends alike.

    A load that was not `touched` tells nothing of how units are: the worlds stay as probable as they were.
    """
    states = moved(rows, ways, unit, wander)
    n, world = ways.after, rows[:, WORLD].astype(np.int64)[ways.source]
    noise = max(unit.noise_g**2 / samples, (NOISE_SHARE * unit.limit_g) ** 2)
    # The mass is D + Z + n (u + e) + r: its covariances with D, Z and e, then its own variance.
    shared = states[_SYMMETRIC[0]] + states[_SYMMETRIC[1]] + n * states[_SYMMETRIC[2]]
    total = shared[0] + shared[1] + n * shared[2] + noise
    miss = mass_g - n * (unit.mass_g + states[2]) - states[0] - states[1]
    distance = miss * miss / total
    score = ways.log_p - 0.5 * (distance + np.log(total))
    misfit = sqrt(float(distance[ways.log_p > highest(ways.log_p) - PRUNE].min()))
    top = highest(score)
    kept = _credible(score, world).nonzero()[0]
    score, n, source = np.maximum(score[kept] - top, -FAR), n[kept], ways.source[kept]
    states, shared = states[:, kept], shared[:, kept]
    gain = shared / total[kept]
    states[:3] += gain * miss[kept]
    states[3:] -= gain[_FIRST] * shared[_SECOND]
    p = np.exp(score)
    found = matched(n, world[kept], score, states)
    world, has = _worlds(found)
    # No world is ever lost: each gets back a little of its share, for what units are like may change with a lot.
    gets = (1 - LEAK) + LEAK * SHARE / has if touched else _worlds(rows)[1] / has
    found[:, LOG_P] += np.log(gets)[world]
    return Seen(misfit, source, n, p / p.sum(), found)


def matched(after: Array, world: Array | NDArray[np.int64], score: Array, states: Array) -> Array:
    """Rows: all routes to the same count in the same world become one Gaussian of the same mean and covariance."""
    keys = world * KEY + after
    order = np.argsort(keys)
    keys = keys[order]
    ends = np.empty(len(keys), np.bool_)
    ends[:1], ends[1:] = True, keys[1:] != keys[:-1]
    if ends.all():  # nearly always, once a count is known
        rows = np.empty((len(keys), COLUMNS))
        rows[:, N], rows[:, LOG_P], rows[:, WORLD] = after[order], score[order], world[order]
        rows[:, DEVIATION:] = states[:, order].T
        return rows
    starts = np.flatnonzero(ends)
    top = highest(score)
    p = np.exp(score - top)
    means = states[:3]
    powers = np.vstack((p, means * p, (states[3:] + means[_FIRST] * means[_SECOND]) * p))
    sums = np.add.reduceat(powers[:, order], starts, axis=1)
    found = sums[1:] / sums[0]
    found[3:] -= found[_FIRST] * found[_SECOND]
    found[_VARIANCES] = np.maximum(found[_VARIANCES], 0.0)
    rows = np.empty((len(starts), COLUMNS))
    rows[:, N], rows[:, LOG_P], rows[:, WORLD] = keys[starts] % KEY, np.log(sums[0]) + top, keys[starts] // KEY
    rows[:, DEVIATION:] = found.T
    return rows


def normal(rows: Array) -> Array | None:
    """The rows that are credible, their probabilities summing to 1. None when none is possible at all."""
    log_p = rows[:, LOG_P]
    top = log_p.max(initial=-np.inf)
    if not np.isfinite(top):
        return None
    rows = rows[_credible(log_p, rows[:, WORLD].astype(np.int64)) if rows.shape[1] == COLUMNS else log_p > top - PRUNE]
    rows[:, LOG_P] -= top + log(float(np.exp(rows[:, LOG_P] - top).sum()))
    return rows


def _credible(score: Array, world: NDArray[np.int64]) -> NDArray[np.bool_]:
    tops = _NO_TOPS.copy()
    np.maximum.at(tops, world, score)
    found: NDArray[np.bool_] = score > np.minimum(highest(tops) - PRUNE, tops - PRUNE_WORLD)[world]
    return found


def _worlds(rows: Array) -> tuple[NDArray[np.int64], Array]:
    """The world of each row, and the probability of each world; one without rows has almost none."""
    world = rows[:, WORLD].astype(np.int64)
    p = np.bincount(world, np.exp(rows[:, LOG_P]), minlength=len(WORLDS))
    return world, np.maximum(p / p.sum(), 1e-300)
