"""paho with less to do a message: what makes a gateway's reading cheap.

paho reads a packet in three small pieces, makes an object with a lock of each message and acknowledges each by itself.
Here a buffer serves the pieces, messages that stand whole in it are taken from it directly (MQTT 3.1.1, 3.3), and the
acknowledgements of a group are one write (3.4). Everything else, and what is odd, is left to paho.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode

READ_BYTES = 64 * 1024
_PUBLISH, _QOS, _RETAIN = 0x30, 0x06, 0x01
_LENGTH_BYTES_MAX = 4
_PUBACK = struct.Struct("!BBH").pack


class Message(NamedTuple):
    """A message as it arrived, with what its acknowledgement needs."""

    topic: str
    payload: bytes
    received_ms: int
    mid: int
    qos: int
    connection: int
    retained: bool = False


class Client(paho.Client):
    """One connection after the other, numbered by `connection`; messages go into `inbox`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.inbox: deque[Message] = deque()
        self.connection = 0
        self.buffer = memoryview(b"")
        """Bytes received and not yet read."""

    def read(self, most: int) -> None:
        """Work off what has come, `most` packets at most."""
        while most > 0 and self.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS and self.buffer:
            most -= 1 + self._take_whole(most - 1)

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Acknowledge QoS 1 messages."""
        packets = b"".join(_PUBACK(0x40, 2, mid) for mid in mids)
        if packets:
            self._packet_queue(paho.PUBACK, packets, 0, 0)

    def _take_whole(self, most: int) -> int:
        """Take the messages that stand whole at the head of the buffer, as far as they are plain; how many."""
        if self._in_packet["command"]:
            return 0  # the buffer begins within a packet
        buffer, at, taken = self.buffer, 0, 0
        length, now_ms, connection, put = len(buffer), _now_ms(), self.connection, self.inbox.append
        while taken < most and at < length and buffer[at] & 0xF0 == _PUBLISH:
            head, qos = buffer[at], (buffer[at] & _QOS) >> 1
            start, end = _body(buffer, at + 1)
            topic = start + 2 + (2 if qos else 0)  # a packet so short has no topic
            if qos > 1 or end > length or end < topic:
                break
            after = start + 2 + (buffer[start] << 8 | buffer[start + 1])
            payload = after + (2 if qos else 0)
            if after == start + 2 or payload > end:
                break
            mid = buffer[after] << 8 | buffer[after + 1] if qos else 0
            name = str(buffer[start + 2 : after], "utf-8", "replace")
            retained = bool(head & _RETAIN)
            put(Message(name, bytes(buffer[payload:end]), now_ms, mid, qos, connection, retained))
            at, taken = end, taken + 1
        self.buffer = buffer[at:]
        return taken

    def _handle_on_message(self, message: paho.MQTTMessage) -> None:
        topic = message._topic.decode("utf-8", "replace")
        payload, mid = bytes(message.payload), message.mid
        self.inbox.append(Message(topic, payload, _now_ms(), mid, message.qos, self.connection, message.retain))

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.buffer:
            self.buffer = memoryview(super()._sock_recv(READ_BYTES))
        piece, self.buffer = self.buffer[:bufsize], self.buffer[bufsize:]
        return bytes(piece)

    def _sock_close(self) -> None:
        self.buffer = memoryview(b"")
        super()._sock_close()


def _body(buffer: memoryview, at: int) -> tuple[int, int]:
    """Where the body of the packet begins whose length stands at `at` (2.2.3: seven bits a byte, the lowest first), and
    where it ends; an end beyond all buffers where the length is not whole, or malformed."""
    size = 0
    for number, byte in enumerate(buffer[at : at + _LENGTH_BYTES_MAX]):
        size |= (byte & 0x7F) << 7 * number
        if byte < 0x80:
            return at + number + 1, at + number + 1 + size
    return at, len(buffer) + 1


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
