"""A zone is warmer or colder than its site file allows. Where goods have their own storage, that decides instead."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.facts import ClimateNow, Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.limits import Measure, outside
from cloud.alerts.rules import Example, course
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "zone_temperature"
HOLD_MS = 10 * 60_000
CLEAR_MS = 10 * 60_000
KNOWN_BY = "zone"
DEAD_BAND_C = 0.5
"""It is over only when the temperature is back by this much."""
_MEASURE = Measure(lambda now: now.temperature_c, lambda zone: (zone.min_c, zone.max_c), "Cel", DEAD_BAND_C)


def evaluate(facts: Facts) -> list[Condition]:
    """See `outside`. Of a zone with a storage, and in a defrost, it only sustains: a gateway that knows of neither is
    answered."""
    kept = {room.zone for room in facts.rooms if room.storage or room.kind == "defrost"}
    seen = outside(RULE, 1, _MEASURE, facts)
    return [replace(one, sustain=True) if one.subject in kept else one for one in seen] if kept else seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room", min_c=2.0, max_c=8.0), Zone("hall", "Hall")])
_HIGH: dict[str, Param] = {"limit": 8.0, "unit": "Cel", "side": "high"}
_WRONG = Facts(_SITE, 60_000, climate={"cold": ClimateNow(9.04, 60.0, 50_000)})
_RIGHT = Facts(_SITE, 60_000, climate={"cold": ClimateNow(5.0, 60.0, 50_000), "hall": ClimateNow(40.0, 60.0, 0)})
EXAMPLES = [
    Example(
        "too warm",
        _WRONG,
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
        _RIGHT,
        [],
    ),
    Example(
        "too warm, but that was long ago",
        Facts(_SITE, 3_600_000, climate={"cold": ClimateNow(9.0, 60.0, 50_000)}),
        [Condition(RULE, "cold", "cold", 1, {"value": 9.0, **_HIGH}, sustain=True)],
    ),
    Example(
        "goods there are kept as their storage says",
        Facts(
            _SITE,
            60_000,
            climate={"cold": ClimateNow(9.0, 60.0, 50_000)},
            rooms=[RoomNow("cold", "2-8", "defrost", celsius=9.0)],
        ),
        [Condition(RULE, "cold", "cold", 1, {"value": 9.0, **_HIGH}, sustain=True)],
    ),
    Example(
        "a defrost of a room with limits of its own",
        Facts(
            _SITE,
            60_000,
            climate={"cold": ClimateNow(9.0, 60.0, 50_000)},
            rooms=[RoomNow("cold", "", "defrost", celsius=9.0)],
        ),
        [Condition(RULE, "cold", "cold", 1, {"value": 9.0, **_HIGH}, sustain=True)],
    ),
    Example("no thermometer heard yet", Facts(_SITE, 60_000), []),
    course(
        "comes, lasts and goes",
        "cold",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (10, True, "firing"), (11, False, "firing"), (21, False, "resolved")],
    ),
]
