"""The simulator's MQTT client; paho lives here. A `Link` is one connection with a bounded buffer behind it.

All of a link's state belongs to the asyncio loop. Surprises of paho met here:
1. Its callbacks run on its own thread, `on_publish` with a lock of the client held: each takes one hop to the loop.
2. Its own queue is unbounded by default: a link hands over no more than `IN_FLIGHT_MAX` messages at a time.
3. Its reconnect delay has no jitter: each client gets its own bounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from firmware_sim.devices.voice import Message

log = logging.getLogger(__name__)

IN_FLIGHT_MAX = 20
BACKLOG_MAX = 20_000
RECONNECT_MAX_S = 30.0
KEEPALIVE_S = 30


class AddressError(ValueError):
    """The broker's address can not be used; the message says why."""


@dataclass(frozen=True)
class Address:
    """Where a broker listens, and as whom to connect."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Without the password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def address(url: str, user: str = "", password: str = "") -> Address:
    """The address in `mqtt[s]://[user:password@]host[:port]`; the URL's own user comes first."""
    parts = urlsplit(url if "://" in url else f"mqtt://{url}")
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise AddressError(f"broker {parts.scheme}://{parts.hostname or ''}: use mqtt://host:port or mqtts://host:port")
    tls = parts.scheme == "mqtts"
    try:
        port = parts.port or (8883 if tls else 1883)
    except ValueError:
        raise AddressError(f"broker {parts.hostname}: the port is no number from 1 to 65535") from None
    if parts.username:
        user, password = unquote(parts.username), unquote(parts.password or "")
    return Address(parts.hostname, port, tls, user, password)


class Link:
    """One MQTT connection of one device, or of a group of them.

    `send` never waits: what the broker has not taken yet stands in a buffer of `backlog_max` messages; beyond that the
    oldest is dropped and counted in `dropped`.
    """

    def __init__(
        self,
        where: Address,
        client_id: str,
        commands: Iterable[str],
        greet: Callable[[], list[Message]],
        obey: Callable[[str, bytes], None],
        will: Message | None = None,
        backlog_max: int = BACKLOG_MAX,
    ) -> None:
        self.where, self.name = where, client_id
        self.connected = asyncio.Event()
        self.sent, self.dropped = 0, 0
        self.refusal = ""
        """Why the broker would not have us, in its words; "" when it did not say."""
        self._commands, self._greet, self._obey = list(commands), greet, obey
        self._backlog: deque[Message] = deque()
        self._backlog_max = backlog_max
        self._in_flight: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self._client = self._make(client_id, will)

    @property
    def waiting(self) -> int:
        """Messages the broker has not signed for yet."""
        return len(self._backlog) + len(self._in_flight)

    def start(self) -> None:
        """Connect in the background, again and again until it holds."""
        self._client.connect_async(self.where.host, self.where.port, KEEPALIVE_S)
        self._client.loop_start()

    def send(self, message: Message) -> None:
        """Publish at QoS 1 when the broker is there and has room."""
        if len(self._backlog) >= self._backlog_max:
            self._backlog.popleft()
            self.dropped += 1
            if self.dropped == 1:
                log.warning(
                    "%s: the buffer of %d messages is full; the oldest are dropped", self.name, self._backlog_max
                )
        self._backlog.append(message)
        self._pump()

    def cut(self, will: Message | None) -> None:
        """Lose the connection, as a device does that restarts; connect again with another last will."""
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        line = self._client.socket()
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    async def stop(self) -> None:
        """Disconnect; what is still waiting is lost, as in a device that is switched off."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        # Hops of the last callbacks are done before the link is.
        await asyncio.sleep(0)

    def _make(self, client_id: str, will: Message | None) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        if self.where.user:
            client.username_pw_set(self.where.user, self.where.password)
        if self.where.tls:
            client.tls_set()
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        luck = random.Random(client_id)
        client.reconnect_delay_set(luck.uniform(0.5, 1.5), luck.uniform(0.5, 1.0) * RECONNECT_MAX_S)  # type: ignore[arg-type]
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    # -- on paho's thread ---------------------------------------------------------------------------------------------

    def _hop(self, call: Callable[..., None], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._hop(self._refused, str(reason))
        else:
            self._hop(self._connected)

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._hop(self.connected.clear)

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self._hop(self._settled, mid)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self._hop(self._obey, message.topic, message.payload)

    # -- on the loop --------------------------------------------------------------------------------------------------

    def _refused(self, reason: str) -> None:
        self.refusal = reason

    def _connected(self) -> None:
        self.connected.set()
        self.refusal = ""
        if self._commands:
            self._client.subscribe([(topic, 1) for topic in self._commands])
        self._backlog.extendleft(reversed(self._greet()))
        self._pump()

    def _settled(self, mid: int) -> None:
        self._in_flight.discard(mid)
        self.sent += 1
        self._pump()

    def _pump(self) -> None:
        while self._backlog and len(self._in_flight) < IN_FLIGHT_MAX and self.connected.is_set():
            message = self._backlog.popleft()
            info = self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)
            if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
                self._backlog.appendleft(message)
                break
            # Without a connection paho keeps the message and sends it after the next one.
            self._in_flight.add(info.mid)
