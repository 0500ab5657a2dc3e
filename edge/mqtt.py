"""paho lives here. Any MQTT 3.1.1 broker -> groups of messages; acknowledged only when the shell says so.

paho is driven by the event loop itself (its "external loop" interface) and has no thread of its own: no hand-over, no
contention, and reading stops by itself while a group is worked on. Notes on paho 2.2:
1. `loop_read` reads one packet; the client goes on to the last that has come, else every message costs a wake-up.
2. `connect` blocks on name resolution, TCP and TLS, so it runs in a worker thread; the socket callbacks it makes
   there are handed over.
3. An unacknowledged message comes back after a reconnect (at once from Mosquitto, after ack_wait from nats-server), so
   messages received on an earlier connection must not be acknowledged on a later one: their ids mean something else.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from edge.packets import Client, Message
from protocols.readings import Publish

log = logging.getLogger(__name__)

Presence = Callable[[int], tuple[Publish | None, Publish]]
"""now_ms -> (birth, will). The birth is said once subscriptions hold, the will also when we go by ourselves; without a
birth, whoever gave the will takes leave too."""

QUEUE_MAX = 4000
"""Messages held unworked; beyond it nothing is read from the socket, and the broker keeps the rest."""
FLOOD_SHARE = 10
"""As many as this share of a group are waiting already: a flood."""
READ_MAX = 256
UNSENT_MAX = 10_000
"""Packets the broker has not taken yet; beyond it nothing more is published."""
KEEPALIVE_S = 20
CONNECTS_KEPT = 20
BACKOFF_MAX_S = 30.0


class BrokerUrl(NamedTuple):
    """`mqtt://[user[:password]@]host[:port]`, or `mqtts://` for TLS."""

    host: str
    port: int
    tls: bool
    user: str
    password: str


def parse_url(url: str) -> BrokerUrl:
    """A broker's URL taken apart; raises `ValueError` with what is wrong."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == 0:
        raise ValueError(f"{url.rpartition('@')[2]!r} is not a broker: use mqtt://host:1883 or mqtts://host:8883")
    tls = parts.scheme == "mqtts"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return BrokerUrl(parts.hostname, port or (8883 if tls else 1883), tls, user, password)


class Mqtt:
    """One connection to one broker, kept up."""

    def __init__(
        self,
        url: BrokerUrl,
        client_id: str,
        filters: Sequence[str],
        presence: Presence | None = None,
        *,
        clean: bool = False,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        """`presence(now_ms)` gives what is said on every connection, and the last will that takes it back; `on_ready`
        is called once a connection's subscriptions hold; `clean`: the broker keeps nothing for us while we are away.
        """
        self.url = url
        self._presence = presence
        self._on_ready = on_ready
        self._birth: Publish | None = None
        self._unborn = False
        self.filters = [(pattern, 1) for pattern in filters]
        self.connected = False
        self.why = "not yet connected"
        self._refused = ""
        self.connects_ms: deque[int] = deque(maxlen=CONNECTS_KEPT)
        """When the last connections were made: many in a short time mean that someone else has our name."""
        self.sessions_lost = 0
        """How often a broker knew nothing of us any more, though we had been there: what waited for us is gone."""
        self._arrived = asyncio.Event()
        self._grouped_s = -inf
        self._down = asyncio.Event()
        self._paused = False
        self._socket: Any = None
        client = Client(CallbackAPIVersion.VERSION2, client_id, clean_session=clean, manual_ack=True)
        self._inbox = client.inbox
        client.max_inflight_messages_set(1000)
        if url.user:
            client.username_pw_set(url.user, url.password)
        if url.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_socket_open = lambda _c, _u, sock: self._hand_over(self._open, sock)
        client.on_socket_close = lambda _c, _u, sock: self._hand_over(self._close, sock)
        client.on_socket_register_write = lambda _c, _u, sock: self._hand_over(self._want_write, sock)
        client.on_socket_unregister_write = lambda _c, _u, sock: self._hand_over(self._no_write, sock)
        self._client = client

    async def run(self) -> None:
        """Keep connected until cancelled: capped, jittered back-off between attempts."""
        self._loop = asyncio.get_running_loop()
        delay_s = 0.5
        try:
            while True:
                self._down.clear()
                self._set_will()
                try:
                    await asyncio.to_thread(self._client.connect, self.url.host, self.url.port, KEEPALIVE_S)
                    delay_s = await self._keep(delay_s)
                except OSError as error:
                    why = f"{self.url.host}:{self.url.port}: {error}"
                    if why != self.why:
                        log.warning("broker: %s", why)
                    self.why = why
                self._inbox.clear()
                await asyncio.sleep(delay_s * random.uniform(0.7, 1.3))
                delay_s = min(BACKOFF_MAX_S, delay_s * 2)
        finally:
            if self._presence is not None and self._birth is not None:
                _, death = self._presence(_now_ms())
                self.publish(death.topic, death.payload, death.qos, death.retain)
            self._client.disconnect()
            self._client.loop_write()

    def hang_up(self) -> None:
        """End this connection in good order; `run` makes the next one."""
        self._client.disconnect()

    async def group(self, size_max: int, apart_s: float) -> list[Message]:
        """The next messages, at least one, at most `size_max`; few not sooner than `apart_s` after those before.

        So a message that comes alone waits for nothing, and of those that trickle in each group has several. When they
        come in floods the group waits `apart_s` to be filled: what costs as much for one as for many is then shared.
        """
        while not self._inbox:
            self._arrived.clear()
            await self._arrived.wait()
        flood = len(self._inbox) >= size_max // FLOOD_SHARE
        wait_s = apart_s if flood else self._grouped_s + apart_s - self._loop.time()
        if wait_s > 0 and len(self._inbox) < size_max:
            await asyncio.sleep(wait_s)
        self._grouped_s = self._loop.time()
        inbox = self._inbox
        if len(inbox) <= size_max:
            group = list(inbox)
            inbox.clear()
        else:
            group = [inbox.popleft() for _ in range(size_max)]
        if self._paused and len(inbox) < QUEUE_MAX // 2 and self._socket is not None:
            self._paused = False
            self._loop.add_reader(self._socket, self._read)
            self._loop.call_soon(self._read_left)
        return group

    def acknowledge(self, group: Sequence[Message]) -> None:
        """Tell the broker that these messages are safe. Those of an earlier connection are left to come back."""
        if not self.connected:
            return  # paho would send it on the next connection, where the id means another message
        now = self.connection
        self._client.acknowledge(message.mid for message in group if message.qos and message.connection == now)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        """Publish; False when the broker is not connected, or takes nothing (nothing is queued)."""
        if not self.connected or self._unborn or len(self._client._out_packet) > UNSENT_MAX:
            return False
        return self._client.publish(topic, payload, qos, retain).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    @property
    def connection(self) -> int:
        """The number of this connection, or the last."""
        return self._client.connection

    @property
    def waiting(self) -> int:
        """Messages received and not yet taken."""
        return len(self._inbox)

    def _set_will(self) -> None:
        if self._presence is not None:
            self._birth, will = self._presence(_now_ms())
            self._unborn = self._birth is not None  # nothing is said before it
            self._client.will_set(will.topic, will.payload, will.qos, will.retain)

    async def _keep(self, delay_s: float) -> float:
        while not self._down.is_set():
            self._client.loop_misc()
            if self.connected:
                delay_s = 0.5
            try:
                async with asyncio.timeout(1.0):
                    await self._down.wait()
            except TimeoutError:
                continue
        return delay_s

    def _on_connect(self, client: Any, _userdata: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.why = f"{self.url.host}:{self.url.port} refused us: {reason}; check the credentials file"
            log.warning("broker: %s", self.why)
            return
        self.connected, self.why = True, ""
        if self.connects_ms and not (flags.session_present or client._clean_session):
            self.sessions_lost += 1
            log.warning("broker: it has lost our session, and what waited for us; see `python -m edge doctor`")
        self.connects_ms.append(_now_ms())
        try:
            self._client.subscribe(self.filters)
        except ValueError as error:  # paho's, for what is no filter
            self._refuse(f"{self._unusable()!r} is no topic to subscribe to ({error}); correct it in the site file")
            return
        log.info("broker: connected to %s:%d", self.url.host, self.url.port)

    def _unusable(self) -> str:
        """The first filter that paho refuses."""
        for pattern, _ in self.filters:
            told = pattern.encode("utf-8", "replace")
            if not told or self._client._filter_wildcard_len_check(told) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return pattern[:200]
        return ""

    def _refuse(self, why: str) -> None:
        """Not ready, for this reason; `run` tries again."""
        self.connected = False
        if why != self._refused:
            log.warning("broker: %s", why)
        self.why = self._refused = why
        self._client.disconnect()

    def _on_subscribe(self, _client: Any, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        for (pattern, _), reason in zip(self.filters, reasons, strict=False):
            if reason.is_failure:
                user = self.url.user or "a nameless user"
                self._refuse(f"{user} may not read {pattern}; check the broker's rights")
                return
        self._refused = ""
        if self._birth is not None:
            self._unborn = False
            self.publish(self._birth.topic, self._birth.payload, self._birth.qos, self._birth.retain)
        if self._on_ready is not None:
            self._on_ready()

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self.connected:
            self.why = f"connection lost ({reason})"
            log.warning("broker: %s", self.why)
        self.connected = False
        self._hand_over(self._went_down, None)

    def _read(self) -> None:
        if self._paused:
            return
        inbox = self._inbox
        self._client.read(READ_MAX)
        if inbox:
            self._arrived.set()
            if len(inbox) >= QUEUE_MAX and self._socket is not None:
                self._paused = True
                self._loop.remove_reader(self._socket)
                return
        self._read_left()

    def _read_left(self) -> None:
        # What is buffered, by us or by TLS, makes no socket readable.
        if self._paused:
            return
        pending = getattr(self._socket, "pending", None)
        if self._client.buffer or (pending is not None and pending()):
            self._loop.call_soon(self._read)

    def _hand_over(self, act: Any, sock: Any) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._loop.call_soon_threadsafe(act, sock)
        else:
            act(sock)

    def _open(self, sock: socket.socket) -> None:
        self._client.connection += 1
        self._socket = sock
        self._paused = False
        self._loop.add_reader(sock, self._read)

    def _close(self, sock: socket.socket) -> None:
        if sock is self._socket:
            self._socket = None
        if sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _want_write(self, sock: socket.socket) -> None:
        if sock is self._socket:
            self._loop.add_writer(sock, self._write)

    def _no_write(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_writer(sock)

    def _write(self) -> None:
        self._client.loop_write()

    def _went_down(self, _nothing: None) -> None:
        self._down.set()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
