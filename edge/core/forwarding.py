"""Which reports to send next, and what a receipt settles. Decides; reads and writes nothing itself.

Per lane there are two fronts: *live* (numbered since the link came up) and *backlog* (everything older, and what is to
be sent again). Order of sending: live events, live telemetry, backlog events, backlog telemetry; a backlog batch is
marked as replay. A batch is pending until its receipt; a link that comes up anew starts from the lowest number that
has none. The backlog never fills the window: what is new finds room at once, however much waits behind it.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

from protocols.reports import LANES, Lane

WINDOW = 8
"""Batches on their way at once."""
LIVE_ROOM = 2
"""So many of them are kept for what is new."""
OVERTAKEN_MAX = 3
SPANS_MAX = 1000
"""Spans of a lane's backlog; at the limit the two lowest become one, and what lies between is looked through too."""


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
    replay: bool = False


class Span(NamedTuple):
    """Numbers `first`..`last` of a lane that are still to be looked through."""

    first: int
    last: int


class Forwarder(Struct):
    """The state of one link."""

    live_from: dict[Lane, int] = {}
    live_at: dict[Lane, int] = {}
    backlog: dict[Lane, list[Span]] = {}
    """What to look through behind the live front, lowest first; spans neither overlap nor touch."""
    pending: dict[int, Sent] = field(default_factory=dict)
    next_id: int = 1
    settled_ms: int = 0
    """When the last receipt came."""

    def connect(self, next_seq: dict[Lane, int], unsigned_from: dict[Lane, int]) -> None:
        """The link is up: what is numbered below `next_seq` is backlog, and begins where a receipt is missing."""
        self.live_from = dict(next_seq)
        self.live_at = {lane: seq - 1 for lane, seq in next_seq.items()}
        self.backlog = {lane: [] for lane in LANES}
        for lane in LANES:
            self._look_through(lane, unsigned_from.get(lane, 0), next_seq[lane] - 1)
        self.pending.clear()

    def again(self, lane: Lane, first: int, last: int) -> None:
        """Of `first`..`last` some wait again that had been signed for: they are backlog now."""
        if lane in self.live_at:  # else the link was never up, and will begin with them
            self._look_through(lane, first, min(last, self.live_at[lane]))

    def wanted(self, next_seq: dict[Lane, int]) -> Wanted | None:
        """What to send next, or None while the window is full or nothing waits. `next_seq`: numbers not yet given."""
        if len(self.pending) >= WINDOW:
            return None
        for lane in LANES:
            if self.live_at[lane] + 1 < next_seq[lane]:
                return Wanted(lane, self.live_at[lane], next_seq[lane], False)
        if sum(sent.replay for sent in self.pending.values()) >= WINDOW - LIVE_ROOM:
            return None
        for lane in LANES:
            if self.backlog[lane]:
                first, last = self.backlog[lane][0]
                return Wanted(lane, first - 1, last + 1, True)
        return None

    def send(self, wanted: Wanted, seqs: list[int], now_ms: int) -> int:
        """The batch that answers `wanted` goes out with these numbers (none: nothing is left there, and the id is 0).
        Its id."""
        reached = seqs[-1] if seqs else wanted.before - 1
        if wanted.replay:
            self.backlog[wanted.lane] = _without(self.backlog[wanted.lane], wanted.after + 1, reached)
        else:
            self.live_at[wanted.lane] = reached
        if not seqs:
            return 0
        batch_id = self.next_id
        self.next_id += 1
        self.pending[batch_id] = Sent(wanted.lane, seqs, now_ms, wanted.replay)
        return batch_id

    def settle(self, batch_id: int, now_ms: int) -> Sent | None:
        """The batch a receipt is for; None when it is not pending (an answer from before the link was renewed)."""
        sent = self.pending.pop(batch_id, None)
        if sent is not None:
            self.settled_ms = now_ms
        return sent

    def stuck(self, now_ms: int, patience_ms: int) -> bool:
        """Whether the link is to be made new: no receipt has come for so long though batches are pending, or one has
        been pending `OVERTAKEN_MAX` times as long. A busy service takes what is new, of any gateway, before backlogs:
        while it signs for any of ours it is not stuck."""
        oldest_ms = min((sent.sent_ms for sent in self.pending.values()), default=now_ms)
        return (
            now_ms - max(oldest_ms, self.settled_ms) > patience_ms or now_ms - oldest_ms > OVERTAKEN_MAX * patience_ms
        )

    def _look_through(self, lane: Lane, first: int, last: int) -> None:
        if first > last:
            return
        spans: list[Span] = []
        for span in sorted([*self.backlog[lane], Span(first, last)]):
            if spans and span.first <= spans[-1].last + 1:
                spans[-1] = Span(spans[-1].first, max(spans[-1].last, span.last))
            else:
                spans.append(span)
        while len(spans) > SPANS_MAX:
            spans[:2] = [Span(spans[0].first, spans[1].last)]
        self.backlog[lane] = spans


def _without(spans: list[Span], first: int, last: int) -> list[Span]:
    rest = []
    for span in spans:
        rest += [Span(span.first, min(span.last, first - 1)), Span(max(span.first, last + 1), span.last)]
    return [span for span in rest if span.first <= span.last]
