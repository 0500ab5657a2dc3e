"""A machine that runs by turns, such as a fan or a conveyor's drive: what it draws, shakes and warms follows its load.

A bearing that wears shakes more and more (the velocity grows exponentially, ISO 10816 calls over 7.1 mm/s unfit),
warms the housing and costs a little power, weeks before it fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sin

DAY_MS = 86_400_000
WORN_OUT = 1.4
"""Of a bearing that is worn out the velocity is e to this power as high."""
VOLTS = 230.0


@dataclass(frozen=True, slots=True)
class Drive:
    """How a machine is made: `on_min` of work, `off_min` of rest; it warms by `warm_k` within some `warm_min`."""

    running_w: float = 1500.0
    idle_w: float = 40.0
    running_mm_s: float = 1.8
    idle_mm_s: float = 0.2
    warm_k: float = 22.0
    warm_min: float = 20.0
    on_min: float = 40.0
    off_min: float = 20.0
    load_swing: float = 0.15
    """By day it works so much harder than on average, by night so much less."""


@dataclass(frozen=True, slots=True)
class Wear:
    """From `from_ms` on the bearing wears by `share_per_day`; at 1 it is worn out."""

    from_ms: int
    share_per_day: float


@dataclass(slots=True)
class Machine:
    """A machine's state: how far its housing is above the room. `advance` is the only thing that changes it."""

    drive: Drive
    ambient_c: float
    at_ms: int
    above_k: float = 0.0
    wear: Wear | None = None

    @property
    def running(self) -> bool:
        """Whether it works now."""
        return self.at_ms / 60_000 % (self.drive.on_min + self.drive.off_min) < self.drive.on_min

    @property
    def worn(self) -> float:
        """How far its bearing is worn, 0 as new, 1 worn out."""
        if self.wear is None:
            return 0.0
        return min(1.5, max(0.0, self.wear.share_per_day * (self.at_ms - self.wear.from_ms) / DAY_MS))

    @property
    def load(self) -> float:
        """How hard it works by the hour, 1 on average; nothing while it rests."""
        return (1 + self.drive.load_swing * sin(2 * pi * (self.at_ms % DAY_MS / DAY_MS - 0.375))) * self.running


def advance(machine: Machine, until_ms: int) -> None:
    """Let it run to `until_ms`; its heat comes and goes exponentially, minute by minute."""
    while machine.at_ms < until_ms:
        step_ms = min(60_000, until_ms - machine.at_ms)
        heads_for = machine.drive.warm_k * machine.load * (1 + 0.5 * machine.worn)
        kept = exp(-step_ms / 60_000 / machine.drive.warm_min)
        machine.above_k = heads_for + (machine.above_k - heads_for) * kept
        machine.at_ms += step_ms


def power_w(machine: Machine) -> float:
    """What it draws."""
    return machine.drive.idle_w + machine.drive.running_w * machine.load * (1 + 0.1 * machine.worn)


def current_a(machine: Machine) -> float:
    """The current of one phase at a power factor of 0.85."""
    return power_w(machine) / (VOLTS * 0.85)


def vibration_mm_s(machine: Machine) -> float:
    """The velocity of its housing, root mean square (ISO 10816)."""
    if not machine.running:
        return machine.drive.idle_mm_s
    return machine.drive.running_mm_s * (0.7 + 0.3 * machine.load) * exp(WORN_OUT * machine.worn)


def temperature_c(machine: Machine) -> float:
    """How warm its housing is."""
    return machine.ambient_c + machine.above_k
