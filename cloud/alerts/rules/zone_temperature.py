"""A zone is warmer or colder than its site file allows."""

from __future__ import annotations

from cloud.alerts.facts import ClimateNow, Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "zone_temperature"
HOLD_MS = 10 * 60_000
CLEAR_MS = 10 * 60_000
DEAD_BAND_C = 0.5
"""It is over only when the temperature is back by this much."""
STALE_MS = 15 * 60_000
"""An older value starts no alert; nor does it end one, unless it was all right."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone outside its limits; sustaining ones inside the dead band and on stale values."""
    seen = []
    for zone in facts.site.zones:
        now = facts.climate.get(zone.id)
        if now is None or now.temperature_c is None:
            continue
        stale = facts.now_ms - now.at_ms > STALE_MS
        for side, limit, over_c in (
            ("high", zone.max_c, now.temperature_c - zone.max_c if zone.max_c is not None else None),
            ("low", zone.min_c, zone.min_c - now.temperature_c if zone.min_c is not None else None),
        ):
            if over_c is not None and over_c > -DEAD_BAND_C:
                params: dict[str, Param] = {
                    "value": round(now.temperature_c, 1),
                    "limit": limit,
                    "unit": "Cel",
                    "side": side,
                }
                seen.append(Condition(RULE, zone.id, zone.id, 1, params, sustain=stale or over_c <= 0))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room", min_c=2.0, max_c=8.0), Zone("hall", "Hall")])
_HIGH: dict[str, Param] = {"limit": 8.0, "unit": "Cel", "side": "high"}
EXAMPLES = [
    Example(
        "too warm",
        Facts(_SITE, 60_000, climate={"cold": ClimateNow(9.04, 60.0, 50_000)}),
        [Condition(RULE, "cold", "cold", 1, {"value": 9.0, **_HIGH})],
    ),
    Example(
        "too cold",
        Facts(_SITE, 60_000, climate={"cold": ClimateNow(1.0, None, 50_000)}),
        [Condition(RULE, "cold", "cold", 1, {"value": 1.0, "limit": 2.0, "unit": "Cel", "side": "low"})],
    ),
    Example(
        "back inside, but only just",
        Facts(_SITE, 60_000, climate={"cold": ClimateNow(7.8, 60.0, 50_000)}),
        [Condition(RULE, "cold", "cold", 1, {"value": 7.8, **_HIGH}, sustain=True)],
    ),
    Example(
        "as it should be, and a zone without limits",
        Facts(_SITE, 60_000, climate={"cold": ClimateNow(5.0, 60.0, 50_000), "hall": ClimateNow(40.0, 60.0, 0)}),
        [],
    ),
    Example(
        "too warm, but that was long ago",
        Facts(_SITE, 3_600_000, climate={"cold": ClimateNow(9.0, 60.0, 50_000)}),
        [Condition(RULE, "cold", "cold", 1, {"value": 9.0, **_HIGH}, sustain=True)],
    ),
    Example("no thermometer heard yet", Facts(_SITE, 60_000), []),
]
