"""A room that has not cooled down for longer than it ever took, after a defrost too: a door, a fan, a dead machine.

It is told within hours, long before a day's capacity can be judged; of what, is seen later.
"""

from __future__ import annotations

from msgspec import Struct, field

from cloud.core.maintenance.baseline import Baseline
from cloud.core.maintenance.cycles import GAP_MS

LEARN_DAYS_MIN = 6
"""Days that must be known."""
LOW_SHARE = 0.25
"""Within so much of a swing of where it usually switches off, it has cooled down."""
WARMING_MIN, WARMING_TIMES, WARMING_SHARE = 60.0, 1.8, 1.3
"""Not cooled down for so many minutes, for so many times the longest of past days, and so far (in swings) above where
it switches off."""
QUARTER_MS = 15 * 60_000


class Warming(Struct, array_like=True):
    """It has not cooled down for longer than ever: since when, whether it was told, and the steepest rise so far."""

    low_ms: int = 0
    """When it was cooled down last."""
    told_ms: int = 0
    today_min: float = 0.0
    usual_min: list[float] = field(default_factory=list)
    """The longest of each of the last days."""
    from_ms: int = 0
    from_c: float = 0.0
    steepest: float = 0.0
    """Of a quarter of an hour, in usual rises."""


def follow(warming: Warming, known: Baseline, at_ms: int, temperature_c: float, last_ms: int, fresh: bool) -> None:
    """Whether it has not cooled down for longer than it ever took it, after a defrost too.

    `last_ms`: of the sample before; `fresh`: it has cooled down, or that is not known."""
    if fresh and (temperature_c <= known.low_c + LOW_SHARE * known.swing_c or not warming.low_ms):
        if warming.low_ms and not warming.told_ms and at_ms - last_ms <= GAP_MS:
            warming.today_min = max(warming.today_min, (at_ms - warming.low_ms) / 60_000)
        warming.low_ms, warming.told_ms, warming.steepest = at_ms, 0, 0.0
        warming.from_ms, warming.from_c = at_ms, temperature_c
        return
    if at_ms - last_ms > GAP_MS:  # nobody knows whether it did
        warming.low_ms = warming.from_ms = at_ms
        warming.told_ms, warming.from_c = 0, temperature_c
    if at_ms - warming.from_ms >= QUARTER_MS:
        minutes = (at_ms - warming.from_ms) / 60_000
        pace = (temperature_c - warming.from_c) / minutes / (known.swing_c / known.rise_min)
        warming.steepest = max(warming.steepest, pace)
        warming.from_ms, warming.from_c = at_ms, temperature_c
    if not warming.told_ms and len(warming.usual_min) >= LEARN_DAYS_MIN:
        longest = max(*warming.usual_min, warming.today_min)
        quiet_min = (at_ms - warming.low_ms) / 60_000
        warm = temperature_c > known.low_c + WARMING_SHARE * known.swing_c
        if warm and quiet_min > max(WARMING_MIN, WARMING_TIMES * longest):
            warming.told_ms = at_ms
