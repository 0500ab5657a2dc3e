"""Orders as the ledger holds them: the newest version in `purchase`, every version in `purchase_version`, and which
need is on which order. Functions over a connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec
from sqlalchemy import Connection, insert, select, update

from cloud.core.office_view import OrderVersion
from cloud.core.purchasing.orders import Order
from cloud.stores import tables_trade
from cloud.stores.database import Changed, Ordered, Row
from cloud.stores.facts import insert_new

OVER = ("closed", "cancelled")
"""States in which nothing of an order is waited for."""


def create(connection: Connection, orders: Iterable[Order], action: str, by: str) -> list[Order]:
    """New orders, each with its id then. What any of them is for, they claim together; raises `Ordered`."""
    created = []
    for order in orders:
        made = connection.execute(insert(tables_trade.purchase).values(_row(order))).inserted_primary_key
        assert made is not None
        created.append(msgspec.structs.replace(order, id=int(made[0])))
        _note(connection, created[-1], action, by)
    first = {need: order.id for order in reversed(created) for need in order.needs}
    _claim(connection, first)
    return created


def change(connection: Connection, before: Order, after: Order, action: str, by: str) -> None:
    """The next version of an order; raises `Changed` where another than `before` is the newest, and `Ordered`."""
    assert before.id == after.id, "a change is one of the same order"
    assert before.version < after.version, "each change is a new version"
    book = tables_trade.purchase
    same = (book.c.id == before.id) & (book.c.version == before.version)
    if not connection.execute(update(book).where(same).values(_row(after))).rowcount:
        held = connection.scalar(select(book.c.version).where(book.c.id == before.id))
        now = "does not exist" if held is None else f"is at version {held} by now"
        raise Changed(f"order {before.id} {now}; version {before.version} was looked at")
    _note(connection, after, action, by)
    _claim(connection, {need: after.id for need in after.needs if need not in before.needs})


def read(connection: Connection, open_only: bool = False, id: int | None = None) -> list[Order]:
    """Orders as they are now, oldest first."""
    book = tables_trade.purchase.c
    wanted = select(book.id, book.body).order_by(book.id)
    if open_only:
        wanted = wanted.where(book.state.not_in(OVER))
    if id is not None:
        wanted = wanted.where(book.id == id)
    return [order_of(row.body, row.id) for row in connection.execute(wanted)]


def ended(connection: Connection, before: int, limit: int) -> list[Order]:
    """Orders that are over, the newest first; with `before` those of lower numbers."""
    book = tables_trade.purchase.c
    wanted = select(book.id, book.body).where(book.state.in_(OVER)).order_by(book.id.desc()).limit(limit)
    rows = connection.execute(wanted.where(book.id < before) if before else wanted)
    return [order_of(row.body, row.id) for row in rows]


def versions(connection: Connection, id: int) -> list[OrderVersion]:
    """Every version of an order, oldest first."""
    table = tables_trade.purchase_version
    rows = connection.execute(select(table).where(table.c.purchase == id).order_by(table.c.version))
    return [OrderVersion(order_of(row.body, row.purchase), row.at_ms, row.by, row.action) for row in rows]


def every_version(connection: Connection) -> Iterator[tuple[int, list[OrderVersion]]]:
    """Every version of every order, oldest first, one order after the other."""
    table = tables_trade.purchase_version
    rows = connection.execute(select(table).order_by(table.c.purchase, table.c.version))
    for id, of in groupby(rows, key=lambda row: int(row.purchase)):
        yield id, [OrderVersion(order_of(row.body, row.purchase), row.at_ms, row.by, row.action) for row in of]


def ordered(connection: Connection) -> dict[int, int]:
    """Need -> the order it is on."""
    return {row.need: row.purchase for row in connection.execute(select(tables_trade.ordered_need))}


def _claim(connection: Connection, needs: dict[int, int]) -> None:
    table = tables_trade.ordered_need
    for need, purchase in sorted(needs.items()):
        if not insert_new(connection, table, {"need": need, "purchase": purchase}):
            raise Ordered(need, connection.scalars(select(table.c.purchase).where(table.c.need == need)).one())


def _note(connection: Connection, order: Order, action: str, by: str) -> None:
    told = {"version": order.version, "at_ms": order.changed_ms, "by": by, "action": action}
    body = msgspec.to_builtins(order)
    connection.execute(insert(tables_trade.purchase_version).values(purchase=order.id, body=body, **told))


def _row(order: Order) -> Row:
    columns = ("supplier", "state", "created_ms", "changed_ms", "version")
    return {**{name: getattr(order, name) for name in columns}, "body": msgspec.to_builtins(order)}


def order_of(body: object, id: int) -> Order:
    """An order from its row."""
    return msgspec.structs.replace(msgspec.convert(body, Order), id=id)
