"""One SKU as a planner needs it: costs, supply, what may be ordered, what is there, and the service it must give."""

from __future__ import annotations

from math import isfinite
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.book.positions import Position

LEAD_MAX_DAYS = 1_000
MONEY_MAX, UNITS_MAX, PACK_MAX = 1e12, 1_000_000_000, 1_000_000
HOLDING_LEAST = 1e-12
LEVEL_LEAST, LEVEL_MAX = 0.01, 0.9999
BACKORDER_LEAST, BACKORDER_MAX = 0.01, 1e6
"""Owing a unit costs so many times what holding it does: below, nothing would be kept; above, no figure is so sure."""


class Item(Struct, frozen=True):
    """Money in any one currency. `order_cost` an order, `holding_rate` a share of the unit cost a year,
    `backorder_cost` a unit owed for a year; without it `service_level`, the share of demand met at once, 0 to 1.

    On hand may be below zero: units owed. `reserved` are promised, `quarantined` set aside, `perishing` will expire
    before they sell: not free to plan with. In place of `doubtful` ones `likely` ones are there (`positions.doubt`).
    `capacity` units fit on its shelves, and sell for `shelf_life_days` after they came. A `reorder_point` by hand, and
    an `order_quantity`, stand above what is computed. `policy` is one of `POLICIES`; a "periodic" one is looked at
    every `review_days`. From `breaks` (units, price) on another price holds for all units, or, `incremental`, for those
    above the break (`deals.dealt`).
    """

    sku: str
    unit_cost: float
    order_cost: float
    holding_rate: float
    lead_time_days: float
    lead_time_sd_days: float = 0.0
    moq: int = 1
    pack: int = 1
    on_hand: int = 0
    on_order: int = 0
    reserved: int = 0
    service_level: float | None = None
    backorder_cost: float | None = None
    quarantined: int = 0
    in_transit: int = 0
    capacity: int | None = None
    shelf_life_days: float | None = None
    reorder_point: int | None = None
    order_quantity: int | None = None
    policy: str = ""
    review_days: float | None = None
    perishing: int = 0
    doubtful: int = 0
    likely: int = 0
    breaks: tuple[tuple[int, float], ...] = ()
    incremental: bool = False

    @property
    def free(self) -> Item:
        """The same without what was set by hand or asked for by name."""
        return replace(self, reorder_point=None, order_quantity=None, policy="", review_days=None)

    @property
    def position(self) -> Position:
        """What is there, promised, and to come; its `projected` is what counts when ordering."""
        there = (self.on_hand, self.reserved, self.quarantined, self.on_order, self.in_transit)
        return Position(*there, self.perishing, self.doubtful, self.likely)


POLICIES = ("", "periodic", "jit")
"""What an item may ask for: what costs least or keeps its promise, looked at whenever something is taken; the same,
looked at every so many days; or no more than is promised or owed."""
REVIEW_MAX_DAYS = 366
TEXTS = frozenset(["policy", "breaks", "incremental"])
REQUIRED = ("sku", "unit_cost", "order_cost", "holding_rate", "lead_time_days")
WHOLE = frozenset(
    [
        "moq",
        "pack",
        "on_hand",
        "on_order",
        "reserved",
        "quarantined",
        "in_transit",
        "perishing",
        "doubtful",
        "likely",
        "capacity",
        "reorder_point",
        "order_quantity",
    ]
)
_OPTIONAL = Item.__struct_fields__[-len(Item.__struct_defaults__) :]
DEFAULTS: dict[str, Any] = dict(zip(_OPTIONAL, Item.__struct_defaults__, strict=True))

_LEAST: dict[str, float] = {
    **dict.fromkeys(("unit_cost", "order_cost", "holding_rate", "lead_time_days", "lead_time_sd_days"), 0),
    **dict.fromkeys(("moq", "pack", "capacity", "order_quantity"), 1),
    **dict.fromkeys(("on_order", "reserved", "quarantined", "in_transit", "reorder_point"), 0),
    **dict.fromkeys(("perishing", "doubtful", "likely"), 0),
    **dict.fromkeys(("shelf_life_days", "review_days"), 0),
}
_ABOVE_ZERO = ("unit_cost", "holding_rate", "shelf_life_days", "review_days")
_MOST = {"lead_time_days": LEAD_MAX_DAYS, "lead_time_sd_days": LEAD_MAX_DAYS, "holding_rate": 100, "pack": PACK_MAX}


def unfit(item: Item | None) -> str:
    """Why an item can not be planned, and what to do; "" when it can."""
    if item is None:
        return "no item"
    for name in Item.__struct_fields__[1:]:
        figure = getattr(item, name)
        if figure is None or name in TEXTS:
            continue
        if not isfinite(figure) or abs(figure) > _MOST.get(name, UNITS_MAX if name in WHOLE else MONEY_MAX):
            return f"{name} is {figure:g}: that can not be right"
        if name in WHOLE and figure != int(figure):
            return f"{name} is {figure:g}: whole units are counted"
        if figure < _LEAST.get(name, figure) or (figure == 0 and name in _ABOVE_ZERO):
            return f"{name} is {figure:g}: it must be {'above 0' if name in _ABOVE_ZERO else f'{_LEAST[name]} or more'}"
    if item.unit_cost * item.holding_rate < HOLDING_LEAST:
        return f"unit_cost times holding_rate is {item.unit_cost * item.holding_rate:g}: holding a unit costs something"
    if item.service_level is not None and not 0 < item.service_level < 1:
        return f"service_level is {item.service_level:g}: a share between 0 and 1, such as 0.95"
    if item.service_level is not None and not LEVEL_LEAST <= item.service_level <= LEVEL_MAX:
        return f"service_level is {item.service_level:.9g}: {LEVEL_LEAST} to {LEVEL_MAX} can be planned for"
    if item.order_quantity is not None and (item.order_quantity % item.pack or item.order_quantity < item.moq):
        return f"order_quantity is {item.order_quantity}: whole packs of {item.pack}, at least {item.moq}, are ordered"
    wrong = _unfit_policy(item) or _unfit_breaks(item)
    return wrong or (_unfit_backorder(item) if item.backorder_cost is not None else "")


def _unfit_policy(item: Item) -> str:
    if item.policy not in POLICIES:
        return f"policy is {item.policy[:40]!r}: leave it empty, or give one of {', '.join(POLICIES[1:])}"
    if item.policy and (item.reorder_point is not None or item.order_quantity is not None):
        return f"policy {item.policy} and a reorder_point or order_quantity by hand: leave one out"
    if (item.policy == "periodic") != (item.review_days is not None):
        return "policy periodic and review_days belong together: give both or none"
    if item.review_days is None:
        return ""
    if item.review_days != int(item.review_days) or item.review_days > REVIEW_MAX_DAYS:
        return f"review_days is {item.review_days:g}: whole days, 1 to {REVIEW_MAX_DAYS}"
    expires = item.shelf_life_days is not None and item.shelf_life_days < item.review_days
    if expires and item.lead_time_days > item.review_days:
        return "a shelf life shorter than review_days needs a lead time that is not longer than review_days"
    return ""


def _unfit_breaks(item: Item) -> str:
    units = [first for first, _ in item.breaks]
    if units != sorted({*units} - {0, 1}) or any(not 0 < price <= MONEY_MAX for _, price in item.breaks):
        return "breaks have to rise, from 2 units on, each with a price above 0, such as 100:4.90 500:4.70"
    return "" if item.breaks or not item.incremental else "incremental tells of breaks, and there are none"


def _unfit_backorder(item: Item) -> str:
    cost = item.backorder_cost or 0.0
    if cost <= 0:
        return f"backorder_cost is {cost:g}: it must be above 0"
    times = cost / (item.unit_cost * item.holding_rate)
    if not BACKORDER_LEAST <= times <= BACKORDER_MAX:
        wanted = f"{BACKORDER_LEAST:g} to {BACKORDER_MAX:,.0f} times can be planned for"
        return f"backorder_cost is {cost:g}, {times:g} times what holding a unit for a year costs: {wanted}"
    return ""
