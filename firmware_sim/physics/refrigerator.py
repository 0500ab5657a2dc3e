"""A cold room and its machine: C dT/dt = UA (T_amb - T) + load - Q on(t), with a thermostat, doors and defrosts.

A refrigerant leak lowers the capacity Q day by day: the duty cycle grows and the pull-down slows, long before
the temperature leaves its limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin

STEP_S = 10.0
DEFROST_HEAT_SHARE = 0.2
"""What of the heater's work reaches the room; the rest melts the ice."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Leak:
    """From `from_ms` on the capacity falls by `share_per_day` of the nominal one, down to a tenth."""

    from_ms: int
    share_per_day: float


@dataclass(frozen=True, slots=True)
class Build:
    """How a room and its machine are made. Powers of heat in kW, heat capacity in kJ/K."""

    setpoint_c: float
    band_c: float = 1.0
    ua_kw_k: float = 0.05
    heat_kj_k: float = 400.0
    capacity_kw: float = 2.0
    load_kw: float = 0.05
    door_kw_k: float = 0.08
    """What an open door lets in, per degree of difference."""
    running_w: float = 780.0
    idle_w: float = 28.0
    defrost_every_h: float = 12.0
    defrost_min: float = 10.0
    defrost_w: float = 900.0


@dataclass(slots=True)
class Room:
    """A room's state. `advance` is the only thing that changes it."""

    build: Build
    ambient_c: float
    at_ms: int
    temperature_c: float
    running: bool = False
    door_open: bool = False
    leak: Leak | None = None


def ambient(mean_c: float, at_ms: int, swing_c: float = 2.0) -> float:
    """The hall's temperature: a daily wave, warmest at 15 h UTC."""
    return mean_c + swing_c * sin(2 * pi * ((at_ms % DAY_MS) / HOUR_MS - 9.0) / 24.0)


def capacity_share(room: Room) -> float:
    """What is left of the nominal capacity, 0.1 to 1."""
    if room.leak is None or room.at_ms <= room.leak.from_ms:
        return 1.0
    return max(0.1, 1.0 - room.leak.share_per_day * (room.at_ms - room.leak.from_ms) / DAY_MS)


def defrosting(room: Room) -> bool:
    """Whether the defrost heater is on: at fixed hours, as a timer does it."""
    every_ms = int(room.build.defrost_every_h * HOUR_MS)
    return every_ms > 0 and room.at_ms % every_ms < room.build.defrost_min * 60_000


def advance(room: Room, until_ms: int) -> None:
    """Step the room to `until_ms` in steps of at most 10 s (explicit Euler; the room's own time is hours)."""
    build = room.build
    while room.at_ms < until_ms:
        step_ms = min(int(STEP_S * 1000), until_ms - room.at_ms)
        outside_c = ambient(room.ambient_c, room.at_ms)
        warm = defrosting(room)
        if warm or room.temperature_c <= build.setpoint_c - build.band_c:
            room.running = False
        elif room.temperature_c >= build.setpoint_c + build.band_c:
            room.running = True
        heat_kw = build.ua_kw_k * (outside_c - room.temperature_c) + build.load_kw
        if room.door_open:
            heat_kw += build.door_kw_k * (outside_c - room.temperature_c)
        if warm:
            heat_kw += DEFROST_HEAT_SHARE * build.defrost_w / 1000.0
        if room.running:
            heat_kw -= build.capacity_kw * capacity_share(room)
        room.temperature_c += heat_kw * step_ms / 1000.0 / build.heat_kj_k
        room.at_ms += step_ms


def power_w(room: Room) -> float:
    """What the machine draws: less gas, a little less work for the compressor."""
    build = room.build
    if defrosting(room):
        return build.idle_w + build.defrost_w
    if not room.running:
        return build.idle_w
    lift = (ambient(room.ambient_c, room.at_ms) - room.temperature_c) / 20.0
    return build.idle_w + build.running_w * (0.7 + 0.3 * capacity_share(room)) * (0.9 + 0.1 * lift)
