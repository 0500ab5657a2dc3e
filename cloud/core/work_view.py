"""What people see of maintenance orders, as the live stream and the API send them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cloud.core.maintenance.parts import Supply
from cloud.core.maintenance.verdicts import Verdict
from cloud.core.maintenance.work import Cause, Late, Note, Outcome, Stands, State, Version, WorkOrder, lateness
from cloud.core.maintenance.working import POSSIBLE


class PartView(Struct, frozen=True):
    """A part of an order. Of the units that are wanted and not taken, `there` are to be had and `short` are not;
    `expected_ms` is when these are expected, None where nobody knows or nothing is short."""

    sku: str
    name: str
    units: int
    taken: int
    used: int
    there: int
    short: int
    expected_ms: int | None


class WorkView(Struct, frozen=True):
    """An order as it is now: `late` where its window is over without its start, or its end; `may` is what can be done
    with it, `verdict` what was said of its cause. Without a title its cause says what it is about."""

    id: int
    asset: str
    zone: str
    title: str
    state: State
    cause: Cause
    from_ms: int
    until_ms: int
    whole_zone: bool
    assigned_to: str
    parts: list[PartView]
    notes: list[Note]
    outcome: Outcome | None
    created_ms: int
    changed_ms: int
    by: str
    started_ms: int
    ended_ms: int
    version: int
    late: Late
    may: list[str]
    verdict: Stands = ""


class WorkDetail(Struct, frozen=True):
    """One order: as it is now, every version of it, and all that was said of its cause."""

    work: WorkView
    versions: list[Version]
    verdicts: list[Verdict]


def work_view(
    order: WorkOrder, supplies: Mapping[str, Supply], names: Mapping[str, str], verdict: Stands, now_ms: int
) -> WorkView:
    """An order as it is shown. `supplies`: how its parts stand, by SKU, where something of them is still wanted."""
    nothing = Supply(0, 0)
    parts = []
    for one in order.parts:
        has = supplies.get(one.sku, nothing)
        name = names.get(one.sku, one.sku)
        view = PartView(one.sku, name, one.units, one.taken, one.used, has.there, has.short, has.expected_ms)
        parts.append(view)
    return WorkView(
        order.id,
        order.asset,
        order.zone,
        order.title,
        order.state,
        order.cause,
        order.from_ms,
        order.until_ms,
        order.whole_zone,
        order.assigned_to,
        parts,
        order.notes,
        order.outcome,
        order.created_ms,
        order.changed_ms,
        order.by,
        order.started_ms,
        order.ended_ms,
        order.version,
        lateness(order, now_ms),
        [*POSSIBLE[order.state]],
        verdict,
    )
