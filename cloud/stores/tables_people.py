"""The ledger's tables of people, beside those of tables.py: accounts, sessions, API tokens, who did what, and what they
were answered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, UniqueConstraint

from cloud.stores.tables import metadata

account = Table(
    "account",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("supplier", String, nullable=False),  # of whose people this is one; "" of ours
    Column("once", Boolean, nullable=False),  # the password is a one-time one
    Column("disabled", Boolean, nullable=False),
    Column("subject", String, nullable=False),  # as whom another service vouches for them; "" of our own
    Column("changed_ms", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("signed_in_ms", BigInteger, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("password_hash", String, nullable=False),  # as it was at sign-in: with another one the session is over
    Column("expires_ms", BigInteger, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("address", String, nullable=False),
    Column("browser", String, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("scopes", String, nullable=False),  # words between spaces
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),  # 0: it has no end
    Column("used_ms", BigInteger, nullable=False),  # 0: never
    UniqueConstraint("owner", "name"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("token", String, nullable=False),  # by which of their tokens; "" by a session
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("note", String, nullable=False),
    Column("address", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("code", String, nullable=False),
)
AUDIT_MAX = 500_000
"""So many entries stay; the oldest leave. The database itself lets none of these go."""

answer = Table(
    "answer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("who", String, nullable=False),
    Column("path", String, nullable=False),
    Column("key", String, nullable=False),
    Column("asked", String, nullable=False),  # a hash of what was sent; "": it is not known
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("tag", String, nullable=False),
    UniqueConstraint("who", "path", "key"),
)
