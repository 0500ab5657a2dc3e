"""The database under the ledger: opened by SQLAlchemy URL, in the schema this version knows, else one sentence why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, Table, create_engine, event, insert, make_url, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from cloud.stores import tables, tables_trade

Row = dict[str, Any]
URLS = "sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"


class LedgerUnavailable(Exception):
    """The database can not be reached, read or written now."""


class LedgerUnfit(LedgerUnavailable):
    """The database is there, and does not take these rows. Who can do without them need not try again."""


class Changed(Exception):
    """What was to be changed is not as it was when it was looked at: somebody was first. Nothing was written; look
    again, and decide anew."""


class Ordered(Changed):
    """A need is on an order already: `need` on `purchase`."""

    def __init__(self, need: int, purchase: int) -> None:
        super().__init__(f"need {need} is on order {purchase} already")
        self.need, self.purchase = need, purchase


class Database:
    """An open database. Any thread may read."""

    def __init__(self, url: str, schema: str) -> None:
        self.engine = _engine(url)
        self._upserts: dict[tuple[str, ...], Insert] = {}
        self._bulks: dict[tuple[str, ...], tables.Bulk] = {}
        """Statements, each made once; as many as there are tables."""
        try:
            with self.engine.begin() as connection:
                tables.about.create(connection, checkfirst=True)
                held = connection.scalar(select(tables.about.c.value).where(tables.about.c.key == "schema"))
                if held is None:
                    connection.execute(insert(tables.about).values(key="schema", value=schema))
                elif held in tables.UPGRADES:
                    _upgrade(connection, held, schema)
                elif held != schema:
                    hint = "start the version that made it, or give another --ledger"
                    raise LedgerUnavailable(f"the ledger has schema {held}, this service knows {schema}; {hint}")
                tables_trade.metadata.create_all(connection)  # of both modules
                if held in tables.UPGRADES:  # tables of before may lack some
                    for table in tables_trade.STAYS:
                        for guard in tables_trade.guards(connection.dialect.name, table):
                            connection.execute(guard)
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger can not be opened: {_reason(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by; raises `LedgerUnavailable`, or `LedgerUnfit` where what is asked for can not be."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except (DataError, OverflowError) as error:
            raise LedgerUnfit(f"the ledger can hold no such thing: {_reason(error)}") from error
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger can not be read: {_reason(error)}") from error

    @contextmanager
    def still(self) -> Iterator[Connection]:
        """A connection by which all is read as it was at one moment, whatever others write meanwhile."""
        with self.reading() as connection:
            if connection.dialect.name == "postgresql":
                yield connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                connection.exec_driver_sql("BEGIN")  # the driver itself begins one for a write alone
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at its end; raises `LedgerUnavailable` or `LedgerUnfit`, and nothing was written."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except (IntegrityError, DataError, OverflowError) as error:
            raise LedgerUnfit(f"the ledger does not take it: {_reason(error)}") from error
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger can not be written: {_reason(error)}") from error

    def upsert(
        self, connection: Connection, table: Table, rows: Sequence[Row], *keys: str, newest_by: str | None = None
    ) -> None:
        """Insert rows, or replace those of the same keys; with `newest_by` only if the new one is not older."""
        if rows:
            made = self._upserts.get((table.name, *keys))
            if made is None:
                made = tables.upsert(self.engine.dialect.name, table, [*keys], newest_by)
                self._upserts[table.name, *keys] = made
            connection.execute(made, rows)

    def many(
        self, connection: Connection, table: Table, rows: Iterable[object], *keys: str, newest_by: str | None = None
    ) -> int:
        """The same, but without keys a row that is there already stays as it is, for very many rows: objects with an
        attribute a column. For tables without JSON. How many rows were written."""
        made = self._bulks.get((table.name, *keys))
        if made is None:
            made = self._bulks[table.name, *keys] = tables.bulk(self.engine.dialect.name, table, [*keys], newest_by)
        values = [*map(attrgetter(*made.names), rows)]
        return connection.exec_driver_sql(made.text, values).rowcount if values else 0

    def close(self) -> None:
        """End all connections."""
        self.engine.dispose()


def _upgrade(connection: Connection, held: str, schema: str) -> None:
    """Make this schema of an earlier one, step by step, in the transaction that opens the ledger."""
    while held != schema:
        for statement in tables.UPGRADES[held]:
            connection.exec_driver_sql(statement)
        held = str(int(held) + 1)
    connection.execute(update(tables.about).where(tables.about.c.key == "schema").values(value=held))


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        raise LedgerUnavailable(f"{url!r} is not an address of a database: use {URLS}") from None
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        _own_file(parsed.database, shown)
    elif parsed.get_backend_name() != "postgresql":
        raise LedgerUnavailable(f"no ledger can be kept in {shown}: use {URLS}")
    try:
        engine = create_engine(parsed)
    except (SQLAlchemyError, ImportError) as error:
        hint = f"install its driver, or use {URLS}"
        raise LedgerUnavailable(f"the database {shown} can not be spoken to: {error}; {hint}") from None
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def durable(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")

    return engine


def _own_file(database: str | None, shown: str) -> None:
    if not database or database == ":memory:":
        raise LedgerUnavailable(f"{shown} names no file: use {URLS}")
    path = Path(database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise LedgerUnavailable(f"the ledger {database} can not be opened: {error.strerror}") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
