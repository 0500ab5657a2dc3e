"""A watch over one series or many channels: rows as they come, good and bad; a score for each, events, what was wrong.

One channel is watched by its ranges (`streams.py`), several together by their learned normal (`states.py`). Each is
judged from its own first numbers on: those that begin together are one part, and one that begins late is a part of its
own, so that nobody waits for it. What can not be judged is told and left out: no score is made of a bad cell, a
repeated row or a clock gone backwards.
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

GATHER_ROWS = 60
"""Channels whose first numbers come within so many rows begin together; no row would have a score so early."""


class Judged(Struct):
    """What became of a row. `score`: 0 to 1, a half where an event begins, the highest of the channels that spoke; 0
    where it was not judged. `open`: it lies within an event. `notes`: what was wrong with it, as (what, channel or "").
    `begun`: the channels of which this is the first number."""

    score: float
    judged: bool
    open: bool
    events: list[Event]
    notes: list[tuple[str, str]]
    begun: Sequence[str] = ()


class _Part:
    """Channels that began together: one by its ranges, several by their learned normal."""

    def __init__(self, at: Sequence[int], channels: Sequence[str], learn_rows: int) -> None:
        names = [channels[one] for one in at]
        self.at = list(at)
        self._last: list[float | None] = [None] * len(at)
        self._stream = Stream() if len(at) == 1 else None
        self._machine = Machine(names, learn_rows) if len(at) > 1 else None
        self._name = names[0] if len(at) < len(channels) else ""

    def take(self, at_ms: int, row: Sequence[float | None], gap: bool, ended: list[Event]) -> float | None:
        """A row's score, None where none of these channels spoke or one never did. A channel whose cell is bad goes
        with its last value. Events that end are put into `ended`."""
        if self._stream is not None:
            value = row[self.at[0]]
            if value is None:
                return None
            already = len(ended)
            score = streams.step(self._stream, at_ms, value, ended)
            for event in ended[already:]:
                self._name_in(event)
            return score
        assert self._machine is not None, "a part of several channels is a machine"
        spoke = False
        for place, at in enumerate(self.at):
            value = row[at]
            if value is not None:
                self._last[place], spoke = value, True
        whole = [value for value in self._last if value is not None]
        if not spoke or len(whole) < len(self.at):
            return None
        if gap:
            ended += self._machine.interrupt()
        return self._machine.step(at_ms, whole, ended)

    def close(self) -> list[Event]:
        """End the event that is open where the rows end."""
        if self._machine is not None:
            return self._machine.close()
        if self._stream is None or self._stream.event is None:
            return []
        event = streams.close(self._stream)
        self._name_in(event)
        return [event]

    def _name_in(self, event: Event) -> None:
        """An event of one of several channels says of which."""
        if self._name:
            for one in event.why:
                one.feature = f"{self._name} {one.feature}"

    @property
    def is_open(self) -> bool:
        """Whether there is an event, and it has not been quiet since the last row."""
        if self._stream is not None:
            return self._stream.event is not None and self._stream.quiet_rows == 0
        assert self._machine is not None, "a part of several channels is a machine"
        return self._machine.memory.event is not None and self._machine.memory.calm_rows == 0


class Watch:
    """The watch over the channels of one file or asset."""

    def __init__(self, channels: Sequence[str], learn_rows: int = LEARN_ROWS) -> None:
        self.channels = tuple(channels)
        self._learn_rows = learn_rows
        self._clock = Clock()
        self._levels = [Level() for _ in channels]
        self._parts: list[_Part] = []
        self._waiting = [*range(len(self.channels))]
        self._gathered: list[tuple[int, list[float | None], bool]] = []

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
        gap = note == "gap"
        highest, spoke, is_open = 0.0, False, False
        events: list[Event] = []
        for part in self._parts:
            score = part.take(at_ms, row, gap, events)
            if score is not None:
                highest, spoke = max(highest, score), True
            is_open = is_open or part.is_open
        judged = Judged(highest, spoke, is_open, events, notes)
        if self._waiting:
            self._gather(at_ms, row, gap, judged)
        return judged

    def _gather(self, at_ms: int, row: list[float | None], gap: bool, judged: Judged) -> None:
        """Wait a little for channels that begin beside the first that does, then watch them together."""
        spoke = [at for at in self._waiting if row[at] is not None]
        if not spoke and not self._gathered:
            return
        begun = {at for at in self._waiting if any(before[at] is not None for _, before, _ in self._gathered)}
        judged.begun = [self.channels[at] for at in spoke if at not in begun]
        judged.judged |= bool(spoke)
        self._gathered.append((at_ms, row, gap))
        begun |= {*spoke}
        if len(begun) < len(self._waiting) and len(self._gathered) < GATHER_ROWS:
            return
        part = _Part(sorted(begun), self.channels, self._learn_rows)
        for then_ms, before, after_gap in self._gathered:
            part.take(then_ms, before, after_gap, judged.events)
        self._parts.append(part)
        self._waiting = [at for at in self._waiting if at not in begun]
        self._gathered = []

    def close(self) -> list[Event]:
        """End the events that are open where the rows end."""
        return [event for part in self._parts for event in part.close()]

    @property
    def _is_open(self) -> bool:
        """Whether there is an event, and it has not been quiet since the last row."""
        return any(part.is_open for part in self._parts)
