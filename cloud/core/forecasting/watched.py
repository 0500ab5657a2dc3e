"""Whether what was foretold of an SKU goes wrong the same way day after day.

The sum of a month's errors over the root of the sum of their squares: where errors are as often above as below, it is
a standard normal whatever their size (a self-normalised sum: Logan, Mallows, Rice & Shepp 1973), so that one large
order is no reason for alarm, and nobody has to say how noisy an SKU is. Of demand that comes in lumps a month without
one shows no noise at all: that of the months before counts, where it was more.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, sqrt
from typing import NamedTuple

DAYS = 28
DAYS_MIN = 14
PAST_DAYS = 182
PAST_DAYS_MIN = 28
SIGMAS, SHARE = 3.5, 0.3
SIGMAS_CALM, SHARE_CALM = 2.5, 0.15
"""It is over below one of these."""
UNITS_MIN = 5.0


class Strayed(NamedTuple):
    """Units told and units that came in so many `days`. One that is not `sure` is off no more by much."""

    sku: str
    told: float
    came: float
    days: int
    sure: bool


def strayed(sku: str, told: Sequence[float], came: Sequence[float], past: Sequence[float]) -> Strayed | None:
    """Of whole days (NaN in `told` where nothing was, or what came is not known), and what came on days of the `past`
    before them; None where it is right, or that can not be said."""
    pairs = [(one, other) for one, other in zip(told, came, strict=True) if not isnan(one)]
    if len(pairs) < DAYS_MIN or len(past) < PAST_DAYS_MIN:
        return None
    whole, real = sum(one for one, _ in pairs), sum(other for _, other in pairs)
    usual = sum(past) / len(past)
    noise = sum((one - usual) ** 2 for one in past) / len(past)
    squares = max(sum((other - one) ** 2 for one, other in pairs), len(pairs) * noise)
    if not squares or max(whole, real) < UNITS_MIN:
        return None
    sigmas, share = abs(real - whole) / sqrt(squares), abs(real - whole) / max(whole, real)
    if sigmas <= SIGMAS_CALM or share <= SHARE_CALM:
        return None
    return Strayed(sku, round(whole, 1), round(real, 1), len(pairs), sigmas > SIGMAS and share > SHARE)
