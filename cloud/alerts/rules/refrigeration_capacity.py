"""A cooler loses capacity: it must be serviced before the room gets warm. The evidence is in the params."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.wearing import figures
from cloud.core.maintenance.assets import AssetNow, Fault
from protocols.layout import About, Device, Site, Zone

RULE = "refrigeration_capacity"
HOLD_MS = 0
CLEAR_MS = 12 * 3_600_000
KNOWN_BY = "device"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a cooler that loses capacity; worst when it may be at its limit within days."""
    return [
        Condition(RULE, asset.id, asset.zone, min(fault.severity, 2), figures(asset, fault))
        for asset in facts.assets
        for fault in asset.faults
        if fault.code == "losing_capacity"
    ]


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")], devices=[Device("t1", "climate", "cold")])
_WRONG = Facts(
    _SITE,
    2000,
    assets=[AssetNow("t1", "refrigerator", "cold", 0.4, None, [Fault("losing_capacity", 3, 9, {"duty": 0.9})])],
)
_RIGHT = Facts(_SITE, 2000, assets=[AssetNow("t1", "refrigerator", "cold", 1)])
EXAMPLES = [
    Example(
        "a cooler that loses capacity",
        _WRONG,
        [Condition(RULE, "t1", "cold", 2, {"fault": "losing_capacity", "since_ms": 9, "health_pct": 40, "duty": 0.9})],
    ),
    Example(
        "one that may be at its limit within days",
        Facts(
            _SITE,
            2000,
            assets=[AssetNow("t1", "refrigerator", "cold", 0.2, (1.0, 2.0, 4.0), [Fault("losing_capacity", 1, 9)])],
        ),
        [
            Condition(
                RULE,
                "t1",
                "cold",
                1,
                {
                    "fault": "losing_capacity",
                    "since_ms": 9,
                    "health_pct": 20,
                    "days_low": 1.0,
                    "days_mid": 2.0,
                    "days_high": 4.0,
                },
            )
        ],
    ),
    Example("a cooler that varies as ever", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "t1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (721, False, "resolved")],
    ),
]
