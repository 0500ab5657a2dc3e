"""Maintenance orders as the ledger holds them: the newest version in `work`, every version in `work_version`; and in
`verdict` what people said of alerts and orders. What an act does to stock and promises is stored with it, or not at
all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, insert, or_, select, update

from cloud.alerts.lifecycle import Alert
from cloud.core.book.entries import Entry
from cloud.core.maintenance.parts import REF, Booked, Change
from cloud.core.maintenance.verdicts import Verdict
from cloud.core.maintenance.work import OPEN, WorkOrder, claim
from cloud.core.promising.reservations import Reservation
from cloud.core.work_view import WorkVersion
from cloud.stores import facts, tables, tables_trade, tables_work
from cloud.stores.database import Changed, Row

ENDED_MAX = 200
"""Of the orders that are over the latest are read at a start; the rest by their number."""


class Stored(Struct, frozen=True):
    """What an act wrote: the order, its reservations and entries of the book as they are now, and the verdict."""

    order: WorkOrder
    reservations: list[Reservation] = []
    entries: list[Entry] = []
    verdict: Verdict | None = None


class Taken(Changed):
    """An open order is there for the same asset and cause already: `order`."""

    def __init__(self, order: int, of: str) -> None:
        super().__init__(f"order {order} is open for {of} already")
        self.order = order


class Maintenance:
    """Orders and verdicts. Each call is a transaction of its own and may come from any thread; what goes wrong raises
    `LedgerUnavailable`, and `Changed` where somebody else was first. Versions and verdicts are only ever added to."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def keep(
        self, before: WorkOrder | None, after: WorkOrder, action: str, booked: Booked, verdict: Verdict | None = None
    ) -> Stored:
        """Store the next version of an order and all that comes of it, together. Raises `Changed` where `before` is not
        the newest, or a reservation is not as it was."""
        with self._writing() as connection:
            assert before is not None, "a new one is created"
            _change(connection, before, after)
            _note(connection, after, action)
            held = [_reservation(connection, one) for one in booked.changes]
            entries, new = facts.post(connection, booked.entries)
            if new < len(entries):
                raise Changed("what is to be taken for it is in the book already")
            return Stored(after, held, entries, None if verdict is None else _verdict(connection, verdict))

    def create(self, order: WorkOrder, key: str, booked: Booked) -> Stored:
        """Store a new order, which gets its id, and what it reserves; one whose key is there already is given back as
        it is now. Raises `Taken` where one is open for the same asset and cause."""
        with self._writing() as connection:
            if key and (
                known := connection.execute(select(tables_work.work).where(*facts.of_key(tables_work.work, key)))
                .mappings()
                .first()
            ):
                return Stored(order_of(known["body"], known["id"]))
            wanted = claim(order.asset, order.cause)
            book = tables_work.work.c
            if wanted and (other := connection.scalar(select(book.id).where(book.claim == wanted))) is not None:
                raise Taken(other, wanted)
            row = {**_row(order), "key": key}
            made = connection.execute(insert(tables_work.work).values(row)).inserted_primary_key
            assert made is not None
            kept = replace(order, id=int(made[0]))
            _note(connection, kept, "open" if kept.state != "draft" else "propose")
            ref = f"{REF}{kept.id}"
            changes = [Change(None, replace(one.after, ref=ref)) for one in booked.changes]
            return Stored(kept, [_reservation(connection, one) for one in changes])

    def orders(self) -> list[WorkOrder]:
        """Every open order, and the latest that are over, as they are now; oldest first."""
        book = tables_work.work
        is_open = book.c.state.in_([*OPEN])
        ended = select(book.c.id).where(~is_open).order_by(book.c.changed_ms.desc()).limit(ENDED_MAX)
        wanted = select(book.c.id, book.c.body).where(or_(is_open, book.c.id.in_(ended))).order_by(book.c.id)
        with self._reading() as connection:
            return [order_of(row.body, row.id) for row in connection.execute(wanted)]

    def ended(self, before: int, limit: int) -> list[WorkOrder]:
        """Orders that are over, the newest first; with `before` those of lower numbers."""
        book = tables_work.work
        wanted = select(book.c.id, book.c.body).where(~book.c.state.in_([*OPEN])).order_by(book.c.id.desc())
        wanted = wanted.where(book.c.id < before) if before else wanted
        with self._reading() as connection:
            return [order_of(row.body, row.id) for row in connection.execute(wanted.limit(limit))]

    def order_of(self, key: str) -> WorkOrder | None:
        """The order that was made with a key, as it is now."""
        with self._reading() as connection:
            row = (
                connection.execute(select(tables_work.work).where(*facts.of_key(tables_work.work, key)))
                .mappings()
                .first()
            )
        return None if row is None else order_of(row["body"], row["id"])

    def versions(self, id: int) -> list[WorkVersion]:
        """Every version of an order, oldest first; none where there is no such order."""
        table = tables_work.work_version
        wanted = select(table).where(table.c.work == id).order_by(table.c.version)
        with self._reading() as connection:
            rows = connection.execute(wanted)
            return [WorkVersion(order_of(row.body, row.work), row.at_ms, row.by, row.action) for row in rows]

    def say(self, verdict: Verdict) -> Verdict:
        """Add a verdict, which gets its id; one whose key is there already is given back as it was stored."""
        with self._writing() as connection:
            return _verdict(connection, verdict)

    def verdicts(self, since_ms: int = 0) -> list[Verdict]:
        """Everything that was said since a moment, oldest first."""
        table = tables_work.verdict
        wanted = select(table).where(table.c.at_ms >= since_ms).order_by(table.c.id)
        with self._reading() as connection:
            return [Verdict(**row) for row in connection.execute(wanted).mappings()]

    def verdicts_of(self, alert: int, work: int) -> list[Verdict]:
        """Everything that was said of an alert, or of an order that came of none."""
        table = tables_work.verdict.c
        wanted = select(tables_work.verdict).where(table.alert == alert).order_by(table.id)
        with self._reading() as connection:
            rows = connection.execute(wanted if alert else wanted.where(table.work == work))
            return [Verdict(**row) for row in rows.mappings()]

    def verdict_of(self, key: str) -> Verdict | None:
        """The verdict that came with a key."""
        with self._reading() as connection:
            row = connection.execute(select(tables_work.verdict).where(*facts.of_key(tables_work.verdict, key)))
            found = row.mappings().first()
        return None if found is None else Verdict(**found)

    def alert(self, id: int) -> Alert | None:
        """An alert as last stored, whatever became of it."""
        with self._reading() as connection:
            row = connection.execute(select(tables.alert).where(tables.alert.c.id == id)).mappings().first()
        return None if row is None else Alert(**row)


def _change(connection: Connection, before: WorkOrder, after: WorkOrder) -> None:
    assert before.id == after.id, "a change is one of the same order"
    assert before.version < after.version, "each change is a new version"
    book = tables_work.work
    same = (book.c.id == before.id) & (book.c.version == before.version)
    if not connection.execute(update(book).where(same).values(_row(after))).rowcount:
        held = connection.scalar(select(book.c.version).where(book.c.id == before.id))
        now = "does not exist" if held is None else f"is at version {held} by now"
        raise Changed(f"maintenance order {before.id} {now}; version {before.version} was looked at")


def _note(connection: Connection, order: WorkOrder, action: str) -> None:
    told = {"version": order.version, "at_ms": order.changed_ms, "by": order.by, "action": action}
    body = msgspec.to_builtins(order)
    connection.execute(insert(tables_work.work_version).values(work=order.id, body=body, **told))


def _reservation(connection: Connection, change: Change) -> Reservation:
    table, after = tables_trade.reservation, msgspec.structs.asdict(change.after)
    if change.before is None:
        row, _ = facts.add(connection, table, after)
        return Reservation(**row)
    as_before = [table.c[name] == value for name, value in msgspec.structs.asdict(change.before).items()]
    if not connection.execute(update(table).where(*as_before).values(after)).rowcount:
        raise Changed(f"reservation {change.before.id} is not {change.before.state} any more, or was changed since")
    return change.after


def _verdict(connection: Connection, verdict: Verdict) -> Verdict:
    row, _ = facts.add(connection, tables_work.verdict, msgspec.structs.asdict(verdict))
    return Verdict(**row)


def _row(order: WorkOrder) -> Row:
    columns = ("asset", "state", "created_ms", "changed_ms", "version")
    given = {name: getattr(order, name) for name in columns}
    of = claim(order.asset, order.cause) if order.is_open else ""
    return {**given, "claim": of, "body": msgspec.to_builtins(order)}


def order_of(body: object, id: int) -> WorkOrder:
    """An order from its row."""
    return replace(msgspec.convert(body, WorkOrder), id=id)
