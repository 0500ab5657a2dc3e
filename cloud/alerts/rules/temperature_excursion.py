"""A room is outside of what its goods are kept at, and they bear it still. Defrosts are none."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.cold import also, figures, stale, told_by, worst
from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from cloud.core.coldchain.rooms import Kind, RoomNow
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "temperature_excursion"
HOLD_MS = 10 * 60_000
"""A door that stood open, goods that came in warm: over by then."""
CLEAR_MS = 5 * 60_000
KNOWN_BY = "zone"
NAMED = ("excursion", "breach")


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone where goods have a storage; of a breach it only sustains, and less than that where another
    rule has told of it."""
    seen = []
    for room in worst(facts, lambda one: bool(one.storage) and one.kind in NAMED, lambda one: -one.outside_ms):
        other = told_by(facts, room.zone, RULE)
        calm = other == "temperature_breach" or stale(facts, room)
        params = figures(room) | also(facts, room)
        seen.append(Condition(RULE, room.zone, room.zone, 2, params, sustain=calm, told_by=other))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")])


def _at(minute: int, kind: Kind = "", celsius: float = 5.0) -> Facts:
    at_ms = minute * 60_000
    room = RoomNow("cold", "2-8", kind, "", 1, 0, celsius, at_ms, celsius, at_ms, 8.0, None, 3)
    return Facts(_SITE, at_ms, rooms=[room])


_PARAMS: dict[str, Param] = {"storage": "2-8", "celsius": 9.4, "peak_c": 9.4, "limit_c": 8.0, "side": "high"}
EXAMPLES = [
    Example(
        "too warm for twenty minutes",
        _at(20, "excursion", 9.4),
        [Condition(RULE, "cold", "cold", 2, _PARAMS | {"outside_min": 20, "lots": 3})],
    ),
    Example(
        "for goods that are kept in two ways",
        replace(
            _at(20, "excursion", 9.4),
            rooms=[replace(_at(0, "excursion", 9.4).rooms[0], storage="cheese"), *_at(20, "excursion", 9.4).rooms],
        ),
        [Condition(RULE, "cold", "cold", 2, _PARAMS | {"outside_min": 20, "lots": 3, "also": "cheese"})],
    ),
    Example(
        "it is a breach by now",
        _at(20, "breach", 9.4),
        [
            Condition(
                RULE,
                "cold",
                "cold",
                2,
                _PARAMS | {"outside_min": 20, "lots": 3},
                sustain=True,
                told_by="temperature_breach",
            )
        ],
    ),
    Example(
        "limits of the zone alone, which have a rule of their own",
        Facts(_SITE, 0, rooms=[RoomNow("cold", "", "excursion", "", 1, 0, 9.4, 0, 9.4, 0, 8.0)]),
        [],
    ),
    Example("a defrost", _at(20, "defrost", 9.4), []),
    Timeline("a door that stood open", "cold", [(_at(0, "excursion", 9.0), "pending"), (_at(6), "lapsed")]),
    Timeline(
        "it comes back after half an hour",
        "cold",
        [
            (_at(0, "excursion", 9.0), "pending"),
            (_at(10, "excursion", 9.5), "firing"),
            (_at(30), "firing"),
            (_at(35), "resolved"),
        ],
    ),
]
