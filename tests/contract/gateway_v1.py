"""A gateway as it was in version 1 of the uplink, frozen: its frames are spelled out here, and nothing is taken from
the code of today. It shows that a service of the next version works with it. Do not bring it up to date.

Where its decoder met a frame it did not know, the link was over; it did not mind more fields at a frame's end.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import zmq
import zmq.asyncio
import zmq.auth

WINDOW = 8
BATCH = 50
MUTE_S = 2.0
PULSE_S = 0.2
T0 = 1_763_762_400_000


def stock(number: int) -> bytes:
    """A stock event, as version 1 wrote it."""
    return msgspec.msgpack.encode(["stock", "A1", "bolt", 1, number, T0 + number, 0.99, "weight"])


def series(number: int) -> bytes:
    """A series of one sample, as version 1 wrote it."""
    return msgspec.msgpack.encode(["series", "cold-1", "1", "temperature_c", "hall", T0 + number, [0], [4.5]])


class GatewayV1:
    """Store and link of version 1 in little: reports wait by number until a receipt names their batch."""

    def __init__(self, folder: Path, address: str, service_key: Path, name: str = "gw", site: str = "demo") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        zmq.auth.create_certificates(folder, name)
        self.public, self._secret = zmq.auth.load_certificate(folder / f"{name}.key_secret")
        self._service_key = zmq.auth.load_certificate(service_key)[0]
        self._address, self._name, self._site = address, name, site
        self.waiting: dict[str, dict[int, bytes]] = {"events": {}, "telemetry": {}}
        self.next_seq = {"events": 0, "telemetry": 0}
        self.refused: list[tuple[int, str]] = []
        self.heard: list[str] = []
        """The kinds of frames that came."""
        self.sent: list[bool] = []
        """Of each batch: whether it was a replay."""
        self.connected = False
        self.why = ""
        self._pending: dict[int, tuple[str, list[int]]] = {}
        self._batch_id = 0
        self._task: asyncio.Task[None] | None = None

    def tell(self, lane: str, *reports: bytes) -> None:
        """New reports."""
        for report in reports:
            self.waiting[lane][self.next_seq[lane]] = report
            self.next_seq[lane] += 1

    def settled(self) -> bool:
        """Whether everything has its receipt."""
        return not any(self.waiting.values())

    def start(self) -> None:
        """Begin to speak."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Fall silent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            context = zmq.asyncio.Context()
            try:
                await self._session(context)
            except (ValueError, TimeoutError) as error:
                self.why = str(error)
            finally:
                self.connected = False
                context.destroy(linger=0)
            await asyncio.sleep(0.1)

    async def _session(self, context: zmq.asyncio.Context) -> None:
        socket: zmq.asyncio.Socket = context.socket(zmq.DEALER)
        socket.curve_serverkey = self._service_key
        socket.curve_publickey, socket.curve_secretkey = self.public, self._secret
        socket.setsockopt(zmq.RECONNECT_IVL, 86_400_000)
        socket.connect(self._address)
        await self._hello(socket)
        if (await self._hear(socket))[0] != "welcome":
            raise ValueError("the service answered a greeting with something else")
        live_from = dict(self.next_seq)
        at = {("events", False): live_from["events"], ("telemetry", False): live_from["telemetry"]}
        at |= {("events", True): 0, ("telemetry", True): 0}
        self._pending.clear()
        self.connected, self.why = True, ""
        sender = asyncio.create_task(self._send(socket, at, live_from))
        try:
            while True:
                self._receive(await self._hear(socket))
                if sender.done():
                    sender.result()
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(
        self, socket: zmq.asyncio.Socket, at: dict[tuple[str, bool], int], live_from: dict[str, int]
    ) -> None:
        loop = asyncio.get_running_loop()
        pulse_s = loop.time()
        while True:
            for lane, replay in list(at) if len(self._pending) < WINDOW else []:
                below = live_from[lane] if replay else self.next_seq[lane]
                seqs = [seq for seq in sorted(self.waiting[lane]) if at[lane, replay] <= seq < below][:BATCH]
                if seqs:
                    at[lane, replay] = seqs[-1] + 1
                    self._batch_id += 1
                    self._pending[self._batch_id] = lane, seqs
                    self.sent.append(replay)
                    reports = [self.waiting[lane][seq] for seq in seqs]
                    batch = ["batch", self._batch_id, lane, T0, replay, seqs, reports]
                    await socket.send(msgspec.msgpack.encode(batch))
                    break
            else:
                await asyncio.sleep(0.01)
            if loop.time() - pulse_s > PULSE_S:
                await self._hello(socket)
                pulse_s = loop.time()

    async def _hello(self, socket: zmq.asyncio.Socket) -> None:
        await socket.send(msgspec.msgpack.encode(["hello", 1, self._name, self._site, self.next_seq]))

    async def _hear(self, socket: zmq.asyncio.Socket) -> list[Any]:
        heard: list[Any] = msgspec.msgpack.decode(await asyncio.wait_for(socket.recv(), MUTE_S))
        self.heard.append(heard[0])
        match heard:
            case ["welcome", int(), str(), *_] | ["receipt", int(), str(), list(), *_]:
                return heard
            case ["rejected", str(reason), str(hint), *_]:
                raise ValueError(f"{reason}; {hint}")
        raise ValueError(f"a frame that version 1 does not know: {heard[0]}")

    def _receive(self, heard: list[Any]) -> None:
        if heard[0] == "receipt":
            lane, seqs = self._pending.pop(heard[1], ("", []))
            for seq in seqs:
                self.waiting[lane].pop(seq, None)
            self.refused += [(seq, reason) for seq, reason, *_ in heard[3]]
