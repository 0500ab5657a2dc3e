"""Where things stand on the floor plan: rectangles in metres, from the upper left corner of the plan."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocols.trade import Id

PLAN_M_MAX = 2_000
"""No plan is wider or deeper, in metres."""
BAYS_MAX, LEVELS_MAX = 200, 50
Place = Annotated[float, Meta(ge=0, le=PLAN_M_MAX)]
Extent = Annotated[float, Meta(ge=0.1, le=PLAN_M_MAX)]


class Area(Struct, frozen=True, forbid_unknown_fields=True):
    """A rectangle: how far its upper left corner is from the left and the upper edge of the plan, its width and depth,
    all in metres."""

    x_m: Place
    y_m: Place
    width_m: Extent
    depth_m: Extent


class Rack(Struct, frozen=True, forbid_unknown_fields=True):
    """A rack or shelf in a zone: so many `bays` beside one another, each with so many `levels`. `area`: where it stands
    on the floor plan; left out, it is not drawn."""

    id: Id
    zone: Id
    name: str = ""
    bays: Annotated[int, Meta(ge=1, le=BAYS_MAX)] = 1
    levels: Annotated[int, Meta(ge=1, le=LEVELS_MAX)] = 1
    area: Area | None = None
