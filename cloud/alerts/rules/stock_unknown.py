"""A slot's count has not been known for long. Not where its device is silent or cut off: that has its own alert."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import DeviceHealth, SlotLevel

RULE = "stock_unknown"
HOLD_MS = 30 * 60_000
CLEAR_MS = 60_000
KNOWN_BY = "slot"
NODATA = True


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a slot without a count, with the reason and the remedy its gateway gives."""
    slots = facts.site.slot_by_id
    seen = []
    for level in facts.levels.values():
        if level.count is not None:
            continue
        slot = slots.get(level.slot)
        health = facts.devices.get(slot.device) if slot else None
        if slot is None or (health is not None and health.state != "ok"):
            continue
        params: dict[str, Param] = {"sku": level.sku, "reason": level.reason, "remedy": level.remedy}
        seen.append(Condition(RULE, slot.id, slot.zone, 3, params, sustain=facts.cut_off(slot.device)))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("bolt", "Bolt", 5.0)],
    [Slot("a1", "a", "bolt", "d1")],
    [Device("d1", "shelf", "a")],
)
_UNKNOWN = SlotLevel("a1", "bolt", None, 0, 40, 0.0, 120.0, 0, "foreign_object", "look")
_WRONG = Facts(_SITE, 0, levels={"a1": _UNKNOWN})
_RIGHT = Facts(_SITE, 0, levels={"a1": _UNKNOWN}, devices={"d1": DeviceHealth("d1", "silent", 0, 0, 5_000, 0, 0, 0)})
EXAMPLES = [
    Example(
        "a count that can not be told",
        _WRONG,
        [Condition(RULE, "a1", "a", 3, {"sku": "bolt", "reason": "foreign_object", "remedy": "look"})],
    ),
    Example(
        "its shelf is silent",
        _RIGHT,
        [],
    ),
    Example("a known count", Facts(_SITE, 0, levels={"a1": SlotLevel("a1", "bolt", 7, 7, 7, 0.99, 35.0, 0)}), []),
    course(
        "comes, lasts and goes",
        "a1",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (30, True, "firing"), (31, False, "firing"), (32, False, "resolved")],
    ),
]
