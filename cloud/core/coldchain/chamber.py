"""One room: its thermometers, and for each way of keeping goods there what came of its temperature. A fold.

The fold only goes forward. What comes later than its place makes the room to be learnt again, from the last moment
before it of which the whole state is kept (`checkpoints`), by the samples that the history holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from cloud.core.coldchain.approach import Lately
from cloud.core.coldchain.exposure import Course, Worn
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS
from cloud.core.coldchain.marks import Marks
from cloud.core.coldchain.thermometers import Sample, Span, Thermometers
from protocols.cold import Storage
from protocols.excursions import REST_MS, Excursion, worst

HOURLY, DAILY = 6, 31
"""Checkpoints of so many of the last hours and of the last days."""
WAY_BACK_MS = HOUR_MS
"""For so long after it was outside a room is not in its usual range yet."""


class Told(NamedTuple):
    """What became of goods kept so: an excursion that is new, another or over."""

    storage: str
    excursion: Excursion


class Kept(Struct):
    """What is known of one way of keeping goods in a room; `by` are its limits, `since_ms` when it was first so."""

    by: Storage
    course: Course
    lately: Lately = field(default_factory=Lately)
    since_ms: int = 0
    outside_ms: int = 0
    """When it was outside last."""


class Checkpoint(Struct, frozen=True):
    """The state at a moment, packed."""

    at_ms: int
    state: bytes


class State(Struct):
    """What the fold goes on from."""

    thermometers: Thermometers = field(default_factory=Thermometers)
    kept: dict[str, Kept] = field(default_factory=dict)


class Past(Struct):
    """What is kept of the past, to go back to and to look up."""

    checkpoints: list[Checkpoint] = field(default_factory=list)
    marks: dict[str, Marks] = field(default_factory=dict)


class Chamber(Struct):
    """One room."""

    state: State = field(default_factory=State)
    past: Past = field(default_factory=Past)

    @property
    def upto_ms(self) -> int:
        """Up to when all is folded."""
        return self.state.thermometers.upto_ms

    def furnish(self, storages: Mapping[str, Storage], now_ms: int) -> set[str]:
        """Keep goods so from now on. Those that are new or kept otherwise than before: they are to be learnt from what
        is known of the room (`adopt`). What is kept so no more is left out."""
        kept, new = self.state.kept, set()
        for name in [name for name in kept if name not in storages]:
            del kept[name]
            self.past.marks.pop(name, None)
        for name, by in storages.items():
            if name not in kept or kept[name].by != by:
                kept[name] = Kept(by, Course.of(by), since_ms=now_ms)
                self.past.marks[name] = Marks()
                new.add(name)
        if new:
            self.past.checkpoints.clear()
        return new

    def hear(self, series: str, samples: Iterable[Sample], now_ms: int) -> int | None:
        """Samples of a thermometer; the earliest of them that came too late."""
        return self.state.thermometers.hear(series, samples, now_ms)

    def advance(self, now_ms: int) -> list[Told]:
        """Fold what is in place by now."""
        return [told for span in self.state.thermometers.due(now_ms) for told in self._fold(span)]

    def learn(self, samples: Iterable[tuple[int, str, float]], pins: Iterable[int] = ()) -> list[Told]:
        """Fold samples (time, series, degC) that come in the order of time, as the history has them. `pins` are moments
        at which what was counted by then is wanted exactly."""
        wanted = sorted({one for one in pins if one > self.upto_ms})
        for marks in self.past.marks.values():
            marks.pinned = [*wanted]
        place = self.state.thermometers.place
        return [
            told
            for at_ms, series, celsius in samples
            for span in place(at_ms, series, celsius)
            for told in self._fold(span)
        ]

    def back_to(self, at_ms: int) -> Chamber | None:
        """This room as it was at the last checkpoint before a moment; None where it does not go back so far."""
        before = [one for one in self.past.checkpoints if one.at_ms < at_ms]
        if not before:
            return None
        state = msgspec.msgpack.decode(before[-1].state, type=State)
        marks = {name: Marks([*one.at_ms], [*one.worn]) for name, one in self.past.marks.items()}
        for one in marks.values():
            one.cut(before[-1].at_ms)
        return Chamber(state, Past(before, marks))

    def copy(self) -> Chamber:
        """The same, to be changed by itself; without what waits."""
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(self.state), type=State)
        state.thermometers.waiting = []
        marks = {name: Marks([*one.at_ms], [*one.worn]) for name, one in self.past.marks.items()}
        return Chamber(state, Past([*self.past.checkpoints], marks))

    def fresh(self) -> Chamber:
        """This room as if nothing were known of it."""
        kept = {name: Kept(one.by, Course.of(one.by), since_ms=one.since_ms) for name, one in self.state.kept.items()}
        return Chamber(State(Thermometers(), kept), Past([], {name: Marks() for name in kept}))

    def adopt(self, learnt: Chamber, names: set[str]) -> None:
        """Take over what was learnt of some ways of keeping goods; the others stay as they are."""
        for name in names:
            self.state.kept[name], self.past.marks[name] = learnt.state.kept[name], learnt.past.marks[name]
        if names == self.state.kept.keys():
            self.past.checkpoints = learnt.past.checkpoints
        mine, theirs = self.state.thermometers, learnt.state.thermometers
        if theirs.upto_ms > mine.upto_ms:
            mine.last, mine.newest, mine.upto_ms = theirs.last, theirs.newest, theirs.upto_ms
            mine.paces, mine.doubted = theirs.paces, theirs.doubted

    def worn_at(self, storage: str, at_ms: int) -> Worn:
        """What was counted by a moment for goods that are kept so."""
        now = self.state.kept[storage].course.worn
        return self.past.marks[storage].at(at_ms, now, self.upto_ms)

    def pin(self, storage: str, at_ms: int) -> bool:
        """What is counted by a moment for goods that are kept so is wanted exactly. Whether it is still to be waited
        for: what the thermometers told of it is not here yet."""
        if at_ms <= self.upto_ms:
            return False
        self.past.marks[storage].pin(at_ms)
        return True

    def _fold(self, span: Span) -> list[Told]:
        at_ms, low, high, gap_ms = span
        found = []
        for name, kept in self.state.kept.items():
            if at_ms < kept.course.room.at_ms:
                continue  # it was doubted, and others told more since
            celsius = low if low == high else worst(low, high, kept.by)
            marks = self.past.marks[name]
            for pin in marks.due(at_ms):
                marks.note(pin, kept.course.upto(pin, at_ms, kept.by, gap_ms), pinned=True)
            told = [kept.course.take(at_ms, celsius, kept.by, gap_ms), kept.course.mean(at_ms, kept.by)]
            found += [Told(name, one) for one in told if one is not None]
            now = kept.course.room.now
            if now is not None and now.kind != "defrost":
                kept.outside_ms = at_ms
            kept.lately.add(at_ms, celsius, quiet=at_ms - kept.outside_ms > WAY_BACK_MS)
            marks.note(at_ms, kept.course.worn)
        self._check(at_ms)
        return found

    def _check(self, at_ms: int) -> None:
        points = self.past.checkpoints
        if points and at_ms // HOUR_MS <= points[-1].at_ms // HOUR_MS:
            return
        bare = replace(self.state.thermometers, waiting=[], upto_ms=at_ms)
        points.append(Checkpoint(at_ms, msgspec.msgpack.encode(State(bare, self.state.kept))))
        old = len(points) - 1 - HOURLY
        if old > 0 and points[old].at_ms // DAY_MS == points[old - 1].at_ms // DAY_MS:
            del points[old]
        del points[: -(HOURLY + DAILY)]


def own_storage(low_c: float | None, high_c: float | None, cooled: bool) -> Storage | None:
    """By what a room is judged for itself, without any goods: its own limits. It may be outside of them for as long as
    it takes, for what harm that does depends on what lies there; a cooled one defrosts. None where it has none."""
    if low_c is None and high_c is None:
        return None
    frozen = high_c is not None and high_c <= 0
    return Storage(
        "room-itself", low_c, high_c, excursion_minutes=None, defrost_minutes=(75 if frozen else 45) * cooled
    )


assert REST_MS > WAY_BACK_MS, "a room comes to rest between two defrosts"
