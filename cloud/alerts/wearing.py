"""What is said of an asset with a fault: how it is, how long it will last, and what moved most."""

from __future__ import annotations

from cloud.core.maintenance.assets import DAYS_MAX, AssetNow, Fault
from cloud.core.view import Param


def figures(asset: AssetNow, fault: Fault) -> dict[str, Param]:
    """Days that are open-ended are None."""
    found: dict[str, Param] = {"fault": fault.code, "since_ms": fault.since_ms, "health_pct": round(100 * asset.health)}
    for name, days in zip(("days_low", "days_mid", "days_high"), asset.days or (), strict=False):
        found[name] = round(days, 1) if days < DAYS_MAX else None
    if asset.why:
        first = asset.why[0]
        found |= {"feature": first.name, "value": first.value, "unit": first.unit}
        found |= {"normal_low": first.normal_low, "normal_high": first.normal_high}
    return found | fault.params
