"""A room that has not cooled down for longer than it ever took, after a defrost too: a door, a fan, a dead machine.

It is told within hours, long before a day's capacity can be judged; of what, is seen later.
"""

from __future__ import annotations

from msgspec import Struct, field

from cloud.core.maintenance.baseline import Baseline
from cloud.core.maintenance.cycles import GAP_MS, HOUR_MS

LEARN_DAYS_MIN = 6
"""Days that must be known."""
LOW_SHARE = 0.25
"""Within so much of a swing of where it usually switches off, it has cooled down."""
WARMING_MIN, WARMING_TIMES, WARMING_SHARE = 60.0, 1.8, 1.3
"""Not cooled down for so many minutes, for so many times the longest of past days, and so far (in swings) above where
it switches off."""
HOT_TIMES_MAX = 3.0
HEALED_MS, HEALED_MAX = 28 * 24 * HOUR_MS, 20
QUARTER_MS = 15 * 60_000


class Warming(Struct, array_like=True):
    """It has not cooled down for longer than ever: since when, whether it was told, and the steepest rise so far."""

    low_ms: int = 0
    """When it was cooled down last."""
    told_ms: int = 0
    today_min: float = 0.0
    usual_min: list[float] = field(default_factory=list)
    """The longest of each of the last days."""
    healed: list[tuple[int, float]] = field(default_factory=list)
    """When it had cooled down by itself after it was told, and how long that took: what comes twice is usual here."""
    from_ms: int = 0
    from_c: float = 0.0
    steepest: float = 0.0
    """Of a quarter of an hour, in usual rises."""
    rise_min: float = 0.0
    """How long a rise took in the last hours (0: not known)."""


def overdue(warming: Warming, at_ms: int) -> float:
    """By how many milliseconds it is beyond the longest that cooling down took in past days, defrosts included."""
    if len(warming.usual_min) < LEARN_DAYS_MIN:
        return 0.0
    return at_ms - warming.low_ms - 60_000 * max(warming.usual_min)


def hot_times(warming: Warming, known: Baseline, outside_c: float | None) -> float:
    """How many times as long as usually it takes on a hot day: by what is left of the capacity beside the gain of heat,
    which goes with the lift, or is told by how fast it rises."""
    rise_min = warming.rise_min or known.rise_min
    usual_c = 10 * known.load_mean - known.usual_c
    if known.by_lift and outside_c is not None and usual_c > 0:
        rise_min = known.rise_min * usual_c / max(outside_c - known.usual_c, 1.0)
    left = 1 / known.fall_min + 1 / known.rise_min - 1 / rise_min
    return min(max(1.0, 1 / known.fall_min / max(left, 1e-6)), HOT_TIMES_MAX)


def cooled(warming: Warming, at_ms: int, temperature_c: float) -> None:
    """It is cooled down now."""
    warming.low_ms, warming.told_ms, warming.steepest = at_ms, 0, 0.0
    warming.from_ms, warming.from_c = at_ms, temperature_c


def follow(
    warming: Warming, known: Baseline, low_c: float, outside_c: float | None, at_ms: int, temperature_c: float,
    last_ms: int, fresh: bool,
) -> None:  # fmt: skip
    """Whether it has not cooled down for longer than it ever took it, after a defrost too.

    `last_ms`: of the sample before; `fresh`: it has cooled down, or that is not known."""
    if fresh and (temperature_c <= low_c + LOW_SHARE * known.swing_c or not warming.low_ms):
        if warming.low_ms and at_ms - last_ms <= GAP_MS:
            took_min = (at_ms - warming.low_ms) / 60_000
            if warming.told_ms:
                kept = [one for one in warming.healed if one[0] > at_ms - HEALED_MS]
                warming.healed = [*kept, (at_ms, took_min)][-HEALED_MAX:]
            else:
                warming.today_min = max(warming.today_min, took_min)
        cooled(warming, at_ms, temperature_c)
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
        healed = sorted(took_min for _, took_min in warming.healed)
        longest = max(*warming.usual_min, warming.today_min, *healed[:-1])
        quiet_min = (at_ms - warming.low_ms) / 60_000
        warm = temperature_c > low_c + WARMING_SHARE * known.swing_c
        patience = WARMING_TIMES * hot_times(warming, known, outside_c)
        if warm and quiet_min > max(WARMING_MIN, patience * longest):
            warming.told_ms = at_ms
