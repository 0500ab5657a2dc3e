"""Quantiles corrected by their own past: where 95 % was told and 92 % came, more is told from then on, class by class.

The forecast of a past day is made again with what was known then; the chance it gave to at most what came (the
probability integral transform) is even over 0..1 if it was right. What chance to ask for so that `tau` comes is read
off its distribution (Kuleshov, Fenner & Ermon 2018), for counts the non-randomised one (Czado, Gneiting & Held 2009).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cloud.core.forecasting.classes import CLASSES
from cloud.core.forecasting.history import Array, Counts

SCORES = np.linspace(-7.0, 12.0, 77)
"""Chances at which distributions are kept, as logits."""
TRUSTED_ALONE = 200.0
"""With so many cases a class's own past weighs as much as that of all classes together."""
TRUSTED_AT_ALL = 100.0
"""With so many cases of all, what came weighs as much as what was told."""


class Calibration(NamedTuple):
    """Of each class [classes x scores], and its cases: how often demand came that was given at most that chance."""

    came: Array
    cases: Array

    def asked(self, kinds: Counts, tau: Array) -> Array:
        """The chances to ask for [rows x taus] so that each `tau` comes, for rows of these classes."""
        found = np.empty((len(kinds), len(tau)))
        for kind in np.unique(kinds):
            found[kinds == kind] = _chance(np.interp(_logit(tau), _logit(self.came[kind]), SCORES))
        return found


def untold() -> Calibration:
    """Nothing is known of the past: what is told is taken as it is."""
    return Calibration(np.tile(_chance(SCORES), (len(CLASSES), 1)), np.zeros(len(CLASSES)))


def learn(kinds: Counts, below: Array, at_most: Array) -> Calibration:
    """What came of past forecasts: each case's class, the chance told of less than what came, and of at most that."""
    levels = _chance(SCORES)
    width = np.maximum(at_most - below, 1e-9)
    came = np.zeros((len(CLASSES), len(levels)))
    cases = np.bincount(kinds, minlength=len(CLASSES)).astype(np.float64)
    for kind in np.flatnonzero(cases):
        of = kinds == kind
        for at, level in enumerate(levels):
            came[kind, at] = np.clip((level - below[of]) / width[of], 0.0, 1.0).sum()
    whole = (came.sum(axis=0) + TRUSTED_AT_ALL * levels) / (cases.sum() + TRUSTED_AT_ALL)
    own = (came + TRUSTED_ALONE * whole) / (cases + TRUSTED_ALONE)[:, None]
    return Calibration(np.clip(own, levels[0], levels[-1]), cases)


def _chance(score: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-score)))


def _logit(chance: Array) -> Array:
    return np.asarray(np.log(chance / (1 - chance)))
