"""A gateway is not connected: nothing new is known of all that reports through it."""

from __future__ import annotations

from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example
from protocols.layout import About, Site

RULE = "gateway_silent"
HOLD_MS = 60_000
CLEAR_MS = 30_000


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a gateway that is not connected."""
    return [
        Condition(RULE, gateway, "", 2, {"last_seen_ms": link.last_seen_ms})
        for gateway, link in facts.gateways.items()
        if not link.connected
    ]


_SITE = Site(About("s1", "Site"), [])
EXAMPLES = [
    Example(
        "a gateway that went away",
        Facts(_SITE, 90_000, gateways={"g1": GatewayLink(False, 20_000), "g2": GatewayLink(True, 89_000)}),
        [Condition(RULE, "g1", "", 2, {"last_seen_ms": 20_000})],
    ),
    Example("a connected gateway", Facts(_SITE, 90_000, gateways={"g1": GatewayLink(True, 1)}), []),
]
