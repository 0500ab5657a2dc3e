"""A number in another unit than those before it: degrees Fahrenheit among Celsius, grams among kilograms.

A number far from a steady level, which the usual conversions bring right back to it, is more likely another unit than
another level. A few of them are left out; where they stay, or came before and stayed, they are what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from msgspec import Struct

PACE = 0.05
ROWS_MIN = 30
FAR = 10.0
NEAR = 3.0
"""In mean absolute deviations: a number further than the former is odd, one converted to within the latter is back."""
STEADY, TELLING = 0.5, 30.0
"""Where being near is more than so much of the level, or of the way back, it is chance."""
ROWS_MAX = 10
"""So many in a row are left out; more are no slip."""
CONVERSIONS: dict[str, tuple[float, float]] = {
    "a thousand times too large": (0.001, 0.0),
    "a thousand times too small": (1000.0, 0.0),
    "degrees Fahrenheit": (1 / 1.8, -32 / 1.8),
    "degrees Celsius": (1.8, 32.0),
    "kelvin": (1.0, -273.15),
    "degrees Celsius, not kelvin": (1.0, 273.15),
}
"""What such a number may be -> factor and summand that bring it back."""
WIDE = 8.0
"""In median absolute deviations, where all numbers of a channel are known: so far from the median is odd."""


class Level(Struct):
    """Where a channel stands, how far it strays, and the range of the numbers that were used."""

    rows: int = 0
    low: float = 0.0
    high: float = 0.0
    level: float = 0.0
    stray: float = 0.0
    odd_rows: int = 0


def other_unit(channel: Level, value: float) -> str:
    """What a number may be that is to be left out; "" for one that is to be used."""
    away = abs(value - channel.level)
    inside = channel.low <= value <= channel.high
    if not inside and away > FAR * channel.stray and channel.rows >= ROWS_MIN and channel.odd_rows <= ROWS_MAX:
        name = _meant(channel, value, away)
        if name:
            channel.odd_rows += 1
            if channel.odd_rows <= ROWS_MAX:
                return name
    else:
        channel.odd_rows = 0
    if not inside:
        channel.low = min(channel.low, value) if channel.rows else value
        channel.high = max(channel.high, value) if channel.rows else value
    channel.rows += 1
    pace = PACE if channel.rows * PACE > 1 else 1 / channel.rows
    channel.level += pace * (value - channel.level)
    channel.stray += pace * (away - channel.stray)
    return ""


def _meant(channel: Level, value: float, away: float) -> str:
    near = NEAR * max(channel.stray, 1e-3 * abs(channel.level))
    for name, (factor, summand) in CONVERSIONS.items():
        allowed = STEADY * abs(channel.level) if summand == 0.0 else away / TELLING
        if near <= allowed and abs(factor * value + summand - channel.level) <= near:
            return name
    return ""


def usual_of(every: Sequence[float]) -> tuple[float, float]:
    """The median of all numbers of a channel, and how far from it is odd."""
    level = median(every)
    return level, WIDE * max(median(abs(one - level) for one in every), 1e-3 * abs(level))


def odd_unit(level: float, wide: float, run: Sequence[float]) -> tuple[str, list[int]]:
    """What numbers of a run may be that begins, or jumps, to farther than `wide` from the level of all runs; and their
    places. "" where no usual conversion brings them back."""
    odd = [at for at, one in enumerate(run) if abs(one - level) > wide]
    for name, (factor, summand) in CONVERSIONS.items():
        places = [at for at in odd if abs(factor * run[at] + summand - level) <= wide]
        if places and (places[0] == 0 or abs(run[places[0]] - run[places[0] - 1]) > wide):
            return name, places
    return "", []
