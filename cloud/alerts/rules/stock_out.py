"""An SKU has run out: none on hand, and the count of every one of its slots is known."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import SkuView
from protocols.layout import About, Device, Site, Sku, Slot, Zone

RULE = "stock_out"
HOLD_MS = 30_000
CLEAR_MS = 30_000
KNOWN_BY = "sku"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU; its zone is that of its slots, "" when they lie in several or it has none."""
    out = {sku.id: sku for sku in facts.skus if sku.on_hand <= 0 and sku.uncertain == 0}
    zones: dict[str, set[str]] = {}
    if out:
        for slot in facts.site.slots:
            if slot.sku in out:
                zones.setdefault(slot.sku, set()).add(slot.zone)
    return [
        Condition(
            RULE,
            sku.id,
            next(iter(zones[sku.id])) if len(zones[sku.id]) == 1 else "",
            2,
            {"name": sku.name, "on_order": sku.on_order, "daily_demand": sku.daily_demand},
        )
        for sku in out.values()
        if sku.id in zones
    ]


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("bolt", "Bolt", 5.0), Sku("gone", "Not kept here", 5.0)],
    [Slot("a1", "a", "bolt", "d1")],
    [Device("d1", "shelf", "a")],
)
_NONE = SkuView("bolt", "Bolt", 0, 50, 0, 12.5, 30, 50, 0.0, "out")
_WRONG = Facts(_SITE, 0, skus=[_NONE])
_RIGHT = Facts(_SITE, 0, skus=[SkuView("bolt", "Bolt", 0, 0, 1, 12.5, 30, 50, None, "unknown")])
EXAMPLES = [
    Example(
        "none left",
        _WRONG,
        [Condition(RULE, "bolt", "a", 2, {"name": "Bolt", "on_order": 50, "daily_demand": 12.5})],
    ),
    Example(
        "none seen, but one slot can not be told",
        _RIGHT,
        [],
    ),
    Example("some left", Facts(_SITE, 0, skus=[SkuView("bolt", "Bolt", 3, 0, 0, 12.5, 30, 50, 0.2, "low")]), []),
    Example(
        "an SKU without a slot",
        Facts(_SITE, 0, skus=[SkuView("gone", "Not kept here", 0, 0, 0, None, None, None, None, "unknown")]),
        [],
    ),
    course(
        "comes, lasts and goes",
        "bolt",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (0.5, True, "firing"), (1.5, False, "firing"), (2.5, False, "resolved")],
    ),
]
