"""What is believed of one slot: how probable each count is, and under each what units and scale would then be like.

A Rao-Blackwellised filter: the count is discrete, the rest is a Kalman state per count (`rows`). The error of the
taught unit mass and the zero are states, so both are learnt while the shelf is used, and nobody has to reteach
them. Routes to the same count are matched only after the mass was seen, because the mass tells them apart.

A mass that no route foretold is something else (a tool, another article, a mended scale) and makes the count unknown,
not wrong: the belief waits for a mass that fits again, and after some that don't starts anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge.core.slots import rows as gauss
from edge.core.slots.counting import CLAIM, Estimate, Unit
from edge.core.slots.rows import LOG_P, Array, N

Kernel = Mapping[int, float] | None
"""Probability of each signed change of the count (taken: negative); None: any change, all alike."""

STILL: Kernel = {0: 1.0}
"""Nothing was touched."""
ANY: Kernel = None

COUNTS_MAX = 2000
"""A flat prior is spread over so many counts at most."""
MISFIT_SIGMAS = 4.5
"""A mass so far from what every route foretold is something else."""
GIVE_UP_MASSES = 6
"""After so many masses in a row that fit nothing, the belief starts again from the mass alone ..."""
GIVE_UP_DOUBTS = 40
DOUBT = 10
"""... and after so many doubts: each misfit after a fit adds ten, each fit takes one away."""
EMPTY = 0.99
"""The shelf is provably empty from this probability on: only then is the zero taken anew."""
LOAD_SHARE = 3e-4
"""Creep, hysteresis and off-centre loads: this share of a change of load goes astray (OIML R 60 class C3)."""
TOUCH_SHARE = 1e-5
"""A cell that was touched comes back to its zero within this share of its limit (standard deviation)."""
UNTOUCHED = 0.99
"""A load was not touched if it is unchanged with at least this probability."""
SAMPLES_FULL = 8
"""Readings of one settled mass that count as independent, at most."""
HOUR_MS = 3_600_000
WALK_HOURS_MAX = 30 * 24.0
"""A zero wanders no further than it does in a month; and a gateway without a clock may take an hour for a year."""
DAY_HOURS = 6.0
"""The warmth of a hall takes so long to change as far as it does."""

REMEDIES = {
    "unit_variation": "recount",
    "sample": "teach_unit",
    "drift": "empty_shelf",
    "noise": "tare",
    "no_reading": "recount",
    "not_integer": "check_shelf",
    "negative": "tare",
    "saturated": "check_shelf",
    "unstable": "wait",
}
"""Why a count is unknown -> what would help."""


class Belief(Struct, array_like=True):
    """All that is believed of one slot. Encodes to about 100 bytes a row; a sure count has ten rows."""

    rows: bytes = b""
    """float64: n and log P; once a mass was seen, all columns of `edge.core.slots.rows`."""
    fresh: bool = True
    """No mass was seen yet: every state is its prior."""
    at_ms: int = 0
    mass_g: float = 0.0
    trouble: str = ""
    """Why the last mass was not folded in: not_integer, negative, saturated; "" when it was. Whoever sees that the cell
    shows nothing usable says so here (`unstable`, `saturated`); the next mass that fits ends it."""
    odd: int = 0
    """Masses in a row that fitted nothing."""
    doubts: int = 0
    zero_g: float = 0.0
    """Where the zero stood when the shelf was last provably empty."""
    lost: bool = False
    """Started again, and not sure of a count since: of the zero too little is known for an empty shelf to show it."""


class Paths(Struct, frozen=True):
    """From which count to which, and with what probability, given all evidence. Several rows may be one pair."""

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    p: Array


class Weighed(Struct, frozen=True):
    """What a mass did to a belief."""

    misfit: float
    """How far the mass lay from the route that foretold it best, in standard deviations."""
    paths: Paths | None = None
    """None when the mass was not folded in."""
    zeroed_g: float | None = None
    """The shelf is provably empty and its zero has moved by so much: worth a line in the log."""


def begin(capacity: int, at_ms: int = 0, count: int | None = None) -> Belief:
    """A belief before any evidence: flat over 0..capacity, or the known `count`."""
    counts = np.arange(min(capacity, COUNTS_MAX) + 1) if count is None else np.array([count])
    rows = np.zeros((len(counts), 2))
    rows[:, N] = counts
    rows[:, LOG_P] = -log(len(counts))
    return Belief(rows.tobytes(), at_ms=at_ms)


def probabilities(belief: Belief) -> tuple[NDArray[np.int64], Array]:
    """The counts that are possible, ascending, and the probability of each."""
    rows = _rows(belief)
    counts = rows[:, N].astype(np.int64)
    low = int(np.minimum.reduce(counts))
    p = np.bincount(counts - low, np.exp(rows[:, LOG_P]))
    at = p.nonzero()[0]
    return at + low, p[at] / p.sum()


def reweigh(belief: Belief, log_likelihood: Callable[[NDArray[np.int64]], Array]) -> None:
    """Fold in evidence that speaks of the count alone. `log_likelihood` sees counts; some may be excluded, not all."""
    rows = _rows(belief).copy()
    rows[:, LOG_P] += log_likelihood(rows[:, N].astype(np.int64))
    _keep(belief, rows)


def recount(belief: Belief, count: int, at_ms: int, unit: Unit) -> None:
    """A person counted and is believed outright: what `count` units do not explain of the last mass is the zero's."""
    known = begin(count, at_ms, count)
    if belief.fresh:
        belief.rows, belief.at_ms = known.rows, at_ms
    else:
        _restart(belief, known, belief.mass_g, at_ms, unit, abs(belief.mass_g - count * unit.mass_g))


def move(belief: Belief, kernel: Mapping[int, float], at_ms: int, unit: Unit) -> None:
    """Units came or went unweighed: the count changes by k with probability kernel[k], as far as it stays >= 0."""
    rows = _rows(belief)
    ways = gauss.routes(rows, kernel)
    if not len(ways.source):
        return
    if belief.fresh:
        counts, at = np.unique(ways.after, return_inverse=True)
        p = np.bincount(at, np.exp(ways.log_p - ways.log_p.max()))
        after = np.column_stack((counts, np.log(p)))
    else:
        states = gauss.moved(rows, ways, unit, _wander(belief, at_ms, unit, 0.0, 0.0))
        after = gauss.matched(ways.after, rows[ways.source, gauss.WORLD], ways.log_p, states)
    belief.at_ms = max(at_ms, belief.at_ms)
    _keep(belief, after)


def weigh(
    belief: Belief,
    mass_g: float,
    at_ms: int,
    unit: Unit,
    change: Kernel = STILL,
    samples: int = 1,
    warmed_c: float = 0.0,
) -> Weighed:
    """Fold in a settled net mass (tare taken off) in g, the mean of `samples` readings, after `change`.

    `warmed_c` is the change of temperature since the last mass, where it is measured. With `ANY`, the count may come
    out above what the belief began with. A mass that fits nothing changes no probability: it is remembered as trouble,
    and the next one that fits ends it.
    """
    mass_g = float(mass_g)
    if not abs(mass_g) < unit.limit_g:
        belief.trouble = "saturated"
        return Weighed(0.0)
    rows = gauss.prior(_rows(belief), mass_g, unit, unit.zero_g) if belief.fresh else _rows(belief)
    touched = change is None or change.get(0, 0.0) < UNTOUCHED * sum(change.values())
    moved_g = mass_g - belief.mass_g if touched else None
    wander = _wander(belief, at_ms, unit, warmed_c, moved_g)
    ways = gauss.any_routes(rows, mass_g, unit) if change is None else gauss.routes(rows, change)
    if not len(ways.source):
        belief.trouble = "not_integer"
        return Weighed(0.0)
    found = gauss.seen(rows, ways, mass_g, unit, wander, min(max(samples, 1), SAMPLES_FULL), touched or belief.fresh)
    if found.misfit > MISFIT_SIGMAS:
        return _odd(belief, mass_g, at_ms, unit, found.misfit)
    # What bears a time of before our own was set ahead makes nothing older: no zero wanders through that twice.
    belief.at_ms = max(at_ms, belief.at_ms)
    belief.mass_g, belief.fresh, belief.trouble, belief.odd = mass_g, False, "", 0
    belief.doubts = max(0, belief.doubts - 1)
    _keep(belief, found.rows)
    belief.lost = belief.lost and float(probabilities(belief)[1].max()) < CLAIM
    paths = Paths(rows[found.source, N].astype(np.int64), found.after.astype(np.int64), found.p)
    return Weighed(found.misfit, paths, _zeroed(belief))


def estimate(belief: Belief, unit: Unit, capacity: int) -> Estimate:
    """What may be claimed: a count from P >= `CLAIM`; else its 95 % interval, why it is unknown, what would help."""
    counts, p = probabilities(belief)
    at = int(p.argmax())
    sums = np.cumsum(p)
    low, high = counts[np.searchsorted(sums, (0.025, 0.975 - 1e-12))].tolist()
    if belief.trouble:
        return Estimate(None, 0, max(capacity, high), 0.0, belief.trouble, REMEDIES[belief.trouble])
    count, share = int(counts[at]), min(float(p[at]), 1.0)
    if share >= CLAIM:
        return Estimate(count, low, high, share)
    second = int(counts[np.argsort(p)[-2]]) if len(p) > 1 else count
    reason = _reason(belief, count, second, unit)
    remedy = "tare" if reason == "drift" and belief.lost else REMEDIES[reason]
    return Estimate(None, low, high, share, reason, remedy)


def _reason(belief: Belief, count: int, second: int, unit: Unit) -> str:
    """What would have to be otherwise for the second likeliest count to be true: most of it is the reason."""
    if belief.fresh:
        return "no_reading"
    rows = _rows(belief)
    one, other = (best[best[:, gauss.LOG_P].argmax()] for best in (rows[rows[:, N] == n] for n in (count, second)))
    d, z, e = (float(other[at] - one[at]) for at in (gauss.DEVIATION, gauss.ZERO, gauss.COMMON))
    common = second * e + (second - count) * float(one[gauss.COMMON])
    apart = {
        "unit_variation": d,
        "sample": common,
        "drift": z,
        "noise": (count - second) * unit.mass_g - d - common - z,
    }
    return max(apart, key=lambda reason: abs(apart[reason]))


def _rows(belief: Belief) -> Array:
    return np.frombuffer(belief.rows).reshape(-1, 2 if belief.fresh else gauss.COLUMNS)


def _keep(belief: Belief, rows: Array) -> None:
    """Evidence that excludes every count is not taken: what is believed stays."""
    kept = gauss.normal(rows)
    if kept is not None:
        belief.rows = kept.tobytes()


def _wander(belief: Belief, at_ms: int, unit: Unit, warmed_c: float, moved_g: float | None) -> tuple[float, float]:
    """Variance in g^2 by which the zero went since: by time (a world's drift scales it), and by all else.

    `moved_g`: by how much the load changed; None when nothing was touched.
    """
    if belief.fresh:
        return 0.0, 0.0
    hours = min(max(0, at_ms - belief.at_ms) / HOUR_MS, WALK_HOURS_MAX)
    day_g = unit.day_g * min(1.0, hours / DAY_HOURS)
    touch = 0.0 if moved_g is None else (LOAD_SHARE * moved_g) ** 2 + (TOUCH_SHARE * unit.limit_g) ** 2
    return unit.walk_g**2 * hours + day_g**2, touch + (unit.warm_g * warmed_c) ** 2


def _odd(belief: Belief, mass_g: float, at_ms: int, unit: Unit, misfit: float) -> Weighed:
    """A mass that no route foretold. So many of them, and the belief starts again, knowing little of its zero."""
    belief.doubts += 0 if belief.odd else DOUBT
    belief.odd += 1
    below = mass_g < -max(0.5 * unit.mass_g, MISFIT_SIGMAS * unit.noise_g)
    belief.trouble = "negative" if below else "not_integer"
    if (belief.odd >= GIVE_UP_MASSES or belief.doubts >= GIVE_UP_DOUBTS) and not below:
        counts = min(COUNTS_MAX, max(10, int(2 * mass_g / unit.mass_g)))
        _restart(belief, begin(counts), mass_g, at_ms, unit, 0.5 * unit.mass_g)
        belief.lost = True
    return Weighed(misfit)


def _restart(belief: Belief, known: Belief, mass_g: float, at_ms: int, unit: Unit, zero_g: float) -> None:
    rows = gauss.prior(_rows(known), mass_g, unit, max(unit.zero_g, zero_g))
    belief.fresh, belief.odd, belief.doubts, belief.mass_g = False, 0, 0, mass_g
    belief.at_ms = max(at_ms, belief.at_ms)
    _keep(belief, rows)
    weigh(belief, mass_g, at_ms, unit)


def _zeroed(belief: Belief) -> float | None:
    rows = _rows(belief)
    empty = rows[:, N] == 0
    p = np.exp(rows[empty, LOG_P])
    if p.sum() <= EMPTY:
        return None
    zero_g = float(p @ rows[empty, gauss.ZERO] / p.sum())
    by_g = zero_g - belief.zero_g
    belief.zero_g = zero_g
    return by_g
