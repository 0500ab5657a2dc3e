"""A rule was wrong so often, as people say, that it is told to nobody any more: it asks to be tuned."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.maintenance.verdicts import RulePrecision
from protocols.layout import About, Site

RULE = "rule_asks_tuning"
HOLD_MS = 0
CLEAR_MS = 0


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a rule, of the mildest kind; never of this one."""
    return [
        Condition(
            RULE,
            one.rule,
            "",
            3,
            {"right": one.right + one.not_now, "wrong": one.wrong, "high": one.high, "floor": one.floor},
        )
        for one in facts.doubted
        if one.rule != RULE
    ]


_SITE = Site(About("s1", "Site"), [])
_ASKS = RulePrecision("door", 1, 9, 0, 0.1, 0.01, 0.38, 0.5, True)
_WRONG = Facts(_SITE, 1_000, doubted=[_ASKS])
_RIGHT = Facts(_SITE, 1_000)
EXAMPLES = [
    Example(
        "nine of ten were wrong",
        _WRONG,
        [Condition(RULE, "door", "", 3, {"right": 1, "wrong": 9, "high": 0.38, "floor": 0.5})],
    ),
    Example("no rule asks", _RIGHT, []),
    course("comes, lasts and goes", "door", _WRONG, _RIGHT, [(0, True, "firing"), (1, False, "resolved")]),
]
