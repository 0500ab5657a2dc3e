"""The ledger's tables of the cold chain: the dossier of excursions, and where lots were. Rows are only ever added."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, event

from cloud.stores.tables import metadata
from cloud.stores.tables_trade import guards

cold_step = Table(
    "cold_step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("excursion", Integer, nullable=False),  # 0: this row begins one
    Column("zone", String, nullable=False),
    Column("storage", String, nullable=False),
    Column("what", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("known_ms", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("role", String, nullable=False),
    Column("note", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("key", String, nullable=False, unique=True),
    Index("cold_step_excursion", "excursion"),
    Index("cold_step_zone", "zone", "at_ms"),
)

cold_stay = Table(
    "cold_stay",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sku", String, nullable=False),
    Column("lot", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("storage", String, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("body", JSON, nullable=False),
    Column("key", String, nullable=False, unique=True),
    Index("cold_stay_sku", "sku", "lot"),
)

STAYS = (cold_step, cold_stay)

for _table in STAYS:
    for _dialect in ("sqlite", "postgresql"):
        for _guard in guards(_dialect, _table):
            event.listen(_table, "after_create", _guard.execute_if(dialect=_dialect))
