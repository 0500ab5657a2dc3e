"""Messages taken straight from the buffer are those that paho would have delivered, however the bytes come."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from edge.packets import Client, Message

PINGRESP, PUBACK, MALFORMED = b"\xd0\x00", b"\x40\x02\x00\x07", b"\x30\xff\xff\xff\xff\x01"
Plain = tuple[str, bytes, int, int, bool]

messages = st.tuples(
    st.text(st.characters(blacklist_characters="+#\0", codec="utf-8"), min_size=1, max_size=20),
    st.binary(max_size=300),
    st.integers(1, 65535),
    st.integers(0, 1),
    st.booleans(),
).map(lambda one: one if one[3] else (*one[:2], 0, *one[3:]))  # only what is acknowledged has a number


def publish(topic: str, payload: bytes, mid: int, qos: int, retained: bool) -> bytes:
    """A PUBLISH packet of MQTT 3.1.1."""
    name = topic.encode()
    body = len(name).to_bytes(2) + name + (mid.to_bytes(2) if qos else b"") + payload
    return bytes([0x30 | qos << 1 | retained]) + length(len(body)) + body


def length(size: int) -> bytes:
    said = b""
    while True:
        size, seven = divmod(size, 128)
        said += bytes([seven | (0x80 if size else 0)])
        if not size:
            return said


@contextmanager
def joined(client: paho.Client) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    client._sock = ours
    with ours, theirs:
        yield theirs


def taken(pieces: list[bytes], most: int = 256) -> list[Plain]:
    """What the client makes of bytes that come in these pieces."""
    client = Client(CallbackAPIVersion.VERSION2, "taken", manual_ack=True)
    client.connection = 3
    with joined(client) as broker:
        for piece in pieces:
            with suppress(BrokenPipeError):  # the client left at what was no message
                broker.sendall(piece)
            before = -1
            while len(client.inbox) > before or client.buffer:
                before = len(client.inbox)
                client.read(most)
                assert len(client.inbox) <= before + most
    assert all(one.connection == 3 for one in client.inbox)
    return [plain(one) for one in client.inbox]


def plain(one: Message) -> Plain:
    return one.topic, one.payload, one.mid, one.qos, one.retained


def delivered(data: bytes) -> list[Plain]:
    """What paho itself makes of them."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "delivered", manual_ack=True)
    found: list[Plain] = []
    client.on_message = lambda _client, _userdata, one: found.append(
        (one._topic.decode("utf-8", "replace"), bytes(one.payload), one.mid, one.qos, one.retain)
    )
    with joined(client) as broker:
        broker.sendall(data)
        broker.shutdown(socket.SHUT_WR)
        while client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            pass
    return found


def cut(data: bytes, at: list[int]) -> list[bytes]:
    ends = sorted({min(one, len(data)) for one in at} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


@given(st.lists(messages | st.sampled_from([PINGRESP, PUBACK]), max_size=12), st.lists(st.integers(0, 2000)))
def test_every_message_comes_whole_and_in_order_wherever_the_bytes_are_cut(
    said: list[Plain | bytes], at: list[int]
) -> None:
    data = b"".join(one if isinstance(one, bytes) else publish(*one) for one in said)

    for most in (256, 3, 1):
        assert taken(cut(data, at), most) == [one for one in said if not isinstance(one, bytes)]


@given(st.lists(st.binary(max_size=40) | messages, max_size=6), st.lists(st.integers(0, 400), max_size=4))
def test_bytes_that_are_no_messages_are_left_to_paho(said: list[bytes | Plain], at: list[int]) -> None:
    data = b"".join(one if isinstance(one, bytes) else publish(*one) for one in said)
    expected = delivered(data)

    assert taken([data])[: len(expected)] == expected
    assert taken(cut(data, at))[: len(expected)] == expected


def test_what_is_odd_ends_the_connection_as_paho_would_end_it() -> None:
    for odd in (MALFORMED, b"\x36\x05\x00\x01a\x00\x01", b"\x30\x02\x00\x00", b"\x32\x03\x00\x01a"):
        good = publish("wh/v1/a/b/shelf", b"{}", 9, 1, False)
        assert taken([good + odd + good])[:1] == [("wh/v1/a/b/shelf", b"{}", 9, 1, False)]
        assert delivered(good + odd + good)[:1] == taken([good + odd])[:1]
