"""Which reports to send next, and what a receipt settles. Decides; reads and writes nothing itself.

Per lane there are two fronts: *live* (numbered since the link came up) and *backlog* (everything older). Order of
sending: live events, live telemetry, backlog events, backlog telemetry; a backlog batch is marked as replay. A batch is
pending until its receipt; a link that comes up anew starts from the lowest number that is still stored.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

from protocols.reports import LANES, Lane

WINDOW = 8
"""Batches on their way at once."""


class Wanted(NamedTuple):
    """What to read from the outbox next: numbers of `lane` above `after` and below `before`."""

    lane: Lane
    after: int
    before: int
    replay: bool


class Sent(NamedTuple):
    """A batch on its way."""

    lane: Lane
    seqs: list[int]
    sent_ms: int


class Forwarder(Struct):
    """The state of one link."""

    live_from: dict[Lane, int] = {}
    live_at: dict[Lane, int] = {}
    backlog_at: dict[Lane, int] = {}
    pending: dict[int, Sent] = field(default_factory=dict)
    next_id: int = 1

    def connect(self, next_seq: dict[Lane, int]) -> None:
        """The link is up: what is numbered below `next_seq` is backlog."""
        self.live_from = dict(next_seq)
        self.live_at = {lane: seq - 1 for lane, seq in next_seq.items()}
        self.backlog_at = dict.fromkeys(LANES, -1)
        self.pending.clear()

    def wanted(self, next_seq: dict[Lane, int]) -> Wanted | None:
        """What to send next, or None while the window is full or nothing waits. `next_seq`: numbers not yet given."""
        if len(self.pending) >= WINDOW:
            return None
        for lane in LANES:
            if self.live_at[lane] + 1 < next_seq[lane]:
                return Wanted(lane, self.live_at[lane], next_seq[lane], False)
        for lane in LANES:
            if self.backlog_at[lane] + 1 < self.live_from[lane]:
                return Wanted(lane, self.backlog_at[lane], self.live_from[lane], True)
        return None

    def send(self, wanted: Wanted, seqs: list[int], now_ms: int) -> int:
        """The batch that answers `wanted` goes out with these numbers (none: nothing is left there). Its id."""
        at = self.backlog_at if wanted.replay else self.live_at
        if not seqs:
            at[wanted.lane] = wanted.before - 1
            return 0
        at[wanted.lane] = seqs[-1]
        batch_id = self.next_id
        self.next_id += 1
        self.pending[batch_id] = Sent(wanted.lane, seqs, now_ms)
        return batch_id

    def settle(self, batch_id: int) -> Sent | None:
        """The batch a receipt is for; None when it is not pending (an answer from before the link was renewed)."""
        return self.pending.pop(batch_id, None)

    def oldest_ms(self) -> int | None:
        """When the oldest pending batch was sent."""
        return min((sent.sent_ms for sent in self.pending.values()), default=None)
