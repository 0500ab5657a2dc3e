"""Slots that share one scale: their articles are counted together, once somebody has said what lies there.

A scale that carries several articles can follow changes, but not guess a beginning: every slot is counted once (or the
shelf is tared while empty), and from there on each touch is told apart by its weight (edge.core.slots.mixed).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from edge.core.slots import mixed
from edge.core.slots.counting import Estimate, Unit
from edge.core.slots.mixed import Shared
from protocols.asked import Explanation, LastWord
from protocols.layout import Slot


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


def estimates(sharing: Sharing, slots: Sequence[Slot]) -> list[Estimate]:
    """What may be claimed of each slot."""
    if sharing.belief is None:
        return [Estimate(None, 0, slot.capacity, 0.0, "uncounted", "recount") for slot in slots]
    return mixed.estimate(sharing.belief, [slot.capacity for slot in slots])


def explain(slot: Slot, said: Estimate, mass_g: float, at_ms: int, now_ms: int) -> Explanation:
    """A shared slot's count and what it rests on: one mass for several articles, so it says no count by itself."""
    likeliest = said.count if said.count is not None else round((said.low + said.high) / 2)
    words = [LastWord("mass", mass_g, at_ms, likeliest, 0.0)] if mass_g else []
    return Explanation(
        slot.id, said.count, said.low, said.high, likeliest, said.confidence, now_ms, max(0, now_ms - at_ms),
        words, [], None, None, 0, said.reason, said.remedy,
    )  # fmt: skip
