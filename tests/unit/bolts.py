"""A bolt and its demand, as the tests of plans and needs take them."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.settling import Outlook
from cloud.core.replenishment import Plan, Stock, plan
from protocols.layout import Sku

SKU = Sku("bolt", "Bolt", 5.0, unit_cost=2.0, lead_time_days=4, lead_time_sd_days=1, moq=10, pack=12)
DEMAND = Outlook(6.0, 16.0, 0.1, "smooth", "smoothing", 90)
NOTHING = Outlook(0.0, 0.0, 0.0, "none", "none", 90)
STEADY = replace(SKU, moq=1, pack=1, reorder_point=20, order_quantity=50)
"""By hand: at 20 or less, 50."""


def made(
    sku: Sku, told: Outlook | None, on_hand: int, on_order: int = 0, uncertain: int = 0, capacity: int | None = None
) -> Plan:
    return plan(sku, told, Stock(Position(on_hand, on_order=on_order), on_hand, uncertain, capacity), 0.95)


def daily(mean: float, sd: float = 3.0) -> Outlook:
    return Outlook(mean, sd * sd, sd * sd / 90, "smooth", "smoothing", 90)
