"""From what is kept of an asset to what is wrong with it: faults with their numbers, features that moved, health, days.

Health is 1 as it should be and 0.5 where the first fault begins to count; it is that of the worst part.
"""

from __future__ import annotations

from math import exp
from typing import NamedTuple

from msgspec import Struct, field

from cloud.core.maintenance import sensors
from cloud.core.maintenance.assessing import assess
from cloud.core.maintenance.assets import Code, Days, Fault, Feature, Kind
from cloud.core.maintenance.atwork import ELECTRICAL, SHAKING
from cloud.core.maintenance.batteries import EMPTY_PCT, LOW_PCT, Battery
from cloud.core.maintenance.keeping import Kept
from cloud.core.maintenance.machines import Machine
from cloud.core.maintenance.quarters import quantity_of
from cloud.core.maintenance.readrates import LIMIT, Antenna
from cloud.core.maintenance.refrigeration import LOADED_RISES, State
from cloud.core.maintenance.wear import SIDE

URGENT_DAYS = 3.0
URGENT_LOSS_PCT = 40.0
DOOR_OPEN_MS = 10 * 60_000
TOLD_AS: dict[str, Code] = {
    "drift": "drift", "creep": "creep", "noisy": "noise", "stuck": "stuck", "spikes": "spikes",
    "battery_low": "battery_low", "battery_ending": "battery_low",
}  # fmt: skip
"""A gateway's finding -> the fault it is here. Its silence is told by the state of the device."""
WEIGHT = {1: 0.1, 2: 0.3, 3: 0.45}
"""Health with a fault of this severity, at most."""
FINE_PCT = 20.0
"""A battery's health falls over so many percent above empty."""
Params = dict[str, str | int | float | None]


class Found(NamedTuple):
    """What is found of one asset."""

    faults: list[Fault]
    why: list[Feature]
    health: float
    days: Days | None


UNITS = {
    "_c": "Cel", "_pct": "%", "_mm_s": "mm/s", "_w": "W", "_a": "A", "_v": "V", "_g": "g", "_hpa": "hPa", "_min": "min",
    "_dbm": "dBm",
}  # fmt: skip


class Sheet(Struct):
    """What is written down of one asset while its parts are looked at."""

    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    why: list[Feature] = field(default_factory=list)
    health: float = 1.0
    days: Days | None = None

    def fault(self, code: Code, severity: int, since_ms: int, params: Params, channel: str = "") -> None:
        """Something is wrong; where it is said twice, the worse stands."""
        held = self.faults.get((code, channel))
        if held is None or severity < held.severity:
            self.faults[code, channel] = Fault(code, severity, since_ms, params, channel)

    def feature(self, name: str, value: float, low: float, high: float, unit: str) -> None:
        """A feature is, or may be, out of its normal range."""
        now, least, most = (float(f"{one:.4g}") for one in (value, low, high))
        self.why.append(Feature(name, now, least, most, unit))

    def lasts(self, days: Days | None) -> None:
        """A part has so long; the asset as long as the first to go."""
        if days is not None and (self.days is None or (days[1], days[0]) < (self.days[1], self.days[0])):
            self.days = days

    def found(self) -> Found:
        """All together."""
        faults = sorted(self.faults.values(), key=lambda one: (one.severity, one.since_ms, one.code, one.channel))
        health = min([self.health, *(WEIGHT[one.severity] for one in faults)])
        return Found(faults, self.why, round(max(0.0, health), 3), self.days)


def of_device(kept: Kept, kind: Kind, now_ms: int) -> Found:
    """What is found of a device as a whole; its antennas are assets of their own."""
    sheet = Sheet()
    for finding in kept.findings:
        code = TOLD_AS.get(finding.code)
        if code is not None:
            sheet.fault(code, 3, finding.since_ms, {**finding.evidence, "remedy": finding.remedy}, finding.channel)
    if kept.state in ("silent", "offline") and not kept.unheard:
        sheet.fault("silent", 3, kept.state_ms, {"state": kept.state})
    for name, course in kept.series.items():
        if course.sensor is not None:
            _sensor(sheet, name, course.sensor)
    for name, battery in kept.batteries.items():
        _battery(sheet, name, battery)
    for cooler in kept.coolers.values():
        _cooler(sheet, cooler, now_ms)
    if kept.machine is not None and kind == "machine":
        _machine(sheet, kept.machine)
    if kept.door_ms and now_ms - kept.door_ms >= DOOR_OPEN_MS:
        sheet.fault("door_open", 2, kept.door_ms, {"told_by": "contact"})
    losing = [one for one in kept.antennas.values() if one.losing_ms or one.dead_ms]
    if len(losing) >= 2 and len(losing) > len(kept.antennas) / 2:
        since_ms = min(one.losing_ms or one.dead_ms for one in losing)
        sheet.fault("read_rate", 3, since_ms, {"antennas": len(losing), "of": len(kept.antennas)})
    return sheet.found()


def of_antenna(antenna: Antenna) -> Found:
    """What is found of an antenna."""
    sheet = Sheet(health=1 - min(antenna.cusum, 2 * LIMIT) / (2 * LIMIT))
    rates, strengths = antenna.rates, antenna.strengths
    lost_pct = 100 * (1 - exp(-rates.lost))
    if antenna.dead_ms:
        sheet.fault("antenna_dead", 3, antenna.dead_ms, {"usual_quiet_min": round(antenna.longest_ms / 60_000)})
        sheet.health = 0.0
    elif antenna.losing_ms:
        params: Params = {"lost_pct": round(lost_pct, 1)} if rates.losing_ms else {}
        params |= {"lost_db": round(strengths.lost, 1)} if strengths.losing_ms else {}
        sheet.fault("read_rate", 3, antenna.losing_ms, params)
    if sheet.faults and rates.sigma:
        side = SIDE * rates.sigma
        sheet.feature("reads_by_tag", 100 - lost_pct, 100 * exp(-side), 100 * exp(side), "%")
    if sheet.faults and strengths.sigma:
        sheet.feature("strength", -strengths.lost, -SIDE * strengths.sigma, SIDE * strengths.sigma, "dB")
    return sheet.found()


def _sensor(sheet: Sheet, name: str, sensor: sensors.Sensor) -> None:
    channel, _, quantity = name.rpartition("/")
    if sensor.still_ms:
        hours = (sensor.last_ms - sensor.still_ms) / sensors.HOUR_MS
        sheet.fault("stuck", 3, sensor.still_ms, {"value": sensor.value, "hours": round(hours, 2)}, channel)
        sheet.feature(f"still.{name}", 60 * hours, 0.0, (sensors.allowed_ms(sensor) or 0) / 60_000, "min")
    if sensor.noisy_ms:
        now, usual = sensors.noise(sensor)
        sheet.fault("noise", 3, sensor.noisy_ms, {"now": now, "usual": usual, "ratio": sensor.noisy_ratio}, channel)
        sheet.feature(f"noise.{name}", now, 0.0, usual * sensors.NOISE_RATIO, unit_of(quantity))


def _battery(sheet: Sheet, name: str, battery: Battery) -> None:
    level = battery.level
    if level is None:
        return
    sheet.lasts(battery.left)
    sheet.health = min(sheet.health, max(0.0, (level - EMPTY_PCT) / FINE_PCT))
    if battery.low_ms or battery.ending_ms:
        urgent = level <= EMPTY_PCT or (battery.left is not None and battery.left[0] <= URGENT_DAYS)
        params: Params = {"battery_pct": level, **_days(battery.left)}
        since_ms = min(one for one in (battery.low_ms, battery.ending_ms) if one)
        sheet.fault("battery_low", 2 if urgent else 3, since_ms, params, name)
        sheet.feature("battery", level, LOW_PCT, 100.0, "%")


def _cooler(sheet: Sheet, state: State, now_ms: int) -> None:
    found, known, days = assess(state, now_ms), state.baseline, state.left
    if known is None:
        return
    sheet.lasts(days)
    sheet.health = min(sheet.health, found.score)
    params: Params = {"capacity_lost_pct": found.capacity_lost_pct, "score": found.score}
    params |= {**found.evidence, **_days(days)}
    warming = state.warming
    if found.state == "losing":
        urgent = found.capacity_lost_pct >= URGENT_LOSS_PCT or (days is not None and days[0] <= URGENT_DAYS)
        sheet.fault(found.cause, 1 if urgent else 2, found.since_ms or now_ms, params)
    elif state.loaded >= LOADED_RISES:
        sheet.fault("door_open", 2, state.loaded_ms, {**params, "told_by": "temperature"})
    elif warming.told_ms:
        minutes = round((state.last_ms - warming.low_ms) / 60_000)
        sheet.fault("losing_capacity", 2, warming.low_ms, {**params, "warming_min": minutes})
    for name, (low, high) in known.normal.items():
        value, unit = (found.evidence[name], "") if name == "duty" else (found.evidence[f"{name}_min"], "min")
        if not low <= value <= high:
            sheet.feature(name, value, low, high, unit)


def _machine(sheet: Sheet, machine: Machine) -> None:
    sheet.health = min(sheet.health, 1 - 0.5 * min(1.0, machine.slow))
    if machine.abnormal_ms:
        sheet.fault("abnormal", 3, machine.abnormal_ms, {"minutes": machine.abnormal_minutes})
        # What shakes is told as wear below; and what a machine draws is expected by how it shakes.
        told = (*SHAKING, *ELECTRICAL) if any(wear.since_ms for wear in machine.wears.values()) else ()
        for name, now, low, high in machine.why:
            if quantity_of(name) not in told:
                sheet.feature(name, now, low, high, unit_of(name))
    for name, wear in machine.wears.items():
        usual, normal = wear.usual, wear.normal
        if usual is None or normal is None or not wear.days:
            continue
        middle, now = usual[0], wear.days[-1][1]
        sheet.health = min(sheet.health, max(0.0, 1 - (now - middle) / max(wear.limit - middle, 1e-9)))
        if wear.since_ms:
            params: Params = {"now": round(now, 3), "limit": round(wear.limit, 3), **_days(wear.left)}
            urgent = wear.left is not None and wear.left[0] <= URGENT_DAYS
            sheet.fault("wearing", 1 if urgent else 2, wear.since_ms, params, name)
            sheet.feature(f"work.{name}", now, *normal, unit_of(name))
            sheet.lasts(wear.left)


def _days(days: Days | None) -> Params:
    return {} if days is None else {"days_low": days[0], "days_mid": days[1], "days_high": days[2]}


def unit_of(quantity: str) -> str:
    """The unit that a quantity's name ends with, as people and UCUM write it."""
    return next((unit for end, unit in UNITS.items() if quantity.endswith(end)), "")
