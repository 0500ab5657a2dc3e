"""A maintenance window is over, and what was to happen in it is not: alerts about the asset reach people again, while
somebody may still work on it."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.maintenance.work import LateWork
from protocols.layout import About, Site

RULE = "work_overrun"
HOLD_MS = 0
CLEAR_MS = 0
"""A window is over to the second, and a longer one is somebody's word."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an asset: work that goes on (2) before work that nobody began (3), the earliest end first."""
    worst: dict[str, LateWork] = {}
    for one in sorted(facts.works, key=lambda one: (one.late != "overrun", one.until_ms, one.order)):
        worst.setdefault(one.asset, one)
    return [
        Condition(
            RULE,
            one.asset,
            one.zone,
            2 if one.late == "overrun" else 3,
            {"order": one.order, "late": one.late, "until_ms": one.until_ms, "assigned_to": one.assigned_to},
        )
        for one in worst.values()
    ]


_SITE = Site(About("s1", "Site"), [])
_WORK = LateWork(7, "pump", "hall", "overrun", 60_000, "lee")
_WRONG = Facts(_SITE, 61_000, works=[LateWork(8, "pump", "hall", "not_started", 30_000, ""), _WORK])
_RIGHT = Facts(_SITE, 61_000)
EXAMPLES = [
    Example(
        "an hour was planned, and it takes longer",
        _WRONG,
        [Condition(RULE, "pump", "hall", 2, {"order": 7, "late": "overrun", "until_ms": 60_000, "assigned_to": "lee"})],
    ),
    Example("no window is over", _RIGHT, []),
    course("comes, lasts and goes", "pump", _WRONG, _RIGHT, [(0, True, "firing"), (1, False, "resolved")]),
]
