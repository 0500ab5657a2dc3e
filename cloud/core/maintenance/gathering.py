"""From samples to windows of some hours: which of a cooler's runs are its cycles, and to where it cools down now.

A defrost or an open door rises further than a cycle, or faster; it and the fall after it tell nothing of the usual.
"""

from __future__ import annotations

from statistics import fmean, median

import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance import warming
from cloud.core.maintenance.baseline import Baseline, Window
from cloud.core.maintenance.cycles import GAP_MS, HOUR_MS, Run, Tracker, track
from cloud.core.maintenance.recovering import Recovery
from cloud.core.maintenance.warming import LOW_SHARE, Warming

WINDOW_MS = 3 * HOUR_MS
SAMPLES_MIN, COVERED = 8, 0.5
"""A window with fewer samples, or that begins later than so much of it, tells nothing."""
CARRIED_MAX = 1
"""A slow cooler has no whole cycle in each window: its runs count in the next as well."""
SPIKE_MIN_C, SPIKE_SHARE = 0.6, 0.75
"""A sample so far (share of the usual swing) from the one before is left out; if it is true, so is the next."""
SWING_MIN_C = 0.3
"""What swings less can not be told from noise."""
SWINGS_KEPT = 8
"""So many windows' swings tell the usual one: a day."""
WHOLE_SWING = (0.65, 1.6)
"""A rise outside this range of usual swings is a defrost or an open door; it and the fall after it are left out."""
STEEP_SWING, STEEP_TIMES = 1.1, 1.6
"""So is a rise that is both further and faster than usual."""
CYCLING_RUNS = 3
"""After so many whole runs without a break it does switch on and off, if at another temperature: it was set to that."""
PROPER_TIMES = 1.5
"""A fall that ends above where it should is one of these only if it took less than so many times the usual."""
NO_PAUSE_MIN = 1440.0
"""How long a fall takes where it runs without pause, and does not get there."""
WARM_SHARE = 1.1
"""So many swings above where it usually switches off, it should run."""
RECOVERIES_MAX = 120
"""The last ones are kept: a week of hourly ones, a month of others."""


class Gathering(Struct):
    """What was seen since the last window, and what is needed to tell cycles from all else."""

    tracker: Tracker = field(default_factory=Tracker)
    last_ms: int = 0
    last_c: float = 0.0
    doubted: bool = False
    """The sample before was left out."""
    number: int = 0
    """Of the window, since 1970."""
    first_ms: int = 0
    inside_c: list[float] = field(default_factory=list)
    outside_c: list[float] = field(default_factory=list)
    before_c: list[float] = field(default_factory=list)
    """Inside in the window before; a slow cooler's swing does not fit into one."""
    falls_min: list[float] = field(default_factory=list)
    rises_min: list[float] = field(default_factory=list)
    whole_c: list[float] = field(default_factory=list)
    """How far each of these rises went."""
    carried: int = 0
    """Windows that these runs were carried over."""
    cycles: int = 0
    disturbances: int = 0
    swings_c: list[float] = field(default_factory=list)
    usual_swing_c: float = 0.0
    recovering: bool = False
    """The last rise was no cycle's."""
    whole_runs: int = 0
    """So many runs one after the other were of the usual swing."""
    ends_c: list[float] = field(default_factory=list)
    """Where the falls among these ended."""
    low_c: float | None = None
    """Where falls end now."""
    low_ms: int = 0
    """When it was cooled down last, or had a reason not to be."""
    recoveries: list[Recovery] = field(default_factory=list)


def spikes(seen: Gathering, at_ms: int, temperature_c: float) -> bool:
    """Whether a sample is to be left out: alone it is so far from the one before that it is hardly true."""
    near = max(SPIKE_MIN_C, SPIKE_SHARE * seen.usual_swing_c)
    close = at_ms - seen.last_ms <= GAP_MS and seen.usual_swing_c > 0
    seen.doubted = close and not seen.doubted and abs(temperature_c - seen.last_c) > near
    return seen.doubted


def take(seen: Gathering, known: Baseline | None, at_ms: int, temperature_c: float, outside_c: float | None) -> None:
    """Take a sample that is in order."""
    seen.inside_c.append(temperature_c)
    if outside_c is not None:
        seen.outside_c.append(outside_c)
    if seen.usual_swing_c:
        run = track(seen.tracker, at_ms, temperature_c, seen.usual_swing_c)
        if run is not None:
            _take_run(seen, known, run, at_ms)


def lowest_c(seen: Gathering, known: Baseline) -> float:
    """To where it cools down: as it was learned, or where its falls end now, if somebody set it warmer."""
    return known.low_c if seen.low_c is None else max(known.low_c, seen.low_c)


def _take_run(seen: Gathering, known: Baseline | None, run: Run, at_ms: int) -> None:
    whole = WHOLE_SWING[0] * seen.usual_swing_c < run.swing_c < WHOLE_SWING[1] * seen.usual_swing_c
    if whole and run.rising and known is not None and run.swing_c > STEEP_SWING * known.swing_c:
        whole = run.swing_c / run.minutes < STEEP_TIMES * known.swing_c / known.rise_min
    _follow_low(seen, known, run, whole)
    if run.rising:
        seen.recovering = not whole
        if whole:
            seen.rises_min.append(run.minutes)
            seen.whole_c.append(run.swing_c)
        else:
            seen.disturbances += 1
            seen.low_ms = at_ms  # it may need a while for that
    elif whole and not seen.recovering:
        seen.falls_min.append(run.minutes)
    elif run.swing_c >= WHOLE_SWING[1] * seen.usual_swing_c:
        lift_c = seen.outside_c[-1] - seen.inside_c[-1] if seen.outside_c else None
        one = Recovery(at_ms, run.swing_c, run.swing_c / max(run.minutes, 1.0), lift_c)
        seen.recoveries = [*seen.recoveries, one][-RECOVERIES_MAX:]


def _follow_low(seen: Gathering, known: Baseline | None, run: Run, whole: bool) -> None:
    """Where falls end now, once it switches on and off without a break."""
    if whole and not run.rising and known is not None and run.end_c > lowest_c(seen, known) + LOW_SHARE * known.swing_c:
        # It was set warmer, or this was ended by the next defrost before it was there.
        whole = run.minutes < PROPER_TIMES * known.fall_min
    if not whole:
        seen.whole_runs, seen.ends_c = 0, []
        return
    seen.whole_runs += 1
    if not run.rising:
        seen.cycles += 1
        seen.ends_c = [*seen.ends_c, run.end_c][-CYCLING_RUNS:]
    if seen.whole_runs >= CYCLING_RUNS and seen.ends_c:
        seen.low_c = median(seen.ends_c)


def close(seen: Gathering, known: Baseline | None, cooling: Warming) -> Window | None:
    """What the window says that is over now; None where it says nothing."""
    end_ms = (seen.number + 1) * WINDOW_MS
    if len(seen.inside_c) < SAMPLES_MIN or not seen.first_ms or end_ms - seen.first_ms < COVERED * WINDOW_MS:
        return None
    # Defrosts and doors raise the upper part of a window; the lower shows the thermostat's swing.
    low, high = np.percentile([*seen.before_c, *seen.inside_c], [10, 60])
    seen.swings_c = [*seen.swings_c, max(SWING_MIN_C, 2 * float(high - low))][-SWINGS_KEPT:]
    seen.usual_swing_c = median(seen.swings_c) if known is None else known.swing_c
    if known is not None and _never_rests(seen, known, cooling):
        fall, rise, swing = NO_PAUSE_MIN, known.rise_min, known.swing_c
    elif seen.falls_min and seen.rises_min:
        fall, rise, swing = middle(seen.falls_min), middle(seen.rises_min), median(seen.whole_c)
    else:
        return None
    return Window(
        seen.number * WINDOW_MS + WINDOW_MS // 2, fall, rise, fmean(seen.inside_c),
        fmean(seen.outside_c) if seen.outside_c else None, seen.disturbances, swing,
        float(np.percentile(seen.inside_c, 10)), WINDOW_MS / 60_000 / len(seen.inside_c), len(seen.rises_min),
    )  # fmt: skip


def begin(seen: Gathering, number: int, at_ms: int) -> None:
    """A new window begins."""
    seen.number, seen.first_ms, seen.disturbances, seen.cycles = number, at_ms, 0, 0
    seen.before_c, seen.inside_c, seen.outside_c = seen.inside_c, [], []
    if seen.carried >= CARRIED_MAX or (seen.falls_min and seen.rises_min):
        seen.falls_min, seen.rises_min, seen.whole_c, seen.carried = [], [], [], 0
    else:
        seen.carried += 1


def _never_rests(seen: Gathering, known: Baseline, cooling: Warming) -> bool:
    """Whether it runs without pause: it is too warm, has hardly a cycle, and was not cooled down for two of them."""
    cycle_min = known.fall_min + known.rise_min
    if fmean(seen.inside_c) <= lowest_c(seen, known) + WARM_SHARE * known.swing_c:
        return False
    if seen.cycles >= max(1, int(WINDOW_MS / 60_000 / cycle_min / 2)):
        return False
    while_ms = max(0.9 * WINDOW_MS, 2 * 60_000 * cycle_min)
    return seen.last_ms - seen.low_ms >= while_ms or warming.overdue_ms(cooling, seen.last_ms) >= while_ms


def middle(values: list[float]) -> float:
    """The mean of the middle half: like a median, but not as coarse as the samples."""
    cut = len(values) // 4
    return fmean(sorted(values)[cut : len(values) - cut])
