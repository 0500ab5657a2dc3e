"""Slots that share one scale: their articles are counted together, once somebody has said what lies there.

A scale that carries several articles can follow changes, but not guess a beginning: every slot is counted once (or the
shelf is tared while empty), and from there on each touch is told apart by its weight (edge.core.mixed).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from edge.core import mixed
from edge.core.counting import Estimate, Unit
from edge.core.mixed import Shared
from protocols.layout import Slot

UNCOUNTED = "uncounted"


class Sharing(Struct, array_like=True):
    """One shared scale: what is believed of it, and what was counted of it so far."""

    belief: Shared | None = None
    counted: dict[str, int] = {}


def count(sharing: Sharing, slots: Sequence[Slot], units: Sequence[Unit], slot: Slot, found: int, at_ms: int) -> None:
    """Somebody counted `found` units in one of the slots; what is believed of the others stays."""
    if sharing.belief is None:
        sharing.counted[slot.id] = found
        if len(sharing.counted) == len(slots):
            begin(sharing, units, [sharing.counted[one.id] for one in slots], at_ms)
        return
    said = mixed.estimate(sharing.belief, [one.capacity for one in slots])
    counts = [round((one.low + one.high) / 2) if one.count is None else one.count for one in said]
    counts[[one.id for one in slots].index(slot.id)] = found
    begin(sharing, units, counts, at_ms)


def begin(sharing: Sharing, units: Sequence[Unit], counts: Sequence[int], at_ms: int) -> None:
    """It is known what lies there, of each article."""
    sharing.belief = mixed.begin(units, counts, at_ms)
    sharing.counted = {}


def weigh(sharing: Sharing, units: Sequence[Unit], net_g: float, at_ms: int, samples: int) -> None:
    """A settled net mass in g after a touch."""
    if sharing.belief is not None:
        mixed.weigh(sharing.belief, net_g, at_ms, units, samples)


def estimates(sharing: Sharing, slots: Sequence[Slot], trouble: str = "") -> list[Estimate]:
    """What may be claimed of each slot."""
    if sharing.belief is None:
        return [Estimate(None, 0, slot.capacity, 0.0, UNCOUNTED, "recount") for slot in slots]
    sharing.belief.trouble = trouble or sharing.belief.trouble
    return mixed.estimate(sharing.belief, [slot.capacity for slot in slots])
