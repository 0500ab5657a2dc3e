"""The world and its devices as one: time in, messages and truth out.

`advance` is exact: the same seed gives the same messages however the time is cut into steps.
"""

from __future__ import annotations

import heapq
from typing import Any

import msgspec
import numpy as np

from firmware_sim.assembly import devices_of, machines_of, rooms_of
from firmware_sim.devices.climate import Meter
from firmware_sim.devices.rfid import ReaderDevice
from firmware_sim.devices.shelf import Channel, ShelfDevice
from firmware_sim.devices.voice import Device, Message, Voice
from firmware_sim.feed import Remembered, restart
from firmware_sim.physics.machine import Wear
from firmware_sim.physics.refrigerator import DAY_MS, Leak, advance
from firmware_sim.scenario import Article, Scenario
from firmware_sim.site import expand
from firmware_sim.truth import NEVER_MS, DoorMoved, Event, Handled, TagMoved, truth_of
from firmware_sim.world import World

REBOOT_MS = 3_000
FULL = 1 << 30
NEAR_DAYS = 2.0
"""SKUs that shall end the history near their reorder point are not restocked for this long before."""


class Warehouse:
    """A scenario come alive. `begin` once, then `advance`."""

    def __init__(self, scenario: Scenario, seed: int, start_ms: int, truth: list[dict[str, Any]] | None = None) -> None:
        """`truth`: where lines of truth go; None keeps none (a live fleet runs for ever)."""
        self.scenario, self.site, self.seed = scenario, expand(scenario), seed
        self.at_ms = start_ms
        self.world = World(scenario, self.site, np.random.default_rng([seed, 1]), start_ms)
        self.rooms = rooms_of(scenario, start_ms)
        self.machines = machines_of(scenario, start_ms)
        self.devices = devices_of(scenario, self.site, self.world, self.rooms, self.machines, seed)
        self._watches = {slot.id: slot.device for slot in self.site.slots}
        self._queue: list[tuple[int, str]] = []
        self._truth = truth
        self._restarting: set[str] = set()
        self._live_ms = NEVER_MS

    # -- life ---------------------------------------------------------------------------------------------------------

    @property
    def voices(self) -> dict[str, Voice]:
        """Every device's voice, by its id."""
        return {id: device.voice for id, device in self.devices.items()}

    def begin(self, kept: Remembered) -> list[Message]:
        """Start all devices: after the buffered past, or where a former run stopped."""
        restart(self.voices, kept)
        if kept.lived:
            self.resume(kept)
            return self.go_live()
        messages = self.relive() if self.scenario.history.days else []
        return messages + self.go_live()

    def relive(self) -> list[Message]:
        """The past of the scenario's `history`, as devices that were cut off hand it in; ends at a time after it."""
        history = self.scenario.history
        messages: list[Message] = []
        until_ms = self.at_ms + int(history.days * DAY_MS)
        for device in self.devices.values():
            if isinstance(device, ShelfDevice):
                messages += device.take_stock(self.at_ms)
            elif isinstance(device, Meter):
                device.batch, device.period_ms = history.batch, history.period_s * 1000
                device.next_ms = self.at_ms
        self.world.set_pace(history.pace)
        self._plan_all()
        messages += self.advance(until_ms - int(NEAR_DAYS * DAY_MS))
        self.world.held = {article.id for article in self.scenario.skus if article.near_reorder}
        messages += self.advance(until_ms - 60_000)
        daily = self._daily_units()
        for article in self.scenario.skus:
            target = reorder_guess(article, daily[article.id]) if article.near_reorder else FULL
            self._route(self.world.set_stock(article.id, target), messages)
        self._plan_all()
        self.world.held = set()
        messages += self.advance(until_ms)
        return messages

    def go_live(self) -> list[Message]:
        """From now on things happen at the scenario's own pace."""
        messages = [message for device in self.devices.values() for message in device.go_live(self.at_ms)]
        if not self.world.tags:
            self._route(self.world.place_tags(), messages)
        self._live_ms = self.at_ms
        self.world.set_pace(self.scenario.pace)
        self._plan_all()
        return messages

    def faults(self) -> list[dict[str, Any]]:
        """What goes wrong and when, as lines of truth; known once live."""
        lines: list[dict[str, Any]] = []
        for fault in self.scenario.faults:
            line: dict[str, Any] = {"at_ms": self._live_ms + int(fault.after_s * 1000), "fault": fault.kind}
            line["device"] = fault.device
            if fault.kind == "silent":
                line |= {"for_s": fault.for_s, "every_s": fault.every_s}
            else:
                zone = self.site.device_by_id[fault.device].zone
                harm = self.machines[fault.device].wear if fault.kind == "wear" else self.rooms[zone].leak
                assert harm is not None
                line |= {"at_ms": harm.from_ms, "percent_per_day": fault.percent_per_day}
            lines.append(line)
        return lines

    def advance(self, until_ms: int) -> list[Message]:
        """What the devices say up to and including `until_ms`."""
        messages: list[Message] = []
        while (now_ms := min(self.world.next_ms, self._queue[0][0] if self._queue else NEVER_MS)) <= until_ms:
            if self.world.next_ms <= now_ms:
                self._route(self.world.advance(now_ms), messages)
                continue
            device = self.devices[heapq.heappop(self._queue)[1]]
            if device.next_ms != now_ms:
                continue  # planned anew meanwhile
            device.next_ms = self._silent_until(device.voice.device, now_ms)
            if device.next_ms == now_ms:
                if device.voice.device in self._restarting:
                    self._restarting.discard(device.voice.device)
                    messages.append(device.voice.status(now_ms))
                messages += device.tick(now_ms)
            self._plan(device)
        self.world.advance(until_ms)
        self.at_ms = max(self.at_ms, until_ms)
        return messages

    def command(self, device_id: str, payload: bytes, now_ms: int) -> list[Message]:
        """A device's answer to a command; nothing for what is no command, as there is nobody to answer."""
        device = self.devices.get(device_id)
        try:
            order = msgspec.json.decode(payload)
            id, command, args = str(order["id"]), str(order["cmd"]), order.get("args") or {}
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
            return []
        if device is None or not isinstance(args, dict):
            return []
        voice = device.voice
        if command == "reboot":
            ack = voice.ack(now_ms, id)
            voice.boot, voice.seq = voice.boot + 1, 0
            device.next_ms = max(now_ms, self.at_ms) + REBOOT_MS
            self._plan(device)
            self._restarting.add(device_id)
            return [ack]
        return [voice.ack(now_ms, id, device.obey(command, args, now_ms))]

    # -- memory -------------------------------------------------------------------------------------------------------

    def remember(self) -> Remembered:
        """What to keep for the next run."""
        channels = self._channels().items()
        return Remembered(
            {id: voice.boot for id, voice in self.voices.items()},
            True,
            self.at_ms,
            {shelf.id: list(shelf.units) for shelf in self.world.shelves.values()},
            {slot: round(channel.cell.zero_g, 3) for slot, channel in channels},
            {slot: round(channel.cell.tare_g, 3) for slot, channel in channels},
            {zone: round(room.temperature_c, 3) for zone, room in self.rooms.items()},
            {zone: room.leak.from_ms for zone, room in self.rooms.items() if room.leak},
            {epc: zone for epc, zone in self.world.tags.items() if zone},
            {id: one.wear.from_ms for id, one in self.machines.items() if one.wear},
        )

    def resume(self, kept: Remembered) -> None:
        """Go on where a former run stopped, with fresh luck."""
        self.world.rng = np.random.default_rng([self.seed, 1, *sorted(kept.boots.values())[-1:]])
        for slot, channel in self._channels().items():
            shelf = self.world.shelves[slot]
            shelf.units = list(kept.units.get(slot, shelf.units))
            channel.load_g = shelf.load_g
            channel.cell.zero_g = kept.zero_g.get(slot, 0.0)
            channel.cell.tare_g = kept.tare_g.get(slot, 0.0)
            channel.cell.creep_g = channel.cell.creep_share * channel.load_g
        for zone, room in self.rooms.items():
            room.temperature_c = kept.rooms_c.get(zone, room.temperature_c)
            if room.leak is not None and zone in kept.leak_from_ms:
                room.leak = Leak(kept.leak_from_ms[zone], room.leak.share_per_day)
        for id, machine in self.machines.items():
            if machine.wear is not None and id in kept.wear_from_ms:
                machine.wear = Wear(kept.wear_from_ms[id], machine.wear.share_per_day)
        for epc, zone in kept.tags.items():
            self.world.tags[epc] = zone
            self._route([TagMoved(self.at_ms, epc, "", zone)], [])

    # -- inside -------------------------------------------------------------------------------------------------------

    def _channels(self) -> dict[str, Channel]:
        shelves = (device for device in self.devices.values() if isinstance(device, ShelfDevice))
        return {channel.slot: channel for shelf in shelves for channel in shelf.channels}

    def _plan(self, device: Device) -> None:
        if device.next_ms < NEVER_MS:
            heapq.heappush(self._queue, (device.next_ms, device.voice.device))

    def _plan_all(self) -> None:
        self._queue.clear()
        for device in self.devices.values():
            self._plan(device)

    def _silent_until(self, id: str, now_ms: int) -> int:
        for fault in self.scenario.faults:
            since_ms = now_ms - self._live_ms - int(fault.after_s * 1000)
            if fault.kind == "silent" and fault.device == id and since_ms >= 0:
                into_ms = since_ms % int(fault.every_s * 1000) if fault.every_s else since_ms
                if into_ms < fault.for_s * 1000:
                    return now_ms + int(fault.for_s * 1000) - into_ms
        return now_ms

    def _route(self, events: list[Event], messages: list[Message]) -> None:
        for event in events:
            truth = truth_of(event) if self._truth is not None else None
            if truth and self._truth is not None:
                self._truth.append(truth)
            if isinstance(event, Handled):
                shelf = self.devices[self._watches[event.slot]]
                assert isinstance(shelf, ShelfDevice)
                before_ms = shelf.next_ms
                shelf.touch(event.slot, event.touch)
                if shelf.next_ms != before_ms:
                    self._plan(shelf)
            elif isinstance(event, DoorMoved):
                room = self.rooms[event.zone]
                advance(room, event.at_ms)
                room.door_open = event.open
                for about in self.site.devices:
                    meter = self.devices[about.id]
                    if about.kind == "climate" and about.zone == event.zone and isinstance(meter, Meter):
                        messages.append(meter.door(event.at_ms, event.open))
            else:
                for device in self.devices.values():
                    if isinstance(device, ReaderDevice):
                        device.move(event)

    def _daily_units(self) -> dict[str, float]:
        pace = self.scenario.history.pace
        total = sum(article.weight for article in self.scenario.skus)
        return {a.id: 24 * pace.picks_per_hour * a.pick_units * a.weight / total for a in self.scenario.skus}


def reorder_guess(article: Article, daily_units: float) -> int:
    """A little below where a planner would reorder: lots are large, so that is little beyond lead time demand."""
    return round(0.88 * daily_units * article.lead_time_days)
