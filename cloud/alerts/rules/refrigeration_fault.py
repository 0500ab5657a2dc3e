"""Something is wrong with a cooler, before the room gets warm: the refrigerant, a fan, the air's way, ice."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.wearing import figures
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "refrigeration_fault"
HOLD_MS = 0
"""The model has waited until it was sure."""
CLEAR_MS = 3_600_000
KNOWN_BY = "device"
CODES = ("refrigerant", "fan", "blocked_air", "icing")


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a cooler: its worst fault, and how long it will last."""
    seen = []
    for asset in facts.assets:
        faults = [one for one in asset.faults if one.code in CODES] if asset.kind == "refrigerator" else []
        if faults:
            worst = min(faults, key=lambda one: (one.severity, one.since_ms, one.code))
            seen.append(Condition(RULE, asset.id, asset.zone, worst.severity, figures(asset, worst)))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")])
_FAN = Fault("fan", 2, 5, {"duty": 0.8})
_PARAMS: dict[str, Param] = {"fault": "fan", "since_ms": 5, "health_pct": 40}
_PARAMS |= {"days_low": 3.0, "days_mid": 5.0, "days_high": 9.0, "duty": 0.8}
_WRONG = Facts(_SITE, 0, assets=[AssetNow("c1", "refrigerator", "cold", 0.4, (3.0, 5.0, 9.0), [_FAN])])
_RIGHT = Facts(_SITE, 0, assets=[AssetNow("c1", "refrigerator", "cold", 1.0)])
_EMPTY = Fault("refrigerant", 1, 5, {"duty": 0.8})
_SOON: dict[str, Param] = {"days_low": 0.0, "days_mid": 1.0, "days_high": 2.0}
EXAMPLES = [
    Example(
        "a fan stands",
        _WRONG,
        [Condition(RULE, "c1", "cold", 2, _PARAMS)],
    ),
    Example(
        "hardly any refrigerant is left",
        Facts(_SITE, 0, assets=[AssetNow("c1", "refrigerator", "cold", 0.1, (0.0, 1.0, 2.0), [_EMPTY])]),
        [Condition(RULE, "c1", "cold", 1, _PARAMS | {"fault": "refrigerant", "health_pct": 10} | _SOON)],
    ),
    Example("well", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "c1",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (61, False, "resolved")],
    ),
]
