"""Readers and their antennas: what they hear of the tags that are there, hour by hour, against what was usual.

Gateways tell for each antenna, each five minutes, how many reads a minute it made and how many tags it heard. Reads
by tag fall as more tags share the air, which is learnt; what remains goes into a CUSUM. An antenna that hears nothing
for far longer than it ever did, while the reader's others go on, is dead.
"""

from __future__ import annotations

from math import log, sqrt
from statistics import median

from msgspec import Struct, field

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LEARN_HOURS = 72
"""Hours with tags that make the usual."""
KEPT_HOURS = 24 * 14
LEARN_LAG_HOURS = 48
"""A beginning loss looks usual at first."""
SIGMA_MIN = 0.05
SLACK, LIMIT = 1.0, 8.0
Z_MAX = 3.0
"""One hour counts by so much at most, and by `SHARE`: goods in the way for some hours are no loss of the antenna."""
SHARE = 0.125
LOSS_MIN = 0.25
CALM_HOURS = 24
DEAD_MS = 2 * HOUR_MS
DEAD_TIMES = 3.0
ROWS_MIN = 3


class Antenna(Struct):
    """All that is remembered of one antenna: the hours that were learned, as (ln tags, ln reads by tag)."""

    hour: int = -1
    reads: float = 0.0
    tags: float = 0.0
    rows: int = 0
    waiting_ms: int = 0
    waiting: tuple[float | None, float | None] = (None, None)
    hours: list[tuple[float, float]] = field(default_factory=list)
    late: list[tuple[float, float]] = field(default_factory=list)
    """Hours that wait to be learned."""
    level: float = 0.0
    slope: float = 0.0
    middle: float = 0.0
    sigma: float = 0.0
    cusum: float = 0.0
    calm: int = 0
    since_ms: int = 0
    losing_ms: int = 0
    lost: float = 0.0
    heard_ms: int = 0
    longest_ms: int = 0
    dead_ms: int = 0
    days: list[tuple[int, float]] = field(default_factory=list)
    """(hour, ln of what it reads against the usual) of the last, to draw."""

    @property
    def learned(self) -> bool:
        """Whether it is judged."""
        return self.sigma > 0


def step(antenna: Antenna, at_ms: int, reads: float | None, tags: float | None) -> bool:
    """Take what was told at a moment, in order of time: reads a minute, tags heard, or one of them; whether what is
    found may have changed."""
    if at_ms != antenna.waiting_ms:
        antenna.waiting_ms, antenna.waiting = at_ms, (reads, tags)
    else:
        held = antenna.waiting
        antenna.waiting = (held[0] if reads is None else reads, held[1] if tags is None else tags)
    told_reads, told_tags = antenna.waiting
    if told_reads is None or told_tags is None:
        return False
    antenna.waiting_ms = 0
    told = False
    if at_ms // HOUR_MS != antenna.hour:
        told = _close_hour(antenna)
        antenna.hour, antenna.reads, antenna.tags, antenna.rows = at_ms // HOUR_MS, 0.0, 0.0, 0
    antenna.reads += told_reads
    antenna.tags += told_tags
    antenna.rows += 1
    if told_reads > 0:
        if antenna.heard_ms:
            antenna.longest_ms = max(antenna.longest_ms, at_ms - antenna.heard_ms)
        antenna.heard_ms = at_ms
        told = told or bool(antenna.dead_ms)
        antenna.dead_ms = 0
        return told
    quiet_ms = at_ms - antenna.heard_ms
    enough = antenna.learned and quiet_ms > max(DEAD_MS, DEAD_TIMES * antenna.longest_ms)
    if enough and not antenna.dead_ms:
        antenna.dead_ms, told = antenna.heard_ms, True
    return told


def _close_hour(antenna: Antenna) -> bool:
    if antenna.rows < ROWS_MIN or antenna.tags <= 0 or antenna.reads <= 0:
        return False
    at = (log(antenna.tags / antenna.rows), log(antenna.reads / antenna.tags))
    if not antenna.learned:
        antenna.hours.append(at)
        if len(antenna.hours) >= LEARN_HOURS:
            _learn(antenna)
        return False
    expected = antenna.level + antenna.slope * (at[0] - antenna.middle)
    off = expected - at[1]
    antenna.days = [*antenna.days, (antenna.hour, round(-off, 4))][-KEPT_HOURS:]
    antenna.lost += 0.2 * (off - antenna.lost)
    z = max(-Z_MAX, min(Z_MAX, off / antenna.sigma))
    antenna.cusum = min(max(0.0, antenna.cusum + SHARE * (z - SLACK)), 2 * LIMIT)
    antenna.calm = antenna.calm + 1 if antenna.lost < -log(1 - LOSS_MIN) / 2 else 0
    was = antenna.losing_ms
    if antenna.cusum == 0.0:
        antenna.since_ms = 0
    elif not antenna.since_ms:
        antenna.since_ms = antenna.hour * HOUR_MS
    if antenna.losing_ms and antenna.calm >= CALM_HOURS:
        antenna.cusum, antenna.losing_ms, antenna.since_ms = 0.0, 0, 0
    elif antenna.cusum >= LIMIT and antenna.lost >= -log(1 - LOSS_MIN) and not antenna.losing_ms:
        antenna.losing_ms = antenna.since_ms
    if antenna.cusum < 1.0:
        antenna.late.append(at)
        if len(antenna.late) > LEARN_LAG_HOURS:
            antenna.hours = [*antenna.hours, antenna.late.pop(0)][-KEPT_HOURS:]
            if antenna.hour % 24 == 0:
                _learn(antenna)
    else:
        antenna.late = []
    return was != antenna.losing_ms


def _learn(antenna: Antenna) -> None:
    """The line through the learned hours, drawn towards no slope by a weight of ten hours."""
    tags, rates = zip(*antenna.hours, strict=True)
    antenna.middle = sum(tags) / len(tags)
    level = sum(rates) / len(rates)
    around = [(x - antenna.middle, y - level) for x, y in antenna.hours]
    spread = sum(x * x for x, _ in around)
    antenna.slope = max(-1.5, min(0.5, sum(x * y for x, y in around) / (spread + 10 * 0.05)))
    misses = [y - antenna.slope * x for x, y in around]
    antenna.level = level + median(misses)
    # Hours in a row are alike, so the spread of a day's means counts too.
    days = [sum(misses[at : at + 24]) / len(misses[at : at + 24]) for at in range(0, len(misses), 24)]
    own = sqrt(sum(one * one for one in misses) / len(misses))
    between = sqrt(sum(one * one for one in days) / len(days))
    antenna.sigma = max(SIGMA_MIN, own, 2 * between)
