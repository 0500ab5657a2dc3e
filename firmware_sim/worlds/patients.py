"""Sensors over months, healthy or with one known fault from a known time on: what each reports, sample by sample.

Kinds: load cells (raw, or rounded by their display), thermometers in cold rooms and halls (fine, coarse, or telling
changes only), hygrometers, batteries; whole zones of thermometers; clocks. People work from 8 to 18 h on weekdays, and
not at all in a holiday. Times in ms since 1970, UTC. A fault acts on what the sensor feels, before it rounds.

Seeds 1-9 are for tuning, 100 and above for reporting.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from protocols.readings import Quantity

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

Kind = Literal[
    "cell", "cell 1 g", "cell 10 g", "cold room", "hall", "hall 0.5", "on change", "humidity", "battery", "battery 5 %"
]
Fault = Literal["none", "drift", "creep", "noisy", "stuck", "spikes", "silent", "battery"]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_767_571_200_000
"""Monday, 5 January 2026, 0 h."""
QUANTITY: dict[Kind, Quantity] = {
    "cell": "mass_g",
    "cell 1 g": "mass_g",
    "cell 10 g": "mass_g",
    "cold room": "temperature_c",
    "hall": "temperature_c",
    "hall 0.5": "temperature_c",
    "on change": "temperature_c",
    "humidity": "humidity_pct",
    "battery": "battery_pct",
    "battery 5 %": "battery_pct",
}
EVERY_MS: dict[Kind, int] = {
    "cell": 30_000,
    "cell 1 g": 30_000,
    "cell 10 g": 30_000,
    "cold room": 60_000,
    "hall": 60_000,
    "hall 0.5": 60_000,
    "on change": 60_000,
    "humidity": 120_000,
    "battery": 3_600_000,
    "battery 5 %": 6 * 3_600_000,
}
RESOLUTION: dict[Kind, float] = {
    "cell": 0.01,
    "cell 1 g": 1.0,
    "cell 10 g": 10.0,
    "cold room": 0.1,
    "hall": 0.1,
    "hall 0.5": 0.5,
    "on change": 0.1,
    "humidity": 1.0,
    "battery": 1.0,
    "battery 5 %": 5.0,
}
HEARTBEAT_MS = HOUR_MS
CHANGE_C = 0.2
NOMINAL_CREEP = 2e-4
SICK_CREEP = 3e-3
TAU_MS = 600_000.0
SPIKE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Ill:
    """A fault, when it begins, and how strong it is: drift a day (g or degrees), noise and spikes in times the noise,
    battery in per cent a day."""

    fault: Fault = "none"
    from_ms: int = 0
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a sensor reported."""

    quantity: Quantity
    times_ms: Whole
    values: Floats


def sensor(kind: Kind, days: int, ill: Ill, holiday: tuple[int, int], rng: Generator, tails: bool = False) -> Told:
    """One sensor over some days; `holiday` are its first day and the one after it; `tails`: noise has heavy tails."""
    every_ms = EVERY_MS[kind]
    phase_ms = int(rng.integers(0, every_ms))
    times = START_MS + phase_ms + np.arange(days * DAY_MS // every_ms, dtype=np.int64) * every_ms
    if kind.startswith("cell"):
        felt, noise = _cell(times, ill, holiday, rng)
    elif kind == "cold room":
        felt, noise = _cold_room(times, holiday, rng), 0.05
    elif kind == "humidity":
        felt, noise = 50.0 + 8.0 * _weather(times, rng), 0.4
    elif kind.startswith("battery"):
        fall = ill.size if ill.fault == "battery" else 0.0
        since = np.maximum(times - ill.from_ms, 0) / DAY_MS
        felt = rng.uniform(70, 100) - rng.uniform(0.03, 0.15) * (times - START_MS) / DAY_MS - fall * since
        felt, noise = np.maximum(felt + 0.8 * _wave(times, 9.0), 0.0), 0.3
    else:
        felt, noise = _hall(times, rng), 0.03
    drawn = rng.standard_t(3, times.shape) / 3**0.5 if tails else rng.standard_normal(times.shape)
    ill_now = times >= ill.from_ms
    if ill.fault == "noisy":
        drawn = np.where(ill_now, drawn * ill.size, drawn)
    elif ill.fault == "drift":
        felt = felt + ill.size * np.maximum(times - ill.from_ms, 0) / DAY_MS
    felt = felt + noise * drawn
    if ill.fault == "spikes":
        hit = ill_now & (rng.random(times.shape) < SPIKE_SHARE)
        size = np.maximum(noise, RESOLUTION[kind]) * ill.size * rng.uniform(1.0, 3.0, times.shape)
        felt = felt + hit * size * rng.choice([-1.0, 1.0], times.shape)
    told = np.round(felt / RESOLUTION[kind]) * RESOLUTION[kind]
    if QUANTITY[kind] in ("humidity_pct", "battery_pct"):
        told = np.clip(told, 0.0, 100.0)
    if ill.fault == "stuck":
        at = int(np.searchsorted(times, ill.from_ms))
        told[at:] = told[max(at - 1, 0)]
    elif ill.fault == "silent":
        times, told = times[~ill_now], told[~ill_now]
    if kind == "on change":
        kept = _on_change(times, told)
        times, told = times[kept], told[kept]
    return Told(QUANTITY[kind], times, told)


def zone(count: int, days: int, rate_c: float, from_ms: int, rng: Generator) -> list[Told]:
    """Thermometers of one hall, each in its own corner; the first drifts by `rate_c` a day from `from_ms` on."""
    times = START_MS + np.arange(days * DAY_MS // 600_000, dtype=np.int64) * 600_000
    room = _hall(times, rng)
    found = []
    for at in range(count):
        corner = rng.normal(0.0, 1.0) + rng.normal(0.0, 0.3) * _wave(times, rng.uniform(6, 12))
        own = 0.15 * _weather(times, rng)  # doors, goods in the way of the air
        felt = room + corner + own + 0.03 * rng.standard_normal(times.shape)
        if at == 0:
            felt = felt + rate_c * np.maximum(times - from_ms, 0) / DAY_MS
        found.append(Told("temperature_c", times, np.round(felt, 1)))
    return found


def clock(days: int, offset_ms: int, from_ms: int, rng: Generator) -> tuple[Whole, Whole]:
    """(the device's time, time of receipt) of a device that sends every minute, now and then after an hour's outage."""
    true = START_MS + np.arange(days * DAY_MS // 60_000, dtype=np.int64) * 60_000
    delay = rng.exponential(300.0, true.shape)
    for start in rng.integers(0, true.size, days // 3 + 1):  # a backlog, told when the link is back
        late = slice(int(start), int(start) + 60)
        delay[late] += (true[late][-1] - true[late]) if true[late].size else 0
    device = true + np.where(true >= from_ms, offset_ms, rng.integers(-1500, 1500))
    received = true + delay.astype(np.int64)
    order = np.argsort(received, kind="stable")
    return device[order], received[order]


def _wave(times: Whole, peak_h: float) -> Floats:
    return np.asarray(np.sin(2 * pi * ((times % DAY_MS) / HOUR_MS - peak_h + 6.0) / 24.0))


def _weather(times: Whole, rng: Generator) -> Floats:
    """A slow course with a standard deviation of about 1: a random walk by hours that is drawn to the middle."""
    hours = int((times[-1] - times[0]) // HOUR_MS) + 3
    steps = rng.standard_normal(hours) * (1 - 0.98**2) ** 0.5
    course: list[float] = [float(rng.standard_normal())]
    for step in steps.tolist():
        course.append(0.98 * course[-1] + step)
    return np.asarray(np.interp((times - times[0]) / HOUR_MS, np.arange(len(course)), course))


def _hall(times: Whole, rng: Generator) -> Floats:
    return 20.0 + float(rng.uniform(0.3, 1.5)) * _wave(times, 15.0) + 1.5 * _weather(times, rng)


def _cold_room(times: Whole, holiday: tuple[int, int], rng: Generator) -> Floats:
    """A thermostat's saw teeth, two defrosts a day, doors in working hours."""
    period_ms = rng.uniform(20, 40) * 60_000
    phase = (times / period_ms + 0.3 * _weather(times, rng)) % 1.0
    saw = np.where(phase < 0.6, phase / 0.6, (1.0 - phase) / 0.4) * 2.0 - 1.0
    since = (times % (12 * HOUR_MS)) / 60_000.0
    defrost = np.where(since < 10, since / 10 * 3.0, 3.0 * np.exp(-(since - 10) / 15.0))
    room = rng.uniform(2.0, 6.0) + saw + defrost
    for at_ms in _busy(times, 8, holiday, rng):
        after = (times - at_ms) / 60_000.0
        room += np.where((after >= 0) & (after < 60), 1.5 * np.exp(-np.maximum(after, 0.0) / 8.0), 0.0)
    return room


def _busy(times: Whole, a_day: int, holiday: tuple[int, int], rng: Generator) -> list[int]:
    """When something was done, in order."""
    found: list[int] = []
    for day in range(int((times[-1] - START_MS) // DAY_MS) + 1):
        if day % 7 < 5 and not holiday[0] <= day < holiday[1]:
            hours = rng.uniform(8.0, 18.0, int(rng.poisson(a_day)))
            found += sorted(START_MS + day * DAY_MS + int(hour * HOUR_MS) for hour in hours)
    return found


def _cell(times: Whole, ill: Ill, holiday: tuple[int, int], rng: Generator) -> tuple[Floats, float]:
    """A shelf of up to 60 units: picks, refills in the morning, hands, drift of zero, temperature, creep."""
    masses = [60.0, 250.0, 800.0] if ill.fault == "creep" else [20.0, 60.0, 250.0, 800.0]  # light loads creep unseen
    unit_g = float(rng.choice(masses))
    count, busy = 60, _busy(times, 25, holiday, rng)
    loads, creeps = np.empty(times.shape), np.empty(times.shape)
    creep, begin, load = NOMINAL_CREEP * count * unit_g, 0, count * unit_g
    for at_ms in [*busy, int(times[-1]) + 1]:
        end = int(np.searchsorted(times, at_ms))
        if end > begin:
            since = (times[begin:end] - times[begin]) + float(times[1] - times[0])
            share = SICK_CREEP if ill.fault == "creep" and times[begin] >= ill.from_ms else NOMINAL_CREEP
            creeps[begin:end] = share * load + (creep - share * load) * np.exp(-since / TAU_MS)
            creep = float(creeps[end - 1])
        loads[begin:end], begin = load, end
        count = count - int(rng.integers(1, 4)) if count > 6 else 60
        load = count * unit_g
        if rng.random() < 0.3 and end < times.size:
            loads[end] = load  # a hand is in the scale's way of one sample
            creeps[end] = creep + rng.uniform(300, 3000)
            begin = end + 1
    step_h = float(times[1] - times[0]) / HOUR_MS
    walk = np.cumsum(rng.standard_normal(times.shape)) * 0.15 * step_h**0.5
    thermal = 0.05 * (2.0 * _wave(times, 15.0) + 3.0 * _weather(times, rng))
    return loads + creeps + walk + thermal, 0.6


def _on_change(times: Whole, told: Floats) -> list[int]:
    """Places of what is told by a sensor that speaks of changes, and once an hour."""
    kept, last, last_ms = [], float("nan"), 0
    for at, (at_ms, value) in enumerate(zip(times.tolist(), told.tolist(), strict=True)):
        if not abs(value - last) < CHANGE_C - 1e-9 or at_ms - last_ms >= HEARTBEAT_MS:
            kept.append(at)
            last, last_ms = value, at_ms
    return kept
