"""What is normal of a machine at work: its channels given its load, learned from its days, and what is not so.

Channels are told by quarters of an hour at work. Of each two deviations are followed: from its usual level, and from
what the others let expect (a ridge regression: vibration by current and power, temperature by these, how long it has
worked and the coolest of the last day, power by vibration). A quarter is odd beyond so many spreads, and well outside
the range that was learned; days add up to a CUSUM. A machine that shakes less or is cooler is not ill.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, np.dtype[np.float64]]

ELECTRICAL = ("power_w", "current_a")
SHAKING = ("vibration_mm_s", "vibration_g")
LOGGED = frozenset((*ELECTRICAL, *SHAKING))
"""Quantities that change by shares."""
WARM = "temperature_c"
MEASURED = (*ELECTRICAL, *SHAKING, WARM, "voltage_v", "frequency_hz", "pressure_hpa", "raw")
"""What is followed of a machine; counters, switches and how well its radio is heard are not."""
ROWS_KEPT = 32
"""Of a day's rows so many are kept to learn from."""
LAGS = 2
"""Columns that tell how long it has worked."""
RIDGE_SHARE, RIDGE_ROWS = 0.02, 2.0
"""The ridge is such a share of the rows, and so many more: channels that hardly move teach no slope."""
SIGMAS, FEW_DAYS = 7.0, 1.0
"""A quarter is odd beyond so many spreads (and `FEW_DAYS` / days known of it more), ..."""
MARGIN, MARGIN_DAYS = 0.35, 3.0
"""... and outside the learned range by such a share of it (more while few days are known)."""
RANGE_SHARE = 0.95
"""A spread is at least what holds this share of the learned rows."""
FLOORS = {"log": (0.02, 0.02, 0.02), "warm": (0.3, 4.0, 1.5), "other": (0.0, 0.0, 0.0)}
"""No spread is smaller: of quarters; of days as such (a season warms all); of days by what is expected."""
OTHER_SHARE = 0.01
"""Of the level, for quantities whose unit says nothing."""
STRANGE_SHARE = 0.98
"""Where the others stand further out than this share of the learned rows, they let expect less."""
STRANGE_RIDGE = 0.05
"""Keeps that measure finite where the others always go together."""
THREES, THREES_DAYS = 3, 9
"""Days in a row are alike, so the spread of means of three counts too, once so many days are known."""


class Day(Struct, frozen=True, array_like=True):
    """A day at work: the mean of its rows, and some of them as bytes (32-bit floats)."""

    day: int
    mean: list[float]
    rows: bytes

    @property
    def table(self) -> Array:
        """Its rows x columns."""
        flat = np.frombuffer(self.rows, dtype=np.float32)
        return flat.reshape(-1, len(self.mean)).astype(np.float64)


def day_of(day: int, rows: Sequence[Sequence[float]]) -> Day:
    """A day that is over, of all its rows."""
    table = np.array(rows)
    few = table[np.unique(np.linspace(0, len(table) - 1, ROWS_KEPT).astype(int))] if len(table) > ROWS_KEPT else table
    return Day(day, table.mean(axis=0).tolist(), few.astype(np.float32).tobytes())


class Told(NamedTuple):
    """What a deviation is of: the channel's place, and whether it is from what the others let expect."""

    channel: int
    expected: bool


class Normal:
    """The normal of a machine's `quantities`, learned from days of rows: a level a channel (those of `LOGGED` as their
    logarithms), `LAGS` columns of how long it has worked, the coolest of a day a temperature; nan where one is missing.
    """

    def __init__(self, quantities: Sequence[str], known: Sequence[Day]) -> None:
        self.quantities = quantities
        rows = np.concatenate([day.table for day in known])
        self._centre = np.median(rows, axis=0)
        self._squares = [at for kind in (ELECTRICAL, SHAKING) for at in self._of(kind)[:1]]
        full = self._full(rows)
        self.told = [Told(at, False) for at in range(len(quantities))]
        ways = [np.eye(full.shape[1])[at] for at in range(len(quantities))]
        self._strange: list[tuple[list[int], Array, Array, Array, float]] = []
        for at in range(len(quantities)):
            by = self._by(at)
            if by:
                self.told.append(Told(at, True))
                ways.append(self._fit(full, at, by))
        self._ways = np.column_stack(ways)
        self._expected = np.array([one.expected for one in self.told])
        misses = full @ self._ways
        self._offset = np.median(misses, axis=0)
        misses -= self._offset
        floors = np.array([self._floor(one) for one in self.told]).T
        spread = np.maximum(1.4826 * np.median(np.abs(misses), axis=0), floors[0])
        spread = np.maximum(spread, np.quantile(np.abs(misses), RANGE_SHARE, axis=0) / 1.96)
        least, most = misses.min(axis=0), misses.max(axis=0)
        by_few = MARGIN * (most - least) * (1 + MARGIN_DAYS / len(known))
        sigmas = SIGMAS * (1 + FEW_DAYS / len(known))
        calm = np.array([quantities[one.channel] in (*SHAKING, WARM) for one in self.told])
        self.high = np.maximum(sigmas * spread, most + by_few)
        self.low = np.where(calm, -np.inf, np.minimum(-sigmas * spread, least - by_few))
        self._learn_days(known, floors, calm)

    def _learn_days(self, known: Sequence[Day], floors: Array, calm: Array) -> None:
        """How the means of days stray."""
        means = np.array([self._by_day(day) for day in known])
        few = len(means)
        self._day_offset = np.median(means, axis=0)
        away = means - self._day_offset
        spread = 1.4826 * np.median(np.abs(away), axis=0)
        if few > 2:
            spread = np.maximum(spread, means.std(axis=0, ddof=1))
        if few >= THREES_DAYS:
            threes = np.lib.stride_tricks.sliding_window_view(away - away.mean(axis=0), THREES, axis=0).mean(axis=-1)
            spread = np.maximum(spread, THREES**0.5 * threes.std(axis=0))
        least = np.where(self._expected, floors[2], floors[1])
        self.day_spread = np.maximum(spread, least) * (1 + 3 / few)
        self._day_most = np.abs(away).max(axis=0)
        self._calm = calm

    def deviations(self, row: Sequence[float]) -> Array:
        """How far a row is off, by what was told (`told`); 0 where a channel is missing for it."""
        full = self._full(np.array([row]))[0]
        missing = np.isnan(full)
        if not missing.any():
            return np.asarray(full @ self._ways - self._offset)
        found = np.where(missing, 0.0, full) @ self._ways - self._offset
        return np.asarray(np.where((self._ways[missing] != 0).any(axis=0), 0.0, found))

    def odd(self, misses: Array) -> Array:
        """How far deviations are on the way to what is odd: beyond 1 they are."""
        return np.asarray(np.where(misses > 0, misses / self.high, misses / self.low))

    def believed(self, row: Sequence[float], misses: Array) -> Array:
        """The same, less where the others stand as they never did."""
        full = self._full(np.array([row]))[0]
        found = misses.copy()
        for place, (by, middle, spread, inverse, most) in enumerate(self._strange, start=len(self.quantities)):
            away = (full[by] - middle) / spread
            square = float(away @ inverse @ away)
            if square > most:  # never where one is missing
                found[place] *= (most / square) ** 0.5
        return found

    def _by_day(self, day: Day) -> Array:
        return self.believed(day.mean, self.deviations(day.mean))

    def day_score(self, day: Day) -> Array:
        """How many spreads a day is off; within what was seen, one at most. Downwards only where that is bad."""
        away = self._by_day(day) - self._day_offset
        score = away / self.day_spread
        score = np.where(np.abs(away) > self._day_most, score, np.clip(score, -1.0, 1.0))
        return np.asarray(np.where(self._calm, np.maximum(score, 0.0), score))

    def expected(self, row: Sequence[float], one: int, by_day: bool) -> tuple[int, float, float, float]:
        """Of what was told: the channel's place, its value, and the range it should be in, in its own unit."""
        told, miss = self.told[one], float(self.deviations(row)[one])
        value = row[told.channel]
        high = float(3 * self.day_spread[one] if by_day else self.high[one])
        low = -high if by_day or not np.isfinite(self.low[one]) else float(self.low[one])
        ends = (value, value - miss + low, value - miss + high)
        if self.quantities[told.channel] in LOGGED:
            ends = tuple(float(np.exp(end)) for end in ends)  # type: ignore[assignment]
        return told.channel, *ends

    def _of(self, kind: Sequence[str]) -> list[int]:
        return [at for at, quantity in enumerate(self.quantities) if quantity in kind]

    def _full(self, rows: Array) -> Array:
        """Rows from their centre, with the squares of the first electrical and the first shaking channel."""
        away = rows - self._centre
        return np.hstack((away, away[:, self._squares] ** 2))

    def _by(self, at: int) -> list[int]:
        """By which columns a channel is expected."""
        width, quantity = len(self._centre), self.quantities[at]
        square = {place: width + number for number, place in enumerate(self._squares)}
        load, shakes = self._of(ELECTRICAL), self._of(SHAKING)
        if quantity in ELECTRICAL:
            by = shakes
        elif quantity == WARM:
            by = load or shakes
        else:
            by = load
        by = [*by, *(square[one] for one in by if one in square)]
        if quantity == WARM:
            lags = range(len(self.quantities), len(self.quantities) + LAGS)
            by += [*lags, len(self.quantities) + LAGS + self._of((WARM,)).index(at)]
        return by

    def _fit(self, full: Array, at: int, by: list[int]) -> Array:
        """The row of weights that takes from a channel what the others let expect. A room that is warmer warms a
        machine by as much, unless its days say otherwise."""
        rows = full[:, by]
        middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        away = (rows - middle) / spread
        before = np.zeros(len(by))
        if self.quantities[at] == WARM:
            before[-1] = spread[-1]
        square = away.T @ away
        ridge = (RIDGE_SHARE * len(rows) + RIDGE_ROWS) * np.eye(len(by))
        own = full[:, at] - full[:, at].mean() - away @ before
        weights = (before + np.linalg.solve(square + ridge, away.T @ own)) / spread
        inverse = np.linalg.inv(square / len(rows) + STRANGE_RIDGE * np.eye(len(by)))
        squares = np.einsum("ij,jk,ik->i", away, inverse, away)
        self._strange.append((by, middle, spread, inverse, float(np.quantile(squares, STRANGE_SHARE))))
        way = np.zeros(full.shape[1])
        way[at] = 1.0
        way[by] -= weights
        return way

    def _floor(self, one: Told) -> tuple[float, float, float]:
        quantity = self.quantities[one.channel]
        if quantity in LOGGED:
            return FLOORS["log"]
        if quantity == WARM:
            return FLOORS["warm"]
        least = OTHER_SHARE * abs(float(self._centre[one.channel])) + 1e-9
        return least, least, least
