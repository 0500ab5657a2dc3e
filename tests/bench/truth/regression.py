"""Logistic regression for the benches: the weights the gateway ships are fitted here, and nowhere at run time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Weights(NamedTuple):
    """Log odds = bias + weights . values."""

    weights: tuple[float, ...]
    bias: float

    def odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The log odds of rows of values."""
        said: NDArray[np.float64] = values @ np.array(self.weights) + self.bias
        return said


def fit(values: NDArray[np.float64], yes: NDArray[np.bool_], ridge: float = 3e-3) -> Weights:
    """Newton's method on standardised values, both answers weighing the same in sum, with a small ridge."""
    centre, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    rows = np.column_stack((np.ones(len(values)), (values - centre) / scale))
    weigh = np.where(yes, 0.5 / yes.mean(), 0.5 / (1.0 - yes.mean())) / len(yes)
    found = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ found, -30.0, 30.0)))
        slope = rows.T @ (weigh * (chance - yes)) + ridge * found
        bend = (rows * (weigh * chance * (1.0 - chance))[:, None]).T @ rows + ridge * np.eye(len(found))
        found -= np.linalg.solve(bend, slope)
    weights = found[1:] / scale
    return Weights(tuple(weights.tolist()), float(found[0] - weights @ centre))
