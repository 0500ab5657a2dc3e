"""Which method tells the level of which SKU: smoothing for most, TSB for what dies, a line where a trend is plain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cloud.core.forecasting import classes
from cloud.core.forecasting.classes import Pattern
from cloud.core.forecasting.history import Array, Counts, History
from cloud.core.forecasting.intermittent import tsb
from cloud.core.forecasting.seasons import WEEK, factors, weekly, without_week
from cloud.core.forecasting.smoothing import smooth

METHODS = ("none", "smoothing", "tsb", "line")
NONE, SMOOTHING, TSB, LINE = range(len(METHODS))
DYING_ALPHA = 0.1
DYING_LAG_DAYS = 9.0
"""The mean age of what such smoothing weighs, (1 - alpha)/alpha: demand has fallen on since."""
DYING_SPAN_DAYS = 28
DYING_SALES = 2.0
"""The fall is the last 28 days over the 28 before, as if two sales more had been seen in both."""
DYING_RETURN = 0.15
"""The chance that what seems to die does not, or was out of stock, unmarked, and comes back as it was."""
PRIOR_DAYS = 10.0
PRIOR_DISPERSION = 2.0
"""The variance of a day is learnt as if so many days had been seen before, their variance so many times their mean."""
FALLEN = 1 / 3
"""Of a level that fell a day varies as one that did not fall so far by this share: what fell may rise again."""
PRIOR_UNITS = 0.25
"""What never sold is taken to have sold this."""
TREND_WEEKS, TREND_Z = 52, 4.0
"""A line is fitted where the slope of the last weeks, so many at most, is beyond so many standard errors."""
TREND_MIN_DAYS = 112
TREND_ADI = 3.0
"""Who sells more seldom than every third day has no trend to be told from chance."""
LINE_ALPHA = 0.03
LINE_AHEAD_DAYS = 3.5
"""The line's weights fade by alpha a day; it is read so far ahead and no further, for few trends last."""
LINE_FLOOR, LINE_ROOF = 0.25, 3.0
"""Times the mean by the same weights: what a line may tell at least and at most."""


class Levels(NamedTuple):
    """Of each row: units on an average day, the variance of that mean, of one day round it, the profile of the next
    seven days [rows x 7] of mean 1, the index in `METHODS`; and what spoke for them: the smoothing constant, the F
    statistic of the weekdays, z of the trend."""

    level: Array
    doubt: Array
    variance: Array
    profile: Array
    method: Counts
    alpha: Array
    weekly_f: Array
    trend_z: Array

    def of(self, rows: Counts) -> Levels:
        """These rows, each as often as it is named."""
        return Levels(
            self.level[rows], self.doubt[rows], self.variance[rows], self.profile[rows], self.method[rows],
            self.alpha[rows], self.weekly_f[rows], self.trend_z[rows],
        )  # fmt: skip


def find(history: History, pattern: Pattern) -> Levels:
    """The level of each row by the method its pattern asks for."""
    profile, weekly_f = weekly(history)
    factor = factors(profile, history.units.shape[1])
    level, doubt, variance, alpha = smooth(history, factor)
    dispersion = variance / np.maximum(level, 1e-300)
    even = without_week(history, factor)
    method = np.where(pattern.kind == classes.NONE, NONE, SMOOTHING)
    trend_z = _trend(even)
    sloping = (np.abs(trend_z) > TREND_Z) & (pattern.adi < TREND_ADI) & (even.days >= TREND_MIN_DAYS)
    dying = (pattern.kind == classes.DYING) & ~sloping
    if dying.any():
        now = _fallen(even.of(dying))
        fall = level[dying] - now  # of the mean and variance of two cases, with and without it
        doubt[dying] += DYING_RETURN * (1 - DYING_RETURN) * np.square(fall)
        level[dying], method[dying] = now + DYING_RETURN * fall, TSB
    if sloping.any():
        level[sloping], method[sloping] = _line(even.of(sloping)), LINE
    days = even.days
    fallen = np.maximum(even.units.sum(axis=1) / np.maximum(days, 1) - level, 0.0)
    variance = (level + FALLEN * fallen) * (days * dispersion + PRIOR_DAYS * PRIOR_DISPERSION) / (days + PRIOR_DAYS)
    return Levels(level, doubt, variance, profile, method, alpha, weekly_f, trend_z)


def _fallen(history: History) -> Array:
    """TSB's level, carried on to today by how much the last four weeks sold less than the four before."""
    units, known, _ = history
    size = units.sum(axis=1) / np.maximum((units > 0).sum(axis=1), 1)
    sums = []
    for end in (units.shape[1], max(units.shape[1] - DYING_SPAN_DAYS, 0)):
        part = slice(max(end - DYING_SPAN_DAYS, 0), end)
        seen = known[:, part].sum(axis=1)
        sums.append(units[:, part].sum(axis=1) * DYING_SPAN_DAYS / np.maximum(seen, 1) + DYING_SALES * size)
    ratio = np.minimum(sums[0] / np.maximum(sums[1], 1e-300), 1.0)
    return np.asarray(tsb(units, known, DYING_ALPHA, DYING_ALPHA) * ratio ** (DYING_LAG_DAYS / DYING_SPAN_DAYS))


def _trend(history: History) -> Array:
    """The slope of the last weeks' demand in standard errors; 0 where a week has a day that is not known."""
    rows, columns = history.units.shape
    weeks = min(columns // WEEK, TREND_WEEKS)
    if weeks * WEEK < TREND_MIN_DAYS:
        return np.zeros(rows)
    cut = columns - weeks * WEEK
    sums = history.units[:, cut:].reshape(rows, weeks, WEEK).sum(axis=2)
    seen = history.known[:, cut:].reshape(rows, weeks, WEEK).sum(axis=2)
    sums = np.where(seen > 0, sums * WEEK / np.maximum(seen, 1), 0.0)
    time = np.arange(weeks) - (weeks - 1) / 2
    spread = float((time * time).sum())
    slope = sums @ time / spread
    mean = sums.mean(axis=1)
    off = sums - mean[:, None] - slope[:, None] * time
    error = np.sqrt((off * off).sum(axis=1) / (weeks - 2) / spread)
    # Of a straight line without any scatter the error is what rounding leaves: it is no trend of a million.
    z = slope / np.maximum(error, 1e-3 * np.abs(slope) + 1e-9 * mean + 1e-300)
    return np.where((seen > 0).all(axis=1), z, 0.0)


def _line(history: History) -> Array:
    """Discounted least squares (Brown 1963): a straight line whose weights fade, read a few days ahead."""
    units, known, _ = history
    age = np.arange(units.shape[1])[::-1]
    weight = known * (1 - LINE_ALPHA) ** age
    ones, ages, squares = (weight @ age.astype(np.float64) ** power for power in range(3))
    sums, moments = ((1 - LINE_ALPHA) ** age * units).sum(axis=1), ((1 - LINE_ALPHA) ** age * age * units).sum(axis=1)
    mean = sums / np.maximum(ones, 1e-300)
    slope = (ages * sums - ones * moments) / np.maximum(ones * squares - ages * ages, 1e-300)
    told = mean + slope * (ages / np.maximum(ones, 1e-300) + LINE_AHEAD_DAYS)
    return np.asarray(np.clip(told, LINE_FLOOR * mean, LINE_ROOF * mean))
