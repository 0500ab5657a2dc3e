"""What the public page of a customer group shows of an SKU: its name, what is available to them, when more is expected.

Nothing else leaves: no stock of others, no supplier, no price, no order, and no reason why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.days import local_day
from cloud.core.promising.free import Came, free, releases_ms
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Order
from protocols.layout import Sku
from protocols.trade import Tier

PROMISED = frozenset(("sent", "confirmed", "partly_received"))
"""States of orders whose goods are on their way to us as far as anybody knows; an approved one was not even sent."""


class Shown(Struct, frozen=True):
    """One row of the page. `expected` is a day of the site, where nothing is available and it is known."""

    sku: str
    name: str
    available: int
    expected: date | None


def shown(
    position: Position,
    sku: Sku,
    tiers: Sequence[Tier],
    reservations: Sequence[Reservation],
    tier: str,
    came: Came,
    now_ms: int,
    orders: Iterable[Order],
    timezone: str,
) -> Shown:
    """The row of one SKU for customers of `tier` (the first six arguments as of `free`)."""
    available = free(position, sku, tiers, reservations, tier, came, now_ms)
    if available:
        return Shown(sku.id, sku.name, available, None)
    today = _day(now_ms, timezone)
    arrivals = [(due_ms, units) for due_ms, units in _arrivals(orders, sku.id) if _day(due_ms, timezone) >= today]
    # Something can only become free when goods come, or when what is protected of a delivery is released.
    released = [at_ms for at_ms in releases_ms(sku, [*came, *arrivals]) if at_ms > now_ms]
    for at_ms in sorted({*(due_ms for due_ms, _ in arrivals), *released}):
        here = sorted((due_ms, units) for due_ms, units in arrivals if due_ms <= at_ms)
        then = replace(position, on_hand=position.on_hand + sum(units for _, units in here))
        if free(then, sku, tiers, reservations, tier, [*came, *here], at_ms):
            return Shown(sku.id, sku.name, 0, _day(at_ms, timezone))
    return Shown(sku.id, sku.name, 0, None)


def is_listed(row: Shown, sku: Sku) -> bool:
    """Whether an SKU is on the page: a discontinued one as long as some of it is there, or on its way."""
    return not sku.discontinued or row.available > 0 or row.expected is not None


def _arrivals(orders: Iterable[Order], sku: str) -> list[tuple[int, int]]:
    """When how many units are due, of the lines whose day is known."""
    lines = (one.line(sku) for one in orders if one.state in PROMISED)
    return [(line.due_ms, line.rest) for line in lines if line is not None and line.rest and line.due_ms]


def _day(at_ms: int, timezone: str) -> date:
    return date.fromordinal(local_day(timezone, at_ms))
