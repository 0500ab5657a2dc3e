"""The position of an SKU at a site: one formula, for the pages, the planner and the why card; and how much of what the
book has on the shelves is in doubt.

What is there is said once, by the book: `on_hand` is its account's, as lots, layers and value are. A scale that can not
tell a count changes nothing of that. It only says how far it can be relied on: for promises what is surely there, for
planning what is likely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct

from cloud.core.book.state import Account
from protocols.reports import SlotLevel


class Position(Struct, frozen=True):
    """Units. `on_hand` may be below 0, as a debt. `on_order` is what of open orders has not been shipped yet,
    `in_transit` what has been shipped and not received: no unit is in both.

    `quarantined` is there and not to be used: set aside, or expired by the site's day (`lots.unusable`). Of the rest
    `doubtful` units are not surely there, and `likely` units stand in their place (`doubt`).

    `perishing` is there and can be used, but will expire before it sells, as far as is known.

    available = on_hand - reserved - quarantined - doubtful: may be promised. projected = available - perishing + likely
    + on_order + in_transit: decides about ordering.
    """

    on_hand: int
    reserved: int = 0
    quarantined: int = 0
    on_order: int = 0
    in_transit: int = 0
    perishing: int = 0
    doubtful: int = 0
    likely: int = 0

    @property
    def available(self) -> int:
        """What may be promised to somebody now; below 0 where more is promised than there is."""
        return self.on_hand - self.reserved - self.quarantined - self.doubtful

    @property
    def projected(self) -> int:
        """What there will be to sell once all that was ordered has come."""
        return self.available - self.perishing + self.likely + self.on_order + self.in_transit


class Doubt(NamedTuple):
    """Units the book has that are not surely there, and what is likely there in their place."""

    doubtful: int = 0
    likely: int = 0


def doubt(
    sku: str, account: Account, slots: Iterable[str], levels: Mapping[str, SlotLevel], unusable: int = 0
) -> Doubt:
    """How far the shelves of an SKU can be relied on, by the newest level of each of its slots.

    Surely there are as many as the book and the scale both have: what it claims, and where it claims nothing the least
    that its interval allows (`low`; 0 where it knows nothing at all). What a person counted while it claimed nothing is
    sure, too, as long as the interval holds it. Likely are the middle of the interval, and the book's units where the
    scale knows nothing. Of a slot that never told of this SKU there is the book alone. What is `unusable` anyway is not
    taken off twice.
    """
    doubtful = likely = 0
    for slot in slots:
        level = levels.get(slot)
        if level is None or level.sku != sku:
            continue
        units, bias = account.shelves.get(slot, 0), account.bias.get(slot, 0)
        claimed = level.count is not None
        low, high = (level.count, level.count) if level.count is not None else (level.low, level.high)
        low, high = max(0, low + bias), max(0, high + bias)
        middle = (low + high) // 2
        if not claimed and level.confidence <= 0:  # no interval at all
            low, high, middle = 0, max(high, units), units
        if not claimed and slot in account.found and low <= units <= high:
            continue
        sure = min(units, low)
        doubtful += units - sure
        likely += middle - sure
    most = max(0, account.on_hand - unusable)
    return Doubt(min(doubtful, most), max(0, likely - max(0, doubtful - most)))
