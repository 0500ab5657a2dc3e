"""Orders of a supplier are late: ask, before somebody waits for the goods."""

from __future__ import annotations

from cloud.alerts.facts import Facts, LateNow
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param, SkuView
from protocols.layout import About, Site

RULE = "supplier_late"
HOLD_MS = 6 * 3_600_000
"""What came in the afternoon is booked in the evening."""
CLEAR_MS = 3_600_000
DAY_MS = 86_400_000


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a supplier, with its latest order; worse when an SKU of them is out, or will be within a day."""
    by_supplier: dict[str, list[LateNow]] = {}
    for one in facts.late:
        by_supplier.setdefault(one.supplier, []).append(one)
    if not by_supplier:
        return []
    cover = {sku.id: 0.0 if sku.status == "out" else sku.cover_days for sku in facts.skus}
    seen = []
    for supplier, late in by_supplier.items():
        oldest = min(late, key=lambda one: one.due_ms)
        units: dict[str, int] = {}
        for one in late:
            for sku, rest in one.skus.items():
                units[sku] = units.get(sku, 0) + rest
        urgent = min(units, key=lambda sku: (_days(cover.get(sku)), sku), default="")
        params: dict[str, Param] = {"name": oldest.supplier_name, "orders": len(late), "order": oldest.order}
        params |= {"units": sum(units.values()), "days_late": round((facts.now_ms - oldest.due_ms) / DAY_MS, 1)}
        params |= {"skus": len(units), "sku": urgent}
        severity = 2 if _days(cover.get(urgent)) < 1 else 3
        seen.append(Condition(RULE, supplier, "", severity, params))
    return seen


def _days(cover: float | None) -> float:
    return float("inf") if cover is None else cover


_SITE = Site(About("s1", "Site"), [])
_LATE = LateNow(7, "acme", "Acme", 0, {"bolt": 100, "nut": 50})
_PARAMS: dict[str, Param] = {"name": "Acme", "orders": 1, "order": 7, "units": 150, "days_late": 2.0, "skus": 2}


def _sku(name: str, cover: float, status: str = "ok") -> SkuView:
    return SkuView(name, name, 10, 0, 0, 1.0, 5, 50, cover, status)  # type: ignore[arg-type]


_WRONG = Facts(_SITE, 2 * DAY_MS, skus=[_sku("bolt", 20.0), _sku("nut", 9.0)], late=[_LATE])
_RIGHT = Facts(_SITE, 2 * DAY_MS, skus=[_sku("bolt", 20.0)])
EXAMPLES = [
    Example(
        "two days late, and there is enough",
        _WRONG,
        [Condition(RULE, "acme", "", 3, _PARAMS | {"sku": "nut"})],
    ),
    Example(
        "bolts are out",
        Facts(_SITE, 2 * DAY_MS, skus=[_sku("bolt", 0.0, "out"), _sku("nut", 9.0)], late=[_LATE]),
        [Condition(RULE, "acme", "", 2, _PARAMS | {"sku": "bolt"})],
    ),
    Example("all came", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "acme",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (360, True, "firing"), (361, False, "firing"), (421, False, "resolved")],
    ),
]
