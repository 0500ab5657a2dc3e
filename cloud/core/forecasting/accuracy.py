"""How good forecasts were: of the mean (sMAPE, MASE, RMSSE, bias) and of quantiles (pinball loss, coverage)."""

from __future__ import annotations

import numpy as np

from cloud.core.forecasting.history import Array


def smape(actual: Array, told: Array) -> float:
    """Symmetric mean absolute percentage error, 0 to 200, over all numbers together as the M3 competition took it. Two
    zeros are no error."""
    whole = np.abs(actual) + np.abs(told)
    return float(np.mean(200 * np.abs(actual - told) / np.where(whole > 0, whole, 1.0)))


def mase(past: Array, actual: Array, told: Array, period: int = 1) -> float:
    """Mean absolute error of one series over that of telling its own past from a season before; NaN for a past that
    never changed (Hyndman & Koehler 2006)."""
    scale = float(np.abs(past[period:] - past[:-period]).mean()) if len(past) > period else 0.0
    return float(np.abs(actual - told).mean()) / scale if scale > 0 else float("nan")


def rmsse(past: Array, actual: Array, told: Array) -> Array:
    """Root mean squared error of each row over that of telling the day before, from its first demand on (M5); NaN for a
    past that never changed. `past` NaN where not known."""
    steps = np.square(np.diff(past, axis=1))
    known = ~np.isnan(steps)
    scale = np.where(known, steps, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    error = np.square(actual - told).mean(axis=1)
    return np.where(scale > 0, np.sqrt(error / np.where(scale > 0, scale, 1.0)), np.nan)


def pinball(actual: Array, quantile: Array, tau: float) -> float:
    """Mean pinball loss: `tau` for each unit missing, 1 - `tau` for each too many. Least for the true quantile."""
    missing = actual - quantile
    return float(np.mean(np.maximum(tau * missing, (tau - 1) * missing)))


def coverage(actual: Array, quantile: Array) -> float:
    """The share of cases not above their quantile."""
    return float(np.mean(actual <= quantile))


def bias(actual: Array, told: Array) -> float:
    """How much more was told than came, as a share of what came; NaN where nothing came."""
    came = float(actual.sum())
    return float(told.sum()) / came - 1 if came > 0 else float("nan")
