"""Channels of one machine seen against what is usual in its operating state.

The columns that tell the state (speed, load, altitude) are cut where they leave gaps: six flight conditions are six
states, a set point that only jitters is one. Per state a channel's usual level and spread are those of healthy rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, np.dtype[np.float64]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

GAP_SHARE = 0.05
"""A gap of so much of a setting's range parts two states."""
ROWS_SHARE = 0.01
"""Fewer rows make no state."""
MATTERS_SHARE = 0.1
"""A setting parts states only if they take this share of some channel's variance while healthy."""
REACH_TIMES, REACH_MIN = 1.5, 3.0
"""A reading is believed so many times as far off as any that was learned from, and always so many usual spreads."""
GLITCH_REACHES = 3.0
"""One that is so many times as far off as that is no reading at all."""
STATES_MAX = 64
SPREAD_MIN = 0.05
"""A channel that hardly moves while healthy is measured in at least so much of its whole spread."""
STILL = 1e-9
"""A channel that moves by less than this share of its level does not move."""


class States(Struct, frozen=True):
    """The operating states: where each setting is cut, and the states that were seen as cells between the cuts."""

    cuts: list[list[float]]
    cells: list[list[int]]


class Usual(Struct, frozen=True):
    """A channel while healthy: its mean and standard deviation in each state; and how far off it is believed, in those:
    farther than machines went that failed, a reading is wrong."""

    means: list[float]
    sds: list[float]
    reach: float


def find_states(settings: Array, values: Array, healthy: Bools) -> States:
    """The operating states in rows of settings [rows x settings], as far as the channels' values [rows x channels] go
    with them in the healthy rows; one where there are none, or more than `STATES_MAX`."""
    cuts = [_cuts(column) for column in settings.T]
    for at, cut in enumerate(cuts):
        if cut and not _matters(np.searchsorted(np.array(cut), settings[healthy, at]), values[healthy]):
            cuts[at] = []
    if not any(cuts):
        return States([[] for _ in cuts], [[0] * len(cuts)])
    cells, rows = np.unique(_cells(cuts, settings), axis=0, return_counts=True)
    kept = cells[rows >= ROWS_SHARE * len(settings)]
    if not 0 < len(kept) <= STATES_MAX:
        return States([[] for _ in cuts], [[0] * len(cuts)])
    return States(cuts, kept.tolist())


def _cuts(column: Array) -> list[float]:
    values = np.sort(column[np.isfinite(column)])
    if len(values) < 2 or values[-1] == values[0]:
        return []
    steps = np.diff(values)
    least = max(1, int(ROWS_SHARE * len(values)))
    wide = np.flatnonzero(steps > GAP_SHARE * (values[-1] - values[0]))
    bounds = [0, *(wide + 1).tolist(), len(values)]
    found, began = [], 0
    for end in bounds[1:-1]:
        if end - began >= least and len(values) - end >= least:
            found.append(float((values[end - 1] + values[end]) / 2))
            began = end
    return found


def _matters(parts: Whole, values: Array) -> bool:
    """Whether some channel's variance falls by `MATTERS_SHARE` within the parts (adjusted for their number)."""
    sizes = np.bincount(parts).astype(np.float64)
    sizes[sizes == 0] = np.nan
    there = int(np.isfinite(sizes).sum())
    for column in values.T:
        known = np.where(np.isfinite(column), column, np.nanmean(column) if np.isfinite(column).any() else 0.0)
        spread = float(known.var())
        if spread <= 0 or len(known) <= there:
            continue
        means = np.bincount(parts, known) / sizes
        within = float(((known - means[parts]) ** 2).sum()) / (len(known) - there)
        if within < (1 - MATTERS_SHARE) * spread:
            return True
    return False


def _cells(cuts: list[list[float]], settings: Array) -> Whole:
    columns = [np.searchsorted(np.array(cut), column) for cut, column in zip(cuts, settings.T, strict=True)]
    return np.column_stack(columns) if columns else np.zeros((len(settings), 0), dtype=np.int64)


def states_of(states: States, settings: Array) -> Whole:
    """Each row's state, -1 where it is none of those that were learned or a setting is missing."""
    found = np.full(len(settings), -1)
    cells = _cells(states.cuts, settings)
    for number, cell in enumerate(states.cells):
        found[(cells == np.array(cell, dtype=np.int64)).all(axis=1)] = number
    cut = [column for column, at in enumerate(states.cuts) if at]
    found[~np.isfinite(settings[:, cut]).all(axis=1)] = -1
    return found


def usual(values: Array, state: Whole, states: int, healthy: Bools) -> list[Usual | None]:
    """Of each channel [rows x channels] its usual course in the healthy rows; None where it does not move."""
    found: list[Usual | None] = []
    for column in values.T:
        means, sds, moves, farthest = [], [], False, 0.0
        for number in range(states):
            every = column[(state == number) & np.isfinite(column)]
            quiet = column[(state == number) & np.isfinite(column) & healthy]
            if not len(every):
                means.append(0.0)
                sds.append(1.0)
                continue
            quiet = quiet if len(quiet) >= 2 else every
            spread = float(every.std())
            moving = spread > STILL * max(abs(float(every.mean())), STILL)
            moves |= moving
            means.append(float(quiet.mean()))
            sds.append(max(float(quiet.std()), SPREAD_MIN * spread) if moving else 1.0)
            farthest = max(farthest, float(np.abs(every - means[-1]).max()) / sds[-1])
        found.append(Usual(means, sds, max(REACH_MIN, REACH_TIMES * farthest)) if moves else None)
    return found


def scores(values: Array, state: Whole, usuals: list[Usual]) -> Array:
    """How far each value [rows x channels] is from its usual one, in usual standard deviations, no farther than it is
    believed; NaN where it is missing, no reading at all or its state is unknown."""
    reach = np.array([one.reach for one in usuals])
    away = off(values, state, usuals)
    told: Array = np.where(np.abs(away) <= GLITCH_REACHES * reach, np.clip(away, -reach, reach), np.nan)
    return told


def off(values: Array, state: Whole, usuals: list[Usual]) -> Array:
    """How far each value [rows x channels] is from its usual one, in usual standard deviations, believed or not; NaN
    where it is missing or its state is unknown."""
    means = np.array([one.means for one in usuals]).T[state]
    sds = np.array([one.sds for one in usuals]).T[state]
    away: Array = (values - means) / sds
    away[state < 0] = np.nan
    return away
