"""Sensors as patients: drift, creep, noise, stuck values, spikes, silence, failing batteries and wrong clocks.

A `Chart` is what is known of one channel of one device; `feel` folds its samples, `pass_time` lets time pass. Each
finding has a code, the numbers that speak for it and a remedy; it comes and goes with hysteresis. What is usual for a
sensor is learnt by hours and days (28 are kept). Work is done by blocks (`symptoms`), so a sample costs about a
microsecond; `diagnosis` judges.

What can not be told: drift of a thermometer that has no neighbours (see `neighbours`), a stuck value where values often
stand still for days, a constant delay from a slow clock.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from edge.core.care import courses, diagnosis
from edge.core.care.charts import (
    DAY_MS,
    DAYS_MAX,
    HOUR_MS,
    REMEDIES,
    SHAKEN,
    STILL,
    Change,
    Chart,
    Day,
    Finding,
    emptied,
    settle,
)
from edge.core.care.symptoms import Block, examine, median
from protocols.readings import FUTURE_LIMIT_MS, Quantity

BLOCK = 128
"""Samples examined together; less when an hour, or for slow sensors some, are over."""
BLOCK_MIN = 20
HELD_MAX_MS = 6 * HOUR_MS
LEVELS_MAX = 512
SPIKE_NOISES, SPIKE_QUANTA = 6.0, 2.5
"""What is no spike, however still the block: so many times the usual noise, so many steps of the sensor."""
ALIKE_MIN = 10
STUCK_OVER = 3
"""Changes that end a stuck value."""

SILENT_MIN_MS = 5 * 60_000.0
SILENT_PERIODS, SILENT_TIMES = 10.0, 3.0
SILENT_NEW_MS, SILENT_PERIODS_NEW = 3.0 * HOUR_MS, 20.0
"""Less strict on the first day, when not every kind of hour is known."""
GAPS_MIN = 10
PERIOD_SHARE = 0.05
LATE_MS = 15 * 60_000
"""What is as old as this when it comes was held back: it says nothing of how often the channel speaks."""
AWAY_MS = 3 * 60_000
"""Time that passes in such a leap was not watched: the gateway was away."""

CLOCK_OFF_MS, CLOCK_FINE_MS = 10_000, 5_000
CLOCK_MESSAGES = 3
CLOCK_HOURS = 2


def begin(quantity: Quantity, now_ms: int) -> Chart:
    """The chart of a channel that is new."""
    course = courses.Course() if quantity == "mass_g" else None
    return Chart(quantity, now_ms, course=course, heard_ms=now_ms, awake_ms=now_ms, tick_ms=now_ms)


def resting(chart: Chart) -> Chart:
    """The chart without its samples: what is worth storing."""
    copy = Chart(*(getattr(chart, name) for name in chart.__struct_fields__))
    if chart.held:
        # When the value last changed lies in what is dropped, or a restart would make a slow sensor stuck.
        copy.run_ms, _ = _run_ms(chart)
        copy.last_ms, copy.last = chart.held_ms[-1], chart.held[-1]
    copy.held_ms, copy.held = [], []
    return copy


def feel(chart: Chart, at_ms: int, values: list[float], step_ms: int, now_ms: int) -> list[Change]:
    """Fold samples (the first at `at_ms`) that came at `now_ms`; what they bring about.

    Samples older than those known are a backlog: they show that the device is there, and nothing else.
    """
    found: list[Change] = []
    if "silent" in chart.open:
        found += settle(chart, "silent", now_ms, None)
    gap_ms = now_ms - chart.heard_ms
    chart.heard_ms = now_ms
    count = len(values)
    if gap_ms > 0 and now_ms - at_ms - max(0, count - 1) * step_ms < LATE_MS:
        _learn_gap(chart, gap_ms)
    if not count or at_ms <= chart.newest_ms:
        return found
    if not chart.newest_ms:
        chart.last, chart.run_ms, chart.last_ms = values[0], at_ms, at_ms
        chart.hour, chart.today = at_ms // HOUR_MS, Day(at_ms // DAY_MS)
    last_ms = chart.newest_ms = at_ms + (count - 1) * step_ms
    held_ms, held = chart.held_ms, chart.held
    if count == 1:
        held_ms.append(at_ms)
    elif step_ms:
        held_ms.extend(range(at_ms, last_ms + 1, step_ms))
    else:
        held_ms.extend([at_ms] * count)
    held.extend(values)
    first_ms, size = held_ms[0], len(held)
    if (
        size >= BLOCK
        or (size >= BLOCK_MIN and first_ms // HOUR_MS != last_ms // HOUR_MS)
        or last_ms - first_ms > HELD_MAX_MS
    ):
        found += _digest(chart)
    return found


def pass_time(chart: Chart, now_ms: int) -> list[Change]:
    """Let time pass, twice a minute or so: silence, and values that stand still."""
    if now_ms - chart.tick_ms > AWAY_MS:
        chart.awake_ms = now_ms
    chart.tick_ms = now_ms
    found: list[Change] = []
    quiet_ms = now_ms - max(chart.heard_ms, chart.awake_ms)
    if 0.0 < chart.silent_ms < quiet_ms and "silent" not in chart.open:
        evidence = {"minutes": quiet_ms / 60_000, "usual_minutes": chart.period_ms / 60_000}
        found += settle(chart, "silent", chart.heard_ms, evidence)
    if chart.stuck_ms and (chart.newest_ms - chart.run_ms > chart.stuck_ms or "stuck" in chart.open):
        found += _look_still(chart)
    return found


def _learn_gap(chart: Chart, gap_ms: int) -> None:
    if chart.heard_ms - gap_ms < chart.awake_ms or chart.today is None:
        return  # nobody listened all the time
    chart.gaps += 1
    chart.period_ms += max(PERIOD_SHARE, 1.0 / chart.gaps) * (gap_ms - chart.period_ms)
    if gap_ms > chart.today.longest_gap_ms:
        # A silence that was found is learnt only up to what was allowed: else a sick sensor teaches patience.
        chart.today.longest_gap_ms = min(gap_ms, round(chart.silent_ms) or gap_ms)
    if chart.gaps >= GAPS_MIN and not any(day.longest_gap_ms for day in chart.days):
        chart.silent_ms = max(SILENT_NEW_MS, SILENT_PERIODS_NEW * chart.period_ms)


def _run_ms(chart: Chart) -> tuple[int, int]:
    """Since when the newest value is the same, and how often the value changed since it was last examined."""
    held = chart.held
    if not held:
        return chart.run_ms, 0
    newest = held[-1]
    if held.count(newest) == len(held):
        return (chart.run_ms, 0) if newest == chart.last else (chart.held_ms[0], 1)
    at = len(held) - 1
    while held[at - 1] == newest:
        at -= 1
    return chart.held_ms[at], sum(after != before for before, after in pairwise(held))


def _look_still(chart: Chart) -> list[Change]:
    since_ms, changes = _run_ms(chart)
    if "stuck" in chart.open:
        if chart.changes + changes < STUCK_OVER:
            return []
        return settle(chart, "stuck", since_ms, None)
    run_ms = chart.newest_ms - since_ms
    if run_ms <= chart.stuck_ms:
        return []
    chart.changes = -changes
    value = chart.held[-1] if chart.held else chart.last
    evidence = {"value": value, "hours": run_ms / HOUR_MS, "usual_hours": chart.stuck_ms / HOUR_MS}
    return settle(chart, "stuck", since_ms, evidence)


def _digest(chart: Chart) -> list[Change]:
    """Examine the samples held."""
    times_ms, values = list(chart.held_ms), list(chart.held)
    chart.held_ms, chart.held = emptied()
    found: list[Change] = []
    if times_ms[0] // HOUR_MS != chart.hour:
        found += _close_hour(chart, times_ms[0])
    usual = chart.usual.get(chart.hour % 24) or max(chart.usual.values(), default=0.0)
    floor = max(SPIKE_NOISES * usual, SPIKE_QUANTA * chart.quantum)
    block = examine(times_ms, values, chart.run_ms, chart.last, floor, handled=chart.quantity == "mass_g")
    _note(chart, block, times_ms, values)
    if chart.course is not None:
        courses.follow(chart.course, times_ms, values, chart.quantum)
    return found


def _note(chart: Chart, block: Block, times_ms: list[int], values: list[float]) -> None:
    """Enter a block in the day and the hour."""
    today = chart.today
    assert today is not None
    count = len(values)
    today.samples += count
    if block.longest_run_ms > today.longest_run_ms:
        # Of a stuck value no more is learnt than what was allowed, so that a false finding is not repeated for long.
        today.longest_run_ms = min(block.longest_run_ms, round(chart.stuck_ms) or block.longest_run_ms)
    known = chart.quantum > 0.0
    if block.quantum and (not chart.quantum or block.quantum < chart.quantum):
        chart.quantum = block.quantum
    if block.noise is not None:
        chart.noises.append(block.noise)
    chart.pairs += count
    chart.alike += block.same * count
    chart.changes += round((1.0 - block.same) * count)
    if chart.spiked and chart.spiked[-1][0] == chart.hour:
        _, samples, spikes, size = chart.spiked.pop()
    else:
        samples, spikes, size = 0, 0, 0.0
    if known:  # else its own steps may look like spikes
        spikes, size = spikes + block.spikes, max(size, block.spike_size)
        today.spikes += block.spikes
    chart.spiked.append((chart.hour, samples + count, spikes, size))
    chart.levels.append(block.level)
    if len(chart.levels) > LEVELS_MAX:
        chart.levels = chart.levels[::2]
    chart.last_ms, chart.last, chart.run_ms = times_ms[-1], values[-1], block.run_starts_ms


def _close_hour(chart: Chart, next_ms: int) -> list[Change]:
    """An hour is over: judge its noise and the spikes of 24 hours; perhaps a day is over too."""
    found: list[Change] = []
    today = chart.today
    assert today is not None
    if chart.pairs >= ALIKE_MIN:
        today.same = max(today.same, chart.alike / chart.pairs)
        chart.pairs, chart.alike = 0, 0.0
    if chart.quantity in SHAKEN:
        if chart.noises:
            found += diagnosis.judge_noise(chart)
        found += diagnosis.judge_spikes(chart)
    chart.noises = []
    chart.hour = next_ms // HOUR_MS
    chart.spiked = [one for one in chart.spiked if one[0] > chart.hour - 24]
    if chart.quantity in STILL and not chart.days:
        chart.stuck_ms = diagnosis.stuck_after_ms(chart)
    if next_ms // DAY_MS != today.day:
        found += _close_day(chart, next_ms)
    return found


def _close_day(chart: Chart, next_ms: int) -> list[Change]:
    """A day is over: what it taught, and what is judged by days."""
    today = chart.today
    assert today is not None
    today.level = median(chart.levels) if chart.levels else 0.0
    chart.levels = []
    chart.days = [*chart.days, today][-DAYS_MAX:]
    chart.today = Day(next_ms // DAY_MS)
    gap_ms = max(day.longest_gap_ms for day in chart.days)
    if chart.gaps >= GAPS_MIN and gap_ms:
        chart.silent_ms = max(SILENT_MIN_MS, SILENT_PERIODS * chart.period_ms, SILENT_TIMES * gap_ms)
    if chart.quantity in STILL:
        chart.stuck_ms = diagnosis.stuck_after_ms(chart)
    found: list[Change] = []
    if chart.course is not None:
        courses.close_day(chart.course)
        found += diagnosis.judge_course(chart, chart.course, next_ms)
    if chart.quantity == "battery_pct":
        found += diagnosis.judge_battery(chart)
    return found


class Clock(Struct, array_like=True, gc=False):
    """One device's clock against the gateway's: the best of each hour, which is the message that came with the least
    delay (as in NTP's clock filter)."""

    hour: int = 0
    messages: int = 0
    best_ms: int = 0
    """The largest (device's time - time of receipt) of the hour."""
    off: int = 0
    open: Finding | None = None
    doubted: int = 0
    """Messages of the hour whose time was not believed."""


def hear(clock: Clock, at_ms: int, received_ms: int, doubted: bool = False) -> list[Change]:
    """Fold a message of a device that has a clock: `at_ms` of its newest sample; what this brings about.

    Late messages do no harm while some come soon. A clock that is slow can not be told from a delay that never varies.
    `doubted`: its time was not believed (`at_ms` is that of receipt): it is off by more than anything that is measured.
    """
    ahead_ms = at_ms - received_ms
    hour = received_ms // HOUR_MS
    found: list[Change] = []
    if hour != clock.hour:
        if clock.messages + clock.doubted >= CLOCK_MESSAGES:
            found = _judge_clock(clock)
        clock.hour, clock.messages, clock.doubted = hour, 0, 0
    if doubted:
        clock.doubted += 1
        return found
    clock.best_ms = max(clock.best_ms, ahead_ms) if clock.messages else ahead_ms
    clock.messages += 1
    return found


def _judge_clock(clock: Clock) -> list[Change]:
    limit_ms = CLOCK_FINE_MS if clock.open is not None else CLOCK_OFF_MS
    absurd = clock.doubted > clock.messages
    against = (absurd or abs(clock.best_ms) > limit_ms) is (clock.open is None)
    clock.off = clock.off + 1 if against else 0
    if clock.off < CLOCK_HOURS:
        return []
    clock.off = 0
    if clock.open is not None:
        gone, clock.open = clock.open, None
        return [Change(False, gone)]
    evidence = {"more_than_s": FUTURE_LIMIT_MS / 1000.0} if absurd else {"offset_s": clock.best_ms / 1000.0}
    since_ms = (clock.hour - CLOCK_HOURS + 1) * HOUR_MS
    clock.open = Finding("clock_off", REMEDIES["clock_off"], since_ms, evidence)
    return [Change(True, clock.open)]
