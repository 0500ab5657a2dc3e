"""From a machine's samples, channel by channel, to its levels at work, a quarter of an hour at a time.

A quarter is closed once every channel is past it, or some minutes later. Whether the machine works is told by what it
draws, else by how it shakes, against the levels of the last week; a level is the median of a channel's samples at
work. Beside them stand how long it has worked, as two slow means of what it draws, and the coolest of the last day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import exp, inf, log, nan
from statistics import median

from msgspec import Struct, field

from cloud.core.maintenance.atwork import LAGS, LOGGED, MEASURED, WARM

MINUTE_MS, QUARTER_MS, HOUR_MS, DAY_MS = 60_000, 900_000, 3_600_000, 86_400_000
MINUTES = QUARTER_MS // MINUTE_MS
LATE_MS = 5 * MINUTE_MS
"""So long a quarter waits for channels that are late."""
CHANNELS_MAX = 16
"""Further ones of a machine are not watched, and counted."""
SAMPLES_MAX = 2000
"""Of a channel that has told more than so many in a quarter every other one counts."""
DRIVERS = ("power_w", "current_a", "switch_on", "vibration_mm_s", "vibration_g")
"""What tells whether it works, the first that there is."""
WORKS_SHARE, RESTS_SHARE = 0.2, 0.3
"""It works where its driver is so far up between rest and work; where these differ by less than the latter share, it
always does."""
ENDS = 0.02
"""Rest and work are the levels below, and above, which such a share of all lies: a start's peak is neither."""
SEEN_MIN, SEEN_MAX = 48, 672
"""Levels of the driver, one a quarter, that rest and work are told by."""
PART = 3
"""A quarter counts where it worked in one of so many of its minutes."""
STALE_MS = 2 * HOUR_MS
"""What a channel said last counts for so long."""
GONE_QUARTERS = 192
"""A channel that says nothing for so many, while others do, is none any more."""
LAG_MIN = (15.0, 90.0)
"""How long it has worked is told by means of what it draws over so many minutes: as a winding warms, and a housing."""
KEPT = tuple(exp(-1 / minutes) for minutes in LAG_MIN)
LEAST = 1e-4
"""No logarithm is taken of less."""


class Quarters(Struct):
    """What is remembered between samples: those of the open quarter, and what carries over."""

    held: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Samples by channel, which is channel/quantity."""
    begun_ms: int = 0
    due_ms: int = 0
    driver: str = ""
    seen: list[float] = field(default_factory=list)
    threshold: float | None = None
    draws: float = 0.0
    draws_ms: int = 0
    lags: tuple[float, float] = (0.0, 0.0)
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    coolest: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """The coolest of each of the last 24 hours."""
    missed: dict[str, int] = field(default_factory=dict)
    """Of how many quarters a channel said nothing, in a row."""
    too_many: int = 0

    @property
    def channels(self) -> list[str]:
        """Those that are followed, in order of their names."""
        return sorted(name for name in self.held if quantity_of(name) in MEASURED)


class Row(Struct):
    """A quarter at work: its end, its channels, the level of each in its own unit (nan: nothing is known), and the row
    to judge."""

    at_ms: int
    channels: list[str]
    levels: list[float]
    values: list[float]


def quantity_of(channel: str) -> str:
    """The quantity of a channel/quantity."""
    return channel.rpartition("/")[2]


def take(quarters: Quarters, channel: str, at_ms: int, value: float) -> list[Row] | None:
    """Take one sample, in order of time within its channel; the quarters at work that are closed by it, if any."""
    held = quarters.held.get(channel)
    if held is None:
        if len(quarters.held) >= CHANNELS_MAX:
            quarters.too_many += 1
            return None
        held = quarters.held[channel] = []
        _drive(quarters)
    if at_ms < quarters.begun_ms:
        return None
    if not quarters.due_ms:
        quarters.begun_ms = at_ms - at_ms % QUARTER_MS
        quarters.due_ms = quarters.begun_ms + QUARTER_MS
    held.append((at_ms, value))
    if at_ms >= quarters.due_ms:
        return _close_due(quarters, at_ms)
    if len(held) > SAMPLES_MAX:
        del held[::2]
    return None


def _drive(quarters: Quarters) -> None:
    """A channel is new, or gone: whether the machine works may be told by it."""
    driver = min(
        (name for name in quarters.held if quantity_of(name) in DRIVERS),
        key=lambda name: (DRIVERS.index(quantity_of(name)), name),
        default="",
    )
    if driver != quarters.driver:
        quarters.driver, quarters.seen, quarters.threshold, quarters.draws_ms = driver, [], None, 0


def _close_due(quarters: Quarters, newest_ms: int) -> list[Row]:
    done: list[Row] = []
    while newest_ms >= quarters.due_ms:
        due_ms = quarters.due_ms
        if newest_ms < due_ms + LATE_MS and any(not one or one[-1][0] < due_ms for one in quarters.held.values()):
            break
        parts = {}
        for channel, held in quarters.held.items():
            cut = bisect_left(held, (due_ms,))
            parts[channel], held[:cut] = held[:cut], []
            quarters.missed[channel] = 0 if parts[channel] else quarters.missed.get(channel, 0) + 1
        row = _closed(quarters, due_ms, parts)
        if row is not None:
            done.append(row)
        for name in [name for name, missed in quarters.missed.items() if missed > GONE_QUARTERS]:
            del quarters.held[name], quarters.missed[name]
            _drive(quarters)
        next_ms = min(held[0][0] for held in quarters.held.values() if held)
        quarters.begun_ms = next_ms - next_ms % QUARTER_MS
        quarters.due_ms = quarters.begun_ms + QUARTER_MS
    return done


def _closed(quarters: Quarters, due_ms: int, parts: dict[str, list[tuple[int, float]]]) -> Row | None:
    """A quarter is over; None where the machine did not work in it, or that is not known yet."""
    for channel, part in parts.items():
        if part and quantity_of(channel) == WARM:
            _cool(quarters.coolest.setdefault(channel, []), due_ms, median([value for _, value in part]))
    works, lags = _works(quarters, due_ms, parts.get(quarters.driver, []))
    channels = quarters.channels
    levels = []
    for channel in channels:
        inside = [value for at_ms, value in parts[channel] if works[(at_ms - due_ms) // MINUTE_MS]]
        if inside:
            quarters.last[channel] = due_ms, median(inside)
        said_ms, level = quarters.last.get(channel, (0, nan))
        levels.append(level if due_ms - said_ms <= STALE_MS else nan)
    if PART * sum(works) < len(works):
        return None
    values = [
        log(max(level, LEAST)) if quantity_of(channel) in LOGGED else level
        for channel, level in zip(channels, levels, strict=True)
    ]
    cool = [
        min((level for _, level in quarters.coolest.get(channel, [])), default=nan)
        for channel in channels
        if quantity_of(channel) == WARM
    ]
    return Row(due_ms, channels, levels, [*values, *lags, *cool])


def _cool(hours: list[tuple[int, float]], due_ms: int, level: float) -> None:
    hour = due_ms // HOUR_MS
    if hours and hours[-1][0] == hour:
        hours[-1] = hour, min(hours[-1][1], level)
    else:
        hours.append((hour, level))
        while hours[0][0] <= hour - 24:
            del hours[0]


def _works(quarters: Quarters, due_ms: int, part: Sequence[tuple[int, float]]) -> tuple[list[bool], list[float]]:
    """Of each minute of a quarter whether the machine worked, and the mean lags of those."""
    if not quarters.driver:
        return [True] * MINUTES, [0.0] * LAGS
    sums = [(0.0, 0)] * MINUTES
    for at_ms, value in part:
        at = (at_ms - due_ms) // MINUTE_MS
        total, samples = sums[at]
        sums[at] = total + value, samples + 1
    told = [total / samples for total, samples in sums if samples]
    if told:
        _learn(quarters, due_ms, told)
    begun_ms = due_ms - QUARTER_MS
    apart_ms = begun_ms - quarters.draws_ms
    lags = [lag * exp(-max(0, apart_ms) / MINUTE_MS / of) for lag, of in zip(quarters.lags, LAG_MIN, strict=True)]
    draws = quarters.draws if apart_ms <= STALE_MS else told[0] if told else -inf
    works, ones, others = [], 0.0, 0.0
    for total, samples in sums:
        draws = total / samples if samples else draws
        at_work = quarters.threshold is not None and draws > quarters.threshold
        works.append(at_work)
        if told:
            lags = [draws + (lag - draws) * kept for lag, kept in zip(lags, KEPT, strict=True)]
        if at_work:
            ones, others = ones + lags[0], others + lags[1]
    if told:
        quarters.draws, quarters.draws_ms, quarters.lags = draws, due_ms, (lags[0], lags[1])
    count = max(1, sum(works))
    return works, [ones / count, others / count]


def _learn(quarters: Quarters, due_ms: int, told: Sequence[float]) -> None:
    """A level of the quarter, of another minute each time; once a day, what rest and work are."""
    seen = quarters.seen
    seen.append(told[due_ms // QUARTER_MS * 7 % len(told)])
    if len(seen) > SEEN_MAX:
        del seen[0]
    if len(seen) >= SEEN_MIN and (quarters.threshold is None or due_ms % DAY_MS == 0):
        quarters.threshold = _threshold(seen)


def _threshold(seen: Sequence[float]) -> float:
    """What the driver is above at work; below everything where it always works."""
    ordered = sorted(seen)
    low, high = ordered[int(ENDS * len(ordered))], ordered[-1 - int(ENDS * len(ordered))]
    return low + WORKS_SHARE * (high - low) if high - low > RESTS_SHARE * abs(high) else -inf
