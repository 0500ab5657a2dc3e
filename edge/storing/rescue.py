"""A damaged store read row by row: each row that is what was written, or that its checksum puts right again.

A block is one stream, in which what follows a spoilt byte can not be told from what should: one of which more than a
bit is off is lost whole, and with it as many reports as were packed together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from edge.storing import sums
from edge.storing.errors import StoreDamaged
from edge.storing.outbox import unpack
from protocols.reports import LANES, Lane

PROBES_MAX = 20_000
"""So many times a range of numbers that can not be read is halved; what is left then is given up."""


class Block(NamedTuple):
    """A row of `packed` that is whole."""

    lane: Lane
    first: int
    reports: int
    size: int
    raw: int
    blob: bytes


class Rescue:
    """Reads an old store, of whatever version. `put_right`: how many rows had one bit off."""

    def __init__(self, old: sqlite3.Connection) -> None:
        self.put_right = 0
        self._old = old

    def tables(self) -> set[str]:
        """The names of the tables that can be read."""
        return {name for (name,) in self._both_ways("sqlite_master", ["name"], "rowid")[0]}

    def rows(self, table: str, columns: list[str], key: str) -> tuple[list[tuple[Any, ...]], bool]:
        """The rows of a table that are whole, ready for a new one with these columns; whether these are all."""
        if columns[-1] != "crc":
            return self._both_ways(table, columns, key)
        if not self._has_sums(table):
            rows, whole = self._both_ways(table, columns[:-1], key)
            return [(*row, sums.of(table, row)) for row in rows], whole
        rows, whole = self._both_ways(table, columns, key)
        kept = [one for one in (self._whole(table, row) for row in rows) if one is not None]
        return kept, whole and len(kept) == len(rows)

    def blocks(self) -> Iterator[Block]:
        """Each block that can be read and is what was packed."""
        keys: dict[int, tuple[Any, ...]] = {}
        with suppress(sqlite3.Error):
            for number, *key in self._old.execute(
                "SELECT id, lane, first, count FROM packed INDEXED BY packed_by_number"
            ):
                keys[number] = tuple(key)
        crc = "crc" if self._has_sums("packed") else "NULL"
        for number in self._numbers():
            with suppress(sqlite3.Error, StoreDamaged, TypeError, ValueError):
                *key, raw, blob, kept = self._old.execute(
                    f"SELECT lane, first, count, raw, reports, {crc} FROM packed WHERE id = ?", (number,)
                ).fetchone()
                found = self._block(tuple(key), keys.get(number, tuple(key)), blob=blob, kept=kept)
                if found is not None:
                    (lane, first, reports), whole = found
                    yield Block(lane, first, reports, len(whole), raw, whole)

    def loose(self, lane: Lane, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The loose reports that can be read and are what was written."""
        crc = "crc" if self._has_sums("outbox") else None
        return self._loose(lane, first, last, crc, [PROBES_MAX])

    def _loose(
        self, lane: Lane, first: int, last: int, crc: str | None, budget: list[int]
    ) -> Iterator[tuple[int, bytes]]:
        """A range that can not be read is halved until only what is spoilt is left out."""
        try:
            for seq, blob, kept in self._old.execute(
                f"SELECT seq, report, {crc or 'NULL'} FROM outbox WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY seq",
                (lane, first, last),
            ):
                whole = _decodable(blob) if crc is None else self._report(seq, blob, kept)
                if whole is not None:
                    yield seq, whole
                first = seq + 1
        except sqlite3.Error:
            budget[0] -= 1
            if first < last and budget[0] > 0:
                middle = (first + last) // 2
                yield from self._loose(lane, first, middle, crc, budget)
                yield from self._loose(lane, middle + 1, last, crc, budget)

    def _report(self, seq: int, blob: bytes, kept: object) -> bytes | None:
        if sums.fits(seq, blob, kept):
            return blob
        return self._right(blob, sums.of_report(seq, blob), kept) if type(blob) is bytes else None

    def _whole(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
        *values, kept = row
        now = sums.of(table, values)
        if now is None or now == kept:
            return None if now is None else row
        if table in sums.STATES:
            right = self._right(values[1], now, kept)
            if right is not None:
                return (values[0], right, sums.of_state(values[0], right))
        return None

    def _block(self, *keys: tuple[Any, ...], blob: bytes, kept: int | None) -> tuple[tuple[Any, ...], bytes] | None:
        """The key (lane, first, count) of a block that is right, and the block: the index knows the key too."""
        usable = [key for key in dict.fromkeys(keys) if key[0] in LANES]
        for key in usable:
            if kept is None or sums.fits(key[1], blob, kept):
                unpack(blob, key[2])
                return key, blob
        for key in usable:
            whole = self._right(blob, sums.of_report(key[1], blob), kept)
            if whole is not None:
                unpack(whole, key[2])
                return key, whole
        return None

    def _right(self, blob: bytes, now: int, kept: object) -> bytes | None:
        right = sums.put_right(blob, now ^ kept) if isinstance(kept, int) and 0 <= kept < 1 << 32 else None
        self.put_right += right is not None
        return right

    def _numbers(self) -> Iterator[int]:
        """Each block's own number; where a page that leads to them is spoilt, all that may be there."""
        at, budget = 0, PROBES_MAX
        while budget > 0:
            try:
                found = self._old.execute("SELECT id FROM packed WHERE id > ? ORDER BY id LIMIT 1", (at,)).fetchone()
            except sqlite3.Error:
                at, budget = at + 1, budget - 1
                yield at
                continue
            if found is None:
                return
            at = found[0]
            yield at

    def _has_sums(self, table: str) -> bool:
        with suppress(sqlite3.Error):
            return "crc" in [row[1] for row in self._old.execute(f"PRAGMA table_info({table})")]
        return False

    def _both_ways(self, table: str, columns: list[str], key: str) -> tuple[list[tuple[Any, ...]], bool]:
        """The rows of a table that can be read, from its beginning and from its end; whether these are all."""
        found: list[tuple[Any, ...]] = []
        for order in (key, ", ".join(f"{part} DESC" for part in key.split(", "))):
            try:
                for row in self._old.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}"):
                    found.append(row)
            except (sqlite3.Error, UnicodeDecodeError):
                continue
            return found, True
        return found, False


def _decodable(blob: bytes) -> bytes | None:
    """All that can be asked of a report that has no checksum."""
    try:
        msgspec.msgpack.decode(blob)
    except (ValueError, TypeError):
        return None
    return blob
