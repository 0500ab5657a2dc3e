"""Samples at even steps, as graphs want them: at each step the last value before it, and none across a gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GAP_MS_MIN = 300_000
GAP_PERIODS = 2.5
"""A value holds for five minutes, or for so many of the series' own periods, whichever is longer."""


def holds_ms(times_ms: Sequence[int]) -> int:
    """For how long a value of a series with samples at these times (ascending) holds: its period is the median of the
    times between them."""
    if len(times_ms) < 2:
        return GAP_MS_MIN
    period = float(np.median(np.diff(np.asarray(times_ms, np.int64))))
    return max(GAP_MS_MIN, round(GAP_PERIODS * period))


def stepped(
    times_ms: Sequence[int], values: Sequence[float], from_ms: int, to_ms: int, step_ms: int
) -> list[tuple[int, float]]:
    """(time, value) at from_ms, from_ms + step_ms ... up to and with to_ms, where there is a value."""
    if not times_ms:
        return []
    times = np.asarray(times_ms, np.int64)
    at = np.arange(from_ms, to_ms + 1, step_ms, dtype=np.int64)
    last = np.searchsorted(times, at, side="right") - 1
    there = (last >= 0) & (at - times[last] <= holds_ms(times_ms))
    return [(int(when), float(values[index])) for when, index in zip(at[there], last[there], strict=True)]
