"""All that a gateway remembers, when its own time was set back: see edge.clock for when, edge.core.rewind for how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.core import order
from edge.core.care import charts, patients
from edge.core.rewind import DAY_MS, moved

if TYPE_CHECKING:
    from edge.core.inference import Inference

BACK_MS = DAY_MS
"""Our time never goes back by less."""


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
