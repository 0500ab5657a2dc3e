"""The rooms of each zone as one: what the rules of cold rooms share."""

from __future__ import annotations

from collections.abc import Callable

from cloud.alerts.facts import Facts
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.view import Param

STALE_MS = 15 * 60_000
"""An older temperature starts nothing."""


def worst(facts: Facts, among: Callable[[RoomNow], bool], rank: Callable[[RoomNow], float]) -> list[RoomNow]:
    """Of each zone the room, among some, that ranks lowest: goods kept in several ways in one zone are one alert."""
    found: dict[str, RoomNow] = {}
    for room in facts.rooms:
        if among(room) and (room.zone not in found or rank(room) < rank(found[room.zone])):
            found[room.zone] = room
    return [*found.values()]


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
