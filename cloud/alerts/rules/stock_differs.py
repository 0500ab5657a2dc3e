"""A slot holds something else than its book says, and that is certain: count it, or correct the book."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import SlotLevel

RULE = "stock_differs"
HOLD_MS = 0
"""The gateway has held it back until it was certain (its discrepancy control), so nothing is added here."""
CLEAR_MS = 0
KNOWN_BY = "slot"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a slot whose gateway says that its book is wrong, with what the book and the evidence say."""
    slots = facts.site.slot_by_id
    seen = []
    for level in facts.levels.values():
        slot = slots.get(level.slot)
        if slot is None or not level.differs_ms or level.booked is None:
            continue
        params: dict[str, Param] = {"sku": level.sku, "booked": level.booked, "count": level.count}
        params |= {"low": level.low, "high": level.high, "since_ms": level.differs_ms}
        seen.append(Condition(RULE, slot.id, slot.zone, 3, params, sustain=facts.cut_off(slot.device)))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("bolt", "Bolt", 5.0)],
    [Slot("a1", "a", "bolt", "d1")],
    [Device("d1", "shelf", "a")],
)
_DIFFERS = SlotLevel("a1", "bolt", 3, 3, 3, 0.999, 15.0, 9_000, booked=12, differs_ms=5_000)
_WRONG = Facts(_SITE, 9_000, levels={"a1": _DIFFERS})
_RIGHT = Facts(_SITE, 9_000, levels={"a1": SlotLevel("a1", "bolt", 3, 3, 3, 0.999, 15.0, 9_000, booked=12)})
EXAMPLES = [
    Example(
        "the book says 12 and the shelf holds 3",
        _WRONG,
        [
            Condition(
                RULE, "a1", "a", 3, {"sku": "bolt", "booked": 12, "count": 3, "low": 3, "high": 3, "since_ms": 5_000}
            )
        ],
    ),
    Example(
        "it may yet be a booking on its way",
        _RIGHT,
        [],
    ),
    Example("no book at all", Facts(_SITE, 9_000, levels={"a1": SlotLevel("a1", "bolt", 3, 3, 3, 0.999, 15.0, 0)}), []),
    course("comes, lasts and goes", "a1", _WRONG, _RIGHT, [(0, True, "firing"), (1, False, "resolved")]),
]
