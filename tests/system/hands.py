"""A shelf that the test itself speaks for, `shelf-hand`, so that what truly lies there is known to the last message."""

from __future__ import annotations

import json
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from firmware_sim.site import expand, parse, spell
from protocols.topics import spell as topic_of
from tests.system.parts import DEADLINE_S, System

PICKS_A_SECOND = 50
DAY_MS = 86_400_000
HAND = "shelf-hand"
UNIT_G = 100.0
HAND_SHELF = """
[[skus]]
id = "screws"
name = "Screws, box of 100"
unit_mass_g = 100.0
unit_cv = 0.005
"""
HAND_SLOT = """
[[slots]]
id = "H01-0{channel}"
zone = "aisle"
sku = "screws"
device = "shelf-hand"
channel = "{channel}"
"""
HAND_DEVICE = """
[[devices]]
id = "shelf-hand"
kind = "shelf"
zone = "aisle"
"""


def site_with_hands(source: Path, channels: int = 4) -> str:
    """A scenario's site file with one more shelf, `shelf-hand`, that the test itself speaks for."""
    text = spell(expand(parse(source.read_text(), str(source))))
    slots = "".join(HAND_SLOT.format(channel=channel) for channel in range(1, channels + 1))
    return text + HAND_SHELF + slots + HAND_DEVICE


class Hands:
    """The device `shelf-hand`, spoken for by the test: what the broker has acknowledged is in `truth`."""

    def __init__(self, system: System, device: str = HAND, user: str = "shelf") -> None:
        self.device = device
        self.truth: dict[str, int] = {}
        self.seq = 0
        self.at_ms = _now_ms() - DAY_MS  # a past of its own: each message is later than the one before
        password = tomllib.loads(system.credentials.read_text())["users"][user]
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"hands-{device}-{user}", clean_session=False)
        self.client.username_pw_set(user, password)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_publish = self._on_publish
        self._signed: set[int] = set()
        self._news = threading.Condition()
        self.client.max_inflight_messages_set(500)
        self.client.connect("127.0.0.1", system.ports["broker"])
        self.client.loop_start()

    def put(self, channel: int, count: int) -> None:
        """Have so many units lie on a channel; returns when the broker has signed for the message."""
        self.at_ms += 5000
        self.weigh(channel, count, self.at_ms)

    def weigh(self, channel: int, count: int, ts: int) -> None:
        """The same under any `ts`: two seconds of samples, as the device's next message."""
        self.seq += 1
        body = {"boot": 1, "seq": self.seq - 1, "ts": ts, "unit": "g", "channel": str(channel)}
        self.publish("shelf", json.dumps(body | {"step_ms": 100, "values": [count * UNIT_G] * 20}).encode())
        self.truth[f"H01-0{channel}"] = count

    def publish(self, leaf: str, *payloads: bytes, device: str = "", retain: bool = False) -> None:
        """Publish as any device of the kind; returns when the broker has signed for all."""
        topic = topic_of("small", device or self.device, leaf)
        # paho keeps what it can not send now and sends it when it is connected again.
        mids = {self.client.publish(topic, payload, qos=1, retain=retain).mid for payload in payloads}
        with self._news:
            assert self._news.wait_for(lambda: mids <= self._signed, DEADLINE_S), f"no PUBACK on {topic}"
            self._signed -= mids

    def leave(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_publish(self, _client: Any, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        with self._news:
            self._signed.add(mid)
            self._news.notify_all()


@contextmanager
def picking(hands: Hands, channels: int = 4, full: int = 30) -> Iterator[None]:
    """Hands that take unit after unit, and fill up what is empty, for as long as the block lasts."""
    over = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            channel = 0
            while not over.wait(1 / PICKS_A_SECOND):
                channel = channel % channels + 1
                left = hands.truth.get(f"H01-0{channel}", 0)
                hands.put(channel, left - 1 if left else full - channel)
        except BaseException as error:  # shown by the test, below
            failed.append(error)

    thread = threading.Thread(target=work, name="hands")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(DEADLINE_S)
    if failed:
        raise failed[0]
    assert not thread.is_alive()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
