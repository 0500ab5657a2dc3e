"""Refrigeration that loses capacity, told from temperature alone, days before the room gets warm.

A cooler swings by dT between its switch-on and switch-off temperatures: C dT/dt = UA lift - Q on(t), so its capacity
Q/C is dT (1/t_fall + 1/t_rise), and t_fall / (t_fall + t_rise) its duty. Windows of some hours give the medians of
both times; a regression learnt on the first days takes out load and time of day; the median deviation of a day goes
into a CUSUM (Page 1954). So does how fast it recovers from defrosts, which is seen even where samples are too few for
its cycles. What happens at once, as a fan that stops, is told by single windows that are all far off.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, sqrt
from statistics import fmean, median
from typing import Literal

import numpy as np
from msgspec import Struct, field
from numpy.lib.stride_tricks import sliding_window_view

from cloud.core.maintenance import causes, weakening
from cloud.core.maintenance import warming as warm_
from cloud.core.maintenance.baseline import (
    DAY_MS,
    RECOVERIES_MIN,
    Baseline,
    Recovery,
    Window,
    beyond,
    doubt,
    fit,
    load_of,
    losses,
    slower,
)
from cloud.core.maintenance.causes import Cause, Signs
from cloud.core.maintenance.cycles import GAP_MS, HOUR_MS, SPACING_MS, Run, Tracker, track
from cloud.core.maintenance.warming import LEARN_DAYS_MIN, LOW_SHARE, Warming

WINDOW_MS = 3 * HOUR_MS
WINDOW_SAMPLES_MIN, WINDOW_COVERED = 12, 0.5
LEARN_DAYS_MAX = 28
"""The baseline is fitted at the former, then refined by quiet days up to the latter."""
SEASON_DAYS_MAX = 60
"""Up to so many, where the season brings loads that were not learned: a fault of the machine does not change these."""
LEARN_LAG_DAYS = 3
"""A beginning fault looks quiet at first; so long a day waits before it is learned."""
CARRIED_MAX = 1
QUIET_SIGMAS, QUIET_SWINGS = 3.0, 0.5
DAY_WINDOWS_MIN = 3
"""A day with fewer usable windows says nothing."""
RECENT_WINDOWS_MAX = 80
RECOVERIES_MAX = 120
CUSUM_SLACK = 0.75
CUSUM_LIMIT, RECOVERY_LIMIT = 14.0, 18.0
CALM_DAYS = 2
"""So long as usual, and the cooler counts as repaired."""
SHARE_MS_MAX = 4 * WINDOW_MS
"""A window speaks for the time since the one before, up to so much."""
Z_MAX = 6.0
"""One day can not raise the alarm by itself."""
LOSS_MIN, LOSS_MIN_UNSURE = 0.10, 0.20
SLOWER_MIN, SLOWER_MIN_UNSURE = 0.25, 0.4
"""Less than this share (the second: the outside temperature is not known) is not worth a visit: weather and doors move
it too."""
SUDDEN_WINDOWS, SUDDEN_SIGMAS, SUDDEN_LOSS = 2, 8.0, 0.35
"""So many windows in a row so far off (ln) are told at once."""
JUMP_WINDOWS = 4
HOT_WINDOWS = 3
LOADED_RISES, LOADED_LN, LOADED_SIGMAS = 6, 0.5, 5.0
"""So many windows in a row in which it warms up so much faster (ln, and in usual deviations) than in those before."""
SPIKE_MIN_C, SPIKE_SHARE = 0.6, 0.75
"""A sample so far (share of the usual swing) from the one before is left out; if it is true, so is the next."""
SWING_MIN_C = 0.3
WHOLE_SWING = (0.65, 1.6)
"""A rise outside this range of usual swings is a defrost or an open door; it and the fall after it are left out."""
CYCLING_RUNS = 3
"""After so many whole runs without a break it does switch on and off, at whatever temperature: it was set to another."""
PROPER_TIMES = 1.5
STEEP_SWING, STEEP_TIMES = 1.1, 1.6
"""So is a rise that is both further and faster than usual."""
NO_PAUSE_MIN = 1440.0
WARM_SHARE = 1.1
"""So many swings above where it usually switches off, it should run."""
DAYS_KEPT = 90


class Day(Struct, frozen=True, array_like=True):
    """A day in numbers, to draw: duty and rise as seen, the share of capacity lost, how much slower it recovered."""

    at_ms: int
    duty: float
    fall_min: float
    rise_min: float
    lost: float
    slower: float
    inside_c: float
    disturbances: int


class State(Struct):
    """All that is remembered of one cooler: bounded (some 25 KB), serialisable. `step` changes it in place."""

    tracker: Tracker = field(default_factory=Tracker)
    last_ms: int = 0
    last_c: float = 0.0
    doubted: bool = False
    window: int = 0
    falls_min: list[float] = field(default_factory=list)
    rises_min: list[float] = field(default_factory=list)
    whole_c: list[float] = field(default_factory=list)
    cycles: int = 0
    carried: int = 0
    """Windows that these runs were carried over: a slow cooler has no whole cycle in each."""
    before_c: list[float] = field(default_factory=list)
    """Of the window before; a slow cooler's swing does not fit into one."""
    inside_c: list[float] = field(default_factory=list)
    outside_c: list[float] = field(default_factory=list)
    first_ms: int = 0
    swings_c: list[float] = field(default_factory=list)
    usual_swing_c: float = 0.0
    recovering: bool = False
    whole_runs: int = 0
    """So many runs one after the other were of the usual swing."""
    ends_c: list[float] = field(default_factory=list)
    """Where the falls among these ended."""
    low_c: float | None = None
    """Where falls end now."""
    low_ms: int = 0
    disturbances: int = 0
    learned: list[list[Window]] = field(default_factory=list)
    recent: list[Window] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    baseline: Baseline | None = None
    cusum: float = 0.0
    cusum_slower: float = 0.0
    judged_ms: int = 0
    sudden: int = 0
    losing: bool = False
    since_ms: int | None = None
    calm_days: float = 0.0
    cause: Cause = "losing_capacity"
    votes: dict[Cause, int] = field(default_factory=dict)
    limit_c: float | None = None
    """Above this the room is too warm; told by whoever knows the room."""
    left: tuple[float, float, float] | None = None
    foretold_day: int = 0
    days: list[Day] = field(default_factory=list)
    warming: Warming = field(default_factory=Warming)
    loaded: int = 0
    loaded_ms: int = 0


class Assessment(Struct, frozen=True):
    """How a cooler is.

    `learning`: fewer than `LEARN_DAYS_MIN` good days so far. `blind`: no cycle seen for a day. `score`: 1 nothing
    seen, 0.5 the alarm's limit, 0 twice that; `losing` is beyond it, and enough lost; `cause` says of what, as far as
    that can be told. `days_to_limit`: until it would run without pause at the day's heaviest load, on the present
    course, with a 90 % range; `days_high` is None when that is open-ended. `evidence`: what is seen now beside what
    is expected.
    """

    state: Literal["learning", "steady", "losing", "blind"]
    capacity_lost_pct: float
    score: float
    since_ms: int | None
    days_to_limit: float | None
    days_low: float | None
    days_high: float | None
    evidence: dict[str, float]
    cause: Cause = "losing_capacity"


def step(state: State, at_ms: int, temperature_c: float, ambient_c: float | None = None) -> State:
    """Take one sample, in order of time (an older one is ignored); any rate from 1/s to one in five minutes."""
    if at_ms - state.last_ms < SPACING_MS:
        return state
    known = state.baseline
    if state.usual_swing_c and not state.doubted and at_ms - state.last_ms <= GAP_MS:
        if abs(temperature_c - state.last_c) > max(SPIKE_MIN_C, SPIKE_SHARE * state.usual_swing_c):
            state.doubted = True
            return state
    state.doubted, state.last_c = False, temperature_c
    low_c = _low_c(state, known)
    if known is None or at_ms - state.last_ms > GAP_MS or temperature_c <= low_c + LOW_SHARE * known.swing_c:
        state.low_ms = at_ms
    if known is not None:
        around_c = state.outside_c[-1] if state.outside_c else None
        warm_.follow(state.warming, known, low_c, around_c, at_ms, temperature_c, state.last_ms, state.low_ms == at_ms)
    state.last_ms = at_ms
    window = at_ms // WINDOW_MS
    if window != state.window:
        _close_window(state, window)
        state.first_ms = at_ms
    state.inside_c.append(temperature_c)
    if ambient_c is not None:
        state.outside_c.append(ambient_c)
    if state.usual_swing_c:
        run = track(state.tracker, at_ms, temperature_c, state.usual_swing_c)
        if run is not None:
            _take(state, run, at_ms)
    return state


def _low_c(state: State, known: Baseline | None) -> float:
    """To where it cools down: as it was learned, or where its falls end now, if somebody set it warmer."""
    if known is None:
        return 0.0
    return known.low_c if state.low_c is None else max(known.low_c, state.low_c)


def _take(state: State, run: Run, at_ms: int) -> None:
    whole = WHOLE_SWING[0] * state.usual_swing_c < run.swing_c < WHOLE_SWING[1] * state.usual_swing_c
    known = state.baseline
    if whole and run.rising and known is not None and run.swing_c > STEEP_SWING * known.swing_c:
        whole = run.swing_c / run.minutes < STEEP_TIMES * known.swing_c / known.rise_min
    if whole and not run.rising and known is not None and run.end_c > _low_c(state, known) + LOW_SHARE * known.swing_c:
        # It was set warmer, or ended by the next defrost before it was there.
        proper = run.minutes < PROPER_TIMES * known.fall_min
    else:
        proper = whole
    if not proper:
        state.whole_runs, state.ends_c = 0, []
    else:
        state.whole_runs += 1
        if not run.rising:
            state.cycles += 1
            state.ends_c = [*state.ends_c, run.end_c][-CYCLING_RUNS:]
        if state.whole_runs >= CYCLING_RUNS and state.ends_c:
            state.low_c = median(state.ends_c)
    if run.rising:
        if not whole:
            state.disturbances += 1
            state.low_ms = at_ms  # it may need a while for that
        state.recovering = not whole
        if whole:
            state.rises_min.append(run.minutes)
            state.whole_c.append(run.swing_c)
    elif whole and not state.recovering:
        state.falls_min.append(run.minutes)
    elif run.swing_c >= WHOLE_SWING[1] * state.usual_swing_c:
        lift_c = state.outside_c[-1] - state.inside_c[-1] if state.outside_c else None
        one = Recovery(at_ms, run.swing_c, run.swing_c / max(run.minutes, 1.0), lift_c)
        state.recoveries = [*state.recoveries, one][-RECOVERIES_MAX:]


def _close_window(state: State, next_window: int) -> None:
    """Turn what was gathered into a `Window`, and a day's windows (UTC) into what is learned."""
    covered_ms = state.last_ms and (state.window + 1) * WINDOW_MS - state.first_ms
    if len(state.inside_c) >= WINDOW_SAMPLES_MIN and covered_ms >= WINDOW_COVERED * WINDOW_MS:
        # Defrosts and doors raise the upper part of a window; the lower shows the thermostat's swing.
        low, high = np.percentile([*state.before_c, *state.inside_c], [10, 60])
        state.swings_c = [*state.swings_c, max(SWING_MIN_C, 2 * float(high - low))][-8:]
        state.usual_swing_c = median(state.swings_c) if state.baseline is None else state.baseline.swing_c
        window = _window(state)
        if window is not None:
            _weigh(state, window)
            state.recent = [*state.recent, window][-RECENT_WINDOWS_MAX:]
            _judge(state, window.at_ms)
            state.warming.rise_min = median(one.rise_min for one in state.recent[-HOT_WINDOWS:])
    day, next_day = (number * WINDOW_MS // DAY_MS for number in (state.window, next_window))
    if next_day != day:
        _close_day(state, day)
        _learn(state, day)
    state.window, state.disturbances, state.cycles = next_window, 0, 0
    state.before_c, state.inside_c, state.outside_c = state.inside_c, [], []
    if state.carried >= CARRIED_MAX or (state.falls_min and state.rises_min):
        state.falls_min, state.rises_min, state.whole_c, state.carried = [], [], [], 0
    else:
        state.carried += 1


def _window(state: State) -> Window | None:
    at_ms = state.window * WINDOW_MS + WINDOW_MS // 2
    count, known = len(state.inside_c), state.baseline
    inside = sum(state.inside_c) / count
    outside = sum(state.outside_c) / len(state.outside_c) if state.outside_c else None
    low, spacing = float(np.percentile(state.inside_c, 10)), WINDOW_MS / 60_000 / count
    if known is not None:
        quiet_ms = state.last_ms - state.low_ms
        warm = inside > _low_c(state, known) + WARM_SHARE * known.swing_c
        cycles = WINDOW_MS / 60_000 / (known.fall_min + known.rise_min)
        warm = warm and state.cycles < max(1, int(cycles / 2))
        while_ms = max(0.9 * WINDOW_MS, 2 * 60_000 * (known.fall_min + known.rise_min))
        if warm and (quiet_ms >= while_ms or warm_.overdue(state.warming, state.last_ms) >= while_ms):
            swing = known.swing_c  # it runs without pause, and does not get there
            return Window(at_ms, NO_PAUSE_MIN, known.rise_min, inside, outside, state.disturbances, swing, low, spacing)
    if state.falls_min and state.rises_min:
        fall, rise, swing = middle(state.falls_min), middle(state.rises_min), median(state.whole_c)
        rises = len(state.rises_min)
        return Window(at_ms, fall, rise, inside, outside, state.disturbances, swing, low, spacing, rises)
    return None


def middle(values: list[float]) -> float:
    """The mean of the middle half: like a median, but not as coarse as the samples."""
    cut = len(values) // 4
    return fmean(sorted(values)[cut : len(values) - cut])


def _learn(state: State, day: int) -> None:
    """Learn from a day (UTC): the first ones as they come, later ones once the days since have stayed quiet."""
    if state.baseline is not None:
        day -= LEARN_LAG_DAYS
    windows = [window for window in state.recent if window.at_ms // DAY_MS == day]
    known = len(state.learned)
    if known >= SEASON_DAYS_MAX or max(state.cusum, state.cusum_slower) >= 1.0 or len(windows) < DAY_WINDOWS_MIN:
        return
    fitted = state.baseline
    if fitted is not None:
        if median(window.low_c for window in windows) > _low_c(state, fitted) + QUIET_SWINGS * fitted.swing_c:
            return
        unsure = sqrt(fitted.sigma**2 + doubt(fitted, windows))
        if float(np.median(losses(fitted, windows))) > max(_least(fitted), QUIET_SIGMAS * unsure):
            return
    if known >= LEARN_DAYS_MAX and fitted is not None and not beyond(fitted, load_of(fitted, windows)):
        return
    if state.learned and state.learned[-1][-1].at_ms >= windows[0].at_ms:
        return
    state.learned.append(windows)
    if known + 1 >= LEARN_DAYS_MIN:
        until_ms = (day + 1) * DAY_MS
        state.baseline = fit(state.learned, [one for one in state.recoveries if one.at_ms < until_ms])


def _weigh(state: State, window: Window) -> None:
    """Whether it warms up much faster than in the day before, at the same capacity: a door that does not close."""
    baseline, before = state.baseline, [one for one in state.recent[-9:] if one.fall_min < NO_PAUSE_MIN]
    if baseline is None or len(before) < DAY_WINDOWS_MIN or window.fall_min >= NO_PAUSE_MIN:
        return
    faster = float(np.log(median(one.rise_min for one in before) / window.rise_min))
    odd = faster > max(LOADED_LN, LOADED_SIGMAS * baseline.rise_sigma)
    state.loaded = min(state.loaded + window.rises, 100) if odd else 0
    if not odd:
        state.loaded_ms = 0
    elif not state.loaded_ms:
        state.loaded_ms = window.at_ms


def _least(baseline: Baseline) -> float:
    """The loss (ln) that is worth a visit."""
    return -log(1 - (LOSS_MIN if baseline.by_lift else LOSS_MIN_UNSURE))


def _judge(state: State, at_ms: int) -> None:
    """Add the last day's median loss to the CUSUM, by a window's share of a day."""
    baseline, windows = state.baseline, [window for window in state.recent if window.at_ms > at_ms - DAY_MS]
    if baseline is None:
        return
    off = float(losses(baseline, windows[-1:])[0])
    unsure = sqrt(baseline.window_sigma**2 + doubt(baseline, windows[-1:]))
    far = off > max(SUDDEN_LOSS, SUDDEN_SIGMAS * unsure)
    state.sudden = min(state.sudden + 1, 100) if far else 0
    if len(windows) < DAY_WINDOWS_MIN and not state.sudden:
        return
    loss = float(np.median(losses(baseline, windows)))
    least = _least(baseline)
    sd = sqrt(baseline.sigma**2 + doubt(baseline, windows))
    slack = max(CUSUM_SLACK, least / 2 / sd)
    z = max(-Z_MAX, min(Z_MAX, loss / sd))
    share = min(at_ms - state.judged_ms, SHARE_MS_MAX) / DAY_MS
    state.judged_ms = at_ms
    state.cusum = min(max(0.0, state.cusum + (z - slack) * share), 2 * CUSUM_LIMIT)
    if state.sudden >= SUDDEN_WINDOWS:
        state.cusum = max(state.cusum, CUSUM_LIMIT)
    calm = z < slack and not state.sudden
    state.calm_days = state.calm_days + share if calm else 0.0
    if state.losing and state.calm_days >= CALM_DAYS:
        state.cusum = state.cusum_slower = 0.0
    if max(state.cusum, state.cusum_slower) == 0.0:
        state.since_ms = None
    elif state.since_ms is None:
        state.since_ms = windows[0].at_ms
    enough = state.losing or loss >= least or state.sudden >= SUDDEN_WINDOWS
    was = state.losing
    state.losing = (state.cusum >= CUSUM_LIMIT and enough) or state.cusum_slower >= RECOVERY_LIMIT
    if state.losing:
        cause = causes.tell(_signs(state, baseline, windows))
        state.votes[cause] = state.votes.get(cause, 0) + 1
        state.cause = causes.elected(state.votes)
        if not was or at_ms // DAY_MS != state.foretold_day:
            state.foretold_day = at_ms // DAY_MS
            state.left = weakening.days_left(baseline, state.recent, state.since_ms, state.limit_c)
    elif was:
        state.cause, state.left, state.votes = "losing_capacity", None, {}


def _close_day(state: State, day: int) -> None:
    """A day is over: what is worth drawing of it, and whether it recovered more slowly."""
    windows = [window for window in state.recent if window.at_ms // DAY_MS == day]
    baseline = state.baseline
    late, recoveries = 0.0, [one for one in state.recoveries if one.at_ms // DAY_MS == day]
    if baseline is not None and baseline.pace is not None and recoveries:
        late, sd = slower(baseline.pace, recoveries)
        z = max(-Z_MAX, min(Z_MAX, late / sd))
        enough = 1 - exp(-late) >= (SLOWER_MIN if baseline.by_lift else SLOWER_MIN_UNSURE) or z < CUSUM_SLACK
        least = SLOWER_MIN if baseline.by_lift else SLOWER_MIN_UNSURE
        slack = max(CUSUM_SLACK, -log(1 - least) / 2 / sd)
        if enough and (len(windows) < DAY_WINDOWS_MIN):
            state.cusum_slower = min(max(0.0, state.cusum_slower + z - slack), 2 * RECOVERY_LIMIT)
        if state.cusum_slower and state.since_ms is None:
            state.since_ms = recoveries[0].at_ms
        if not windows:
            state.losing = state.cusum_slower >= RECOVERY_LIMIT or (state.losing and state.cusum >= CUSUM_LIMIT)
    if baseline is not None:
        warming = state.warming
        if not warming.told_ms:
            warming.usual_min = [*warming.usual_min, warming.today_min][-LEARN_DAYS_MAX:]
        warming.today_min = 0.0
    if windows:
        lost = float(np.median(losses(baseline, windows))) if baseline is not None else 0.0
        numbers = (median(getattr(one, name) for one in windows) for name in ("duty", "fall_min", "rise_min"))
        duty, fall, rise = numbers
        inside = sum(one.inside_c for one in windows) / len(windows)
        count = sum(one.disturbances for one in windows)
        at_ms = day * DAY_MS + DAY_MS // 2
        state.days = [*state.days, Day(at_ms, duty, fall, rise, lost, late, inside, count)][-DAYS_KEPT:]


def _signs(state: State, baseline: Baseline, windows: list[Window]) -> Signs:
    """What tells causes apart, as it is now."""
    cycling = [one for one in windows if one.fall_min < NO_PAUSE_MIN]
    swing = median(np.log(one.swing_c / baseline.swing_c) for one in cycling) if cycling else 0.0
    lost = losses(baseline, state.recent)
    jump = 0.0
    if len(lost) >= 2 * JUMP_WINDOWS:
        middles = np.median(sliding_window_view(lost, JUMP_WINDOWS), axis=1)
        jump = max(0.0, float((middles[JUMP_WINDOWS:] - middles[:-JUMP_WINDOWS]).max()))
    times = [one.at_ms for one in state.recoveries]
    before = [at_ms for at_ms in times if state.since_ms is None or at_ms < state.since_ms]
    apart_ms = max((after - one for one, after in pairwise(before)), default=0)
    return Signs(
        loss=float(np.median(lost[-len(windows) :])),
        jump=jump,
        jump_sigmas=jump / baseline.window_sigma,
        swing=float(swing) / baseline.swing_sigma,
        cycling=len(cycling) / max(1, len(windows)),
        undisturbed=(state.last_ms - times[-1]) / apart_ms if apart_ms and len(before) >= RECOVERIES_MIN else 0.0,
    )


def assess(state: State, now_ms: int) -> Assessment:
    """What the samples so far say at `now_ms`."""
    baseline = state.baseline
    score = round(1 - max(state.cusum / CUSUM_LIMIT, state.cusum_slower / RECOVERY_LIMIT) / 2, 3)
    if baseline is None:
        return Assessment("learning", 0.0, 1.0, None, None, None, None, {"learned_days": float(len(state.learned))})
    fresh = bool(state.recent) and state.recent[-1].at_ms > now_ms - DAY_MS - WINDOW_MS
    day = state.recent[-DAY_MS // WINDOW_MS :]
    lost = max(0.0, 1 - exp(-float(np.median(losses(baseline, day)))))
    evidence = {
        "duty": median(window.duty for window in day),
        "duty_expected": baseline.fall_min / (baseline.fall_min + baseline.rise_min),
        "fall_min": median(window.fall_min for window in day),
        "fall_expected_min": baseline.fall_min,
        "rise_min": median(window.rise_min for window in day),
        "rise_expected_min": baseline.rise_min,
        "disturbances_day": float(sum(window.disturbances for window in day)),
        "learned_days": float(len(state.learned)),
    }
    low, middle, high = state.left or (None, None, None)
    return Assessment(
        "losing" if state.losing else "steady" if fresh else "blind",
        round(100 * lost, 1),
        max(0.0, score),
        state.since_ms if state.losing else None,
        middle,
        low,
        high,
        {name: round(value, 3) for name, value in evidence.items()},
        state.cause,
    )
