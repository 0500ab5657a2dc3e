"""Samples of a load cell -> settled masses. Decides only when a mass is steady; never what it means.

A window is steady when its range is small against the cell's noise: max - min < k sigma. For n samples of Gaussian
noise the expected range is about 3.5 sigma at n = 15, so k = 7 rejects fewer than one steady window in a thousand,
while a hand, a swing or a step of more than a few sigma spreads further (after counting-scale practice; a moving-range
test costs one pass in C).
"""

from __future__ import annotations

from math import sqrt

from msgspec import Struct

WINDOW = 15
"""Samples looked at when a device samples fast (steps up to `FAST_STEP_MS`): 1.5 s at 10 samples/s."""
WINDOW_SLOW = 3
"""Samples looked at when they come slowly."""
FAST_STEP_MS = 200
FRESH_MS = 1500
"""After a pause longer than this, a message with enough samples is judged by itself."""
RANGE_SIGMAS = 7.0
TRACK_SIGMAS = 4.0
TRACK_SHARE = 0.2


class Cell(Struct, array_like=True, gc=False):
    """One load cell channel: the last samples, the settled mass and since when it holds."""

    window: list[float] = []
    last_ms: int = 0
    level_g: float | None = None
    level_ms: int = 0
    unsteady_since_ms: int = 0
    told_g: float = 0.0
    """The mass that was last told as news."""
    since: int = -1
    """Samples since then; -1 once a window of newer samples has confirmed it."""


class Settled(Struct, frozen=True, gc=False):
    """A steady mass, at the time of the window's last sample."""

    mass_g: float
    at_ms: int
    samples: int


def step(cell: Cell, at_ms: int, values: list[float], step_ms: int, noise_g: float) -> list[Settled]:
    """Fold samples (g, the first at `at_ms`, `step_ms` apart) into `cell`; the settled masses that are news, in order.

    A mass within `TRACK_SIGMAS` standard errors of the level is the same mass: the level follows it slowly and
    nothing is returned. A step of few sigma may pass for steady while the window still holds samples from before it, so
    the first window without them is compared once more with what was told.
    """
    count = len(values)
    last_ms = at_ms + (count - 1) * step_ms
    pause_ms = at_ms - cell.last_ms
    fast = step_ms <= FAST_STEP_MS if count > 1 else pause_ms <= FAST_STEP_MS
    size = WINDOW if fast else WINDOW_SLOW
    window = values if pause_ms > FRESH_MS and count >= WINDOW_SLOW else cell.window + values
    cell.last_ms = last_ms
    if cell.since >= 0:
        cell.since += count
    if count == 1 or len(window) <= size:
        cell.window = window = window[-size:]
        news = _judge(cell, window, last_ms, noise_g) if len(window) >= WINDOW_SLOW else None
        return [news] if news is not None else []
    cell.window = window[-size:]
    if max(window) - min(window) < RANGE_SIGMAS * noise_g:
        news = _judge(cell, window, last_ms, noise_g)
        return [news] if news is not None else []
    # Something moved within the batch: look at it window by window, so that a pick and a put both show.
    settled = []
    for end in range(len(window) % size or size, len(window) + 1, size):
        piece = window[max(0, end - size) : end]
        if len(piece) >= WINDOW_SLOW:
            news = _judge(cell, piece, last_ms - (len(window) - end) * step_ms, noise_g)
            if news is not None:
                settled.append(news)
    return settled


def _judge(cell: Cell, window: list[float], last_ms: int, noise_g: float) -> Settled | None:
    if max(window) - min(window) >= RANGE_SIGMAS * noise_g:
        if not cell.unsteady_since_ms:
            cell.unsteady_since_ms = last_ms
        return None
    cell.unsteady_since_ms = 0
    size = len(window)
    mass_g = sum(window) / size
    level_g = cell.level_g
    error_g = noise_g * sqrt(2.0 / size)
    if level_g is not None and abs(mass_g - level_g) < TRACK_SIGMAS * error_g:
        cell.level_g = level_g + TRACK_SHARE * (mass_g - level_g)
        if cell.since < size:
            return None
        cell.since = -1
        if abs(mass_g - cell.told_g) < error_g:
            return None
        cell.level_g = cell.told_g = mass_g
        return Settled(mass_g, last_ms, size)
    cell.level_g = cell.told_g = mass_g
    cell.level_ms = last_ms
    cell.since = 0
    return Settled(mass_g, last_ms, size)
