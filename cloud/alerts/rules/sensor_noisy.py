"""A sensor is noisier than it was, or jumps."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.suffering import suffering
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth, Finding

RULE = "sensor_noisy"
HOLD_MS = 0
"""What is found has come with hysteresis already."""
CLEAR_MS = 60_000
KNOWN_BY = "device"
CODES = {"noisy": "noisy", "noise": "noisy", "spikes": "spikes"}


def evaluate(facts: Facts) -> list[Condition]:
    """See `suffering`."""
    return suffering(RULE, CODES, facts)


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("d1", "shelf", "a")])
_FOUND = Finding("noisy", "1", 5_000, "check_wiring", {"times": 4.1})
_PARAMS: dict[str, Param] = {
    "finding": "noisy",
    "channel": "1",
    "remedy": "check_wiring",
    "since_ms": 5_000,
    "findings": 1,
}
_WRONG = Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0, findings=[_FOUND])})
_RIGHT = Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "ok", 9_000, 9_000, 5_000, 0, 0, 0)})
EXAMPLES = [
    Example(
        "a scale that became noisy",
        _WRONG,
        [Condition(RULE, "d1", "a", 3, _PARAMS | {"times": 4.1})],
    ),
    Example(
        "it does not speak any more, which is an alert of its own",
        Facts(_SITE, 9_000, devices={"d1": DeviceHealth("d1", "offline", 9_000, 1, 5_000, 0, 0, 0, findings=[_FOUND])}),
        [Condition(RULE, "d1", "a", 3, _PARAMS | {"times": 4.1}, sustain=True)],
    ),
    Example(
        "the service found it",
        Facts(
            _SITE, 9_000, assets=[AssetNow("d1", "scale", "a", 0.4, faults=[Fault("noise", 3, 5_000, {"times": 4.1})])]
        ),
        [
            Condition(
                RULE,
                "d1",
                "a",
                3,
                {"finding": "noisy", "channel": "", "since_ms": 5_000, "findings": 1, "times": 4.1},
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
