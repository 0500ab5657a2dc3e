"""The ledger's alerts that are over: found by what they were, about what, how bad and when; the latest end first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import ColumnElement, Connection, and_, or_, select, true

from cloud.alerts.lifecycle import Alert
from cloud.core.crews_view import Sought
from cloud.stores.tables import alert as table


class PastAlerts:
    """Each call is a transaction of its own and may come from any thread; what goes wrong raises
    `LedgerUnavailable`."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._reading = reading

    def one(self, number: int) -> Alert | None:
        """An alert as last stored, over or not."""
        found = self._read(table.c.id == number, 1)
        return found[0] if found else None

    def ended(self, sought: Sought, limit: int, after: tuple[int, int] | None = None) -> list[Alert]:
        """Those that fired and are over, the latest end first; with `after` (when one ended, its number) those that
        follow that one."""
        column = table.c
        wanted = [column.state == "resolved", column.changed_ms >= sought.from_ms]
        if sought.to_ms:
            wanted.append(column.since_ms <= sought.to_ms)
        if sought.rule:
            wanted.append(column.rule == sought.rule)
        if sought.severity:
            wanted.append(column.severity == sought.severity)
        if sought.about:
            names = (column.subject, column.zone)
            wanted.append(or_(*(name.icontains(sought.about, autoescape=True) for name in names)))
        if after is not None:
            at_ms, number = after
            same = and_(column.changed_ms == at_ms, column.id < number)
            wanted.append(or_(column.changed_ms < at_ms, same))
        return self._read(and_(true(), *wanted), limit)

    def _read(self, where: ColumnElement[bool], limit: int) -> list[Alert]:
        asked = select(table).where(where).order_by(table.c.changed_ms.desc(), table.c.id.desc()).limit(limit)
        with self._reading() as connection:
            return [Alert(**row) for row in connection.execute(asked).mappings()]
