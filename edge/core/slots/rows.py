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
Moments = tuple[Array, ...]

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
    variance = (unit.mass_g * unit.cv * SPREAD[world]) ** 2
    lot = LOT[world] ** 2
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
    if len(rows) > ROWS_MAX:
        kept = np.sort(np.argpartition(rows[:, LOG_P], -ROWS_MAX)[-ROWS_MAX:])
    else:
        kept = np.arange(len(rows))
    log_p = rows[kept, LOG_P]
    p = np.exp(log_p)
    zero, common = p @ rows[kept, ZERO], p @ rows[kept, COMMON]
    centre = max(0.0, (mass_g - zero) / max(unit.mass_g + common, 0.1 * unit.mass_g))
    widest = float(SPREAD.max()) * unit.cv
    sd = sqrt(float(rows[kept, VAR_Z].max()) / unit.mass_g**2 + widest**2 * (centre + centre * centre / unit.sample))
    reach = min(6.0 * sd + 2.0, REACH_MAX)
    targets = np.arange(max(0, int(centre - reach)), int(centre + reach) + 1, dtype=np.float64)
    held = np.flatnonzero(rows[kept, N] > 0)
    return Routes(
        np.concatenate((np.repeat(kept, len(targets)), kept[held])),
        np.concatenate((np.tile(targets, len(kept)), rows[kept[held], N])),
        np.concatenate((np.repeat(log_p, len(targets)), log_p[held] + log(EXCHANGE))),
        len(kept) * len(targets),
    )


def moved(rows: Array, ways: Routes, unit: Unit, wander: tuple[float, float]) -> tuple[Moments, Moments]:
    """Means (D, Z, e) and covariances (DD DZ De ZZ Ze ee) at the end of each route.

    `wander`: variance in g^2 by which the zero went, first what a world's drift scales, then what it does not.
    """
    rows, after = rows[ways.source], ways.after
    before, world = rows[:, N], rows[:, WORLD].astype(np.int64)
    variance = (unit.mass_g * unit.cv * SPREAD[world]) ** 2
    lot = LOT[world] ** 2
    added, taken = np.maximum(after - before, 0.0), np.maximum(before - after, 0.0)
    added[ways.exchanged :] = taken[ways.exchanged :] = 1.0
    left = (before - taken) / np.maximum(before, 1.0)
    spread = variance * (added + taken * left + lot * (added * added + LOT_MIXED * taken * left))
    _, _, _, md, mz, me, dd, dz, de, zz, ze, ee = rows.T
    zz = zz + wander[0] * DRIFT[world] ** 2 + wander[1]
    return (left * md, mz, me), (left * left * dd + spread, left * dz, left * de, zz, ze, ee)


def seen(
    rows: Array, ways: Routes, mass_g: float, unit: Unit, wander: tuple[float, float], samples: int, touched: bool
) -> Seen:
    """Hold a settled mass of so many independent readings against every route, then match what ends alike.

    A load that was not `touched` tells nothing of how units are: the worlds stay as probable as they were.
    """
    (md, mz, me), (dd, dz, de, zz, ze, ee) = moved(rows, ways, unit, wander)
    n, world = ways.after, rows[ways.source, WORLD]
    noise = max(unit.noise_g**2 / samples, (NOISE_SHARE * unit.limit_g) ** 2)
    hd, hz, he = dd + dz + n * de, dz + zz + n * ze, de + ze + n * ee
    total = hd + hz + n * he + noise
    miss = mass_g - n * (unit.mass_g + me) - md - mz
    distance = miss * miss / total
    score = ways.log_p - 0.5 * (distance + np.log(total))
    misfit = sqrt(float(distance[ways.log_p > ways.log_p.max() - PRUNE].min()))
    kept = np.flatnonzero(_credible(score, world))
    score, n, source = np.maximum(score[kept], score.max() - FAR), n[kept], ways.source[kept]
    hd, hz, he, miss, gain = hd[kept], hz[kept], he[kept], miss[kept], 1.0 / total[kept]
    gd, gz, ge = hd * gain, hz * gain, he * gain
    mean = (md[kept] + gd * miss, mz[kept] + gz * miss, me[kept] + ge * miss)
    before = (dd[kept], dz[kept], de[kept], zz[kept], ze[kept], ee[kept])
    taken = (gd * hd, gd * hz, gd * he, gz * hz, gz * he, ge * he)
    cov = tuple(one - less for one, less in zip(before, taken, strict=True))
    p = np.exp(score - score.max())
    found = matched(n, world[kept], score, mean, cov)
    found[:, LOG_P] -= score.max()
    had, has = _worlds(rows), _worlds(found)
    found[:, LOG_P] += _leaked(found, has) if touched else np.log(had / has)[found[:, WORLD].astype(np.int64)]
    return Seen(misfit, source, n, p / p.sum(), found)


def matched(after: Array, world: Array, score: Array, mean: Moments, cov: Moments) -> Array:
    """Rows: all routes to the same count in the same world become one Gaussian of the same mean and covariance."""
    keys = world * KEY + after
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate(((True,), keys[1:] != keys[:-1])))
    top = score.max()
    p = np.exp(score - top)
    d, z, e = mean
    dd, dz, de, zz, ze, ee = cov
    powers = np.array(
        (d, z, e, dd + d * d, dz + d * z, de + d * e, zz + z * z, ze + z * e, ee + e * e, np.ones_like(p))
    )
    sums = np.add.reduceat((powers * p)[:, order], starts, axis=1)
    total = sums[9]
    d, z, e, dd, dz, de, zz, ze, ee = sums[:9] / total
    rows = np.empty((len(starts), COLUMNS))
    rows.T[:] = (
        keys[starts] % KEY,
        np.log(total) + top,
        keys[starts] // KEY,
        *(d, z, e),
        *(np.maximum(dd - d * d, 0.0), dz - d * z, de - d * e),
        *(np.maximum(zz - z * z, 0.0), ze - z * e, np.maximum(ee - e * e, 0.0)),
    )
    return rows


def normal(rows: Array) -> Array | None:
    """The rows that are credible, their probabilities summing to 1. None when none is possible at all."""
    log_p = rows[:, LOG_P]
    top = log_p.max(initial=-np.inf)
    if not np.isfinite(top):
        return None
    rows = rows[_credible(log_p, rows[:, WORLD]) if rows.shape[1] == COLUMNS else log_p > top - PRUNE]
    rows[:, LOG_P] -= top + log(float(np.exp(rows[:, LOG_P] - top).sum()))
    return rows


def _credible(score: Array, world: Array) -> NDArray[np.bool_]:
    places = world.astype(np.int64)
    tops = np.full(len(WORLDS), -np.inf)
    np.maximum.at(tops, places, score)
    found: NDArray[np.bool_] = score > np.minimum(tops.max() - PRUNE, tops[places] - PRUNE_WORLD)
    return found


def _worlds(rows: Array) -> Array:
    """Probability of each world; a world without rows has almost none."""
    p = np.bincount(rows[:, WORLD].astype(np.int64), np.exp(rows[:, LOG_P]), minlength=len(WORLDS))
    found: Array = np.maximum(p / p.sum(), 1e-300)
    return found


def _leaked(rows: Array, has: Array) -> Array:
    """No world is ever lost: each gets back a little of its share, for what units are like may change with a lot."""
    world = rows[:, WORLD].astype(np.int64)
    added: Array = np.log((1 - LEAK) + LEAK * SHARE[world] / has[world])
    return added
