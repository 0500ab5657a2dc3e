"""The thermometers of a room, put in one order of time: the coldest and the warmest of them from moment to moment.

Thermometers report in pieces, each its own. What one tells is held back until the others have told as much, but for
`LAG_MS` at most. What comes later can not be put in its place here: the room is learnt again from the history.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from protocols.cold import COLDEST_C, WARMEST_C
from protocols.excursions import GAP_MS, SPIKE_C, held_ms, paced

LAG_MS = 120_000
AHEAD_MS = 300_000
"""What a clock tells that is further ahead of ours is not believed."""
WAITING_MAX = 20_000
"""Samples held back; beyond, the oldest wait no longer."""

Sample = tuple[int, float]
Span = tuple[int, float, float, int]
"""At a moment: the coldest and the warmest thermometer; for how long at most the moment before may have held (ms)."""


class Thermometers(Struct):
    """Of each series the last sample that is in place and the newest heard; what waits; up to when all is in place."""

    last: dict[str, Sample] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    waiting: list[tuple[int, str, float]] = field(default_factory=list)
    upto_ms: int = 0
    ahead: int = 0
    """Samples that were left out because their clock is ahead."""
    paces: dict[str, list[int]] = field(default_factory=dict)
    """Of each series that tells seldom its last intervals: it is waited for longer."""
    doubted: dict[str, Sample] = field(default_factory=dict)
    """What is far from the sample before it, until a second one says so."""
    left_out: int = 0
    """Samples that nobody believed: alone far from all others, or no temperature at all."""

    def hear(self, series: str, samples: Iterable[Sample], now_ms: int) -> int | None:
        """Samples of a series. The earliest of them that comes too late for its place; None where none does."""
        late = None
        for at_ms, celsius in samples:
            if at_ms > now_ms + AHEAD_MS:
                self.ahead += 1
                continue
            if at_ms <= self.upto_ms:
                if self.last.get(series) != (at_ms, celsius):
                    late = at_ms if late is None else min(late, at_ms)
                continue
            self.newest[series] = max(at_ms, self.newest.get(series, 0))
            self.waiting.append((at_ms, series, celsius))
        return late

    def due(self, now_ms: int) -> list[Span]:
        """What is in place by now, in the order of time."""
        if not self.waiting:
            return []
        newest = max(self.newest.values())
        until = min(at_ms for at_ms in self.newest.values() if at_ms > newest - LAG_MS)
        until = max(until, now_ms - LAG_MS)
        self.waiting.sort()
        if len(self.waiting) > WAITING_MAX:
            until = max(until, self.waiting[-WAITING_MAX][0])
        count = next((n for n, one in enumerate(self.waiting) if one[0] > until), len(self.waiting))
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return [span for at_ms, series, celsius in taken for span in self.place(at_ms, series, celsius)]

    def place(self, at_ms: int, series: str, celsius: float) -> list[Span]:
        """One sample in its turn: the span of all thermometers whose word still holds; none where it is not believed
        yet, and two where it makes the one before believed."""
        self.newest[series] = max(at_ms, self.newest.get(series, 0))
        self.upto_ms = max(self.upto_ms, at_ms)
        if not COLDEST_C <= celsius <= WARMEST_C:
            self.left_out += 1
            return []
        before, doubted = self.last.get(series), self.doubted.pop(series, None)
        if doubted is not None and abs(celsius - doubted[1]) <= SPIKE_C:
            return [self._span(series, *doubted), self._span(series, at_ms, celsius)]
        self.left_out += doubted is not None
        if before is not None and abs(celsius - before[1]) > SPIKE_C:
            self.doubted[series] = (at_ms, celsius)
            return []
        return [self._span(series, at_ms, celsius)]

    def held_ms(self, series: str) -> int:
        """How long a sample of a series holds."""
        return held_ms(self.paces.get(series, ()))

    def _span(self, series: str, at_ms: int, celsius: float) -> Span:
        gap_ms = GAP_MS
        if self.paces:
            known_ms = max(told_ms for told_ms, _ in self.last.values())
            gap_ms = max(told_ms + self.held_ms(name) for name, (told_ms, _) in self.last.items()) - known_ms
        if series in self.last:
            paces = paced(self.paces.pop(series, ()), at_ms - self.last[series][0])
            if paces:
                self.paces[series] = paces
        self.last[series] = (at_ms, celsius)
        if len(self.last) == 1:
            return at_ms, celsius, celsius, gap_ms
        fresh = [told for name, (known_ms, told) in self.last.items() if known_ms > at_ms - self.held_ms(name)]
        return at_ms, min(fresh), max(fresh), gap_ms
