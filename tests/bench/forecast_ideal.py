"""Who knows how worlds are made, and must learn the SKU and its kind: nobody foretells better, on average over them.

Bayes' rule with the very chances by which the worlds are drawn, for SKUs sold one by one: their days are Poisson with
the rate r g(t), r even on a logarithmic scale from 0.05 to 20 a day, g a shape of one of the kinds, each as likely. Who
is young is new, and steady. Shapes are drawn, weighed by how well they explain the past, r summed over a fine grid.
What is left above the oracle, who knows r and g, is not to be had.
"""

from __future__ import annotations

import numpy as np

from cloud.core.forecasting.history import Array

SHAPES, KEPT, DRAWS, GRID = 3_000, 300, 4, 512
LOW, HIGH = 0.05, 20.0
LEARNT = ("steady", "dying", "growing", "switched", "new")
"""Kinds whose shapes are few enough to be drawn."""


def shapes(days: int, horizon: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Shapes g of the days and of those after them [shapes x days], the first the steady one; and their chances."""
    day, one = np.arange(days + horizon), (SHAPES, 1)
    fell, half = rng.integers(days * 3 // 10, days - 20, one), rng.uniform(20, 90, one)
    since, times = rng.integers(days * 3 // 10, days - 14, one), rng.uniform(-1.4, 1.4, one)
    drawn = [
        np.ones((1, days + horizon)),
        0.5 ** (np.maximum(0, day - fell) / half),
        np.exp(rng.uniform(0.0, 0.006, one) * (day - days)),
        np.exp(np.where(day >= since, times, 0.0)),
    ]
    chances = np.concatenate([np.full(len(kind), 1 / len(kind)) for kind in drawn])
    return np.concatenate(drawn), chances / chances.sum()


def foretold(kind: str, past: Array, horizon: int, tau: float, seed: int) -> Array | None:
    """The `tau` quantile of each row's demand over the horizon; None for a kind that can not be learnt so."""
    if kind not in LEARNT:
        return None
    rng = np.random.default_rng(seed)
    days = past.shape[1]
    drawn, chances = shapes(days, horizon, rng)
    if kind == "new":
        drawn, chances = drawn[:1], chances[:1]
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
        weight = chances * np.exp(marginal - marginal.max())
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
