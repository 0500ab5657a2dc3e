"""What the ledger can prove: the lanes as they are stored, and the completeness of all that gateways ever numbered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, select

from cloud.core import completeness
from cloud.core.completeness import Again, Completeness, DeviceGap, GivenUp, Marks
from cloud.core.lanes import Hole, Lacking, LaneState, Patience, Told, copy, give_up
from cloud.stores import tables
from cloud.stores.applying import BEGUN_ANEW, Key, Word
from cloud.stores.database import Row
from protocols.reports import DeviceHealth, Finding, Heard
from protocols.sequences import Sequence

MARKS_MAX = 1000
"""Thinnings, and notes of what came again, that one answer lists; the newest."""


class Proof:
    """The ledger's completeness, for any thread to ask."""

    def __init__(
        self, reading: Callable[[], AbstractContextManager[Connection]], lanes: Callable[[], Mapping[Key, LaneState]]
    ) -> None:
        self._reading, self._lanes = reading, lanes
        self._patience = Patience()

    def lacking(self, connected: Mapping[str, bool], now_ms: int) -> dict[str, Lacking]:
        """What is not here now of each gateway, by which of them are connected; for one thread to ask, every tick."""
        return self._patience.look(self._lanes(), connected, now_ms)

    def look(self, since_ms: int = 0) -> Completeness:
        """What is here and what is not, limited to what became known since then. Raises `LedgerUnavailable`."""
        lanes = self._lanes()
        with self._reading() as connection:
            given_up = _newest(connection, tables.thinned, "known_ms", since_ms)
            again = _newest(connection, tables.repeated, "at_ms", since_ms)
            devices = [dict(row) for row in connection.execute(select(tables.device)).mappings()]
            gone = _gone(connection)
        marks = Marks(_by_lane(given_up, GivenUp), _by_lane(again, Again))
        found = completeness.prove(lanes, marks, [(health(row), _noticed(row)) for row in devices], since_ms)
        return msgspec.structs.replace(found, movements_gone=gone, complete=found.complete and not gone)


def lanes_of(connection: Connection) -> dict[Key, LaneState]:
    """Every lane as it is stored."""
    found: dict[Key, LaneState] = {}
    for row in connection.execute(select(tables.lane)):
        stored = LaneState(
            msgspec.msgpack.decode(row.held, type=Sequence),
            row.applied,
            row.refused,
            row.last_ms,
            row.duplicates,
            (),
            tuple(Hole(*one) for one in row.holes),
            None if row.next_seq is None else Told(row.next_seq, row.unsigned_from),
        )
        found[row.gateway, row.lane] = copy(stored)  # within the limits of this version
    gone = tables.thinned.c
    for row in connection.execute(select(gone.gateway, gone.lane, gone.first, gone.last).order_by(gone.id)):
        key = row.gateway, row.lane
        if key in found:
            found[key] = give_up(found[key], row.first, row.last)
    return found


def anew_of(connection: Connection) -> dict[str, int]:
    """Of each gateway that lost its store, the last number of before."""
    gone = tables.thinned.c
    wanted = select(gone.gateway, func.max(gone.last)).where(gone.lane == "events", gone.why.in_(BEGUN_ANEW))
    return {row[0]: row[1] for row in connection.execute(wanted.group_by(gone.gateway))}


def words_of(connection: Connection) -> dict[tuple[str, str], Word]:
    """Who said last how each slot and each device is."""
    found: dict[tuple[str, str], Word] = {}
    for about, kept, name in (("slot", tables.level, "slot"), ("device", tables.device, "device")):
        rows = connection.execute(select(kept.c[name], kept.c.gateway, kept.c.seq, kept.c.at_ms))
        found |= {(about, row[0]): Word(*row[1:]) for row in rows}
    return found


def lane_row(key: Key, state: LaneState) -> Row:
    """A lane as it is stored. What was given up is in a table of its own."""
    gateway, lane = key
    next_seq, unsigned_from = state.told if state.told is not None else (None, None)
    return {
        "gateway": gateway,
        "lane": lane,
        "held": msgspec.msgpack.encode(state.held),
        "applied": state.applied,
        "refused": state.refused,
        "last_ms": state.last_ms,
        "duplicates": state.duplicates,
        "holes": [[*hole] for hole in state.holes],
        "next_seq": next_seq,
        "unsigned_from": unsigned_from,
    }


def health(row: Row) -> DeviceHealth:
    """A device's health as it was reported."""
    fields = {name: row[name] for name in DeviceHealth.__struct_fields__}
    fields["findings"] = msgspec.convert(row["findings"], list[Finding])
    fields["heard"] = msgspec.convert(row["heard"], list[Heard])
    return DeviceHealth(**fields)


def _gone(connection: Connection) -> dict[str, int]:
    """Of each gateway, how many movements were booked and are there no more."""
    book, rows = tables.booked.c, tables.movement.c
    there = select(rows.gateway, func.count().label("movements")).group_by(rows.gateway).subquery()
    wanted = select(book.gateway, book.movements - func.coalesce(there.c.movements, 0))
    counted = connection.execute(wanted.outerjoin_from(tables.booked, there, book.gateway == there.c.gateway))
    return {row[0]: row[1] for row in counted if row[1] > 0}


def _noticed(row: Row) -> list[DeviceGap]:
    return msgspec.convert(row["noticed"], list[DeviceGap])


def _newest(connection: Connection, table: Table, when: str, since_ms: int) -> list[Row]:
    wanted = select(table).where(table.c[when] >= since_ms).order_by(table.c.id.desc()).limit(MARKS_MAX)
    return [dict(row) for row in connection.execute(wanted).mappings()][::-1]


def _by_lane(rows: list[Row], kind: type[Any]) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for row in rows:
        one = kind(**{name: row[name] for name in kind.__struct_fields__})
        found.setdefault((row["gateway"], row["lane"]), []).append(one)
    return found
