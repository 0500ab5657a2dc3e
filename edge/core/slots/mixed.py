"""Several articles on one scale: which was taken, how many of each lie there, and may they share a scale at all?

As `belief`, with the counts of up to `KINDS_MAX` articles as one discrete state, and per combination a Kalman
state in g: sums of deviations D_i, errors e_i of the taught masses, zero Z. A settled mass is

    W = sum n_i (u_i + e_i) + sum D_i + Z + r

A touch changes one article by any number, or rarely two by up to three each. Weight alone tells 2 or 3 articles apart,
5 hardly, 33 not at all (as shops with weighing shelves found: FAIM, Falcao et al. 2020): `clashes` says so beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge.core.slots.belief import HOUR_MS, MISFIT_SIGMAS, REMEDIES, SAMPLES_FULL, TOUCH_SHARE
from edge.core.slots.counting import CLAIM, Estimate, Unit

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

KINDS_MAX = 3
SEPARATE = 4.0
"""Two changes of load are told apart from so many standard deviations on."""
FEW = 4
"""Changes of up to so many units must be told apart."""
SPREAD = 1.2
"""Units are taken to differ so many times as much as was taught: nobody knows it well."""
BOTH = 0.02
"""Share of touches that change two articles."""
BOTH_MOST = 3
REACH_MAX = 12
PRUNE = 14.0
COMBINATIONS_MAX = 200
"""The likeliest combinations are kept; what is lost is less probable than each of them."""
KEY = 100_000


class Clash(NamedTuple):
    """So many units of one article can not be told from so many of another: `apart` standard deviations only."""

    one: int
    units: int
    other: int
    others: int
    apart: float


class Change(NamedTuple):
    """What a touch changed: units by article, and how probable it is that it was just this."""

    units: tuple[int, ...]
    p: float


class Shared(Struct, array_like=True):
    """What is believed of one shared scale."""

    kinds: int
    counts: bytes
    """int64, combinations by articles."""
    log_p: bytes
    mean: bytes
    """float64, combinations by (D of each article, e of each, Z)."""
    cov: bytes
    at_ms: int = 0
    mass_g: float | None = None
    trouble: str = ""


def clashes(units: Sequence[Unit], few: int = FEW) -> list[Clash]:
    """The changes of up to `few` units that weight can not tell apart, worst first; none: they may share a scale."""
    found = []
    for (first, one), (second, two) in combinations(enumerate(units), 2):
        for k, n in product(range(1, few + 1), repeat=2):
            spread = (one.mass_g * one.cv) ** 2 * (k + k * k / one.sample)
            spread += (two.mass_g * two.cv) ** 2 * (n + n * n / two.sample)
            apart = abs(k * one.mass_g - n * two.mass_g) / sqrt(SPREAD**2 * spread + 2 * one.noise_g**2)
            if apart <= SEPARATE:
                found.append(Clash(first, k, second, n, apart))
    return sorted(found, key=lambda clash: clash.apart)


def begin(units: Sequence[Unit], counts: Sequence[int], at_ms: int = 0) -> Shared:
    """A scale of which somebody counted what lies there, of each article; an empty one is the usual case."""
    assert len(units) == len(counts) <= KINDS_MAX
    n = np.array(counts, dtype=np.float64)
    spread, taught = _spreads(units)
    variance = np.concatenate((spread * n, taught, [units[0].zero_g ** 2]))
    return Shared(
        len(units),
        np.array([counts], dtype=np.int64).tobytes(),
        np.zeros(1).tobytes(),
        np.zeros(len(variance)).tobytes(),
        np.diag(variance).tobytes(),
        at_ms,
    )


def weigh(shared: Shared, mass_g: float, at_ms: int, units: Sequence[Unit], samples: int = 1) -> Change | None:
    """Fold in a settled net mass in g after a touch. The change when it is sure; None if not, or if nothing fits."""
    cell = units[0]
    if not abs(mass_g) < cell.limit_g:
        shared.trouble = "saturated"
        return None
    counts, log_p, mean, cov = _open(shared)
    hours = max(0, at_ms - shared.at_ms) / HOUR_MS
    cov[:, -1, -1] += cell.walk_g**2 * hours + (TOUCH_SHARE * cell.limit_g) ** 2
    noise = cell.noise_g**2 / min(max(samples, 1), SAMPLES_FULL)
    source, change, score = _ways(counts, log_p, mean, cov, mass_g, units, noise)
    mean, cov = _moved(counts[source], change, mean[source], cov[source], units)
    after = counts[source] + change
    sees = _sees(after)
    masses = np.array([unit.mass_g for unit in units])
    onto = np.einsum("pij,pj->pi", cov, sees)
    total = np.einsum("pi,pi->p", onto, sees) + noise
    miss = mass_g - after @ masses - np.einsum("pi,pi->p", mean, sees)
    score = score - 0.5 * (miss * miss / total + np.log(total))
    best = int(score.argmax())
    if miss[best] ** 2 > MISFIT_SIGMAS**2 * total[best]:
        shared.trouble = "negative" if mass_g < -0.5 * masses.min() else "not_integer"
        return None
    kept = np.flatnonzero(score > score[best] - PRUNE)
    onto, gain = onto[kept], onto[kept] / total[kept, None]
    _close(
        shared,
        after[kept],
        score[kept],
        mean[kept] + gain * miss[kept, None],
        cov[kept] - gain[:, :, None] * onto[:, None, :],
    )
    shared.at_ms, shared.mass_g, shared.trouble = at_ms, mass_g, ""
    p = np.exp(score - score[best])
    same = (change == change[best]).all(axis=1)
    share = float(p[same].sum() / p.sum())
    return Change(tuple(change[best].tolist()), share) if share >= CLAIM else None


def estimate(shared: Shared, capacities: Sequence[int]) -> list[Estimate]:
    """Of each article the count, where it may be claimed; else its 95 % interval, and why not."""
    counts, log_p, _, _ = _open(shared)
    p = np.exp(log_p)
    found = []
    for kind, capacity in zip(range(shared.kinds), capacities, strict=True):
        values, at = np.unique(counts[:, kind], return_inverse=True)
        shares = np.bincount(at, p) / p.sum()
        low, high = values[np.searchsorted(np.cumsum(shares), (0.025, 0.975 - 1e-12))].tolist()
        best = int(shares.argmax())
        if shared.trouble:
            found.append(Estimate(None, 0, max(capacity, high), 0.0, shared.trouble, REMEDIES[shared.trouble]))
        elif shares[best] >= CLAIM:
            found.append(Estimate(int(values[best]), low, high, min(1.0, float(shares[best]))))
        else:
            found.append(Estimate(None, low, high, float(shares[best]), "unit_variation", "recount"))
    return found


def _spreads(units: Sequence[Unit]) -> tuple[Array, Array]:
    """Variances in g^2 by article: of one unit, of the taught mass."""
    spread = np.array([(SPREAD * unit.mass_g * unit.cv) ** 2 for unit in units])
    return spread, spread / np.array([unit.sample for unit in units])


def _sees(counts: Ints) -> Array:
    """How a mass depends on the state: 1 for each D, n for each e, 1 for Z."""
    ones = np.ones_like(counts)
    return np.column_stack((ones, counts, ones[:, 0])).astype(np.float64)


def _ways(
    counts: Ints, log_p: Array, mean: Array, cov: Array, mass_g: float, units: Sequence[Unit], noise: float
) -> tuple[Ints, Ints, Array]:
    """Combination it starts from, change of each article, log probability: every way the mass does not rule out."""
    kinds = len(units)
    masses = np.array([unit.mass_g for unit in units])
    spread, taught = _spreads(units)
    sees = _sees(counts)
    gap_g = mass_g - counts @ masses - np.einsum("pi,pi->p", mean, sees)
    held = np.einsum("pi,pij,pj->p", sees, cov, sees) + noise
    steps = [np.zeros((1, kinds), dtype=np.int64)]
    priors = [np.zeros(1)]
    for kind in range(kinds):
        near = gap_g / masses[kind]
        sd = np.sqrt(held + spread[kind] * np.abs(near) + taught[kind] * near * near) / masses[kind]
        reach = np.minimum(6.0 * sd + 1.0, REACH_MAX)
        ks = np.arange(int(np.floor((near - reach).min())), int(np.ceil((near + reach).max())) + 1)
        ks = ks[ks != 0]
        one = np.zeros((len(ks), kinds), dtype=np.int64)
        one[:, kind] = ks
        steps.append(one)
        priors.append(-np.log(kinds * (1.0 + np.abs(ks))))
    some = [k for k in range(-BOTH_MOST, BOTH_MOST + 1) if k]
    for pair in combinations(range(kinds), 2):
        two = np.zeros((len(some) ** 2, kinds), dtype=np.int64)
        two[:, pair] = list(product(some, repeat=2))
        steps.append(two)
        priors.append(np.full(len(two), log(BOTH / len(two))))
    step, prior = np.concatenate(steps), np.concatenate(priors)
    rough = held[:, None] + (np.abs(step) @ spread + (step * step) @ taught)[None, :]
    near_enough = (gap_g[:, None] - (step @ masses)[None, :]) ** 2 < 64.0 * rough
    possible = (counts[:, None, :] + step[None, :, :] >= 0).all(axis=2)
    near_enough[:, 0] = True
    source, which = np.nonzero(near_enough & possible)
    return source, step[which], log_p[source] + prior[which]


def _moved(before: Ints, change: Ints, mean: Array, cov: Array, units: Sequence[Unit]) -> tuple[Array, Array]:
    """States after the change: what was added brings its deviation, what was taken leaves its share of the rest's."""
    kinds = len(units)
    spread, _ = _spreads(units)
    added, taken = np.maximum(change, 0), np.maximum(-change, 0)
    left = (before - taken) / np.maximum(before, 1)
    scale = np.ones_like(mean)
    scale[:, :kinds] = left
    cov = cov * scale[:, :, None] * scale[:, None, :]
    places = np.arange(kinds)
    cov[:, places, places] += spread * (added + taken * left)
    return mean * scale, cov


def _open(shared: Shared) -> tuple[Ints, Array, Array, Array]:
    width = 2 * shared.kinds + 1
    counts = np.frombuffer(shared.counts, dtype=np.int64).reshape(-1, shared.kinds)
    mean = np.frombuffer(shared.mean).reshape(-1, width)
    return counts, np.frombuffer(shared.log_p), mean, np.frombuffer(shared.cov).reshape(-1, width, width).copy()


def _close(shared: Shared, after: Ints, score: Array, mean: Array, cov: Array) -> None:
    """Ways to the same combination become one Gaussian; the likeliest combinations are kept."""
    keys = after @ (KEY ** np.arange(shared.kinds, dtype=np.int64))
    _, first, at = np.unique(keys, return_index=True, return_inverse=True)
    p = np.exp(score - score.max())
    total = np.bincount(at, p)
    p = p / total[at]
    centre = np.zeros((len(first), mean.shape[1]))
    np.add.at(centre, at, p[:, None] * mean)
    off = mean - centre[at]
    around = np.zeros((len(first), *cov.shape[1:]))
    np.add.at(around, at, p[:, None, None] * (cov + off[:, :, None] * off[:, None, :]))
    kept = np.argsort(total)[-COMBINATIONS_MAX:]
    kept = kept[total[kept] > total.max() * np.exp(-PRUNE)]
    log_p = np.log(total[kept] / total[kept].sum())
    shared.counts, shared.log_p = after[first][kept].tobytes(), log_p.tobytes()
    shared.mean, shared.cov = centre[kept].tobytes(), around[kept].tobytes()
