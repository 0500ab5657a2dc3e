"""A watch over one series or many channels: rows as they come, good and bad; a score for each, events, what was wrong.

One channel is watched by its ranges (`streams.py`), several together by their learned normal (`states.py`). What can
not be judged is told and left out: no score is made of a bad cell, a repeated row or a clock gone backwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cloud.core.maintenance import clocks, streams, units
from cloud.core.maintenance.clocks import Clock
from cloud.core.maintenance.events import Event
from cloud.core.maintenance.states import LEARN_ROWS, Machine
from cloud.core.maintenance.streams import Stream
from cloud.core.maintenance.units import Level


class Judged(Struct):
    """What became of a row. `score`: 0 to 1, a half where an event begins; 0 where it was not judged. `open`: it lies
    within an event. `notes`: what was wrong with it, as (what, channel or "")."""

    score: float
    judged: bool
    open: bool
    events: list[Event]
    notes: list[tuple[str, str]]


class Watch:
    """The watch over the channels of one file or asset."""

    def __init__(self, channels: Sequence[str], learn_rows: int = LEARN_ROWS) -> None:
        self.channels = tuple(channels)
        self._clock = Clock()
        self._levels = [Level() for _ in channels]
        self._last: list[float | None] = [None] * len(channels)
        self._stream = Stream() if len(self.channels) == 1 else None
        self._machine = Machine(channels, learn_rows) if len(self.channels) > 1 else None

    def take(self, at_ms: int, values: Sequence[float | None]) -> Judged:
        """Take a row: a finite number of each channel, None where there is none."""
        fits, note = clocks.take(self._clock, at_ms)
        notes = [] if note is None else [(str(note), "")]
        if not fits:
            return Judged(0.0, False, self._is_open, [], notes)
        row = list(values)
        for at, value in enumerate(row):
            if value is not None:
                other = units.other_unit(self._levels[at], value)
                if other:
                    notes.append((f"perhaps {other}", self.channels[at]))
                    row[at] = None
        if self._stream is not None:
            return self._by_ranges(self._stream, at_ms, row[0], notes)
        return self._by_normal(at_ms, row, notes, note == "gap")

    def _by_ranges(self, stream: Stream, at_ms: int, value: float | None, notes: list[tuple[str, str]]) -> Judged:
        if value is None:
            return Judged(0.0, False, self._is_open, [], notes)
        events: list[Event] = []
        score = streams.step(stream, at_ms, value, events)
        return Judged(score, True, stream.event is not None and stream.quiet_rows == 0, events, notes)

    def _by_normal(self, at_ms: int, row: list[float | None], notes: list[tuple[str, str]], gap: bool) -> Judged:
        """A machine's other channels are judged beside the last value of one whose cell is bad."""
        for at, value in enumerate(row):
            if value is not None:
                self._last[at] = value
        whole = [value for value in self._last if value is not None]
        if self._machine is None or len(whole) < len(self.channels) or all(value is None for value in row):
            return Judged(0.0, False, self._is_open, [], notes)
        events = self._machine.interrupt() if gap else []
        score = self._machine.step(at_ms, whole, events)
        return Judged(score, True, self._is_open, events, notes)

    def close(self) -> list[Event]:
        """End the event that is open where the rows end."""
        if self._stream is not None:
            return [streams.close(self._stream)] if self._stream.event else []
        return self._machine.close() if self._machine else []

    @property
    def _is_open(self) -> bool:
        """Whether there is an event, and it has not been quiet since the last row."""
        if self._stream is not None:
            return self._stream.event is not None and self._stream.quiet_rows == 0
        if self._machine is None:
            return False
        return self._machine.memory.event is not None and self._machine.memory.calm_rows == 0
