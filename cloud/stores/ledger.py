"""The ledger: relational truth. SQLAlchemy lives here, in tables.py and in people.py.

`apply` takes batches from gateways and commits them in one transaction; each report counts once, however often it
comes. Not thread-safe: the service calls it from one worker thread; only `Ledger.people` may be asked from any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Sequence as Listing
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, create_engine, event, insert, make_url, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from cloud.alerts.lifecycle import Alert, Transition
from cloud.core.replenishment import Need
from cloud.stores import tables
from cloud.stores.people import People
from protocols.reports import (
    LANE_OF,
    DeviceHealth,
    Finding,
    Lane,
    Report,
    SlotLevel,
    StockEvent,
    TagMove,
    Thinned,
    decode,
)
from protocols.sequences import Sequence
from protocols.uplink import Refused

SCHEMA_VERSION = "2"
RANGES_MAX = 100_000
URLS = "sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"


class LedgerUnavailable(Exception):
    """The database can not be reached, read or written now."""


class Received(NamedTuple):
    """A batch as it came: `seqs[i]` numbers `reports[i]`."""

    gateway: str
    lane: Lane
    seqs: list[int]
    reports: list[bytes]


class Applied(NamedTuple):
    """What a batch brought: the reports that were new, with their numbers, and the ones that will never be taken."""

    numbered: list[tuple[int, Report]]
    refused: list[Refused]
    duplicates: int

    @property
    def reports(self) -> list[Report]:
        """The new reports."""
        return [report for _, report in self.numbered]


class LaneState(NamedTuple):
    """What the ledger holds of one gateway's lane."""

    held: Sequence
    applied: int
    refused: int
    last_ms: int


class Ledger:
    """An open ledger, by SQLAlchemy URL (`sqlite:///ledger.db`, `postgresql+psycopg://…`)."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self.people = People(self._reading, self._writing)
        try:
            with self._engine.begin() as connection:
                tables.about.create(connection, checkfirst=True)
                held = connection.scalar(select(tables.about.c.value).where(tables.about.c.key == "schema"))
                if held is None:
                    connection.execute(insert(tables.about).values(key="schema", value=SCHEMA_VERSION))
                elif held in tables.UPGRADES:
                    self._upgrade(connection, held)
                elif held != SCHEMA_VERSION:
                    hint = "start the version that made it, or give another --ledger"
                    raise LedgerUnavailable(
                        f"the ledger has schema {held}, this service knows {SCHEMA_VERSION}; {hint}"
                    )
                tables.metadata.create_all(connection)
                self._lanes = _lanes(connection)
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger can not be opened: {_reason(error)}") from error

    def apply(
        self, batches: Listing[Received], now_ms: int, before_commit: Callable[[list[Report]], None]
    ) -> list[Applied]:
        """Commit batches in one transaction, one `Applied` for each; on an error nothing was applied.

        `before_commit` is given all new reports and must have kept elsewhere what it wants of them when it returns:
        once this has committed they will not come again.
        """
        lanes = {key: self._copy(key) for key in {(batch.gateway, batch.lane) for batch in batches}}
        applied: list[Applied] = []
        reports: list[Report] = []
        movements, bad, thinned = [], [], []
        for batch in batches:
            state = lanes[batch.gateway, batch.lane]
            taken = _take(batch, state.held)
            lanes[batch.gateway, batch.lane] = LaneState(
                state.held, state.applied + len(taken.numbered), state.refused + len(taken.refused), now_ms
            )
            applied.append(taken)
            reports += taken.reports
            movements += _movements(batch.gateway, taken, now_ms)
            thinned += [
                {"gateway": batch.gateway, **msgspec.structs.asdict(report)}
                for report in taken.reports
                if type(report) is Thinned
            ]
            if taken.refused:
                blobs = dict(zip(batch.seqs, batch.reports, strict=True))
                same = {"gateway": batch.gateway, "lane": batch.lane, "at_ms": now_ms}
                bad += [{**same, **msgspec.structs.asdict(one), "report": blobs[one.seq]} for one in taken.refused]
        with self._writing() as connection:
            before_commit(reports)
            if movements:
                connection.execute(insert(tables.movement), movements)
            if bad:
                connection.execute(insert(tables.refused), bad)
            self._upsert(connection, tables.level, _newest(reports, SlotLevel, "slot"), ["slot"])
            self._upsert(connection, tables.device, _newest(reports, DeviceHealth, "device"), ["device"])
            self._upsert(connection, tables.tag, _newest(reports, TagMove, "epc", "device"), ["epc", "device"])
            if thinned:
                connection.execute(insert(tables.thinned), thinned)
            rows = [_lane_row(key, state) for key, state in lanes.items()]
            self._upsert(connection, tables.lane, rows, ["gateway", "lane"], newest_by=None)
        self._lanes.update(lanes)
        return applied

    def lanes(self) -> dict[tuple[str, Lane], LaneState]:
        """What is held of every gateway's lanes."""
        return dict(self._lanes)

    def tops(self, gateway: str) -> dict[Lane, int]:
        """The highest number held of each lane of a gateway."""
        return {lane: state.held.top for (name, lane), state in self._lanes.items() if name == gateway}

    def movements(self) -> Iterable[tuple[str, str, int, int, int, str]]:
        """Every movement in the order it happened: slot, sku, delta, count, happened_ms, source."""
        columns = tables.movement.c
        wanted = (columns.slot, columns.sku, columns.delta, columns.count, columns.happened_ms, columns.source)
        with self._reading() as connection:
            yield from connection.execute(select(*wanted).order_by(columns.happened_ms, columns.id))

    def levels(self) -> list[SlotLevel]:
        """The level of every slot."""
        return [SlotLevel(**row) for row in self._rows(tables.level)]

    def devices(self) -> list[DeviceHealth]:
        """The health of every device."""
        rows = self._rows(tables.device)
        return [DeviceHealth(**{**row, "findings": msgspec.convert(row["findings"], list[Finding])}) for row in rows]

    def coolers(self) -> dict[str, bytes]:
        """The maintenance state of every cooler, as it was stored."""
        return {row["series"]: row["state"] for row in self._rows(tables.cooler)}

    def keep_coolers(self, states: Mapping[str, bytes]) -> None:
        """Store maintenance states."""
        rows = [{"series": series, "state": state} for series, state in states.items()]
        with self._writing() as connection:
            self._upsert(connection, tables.cooler, rows, ["series"], newest_by=None)

    def needs(self) -> list[Need]:
        """Every need, oldest first."""
        return [Need(**row) for row in self._rows(tables.need)]

    def keep_need(self, need: Need) -> Need:
        """Store a need; a new one gets its id."""
        values = msgspec.structs.asdict(need)
        with self._writing() as connection:
            if need.id:
                connection.execute(update(tables.need).where(tables.need.c.id == need.id).values(values))
                return need
            del values["id"]
            return msgspec.structs.replace(need, id=_new_id(connection, tables.need, values))

    def alerts(self) -> list[Alert]:
        """Every alert as last stored, oldest first."""
        return [Alert(**row) for row in self._rows(tables.alert)]

    def keep_alerts(self, transitions: Iterable[Transition]) -> None:
        """Store what alerts became, and that they did."""
        rows, steps = [], []
        for before, alert in transitions:
            row = msgspec.structs.asdict(alert)
            del row["clear_from_ms"]
            rows.append(row)
            steps.append(
                {
                    "alert": alert.id,
                    "before": before or "",
                    "state": alert.state,
                    "severity": alert.severity,
                    "at_ms": alert.changed_ms,
                    "by": alert.acknowledged_by if alert.state == "acknowledged" else "",
                    "note": alert.note if alert.state == "acknowledged" else "",
                }
            )
        with self._writing() as connection:
            self._upsert(connection, tables.alert, rows, ["id"], newest_by=None)
            connection.execute(insert(tables.transition), steps)

    def close(self) -> None:
        """End all connections."""
        self._engine.dispose()

    def _copy(self, key: tuple[str, Lane]) -> LaneState:
        state = self._lanes.get(key)
        if state is None:
            return LaneState(Sequence(limit=RANGES_MAX), 0, 0, 0)
        held = Sequence([list(one) for one in state.held.ranges], state.held.forgotten, RANGES_MAX)
        return state._replace(held=held)

    def _upgrade(self, connection: Connection, held: str) -> None:
        """Make this schema of an earlier one, step by step, in the transaction that opens the ledger."""
        while held != SCHEMA_VERSION:
            for statement in tables.UPGRADES[held]:
                connection.exec_driver_sql(statement)
            held = str(int(held) + 1)
        connection.execute(update(tables.about).where(tables.about.c.key == "schema").values(value=held))

    def _rows(self, table: Table) -> list[dict[str, Any]]:
        with self._reading() as connection:
            order = table.c.id if "id" in table.c else next(iter(table.primary_key.columns))
            return [dict(row) for row in connection.execute(select(table).order_by(order)).mappings()]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger can not be read: {_reason(error)}") from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger can not be written: {_reason(error)}") from error

    @staticmethod
    def _upsert(
        connection: Connection,
        table: Table,
        rows: list[dict[str, Any]],
        keys: list[str],
        newest_by: str | None = "at_ms",
    ) -> None:
        if rows:
            connection.execute(tables.upsert(connection.dialect.name, table, keys, newest_by), rows)


def _take(batch: Received, held: Sequence) -> Applied:
    numbered: list[tuple[int, Report]] = []
    refused: list[Refused] = []
    duplicates = 0
    for seq, blob in zip(batch.seqs, batch.reports, strict=True):
        if not held.add(seq):
            duplicates += 1
            continue
        try:
            report = decode(blob)
        except (ValueError, msgspec.DecodeError) as error:
            refused.append(Refused(seq, f"not a report this service knows: {error}"[:300]))
            continue
        if LANE_OF[type(report)] == batch.lane:
            numbered.append((seq, report))
        else:
            refused.append(Refused(seq, f"it belongs into the lane {LANE_OF[type(report)]}, not {batch.lane}"))
    return Applied(numbered, refused, duplicates)


def _movements(gateway: str, taken: Applied, now_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "gateway": gateway,
            "seq": seq,
            "slot": report.slot,
            "sku": report.sku,
            "delta": report.delta,
            "count": report.count,
            "happened_ms": report.at_ms,
            "known_ms": now_ms,
            "confidence": report.confidence,
            "source": report.source,
        }
        for seq, report in taken.numbered
        if type(report) is StockEvent
    ]


def _newest(
    reports: Iterable[Report], kind: type[SlotLevel] | type[DeviceHealth] | type[TagMove], *keys: str
) -> list[dict[str, Any]]:
    """The newest report of a kind for each key, as rows; of two at one time the later arrival."""
    key_of = attrgetter(*keys)
    newest: dict[Any, Any] = {}
    for report in reports:
        if type(report) is kind:
            key = key_of(report)
            held = newest.get(key)
            if held is None or held.at_ms <= report.at_ms:
                newest[key] = report
    return [_row(report) for report in newest.values()]


def _row(report: SlotLevel | DeviceHealth | TagMove) -> dict[str, Any]:
    row = msgspec.structs.asdict(report)
    if type(report) is DeviceHealth:
        row["findings"] = msgspec.to_builtins(report.findings)
    return row


def _lanes(connection: Connection) -> dict[tuple[str, Lane], LaneState]:
    return {
        (row.gateway, row.lane): LaneState(
            msgspec.msgpack.decode(row.held, type=Sequence), row.applied, row.refused, row.last_ms
        )
        for row in connection.execute(select(tables.lane))
    }


def _lane_row(key: tuple[str, Lane], state: LaneState) -> dict[str, Any]:
    gateway, lane = key
    held = msgspec.msgpack.encode(state.held)
    return {"gateway": gateway, "lane": lane, **state._asdict(), "held": held}


def _new_id(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


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


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
