"""The Numenta Anomaly Benchmark's scoring, written from its paper (Lavin and Ahmad 2015, arXiv 1510.03336).

Each true window rewards its earliest detection by a sigmoid of where in the window it is, each detection outside costs
by how far it is behind the last window; all is scaled so that no detection is 0 and perfection is 100. One threshold is
chosen for the whole corpus and each profile, as it is for every published entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

PROBATION_SHARE = 0.15
PROBATION_ROWS_MAX = 750
"""The first 15 % of a file, of at most 5,000 rows, are not judged."""
FAR = 3.0
"""So many window widths behind a window, a false detection costs all."""


class Profile(NamedTuple):
    """What a detection, a false one and a missed window weigh."""

    name: str
    found: float
    false: float
    missed: float


STANDARD = Profile("standard", 1.0, 0.11, 1.0)
LOW_FALSE = Profile("low-FP", 1.0, 0.22, 1.0)


class Run(NamedTuple):
    """One file: a score a row, and the true windows as (first row, last row)."""

    scores: Array
    windows: list[tuple[int, int]]


def sigmoid(position: Array) -> Array:
    """The weight of a detection: nearly 1 at a window's start (-1), 0 at its end (0), -1 far behind it."""
    worth: Array = np.where(position > FAR, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, FAR))) - 1.0)
    return worth


def _worths(rows: int, windows: Sequence[tuple[int, int]]) -> tuple[Array, Any]:
    """Of each row: what a detection there is worth, and its window (-1 outside)."""
    worth, owner = np.full(rows, -1.0), np.full(rows, -1)
    for number, (first, last) in enumerate(windows):
        width = last - first + 1
        behind = np.arange(last + 1, rows)
        worth[last + 1 :] = sigmoid((behind - last) / max(width - 1, 1))
        inside = np.arange(first, last + 1)
        worth[first : last + 1] = sigmoid(-(last - inside + 1) / width) / sigmoid(np.array(-1.0))
        owner[first : last + 1] = number
    return worth, owner


def probation(rows: int) -> int:
    """How many first rows are not judged."""
    return min(int(PROBATION_SHARE * rows), PROBATION_ROWS_MAX)


def _gains(run: Run, profile: Profile) -> tuple[Array, Array]:
    """(scores, gains): lowering the threshold to a row's score changes the sum by its gain. Sorted, highest first."""
    rows = len(run.scores)
    worth, owner = _worths(rows, run.windows)
    judged = np.arange(rows) >= probation(rows)
    scores, worth, owner = run.scores[judged], worth[judged], owner[judged]
    order = np.argsort(-scores, kind="stable")
    gains = worth[order] * profile.false
    best = [-profile.missed] * len(run.windows)
    for at in np.flatnonzero(owner[order] >= 0).tolist():
        window = int(owner[order[at]])
        now = max(best[window], profile.found * float(worth[order[at]]))
        gains[at], best[window] = now - best[window], now
    return scores[order], gains


def corpus_score(runs: Sequence[Run], profile: Profile, threshold: float | None = None) -> tuple[float, float]:
    """(score 0 to 100, threshold). Without a threshold the best one is found."""
    windows = sum(len(run.windows) for run in runs)
    null, perfect = -profile.missed * windows, profile.found * windows
    found = [_gains(run, profile) for run in runs]
    scores = np.concatenate([one[0] for one in found])
    order = np.argsort(-scores, kind="stable")
    scores, total = scores[order], null + np.cumsum(np.concatenate([one[1] for one in found])[order])
    if threshold is not None:
        reached = int(np.searchsorted(-scores, -threshold, side="right"))
        raw = float(total[reached - 1]) if reached else null
    else:
        ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # equal scores rise together
        best = int(ends[np.argmax(total[ends])])
        raw, threshold = float(total[best]), float(scores[best])
    return 100.0 * (raw - null) / (perfect - null), threshold
