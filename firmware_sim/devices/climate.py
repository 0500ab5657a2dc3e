"""Thermometers with a door contact, and the power meters of refrigerating machines. Both look at the same rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from numpy.random import Generator

from firmware_sim.devices.voice import Message, Voice
from firmware_sim.truth import NEVER_MS


class Quantity(NamedTuple):
    """One thing a meter measures: its unit, the truth at a time, and the meter's own noise and resolution."""

    unit: str
    truth: Callable[[int], float]
    noise_sd: float
    digits: int


@dataclass(slots=True)
class Meter:
    """A climate or machine device: every `period_ms` one sample of each quantity, sent in batches of `batch`."""

    voice: Voice
    quantities: list[Quantity]
    rng: Generator
    live_period_ms: int
    period_ms: int
    batch: int = 1
    next_ms: int = NEVER_MS
    since_ms: int = 0
    kept: list[list[float]] = field(default_factory=list)

    def tick(self, now_ms: int) -> list[Message]:
        """Take a sample; a full batch is sent."""
        if not self.kept:
            self.kept = [[] for _ in self.quantities]
        if not self.kept[0]:
            self.since_ms = now_ms
        for values, (_, truth, noise_sd, digits) in zip(self.kept, self.quantities, strict=True):
            values.append(round(truth(now_ms) + noise_sd * float(self.rng.standard_normal()), digits))
        self.next_ms += self.period_ms * max(1, (now_ms - self.next_ms) // self.period_ms + 1)
        return self._send(now_ms) if len(self.kept[0]) >= self.batch else []

    def door(self, at_ms: int, is_open: bool) -> Message:
        """The door contact moved."""
        return self.voice.data(at_ms, at_ms, {"unit": "bool", "value": 1.0 if is_open else 0.0})

    def go_live(self, now_ms: int) -> list[Message]:
        """Hand in the rest of the past; from now on a sample at a time."""
        told = self._send(now_ms) if self.kept and self.kept[0] else []
        self.batch, self.period_ms = 1, self.live_period_ms
        self.next_ms = now_ms + int(self.rng.integers(self.period_ms)) + 1
        return told

    def obey(self, command: str, args: dict[str, object], now_ms: int) -> str:
        """A meter has nothing to tare or to light."""
        return "unknown command"

    def _send(self, now_ms: int) -> list[Message]:
        told = []
        for values, quantity in zip(self.kept, self.quantities, strict=True):
            body: dict[str, object] = {"unit": quantity.unit}
            if len(values) == 1:
                body["value"] = values[0]
            else:
                body |= {"step_ms": self.period_ms, "values": list(values)}
            told.append(self.voice.data(now_ms, self.since_ms, body))
            values.clear()
        return told
