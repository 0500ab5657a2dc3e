"""The rooms of each zone as one: what the rules of cold rooms share, and which of them tells of a zone.

One room that gets warm is one alert, however many ways of keeping goods it is judged by: that of the worst of them."""

from __future__ import annotations

from collections.abc import Callable

from cloud.alerts.facts import Facts
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.view import Param

STALE_MS = 15 * 60_000
"""An older temperature starts nothing."""
URGENT_MIN = 15.0
"""Goods that bear it still are lost within so many minutes, as it goes on."""


def worst(facts: Facts, among: Callable[[RoomNow], bool], rank: Callable[[RoomNow], float]) -> list[RoomNow]:
    """Of each zone the room, among some, that ranks lowest: goods kept in several ways in one zone are one alert."""
    found: dict[str, RoomNow] = {}
    for room in facts.rooms:
        if among(room) and (room.zone not in found or rank(room) < rank(found[room.zone])):
            found[room.zone] = room
    return [*found.values()]


def teller(facts: Facts, zone: str) -> str:
    """The rule that tells of a zone that is outside of what its goods are kept at, "" while it is inside."""
    kept = [one for one in facts.rooms if one.zone == zone and one.storage]
    if any(one.kind == "breach" for one in kept):
        return "temperature_breach"
    if any(urgent(one) for one in kept):
        return "temperature_ahead"
    return "temperature_excursion" if any(one.kind == "excursion" for one in kept) else ""


def told_by(facts: Facts, zone: str, rule: str) -> str:
    """Which other rule than this one tells of a zone."""
    other = teller(facts, zone)
    return other if other != rule else ""


def urgent(room: RoomNow) -> bool:
    """Whether goods are about to be lost."""
    soon = room.to_limit_min is not None and room.to_limit_min <= URGENT_MIN
    return soon and room.kind == "excursion" and bool(room.storage)


def also(facts: Facts, room: RoomNow) -> dict[str, Param]:
    """The other ways of keeping goods in its zone that it is outside of, where there are."""
    others = {one.storage for one in facts.rooms if one.zone == room.zone and one.kind in ("excursion", "breach")}
    named = ", ".join(sorted(others - {room.storage, ""}))
    return {"also": named} if named else {}


def figures(room: RoomNow) -> dict[str, Param]:
    """What is said of a room that is outside of its limits."""
    return {
        "storage": room.storage,
        "celsius": round(room.celsius, 1) if room.celsius is not None else None,
        "peak_c": round(room.peak_c, 1),
        "limit_c": room.limit_c,
        "side": "high" if room.side > 0 else "low",
        "outside_min": round(room.outside_ms / 60_000),
        "lots": room.lots,
    }


def stale(facts: Facts, room: RoomNow) -> bool:
    """Whether what is known of a room is old."""
    return facts.now_ms - room.at_ms > STALE_MS
