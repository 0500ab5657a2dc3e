"""A device is silent or offline. Not while its gateway is away, or was deaf, nor where many fell silent together: then
that is the one alert."""

from __future__ import annotations

from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth

RULE = "device_silent"
HOLD_MS = 2 * 60_000
CLEAR_MS = 60_000
KNOWN_BY = "device"
NODATA = True


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a device that is not `ok`; while its gateway is away, or has not listened for long again, or others
    are gone with it, it only sustains what already fired."""
    return [
        Condition(
            RULE,
            device,
            facts.zone_of(device),
            3,
            {"state": health.state, "last_seen_ms": health.last_seen_ms, "period_ms": health.period_ms},
            sustain=facts.cut_off(device) or health.unheard or device in facts.in_the_dark,
        )
        for device, health in facts.devices.items()
        if health.state != "ok"
    ]


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "shelf", "a")])
_SILENT = DeviceHealth("d1", "silent", 90_000, 10_000, 5_000, 0, 0, 0)
_OK = DeviceHealth("d1", "ok", 90_000, 89_000, 5_000, 0, 0, 0)
_PARAMS: dict[str, Param] = {"state": "silent", "last_seen_ms": 10_000, "period_ms": 5_000}
_MANY = {f"d{i}": DeviceHealth(f"d{i}", "silent", 90_000, 10_000 + i, 5_000, 0, 0, 0) for i in range(1, 6)}
_WRONG = Facts(_SITE, 90_000, devices={"d1": _SILENT}, gateways={"g1": GatewayLink(True, 90_000)})
_RIGHT = Facts(_SITE, 90_000, devices={"d1": _OK})
EXAMPLES = [
    Example(
        "a silent device",
        _WRONG,
        [Condition(RULE, "d1", "a", 3, _PARAMS)],
    ),
    Example(
        "its gateway is away",
        Facts(_SITE, 90_000, devices={"d1": _SILENT}, gateways={"g1": GatewayLink(False, 20_000)}),
        [Condition(RULE, "d1", "a", 3, _PARAMS, sustain=True)],
    ),
    Example(
        "its gateway had no broker lately",
        Facts(
            _SITE,
            90_000,
            devices={"d1": DeviceHealth("d1", "silent", 90_000, 10_000, 5_000, 0, 0, 0, unheard=True)},
            gateways={"g1": GatewayLink(True, 90_000)},
        ),
        [Condition(RULE, "d1", "a", 3, _PARAMS, sustain=True)],
    ),
    Example(
        "five at once",
        Facts(
            Site(_SITE.site, _SITE.zones, devices=[Device(one, "shelf", "a") for one in _MANY]), 90_000, devices=_MANY
        ),
        [Condition(RULE, f"d{i}", "a", 3, _PARAMS | {"last_seen_ms": 10_000 + i}, sustain=True) for i in range(1, 6)],
    ),
    Example("a device that speaks", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "d1",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (2, True, "firing"), (3, False, "firing"), (4, False, "resolved")],
    ),
]
