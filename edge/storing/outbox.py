"""The outbox within one transaction: which reports wait, which are kept, and where each one lies.

A report lies as a row of `outbox` while it is new, and later with up to a thousand of its lane in one compressed row of
`packed`. Which numbers *wait* for a receipt is said by ranges in the
lane's own row, so a receipt moves no report. Those that are there but do not wait are *kept*: they can be sent again
until their room is needed.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from copy import copy
from heapq import merge

import msgspec
from msgspec import Struct

from edge.storing import sums
from edge.storing.errors import StoreDamaged
from protocols import ranges
from protocols.ranges import Ranges
from protocols.reports import LANE_OF, LANES, Lane, Report, Thinned, encode

PACK_REPORTS = 1000
"""What one block holds at most."""
RANGES_MAX = 1000
"""Beyond so many ranges that wait, the shortest stretch between two of them is sent again. It takes as many cuts of the
link during one backlog to come to that."""
REFUSED_ROWS_MAX = 10_000
PACE_MS = 300_000
DAY_MS = 86_400_000
PACE_ROWS_MAX = 60_000
"""A note of how far the numbers had got every five minutes of work, for a hundred days."""

_blobs = msgspec.msgpack.Decoder(list[bytes])
_ranges = msgspec.msgpack.Decoder(tuple[tuple[int, int], ...])
_pack = msgspec.msgpack.Encoder().encode


class LaneState(Struct):
    """One lane's row: accepted = delivered + pending + refused + thinned."""

    next_seq: int = 0
    accepted: int = 0
    delivered: int = 0
    refused: int = 0
    thinned: int = 0
    bytes: int = 0
    """All that is stored of it, packed as it is."""
    written: int = 0
    """All that was ever stored, before packing."""
    at_ms: int = 0
    """When it was last written to."""
    tail_from: int = 0
    pending: Ranges = ()
    """What waits below `tail_from`; all from there on waits."""
    kept_from: int = 0
    loose: int = 0
    paced: int = -1

    @property
    def waits(self) -> Ranges:
        """All numbers without a receipt."""
        tail = (self.tail_from, self.next_seq - 1)
        return ranges.union(self.pending, [tail]) if tail[0] <= tail[1] else self.pending

    @property
    def unsigned_from(self) -> int:
        """The lowest number without a receipt; `next_seq` when there is none."""
        return self.pending[0][0] if self.pending else self.tail_from

    def wait_for(self, waits: Ranges) -> None:
        """These numbers wait, and none else."""
        if waits and waits[-1][1] == self.next_seq - 1:
            self.pending, self.tail_from = waits[:-1], waits[-1][0]
        else:
            self.pending, self.tail_from = waits, self.next_seq


_COLUMNS = ("next_seq", "accepted", "delivered", "refused", "thinned", "bytes", "written", "at_ms", "tail_from")


def books(connection: sqlite3.Connection) -> dict[Lane, LaneState]:
    """Each lane's row as it is written. Raises `StoreDamaged` for one that can not be."""
    lanes: dict[Lane, LaneState] = {}
    for name, *numbers, pending in connection.execute(f"SELECT id, {', '.join(_COLUMNS)}, pending FROM lane"):
        try:
            lanes[name] = state = msgspec.convert(dict(zip(_COLUMNS, numbers, strict=True)), LaneState)
            state.pending = _ranges.decode(pending or b"\x90")
        except (ValueError, TypeError) as error:
            raise StoreDamaged(f"the book of {name!r} can not be read: {error}") from error
        told = state.delivered + state.refused + state.thinned + ranges.size(state.waits)
        if state.accepted != told or not 0 <= state.tail_from <= state.next_seq <= 2**53:
            raise StoreDamaged(
                f"the book of {name!r} does not balance: {state.accepted} accepted, {told} accounted for"
            )
    if set(lanes) != set(LANES):
        raise StoreDamaged(f"there are books of {sorted(lanes)} only")
    return lanes


def load(connection: sqlite3.Connection) -> dict[Lane, LaneState]:
    """Each lane's row, and what its reports say themselves. Raises `StoreDamaged` when one that waits is not found: an
    index that is spoilt hides rows, and SQLite's `quick_check` does not look for them."""
    connection.execute("BEGIN")  # one moment of it: others may be writing
    try:
        return _loaded(connection)
    finally:
        connection.execute("ROLLBACK")


def _loaded(connection: sqlite3.Connection) -> dict[Lane, LaneState]:
    lanes = books(connection)
    outbox = Outbox(connection, lanes)
    for lane, state in lanes.items():
        if state.waits:
            there = outbox.there(lane, state.waits[0][0], state.waits[-1][1])
            for first, last in ranges.minus(state.waits, there):
                raise StoreDamaged(f"{lane} {first}..{last} wait and are not there")
        state.kept_from = outbox.lowest(lane)
        state.loose = outbox.scalar("SELECT COUNT(*) FROM outbox WHERE lane = ?", lane)
        state.paced = outbox.scalar("SELECT COALESCE(MAX(at_ms), -1) FROM pace WHERE lane = ?", lane) // PACE_MS
    return lanes


class Outbox:
    """The lanes as one transaction changes them; the caller takes `lanes` over when it is committed."""

    def __init__(self, connection: sqlite3.Connection, lanes: dict[Lane, LaneState]) -> None:
        self.connection = connection
        self.lanes = {lane: copy(state) for lane, state in lanes.items()}

    @property
    def used(self) -> int:
        """All that is stored."""
        return sum(state.bytes for state in self.lanes.values())

    def append(self, reports: list[Report], at_ms: int, spare: bool = False) -> None:
        """Give the next numbers. `spare`: telemetry gets its number and goes at once, and an event says so."""
        rows: list[tuple[Lane, int, bytes, int]] = []
        changed: list[tuple[LaneState, Lane]] = []
        for lane in LANES:
            blobs = [encode(report) for report in reports if LANE_OF[type(report)] == lane]
            if not blobs:
                continue
            state = self.lanes[lane]
            if at_ms // PACE_MS != state.paced:
                self._pace(lane, at_ms)
            first = state.next_seq
            state.next_seq += len(blobs)
            state.accepted += len(blobs)
            if not state.at_ms - DAY_MS <= at_ms <= state.at_ms:
                state.at_ms = at_ms  # by less a clock may be behind; by a day or more the gateway's time was set back
            if spare and lane == "telemetry":
                gone = (first, state.next_seq - 1)
                state.thinned += len(blobs)
                state.wait_for(ranges.minus(state.waits, (gone,)))
                self.save(lane)
                self.append([Thinned(*gone, len(blobs), at_ms, "disk_full")], at_ms)
                continue
            size = sum(map(len, blobs))
            state.bytes += size
            state.written += size
            state.loose += len(blobs)
            rows += sums.reports(lane, first, blobs)
            changed.append((state, lane))
        self.connection.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?)", rows)
        self.connection.executemany(
            "UPDATE lane SET next_seq = ?, accepted = ?, bytes = ?, written = ?, at_ms = ? WHERE id = ?",
            [(one.next_seq, one.accepted, one.bytes, one.written, one.at_ms, lane) for one, lane in changed],
        )

    def stored(self, lane: Lane, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The reports of a lane that are there between two numbers, in order. Raises `StoreDamaged` for one that is not
        what was written."""
        return merge(self._packed(lane, first, last), self.loose(lane, first, last))

    def owed(self, lane: Lane, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """As `stored`, of numbers that all wait: one that is not there is damage."""
        due = first
        for seq, report in self.stored(lane, first, last):
            if seq > due:
                raise StoreDamaged(f"{lane} {due} waits and is not there")
            if seq == due:
                due += 1
                yield seq, report
        if due <= last:
            raise StoreDamaged(f"{lane} {due} waits and is not there")

    def loose(self, lane: Lane, first: int, last: int, reports_max: int = -1) -> Iterator[tuple[int, bytes]]:
        """As `stored`, of those that are not packed (-1: all)."""
        for seq, report, kept in self.connection.execute(
            "SELECT seq, report, crc FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
            (lane, first, last, reports_max),
        ):
            if not sums.fits(seq, report, kept):
                raise StoreDamaged(f"the report {lane} {seq} fails its checksum")
            yield seq, report

    def there(self, lane: Lane, first: int, last: int) -> Ranges:
        """Which numbers between two are there, waiting or kept."""
        packed = self.connection.execute(
            "SELECT first, first + count - 1 FROM packed WHERE lane = ? AND first BETWEEN ? AND ? ORDER BY first",
            (lane, first - PACK_REPORTS, last),
        )
        rows = self.connection.execute(
            "SELECT seq FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY seq", (lane, first, last)
        )
        return ranges.within(ranges.union([*packed, *ranges.runs(seq for (seq,) in rows)]), first, last)

    def settle(self, lane: Lane, seqs: list[int], reasons: dict[int, str], at_ms: int) -> None:
        """These numbers are signed for, those with a reason refused."""
        state = self.lanes[lane]
        waits = state.waits
        signed = tuple(run for a, b in ranges.runs(sorted(set(seqs))) for run in ranges.within(waits, a, b))
        bad = 0
        for seq, reason in reasons.items():
            if any(first <= seq <= last for first, last in signed):
                bad += 1
                report = next((blob for _, blob in self.stored(lane, seq, seq)), None)
                self.connection.execute(
                    "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)", (lane, seq, report, reason, at_ms)
                )
        if bad:
            self._forget_refused(lane)
        state.wait_for(ranges.minus(waits, signed))
        state.delivered += ranges.size(signed) - bad
        state.refused += bad
        if len(state.pending) > RANGES_MAX:
            between = zip(state.pending, state.pending[1:], strict=False)
            _, first, last = min((b[0] - a[1], a[1] + 1, b[0] - 1) for a, b in between)
            self.unsign(lane, first, last)
        self.save(lane)

    def unsign(self, lane: Lane, first: int, last: int) -> tuple[int, Ranges]:
        """Whatever is kept of these numbers waits again. How many do, and which of the numbers given are not there."""
        state = self.lanes[lane]
        first, last = max(first, 0), min(last, state.next_seq - 1)
        if first > last:
            return 0, ()
        there = self.there(lane, first, last)
        again = ranges.minus(there, state.waits)
        refused = 0
        for run in again:
            refused += self.connection.execute(
                "DELETE FROM refused WHERE lane = ? AND seq BETWEEN ? AND ?", (lane, *run)
            ).rowcount
        state.wait_for(ranges.union(state.waits, again))
        state.refused -= refused
        state.delivered -= ranges.size(again) - refused
        self.save(lane)
        return ranges.size(again), ranges.gaps(there, first, last)

    def jump(self, lane: Lane, to: int, at_ms: int, why: str) -> None:
        """Numbers go on at `to`; an event says that those between will not come."""
        state = self.lanes[lane]
        if to <= state.next_seq:
            return
        waits, first = state.waits, state.next_seq
        state.next_seq = to
        state.wait_for(waits)
        self.save(lane)
        if lane == "events":
            # Which tags were told to be there is not known any more: all are told again, and the service forgets them.
            self.connection.execute("DELETE FROM tag")
        self.append([Thinned(first, to - 1, 0, at_ms, why, lane)], at_ms)

    def pending_bytes(self, lane: Lane) -> int:
        """What the reports that wait take, each block counted whole."""
        return sum(
            self.scalar(
                "SELECT COALESCE(SUM(size), 0) FROM packed WHERE lane = ?1 AND first BETWEEN ?2 - ?4 AND ?3"
                " AND first + count > ?2",
                *(lane, first, last, PACK_REPORTS),
            )
            + self.scalar(
                "SELECT COALESCE(SUM(LENGTH(report)), 0) FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ?",
                *(lane, first, last),
            )
            for first, last in self.lanes[lane].waits
        )

    def lowest(self, lane: Lane) -> int:
        """The lowest number that is there; the next one to be given when none is."""
        return self.scalar(
            "SELECT MIN(COALESCE((SELECT MIN(first) FROM packed WHERE lane = ?1), ?2),"
            " COALESCE((SELECT MIN(seq) FROM outbox WHERE lane = ?1), ?2))",
            *(lane, self.lanes[lane].next_seq),
        )

    def save(self, lane: Lane) -> None:
        """Write the lane's whole row."""
        state = self.lanes[lane]
        self.connection.execute(
            f"UPDATE lane SET ({', '.join(_COLUMNS)}, pending) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
            (
                *(state.next_seq, state.accepted, state.delivered, state.refused, state.thinned, state.bytes),
                *(state.written, state.at_ms, state.tail_from, _pack(state.pending), lane),
            ),
        )

    def scalar(self, sql: str, *values: object) -> int:
        """The one number a query finds."""
        found: int = self.connection.execute(sql, values).fetchone()[0]
        return found

    def _packed(self, lane: Lane, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        for at, held, blob, kept in self.connection.execute(
            "SELECT first, count, reports, crc FROM packed WHERE lane = ? AND first BETWEEN ? AND ? ORDER BY first",
            (lane, first - PACK_REPORTS, last),
        ):
            if at + held > first:
                if kept is not None and not sums.fits(at, blob, kept):
                    raise StoreDamaged(f"the block {lane} {at} of {held} reports fails its checksum")
                for seq, report in enumerate(unpack(blob, held), at):
                    if first <= seq <= last:
                        yield seq, report

    def _pace(self, lane: Lane, at_ms: int) -> None:
        state = self.lanes[lane]
        state.paced = at_ms // PACE_MS
        self.connection.execute(
            "INSERT OR IGNORE INTO pace VALUES (?, ?, ?, ?, ?)",
            (lane, at_ms, state.next_seq, state.accepted, state.written),
        )
        self.connection.execute(
            "DELETE FROM pace WHERE lane = ?1 AND at_ms <= (SELECT at_ms FROM pace WHERE lane = ?1"
            " ORDER BY at_ms DESC LIMIT 1 OFFSET ?2)",
            (lane, PACE_ROWS_MAX // len(LANES)),
        )

    def went(self, lane: Lane) -> None:
        """Rows of this lane have gone."""
        self.lanes[lane].kept_from = self.lowest(lane)
        self._forget_refused(lane)
        self.save(lane)

    def _forget_refused(self, lane: Lane) -> None:
        """The oldest refused reports go beyond their limit, but none that could still be asked for again."""
        self.connection.execute(
            "DELETE FROM refused WHERE lane = ?1 AND seq < ?2 AND seq <= (SELECT seq FROM refused WHERE lane = ?1"
            " ORDER BY seq DESC LIMIT 1 OFFSET ?3)",
            (lane, self.lanes[lane].kept_from, REFUSED_ROWS_MAX),
        )


def unpack(blob: bytes, reports: int) -> list[bytes]:
    """The reports of a block. Raises `StoreDamaged`: zlib writes a checksum of what is in it."""
    try:
        found = _blobs.decode(zlib.decompress(blob))
    except (zlib.error, ValueError, TypeError) as error:
        raise StoreDamaged(f"a block of {reports} reports fails its checksum: {error}") from error
    if len(found) != reports:
        raise StoreDamaged(f"a block has {len(found)} reports where {reports} were packed")
    return found
