"""Units of an SKU go missing again and again, more than counting wrong explains. Somebody should look why."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.counting.shrinkage import DAYS, Shrunk
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Sku, Slot, Zone

RULE = "shrinkage"
HOLD_MS = 0
"""It rests on a month's counts."""
CLEAR_MS = 24 * 3_600_000
LARGE = 500.0
"""A loss of so much money (of the site) is worse."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU, with the slot where it was always the same."""
    seen = []
    for one in facts.shrunk:
        kept = facts.site.sku_by_id.get(one.sku)
        value = round(one.units * kept.unit_cost, 2) if kept is not None else None
        params: dict[str, Param] = {"name": kept.name if kept is not None else one.sku, "units": one.units}
        params |= {"times": one.times, "usual_units": one.usual, "slot": one.slot, "value": value, "days": DAYS}
        params["since_ms"] = one.since_ms
        place = facts.site.slot_by_id.get(one.slot)
        zone = place.zone if place is not None else facts.zones_of.get(one.sku, "")
        seen.append(Condition(RULE, one.sku, zone, 2 if value is not None and value >= LARGE else 3, params))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("blade", "Razor blades", 5.0, unit_cost=20.0)],
    [Slot("a1", "a", "blade", "d1")],
    [Device("d1", "shelf", "a")],
)
_PARAMS: dict[str, Param] = {"name": "Razor blades", "units": 9, "times": 4, "usual_units": 3.4, "slot": "a1"}
_WRONG = Facts(_SITE, 0, shrunk=[Shrunk("blade", "a1", 9, 4, 3.4, 5)])
_RIGHT = Facts(_SITE, 0)
EXAMPLES = [
    Example(
        "four counts in a month found too few",
        _WRONG,
        [Condition(RULE, "blade", "a", 3, _PARAMS | {"value": 180.0, "days": 30, "since_ms": 5})],
    ),
    Example(
        "and it is much",
        Facts(_SITE, 0, shrunk=[Shrunk("blade", "a1", 90, 4, 3.4, 5)]),
        [Condition(RULE, "blade", "a", 2, _PARAMS | {"units": 90, "value": 1800.0, "days": 30, "since_ms": 5})],
    ),
    Example("counts agree", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "blade",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (1441, False, "resolved")],
    ),
]
