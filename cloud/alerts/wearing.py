"""What is said of an asset with a fault: how it is, how long it will last, and what moved most."""

from __future__ import annotations

from cloud.core.maintenance.assets import DAYS_MAX, AssetNow, Fault
from cloud.core.view import Param

DAYS = {"days_low", "days_mid", "days_high"}


def figures(asset: AssetNow, fault: Fault) -> dict[str, Param]:
    """Days are those of the fault, else of the asset; open-ended ones are None."""
    found: dict[str, Param] = {"fault": fault.code, "since_ms": fault.since_ms, "health_pct": round(100 * asset.health)}
    found |= zip(("days_low", "days_mid", "days_high"), asset.days or (), strict=False)
    if asset.why:
        first = asset.why[0]
        found |= {"feature": first.name.rpartition("/")[2], "value": first.value, "unit": first.unit}
        found |= {"normal_low": first.normal_low, "normal_high": first.normal_high}
    found |= fault.params
    for name in DAYS & found.keys():
        days = found[name]
        found[name] = round(days, 1) if isinstance(days, int | float) and days < DAYS_MAX else None
    return found
