"""Who did what, as long as there is room: the newest `AUDIT_MAX` entries stay, and the database itself changes none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select

from cloud.stores.people import Reading
from cloud.stores.tables_people import AUDIT_MAX, audit


class Deed(NamedTuple):
    """What somebody did, or was refused. `id` is given by the database."""

    at_ms: int
    who: str
    token: str
    what: str
    subject: str
    note: str
    address: str
    status: int
    code: str
    id: int = 0


class Audit:
    """What was done. Any thread may ask; raises `LedgerUnavailable`."""

    def __init__(self, reading: Reading, writing: Reading, kept: int = AUDIT_MAX) -> None:
        self._reading, self._writing = reading, writing
        self.kept = kept

    def keep(self, deeds: Sequence[Deed]) -> None:
        """Write them down, in one transaction; the oldest beyond the limit leave."""
        rows = [one._asdict() for one in deeds]
        for row in rows:
            del row["id"]
        newest = select(func.max(audit.c.id)).scalar_subquery()
        with self._writing() as connection:
            connection.execute(insert(audit), rows)
            connection.execute(delete(audit).where(audit.c.id <= newest - self.kept))

    def deeds(
        self, *, before: int = 0, limit: int, who: str = "", what: str = "", from_ms: int = 0, to_ms: int = 0
    ) -> list[Deed]:
        """The newest first, below a number (0: from the newest on); "" and 0 are any."""
        columns = audit.c
        wanted = select(*(columns[name] for name in Deed._fields)).order_by(columns.id.desc()).limit(limit)
        for given, where in (
            (before, columns.id < before),
            (who, columns.who == who),
            (what, columns.what == what),
            (from_ms, columns.at_ms >= from_ms),
            (to_ms, columns.at_ms < to_ms),
        ):
            wanted = wanted.where(where) if given else wanted
        with self._reading() as connection:
            return [Deed(*row) for row in connection.execute(wanted)]
