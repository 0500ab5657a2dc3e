"""The live stream: what everybody sees, told once and shared by all.

Each change of the snapshot becomes one numbered delta, serialised once, in a ring that all clients read. A client is
no more than a cursor: it reads what lies past it, and a slow one simply falls behind. Who has fallen out of the ring or
comes from another epoch, is given one snapshot instead. So the memory held does not depend on how slow anyone is.

Who has seen everything is handed the next frame directly, if it can take it without waiting: to wake a task for each
client and frame would cost more than the sending. All others read at their own pace.

Where all places are taken, whoever has fewer than another may have one of theirs: nobody keeps the others out.

A client applies a delta only if it is the one after what it shows, and ignores older ones.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from cloud.core.view import Delta, Snapshot, delta

HEARTBEAT_MS = 1000
"""A frame goes out at least this often; a page that hears none for four of these shows itself as stale."""
RING_LENGTH = 400
"""How far behind a client may be and still catch up by deltas: half a minute of a busy site."""
RING_BYTES_MAX = 16 * 1024 * 1024
"""So large are they together at most; who is further behind is served better by a snapshot, too."""
CLIENTS_MAX = 200


class Full(Exception):
    """There is no room for another client."""


class Live:
    """The current snapshot, the ring of the last deltas, and everyone who watches. One event loop only.

    The first snapshot's `epoch` and `q` start the count; from then on `publish` and `tick` number.
    """

    def __init__(self, first: Snapshot, *, ring_length: int = RING_LENGTH, clients_max: int = CLIENTS_MAX) -> None:
        self.current = first
        self.clients_refused = 0
        self.closed = False
        self.clients_max = clients_max
        self._ring: deque[bytes] = deque()  # the last one has the number current.q
        self._ring_length, self._ring_bytes = ring_length, 0
        self._cursors: dict[Cursor, None] = {}  # in the order they came
        self._encoder = msgspec.json.Encoder()
        self._json: tuple[int, bytes] = (-1, b"")
        self._gzip: tuple[int, bytes] = (-1, b"")
        self._packing = asyncio.Lock()

    def publish(self, snapshot: Snapshot, change: Delta | None = None) -> None:
        """Show this from now on. Its `epoch` and `q` are set here; everyone is told what changed: `change`, where it is
        known already, else it is looked for."""
        before = self.current
        after = msgspec.structs.replace(snapshot, epoch=before.epoch, q=before.q + 1)
        if change is None:
            change = delta(before, after)
        self._append(after, msgspec.structs.replace(change, q=after.q))

    def tick(self, now_ms: int) -> None:
        """Let everyone hear that we are there, if they have heard nothing for a second. Call several times a second."""
        before = self.current
        if not 0 <= now_ms - before.t < HEARTBEAT_MS:  # also when the clock was set back
            after = msgspec.structs.replace(before, q=before.q + 1, t=now_ms)
            self._append(after, Delta(q=after.q, t=after.t))

    def close(self) -> None:
        """End every client's stream."""
        self.closed = True
        for cursor in self._cursors:
            cursor.news.set()

    @property
    def clients(self) -> int:
        """How many watch."""
        return len(self._cursors)

    @contextmanager
    def join(self, since: int | None = None, epoch: str = "", who: str = "") -> Iterator[Cursor]:
        """A new client of `who`, that shows `since` of `epoch`, or nothing yet. Raises `Full` at the limit."""
        if self.clients >= self.clients_max:
            self.clients_refused += 1  # this one, or the one that leaves for it
            if not self._make_room(who):
                raise Full(f"{self.clients} clients are connected, and no more are allowed")
        cursor = Cursor(self, since if epoch == self.current.epoch else None, who)
        self._cursors[cursor] = None
        try:
            yield cursor
        finally:
            self._cursors.pop(cursor, None)

    def _make_room(self, who: str) -> bool:
        """End the newest of who has most, where that leaves them no fewer than `who` has then."""
        held = Counter(one.who for one in self._cursors)
        [(greedy, most)] = held.most_common(1)
        if most <= held[who] + 1:
            return False
        last = next(one for one in reversed(self._cursors) if one.who == greedy)
        del self._cursors[last]
        last.end()
        return True

    def after(self, q: int | None) -> tuple[bytes, int] | None:
        """The frame for a client that shows number `q`, and the number it shows then. None: there is nothing new."""
        behind = None if q is None else self.current.q - q
        if behind == 0:
            return None
        if q is None or behind is None or not 0 < behind <= len(self._ring):
            return self.snapshot_json(), self.current.q
        return self._ring[-behind], q + 1

    def snapshot_json(self) -> bytes:
        """The current snapshot as JSON, serialised at most once a number."""
        if self._json[0] != self.current.q:
            self._json = self.current.q, self._encoder.encode(self.current)
        return self._json[1]

    async def snapshot_gzip(self) -> tuple[int, bytes]:
        """A snapshot as gzipped JSON and its number, packed at most once a number, beside the event loop."""
        async with self._packing:
            if self._gzip[0] != self.current.q:
                q, plain = self.current.q, self.snapshot_json()
                self._gzip = q, await asyncio.to_thread(gzip.compress, plain, 8, mtime=0)
            return self._gzip

    def _append(self, after: Snapshot, change: Delta) -> None:
        self.current = after
        frame = self._encoder.encode(change)
        self._ring.append(frame)
        self._ring_bytes += len(frame)
        while len(self._ring) > self._ring_length or (self._ring_bytes > RING_BYTES_MAX and len(self._ring) > 1):
            self._ring_bytes -= len(self._ring.popleft())
        for cursor in self._cursors:
            cursor.offer(frame, after.q)


class Cursor:
    """One client's place in the stream: the number of the last frame it was given. `async for` its frames.

    `take`, where it is set, is handed frames as they come: it sends one without waiting, or returns False.
    """

    def __init__(self, live: Live, q: int | None, who: str) -> None:
        self._live = live
        self.q = q
        self.who = who
        self.ended = False
        """Another needed its place."""
        self.take: Callable[[bytes], bool] | None = None
        self.news = asyncio.Event()
        """There is something that was not taken, or the stream is closed."""

    def end(self) -> None:
        """No more frames."""
        self.ended = True
        self.news.set()

    def offer(self, frame: bytes, q: int) -> None:
        """The frame that leads to number `q`: handed over now, or there to be read."""
        if self.q == q - 1 and self.take is not None and self.take(frame):
            self.q = q
        else:
            self.news.set()

    def __aiter__(self) -> Cursor:
        return self

    async def __anext__(self) -> bytes:
        while not (self._live.closed or self.ended):
            if (found := self._live.after(self.q)) is not None:
                frame, self.q = found
                return frame
            self.news.clear()
            await self.news.wait()
        raise StopAsyncIteration
