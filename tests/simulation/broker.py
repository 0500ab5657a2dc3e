"""A broker and a gateway's connection to it, made up.

As MQTT has it: a device's publication is safe at its PUBACK; the gateway's session outlives its connection; what was
delivered and not acknowledged comes again on the next connection, in its old order. What the broker acknowledged is
remembered here, and what it lost by its own fault too: that loss must be seen by the gateway as missing numbers.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from edge.packets import Message
from tests.simulation.timeline import Log, Timeline

INFLIGHT_MAX = 20
RECONNECT_S = (0.5, 20.0)


class Publication(NamedTuple):
    """A message of a device, with the identity it bears."""

    topic: str
    payload: bytes
    device: str
    boot: int
    seq: int


class Broker:
    """One broker with one session: the gateway's."""

    def __init__(self, line: Timeline, log: Log, rng: random.Random) -> None:
        self._line, self._log, self._rng = line, log, rng
        self.up = True
        self.queue_max = 1_000_000
        self.forgets_s = 0.0
        """How much of its latest a restart loses, as with a queue that is written only now and then."""
        self.client: Session | None = None
        self.waiting: deque[tuple[int, Publication]] = deque()
        self.inflight: dict[int, tuple[int, Publication]] = {}
        self.promised: dict[tuple[str, int, int], Publication] = {}
        """What devices hold a PUBACK for: (device, boot, seq)."""
        self.dropped: set[tuple[str, int, int]] = set()
        self.on_acknowledged: Callable[[list[Publication]], None] = lambda _taken: None
        self._mid = 0

    def publish(self, one: Publication) -> bool:
        """A device's publication; whether it is acknowledged."""
        if not self.up:
            return False
        key = one.device, one.boot, one.seq
        if one.seq >= 0:
            self.promised[key] = one
        if len(self.waiting) >= self.queue_max:
            self.dropped.add(key)  # acknowledged all the same, as brokers do
            self._log("broker", f"queue full, dropped {one.device} {one.boot}/{one.seq}")
            return True
        self.dropped.discard(key)  # sent once more, and kept this time
        self.waiting.append((self._line.now_ms, one))
        self.deliver()
        return True

    def attach(self, client: Session) -> None:
        """The gateway connects: its session goes on, this connection takes over."""
        if self.client is not None:
            self.detach(self.client)
        self.client = client
        self.deliver()

    def detach(self, client: Session) -> None:
        """A connection is over; what it had not acknowledged waits again, in front."""
        if self.client is client:
            self.client = None
            client.lost()
            self.waiting.extendleft(reversed(self.inflight.values()))
            self.inflight.clear()

    def acknowledge(self, mids: Sequence[int]) -> None:
        """The gateway took these."""
        taken = [self.inflight.pop(mid)[1] for mid in mids if mid in self.inflight]
        self.on_acknowledged(taken)
        self.deliver()

    def deliver(self) -> None:
        """Hand over what the window has room for."""
        client = self.client
        while client is not None and self.waiting and len(self.inflight) < INFLIGHT_MAX:
            at_ms, one = self.waiting.popleft()
            self._mid += 1
            self.inflight[self._mid] = at_ms, one
            client.receive(self._mid, one)

    def stop(self) -> None:
        """The broker dies; what it does not write at once is lost, though it was acknowledged."""
        self.up = False
        if self.client is not None:
            self.detach(self.client)
        lost = [entry for entry in self.waiting if entry[0] > self._line.now_ms - self.forgets_s * 1000]
        if lost:
            self.waiting = deque(entry for entry in self.waiting if entry not in lost)
            self.dropped |= {(one.device, one.boot, one.seq) for _, one in lost}
        self._log("broker", f"stops, {len(lost)} lost, {len(self.waiting)} wait")

    def start(self) -> None:
        """The broker is back, with the queue it had written."""
        self.up = True
        self._log("broker", f"starts, {len(self.waiting)} wait")


class Session:
    """The gateway's connection: what `edge.mqtt.Mqtt` is to the shell."""

    def __init__(self, broker: Broker, rng: random.Random, now_ms: Callable[[], int]) -> None:
        self._broker, self._rng, self._now_ms = broker, rng, now_ms
        self.connected = False
        self.why = "not yet connected"
        self.connection = 0
        self.dead = False
        self.qos_0: dict[str, int] = {}
        self._inbox: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._down = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the gateway asks its broker's connection for {name!r}, which is not made up yet")

    @property
    def waiting(self) -> int:
        """Messages received and not yet taken."""
        return len(self._inbox)

    async def run(self) -> None:
        """Keep connected until cancelled."""
        while True:
            if self._broker.up:
                self.connection += 1
                self.connected, self.why = True, ""
                self._down.clear()
                self._broker.attach(self)
                await self._down.wait()
                self._inbox.clear()
            await asyncio.sleep(self._rng.uniform(*RECONNECT_S))

    def receive(self, mid: int, one: Publication) -> None:
        """The broker hands over a message."""
        if not self.dead:
            self._inbox.append(Message(one.topic, one.payload, self._now_ms(), mid, 1, self.connection))
            self._arrived.set()

    def lost(self) -> None:
        """The connection broke."""
        self.connected, self.why = False, "connection lost"
        self._down.set()

    async def group(self, size_max: int, linger_s: float) -> list[Message]:
        """The next messages, at least one."""
        while not self._inbox:
            self._arrived.clear()
            await self._arrived.wait()
        await asyncio.sleep(linger_s)
        return [self._inbox.popleft() for _ in range(min(size_max, len(self._inbox)))]

    def acknowledge(self, group: Sequence[Message]) -> None:
        """These are safe; those of an earlier connection come back."""
        if self.connected and not self.dead:
            self._broker.acknowledge([one.mid for one in group if one.connection == self.connection])

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        """Nobody listens to what the gateway says here."""
        return self.connected
