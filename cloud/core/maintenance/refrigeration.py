"""Refrigeration that loses capacity, told from temperature alone, days before the room gets warm.

A cooler swings by dT between its switch-on and switch-off temperatures: C dT/dt = UA lift - Q on(t), so its capacity
Q/C is dT (1/t_fall + 1/t_rise), and t_fall / (t_fall + t_rise) its duty. Windows of some hours give the medians of
both times; a regression learnt on the first days takes out load and time of day; the median deviation of a day goes
into a CUSUM (Page 1954). It needs a cooler that cycles: one with a variable-speed compressor stays `learning`.
"""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import median
from typing import Literal

import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance.baseline import DAY_MS, Baseline, Window, doubt, fit, losses
from cloud.core.maintenance.cycles import HOUR_MS, SPACING_MS, Run, Tracker, track

WINDOW_MS = 3 * HOUR_MS
WINDOW_SAMPLES_MIN = 60
LEARN_DAYS_MIN = 6
LEARN_DAYS_MAX = 14
"""The baseline is fitted at the former, then refined by quiet days up to the latter."""
LEARN_LAG_DAYS = 3
"""A beginning fault looks quiet at first; so long a day waits before it is learned."""
DAY_WINDOWS_MIN = 3
"""A day with fewer usable windows says nothing."""
RECENT_WINDOWS_MAX = 80
CUSUM_SLACK = 0.75
CUSUM_LIMIT = 8.0
CALM_DAYS = 2
"""So long as usual, and the cooler counts as repaired."""
Z_MAX = 6.0
"""One day can not raise the alarm by itself."""
LOSS_MIN = 0.10
"""Less than this share is not worth a visit: weather and doors move it too."""
SWING_MIN_C = 0.3
WHOLE_SWING = (0.65, 1.6)
"""A rise outside this range of usual swings is a defrost or an open door; it and the fall after it are left out."""
NO_PAUSE_MIN = 1440.0


class State(Struct):
    """All that is remembered of one cooler: bounded (some 20 KB), serialisable. `step` changes it in place."""

    tracker: Tracker = field(default_factory=Tracker)
    last_ms: int = 0
    window: int = 0
    falls_min: list[float] = field(default_factory=list)
    rises_min: list[float] = field(default_factory=list)
    inside_c: list[float] = field(default_factory=list)
    outside_c: list[float] = field(default_factory=list)
    swings_c: list[float] = field(default_factory=list)
    usual_swing_c: float = 0.0
    recovering: bool = False
    disturbances: int = 0
    learned: list[list[Window]] = field(default_factory=list)
    recent: list[Window] = field(default_factory=list)
    baseline: Baseline | None = None
    cusum: float = 0.0
    losing: bool = False
    since_ms: int | None = None
    calm_windows: int = 0


class Assessment(Struct, frozen=True):
    """How a cooler is.

    `learning`: fewer than `LEARN_DAYS_MIN` good days so far. `blind`: no cycle seen for a day. `score`: 1 nothing
    seen, 0.5 the alarm's limit, 0 twice that; `losing` is beyond it, and at least `LOSS_MIN` lost. `days_to_limit`:
    until it would run without pause at the day's heaviest load, on the present course, with a 90 % range; `days_high`
    is None when that is open-ended. `evidence`: what is seen now beside what is expected.
    """

    state: Literal["learning", "steady", "losing", "blind"]
    capacity_lost_pct: float
    score: float
    since_ms: int | None
    days_to_limit: float | None
    days_low: float | None
    days_high: float | None
    evidence: dict[str, float]


def step(state: State, at_ms: int, temperature_c: float, ambient_c: float | None = None) -> State:
    """Take one sample, in order of time (an older one is ignored); any rate from 1/s to one in some minutes."""
    if at_ms - state.last_ms < SPACING_MS:
        return state
    state.last_ms = at_ms
    window = at_ms // WINDOW_MS
    if window != state.window:
        _close_window(state, window)
    state.inside_c.append(temperature_c)
    if ambient_c is not None:
        state.outside_c.append(ambient_c)
    if state.usual_swing_c:
        run = track(state.tracker, at_ms, temperature_c, state.usual_swing_c)
        if run is not None:
            _take(state, run)
    return state


def _take(state: State, run: Run) -> None:
    whole = WHOLE_SWING[0] * state.usual_swing_c < run.swing_c < WHOLE_SWING[1] * state.usual_swing_c
    if run.rising:
        state.disturbances += not whole
        state.recovering = not whole
        if whole:
            state.rises_min.append(run.minutes)
    elif whole and not state.recovering:
        state.falls_min.append(run.minutes)


def _close_window(state: State, next_window: int) -> None:
    """Turn what was gathered into a `Window`, and a day's windows (UTC) into what is learned."""
    if len(state.inside_c) >= WINDOW_SAMPLES_MIN:
        low, high = np.percentile(state.inside_c, [15, 85])
        state.swings_c = [*state.swings_c, max(SWING_MIN_C, float(high - low) / 0.7)][-8:]
        state.usual_swing_c = median(state.swings_c)
        window = _window(state)
        if window is not None:
            state.recent = [*state.recent, window][-RECENT_WINDOWS_MAX:]
            _judge(state, window.at_ms)
    day, next_day = (number * WINDOW_MS // DAY_MS for number in (state.window, next_window))
    if next_day != day:
        _learn(state, day)
    state.window, state.disturbances = next_window, 0
    state.falls_min, state.rises_min, state.inside_c, state.outside_c = [], [], [], []


def _window(state: State) -> Window | None:
    at_ms = state.window * WINDOW_MS + WINDOW_MS // 2
    inside = sum(state.inside_c) / len(state.inside_c)
    outside = sum(state.outside_c) / len(state.outside_c) if state.outside_c else None
    if state.falls_min and state.rises_min:
        fall, rise = median(state.falls_min), median(state.rises_min)
        return Window(at_ms, fall, rise, inside, outside, state.disturbances)
    if state.baseline is not None and inside > state.baseline.warm_c:  # it runs without pause and still gets warm
        return Window(at_ms, NO_PAUSE_MIN, state.baseline.rise_min, inside, outside, state.disturbances)
    return None


def _learn(state: State, day: int) -> None:
    """Learn from a day (UTC): the first ones as they come, later ones once the days since have stayed quiet."""
    if state.baseline is not None:
        day -= LEARN_LAG_DAYS
    windows = [window for window in state.recent if window.at_ms // DAY_MS == day]
    known = len(state.learned)
    if known >= LEARN_DAYS_MAX or state.cusum >= 1.0 or len(windows) < DAY_WINDOWS_MIN:
        return
    if state.learned and state.learned[-1][-1].at_ms >= windows[0].at_ms:
        return
    state.learned.append(windows)
    if known + 1 >= LEARN_DAYS_MIN:
        state.baseline = fit(state.learned)


def _judge(state: State, at_ms: int) -> None:
    """Add the last day's median loss to the CUSUM, by a window's share of a day."""
    baseline, windows = state.baseline, [window for window in state.recent if window.at_ms > at_ms - DAY_MS]
    if baseline is None or len(windows) < DAY_WINDOWS_MIN:
        return
    loss = float(np.median(losses(baseline, windows)))
    z = max(-Z_MAX, min(Z_MAX, loss / sqrt(baseline.sigma**2 + doubt(baseline, windows))))
    share = WINDOW_MS / DAY_MS
    state.cusum = min(max(0.0, state.cusum + (z - CUSUM_SLACK) * share), 2 * CUSUM_LIMIT)
    state.calm_windows = state.calm_windows + 1 if z < CUSUM_SLACK else 0
    if state.losing and state.calm_windows * share >= CALM_DAYS:
        state.cusum = 0.0
    if state.cusum == 0.0:
        state.since_ms = None
    elif state.since_ms is None:
        state.since_ms = windows[0].at_ms
    state.losing = state.cusum >= CUSUM_LIMIT and (state.losing or 1 - exp(-loss) >= LOSS_MIN)


def assess(state: State, now_ms: int) -> Assessment:
    """What the samples so far say at `now_ms`."""
    baseline, score = state.baseline, round(1 - state.cusum / (2 * CUSUM_LIMIT), 3)
    if baseline is None:
        return Assessment("learning", 0.0, 1.0, None, None, None, None, {"learned_days": float(len(state.learned))})
    fresh = state.recent[-1].at_ms > now_ms - DAY_MS - WINDOW_MS
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
    days = _days_to_limit(state, baseline, day) if state.losing else (None, None, None)
    return Assessment(
        "losing" if state.losing else "steady" if fresh else "blind",
        round(100 * lost, 1),
        score,
        state.since_ms if state.losing else None,
        *days,
        {name: round(value, 3) for name, value in evidence.items()},
    )


def _days_to_limit(
    state: State, baseline: Baseline, day: list[Window]
) -> tuple[float | None, float | None, float | None]:
    """Days until the load takes all capacity, with low and high: by the line through ln capacity since it fell."""
    since = [window for window in state.recent if state.since_ms is None or window.at_ms >= state.since_ms]
    if len(since) <= DAY_WINDOWS_MIN:
        return None, None, None
    x = np.array([(window.at_ms - since[-1].at_ms) / DAY_MS for window in since])
    y = losses(baseline, since)
    spread = float(((x - x.mean()) ** 2).sum())
    rate = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    misfit = y - y.mean() - rate * (x - x.mean())
    error = 1.645 * sqrt(float((misfit**2).sum()) / (len(x) - 2) / spread)
    if rate <= 0:
        return None, None, None
    margin = max(0.0, -log(float(np.percentile([window.duty for window in day], 90))))
    high = round(margin / (rate - error), 1) if rate > error else None
    return round(margin / rate, 1), round(margin / (rate + error), 1), high
