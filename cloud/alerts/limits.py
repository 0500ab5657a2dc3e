"""A zone's climate against the limits of its site file: what the rules of temperature and of humidity share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cloud.alerts.facts import ClimateNow, Facts
from cloud.alerts.lifecycle import Condition
from cloud.core.view import Param
from protocols.layout import Zone

STALE_MS = 15 * 60_000
"""An older value starts no alert; nor does it end one, unless it was all right."""


class Measure(NamedTuple):
    """What is held against which limits (least, most), and by how much it must be back inside before it is over."""

    value: Callable[[ClimateNow], float | None]
    limits: Callable[[Zone], tuple[float | None, float | None]]
    unit: str
    dead_band: float


def outside(rule: str, severity: int, measure: Measure, facts: Facts) -> list[Condition]:
    """One condition a zone outside its limits; sustaining ones inside the dead band and on stale values."""
    seen = []
    for zone in facts.site.zones:
        now = facts.climate.get(zone.id)
        value = measure.value(now) if now is not None else None
        if now is None or value is None:
            continue
        stale = facts.now_ms - now.at_ms > STALE_MS
        least, most = measure.limits(zone)
        for side, limit, sign in (("high", most, 1), ("low", least, -1)):
            if limit is not None and (over := sign * (value - limit)) > -measure.dead_band:
                params: dict[str, Param] = {
                    "value": round(value, 1),
                    "limit": limit,
                    "unit": measure.unit,
                    "side": side,
                }
                seen.append(Condition(rule, zone.id, zone.id, severity, params, sustain=stale or over <= 0))
    return seen
