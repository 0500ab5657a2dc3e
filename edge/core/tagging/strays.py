"""Which tags are only heard through a wall, or from the zone next door.

A passive tag answers when enough power reaches it, and its answer goes the same way back: a wall costs twice its loss.
What is carried into a zone passes near an antenna at least once, what stands behind the wall never does. So the signal
of a tag's whole stay is set against all that its reader hears: mean and strongest above the reader's weakest signals,
strongest below its strongest, their spread, the read rate, and the reader's own range. All are differences: readers,
chips and powers differ by more than a wall (features after Keller, Thiesse & Fleisch, Classification models for
RFID-based real-time detection of process events, ACM TMIS 5, 2014, and Ma, Wang & Wang, Expert Syst. Appl. 2018).

The weights are those of a logistic regression over simulated places (firmware_sim/worlds/walls.py, the tuning layouts,
three in ten tags of a zone standing there from the start); `python -m tests.bench.truth.tags --fit` prints them. They
are judged on other layouts and other walls.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

WEAKEST_DBM, STRONGEST_DBM = -100, 0
"""Signals outside are not in dBm and are not judged."""
WEAK_SHARE, STRONG_SHARE = 0.05, 0.90
MEMORY_EPOCHS = 3600.0
SHARE_FIRST, SHARE_GAIN, SHARE_RANGE = 0.3, 0.02, (0.2, 0.8)
"""Never fewer are expected: strays that are hardly heard do not make themselves rarer by being few."""
COUNT_MAX = 60.0
"""Mean and spread follow the last so many epochs a tag was heard in."""
COUNT_MIN = 3.0
"""With fewer a tag is not judged yet; it waits."""
RANGE_MIN_DB = 8.0
"""A reader that hears everything within so narrow a range hears one group, not two: nothing is called a stray."""
TAKEN = 0.25
"""A tag is told to have come when it is a stray less probably than this."""

WEIGHTS = (-0.130, -0.032, -0.156, 0.152, 0.241, -0.448)
BIAS = -6.420

_EMPTY = np.array([0.0, 0.0, 0.0, WEAKEST_DBM], np.float32).tobytes()
_COUNT, _MEAN, _VARIANCE, _BEST = 0, 1, 2, 3


class Signals(Struct, array_like=True):
    """The signals one reader heard. `stays` is float32 [tags, 4]: of each tag's present stay the epochs with a signal,
    their mean (dBm), variance (dB^2) and strongest; `heard` counts the reads of all tags by dB, the old ones fading."""

    stays: bytearray = field(default_factory=bytearray)
    heard: list[float] = field(default_factory=lambda: [0.0] * (STRONGEST_DBM - WEAKEST_DBM))
    share: float = SHARE_FIRST
    """How many of the tags heard are strays, at this reader."""


def join(signals: Signals) -> None:
    """Take one more tag along, as the last row."""
    signals.stays += _EMPTY


def keep(signals: Signals, kept: Bools) -> None:
    """Go on with the rows marked in `kept` only."""
    signals.stays = bytearray(_stays(signals)[kept].tobytes())


def hear(signals: Signals, rows: Rows, dbm: Floats) -> None:
    """The reads of one epoch: tag `rows[i]` with `dbm[i]`; NaN where the reader told no signal."""
    told = (dbm > WEAKEST_DBM) & (dbm < STRONGEST_DBM)
    if not told.any():
        return
    stays = _stays(signals)
    strongest = np.full(len(stays), -np.inf)
    np.maximum.at(strongest, rows[told], dbm[told])
    who = np.flatnonzero(strongest > -np.inf)
    now = strongest[who]
    stay = stays[who].astype(np.float64)
    count = np.minimum(stay[:, _COUNT] + 1.0, COUNT_MAX)
    step = (now - stay[:, _MEAN]) / count
    mean = stay[:, _MEAN] + step
    variance = stay[:, _VARIANCE] + ((now - stay[:, _MEAN]) * (now - mean) - stay[:, _VARIANCE]) / count
    stays[who] = np.stack((count, mean, variance, np.maximum(stay[:, _BEST], now)), axis=1)
    bins = np.bincount((now - WEAKEST_DBM).astype(np.intp), minlength=len(signals.heard))
    signals.heard = (np.array(signals.heard) * (1.0 - 1.0 / MEMORY_EPOCHS) + bins).tolist()


def end(signals: Signals, ended: Bools) -> None:
    """The stays of the tags marked are over; what comes next is judged anew."""
    _stays(signals)[ended] = np.frombuffer(_EMPTY, np.float32)


def chances(signals: Signals, rates: Floats) -> Floats:
    """The probability that each tag is a stray; `rates` are their read rates an epoch. 0 for tags without a signal,
    and for all tags of a reader that hears one group only; one half for those heard too seldom to judge."""
    stays = _stays(signals)
    weak, strong = _range(signals)
    if strong - weak < RANGE_MIN_DB:
        return np.zeros(len(stays))
    odds = features(signals, rates) @ np.array(WEIGHTS) + BIAS + log(signals.share / (1.0 - signals.share))
    chance = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
    count = stays[:, _COUNT]
    unsure: Floats = np.where(count >= COUNT_MIN, chance, np.where(count > 0.0, 0.5, 0.0))
    return unsure


def learn(signals: Signals, chance: Floats) -> None:
    """Follow the share of strays among the tags that are judged by `chance` (Saerens, Latinne & Decaestecker, Adjusting
    the outputs of a classifier to new a priori probabilities, Neural Computation 14, 2002)."""
    judged = chance[_stays(signals)[:, _COUNT] >= COUNT_MIN]
    if len(judged):
        gain = SHARE_GAIN * min(1.0, len(judged) / 20.0)
        low, high = SHARE_RANGE
        signals.share = min(high, max(low, signals.share + gain * (float(judged.mean()) - signals.share)))


def counts(signals: Signals) -> Floats:
    """In how many epochs each tag was heard with a signal in its present stay, at most `COUNT_MAX`."""
    return _stays(signals)[:, _COUNT].copy()


def features(signals: Signals, rates: Floats) -> Floats:
    """What a tag is judged by, [tags, 6]: mean and strongest above the reader's weak signals, strongest against its
    strong ones, spread, the reader's range (dB each), and the log odds of a read."""
    stays = _stays(signals).astype(np.float64)
    weak, strong = _range(signals)
    rate = np.clip(rates, 0.02, 0.98).astype(np.float64)
    return np.stack(
        (
            stays[:, _MEAN] - weak,
            stays[:, _BEST] - weak,
            stays[:, _BEST] - strong,
            np.sqrt(stays[:, _VARIANCE]),
            np.full(len(stays), strong - weak),
            np.log(rate / (1.0 - rate)),
        ),
        axis=1,
    )


def _stays(signals: Signals) -> Floats:
    return np.frombuffer(signals.stays, np.float32).reshape(-1, 4)


def _range(signals: Signals) -> tuple[float, float]:
    """The weak and the strong end of what the reader hears, in dBm."""
    upto = np.cumsum(signals.heard)
    if not upto[-1]:
        return 0.0, 0.0
    weak, strong = np.searchsorted(upto, np.array([WEAK_SHARE, STRONG_SHARE]) * upto[-1])
    return WEAKEST_DBM + float(weak) + 0.5, WEAKEST_DBM + float(strong) + 0.5
