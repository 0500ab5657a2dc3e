"""Samples of a load cell -> settled masses. Decides only when a mass is steady; never what it means.

A window is steady when its range is small against the cell's noise: max - min < k sigma. For n samples of Gaussian
noise the expected range is about 3.1 sigma at n = 10, so k = 6.5 rejects fewer than one steady window in a thousand,
while a hand, a swing or a step of more than a few sigma spreads further (after counting-scale practice; a moving-range
test costs one pass in C).

A floor that trembles under feet spreads further too, but around one mass: there the differences of neighbours are as
large as the deviations from the mean (von Neumann's ratio, 1941), and both halves of the window have one mean. Such
a window is steady, at the noise it shows itself. A hand trembles the same way but much harder.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

from msgspec import Struct

WINDOW = 10
"""Samples looked at when a device samples fast (steps up to `FAST_STEP_MS`): 1 s at 10 samples/s."""
WINDOW_SLOW = 3
"""Samples looked at when they come slowly."""
FAST_STEP_MS = 200
BIN_MS = 100
"""Samples that come faster than twice in this time are averaged over it: what shakes at 10 Hz and more goes."""
FRESH_MS = 1500
"""After a pause longer than this, a message with enough samples is judged by itself."""
RANGE_SIGMAS = 6.5
TRACK_SIGMAS = 4.0
TRACK_SHARE = 0.2
TREMOR_RATIO = 0.5
"""Least von Neumann ratio (half the mean square of differences by the variance, 1 for noise) of a trembling window."""
TREMOR_HALVES = 2.0
"""The means of its halves differ by so many standard errors at most."""
TREMOR_NOISES = 6.0
"""Tremor beyond so many times the cell's noise is a hand, "..."""
HAND_MS = 15_000
"""... until it lasted so long around one mass: no hand does, so the cell is noisier than was said."""


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
    part: list[float] = []
    """Samples of a fast device that do not yet fill `BIN_MS`."""


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
    every_ms = step_ms if count > 1 else pause_ms
    cell.last_ms = last_ms
    if 0 < every_ms <= BIN_MS // 2:
        values = _binned(cell, values, every_ms, pause_ms)
        count = len(values)
        step_ms = every_ms = BIN_MS
        if not count:
            return []
    size = WINDOW if every_ms <= FAST_STEP_MS else WINDOW_SLOW
    window = values if pause_ms > FRESH_MS and count >= WINDOW_SLOW else cell.window + values
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
    stride = (size + 1) // 2
    for end in range(len(window) - count + 1 + (count - 1) % stride, len(window) + 1, stride):
        piece = window[max(0, end - size) : end]
        if len(piece) >= WINDOW_SLOW:
            news = _judge(cell, piece, last_ms - (len(window) - end) * step_ms, noise_g)
            if news is not None:
                settled.append(news)
    return settled


def _binned(cell: Cell, values: list[float], every_ms: int, pause_ms: int) -> list[float]:
    """The means of as many whole bins as are full; what is left waits in `cell.part`."""
    size = round(BIN_MS / every_ms)
    if cell.part and pause_ms <= BIN_MS:
        values = cell.part + values
    whole = len(values) - len(values) % size
    cell.part = values[whole:]
    return [sum(values[at : at + size]) / size for at in range(0, whole, size)]


def _judge(cell: Cell, window: list[float], last_ms: int, noise_g: float) -> Settled | None:
    if max(window) - min(window) >= RANGE_SIGMAS * noise_g:
        tremor_g = _tremor(window)
        lasted_ms = last_ms - cell.unsteady_since_ms if cell.unsteady_since_ms else 0
        if tremor_g == 0.0 or (tremor_g > TREMOR_NOISES * noise_g and lasted_ms < HAND_MS):
            if not cell.unsteady_since_ms:
                cell.unsteady_since_ms = last_ms
            return None
        noise_g = max(noise_g, tremor_g)
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


def _tremor(window: list[float]) -> float:
    """Standard deviation in g of a window that trembles around one mass; 0 when it does anything else."""
    size = len(window)
    if size < WINDOW:
        return 0.0
    mean = sum(window) / size
    variance = sum((one - mean) ** 2 for one in window) / (size - 1)
    apart = sum((after - one) ** 2 for one, after in pairwise(window)) / (2 * (size - 1))
    if apart < TREMOR_RATIO * variance:
        return 0.0
    half = size // 2
    shift = sum(window[-half:]) / half - sum(window[:half]) / half
    return sqrt(variance) if shift * shift < TREMOR_HALVES**2 * 2.0 * apart / half else 0.0
