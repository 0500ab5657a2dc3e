"""All that a gateway remembers, when its own time leaps: see edge.clock for when, edge.core.rewind for how.

Set back, nothing may lie ahead of it. Ahead while we run, nobody lived through what was leapt over: no zero wandered
and nothing was lost in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.core import order
from edge.core.care import charts, patients
from edge.core.rewind import DAY_MS, moved
from edge.core.slots.shelves import Note

if TYPE_CHECKING:
    from edge.core.inference import Inference, Outcome

LEAP_MS = DAY_MS
"""Our time never goes back by less, and what goes ahead by less is a clock that is set right."""


class Reckoning:
    """Our time at the last moment, also of before a restart, so that a leap of it is seen."""

    def __init__(self, inference: Inference) -> None:
        self._now_ms = newest_ms(inference)
        self._runs = False
        """A moment has passed since the start: what lies between two is no time that we were off."""

    def pass_time(self, inference: Inference, now_ms: int, out: Outcome) -> None:
        """It is `now_ms`."""
        ahead_ms, self._now_ms = now_ms - self._now_ms, now_ms
        runs, self._runs = self._runs, True
        if ahead_ms < -LEAP_MS:
            set_back(inference, now_ms, -ahead_ms)
            out.notes.append(Note("time_set_back", "gateway", now_ms, {"by_s": -ahead_ms // 1000}))
            out.devices, out.slots, out.decided = set(inference.devices), set(inference.shelves.slots), True
        elif runs and ahead_ms > LEAP_MS:
            leap(inference, ahead_ms)


def leap(inference: Inference, by_ms: int) -> None:
    """The slots' evidence is as old as before."""
    for state in inference.shelves.slots.values():
        stock = state.stock
        stock.at_ms += by_ms
        stock.belief.at_ms += by_ms
        if stock.words.mass_ms:
            stock.words.mass_ms += by_ms


def newest_ms(inference: Inference) -> int:
    """The newest moment that is remembered; 0 where nothing is."""
    heard = (state.pulse.seen_ms for state in inference.devices.values())
    told = (state.told_ms for state in inference.shelves.slots.values())
    return max(inference.alone.alarms.at_ms, max(heard, default=0), max(told, default=0))


def set_back(inference: Inference, now_ms: int, by_ms: int) -> None:
    """Nothing that is remembered lies ahead of `now_ms` any more, which is `by_ms` earlier than it was thought to be.
    What is learnt of the devices' clocks was learnt by a wrong one."""
    for state in inference.devices.values():
        taken, state.taken, state.clock = state.taken, {}, patients.Clock()
        order.set_back(taken, now_ms, by_ms)
        moved(state, now_ms, by_ms)
        state.taken = taken
    for chart in inference.ward.charts.values():
        charts.set_back(chart, now_ms, by_ms)
    for part in (inference.shelves, inference.readers, inference.ward, inference.alone):
        moved(vars(part), now_ms, by_ms)
