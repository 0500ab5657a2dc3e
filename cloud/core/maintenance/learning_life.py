"""How long machines of a kind last, learned from runs to failure: a model that life.py folds rows with.

Units are left out by groups (`FOLDS`): what the index said of machines it had not seen decides how much it is believed,
which of a few settings is taken, and what the interval must ask for. The last row of a run counts as its failure.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from cloud.core.maintenance import health_index, life, wiener
from cloud.core.maintenance.channels import States, Usual, Whole, find_states, scores, states_of, usual
from cloud.core.maintenance.health_index import Regression, Sums
from cloud.core.maintenance.life import Band, Channel, Model
from cloud.core.maintenance.wiener import Sight

Array = np.ndarray[Any, np.dtype[np.float64]]

RUNS_MIN = 10
RUN_ROWS_MIN = 10
ROWS_KEPT = 200
"""Rows of a run that are learned from; of longer ones, every so many."""
ROWS_ASKED = 25
"""Rows of a run at which its prognosis is judged."""
FOLDS = 10
HEALTHY_SHARE = 0.25
"""So much of each run, from its first row on, is taken as healthy."""
CAP_SHARE = 0.6
"""Channels are asked for no more cycles than this share of the median life, unless told otherwise."""
SHORT_SHARE, LONG_SHARE = 0.05, 0.2
"""The memories, as shares of the median life."""
CHANNELS_MAX = 16
TREND_MIN = 0.1
"""A channel less correlated with the cycles left is left out."""
PENALTIES = (1e-3, 1e-2, 1e-1)
SIGMA_SHARES = (0.035, 0.07, 0.14)
REPEAT_SHARES = (0.01, 0.025, 0.06, 0.15)
"""Candidates: the spread a process gathers over a life, and how long errors of the index last, as shares of a life."""
DRIFT_SD = 0.1
"""The index is made to fall by one a cycle; units that age faster or slower do so by about this much."""
SIGHT_KNOTS = (0.0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.85, 1.1, 2.0)
"""Between these shares of the median life the index is compared with the cycles truly left."""
SIGHT_ROWS_MIN = 20
NEAR_SHARE = 0.02
"""A prognosis is scored by the chance it gave to within this share of a life of what came."""
CHANCE_MIN = 1e-4
BANDS = 3


class Run(Struct, frozen=True):
    """One unit's rows in order: cycles [rows], settings [rows x settings], values [rows x channels], NaN where
    missing."""

    cycles: Array
    settings: Array
    values: Array


class _Kept(NamedTuple):
    """The kept rows of one run: cycles, the cycles then left, features."""

    cycles: Array
    left: Array
    rows: Array


class _Kind(NamedTuple):
    """What the runs have in common: states, each run's state by row, the channels that move and their usual course."""

    states: States
    numbers: list[Whole]
    moving: list[int]
    usuals: list[Usual]


def learn(runs: list[Run], settings: list[str], channels: list[str], cap: float | None = None) -> Model | str:
    """The model, or why none can be learned. `cap`: the most cycles channels are asked for."""
    whole = [run for run in runs if len(run.cycles) >= RUN_ROWS_MIN]
    notes = [f"{len(runs) - len(whole)} runs left out: fewer than {RUN_ROWS_MIN} rows"] * (len(whole) < len(runs))
    if len(whole) < RUNS_MIN:
        return f"{len(whole)} runs to failure of {RUN_ROWS_MIN} rows or more, at least {RUNS_MIN} are wanted"
    lives = np.array([run.cycles[-1] for run in whole])
    if lives.min() <= 0:
        return "a run ends at cycle 0 or before; count cycles from new"
    median = float(np.median(lives))
    cap = CAP_SHARE * median if cap is None else cap
    kind = _kind(whole)
    notes += [f"{name}: does not move" for at, name in enumerate(channels) if at not in kind.moving]
    if not kind.moving:
        return "no channel moves, so nothing tells how long the units last"
    spacing = float(np.median(np.concatenate([np.diff(run.cycles) for run in whole])))
    memories = np.maximum([SHORT_SHARE * median, LONG_SHARE * median], [spacing, 2 * spacing])
    kept = [_kept(run, kind, at, memories, spacing, median) for at, run in enumerate(whole)]
    trends = _trends(kept, len(kind.moving), cap)
    best = [at for at in np.argsort(-np.abs(trends), kind="stable").tolist() if abs(trends[at]) >= TREND_MIN]
    told = sorted(best[:CHANNELS_MAX])
    if not told:
        return "no channel goes with the cycles left, so nothing tells how long the units last"
    idle = [channels[at] for place, at in enumerate(kind.moving) if place not in told]
    notes += [f"{name}: others go better with the cycles left" for name in idle]
    columns = [*told, *(len(kind.moving) + at for at in told), 2 * len(kind.moving)]
    kept = [one._replace(rows=one.rows[:, columns]) for one in kept]
    regression, outside = _regress(kept, cap)
    used = [Channel(channels[kind.moving[at]], kind.usuals[at], round(float(trends[at]), 3)) for at in told]
    model = Model(
        version=life.VERSION,
        runs=len(whole),
        rows=sum(len(run.cycles) for run in whole),
        life_median=median,
        life_mean=float(lives.mean()),
        life_sd=float(lives.std(ddof=1)),
        cap=cap,
        spacing=spacing,
        settings=settings,
        states=kind.states,
        channels=used,
        memories=memories.tolist(),
        regression=regression,
        sight=_sight(kept, outside, median),
        sigma=0.0,
        drift_sd=DRIFT_SD,
        repeats=0.0,
        bands=[],
        error_cycles=0.0,
        covered=0.0,
        notes=notes,
    )
    return _calibrated(_tuned(model, kept, outside), kept, outside)


def _kind(runs: list[Run]) -> _Kind:
    ends = [run.cycles[0] + HEALTHY_SHARE * (run.cycles[-1] - run.cycles[0]) for run in runs]
    healthy = np.concatenate([run.cycles <= end for run, end in zip(runs, ends, strict=True)])
    values = np.vstack([run.values for run in runs])
    states = find_states(np.vstack([run.settings for run in runs]), values, healthy)
    numbers = [states_of(states, run.settings) for run in runs]
    found = usual(values, np.concatenate(numbers), len(states.cells), healthy)
    moving = [at for at, one in enumerate(found) if one is not None]
    return _Kind(states, numbers, moving, [one for one in found if one is not None])


def _kept(run: Run, kind: _Kind, at: int, memories: Array, spacing: float, median: float) -> _Kept:
    known = kind.numbers[at] >= 0
    seen = scores(run.values[known][:, kind.moving], kind.numbers[at][known], kind.usuals)
    cycles = run.cycles[known]
    rows = health_index.course(seen, cycles, memories, spacing)
    rows[:, -1] /= median
    some = np.unique(np.linspace(0, len(cycles) - 1, ROWS_KEPT).astype(int))
    return _Kept(cycles[some], run.cycles[-1] - cycles[some], rows[some])


def _trends(kept: list[_Kept], channels: int, cap: float) -> Array:
    """The correlation of each channel's short memory with the cycles left, up to the cap."""
    rows = np.vstack([one.rows[:, :channels] for one in kept])
    left = np.minimum(np.concatenate([one.left for one in kept]), cap)
    off = rows - rows.mean(axis=0)
    spread = np.sqrt((off**2).mean(axis=0)) * left.std()
    shared: Array = (off * (left - left.mean())[:, None]).mean(axis=0)
    found: Array = np.divide(shared, spread, out=np.zeros(channels), where=spread > 0)
    return found


def _regress(kept: list[_Kept], cap: float) -> tuple[Regression, list[Array]]:
    """The regression that is best for units it has not seen, and what such ones said of each run's rows."""
    every = np.vstack([one.rows for one in kept])
    low, high = every.min(axis=0), every.max(axis=0)
    size = every.shape[1]
    whole = health_index.terms(every, products=True)
    centre, scale = whole.mean(axis=0), np.maximum(whole.std(axis=0), 1e-9)
    parts = [(health_index.terms(one.rows, products=True) - centre) / scale for one in kept]
    targets = [np.minimum(one.left, cap) for one in kept]
    fold_sums = [Sums(whole.shape[1]) for _ in range(FOLDS)]
    for at, (part, target) in enumerate(zip(parts, targets, strict=True)):
        fold_sums[at % FOLDS].add(part, target)
    total = Sums(whole.shape[1])
    for one in fold_sums:
        total = total.plus(one)
    best: tuple[float, int, float, list[Array]] | None = None
    for terms, penalty in product((size, whole.shape[1]), PENALTIES):
        solved = [total.plus(one, -1).solve(penalty, terms) for one in fold_sums]
        said = [part[:, :terms] @ solved[at % FOLDS][0] + solved[at % FOLDS][1] for at, part in enumerate(parts)]
        said = [np.clip(one, -health_index.BELOW_SHARE * cap, health_index.ABOVE_SHARE * cap) for one in said]
        error = float(np.mean([np.mean((one - target) ** 2) for one, target in zip(said, targets, strict=True)]))
        if best is None or error < best[0]:
            best = error, terms, penalty, said
    assert best is not None
    _, terms, penalty, outside = best
    weights, offset = total.solve(penalty, terms)
    weights = weights / scale[:terms]
    offset -= float(weights @ centre[:terms])
    return Regression(low.tolist(), high.tolist(), terms > size, weights.tolist(), offset), outside


def _sight(kept: list[_Kept], outside: list[Array], median: float) -> Sight:
    """How the index looks at each number of cycles left, of units it has not seen; its mean never falls with them."""
    left, said = np.concatenate([one.left for one in kept]), np.concatenate(outside)
    bounds = [*(share * median for share in SIGHT_KNOTS), np.inf]
    knots, means, sds, rows = [], [], [], []
    for low, high in pairwise(bounds):
        among = (left >= low) & (left < high)
        if among.sum() >= SIGHT_ROWS_MIN:
            knots.append(float(left[among].mean()))
            means.append(float(said[among].mean()))
            sds.append(float(said[among].std()) + 1e-6 * median)
            rows.append(int(among.sum()))
    return Sight(knots, _rising(means, rows), sds)


def _rising(means: list[float], rows: list[int]) -> list[float]:
    """The closest means that never fall (pool adjacent violators: Ayer et al. 1955)."""
    pools: list[tuple[float, int, int]] = []
    for mean, count in zip(means, rows, strict=True):
        pool = (mean, count, 1)
        while pools and pools[-1][0] > pool[0]:
            other = pools.pop()
            together = other[1] + pool[1]
            pool = ((other[0] * other[1] + pool[0] * pool[1]) / together, together, other[2] + pool[2])
        pools.append(pool)
    return [mean for mean, _, knots in pools for _ in range(knots)]


def _follow(model: Model, kept: list[_Kept], outside: list[Array]) -> list[Array]:
    """What the process believes of each run after each of its rows [rows x 5], all runs side by side."""
    order = sorted(range(len(kept)), key=lambda at: -len(kept[at].cycles))
    beliefs = life.first_belief(model, np.array([kept[at].cycles[0] for at in order]))
    found = [np.empty((len(one.cycles), 5)) for one in kept]
    for row in range(len(kept[order[0]].cycles)):
        there = [at for at in order if len(kept[at].cycles) > row]
        beliefs = beliefs[: len(there)]
        passed = np.full(len(there), model.spacing)
        if row:
            passed = np.array([kept[at].cycles[row] - kept[at].cycles[row - 1] for at in there])
            beliefs = wiener.advance(beliefs, model.sigma, passed)
        seen = np.array([outside[at][row] for at in there])
        beliefs = wiener.observe_through(beliefs, seen, model.sight, life.slack(model.repeats, passed))
        for place, at in enumerate(there):
            found[at][row] = beliefs[place]
    return found


def _asked(kept: list[_Kept], beliefs: list[Array]) -> tuple[Array, Array]:
    """The beliefs [cases x 5] at some rows of each run, those before the failure, and the cycles then left [cases]."""
    picks = [np.unique(np.linspace(life.ROWS_MIN - 1, len(one.cycles) - 2, ROWS_ASKED).astype(int)) for one in kept]
    rows = np.vstack([one[pick] for one, pick in zip(beliefs, picks, strict=True)])
    return rows, np.concatenate([one.left[pick] for one, pick in zip(kept, picks, strict=True)])


def _tuned(model: Model, kept: list[_Kept], outside: list[Array]) -> Model:
    """With the candidates that gave most chance to what came of units left out (logarithmic score)."""
    found: list[tuple[float, Model]] = []
    for share, repeats in product(SIGMA_SHARES, REPEAT_SHARES):
        sigma = share * float(np.sqrt(model.life_median))
        tried = msgspec.structs.replace(model, sigma=sigma, repeats=repeats * model.life_median)
        beliefs, left = _asked(kept, _follow(tried, kept, outside))
        near = NEAR_SHARE * model.life_median
        ends = np.column_stack((np.maximum(left - near, 0.0), left + near))
        chance = wiener.passage(beliefs, sigma, ends)
        found.append((float(np.log(np.maximum(chance[:, 1] - chance[:, 0], CHANCE_MIN)).mean()), tried))
    return max(found, key=lambda one: one[0])[1]


def _calibrated(model: Model, kept: list[_Kept], outside: list[Array]) -> Model:
    """With what to ask for, by bands of the level, so that 5, 50 and 95 % of the runs left out came true."""
    beliefs, left = _asked(kept, _follow(model, kept, outside))
    given = wiener.passage(beliefs, model.sigma, left[:, None])[:, 0]
    edges = np.quantile(beliefs[:, 0], np.arange(1, BANDS) / BANDS).tolist()
    which = np.searchsorted(edges, beliefs[:, 0])
    shares = (0.05, 0.5, 0.95)
    bands = [
        Band(below, *(float(np.clip(one, 1e-4, 1 - 1e-4)) for one in np.quantile(given[which == at], shares)))
        for at, below in enumerate([*edges, None])
    ]
    model = msgspec.structs.replace(model, bands=bands)
    told = life.promised(model, beliefs)
    error = float(np.sqrt(np.mean((np.minimum(told[:, 1], model.cap) - np.minimum(left, model.cap)) ** 2)))
    covered = float(np.mean((told[:, 0] <= left) & (left <= told[:, 2])))
    return msgspec.structs.replace(model, error_cycles=round(error, 2), covered=round(covered, 3))


def run(cycles: list[float], settings: list[list[float]], values: list[list[float]]) -> Run:
    """A run from plain rows."""
    rows = len(cycles)
    tables = [np.array(one, dtype=np.float64).reshape(rows, -1) for one in (settings, values)]
    return Run(np.array(cycles, dtype=np.float64), *tables)
