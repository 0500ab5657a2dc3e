"""What a device's own readings say against it, as its gateway or the service found it: what rules of sensors share."""

from __future__ import annotations

from collections.abc import Mapping

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.core.view import Param


def suffering(rule: str, codes: Mapping[str, str], facts: Facts) -> list[Condition]:
    """One condition a device with a finding or a fault of these codes (as they are called -> as they are worded): the
    oldest, and how many there are. Of a device that does not speak it only sustains: that has an alert of its own."""
    seen: dict[str, Condition] = {}
    for device, health in facts.devices.items():
        if not health.findings:
            continue
        found = [one for one in health.findings if one.code in codes]
        if not found:
            continue
        oldest = min(found, key=lambda one: (one.since_ms, one.code, one.channel))
        params: dict[str, Param] = {"finding": codes[oldest.code], "channel": oldest.channel, "remedy": oldest.remedy}
        params |= {"since_ms": oldest.since_ms, "findings": len(found), **oldest.evidence}
        seen[device] = Condition(rule, device, facts.zone_of(device), 3, params, sustain=health.state != "ok")
    for asset in facts.assets:
        faults = [one for one in asset.faults if one.code in codes] if asset.id not in seen else []
        if faults:
            first = min(faults, key=lambda one: (one.since_ms, one.code, one.channel))
            params = {"finding": codes[first.code], "channel": first.channel, "since_ms": first.since_ms}
            params |= {"findings": len(faults), **first.params}
            spoken = facts.devices.get(asset.id)
            silent = spoken is not None and spoken.state != "ok"
            seen[asset.id] = Condition(rule, asset.id, asset.zone, 3, params, sustain=silent)
    return [*seen.values()]
