"""When a room that leaves its usual range will reach a limit, if it goes on as it does.

A room whose cooling failed nears the air outside it: T(t) = T_inf + (T0 - T_inf) e^(-t/tau). The means of three equal
stretches of the last minutes have the ratio e^(-stretch/tau), which gives tau and T_inf; where it bends too little to
tell, a straight line is taken, which warns earlier. A compressor that cycles rises many times a day: nothing is said
before the room is beyond what it was in the quiet hours before.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log
from statistics import fmean, median
from typing import NamedTuple

from msgspec import Struct, field

from cloud.core.coldchain.kinetic import HOUR_MS, MINUTE_MS

MINUTES = 45
"""Minutes remembered, one mean each."""
STRETCHES = (45, 36, 30, 24, 18)
"""Minutes that are looked at, the longest first that one curve fits: what was before it failed is none of it."""
FIT_C, FIT_SDS = 0.03, 1.5
"""A curve fits when what is left is no more than this, or than so many standard deviations of a mean."""
LEAST_C = 0.3
BEYOND_C = 0.2
QUIET_HOURS, QUIET_HOURS_MIN = 24, 3
STRAIGHT = 0.97
"""With a ratio above this nothing is known of a bend."""
FAR_MIN = 24 * 60
"""What is further off is not foretold."""
NOISE = 0.6745 * 6**0.5
"""Of second differences: median of their size over this is the standard deviation of a mean."""


class Lately(Struct):
    """Minute means (minute, sum, samples), oldest first; of each hour that was quiet (hour, lowest, highest mean)."""

    minutes: list[tuple[int, float, int]] = field(default_factory=list)
    quiet: list[tuple[int, float, float]] = field(default_factory=list)

    def add(self, at_ms: int, celsius: float, quiet: bool) -> None:
        """One more sample. What is not `quiet`, an excursion and the way back, is no usual range; nor is the hour
        before it. Defrosts and doors are usual."""
        minute, minutes = at_ms // MINUTE_MS, self.minutes
        if minutes and minutes[-1][0] == minute:
            _, total, count = minutes[-1]
            minutes[-1] = (minute, total + celsius, count + 1)
        else:
            minutes.append((minute, celsius, 1))
            del minutes[:-MINUTES]
        hour, hours = at_ms // HOUR_MS, self.quiet
        if not quiet:
            while hours and hours[-1][0] >= hour - 1:
                hours.pop()
        elif hours and hours[-1][0] == hour:
            hours[-1] = (hour, min(hours[-1][1], celsius), max(hours[-1][2], celsius))
        else:
            hours.append((hour, celsius, celsius))
            del hours[: -(QUIET_HOURS + 2)]

    def usual(self, now_ms: int) -> tuple[float, float] | None:
        """The range of the quiet hours before the last; None where too few are known."""
        hour = now_ms // HOUR_MS
        known = [one for one in self.quiet if hour - QUIET_HOURS <= one[0] < hour - 1]
        if len(known) < QUIET_HOURS_MIN:
            return None
        return min(one[1] for one in known), max(one[2] for one in known)


def minutes_to(lately: Lately, limit_c: float, side: int, now_ms: int) -> float | None:
    """Minutes until the room reaches a limit above (`side` 1) or below (-1); None where it does not near it steadily,
    is within its usual range, or will not get there."""
    usual = lately.usual(now_ms)
    if usual is None or not lately.minutes or now_ms // MINUTE_MS - lately.minutes[-1][0] > STRETCHES[-1]:
        return None
    top, limit, last = side * (usual[1] if side > 0 else usual[0]), side * limit_c, lately.minutes[-1][0]
    known = [(minute, side * total / count) for minute, total, count in lately.minutes]
    for stretch in STRETCHES:
        there = [mean for minute, mean in known if minute > last - stretch]
        if len(there) < stretch or there[-1] <= top + BEYOND_C:  # a minute is missing, or it is not beyond the usual
            continue
        if (found := _curve(there)) is not None:
            left = found.reaches(limit) - (now_ms / MINUTE_MS - last - 0.5)
            return max(0.0, left) if left <= FAR_MIN else None
    return None


class Curve(NamedTuple):
    """`ends` - `off` e^(-t/`tau`), `t` minutes after the last mean; straight on (`tau` inf) by `slope` a minute."""

    now: float
    slope: float
    tau: float
    ends: float

    def at(self, minutes: float) -> float:
        """Its value then."""
        if self.tau == inf:
            return self.now + self.slope * minutes
        return self.ends - (self.ends - self.now) * exp(-minutes / self.tau)

    def reaches(self, limit: float) -> float:
        """In how many minutes it is at a limit; inf where it never is."""
        if self.now >= limit:
            return 0.0
        if self.tau == inf:
            return (limit - self.now) / self.slope
        return self.tau * log((self.ends - self.now) / (self.ends - limit)) if self.ends > limit else inf


def _curve(means: Sequence[float]) -> Curve | None:
    """The curve that means of one minute each lie on; None where they do not rise steadily, or on no such curve."""
    third = len(means) // 3
    first, middle, end = fmean(means[:third]), fmean(means[third:-third]), fmean(means[-third:])
    noise = median(abs(means[at + 1] - 2 * means[at] + means[at - 1]) for at in range(1, len(means) - 1)) / NOISE
    sure = 2 * noise * (2 / third) ** 0.5
    one, two = middle - first, end - middle
    if one <= sure or two <= sure or one + two < LEAST_C:
        return None
    ratio, half = two / one, (third - 1) / 2
    if ratio >= STRAIGHT:
        slope = (one + two) / (2 * third)
        curve = Curve(end + slope * half, slope, inf, inf)
    else:
        tau, ends = -third / log(ratio), first + one / (1 - ratio)
        mean = fmean(exp(minute / tau) for minute in range(third))
        curve = Curve(ends - (ends - end) / mean, 0.0, tau, ends)
    left = fmean((curve.at(at + 1 - len(means)) - mean) ** 2 for at, mean in enumerate(means)) ** 0.5
    return curve if left <= max(FIT_C, FIT_SDS * noise) else None
