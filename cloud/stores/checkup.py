"""The ledger as `doctor` looks at it: nothing is upgraded or written, an earlier or a later schema is read too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from cloud.core.lanes import LaneState, Told
from cloud.stores.copies import Unreadable
from protocols import ranges
from protocols.ranges import Range
from protocols.sequences import Sequence

DURABLE = {"synchronous_commit": ("on", "local", "remote_write", "remote_apply"), "fsync": ("on",)}
"""PostgreSQL's settings with which a commit is on the disk when it returns, and their right values."""


class LaneSeen(NamedTuple):
    """One lane of a gateway as the ledger holds it."""

    gateway: str
    lane: str
    state: LaneState


class Loss(Struct, frozen=True):
    """Reports of one gateway that are not in the ledger for one reason: how many, and when that was last."""

    gateway: str
    why: str
    count: int
    at_ms: int


class LedgerSeen(NamedTuple):
    """What the ledger says. `refused`, `given_up`: since the time asked for. `roles`: of each account. `offsets_ms`:
    how far each device's clock is off its gateway's. `unsafe`: PostgreSQL's settings that let a commit be lost."""

    schema: str
    lanes: list[LaneSeen]
    refused: list[Loss]
    given_up: list[Loss]
    roles: list[str]
    offsets_ms: dict[str, int]
    unsafe: list[str]


def look(url: str, since_ms: int) -> LedgerSeen:
    """The ledger at an SQLAlchemy URL; raises `Unreadable`."""
    with _reading(url) as connection:

        def rows(statement: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(text(statement), {"since": since_ms})]

        schema = rows("SELECT value FROM about WHERE key = 'schema'")
        return LedgerSeen(
            str(schema[0][0]) if schema else "",
            _lanes(connection),
            _losses(
                rows(
                    "SELECT gateway, reason, count(*), max(at_ms) FROM refused WHERE at_ms >= :since"
                    " GROUP BY gateway, reason ORDER BY 1, 2"
                )
            ),
            _losses(
                rows(
                    "SELECT gateway, why, sum(count), max(at_ms) FROM thinned WHERE at_ms >= :since AND count > 0"
                    " GROUP BY gateway, why ORDER BY 1, 2"
                )
            ),
            [str(role) for (role,) in rows("SELECT role FROM account")],
            {str(device): int(ms) for device, ms in rows("SELECT device, clock_offset_ms FROM device")},
            _unsafe(connection),
        )


def _lanes(connection: Connection) -> list[LaneSeen]:
    """Every lane; an earlier schema knows neither the lane of what was given up nor what a gateway said of itself."""
    of = "lane" if _has(connection, "thinned", "lane") else "'telemetry'"
    gone: dict[tuple[str, str], list[Range]] = {}
    for gateway, lane, first, last in connection.execute(text(f"SELECT gateway, {of}, first, last FROM thinned")):
        gone.setdefault((gateway, lane), []).append((first, last))
    told = "next_seq, unsigned_from" if _has(connection, "lane", "next_seq") else "NULL, NULL"
    found = []
    wanted = f"SELECT gateway, lane, held, applied, refused, last_ms, {told} FROM lane ORDER BY 1, 2"
    for gateway, lane, held, applied, refused, last_ms, next_seq, unsigned_from in connection.execute(text(wanted)):
        numbers = msgspec.msgpack.decode(bytes(held), type=Sequence)
        said = Told(next_seq, unsigned_from) if next_seq is not None else None
        given_up = ranges.union(gone.get((gateway, lane), []))
        found.append(LaneSeen(gateway, lane, LaneState(numbers, applied, refused, last_ms, 0, given_up, (), said)))
    return found


def _losses(rows: list[tuple[Any, ...]]) -> list[Loss]:
    return [Loss(str(gateway), str(why), int(count), int(at_ms)) for gateway, why, count, at_ms in rows]


def _has(connection: Connection, table: str, column: str) -> bool:
    return column in {*connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys()}


def _unsafe(connection: Connection) -> list[str]:
    if connection.dialect.name != "postgresql":
        return []
    found = {name: str(connection.scalar(text(f"SHOW {name}"))) for name in DURABLE}
    return [f"{name}={value}" for name, value in found.items() if value not in DURABLE[name]]


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            parsed = parsed.set(database=f"file:{parsed.database}", query={"mode": "ro", "uri": "true"})
        engine = create_engine(parsed)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        raise Unreadable(f"the ledger can not be read: {why}") from error
