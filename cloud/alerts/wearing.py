"""What is said of an asset with a fault: how it is, how long it will last, and what moved most."""

from __future__ import annotations

from cloud.core.maintenance.assets import DAYS_MAX, AssetNow, Fault
from cloud.core.view import Param

DAYS = ("days_low", "days_mid", "days_high")
SAID = (*DAYS, "now")
"""What a fault says of itself, and the asset too."""


def figures(asset: AssetNow, fault: Fault) -> dict[str, Param]:
    """Days that are open-ended are None; where the last ones are, `days_least` are left. The feature that moved most is
    told by its quantity, without its channel."""
    found: dict[str, Param] = {"fault": fault.code, "since_ms": fault.since_ms, "health_pct": round(100 * asset.health)}
    for name, days in zip(DAYS, asset.days or (), strict=False):
        found[name] = round(days, 1) if days < DAYS_MAX else None
    if asset.days is not None and found["days_high"] is None:
        found["days_least"] = found["days_low"]
    if asset.why:
        first = asset.why[0]
        found |= {"feature": first.name.rpartition("/")[2], "value": first.value, "unit": first.unit}
        found |= {"normal_low": first.normal_low, "normal_high": first.normal_high}
    return found | {name: value for name, value in fault.params.items() if name not in SAID}
