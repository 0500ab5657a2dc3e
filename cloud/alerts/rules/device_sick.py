"""A device's own readings speak against it: it drifts, is stuck, noisy, near the end of its battery."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth, Finding

RULE = "device_sick"
HOLD_MS = 0
"""What the gateway finds has come with hysteresis already."""
CLEAR_MS = 60_000
SAID_ELSEWHERE = ("silent",)
"""A silent device has an alert of its own."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a device that suffers from something: the oldest finding, and how many there are."""
    seen = []
    for device, health in facts.devices.items():
        found = [one for one in health.findings if one.code not in SAID_ELSEWHERE]
        if not found or health.state != "ok":
            continue
        worst = min(found, key=lambda one: (one.since_ms, one.code))
        params: dict[str, Param] = {"finding": worst.code, "channel": worst.channel, "remedy": worst.remedy}
        params |= {"since_ms": worst.since_ms, "findings": len(found), **worst.evidence}
        seen.append(Condition(RULE, device, facts.zone_of(device), 3, params, sustain=facts.cut_off(device)))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "climate", "a")])
_STUCK = Finding("stuck", "1", 5_000, "restart_device", {"hours": 7.0})
_PARAMS: dict[str, Param] = {"finding": "stuck", "channel": "1", "remedy": "restart_device"}
EXAMPLES = [
    Example(
        "a stuck thermometer",
        Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0, findings=[_STUCK])}),
        [Condition(RULE, "d1", "a", 3, {**_PARAMS, "since_ms": 5_000, "findings": 1, "hours": 7.0})],
    ),
    Example(
        "it is offline, which is an alert already",
        Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "offline", 9_000, 1, 5_000, 0, 0, 0, findings=[_STUCK])}),
        [],
    ),
    Example(
        "a healthy one", Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0)}), []
    ),
]
