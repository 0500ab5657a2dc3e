"""The ledger's table of what people were told: a notice a row, with what became of it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from cloud.stores.tables import metadata

notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("person", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("alerts", JSON, nullable=False),
    Column("more", Integer, nullable=False),
    Column("title", String, nullable=False),
    Column("body", String, nullable=False),
    Column("only", String, nullable=False),  # the one channel it is for; "": the person's, in order
    Column("nonce", String, nullable=False),  # of its link
    Column("taken_ms", BigInteger, nullable=False),  # when that was used
    Column("state", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("detail", String, nullable=False),
    Index("notice_state", "state"),
)
