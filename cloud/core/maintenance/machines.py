"""A machine by its channels: what is unlike its normal at work, and wear by its vibration.

Samples become rows of a quarter at work (`quarters.py`), which are judged by what is normal (`atwork.py`): at once
where some in a row are odd, else by days that add up. What is odd is not learned from, nor are the last days before
it; what stays so for weeks, and nobody minds, is learned anew as what it does now.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance import quarters, wear
from cloud.core.maintenance.atwork import Array, Day, Normal, day_of
from cloud.core.maintenance.quarters import QUARTER_MS, Quarters, Row, quantity_of
from cloud.core.maintenance.wear import WEARING, Wear

MINUTE_MS, DAY_MS = 60_000, 86_400_000
BEHIND_MS = 30 * 60_000
"""What comes so far behind what was judged belongs to a backlog; less is a channel that is slow, and left out."""
DAY_ROWS_MIN = 4
"""A day with less work is not judged, nor learned from."""
LEARN_DAYS, DAYS_KEPT, LAG_DAYS = 3, 28, 5
"""So many days are learned at first, so many at most; and the last ones not yet, for what begins looks usual."""
RUN_ROWS = 3
"""So many quarters in a row are odd, and it is told."""
CALM_ROWS, CALM = 8, 0.7
"""So many, in no way further out than this share of what is odd, and it is over."""
SLOW_DAYS = 7
"""So many days must be known before days add up: ..."""
SLACK, LIMIT, SCORE_MAX = 0.6, 10.0, 2.0
"""... spreads off that are usual, the sum that is told, and what a day counts at most: eight in a row, not one."""
HOT = 2.0
"""Nothing is learned while days add up to so much."""
STANDS_MS = 28 * DAY_MS
"""What is odd for so long, and nobody minds, is its normal."""
SCORES_MAX = 240
"""Scores of so many quarters are kept to draw: some days of work."""
PAGE_SCORE = 0.8
"""The score at the border of what is told."""
WHY_MAX = 3
"""So many channels are named."""


class Machine(Struct):
    """All that is remembered of a machine; some 30 KB."""

    gathered: Quarters = field(default_factory=Quarters)
    channels: list[str] = field(default_factory=list)
    """Those of the rows, in order."""
    wears: dict[str, Wear] = field(default_factory=dict)
    scores: list[tuple[int, float]] = field(default_factory=list)
    """How odd it is, by quarters at work: 0.8 where it is told."""
    day: int = -1
    today: list[list[float]] = field(default_factory=list)
    waiting: list[Day] = field(default_factory=list)
    known: list[Day] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    """Odd quarters in a row by deviation, below zero of those that are too low."""
    sums: tuple[list[float], list[float]] = ([], [])
    """The CUSUM of days, upwards and downwards."""
    rising_ms: int = 0
    abnormal_ms: int = 0
    calm: int = 0
    why: list[tuple[str, float, float, float]] = field(default_factory=list)

    @property
    def slow(self) -> float:
        """How much of what is told days have added up to."""
        return max((sum_ / LIMIT for sums in self.sums for sum_ in sums), default=0.0)

    @property
    def abnormal_minutes(self) -> int:
        """How long it has been abnormal, by its last quarter at work."""
        return round((self.scores[-1][0] - self.abnormal_ms) / MINUTE_MS) if self.abnormal_ms else 0


class Channels:
    """A machine at work: what is remembered, and its normal."""

    def __init__(self, machine: Machine | None = None) -> None:
        self.kept = machine or Machine()
        self._normal: Normal | None = None
        self._learn()

    def misses(self, at_ms: int) -> bool:
        """Whether this is of a time that was judged without it, as when channels hand in their past in turn."""
        return at_ms < self.kept.gathered.begun_ms - BEHIND_MS

    def step(self, channel: str, at_ms: int, value: float) -> bool:
        """Take one sample of a channel (`channel/quantity`), in order of time; whether what is found may have
        changed."""
        told = False
        for row in quarters.take(self.kept.gathered, channel, at_ms, value) or ():
            told = self._take(row) or told
        return told

    def _forget(self) -> None:
        """All is learned anew."""
        kept = self.kept
        kept.today, kept.waiting, kept.known = [], [], []
        self._learn()

    def _learn(self) -> None:
        kept = self.kept
        self._normal = None
        if len(kept.known) >= LEARN_DAYS:
            self._normal = Normal([quantity_of(name) for name in kept.channels], kept.known)
        else:
            kept.abnormal_ms, kept.why = 0, []
        size = len(self._normal.told) if self._normal is not None else 0
        if len(kept.runs) != size:
            kept.runs, kept.sums = [0] * size, ([0.0] * size, [0.0] * size)

    def _take(self, row: Row) -> bool:
        """Take a quarter at work."""
        kept, told = self.kept, False
        if row.channels != kept.channels:  # a row has more of them, or fewer
            kept.channels = row.channels
            self._forget()
        day = (row.at_ms - QUARTER_MS) // DAY_MS
        if day != kept.day:
            told = self._close_day(row.at_ms)
            kept.day = day
        for name, level in zip(kept.channels, row.levels, strict=True):
            quantity = quantity_of(name)
            if quantity in WEARING and level == level:  # not nan
                told = wear.step(kept.wears.setdefault(name, Wear(quantity)), row.at_ms, level) or told
        kept.today.append(row.values)
        return (self._judge(row, self._normal) if self._normal is not None else False) or told

    def _judge(self, row: Row, normal: Normal) -> bool:
        """Judge a quarter; whether it began or ended something."""
        kept = self.kept
        misses = normal.deviations(row.values)
        odd = normal.odd(misses)
        if odd.max(initial=0.0) > CALM:
            misses = normal.believed(row.values, misses)
            odd = normal.odd(misses)
        far = odd > 1
        if far.any() or any(kept.runs):
            ways = np.where(far, np.sign(misses), 0).astype(int)
            kept.runs = [way + (run if run * way > 0 else 0) for run, way in zip(kept.runs, ways.tolist(), strict=True)]
        most = float(odd.max(initial=0.0))
        worst = max(most, kept.slow)
        kept.scores.append((row.at_ms, round(worst / (worst + 1 / PAGE_SCORE - 1), 3)))
        if len(kept.scores) > SCORES_MAX:
            del kept.scores[0]
        if not kept.abnormal_ms:
            if max(map(abs, kept.runs), default=0) < RUN_ROWS:
                return False
            self._begins(row.at_ms - RUN_ROWS * QUARTER_MS, row.values, odd, False)
            return True
        calm = most < CALM and kept.slow < 0.5
        kept.calm = kept.calm + 1 if calm else 0
        if kept.calm < CALM_ROWS and row.at_ms - kept.abnormal_ms < STANDS_MS:
            return False
        if kept.calm < CALM_ROWS:  # what it does now is its normal
            self._forget()
        kept.abnormal_ms, kept.why = 0, []
        kept.runs, kept.sums = [0] * len(kept.runs), ([0.0] * len(kept.runs), [0.0] * len(kept.runs))
        return True

    def _begins(self, since_ms: int, row: list[float], odd: Array, by_day: bool) -> None:
        """It is abnormal: keep what moved, the furthest of each channel."""
        kept, normal = self.kept, self._normal
        assert normal is not None, "it was judged by it"
        kept.abnormal_ms, kept.calm, kept.why = since_ms, 0, []
        for one in np.argsort(-odd).tolist():
            channel, *ends = normal.expected(row, one, by_day)
            if odd[one] >= CALM and all(name != kept.channels[channel] for name, *_ in kept.why):
                now, low, high = ends
                kept.why = [*kept.why, (kept.channels[channel], now, low, high)][:WHY_MAX]

    def _close_day(self, at_ms: int) -> bool:
        """A day at work is over: add up how far it was off, and learn from it unless that is odd."""
        kept, rows = self.kept, kept_rows(self.kept.today)
        kept.today = []
        if len(rows) < DAY_ROWS_MIN:
            return False
        day, told, normal = day_of(kept.day, rows), False, self._normal
        if normal is not None and len(kept.known) >= SLOW_DAYS:
            scores = np.clip(normal.day_score(day), -SCORE_MAX, SCORE_MAX)
            up, down = (
                np.clip(np.array(sums) + way * scores - SLACK, 0.0, 2 * LIMIT)
                for sums, way in zip(kept.sums, (1, -1), strict=True)
            )
            kept.sums = up.tolist(), down.tolist()
            most = np.maximum(up, down) / LIMIT
            if most.max() == 0.0:
                kept.rising_ms = 0
            elif not kept.rising_ms:
                kept.rising_ms = kept.day * DAY_MS
            if most.max() >= 1 and not kept.abnormal_ms:
                self._begins(kept.rising_ms, day.mean, most, True)
                told = True
        hot = kept.slow * LIMIT > HOT
        if hot or kept.abnormal_ms:
            kept.waiting = []
            return told
        kept.waiting.append(day)
        lag = LAG_DAYS if normal is not None else 0
        if len(kept.waiting) > lag:
            ready = len(kept.waiting) - lag
            kept.known = [*kept.known, *kept.waiting[:ready]][-DAYS_KEPT:]
            del kept.waiting[:ready]
            self._learn()
        return told


def kept_rows(rows: list[list[float]]) -> list[list[float]]:
    """Those in which every channel is known."""
    return [row for row in rows if all(value == value for value in row)]
