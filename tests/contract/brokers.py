"""The brokers the contract suite runs against, and a device's or gateway's MQTT client for it.

Each broker runs with the settings we ship: the box from edge/broker.py, Mosquitto from docker/mosquitto.conf.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge import broker

PROJECT = Path(__file__).parents[2]
DEADLINE_S = 20.0


def until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; fail with its name after the deadline."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"waited {deadline_s:.0f} s in vain: {what}"
        time.sleep(0.01)


_given: set[int] = set()
_PORTS = 20_000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_FIRST = 12_000 + _PORTS * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Test runs side by side share none: what one has given out and nobody listens on yet looks free to the other."""


def free_port(in_a_row: int = 1) -> int:
    """A port that nobody has, the first of so many. Not one that the system would pick: it picks them for whoever
    connects somewhere, too."""
    while True:
        ports = range(start := random.randrange(_FIRST, _FIRST + _PORTS - in_a_row), start + in_a_row)
        if _given.isdisjoint(ports) and all(map(_free, ports)):
            _given.update(ports)
            return start


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class Message(NamedTuple):
    topic: str
    payload: bytes
    retain: bool
    mid: int


class Broker:
    """A real broker in a folder of its own; it can be stopped, killed and started again on what it kept."""

    name = ""
    state: Path
    argv: list[str]

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()
        self.log = state / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.prepare()
        self.users: dict[str, str] = tomllib.loads((state / "broker" / "credentials.toml").read_text())["users"]

    def prepare(self) -> None:
        """Write the configuration and set `argv`."""

    def settle(self) -> None:
        """Return when what was acknowledged so far is kept, as far as the shipped settings promise."""

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log)
        until(lambda: broker.ready("127.0.0.1", self.port), f"{self.name} at its port; see {self.log}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class BoxBroker(Broker):
    name = "box"

    def prepare(self) -> None:
        self.argv = broker.prepare(self.state, self.port).argv


class MosquittoBroker(Broker):
    name = "mosquitto"

    def prepare(self) -> None:
        folder = broker.mosquitto_files(self.state, f"mqtt://127.0.0.1:{self.port}")
        self.kept = folder / "mosquitto.db"
        self.argv = mosquitto_argv(folder, self.port)

    def settle(self) -> None:
        def saved() -> int:
            return self.kept.stat().st_mtime_ns if self.kept.exists() else 0

        for _ in range(2):  # a save that had begun before the last message does not count
            before = saved()
            until(lambda before=before: saved() != before, "Mosquitto's next save")  # type: ignore[misc]


def mosquitto_argv(folder: Path, port: int) -> list[str]:
    """How to start Mosquitto as docker-compose.yml does, with the users and rights in `folder`, keeping its data there.

    Skips the test where Mosquitto is not installed, and fails it there on CI.
    """
    program = _mosquitto()
    if program is None:
        reason = "mosquitto is not installed: apt-get install mosquitto"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    text = (PROJECT / "docker" / "mosquitto.conf").read_text()
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1")
    text = text.replace("/shared/broker/", f"{folder}/").replace("/mosquitto/data/", f"{folder}/")
    if os.geteuid() == 0:
        text += "user root\n"  # else it becomes a user that may not read this test's folder
    config = folder / "mosquitto.conf"
    config.write_text(text)
    return [program, "-c", str(config)]


def _mosquitto() -> str | None:
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def make_broker(name: str, state: Path) -> Broker:
    """The named broker, started."""
    one = {"box": BoxBroker, "mosquitto": MosquittoBroker}[name](state)
    one.start()
    return one


class Peer:
    """One MQTT client with what it received; `vanish` drops the socket as a power cut would."""

    def __init__(
        self,
        to: Broker,
        user: str,
        name: str,
        *,
        password: str | None = None,
        lasting: bool = False,
        manual_ack: bool = False,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.got: list[Message] = []
        self.refusal: str | None = None
        self.cut_off = False
        self._connected = self._subscribed = False
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            name,
            clean_session=not lasting,
            manual_ack=manual_ack,
            reconnect_on_failure=False,
        )
        if user:
            self.client.username_pw_set(user, to.users[user] if password is None else password)
        if will:
            self.client.will_set(*will, qos=1, retain=True)
        self.client.max_inflight_messages_set(1000)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = lambda _c, _u, m: self.got.append(Message(m.topic, bytes(m.payload), m.retain, m.mid))
        self.client.connect("127.0.0.1", to.port, keepalive=60)
        self.client.loop_start()
        until(lambda: self._connected or self.refusal is not None or self.cut_off, f"{name}'s CONNACK")

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.refusal = str(reason)
        else:
            self._connected = True

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self.cut_off = True

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, _mid: int, _reasons: Any, _properties: Any) -> None:
        self._subscribed = True

    def subscribe(self, *filters: str) -> Peer:
        """Granted or refused, the broker has answered when this returns."""
        self._subscribed = False
        self.client.subscribe([(one, 1) for one in filters])
        until(lambda: self._subscribed, f"SUBACK for {filters}")
        return self

    def publish(self, topic: str, *payloads: bytes, retain: bool = False) -> None:
        """Return when the broker has acknowledged every one (QoS 1)."""
        sent = [self.client.publish(topic, payload, qos=1, retain=retain) for payload in payloads]
        for one in sent:
            one.wait_for_publish(DEADLINE_S)
            assert one.is_published(), f"no PUBACK for {topic}"

    def hears(self, count: int, deadline_s: float = DEADLINE_S) -> list[bytes]:
        """The payloads, once at least so many messages are here."""
        until(lambda: len(self.got) >= count, f"{count} messages, {len(self.got)} came", deadline_s)
        return [one.payload for one in self.got]

    def acknowledge(self) -> None:
        """Acknowledge everything received so far (with `manual_ack`)."""
        for one in self.got:
            self.client.ack(one.mid, 1)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self) -> None:
        link = self.client.socket()
        with suppress(OSError):
            if isinstance(link, socket.socket):
                link.shutdown(socket.SHUT_RDWR)  # no DISCONNECT packet
        self.client.loop_stop()
