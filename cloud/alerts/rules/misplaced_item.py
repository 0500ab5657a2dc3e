"""Tagged goods lie in a zone where their SKU has no slot, but others have."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param
from cloud.core.whereabouts import Elsewhere
from protocols.layout import About, Site, Sku, Zone

RULE = "misplaced_item"
HOLD_MS = 30 * 60_000
"""What is carried past is there for minutes."""
CLEAR_MS = 5 * 60_000
KNOWN_BY = "reader"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU and zone, with where it belongs."""
    seen = []
    for one in facts.elsewhere:
        kept = facts.site.sku_by_id.get(one.sku)
        params: dict[str, Param] = {"name": kept.name if kept is not None else one.sku, "sku": one.sku}
        params |= {"units": one.units, "slot_zone": one.home, "since_ms": one.since_ms}
        seen.append(Condition(RULE, f"{one.sku}.{one.zone}", one.zone, 3, params))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A"), Zone("b", "Aisle B")], [Sku("drill", "Drill", 900.0)])
_WRONG = Facts(_SITE, 0, elsewhere=[Elsewhere("drill", "b", "a", 2, 5)])
_RIGHT = Facts(_SITE, 0)
EXAMPLES = [
    Example(
        "two drills among the bolts",
        _WRONG,
        [
            Condition(
                RULE,
                "drill.b",
                "b",
                3,
                {"name": "Drill", "sku": "drill", "units": 2, "slot_zone": "a", "since_ms": 5},
            )
        ],
    ),
    Example("all where they belong", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "drill.b",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (30, True, "firing"), (31, False, "firing"), (36, False, "resolved")],
    ),
]
