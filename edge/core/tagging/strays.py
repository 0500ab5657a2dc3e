"""Which tags are only heard through a wall, or from the zone next door.

A passive tag answers when enough power reaches it, and its answer goes the same way back: a wall costs twice its loss.
What is carried into a zone passes near an antenna at least once, what stands behind the wall never does. So the signal
of a tag's whole stay is set against all that its reader hears: its mean above the reader's weakest signals and against
the tags in the middle, its strongest against its last ones (was it carried?), the spread of its signals and the change
from one to the next (people walk through the path behind a wall), its read rate, and the reader's own range. All are
differences: readers, chips and powers differ by more than a wall (features after Keller, Thiesse & Fleisch,
Classification models for RFID-based real-time detection of process events, ACM TMIS 5, 2014, and Ma, Wang & Wang,
Expert Syst. Appl. 2018).

A tag that nobody carried says little in its first minute: its mean may be that of a turned tag here, or of a good one
next door. Its fading tells them apart, and takes minutes to be measured. So the log odds are quadratic in what is seen,
how often the tag was heard included: normal values that spread differently in both kinds have such odds (Hastie,
Tibshirani & Friedman, The Elements of Statistical Learning, 4.3). What is not sure yet waits.

The weights are those of a logistic regression over simulated places (firmware_sim/worlds/walls.py, the tuning layouts:
tags that were carried in and tags that stood there from the start, one minute and ten, a wall with people behind it and
a quiet one);
`python -m tests.bench.truth.strays --fit` prints them. They are judged on other layouts and other walls.
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
COUNT_MAX = 600.0
"""To so many epochs in which it was heard the experience with a tag grows."""
MEAN_COUNT, RECENT_COUNT, STEP_COUNT = 60.0, 20.0, 120.0
"""Mean and spread, the last signals, and the change from one signal to the next follow so many epochs with a signal."""
COUNT_MIN = 3.0
"""With fewer a tag is not judged yet; it waits."""
RANGE_MIN_DB = 8.0
"""A reader that hears everything within so narrow a range hears one group, not two: nothing is called a stray."""
TAKEN, TAKEN_KNOWN = 0.10, 0.20
"""A tag is told to have come when it is a stray less probably than this; the second once it was heard in `KNOWN`
epochs, when its signals are known so well that they hardly change how it looks."""
YOUNG, KNOWN = 20.0, 240.0
"""Up to the first a tag is looked at in every epoch, for it may be carried just now; one that waits longer is looked
at now and then, or a stray would have a chance in every epoch to look like none."""

SEEN = ((0.0, 40.0), (0.6, 8.0), (15.0, 48.0), (-3.5, 3.9), (0.8, 6.0), (0.7, 22.0), (-26.0, 26.0), (1.1, 6.4))
"""Where the features lay in the places the weights were fitted in; what is beyond is taken for the nearest."""
# fmt: off
WEIGHTS = (
    -0.0361, -0.7737, 0.8072, -1.442, 1.405, -0.5912, -0.07689, -1.973,
    -0.007603, -0.007113, -0.004749, -0.02575, -0.04147, -0.02028, 0.003098, 0.03764,
    -0.1358, 0.02411, -0.1223, 0.05052, 0.006391, 0.01416, 0.7871,
    -0.01048, 0.05879, 0.08129, 0.02164, 0.0009959, -0.02945,
    0.04258, -0.1024, -0.003202, 0.03285, -0.03004,
    -0.4826, 0.04105, -0.01233, -0.1351,
    -0.08457, 0.004067, 0.278,
    -0.001534, 0.001045,
    -0.1608,
)
# fmt: on
BIAS = -11.55

_WIDTH = 7
_COUNT, _MEAN, _VARIANCE, _BEST, _LAST, _STEP, _RECENT = range(_WIDTH)
_EMPTY = np.array([0.0, 0.0, 0.0, WEAKEST_DBM, 0.0, 0.0, 0.0], np.float32).tobytes()
_LOW, _HIGH = np.array(SEEN).T
_FIRST, _SECOND = np.triu_indices(len(SEEN))


class Signals(Struct, array_like=True):
    """The signals one reader heard. `share` is how many of the tags heard are strays; `stays` is float32 [tags, 7]: of
    each tag's present stay the epochs with a signal, their mean (dBm), variance (dB^2) and strongest, the last one, the
    mean squared change from one to the next (dB^2), and the mean of the last ones; `heard` counts the reads of all tags
    by dB, the old ones fading."""

    share: float = SHARE_FIRST
    """The first field, so that what older versions stored, whose stays were narrower, is refused and learnt anew."""
    stays: bytearray = field(default_factory=bytearray)
    heard: list[float] = field(default_factory=lambda: [0.0] * (STRONGEST_DBM - WEAKEST_DBM))


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
    gain = 1.0 / np.minimum(count, MEAN_COUNT)
    mean = stay[:, _MEAN] + (now - stay[:, _MEAN]) * gain
    variance = stay[:, _VARIANCE] + ((now - stay[:, _MEAN]) * (now - mean) - stay[:, _VARIANCE]) * gain
    best = np.maximum(stay[:, _BEST], now)
    steps = np.clip(count - 1.0, 1.0, STEP_COUNT)
    step = np.where(count > 1.0, stay[:, _STEP] + ((now - stay[:, _LAST]) ** 2 - stay[:, _STEP]) / steps, 0.0)
    recent = stay[:, _RECENT] + (now - stay[:, _RECENT]) / np.minimum(count, RECENT_COUNT)
    stays[who] = np.stack((count, mean, variance, best, now, step, recent), axis=1)
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


def young(signals: Signals) -> Bools:
    """Which tags were heard so seldom that each epoch may tell much."""
    return counts(signals) < YOUNG


def taken(signals: Signals, chance: Floats) -> Bools:
    """Whether each tag stands here surely enough to be told, from its `chance` of being a stray."""
    sure: Bools = chance < np.where(_stays(signals)[:, _COUNT] < KNOWN, TAKEN, TAKEN_KNOWN)
    return sure


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
    """What a tag is judged by, [tags, 44]: eight values, and each product of two of them, by itself too.

    The eight: its mean above the reader's weak signals, spread, the reader's range (dB each), the log odds of a read,
    the change from signal to signal, its strongest above its last ones, its mean above that of the tag in the middle
    (dB each), and the log of how often it was heard."""
    stays = _stays(signals).astype(np.float64)
    weak, strong = _range(signals)
    rate = np.clip(rates, 0.02, 0.98).astype(np.float64)
    heard = stays[:, _COUNT] > 0.0
    middle = float(np.median(stays[heard, _MEAN])) if heard.any() else 0.0
    values = np.stack(
        (
            stays[:, _MEAN] - weak,
            np.sqrt(stays[:, _VARIANCE]),
            np.full(len(stays), strong - weak),
            np.log(rate / (1.0 - rate)),
            np.sqrt(stays[:, _STEP]),
            stays[:, _BEST] - stays[:, _RECENT],
            stays[:, _MEAN] - middle,
            np.log(np.maximum(stays[:, _COUNT], 1.0)),
        ),
        axis=1,
    )
    values = np.clip(values, _LOW, _HIGH)
    return np.concatenate((values, values[:, _FIRST] * values[:, _SECOND]), axis=1)


def _stays(signals: Signals) -> Floats:
    return np.frombuffer(signals.stays, np.float32).reshape(-1, _WIDTH)


def _range(signals: Signals) -> tuple[float, float]:
    """The weak and the strong end of what the reader hears, in dBm."""
    upto = np.cumsum(signals.heard)
    if not upto[-1]:
        return 0.0, 0.0
    weak, strong = np.searchsorted(upto, np.array([WEAK_SHARE, STRONG_SHARE]) * upto[-1])
    return WEAKEST_DBM + float(weak) + 0.5, WEAKEST_DBM + float(strong) + 0.5
