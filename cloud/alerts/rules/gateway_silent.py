"""A gateway is not connected: nothing new is known of all that reports through it."""

from __future__ import annotations

from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from protocols.layout import About, Device, Site, Zone

RULE = "gateway_silent"
HOLD_MS = 60_000
CLEAR_MS = 30_000
BLIND_MS = 30 * 60_000
"""For so long nobody sees whether a cold room stays cold: then it is the worst."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a gateway that is not connected; worse once it has left rooms unwatched that must be kept cold."""
    return [
        Condition(RULE, gateway, "", 1 if _blind(facts, gateway, link) else 2, {"last_seen_ms": link.last_seen_ms})
        for gateway, link in facts.gateways.items()
        if not link.connected
    ]


def _blind(facts: Facts, gateway: str, link: GatewayLink) -> bool:
    if not link.last_seen_ms or facts.now_ms - link.last_seen_ms < BLIND_MS:
        return False
    return any(
        facts.cut_off(device) and facts.gateway_of.get(device, gateway) == gateway
        for zone in facts.kept_cold
        for device in facts.devices_in.get(zone, ())
    )


_SITE = Site(About("s1", "Site"), [])
_COLD = Site(
    About("s1", "Site"), [Zone("cold", "Cold room", min_c=2.0, max_c=8.0)], devices=[Device("t1", "climate", "cold")]
)
_AWAY = {"g1": GatewayLink(False, 20_000)}


def _at(minute: int, connected: bool) -> Facts:
    seen = minute * 60_000 if connected else 0
    return Facts(_SITE, minute * 60_000, gateways={"g1": GatewayLink(connected, seen)})


EXAMPLES = [
    Example(
        "a gateway that went away",
        Facts(_SITE, 90_000, gateways={"g1": GatewayLink(False, 20_000), "g2": GatewayLink(True, 89_000)}),
        [Condition(RULE, "g1", "", 2, {"last_seen_ms": 20_000})],
    ),
    Example(
        "it watches a cold room, and is away for long",
        Facts(_COLD, 2_000_000, gateways=_AWAY, gateway_of={"t1": "g1"}),
        [Condition(RULE, "g1", "", 1, {"last_seen_ms": 20_000})],
    ),
    Example(
        "another one watches the cold room",
        Facts(_COLD, 2_000_000, gateways={**_AWAY, "g2": GatewayLink(True, 1_999_000)}, gateway_of={"t1": "g2"}),
        [Condition(RULE, "g1", "", 2, {"last_seen_ms": 20_000})],
    ),
    Example("a connected gateway", Facts(_SITE, 90_000, gateways={"g1": GatewayLink(True, 1)}), []),
    Timeline(
        "away for minutes",
        "g1",
        [
            (_at(0, True), ""),
            (_at(1, False), "pending"),
            (_at(2, False), "firing"),
            (_at(3, True), "firing"),
            (_at(4, True), "resolved"),
        ],
    ),
    Timeline(
        "a restart within the minute", "g1", [(_at(0, True), ""), (_at(1, False), "pending"), (_at(2, True), "lapsed")]
    ),
]
