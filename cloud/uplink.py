"""pyzmq lives here (with keys.py): receives batches from gateways, answers receipts.

A gateway is known by its CURVE key alone, never by what it calls itself. Notes on ZeroMQ:
1. Without a running authenticator every key is let in, so it starts before the socket is bound.
2. The routing id is not bound to the key: the name comes from the key that signed each message.
3. A key taken off the list keeps its open connection, so the list is asked again for every message.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import zmq
import zmq.asyncio
from msgspec import Struct
from zmq.auth.asyncio import AsyncioAuthenticator

from cloud.keys import allowed, own_keys
from cloud.stores.ledger import Applied, Received
from protocols.reports import Lane
from protocols.uplink import (
    FRAME_BYTES_MAX,
    VERSION,
    Batch,
    FromService,
    Hello,
    Receipt,
    Rejected,
    Welcome,
    decode_from_gateway,
    encode,
)

log = logging.getLogger(__name__)

DOMAIN = "edge"
QUEUE_MAX = 64
"""Batches that wait to be applied; beyond it nothing is read, and gateways hold what they have."""
GROUP_MAX = 16
"""Batches applied in one transaction."""
ALIVE_MS = 10_000
KEYS_FRESH_S = 1.0

Tops = Callable[[str], dict[Lane, int]]
"""The highest number the ledger holds of each lane of a gateway."""
Apply = Callable[[list[Received]], Awaitable[list[Applied]]]


class Link(Struct):
    """One gateway's link since the service started."""

    last_seen_ms: int = 0
    site: str = ""
    version: int = 0
    batches: int = 0
    refused: int = 0


class Door:
    """Who may come in: the list of keys, read again when it is older than a second."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._names: dict[bytes, str] = {}
        self._read_s = -KEYS_FRESH_S

    def name(self, key: bytes) -> str | None:
        """The gateway of a key, None when it is not allowed."""
        if time.monotonic() - self._read_s > KEYS_FRESH_S:
            self._names, self._read_s = allowed(self._state), time.monotonic()
        return self._names.get(key)

    def callback(self, _domain: str, key: bytes) -> bool:
        """What the authenticator asks at every handshake."""
        known = self.name(key) is not None
        if not known:
            log.warning("a gateway with an unknown key was refused: allow it with `python -m cloud allow NAME KEY`")
        return known


class Uplink:
    """The service's side of the link."""

    def __init__(self, address: str, state: Path, site: str, apply: Apply, tops: Tops) -> None:
        self.address = address
        self.links: dict[str, Link] = {}
        self.batches = 0
        self._site = site
        self._apply = apply
        self._tops = tops
        self._door = Door(state)
        self._queue: asyncio.Queue[tuple[bytes, str, Batch]] = asyncio.Queue(QUEUE_MAX)
        self._context = zmq.asyncio.Context()
        self._auth = AsyncioAuthenticator(self._context)
        self._auth.start()
        self._auth.configure_curve_callback(domain=DOMAIN, credentials_provider=self._door)
        socket: zmq.asyncio.Socket = self._context.socket(zmq.ROUTER)
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = own_keys(state)
        socket.zap_domain = DOMAIN.encode()
        socket.maxmsgsize = FRAME_BYTES_MAX
        socket.rcvhwm = 32
        socket.setsockopt(zmq.HANDSHAKE_IVL, 5000)
        socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"the uplink can not use {address} ({error}); choose another --uplink") from None
        self._socket = socket

    async def run(self) -> None:
        """Receive and answer until cancelled."""
        reader = asyncio.create_task(self._read(), name="uplink-read")
        try:
            await self._work()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def close(self) -> None:
        """Let go of the socket."""
        self._auth.stop()
        self._context.destroy(linger=0)

    def connected(self, gateway: str, now_ms: int) -> bool:
        """Whether a gateway has spoken lately."""
        link = self.links.get(gateway)
        return link is not None and now_ms - link.last_seen_ms < ALIVE_MS

    async def _read(self) -> None:
        while True:
            frames = await self._socket.recv_multipart(copy=False)
            route, body = frames[0].bytes, frames[-1]
            gateway = self._door.name(_key(body))
            if gateway is None:
                await self._answer(route, Rejected("this key is not allowed", "ask for it to be allowed"))
                continue
            link = self.links.setdefault(gateway, Link())
            link.last_seen_ms = time.time_ns() // 1_000_000
            try:
                frame = decode_from_gateway(body.bytes)
            except (ValueError, msgspec.DecodeError) as error:
                link.refused += 1
                await self._answer(route, Rejected(f"a frame that is no message: {error}"[:200]))
                continue
            if isinstance(frame, Hello):
                await self._greet(route, gateway, link, frame)
            elif len(frame.seqs) != len(frame.reports):
                link.refused += 1
                await self._answer(route, Rejected("a batch with more numbers than reports, or fewer"))
            else:
                await self._queue.put((route, gateway, frame))

    async def _greet(self, route: bytes, gateway: str, link: Link, hello: Hello) -> None:
        if hello.version not in (VERSION - 1, VERSION):
            reason = f"version {hello.version} is not spoken here, {VERSION - 1} and {VERSION} are"
            await self._answer(route, Rejected(reason, "update the older side"))
        elif hello.gateway != gateway:
            await self._answer(
                route, Rejected(f"this key belongs to {gateway!r}", "start the gateway with that --name")
            )
        elif hello.site != self._site:
            await self._answer(route, Rejected(f"this service keeps site {self._site!r}", "give it the same site file"))
        elif any(hello.next_seq.get(lane, 0) <= top for lane, top in self._tops(gateway).items()):
            # Its new reports would bear numbers that are held already, and be signed for as repeats: lost.
            reason = f"{gateway!r} numbers its reports from the start again, as with a new or an older store"
            hint = "restore its store, or start it under a new --name and allow that"
            await self._answer(route, Rejected(reason, hint))
        else:
            link.site, link.version = hello.site, hello.version
            await self._answer(route, Welcome(VERSION, self._site))

    async def _work(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            while len(waiting) < GROUP_MAX and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            received = [Received(gateway, batch.lane, batch.seqs, batch.reports) for _, gateway, batch in waiting]
            # Only what has been committed is signed for; a batch that could not be is simply sent again.
            applied = await self._apply(received)
            for (route, gateway, batch), taken in zip(waiting, applied, strict=True):
                self.batches += 1
                link = self.links[gateway]
                link.batches += 1
                link.refused += len(taken.refused)
                await self._answer(route, Receipt(batch.id, batch.lane, taken.refused))

    async def _answer(self, route: bytes, frame: FromService) -> None:
        try:
            await self._socket.send_multipart([route, encode(frame)])
        except zmq.ZMQError as error:
            log.info("a gateway left before it was answered: %s", error)


def _key(frame: zmq.Frame) -> bytes:
    user = frame.get("User-Id")
    return user.encode() if isinstance(user, str) else bytes(user)
