"""The devices of a chaos run, with a truth that is known to the last message: scales, thermometers and a tag reader.

Each is an MQTT client of its own (paho, QoS 1, a session that lasts) and numbers its messages; paho keeps a message
until its PUBACK and sends it again on the next connection, as docs/devices.md asks of firmware.
"""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocols.topics import Kind, spell

SHELVES, CHANNELS, THERMOMETERS = 2, 4, 3
UNIT_G = 100.0
CAPACITY = 40
PERIOD_S: dict[Kind, float] = {"shelf": 0.05, "climate": 0.06, "rfid": 0.5}
UNSIGNED_MAX = 20_000
"""A device measures nothing more while so many of its messages have no PUBACK."""
DAY_MS = 86_400_000
STEP_MS = 5000
"""A scale's messages lie so far apart in its own time, for each of them to be a settled mass."""
SITE = "chaos"


class Key(NamedTuple):
    """A message's identity."""

    device: str
    boot: int
    seq: int


class Device:
    """One device: what it said, and what of it the broker has acknowledged."""

    def __init__(self, device: str, kind: Kind, port: int, password: str, rng: random.Random) -> None:
        self.device, self.kind, self._rng = device, kind, rng
        channels = range(1, CHANNELS + 1) if kind == "shelf" else ()
        self.counts = {str(channel): rng.randint(5, CAPACITY) for channel in channels}
        self.samples: dict[str, dict[int, float]] = {}
        """Series -> time -> value, of all that was said."""
        self.said: dict[Key, bytes] = {}
        self.signed: set[Key] = set()
        self.topic = spell(SITE, device, kind)
        self._seq = 0
        self._at_ms = _now_ms() - (30 * DAY_MS if kind == "shelf" else 0)
        self._flying: dict[int, Key] = {}
        self._early: set[int] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, device, clean_session=False)
        client.username_pw_set(kind, password)
        client.reconnect_delay_set(1, 2)
        client.max_inflight_messages_set(100)
        client.on_publish = self._on_publish
        client.connect_async("127.0.0.1", port, keepalive=10)
        client.loop_start()
        self._client = client
        self._thread = threading.Thread(target=self._work, name=device, daemon=True)
        self._thread.start()

    @property
    def unsigned(self) -> int:
        """Messages without a PUBACK."""
        return len(self.said) - len(self.signed)

    def rest(self) -> None:
        """Measure once more, everything, and then no more. Scales show a change, in the present: for a load last seen
        weeks ago a gateway does not stand, until it weighs it anew minutes later."""
        self._over.set()
        self._thread.join()
        self._at_ms = max(self._at_ms, _now_ms() - STEP_MS * (CHANNELS + 1))
        for channel in sorted(self.counts) or [""]:
            self._take(channel)
            self._measure(channel)

    def leave(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _work(self) -> None:
        while not self._over.wait(PERIOD_S[self.kind] * self._rng.uniform(0.5, 1.5)):
            if self.unsigned >= UNSIGNED_MAX:
                continue
            channel = self._rng.choice(sorted(self.counts) or [""])
            self._take(channel)
            self._measure(channel)

    def _take(self, channel: str) -> None:
        """Some units go, or as many come as there is room for."""
        left = self.counts.get(channel)
        if left is not None:
            self.counts[channel] = left - self._rng.randint(1, min(left, 3)) if left else CAPACITY

    def _measure(self, channel: str) -> None:
        match self.kind:
            case "shelf":
                self._at_ms += STEP_MS
                values = [self.counts[channel] * UNIT_G] * 20
                self._say({"unit": "g", "channel": channel, "step_ms": 100, "values": values})
            case "climate":
                self._at_ms = max(self._at_ms + 1, _now_ms())
                value = round(5 + 2 * self._rng.random(), 6)
                self.samples.setdefault(f"{self.device}/1/temperature_c", {})[self._at_ms] = value
                self._say({"unit": "Cel", "value": value})
            case _:
                self._at_ms = max(self._at_ms + 1, _now_ms())
                epcs = [f"3034257BF7194E4000001A{number:02X}" for number in range(6)]
                self._say({"reads": [{"epc": epc, "rssi": -55} for epc in epcs if self._rng.random() < 0.9]})

    def _say(self, body: dict[str, Any]) -> None:
        key = Key(self.device, 1, self._seq)
        self._seq += 1
        # A name of its own makes a payload known again wherever it is met.
        payload = json.dumps({"boot": 1, "seq": key.seq, "ts": self._at_ms, **body, "of": self.device}).encode()
        self.said[key] = payload
        mid = self._client.publish(self.topic, payload, qos=1).mid
        with self._lock:
            if mid in self._early:
                self._early.discard(mid)
                self.signed.add(key)
            else:
                self._flying[mid] = key

    def _on_publish(self, _client: Any, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        with self._lock:
            key = self._flying.pop(mid, None)
            if key is None:
                self._early.add(mid)  # acknowledged before `publish` gave its number back
            else:
                self.signed.add(key)


class Fleet:
    """All devices."""

    def __init__(self, port: int, passwords: dict[str, str], seed: int) -> None:
        self.devices = [
            Device(device, kind, port, passwords[kind], random.Random(f"{seed}/{device}")) for device, kind in members()
        ]

    @property
    def signed(self) -> int:
        """Messages the broker has acknowledged."""
        return sum(len(device.signed) for device in self.devices)

    @property
    def unsigned(self) -> int:
        """Messages without a PUBACK."""
        return sum(device.unsigned for device in self.devices)

    def counts(self) -> dict[str, int]:
        """What truly lies in each slot."""
        shelves = [device for device in self.devices if device.kind == "shelf"]
        return {f"{one.device}-{channel}": count for one in shelves for channel, count in one.counts.items()}


def members() -> list[tuple[str, Kind]]:
    """Every device's id and kind."""
    shelves: list[tuple[str, Kind]] = [(f"shelf-{number}", "shelf") for number in range(1, SHELVES + 1)]
    climates: list[tuple[str, Kind]] = [(f"climate-{number}", "climate") for number in range(1, THERMOMETERS + 1)]
    return [*shelves, *climates, ("dock", "rfid")]


def site() -> str:
    """The site file."""
    lines = ["[site]", f'id = "{SITE}"', 'name = "Chaos"']
    lines += ["[[zones]]", 'id = "hall"', 'name = "Hall"', "min_c = 2.0", "max_c = 8.0"]
    for sku in range(1, CHANNELS + 1):
        lines += ["[[skus]]", f'id = "sku-{sku}"', f'name = "Box {sku}"', f"unit_mass_g = {UNIT_G}"]
        lines += ["reorder_point = 30", "order_quantity = 40"]
    for device, kind in members():
        lines += ["[[devices]]", f'id = "{device}"', f'kind = "{kind}"', 'zone = "hall"']
        for channel in range(1, CHANNELS + 1) if kind == "shelf" else ():
            lines += ["[[slots]]", f'id = "{device}-{channel}"', 'zone = "hall"', f'sku = "sku-{channel}"']
            lines += [f'device = "{device}"', f'channel = "{channel}"']
    return "\n".join([*lines, ""])


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
