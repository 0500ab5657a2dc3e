"""Compressor cycles from a thermometer: a fold from samples to falling and rising runs between turning points.

A turn counts once the temperature has come back from its extreme by a share of the usual swing. A run is told by
its duration, for a sensor's lag flattens slopes, the more so the shorter the run, but delays both turns alike.
"""

from __future__ import annotations

from msgspec import Struct, field

HOUR_MS = 3_600_000
SPACING_MS = 55_000
"""Samples closer together are skipped, not averaged: the noise must be the same at one a second and one a minute."""
GAP_MS = 35 * 60_000
"""After a longer gap a run can not be told and is dropped. One sample of four an hour may be lost."""
RUN_MAX_MS = 6 * HOUR_MS
"""So is a longer run; it also bounds the memory to some 360 samples."""
TURN_SHARE = 0.4
TURN_MIN_C = 0.2
RUN_SAMPLES_MIN = 2
"""A run of fewer steps is noise."""


class Run(Struct, frozen=True):
    """The temperature rose, or fell, by `swing_c` (positive) for `minutes`, to `end_c`."""

    rising: bool
    swing_c: float
    minutes: float
    end_c: float


class Tracker(Struct):
    """Samples since the last turning point; `extreme` indexes the highest (or lowest) of them."""

    times_ms: list[int] = field(default_factory=list)
    temperatures_c: list[float] = field(default_factory=list)
    rising: bool = True
    extreme: int = 0
    settled: bool = False

    def reset(self) -> None:
        """Forget the run; the next one is whole only after the next turn."""
        self.times_ms, self.temperatures_c, self.extreme, self.settled = [], [], 0, False


def track(tracker: Tracker, at_ms: int, temperature_c: float, swing_c: float) -> Run | None:
    """Take one sample; the run that a turn has just ended, or None. `swing_c` is the usual peak-to-peak swing."""
    times, temperatures = tracker.times_ms, tracker.temperatures_c
    if times and (at_ms - times[-1] > GAP_MS or at_ms - times[0] > RUN_MAX_MS):
        tracker.reset()
        times, temperatures = tracker.times_ms, tracker.temperatures_c
    times.append(at_ms)
    temperatures.append(temperature_c)
    back = temperatures[tracker.extreme] - temperature_c
    if not tracker.rising:
        back = -back
    if back <= 0:
        tracker.extreme = len(times) - 1
        return None
    if back < TURN_MIN_C or back < TURN_SHARE * swing_c:
        return None
    end = tracker.extreme
    run = None
    if tracker.settled and end >= RUN_SAMPLES_MIN:
        swing = abs(temperatures[end] - temperatures[0])
        run = Run(tracker.rising, swing, (times[end] - times[0]) / 60_000, temperatures[end])
    tracker.times_ms, tracker.temperatures_c = times[end:], temperatures[end:]
    tracker.rising, tracker.settled = not tracker.rising, tracker.settled or end >= RUN_SAMPLES_MIN
    furthest = max if tracker.rising else min
    tracker.extreme = tracker.temperatures_c.index(furthest(tracker.temperatures_c))
    return run
