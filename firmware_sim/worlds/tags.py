"""Tags that come, stay and go before a reader that misses them: the truth per epoch and tag, and the reads.

Regimes after SMURF (Jeffery, Garofalakis & Franklin, VLDB 2006: mobile and static tags, 60-70 % read rates usual) with
what breaks its assumptions: dead zones, misses in bursts, stays whose length changes threefold or hardly varies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

TUNING_SEEDS = (1, 2, 3)
REPORT_SEEDS = (9401, 9402, 9403)


@dataclass(frozen=True, slots=True)
class Regime:
    """How tags behave and how they are heard; times in epochs of about a second."""

    name: str
    rate: float
    """Mean read rate of a present tag per epoch; each tag has its own, `rate_sd` about it."""
    stay: float
    away: float
    rate_sd: float = 0.08
    regularity: float = 1.0
    """Shape of the gamma that stays are drawn from: 1 memoryless, above more regular."""
    stay_later: float = 1.0
    """From half-time on, stays are so many times as long."""
    dead_share: float = 0.0
    dead_rate: float = 0.06
    """Share of stays that are in a dead zone, and the read rate there."""
    burst: float = 0.0
    burst_every: float = 0.0
    """Mean length of bursts in which a tag is covered and not read at all, and mean time between them; 0: none."""
    ghost: float = 2e-4
    """Chance per epoch of a read of a tag that is away."""


REGIMES = (
    Regime("mobile 81 %", 0.81, 50, 50),
    Regime("mobile weak 50 %", 0.50, 50, 50),
    Regime("shelf weak 38 %, long stays", 0.38, 600, 330),
    Regime("portal 99 %", 0.99, 13, 77, rate_sd=0.01, regularity=4),
    Regime("mobile, regular stays", 0.70, 50, 50, regularity=6),
    Regime("dead zones, 15 % of stays", 0.75, 300, 150, dead_share=0.15),
    Regime("bursty misses, mobile", 0.81, 120, 80, burst=4, burst_every=40),
    Regime("bursty misses, shelf", 0.60, 600, 330, burst=10, burst_every=150),
    Regime("stays become 3 times longer", 0.65, 40, 60, stay_later=3.0),
    Regime("stays become 3 times shorter", 0.65, 120, 60, stay_later=1 / 3),
)


@dataclass(frozen=True, slots=True)
class Watch:
    """`there[t, i]`: tag i is present in epoch t; `answers[t, i]`: how many of the epoch's `cycles` it answered."""

    there: Bools
    answers: NDArray[np.int64]
    cycles: int

    @property
    def heard(self) -> Bools:
        """Whether a tag was read at all in an epoch."""
        return self.answers > 0


def watch(regime: Regime, tags: int, epochs: int, rng: Generator, cycles: int = 5) -> Watch:
    """One reader's view of `tags` tags over `epochs` epochs of `cycles` inventory cycles each."""
    there = np.zeros((epochs, tags), np.bool_)
    rate = np.zeros((epochs, tags))
    for tag in range(tags):
        own = _rate(regime, rng)
        inside = bool(rng.random() < regime.stay / (regime.stay + regime.away))
        at = -int(rng.integers(0, max(1, int(regime.stay if inside else regime.away))))
        while at < epochs:
            longer = regime.stay_later if at >= epochs // 2 else 1.0
            mean = regime.stay * longer if inside else regime.away
            until = at + max(1, round(rng.gamma(regime.regularity, mean / regime.regularity)))
            if inside:
                dead = rng.random() < regime.dead_share
                there[max(at, 0) : max(until, 0), tag] = True
                rate[max(at, 0) : max(until, 0), tag] = regime.dead_rate if dead else own
            at, inside = until, not inside
    each = 1.0 - (1.0 - np.where(there, rate, regime.ghost)) ** (1.0 / cycles)
    answers = rng.binomial(cycles, each)
    if regime.burst:
        answers[_covered(regime, tags, epochs, rng)] = 0
    return Watch(there, answers, cycles)


def _rate(regime: Regime, rng: Generator) -> float:
    return float(np.clip(rng.normal(regime.rate, regime.rate_sd), 0.05, 0.995))


def _covered(regime: Regime, tags: int, epochs: int, rng: Generator) -> Bools:
    """Epochs in which a tag is covered: geometric bursts at geometric distances."""
    luck = rng.random((epochs, tags))
    covered = np.zeros((epochs, tags), np.bool_)
    now = np.zeros(tags, np.bool_)
    for epoch in range(epochs):
        now = np.where(now, luck[epoch] >= 1.0 / regime.burst, luck[epoch] < 1.0 / regime.burst_every)
        covered[epoch] = now
    return covered
