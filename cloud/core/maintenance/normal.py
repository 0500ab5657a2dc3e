"""What is normal of several channels together in one operating state: a robust principal component model.

Channels are told by their smoothed distance from their centre, in units of what the learned rows allow. Of these the
first components make T2 (as usual together, but further out than ever), the rest Q (no longer as usual together); each
is measured by what it reached while learning, and both add up (Jackson and Mudholkar 1979). A channel that wandered
while it was learned, as the water of a circuit that warms up, has no fixed centre: its own slow mean is followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, np.dtype[np.float64]]

FOLLOW_ROWS = 300
"""Over so many rows the centre of a wandering channel follows."""
WANDER_RATIO = 2.0
"""Means of parts of the learned rows that vary so much more than the rows within a part: a wandering channel."""
PARTS = 8
REACH = 0.95
"""The share of the learned rows that a scale or a limit is taken from; the rest may be outliers."""
NORMAL_REACH = 1.96
RAW_SHARE = 0.5
STEP_SHARE = 0.25
"""A scale is at least so much of what smoothing leaves of the raw spread, and of the smallest step between values."""
STILL_SHARE = 0.05
LEARN_CLIP, CLIP = 4.0, 30.0
RIDGE = 0.05
VARIANCE_KEPT = 0.9
LIMIT = 2.25
"""So far is the border of the normal: sqrt(T2 + Q), each in units of what 95 % of the learned rows kept to."""


class Normal(Struct):
    """A learned normal of n channels; `shape` is n x n: the squared distance is z' shape z."""

    centre: list[float]
    scale: list[float]
    pace: list[float]
    shape: list[list[float]]


def learn(raw: Sequence[Sequence[float]], smoothed: Sequence[Sequence[float]], smoothing: int, ranges: Array) -> Normal:
    """Fit rows x channels of one operating state; `smoothing` is how many rows make one of `smoothed`, `ranges` is how
    far each channel ever moved: of this a share is allowed to one that stands still in this state."""
    values, rows = np.array(raw), np.array(smoothed)
    parts = np.array_split(rows, PARTS)
    between = np.array([part.mean(axis=0) for part in parts]).var(axis=0)
    within = np.mean([part.var(axis=0) for part in parts], axis=0)
    wanders = between > WANDER_RATIO * within
    centre = np.median(rows, axis=0)
    misses = rows - centre
    for channel in np.flatnonzero(wanders).tolist():
        centre[channel] = _follow(rows[:, channel], misses[:, channel])
    reach = np.quantile(np.abs(misses), REACH, axis=0) / NORMAL_REACH
    left = RAW_SHARE * values.std(axis=0) / np.sqrt(smoothing)
    steps = STEP_SHARE * np.array([_step(values[:, channel]) for channel in range(values.shape[1])])
    still = np.where(values.std(axis=0) > 0, 0.0, STILL_SHARE * ranges)
    least = np.maximum(still, 1e-9 * (1 + np.abs(centre)))
    scale = np.maximum(np.maximum(reach, left), np.maximum(steps, least))
    shape = _shape(misses / scale)
    return Normal(centre.tolist(), scale.tolist(), np.where(wanders, 1 / FOLLOW_ROWS, 0.0).tolist(), shape.tolist())


def _follow(values: Array, misses: Array) -> float:
    """Write a wandering channel's distances from its slow mean; returns where the mean ends."""
    centre = float(values[:50].mean())
    for row, value in enumerate(values.tolist()):
        centre += (value - centre) / FOLLOW_ROWS
        misses[row] = value - centre
    return centre


def _step(values: Array) -> float:
    """The smallest step between two values of a channel, where it has few of them."""
    known = np.unique(values)
    return float(np.diff(known).min()) if 1 < len(known) <= len(values) // 10 else 0.0


def _shape(distances: Array) -> Array:
    """T2 / its reach + Q / its reach, as one quadratic form."""
    square = 2 * (distances.shape[1],)
    clipped = np.clip(distances, -LEARN_CLIP, LEARN_CLIP)
    spread, ways = np.linalg.eigh(np.cov(clipped.T).reshape(square) + RIDGE * np.eye(*square))
    spread, ways = spread[::-1], ways[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(spread) / spread.sum(), VARIANCE_KEPT)) + 1
    scores = distances @ ways
    form: Array = np.zeros(square)
    for first, last, weights in ((0, kept, 1 / spread[:kept]), (kept, len(spread), np.ones(len(spread) - kept))):
        if last > first:
            part = ways[:, first:last]
            reached = np.quantile((scores[:, first:last] ** 2 * weights).sum(axis=1), REACH)
            form += (part * weights) @ part.T / max(float(reached), 1e-9)
    return form
