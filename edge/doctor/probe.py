"""paho lives here too: a visit to the broker under a name of its own, to see whether it keeps what it acknowledges.

A reader with a lasting session subscribes to a topic that nobody else uses, goes, and is sent more messages than the
default queue of Mosquitto holds; then it comes back and counts. In the end its session is taken away again. What the
gateway's devices send is not touched, and not listened to.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec import Struct
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from edge.mqtt import BrokerUrl

MESSAGES = 1200
"""Sent to the sleeping reader: more than the 1,000 that Mosquitto's default queue and its window of 20 hold."""
ANSWER_S = 10.0
QUIET_S = 2.0
"""An echo that did not come for so long is not coming."""
PATIENCE_S = 7.0
"""When nothing more came for so long, nothing more will: the broker in the box waits 5 s before it repeats what it had
already sent to a reader that was just going."""
SETTLE_S = 0.3
"""So long a broker may take to notice that a reader is gone."""
SYSTEM_S = 1.5
SYSTEM = {
    "$SYS/broker/version": "version",
    "$SYS/broker/uptime": "uptime",
    "$SYS/broker/publish/messages/dropped": "dropped",
}
TOPIC = "wh/probe/"
PAYLOAD = 24
"""Bytes of each message."""
ECHO = b"echo"


class BrokerAway(Exception):
    """Nothing answers, or not as a broker does; the message says what."""


class BrokerRefuses(Exception):
    """The broker does not let us in; the message says why."""


class Visit(Struct):
    """What was seen at a broker. `came` of `sent` messages were kept for the reader that slept; None: not tried."""

    tls: bool = False
    system: dict[str, str] = {}
    may_probe: bool = False
    session_kept: bool | None = None
    sent: int = 0
    came: int | None = None
    anonymous: bool = False
    beyond: list[str] = []
    """Addresses of this machine, beyond loopback, where it answers without TLS."""


class _Guest:
    """One connection to the broker, worked by hand."""

    def __init__(self, url: BrokerUrl, name: str, *, lasting: bool = False) -> None:
        """Connect; raises `BrokerAway` or `BrokerRefuses`."""
        self.got: dict[tuple[str, bytes], None] = {}
        """What came, each once: a broker may repeat itself."""
        self.session_present = False
        self._answers: list[Any] = []
        self._granted: bool | None = None
        self._acknowledged = 0
        self._lost = False
        client = paho.Client(CallbackAPIVersion.VERSION2, name, clean_session=not lasting, reconnect_on_failure=False)
        client.connect_timeout = ANSWER_S
        client.max_inflight_messages_set(MESSAGES)
        if url.user:
            client.username_pw_set(url.user, url.password)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = lambda _c, _u, one: self.got.setdefault((one.topic, bytes(one.payload)))
        self._client = client
        where = f"{url.host}:{url.port}"
        try:
            if url.tls:
                client.tls_set()
            client.connect(url.host, url.port, 30)
        except OSError as error:
            raise BrokerAway(f"{where}: {error}") from None
        if not self._until(lambda: bool(self._answers)):
            raise BrokerAway(f"{where} takes the connection and does not answer as a broker does")
        if self._answers[0].is_failure:
            raise BrokerRefuses(f"{where} refuses {url.user or 'a nameless user'}: {self._answers[0]}")

    def subscribe(self, *filters: str) -> bool:
        """Whether the broker grants them all."""
        self._granted = None
        self._client.subscribe([(one, 1) for one in filters])
        self._until(lambda: self._granted is not None)
        return bool(self._granted)

    def publish(self, topic: str, *payloads: bytes) -> int:
        """Publish messages; how many the broker acknowledged."""
        self._acknowledged = 0
        for payload in payloads:
            self._client.publish(topic, payload, qos=1)
        self._until(lambda: self._acknowledged >= len(payloads))
        return self._acknowledged

    def hears(self, done: Callable[[], bool], quiet_s: float) -> bool:
        """Wait until enough has come, or nothing more comes; whether it is enough."""
        seen, since_s = len(self.got), time.monotonic()
        while not done() and not self._lost:
            self._step()
            if len(self.got) != seen:
                seen, since_s = len(self.got), time.monotonic()
            elif time.monotonic() - since_s > quiet_s:
                break
        return done()

    def leave(self) -> None:
        """Go in good order."""
        self._client.disconnect()
        self._until(lambda: self._lost)

    def _until(self, done: Callable[[], bool]) -> bool:
        end_s = time.monotonic() + ANSWER_S
        while not done():
            if self._lost or time.monotonic() > end_s:
                return done()
            self._step()
        return True

    def _step(self) -> None:
        if self._client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lost = True

    def _on_connect(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        self._answers.append(reason)
        self.session_present = bool(flags.session_present)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._lost = True

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        self._granted = not any(reason.is_failure for reason in reasons)

    def _on_publish(self, _client: Any, _data: Any, _mid: int, _reason: Any, _properties: Any) -> None:
        self._acknowledged += 1


def visit(url: BrokerUrl, name: str, messages: int = MESSAGES) -> Visit:
    """Look a broker over, as the probe of the gateway `name`; takes a second or two.

    Raises `BrokerAway` and `BrokerRefuses`. Leaves nothing behind, unless the connection breaks on the way.
    """
    seen = Visit(url.tls)
    reader, topic = f"{name}-probe", TOPIC + name
    guest = _Guest(url, reader)  # a clean session: what an earlier visit left is gone now
    if guest.subscribe(*SYSTEM):
        guest.hears(lambda: len(guest.got) >= len(SYSTEM), SYSTEM_S)
        seen.system = {SYSTEM[told]: payload.decode("utf-8", "replace") for told, payload in guest.got}
    guest.leave()
    try:
        _sleep_and_count(url, reader, topic, messages, seen)
    finally:
        with suppress(BrokerAway, BrokerRefuses):
            _Guest(url, reader).leave()
    seen.anonymous = _lets_in(url._replace(user="", password=""), f"{name}-nobody")
    if not url.tls:
        seen.beyond = [address for address in own_addresses() if _answers(address, url.port)]
    return seen


def own_addresses() -> list[str]:
    """The addresses under which others reach this machine, as far as it knows; nothing is sent to find them."""
    found = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):  # RFC 5737, RFC 3849
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((far, 9))
            found.append(asked.getsockname()[0])
    return [address for address in found if not address.startswith(("127.", "::1"))]


def _sleep_and_count(url: BrokerUrl, reader: str, topic: str, messages: int, seen: Visit) -> None:
    guest = _Guest(url, reader, lasting=True)
    writer = _Guest(url, f"{reader}-writer")
    if (
        not guest.subscribe(topic)
        or not writer.publish(topic, ECHO)
        or not guest.hears(lambda: bool(guest.got), QUIET_S)
    ):
        writer.leave()
        guest.leave()
        return
    seen.may_probe = True
    guest.leave()
    time.sleep(SETTLE_S)
    numbered = [b"%0*d" % (PAYLOAD, number) for number in range(messages)]
    seen.sent = writer.publish(topic, *numbered)
    writer.leave()
    back = _Guest(url, reader, lasting=True)
    seen.session_kept = back.session_present
    if seen.session_kept:
        back.hears(lambda: len(back.got) - ((topic, ECHO) in back.got) >= seen.sent, PATIENCE_S)
    seen.came = sum((topic, one) in back.got for one in numbered)
    back.leave()


def _lets_in(url: BrokerUrl, name: str) -> bool:
    try:
        _Guest(url, name).leave()
    except (BrokerAway, BrokerRefuses):
        return False
    return True


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1.0):
            return True
    except OSError:
        return False
