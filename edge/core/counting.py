"""A settled mass -> how many units, how sure, and if it can not be told: why, and what would help.

Error budget of a counting scale (after Sartorius, Manual of Weighing Applications 2; Steiner & MacKay, Scale counting):

    Var(mass | n units) = u^2 (n cv^2 + n^2 cv^2 / m) + sigma_r^2 + sigma_z^2

u unit mass, cv its relative spread, m pieces in the reference sample, sigma_r reading noise, sigma_z zero drift. The
posterior over n is the normalised Gaussian likelihood of the mass under each n, with a flat prior.
"""

from __future__ import annotations

from math import exp, log, sqrt

from msgspec import Struct

from protocols.layout import Slot

CLAIM = 0.95
"""A count is claimed only from this posterior probability on."""
MISFIT_SIGMAS = 4.5
"""A mass this far from every multiple of the unit is something else: a hand, a tool, another article."""
ZERO_DRIFT_NOISES = 2.0
ZERO_DRIFT_SHARE = 1.2e-4
"""Assumed standard deviation of the zero until the drift itself is estimated: this many noises, and at least this share
of the cell's limit, which is a few degrees' temperature effect of a class C3 cell (OIML R60: v_min / 5 K)."""
CANDIDATES_MAX = 400


class Estimate(Struct, frozen=True, gc=False):
    """How many units lie there: `count` (None: can not be told), its 95 % interval, and the reason and remedy codes."""

    count: int | None
    low: int
    high: int
    confidence: float
    reason: str = ""
    remedy: str = ""


class Unit(Struct, frozen=True, gc=False):
    """What is counted: unit mass and spread, reference sample, reading noise, the cell's limit."""

    mass_g: float
    cv: float
    sample: int
    noise_g: float
    limit_g: float

    def variance(self, n: int) -> float:
        """Variance in g^2 of the mass of n units as the scale shows it."""
        spread = self.cv * self.cv * (n + n * n / self.sample) * self.mass_g * self.mass_g
        zero_g = max(ZERO_DRIFT_NOISES * self.noise_g, ZERO_DRIFT_SHARE * self.limit_g)
        return spread + self.noise_g * self.noise_g + zero_g * zero_g


def count_units(mass_g: float, slot: Slot, unit: Unit) -> Estimate:
    """The estimate for a settled gross mass in g on the slot's cell."""
    net_g = mass_g - slot.tare_g
    if mass_g >= unit.limit_g:
        return Estimate(None, 0, max(slot.capacity, int(net_g / unit.mass_g) + 1), 0.0, "saturated", "check_shelf")
    nearest = max(0, round(net_g / unit.mass_g))
    sd_g = sqrt(unit.variance(nearest))
    if net_g < -max(0.5 * unit.mass_g, MISFIT_SIGMAS * sd_g):
        return Estimate(None, 0, 0, 0.0, "negative", "tare")
    low, high, best, share = _posterior(net_g, nearest, sd_g, unit)
    misfit = abs(net_g - best * unit.mass_g) / sqrt(unit.variance(best))
    if misfit > MISFIT_SIGMAS:
        return Estimate(None, low, high, 0.0, "not_integer", "check_shelf")
    if share < CLAIM:
        spread = unit.variance(best) - unit.variance(0)
        reason = "unit_variation" if spread > unit.variance(0) else "noise"
        return Estimate(None, low, high, share, reason, "recount" if reason == "unit_variation" else "tare")
    return Estimate(best, low, high, share)


def _posterior(net_g: float, nearest: int, sd_g: float, unit: Unit) -> tuple[int, int, int, float]:
    """(low, high) of the 95 % interval, the likeliest n and its probability."""
    reach = min(CANDIDATES_MAX, int(5 * sd_g / unit.mass_g) + 1)
    candidates = range(max(0, nearest - reach), nearest + reach + 1)
    scores = []
    for n in candidates:
        variance = unit.variance(n)
        miss = net_g - n * unit.mass_g
        scores.append(-0.5 * (miss * miss / variance + log(variance)))
    top = max(scores)
    weights = [exp(score - top) for score in scores]
    total = sum(weights)
    at = scores.index(top)
    tail = 0.025 * total
    low_at, below = 0, weights[0]
    while below < tail:
        low_at += 1
        below += weights[low_at]
    high_at, above = len(weights) - 1, weights[-1]
    while above < tail:
        high_at -= 1
        above += weights[high_at]
    return candidates[low_at], candidates[high_at], candidates[at], weights[at] / total
