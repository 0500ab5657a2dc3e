"""A room was outside of what its goods bear: somebody must say what becomes of them. Told at once."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.cold import also, figures, worst
from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from cloud.core.coldchain.rooms import Kind, RoomNow
from cloud.core.view import Param
from protocols.excursions import Cause
from protocols.layout import About, Site, Zone

RULE = "temperature_breach"
HOLD_MS = 0
"""It has its own times: minutes outside, degrees, the kinetic mean."""
CLEAR_MS = 5 * 60_000
KNOWN_BY = "zone"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone where goods have a storage. What is old news stays so: nobody knows whether it is over."""
    seen = []
    for room in worst(facts, lambda one: bool(one.storage) and one.kind == "breach", lambda one: -one.outside_ms):
        params = {**figures(room), "why": room.why, "undecided": room.undecided, **also(facts, room)}
        seen.append(Condition(RULE, room.zone, room.zone, 1, params))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")])


def _at(minute: int, kind: Kind = "", celsius: float = 5.0, why: Cause = "") -> Facts:
    at_ms = minute * 60_000
    room = RoomNow("cold", "2-8", kind, why, 1, 0, celsius, at_ms, celsius, at_ms, 15.0, None, 3)
    return Facts(_SITE, at_ms, rooms=[room])


_PARAMS: dict[str, Param] = {"storage": "2-8", "celsius": 16.2, "peak_c": 16.2, "limit_c": 15.0, "side": "high"}
EXAMPLES = [
    Example(
        "further than goods bear",
        _at(30, "breach", 16.2, "too_far"),
        [
            Condition(
                RULE, "cold", "cold", 1, _PARAMS | {"outside_min": 30, "lots": 3, "why": "too_far", "undecided": 0}
            )
        ],
    ),
    Example(
        "goods that are kept otherwise there bear it still",
        replace(
            _at(30, "breach", 16.2, "too_far"),
            rooms=[
                *_at(30, "breach", 16.2, "too_far").rooms,
                RoomNow("cold", "cheese", "excursion", "", 1, 0, 16.2, 0, 16.2, 0, 20.0),
            ],
        ),
        [
            Condition(
                RULE,
                "cold",
                "cold",
                1,
                _PARAMS | {"outside_min": 30, "lots": 3, "why": "too_far", "undecided": 0, "also": "cheese"},
            )
        ],
    ),
    Example("an excursion that goods bear", _at(30, "excursion", 9.0), []),
    Timeline(
        "an excursion that becomes one",
        "cold",
        [(_at(0, "excursion", 9.0), ""), (_at(30, "breach", 16.0, "too_far"), "firing"), (_at(50), "firing")],
    ),
]
