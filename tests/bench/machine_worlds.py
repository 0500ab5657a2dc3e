"""Machines that the estimators do not know, minute by minute: vibration, current, power and temperature.

Two worlds. *drives* are those of the simulator (`firmware_sim/physics/machine.py`) of many builds: they work by turns
and wear exponentially. *shop* is made otherwise on purpose: jobs at three speeds in working hours, nights and weekends
at rest, a load that wanders, a resonance, mains that sag, a season, meters with heavy tails that round coarsely, lost
minutes and hours, tools that are changed, wear that grows by a power of time and wanders. One fault may begin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.random import Generator

from firmware_sim.physics import machine as driven
from firmware_sim.physics.machine import Drive, Machine

Array = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
World = Literal["drives", "shop"]
Ill = Literal["healthy", "wear", "imbalance", "overload", "heat"]
START_MS = 1_767_571_200_000
"""Monday, 5 January 2026, 0 h."""
MINUTE_MS, DAY_MS = 60_000, 86_400_000
QUANTITIES = ("vibration_mm_s", "current_a", "power_w", "temperature_c")
WORN_DAYS = (15.0, 35.0)
"""A bearing takes so long to wear out, from its first damage on."""


class Told(NamedTuple):
    """What a machine's meters said: minutes since `START_MS`, values [minutes x `QUANTITIES`], which minutes it worked
    in, and the true vibration at work by day (mm/s)."""

    minutes: Array
    values: Array
    works: Flags
    shakes: Array


def lived(world: World, ill: Ill, days: int, fault_day: float, rng: Generator) -> Told:
    """A machine's life of some days; `ill` begins on `fault_day`."""
    return (_drive if world == "drives" else _shop)(ill, days, fault_day, rng)


def _drive(ill: Ill, days: int, fault_day: float, rng: Generator) -> Told:
    drive = Drive(
        running_w=float(rng.uniform(500, 5000)),
        idle_w=float(rng.uniform(20, 80)),
        running_mm_s=float(rng.uniform(0.9, 2.6)),
        idle_mm_s=float(rng.uniform(0.1, 0.3)),
        warm_k=float(rng.uniform(12, 35)),
        warm_min=float(rng.uniform(10, 40)),
        on_min=float(rng.uniform(15, 180)),
        off_min=float(rng.uniform(10, 120)),
        load_swing=float(rng.uniform(0, 0.25)),
    )
    shaken, loaded, warmer = rng.uniform(1.5, 2.5), rng.uniform(1.2, 1.5), rng.uniform(1.4, 2.0)
    sick = {
        "imbalance": replace(drive, running_mm_s=drive.running_mm_s * shaken),
        "overload": replace(drive, running_w=drive.running_w * loaded, warm_k=drive.warm_k * loaded),
        "heat": replace(drive, warm_k=drive.warm_k * warmer),
    }.get(ill, drive)
    one = Machine(drive, 20.0, 0)
    if ill == "wear":
        one.wear = driven.Wear(round(fault_day * DAY_MS), 1 / float(rng.uniform(*WORN_DAYS)))
    minutes = np.arange(days * 1440.0)
    room = _room(minutes, rng)
    values, works = np.empty((len(minutes), 4)), np.zeros(len(minutes), dtype=bool)
    for minute in range(len(minutes)):
        if minute == round(fault_day * 1440):
            one.drive = sick
        driven.advance(one, minute * MINUTE_MS)
        one.ambient_c = float(room[minute])
        works[minute] = one.running
        values[minute] = (
            driven.vibration_mm_s(one), driven.current_a(one), driven.power_w(one), driven.temperature_c(one)
        )  # fmt: skip
    shakes = _by_day(values[:, 0], works, days)
    noise = rng.standard_normal(values.shape) * (0.04, 0.01, 0.01, 0.0) * values
    noise += rng.standard_normal(values.shape) * (0.01, 0.01, 1.0, 0.15)
    return Told(minutes, _rounded(values + noise, (0.01, 0.01, 0.1, 0.1)), works, shakes)


def _shop(ill: Ill, days: int, fault_day: float, rng: Generator) -> Told:
    count = days * 1440
    minutes = np.arange(float(count))
    speed = _jobs(count, rng)
    works = speed > 0
    since_d = np.maximum(minutes / 1440 - fault_day, 0.0)
    ills = since_d > 0
    load = np.clip(1 + _wander(count, 0.12, 90, rng) + _wander(count, 0.08, 2880, rng), 0.4, 1.8)
    load *= np.where(ills & (ill == "overload"), rng.uniform(1.25, 1.5), 1.0)
    power = rng.uniform(20, 60) + rng.uniform(800, 4000) * speed**1.8 * load * works
    volts = 230 * (1 + _wander(count, 0.012, 240, rng))
    current = power / volts / (0.6 + 0.25 * np.clip(power / power.max(), 0, 1))
    resonant = 1 + rng.uniform(0, 0.5) * np.exp(-(((speed - rng.uniform(0.7, 0.9)) / 0.08) ** 2))
    tools = np.repeat(np.exp(rng.normal(0, 0.06, count // 2880 + 2)), 2880)[:count]
    base = rng.uniform(0.9, 2.4)
    worn = np.ones(count)
    if ill == "wear":
        power_of, until_d = rng.choice([1.0, 1.5, 2.0]), rng.uniform(*WORN_DAYS)
        worn += (max(7.1, 2.5 * base) / base - 1) * (since_d / until_d) ** power_of
        worn *= np.exp(ills * _wander(count, 0.05, 2880, rng))
    worn *= np.where(ills & (ill == "imbalance"), rng.uniform(1.6, 2.5), 1.0)
    shake = np.where(works, base * speed**1.2 * resonant * (0.7 + 0.3 * load) * tools * worn, 0.15)
    heats = rng.uniform(12, 30) * np.where(ills & (ill == "heat"), rng.uniform(1.5, 2.0), 1.0)
    above = 0.7 * _followed(heats * speed * load, rng.uniform(8, 20)) + 0.3 * _followed(
        heats * speed * load, rng.uniform(60, 150)
    )
    season = rng.uniform(-6, 6) * minutes / count
    warm = _room(minutes, rng) + season + above
    values = np.column_stack((shake, current, power, warm))
    tails = rng.standard_t(4, values.shape) / 2**0.5
    values = values * (1 + tails * (0.08, 0.015, 0.015, 0.0)) + tails * (0.02, 0.03, 2.0, 0.25)
    told = np.flatnonzero((rng.random(count) > 0.02) & (np.repeat(rng.random(count // 60), 60) > 0.003))
    return Told(
        minutes[told],
        _rounded(values[told], (0.1, 0.1, 1.0, 0.5)),
        works[told],
        _by_day(shake, works, days),
    )


def _jobs(count: int, rng: Generator) -> Array:
    """The speed of each minute: jobs one after the other in working hours, most of them at full speed."""
    speed = np.zeros(count)
    at, first, last = 0, float(rng.uniform(5, 8)), float(rng.uniform(17, 22))
    while at < count:
        long = int(rng.uniform(15, 120))
        hour, weekday = at / 60 % 24, at // 1440 % 7
        if weekday < 5 and first <= hour < last:
            speed[at : at + long] = rng.choice([0.6, 0.8, 1.0], p=[0.2, 0.3, 0.5])
        at += long + int(rng.uniform(3, 40))
    return speed


def _wander(count: int, sd: float, minutes: float, rng: Generator) -> Array:
    """A course of this spread that is drawn back to nought within some minutes."""
    step = max(1, int(minutes / 10))
    kept = np.exp(-step / minutes)
    course = [float(rng.standard_normal())]
    for one in rng.standard_normal(count // step + 2).tolist():
        course.append(kept * course[-1] + (1 - kept**2) ** 0.5 * one)
    return np.asarray(sd * np.interp(np.arange(count) / step, np.arange(len(course)), course))


def _followed(goal: Array, minutes: float) -> Array:
    """What follows a goal with a delay."""
    share, now, found = 1 - np.exp(-1 / minutes), 0.0, np.empty(len(goal))
    for at, one in enumerate(goal.tolist()):
        now += share * (one - now)
        found[at] = now
    return found


def _room(minutes: Array, rng: Generator) -> Array:
    day = np.sin(2 * np.pi * (minutes / 1440 - 0.4))
    return np.asarray(rng.uniform(17, 25) + rng.uniform(0.5, 3) * day + _wander(len(minutes), 1.5, 4320, rng))


def _rounded(values: Array, steps: tuple[float, ...]) -> Array:
    return np.maximum(np.round(values / steps), 0) * steps


def _by_day(shakes: Array, works: Flags, days: int) -> Array:
    found = np.full(days, np.nan)
    for day in range(days):
        here = slice(day * 1440, (day + 1) * 1440)
        if works[here].sum() >= 30:
            found[day] = np.median(shakes[here][works[here]])
    return found
