"""A device's battery is low, or will be empty soon: change it on the next round."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.suffering import suffering
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth, Finding

RULE = "battery_low"
HOLD_MS = 0
CLEAR_MS = 60_000
KNOWN_BY = "device"
CODES = {"battery_low": "battery_low", "battery_ending": "battery_ending"}
LOW_PCT, CHANGED_PCT = 10.0, 20.0
"""It is over when there is more than the latter: a cold battery that warms up is no new one."""
URGENT_PCT = 3.0


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a device that was found to run low, or says so itself; worse when it is about to be empty."""
    found = {one.subject: one for one in suffering(RULE, CODES, facts)}
    for device, health in facts.devices.items():
        left = health.battery_pct
        if left is None or (left > CHANGED_PCT and device not in found):
            continue
        params: dict[str, Param] = {"battery_pct": left}
        if device in found:
            params |= found[device].params
        severity = 2 if left <= URGENT_PCT else 3
        calm = left > LOW_PCT and device not in found
        one = Condition(RULE, device, facts.zone_of(device), severity, params, sustain=calm or health.state != "ok")
        found[device] = replace(found[device], severity=severity, params=params) if device in found else one
    return [*found.values()]


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "climate", "a")])


def _at(pct: float | None, findings: list[Finding] | None = None) -> Facts:
    return Facts(
        _SITE,
        9_000,
        devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0, pct, findings=findings or [])},
    )


_ENDING = Finding("battery_ending", "1", 5_000, "replace_battery", {"days": 6.0})
_PARAMS: dict[str, Param] = {"finding": "battery_ending", "channel": "1", "remedy": "replace_battery"}
_WRONG = _at(8.0)
_RIGHT = _at(80.0)
EXAMPLES = [
    Example("nearly empty", _WRONG, [Condition(RULE, "d1", "a", 3, {"battery_pct": 8.0})]),
    Example("all but empty", _at(2.0), [Condition(RULE, "d1", "a", 2, {"battery_pct": 2.0})]),
    Example(
        "it falls so fast that it lasts a week",
        _at(34.0, [_ENDING]),
        [
            Condition(
                RULE, "d1", "a", 3, {"battery_pct": 34.0, **_PARAMS, "since_ms": 5_000, "findings": 1, "days": 6.0}
            )
        ],
    ),
    Example("a little more than low", _at(15.0), [Condition(RULE, "d1", "a", 3, {"battery_pct": 15.0}, sustain=True)]),
    Example("a good one", _RIGHT, []),
    Example("on the mains", _at(None), []),
    course(
        "comes, lasts and goes",
        "d1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (2, False, "resolved")],
    ),
]
