"""There is far more of an SKU than its policy would ever have: money on a shelf."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param, SkuView
from protocols.layout import About, Device, Site, Sku, Slot, Zone

RULE = "overstock"
HOLD_MS = CLEAR_MS = 24 * 3_600_000
KNOWN_BY = "sku"
TOO_MUCH, ENOUGH = 1.5, 1.3
"""So many times the most it should have; it is over below the second."""
DAYS_MIN = 60.0
"""Less than so many days' demand beyond it is no money."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU that is planned; what is still to come counts too, for that may be cancelled."""
    seen = []
    for sku in facts.skus:
        most = sku.order_up_to
        if most is None or not sku.daily_demand or sku.uncertain or sku.projected <= ENOUGH * most:
            continue
        over = sku.projected - most
        if over < DAYS_MIN * sku.daily_demand:
            continue
        kept = facts.site.sku_by_id.get(sku.id)
        params: dict[str, Param] = {"name": sku.name, "available": sku.available, "order_up_to": most}
        params |= {"over_units": over, "cover_days": round(sku.projected / sku.daily_demand, 1)}
        params["value"] = round(over * kept.unit_cost, 2) if kept is not None else None
        calm = sku.projected <= TOO_MUCH * most
        seen.append(Condition(RULE, sku.id, facts.zones_of.get(sku.id, ""), 3, params, sustain=calm))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("bolt", "Bolt", 5.0, unit_cost=2.0)],
    [Slot("a1", "a", "bolt", "d1")],
    [Device("d1", "shelf", "a")],
)


def _at(units: int, daily: float = 2.0) -> Facts:
    sku = SkuView("bolt", "Bolt", units, 0, 0, daily, 50, 150, None, "ok", available=units, projected=units)
    return Facts(
        _SITE, 0, skus=[SkuView(**{**{f: getattr(sku, f) for f in sku.__struct_fields__}, "order_up_to": 200})]
    )


_PARAMS: dict[str, Param] = {"name": "Bolt", "available": 900, "order_up_to": 200, "over_units": 700}
_WRONG = _at(900)
_RIGHT = _at(900, 50.0)
EXAMPLES = [
    Example(
        "a year's worth",
        _WRONG,
        [Condition(RULE, "bolt", "a", 3, _PARAMS | {"cover_days": 450.0, "value": 1400.0})],
    ),
    Example(
        "a little less than that would be told",
        _at(290, 1.0),
        [
            Condition(
                RULE,
                "bolt",
                "a",
                3,
                {**_PARAMS, "available": 290, "over_units": 90, "cover_days": 290.0, "value": 180.0},
                sustain=True,
            )
        ],
    ),
    Example("it sells fast", _RIGHT, []),
    Example("as it should be", _at(180), []),
    course(
        "comes, lasts and goes",
        "bolt",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (1440, True, "firing"), (1441, False, "firing"), (2881, False, "resolved")],
    ),
]
