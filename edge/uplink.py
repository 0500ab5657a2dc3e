"""pyzmq lives here (with keys.py). The link to the service: a CURVE-encrypted DEALER, renewed when it stays mute.

Notes on ZeroMQ: a client whose key is refused is never retried by the socket itself, and batches sent into a dead
connection vanish silently. So the socket is thrown away and made anew whenever nothing has been heard for
`MUTE_S`, and only receipts settle anything. For the same reason it never reconnects by itself: to a service that was
restarted it would look like the old link, and what was on its way would wait for a receipt for ever.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

import zmq
import zmq.asyncio

from edge.core.forwarding import Forwarder, Wanted
from edge.keys import Keys
from protocols.reports import Lane
from protocols.uplink import (
    BATCH_BYTES_MAX,
    BATCH_REPORTS_MAX,
    FRAME_BYTES_MAX,
    VERSION,
    Batch,
    FromGateway,
    FromService,
    Hello,
    Receipt,
    Refused,
    Rejected,
    Welcome,
    decode_from_service,
    encode,
)

log = logging.getLogger(__name__)

MUTE_S = 10.0
HELLO_S = 3.0
BACKOFF_MAX_S = 30.0
POLL_S = 0.05
NEVER_MS = 86_400_000
"""A socket lives for seconds once its connection is lost. Not -1: after a handshake that failed (the wrong service key)
libzmq then never lets go of the socket, and the gateway can not be stopped."""
UNSIGNED_S = 60.0
"""A batch without a receipt for so long makes the link new, though the service answers greetings."""

Waiting = Callable[[Wanted, int, int], Awaitable[list[tuple[int, bytes]]]]
Settle = Callable[[Lane, list[int], list[Refused]], Awaitable[None]]


class Uplink:
    """Sends what waits in the outbox, settles what is signed for."""

    def __init__(
        self,
        address: str,
        service_key: bytes,
        keys: Keys,
        gateway: str,
        site: str,
        next_seq: Callable[[], dict[Lane, int]],
        waiting: Waiting,
        settle: Settle,
    ) -> None:
        self.address = address
        self.connected = False
        self.why = "not yet connected"
        self.last_heard_ms = 0
        self._keys, self._service_key = keys, service_key
        self._gateway, self._site = gateway, site
        self._next_seq, self._waiting, self._settle = next_seq, waiting, settle
        self._forwarder = Forwarder()
        self._news = asyncio.Event()
        self._context = zmq.asyncio.Context()

    def notify(self) -> None:
        """Something new lies in the outbox."""
        self._news.set()

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        delay_s = 0.5
        try:
            while True:
                began_s = time.monotonic()
                try:
                    await self._session()
                except (ValueError, TimeoutError, zmq.ZMQError) as error:
                    why = str(error) or "no answer"
                    if why != self.why:
                        log.warning("service: %s", why)
                    self.why = why
                self.connected = False
                if time.monotonic() - began_s > MUTE_S:
                    delay_s = 0.5
                await asyncio.sleep(delay_s * random.uniform(0.7, 1.3))
                delay_s = min(BACKOFF_MAX_S, delay_s * 2)
        finally:
            self.connected = False
            self._context.destroy(linger=0)

    async def _session(self) -> None:
        socket = self._open()
        try:
            await self._say(socket, Hello(VERSION, self._gateway, self._site, self._next_seq()))
            answer = await self._greeted(socket)
            if isinstance(answer, Rejected):
                raise ValueError(f"{answer.reason}; {answer.hint}" if answer.hint else answer.reason)
            if not isinstance(answer, Welcome):
                raise ValueError("the service answered a greeting with something else")
            self._forwarder.connect(self._next_seq())
            self.connected, self.why = True, ""
            log.info("service: connected to %s", self.address)
            sender = asyncio.create_task(self._send(socket), name="uplink-send")
            try:
                while True:
                    await self._answer(await self._hear(socket, MUTE_S))
                    if sender.done():
                        sender.result()
                    self._check_receipts()
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
        finally:
            socket.close(linger=0)

    def _open(self) -> zmq.asyncio.Socket:
        socket: zmq.asyncio.Socket = self._context.socket(zmq.DEALER)
        socket.curve_serverkey = self._service_key
        socket.curve_publickey, socket.curve_secretkey = self._keys
        socket.maxmsgsize = FRAME_BYTES_MAX
        socket.setsockopt(zmq.SNDHWM, 32)
        socket.setsockopt(zmq.RECONNECT_IVL, NEVER_MS)
        try:
            socket.connect(self.address)
        except zmq.ZMQError as error:
            socket.close(linger=0)
            raise ValueError(f"{self.address!r} is no address of a service ({error}): use tcp://HOST:PORT") from None
        return socket

    async def _greeted(self, socket: zmq.asyncio.Socket) -> FromService:
        try:
            return await self._hear(socket, MUTE_S / 2)
        except TimeoutError as error:
            # A key that is not allowed gets no answer at all: ZeroMQ ends the handshake.
            key = self._keys.public.decode()
            hint = f"is it running, and does it allow this gateway? `python -m cloud allow {self._gateway} '{key}'`"
            raise TimeoutError(f"{error}: {hint}") from None

    def _check_receipts(self) -> None:
        oldest_ms = self._forwarder.oldest_ms()
        if oldest_ms is not None and time.time_ns() // 1_000_000 - oldest_ms > UNSIGNED_S * 1000:
            raise TimeoutError(f"the service at {self.address} has not signed for a batch for {UNSIGNED_S:.0f} s")

    async def _hear(self, socket: zmq.asyncio.Socket, within_s: float) -> FromService:
        try:
            async with asyncio.timeout(within_s):
                frame = await socket.recv()
        except TimeoutError:
            raise TimeoutError(f"the service at {self.address} does not answer") from None
        self.last_heard_ms = time.time_ns() // 1_000_000
        return decode_from_service(frame)

    async def _say(self, socket: zmq.asyncio.Socket, frame: FromGateway) -> None:
        try:
            async with asyncio.timeout(MUTE_S):
                await socket.send(encode(frame))
        except TimeoutError:
            raise TimeoutError(f"the service at {self.address} takes nothing") from None

    async def _answer(self, frame: FromService) -> None:
        if isinstance(frame, Rejected):
            raise ValueError(f"{frame.reason}; {frame.hint}" if frame.hint else frame.reason)
        if isinstance(frame, Receipt):
            sent = self._forwarder.settle(frame.id)
            if sent is not None:
                await self._settle(sent.lane, sent.seqs, frame.refused)
                self._news.set()

    async def _send(self, socket: zmq.asyncio.Socket) -> None:
        greeted_s = time.monotonic()
        while True:
            self._news.clear()
            while (wanted := self._forwarder.wanted(self._next_seq())) is not None:
                rows = await self._waiting(wanted, BATCH_REPORTS_MAX, BATCH_BYTES_MAX)
                now_ms = time.time_ns() // 1_000_000
                seqs = [seq for seq, _ in rows]
                batch_id = self._forwarder.send(wanted, seqs, now_ms)
                if rows:
                    reports = [report for _, report in rows]
                    batch = Batch(batch_id, wanted.lane, now_ms, wanted.replay, seqs, reports)
                    await self._say(socket, batch)
            if time.monotonic() - greeted_s > HELLO_S:
                # A greeting now and then keeps an idle link proven; the welcome is the pulse.
                await self._say(socket, Hello(VERSION, self._gateway, self._site, self._next_seq()))
                greeted_s = time.monotonic()
            try:
                async with asyncio.timeout(1.0):
                    await self._news.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(POLL_S)
