"""Refrigeration that loses capacity, told from temperature alone, days before the room gets warm.

A cooler swings by dT between its switch-on and switch-off temperatures: C dT/dt = UA lift - Q on(t), so its capacity
Q/C is dT (1/t_fall + 1/t_rise), and t_fall / (t_fall + t_rise) its duty. Windows of some hours give the middle of
both times; a regression learnt on the first days takes out load and time of day; the median deviation of a day goes
into a CUSUM (Page 1954). So does how fast it recovers from defrosts, where samples are too few for its cycles. What
happens at once, as a fan that stops, is told by single windows that are all far off.
"""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import fmean, median

import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance import causes, gathering, warming, weakening
from cloud.core.maintenance.baseline import DAY_MS, Baseline, Window, beyond, doubt, fit, load_of, losses
from cloud.core.maintenance.causes import Cause
from cloud.core.maintenance.cycles import GAP_MS, SPACING_MS
from cloud.core.maintenance.gathering import NO_PAUSE_MIN, WINDOW_MS, Gathering
from cloud.core.maintenance.recovering import slower
from cloud.core.maintenance.warming import LOW_SHARE, Warming

LEARN_DAYS_MIN, LEARN_DAYS_MAX = 6, 28
"""The baseline is fitted at the former, then refined by quiet days up to the latter."""
SEASON_DAYS_MAX = 60
"""Up to so many, where the season brings loads that were not learned: a fault of the machine does not change these."""
LEARN_LAG_DAYS = 3
"""A beginning fault looks quiet at first; so long a day waits before it is learned."""
QUIET_SIGMAS, QUIET_SWINGS = 3.0, 0.5
"""A day is quiet within so many deviations of the usual, and not warmer by so many swings; a CUSUM below `QUIET_CUSUM`
says that the days since were quiet too."""
QUIET_CUSUM = 1.0
DAY_WINDOWS_MIN = 3
SPARSE_DAYS = 3
"""A day with fewer usable windows says nothing; then it is looked at so many days together."""
RECENT_WINDOWS_MAX = 80
"""Ten days: what days left and causes are told from."""
CUSUM_SLACK, SLACK_SHARE = 0.75, 0.3
"""In deviations of a day; more where this share of what is worth a visit is more."""
BIAS_SHARE = 0.5
"""What is not known of a load that was not learned is the same each day, it does not add up to nothing: so much of it
is taken off."""
CUSUM_LIMIT, RECOVERY_LIMIT = 11.0, 18.0
"""Set so that healthy rooms are left alone, in worlds of which none is reported."""
IDLE_SHARE = 0.85
"""One that runs less than such a share of its usual is not weak, however odd its cycles are on cool days."""
CALM_DAYS = 2
"""So long as usual, and the cooler counts as repaired."""
SHARE_MS_MAX = 4 * WINDOW_MS
"""A window speaks for the time since the one before, up to so much."""
Z_MAX = 6.0
"""One day can not raise the alarm by itself."""
LOSS_MIN, LOSS_MIN_UNSURE = 0.10, 0.15
SLOWER_MIN, SLOWER_MIN_UNSURE = 0.25, 0.4
"""Less than this share (the second: the outside temperature is not known) is not worth a visit: weather and doors move
it too."""
SUDDEN_WINDOWS, SUDDEN_SIGMAS, SUDDEN_LOSS = 2, 8.0, 0.35
"""So many windows in a row so far off (in deviations, and ln) are told at once."""
LOADED_RISES, LOADED_LN, LOADED_SIGMAS = 6, 0.5, 5.0
"""So many rises in a row, all so much faster (ln, and in usual deviations) than those of the day before: a door."""
LOADED_BEFORE = 9
"""With so many windows before it is compared."""
HOT_WINDOWS = 3
"""So many tell how fast it warms up on a day like this."""
COUNT_MAX = 100
"""Counts of what goes on in a row need not grow further."""
DAYS_KEPT = 90
"""Days that are drawn."""


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

    gathering: Gathering = field(default_factory=Gathering)
    learned: list[list[Window]] = field(default_factory=list)
    recent: list[Window] = field(default_factory=list)
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
    """So many rises in a row were far too fast."""
    loaded_ms: int = 0

    @property
    def last_ms(self) -> int:
        """When it was heard last."""
        return self.gathering.last_ms


def step(state: State, at_ms: int, temperature_c: float, ambient_c: float | None = None) -> State:
    """Take one sample, in order of time (an older one is ignored); any rate from 1/s to one in 15 minutes."""
    seen, known = state.gathering, state.baseline
    if at_ms - seen.last_ms < SPACING_MS or gathering.spikes(seen, at_ms, temperature_c):
        return state
    seen.last_c, before_ms = temperature_c, seen.last_ms
    if known is None:
        seen.low_ms = at_ms
    else:
        low_c = gathering.lowest_c(seen, known)
        if at_ms - before_ms > GAP_MS or temperature_c <= low_c + LOW_SHARE * known.swing_c:
            seen.low_ms = at_ms
        around_c = seen.outside_c[-1] if seen.outside_c else None
        warming.follow(state.warming, known, low_c, around_c, at_ms, temperature_c, before_ms)
    seen.last_ms = at_ms
    number = at_ms // WINDOW_MS
    if number != seen.number:
        _close_window(state, number)
        gathering.begin(seen, number, at_ms)
    gathering.take(seen, state.baseline, at_ms, temperature_c, ambient_c)
    return state


def troubled(state: State) -> bool:
    """Whether anything is wrong with it."""
    return state.losing or state.warming.told_ms > 0 or state.loaded >= LOADED_RISES


def _close_window(state: State, next_number: int) -> None:
    """Judge by the window that is over, and at the end of a day (UTC) learn from it."""
    seen = state.gathering
    window = gathering.close(seen, state.baseline, state.warming)
    if window is not None:
        _weigh(state, window)
        state.recent = [*state.recent, window][-RECENT_WINDOWS_MAX:]
        _judge(state, window.at_ms)
        state.warming.rise_min = median(one.rise_min for one in state.recent[-HOT_WINDOWS:])
    day, next_day = (number * WINDOW_MS // DAY_MS for number in (seen.number, next_number))
    if next_day != day:
        _close_day(state, day)
        _learn(state, day)


def _learn(state: State, day: int) -> None:
    """Learn from a day (UTC): the first ones as they come, later ones once the days since have stayed quiet."""
    fitted, count = state.baseline, len(state.learned)
    if fitted is not None:
        day -= LEARN_LAG_DAYS
    windows = _lately(state.recent, (day + 1) * DAY_MS)
    if not windows or (fitted is not None and not _teaches(state, fitted, windows)):
        return
    if state.learned and state.learned[-1][-1].at_ms >= windows[0].at_ms:
        return
    state.learned.append(windows)
    if count + 1 >= LEARN_DAYS_MIN:
        until_ms = (day + 1) * DAY_MS
        state.baseline = fit(state.learned, [one for one in state.gathering.recoveries if one.at_ms < until_ms])


def _lately(windows: list[Window], until_ms: int) -> list[Window]:
    """Those of the last day, or of the last three where one has too few; none where these have too few."""
    for days in (1, SPARSE_DAYS):
        found = [window for window in windows if until_ms - days * DAY_MS < window.at_ms <= until_ms]
        if len(found) >= DAY_WINDOWS_MIN:
            return found
    return []


def _teaches(state: State, known: Baseline, windows: list[Window]) -> bool:
    """Whether a later day is to be learned: it and all since were quiet, and there is something to be learned of it."""
    count = len(state.learned)
    if count >= SEASON_DAYS_MAX or max(state.cusum, state.cusum_slower) >= QUIET_CUSUM:
        return False
    if count >= LEARN_DAYS_MAX and not beyond(known, load_of(known, windows)):
        return False
    lowest_c = gathering.lowest_c(state.gathering, known)
    if median(window.low_c for window in windows) > lowest_c + QUIET_SWINGS * known.swing_c:
        return False
    unsure = sqrt(known.sigma**2 + doubt(known, windows))
    return float(np.median(losses(known, windows))) <= max(_least(known), QUIET_SIGMAS * unsure)


def _weigh(state: State, window: Window) -> None:
    """Whether it warms up much faster than in the day before, at the same capacity: a door that does not close."""
    baseline, before = state.baseline, [one for one in state.recent[-LOADED_BEFORE:] if one.fall_min < NO_PAUSE_MIN]
    if baseline is None or len(before) < DAY_WINDOWS_MIN or window.fall_min >= NO_PAUSE_MIN:
        return
    faster = float(np.log(median(one.rise_min for one in before) / window.rise_min))
    odd = faster > max(LOADED_LN, LOADED_SIGMAS * baseline.rise_sigma)
    state.loaded = min(state.loaded + window.rises, COUNT_MAX) if odd else 0
    if not odd:
        state.loaded_ms = 0
    elif not state.loaded_ms:
        state.loaded_ms = window.at_ms


def _least(baseline: Baseline) -> float:
    """The loss (ln) that is worth a visit."""
    return -log(1 - (LOSS_MIN if baseline.by_lift else LOSS_MIN_UNSURE))


def _judge(state: State, at_ms: int) -> None:
    """Add the last day's median loss to the CUSUM, by a window's share of a day."""
    baseline, last = state.baseline, state.recent[-1:]
    if baseline is None:
        return
    unsure = sqrt(baseline.window_sigma**2 + doubt(baseline, last))
    far = float(losses(baseline, last)[0]) > max(SUDDEN_LOSS, SUDDEN_SIGMAS * unsure)
    state.sudden = min(state.sudden + 1, COUNT_MAX) if far else 0
    windows = _lately(state.recent, at_ms) or (last if state.sudden else [])
    if not windows:
        return
    loss = float(np.median(losses(baseline, windows)))
    least, unknown = _least(baseline), doubt(baseline, windows)
    sd = sqrt(baseline.sigma**2 + unknown)
    slack = max(CUSUM_SLACK, SLACK_SHARE * least / sd)
    z = max(-Z_MAX, min(Z_MAX, (loss - BIAS_SHARE * sqrt(unknown)) / sd))
    if median(window.duty for window in windows) < IDLE_SHARE * baseline.duty:
        z = min(z, 0.0)
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
        _explain(state, baseline, len(windows), at_ms, not was)
    elif was:
        state.cause, state.left, state.votes = "losing_capacity", None, {}


def _explain(state: State, known: Baseline, lately: int, at_ms: int, new: bool) -> None:
    """Of what it loses capacity, by the windows so far (`lately` of them judged now); once a day how long it lasts."""
    seen_ms = [one.at_ms for one in state.gathering.recoveries]
    cause = causes.tell(causes.read(known, state.recent, lately, seen_ms, state.since_ms, state.last_ms))
    state.votes[cause] = state.votes.get(cause, 0) + 1
    state.cause = causes.elected(state.votes)
    if new or at_ms // DAY_MS != state.foretold_day:
        state.foretold_day = at_ms // DAY_MS
        state.left = weakening.days_left(known, state.recent, state.since_ms, state.limit_c)


def _close_day(state: State, day: int) -> None:
    """A day is over: what is worth drawing of it, and whether it recovered more slowly."""
    windows = [window for window in state.recent if window.at_ms // DAY_MS == day]
    baseline = state.baseline
    late, recoveries = 0.0, [one for one in state.gathering.recoveries if one.at_ms // DAY_MS == day]
    if baseline is not None and baseline.pace is not None and recoveries:
        late, sd = slower(baseline.pace, recoveries)
        if len(windows) < DAY_WINDOWS_MIN:
            _judge_recovery(state, late, sd, SLOWER_MIN if baseline.by_lift else SLOWER_MIN_UNSURE)
        if state.cusum_slower and state.since_ms is None:
            state.since_ms = recoveries[0].at_ms
        if not windows:
            state.losing = state.cusum_slower >= RECOVERY_LIMIT or (state.losing and state.cusum >= CUSUM_LIMIT)
    if baseline is not None:
        warming.close_day(state.warming)
    if windows:
        lost = float(np.median(losses(baseline, windows))) if baseline is not None else 0.0
        duty, fall, rise = (median(getattr(one, name) for one in windows) for name in ("duty", "fall_min", "rise_min"))
        inside = fmean(one.inside_c for one in windows)
        count = sum(one.disturbances for one in windows)
        one = Day(day * DAY_MS + DAY_MS // 2, duty, fall, rise, lost, late, inside, count)
        state.days = [*state.days, one][-DAYS_KEPT:]


def _judge_recovery(state: State, late: float, sd: float, least: float) -> None:
    """Add to the CUSUM by how much (ln) a day's recoveries were slower; `least` is the share worth a visit."""
    z = max(-Z_MAX, min(Z_MAX, late / sd))
    if 1 - exp(-late) >= least or z < CUSUM_SLACK:
        slack = max(CUSUM_SLACK, -log(1 - least) / 2 / sd)
        state.cusum_slower = min(max(0.0, state.cusum_slower + z - slack), 2 * RECOVERY_LIMIT)
