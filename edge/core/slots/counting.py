"""What is counted on a scale, and what may be said of it.

Error budget of a counting scale (after Sartorius, Manual of Weighing Applications 2; Steiner & MacKay, Scale counting):

    Var(mass | n units) = u^2 (n cv^2 + n^2 cv^2 / m) + sigma_r^2 + sigma_z^2

u unit mass, cv its relative spread, m pieces in the reference sample, sigma_r reading noise, sigma_z zero drift. How
each part behaves from mass to mass is in `edge.core.slots.rows`.
"""

from __future__ import annotations

from msgspec import Struct

CLAIM = 0.97
"""A count is claimed only from this probability on. 0.95 would do if the world were as the belief has it; the rest is
for worlds that are not, so that a claim is right 98.5 times of 100 there too."""
ZERO_NOISES = 2.0
ZERO_SHARE = 1.2e-4
"""Standard deviation of the zero of a cell that was once tared: in noises, and at least this share of its limit, which
is a few degrees' effect on a class C3 cell (OIML R 60: v_min / 5 K)."""
WALK_NOISES = 0.3
WALK_SHARE = 2e-5
"""Drift of a cell of which nothing else is known: standard deviation after one hour, in noises, and in its limit."""
WARM_SHARE = 1e-5
"""Shift of such a cell's zero per degree, in its limit (OIML R 60: v_min / 5 K is the most it may)."""
DAY_C = 3.0
"""A hall's warmth wanders by so many degrees within some hours (standard deviation)."""


class Estimate(Struct, frozen=True, gc=False):
    """How many units lie there: `count` (None: can not be told), its 95 % interval, and the reason and remedy codes."""

    count: int | None
    low: int
    high: int
    confidence: float
    reason: str = ""
    remedy: str = ""


class Unit(Struct, frozen=True, gc=False):
    """What is counted: unit mass and spread, reference sample, reading noise, the cell's limit and its drift.

    `drift_g`: standard deviation of the zero after one hour; 0: as a cell of class C3 of this limit would.
    `thermal_g`: shift of the zero per degree; 0: likewise.
    """

    mass_g: float
    cv: float
    sample: int
    noise_g: float
    limit_g: float
    drift_g: float = 0.0
    thermal_g: float = 0.0

    @property
    def walk_g(self) -> float:
        """Standard deviation of the zero's walk after one hour."""
        return self.drift_g or max(WALK_NOISES * self.noise_g, WALK_SHARE * self.limit_g)

    @property
    def warm_g(self) -> float:
        """Shift of the zero per degree."""
        return self.thermal_g or WARM_SHARE * self.limit_g

    @property
    def day_g(self) -> float:
        """Standard deviation of the zero by the warmth of the day, where the warmth is not measured."""
        return self.warm_g * DAY_C

    @property
    def zero_g(self) -> float:
        """Standard deviation of the zero of a cell that was once tared."""
        return max(ZERO_NOISES * self.noise_g, ZERO_SHARE * self.limit_g)
