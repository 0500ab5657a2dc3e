"""The fold of everything devices say into stock, tags, climate and health, and into what is worth telling the service.

`fold` takes a group of decoded messages, `tick` the passing of time, `act` what a person wants; all return an
`Outcome`: the reports, what changed (for the store), and the problems. `devices` holds what is small and changes with
each message; `shelves`, `readers` and `ward` hold the rest. All of it can be stored and restored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from edge.core import order, reckoning, series
from edge.core.alarms import Own
from edge.core.alone import Alone
from edge.core.care import health, patients
from edge.core.care.ward import Ward
from edge.core.field.places import no_place
from edge.core.glance import glance
from edge.core.slots import acting, weight
from edge.core.slots.actions import Action, Count
from edge.core.slots.shelves import News, Note, Shelves, no_such_slot
from edge.core.tagging.readers import Readers
from protocols.layout import Device, Site, Slot
from protocols.readings import CommandAck, DeviceStatus, Notice, Problem, Reading, Said, TagReads
from protocols.reports import Report, StockEvent, TagMove

HEALTH_REFRESH_MS = 600_000
UNSTEADY_MS = 10_000
"""A mass that does not settle for this long makes the count unknown."""
STEADY_MAX_MS = 30_000
"""What a scale said longer ago than this, or than two of its own periods, can not be taught from."""
LOOK_MS = 600_000
"""How often the tags of a slot are looked at for its count."""
NOTICES_MAX = 16
NO_COUNT = frozenset(("historical", "unstable", "bad", "stale"))
"""Flags of a mass that is not what lies on the shelf now."""
OLD = frozenset(("historical", "stale", "retained"))
"""Flags of what may be older than any clock is wrong."""


class DeviceState(Struct, array_like=True):
    """All that is remembered of one device, but its tags and charts."""

    pulse: health.Pulse = field(default_factory=health.Pulse)
    cells: dict[str, weight.Cell] = {}
    bundles: dict[str, series.Bundle] = {}
    now: dict[str, tuple[int, float]] = {}
    """The newest value of each quantity but mass: quantity -> (at_ms, value)."""
    late: int = 0
    """Shelf messages that were older than what was known already: kept out of the count."""
    unfit: int = 0
    """Masses that their sender called unstable, bad, stale or historical: kept out of the count."""
    notices: dict[str, tuple[int, str]] = {}
    """The last words of each channel: channel -> (at_ms, text)."""
    clock: patients.Clock = field(default_factory=patients.Clock)
    taken: dict[str, order.Taken] = {}
    """The newest message of each scale (`/channel`), quantity and of the tags."""
    changed_ms: int = 0
    """When what it measures last changed."""


class Outcome(Struct):
    """What a group of messages, or the passing of time, brought about."""

    reports: list[Report] = []
    problems: list[Problem] = []
    blamed: list[int] = []
    """`problems[i]` is about the message at place `blamed[i]` of the group."""
    acks: list[CommandAck] = []
    notes: list[Note] = []
    devices: set[str] = field(default_factory=set)
    slots: set[str] = field(default_factory=set)
    readings: int = 0
    duplicates: int = 0
    decided: bool = False
    """The gateway's own alarms or proposals changed: they are to be stored with the reports."""

    def blame(self, problem: Problem, at: int) -> None:
        """The message at place `at` can not be used."""
        self.problems.append(problem)
        self.blamed.append(at)

    @property
    def news(self) -> News:
        """Where the shelves put what they find: the same lists, not copies."""
        return News(self.reports, self.notes, self.slots)


class Inference:
    """One site's state, folded in place."""

    def __init__(
        self,
        site: Site,
        devices: dict[str, DeviceState] | None = None,
        shelves: Shelves | None = None,
        readers: Readers | None = None,
        ward: Ward | None = None,
        alone: Alone | None = None,
    ) -> None:
        self.site = site
        self.devices = devices or {}
        self.shelves = shelves or Shelves(site)
        self.readers = readers or Readers(site)
        self.ward = ward or Ward(site)
        self.alone = alone or Alone(site)
        self._watch = site.slot_by_channel
        # One a zone, the first listed: two would go up and down by what lies between them.
        self._thermometers = {one.zone: one.id for one in reversed(site.devices) if one.kind == "climate"}
        self._looked_ms = 0
        self._listening_ms = 0
        self._reckoning = reckoning.Reckoning(self)
        for device in site.devices:
            if device.id in self.devices:
                self._feel_warmth(device, self.devices[device.id])
        # One whose state was lost with a part of the store is known by the next steady mass, not by the next change.
        for slot in [*self.shelves.stale, *(one for one in site.slots if one.id not in self.shelves.slots)]:
            self._unsettle(slot)

    def fold(self, messages: Sequence[Said], now_ms: int) -> Outcome:
        """Fold a group of messages, in the order they came."""
        out = Outcome()
        self._reckoning.pass_time(self, now_ms, out)
        self.hear(messages, now_ms, out)
        self.tell_levels(out, now_ms)
        return out

    def hear(self, messages: Sequence[Said], now_ms: int, out: Outcome) -> None:
        """Take messages that came at `now_ms`."""
        known, devices, touched = self.site.device_by_id, self.devices, out.devices
        for at, message in enumerate(messages):
            if type(message) is Problem:
                out.blame(message, at)
                continue
            device = known.get(message.device)
            if device is None:
                out.blame(no_place(message.device, self.site), at)
                continue
            state = devices.get(device.id)
            if state is None:
                state = devices[device.id] = DeviceState()
            touched.add(device.id)
            if type(message) is Reading:
                out.readings += len(message.values)
                flags, last_ms = message.flags, message.last_ms
                if health.hear(state.pulse, message.boot, message.seq, last_ms, now_ms) == "duplicate":
                    out.duplicates += 1
                    continue
                shown = not flags or ("clock" in flags and OLD.isdisjoint(flags))
                if shown and patients.hear(state.clock, last_ms, now_ms, bool(flags)):
                    self._judge(state, device.id, now_ms, out, True)
                if message.quantity == "mass_g" or message.quantity == "mass_change_g":
                    problem = self._weigh(state, message, device, now_ms, out)
                    if problem is not None:
                        out.blame(problem, at)
                else:
                    self._measure(state, message, device, now_ms, out)
            elif type(message) is TagReads:
                out.readings += len(message.reads)
                if health.hear(state.pulse, message.boot, message.seq, message.at_ms, now_ms) == "duplicate":
                    out.duplicates += 1
                elif moves := self.readers.see(
                    device, order.in_order(state.taken, message, now_ms, state.pulse.period_ms)
                ):
                    out.reports += moves
                    state.changed_ms = now_ms
            elif type(message) is DeviceStatus:
                health.tell(state.pulse, message, now_ms)
                self._judge(state, device.id, now_ms, out)
            elif type(message) is CommandAck:
                health.answer(state.pulse, now_ms)
                out.acks.append(message)
            elif type(message) is Notice:
                health.answer(state.pulse, now_ms)
                _notice(state, message)

    def tick(self, now_ms: int, own: Own | None = None) -> Outcome:
        """Let time pass: silences, departures, waiting samples, the ward's rounds, levels to repeat; then decide, the
        gateway itself being as `own` says."""
        out, own = Outcome(), own or Own()
        self._reckoning.pass_time(self, now_ms, out)
        self._listening_ms = self.alone.listen(own.listening, now_ms)
        sick = self.ward.pass_time(now_ms)
        for name, state in self.devices.items():
            device = self.site.device_by_id.get(name)
            if device is None:
                continue
            self._judge(state, name, now_ms, out, name in sick)
            if state.bundles:
                ready = series.due(state.bundles, name, device.zone, now_ms)
                if ready:
                    out.reports += ready
                    out.devices.add(name)
            if device.kind == "rfid" and state.pulse.state != "ok":
                self.readers.antennas.forget(name)
            elif device.kind == "rfid":
                out.reports += self.readers.antennas.pass_time(device, now_ms)
                ahead_ms = order.ahead_ms(state.taken, state.pulse.offset_ms)
                moves = self.readers.pass_time(device, round(now_ms + ahead_ms))
                if moves:
                    state.changed_ms = now_ms
                    out.reports += moves
                    out.devices.add(name)
        if not 0 <= now_ms - self._looked_ms < LOOK_MS:
            self._looked_ms = now_ms
            for slot, present in self.readers.looks():
                reader = self.devices.get(slot.reader)
                if reader is not None and reader.pulse.state == "ok":
                    self.shelves.look(slot, present, now_ms, out.news)
        self.shelves.pass_time(now_ms, out.news)
        for slot in self.shelves.due(now_ms):
            self._weigh_again(slot, out)
            out.slots.add(slot.id)
        self.tell_levels(out, now_ms)
        decided = self.decide(own, now_ms)
        out.reports += decided
        out.decided = out.decided or bool(decided)
        _stamp(out.reports, now_ms)
        return out

    def act(self, slot_id: str, action: Action, now_ms: int) -> tuple[Outcome, dict[str, Any]]:
        """Do what a person, or the book, says about a slot; what it changed, and what came of it.

        Raises `ActionError`, and then nothing has changed.
        """
        slot = self.site.slot_by_id.get(slot_id)
        if slot is None:
            raise no_such_slot(slot_id, self.site)
        out = Outcome()
        cell = self._cell(slot)
        relative = cell is not None and cell.last_ms > 0 and not (cell.window or cell.part)
        answer = acting.act(self.shelves, slot, action, self.shown_g(slot, now_ms), now_ms, out.news, relative)
        for stale in self.shelves.stale:
            self._unsettle(stale)
            if stale.device in self.devices:
                out.devices.add(stale.device)
        if cell is not None and relative and isinstance(action, Count):
            cell.level_g = self.shelves.counted_g(slot)
            out.devices.add(slot.device)
        self.tell_levels(out, now_ms)
        return out, answer

    def _weigh(self, state: DeviceState, reading: Reading, device: Device, now_ms: int, out: Outcome) -> Problem | None:
        slot = self._watch.get((device.id, reading.channel))
        if slot is None:
            detail = f"channel {reading.channel!r} of {device.id!r} watches no slot"
            return Problem("channel.unwatched", detail, "give it a slot in the site file", device.id)
        cell = state.cells.get(reading.channel)
        if cell is None:
            cell = state.cells[reading.channel] = weight.Cell()
        if reading.flags and not self._fit(state, cell, reading):
            self._wait(slot, cell, reading, out)
            return None
        key, pulse = "/" + reading.channel, state.pulse
        latest = order.latest(state.taken, key, reading, now_ms, pulse.period_ms, cell.last_ms, pulse.learnt)
        if latest is None:
            state.late += 1
            return None
        reading = latest
        if reading.quantity == "mass_change_g":
            return self._change(slot, cell, reading, out)
        for settled in weight.step(cell, reading.at_ms, reading.values, reading.step_ms, device.noise_g):
            state.changed_ms = settled.at_ms
            self.shelves.settle(slot, settled, True, out.news)
        self._wait(slot, cell, reading, out)
        if self.ward.feel(reading, now_ms):
            self._judge(state, device.id, now_ms, out, True)
        return None

    def _change(self, slot: Slot, cell: weight.Cell, reading: Reading, out: Outcome) -> Problem | None:
        """A shelf that tells changes only: its mass is what it was, and the change."""
        cell.last_ms = reading.last_ms
        if cell.level_g is None:
            cell.level_g = self.shelves.counted_g(slot)
        if cell.level_g is None:
            # Where it begins nobody can tell; a count will, and from then on the changes add up.
            self.shelves.uncounted(slot, reading.last_ms, out.news)
            return None
        cell.level_g += sum(reading.values)
        self.shelves.settle(slot, weight.Settled(cell.level_g, reading.last_ms, 1), True, out.news)
        return None

    def _fit(self, state: DeviceState, cell: weight.Cell, reading: Reading) -> bool:
        """Whether a flagged mass may be what lies on the shelf now."""
        against = NO_COUNT.intersection(reading.flags)
        if against:
            state.unfit += 1
            if against == {"unstable"} and not cell.unsteady_since_ms and reading.last_ms >= cell.last_ms:
                cell.unsteady_since_ms = reading.last_ms
            return False
        if "retained" not in reading.flags:
            return True
        if reading.quantity == "mass_change_g":
            return False  # it was added up when it came first
        # The broker kept it, nobody knows how long: better than nothing, worse than anything.
        return not ("no_clock" in reading.flags and cell.last_ms)

    def _wait(self, slot: Slot, cell: weight.Cell, reading: Reading, out: Outcome) -> None:
        """A mass that does not come to rest: for a while that is a hand, then nobody knows what lies there."""
        if cell.unsteady_since_ms and reading.last_ms - cell.unsteady_since_ms > UNSTEADY_MS:
            # The level is forgotten, so that the next steady mass is news even when it equals the old one.
            cell.level_g = None
            self.shelves.disturb(slot, reading.values[-1], reading.last_ms, "unstable", out.news)

    def _measure(self, state: DeviceState, reading: Reading, device: Device, now_ms: int, out: Outcome) -> None:
        flags = reading.flags
        if not (flags and ("historical" in flags or "internal" in flags or "bad" in flags)):
            pulse = state.pulse
            latest = order.latest(state.taken, reading.quantity, reading, now_ms, pulse.period_ms, 0, pulse.learnt)
            if latest is not None:
                if state.now.get(reading.quantity, (0, None))[1] != reading.values[-1]:
                    state.changed_ms = latest.last_ms
                state.now[reading.quantity] = (latest.last_ms, reading.values[-1])
                self._feel_warmth(device, state)
            if reading.quantity == "battery_pct":
                state.pulse.battery_pct = reading.values[-1]
        if "bad" not in flags and "transient" not in flags:
            out.reports += series.put(state.bundles, reading, device.zone, now_ms)
        if self.ward.feel(reading, now_ms):
            self._judge(state, device.id, now_ms, out, True)

    def _feel_warmth(self, device: Device, state: DeviceState) -> None:
        if self._thermometers.get(device.zone) == device.id and "temperature_c" in state.now:
            self.shelves.warmth[device.zone] = state.now["temperature_c"][1]

    def decide(self, own: Own, now_ms: int) -> list[Report]:
        """The alarms and proposals of this moment, from what is known. A part of `tick`; asked for by itself while the
        store takes nothing, when neither messages are folded nor time passes for devices, tags and slots."""
        return self.alone.decide(glance(self), own, now_ms)

    def _judge(self, state: DeviceState, name: str, now_ms: int, out: Outcome, news: bool = False) -> None:
        pulse = state.pulse
        verdict, unheard = health.judge(pulse, now_ms), pulse.unheard
        news = news or verdict != pulse.state
        pulse.state = verdict
        pulse.unheard = health.hear_nothing(pulse, self._listening_ms)
        if news or pulse.unheard != unheard or now_ms - pulse.told_ms >= HEALTH_REFRESH_MS:
            pulse.told_ms = now_ms
            found = self.ward.findings(name, state.clock, verdict == "ok")
            out.reports.append(msgspec.structs.replace(health.report(pulse, name, now_ms), findings=found))
            out.devices.add(name)

    def _cell(self, slot: Slot) -> weight.Cell | None:
        device = self.devices.get(slot.device)
        return device.cells.get(slot.channel) if device is not None else None

    def shown_g(self, slot: Slot, now_ms: int) -> float | None:
        """What a slot's scale shows, while it is at rest and speaks."""
        cell, device = self._cell(slot), self.devices.get(slot.device)
        if cell is None or device is None or cell.level_g is None or cell.unsteady_since_ms:
            return None
        within_ms = max(STEADY_MAX_MS, 2 * device.pulse.period_ms)
        return cell.level_g if now_ms - device.pulse.seen_ms <= within_ms else None

    def _unsettle(self, slot: Slot) -> None:
        """Forget a scale's level, so that its next steady mass is news."""
        cell = self._cell(slot)
        if cell is not None:
            cell.level_g = None

    def _weigh_again(self, slot: Slot, out: Outcome) -> None:
        """The level of an unmoved load, once more: the slot follows its scale's slow drift."""
        cell = self._cell(slot)
        state = self.shelves.slots[slot.id]
        if cell is not None and cell.level_g is not None and not cell.unsteady_since_ms and cell.last_ms > state.at_ms:
            self.shelves.settle(slot, weight.Settled(cell.level_g, cell.last_ms, weight.WINDOW_SLOW), False, out.news)

    def tell_levels(self, out: Outcome, now_ms: int) -> None:
        """The levels of the slots that changed; and when what moved was heard."""
        for slot_id in sorted(out.slots):
            slot = self.site.slot_by_id.get(slot_id)
            if slot is None or slot_id not in self.shelves.slots:
                continue
            self.shelves.slots[slot_id].told_ms = now_ms
            said = self.shelves.level(slot)
            if said is not None:
                out.reports.append(said)
        _stamp(out.reports, now_ms)


def _stamp(reports: list[Report], now_ms: int) -> None:
    """Say when the gateway heard what moved."""
    for at, report in enumerate(reports):
        if type(report) is StockEvent or type(report) is TagMove:
            reports[at] = msgspec.structs.replace(report, heard_ms=now_ms)


def _notice(state: DeviceState, said: Notice) -> None:
    state.notices.pop(said.channel, None)
    state.notices[said.channel] = (said.at_ms, said.text[:200])
    if len(state.notices) > NOTICES_MAX:
        del state.notices[next(iter(state.notices))]
