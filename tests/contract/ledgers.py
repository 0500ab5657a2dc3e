"""Databases for the ledger's tests: opened as often as wanted, and looked into past the ledger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, make_url, select, text

from cloud.stores import tables
from cloud.stores.ledger import Applied, Ledger, Received
from protocols.reports import (
    Report,
)
from tests.depot import NOON_MS


def _of_this_run(url: str) -> str:
    """The database that is named; of runs side by side each has one of its own beside it, as tests leave none whole."""
    run = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not (url and run):
        return url
    named = make_url(url)
    own = f"{named.database}_{run}"
    engine = create_engine(named, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :own"), {"own": own}):
            connection.execute(text(f'CREATE DATABASE "{own}"'))
    engine.dispose()
    return named.set(database=own).render_as_string(hide_password=False)


POSTGRES = _of_this_run(os.environ.get("WAREHOUSE_TEST_POSTGRES", ""))
DATABASES = ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]


class Place:
    """A database for one test: opened as often as wanted, and looked into past the ledger."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder, self._url, self._number = folder, url, 0
        self._open: list[Ledger] = []

    @property
    def path(self) -> Path:
        return self._folder / f"ledger-{self._number}.db"

    @property
    def url(self) -> str:
        return self._url or f"sqlite:///{self.path}"

    def ledger(self, query: str = "") -> Ledger:
        self._open.append(Ledger(self.url + query))
        return self._open[-1]

    def rows(self, table: Table) -> list[dict[str, Any]]:
        engine = create_engine(self.url)
        try:
            with engine.connect() as connection:
                return [dict(row) for row in connection.execute(select(table)).mappings()]
        finally:
            engine.dispose()

    def wipe(self) -> None:
        """An empty database again."""
        while self._open:
            self._open.pop().close()
        self._number += 1
        if self._url:
            engine = create_engine(self._url)
            tables.metadata.drop_all(engine)
            engine.dispose()


def people_of_before(connection: Connection) -> None:
    """Accounts and sessions as they were until the ninth schema."""
    for column in ("since_ms", "used_ms", "address", "browser"):
        connection.exec_driver_sql(f"ALTER TABLE session DROP COLUMN {column}")
    for column in ("once", "disabled", "subject", "changed_ms", "changed_by", "signed_in_ms"):
        connection.exec_driver_sql(f"ALTER TABLE account DROP COLUMN {column}")
    connection.exec_driver_sql("ALTER TABLE account ADD COLUMN token_hash VARCHAR NOT NULL DEFAULT ''")
    connection.exec_driver_sql("DROP TABLE token")


def nothing(_: list[Report]) -> None:
    """Nobody else wants the reports."""


def apply(ledger: Ledger, *batches: Received, now_ms: int = NOON_MS) -> list[Applied]:
    return ledger.apply(batches, now_ms, nothing)


def unguarded(connection: Connection, table: Table) -> Connection:
    """The connection, after somebody took away what keeps the rows of a table as they are."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP TRIGGER {table.name}_stays ON {table.name}")
    else:
        for name in ("update", "delete", "replace"):
            connection.exec_driver_sql(f"DROP TRIGGER {table.name}_no_{name}")
    return connection
