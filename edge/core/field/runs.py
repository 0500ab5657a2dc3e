"""A tare, a calibration or a lesson step by step: wait until the scale is at rest, measure, store, or say why not.

What is asked for at a shelf can not be done while a hand still lies on it, and whoever asked may reload the page, or
hand the phone to somebody else. So the gateway waits by itself and remembers, for each slot, how far it has come.
"""

from __future__ import annotations

from typing import Any

from edge.core.cannot import CannotError
from edge.core.inference import Inference
from edge.core.slots.actions import Calibrate, Tare, Teach
from protocols.fieldwork import Do, Run

WAIT_MS = 60_000
"""A scale that has not come to rest by then is refused."""
STILL_MS = 2_000
"""It must have been at rest so long since it was asked for: the hand has just put something down."""
RUNS_MAX = 200
"""Slots whose last run is remembered; beyond it the oldest goes."""
FIGURES = ("tare_g", "span", "unit_mass_g", "error_g", "reach")

Work = Tare | Calibrate | Teach


class Runs:
    """The runs of one gateway, since its start."""

    def __init__(self) -> None:
        self.of: dict[str, Run] = {}
        self._work: dict[str, Work] = {}

    def begin(self, slot: str, work: Work, by: str, now_ms: int) -> Run:
        """Begin, in place of one that still waits."""
        do: Do = "tare" if isinstance(work, Tare) else "calibrate" if isinstance(work, Calibrate) else "teach"
        self.of.pop(slot, None)
        one = self.of[slot] = Run(slot, do, by, "calm", now_ms, now_ms, now_ms + WAIT_MS)
        self._work[slot] = work
        if len(self.of) > RUNS_MAX:
            oldest = next(iter(self.of))
            del self.of[oldest]
            self._work.pop(oldest, None)
        return one

    def cancel(self, slot: str, now_ms: int) -> None:
        """Nobody wants it any more."""
        if self._work.pop(slot, None) is not None:
            _step(self.of[slot], "refused", now_ms)
            self.of[slot].why = "cancelled"

    def ready(self, inference: Inference, now_ms: int) -> list[tuple[Run, Work]]:
        """The runs whose scale is at rest now: they are to be carried out. Those that waited too long are refused."""
        found = []
        for slot_id, work in list(self._work.items()):
            one, slot = self.of[slot_id], inference.site.slot_by_id[slot_id]
            shown_g = inference.shown_g(slot, now_ms)
            device = inference.devices.get(slot.device)
            cell = device.cells.get(slot.channel) if device is not None else None
            # By the device's own clock: its last sample must be of well after somebody asked.
            offset_ms = device.pulse.offset_ms if device is not None else 0.0
            fresh = cell is not None and cell.last_ms - offset_ms >= one.begun_ms + STILL_MS
            one.shown_g = shown_g
            if shown_g is not None and fresh:
                del self._work[slot_id]
                one.measured_g = shown_g
                _step(one, "measured", now_ms)
                found.append((one, work))
            elif now_ms >= one.until_ms:
                del self._work[slot_id]
                _step(one, "refused", now_ms)
                heard = device is not None and device.pulse.state == "ok"
                one.why = "restless" if heard else "silent"
        return found


def stored(one: Run, answer: dict[str, Any], now_ms: int) -> None:
    """It was carried out and kept."""
    one.result = {name: float(answer[name]) for name in FIGURES if isinstance(answer.get(name), int | float)}
    _step(one, "stored", now_ms)


def refused(one: Run, error: CannotError, now_ms: int) -> None:
    """It can not be done, and nothing has changed."""
    one.why, one.told = str(error), error.told
    _step(one, "refused", now_ms)


def _step(one: Run, step: Any, now_ms: int) -> None:
    one.step, one.step_ms = step, now_ms
