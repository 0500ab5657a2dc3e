"""How each room for goods stands now, as rules, pages and people are told of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cloud.core.coldchain.excursions import Cause

Kind = Literal["", "defrost", "excursion", "breach"]


class RoomNow(Struct, frozen=True):
    """One zone, as one storage asks of it (`storage` "": the zone by itself).

    `kind` is "", "defrost", "excursion" or "breach"; `why` of a breach: "too_far", "too_long", "kinetic", "budget";
    `side` 1 above, -1 below. `limit_c` is the one that `to_limit_min` is about: minutes until it is reached on the
    present course, None where it will not be. `lots` lie there.
    """

    zone: str
    storage: str
    kind: Kind = ""
    why: Cause = ""
    side: int = 0
    since_ms: int = 0
    peak_c: float = 0.0
    outside_ms: int = 0
    celsius: float | None = None
    at_ms: int = 0
    limit_c: float | None = None
    to_limit_min: float | None = None
    lots: int = 0
    excursion: int = 0
    undecided: int = 0
