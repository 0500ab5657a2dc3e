"""All that is known of one slot, as values: its belief, its tags, what waits for its other half, the last words.

What is done with it is in edge.core.slots.fusion.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from edge.core.slots.belief import Belief
from edge.core.slots.bookings import Booking, Step
from edge.core.slots.tagcount import Column


class Words(Struct, array_like=True):
    """The last word of each source; times are 0 where it never spoke."""

    mass_g: float = 0.0
    mass_ms: int = 0
    tags: float = 0.0
    tags_ms: int = 0
    booked: int = 0
    booked_ms: int = 0
    counted: int = 0
    counted_by: str = ""
    counted_ms: int = 0
    since_ms: int = 0
    """The last count by a person, or the slot's beginning; from then on:"""
    moved: int = 0
    """net units booked, and"""
    bookings: int = 0
    """how many bookings there were."""
    slip: tuple[int, float] | None = None
    """A count that nothing else supports, and the mass in g it was made at: taken for a slip so far."""


class Since(Struct, array_like=True, gc=False):
    """When the count was last claimed: its gap to the book. Since then: how likely the gap fell or grew, as far as that
    was added to the site's rates; and bookings since it was added last."""

    gap: int
    at_ms: int
    lost: float = 0.0
    found: float = 0.0
    bookings: int = 0
    blamed: float = 0.5
    """Share of `lost` and `found` that was put on bookings."""


class Stock(Struct, array_like=True):
    """All that is known of one slot. A few hundred bytes once its count is sure."""

    belief: Belief
    book: int | None = None
    at_ms: int = 0
    words: Words = msgspec.field(default_factory=Words)
    column: Column | None = None
    live: bool = False
    """The scale tells of each change as it happens; else it is asked now and then."""
    opened: list[Booking] = []
    steps: list[Step] = []
    since: Since | None = None
    look_ms: int = 0
