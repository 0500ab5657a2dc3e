"""The fold of everything devices say into stock, tags, climate and health, and into what is worth telling the service.

`fold` takes a group of decoded messages, `tick` the passing of time; both return an `Outcome`: the reports, what
changed (for the store), and the problems. All state lives in `devices` and `slots` and can be stored and restored.
"""

from __future__ import annotations

from msgspec import Struct, field

from edge.core import health, series, tags, weight
from edge.core.counting import Estimate, Unit, count_units
from protocols.layout import Device, Site, Slot
from protocols.readings import CommandAck, Decoded, DeviceStatus, Problem, Reading, TagReads
from protocols.reports import Report, SlotLevel, StockEvent, TagMove

LEVEL_REFRESH_MS = 300_000
HEALTH_REFRESH_MS = 600_000
UNSTEADY_MS = 10_000
"""A mass that does not settle for this long makes the count unknown."""


class DeviceState(Struct, array_like=True):
    """All that is remembered of one device."""

    pulse: health.Pulse = field(default_factory=health.Pulse)
    cells: dict[str, weight.Cell] = {}
    bundles: dict[str, series.Bundle] = {}
    field: tags.Field | None = None
    now: dict[str, tuple[int, float]] = {}
    """The newest value of each quantity but mass: quantity -> (at_ms, value)."""
    late: int = 0
    """Shelf messages that were older than what was known already: kept out of the count."""


class SlotState(Struct):
    """A slot's estimate, the mass it came from, and `known`: the last count that was claimed."""

    estimate: Estimate
    mass_g: float
    at_ms: int
    known: int | None = None
    told_ms: int = 0
    basis: tuple[str, str, str, float, float] | None = None
    """What the site file said when it was counted: SKU, device, channel, tare and unit mass."""


class Outcome(Struct):
    """What a group of messages, or the passing of time, brought about."""

    reports: list[Report] = []
    problems: list[Problem] = []
    blamed: list[int] = []
    """`problems[i]` is about the message at place `blamed[i]` of the group."""
    acks: list[CommandAck] = []
    devices: set[str] = field(default_factory=set)
    slots: set[str] = field(default_factory=set)
    readings: int = 0
    duplicates: int = 0

    def blame(self, problem: Problem, at: int) -> None:
        """The message at place `at` can not be used."""
        self.problems.append(problem)
        self.blamed.append(at)


class Inference:
    """One site's state, folded in place."""

    def __init__(
        self,
        site: Site,
        devices: dict[str, DeviceState] | None = None,
        slots: dict[str, SlotState] | None = None,
    ) -> None:
        self.site = site
        self.devices = devices or {}
        self.slots = slots or {}
        self._watch = {key: (slot, _unit(site, slot)) for key, slot in site.slot_by_channel.items()}
        for slot, unit in self._watch.values():
            self._recheck(slot, unit)

    def fold(self, messages: list[Decoded], now_ms: int) -> Outcome:
        """Fold a group of messages, in the order they came."""
        out = Outcome()
        known, devices, touched = self.site.device_by_id, self.devices, out.devices
        for at, message in enumerate(messages):
            if type(message) is Problem:
                out.blame(message, at)
                continue
            device = known.get(message.device)
            if device is None:
                out.blame(_unknown(message.device, self.site), at)
                continue
            state = devices.get(device.id)
            if state is None:
                state = devices[device.id] = DeviceState()
            touched.add(device.id)
            if type(message) is Reading:
                out.readings += len(message.values)
                if health.hear(state.pulse, message.boot, message.seq, message.last_ms, now_ms) == "duplicate":
                    out.duplicates += 1
                elif message.quantity == "mass_g":
                    problem = self._weigh(state, message, device, out)
                    if problem is not None:
                        out.blame(problem, at)
                else:
                    self._measure(state, message, device, now_ms, out)
            elif type(message) is TagReads:
                out.readings += len(message.reads)
                if health.hear(state.pulse, message.boot, message.seq, message.at_ms, now_ms) == "duplicate":
                    out.duplicates += 1
                else:
                    if state.field is None:
                        state.field = tags.Field()
                    out.reports += tags.see(state.field, message.reads, device.zone, device.id)
            elif type(message) is DeviceStatus:
                health.tell(state.pulse, message, now_ms)
                self._judge(state, device.id, now_ms, out)
            elif type(message) is CommandAck:
                health.answer(state.pulse, now_ms)
                out.acks.append(message)
        self._tell_levels(out, now_ms)
        return out

    def tick(self, now_ms: int) -> Outcome:
        """Let time pass: silences, departures, waiting samples, levels to repeat."""
        out = Outcome()
        for name, state in self.devices.items():
            device = self.site.device_by_id.get(name)
            if device is None:
                continue
            self._judge(state, name, now_ms, out)
            if state.bundles:
                ready = series.due(state.bundles, name, device.zone, now_ms)
                if ready:
                    out.reports += ready
                    out.devices.add(name)
            if state.field is not None and state.pulse.state == "ok":
                reader_ms = round(now_ms + state.pulse.offset_ms)
                moves: list[TagMove] = tags.pass_time(state.field, reader_ms, device.zone, name)
                if moves:
                    out.reports += moves
                    out.devices.add(name)
        for slot_id, slot in self.slots.items():
            if now_ms - slot.told_ms >= LEVEL_REFRESH_MS:
                self._refresh(slot_id, slot)
                out.slots.add(slot_id)
        self._tell_levels(out, now_ms)
        return out

    def _weigh(self, state: DeviceState, reading: Reading, device: Device, out: Outcome) -> Problem | None:
        watched = self._watch.get((device.id, reading.channel))
        if watched is None:
            detail = f"channel {reading.channel!r} of {device.id!r} watches no slot"
            return Problem("channel.unwatched", detail, "give it a slot in the site file", device.id)
        slot, unit = watched
        cell = state.cells.get(reading.channel)
        if cell is None:
            cell = state.cells[reading.channel] = weight.Cell()
        if reading.last_ms < cell.last_ms:
            state.late += 1
            return None
        for settled in weight.step(cell, reading.at_ms, reading.values, reading.step_ms, device.noise_g):
            self._settle(slot, unit, settled.mass_g, settled.at_ms, out)
        if cell.unsteady_since_ms and cell.last_ms - cell.unsteady_since_ms > UNSTEADY_MS:
            self._doubt(slot, unit, cell, out)
        return None

    def _settle(self, slot: Slot, unit: Unit, mass_g: float, at_ms: int, out: Outcome) -> None:
        estimate = count_units(mass_g, slot, unit)
        before = self.slots.get(slot.id)
        known = before.known if before is not None else None
        count = estimate.count
        if count is not None and count != known:
            delta = count if known is None else count - known
            source = "first" if known is None else "weight"
            out.reports.append(StockEvent(slot.id, slot.sku, delta, count, at_ms, estimate.confidence, source))
            known = count
        self.slots[slot.id] = SlotState(estimate, mass_g, at_ms, known, 0, _basis(slot, unit))
        out.slots.add(slot.id)

    def _doubt(self, slot: Slot, unit: Unit, cell: weight.Cell, out: Outcome) -> None:
        before = self.slots.get(slot.id)
        if before is not None and before.estimate.reason == "unstable":
            return
        low = min(before.estimate.low, 0) if before is not None else 0
        estimate = Estimate(None, low, slot.capacity, 0.0, "unstable", "wait")
        known = before.known if before is not None else None
        # The level is forgotten, so that the next steady mass is news even when it equals the old one.
        cell.level_g = None
        self.slots[slot.id] = SlotState(estimate, cell.window[-1], cell.last_ms, known, 0, _basis(slot, unit))
        out.slots.add(slot.id)

    def _recheck(self, slot: Slot, unit: Unit) -> None:
        """Count anew what the site file now describes otherwise; another SKU starts from nothing."""
        state = self.slots.get(slot.id)
        basis = _basis(slot, unit)
        if state is not None:
            if state.basis == basis:
                return
            if state.basis is None or state.basis[0] != slot.sku:
                del self.slots[slot.id]
        device = self.devices.get(slot.device)
        cell = device.cells.get(slot.channel) if device is not None else None
        if cell is not None:
            cell.level_g = None

    def _measure(self, state: DeviceState, reading: Reading, device: Device, now_ms: int, out: Outcome) -> None:
        newest = state.now.get(reading.quantity)
        if newest is None or newest[0] <= reading.last_ms:
            state.now[reading.quantity] = (reading.last_ms, reading.values[-1])
        if reading.quantity == "battery_pct":
            state.pulse.battery_pct = reading.values[-1]
        out.reports += series.put(state.bundles, reading, device.zone, now_ms)

    def _judge(self, state: DeviceState, name: str, now_ms: int, out: Outcome) -> None:
        pulse = state.pulse
        verdict = health.judge(pulse, now_ms)
        if verdict != pulse.state or now_ms - pulse.told_ms >= HEALTH_REFRESH_MS:
            pulse.state = verdict
            pulse.told_ms = now_ms
            out.reports.append(health.report(pulse, name, now_ms))
            out.devices.add(name)

    def _refresh(self, slot_id: str, state: SlotState) -> None:
        """Follow the slow drift of the level, so that a repeated level is a fresh one."""
        slot = self.site.slot_by_id.get(slot_id)
        device = self.devices.get(slot.device) if slot is not None else None
        cell = device.cells.get(slot.channel) if slot is not None and device is not None else None
        if cell is not None and cell.level_g is not None:
            state.mass_g = cell.level_g
            state.at_ms = cell.last_ms

    def _tell_levels(self, out: Outcome, now_ms: int) -> None:
        for slot_id in sorted(out.slots):
            state = self.slots[slot_id]
            state.told_ms = now_ms
            slot = self.site.slot_by_id.get(slot_id)
            if slot is not None:
                out.reports.append(level(slot, state))


def level(slot: Slot, state: SlotState) -> SlotLevel:
    """A slot's state as a report."""
    said = state.estimate
    return SlotLevel(
        slot.id,
        slot.sku,
        said.count,
        said.low,
        said.high,
        said.confidence,
        state.mass_g,
        state.at_ms,
        said.reason,
        said.remedy,
    )


def _unit(site: Site, slot: Slot) -> Unit:
    sku, device = site.sku_by_id[slot.sku], site.device_by_id[slot.device]
    return Unit(sku.unit_mass_g, sku.unit_cv, sku.sample, device.noise_g, device.max_mass_g)


def _basis(slot: Slot, unit: Unit) -> tuple[str, str, str, float, float]:
    return slot.sku, slot.device, slot.channel, slot.tare_g, unit.mass_g


def _unknown(device: str, site: Site) -> Problem:
    detail = f"device {device!r} is not in the site file of {site.site.id!r}"
    return Problem("device.unknown", detail, "add it under [[devices]] and restart the gateway", device)
