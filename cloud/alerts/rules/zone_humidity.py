"""A zone is damper or drier than its site file allows."""

from __future__ import annotations

from cloud.alerts.facts import ClimateNow, Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.limits import Measure, outside
from cloud.alerts.rules import Example, Timeline
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "zone_humidity"
HOLD_MS = 30 * 60_000
"""An open door or a washed floor passes."""
CLEAR_MS = 10 * 60_000
KNOWN_BY = "zone"
DEAD_BAND_PCT = 2.0
"""It is over only when the humidity is back by this much."""
_MEASURE = Measure(lambda now: now.humidity_pct, lambda zone: (zone.min_pct, zone.max_pct), "%RH", DEAD_BAND_PCT)


def evaluate(facts: Facts) -> list[Condition]:
    """See `outside`."""
    return outside(RULE, 2, _MEASURE, facts)


_SITE = Site(About("s1", "Site"), [Zone("dry", "Dry store", min_pct=20.0, max_pct=60.0), Zone("hall", "Hall")])


def _at(minute: int, humidity_pct: float) -> Facts:
    return Facts(_SITE, minute * 60_000, climate={"dry": ClimateNow(20.0, humidity_pct, minute * 60_000)})


_HIGH: dict[str, Param] = {"limit": 60.0, "unit": "%RH", "side": "high"}
EXAMPLES = [
    Example(
        "too damp",
        Facts(_SITE, 60_000, climate={"dry": ClimateNow(20.0, 71.26, 50_000)}),
        [Condition(RULE, "dry", "dry", 2, {"value": 71.3, **_HIGH})],
    ),
    Example(
        "too dry",
        Facts(_SITE, 60_000, climate={"dry": ClimateNow(None, 12.0, 50_000)}),
        [Condition(RULE, "dry", "dry", 2, {"value": 12.0, "limit": 20.0, "unit": "%RH", "side": "low"})],
    ),
    Example(
        "back inside, but only just",
        Facts(_SITE, 60_000, climate={"dry": ClimateNow(20.0, 59.0, 50_000)}),
        [Condition(RULE, "dry", "dry", 2, {"value": 59.0, **_HIGH}, sustain=True)],
    ),
    Example(
        "as it should be, and a zone without limits",
        Facts(_SITE, 60_000, climate={"dry": ClimateNow(20.0, 40.0, 50_000), "hall": ClimateNow(20.0, 99.0, 0)}),
        [],
    ),
    Example(
        "a thermometer that tells no humidity", Facts(_SITE, 60_000, climate={"dry": ClimateNow(20.0, None, 0)}), []
    ),
    Timeline(
        "a washed floor, and a wet week that is over only when it is dry by more than a little",
        "dry",
        [
            (_at(0, 71.0), "pending"),
            (_at(20, 55.0), "lapsed"),
            (_at(60, 71.0), "pending"),
            (_at(90, 71.0), "firing"),
            (_at(100, 59.0), "firing"),
            (_at(200, 59.0), "firing"),
            (_at(210, 57.0), "firing"),
            (_at(220, 57.0), "resolved"),
        ],
    ),
]
