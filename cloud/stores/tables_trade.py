"""The ledger's tables of the book and of trade, beside those of tables.py.

What `STAYS` names is only ever added to: the database itself refuses to change, delete or replace a row of it.
"""

from __future__ import annotations

from sqlalchemy import DDL, JSON, BigInteger, Column, Float, Index, Integer, LargeBinary, String, Table, event

from cloud.stores.tables import metadata, movement
from cloud.stores.tables_people import AUDIT_MAX, audit

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

ID_MAX = 2**31 - 1
"""The numbers that a database gives end there (PostgreSQL: INTEGER)."""
STAYS = (entry, movement, purchase_version, score, audit)
"""Tables whose rows stay as they are."""
LEAVE = {audit.name: AUDIT_MAX}
"""Of these the oldest rows may leave, where so many are newer."""
_KEYED = "NEW.key != '' AND key = NEW.key"
AGAIN = {
    "entry": _KEYED,
    "verdict": _KEYED,
    "movement": "gateway = NEW.gateway AND seq = NEW.seq",
    "cold_step": "key = NEW.key",
    "cold_stay": "key = NEW.key",
}
"""By what a row that comes again is known: it is passed over, and the one that is there stays."""

_REFUSE = """CREATE OR REPLACE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql
 AS $$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = '23514'; END $$"""


def guards(dialect: str, table: Table) -> list[DDL]:
    """The statements that guard a table whose rows stay as they are; again they change nothing."""
    return [DDL(one.replace("%", "%%")) for one in _guards(dialect, table)]  # type: ignore[no-untyped-call]


def _guards(dialect: str, table: Table) -> list[str]:
    name, steps = table.name, ("UPDATE", "DELETE")
    old = f"OLD.id > (SELECT MAX(id) FROM {name}) - {LEAVE[name]}" if name in LEAVE else ""
    if dialect == "postgresql" and old:
        leaves = _REFUSE.replace("only_added_to", f"{name}_leaves").replace(
            "BEGIN RAISE", f"BEGIN IF NOT ({old}) THEN RETURN OLD; END IF; RAISE"
        )
        drops = [f"DROP TRIGGER IF EXISTS {name}_{one} ON {name}" for one in ("stays", "leaves")]
        guard = f"CREATE TRIGGER {name}_stays BEFORE UPDATE OR TRUNCATE ON {name} EXECUTE FUNCTION only_added_to()"
        row = f"CREATE TRIGGER {name}_leaves BEFORE DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_leaves()"
        return [_REFUSE, leaves, *drops, guard, row]
    if dialect == "postgresql":
        guard = f"CREATE TRIGGER {name}_stays BEFORE {' OR '.join(steps)} OR TRUNCATE ON {name}"
        drop = f"DROP TRIGGER IF EXISTS {name}_stays ON {name}"
        return [_REFUSE, drop, f"{guard} EXECUTE FUNCTION only_added_to()"]
    body = f"BEGIN SELECT RAISE(ABORT, 'rows of {name} are only ever added'); END"
    when = {"DELETE": f"WHEN {old} "} if old else {}
    made = [
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_{step.lower()} BEFORE {step} ON {name} {when.get(step, '')}{body}"
        for step in steps
    ]
    # INSERT OR REPLACE deletes what is in its way, and tells no trigger of it.
    same = " AND ".join(f"{column.name} = NEW.{column.name}" for column in table.primary_key)
    there = f"EXISTS (SELECT 1 FROM {name} WHERE {same})"
    body = f"SELECT RAISE(ABORT, 'rows of {name} are only ever added') WHERE {there};"
    if name in AGAIN:
        body += f" SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM {name} WHERE {AGAIN[name]});"
    return [*made, f"CREATE TRIGGER IF NOT EXISTS {name}_no_replace BEFORE INSERT ON {name} BEGIN {body} END"]


for _table in STAYS:
    for _dialect in ("sqlite", "postgresql"):
        for _guard in guards(_dialect, _table):
            event.listen(_table, "after_create", _guard.execute_if(dialect=_dialect))
