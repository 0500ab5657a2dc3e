"""What bounds how far an order may fill up, in a word, and of what is looked at now and then, in units."""

from __future__ import annotations

from math import sqrt
from typing import Final, Literal

from msgspec import Struct

from cloud.core.planning.demand import Demand
from cloud.core.planning.items import Item
from cloud.core.planning.lots import sells_in_time

Limit = Literal["shelves_too_small", "expires_first", "least_lot_too_large", "promise_out_of_reach", "promise_too_dear"]
"""Codes of what bounds a policy, as they stand on the card; the last two: and so the service level is not kept, which
nothing within the bounds does, or only what is out of proportion."""
SHELVES: Final = "shelves_too_small"
EXPIRY: Final = "expires_first"
BROKEN: Final = "promise_out_of_reach"
DEAR: Final = "promise_too_dear"
FAR_SD = 9.0


class Bounds(Struct, frozen=True):
    """Units that a reorder point and lot together may be at most, None where nothing bounds them, and `why`."""

    upto: int | None = None
    why: Limit | None = None


def bounds_of(item: Item, demand: Demand, step: int, upto: int, level: float) -> Bounds:
    """The bounds of an item that is looked at now and then, whose policy fills up to `upto` units, demand counted in
    steps of `step`: what sells within lead time and shelf life with a chance of `level`, and what the shelves hold.
    What lasts far longer than it takes to sell is not looked at."""
    most = None
    if item.shelf_life_days is not None:
        most = _sold(demand, item.shelf_life_days + item.lead_time_days, step, upto, level)
    if item.capacity is not None and (most is None or item.capacity < most):
        return Bounds(item.capacity, SHELVES)
    return Bounds(most, EXPIRY if most is not None else None)


def _sold(demand: Demand, days: float, step: int, upto: int, level: float) -> int | None:
    """What is sold within so many days with a chance of `level`; None where that is far above `upto`."""
    doubt = demand.unsure(days)
    total, spread = demand.moments(days, doubt)
    if total - FAR_SD * sqrt(spread) > upto:
        return None
    return sells_in_time(demand.over(days, doubt, step), level) * step
