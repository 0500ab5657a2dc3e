"""The gateway's memory on disk: state, estimates, outbox, quarantine.

One SQLite file (WAL, synchronous=FULL). `commit` writes one group in one transaction; only when it has returned may
the group's messages be acknowledged to the broker. Not thread-safe: the shell calls it from one worker thread; only
`next_seq`, `unsigned_from` and `kept_from` may be read from others. storing/ holds what it is made of.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec

from edge.core.inference import DeviceState
from edge.core.slots.shelves import SlotState
from edge.storing import groups, outlooks, quarantine, room, sums
from edge.storing.disk import room_of
from edge.storing.errors import OutboxFull, StoreDamaged, StoreError, StoreFull
from edge.storing.file import OUTBOX_BYTES_MAX, StoreFile
from edge.storing.groups import Group, Quarantined
from edge.storing.outbox import Outbox
from edge.storing.outlooks import Outlook
from edge.storing.quarantine import Held
from protocols import ranges
from protocols.fieldwork import Quarantine
from protocols.reports import LANES, Lane, Thinned
from protocols.uplink import Policy

__all__ = [
    "OUTBOX_BYTES_MAX",
    "Group",
    "LaneBook",
    "Memory",
    "Outlook",
    "Quarantined",
    "Store",
    "StoreError",
    "StoreFull",
]

log = logging.getLogger(__name__)

FULL_SHARE = 0.95
"""The outbox has room again when less than this share of its limit waits."""
POLICIES_MAX = 50_000
"""The policies told last stay."""

State = TypeVar("State")


class LaneBook(NamedTuple):
    """One lane's double entry: accepted = delivered + pending + refused + thinned. `bytes` are those of what waits."""

    accepted: int
    delivered: int
    pending: int
    refused: int
    thinned: int
    bytes: int

    @property
    def balanced(self) -> bool:
        """Whether the invariant holds."""
        return self.accepted == self.delivered + self.pending + self.refused + self.thinned


class Memory(NamedTuple):
    """All that is kept: devices and slots, the snapshots of what is large and slow, and the tags that were told to be
    there, by (device, zone)."""

    devices: dict[str, DeviceState]
    slots: dict[str, SlotState]
    snapshots: dict[str, bytes]
    tags: dict[tuple[str, str], list[str]]


class Store(StoreFile):
    """An open store.

    `mend`: this process is the gateway. It takes the ballast, and what is damaged is set aside and carried over into a
    new store, at start or later. Others get a `StoreError`. `look`: nothing can be written, and a store of an earlier
    version is not brought up: the gateway of that version may be at work on it.
    """

    def restore(self) -> Memory:
        """Everything as last committed. A gateway goes on without a state that can not be read, and says so."""
        try:
            return self._once_mended(self._restore)
        except (ValueError, TypeError) as error:
            hint = "restore a backup, or move the file away to start anew"
            raise StoreError(f"the gateway's store {self.path} can not be read: {error}; {hint}") from error

    def commit(self, group: Group) -> None:
        """Write a group in one transaction; on `StoreError` nothing of it is written and it may be tried again.

        On a full disk, and beyond the outbox's limit, kept reports go, then telemetry that waits, then that of the
        group itself, each told as an event; `StoreFull` when not even the rest fits. Then nothing of it has gone.
        """

        def put(outbox: Outbox, spare: bool = False) -> str:
            return groups.put(self._connection, outbox, group, self.outbox_bytes_max, spare)

        try:
            try:
                why = self._write(put, group.at_ms, thin=True)
            except OutboxFull:
                raise
            except StoreFull:
                why = self._change(partial(put, spare=True))
        except OutboxFull:
            self._say_full("outbox_full")
            raise
        self._say_full(why or self.full)

    def waiting(
        self, lane: Lane, after: int, before: int, reports_max: int, bytes_max: int, now_ms: int = 0
    ) -> list[tuple[int, bytes]]:
        """Reports of a lane without a receipt, above `after` and below `before`, oldest first, up to a number and size
        (at least one). `now_ms`: when a store that must be mended first is set aside (0: when it was last known)."""
        self._heal(now_ms or self._known_ms)
        found: list[tuple[int, bytes]] = []
        size = 0
        outbox = Outbox(self._connection, self._lanes)
        try:
            for first, last in ranges.within(self._lanes[lane].waits, after + 1, before - 1):
                for seq, report in outbox.owed(lane, first, last):
                    size += len(report)
                    if found and size > bytes_max:
                        return found
                    found.append((seq, report))
                    if len(found) >= reports_max:
                        return found
        except (sqlite3.Error, StoreDamaged) as error:
            raise self._told("read", error) from error
        return found

    def settle(self, lane: Lane, seqs: list[int], refused: Iterable[tuple[int, str]], at_ms: int) -> None:
        """A receipt came for these numbers: they no longer wait; the refused ones go into a table of their own too."""
        reasons = dict(refused)
        # Not synced: a receipt that a power cut takes back costs a duplicate, which the service knows as one.
        self._write(lambda outbox: outbox.settle(lane, seqs, reasons, at_ms), at_ms, durable=False)

    def resend(self, lane: Lane, first: int, last: int, at_ms: int) -> tuple[int, list[tuple[int, int]]]:
        """These numbers are asked for again: how many wait now that did not, and which ranges are not kept any more, of
        each of which an event says so."""

        def again(outbox: Outbox) -> tuple[int, list[tuple[int, int]]]:
            count, lost = outbox.unsign(lane, first, last)
            outbox.append([Thinned(*gone, 0, at_ms, "not_kept", lane) for gone in lost], at_ms)
            return count, list(lost)

        return self._write(again, at_ms)

    def numbers_between(self, lane: Lane, from_ms: int, to_ms: int) -> tuple[int, int] | None:
        """The numbers given between two times, up to five minutes more on either side; None when there are none."""
        return outlooks.numbers_between(self._all, self._lanes[lane], lane, from_ms, to_ms)

    def book(self) -> dict[Lane, LaneBook]:
        """Each lane's double entry."""
        outbox = Outbox(self._connection, self._lanes)
        return {
            lane: LaneBook(
                *(state.accepted, state.delivered, ranges.size(state.waits), state.refused, state.thinned),
                outbox.pending_bytes(lane),
            )
            for lane, state in self._lanes.items()
        }

    def outlook(self, now_ms: int) -> Outlook:
        """How much room there is, and how long it lasts at the rate of the last day."""
        outbox = Outbox(self._connection, self._lanes)
        limit = self.outbox_bytes_max if self._mends else self._told_limit()
        full = self.full
        if not self._mends and self._waiting_bytes(outbox) >= FULL_SHARE * limit:
            full = "outbox_full"  # whoever only looks at a store did not see it happen
        return outlooks.outlook(self._all, outbox, limit, room_of(self.path.parent), full, now_ms)

    @property
    def limits(self) -> dict[str, bytes]:
        """This gateway's limit as a snapshot, to be stored for others who look at the store."""
        return {"outbox_bytes_max": msgspec.msgpack.encode(self.outbox_bytes_max)}

    def policies(self) -> dict[str, Policy]:
        """By what each SKU is to be ordered, as the service said last."""
        rows = self._once_mended(partial(self._rows, "policy"))
        return {sku: Policy(sku, point, quantity, bool(is_open)) for sku, point, quantity, is_open in rows}

    def keep_policies(self, policies: list[Policy], at_ms: int = 0) -> None:
        """These policies hold from now on; others stay as they were. `at_ms`: see `waiting`."""
        rows = [(one.sku, one.reorder_point, one.quantity, int(one.open)) for one in policies]

        def keep(_: Outbox) -> None:
            self._connection.executemany(
                "INSERT OR REPLACE INTO policy VALUES (?, ?, ?, ?, ?)", [(*row, sums.of_row(*row)) for row in rows]
            )
            # A row that is replaced gets a new number.
            self._connection.execute(
                "DELETE FROM policy WHERE rowid <= (SELECT MAX(rowid) FROM policy) - ?", (POLICIES_MAX,)
            )

        self._write(keep, at_ms or self._known_ms)

    def tidy(self, now_ms: int) -> bool:
        """One small step of upkeep, some milliseconds long: mend, let kept reports go, pack. Whether more is to do."""
        self._look_again(now_ms)
        outbox = Outbox(self._connection, self._lanes)
        used = outbox.used
        if self.full == "outbox_full" and self._waiting_bytes(outbox) < FULL_SHARE * self.outbox_bytes_max:
            self._say_full("")
        kept = used - self._waiting_bytes(outbox) if used > self.kept_bytes_max else 0
        with suppress(StoreFull):  # what waits for this step is only packed later
            if kept > self.kept_bytes_max and self._change(room.evict, durable=False):
                return True
            return any(self._write(partial(room.pack, lane=lane), now_ms, durable=False) for lane in LANES)
        return False

    def problems(self, limit: int = 100) -> tuple[dict[str, int], list[dict[str, object]]]:
        """How often each problem occurred, and the latest ones."""
        counts = dict(self._all("SELECT code, count FROM problem_count"))
        columns = ("at_ms", "code", "device", "topic", "detail", "hint")
        latest = self._all(f"SELECT {', '.join(columns)} FROM problem ORDER BY id DESC LIMIT ?", (limit,))
        return counts, [dict(zip(columns, row, strict=True)) for row in latest]

    def quarantine(self, before: int = 0, code: str = "") -> Quarantine:
        """The messages that could not be used, latest first, below number `before`, of one code or ("") of any."""
        return quarantine.shown(self._all, before, code)

    def to_replay(self, ids: list[int], code: str, most: int) -> list[Held]:
        """The messages of these numbers, or else the oldest of a code that can be replayed."""
        return quarantine.to_replay(self._all, ids, code, most)

    def present_tags(self) -> list[dict[str, object]]:
        """Tags that are there."""
        columns = ("epc", "device", "zone", "at_ms")
        rows = self._all(f"SELECT {', '.join(columns)} FROM tag ORDER BY epc")
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def journal(self, limit: int = 100, about: str = "") -> list[dict[str, Any]]:
        """The latest lines of the journal, newest first, of everything or of one slot or SKU."""
        rows = self._all(
            "SELECT at_ms, what, about, params FROM journal WHERE ?1 = '' OR about = ?1 ORDER BY id DESC LIMIT ?2",
            (about, limit),
        )
        return [
            {"at_ms": at_ms, "what": what, "about": name, **msgspec.json.decode(params)}
            for at_ms, what, name, params in rows
        ]

    def _waiting_bytes(self, outbox: Outbox) -> int:
        return sum(outbox.pending_bytes(lane) for lane in LANES)

    def _told_limit(self) -> int:
        """What the gateway that ran here last was told its outbox may hold."""
        told = dict(self._rows("snapshot")).get("outbox_bytes_max")
        return self.outbox_bytes_max if told is None else msgspec.msgpack.decode(told, type=int)

    def _restore(self) -> Memory:
        devices = self._states("device", msgspec.msgpack.Decoder(DeviceState).decode)
        slots = self._states("slot", msgspec.msgpack.Decoder(SlotState).decode)
        snapshots = dict(self._rows("snapshot"))
        tags: dict[tuple[str, str], list[str]] = {}
        for epc, device, zone, _ in self._rows("tag"):
            tags.setdefault((device, zone), []).append(epc)
        return Memory(devices, slots, snapshots, tags)

    def _states(self, table: str, decode: Callable[[bytes], State]) -> dict[str, State]:
        found = {}
        for name, blob in self._rows(table):
            try:
                found[name] = decode(blob)
            except (ValueError, TypeError) as error:
                if not self._mends:
                    raise
                log.warning("the state of %s %r can not be read (%s) and is learnt anew", table, name, error)
        return found

    def _rows(self, table: str) -> list[list[Any]]:
        """A table's rows without their checksums; one that fails its own is damage."""
        rows = []
        for *values, kept in self._all(f"SELECT * FROM {table}"):
            if sums.of(table, values) != kept:
                raise self._told("read", StoreDamaged(f"a row of {table} fails its checksum ({str(values[0])[:80]!r})"))
            rows.append(values)
        return rows

    def _once_mended(self, read: Callable[[], State]) -> State:
        try:
            return read()
        except StoreDamaged:
            self._heal(self._known_ms)
            return read()
