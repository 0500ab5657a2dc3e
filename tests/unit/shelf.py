"""A shelf whose truth a test knows, weighed now and then, and the belief that follows it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from edge.core.slots import belief as b
from edge.core.slots.belief import ANY
from edge.core.slots.counting import Estimate, Unit

MINUTE_MS = 60_000


def unit(mass_g: float = 250.0, cv: float = 0.01, sample: int = 10, noise_g: float = 1.0) -> Unit:
    return Unit(mass_g, cv, sample, noise_g, 20_000.0)


class Shelf:
    """A true shelf and what is believed of it."""

    def __init__(self, one: Unit, seed: int, capacity: int = 60) -> None:
        self.unit, self.capacity = one, capacity
        self.rng: Generator = np.random.default_rng(seed)
        self.true_g = self.rng.normal(one.mass_g, self.spread_g / one.sample**0.5)
        self.units = np.empty(0)
        self.belief = b.begin(capacity)
        self.foreign_g = self.zero_g = 0.0
        self.at_ms = 0

    def put(self, count: int) -> None:
        self.units = np.concatenate((self.units, self.rng.normal(self.true_g, self.spread_g, count)))

    def take(self, count: int) -> None:
        self.units = self.rng.permutation(self.units)[count:]

    def weigh(self, change: b.Kernel = ANY, minutes: float = 10) -> b.Weighed:
        self.at_ms += int(minutes * MINUTE_MS)
        mass_g = self.units.sum() + self.foreign_g + self.zero_g + self.rng.normal(0, self.unit.noise_g / 8**0.5)
        return b.weigh(self.belief, mass_g, self.at_ms, self.unit, change, 8)

    @property
    def spread_g(self) -> float:
        return self.unit.cv * self.unit.mass_g

    @property
    def said(self) -> Estimate:
        return b.estimate(self.belief, self.unit, self.capacity)


def filled(count: int, one: Unit | None = None, seed: int = 1) -> Shelf:
    shelf = Shelf(one or unit(), seed)
    shelf.put(count)
    shelf.weigh()
    return shelf
