"""What the gateway decided by itself, as rows: the same for the page, the API and the command line."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.core.alone import Alone
from protocols.alarms import TOLD


def alarms(alone: Alone) -> list[dict[str, Any]]:
    """The alarms that fire, oldest first, then those that are over, newest first. What only pends is not shown."""
    firing = sorted((one for one in alone.alarms.open.values() if one.state == "firing"), key=lambda one: one.since_ms)
    rows = [
        {
            "rule": one.rule,
            "subject": one.subject,
            "zone": one.zone,
            "state": one.state,
            "since_ms": one.since_ms,
            "at_ms": one.fired_ms,
            "params": {**one.params, TOLD: one.by_us_ms} if one.by_us_ms else one.params,
        }
        for one in firing
    ]
    return rows + [msgspec.structs.asdict(one) for one in reversed(alone.alarms.over)]


def proposals(alone: Alone) -> list[dict[str, Any]]:
    """The open proposals by SKU, then those that were closed, newest first. `adopted`: the service orders it."""
    rows = []
    for sku, case in sorted(alone.orders.cases.items()):
        if case.open is not None:
            policy = alone.policies.get(sku)
            rows.append({**msgspec.structs.asdict(case.open), "adopted": policy is not None and policy.open})
    return rows + [{**msgspec.structs.asdict(one), "adopted": False} for one in reversed(alone.orders.closed)]


def told(alone: Alone) -> list[dict[str, Any]]:
    """The last tries to tell people of alarms while the service was away, newest first."""
    return [msgspec.structs.asdict(one) for one in reversed(alone.told.log)]
