"""Tags that answer -> what they say of a slot's count, when some units answer never and some tags lie elsewhere.

How many tags answer (l) is seen almost exactly; how many units carry none that does is never seen, and it *stays*: the
same dead tag is missing tomorrow. So looks are no independent draws. Kept is P(l, t | n) for each count n that is
possible, t of the silent units being only shadowed and to be heard again, and it is moved with the units:

    k come:         each answers with probability 1 - h (h: share of silent units, fitted), or a whole lot is bare
    k of n go:      one after the other, any of them alike: answering, shadowed or dead
    time passes:    an answering tag is shadowed or dies, a shadowed one is heard again, one strays here

A look then weighs each count by sum over l of P(l | n) q(l), q the distribution of a sum of Bernoulli variables: each
tag's own probability of being there. So a dead tag costs nothing, a look after a pick says what went, and of a tag that
vanished the days tell whether it was shadowed or stolen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, lgamma

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge.core.slots.discrepancy import Rates

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

BARE_LOT = 0.02
"""Units that come together carry no tags at all, with this probability: one carton that nobody tagged."""
HEARD_AGAIN_A_DAY = 0.25
DIES_A_DAY = 1e-4
"""Probability a day, of each tag that is shadowed, and of each that answers."""
STRAYS_A_DAY = 0.002
"""Probability a day that the slot's antenna hears one tag of its SKU that lies elsewhere."""
ANY_SHARE = 0.1
STRAYS_MAX = 64
"""At first the tags may be anything, up to so many more than units, with this probability."""
SHADOWED_MAX = 2
"""So many shadowed tags are told apart from dead ones."""
SMEAR = np.array((0.002, 0.01, 0.976, 0.01, 0.002))
"""A look counts a tag too few or too many: one that just left or came, one that lies between two slots."""
SURE = 1e-3
OPEN = (0.1, 0.9)
"""A tag between these is undecided: it says nothing, there or not, for the same doubt comes back with every look."""
UNSURE_MAX = 64
"""So many tags of one look count as unsure or undecided; the others are there or not."""
ODD = 1e-5
"""A look less probable than this under every count is an antenna that hears too little or too much."""
GIVE_UP_LOOKS = 4
"""After so many odd looks in a row what was known of silent units is forgotten, and begins anew with the look."""
COUNTS_MAX = 512
"""With more possible counts than this the slot's tags are not yet used: anything else must narrow them first."""
TRIM = 1e-7
FLOOR = 1e-6
"""One look says at most so much against a count: looks go wrong in ways not thought of."""


class Look(Struct, frozen=True):
    """How many tags answer: probability p[i] of `first` + i. `tags` is the mean."""

    first: int
    p: Array
    tags: float


class Column(Struct, array_like=True):
    """P(first + j answer, t are shadowed | counts[i]) at [i, j, t] of `rows` (float64); `odd` looks in a row fitted
    nothing."""

    counts: list[int]
    first: int
    rows: bytes
    at_ms: int
    odd: int = 0


def look(present: Iterable[float]) -> Look:
    """The distribution of the number of tags from each tag's probability of being there (0..1)."""
    sure, undecided = 0, 0
    unsure: list[float] = []
    for p in present:
        if p >= 1.0 - SURE or (p > 0.5 and len(unsure) + undecided >= UNSURE_MAX):
            sure += 1
        elif p > SURE and len(unsure) + undecided < UNSURE_MAX:
            if OPEN[0] < p < OPEN[1]:
                undecided += 1
            else:
                unsure.append(p)
    pmf = np.convolve(SMEAR, np.full(undecided + 1, 1.0 / (undecided + 1)))
    for p in unsure:
        pmf = np.convolve(pmf, (1.0 - p, p))
    first = sure - len(SMEAR) // 2
    if first < 0:  # what would be below no tag is no tag
        pmf = np.concatenate(([pmf[: 1 - first].sum()], pmf[1 - first :]))
        first = 0
    kept = np.flatnonzero(pmf > TRIM)
    first, pmf = first + int(kept[0]), pmf[kept[0] : kept[-1] + 1]
    pmf = pmf / pmf.sum()
    return Look(first, pmf, float(np.arange(first, first + len(pmf)) @ pmf))


def begin(counts: Counts, seen: Look, rates: Rates, at_ms: int) -> tuple[Column, Array]:
    """The column before any look, as far as `seen` can tell of it, and log P(seen | each of `counts`)."""
    answering = np.arange(seen.first, seen.first + len(seen.p))
    rows = np.zeros((len(counts), len(answering), SHADOWED_MAX + 1))
    rows[:, :, 0] = [_unknown(int(n), answering, rates.silent_share) for n in counts]
    return _met(counts, seen.first, rows, seen.p, at_ms)


def meet(column: Column, seen: Look, rates: Rates, at_ms: int) -> tuple[Column, Array | None]:
    """Fold in a look: the column after it, and log P(seen | each of its counts); None when the look fits nothing."""
    column = pass_time(column, rates, at_ms)
    rows, counts = _rows(column), np.array(column.counts)
    q = np.zeros(rows.shape[1])
    low, high = max(column.first, seen.first), min(column.first + len(q), seen.first + len(seen.p))
    if high > low:
        q[low - column.first : high - column.first] = seen.p[low - seen.first : high - seen.first]
    if (rows.sum(axis=2) @ q).max() < ODD:
        if column.odd + 1 < GIVE_UP_LOOKS:
            column.odd += 1
            return column, None
        return begin(counts, seen, rates, at_ms)
    return _met(counts, column.first, rows, q, at_ms)


def pass_time(column: Column, rates: Rates, at_ms: int) -> Column:
    """Let tags be shadowed, die, be heard again and stray until `at_ms`."""
    days = (at_ms - column.at_ms) / 86_400_000
    if days <= 0.0:
        return column
    rows = _rows(column)
    answering = np.arange(column.first, column.first + rows.shape[1])
    rate = rates.shadowed_a_day + DIES_A_DAY
    falls = 1.0 - np.exp(-rate * days * answering)[:, None]
    dies, shadowed, stays = falls * (DIES_A_DAY / rate), falls * (rates.shadowed_a_day / rate), 1.0 - falls
    again = 1.0 - np.exp(-HEARD_AGAIN_A_DAY * days * np.arange(SHADOWED_MAX + 1))
    strays = 1.0 - exp(-STRAYS_A_DAY * days)
    grown = np.zeros((len(rows), rows.shape[1] + 2, SHADOWED_MAX + 1))
    still = rows * stays
    grown[:, 1:-1] = still * (1.0 - again) * (1.0 - strays)
    grown[:, 2:] += still * (1.0 - again) * strays
    grown[:, 2:, :-1] += (still * again)[:, :, 1:]
    grown[:, :-2] += rows * dies
    grown[:, :-2, 1:] += (rows * shadowed)[:, :, :-1]
    grown[:, :-2, -1] += (rows * shadowed)[:, :, -1]
    first = column.first - 1
    if first < 0:
        grown, first = grown[:, 1:], 0
    return Column(column.counts, *_trimmed(first, grown), at_ms, column.odd)


def moved(column: Column, before: Counts, after: Counts, p: Array, rates: Rates) -> Column:
    """The column after a change: `p` is the probability of each path from a count `before` to one `after`."""
    known = _rows(column)
    place = {n: i for i, n in enumerate(column.counts)}
    at = np.array([place.get(n, -1) for n in before.tolist()])
    likely = (p > TRIM * p.max()) & (at >= 0)
    before, after, p, at = before[likely], after[likely], p[likely], at[likely]
    if not len(p):
        return column
    counts = np.unique(after)
    least, most = int((after - before).min()), int((after - before).max())
    first = max(0, column.first + min(0, least))
    rows = np.zeros((len(counts), column.first + known.shape[1] + max(0, most) - first, SHADOWED_MAX + 1))
    going, gone = known, 0
    for change in sorted(set((after - before).tolist()), key=lambda k: (k > 0, abs(k))):
        mine = np.flatnonzero(after - before == change)
        if change <= 0:
            while gone < -change:
                going, gone = _one_goes(column.first - gone, going, np.array(column.counts) - gone), gone + 1
            start, shifted = column.first - gone, going
        else:
            start, shifted = column.first, _come(known, change, rates.silent_share)
        if start < first:
            shifted, start = shifted[:, first - start :], first
        np.add.at(
            rows[:, start - first : start - first + shifted.shape[1]],
            np.searchsorted(counts, after[mine]),
            shifted[at[mine]] * p[mine][:, None, None],
        )
    reached = rows.sum(axis=(1, 2)) > 0.0
    return Column(counts[reached].tolist(), *_trimmed(first, rows[reached]), column.at_ms, column.odd)


def silent(column: Column, counts: Counts, p: Array) -> tuple[float, float]:
    """How many units are expected to carry no tag that answers, and how many of their tags are but shadowed, under the
    probabilities `p` of `counts`."""
    rows = _rows(column)
    answering = rows.sum(axis=2) @ np.arange(column.first, column.first + rows.shape[1])
    shadowed = rows.sum(axis=1) @ np.arange(SHADOWED_MAX + 1)
    place = {n: i for i, n in enumerate(column.counts)}
    known = [(n, share, place[n]) for n, share in zip(counts.tolist(), p.tolist(), strict=True) if n in place]
    total = sum(share for _, share, _ in known)
    if total <= 0.0:
        return 0.0, 0.0
    gaps = sum((n - float(answering[i])) * share for n, share, i in known)
    return gaps / total, sum(float(shadowed[i]) * share for _, share, i in known) / total


def narrowed(column: Column, counts: Sequence[int]) -> Column:
    """The column with the rows of `counts` only."""
    wanted = set(counts)
    kept = [i for i, n in enumerate(column.counts) if n in wanted]
    if len(kept) == len(column.counts) or not kept:
        return column
    left = [column.counts[i] for i in kept]
    return Column(left, *_trimmed(column.first, _rows(column)[kept]), column.at_ms, column.odd)


def alone(counts: Counts, tags: float, rates: Rates) -> Array:
    """log P(so many tags answer | each of `counts`), when nothing is known of the slot's silent units but their usual
    share."""
    answering = np.array([round(tags)])
    said: Array = np.log([float(_unknown(int(n), answering, rates.silent_share)[0]) for n in counts])
    return said


def _come(rows: Array, k: int, hidden: float) -> Array:
    """Rows wider by `k`: that many units came."""
    comes = (1.0 - BARE_LOT) * _binomial(k, 1.0 - hidden)
    comes[0] += BARE_LOT
    out = np.zeros((len(rows), rows.shape[1] + k, rows.shape[2]))
    for answering, chance in enumerate(comes.tolist()):
        if chance > TRIM:
            out[:, answering : answering + rows.shape[1]] += chance * rows
    return out


def _one_goes(first: int, rows: Array, counts: Counts) -> Array:
    """Rows from `first` - 1 on, one wider: of counts[i] units one went. Tags beyond the units are on none."""
    n = np.maximum(counts, 1)[:, None, None]
    answering = np.arange(first, first + rows.shape[1])[None, :, None]
    shadowed = np.arange(SHADOWED_MAX + 1)[None, None, :]
    one = np.clip(answering / n, 0.0, 1.0)
    other = np.clip(shadowed / n, 0.0, 1.0 - one)
    out = np.zeros((len(rows), rows.shape[1] + 1, rows.shape[2]))
    out[:, :-1] += rows * one
    out[:, 1:, :-1] += (rows * other)[:, :, 1:]
    out[:, 1:] += rows * (1.0 - one - other)
    return out


def _unknown(n: int, answering: Counts, hidden: float) -> Array:
    """P(l | n) before anything is known: the share of silent units is Beta with mean `hidden`, or nearly anything is
    possible: units without tags, tags of a neighbour, tags torn off."""
    tight = _beta_binomial(n, np.maximum(n - answering, 0), 2.0, 2.0 * (1.0 - hidden) / hidden)
    tight[answering > n] = 0.0
    tight[answering == n + 1] = 0.02
    return (1.0 - ANY_SHARE) * tight + ANY_SHARE / (n + 1 + STRAYS_MAX)


def _beta_binomial(n: int, k: Counts, a: float, b: float) -> Array:
    least = lgamma(a) + lgamma(b) - lgamma(a + b)
    shape = [lgamma(a + i) + lgamma(b + n - i) - lgamma(a + b + n) - least for i in k.tolist()]
    out: Array = np.exp(np.array(shape) + _choose(np.array([n]), k))
    return out


def _binomial(n: int, p: float) -> Array:
    k = np.arange(n + 1)
    p = min(max(p, 1e-9), 1.0 - 1e-9)
    out: Array = np.exp(_choose(np.array([n]), k) + k * np.log(p) + (n - k) * np.log1p(-p))
    return out


_FACTORIALS = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, 4096)))))


def _choose(n: Counts, k: Counts | int) -> Array:
    """log C(n, k), for n below 4096."""
    chosen: Array = _FACTORIALS[n] - _FACTORIALS[k] - _FACTORIALS[n - k]
    return chosen


def _rows(column: Column) -> Array:
    return np.frombuffer(column.rows).reshape(len(column.counts), -1, SHADOWED_MAX + 1)


def _met(counts: Counts, first: int, rows: Array, q: Array, at_ms: int) -> tuple[Column, Array]:
    """The column and the log likelihoods after a look q. A count that the look rules out keeps its row."""
    joint = rows * q[:, None]
    likelihood = joint.sum(axis=(1, 2))
    floor = max(likelihood.max() * FLOOR, 1e-300)
    joint[likelihood < floor] = rows[likelihood < floor]
    out: Array = np.log(np.maximum(likelihood, floor))
    return Column(counts.tolist(), *_trimmed(first, joint), at_ms), out


def _trimmed(first: int, rows: Array) -> tuple[int, bytes]:
    rows = rows / np.maximum(rows.sum(axis=(1, 2), keepdims=True), 1e-300)
    kept = np.flatnonzero(rows.max(axis=(0, 2)) > TRIM)
    assert len(kept), "a row of probabilities sums to one"
    return first + int(kept[0]), rows[:, kept[0] : kept[-1] + 1].tobytes()
