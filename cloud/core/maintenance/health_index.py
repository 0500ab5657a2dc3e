"""One figure for a machine's health from many channels: how many cycles are left, as far as the channels tell.

What moved lately (a short memory), how fast (short less long memory) and age, with their products, go into a ridge
regression on the cycles that runs to failure had left, no more than a cap: far from failure, channels say "healthy" and
no more (Heimes 2008). Products matter: how fast a channel moves means more once it has moved far.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, np.dtype[np.float64]]

FADED = 1e-9
"""A channel not seen for so long counts as usual."""
BELOW_SHARE, ABOVE_SHARE = 0.1, 1.15
"""The index may be so far below nought, and above the cap (as shares of it)."""


class Regression(Struct, frozen=True):
    """index = offset + weights . terms; the terms are those of `terms`, from features kept between `low` and `high`,
    which is what was learned from."""

    low: list[float]
    high: list[float]
    products: bool
    weights: list[float]
    offset: float


def remember(sums: Array, weights: Array, scores: Array, cycles: float, memories: Array) -> tuple[Array, Array]:
    """The sums and weights of both memories [2 x channels] after a row of scores [channels], so many cycles after the
    last; `memories` [2] in cycles. A missing score (NaN) leaves the channel to fade."""
    fade = np.exp(-cycles / memories)[:, None]
    there = np.isfinite(scores)
    return sums * fade + np.where(there, scores, 0.0), weights * fade + there


def features(sums: Array, weights: Array, age: float) -> Array:
    """What the regression sees: the short memory of each channel, the short less the long, and the age in cycles."""
    short, long = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > FADED)
    return np.concatenate((short, short - long, [age]))


def course(scores: Array, cycles: Array, memories: Array, spacing: float) -> Array:
    """The features after each row [rows x features] of one unit; `spacing` is the step before the first row."""
    channels = scores.shape[1]
    sums, weights = np.zeros((2, channels)), np.zeros((2, channels))
    found = np.empty((len(scores), 2 * channels + 1))
    steps = np.diff(cycles, prepend=cycles[0] - spacing)
    for row in range(len(scores)):
        sums, weights = remember(sums, weights, scores[row], float(steps[row]), memories)
        found[row] = features(sums, weights, float(cycles[row]))
    return found


def terms(rows: Array, products: bool) -> Array:
    """The features [rows x features] and, if wanted, all their products of two."""
    if not products:
        return rows
    first, second = _pairs(rows.shape[1])
    return np.hstack((rows, rows[:, first] * rows[:, second]))


@lru_cache(maxsize=16)
def _pairs(size: int) -> tuple[Any, Any]:
    return np.triu_indices(size)


def index(regression: Regression, rows: Array, cap: float) -> Array:
    """The index [rows], in cycles."""
    kept = np.clip(rows, regression.low, regression.high)
    told = regression.offset + terms(kept, regression.products) @ np.array(regression.weights)
    return np.asarray(np.clip(told, -BELOW_SHARE * cap, ABOVE_SHARE * cap))


class Sums:
    """What a ridge regression needs of rows: sums that add up over units, so that leaving some out is cheap."""

    def __init__(self, size: int) -> None:
        self.rows, self.total = 0.0, 0.0
        self.seen, self.together = np.zeros(size), np.zeros(size)
        self.squares = np.zeros((size, size))

    def add(self, terms_of: Array, target: Array) -> None:
        """Take these rows [rows x terms] and their targets [rows] in."""
        self.rows += len(target)
        self.total += float(target.sum())
        self.seen += terms_of.sum(axis=0)
        self.together += terms_of.T @ target
        self.squares += terms_of.T @ terms_of

    def plus(self, other: Sums, sign: float = 1.0) -> Sums:
        """With the rows of the other too; without them where `sign` is -1."""
        found = Sums(len(self.seen))
        found.rows, found.total = self.rows + sign * other.rows, self.total + sign * other.total
        found.seen, found.together = self.seen + sign * other.seen, self.together + sign * other.together
        found.squares = self.squares + sign * other.squares
        return found

    def solve(self, penalty: float, size: int) -> tuple[Array, float]:
        """The weights of the first `size` terms and the offset; the terms are taken to have a spread of about one."""
        mean, level = self.seen[:size] / self.rows, self.total / self.rows
        spread = self.squares[:size, :size] / self.rows - np.outer(mean, mean)
        shared = self.together[:size] / self.rows - mean * level
        weights = np.asarray(np.linalg.solve(spread + penalty * np.eye(size), shared), dtype=np.float64)
        return weights, float(level - weights @ mean)
