"""pyzmq lives here (with keys.py): receives batches from gateways, answers receipts, asks for what is missing.

A gateway is known by its CURVE key alone, never by what it calls itself. Notes on ZeroMQ:
1. Without a running authenticator every key is let in, so it starts before the socket is bound.
2. The routing id is not bound to the key: the name comes from the key that signed each message. Nor may a connection
   take over another one's id (`ROUTER_HANDOVER`): gateways let the socket choose theirs, so only a thief would.
3. A key taken off the list keeps its open connection, so the list is asked again for every message.
4. A connection whose other end lost its power stays open until TCP asks after it: ZeroMQ's heartbeats can end the
   process (wires.py), and whether a gateway is there is known by its greetings, not by its connection.
5. What is refused below the frames (no CURVE, another protocol, too large, bits turned) ends the connection, and only a
   monitor of the socket tells of it.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator

from cloud.asking import Asking
from cloud.core.completeness import resends
from cloud.core.intake import Arrived, Intake
from cloud.core.links import Link, Pace, PolicyBook, admit, greet
from cloud.door import Door
from cloud.keys import own_keys
from cloud.stores.ledger import Applied, Received
from cloud.wires import Wire, Wires
from protocols.ranges import Ranges
from protocols.reports import Lane
from protocols.uplink import (
    FRAME_BYTES_MAX,
    POLICIES_A_FRAME,
    VERSION,
    Answer,
    Ask,
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

__all__ = ["Link", "Uplink"]

log = logging.getLogger(__name__)

DOMAIN = "edge"
ALIVE_MS = 10_000
POLICIES_FRESH_S = 1.0
GONE_MS = 30_000
"""A connection that acknowledges nothing for so long is over."""
LOOK_S = 0.1
"""So often is looked at what lies unread."""
TURN = 16
"""After so many messages everything else has its turn: reading what is there already never waits."""
HANGS_MS = 50
MONITOR = "inproc://wires"
KNOCKS = zmq.Event.HANDSHAKE_FAILED_NO_DETAIL | zmq.Event.HANDSHAKE_FAILED_PROTOCOL
"""Not `HANDSHAKE_FAILED_AUTH`: a key that is not allowed is counted where it is asked for."""

Tops = Callable[[str], dict[Lane, int]]
"""The highest number the ledger holds of each lane of a gateway."""
Apply = Callable[[list[Received]], Awaitable[list[Applied]]]
Missing = Callable[[str, Hello], dict[Lane, Ranges]]
"""What a gateway that greets has been signed for and the ledger does not hold."""
Told = Callable[[], list[Policy]]
"""The policies of all SKUs."""


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
        self.began_ms = _now_ms()
        self.batches = 0
        self.asking = Asking(self._ask)
        self._site = site
        self._apply, self._tops = apply, tops
        self._missing: Missing = missing or (lambda _gateway, _hello: {})
        self._policies: Told = policies or list
        self._book, self._booked_s = PolicyBook(), -POLICIES_FRESH_S
        self._door = Door(state)
        self._intake = Intake()
        self._words = Pace(1, within_ms=60_000)
        self._wires: tuple[zmq.asyncio.Socket, Wires] | None = None
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
        socket.rcvhwm = 0  # wires.py
        monitored = isinstance(socket, zmq.Socket) and address.startswith("tcp:")  # elsewhere there are no wires
        monitor = self._monitor(socket) if monitored else None
        socket.setsockopt(zmq.HANDSHAKE_IVL, 5000)
        socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, GONE_MS // 2000)
        socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, GONE_MS // 6000)
        socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, 3)
        socket.setsockopt(zmq.TCP_MAXRT, GONE_MS)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"the uplink can not use {address} ({error}); choose another --uplink") from None
        self._socket = socket
        if monitor is not None:
            where: bytes = socket.getsockopt(zmq.LAST_ENDPOINT)  # type: ignore[assignment]
            self._wires = monitor, Wires(int(where.rpartition(b":")[2].rstrip(b"\0")))

    @property
    def strangers(self) -> int:
        """How often somebody was turned away who is no gateway of ours, or did not speak like one."""
        return self._door.strangers

    async def run(self) -> None:
        """Receive and answer until cancelled."""
        tasks = [
            asyncio.create_task(self._read(), name="uplink-read"),
            asyncio.create_task(self._work(), name="uplink-work"),
        ]
        if self._wires is not None:
            tasks += [
                asyncio.create_task(self._watch(*self._wires), name="uplink-watch"),
                asyncio.create_task(self._bound(self._wires[1]), name="uplink-bound"),
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
        if self._wires is not None:
            self._socket.disable_monitor()
            self._wires[1].close()
            self._wires = None
        self._context.destroy(linger=0)

    def connected(self, gateway: str, now_ms: int) -> bool:
        """Whether a gateway has spoken lately, and was listened to."""
        link = self.links.get(gateway)
        return link is not None and now_ms - link.last_seen_ms < ALIVE_MS

    def _monitor(self, socket: zmq.asyncio.Socket) -> zmq.asyncio.Socket:
        """What is told of the socket's connections."""
        socket.monitor(MONITOR, zmq.Event.ACCEPTED | zmq.Event.DISCONNECTED | KNOCKS)
        monitor: zmq.asyncio.Socket = self._context.socket(zmq.PAIR)
        monitor.rcvhwm = 0  # libzmq would wait for room, and with it every connection
        monitor.connect(MONITOR)
        return monitor

    async def _watch(self, monitor: zmq.asyncio.Socket, wires: Wires) -> None:
        """Know the open connections, and count those that were broken off."""
        failed = False
        while True:
            told, _ = await monitor.recv_multipart()
            await asyncio.sleep(0)
            event, number = struct.unpack("=Hi", told)
            if event == zmq.Event.ACCEPTED:
                wires.opened(number)
            elif event == zmq.Event.DISCONNECTED:
                wire, broken = wires.closed(number)
                if wire is None or broken or (failed and not wire.ended):  # None: it was over before it could be known
                    self._broken_off(wire)
                failed = False
            else:  # the connection that is over next, at once; or, after a turned bit, one that libzmq leaves hanging
                failed = bool(await monitor.poll(HANGS_MS))
                if not failed:
                    self._broken_off(None)

    def _broken_off(self, wire: Wire | None) -> None:
        link = self.links.get(wire.gateway) if wire is not None and wire.gateway is not None else None
        if wire is None or link is None:
            self._door.refuse(
                "a connection was refused that spoke no CURVE, another protocol, or was damaged on its way"
            )
            return
        link.bad += 1
        if self._words.step(_now_ms()):
            log.warning("a frame of %s was refused: too large, or damaged on its way", wire.gateway)

    async def _bound(self, wires: Wires) -> None:
        """End connections that bring more than is read."""
        while True:
            await asyncio.sleep(LOOK_S)
            for wire in wires.end_crowded():
                link = self.links.get(wire.gateway or "", Link())
                link.bad, link.flooded = link.bad + 1, link.flooded + 1
                if self._words.step(_now_ms()):
                    log.warning("a connection of %s was ended: it brings more than any gateway", wire.gateway or "?")

    async def _read(self) -> None:
        turn = 0
        while True:
            while self._intake.full:
                self._room.clear()
                await self._room.wait()
            frames = await self._socket.recv_multipart(copy=False)
            turn += 1
            if turn % TURN == 0:
                await asyncio.sleep(0)
            route, body = frames[0].bytes, frames[-1]
            gateway, now_ms = self._door.name(_key(body)), _now_ms()
            if self._wires is not None:
                self._wires[1].heard(body.get(zmq.SRCFD), gateway, map(len, frames[1:]))
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
            if isinstance(frame, Answer):
                if route == link.route:
                    self.asking.answered(gateway, frame)
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
        lacking = self._missing(gateway, hello) if link.look(now_ms) else {}
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

    async def _ask(self, gateway: str, ask: Ask) -> bool:
        link = self.links.get(gateway)
        if link is None or link.version < VERSION or not self.connected(gateway, _now_ms()):
            return False
        await self._answer(link.route, ask)
        return True

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
