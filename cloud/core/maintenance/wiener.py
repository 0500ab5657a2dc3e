"""How long until a wandering level reaches nought: a Wiener process with a drift that is only partly known.

dx = -v dt + sigma dB: `level` x is what is left before failure, `drift` v what is lost a cycle. Both are believed to be
normal, and followed by a Kalman filter. For a known x and v the time of the first passage through nought is inverse
Gaussian (Schroedinger 1915; Folks & Chhikara 1978); it is mixed over what is believed of both (Peng & Tseng 2009), by
Gauss-Hermite nodes. A drift that may be upwards leaves some chance that the passage never comes.

Beliefs are arrays [units x 5]: level, drift, variance of the level, covariance, variance of the drift.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, np.dtype[np.float64]]

WIDE, NARROW = (np.polynomial.hermite_e.hermegauss(order) for order in (9, 5))
LEVELS, LEVEL_WEIGHTS = WIDE[0], WIDE[1] / WIDE[1].sum()
DRIFTS, DRIFT_WEIGHTS = NARROW[0], NARROW[1] / NARROW[1].sum()
SURPRISE_MAX = 4.0
"""An observation farther off, in standard deviations, counts as one so far off: one bad cycle can not upset all."""
VARIANCE_MIN = 1e-12
TIMES_NEAR, TIMES_FAR = 64, 24
"""At how many times a distribution is looked at, about its middle and beyond."""
NEAR_SDS = 5.0


class Sight(Struct, frozen=True):
    """What is seen of a level: the mean and the standard deviation of the observation at each of the knots (rising),
    linear between them and constant beyond."""

    knots: list[float]
    means: list[float]
    sds: list[float]


def begin(level: float, level_sd: float, drift: float, drift_sd: float, units: int = 1) -> Array:
    """What is believed of units before anything is seen of them."""
    return np.tile([level, drift, level_sd**2, 0.0, drift_sd**2], (units, 1)).astype(np.float64)


def advance(beliefs: Array, sigma: float, cycles: Array) -> Array:
    """The beliefs so many cycles later [units]."""
    level, drift, spread, both, doubt = beliefs.T
    return np.column_stack(
        (
            level - drift * cycles,
            drift,
            spread - 2 * both * cycles + doubt * cycles**2 + sigma**2 * cycles,
            both - doubt * cycles,
            doubt,
        )
    )


def observe(beliefs: Array, seen: Array, noise: Array) -> Array:
    """The beliefs once the levels themselves were `seen` [units], with errors of variance `noise` [units]."""
    return _gain(beliefs, seen, beliefs[:, 0], beliefs[:, 2] + noise, beliefs[:, 2])


def observe_through(beliefs: Array, seen: Array, sight: Sight, slack: Array) -> Array:
    """The beliefs once something was `seen` [units] that depends on the level as `sight` tells; its variance is taken
    `slack` [units] times, where one observation repeats much of the one before (statistical linearisation)."""
    nodes = np.maximum(beliefs[:, :1] + np.sqrt(beliefs[:, 2:3]) * LEVELS, 0.0)
    means = np.interp(nodes, sight.knots, sight.means)
    expected = means @ LEVEL_WEIGHTS
    noise = slack * (np.interp(nodes, sight.knots, sight.sds) ** 2 @ LEVEL_WEIGHTS)
    off = means - expected[:, None]
    return _gain(
        beliefs,
        seen,
        expected,
        off**2 @ LEVEL_WEIGHTS + noise,
        (off * (nodes - beliefs[:, :1])) @ LEVEL_WEIGHTS,
    )


def _gain(beliefs: Array, seen: Array, expected: Array, spread: Array, shared: Array) -> Array:
    """The Kalman step, from the expected observation, its variance and its covariance with the level."""
    level, drift, variance, both, doubt = beliefs.T
    far = SURPRISE_MAX * np.sqrt(spread)
    surprise = np.clip(seen - expected, -far, far)
    other = both / variance * shared  # the observation's covariance with the drift
    return np.column_stack(
        (
            level + shared / spread * surprise,
            drift + other / spread * surprise,
            np.maximum(variance - shared**2 / spread, VARIANCE_MIN),
            both - shared * other / spread,
            np.maximum(doubt - other**2 / spread, VARIANCE_MIN),
        )
    )


def passage(beliefs: Array, sigma: float, times: Array) -> Array:
    """The chance [units x times] that the level has reached nought by then; `times` [units x times] or [times]."""
    level, drift, variance, both, doubt = beliefs.T[:, :, None]
    times = np.maximum(np.atleast_2d(times), VARIANCE_MIN)
    wander = sigma * np.sqrt(times)
    own = np.sqrt(np.maximum(doubt - both**2 / variance, 0.0))  # of the drift, the level being known
    chance = np.zeros((len(beliefs), times.shape[1]))
    for node, weight in zip(LEVELS, LEVEL_WEIGHTS, strict=True):
        left = level + np.sqrt(variance) * node
        usual = drift + both / variance * (left - level)
        for turn, share in zip(DRIFTS, DRIFT_WEIGHTS, strict=True):
            lost = usual + own * turn
            chance += weight * share * np.where(left > 0, _first_passage(left, lost, wander, times), 1.0)
    return chance


def _first_passage(left: Array, drift: Array, wander: Array, times: Array) -> Array:
    """The inverse Gaussian distribution (defective where the drift is upwards); no exponential in it overflows."""
    ahead, behind = (left - drift * times) / wander, (left + drift * times) / wander
    back = np.where(
        behind >= 0,
        np.exp(-np.minimum(ahead**2, 1e3) / 2) * _scaled_tail(np.maximum(behind, 0.0)),
        np.exp(np.minimum(2 * drift * left * times / wander**2, 0.0)) * tail(behind),
    )
    return np.asarray(np.clip(tail(ahead) + back, 0.0, 1.0))


def tail(z: Array) -> Array:
    """P(N > z) of the standard normal, to 1e-4 of it or 1e-7."""
    near = np.exp(-np.minimum(z**2, 1e3) / 2) * _scaled_tail(np.abs(z))
    return np.where(z >= 0, near, 1 - near)


def _scaled_tail(z: Array) -> Array:
    """exp(z^2 / 2) P(N > z), z >= 0: Abramowitz & Stegun 7.1.26, and 7.1.23 far out."""
    u = z / sqrt(2)
    t = 1 / (1 + 0.3275911 * u)
    near = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    far = np.maximum(u, 2.5) ** -2 / 2
    distant = (1 - far * (1 - 3 * far * (1 - 5 * far * (1 - 7 * far)))) / (np.maximum(u, 2.5) * sqrt(pi))
    return np.where(u < 2.8, near, distant) / 2


def times_to(beliefs: Array, sigma: float, horizon: float) -> Array:
    """Where to look for the passages [units x times]: close together about the likely ones, then up to the horizon."""
    level, drift, spread, both, doubt = beliefs.T
    left, lost = np.maximum(level, 0.0) + np.sqrt(spread), np.maximum(drift, np.sqrt(doubt) / 2)
    middle = np.minimum(left / lost, horizon / 2)
    about = spread + np.maximum(-2 * both * middle, 0.0) + doubt * middle**2 + sigma**2 * middle
    reach = NEAR_SDS * np.sqrt(about) / lost
    first = np.clip(middle - reach, 0.0, None)
    last = np.clip(middle + reach, first + 1e-6 * horizon, 0.9 * horizon)
    near = first[:, None] + (last - first)[:, None] * np.linspace(0, 1, TIMES_NEAR)
    far = last[:, None] * (horizon / last)[:, None] ** np.linspace(0, 1, TIMES_FAR + 1)[1:]
    return np.hstack((near, far))


def quantiles(chance: Array, times: Array, shares: Array) -> Array:
    """The times [units x shares] by which the passage has come with these chances [units x shares]; inf where that is
    not reached within `times` [units x times]."""
    found = np.empty(shares.shape)
    for row in range(len(chance)):
        rising = np.maximum.accumulate(chance[row]) + 1e-12 * np.arange(chance.shape[1])
        found[row] = np.interp(shares[row], rising, times[row])
        found[row][shares[row] > rising[-1]] = np.inf
    return found
