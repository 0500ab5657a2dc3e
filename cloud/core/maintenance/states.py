"""Many channels of one machine watched together: a learned normal for each of its operating states.

Channels that stood still, or changed seldom between two values while learning, are switches: how they stand is the
operating state, and each state has its own normal (`normal.py`), learned from its first rows. Rows are smoothed by a
median, so one odd cell is no event. A state never seen before is told, and learned. Normal rows go on to be learned
from. So does a deviation that lasts for very long: it is told once, for an alarm that never ends says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
from msgspec import Struct, field

from cloud.core.maintenance.events import Event, Moved
from cloud.core.maintenance.normal import CLIP, LIMIT, NORMAL_REACH, Array, Normal, learn
from cloud.core.maintenance.standing import Course, stand

SMOOTH_ROWS = 15
LEARN_ROWS, LEARN_ROWS_MAX = 400, 5000
SWITCH_RUN_ROWS = 10
"""Between two values a switch stays so long on average."""
LEVELS_MAX = 2
"""A switch that takes more values is a measurement after all; then all is learned anew."""
STATES_MAX = 8
"""So many states are kept; with one more, the switch of the most values is taken for a measurement."""
CALM_ROWS = 10
"""So many normal rows end an event."""
LASTING_ROWS = 1000
"""A deviation that lasts so long is learned, beside what was normal before."""
KEEP_EVERY = 5
KEPT_MAX = 800
"""Of the rows of a state one in so many is kept to learn from, and of too many every other one."""
LEARN_AGAIN = 1.25
"""With so many times the rows it was learned from, a normal is learned again."""
NEW_STATE_SCORE = 0.6
WHY_MAX, WHY_SHARE = 3, 0.1
"""So many channels are named at most, each of which makes at least so much of the distance."""


class State(Struct):
    """One operating state: the rows to learn from, as (as they came, smoothed), those of the open event, the normal."""

    rows: list[tuple[list[float], list[float]]] = field(default_factory=list)
    odd: list[tuple[list[float], list[float]]] = field(default_factory=list)
    learned_rows: int = 0
    normal: Normal | None = None


class Memory(Struct):
    """All that is remembered of a machine; bounded: some 200 KB for 8 channels and each of at most 8 states."""

    learn_rows: int = LEARN_ROWS
    row: int = 0
    first: list[list[float]] = field(default_factory=list)
    switches: list[int] | None = None
    measured: list[int] = field(default_factory=list)
    levels: dict[int, list[float]] = field(default_factory=dict)
    key: tuple[float, ...] | None = None
    states: list[tuple[tuple[float, ...], State]] = field(default_factory=list)
    settled_rows: int = 0
    courses: list[Course] = field(default_factory=list)
    event: Event | None = None
    calm_rows: int = 0
    event_rows: int = 0


class Machine:
    """A machine's channels, named; `step` takes a row."""

    def __init__(self, channels: Sequence[str], learn_rows: int = LEARN_ROWS) -> None:
        self.channels = tuple(channels)
        self.memory = Memory(min(max(learn_rows, 4 * SMOOTH_ROWS), LEARN_ROWS_MAX))
        self._state: State | None = None
        self._centre = self._scale = self._pace = self._shape = np.zeros(0)
        self._wanders = False
        self._window = np.zeros((SMOOTH_ROWS, len(self.channels)))

    def step(self, at_ms: int, values: list[float], ended: list[Event]) -> float:
        """Take one row of finite values, in order of time; its score, 0 to 1, a half at the border of the normal.
        Events that end are put into `ended`."""
        memory = self.memory
        memory.row += 1
        if not memory.courses:
            memory.courses = [Course(value, memory.row, at_ms, value, value) for value in values]
        ended += stand(memory.courses, self.channels, memory.row, at_ms, values)
        if memory.switches is None:
            memory.first.append(values)
            if len(memory.first) >= memory.learn_rows:
                self._begin(at_ms)
            return 0.0
        return self._take(at_ms, values, ended)

    def interrupt(self) -> list[Event]:
        """Rows are missing: what came before smooths nothing any more, and an open event ends."""
        self.memory.settled_rows = 0
        return self.close()

    def close(self) -> list[Event]:
        """End the open event, as it must be where the rows end."""
        event, self.memory.event = self.memory.event, None
        if self._state is not None:
            self._state.odd = []
        return [event] if event else []

    def _begin(self, at_ms: int) -> None:
        """Tell switches from measurements by the first rows, then learn from these."""
        memory = self.memory
        first, memory.first = memory.first, []
        memory.switches = [
            channel
            for channel in range(len(self.channels))
            if channel not in memory.measured and _is_switch([row[channel] for row in first])
        ]
        while len({tuple(row[channel] for channel in memory.switches) for row in first}) > STATES_MAX:
            busiest = max(memory.switches, key=lambda one: _runs([row[one] for row in first]))
            memory.switches.remove(busiest)
            memory.measured.append(busiest)
        memory.levels = {channel: [] for channel in memory.switches}
        memory.states, memory.key = [], None
        for values in first:
            self._take(at_ms, values, [])

    def _take(self, at_ms: int, values: list[float], ended: list[Event]) -> float:
        memory = self.memory
        assert memory.switches is not None, "the switches are known"
        key = tuple(values[channel] for channel in memory.switches)
        score = 0.0
        if key != memory.key:
            was, memory.key = memory.key, None
            self._put_down()
            ended += self.close()
            if not self._known(key):
                return 0.0
            memory.key, memory.settled_rows = key, 0
            if self._take_up(key):
                score = NEW_STATE_SCORE
                ended.append(Event(at_ms, at_ms, "new state", score, self._switched(was, key)))
        self._window[memory.settled_rows % SMOOTH_ROWS] = values
        memory.settled_rows += 1
        if memory.settled_rows < SMOOTH_ROWS:
            return score
        ordered = self._window.copy()
        ordered.sort(axis=0)
        smoothed: Array = ordered[SMOOTH_ROWS // 2]
        if memory.settled_rows == SMOOTH_ROWS and self._centre.size:
            self._centre = np.where(self._pace > 0, smoothed, self._centre)
        if not self._centre.size:
            self._gather(values, smoothed)
            return score
        return self._judge(at_ms, values, smoothed, ended)

    def _known(self, key: tuple[float, ...]) -> bool:
        """Whether a state can be kept as such; if not, a switch turned out to be a measurement, and all begins anew."""
        memory = self.memory
        assert memory.switches is not None, "the switches are known"
        for channel, value in zip(memory.switches, key, strict=True):
            if value not in memory.levels[channel]:
                memory.levels[channel].append(value)
        most = max(memory.switches, key=lambda one: len(memory.levels[one]), default=-1)
        full = len(memory.states) >= STATES_MAX and all(one != key for one, _ in memory.states)
        if most < 0 or not (full or len(memory.levels[most]) > LEVELS_MAX):
            return True
        memory.measured.append(most)
        memory.switches, memory.states, memory.first = None, [], []
        self._state, self._centre = None, np.zeros(0)
        return False

    def _switched(self, was: tuple[float, ...] | None, key: tuple[float, ...]) -> list[Moved]:
        """The switches that moved, each with where it stood."""
        moved = zip(self.memory.switches or (), was or key, key, strict=True)
        return [Moved(self.channels[channel], now, old, old) for channel, old, now in moved if now != old]

    def _take_up(self, key: tuple[float, ...]) -> bool:
        """Work with the normal of this state; True where the state is new."""
        found = next((state for one, state in self.memory.states if one == key), None)
        self._state = found or State()
        if found is None:
            self.memory.states.append((key, self._state))
        normal = self._state.normal
        self._centre = np.zeros(0)
        if normal is not None:
            self._centre, self._scale = np.array(normal.centre), np.array(normal.scale)
            self._pace, self._shape = np.array(normal.pace), np.array(normal.shape)
            self._wanders = any(normal.pace)
        return found is None

    def _put_down(self) -> None:
        """Keep where the wandering centres are."""
        if self._state is not None and self._state.normal is not None:
            self._state.normal.centre = self._centre.tolist()

    def _gather(self, values: list[float], smoothed: Array) -> None:
        """Learn the normal of the present state once it has rows enough."""
        state = self._state
        assert state is not None, "a state has been taken up"
        state.rows.append((values, smoothed.tolist()))
        if len(state.rows) > self.memory.learn_rows - SMOOTH_ROWS:
            self._learn(state)

    def _learn(self, state: State) -> None:
        """Learn a state's normal, for the first time or again; a wandering centre goes on from where it is."""
        ranges = np.array([course.high - course.low for course in self.memory.courses])
        centre = self._centre
        raw, smoothed = ([row[at] for row in state.rows] for at in (0, 1))
        state.normal, state.learned_rows = learn(raw, smoothed, SMOOTH_ROWS, ranges), len(state.rows)
        assert self.memory.key is not None, "it is known which"
        self._take_up(self.memory.key)
        if centre.size:
            self._centre = np.where(self._pace > 0, centre, self._centre)

    def _keep(self, state: State, values: list[float], smoothed: Array, normal: bool) -> None:
        """Keep a row to learn from: at once where it is normal, else if the deviation lasts."""
        (state.rows if normal else state.odd).append((values, smoothed.tolist()))
        if len(state.rows) > max(KEPT_MAX, 2 * self.memory.learn_rows):
            state.rows = state.rows[::2]
            state.learned_rows //= 2
        if normal and len(state.rows) >= LEARN_AGAIN * state.learned_rows:
            self._learn(state)

    def _judge(self, at_ms: int, values: list[float], smoothed: Array, ended: list[Event]) -> float:
        away = (smoothed - self._centre) / self._scale
        np.minimum(np.maximum(away, -CLIP, out=away), CLIP, out=away)
        distance = sqrt(max(0.0, float(away @ self._shape @ away)))
        if self._wanders:
            self._centre += self._pace * (smoothed - self._centre)
        score: float = distance / (distance + LIMIT)
        memory, state = self.memory, self._state
        assert state is not None, "a state has been taken up"
        if memory.settled_rows % KEEP_EVERY == 0 and len(state.odd) < LASTING_ROWS:
            self._keep(state, values, smoothed, memory.event is None and score < 0.5)
        event = memory.event
        if event is None and score < 0.5:
            return score
        if event is None:
            event = memory.event = Event(at_ms, at_ms, "state", 0.0)
            memory.event_rows = memory.calm_rows = 0
        memory.event_rows += 1
        memory.calm_rows = 0 if score >= 0.5 else memory.calm_rows + 1
        if score >= 0.5:
            event.end_ms = at_ms
        if score > event.score:
            event.score, event.why = score, self._why(smoothed, away)
        if memory.event_rows >= LASTING_ROWS:
            state.rows += state.odd
            self._learn(state)
        if memory.event_rows >= LASTING_ROWS or memory.calm_rows >= CALM_ROWS:
            ended += self.close()
        return score

    def _why(self, smoothed: Array, away: Array) -> list[Moved]:
        """The channels that make most of the distance, each with the range it mostly kept to while it was learned."""
        shares = away * (self._shape @ away)
        most = [one for one in np.argsort(-shares)[:WHY_MAX].tolist() if shares[one] >= WHY_SHARE * shares.sum()]
        low, high = (self._centre + side * NORMAL_REACH * self._scale for side in (-1, 1))
        return [Moved(self.channels[one], float(smoothed[one]), float(low[one]), float(high[one])) for one in most]


def _is_switch(values: Sequence[float]) -> bool:
    """Whether a channel stood still, or changed seldom between two values."""
    kinds = len(set(values))
    return kinds == 1 or (kinds == 2 and len(values) / _runs(values) >= SWITCH_RUN_ROWS)


def _runs(values: Sequence[float]) -> int:
    """How often a channel came to another value, the first one included."""
    return 1 + sum(one != other for one, other in pairwise(values))
