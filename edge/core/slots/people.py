"""What a person's count says of a slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.core.slots.counting import Unit

COUNT_WRONG = 0.015
"""Share of people's counts that are wrong: mostly by one, else by anything."""


def likelihood(counts: NDArray[np.int64], counted: int) -> NDArray[np.float64]:
    """log P(a person says `counted` | count): right, near, or (one in a thousand) anything that is possible."""
    off = np.abs(counts - counted)
    near = COUNT_WRONG * 0.4 * 0.3 ** (off - 1.0)
    said: NDArray[np.float64] = np.log(
        np.where(off == 0, 1.0 - COUNT_WRONG, near) + COUNT_WRONG * 0.05 / max(10, len(counts))
    )
    return said


def once_more(slip: tuple[int, float], counted: int, mass_g: float, unit: Unit) -> bool:
    """Whether this is the count that was taken for a slip before, of the same load."""
    return slip[0] == counted and abs(slip[1] - mass_g) < 0.5 * unit.mass_g
