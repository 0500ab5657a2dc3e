"""The dossier of excursions and the stays of lots, as the ledger holds them: functions over a connection.

A row whose key is there already is given back as it was stored, so that the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, or_, select

from cloud.core.coldchain.dossier import Step
from cloud.core.coldchain.exposure import Worn
from cloud.stores import facts
from cloud.stores.tables_cold import cold_stay, cold_step


class Stayed(Struct, frozen=True):
    """Where a lot was, from when until when, how many units of it at most, and what it went through until it left."""

    sku: str
    lot: str
    zone: str
    storage: str
    from_ms: int
    until_ms: int
    units: int
    worn: Worn

    @property
    def key(self) -> str:
        """By what it is known again."""
        return f"{self.sku}/{self.lot}/{self.zone}/{self.from_ms}"


def add_steps(connection: Connection, steps: Sequence[Step]) -> list[tuple[Step, bool]]:
    """Add steps, all or none: each with its id then, and whether it is new."""
    made = []
    for one in steps:
        row, new = facts.add(connection, cold_step, msgspec.structs.asdict(one))
        made.append((Step(**row), new))
    return made


def steps(connection: Connection, zone: str | None = None, from_ms: int = 0, to_ms: int = 2**62) -> list[Step]:
    """All steps of excursions that began within a span, oldest first."""
    table = cold_step
    first = select(table.c.id).where(table.c.excursion == 0, table.c.at_ms >= from_ms, table.c.at_ms <= to_ms)
    if zone is not None:
        first = first.where(table.c.zone == zone)
    wanted = select(table).where(or_(table.c.id.in_(first), table.c.excursion.in_(first))).order_by(table.c.id)
    return [Step(**row) for row in connection.execute(wanted).mappings()]


def steps_of(connection: Connection, excursion: int) -> list[Step]:
    """All steps of one excursion, oldest first; none where there is no such one."""
    if excursion < 1:  # what began one has that as the number of its own
        return []
    table = cold_step
    wanted = select(table).where(or_(table.c.id == excursion, table.c.excursion == excursion)).order_by(table.c.id)
    found = [Step(**row) for row in connection.execute(wanted).mappings()]
    return found if found and not found[0].excursion else []


def waiting(connection: Connection) -> set[int]:
    """Breaches that are not done with: set aside and not decided, decided and not booked, or still to be searched."""
    table = cold_step
    seen: dict[int, dict[str, int]] = {}
    for number, what in connection.execute(select(table.c.excursion, table.c.what).where(table.c.excursion > 0)):
        of = seen.setdefault(number, {})
        of[what] = of.get(what, 0) + 1
    return {number for number, of in seen.items() if of.get("aside", 0) > of.get("booked", 0)}


def add_stays(connection: Connection, stays: Iterable[Stayed]) -> None:
    """Add what is over."""
    for one in stays:
        values = msgspec.structs.asdict(one)
        body = msgspec.to_builtins(values.pop("worn"))
        facts.add(connection, cold_stay, {**values, "body": body, "key": one.key})


def stays(connection: Connection, sku: str, lot: str | None = None) -> list[Stayed]:
    """Where lots of an SKU were, oldest first."""
    table = cold_stay
    wanted = select(table).where(table.c.sku == sku).order_by(table.c.from_ms, table.c.id)
    if lot is not None:
        wanted = wanted.where(table.c.lot == lot)
    found = []
    for row in connection.execute(wanted).mappings():
        values = {name: row[name] for name in Stayed.__struct_fields__ if name != "worn"}
        found.append(Stayed(**values, worn=msgspec.convert(row["body"], Worn)))
    return found
