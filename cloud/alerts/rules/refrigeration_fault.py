"""Something is wrong with a cooler, before the room gets warm: the refrigerant, a fan, the air's way, ice."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example
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
EXAMPLES = [
    Example(
        "a fan stands",
        Facts(_SITE, 0, assets=[AssetNow("c1", "refrigerator", "cold", 0.4, (3.0, 5.0, 9.0), [_FAN])]),
        [Condition(RULE, "c1", "cold", 2, _PARAMS)],
    ),
    Example(
        "it may last for years",
        Facts(_SITE, 0, assets=[AssetNow("c1", "refrigerator", "cold", 0.4, (90.0, 3650.0, 3650.0), [_FAN])]),
        [
            Condition(
                RULE,
                "c1",
                "cold",
                2,
                _PARAMS | {"days_low": 90.0, "days_mid": None, "days_high": None, "days_least": 90.0},
            )
        ],
    ),
    Example("well", Facts(_SITE, 0, assets=[AssetNow("c1", "refrigerator", "cold", 1.0)]), []),
]
