"""The devices of a chaos run, with a truth that is known to the last message: scales, thermometers and a tag reader.

Each is an MQTT client of its own (paho, QoS 1, a session that lasts) and numbers its messages; paho keeps a message
until its PUBACK and sends it again on the next connection, as docs/devices.md asks of firmware. Now and then one sends
a message again that it has sent already, as if its PUBACK had not come.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocols.topics import spell
from tests.chaos.site import CAPACITY, CHANNELS, FEW_UNITS, SITE, UNIT_G, Member, members

UNSIGNED_MAX = 20_000
"""A device measures nothing more while so many of its messages have no PUBACK."""
DAY_MS = 86_400_000
STEP_MS = 5000
"""A scale's messages lie so far apart in its own time, for each of them to be a settled mass."""
AGAIN, LATEST = 0.03, 20
"""So many messages are followed by one that was said before, of the latest."""
COLD_C, MICRO_C = 3.0, 1e-6
"""A thermometer's first value, and by how much each is above the one before: so each is known again by its value."""
EPCS = [f"3034257BF7194E4000001A{number:02X}" for number in range(12)]
FIRST, LEAVING = 4, 3
"""Tags that are there when the reader starts, and those that leave in the end; the others come one by one."""
READ_SHARE = 0.9
COME_S = 6.0


class Key(NamedTuple):
    """A message's identity."""

    device: str
    boot: int
    seq: int


class Device:
    """One device: what it said, and what of it the broker has acknowledged."""

    def __init__(self, member: Member, port: int, password: str, rng: random.Random) -> None:
        self.device, self.kind, self.habit, self._rng = member.device, member.kind, member.habit, rng
        self.counts: dict[str, int] = {}
        if member.habit == "busy":
            self.counts = {str(channel): rng.randint(5, CAPACITY) for channel in range(1, CHANNELS + 1)}
        elif member.habit == "still":
            self.counts = {"1": 0, "2": FEW_UNITS}
        self.values: dict[float, bytes] = {}
        """Of a thermometer: value -> the message that said it."""
        self.times_ms: dict[float, int] = {}
        """Value -> its time, of a thermometer that has a clock."""
        self.present = set(EPCS[:FIRST]) if member.kind == "rfid" else set()
        self.said: dict[Key, bytes] = {}
        self.signed: set[Key] = set()
        self.topic = spell(SITE, member.device, member.kind)
        self._period_s = member.period_s
        self._began_s = time.monotonic()
        self._latest: deque[Key] = deque(maxlen=LATEST)
        self._seq = 0
        self._at_ms = _now_ms() - (30 * DAY_MS if member.habit == "busy" else 0)
        self._flying: dict[int, Key] = {}
        self._early: set[int] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, member.device, clean_session=False)
        client.username_pw_set(member.kind, password)
        client.reconnect_delay_set(1, 2)
        client.max_inflight_messages_set(100)
        client.on_publish = self._on_publish
        client.connect_async("127.0.0.1", port, keepalive=10)
        client.loop_start()
        self._client = client
        self._thread = threading.Thread(target=self._work, name=member.device, daemon=True)
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

    def gather(self) -> None:
        """All tags that there are come."""
        self.present = set(EPCS)

    def clear(self) -> None:
        """Some tags leave for good."""
        self.present = set(EPCS[LEAVING:])

    def _work(self) -> None:
        while not self._over.wait(self._period_s * self._rng.uniform(0.5, 1.5)):
            if self.unsigned >= UNSIGNED_MAX:
                continue
            if self.kind == "rfid" and len(self.present) < len(EPCS) - LEAVING:
                came = int((time.monotonic() - self._began_s) / COME_S)
                self.present = self.present | set(EPCS[: min(FIRST + came, len(EPCS) - LEAVING)])
            for channel in sorted(self.counts) if self.habit == "still" else [self._some_channel()]:
                self._take(channel)
                self._measure(channel)
            if self._rng.random() < AGAIN:
                self._publish(self._rng.choice(self._latest))

    def _some_channel(self) -> str:
        return self._rng.choice(sorted(self.counts) or [""])

    def _take(self, channel: str) -> None:
        """Some units go, or as many come as there is room for."""
        left = self.counts.get(channel)
        if left is not None and self.habit == "busy":
            self.counts[channel] = left - self._rng.randint(1, min(left, 3)) if left else CAPACITY

    def _measure(self, channel: str) -> None:
        if self.kind == "shelf":
            self._at_ms += STEP_MS
            if self.habit == "still":
                self._at_ms = _now_ms()
            values = [self.counts[channel] * UNIT_G] * 20
            self._say({"unit": "g", "channel": channel, "step_ms": 100, "values": values})
            return
        self._at_ms = max(self._at_ms + 1, _now_ms())
        if self.kind == "rfid":
            reads = [{"epc": epc, "rssi": -55} for epc in sorted(self.present) if self._rng.random() < READ_SHARE]
            self._say({"reads": reads})
            return
        value = round(COLD_C + self._seq * MICRO_C, 6)
        self.values[value] = self._say({"unit": "Cel", "value": value}, timed=self.habit == "timed")
        if self.habit == "timed":
            self.times_ms[value] = self._at_ms

    def _say(self, body: dict[str, Any], timed: bool = True) -> bytes:
        key = Key(self.device, 1, self._seq)
        self._seq += 1
        at = {"ts": self._at_ms} if timed else {}
        # A name of its own makes a payload known again wherever it is met.
        self.said[key] = json.dumps({"boot": 1, "seq": key.seq, **at, **body, "of": self.device}).encode()
        self._latest.append(key)
        self._publish(key)
        return self.said[key]

    def _publish(self, key: Key) -> None:
        mid = self._client.publish(self.topic, self.said[key], qos=1).mid
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
            Device(one, port, passwords[one.kind], random.Random(f"{seed}/{one.device}")) for one in members()
        ]
        self.reader = next(device for device in self.devices if device.habit == "reader")

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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
