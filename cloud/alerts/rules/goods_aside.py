"""Goods were set aside and wait for somebody's signature: a breach that was known too late, a budget that is used up, a
lot that is too old, or a breach that is over, about which nobody decided yet."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.coldchain.aside import Aside
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "goods_aside"
HOLD_MS = 0
CLEAR_MS = 0
URGENT_MS = 24 * 3_600_000
"""For so long goods may wait for a word."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone, worse after a day; a breach that goes on there tells of them, too."""
    seen = []
    for one in facts.aside:
        params: dict[str, Param] = {"units": one.units, "lots": one.lots, "aside_ms": one.since_ms}
        severity = 1 if facts.now_ms - one.since_ms >= URGENT_MS else 2
        seen.append(Condition(RULE, one.zone, one.zone, severity, params, told_by="temperature_breach"))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")])
_WRONG = Facts(_SITE, 90_000_000, aside=[Aside("cold", 50, 2, 86_400_000)])
_RIGHT = Facts(_SITE, 90_000_000)
_PARAMS: dict[str, Param] = {"units": 50, "lots": 2, "aside_ms": 86_400_000}
EXAMPLES = [
    Example(
        "two lots, for an hour",
        _WRONG,
        [Condition(RULE, "cold", "cold", 2, _PARAMS, told_by="temperature_breach")],
    ),
    Example(
        "nobody decided for a day",
        replace(_WRONG, now_ms=2 * 86_400_000),
        [Condition(RULE, "cold", "cold", 1, _PARAMS, told_by="temperature_breach")],
    ),
    Example("somebody signed for all", _RIGHT, []),
    course(
        "until somebody signs",
        "cold",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (60, True, "firing"), (61, False, "resolved")],
    ),
]
