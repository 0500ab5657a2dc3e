"""The facts of the book as the ledger holds them: what was told (table `entry`) and what was sensed (`movement`).

Functions over a connection; what is read comes in the book's order, what is written is only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import eq, ge, le
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, insert, literal_column, null, select, text, union_all
from sqlalchemy.dialects import postgresql, sqlite

from cloud.core.book.entries import Entry, sensed
from cloud.stores import tables, tables_trade
from cloud.stores.database import Row as Values

CHUNK = 1000
"""Rows fetched at a time where all are streamed."""
_FIELDS = Entry.__struct_fields__
_ORDER = ("sku", "happened_ms", "known_ms", "id")
_WORDS = ("other", "lot", "expiry", "unit_cost", "ref", "by", "note", "key")


class Within(NamedTuple):
    """Facts of one SKU, or of all; happened from, happened to, known to: the ends included, None without end."""

    sku: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    known_to_ms: int | None = None

    def of(self, table: Table) -> list[ColumnElement[bool]]:
        """The same as conditions on `entry` or `movement`."""
        column = table.c
        limits = (
            (eq, column.sku, self.sku),
            (ge, column.happened_ms, self.from_ms),
            (le, column.happened_ms, self.to_ms),
            (le, column.known_ms, self.known_to_ms),
        )
        return [compare(one, limit) for compare, one, limit in limits if limit is not None]


def post(connection: Connection, entries: Iterable[Entry]) -> tuple[list[Entry], int]:
    """Add entries, each with its id then; one whose key is there already is given back as it was stored. Also how many
    are new."""
    if connection.dialect.name == "postgresql":  # ids rise in the order of commits, so that who reads on misses none
        connection.execute(text("LOCK TABLE entry IN SHARE ROW EXCLUSIVE MODE"))
    posted, new = [], 0
    for one in entries:
        values = msgspec.structs.asdict(one)
        found, fresh = add(connection, tables_trade.entry, {name: values[name] for name in _FIELDS})
        posted.append(Entry(**found))
        new += fresh
    return posted, new


def add(connection: Connection, table: Table, values: Values) -> tuple[Values, bool]:
    """Insert a row, and give it its id; where its key is not empty and there already, the row of that key. And whether
    it is new."""
    values = {name: value for name, value in values.items() if name != "id"}
    if not values["key"]:
        made = connection.execute(insert(table), values).inserted_primary_key
        assert made is not None
        return {**values, "id": int(made[0])}, True
    new = insert_new(connection, table, values)
    row = connection.execute(select(table).where(*of_key(table, values["key"]))).mappings().one()
    return dict(row), new


def of_key(table: Table, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The one row that came with a key, none with an empty one. That it is not empty is said outright, else the
    database would look at every row, not at the index of those that have one."""
    return table.c.key == key, table.c.key != literal_column("''")


def insert_new(connection: Connection, table: Table, values: Values) -> bool:
    """Insert a row, unless one with the same key is there; whether it was not. Waits for who does the same just now."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    wanted = dialect.insert(table).on_conflict_do_nothing()
    return connection.execute(wanted, values, execution_options={"preserve_rowcount": True}).rowcount > 0


def entries(connection: Connection, within: Within, after_id: int, limit: int) -> list[Entry]:
    """What was told, in the order of ids from behind `after_id`."""
    if after_id >= tables_trade.ID_MAX:
        return []
    table = tables_trade.entry
    wanted = select(table).where(table.c.id > after_id, *within.of(table)).order_by(table.c.id).limit(limit)
    return [Entry(**row) for row in connection.execute(wanted).mappings()]


def stream(connection: Connection, within: Within) -> Iterator[Entry]:
    """What was told and what was sensed, in the book's order, of all SKUs one after the other; of the same moment, time
    of knowing and id what was sensed comes first. One statement, so that nothing that comes meanwhile is half seen."""
    seen, told = tables.movement, tables_trade.entry
    shelf: list[Any] = [seen.c.source, seen.c.delta, seen.c.slot, seen.c["count"], *(null() for _ in _WORDS)]
    book: list[Any] = [told.c.kind, told.c.units, told.c.place, null(), *(told.c[name] for name in _WORDS)]
    sides = [
        select(*(table.c[name] for name in _ORDER), literal_column(str(i)).label("told"), *rest).where(
            *within.of(table)
        )
        for i, (table, rest) in enumerate(((seen, shelf), (told, book)))
    ]
    both = union_all(*sides).execution_options(yield_per=CHUNK)
    order = [*_ORDER[within.sku is not None :], "told"]
    return map(_fact, connection.execute(both.order_by(*map(text, order))))


def by_sku(facts: Iterable[Entry]) -> Iterator[tuple[str, Iterator[Entry]]]:
    """A stream of all SKUs, one after the other."""
    return groupby(facts, key=lambda one: one.sku)


def _fact(row: Any) -> Entry:
    sku, happened_ms, known_ms, id, told, kind, units, place, count = row[:9]
    if not told:
        return sensed(place, sku, units, count, happened_ms, known_ms, kind, id)
    other, lot, expiry, unit_cost, ref, by, note, key = row[9:]
    return Entry(kind, sku, units, happened_ms, known_ms, place, other, lot, expiry, unit_cost, ref, by, note, key, id)
