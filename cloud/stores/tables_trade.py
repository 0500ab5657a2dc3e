"""The ledger's tables of the book and of trade, beside those of tables.py.

What `STAYS` names is only ever added to: the database itself refuses to change or delete a row of it.
"""

from __future__ import annotations

from sqlalchemy import DDL, JSON, BigInteger, Column, Float, Index, Integer, LargeBinary, String, Table, event

from cloud.stores.tables import metadata

__all__ = ["metadata"]

entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("sku", String, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("happened_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
    Column("place", String, nullable=False),
    Column("other", String, nullable=False),
    Column("lot", String, nullable=False),
    Column("expiry", String, nullable=False),
    Column("unit_cost", Float),
    Column("ref", String, nullable=False),
    Column("by", String, nullable=False),
    Column("note", String, nullable=False),
    Column("key", String, nullable=False),
    Index("entry_sku", "sku", "happened_ms", "known_ms"),
)

purchase = Table(
    "purchase",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("supplier", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Index("purchase_state", "state"),
)

purchase_version = Table(
    "purchase_version",
    metadata,
    Column("purchase", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("body", JSON, nullable=False),
)

ordered_need = Table(
    "ordered_need",
    metadata,
    Column("need", Integer, primary_key=True, autoincrement=False),  # so that no need is ordered twice
    Column("purchase", Integer, nullable=False),
)

reservation = Table(
    "reservation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sku", String, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("tier", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("ref", String, nullable=False),
    Column("note", String, nullable=False),
    Column("by", String, nullable=False),
    Column("key", String, nullable=False),
    Index("reservation_state", "state"),
)

score = Table(
    "score",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("supplier", String, nullable=False),
    Column("criterion", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("note", String, nullable=False),
)

kept = Table(
    "kept",
    metadata,
    Column("key", String, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
)

spare = Table(
    "spare",
    metadata,
    Column("neighbour", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("units", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

for _table in (entry, reservation):
    _given = _table.c.key != ""
    Index(f"{_table.name}_key", _table.c.key, unique=True, sqlite_where=_given, postgresql_where=_given)

STAYS = (entry, purchase_version, score)

_REFUSE = """CREATE OR REPLACE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql
 AS $$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = '23514'; END $$"""


def _refused(table: str) -> list[tuple[str, str]]:
    """Dialect and statement of each guard of a table whose rows stay as they are."""
    body = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
    steps = ("UPDATE", "DELETE")
    guard = f"CREATE TRIGGER {table}_stays BEFORE {' OR '.join(steps)} OR TRUNCATE ON {table}"
    return [
        *(("sqlite", f"CREATE TRIGGER {table}_no_{step.lower()} BEFORE {step} ON {table} {body}") for step in steps),
        ("postgresql", _REFUSE.replace("%", "%%")),
        ("postgresql", f"{guard} EXECUTE FUNCTION only_added_to()"),
    ]


for _table in STAYS:
    for _dialect, _statement in _refused(_table.name):
        _guard = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(_table, "after_create", _guard.execute_if(dialect=_dialect))
