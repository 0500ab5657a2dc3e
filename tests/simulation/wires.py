"""The link between gateway and service, made up: what ZeroMQ is to both uplinks.

It is worse than TCP: within one connection frames may be lost, doubled, late and out of order. A connection ends with
either side; what is said into it then vanishes, as with ZeroMQ.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import zmq

from protocols.uplink import Batch, FromGateway, FromService, Receipt, Resend, decode_from_gateway, decode_from_service
from tests.simulation.timeline import Log, Timeline

QUEUE_MAX = 64
SETTLED_S = 0.05
"""By then a gateway that was welcomed has begun to send what is live."""


class Net:
    """The network between both, and what is wrong with it now."""

    def __init__(self, line: Timeline, log: Log, rng: random.Random) -> None:
        self.line, self.log, self.rng = line, log, rng
        self.cut = False
        self.drop = self.double = self.late = 0.0
        self.frame_s = 0.0
        """Where the link is thin: how long a frame from the gateway takes, one after the other."""
        self.router: Router | None = None
        self.dealers: dict[bytes, Dealer] = {}
        self.sent_once: set[tuple[str, int]] = set()
        self.lost_at_first = 0
        """Reports whose first sending did not arrive: what a link without receipts had lost."""
        self.on_batch: Callable[[Batch], None] = lambda _batch: None
        self.on_open: Callable[[], None] = lambda: None
        self.on_connect: Callable[[], None] = lambda: None
        self._number = 0

    def open(self, dealer: Dealer) -> bytes:
        """A new connection."""
        self._number += 1
        self.on_open()
        route = b"%06d" % self._number
        self.dealers[route] = dealer
        return route

    def to_service(self, dealer: Dealer, said: FromGateway, frame: bytes) -> None:
        """A gateway says something."""
        arrives = self._arrives()
        self.log("link", f"> {_shown(said)}{'' if arrives else ' LOST'}")
        if isinstance(said, Batch):
            first = {(said.lane, seq) for seq in said.seqs} - self.sent_once
            self.sent_once |= first
            self.lost_at_first += 0 if arrives else len(first)
        router = self.router
        for delay_s in arrives:
            if self.frame_s:
                dealer.free_s = max(dealer.free_s, self.line.time()) + self.frame_s
                delay_s += dealer.free_s - self.line.time()
            if router is not None:
                self.line.call_later(delay_s, router.receive, dealer, frame)

    def to_gateway(self, route: bytes, frame: bytes) -> None:
        """The service says something."""
        arrives = self._arrives()
        self.log("link", f"< {_shown(decode_from_service(frame))}{'' if arrives else ' LOST'}")
        dealer = self.dealers.get(route)
        for delay_s in arrives:
            if dealer is not None:
                self.line.call_later(delay_s, dealer.receive, frame)

    def _arrives(self) -> list[float]:
        """After how many seconds a frame arrives, how often."""
        if self.cut or self.rng.random() < self.drop:
            return []
        times = 2 if self.rng.random() < self.double else 1
        return [
            self.rng.uniform(0.5, 8.0) if self.rng.random() < self.late else self.rng.uniform(0.001, 0.02)
            for _ in range(times)
        ]


class Socket:
    """What both ends share: options, and what has arrived."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.closed = False
        self._inbox: deque[Any] = deque()
        self._arrived = asyncio.Event()

    def setsockopt(self, option: int, value: int) -> None:
        """Nothing depends on options here."""

    def close(self, linger: int = 0) -> None:
        """Nothing arrives any more."""
        self.closed = True

    async def _next(self) -> Any:
        while not self._inbox:
            self._arrived.clear()
            await self._arrived.wait()
        return self._inbox.popleft()

    def _put(self, one: Any) -> None:
        if not self.closed and len(self._inbox) < QUEUE_MAX:
            self._inbox.append(one)
            self._arrived.set()


class Dealer(Socket):
    """The gateway's end."""

    curve_publickey = b""
    greeted = False
    free_s = 0.0
    """Until when a thin link is busy with what was said here."""

    def connect(self, address: str) -> None:
        """Begin."""
        self.route = self.net.open(self)
        self.peer = self.net.router

    async def send(self, frame: bytes, *_: Any, **__: Any) -> None:
        """Say something; into a connection that is over it vanishes."""
        await asyncio.sleep(0)
        said = decode_from_gateway(frame)
        if isinstance(said, Batch):
            self.net.on_batch(said)
        if not self.closed and self.peer is not None and self.peer is self.net.router:
            self.net.to_service(self, said, frame)

    async def recv(self, *_: Any, **__: Any) -> bytes:
        """The next frame."""
        frame: bytes = await self._next()
        return frame

    def receive(self, frame: bytes) -> None:
        """A frame arrives; the first one makes the link."""
        if not self.greeted:
            self.greeted = True
            self.net.line.call_later(SETTLED_S, self.net.on_connect)
        self._put(frame)

    def close(self, linger: int = 0) -> None:
        """The connection is over."""
        super().close()
        if hasattr(self, "route"):
            self.net.dealers.pop(self.route, None)


class Piece:
    """A part of a message, with the key of whoever sent it."""

    def __init__(self, data: bytes, key: bytes) -> None:
        self.bytes, self.buffer, self._key = data, data, key

    def __len__(self) -> int:
        return len(self.bytes)

    def get(self, _name: str) -> str:
        """The sender's public key."""
        return self._key.decode()


class Router(Socket):
    """The service's end."""

    def bind(self, address: str) -> None:
        """From now on connections come here."""
        self.net.router = self

    def receive(self, dealer: Dealer, frame: bytes) -> None:
        """A frame arrives; one that found no room is lost."""
        self._put([Piece(dealer.route, b""), Piece(frame, bytes(dealer.curve_publickey))])

    async def recv_multipart(self, *_: Any, **__: Any) -> list[Piece]:
        """The next message."""
        pieces: list[Piece] = await self._next()
        return pieces

    async def send_multipart(self, parts: list[bytes], *_: Any, **__: Any) -> None:
        """Answer a connection."""
        if not self.closed:
            self.net.to_gateway(parts[0], parts[1])

    def close(self, linger: int = 0) -> None:
        """All connections are over."""
        super().close()
        if self.net.router is self:
            self.net.router = None


class Context:
    """In the place of `zmq.asyncio.Context`."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self.sockets: list[Socket] = []

    def socket(self, kind: int) -> Socket:
        """A new socket."""
        self.sockets.append(Dealer(self._net) if kind == zmq.DEALER else Router(self._net))
        return self.sockets[-1]

    def destroy(self, linger: int = 0) -> None:
        """Close all."""
        for one in self.sockets:
            one.close()

    term = destroy


class Zmq:
    """In the place of the module `zmq`, of which only the sockets are made up."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self.asyncio = self

    def Context(self) -> Context:
        """A context of made-up sockets."""
        return Context(self._net)

    def __getattr__(self, name: str) -> Any:
        return getattr(zmq, name)


class Authenticator:
    """In the place of zmq's: the keys are right here; who may come in is tested with real sockets elsewhere."""

    def __init__(self, context: Context) -> None:
        pass

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def configure_curve_callback(self, **_: Any) -> None:
        """Nobody is asked."""


def _shown(frame: FromGateway | FromService) -> str:
    if isinstance(frame, Batch):
        kind = "replay" if frame.replay else "live"
        return f"batch {frame.id} {frame.lane} {kind} {frame.seqs[0]}..{frame.seqs[-1]} ({len(frame.seqs)})"
    if isinstance(frame, Receipt):
        return f"receipt {frame.id} {frame.lane} refused {len(frame.refused)}"
    if isinstance(frame, Resend):
        return f"resend {frame.lane} {frame.ranges}"
    return msgspec.json.encode(frame).decode()[:300]
