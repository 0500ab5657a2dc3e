"""An SKU is at or below its reorder point, and nobody has ordered it for a day."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from cloud.core.view import Param, SkuView
from protocols.layout import About, Device, Site, Sku, Slot, Zone

RULE = "below_reorder_point"
HOLD_MS = 24 * 3_600_000
"""What is to be ordered stands in the list of needs, also overnight; here is told what was left lying there."""
CLEAR_MS = 60_000
KNOWN_BY = "sku"
RISK = 0.5
"""When it is more likely than not that an order comes too late, it is worse."""
DEAD_BAND = 0.05
"""It is over when the stock is above by this share of the reorder point: a return or two are no order."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU; what is out altogether has an alert of its own."""
    seen = []
    for sku in facts.skus:
        point = sku.reorder_point
        if point is None or sku.discontinued or sku.verdict == "stock_unknown" or sku.status == "out":
            continue
        over = sku.projected - point
        if sku.verdict == "order" or 0 < over <= DEAD_BAND * point:
            risk = sku.risk or 0.0
            params: dict[str, Param] = {"name": sku.name, "projected": sku.projected, "reorder_point": point}
            params |= {"on_order": sku.on_order, "daily_demand": sku.daily_demand, "cover_days": sku.cover_days}
            params["risk_pct"] = round(100 * risk) if sku.risk is not None else None
            zone = facts.zones_of.get(sku.id, "")
            calm = sku.verdict != "order"
            seen.append(Condition(RULE, sku.id, zone, 2 if risk >= RISK else 3, params, sustain=calm))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("bolt", "Bolt", 5.0)],
    [Slot("a1", "a", "bolt", "d1")],
    [Device("d1", "shelf", "a")],
)


def _sku(projected: int, verdict: str, risk: float | None = 0.1) -> SkuView:
    return SkuView(
        "bolt", "Bolt", projected, 0, 0, 12.5, 100, 500, 7.0, "low" if verdict == "order" else "ok",
        available=projected, projected=projected, verdict=verdict, risk=risk,  # type: ignore[arg-type]
    )  # fmt: skip


def _at(hour: float, sku: SkuView) -> Facts:
    return Facts(_SITE, round(hour * 3_600_000), skus=[sku])


_PARAMS: dict[str, Param] = {"name": "Bolt", "projected": 88, "reorder_point": 100, "on_order": 0}
_PARAMS |= {"daily_demand": 12.5, "cover_days": 7.0, "risk_pct": 10}
EXAMPLES = [
    Example("it is to be ordered", _at(0, _sku(88, "order")), [Condition(RULE, "bolt", "a", 3, _PARAMS)]),
    Example(
        "an order would come too late, perhaps",
        _at(0, _sku(88, "order", 0.7)),
        [Condition(RULE, "bolt", "a", 2, _PARAMS | {"risk_pct": 70})],
    ),
    Example(
        "just above",
        _at(0, _sku(103, "enough")),
        [Condition(RULE, "bolt", "a", 3, _PARAMS | {"projected": 103}, sustain=True)],
    ),
    Example("ordered", _at(0, _sku(588, "enough")), []),
    Timeline(
        "ordered within the hour",
        "bolt",
        [(_at(0, _sku(88, "order")), "pending"), (_at(1, _sku(588, "enough")), "lapsed")],
    ),
    Timeline(
        "left lying until the next day",
        "bolt",
        [
            (_at(0, _sku(88, "order")), "pending"),
            (_at(24, _sku(85, "order")), "firing"),
            (_at(25, _sku(102, "enough")), "firing"),
            (_at(26, _sku(588, "enough")), "firing"),
            (_at(26.1, _sku(588, "enough")), "resolved"),
        ],
    ),
]
