"""A machine runs unlike it did, or wears out: plan its service before it stops."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.wearing import figures
from cloud.core.maintenance.assets import AssetNow, Fault, Feature
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "machine_health"
HOLD_MS = 0
"""The model has waited until it was sure."""
CLEAR_MS = 3_600_000
KNOWN_BY = "device"
CODES = ("abnormal", "wearing")
WEEK = 7.0


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a machine: its worst fault; worse where one in twenty of its kind fails within the week."""
    seen = []
    for asset in facts.assets:
        faults = [one for one in asset.faults if one.code in CODES] if asset.kind == "machine" else []
        if faults:
            worst = min(faults, key=lambda one: (one.severity, one.since_ms, one.code))
            soon = asset.days is not None and asset.days[0] <= WEEK
            severity = min(worst.severity, 2) if soon else worst.severity
            seen.append(Condition(RULE, asset.id, asset.zone, severity, figures(asset, worst)))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("hall", "Hall")])
_WORN = Fault("wearing", 3, 5)
_NEAR = Fault("wearing", 1, 5, {"days_low": 0.5, "days_mid": 1.0, "days_high": 3650.0})
_WHY = Feature("vibration", 6.2, 1.0, 3.0, "mm/s")
_PARAMS: dict[str, Param] = {"fault": "wearing", "since_ms": 5, "health_pct": 30, "feature": "vibration", "value": 6.2}
_PARAMS |= {"unit": "mm/s", "normal_low": 1.0, "normal_high": 3.0}
_WRONG = Facts(_SITE, 0, assets=[AssetNow("m1", "machine", "hall", 0.3, (20.0, 30.0, 3650.0), [_WORN], [_WHY])])
_RIGHT = Facts(_SITE, 0, assets=[AssetNow("m1", "machine", "hall", 0.98)])
EXAMPLES = [
    Example(
        "a bearing that may last a month",
        _WRONG,
        [Condition(RULE, "m1", "hall", 3, _PARAMS | {"days_low": 20.0, "days_mid": 30.0, "days_high": None})],
    ),
    Example(
        "or not even this week",
        Facts(_SITE, 0, assets=[AssetNow("m1", "machine", "hall", 0.3, (4.0, 6.0, 9.0), [_WORN], [_WHY])]),
        [Condition(RULE, "m1", "hall", 2, _PARAMS | {"days_low": 4.0, "days_mid": 6.0, "days_high": 9.0})],
    ),
    Example(
        "at its limit within days",
        Facts(_SITE, 0, assets=[AssetNow("m1", "machine", "hall", 0.1, (0.5, 1.0, 3650.0), [_NEAR], [_WHY])]),
        [
            Condition(
                RULE,
                "m1",
                "hall",
                1,
                _PARAMS | {"health_pct": 10, "days_low": 0.5, "days_mid": 1.0, "days_high": None},
            )
        ],
    ),
    Example("as it always ran", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "m1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (61, False, "resolved")],
    ),
]
