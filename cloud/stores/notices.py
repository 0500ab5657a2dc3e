"""The ledger's notices: who was told what, by which channel, what became of it; and which alerts came most often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, or_, select, true, update

from cloud.core.crews_view import Kind, Noisy, Sent
from cloud.stores import tables, tables_trade
from cloud.stores.tables import upsert
from cloud.stores.tables_notices import notice

NOTICES_MAX = 5_000
"""The oldest that are done with leave first."""
PAGE = 100
OPEN = ("waiting", "sending")


class Kept(Struct, frozen=True):
    """A notice as it is kept. `only`: the one channel it is for; `nonce`: of its link, used at `taken_ms`."""

    id: int
    made_ms: int
    person: str
    kind: Kind
    severity: int
    step: int
    alerts: list[int]
    more: int
    title: str
    body: str
    only: str = ""
    nonce: str = ""
    taken_ms: int = 0
    state: Sent = "waiting"
    channel: str = ""
    tries: int = 0
    changed_ms: int = 0
    detail: str = ""


class Notices:
    """Each call is a transaction of its own and may come from any thread; what goes wrong raises
    `LedgerUnavailable`."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def add(self, made: Sequence[Kept], key: str, blob: bytes) -> list[Kept]:
        """Store new notices, each with its id then, and what is known by then (under `key`): both or none."""
        kept = []
        with self._writing() as connection:
            row = {"key": key, "blob": blob}
            connection.execute(upsert(connection.dialect.name, tables_trade.kept, ["key"], None), [row])
            for one in made:
                values = msgspec.structs.asdict(one)
                del values["id"]
                number = connection.execute(insert(notice).values(values)).inserted_primary_key
                assert number is not None
                kept.append(msgspec.structs.replace(one, id=int(number[0])))
            if kept:
                old, done = notice.c.id <= kept[-1].id - NOTICES_MAX, notice.c.state.not_in(OPEN)
                connection.execute(delete(notice).where(old, done))
        return kept

    def change(self, number: int, **values: Any) -> None:
        """What became of a notice."""
        with self._writing() as connection:
            connection.execute(update(notice).where(notice.c.id == number).values(values))

    def take(self, number: int, nonce: str, at_ms: int) -> bool:
        """Use a notice's link; False where it was used before, or there is no such."""
        where = notice.c.id == number, notice.c.nonce == nonce, notice.c.taken_ms == 0
        with self._writing() as connection:
            return bool(connection.execute(update(notice).where(*where).values(taken_ms=at_ms)).rowcount)

    def one(self, number: int) -> Kept | None:
        """A notice."""
        found = self._read(notice.c.id == number)
        return found[0] if found else None

    def waiting(self) -> list[Kept]:
        """Those that are not done with, oldest first."""
        return self._read(notice.c.state.in_(OPEN))[::-1]

    def latest(self, before: int = 0, limit: int = PAGE) -> list[Kept]:
        """The latest, newest first; with `before` those older than that one."""
        return self._read(notice.c.id < before if before else true(), limit)

    def _read(self, where: ColumnElement[bool], limit: int = NOTICES_MAX) -> list[Kept]:
        asked = select(notice).where(where).order_by(notice.c.id.desc()).limit(limit)
        with self._reading() as connection:
            return [Kept(**row) for row in connection.execute(asked).mappings()]

    def noisiest(self, since_ms: int, limit: int = 10) -> tuple[int, list[Noisy]]:
        """How often any alert fired since, and those that did most, the noisiest first."""
        step, alert = tables.transition.c, tables.alert.c
        # Acknowledged: it came back within the hour to whoever had taken it on.
        fired = step.at_ms >= since_ms, step.before.not_in(("firing", "acknowledged", "shelved"))
        counted = or_(step.state == "firing", step.before == "resolved")
        joined = tables.transition.join(tables.alert, alert.id == step.alert)
        times, again = (
            func.count().label("fired"),
            func.sum(case((step.before == "resolved", 1), else_=0)).label("reopened"),
        )
        asked = (
            select(alert.rule, alert.subject, func.max(alert.zone), times, again, func.max(step.at_ms))
            .select_from(joined)
            .where(*fired, counted)
            .group_by(alert.rule, alert.subject)
            .order_by(times.desc(), alert.rule, alert.subject)
            .limit(limit)
        )
        with self._reading() as connection:
            every = select(func.count()).select_from(tables.transition).where(*fired, counted)
            total = connection.scalar(every) or 0
            rows = connection.execute(asked).all()
        return total, [
            Noisy(rule, subject, zone, count, int(back or 0), round(count / total, 4), last)
            for rule, subject, zone, count, back, last in rows
        ]
