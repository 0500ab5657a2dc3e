"""A cooler loses capacity: it must be serviced before the room gets warm. The evidence is in the params."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example
from cloud.alerts.wearing import figures
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.maintenance.refrigeration import Assessment
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone

RULE = "refrigeration_capacity"
HOLD_MS = 0
CLEAR_MS = 12 * 3_600_000
KNOWN_BY = "device"
URGENT_DAYS = 3.0
URGENT_LOSS_PCT = 40.0


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a cooler whose assessment says `losing`; worst when it may be at its limit within days. Of coolers
    without one what was found by other channels."""
    seen = [_condition(facts, device, one) for device, one in facts.coolers.items() if one.state == "losing"]
    known = facts.coolers.keys()
    for asset in facts.assets:
        for fault in asset.faults:
            if fault.code == "losing_capacity" and asset.id not in known:
                seen.append(Condition(RULE, asset.id, asset.zone, min(fault.severity, 2), figures(asset, fault)))
    return seen


def _condition(facts: Facts, device: str, one: Assessment) -> Condition:
    soon = one.days_to_limit is not None and one.days_to_limit <= URGENT_DAYS
    params: dict[str, Param] = {
        "capacity_lost_pct": one.capacity_lost_pct,
        "score": one.score,
        "loss_since_ms": one.since_ms,
        "days_to_limit": one.days_to_limit,
        "days_low": one.days_low,
        "days_high": one.days_high,
        **one.evidence,
    }
    severity = 1 if soon or one.capacity_lost_pct >= URGENT_LOSS_PCT else 2
    return Condition(RULE, device, facts.zone_of(device), severity, params)


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")], devices=[Device("t1", "climate", "cold")])
_EVIDENCE = {"duty": 0.61, "duty_expected": 0.42}
_LOSING = Assessment("losing", 18.0, 0.4, 1000, 6.5, 4.0, 9.0, _EVIDENCE)
_STEADY = Assessment("steady", 4.0, 0.9, None, None, None, None, _EVIDENCE)
_PARAMS: dict[str, Param] = {
    "capacity_lost_pct": 18.0,
    "score": 0.4,
    "loss_since_ms": 1000,
    "days_to_limit": 6.5,
    "days_low": 4.0,
    "days_high": 9.0,
    "duty": 0.61,
    "duty_expected": 0.42,
}
EXAMPLES = [
    Example(
        "a cooler that loses capacity",
        Facts(_SITE, 2000, coolers={"t1": _LOSING}),
        [Condition(RULE, "t1", "cold", 2, _PARAMS)],
    ),
    Example(
        "one whose power says so",
        Facts(
            _SITE,
            2000,
            assets=[AssetNow("t1", "refrigerator", "cold", 0.4, None, [Fault("losing_capacity", 3, 9, {"duty": 0.9})])],
        ),
        [Condition(RULE, "t1", "cold", 2, {"fault": "losing_capacity", "since_ms": 9, "health_pct": 40, "duty": 0.9})],
    ),
    Example("a cooler that varies as ever", Facts(_SITE, 2000, coolers={"t1": _STEADY}), []),
]
