"""A room is on its way to a limit, and will be there within the hour: time to close a door or move the goods."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.cold import figures, stale, told_by, urgent, worst
from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from cloud.core.coldchain.rooms import Kind, RoomNow
from cloud.core.view import Param
from protocols.layout import About, Site, Zone

RULE = "temperature_ahead"
HOLD_MS = 5 * 60_000
"""An exponential through a cooler's usual rise points upwards, too, for minutes."""
CLEAR_MS = 10 * 60_000
KNOWN_BY = "zone"
AHEAD_MIN, CALM_MIN = 60.0, 90.0
"""So near; over beyond the second."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone, worst where goods are about to be lost. A defrost goes up and comes down by itself."""
    seen = []
    rooms = worst(
        facts,
        lambda one: one.to_limit_min is not None and one.to_limit_min < CALM_MIN and one.kind in ("", "excursion"),
        lambda one: (one.to_limit_min or 0.0) - CALM_MIN * urgent(one),
    )
    for room in rooms:
        left = room.to_limit_min or 0.0
        params: dict[str, Param] = {name: figures(room)[name] for name in ("storage", "celsius", "limit_c", "lots")}
        params["to_limit_min"] = round(left)
        calm = left > AHEAD_MIN or stale(facts, room)
        other = told_by(facts, room.zone, RULE)
        severity = 1 if urgent(room) else 2
        seen.append(Condition(RULE, room.zone, room.zone, severity, params, sustain=calm, told_by=other))
    return seen


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")])


def _at(to_limit_min: float | None, kind: Kind = "", limit_c: float = 8.0) -> Facts:
    room = RoomNow("cold", "2-8", kind, "", 1, 0, 7.0, 0, 7.0, 0, limit_c, to_limit_min, 3)
    return Facts(_SITE, 0, rooms=[room])


_PARAMS: dict[str, Param] = {"storage": "2-8", "celsius": 7.0, "limit_c": 8.0, "lots": 3}
EXAMPLES = [
    Example("there in forty minutes", _at(40.2), [Condition(RULE, "cold", "cold", 2, _PARAMS | {"to_limit_min": 40})]),
    Example(
        "outside already, and what goods bear is ten minutes away",
        _at(10.0, "excursion", 15.0),
        [Condition(RULE, "cold", "cold", 1, {**_PARAMS, "limit_c": 15.0, "to_limit_min": 10})],
    ),
    Example(
        "slower than it was",
        _at(75.0),
        [Condition(RULE, "cold", "cold", 2, _PARAMS | {"to_limit_min": 75}, sustain=True)],
    ),
    Example(
        "outside already, which is told, and far from what goods bear",
        _at(40.0, "excursion", 15.0),
        [
            Condition(
                RULE,
                "cold",
                "cold",
                2,
                {**_PARAMS, "limit_c": 15.0, "to_limit_min": 40},
                told_by="temperature_excursion",
            )
        ],
    ),
    Example("a defrost", _at(10.0, "defrost"), []),
    Example("it will not get there", _at(None), []),
    Timeline(
        "slower for a while, which keeps it; then a defrost, which is none",
        "cold",
        [
            (_at(40.0), "pending"),
            (replace(_at(40.0), now_ms=5 * 60_000), "firing"),
            (replace(_at(75.0), now_ms=30 * 60_000), "firing"),
            (replace(_at(10.0, "defrost"), now_ms=40 * 60_000), "firing"),
            (replace(_at(10.0, "defrost"), now_ms=50 * 60_000), "resolved"),
        ],
    ),
]
