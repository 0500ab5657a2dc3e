"""Loss functions: how many units are short, and how many are left, of a position that meets random demand."""

from __future__ import annotations

from math import erfc, exp, pi, sqrt
from statistics import NormalDist

import numpy as np
from msgspec import Struct

from cloud.core.planning.amounts import Pmf, moments, poisson, proper
from cloud.core.planning.refusals import finite, not_negative, positive, share

STANDARD = NormalDist()


class Costs(Struct, frozen=True):
    """What the arithmetic weighs: money an order, a unit held for a period, a unit owed for a period.

    ValueError for what is negative or NaN, and where nothing is paid for holding or owing: then there is no best.
    """

    order: float
    holding: float
    backorder: float

    def __post_init__(self) -> None:
        not_negative(order_cost=self.order)
        positive(holding_cost=self.holding, backorder_cost=self.backorder)

    @property
    def ratio(self) -> float:
        """p / (p + h): the share of time without a stock-out that costs least."""
        return self.backorder / (self.backorder + self.holding)

    @classmethod
    def of_level(cls, order: float, holding: float, level: float) -> Costs:
        """The costs that make this share of time without a stock-out the best one."""
        share(level=level)
        positive(holding_cost=holding)
        return cls(order, holding, holding * level / (1 - level))


def standard_normal_loss(z: float) -> float:
    """n(z) = E[(Z - z)+] = phi(z) - z (1 - Phi(z))."""
    finite(z=z)
    return _density(z) - z * _above(z)


def second_normal_loss(z: float) -> float:
    """n2(z) = E[((Z - z)+)^2] / 2 = ((z^2 + 1) (1 - Phi(z)) - z phi(z)) / 2, the integral of n from z on."""
    finite(z=z)
    return ((z * z + 1) * _above(z) - z * _density(z)) / 2


def poisson_loss(units: int, mean: float) -> tuple[float, float]:
    """E[(D - units)+] and E[(units - D)+] of Poisson demand."""
    return loss(poisson(mean), units)


def loss(pmf: Pmf, units: int) -> tuple[float, float]:
    """E[(D - units)+] and E[(units - D)+] of any demand: units short, units left."""
    short = float(losses(proper(pmf), units, units)[0])
    return short, units - moments(pmf)[0] + short


def losses(pmf: Pmf, low: int, high: int) -> Pmf:
    """E[(D - y)+] at each whole y from `low` to `high`, both included."""
    above = np.cumsum(pmf[:0:-1])[::-1]  # P(D > y) at y = 0 .. last - 1
    short = np.append(np.cumsum(above[::-1])[::-1], 0.0)
    positions = np.arange(low, high + 1)
    table: Pmf = short[np.clip(positions, 0, len(short) - 1)]
    return table - np.minimum(positions, 0)


def position_costs(pmf: Pmf, costs: Costs, low: int, high: int) -> Pmf:
    """G(y) = h E[(y - D)+] + p E[(D - y)+] at each whole y from `low` to `high`: what a period costs."""
    short = losses(pmf, low, high)
    mean = float(pmf @ np.arange(len(pmf)))
    return costs.holding * (np.arange(low, high + 1) - mean) + (costs.holding + costs.backorder) * short


def _density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)


def _above(z: float) -> float:
    return erfc(z / sqrt(2)) / 2
