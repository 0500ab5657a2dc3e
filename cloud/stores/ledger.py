"""The ledger: relational truth. SQLAlchemy lives here, in database.py and the tables, proof.py, people.py, audit.py,
books.py and facts.py.

`apply` takes batches from gateways and commits them in one transaction; each report counts once, however often it
comes. Not thread-safe: the service calls it from one worker thread. Any thread may ask `people`, `audit`, `books`,
`notices`, `past_alerts`, `exports`, `proof`, and what is in memory: `lanes`, `tops`, `missing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Listing
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update

from cloud.alerts.lifecycle import OVER, Alert, Transition
from cloud.core import completeness, lanes
from cloud.core.completeness import DeviceGap
from cloud.core.lanes import LaneState, Told
from cloud.core.replenishment import Need
from cloud.stores import proof, tables
from cloud.stores.answers import Answers
from cloud.stores.applying import Applied, Folding, Key, Known, Movement, Received, fold
from cloud.stores.audit import Audit
from cloud.stores.books import Books
from cloud.stores.database import Database, LedgerUnavailable, LedgerUnfit, Row
from cloud.stores.exports import Exports
from cloud.stores.notices import Notices
from cloud.stores.past_alerts import PastAlerts
from cloud.stores.people import People
from cloud.stores.proof import Proof
from protocols.ranges import Ranges
from protocols.reports import Alarm, DeviceHealth, Lane, Proposal, Report, SlotLevel, TagMove
from protocols.uplink import Hello

__all__ = ["SCHEMA_VERSION", "Applied", "LaneState", "Ledger", "LedgerUnavailable", "Received"]

SCHEMA_VERSION = "10"
REPEATED_MAX = 10_000
"""Notes of what came again; the oldest leave first. The count of a lane goes on."""


class Still(NamedTuple):
    """What a ledger held at one moment: its books, only to be read, the level of every slot, every need."""

    books: Books
    levels: list[SlotLevel]
    needs: list[Need]


class Ledger:
    """An open ledger, by SQLAlchemy URL (`sqlite:///ledger.db`, `postgresql+psycopg://…`)."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, SCHEMA_VERSION)
        self._engine = self._database.engine
        self._reading, self._writing = self._database.reading, self._database.writing
        self.people = People(self._reading, self._writing)
        self.audit = Audit(self._reading, self._writing)
        self.answers = Answers(self._reading, self._writing)
        self.books = Books(self._reading, self._writing)
        self.notices = Notices(self._reading, self._writing)
        self.past_alerts = PastAlerts(self._reading)
        self.exports = Exports(self._reading)
        self.proof = Proof(self._reading, self.lanes)
        self._told: dict[Key, Told] = {}
        with self._reading() as connection:
            self._lanes = proof.lanes_of(connection)
            self._anew = proof.anew_of(connection)
            self._words = proof.words_of(connection)
        devices = self._rows(tables.device)
        self._noticed = {row["device"]: msgspec.convert(row["noticed"], list[DeviceGap]) for row in devices}

    def apply(
        self, batches: Listing[Received], now_ms: int, before_commit: Callable[[list[Report]], None]
    ) -> list[Applied]:
        """Commit batches in one transaction, one `Applied` for each; on an error nothing was applied.

        `before_commit` is given all new reports, and the series and levels among those that came again. It must have
        kept elsewhere what it wants of them when it returns: once this has committed they will not come again. A report
        that the database does not take is looked for, by halves, and refused, so that it stops nobody else.
        """
        try:
            return self._apply(batches, now_ms, before_commit)
        except LedgerUnfit as error:
            if len(batches) > 1:
                return [self.apply([batch], now_ms, before_commit)[0] for batch in batches]
            [batch] = batches
            if len(batch.seqs) <= 1:
                return self._apply(batches, now_ms, before_commit, str(error))
            half = len(batch.seqs) // 2
            parts = (slice(None, half), slice(half, None))
            halves = [batch._replace(seqs=batch.seqs[part], reports=batch.reports[part]) for part in parts]
            first, second = (self.apply([one], now_ms, before_commit)[0] for one in halves)
            numbered, refused = [*first.numbered, *second.numbered], [*first.refused, *second.refused]
            outdated = first.outdated | second.outdated
            return [Applied(numbered, refused, first.duplicates + second.duplicates, outdated)]

    def _apply(
        self, batches: Listing[Received], now_ms: int, before_commit: Callable[[list[Report]], None], unfit: str = ""
    ) -> list[Applied]:
        known = Known(self._lanes, self._told, self._noticed, self._words, self._anew)
        made = fold(batches, known, now_ms, unfit)
        devices, noticed = made.device_rows()
        with self._writing() as connection:
            before_commit(made.reports + made.measured)
            self._write(connection, made, devices)
        # New mappings, not changed ones: other threads read them.
        self._lanes = {**self._lanes, **made.lanes}
        self._anew = {**self._anew, **made.anew}
        self._noticed.update(noticed)
        self._words.update(made.words)
        return made.applied

    def _write(self, connection: Connection, made: Folding, devices: list[Row]) -> None:
        upsert, many = self._database.upsert, self._database.many
        self._book(connection, made.movements)
        many(connection, tables.level, made.level_rows(), "slot")
        for gateway, last in made.anew.items():
            told = tables.tag.c
            connection.execute(delete(tables.tag).where(told.gateway == gateway, told.seq <= last))
        many(connection, tables.tag, made.tags.values(), "epc", "device", newest_by="seq")
        upsert(connection, tables.device, devices, "device")
        upsert(connection, tables.proposal, made.proposals, "gateway", "sku", newest_by="seq")
        upsert(connection, tables.local_alarm, made.alarms, "gateway", "rule", "subject", newest_by="seq")
        rows = [proof.lane_row(key, state) for key, state in made.lanes.items()]
        upsert(connection, tables.lane, rows, "gateway", "lane")
        for table, new in ((tables.refused, made.refused), (tables.thinned, made.thinned)):
            if new:
                connection.execute(insert(table), new)
        if made.repeated:
            newest = max(_new_id(connection, tables.repeated, row) for row in made.repeated)
            connection.execute(delete(tables.repeated).where(tables.repeated.c.id <= newest - REPEATED_MAX))

    def _book(self, connection: Connection, movements: Listing[Movement]) -> None:
        """Movements, and how many there are then of each gateway: so it is seen when somebody takes some away."""
        if not movements:
            return
        written = self._database.many(connection, tables.movement, movements)
        added = Counter(one.gateway for one in movements)
        book, rows = tables.booked.c, tables.movement.c
        if written == len(movements):
            held = select(book.gateway, book.movements).where(book.gateway.in_([*added]))
            counts = added + Counter({row.gateway: row.movements for row in connection.execute(held)})
        else:  # some were there already, though their lane did not know of them
            there = select(rows.gateway, func.count()).where(rows.gateway.in_([*added])).group_by(rows.gateway)
            counts = Counter({row[0]: row[1] for row in connection.execute(there)})
        made = [{"gateway": gateway, "movements": count} for gateway, count in counts.items()]
        self._database.upsert(connection, tables.booked, made, "gateway")

    def lanes(self) -> dict[Key, LaneState]:
        """What is held of every gateway's lanes, and what the gateways said of them last."""
        held, told = self._lanes, dict(self._told)
        greeted = {key: held.get(key, lanes.nothing())._replace(told=one) for key, one in told.items()}
        return {**held, **greeted}

    def tops(self, gateway: str) -> dict[Lane, int]:
        """The highest number held of each lane of a gateway."""
        return {lane: state.held.top for (name, lane), state in self._lanes.items() if name == gateway}

    def missing(self, gateway: str, hello: Hello) -> dict[Lane, Ranges]:
        """What a gateway that greets has been signed for and is not here, so that it is to be asked for again. What
        it says of its lanes is remembered."""
        for lane, next_seq in hello.next_seq.items():
            self._told[gateway, lane] = Told(next_seq, hello.unsigned_from.get(lane))
        return completeness.missing(gateway, hello, self._lanes)

    def movements(self) -> Iterable[tuple[str, str, int, int, int, str]]:
        """Every movement in the order it happened: slot, sku, delta, count, happened_ms, source."""
        columns = tables.movement.c
        wanted = (columns.slot, columns.sku, columns.delta, columns.count, columns.happened_ms, columns.source)
        with self._reading() as connection:
            yield from connection.execute(select(*wanted).order_by(columns.happened_ms, columns.id))

    @contextmanager
    def still(self) -> Iterator[Still]:
        """What the book rests on, as it was at one moment, whatever is written meanwhile. To be read in one thread."""
        with self._database.still() as connection:
            levels = [_made(SlotLevel, row) for row in _rows(connection, tables.level)]
            needs = [Need(**row) for row in _rows(connection, tables.need)]
            yield Still(Books(lambda: nullcontext(connection), self._writing), levels, needs)

    def levels(self) -> list[SlotLevel]:
        """The level of every slot."""
        return [_made(SlotLevel, row) for row in self._rows(tables.level)]

    def devices(self) -> list[DeviceHealth]:
        """The health of every device."""
        return [proof.health(row) for row in self._rows(tables.device)]

    def tags(self) -> list[TagMove]:
        """The last move of every tag at each of its readers."""
        return [_made(TagMove, row) for row in self._rows(tables.tag)]

    def senders(self) -> dict[str, str]:
        """The gateway that each device reports through, by who said last how it is."""
        return {name: word.gateway for (about, name), word in self._words.items() if about == "device"}

    def proposals(self) -> list[tuple[str, int, Proposal]]:
        """The last word of each gateway on each SKU: gateway, the report's number, and the proposal."""
        return [(row["gateway"], row["seq"], _made(Proposal, row)) for row in self._rows(tables.proposal)]

    def alarms(self) -> list[tuple[str, int, Alarm]]:
        """The last word of each gateway on each of its alarms: gateway, the report's number, and the alarm."""
        return [(row["gateway"], row["seq"], _made(Alarm, row)) for row in self._rows(tables.local_alarm)]

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

    def alerts(self, since_ms: int = 0) -> list[Alert]:
        """Alerts as last stored, oldest first: those that are not over, those that changed since a moment, and the
        last one, whichever it is."""
        alert = tables.alert.c
        last = select(func.max(alert.id)).scalar_subquery()
        wanted = or_(alert.state.not_in(OVER), alert.changed_ms >= since_ms, alert.id == last)
        with self._reading() as connection:
            asked = select(tables.alert).where(wanted).order_by(alert.id)
            return [Alert(**row) for row in connection.execute(asked).mappings()]

    def keep_alerts(self, transitions: Iterable[Transition]) -> None:
        """Store what alerts became, and that they did."""
        rows, steps = [], []
        for before, alert, by, note in transitions:
            person = alert.state in ("acknowledged", "shelved")
            row = msgspec.structs.asdict(alert)
            for passing in ("clear_from_ms", "swings", "told_by", "acted_by", "acted_ms"):
                del row[passing]
            rows.append(row)
            steps.append(
                {
                    "alert": alert.id,
                    "before": before or "",
                    "state": alert.state,
                    "severity": alert.severity,
                    "at_ms": alert.changed_ms,
                    "by": by or (alert.acknowledged_by if person else ""),
                    "note": note or (alert.note if person else ""),
                }
            )
        with self._writing() as connection:
            self._database.upsert(connection, tables.alert, rows, "id")
            connection.execute(insert(tables.transition), steps)

    def close(self) -> None:
        """End all connections."""
        self._database.close()

    def _rows(self, table: Table) -> list[Row]:
        with self._reading() as connection:
            return _rows(connection, table)


def _rows(connection: Connection, table: Table) -> list[Row]:
    order = [table.c.id] if "id" in table.c else [*table.primary_key.columns]
    return [dict(row) for row in connection.execute(select(table).order_by(*order)).mappings()]


def _made(kind: Any, row: Row) -> Any:
    return kind(**{name: row[name] for name in kind.__struct_fields__})


def _new_id(connection: Connection, table: Table, values: Row) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])
