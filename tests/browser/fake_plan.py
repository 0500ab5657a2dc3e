"""The plan in a made-up need, and the figures of the made-up site."""

from __future__ import annotations

from typing import Literal

from cloud.core.book.positions import Position
from cloud.core.planning.cards import Ahead, Card, Promise, Rejected, Terms
from cloud.core.planning.emergency import Rescue
from cloud.core.trade_view import MeasureView
from cloud.core.view import SkuView

DAY_MS = 86_400_000


def card(sku: SkuView, quantity: int, *, rescued: bool = False) -> Card:
    """The why card of an SKU that is at its reorder point."""
    demand, point = sku.daily_demand or 1.0, sku.reorder_point or 0
    at = Position(sku.on_hand, sku.reserved, sku.quarantined, sku.on_order, sku.in_transit)
    lead = demand * 3
    return Card(
        sku=sku.id,
        verdict="order",
        order=quantity,
        position=at,
        available=at.available,
        projected=at.projected,
        ahead=Ahead(
            demand,
            demand * 0.31,
            3.0,
            0.5,
            lead,
            lead * 0.3,
            int(lead * 0.6),
            int(lead * 1.5),
            "smooth",
            "smoothing",
            180,
        ),
        policy="r,Q",
        formula="economic_lot_and_service",
        reorder_point=point,
        order_up_to=point + quantity,
        safety_stock=point - lead,
        risk=0.93 if rescued else 0.07,
        promise=Promise(310.2, 83.1, 1282.7, 44.0, 0.952, 0.941),
        rejected=[
            Rejected("textbook", point + 18, point + 18 + quantity, 330.0, 0.98),
            Rejected("best_point_and_lot", max(0, point - 9), point + 84, 301.4, 0.931),
        ],
        abc="A",
        xyz="X",
        limits=["shelves_too_small"] if rescued else [],
        terms=Terms(0.95, None, 15.4, 20.0, 0.25, 10, 12, 240, None),
        rescue=Rescue("neighbour:north", 30, 0.93, 0.04, 255.0, 32.0) if rescued else None,
    )


def measures(t: int, *, known: bool = True) -> list[MeasureView]:
    """Every figure; some are not known yet."""
    rows: list[tuple[str, float | None, str, int, float | None, float | None, Literal["up", "down"], str]] = [
        ("turnover", 8.42, "times", 365, 0.6, 8.0, "up", ""),
        ("cover_days", 31.7, "days", 20, -2.4, 45.0, "down", ""),
        ("fill_rate", 93.1, "pct", 18_204, -0.9, 95.0, "up", ""),
        ("stock_out_rate", 1.4, "pct", 1_800, -0.3, 2.0, "down", ""),
        ("inventory_accuracy", 98.6, "pct", 214, 0.4, 98.0, "up", ""),
        ("count_difference_rate", 0.3, "pct", 214, 0.0, 1.0, "down", ""),
        ("holding_cost", 41_280.0, "money a year", 20, 1_210.0, None, "down", ""),
        ("dead_stock", 8_412.5, "money", 2, None, None, "down", ""),
        ("slow_stock", 21_077.0, "money", 3, -310.0, None, "down", ""),
        ("forecast_bias", 2.1, "pct", 1_092, 0.7, 5.0, "down", ""),
        ("forecast_error", None, "pct", 0, None, None, "down", "no_forecast"),
        ("supplier_on_time", 91.0, "pct", 67, 3.0, 90.0, "up", ""),
    ]
    return [
        MeasureView(id_, value if known else None, unit, n, t - 90 * DAY_MS, trend, target, better, reason)
        for id_, value, unit, n, trend, target, better, reason in rows
    ]


def curve(sku: SkuView) -> dict[str, object]:
    """Fill against the money in stock, with a Min/Max in force that wastes some."""
    if not sku.daily_demand:
        return {"sku": sku.id, "policy": "", "demand": 0.0, "points": [], "proposed": None, "in_force": None,
                "reason": "No demand: there is nothing to plan."}  # fmt: skip
    levels = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.999)
    points = [_point(level, 420.0 + 310.0 * (1 / (1 - level)) ** 0.42, sku) for level in levels]
    return {
        "sku": sku.id, "policy": "r,Q", "demand": round(sku.daily_demand * 365, 1), "points": points,
        "proposed": _point(0.952, 420.0 + 310.0 * (1 / 0.048) ** 0.42, sku), "in_force": _point(0.931, 2140.0, sku),
        "reason": "",
    }  # fmt: skip


def _point(fill: float, value: float, sku: SkuView) -> dict[str, float]:
    point = sku.reorder_point or 0
    return {"level": fill, "fill": fill, "stock_value": round(value, 1), "cost": round(value * 0.25 + 180, 1),
            "orders": 22.0, "reorder_point": int(point * (0.6 + fill / 2)), "lot": 120}  # fmt: skip
