"""What is kept of one asset: a fold over what it and its gateway said, bounded and serialisable.

A sample is judged once: by its series' sensor, and as part of the cooler, the battery, the antenna or the machine that
it tells of. What can not be judged (repeated, reversed, another unit) is counted by what was wrong, all else goes on.
Gateways told times that can be believed, so what is older is a backlog, and no clock that was put back; a device whose
wall clock tells an hour twice has the second one left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from cloud.core.maintenance import batteries, readrates, refrigeration, sensors, units
from cloud.core.maintenance.assets import Evidence
from cloud.core.maintenance.batteries import Battery
from cloud.core.maintenance.machines import Channels, Machine
from cloud.core.maintenance.outside import Outside
from cloud.core.maintenance.readrates import Antenna
from cloud.core.maintenance.sensors import SHAKEN, STILL, Sensor
from cloud.core.maintenance.units import Level
from protocols.reports import DeviceHealth, Finding

SERIES_MAX = 64
"""Series of one device that are judged; samples of further ones are counted."""
PAST_MAX = 50
"""Faults that are over, of one asset; the oldest are forgotten."""
DRAWN_MAX = 240
READS, TAGS, STRENGTH = "reads_min", "tags_seen", "tags_dbm"
STEPS_MIN, STEPS_OF = 10, 100
GAP_TIMES = 5.0
"""A step of more than so many usual ones is a gap: what went on meanwhile is not known."""
COUNTED = frozenset((READS, TAGS, STRENGTH))
UNITS = frozenset(("mass_g", "temperature_c"))
"""Quantities that devices tell in several units."""


class Course(Struct, array_like=True):
    """One series: its clock, where it stands, and its sensor."""

    level: Level
    sensor: Sensor | None
    last_ms: int = 0
    usual_ms: float = 0.0
    """The usual step from one sample to the next."""
    steps: int = 0
    drawn: list[tuple[int, float]] = field(default_factory=list)
    """The mean of each hour, at its middle, to draw: of a machine that goes on and off by the hour a sample an hour
    would show the one or the other."""
    hour: int = 0
    total: float = 0.0
    count: int = 0
    """Of the hour that is not over: which one it is, the sum of its samples, how many."""

    def draw(self, hour: int) -> None:
        """Another hour has begun."""
        if self.count:
            middle_ms = self.hour * sensors.HOUR_MS + sensors.HOUR_MS // 2
            self.drawn = [*self.drawn, (middle_ms, float(f"{self.total / self.count:.6g}"))][-DRAWN_MAX:]
        self.hour, self.total, self.count = hour, 0.0, 0


class Kept(Struct):
    """All that is remembered of one device."""

    id: str
    heard_ms: int = 0
    series: dict[str, Course] = field(default_factory=dict)
    """By channel/quantity."""
    coolers: dict[str, refrigeration.State] = field(default_factory=dict)
    batteries: dict[str, Battery] = field(default_factory=dict)
    antennas: dict[str, Antenna] = field(default_factory=dict)
    machine: Machine | None = None
    door_ms: int = 0
    """Since when a door of it is told to be open."""
    state: str = ""
    state_ms: int = 0
    told_ms: int = 0
    unheard: bool = False
    battery_pct: float | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    open: dict[str, Evidence] = field(default_factory=dict)
    past: list[Evidence] = field(default_factory=list)

    def note(self, what: str, count: int = 1) -> None:
        """Count what was wrong with its data."""
        self.notes[what] = self.notes.get(what, 0) + count


class Asset:
    """A device as it is followed: what is kept of it, and its machine at work."""

    def __init__(self, kept: Kept, kind: str, limit_c: float | None = None) -> None:
        self.kept, self.kind = kept, kind
        self._limit_c = limit_c
        self._channels = Channels(kept.machine) if kind == "machine" else None
        kept.machine = self._channels.kept if self._channels is not None else None
        self.late: set[str] = set()
        """Series that told of a time before what was taken: they have to be told anew, from the history."""

    def hear(self, health: DeviceHealth) -> bool:
        """Take a gateway's word of it; whether that may change what is found. An older word changes nothing."""
        kept = self.kept
        if health.at_ms < kept.told_ms:
            return False
        changed = (health.state, health.findings, health.unheard) != (kept.state, kept.findings, kept.unheard)
        if health.state != kept.state:
            kept.state, kept.state_ms = health.state, health.last_seen_ms if health.state != "ok" else health.at_ms
        kept.told_ms, kept.findings, kept.unheard = health.at_ms, health.findings, health.unheard
        kept.heard_ms = max(kept.heard_ms, health.last_seen_ms)
        if health.battery_pct is not None:
            kept.battery_pct = health.battery_pct
            if not any(name.endswith("/battery_pct") for name in kept.series):
                changed = (
                    batteries.step(kept.batteries.setdefault("", Battery()), health.at_ms, health.battery_pct)
                    or changed
                )
        return changed

    def feel(
        self, channel: str, quantity: str, at_ms: int, offsets_ms: Sequence[int], values: Sequence[float], out: Outside
    ) -> bool:
        """Take samples of one series; whether what is found may have changed."""
        kept, name = self.kept, f"{channel}/{quantity}"
        if quantity in COUNTED:
            return self._count(channel, quantity, at_ms, offsets_ms, values)
        course = kept.series.get(name)
        if course is None:
            if len(kept.series) >= SERIES_MAX:
                kept.note("too many series", len(values))
                return False
            watched = quantity in STILL or quantity in SHAKEN
            course = kept.series[name] = Course(Level(), sensors.begin(quantity) if watched else None)
        cooler = self._cooler(name, quantity)
        level, sensor = course.level, course.sensor
        convertible, told = quantity in UNITS, False
        for offset, value in zip(offsets_ms, values, strict=True):
            now_ms = at_ms + offset
            by_ms = now_ms - course.last_ms
            if by_ms <= 0:
                kept.note("repeated" if by_ms == 0 else "reversed")
                if by_ms < 0:
                    self.late.add(name)
                continue
            if course.last_ms:
                if course.steps >= STEPS_MIN and by_ms > GAP_TIMES * course.usual_ms:
                    kept.note("gap")
                    if sensor is not None:
                        sensors.interrupt(sensor, now_ms)
                else:
                    course.steps += 1
                    course.usual_ms += (by_ms - course.usual_ms) / min(course.steps, STEPS_OF)
            course.last_ms = now_ms
            if convertible and (meant := units.other_unit(level, value)):
                kept.note(f"perhaps {meant}")
                continue
            if (hour := now_ms // sensors.HOUR_MS) != course.hour:
                course.draw(hour)
            course.total += value
            course.count += 1
            if sensor is not None:
                told = sensors.step(sensor, now_ms, value) or told
                if sensor.still_ms:
                    continue  # a thermometer that is stuck tells nothing of its room
            if cooler is not None:
                was = cooler.losing, cooler.cause, cooler.warming.told_ms, cooler.loaded
                refrigeration.step(cooler, now_ms, value, out.at(now_ms))
                told = told or was != (cooler.losing, cooler.cause, cooler.warming.told_ms, cooler.loaded)
            if self._channels is not None and quantity != "battery_pct":
                told = self._channels.step(name, now_ms, value) or told
        newest = at_ms + offsets_ms[-1]
        if self._channels is not None and quantity != "battery_pct" and self._channels.misses(at_ms):
            self.late.add(name)
        kept.heard_ms = max(kept.heard_ms, newest)
        if quantity == "battery_pct":
            battery = kept.batteries.setdefault(channel, Battery())
            for offset, value in zip(offsets_ms, values, strict=True):
                told = batteries.step(battery, at_ms + offset, value) or told
        elif quantity == "door_open":
            shut = values[-1] < 0.5
            if shut or not kept.door_ms:
                kept.door_ms, told = 0 if shut else newest, True
        return told

    def _cooler(self, name: str, quantity: str) -> refrigeration.State | None:
        if self.kind != "refrigerator" or quantity != "temperature_c":
            return None
        cooler = self.kept.coolers.get(name)
        if cooler is None:
            cooler = self.kept.coolers[name] = refrigeration.State()
        cooler.limit_c = self._limit_c
        return cooler

    def _count(
        self, channel: str, quantity: str, at_ms: int, offsets_ms: Sequence[int], values: Sequence[float]
    ) -> bool:
        """What an antenna read."""
        kept = self.kept
        antenna = kept.antennas.get(channel)
        if antenna is None:
            if len(kept.antennas) >= SERIES_MAX:
                kept.note("too many series", len(values))
                return False
            antenna = kept.antennas[channel] = Antenna()
        told = False
        for offset, value in zip(offsets_ms, values, strict=True):
            reads, tags, dbm = (value if quantity == one else None for one in (READS, TAGS, STRENGTH))
            told = readrates.step(antenna, at_ms + offset, reads, tags, dbm) or told
        kept.heard_ms = max(kept.heard_ms, at_ms + offsets_ms[-1])
        return told
