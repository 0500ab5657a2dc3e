"""A device speaks, but one of its channels does not."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.suffering import suffering
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth, Finding

RULE = "sensor_silent"
HOLD_MS = 0
"""What is found has come with hysteresis already."""
CLEAR_MS = 60_000
KNOWN_BY = "device"
NODATA = True
CODES = {"silent": "silent"}


def evaluate(facts: Facts) -> list[Condition]:
    """See `suffering`. A device or a gateway that is silent as a whole has an alert of its own, which ends a moment
    before it is known of the asset."""
    return [one for one in suffering(RULE, CODES, facts) if one.params["channel"]]


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "climate", "a")])
_FOUND = Finding("silent", "1", 5_000, "check_power", {"minutes": 90.0})
_PARAMS: dict[str, Param] = {
    "finding": "silent",
    "channel": "1",
    "remedy": "check_power",
    "since_ms": 5_000,
    "findings": 1,
}
_WRONG = Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0, findings=[_FOUND])})
_RIGHT = Facts(
    _SITE,
    9_000,
    devices={"d1": DeviceHealth("d1", "ok", 9_000, 8_900, 5_000, 0, 0, 0)},
    assets=[
        AssetNow("d1", "thermometer", "a", 0.4, None, [Fault("silent", 3, 3_000)]),
        AssetNow("g1", "gateway", "", 0.3, None, [Fault("silent", 2, 2_000)]),
    ],
)
EXAMPLES = [
    Example(
        "a channel that fell silent",
        _WRONG,
        [Condition(RULE, "d1", "a", 3, _PARAMS | {"minutes": 90.0})],
    ),
    Example(
        "it does not speak any more, which is an alert of its own",
        Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "offline", 9_000, 1, 5_000, 0, 0, 0, findings=[_FOUND])}),
        [Condition(RULE, "d1", "a", 3, _PARAMS | {"minutes": 90.0}, sustain=True)],
    ),
    Example(
        "a gateway that is just back, and a device that is: they were silent as a whole",
        _RIGHT,
        [],
    ),
    Example(
        "a healthy one", Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0)}), []
    ),
    course(
        "comes, lasts and goes",
        "d1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (2, False, "resolved")],
    ),
]
