"""The store's open file: transactions that make themselves room on a full disk, and that mend what is damaged."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from edge.storing import mending, room, schema
from edge.storing.check import Check
from edge.storing.disk import AGAIN, Ballast, Mark, beyond, free_bytes, lacks_room
from edge.storing.errors import OutboxFull, StoreDamaged, StoreError, StoreFull, is_damage, is_full
from edge.storing.outbox import LaneState, Outbox, load
from protocols.reports import LANES, Lane

OUTBOX_BYTES_MAX = 1 << 30
KEPT_BYTES_MAX = 256 << 20
"""Reports that were signed for stay until they take this much, or until their room is needed."""
log = logging.getLogger(__name__)

RELIEFS_MAX = 20
"""So often room is made on a full disk before a group is given up for now."""

PAGES_MAX = 1 << 30
"""As good as none: the outbox has its own limit."""
FULL = {"disk_full": "its disk is full", "outbox_full": "as much waits for the service as may"}

Result = TypeVar("Result")


class StoreFile:
    """The file and what is known of its lanes."""

    next_seq: dict[Lane, int]
    """The next number of each lane, and the lowest without a receipt, and the lowest that is there."""
    unsigned_from: dict[Lane, int]
    kept_from: dict[Lane, int]

    def __init__(
        self,
        path: Path,
        outbox_bytes_max: int = OUTBOX_BYTES_MAX,
        kept_bytes_max: int = KEPT_BYTES_MAX,
        mend: bool = False,
        now_ms: int | None = None,
        look: bool = False,
    ) -> None:
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        self.path = path
        self.outbox_bytes_max, self.kept_bytes_max = outbox_bytes_max, kept_bytes_max
        self.mended = 0
        """How often the file was set aside; what is known elsewhere should be written again then."""
        self.full = ""
        """Why room is made now, "disk_full" or "outbox_full"; "" when it need not be."""
        self._pages_max = PAGES_MAX
        self._opened_ms = now_ms
        self._mends, self._looks = mend, look
        self._check: Check | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._mark, self._ballast = Mark(path.with_suffix(".mark")), Ballast(path.with_suffix(".ballast"))
            try:
                self._begin(now_ms)
            except (sqlite3.Error, OSError) as error:
                # Even to be opened a store needs a little room for its log.
                if not (mend and lacks_room(path.parent, error) and self._ballast.let_go()):
                    raise
                self._begin(now_ms)
        except (sqlite3.Error, OSError, StoreDamaged) as error:
            hint = "restore a backup, or move the file away to start anew"
            if lacks_room(path.parent, error):
                hint = "its disk is full: free some and start again; what waits in it is not lost"
            raise StoreError(f"the gateway's store {path} can not be opened: {error}; {hint}") from error

    @property
    def recorded_ms(self) -> int:
        """The latest time of a commit with reports: the gateway's clock can not have been behind it."""
        return max(state.at_ms for state in self._lanes.values())

    @property
    def _known_ms(self) -> int:
        """The latest time that is known here."""
        return max(self._opened_ms, self.recorded_ms)

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        if self._check is not None:
            self._check.stop()
        self._mark.close()
        self._connection.close()

    def jump(self, at_ms: int, why: str) -> None:
        """Numbers go on at `at_ms`, above any ever given; an event a lane says which will not come. For whoever puts an
        older store in the place of a newer one (`restored`)."""

        def leap(outbox: Outbox) -> None:
            to = beyond(at_ms, *self._mark.read().values(), *self.next_seq.values())
            for lane in LANES:
                outbox.jump(lane, to, at_ms, why)

        self._write(leap, at_ms)

    def _begin(self, now_ms: int) -> None:
        self._damage = mending.look(self.path, self._mark.read()) if self._mends else ""
        if not self._damage:
            try:
                self._open(now_ms)
            except (sqlite3.DatabaseError, StoreDamaged) as error:
                if not self._mends or (isinstance(error, sqlite3.Error) and not is_damage(error)):
                    raise
                self._damage = str(error)
        if self._damage:
            self._renew(now_ms)

    def _open(self, now_ms: int) -> None:
        self._connection = schema.looked_at(self.path) if self._looks else schema.opened(self.path)
        try:
            self._adopt(load(self._connection))
        except BaseException:
            self._connection.close()
            raise
        if not self._mends:
            return
        self._hold_room()
        marked = self._mark.read()
        behind = [lane for lane in LANES if self.next_seq[lane] < marked.get(lane, 0)]
        if behind:
            what = "has lost its latest reports, or is an older copy"
            log.warning("the store %s %s: the numbers of its reports jump", self.path, what)
            self.jump(now_ms, "damaged")
        self._mark.write(self.next_seq)
        if self.path.stat().st_size > mending.AT_ONCE_BYTES:
            self._check = Check(self.path)

    def _hold_room(self) -> None:
        """Take the ballast; where there is no room for it, do not grow into what there is of it. A store that is itself
        smaller has no room of its own to make do with, and takes half."""
        self._pages_max = PAGES_MAX
        size, free = self._ballast.size, free_bytes(self.path.parent)
        if not self._ballast.take() and free < AGAIN * size:
            pages, page = self._pragma("page_count"), self._pragma("page_size")
            self._limit_pages(pages + max(free - size, free // 2 if pages * page < size else 0) // page)

    def _renew(self, now_ms: int) -> None:
        """Set the damaged file aside and go on with a new one that holds what can be read of it."""
        for sentence in mending.renew(self.path, self._damage, now_ms, self._mark.read()):
            log.warning("%s", sentence)
        self._damage = ""
        self.mended += 1
        self._open(now_ms)

    def _heal(self, now_ms: int) -> None:
        if not self._damage:
            return
        if not self._mends:
            raise StoreDamaged(f"the gateway's store {self.path} is damaged: {self._damage}; start the gateway anew")
        if self._check is not None:
            self._check.stop()
            self._check = None
        self._connection.close()
        try:
            self._renew(now_ms)
        except (sqlite3.Error, OSError) as error:
            what = f"the gateway's store {self.path} is damaged ({self._damage}) and can not be mended"
            raise StoreError(f"{what}: {error}; free some disk, or restore a backup") from error

    def _look_again(self, now_ms: int) -> None:
        """Take up what the check found, and the ballast when there is room for it again."""
        if self._check is not None and self._check.found and not self._damage:
            self._damage = self._check.found
        self._heal(now_ms)
        if self._mends:
            self._grow()
            if self.full == "disk_full" and self._has_room():
                self._say_full("")

    def _write(self, work: Callable[[Outbox], Result], at_ms: int, durable: bool = True, thin: bool = False) -> Result:
        """A transaction that makes itself room on a full disk."""
        self._heal(at_ms)
        for _ in range(RELIEFS_MAX):
            try:
                return self._change(work, durable)
            except OutboxFull:
                raise  # the disk's room is no help
            except StoreFull:
                if not self._grow() and not self._relieve(at_ms, thin):
                    raise
        return self._change(work, durable)

    def _change(self, work: Callable[[Outbox], Result], durable: bool = True) -> Result:
        """One transaction: all or nothing, whatever goes wrong inside."""
        connection = self._connection
        outbox = Outbox(connection, self._lanes)
        try:
            if not durable:
                connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            result = work(outbox)
            connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error | StoreDamaged):
                raise self._told("written", error) from error
            raise
        finally:
            if not durable:
                connection.execute("PRAGMA synchronous=FULL")
        given = self.next_seq
        self._adopt(outbox.lanes)
        if self.next_seq != given:
            self._mark.write(self.next_seq)
        return result

    def _adopt(self, lanes: dict[Lane, LaneState]) -> None:
        self._lanes = lanes
        events, telemetry = lanes["events"], lanes["telemetry"]
        self.next_seq = {"events": events.next_seq, "telemetry": telemetry.next_seq}
        self.unsigned_from = {"events": events.unsigned_from, "telemetry": telemetry.unsigned_from}
        self.kept_from = {"events": events.kept_from, "telemetry": telemetry.kept_from}

    def _relieve(self, at_ms: int, thin: bool) -> int:
        """Make room on a full disk; 0 when there was nothing left to let go."""
        let_go, freed = self._mends and self._ballast.let_go(), 0
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")
        if let_go:
            # The room of the ballast is for the log alone. Were the database to grow into it, the log could not be
            # folded in any more, and no thinning be written down.
            self._limit_pages(self._pragma("page_count"))
        with suppress(StoreFull):
            freed = self._change(room.evict, durable=False)
            if not freed and thin:
                freed = self._change(partial(room.thin, at_ms=at_ms, why="disk_full"))
        self._say_full("disk_full")
        return freed or let_go

    def _grow(self) -> bool:
        """Hold the ballast again where there is room for it; whether a file that was kept from growing may grow now: as
        it likes beside the ballast, or into what the disk has beyond the ballast's size."""
        before = self._pages_max
        if self._mends and self._ballast.take():
            self._limit_pages(PAGES_MAX)
        elif before < PAGES_MAX:
            spare = free_bytes(self.path.parent) - self._ballast.size
            # More than the ballast needs, and yet it could not be taken: then the disk does not say the truth.
            if 0 < spare < (AGAIN - 1) * self._ballast.size:
                more = self._pragma("page_count") + spare // self._pragma("page_size")
                self._limit_pages(max(before, more))
        return self._pages_max > before

    def _limit_pages(self, pages: int) -> None:
        if pages != self._pages_max:
            self._connection.execute(f"PRAGMA max_page_count={pages}")
            self._pages_max = pages

    def _has_room(self) -> bool:
        """Whether the ballast is held, or might be were what is free within the file free on the disk."""
        if self._ballast.held:
            return True
        within = self._pragma("freelist_count") * self._pragma("page_size")
        return free_bytes(self.path.parent) + within >= AGAIN * self._ballast.size

    def _pragma(self, name: str) -> int:
        found: int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return found

    def _say_full(self, why: str) -> None:
        """Room is made from now on, for this reason, or need not be any more: a line in the log for either."""
        if why and why != self.full:
            order = "what was signed for goes, then the oldest telemetry, each time told in an event"
            log.warning("the store %s: %s; %s", self.path, FULL[why], order)
        elif self.full and not why:
            log.warning("the store %s: there is room again", self.path)
        self.full = why

    def _told(self, what: str, error: sqlite3.Error | StoreDamaged) -> StoreError:
        """An error as a sentence; damage is remembered, and mended by the next call."""
        said = f"the gateway's store {self.path} can not be {what}: {error}"
        if isinstance(error, StoreDamaged) or is_damage(error):
            self._damage = str(error)
            return StoreDamaged(
                f"{said}; it is damaged, " + ("and is mended now" if self._mends else "stop the gateway")
            )
        if is_full(error, free_bytes(self.path.parent)):
            return StoreFull(f"{said}; free some disk")
        return StoreError(f"{said}; free some disk" if what == "written" else f"{said}; check the disk")

    def _all(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._told("read", error) from error
