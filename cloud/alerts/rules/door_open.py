"""A door stands open: by its own contact, or by how the air behind it warms."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone

RULE = "door_open"
HOLD_MS = 10 * 60_000
"""Goods are brought in and out."""
CLEAR_MS = 30_000
KNOWN_BY = "device"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a device; worse where the zone must be kept cold. A contact that fell silent only sustains."""
    seen: dict[str, Condition] = {}
    for device, at_ms in facts.doors.items():
        zone = facts.zone_of(device)
        health = facts.devices.get(device)
        silent = health is not None and health.state != "ok"
        severity = 2 if zone in facts.kept_cold else 3
        seen[device] = Condition(RULE, device, zone, severity, {"open_ms": at_ms}, sustain=silent)
    for asset in facts.assets:
        for fault in asset.faults:
            if fault.code == "door_open" and asset.id not in seen:
                params: dict[str, Param] = {"open_ms": fault.since_ms, **fault.params}
                severity = 2 if asset.zone in facts.kept_cold else fault.severity
                seen[asset.id] = Condition(RULE, asset.id, asset.zone, severity, params)
    return [*seen.values()]


_SITE = Site(
    About("s1", "Site"),
    [Zone("cold", "Cold room", max_c=8.0), Zone("hall", "Hall")],
    devices=[Device("door1", "machine", "cold"), Device("door2", "machine", "hall")],
)


def _at(minute: int, *doors: str) -> Facts:
    return Facts(_SITE, minute * 60_000, doors=dict.fromkeys(doors, 0))


EXAMPLES = [
    Example("the cold room's door", _at(1, "door1"), [Condition(RULE, "door1", "cold", 2, {"open_ms": 0})]),
    Example("the hall's", _at(1, "door2"), [Condition(RULE, "door2", "hall", 3, {"open_ms": 0})]),
    Example(
        "the air says so",
        Facts(
            _SITE,
            0,
            assets=[AssetNow("c1", "refrigerator", "cold", 0.6, faults=[Fault("door_open", 3, 7, {"rise": 2})])],
        ),
        [Condition(RULE, "c1", "cold", 2, {"open_ms": 7, "rise": 2})],
    ),
    Example("shut", _at(1), []),
    Timeline(
        "goods are brought in, then it is forgotten",
        "door1",
        [
            (_at(0, "door1"), "pending"),
            (_at(5), "lapsed"),
            (_at(20, "door1"), "pending"),
            (_at(30, "door1"), "firing"),
            (_at(31), "firing"),
            (_at(32), "resolved"),
        ],
    ),
]
