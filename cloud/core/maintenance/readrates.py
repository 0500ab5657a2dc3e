"""Readers and their antennas: what they hear of the tags that are there, hour by hour, against what was usual.

Gateways tell for each antenna, each five minutes, how many reads a minute it made, how many tags it heard, and how
strong these were. Reads by tag fall as more tags share the air, which is learnt; what remains goes into a CUSUM, and so
does the strength: of a cable that is bad the weak tags go first, and the others are read as often as ever. An antenna
that hears nothing for far longer than it ever did, while the reader's others go on, is dead.
"""

from __future__ import annotations

from math import log, sqrt
from statistics import median
from typing import Final, NamedTuple

from msgspec import Struct, field

HOUR_MS = 3_600_000
LEARN_HOURS = 72
"""Hours with tags that make the usual."""
KEPT_HOURS = 24 * 14
"""Of the last hours so many are learned from, and drawn."""
LEARN_LAG_HOURS = 48
"""A beginning loss looks usual at first."""
SLACK, LIMIT = 1.0, 8.0
"""Spreads off that are usual, and the sum that is told: after 32 hours at the soonest."""
Z_MAX = 3.0
"""One hour counts by so much at most, and by `SHARE`: goods in the way for some hours are no loss of the antenna."""
SHARE = 0.125
LATELY = 0.2
"""The pace by which what is lost now is followed."""
CALM_HOURS = 24
"""A loss is over when so many hours in a row lost less than half of what matters."""
DEAD_MS, DEAD_TIMES = 2 * HOUR_MS, 3.0
"""Dead: silent for so long, and so many times longer than ever."""
ROWS_MIN = 3
"""Of the twelve tellings of an hour."""
TAGS_MIN = 5
"""The strength of fewer tags in an hour says nothing."""


class Kind(NamedTuple):
    """What is followed: how steady it is at most, and what loss of it matters."""

    sigma_min: float
    loss_min: float


READS: Final = Kind(0.05, -log(1 - 0.25))
"""ln of reads by tag: a quarter less."""
STRENGTH: Final = Kind(1.0, 2.0)
"""dB: the mean of 60 tags that are spread by 8 differs by 1 as goods come and go; 2 lost cost some 5 % of the tags."""


class Course(Struct):
    """What is followed of an antenna, by hours as (ln tags, value)."""

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
    days: list[tuple[int, float]] = field(default_factory=list)
    """(hour, value against the usual) of the last, to draw."""


class Antenna(Struct):
    """All that is remembered of one antenna."""

    hour: int = -1
    reads: float = 0.0
    tags: float = 0.0
    rows: int = 0
    strong: float = 0.0
    """The sum of the strengths of `strong_tags`."""
    strong_tags: float = 0.0
    waiting_ms: int = 0
    said: tuple[float | None, float | None, float | None] = (None, None, None)
    """Reads, tags and strength of that moment, as far as they were told."""
    rates: Course = field(default_factory=Course)
    strengths: Course = field(default_factory=Course)
    heard_ms: int = 0
    longest_ms: int = 0
    dead_ms: int = 0

    @property
    def learned(self) -> bool:
        """Whether it is judged."""
        return self.rates.sigma > 0

    @property
    def cusum(self) -> float:
        """How much has added up, `LIMIT` where it is told."""
        return max(self.rates.cusum, self.strengths.cusum)

    @property
    def losing_ms(self) -> int:
        """Since when it hears less; 0 where it does not."""
        return min((one.losing_ms for one in (self.rates, self.strengths) if one.losing_ms), default=0)


def step(antenna: Antenna, at_ms: int, reads: float | None, tags: float | None, dbm: float | None = None) -> bool:
    """Take what was told at a moment, in order of time: reads a minute, tags heard and their mean strength, or some of
    these (of the strength, before the other two); whether what is found may have changed."""
    if at_ms != antenna.waiting_ms:
        antenna.waiting_ms, antenna.said = at_ms, (reads, tags, dbm)
    else:
        held = antenna.said
        antenna.said = (
            held[0] if reads is None else reads, held[1] if tags is None else tags, held[2] if dbm is None else dbm,
        )  # fmt: skip
    told_reads, told_tags, told_dbm = antenna.said
    if told_reads is None or told_tags is None:
        return False
    antenna.waiting_ms = 0
    told = False
    if at_ms // HOUR_MS != antenna.hour:
        told = _close_hour(antenna)
        antenna.hour, antenna.reads, antenna.tags, antenna.rows = at_ms // HOUR_MS, 0.0, 0.0, 0
        antenna.strong = antenna.strong_tags = 0.0
    antenna.reads += told_reads
    antenna.tags += told_tags
    antenna.rows += 1
    if told_dbm is not None:
        antenna.strong += told_dbm * told_tags
        antenna.strong_tags += told_tags
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
    tags, hour = log(antenna.tags / antenna.rows), antenna.hour
    told = _follow(antenna.rates, READS, hour, (tags, log(antenna.reads / antenna.tags)))
    if antenna.strong_tags >= TAGS_MIN:
        told = _follow(antenna.strengths, STRENGTH, hour, (tags, antenna.strong / antenna.strong_tags)) or told
    return told


def _follow(course: Course, kind: Kind, hour: int, at: tuple[float, float]) -> bool:
    """Take an hour; whether a loss began or ended."""
    if not course.sigma:
        course.hours.append(at)
        if len(course.hours) >= LEARN_HOURS:
            _learn(course, kind)
        return False
    off = course.level + course.slope * (at[0] - course.middle) - at[1]
    course.days = [*course.days, (hour, round(-off, 4))][-KEPT_HOURS:]
    course.lost += LATELY * (off - course.lost)
    z = max(-Z_MAX, min(Z_MAX, off / course.sigma))
    course.cusum = min(max(0.0, course.cusum + SHARE * (z - SLACK)), 2 * LIMIT)
    course.calm = course.calm + 1 if course.lost < kind.loss_min / 2 else 0
    was = course.losing_ms
    if course.cusum == 0.0:
        course.since_ms = 0
    elif not course.since_ms:
        course.since_ms = hour * HOUR_MS
    if course.losing_ms and course.calm >= CALM_HOURS:
        course.cusum, course.losing_ms, course.since_ms = 0.0, 0, 0
    elif course.cusum >= LIMIT and course.lost >= kind.loss_min and not course.losing_ms:
        course.losing_ms = course.since_ms
    if course.cusum < 1.0:
        course.late.append(at)
        if len(course.late) > LEARN_LAG_HOURS:
            course.hours = [*course.hours, course.late.pop(0)][-KEPT_HOURS:]
            if hour % 24 == 0:
                _learn(course, kind)
    else:
        course.late = []
    return was != course.losing_ms


def _learn(course: Course, kind: Kind) -> None:
    """The line through the learned hours, drawn towards no slope by a weight of ten hours."""
    tags, rates = zip(*course.hours, strict=True)
    course.middle = sum(tags) / len(tags)
    level = sum(rates) / len(rates)
    around = [(x - course.middle, y - level) for x, y in course.hours]
    spread = sum(x * x for x, _ in around)
    slope = sum(x * y for x, y in around) / (spread + 10 * 0.05)
    course.slope = max(-1.5, min(0.5, slope)) if kind is READS else slope
    misses = [y - course.slope * x for x, y in around]
    course.level = level + median(misses)
    # Hours in a row are alike, so the spread of a day's means counts too.
    days = [sum(misses[at : at + 24]) / len(misses[at : at + 24]) for at in range(0, len(misses), 24)]
    own = sqrt(sum(one * one for one in misses) / len(misses))
    between = sqrt(sum(one * one for one in days) / len(days))
    course.sigma = max(kind.sigma_min, own, 2 * between)
