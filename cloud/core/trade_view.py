"""What people see of trade: orders, arrivals and key figures, as the live stream and the API send them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cloud.core.kpis.definitions import Definition
from cloud.core.kpis.figures import Kpi
from cloud.core.kpis.stale import Proposal
from cloud.core.purchasing.acting import possible
from cloud.core.purchasing.orders import OPEN, AskedLine, Line, Order, State, value


class OrderView(Struct, frozen=True):
    """A purchase order with its value, whether it is late, and what may be done with it now. `asking`: lines as the
    supplier would have them, dearer than was approved; `supplier_note` is what it noted, `note` what we did."""

    id: int
    supplier: str
    supplier_name: str
    state: State
    value: float
    lines: list[Line]
    created_ms: int
    changed_ms: int
    by: str
    sent_ms: int
    needs: list[int]
    note: str
    version: int
    late: bool
    may: list[str]
    asking: list[AskedLine] = []
    supplier_note: str = ""


class OrdersPage(Struct, frozen=True):
    """Orders, the newest first; `next` is where older ones are, None behind the last."""

    items: list[OrderView]
    next: str | None


class ArrivalView(Struct, frozen=True):
    """Units of an order line that the shelves and readers saw coming; one that is gone has 0 units. `taken`: as many
    of them as are taken in without asking."""

    id: str
    order: int
    sku: str
    units: int
    from_ms: int
    to_ms: int
    slots: list[str]
    evidence: dict[str, int]
    confidence: float
    difference: int
    taken: int = 0


class MeasureView(Struct, frozen=True):
    """A key figure as it is now; `value` is None where it can not be told, and `reason` says why. `trend`: less what it
    was 30 days before. `n` is what it rests on."""

    id: str
    value: float | None
    unit: str
    n: int
    since_ms: int
    trend: float | None
    target: float | None
    better: Literal["up", "down"]
    reason: str = ""


class MeasureDetail(Struct, frozen=True):
    """A key figure by what it means, and what is behind it: what to do with each SKU that does not move."""

    id: str
    definition: Definition
    rows: list[Proposal]


def measure_view(kpi: Kpi) -> MeasureView:
    """A key figure as it is shown: four digits, so that it is sent anew only when it changed for people."""
    return MeasureView(
        kpi.id, _round(kpi.value), kpi.unit, kpi.n, kpi.since_ms, _round(kpi.trend), kpi.target, kpi.better, kpi.reason
    )


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def order_view(order: Order, supplier_name: str, now_ms: int, roles: tuple[str, ...] = ("admin",)) -> OrderView:
    """An order as it is shown; late when a line's day is over and something of it has not come."""
    late = order.state in OPEN and any(line.rest and 0 < line.due_ms < now_ms for line in order.lines)
    return OrderView(
        order.id,
        order.supplier,
        supplier_name,
        order.state,
        round(value(order), 2),
        order.lines,
        order.created_ms,
        order.changed_ms,
        order.by,
        order.sent_ms,
        order.needs,
        order.note,
        order.version,
        late,
        [*possible(order, roles)],
        order.asking,
        order.supplier_note,
    )
