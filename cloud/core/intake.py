"""Batches that wait to be applied: what is new before what is old, and every gateway in turn.

So neither a backlog nor a gateway that floods keeps another one's stock waiting. A gateway has so many batches here as
it may have on its way, and some more; those of a connection that is over are forgotten, as they will come again.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from protocols.uplink import Batch

BATCHES_MAX = 16
"""Of one gateway; twice its window. What is more is refused."""
BYTES_MAX = 128 * 1024 * 1024
"""Of all together; then nothing is read, and gateways hold what they have. 200 gateways with full windows need less."""
GROUP_REPORTS = 4000
"""About so many are applied in one transaction: what is new waits for one that is under way."""
GROUP_BATCHES = 64


class Arrived(NamedTuple):
    """A batch, whose it is, the connection that waits for its receipt, and its size on the wire."""

    route: bytes
    gateway: str
    batch: Batch
    size: int


class Intake:
    """Everything that waits."""

    def __init__(self) -> None:
        self.bytes = 0
        self._live: dict[str, deque[Arrived]] = {}
        self._replay: dict[str, deque[Arrived]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._live.values())) + sum(map(len, self._replay.values()))

    @property
    def full(self) -> bool:
        """Whether nothing more should be read."""
        return self.bytes >= BYTES_MAX

    def put(self, one: Arrived) -> bool:
        """Take a batch in; False when its gateway has too many here."""
        if sum(len(lanes.get(one.gateway, ())) for lanes in (self._live, self._replay)) >= BATCHES_MAX:
            return False
        lanes = self._replay if one.batch.replay else self._live
        lanes.setdefault(one.gateway, deque()).append(one)
        self.bytes += one.size
        return True

    def take(self) -> list[Arrived]:
        """The next group: new ones first, but always one that is not, if there is any."""
        group: list[Arrived] = []
        reports = 0
        if self._replay:
            group.append(self._next(self._replay))
            reports += len(group[0].batch.seqs)
        while (self._live or self._replay) and reports < GROUP_REPORTS and len(group) < GROUP_BATCHES:
            group.append(self._next(self._live or self._replay))
            reports += len(group[-1].batch.seqs)
        return group

    def forget(self, gateway: str) -> None:
        """Its connection is over: nobody waits for these receipts."""
        for lanes in (self._live, self._replay):
            for one in lanes.pop(gateway, ()):
                self.bytes -= one.size

    def _next(self, lanes: dict[str, deque[Arrived]]) -> Arrived:
        """The first of the gateway whose turn it is, which goes to the end of the line."""
        gateway = next(iter(lanes))
        line = lanes.pop(gateway)
        one = line.popleft()
        if line:
            lanes[gateway] = line
        self.bytes -= one.size
        return one
