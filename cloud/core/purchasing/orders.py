"""Purchase orders: their lines, what of them is still to come, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, isfinite
from typing import Final, Literal

from msgspec import Struct

from cloud.core.refusals import Refusal

State = Literal["draft", "approved", "sent", "confirmed", "partly_received", "received", "closed", "cancelled"]
OPEN: Final[frozenset[State]] = frozenset(("approved", "sent", "confirmed", "partly_received"))
"""Something may still come of these, and counts as ordered; a draft is only a thought."""
UNITS_MAX: Final = 1_000_000_000
"""More units in a line, or money for one, is taken for a slip."""
DUE_MAX_MS: Final = 253_370_764_800_000
"""The begin of 9999: beyond that there are no dates."""


class Line(Struct, frozen=True):
    """One SKU of an order. `received` units were taken in, `rejected` ones came and were not: the supplier still owes
    them. `shipped` is what left the supplier so far, never less than what came. `due_ms` is promised, else expected,
    0 where nobody knows."""

    sku: str
    units: int
    unit_price: float
    received: int = 0
    rejected: int = 0
    shipped: int = 0
    due_ms: int = 0

    @property
    def rest(self) -> int:
        """Units ordered and not taken in."""
        return max(0, self.units - self.received)

    @property
    def in_transit(self) -> int:
        """Units of the rest that left the supplier."""
        return max(0, min(self.shipped - self.received - self.rejected, self.rest))

    @property
    def on_order(self) -> int:
        """Units of the rest that have not left the supplier, as far as it says."""
        return self.rest - self.in_transit


class AskedLine(Struct, frozen=True):
    """A line as the supplier would have it, where that is dearer than what was approved: nobody agreed to it yet."""

    sku: str
    units: int
    unit_price: float
    due_ms: int = 0


class Order(Struct, frozen=True):
    """A purchase order as one of its versions has it; `by` is who made this version, `id` the ledger's.

    Each SKU has one line. `confirmed_ms` is 0 while the supplier has not agreed to it as it stands, `revised_ms` is
    when the site last changed what had been sent. `needs` are the ids of what it is for. `keys` are the deliveries and
    dispatches that are in it already, so that none counts twice, and `said` what each of them said, as a digest
    (`keys.digest`). `asking`: what the supplier asks for instead, until somebody decides; `proposed`: the lines of a
    supplier's plan as it was handed in, of an order that began so. `note` is ours, `supplier_note` the supplier's.
    """

    supplier: str
    lines: list[Line]
    state: State
    created_ms: int
    changed_ms: int
    by: str
    sent_ms: int = 0
    confirmed_ms: int = 0
    closed_ms: int = 0
    needs: list[int] = []
    note: str = ""
    version: int = 1
    id: int = 0
    keys: list[str] = []
    said: dict[str, str] = {}
    asking: list[AskedLine] = []
    proposed: list[Line] = []
    revised_ms: int = 0
    supplier_note: str = ""

    def line(self, sku: str) -> Line | None:
        """The line of an SKU."""
        return next((one for one in self.lines if one.sku == sku), None)


def draft(
    supplier: str, lines: Sequence[Line], by: str, now_ms: int, needs: Sequence[int] = (), note: str = ""
) -> Order | Refusal:
    """A new order, nobody's decision yet."""
    if not lines:
        return Refusal("no_lines", "There is nothing in the order.", "Name at least one SKU and its units.")
    for at, line in enumerate(lines):
        if any(line.sku == other.sku for other in lines[:at]):
            return Refusal("sku_twice", f"{line.sku} is in the order twice.", "Add its units up in one line.")
        if flaw := unfit(line.sku, line.units, line.unit_price, line.due_ms):
            return flaw
    fresh = [Line(one.sku, one.units, one.unit_price, due_ms=one.due_ms) for one in lines]
    return Order(supplier, fresh, "draft", now_ms, now_ms, by, needs=sorted(set(needs)), note=note)


def unfit(sku: str, units: int, price: float, due_ms: int, least: int = 1) -> Refusal | None:
    """Why a line can not be like this; `least` is 0 where it may be struck out."""
    if not least <= units <= UNITS_MAX:
        said = f"{units} units of {sku} can not be ordered."
        hint = f"Give a whole number from {least} to {UNITS_MAX:,}."
        return Refusal("units", said, hint, {"sku": sku, "least": least, "most": UNITS_MAX})
    if not (isfinite(price) and 0 <= price <= UNITS_MAX):
        return Refusal("price", f"{price:g} is no price of {sku}.", "Give money a unit, 0 or more.")
    if not 0 <= due_ms <= DUE_MAX_MS:
        said = f"{sku} can not be due before 1970 or after 9998."
        return Refusal("due", said, "Give another day, or none.")
    return None


def value(order: Order) -> float:
    """What the goods of the order cost, as it stands: of a closed or cancelled one, those that were taken in."""
    ended = order.state in ("closed", "cancelled")
    return fsum((line.received if ended else line.units) * line.unit_price for line in order.lines)


def is_proposal(order: Order) -> bool:
    """Whether it is a supplier's plan that nobody of ours has touched: it is not ours, and holds nothing for us."""
    planned = bool(order.proposed) or any(key.startswith("plan:") for key in order.keys)
    return order.state == "draft" and order.version == 1 and planned


def on_order(orders: Iterable[Order], sku: str) -> int:
    """Units of open orders that have not been shipped, as far as is known."""
    return sum(line.on_order for line in _open(orders, sku))


def in_transit(orders: Iterable[Order], sku: str) -> int:
    """Units of open orders that were shipped and not received yet."""
    return sum(line.in_transit for line in _open(orders, sku))


def given_up(order: Order, sku: str) -> int:
    """Units of a closed or cancelled order that were not taken in and are not waited for."""
    line = order.line(sku)
    return line.rest if line is not None and order.state in ("closed", "cancelled") else 0


def due_first(orders: Iterable[Order], sku: str) -> int | None:
    """When the first of what is to come of an SKU is due, UTC ms; None where nothing is, or nobody knows when."""
    return min((line.due_ms for line in _open(orders, sku) if line.rest and line.due_ms), default=None)


def _open(orders: Iterable[Order], sku: str) -> list[Line]:
    lines = (order.line(sku) for order in orders if order.state in OPEN)
    return [line for line in lines if line is not None]
