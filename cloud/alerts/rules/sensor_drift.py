"""A sensor drifts, or creeps under load: its values are off by more and more."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.suffering import suffering
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth, Finding

RULE = "sensor_drift"
HOLD_MS = 0
"""What is found has come with hysteresis already."""
CLEAR_MS = 60_000
KNOWN_BY = "device"
CODES = {"drift": "drift", "creep": "creep"}


def evaluate(facts: Facts) -> list[Condition]:
    """See `suffering`."""
    return suffering(RULE, CODES, facts)


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "climate", "a")])
_FOUND = Finding("drift", "1", 5_000, "calibrate", {"per_day": 0.3})
_PARAMS: dict[str, Param] = {
    "finding": "drift",
    "channel": "1",
    "remedy": "calibrate",
    "since_ms": 5_000,
    "findings": 1,
}
_WRONG = Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0, findings=[_FOUND])})
_RIGHT = Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0)})
EXAMPLES = [
    Example(
        "a thermometer that drifts",
        _WRONG,
        [Condition(RULE, "d1", "a", 3, _PARAMS | {"per_day": 0.3})],
    ),
    Example(
        "it does not speak any more, which is an alert of its own",
        Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "offline", 9_000, 1, 5_000, 0, 0, 0, findings=[_FOUND])}),
        [Condition(RULE, "d1", "a", 3, _PARAMS | {"per_day": 0.3}, sustain=True)],
    ),
    Example(
        "the service found it",
        Facts(
            _SITE,
            9_000,
            assets=[AssetNow("d1", "thermometer", "a", 0.4, faults=[Fault("drift", 3, 5_000, {"per_day": 0.3})])],
        ),
        [
            Condition(
                RULE,
                "d1",
                "a",
                3,
                {"finding": "drift", "channel": "", "since_ms": 5_000, "findings": 1, "per_day": 0.3},
            )
        ],
    ),
    Example("a healthy one", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "d1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (2, False, "resolved")],
    ),
]
