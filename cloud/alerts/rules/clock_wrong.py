"""A clock is wrong: of a gateway, by when its reports are sent; of a device, as its gateway found."""

from __future__ import annotations

from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth, Finding

RULE = "clock_wrong"
HOLD_MS = 0
CLEAR_MS = 60_000
KNOWN_BY = "device"
OFF_S, RIGHT_S, FAR_S = 30.0, 20.0, 300.0
"""A gateway's; it is over below the second, and worse from the last on, where days and shifts are told wrongly."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a gateway or device."""
    seen = []
    for gateway, off_s in facts.clocks.items():
        if abs(off_s) > RIGHT_S:
            link = facts.gateways.get(gateway)
            calm = abs(off_s) < OFF_S or link is None or not link.connected
            severity = 2 if abs(off_s) >= FAR_S else 3
            seen.append(Condition(RULE, gateway, "", severity, {"off_s": round(off_s, 1)}, sustain=calm))
    for device, health in facts.devices.items():
        for one in health.findings:
            if one.code == "clock_off":
                off = one.evidence.get("offset_s")
                params: dict[str, Param] = {"since_ms": one.since_ms, "remedy": one.remedy}
                params |= {"off_s": round(off, 1)} if off is not None else {}
                silent = health.state != "ok"
                seen.append(Condition(RULE, device, facts.zone_of(device), 3, params, sustain=silent))
                break
    return seen


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "climate", "a")])
_OFF = Finding("clock_off", "", 5_000, "set_clock", {"offset_s": 3600.04})
_UP = {"g1": GatewayLink(True, 9_000)}
_WRONG = Facts(_SITE, 9_000, gateways=_UP, clocks={"g1": 61.24})
_RIGHT = Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0, findings=[_OFF])})
EXAMPLES = [
    Example(
        "a gateway a minute ahead",
        _WRONG,
        [Condition(RULE, "g1", "", 3, {"off_s": 61.2})],
    ),
    Example(
        "a gateway that lives an hour ago",
        Facts(_SITE, 9_000, gateways=_UP, clocks={"g1": -3600.0}),
        [Condition(RULE, "g1", "", 2, {"off_s": -3600.0})],
    ),
    Example(
        "nearly right again",
        Facts(_SITE, 9_000, gateways=_UP, clocks={"g1": 22.0}),
        [Condition(RULE, "g1", "", 3, {"off_s": 22.0}, sustain=True)],
    ),
    Example(
        "a device in another time zone",
        _RIGHT,
        [Condition(RULE, "d1", "a", 3, {"since_ms": 5_000, "remedy": "set_clock", "off_s": 3600.0})],
    ),
    Example("some seconds", Facts(_SITE, 9_000, gateways=_UP, clocks={"g1": 4.0}), []),
    course(
        "comes, lasts and goes",
        "g1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (2, False, "resolved")],
    ),
]
