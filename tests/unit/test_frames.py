"""The frames between a gateway and the service: anything else is an error that says so."""

from __future__ import annotations

import msgspec
import pytest

from protocols.uplink import decode_from_gateway, decode_from_service

FRAMES = {
    "nothing": b"",
    "no MessagePack": b"\xc1",
    "of a kind nobody knows": msgspec.msgpack.encode(["elephant", 1]),
    "cut short": msgspec.msgpack.encode(["batch", 1, "events"]),
    "of a lane nobody knows": msgspec.msgpack.encode(["batch", 1, "gossip", 0, False, [], []]),
    "with a number below zero": msgspec.msgpack.encode(["batch", 1, "events", 0, False, [-1], [b""]]),
    "with a number no store holds": msgspec.msgpack.encode(["batch", 1, "events", 0, False, [2**63], [b""]]),
    "nested without end": b"\x98"
    + msgspec.msgpack.encode(["batch", 1, "events", 0, False, [0], [b""]])[1:]
    + b"\x91" * 50_000,
}


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_no_frame_of_a_gateway_is_a_value_error(frame: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (msgspec words it)
        decode_from_gateway(FRAMES[frame])


def test_what_is_no_frame_of_the_service_is_a_value_error() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (msgspec words it)
        decode_from_service(b"\xc1")
