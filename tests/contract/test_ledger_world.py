"""The ledger in a world that fails: locked, full, damaged, of another version, at a wrong address."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, create_engine, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from cloud.core.replenishment import Need
from cloud.stores import tables
from cloud.stores.ledger import SCHEMA_VERSION, Ledger, LedgerUnavailable
from cloud.stores.people import Session
from tests.contract.ledgers import DATABASES, POSTGRES, Place, apply
from tests.depot import NOON_MS, batch, stock

LATER = str(int(SCHEMA_VERSION) + 1)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Place]:
    """A place that is a SQLite file."""
    made = Place(tmp_path)
    yield made
    made.wipe()


def test_only_the_owner_can_read_the_file(file: Place) -> None:
    before = os.umask(0)
    try:
        apply(file.ledger(), batch([stock("A1", 5, 5)]))
    finally:
        os.umask(before)

    kept = sorted(file.path.parent.glob("ledger-*"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600] * len(kept)
    assert len(kept) == 3  # with the log and its index


def test_a_ledger_of_another_schema_is_left_alone_and_says_what_to_do(place: Place) -> None:
    place.ledger().close()
    engine = create_engine(place.url)
    with engine.begin() as connection:
        connection.execute(update(tables.about).values(value=LATER))
    engine.dispose()

    with pytest.raises(LedgerUnavailable) as refused:
        place.ledger()

    said = str(refused.value)
    assert f"schema {LATER}" in said
    assert "another --ledger" in said
    assert "\n" not in said


def test_a_locked_ledger_is_unavailable_and_works_again_afterwards(file: Place) -> None:
    ledger = file.ledger("?timeout=0.05")
    one = batch([stock("A1", -1, 4)])
    other = sqlite3.connect(file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    attempts: list[Callable[[], object]] = [
        lambda: apply(ledger, one),
        lambda: ledger.keep_need(Need("bolt", 1, "proposed", 1, 1, {})),
        lambda: ledger.people.keep_account("ada", "buyer", "hash"),
        lambda: ledger.people.keep_session(Session("token", "ada", "hash", NOON_MS), 10),
    ]
    for attempt in attempts:
        with pytest.raises(LedgerUnavailable, match="can not be written: database is locked"):
            attempt()
    other.execute("ROLLBACK")
    other.close()
    [taken] = apply(ledger, one)

    assert (len(taken.numbered), taken.duplicates) == (1, 0)


def test_a_full_disk_is_unavailable_and_nothing_is_applied(file: Place) -> None:
    ledger = file.ledger()
    with sqlite3.connect(file.path) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
    other.close()
    with ledger._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    many = batch([stock("A1", -1, 4, NOON_MS + i) for i in range(2000)])

    with pytest.raises(LedgerUnavailable, match="full"):
        apply(ledger, many)
    with ledger._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    [taken] = apply(ledger, many)

    assert len(taken.numbered) == 2000


def test_a_ledger_that_can_not_be_read_is_unavailable(file: Place) -> None:
    ledger = file.ledger()
    with sqlite3.connect(file.path) as other:
        for table in ("level", "movement", "account"):
            other.execute(f"DROP TABLE {table}")
    other.close()

    for read in (
        ledger.levels,
        lambda: list(ledger.movements()),
        lambda: ledger.people.account("ada"),
        ledger.people.accounts,
    ):
        with pytest.raises(LedgerUnavailable, match="can not be read: no such table"):
            read()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url", "not an address"),
        ("mysql://host/db", "sqlite:///FILE or postgresql"),
        ("postgresql+nodriver://host/db", "sqlite:///FILE or postgresql"),
        ("sqlite:////dev/null/x/ledger.db", "Not a directory"),
        ("sqlite://", "names no file"),
    ],
)
def test_an_address_that_is_none_is_one_sentence(url: str, said: str) -> None:
    with pytest.raises(LedgerUnavailable) as refused:
        Ledger(url)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("these are my notes, please keep them " * 100)

    with pytest.raises(LedgerUnavailable, match="file is not a database"):
        Ledger(f"sqlite:///{path}")

    assert path.read_text().startswith("these are my notes")


def test_the_password_of_a_database_is_in_no_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable) as refused:
        Ledger("mysql://warehouse:secret@host/db")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_postgresql_knows_our_tables_and_statements(table: Table) -> None:
    """Compiled only: the driver is not among our dependencies."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

    made = str(CreateTable(table).compile(dialect=dialect))
    replaced = tables.upsert("postgresql", table, [one.name for one in table.primary_key], newest_by=None)
    said = str(replaced.compile(dialect=dialect))

    assert made.lstrip().startswith("CREATE TABLE")
    assert "ON CONFLICT" in said
    if "at_ms" in table.c:
        newest = tables.upsert("postgresql", table, [one.name for one in table.primary_key], newest_by="at_ms")
        assert f"WHERE {table.name}.at_ms <= excluded.at_ms" in str(newest.compile(dialect=dialect))
