"""The ledger's books: the facts of the book, orders, promises to customers, scores, and what is kept for later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from cloud.core.book.entries import Entry
from cloud.core.coldchain.dossier import Step
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.scorecards import Mark
from cloud.stores import cold, facts, purchases, tables_trade
from cloud.stores.cold import Stayed
from cloud.stores.database import Changed, Ordered
from cloud.stores.facts import Within
from cloud.stores.purchases import Version
from cloud.stores.tables import upsert
from cloud.stores.work import Maintenance

__all__ = ["Books", "Changed", "Ordered", "Spare", "Version"]

ENTRIES_MAX = 1000
"""Entries in one answer, where nobody says otherwise."""
KEYS_MAX = 500
"""Keys in one question to the database, which bears so many and not many more."""


class Spare(Struct, frozen=True):
    """Units that a neighbour told at `at_ms` it could send."""

    neighbour: str
    sku: str
    units: int
    at_ms: int


class Books:
    """Each call is a transaction of its own and may come from any thread; what goes wrong raises `LedgerUnavailable`,
    and `Changed` where somebody else was first. Entries, versions of orders and scores are only ever added to."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing
        self.work = Maintenance(lambda: self._reading(), lambda: self._writing())

    def post(self, entries: Sequence[Entry]) -> list[Entry]:
        """Add entries, all or none, each with its id then. One whose key is there already is given back as it was
        stored, so that the same posting again changes nothing."""
        with self._writing() as connection:
            return facts.post(connection, entries)[0]

    def entries(
        self,
        sku: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        known_to_ms: int | None = None,
        after_id: int = 0,
        limit: int = ENTRIES_MAX,
    ) -> list[Entry]:
        """What people, papers and orders said, in the order of ids: those that happened in a span (its ends included)
        and were known by then. The next page begins after the last id of this one."""
        with self._reading() as connection:
            return facts.entries(connection, Within(sku, from_ms, to_ms, known_to_ms), after_id, limit)

    def corrections(self, from_ms: int) -> list[Entry]:
        """Stock that somebody corrected downwards without a reason that has a kind of its own, since then."""
        table = tables_trade.entry
        with self._reading() as connection:
            wanted = select(table).where(
                table.c.happened_ms >= from_ms, table.c.kind == "adjustment", table.c.units < 0, table.c.ref == ""
            )
            return [Entry(**row) for row in connection.execute(wanted.order_by(table.c.id)).mappings()]

    def entry_of(self, key: str) -> list[Entry]:
        """The entry that came with a key, if any."""
        table = tables_trade.entry
        with self._reading() as connection:
            rows = connection.execute(select(table).where(*facts.of_key(table, key)))
            return [Entry(**row) for row in rows.mappings()]

    def facts(
        self, sku: str, to_ms: int | None = None, known_to_ms: int | None = None, from_ms: int | None = None
    ) -> Iterator[Entry]:
        """All facts of an SKU, those the shelves sensed too, in the book's order, as they are read."""
        with self._reading() as connection:
            yield from facts.stream(connection, Within(sku, from_ms, to_ms, known_to_ms))

    def facts_by_sku(
        self, to_ms: int | None = None, known_to_ms: int | None = None
    ) -> Iterator[tuple[str, Iterator[Entry]]]:
        """All facts of one SKU after the other, as they are read: those of one end when the next is asked for."""
        with self._reading() as connection:
            yield from facts.by_sku(facts.stream(connection, Within(None, None, to_ms, known_to_ms)))

    def keep_order(self, before: Order | None, after: Order, action: str, by: str) -> Order:
        """Store the next version of an order, or a new one (`before` is None), which gets its id. Raises `Changed`
        where `before` is not the newest, `Ordered` where one of its new needs is on an order already."""
        with self._writing() as connection:
            if before is None:
                return purchases.create(connection, [after], action, by)[0]
            purchases.change(connection, before, after, action, by)
            return after

    def order_of_needs(self, orders: Sequence[Order], action: str, by: str) -> list[Order]:
        """Store new orders, all or none: none when one of their needs is on an order already (`Ordered`). One need may
        be on two of these, where it is split between suppliers."""
        with self._writing() as connection:
            return purchases.create(connection, orders, action, by)

    def receive(
        self, before: Order, after: Order, action: str, by: str, entries: Sequence[Entry]
    ) -> tuple[Order, list[Entry]]:
        """Store an order's next version and what came of it, together. Where these very entries (by their keys) are
        in the book already, the order as it is and the entries as they are; else as `keep_order`."""
        with self._writing() as connection:
            posted, again = self._once(connection, entries)
            if again:
                return purchases.read(connection, id=after.id)[0], posted
            purchases.change(connection, before, after, action, by)
            return after, posted

    def orders(self, open_only: bool = False) -> list[Order]:
        """Every order as it is now, oldest first; `open_only`: without those closed or cancelled."""
        with self._reading() as connection:
            return purchases.read(connection, open_only)

    def every_version(self) -> Iterator[tuple[int, list[Version]]]:
        """Every version of every order, oldest first, one order after the other, as they are read."""
        with self._reading() as connection:
            yield from purchases.every_version(connection)

    def versions(self, id: int) -> list[Version]:
        """Every version of an order, oldest first; none where there is no such order."""
        with self._reading() as connection:
            return purchases.versions(connection, id)

    def ordered(self) -> dict[int, int]:
        """Need -> the order it is on; of one split between suppliers, the first."""
        with self._reading() as connection:
            return purchases.ordered(connection)

    def reserve(self, reservation: Reservation) -> Reservation:
        """Store a new reservation, which gets its id; one whose key is there already is given back as it is now."""
        with self._writing() as connection:
            row, _ = facts.add(connection, tables_trade.reservation, msgspec.structs.asdict(reservation))
            return Reservation(**row)

    def keep_reservation(
        self, before: Reservation, after: Reservation, entries: Sequence[Entry] = ()
    ) -> tuple[Reservation, list[Entry]]:
        """Store what a reservation became, and what was taken for it, together; raises `Changed` where it is not as
        `before`. Where these very entries are in the book already, both as they are."""
        table = tables_trade.reservation
        as_before = [table.c[name] == value for name, value in msgspec.structs.asdict(before).items()]
        with self._writing() as connection:
            posted, again = self._once(connection, entries)
            if again:
                row = connection.execute(select(table).where(table.c.id == after.id)).mappings().one()
                return Reservation(**row), posted
            values = msgspec.structs.asdict(after)
            if not connection.execute(update(table).where(*as_before).values(values)).rowcount:
                raise Changed(f"reservation {before.id} is not {before.state} any more, or was changed since")
            return after, posted

    def reservations(self, held_only: bool = False) -> list[Reservation]:
        """Every reservation as it is now, oldest first; or those that are held."""
        table = tables_trade.reservation
        wanted = select(table).order_by(table.c.id)
        with self._reading() as connection:
            rows = connection.execute(wanted.where(table.c.state == "held") if held_only else wanted)
            return [Reservation(**row) for row in rows.mappings()]

    def reservation_of(self, key: str) -> list[Reservation]:
        """The reservation that came with a key, if any, whatever became of it."""
        table = tables_trade.reservation
        with self._reading() as connection:
            rows = connection.execute(select(table).where(*facts.of_key(table, key)))
            return [Reservation(**row) for row in rows.mappings()]

    def score(self, mark: Mark) -> None:
        """Add what somebody gave a supplier; the earlier ones stay."""
        with self._writing() as connection:
            connection.execute(insert(tables_trade.score).values(msgspec.structs.asdict(mark)))

    def scores(self) -> list[Mark]:
        """Everything that suppliers were given, oldest first."""
        columns = [tables_trade.score.c[name] for name in Mark.__struct_fields__]
        with self._reading() as connection:
            return [Mark(*row) for row in connection.execute(select(*columns).order_by(tables_trade.score.c.id))]

    def keep(self, key: str, blob: bytes) -> None:
        """Store something that can be worked out again, under a key, in place of what was there."""
        with self._writing() as connection:
            row = {"key": key, "blob": blob}
            connection.execute(upsert(connection.dialect.name, tables_trade.kept, ["key"], None), [row])

    def kept(self, key: str) -> bytes | None:
        """What is kept under a key."""
        with self._reading() as connection:
            blob = connection.scalar(select(tables_trade.kept.c.blob).where(tables_trade.kept.c.key == key))
        return None if blob is None else bytes(blob)

    def kept_under(self, keys: Sequence[str]) -> dict[str, bytes]:
        """As `kept`, many at once; a key under which nothing is kept is left out."""
        kept, found = tables_trade.kept.c, dict[str, bytes]()
        with self._reading() as connection:
            for some in (keys[at : at + KEYS_MAX] for at in range(0, len(keys), KEYS_MAX)):
                rows = connection.execute(select(kept.key, kept.blob).where(kept.key.in_(some)))
                found.update((key, bytes(blob)) for key, blob in rows)
        return found

    def keep_all(self, blobs: Mapping[str, bytes]) -> None:
        """As `keep`, many at once."""
        with self._writing() as connection:
            if blobs:
                rows = [{"key": key, "blob": blob} for key, blob in blobs.items()]
                connection.execute(upsert(connection.dialect.name, tables_trade.kept, ["key"], None), rows)

    def kept_all(self, prefix: str) -> dict[str, bytes]:
        """What is kept under keys that begin so."""
        kept = tables_trade.kept.c
        with self._reading() as connection:
            rows = connection.execute(select(kept.key, kept.blob).where(kept.key.startswith(prefix, autoescape=True)))
            return {key: bytes(blob) for key, blob in rows}

    def tell_spare(self, neighbour: str, spare: Mapping[str, int], at_ms: int) -> None:
        """What a neighbour can spare of each SKU; what it told later stays."""
        rows = [{"neighbour": neighbour, "sku": sku, "units": n, "at_ms": at_ms} for sku, n in spare.items()]
        with self._writing() as connection:
            if rows:
                made = upsert(connection.dialect.name, tables_trade.spare, ["neighbour", "sku"], "at_ms")
                connection.execute(made, rows)

    def spares(self) -> list[Spare]:
        """The last word of each neighbour on each SKU."""
        table = tables_trade.spare
        with self._reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.neighbour, table.c.sku))
            return [Spare(**row) for row in rows.mappings()]

    def add_cold(self, steps: Sequence[Step]) -> list[tuple[Step, bool]]:
        """Add steps to the dossier of excursions, all or none: each as it is there then, and whether it is new."""
        with self._writing() as connection:
            return cold.add_steps(connection, steps)

    def cold_steps(self, zone: str | None = None, from_ms: int = 0, to_ms: int = 2**62) -> list[Step]:
        """All steps of the excursions that began within a span."""
        with self._reading() as connection:
            return cold.steps(connection, zone, from_ms, to_ms)

    def cold_steps_of(self, excursion: int) -> list[Step]:
        """All steps of one excursion."""
        with self._reading() as connection:
            return cold.steps_of(connection, excursion)

    def cold_waiting(self) -> set[int]:
        """The excursions of which something is still to be done, however old they are."""
        with self._reading() as connection:
            return cold.waiting(connection)

    def add_stays(self, stays: Sequence[Stayed]) -> None:
        """Add where lots were."""
        with self._writing() as connection:
            cold.add_stays(connection, stays)

    def stays(self, sku: str, lot: str | None = None) -> list[Stayed]:
        """Where lots of an SKU were, oldest first."""
        with self._reading() as connection:
            return cold.stays(connection, sku, lot)

    @staticmethod
    def _once(connection: Connection, entries: Sequence[Entry]) -> tuple[list[Entry], bool]:
        """The entries as they are in the book now, and whether they were in it before; raises `Changed` where their
        keys were used for something else."""
        posted, new = facts.post(connection, entries)
        if new < len(posted) and (
            new or any(_gist(one) != _gist(was) for one, was in zip(entries, posted, strict=True))
        ):
            keys = ", ".join(one.key for one in entries if one.key)
            raise Changed(f"a key of these is in the book already, with something else: {keys}")
        return posted, new < len(posted)


def _gist(entry: Entry) -> tuple[str, str, int, str, str]:
    """What an entry that is sent again has in common with the first."""
    return entry.kind, entry.sku, entry.units, entry.place, entry.ref
