"""The ledger's tables of maintenance: orders, each of their versions, and what people said of alerts and orders.

What `STAYS` names is only ever added to, as in tables_trade.py.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, event

from cloud.stores.tables import metadata
from cloud.stores.tables_trade import guards

__all__ = ["STAYS", "verdict", "work", "work_version"]

work = Table(
    "work",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asset", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("claim", String, nullable=False),  # asset and cause of an open order: no other has the same
    Column("key", String, nullable=False),  # by which it was made
    Column("body", JSON, nullable=False),
    Index("work_state", "state"),
)

work_version = Table(
    "work_version",
    metadata,
    Column("work", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("body", JSON, nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("alert", Integer, nullable=False),
    Column("work", Integer, nullable=False),
    Column("said", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("note", String, nullable=False),
    Column("key", String, nullable=False),
    Column("outcome", Boolean, nullable=False),
    Index("verdict_of", "alert", "work"),
    Index("verdict_at", "at_ms"),
)

for _table, _name in ((work, "key"), (work, "claim"), (verdict, "key")):
    _given = _table.c[_name] != ""
    Index(f"{_table.name}_{_name}", _table.c[_name], unique=True, sqlite_where=_given, postgresql_where=_given)

STAYS = (work_version, verdict)
"""Tables whose rows stay as they are."""

for _table in STAYS:
    for _dialect in ("sqlite", "postgresql"):
        for _guard in guards(_dialect, _table):
            event.listen(_table, "after_create", _guard.execute_if(dialect=_dialect))
