"""Putting a scenario's devices together: each with its own cells, rooms, luck and voice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from firmware_sim.devices.climate import Meter, Quantity
from firmware_sim.devices.rfid import ReaderDevice
from firmware_sim.devices.shelf import Channel, ShelfDevice
from firmware_sim.devices.voice import Device, Voice
from firmware_sim.physics import machine as driven
from firmware_sim.physics.loadcell import LoadCell
from firmware_sim.physics.machine import Machine, Wear
from firmware_sim.physics.refrigerator import DAY_MS, Leak, Room, advance, ambient, power_w
from firmware_sim.scenario import Scenario
from firmware_sim.world import World
from protocols import layout


def rooms_of(scenario: Scenario, start_ms: int) -> dict[str, Room]:
    """The refrigerated rooms by zone, with their leaks."""
    mean_c = {zone.id: zone.ambient_c for zone in scenario.zones}
    leaks = {fault.device: fault for fault in scenario.faults if fault.kind == "leak"}
    rooms = {}
    for machine in scenario.refrigerators:
        fault = leaks.get(machine.id)
        leak = None
        if fault is not None:
            leak = Leak(start_ms + int(fault.from_day * DAY_MS), fault.percent_per_day / 100.0)
        start_c = machine.build.setpoint_c
        rooms[machine.zone] = Room(machine.build, mean_c[machine.zone], start_ms, start_c, leak=leak)
    return rooms


def machines_of(scenario: Scenario, start_ms: int) -> dict[str, Machine]:
    """The machines that work by turns, by id, with their wear."""
    mean_c = {zone.id: zone.ambient_c for zone in scenario.zones}
    worn = {fault.device: fault for fault in scenario.faults if fault.kind == "wear"}
    machines = {}
    for one in scenario.machines:
        fault = worn.get(one.id)
        wear = None
        if fault is not None:
            wear = Wear(start_ms + int(fault.from_day * DAY_MS), fault.percent_per_day / 100.0)
        machines[one.id] = Machine(one.drive, mean_c[one.zone], start_ms, wear=wear)
    return machines


def devices_of(
    scenario: Scenario,
    site: layout.Site,
    world: World,
    rooms: dict[str, Room],
    machines: dict[str, Machine],
    seed: int,
) -> dict[str, Device]:
    """All devices by id, each with a generator of its own, so that none disturbs another's luck."""
    zone_c = {zone.id: _temperature(rooms.get(zone.id), zone.ambient_c) for zone in scenario.zones}
    drift_g = {run.device_id(i + 1): run.drift_g for run in scenario.shelves for i in range(run.devices)}
    readers = {reader.id: reader for reader in scenario.readers}
    slots: dict[str, list[layout.Slot]] = {}
    for slot in site.slots:
        slots.setdefault(slot.device, []).append(slot)
    period_ms = scenario.sampling.climate_s * 1000
    devices: dict[str, Device] = {}
    for i, about in enumerate(site.devices):
        rng = np.random.default_rng([seed, 2, i])
        voice = Voice(site.site.id, about.id, about.kind)
        if about.kind == "shelf":
            channels = []
            for slot in slots.get(about.id, []):
                load_g = world.shelves[slot.id].load_g
                cell = _cell(about, drift_g[about.id], load_g, rng)
                channels.append(Channel(slot.channel, slot.id, cell, load_g, world.at_ms))
            devices[about.id] = ShelfDevice(voice, channels, scenario.sampling, rng, zone_c[about.zone])
        elif about.kind == "rfid":
            devices[about.id] = ReaderDevice(voice, readers[about.id], rng)
        elif about.kind == "climate":
            voice.battery_pct = float(rng.integers(60, 100))
            quantities = _climate(zone_c[about.zone], about.zone in rooms)
            devices[about.id] = Meter(voice, quantities, rng, period_ms, period_ms)
        elif about.id in machines:
            devices[about.id] = Meter(voice, _driven(machines[about.id]), rng, period_ms, period_ms)
        else:
            devices[about.id] = Meter(voice, [_power(rooms[about.zone])], rng, period_ms, period_ms)
    return devices


def _cell(about: layout.Device, drift_g: float, load_g: float, rng: Generator) -> LoadCell:
    cell = LoadCell(about.noise_g, drift_g, max_g=about.max_mass_g)
    cell.thermal_g, cell.hysteresis_g = float(rng.normal(0.0, 0.05)), abs(float(rng.normal(0.0, 0.1)))
    # The load has lain there for long.
    cell.creep_g = cell.creep_share * load_g
    return cell


def _temperature(room: Room | None, mean_c: float) -> Callable[[int], float]:
    if room is None:
        return lambda at_ms: ambient(mean_c, at_ms)
    cold = room

    def temperature_c(at_ms: int) -> float:
        advance(cold, at_ms)
        return cold.temperature_c

    return temperature_c


def _climate(truth_c: Callable[[int], float], cold: bool) -> list[Quantity]:
    humidity = 62.0 if cold else 45.0

    def humidity_pct(at_ms: int) -> float:
        return humidity + 4.0 * (ambient(0.0, at_ms) / 2.0) - 0.8 * (truth_c(at_ms) % 5.0)

    return [Quantity("Cel", truth_c, 0.05, 2), Quantity("%RH", humidity_pct, 0.5, 1)]


def _power(room: Room) -> Quantity:
    def draw_w(at_ms: int) -> float:
        advance(room, at_ms)
        return power_w(room)

    return Quantity("W", draw_w, 4.0, 1)


def _driven(machine: Machine) -> list[Quantity]:
    def told(of: Callable[[Machine], float]) -> Callable[[int], float]:
        def truth(at_ms: int) -> float:
            driven.advance(machine, at_ms)
            return of(machine)

        return truth

    return [
        Quantity("W", told(driven.power_w), 12.0, 1),
        Quantity("A", told(driven.current_a), 0.05, 2),
        Quantity("mm/s", told(driven.vibration_mm_s), 0.04, 2),
        Quantity("Cel", told(driven.temperature_c), 0.1, 1),
    ]
