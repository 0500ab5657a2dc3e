"""A TCP proxy that can be cut, half-open and slow; and what an MQTT connection through it said, packet by packet."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Mode = Literal["open", "cut", "half_open", "slow"]
Hear = Callable[[int, bytes], None]
"""Connection and bytes, in one direction."""
CHUNK = 64 * 1024
SLOW_S = 0.15
SLOW_BYTES = 8 * 1024
SWITCH_S = 0.0002
"""A trap that waits for other threads of this process (5 ms by default) springs too late."""
PUBLISH, PUBACK = 3, 4


class Wire:
    """One listening port, one port it leads to. All wires of a process share one thread."""

    def __init__(self, listen: int, to: int, up: Hear | None = None, down: Hear | None = None) -> None:
        """`up` hears what clients send, `down` what they are sent (only what is passed on)."""
        self.listen, self.to = listen, to
        self.mode: Mode = "open"
        self.connections = 0
        self.traps: dict[str, Callable[[], None]] = {}
        """`up` or `down` -> what is done, once, when the next bytes come that way, before they are passed on."""
        self._hear = {"up": up, "down": down}
        self._open: set[asyncio.StreamWriter] = set()
        asyncio.run_coroutine_threadsafe(self._serve(), _loop()).result()

    def turn(self, mode: Mode) -> None:
        """From now on; a cut ends what is open, and so does the end of half-open: what was swallowed is gone."""
        ends = mode == "cut" or self.mode == "half_open"
        self.mode = mode
        if ends:
            _loop().call_soon_threadsafe(self._end)

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.listen)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._open.add(writer)
        beyond: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Task[None]] = []
        try:
            while self.mode == "half_open":
                await asyncio.sleep(0.05)
            if self.mode == "cut":
                return
            there, beyond = await asyncio.open_connection("127.0.0.1", self.to)
            self._open.add(beyond)
            pumps = [
                asyncio.create_task(self._pump(number, "up", reader, beyond)),
                asyncio.create_task(self._pump(number, "down", there, writer)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            return  # nobody listens there: the client finds its connection ended, as it would
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for one in (writer, beyond):
                if one is not None:
                    self._open.discard(one)
                    one.transport.abort()

    async def _pump(self, number: int, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hear = self._hear[way]
        with suppress(OSError):
            while data := await reader.read(SLOW_BYTES if self.mode == "slow" else CHUNK):
                if self.mode == "slow":
                    await asyncio.sleep(SLOW_S)
                if self.mode == "half_open":
                    continue
                trap = self.traps.pop(way, None)
                if trap is not None:
                    trap()
                if hear is not None:
                    hear(number, data)
                writer.write(data)
                await writer.drain()

    def _end(self) -> None:
        for writer in self._open:
            writer.transport.abort()


_started: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    if not _started:
        sys.setswitchinterval(SWITCH_S)
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="wires", daemon=True).start()
        _started.append(loop)
    return _started[0]


class Tap:
    """What a broker handed over and what was acknowledged to it, read off the wire (MQTT 3.1.1, 3.3 and 3.4).

    The proof of whose loss a loss is: what a gateway has acknowledged it must hold for ever.
    """

    def __init__(self) -> None:
        self.handed: dict[bytes, list[int]] = {}
        """When each payload was handed over with QoS 1, each time, in ms."""
        self.signed: set[bytes] = set()
        """Payloads whose acknowledgement was passed on to the broker."""
        self._rest: dict[tuple[str, int], bytes] = {}
        self._flying: dict[int, dict[int, bytes]] = {}

    def down(self, number: int, data: bytes) -> None:
        """Bytes from the broker."""
        for first, body in self._packets(("down", number), data):
            if first >> 4 == PUBLISH and (first >> 1) & 3 == 1:
                at = 2 + int.from_bytes(body[:2])
                payload = body[at + 2 :]
                self.handed.setdefault(payload, []).append(time.time_ns() // 1_000_000)
                self._flying.setdefault(number, {})[int.from_bytes(body[at : at + 2])] = payload

    def up(self, number: int, data: bytes) -> None:
        """Bytes to the broker."""
        for first, body in self._packets(("up", number), data):
            if first >> 4 == PUBACK:
                payload = self._flying.get(number, {}).pop(int.from_bytes(body[:2]), None)
                if payload is not None:
                    self.signed.add(payload)

    def _packets(self, stream: tuple[str, int], data: bytes) -> list[tuple[int, bytes]]:
        """First byte and body of each whole packet; the rest waits for more (MQTT 3.1.1, 2.2)."""
        data = self._rest.pop(stream, b"") + data
        found = []
        at = 0
        while True:
            length, shift, body = 0, 0, at + 1
            while body < len(data) and shift < 28:
                length |= (data[body] & 127) << shift
                shift += 7
                body += 1
                if data[body - 1] < 128:
                    break
            else:
                break
            if body + length > len(data):
                break
            found.append((data[at], data[body : body + length]))
            at = body + length
        self._rest[stream] = data[at:]
        return found
