"""Reports of a connected gateway are missing, and do not come: not even after they were asked for again."""

from __future__ import annotations

from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.lanes import Lacking
from cloud.core.view import Param
from protocols.layout import About, Site

RULE = "incomplete"
HOLD_MS = 0
"""The gap has its own time, which begins anew whenever some of it is filled: a backlog that drains is no alert."""
CLEAR_MS = 0
STAYS_MS = 10 * 60_000


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a gateway whose gap has stayed as it was; one that shrinks, or is cut off, only sustains."""
    seen = []
    for gateway, lacking in facts.lacking.items():
        link = facts.gateways.get(gateway)
        stays = link is not None and link.connected and facts.now_ms - lacking.since_ms >= STAYS_MS
        params: dict[str, Param] = {"missing": lacking.missing, "lane": lacking.lane, "first": lacking.first}
        params["since_ms"] = lacking.since_ms
        seen.append(Condition(RULE, gateway, "", 2, params, sustain=not stays))
    return seen


_SITE = Site(About("s1", "Site"), [])
_LACKING = {"g1": Lacking(12, "events", 100, 1_000)}
_PARAMS: dict[str, Param] = {"missing": 12, "lane": "events", "first": 100, "since_ms": 1_000}
_WRONG = Facts(_SITE, 601_000, gateways={"g1": GatewayLink(True, 600_000)}, lacking=_LACKING)
_RIGHT = Facts(_SITE, 601_000, gateways={"g1": GatewayLink(True, 600_000)})
EXAMPLES = [
    Example(
        "a gap that has stayed for ten minutes",
        _WRONG,
        [Condition(RULE, "g1", "", 2, _PARAMS)],
    ),
    Example(
        "it was asked for a minute ago",
        Facts(_SITE, 61_000, gateways={"g1": GatewayLink(True, 60_000)}, lacking=_LACKING),
        [Condition(RULE, "g1", "", 2, _PARAMS, sustain=True)],
    ),
    Example(
        "the gateway is away: it can not come",
        Facts(_SITE, 601_000, gateways={"g1": GatewayLink(False, 2_000)}, lacking=_LACKING),
        [Condition(RULE, "g1", "", 2, _PARAMS, sustain=True)],
    ),
    Example("all is here", _RIGHT, []),
    course("comes, lasts and goes", "g1", _WRONG, _RIGHT, [(0, True, "firing"), (1, False, "resolved")]),
]
