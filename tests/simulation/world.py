"""The warehouse: shelves, thermometers and a reader with a known truth, and devices that speak as docs/devices.md asks.

A device keeps a message until its PUBACK and sends it again when none came; its air loses, doubles and delays what it
says. Every climate sample has a value that no other one has, so that it can be found again whatever its time became,
and be seen to count once.
"""

from __future__ import annotations

import random
from collections import deque

import msgspec

from protocols import layout
from protocols.reports import Report, SlotLevel, StockEvent
from protocols.topics import Kind, spell
from tests.simulation.broker import Broker, Publication
from tests.simulation.timeline import T0_MS, Log, Timeline

SITE_TEXT = """
[site]
id = "depot"
name = "Depot"
[[zones]]
id = "hall"
name = "Hall"
[[zones]]
id = "cold"
name = "Cold room"
min_c = 2.0
max_c = 8.0
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 250.0
lead_time_days = 2
moq = 20
[[skus]]
id = "nut"
name = "Nut"
unit_mass_g = 40.0
reorder_point = 30
order_quantity = 50
[[skus]]
id = "milk"
name = "Milk"
unit_mass_g = 1000.0
reorder_point = 30
order_quantity = 40
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
[[slots]]
id = "A2"
zone = "hall"
sku = "nut"
device = "shelf-1"
channel = "2"
[[slots]]
id = "B1"
zone = "hall"
sku = "bolt"
device = "shelf-2"
[[slots]]
id = "C1"
zone = "cold"
sku = "milk"
device = "shelf-3"
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
[[devices]]
id = "shelf-2"
kind = "shelf"
zone = "hall"
[[devices]]
id = "shelf-3"
kind = "shelf"
zone = "cold"
max_mass_g = 200000.0
[[devices]]
id = "cold-1"
kind = "climate"
zone = "cold"
[[devices]]
id = "hall-1"
kind = "climate"
zone = "hall"
[[devices]]
id = "dock"
kind = "rfid"
zone = "hall"
"""
SITE = layout.parse(SITE_TEXT)
UNIT_G = {sku.id: sku.unit_mass_g for sku in SITE.skus}
PERIOD_S: dict[Kind, float] = {"shelf": 30.0, "climate": 45.0, "rfid": 20.0}
RETRY_S = 7.0
BUFFER_MAX = 300
"""Messages a device keeps; beyond it the oldest goes, which nobody has a PUBACK for."""
REBOOTS_MAX = 2
CAPACITY = 100
DAY_MS = 86_400_000


class Air:
    """What is wrong between devices and broker."""

    drop = double = late = 0.0
    cut = False


class Device:
    """One device: what it would say, what it has said and holds no PUBACK for."""

    def __init__(self, id: str, kind: Kind) -> None:
        self.id, self.kind = id, kind
        self.boot, self.seq = 1, 0
        self.clock_ms = 0
        self.reboots = 0
        self.told: dict[str, tuple[int, int]] = {}
        """Channel -> (units, at_ms): the latest that was said."""
        self.unsent: deque[Publication] = deque()
        self.trying = False


class World:
    """The truth, and the devices that measure it."""

    def __init__(self, line: Timeline, log: Log, broker: Broker, rng: random.Random, air_rng: random.Random) -> None:
        self.line, self.log, self.broker, self._rng, self._air_rng = line, log, broker, rng, air_rng
        self.air = Air()
        self.counts = {slot.id: rng.randint(20, 60) for slot in SITE.slots}
        self.warm_c = 0.0
        self.tags = {f"3034257BF7194E4000001A{number:02X}": number % 2 == 0 for number in range(4)}
        """Which tags lie on the dock."""
        self.devices = {one.id: Device(one.id, one.kind) for one in SITE.devices}
        self.samples: dict[tuple[str, int, int], float] = {}
        """Every climate sample by (device, boot, seq)."""
        self.busy = True
        self._unique = 0
        for device in self.devices.values():
            line.call_later(rng.uniform(1.0, 5.0), self._measure, device)
        line.call_later(rng.uniform(5.0, 60.0), self._hand)
        line.call_later(rng.uniform(60.0, 120.0), self._carry)

    def reboot(self, device: Device) -> None:
        """A device loses what it had not got rid of, and counts anew."""
        if device.reboots < REBOOTS_MAX:
            device.reboots += 1
            device.unsent.clear()
            device.boot, device.seq = device.boot + 1, 0
            self.log("device", f"{device.id} reboots as {device.boot}")

    def _hand(self) -> None:
        """Someone takes or puts something; the scale says so soon after."""
        if not self.busy:
            return
        slot = self._rng.choice(SITE.slots)
        before = self.counts[slot.id]
        self.counts[slot.id] = min(CAPACITY, max(0, before + self._rng.choice((-8, -5, -3, -2, -1, -1, 1, 20))))
        self.log("world", f"{slot.id} {before} -> {self.counts[slot.id]}")
        self.line.call_later(1.0, self._weigh, self.devices[slot.device])
        self.line.call_later(self._rng.uniform(15.0, 120.0), self._hand)

    def _carry(self) -> None:
        """Someone brings a tag to the dock, or takes it away."""
        if self.busy:
            tag = self._rng.choice(sorted(self.tags))
            self.tags[tag] = not self.tags[tag]
            self.log("world", f"{tag} {'comes' if self.tags[tag] else 'goes'}")
            self.line.call_later(self._rng.uniform(60.0, 180.0), self._carry)

    def _measure(self, device: Device) -> None:
        self.line.call_later(PERIOD_S[device.kind] * self._rng.uniform(0.9, 1.1), self._measure, device)
        if device.kind == "shelf":
            self._weigh(device)
        elif device.kind == "climate":
            mean_c = 4.5 + self.warm_c if device.id == "cold-1" else 20.5
            self._sense(device, "Cel", mean_c)
            self._sense(device, "%RH", 50.0)
        else:
            reads = [
                {"epc": epc, "rssi": -55.0 + self._rng.gauss(0, 2), "at": -at_ms}
                for epc, here in self.tags.items()
                if here
                for at_ms in (15_000, 10_000, 5_000, 0)
            ]
            self._say(device, {"reads": reads})

    def _sense(self, device: Device, unit: str, mean: float) -> None:
        self._unique += 1
        value = round(mean + self._rng.uniform(-1, 1), 1) + self._unique / 1e6
        self.samples[device.id, device.boot, device.seq] = value
        self._say(device, {"unit": unit, "value": value})

    def _weigh(self, device: Device) -> None:
        for slot in SITE.slots:
            if slot.device == device.id:
                mass_g = self.counts[slot.id] * UNIT_G[slot.sku]
                values = [round(self._rng.gauss(mass_g, 1.0), 1) for _ in range(15)]
                body = {"unit": "g", "channel": slot.channel, "step_ms": 100, "values": values}
                device.told[slot.channel] = self.counts[slot.id], self.line.now_ms
                self._say(device, body)

    def _say(self, device: Device, body: dict[str, object]) -> None:
        ts = T0_MS + self.line.now_ms + device.clock_ms - 1500
        body = {"boot": device.boot, "seq": device.seq, "ts": ts, **body}
        topic = spell(SITE.site.id, device.id, device.kind)
        device.unsent.append(Publication(topic, msgspec.json.encode(body), device.id, device.boot, device.seq))
        device.seq += 1
        if len(device.unsent) > BUFFER_MAX:
            device.unsent.popleft()
        self._send(device)

    def _send(self, device: Device) -> None:
        """Try all that waits; again after a while as long as something does."""
        for one in list(device.unsent):
            self._fly(device, one)
        if device.unsent and not device.trying:
            device.trying = True
            self.line.call_later(RETRY_S, self._again, device)

    def _again(self, device: Device) -> None:
        device.trying = False
        self._send(device)

    def _fly(self, device: Device, one: Publication) -> None:
        """One publication through the air, and its PUBACK back."""
        air, rng = self.air, self._air_rng
        if air.cut or rng.random() < air.drop:
            return
        for _ in range(2 if rng.random() < air.double else 1):
            if rng.random() < air.late:
                self.line.call_later(rng.uniform(1.0, 90.0), self.broker.publish, one)
                continue
            if self.broker.publish(one) and rng.random() >= air.drop and one in device.unsent:
                device.unsent.remove(one)


def past(rng: random.Random) -> list[Report]:
    """Three weeks of demand for bolts, so that there is something to plan by."""
    begin_ms, count = T0_MS - 21 * DAY_MS, 90
    past: list[Report] = [StockEvent("A1", "bolt", count, count, begin_ms, 0.99, "first")]
    for day in range(21):
        for hour in range(8):
            at_ms = begin_ms + day * DAY_MS + (hour + 1) * 3_600_000
            taken = min(count, rng.randint(1, 5))
            delta = 90 - count if count < 10 else -taken
            count += delta
            past.append(StockEvent("A1", "bolt", delta, count, at_ms, 0.99))
            past.append(SlotLevel("A1", "bolt", count, count, count, 0.99, count * 250.0, at_ms))
    return past
