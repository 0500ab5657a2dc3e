"""pyzmq lives here (with keys.py): receives batches from gateways, answers receipts, asks for what is missing.

A gateway is known by its CURVE key alone, never by what it calls itself. Notes on ZeroMQ:
1. Without a running authenticator every key is let in, so it starts before the socket is bound.
2. The routing id is not bound to the key: the name comes from the key that signed each message. Nor may a connection
   take over another one's id (`ROUTER_HANDOVER`): gateways let the socket choose theirs, so only a thief would.
3. A key taken off the list keeps its open connection, so the list is asked again for every message.
4. A connection whose other end lost its power stays open for ever without heartbeats.
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
from zmq.auth.asyncio import AsyncioAuthenticator

from cloud.core.completeness import resends
from cloud.core.intake import Arrived, Intake
from cloud.core.links import Link, Pace, PolicyBook, admit, greet
from cloud.keys import allowed, own_keys
from cloud.stores.ledger import Applied, Received
from protocols.ranges import Ranges
from protocols.reports import Lane
from protocols.uplink import (
    FRAME_BYTES_MAX,
    POLICIES_A_FRAME,
    VERSION,
    FromService,
    Hello,
    Policies,
    Policy,
    Receipt,
    Rejected,
    Welcome,
    decode_from_gateway,
    encode,
)

__all__ = ["Door", "Link", "Uplink"]

log = logging.getLogger(__name__)

DOMAIN = "edge"
ALIVE_MS = 10_000
KEYS_FRESH_S = 1.0
POLICIES_FRESH_S = 1.0
HEARTBEAT_MS = 10_000
GONE_MS = 30_000

Tops = Callable[[str], dict[Lane, int]]
"""The highest number the ledger holds of each lane of a gateway."""
Apply = Callable[[list[Received]], Awaitable[list[Applied]]]
Missing = Callable[[str, Hello], dict[Lane, Ranges]]
"""What a gateway that greets has been signed for and the ledger does not hold."""
Told = Callable[[], list[Policy]]
"""The policies of all SKUs."""


class Door:
    """Who may come in: the list of keys, read again when it is older than a second. `strangers` counts who was not."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._names: dict[bytes, str] = {}
        self._read_s = -KEYS_FRESH_S
        self._words = Pace(1)
        self.strangers = 0

    def name(self, key: bytes) -> str | None:
        """The gateway of a key, None when it is not allowed."""
        if time.monotonic() - self._read_s > KEYS_FRESH_S:
            self._names, self._read_s = allowed(self._state), time.monotonic()
        return self._names.get(key)

    def callback(self, _domain: str, key: bytes) -> bool:
        """What the authenticator asks at every handshake."""
        known = self.name(key) is not None
        if not known:
            self.strangers += 1
            if self._words.step(_now_ms()):  # whoever knocks without end is counted, and fills no log
                log.warning("a gateway with an unknown key was refused: allow it with `python -m cloud allow NAME KEY`")
        return known


class Uplink:
    """The service's side of the link."""

    def __init__(
        self,
        address: str,
        state: Path,
        site: str,
        apply: Apply,
        tops: Tops,
        missing: Missing | None = None,
        policies: Told | None = None,
    ) -> None:
        self.address = address
        self.links: dict[str, Link] = {}
        self.batches = 0
        self._site = site
        self._apply, self._tops = apply, tops
        self._missing: Missing = missing or (lambda _gateway, _hello: {})
        self._policies: Told = policies or list
        self._book, self._booked_s = PolicyBook(), -POLICIES_FRESH_S
        self._door = Door(state)
        self._intake = Intake()
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
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
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, GONE_MS)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"the uplink can not use {address} ({error}); choose another --uplink") from None
        self._socket = socket

    @property
    def strangers(self) -> int:
        """How often a key that is not allowed was turned away."""
        return self._door.strangers

    async def run(self) -> None:
        """Receive and answer until cancelled."""
        tasks = [
            asyncio.create_task(self._read(), name="uplink-read"),
            asyncio.create_task(self._work(), name="uplink-work"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Let go of the socket."""
        self._auth.stop()
        self._context.destroy(linger=0)

    def connected(self, gateway: str, now_ms: int) -> bool:
        """Whether a gateway has spoken lately, and was listened to."""
        link = self.links.get(gateway)
        return link is not None and now_ms - link.last_seen_ms < ALIVE_MS

    async def _read(self) -> None:
        while True:
            while self._intake.full:
                self._room.clear()
                await self._room.wait()
            frames = await self._socket.recv_multipart(copy=False)
            route, body = frames[0].bytes, frames[-1]
            gateway, now_ms = self._door.name(_key(body)), _now_ms()
            if gateway is None:
                await self._answer(route, Rejected("this key is not allowed", "ask for it to be allowed"))
                continue
            link = self.links.setdefault(gateway, Link())
            if len(frames) != 2:
                await self._refuse(route, link, Rejected(f"a message of {len(frames) - 1} parts"), now_ms)
                continue
            try:
                frame = decode_from_gateway(body.bytes)
            except (ValueError, msgspec.DecodeError) as error:
                await self._refuse(route, link, Rejected(f"a frame that is no message: {error}"[:200]), now_ms)
                continue
            if isinstance(frame, Hello):
                await self._greet(route, gateway, link, frame, now_ms)
                continue
            wrong = admit(link, gateway, route, frame, now_ms)
            if wrong is not None:
                await self._refuse(route, link, wrong, now_ms)
            elif self._intake.put(Arrived(route, gateway, frame, len(body.bytes))):
                self._arrived.set()
            else:
                link.flooded += 1
                await self._refuse(route, link, Rejected("more batches at once than a gateway may send"), now_ms)

    async def _greet(self, route: bytes, gateway: str, link: Link, hello: Hello, now_ms: int) -> None:
        if not link.greetings.step(now_ms):
            link.bad, link.flooded = link.bad + 1, link.flooded + 1
            return
        before = link.route
        wrong = greet(link, gateway, self._site, route, hello, self._tops(gateway), now_ms)
        if wrong is not None:
            await self._refuse(route, link, wrong, now_ms)
            return
        if before != route:
            self._intake.forget(gateway)  # what it sends over the new connection has it all
        await self._answer(route, Welcome(VERSION, self._site, now_ms))
        if hello.version < VERSION:
            return  # it knows none of what follows
        lacking = self._missing(gateway, hello)
        if lacking and link.ask(now_ms):
            log.warning("asking %s again for reports that it has receipts for and that are not here", gateway)
            for resend in resends(lacking):
                await self._answer(route, resend)
        if time.monotonic() - self._booked_s > POLICIES_FRESH_S:
            self._book.note(self._policies())
            self._booked_s = time.monotonic()
        changed, link.told = self._book.since(link.told), self._book.edition
        for at in range(0, len(changed), POLICIES_A_FRAME):
            await self._answer(route, Policies(changed[at : at + POLICIES_A_FRAME]))

    async def _work(self) -> None:
        while True:
            group = self._intake.take()
            self._room.set()
            if not group:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            received = [Received(one.gateway, one.batch.lane, one.batch.seqs, one.batch.reports) for one in group]
            # Only what has been committed is signed for; a batch that could not be is simply sent again.
            applied = await self._apply(received)
            for (route, gateway, batch, _), taken in zip(group, applied, strict=True):
                self.batches += 1
                link = self.links[gateway]
                link.batches += 1
                link.refused += len(taken.refused)
                await self._answer(route, Receipt(batch.id, batch.lane, taken.refused))

    async def _refuse(self, route: bytes, link: Link, wrong: Rejected, now_ms: int) -> None:
        link.bad += 1
        if link.refusals.step(now_ms):
            await self._answer(route, wrong)

    async def _answer(self, route: bytes, frame: FromService) -> None:
        try:
            await self._socket.send_multipart([route, encode(frame)])
        except zmq.ZMQError as error:
            log.info("a gateway left before it was answered: %s", error)


def _key(frame: zmq.Frame) -> bytes:
    user = frame.get("User-Id")
    return user.encode() if isinstance(user, str) else bytes(user)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
