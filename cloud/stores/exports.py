"""What the ledger has in long tables, read page by page in the order of numbers, however many rows there are.

Each page is a transaction of its own: who reads slowly holds up nobody. What comes after the beginning is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import starmap
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Table, func, select

from cloud.alerts.lifecycle import Alert
from cloud.core.book.entries import Entry, Sensed, sensed
from cloud.core.maintenance.verdicts import Verdict
from cloud.core.maintenance.work import WorkOrder
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.scorecards import Mark
from cloud.core.replenishment import Need
from cloud.stores import purchases, tables, tables_notices, tables_people, tables_trade, tables_work, work
from cloud.stores.audit import Deed
from cloud.stores.notices import Kept

PAGE = 2_000
FIRED = ("firing", "acknowledged", "shelved", "resolved")


class AlertChange(NamedTuple):
    """An alert became another; `before`: "" where it is new."""

    id: int
    alert: int
    before: str
    state: str
    severity: int
    at_ms: int
    by: str
    note: str


class Exports:
    """Each gives the rows of a span, from_ms <= time < to_ms. Any thread may ask; what goes wrong raises
    `LedgerUnavailable`."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._reading = reading

    def entries(self, from_ms: int, to_ms: int) -> Iterator[Entry]:
        """What was told, by when it happened."""
        table = tables_trade.entry
        return starmap(Entry, self._rows(table, table.c.happened_ms, from_ms, to_ms, Entry.__struct_fields__))

    def movements(self, from_ms: int, to_ms: int) -> Iterator[Sensed]:
        """What was sensed, by when it happened."""
        table = tables.movement
        fields = ("slot", "sku", "delta", "count", "happened_ms", "known_ms", "source", "id")
        return starmap(sensed, self._rows(table, table.c.happened_ms, from_ms, to_ms, fields))

    def reservations(self, from_ms: int, to_ms: int) -> Iterator[Reservation]:
        """Promises, whatever became of them, by when they were made."""
        table = tables_trade.reservation
        return starmap(Reservation, self._rows(table, table.c.made_ms, from_ms, to_ms, Reservation.__struct_fields__))

    def orders(self, from_ms: int, to_ms: int) -> Iterator[Order]:
        """Purchase orders, open or over, by when they were made."""
        table = tables_trade.purchase
        return starmap(purchases.order_of, self._rows(table, table.c.created_ms, from_ms, to_ms, ("body", "id")))

    def needs(self, from_ms: int, to_ms: int) -> Iterator[Need]:
        """Proposals, by when they were made."""
        table = tables.need
        return starmap(Need, self._rows(table, table.c.created_ms, from_ms, to_ms, Need.__struct_fields__))

    def alerts(self, from_ms: int, to_ms: int) -> Iterator[Alert]:
        """Alerts that fired, by since when."""
        table = tables.alert
        fired, fields = table.c.state.in_(FIRED), (*table.c.keys(),)
        rows = self._rows(table, table.c.since_ms, from_ms, to_ms, fields, fired)
        return (Alert(**dict(zip(fields, row, strict=True))) for row in rows)

    def alert_changes(self, from_ms: int, to_ms: int) -> Iterator[AlertChange]:
        """What became of alerts that fired or were to, by when."""
        table = tables.transition
        return starmap(AlertChange, self._rows(table, table.c.at_ms, from_ms, to_ms, AlertChange._fields))

    def verdicts(self, from_ms: int, to_ms: int) -> Iterator[Verdict]:
        """What people said, by when."""
        table = tables_work.verdict
        return starmap(Verdict, self._rows(table, table.c.at_ms, from_ms, to_ms, Verdict.__struct_fields__))

    def deeds(self, from_ms: int, to_ms: int) -> Iterator[Deed]:
        """Who did what, by when."""
        table = tables_people.audit
        return starmap(Deed, self._rows(table, table.c.at_ms, from_ms, to_ms, Deed._fields))

    def notices(self, from_ms: int, to_ms: int) -> Iterator[Kept]:
        """What people were told, by when."""
        table = tables_notices.notice
        return starmap(Kept, self._rows(table, table.c.made_ms, from_ms, to_ms, Kept.__struct_fields__))

    def works(self, from_ms: int, to_ms: int) -> Iterator[WorkOrder]:
        """Maintenance orders, open or over, by when they were made."""
        table = tables_work.work
        return starmap(work.order_of, self._rows(table, table.c.created_ms, from_ms, to_ms, ("body", "id")))

    def scores(self, from_ms: int, to_ms: int) -> Iterator[Mark]:
        """What suppliers were given, by when."""
        table = tables_trade.score
        return starmap(Mark, self._rows(table, table.c.at_ms, from_ms, to_ms, Mark.__struct_fields__))

    def _rows(
        self,
        table: Table,
        time: Column[Any],
        from_ms: int,
        to_ms: int,
        fields: Sequence[str],
        where: ColumnElement[bool] | None = None,
    ) -> Iterator[Sequence[Any]]:
        """The fields of each row."""
        number, columns = table.c.id, [table.c[name] for name in fields]
        wanted = select(*columns, number.label("row")).where(time >= from_ms, time < to_ms)
        wanted = wanted if where is None else wanted.where(where)
        with self._reading() as connection:
            last = connection.scalar(select(func.max(number))) or 0
        after, count = 0, len(fields)
        while True:
            with self._reading() as connection:
                page = wanted.where(number > after, number <= last).order_by(number).limit(PAGE)
                rows = connection.execute(page).all()
            yield from (row[:count] for row in rows)
            if len(rows) < PAGE:
                return
            after = int(rows[-1][count])
