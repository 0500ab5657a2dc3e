"""What bounds a lot and how far an order may fill up: the shelves, and what sells before it expires."""

from __future__ import annotations

from math import sqrt
from typing import Final, Literal

from msgspec import Struct

from cloud.core.planning.demand import Demand
from cloud.core.planning.items import Item
from cloud.core.planning.lots import sells_in_time

Limit = Literal["shelves_too_small", "expires_first", "least_lot_too_large", "promise_out_of_reach"]
"""Codes of what bounds a policy, as they stand on the card; the last: and so the service level is not kept."""
SHELVES: Final = "shelves_too_small"
EXPIRY: Final = "expires_first"
BROKEN: Final = "promise_out_of_reach"
FAR_SD = 9.0


class Bounds(Struct, frozen=True):
    """Units: what a lot may be at most, and a reorder point and lot together; None where nothing bounds them. `why`
    tells what bounds the latter."""

    lot: int | None = None
    upto: int | None = None
    why: Limit | None = None

    def allow(self, point: int, lot: int) -> bool:
        """Whether a policy stays within."""
        return (self.lot is None or lot <= self.lot) and (self.upto is None or point + lot <= self.upto)


def bounds_of(item: Item, demand: Demand, step: int, upto: int, level: float) -> Bounds:
    """The bounds of an item whose policy fills up to `upto` units, demand counted in steps of `step`.

    A lot is at most what sells within the shelf life with a chance of `level`, should it come to empty shelves; point
    and lot together are at most what sells so within lead time and shelf life, and at most what the shelves hold. What
    lasts far longer than it takes to sell is not looked at.
    """
    lot = most = None
    if item.shelf_life_days is not None:
        lives = (item.shelf_life_days, item.shelf_life_days + item.lead_time_days)
        lot, most = (_sold(demand, days, step, upto, level) for days in lives)
    if item.capacity is not None and (most is None or item.capacity < most):
        return Bounds(lot, item.capacity, SHELVES)
    return Bounds(lot, most, EXPIRY if most is not None else None)


def _sold(demand: Demand, days: float, step: int, upto: int, level: float) -> int | None:
    """What is sold within so many days with a chance of `level`; None where that is far above `upto`."""
    doubt = demand.unsure(days)
    total, spread = demand.moments(days, doubt)
    if total - FAR_SD * sqrt(spread) > upto:
        return None
    return sells_in_time(demand.over(days, doubt, step), level) * step
