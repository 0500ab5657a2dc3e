"""The thermometers of a room, put in one order of time: the coldest and the warmest of them from moment to moment.

Thermometers report in pieces, each its own. What one tells is held back until the others have told as much, but for
`LAG_MS` at most. What comes later can not be put in its place here: the room is learnt again from the history.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from protocols.excursions import GAP_MS

LAG_MS = 120_000
AHEAD_MS = 300_000
"""What a clock tells that is further ahead of ours is not believed."""
WAITING_MAX = 20_000
"""Samples held back; beyond, the oldest wait no longer."""

Sample = tuple[int, float]
Span = tuple[int, float, float]
"""At a moment: the coldest and the warmest thermometer."""


class Thermometers(Struct):
    """Of each series the last sample that is in place and the newest heard; what waits; up to when all is in place."""

    last: dict[str, Sample] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    waiting: list[tuple[int, str, float]] = field(default_factory=list)
    upto_ms: int = 0
    ahead: int = 0
    """Samples that were left out because their clock is ahead."""

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
        """One sample in its turn: the span of all thermometers that told something lately."""
        self.last[series] = (at_ms, celsius)
        self.newest[series] = max(at_ms, self.newest.get(series, 0))
        self.upto_ms = max(self.upto_ms, at_ms)
        if len(self.last) == 1:
            return [(at_ms, celsius, celsius)]
        fresh = [told for known_ms, told in self.last.values() if known_ms > at_ms - GAP_MS]
        return [(at_ms, min(fresh), max(fresh))]
