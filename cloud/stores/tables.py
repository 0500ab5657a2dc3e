"""The ledger's tables (SQLAlchemy Core), for SQLite and PostgreSQL alike; those of the book and of trade are in
tables_trade.py. Times are ms since 1970, UTC."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    or_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

metadata = MetaData()

about = Table("about", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

lane = Table(
    "lane",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("lane", String, primary_key=True),
    Column("held", LargeBinary, nullable=False),
    Column("applied", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("holes", JSON, nullable=False),
    Column("next_seq", BigInteger),
    Column("unsigned_from", BigInteger),
)

repeated = Table(
    "repeated",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("gateway", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

refused = Table(
    "refused",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("lane", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("reason", String, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

movement = Table(
    "movement",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("gateway", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("slot", String, nullable=False),
    Column("sku", String, nullable=False),
    Column("delta", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("happened_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("source", String, nullable=False),
    UniqueConstraint("gateway", "seq"),
    Index("movement_happened", "happened_ms"),
    Index("movement_sku", "sku", "happened_ms", "known_ms"),  # what is known of one SKU, in order
)

booked = Table(
    "booked",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("movements", BigInteger, nullable=False),  # as many rows of it as there are in `movement`
)

level = Table(
    "level",
    metadata,
    Column("slot", String, primary_key=True),
    Column("sku", String, nullable=False),
    Column("count", BigInteger),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("mass_g", Float, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("remedy", String, nullable=False),
    Column("booked", BigInteger),
    Column("differs_ms", BigInteger, nullable=False),
    Column("gateway", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("device", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("period_ms", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("battery_pct", Float),
    Column("findings", JSON, nullable=False),
    Column("heard", JSON, nullable=False),
    Column("noticed", JSON, nullable=False),
    Column("unheard", Boolean, nullable=False),
    Column("gateway", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

tag = Table(
    "tag",
    metadata,
    Column("epc", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("zone", String, nullable=False),
    Column("move", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("gateway", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

thinned = Table(
    "thinned",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("gateway", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
    Column("why", String, nullable=False),
)

proposal = Table(
    "proposal",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("reorder_point", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
)

local_alarm = Table(
    "local_alarm",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("rule", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("zone", String, nullable=False),
    Column("state", String, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
    Column("params", JSON, nullable=False),
)

need = Table(
    "need",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sku", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("why", JSON, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("rule", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("params", JSON, nullable=False),
    Column("acknowledged_by", String, nullable=False),
    Column("acknowledged_ms", BigInteger, nullable=False),
    Column("note", String, nullable=False),
    Column("shelved_until_ms", BigInteger, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("assigned_to", String, nullable=False),
)

transition = Table(
    "alert_transition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("alert", Integer, nullable=False),
    Column("before", String, nullable=False),
    Column("state", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("note", String, nullable=False),
)


def upsert(dialect: str, table: Table, keys: list[str], newest_by: str | None) -> Insert:
    """Insert rows or replace those of the same key; with `newest_by` only if the new one is not older. The number of a
    report (`seq`) tells this among those of one gateway."""
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    others = {name: statement.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
    where = None if newest_by is None else table.c[newest_by] <= statement.excluded[newest_by]
    if where is not None and newest_by == "seq" and "gateway" not in keys:
        where = or_(where, table.c.gateway != statement.excluded.gateway)
    return statement.on_conflict_do_update(index_elements=keys, set_=others, where=where)


class Bulk(NamedTuple):
    """A statement for many rows as the driver takes it, and the order of a row's values: what SQLAlchemy does for every
    row is half the cost of inserting it. Not for JSON columns."""

    text: str
    names: tuple[str, ...]


def bulk(dialect: str, table: Table, keys: list[str], newest_by: str | None) -> Bulk:
    """An `upsert`, or without keys an insert of what is not there yet, of every column but a number the database
    gives."""
    names = [column.name for column in table.c if column is not table.autoincrement_column]
    statement: Insert
    if keys:
        statement = upsert(dialect, table, keys, newest_by)
    else:
        plain = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
        statement = plain.on_conflict_do_nothing()
    spoken = postgresql.dialect if dialect == "postgresql" else sqlite.dialect
    style = "format" if dialect == "postgresql" else "qmark"
    compiled = statement.compile(dialect=spoken(paramstyle=style), column_keys=names)
    assert isinstance(compiled, SQLCompiler), "an INSERT is SQL"
    return Bulk(str(compiled), tuple(compiled.positiontup or ()))


UPGRADES: dict[str, tuple[str, ...]] = {
    "1": (
        "ALTER TABLE level ADD COLUMN booked BIGINT",
        "ALTER TABLE level ADD COLUMN differs_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE device ADD COLUMN findings JSON NOT NULL DEFAULT '[]'",
    ),
    "2": (
        "ALTER TABLE lane ADD COLUMN duplicates BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE lane ADD COLUMN holes JSON NOT NULL DEFAULT '[]'",
        "ALTER TABLE lane ADD COLUMN next_seq BIGINT",
        "ALTER TABLE lane ADD COLUMN unsigned_from BIGINT",
        "ALTER TABLE movement ADD COLUMN heard_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE tag ADD COLUMN heard_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE device ADD COLUMN heard JSON NOT NULL DEFAULT '[]'",
        "ALTER TABLE device ADD COLUMN noticed JSON NOT NULL DEFAULT '[]'",
        "ALTER TABLE thinned ADD COLUMN lane VARCHAR NOT NULL DEFAULT 'telemetry'",
        "ALTER TABLE thinned ADD COLUMN known_ms BIGINT NOT NULL DEFAULT 0",
        "UPDATE thinned SET known_ms = at_ms",
    ),
    "3": (
        "ALTER TABLE device ADD COLUMN unheard BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE tag ADD COLUMN gateway VARCHAR NOT NULL DEFAULT ''",
        "ALTER TABLE tag ADD COLUMN seq BIGINT NOT NULL DEFAULT 0",
        "CREATE TABLE booked (gateway VARCHAR NOT NULL, movements BIGINT NOT NULL, PRIMARY KEY (gateway))",
        "INSERT INTO booked SELECT gateway, COUNT(*) FROM movement GROUP BY gateway",
    ),
    "4": tuple(
        f"ALTER TABLE {table} ADD COLUMN {column} NOT NULL DEFAULT {nobody}"
        for table in ("level", "device")
        for column, nobody in (("gateway VARCHAR", "''"), ("seq BIGINT", "0"))
    ),
    "5": (
        "ALTER TABLE account ADD COLUMN supplier VARCHAR NOT NULL DEFAULT ''",
        "CREATE INDEX movement_sku ON movement (sku, happened_ms, known_ms)",  # 1 s for a million movements
    ),
    "6": (),  # guards alone, which every upgrade makes
    "7": (
        "ALTER TABLE alert ADD COLUMN shelved_until_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE alert ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0",
    ),
    "8": (
        "ALTER TABLE alert ADD COLUMN assigned_to VARCHAR NOT NULL DEFAULT ''",
        "DROP TABLE IF EXISTS cooler",  # coolers are learnt again from the history, as assets
    ),
    "9": (
        "UPDATE account SET role = 'operator' WHERE role = 'crew'",
        "UPDATE account SET role = 'admin' WHERE role = 'manager'",
        "ALTER TABLE account ADD COLUMN once BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE account ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE account ADD COLUMN subject VARCHAR NOT NULL DEFAULT ''",
        "ALTER TABLE account ADD COLUMN changed_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE account ADD COLUMN changed_by VARCHAR NOT NULL DEFAULT ''",
        "ALTER TABLE account ADD COLUMN signed_in_ms BIGINT NOT NULL DEFAULT 0",
        # the oldest ledgers kept no sessions
        "CREATE TABLE IF NOT EXISTS session (token_hash VARCHAR NOT NULL, name VARCHAR NOT NULL,"
        " password_hash VARCHAR NOT NULL, expires_ms BIGINT NOT NULL, PRIMARY KEY (token_hash))",
        "ALTER TABLE session ADD COLUMN since_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE session ADD COLUMN used_ms BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE session ADD COLUMN address VARCHAR NOT NULL DEFAULT ''",
        "ALTER TABLE session ADD COLUMN browser VARCHAR NOT NULL DEFAULT ''",
        "CREATE TABLE token (token_hash VARCHAR NOT NULL, owner VARCHAR NOT NULL, name VARCHAR NOT NULL,"
        " scopes VARCHAR NOT NULL, made_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL,"
        " PRIMARY KEY (token_hash), UNIQUE (owner, name))",
        # machines of before only looked, and had no end
        "INSERT INTO token SELECT token_hash, name, name, CASE WHEN role = 'supplier' THEN 'portal' ELSE 'look' END,"
        " 0, 0, 0 FROM account WHERE token_hash != ''",
        "ALTER TABLE account DROP COLUMN token_hash",
    ),
}
"""Schema version -> the statements that make the next one of it; tables that are new in it are made after them."""
