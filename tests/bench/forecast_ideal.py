"""Who knows how a world is made and of which kind an SKU is, and must learn but the SKU: nobody foretells better.

Bayes' rule with the very chances by which the worlds are drawn, for SKUs sold one by one: their days are Poisson with
the rate r g(t), r even on a logarithmic scale from 0.05 to 20 a day, g the shape of the kind. Shapes are drawn, weighed
by how well they explain the past, r summed over a fine grid. What is left above the oracle, who knows r and g, is not
to be had.
"""

from __future__ import annotations

import numpy as np

from cloud.core.forecasting.history import Array

SHAPES, KEPT, DRAWS, GRID = 3_000, 300, 4, 512
LOW, HIGH = 0.05, 20.0


def shapes(kind: str, days: int, horizon: int, rng: np.random.Generator) -> Array | None:
    """Shapes g of the days and of those after them [shapes x days]; None of a kind that has too many to draw."""
    day, one = np.arange(days + horizon), (SHAPES, 1)
    if kind in ("steady", "new"):
        return np.ones((1, days + horizon))
    if kind == "dying":
        since, half = rng.integers(days * 3 // 10, days - 20, one), rng.uniform(20, 90, one)
        return np.asarray(0.5 ** (np.maximum(0, day - since) / half))
    if kind == "growing":
        return np.asarray(np.exp(rng.uniform(0.0, 0.006, one) * (day - days)))
    if kind == "switched":
        since, times = rng.integers(days * 3 // 10, days - 14, one), rng.uniform(-1.4, 1.4, one)
        return np.exp(np.where(day >= since, times, 0.0))
    return None


def foretold(kind: str, past: Array, horizon: int, tau: float, seed: int) -> Array | None:
    """The `tau` quantile of each row's demand over the horizon; None where the kind can not be learnt so."""
    rng = np.random.default_rng(seed)
    days = past.shape[1]
    drawn = shapes(kind, days, horizon, rng)
    if drawn is None:
        return None
    grid = np.exp(np.linspace(np.log(LOW), np.log(HIGH), GRID))
    known = ~np.isnan(past)
    units = np.where(known, past, 0.0)
    logs, ahead = np.log(drawn[:, :days]), drawn[:, days:].sum(axis=1)
    found = np.empty(len(past))
    for row in range(len(past)):
        passed = drawn[:, :days] @ known[row]
        sold = float(units[row].sum())
        fits = logs @ units[row]
        marginal = fits - sold * np.log(passed) if sold else _unsold(grid, passed)
        weight = np.exp(marginal - marginal.max())
        chosen = rng.choice(len(drawn), KEPT, p=weight / weight.sum())
        rates = _rates(grid, sold, passed[chosen])
        picks = np.array([rng.choice(GRID, DRAWS, p=one) for one in rates])
        totals = rng.poisson(grid[picks] * ahead[chosen][:, None])
        found[row] = np.quantile(totals, tau, method="inverted_cdf")
    return found


def _rates(grid: Array, sold: float, passed: Array) -> Array:
    """The chance of each rate [shapes x grid], given what was sold in so many days of g."""
    logs = sold * np.log(grid) - np.multiply.outer(passed, grid)
    chance = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _unsold(grid: Array, passed: Array) -> Array:
    return np.asarray(np.log(np.exp(-np.multiply.outer(passed, grid)).sum(axis=1)))
