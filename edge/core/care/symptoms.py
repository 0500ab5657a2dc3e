"""What a block of samples shows of its sensor: level, noise, spikes, runs of one value; and the small robust statistics
that the examinations of `patients` rest on. Times in ms, values in the quantity's own unit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

PIECE = 16
"""Noise is taken of pieces of so many samples; the quieter ones count, so that a hand or a door is no noise."""
KEPT = 13
"""The smallest of a piece's differences that count: the largest fifth are steps and spikes."""
KEPT_MEAN = 0.731
"""Mean of the smallest 13 of 16 absolute second differences of Gaussian noise of sd 1 (drawn 320,000 times)."""
SPIKE_MADS, SPIKE_SIGMAS = 6.0, 5.0
ALONE = 0.5
"""The four samples around a spike lie within this share of its size."""
MAD_SIGMAS = 0.6745
SQRT_2 = 1.4142135623730951
MEAN_SIGMAS = 1.128
"""Mean difference of two Gaussian values of sd 1."""
EQUAL = 1e-9


class Block(NamedTuple):
    """A block of samples in numbers."""

    level: float
    noise: float | None
    """Standard deviation of neighbours, steps and slopes taken off; None of too few samples."""
    spikes: int
    spike_size: float
    quantum: float
    """The smallest change in it; 0 when nothing changed."""
    same: float
    """The share of samples that equal the one before."""
    longest_run_ms: int
    """The longest time without a change that ended in the block, ..."""
    run_starts_ms: int
    """... and the start of the run that its last sample belongs to."""


def examine(
    times_ms: Sequence[int], values: Sequence[float], run_ms: int, last: float, floor: float, *, handled: bool = False
) -> Block:
    """Examine a block of at least two samples in order of time.

    `run_ms`: since when the value was `last` before the block; `floor`: what is no spike, whatever the block's noise;
    `handled`: hands come and go there, and one that is seen in a single sample leaves another load behind.
    """
    x = np.array(values)
    changes = np.diff(x, prepend=last)
    apart = np.abs(changes)
    changed = np.flatnonzero(apart > EQUAL)
    longest, start = 0, run_ms
    quantum = 0.0
    if changed.size:
        t = np.array(times_ms)
        starts = t[changed]
        before = t[np.maximum(changed - 1, 0)]
        begun = np.concatenate(([run_ms], starts[:-1]))
        if changed[0] == 0:
            before[0] = max(run_ms, int(starts[0]) - 1)  # the run ended with the last sample of the block before
        longest = int(max(0, (before - begun).max()))
        start = int(starts[-1])
        quantum = float(apart[changed].min())
    noise = _noise(x)
    spikes, size = _spikes(x, max(floor, SPIKE_SIGMAS * (noise or 0.0)), handled)
    same = 1.0 - changed.size / x.size
    return Block(float(np.median(x)), noise, spikes, size, quantum, same, longest, start)


def _noise(x: NDArray[np.float64]) -> float | None:
    pieces = (x.size - 2) // PIECE
    if pieces < 1:
        return None
    second = np.abs(x[1:-1] - 0.5 * (x[:-2] + x[2:]))[: pieces * PIECE].reshape(pieces, PIECE)
    second.sort(axis=1)
    each = second[:, :KEPT].mean(axis=1)
    each.sort()
    return float(each[pieces // 4]) / KEPT_MEAN


def _spikes(x: NDArray[np.float64], floor: float, handled: bool) -> tuple[int, float]:
    """Samples that stand alone: beyond 6 MAD of the median of five, while the four around lie together; under hands,
    those after it where those before it did."""
    if x.size < PIECE:
        return 0, 0.0
    five = np.sort(sliding_window_view(x, 5), axis=1)
    from_median = x[2:-2] - five[:, 2]
    away = np.abs(from_median)
    limit = max(SPIKE_MADS * float(np.median(away)), floor)
    found = np.flatnonzero(away > limit)
    if not found.size:
        return 0, 0.0
    others = np.where(from_median[found] > 0, five[found, 3] - five[found, 0], five[found, 4] - five[found, 1])
    alone = found[others <= ALONE * away[found]]
    if handled:
        alone = alone[np.abs(x[alone] + x[alone + 1] - x[alone + 3] - x[alone + 4]) <= 2 * limit]
    return int(alone.size), float(away[alone].max()) if alone.size else 0.0


def median(values: Sequence[float]) -> float:
    """The middle of at least one value; of an even number, the mean of the two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


def lower_quartile(values: Sequence[float]) -> float:
    """The value that a quarter lie below."""
    return sorted(values)[len(values) // 4]


def upper_quartile(values: Sequence[float]) -> float:
    """The value that a quarter lie above."""
    return sorted(values)[-1 - len(values) // 4]


def spread(values: Sequence[float]) -> float:
    """The standard deviation of noise about any slow course, from neighbours' differences (0 of under 3): by their
    median or their mean, whichever is larger, as few large ones among many zeros are noise too."""
    if len(values) < 3:
        return 0.0
    apart = [abs(after - before) for before, after in pairwise(values)]
    return max(median(apart) / (MAD_SIGMAS * SQRT_2), sum(apart) / len(apart) / MEAN_SIGMAS)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Change of value per unit of time: the median of the slopes of all pairs (Theil 1950, Sen 1968). At most a month
    of days is meant; raises `ValueError` when no two times differ."""
    slopes = [
        (values[j] - values[i]) / (times[j] - times[i])
        for i in range(len(times))
        for j in range(i + 1, len(times))
        if times[j] != times[i]
    ]
    if not slopes:
        raise ValueError("a slope needs two times")
    return median(slopes)
