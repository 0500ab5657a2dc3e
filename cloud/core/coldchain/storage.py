"""How goods are to be kept: limits, what they bear outside of them for how long, and how fast they age."""

from __future__ import annotations

from math import exp

from msgspec import Struct

from cloud.core.coldchain.kinetic import ZERO_K

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
GAS_KJ = 8.314462618e-3
"""kJ/(mol K)."""


class Budget(Struct, frozen=True):
    """So many minutes in all, over the life of a lot, are borne beyond a temperature: above it, or below it."""

    minutes: float
    above_c: float | None = None
    below_c: float | None = None

    def beyond(self, celsius: float) -> bool:
        """Whether such a temperature uses it up."""
        return (self.above_c is not None and celsius > self.above_c) or (
            self.below_c is not None and celsius < self.below_c
        )


class Storage(Struct, frozen=True):
    """Kept at `low_c` to `high_c`. Outside, an excursion: borne as far as `outer_low_c` and `outer_high_c`, for
    `excursion_minutes` on end, with a kinetic mean over `kinetic_hours` of `kinetic_c` at most, and within all
    `budgets`; beyond any of these it is a breach. A defrost may warm the air for `defrost_minutes`.

    Goods that last `shelf_life_days` at `ageing_c` age by `q10` times as fast each 10 K above, or as Arrhenius says of
    an `activation_kj` a mol; 0 of both: their age is not told by temperature.
    """

    id: str
    low_c: float | None = None
    high_c: float | None = None
    outer_low_c: float | None = None
    outer_high_c: float | None = None
    excursion_minutes: float = 0.0
    kinetic_c: float | None = None
    kinetic_hours: float = 24.0
    budgets: tuple[Budget, ...] = ()
    defrost_minutes: float = 0.0
    ageing_c: float = 5.0
    q10: float = 0.0
    activation_kj: float = 0.0

    def side(self, celsius: float) -> int:
        """1 above the limits, -1 below them, 0 within."""
        if self.high_c is not None and celsius > self.high_c:
            return 1
        return -1 if self.low_c is not None and celsius < self.low_c else 0

    def unbearable(self, celsius: float) -> bool:
        """Whether it is outside of what is borne at all."""
        return (self.outer_high_c is not None and celsius > self.outer_high_c) or (
            self.outer_low_c is not None and celsius < self.outer_low_c
        )

    def ageing(self, celsius: float) -> float:
        """Days of shelf life that a day at this temperature takes (Q10; Arrhenius 1889); 0 where it is not told."""
        if self.activation_kj:
            return exp(self.activation_kj / GAS_KJ * (1 / (self.ageing_c + ZERO_K) - 1 / (celsius + ZERO_K)))
        return float(self.q10 ** ((celsius - self.ageing_c) / 10)) if self.q10 else 0.0


PRESETS = {
    "fridge": Storage("fridge", 2, 8, 0, 15, 24 * 60, 8, 24, defrost_minutes=45),
    "room": Storage("room", 20, 25, 15, 30, 24 * 60, 25, 30 * 24, ageing_c=25),
    "freezer": Storage("freezer", -25, -15, -40, 0, 60, defrost_minutes=75, ageing_c=-18),
}
"""Controlled cold and controlled room temperature as USP <659> and <1079.2> have them; frozen goods as shops keep."""
