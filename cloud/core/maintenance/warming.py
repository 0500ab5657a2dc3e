"""A room that has not cooled down for longer than it ever took, after a defrost too: a door, a fan, a dead machine.

It is told within hours, long before a day's capacity can be judged; of what, is seen later.
"""

from __future__ import annotations

from msgspec import Struct, field

from cloud.core.maintenance.baseline import DAY_MS, Baseline
from cloud.core.maintenance.cycles import GAP_MS

DAYS_MIN, DAYS_MAX = 6, 28
"""Days that must be known, and that are kept."""
LOW_SHARE = 0.25
"""Within so much of a swing of where it usually switches off, it has cooled down."""
WARMING_MIN, WARMING_TIMES, WARMING_SHARE = 60.0, 2.0, 1.3
"""Not cooled down for so many minutes, for so many times the longest of past days, and so far (in swings) above where
it switches off."""
HOT_TIMES_MAX = 3.0
"""On the hottest day it is waited for so many times as long; a machine that needs more has to be looked at anyway."""
HEALED_MS, HEALED_MAX = 28 * DAY_MS, 20
"""So long, and so many, of its own recoveries are remembered."""


class Warming(Struct, array_like=True):
    """Since when it has not cooled down, whether it was told that this is too long, and how long it took it before."""

    low_ms: int = 0
    """When it was cooled down last."""
    told_ms: int = 0
    today_min: float = 0.0
    usual_min: list[float] = field(default_factory=list)
    """The longest of each of the last days."""
    healed: list[tuple[int, float]] = field(default_factory=list)
    """When it had cooled down by itself after it was told, and how long that took: what comes twice is usual here."""
    rise_min: float = 0.0
    """How long a rise took in the last hours (0: not known)."""


def follow(
    warming: Warming, known: Baseline, low_c: float, outside_c: float | None, at_ms: int, temperature_c: float,
    last_ms: int,
) -> None:  # fmt: skip
    """Take a sample; `low_c` is to where it cools down now, `last_ms` the time of the sample before."""
    gap = at_ms - last_ms > GAP_MS
    if temperature_c <= low_c + LOW_SHARE * known.swing_c:
        if warming.low_ms and not gap:
            _cooled(warming, at_ms, (at_ms - warming.low_ms) / 60_000)
        warming.low_ms, warming.told_ms = at_ms, 0
    elif gap or not warming.low_ms:  # nobody knows whether it did
        warming.low_ms, warming.told_ms = at_ms, 0
    elif not warming.told_ms and temperature_c > low_c + WARMING_SHARE * known.swing_c:
        minutes = (at_ms - warming.low_ms) / 60_000
        if minutes > WARMING_MIN and minutes > patience_min(warming, known, outside_c):
            warming.told_ms = at_ms


def close_day(warming: Warming) -> None:
    """A day is over; one on which something was wrong is not usual."""
    if not warming.told_ms:
        warming.usual_min = [*warming.usual_min, warming.today_min][-DAYS_MAX:]
    warming.today_min = 0.0


def patience_min(warming: Warming, known: Baseline, outside_c: float | None) -> float:
    """For how many minutes it may take today."""
    if len(warming.usual_min) < DAYS_MIN:
        return float("inf")
    healed = sorted(took_min for _, took_min in warming.healed)
    longest = max(*warming.usual_min, warming.today_min, *healed[:-1])
    return WARMING_TIMES * hot_times(warming, known, outside_c) * longest


def overdue_ms(warming: Warming, at_ms: int) -> float:
    """By how much it is beyond the longest that cooling down took in past days, defrosts included."""
    if len(warming.usual_min) < DAYS_MIN:
        return 0.0
    return at_ms - warming.low_ms - 60_000 * max(warming.usual_min)


def hot_times(warming: Warming, known: Baseline, outside_c: float | None) -> float:
    """How many times as long as usually it takes on a hot day: by what is left of the capacity beside the gain of heat,
    which goes with the lift, or is told by how fast it rises."""
    rise_min = warming.rise_min or known.rise_min
    usual_lift_c = 10 * known.load_mean - known.usual_c
    if known.by_lift and outside_c is not None and usual_lift_c > 0:
        rise_min = known.rise_min * usual_lift_c / max(outside_c - known.usual_c, 1.0)
    left = 1 / known.fall_min + 1 / known.rise_min - 1 / rise_min
    return min(max(1.0, 1 / known.fall_min / max(left, 1e-6)), HOT_TIMES_MAX)


def _cooled(warming: Warming, at_ms: int, took_min: float) -> None:
    if not warming.told_ms:
        warming.today_min = max(warming.today_min, took_min)
        return
    kept = [one for one in warming.healed if one[0] > at_ms - HEALED_MS]
    warming.healed = [*kept, (at_ms, took_min)][-HEALED_MAX:]
