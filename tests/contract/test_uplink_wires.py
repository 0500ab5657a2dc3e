"""What libzmq lets happen beneath the frames: nothing of it fills the memory, ends the service, or goes uncounted."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import zmq

from cloud import wires
from cloud.keys import allow, own_keys
from protocols.uplink import FRAME_BYTES_MAX, VERSION, Hello, Welcome
from tests.contract.brokers import free_port
from tests.contract.links import Ends, Raw, Service, hasten, open_ends, until

HELLO = Hello(VERSION, "bad", "demo", {"events": 10, "telemetry": 10})
ROUNDS = 8


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


async def greeted(ends: Ends) -> tuple[Service, Raw]:
    """A service, and somebody with an allowed key who has greeted it."""
    service = ends.service()
    service.start()
    raw = ends.raw(service, "bad")
    await raw.say(HELLO)
    assert isinstance(await raw.hear(), Welcome)
    return service, raw


def port(service: Service) -> int:
    return int(service.address.rpartition(":")[2])


def open_wires(service: Service) -> wires.Wires:
    assert service.door._wires is not None
    return service.door._wires[1]


async def test_a_message_of_many_parts_is_cut_off_before_it_fills_the_memory(ends: Ends) -> None:
    service, raw = await greeted(ends)

    await raw.socket.send_multipart([bytes(1_000_000)] * 200)

    await until(lambda: service.door.links["bad"].flooded == 1, "the connection to be ended")
    assert service.door.links["bad"].bad == 1
    await until(lambda: len(open_wires(service)) == 0, "libzmq to let go of it, and of what it brought")


async def test_many_connections_that_bring_a_little_too_much_together_are_ended_the_fullest_first(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "UNREAD_ALL_MAX", 10 * FRAME_BYTES_MAX)
    service, first = await greeted(ends)
    others = [ends.raw(service, f"other{number}") for number in range(2)]
    for number, raw in enumerate(others):
        await raw.say(Hello(VERSION, f"other{number}", "demo", {"events": 0, "telemetry": 0}))
        assert isinstance(await raw.hear(), Welcome)

    monkeypatch.setattr("cloud.core.intake.BYTES_MAX", 0)  # nothing more is read
    for raw, count in ((first, 6), *((other, 3) for other in others)):
        for _ in range(count):
            await raw.say(bytes(1_000_000))

    await until(lambda: service.door.links["bad"].flooded == 1, "the fullest to be ended")
    assert (service.door.links["other0"].bad, service.door.links["other1"].bad) == (0, 0)
    monkeypatch.undo()


async def test_what_is_refused_below_the_frames_is_counted(ends: Ends) -> None:
    service, raw = await greeted(ends)
    link, door = service.door.links["bad"], service.door

    await raw.say(b"\x00" * (2 * FRAME_BYTES_MAX))
    await until(lambda: link.bad == 1, "a frame too large to be counted")

    with socket.create_connection(("127.0.0.1", port(service))) as other:
        other.sendall(b"GET / HTTP/1.0\r\n\r\n")
        await until(lambda: door.strangers == 1, "another protocol to be counted")
    socket.create_connection(("127.0.0.1", port(service))).close()
    await until(lambda: door.strangers == 2, "one that hangs up to be counted")

    with zmq.Context() as context, context.socket(zmq.DEALER) as bare:
        bare.linger = 0
        bare.connect(service.address)
        await until(lambda: door.strangers > 2, "one without CURVE to be counted")
    assert link.bad == 1


async def test_a_bit_turned_on_the_way_is_counted(ends: Ends) -> None:
    service, raw = await greeted(ends)
    turned = False

    async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter, turns: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data[:-5] + bytes([data[-5] ^ turned]) + data[-4:] if turns and len(data) > 5 else data)

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", port(service))
        await asyncio.gather(pipe(reader, forth, True), pipe(back, writer, False))

    there = free_port()
    relay = await asyncio.start_server(between, "127.0.0.1", there)
    address, service.address = service.address, f"tcp://127.0.0.1:{there}"
    through = raw.connect()
    service.address = address
    await raw.say(HELLO, through)
    assert isinstance(await raw.hear(through), Welcome)
    turned = True

    await raw.say(HELLO, through)

    await until(lambda: service.door.strangers + service.door.links["bad"].bad == 1, "the damaged frame to be counted")
    relay.close()


async def test_gateways_that_come_and_go_leave_nothing_behind_and_are_not_counted_as_refused(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.core.links.GREETINGS_A_SECOND", 100)
    service, raw = await greeted(ends)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        again = raw.connect()
        await raw.say(HELLO, again)
        assert isinstance(await raw.hear(again), Welcome)
        again.close()

    await until(lambda: len(open_wires(service)) == 1, "their connections to be forgotten")
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before + 2, "their files to be closed")
    assert (service.door.links["bad"].bad, service.door.strangers) == (0, 0)


SERVICE = """
import asyncio, sys, time
from pathlib import Path
from cloud import uplink
from cloud.core import links
from cloud.uplink import Uplink

links.REFUSALS_A_SECOND = 1_000_000

def busy(frame):
    time.sleep(0.0005)
    raise ValueError("no message " * 20)

uplink.decode_from_gateway = busy

async def apply(received):
    await asyncio.sleep(3600)

async def serve():
    await Uplink(sys.argv[1], Path(sys.argv[2]), "demo", apply, lambda gateway: {}).run()

asyncio.run(serve())
"""
GATEWAY = """
import os, sys, time, zmq
socket = zmq.Context().socket(zmq.DEALER)
key, public, secret = (word.encode() for word in sys.argv[2:5])
socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = key, public, secret
socket.heartbeat_ivl, socket.sndhwm, socket.rcvhwm = 1, 0, 1
socket.connect(sys.argv[1])
end = time.monotonic() + 0.7
while time.monotonic() < end:
    for _ in range(30):
        socket.send(b"no message")
    time.sleep(0.001)  # so that there are heartbeats among them
os._exit(0)
"""


def test_a_gateway_that_floods_and_hangs_up_does_not_end_the_service(tmp_path: Path) -> None:
    """With heartbeats of its own, and answers unread: libzmq would assert when it answers a heartbeat over a connection
    that it had stopped reading and that is gone."""
    address = f"tcp://127.0.0.1:{free_port()}"
    key, (public, secret) = own_keys(tmp_path)[0], zmq.curve_keypair()
    allow(tmp_path, "bad", public.decode())
    serving = subprocess.Popen([sys.executable, "-c", SERVICE, address, str(tmp_path)])
    try:
        words = [address, key.decode(), public.decode(), secret.decode()]
        for _ in range(ROUNDS):
            subprocess.run([sys.executable, "-c", GATEWAY, *words], check=True)
            assert serving.poll() is None
    finally:
        serving.kill()
        serving.wait()
