"""Where a lot was, room after room, and the kinetic mean of its own last hours there.

A room's mean is of whatever the room went through; a lot has been there since it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cloud.core.coldchain.chamber import Chamber
from cloud.core.coldchain.exposure import Worn
from cloud.core.coldchain.kinetic import mean_of

LEGS_MAX = 20
"""Rooms a lot was in before, the last of them."""


class Leg(NamedTuple):
    """A lot was in a room from one moment to another."""

    zone: str
    from_ms: int
    to_ms: int


def own_mean(
    legs: Iterable[Leg], rooms: Mapping[str, Chamber], storage: str, from_ms: int, until_ms: int
) -> float | None:
    """The kinetic mean (degC) of a lot that is kept so, over the rooms it was in between two moments; None where less
    than half of that time is known. What it went through before it came here counts for nothing."""
    worn = Worn()
    for leg in legs:
        since_ms, room = max(leg.from_ms, from_ms), rooms.get(leg.zone)
        if since_ms < leg.to_ms and room is not None and storage in room.state.kept:
            worn = worn.plus(room.worn_at(storage, leg.to_ms).plus(room.worn_at(storage, since_ms), -1))
    return mean_of(worn.harm, worn.known_ms) if worn.known_ms >= (until_ms - from_ms) / 2 else None
