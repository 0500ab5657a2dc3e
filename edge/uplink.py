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
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import zmq
import zmq.asyncio

from edge.answering import Answers, refusal
from edge.core.forwarding import Forwarder, Wanted
from edge.keys import Keys
from protocols.reports import Lane
from protocols.uplink import (
    ASKED_AT_ONCE,
    BATCH_BYTES_MAX,
    BATCH_REPORTS_MAX,
    FRAME_BYTES_MAX,
    VERSION,
    Ask,
    Batch,
    FromGateway,
    FromService,
    Hello,
    Policies,
    Policy,
    Receipt,
    Refused,
    Rejected,
    Resend,
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
"""No receipt for so long, though batches are on their way, makes the link new, even if greetings are answered."""
CLOCK_ROUND_MS = 2000
"""A greeting that took longer to be answered says too little about the service's clock."""


class Outbox(Protocol):
    """What the link needs of the gateway's store. The three mappings are kept up to date; see `Hello` for them."""

    @property
    def next_seq(self) -> dict[Lane, int]:
        """The number that each lane's next report will bear."""
        ...

    @property
    def unsigned_from(self) -> dict[Lane, int]:
        """The lowest number of each lane without a receipt."""
        ...

    @property
    def kept_from(self) -> dict[Lane, int]:
        """The lowest number of each lane that can still be sent again."""
        ...

    async def waiting(self, wanted: Wanted, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """Numbers and bytes of what has no receipt, lowest first, as much as fits (at least one)."""
        ...

    async def settle(self, lane: Lane, seqs: list[int], refused: list[Refused]) -> None:
        """These have their receipt; to be told so twice changes nothing."""
        ...

    async def resend(self, lane: Lane, first: int, last: int) -> None:
        """What is kept of these numbers waits again; of what is not it reports that it will not come."""
        ...

    async def take_policies(self, policies: list[Policy]) -> None:
        """Keep what is to be ordered by while the service is away."""
        ...


class _RefusedError(ValueError):
    """The service does not take us, or what we sent."""

    def __init__(self, said: Rejected) -> None:
        super().__init__(f"{said.reason}; {said.hint}" if said.hint else said.reason)


class Uplink:
    """Sends what waits in the outbox, settles what is signed for."""

    def __init__(
        self,
        address: str,
        service_key: bytes | Callable[[], bytes],
        keys: Keys,
        gateway: str,
        site: str,
        outbox: Outbox,
    ) -> None:
        """`service_key`: the service's public key, or what finds it: asked at each try, a `ValueError` says why not."""
        self.address = address
        self.connected = False
        self.why = "not yet connected"
        self.code = ""
        """The kind of `why`, for a page that has words of its own; "" where it is none of those."""
        self.keyless = False
        """The service's key was not found at the last try."""
        self.last_heard_ms = 0
        self.service_version: int | None = None
        """The version of the frames that the service speaks, once it has said so."""
        self._service_ahead_ms: int | None = None
        """How far the service's clock is ahead of our steady counter, once it is known; half the time of a greeting
        uncertain, at most 1 s."""
        self._reached_ms = _steady_ms()
        """When the service last showed, by our steady counter, that what we say gets there; at first our start."""
        self.reached = False
        """Whether it has done so since our start."""
        self._keys, self._service_key = keys, service_key
        self._gateway, self._site = gateway, site
        self._outbox = outbox
        self.answers: Answers | None = None
        """Who answers what people ask of us; None until our own API does."""
        self._asked: set[asyncio.Task[None]] = set()
        self._forwarder = Forwarder()
        self._greeted_ms: deque[int] = deque(maxlen=64)
        self._news = asyncio.Event()
        self._context = zmq.asyncio.Context()

    @property
    def clock_offset_ms(self) -> int | None:
        """The service's clock minus this machine's, also when this one was set since they were compared."""
        if self._service_ahead_ms is None:
            return None
        return self._service_ahead_ms + _steady_ms() - _now_ms()

    @property
    def silent_ms(self) -> int:
        """For how long the service has not shown that what we say gets there: a receipt, or, while it owes none, a
        welcome."""
        return _steady_ms() - self._reached_ms

    def notify(self) -> None:
        """Something new lies in the outbox."""
        self._news.set()

    async def resend(self, lane: Lane, first: int, last: int) -> None:
        """Send these numbers again, as far as they are kept, though they were signed for."""
        await self._outbox.resend(lane, first, last)
        self.again(lane, first, last)

    def again(self, lane: Lane, first: int, last: int) -> None:
        """Some of these numbers wait in the outbox once more."""
        self._forwarder.again(lane, first, last)
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
                    self.why, self.code = why, self._code(error)
                self.connected = False
                if time.monotonic() - began_s > MUTE_S:
                    delay_s = 0.5
                await asyncio.sleep(delay_s * random.uniform(0.7, 1.3))
                delay_s = min(BACKOFF_MAX_S, delay_s * 2)
        finally:
            self.connected = False
            self._context.destroy(linger=0)

    def _code(self, error: Exception) -> str:
        if self.keyless:
            return "no_key"
        if isinstance(error, _RefusedError):
            return "refused"
        return "" if isinstance(error, ValueError) else "silent"

    async def _session(self) -> None:
        socket = self._open()
        self._greeted_ms.clear()
        try:
            await self._greet(socket)
            answer = await self._greeted(socket)
            if isinstance(answer, Rejected):
                raise _RefusedError(answer)
            if not isinstance(answer, Welcome):
                raise ValueError("the service answered a greeting with something else")
            self._forwarder.connect(self._outbox.next_seq, self._outbox.unsigned_from)
            await self._answer(answer)
            self.connected, self.why, self.code = True, "", ""
            log.info("service: connected to %s", self.address)
            sender = asyncio.create_task(self._send(socket), name="uplink-send")
            try:
                while True:
                    frame = await self._hear(socket, MUTE_S)
                    if isinstance(frame, Ask):
                        self._asked_by(frame, socket)
                        continue
                    await self._answer(frame)
                    if sender.done():
                        sender.result()
                    if self._forwarder.stuck(_now_ms(), int(UNSIGNED_S * 1000)):
                        raise TimeoutError(
                            f"the service at {self.address} has not signed for a batch for {UNSIGNED_S:.0f} s"
                        )
            finally:
                sender.cancel()
                for task in self._asked:
                    task.cancel()
                await asyncio.gather(sender, *self._asked, return_exceptions=True)
        finally:
            socket.close(linger=0)

    def _open(self) -> zmq.asyncio.Socket:
        self.keyless = True
        key = self._service_key if isinstance(self._service_key, bytes) else self._service_key()
        self.keyless = False
        socket: zmq.asyncio.Socket = self._context.socket(zmq.DEALER)
        socket.curve_serverkey = key
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

    async def _greet(self, socket: zmq.asyncio.Socket) -> None:
        box = self._outbox
        hello = Hello(VERSION, self._gateway, self._site, box.next_seq, box.kept_from, box.unsigned_from)
        self._greeted_ms.append(_steady_ms())
        await self._say(socket, hello)

    async def _greeted(self, socket: zmq.asyncio.Socket) -> FromService:
        try:
            return await self._hear(socket, MUTE_S / 2)
        except TimeoutError as error:
            # A key that is not allowed gets no answer at all: ZeroMQ ends the handshake.
            key = self._keys.public.decode()
            hint = f"is it running, and does it allow this gateway? `python -m cloud allow {self._gateway} '{key}'`"
            raise TimeoutError(f"{error}: {hint}") from None

    async def _hear(self, socket: zmq.asyncio.Socket, within_s: float) -> FromService:
        try:
            async with asyncio.timeout(within_s):
                frame = await socket.recv()
        except TimeoutError:
            raise TimeoutError(f"the service at {self.address} does not answer") from None
        self.last_heard_ms = _now_ms()
        return decode_from_service(frame)

    async def _say(self, socket: zmq.asyncio.Socket, frame: FromGateway) -> None:
        try:
            async with asyncio.timeout(MUTE_S):
                await socket.send(encode(frame))
        except TimeoutError:
            raise TimeoutError(f"the service at {self.address} takes nothing") from None

    async def _answer(self, frame: FromService) -> None:
        match frame:
            case Rejected():
                raise _RefusedError(frame)
            case Receipt():
                sent = self._forwarder.settle(frame.id, _now_ms())
                if sent is not None:
                    self._reach()
                    await self._outbox.settle(sent.lane, sent.seqs, frame.refused)
                    self._news.set()
            case Welcome():
                self.service_version = frame.version
                if not self._forwarder.pending:
                    self._reach()
                self._compare_clocks(frame.now_ms)
            case Resend():
                log.info("service: asks for %d ranges of %s again", len(frame.ranges), frame.lane)
                for first, last in frame.ranges:
                    await self._outbox.resend(frame.lane, first, last)
                    self.again(frame.lane, first, last)
            case Policies():
                await self._outbox.take_policies(frame.policies)

    def _asked_by(self, ask: Ask, socket: zmq.asyncio.Socket) -> None:
        """Answer it beside all else: what is asked may take a device some seconds."""

        async def work() -> None:
            if self.answers is None:
                answer = refusal(ask, 503, "unavailable", "the gateway is only starting", "try again in a moment")
            elif len(self._asked) > ASKED_AT_ONCE:
                why = f"more than {ASKED_AT_ONCE} questions wait for an answer"
                answer = refusal(ask, 503, "unavailable", why, "try again in a moment")
            else:
                answer = await self.answers(ask)
            with suppress(TimeoutError, zmq.ZMQError):  # the link is made new, and whoever asked is told
                await self._say(socket, answer)

        task = asyncio.create_task(work(), name="uplink-answer")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    def _reach(self) -> None:
        self._reached_ms, self.reached = _steady_ms(), True

    def _compare_clocks(self, service_ms: int) -> None:
        """A welcome came, for the oldest greeting without one."""
        if not self._greeted_ms:
            return
        greeted_ms, now_ms = self._greeted_ms.popleft(), _steady_ms()
        if service_ms and now_ms - greeted_ms <= CLOCK_ROUND_MS:
            self._service_ahead_ms = service_ms - (greeted_ms + now_ms) // 2

    async def _send(self, socket: zmq.asyncio.Socket) -> None:
        box, forwarder = self._outbox, self._forwarder
        greeted_s = time.monotonic()
        while True:
            self._news.clear()
            replayed = False
            while (wanted := forwarder.wanted(box.next_seq)) is not None:
                rows = await box.waiting(wanted, BATCH_REPORTS_MAX, BATCH_BYTES_MAX)
                now_ms = _now_ms()
                seqs = [seq for seq, _ in rows]
                batch_id = forwarder.send(wanted, seqs, now_ms)
                if rows:
                    reports = [report for _, report in rows]
                    await self._say(socket, Batch(batch_id, wanted.lane, now_ms, wanted.replay, seqs, reports))
                    replayed |= wanted.replay
                greeted_s = await self._pulse(socket, greeted_s)
            greeted_s = await self._pulse(socket, greeted_s)
            try:
                async with asyncio.timeout(1.0):
                    await self._news.wait()
            except TimeoutError:
                continue
            if not replayed:
                # What is new comes in drops: a moment's rest makes batches of them.
                await asyncio.sleep(POLL_S)

    async def _pulse(self, socket: zmq.asyncio.Socket, greeted_s: float) -> float:
        """A greeting now and then keeps an idle link proven, and says how far we are; when the last one was said."""
        if time.monotonic() - greeted_s <= HELLO_S:
            return greeted_s
        await self._greet(socket)
        return time.monotonic()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000
