"""The mean kinetic temperature of the last hours or days: the one temperature that would have done goods as much harm.

T = (dH/R) / -ln(mean of exp(-dH/(R T))), Haynes 1971, as USP <1079.2> asks for: over 24 hours for what is kept at
2 to 8 degC, over 30 days for what is kept at room temperature.
"""

from __future__ import annotations

from math import exp, log

from msgspec import Struct, field

from protocols.cold import ZERO_K

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
ACTIVATION_K = 10_000.0
"""dH/R with dH = 83.144 kJ/mol, the pharmacopoeia's."""
COLDEST_C = -200.0
"""What is colder does no harm that a number could hold."""
PARTS = 288
"""The window moves in so many steps: five minutes of a day."""


def harm_at(celsius: float) -> float:
    """What a ms at a temperature does."""
    return exp(-ACTIVATION_K / (max(COLDEST_C, celsius) + ZERO_K))


def mean_of(harm: float, ms: int) -> float:
    """The one temperature (degC) that does so much harm in so many ms (not 0)."""
    return -ACTIVATION_K / log(harm / ms) - ZERO_K


class Kinetic(Struct):
    """What is known of a window of `window_ms`: of each part (its number, milliseconds, sum of harm), oldest first, and
    of all of them together."""

    window_ms: int
    parts: list[tuple[int, int, float]] = field(default_factory=list)
    ms: int = 0
    harm: float = 0.0

    def add(self, from_ms: int, to_ms: int, celsius: float) -> None:
        """It was so warm from one moment to another, not before the last one told."""
        size = max(1, self.window_ms // PARTS)
        harm = harm_at(celsius)
        while from_ms < to_ms:
            number = from_ms // size
            until = min(to_ms, (number + 1) * size)
            if self.parts and self.parts[-1][0] == number:
                _, ms, much = self.parts[-1]
                self.parts[-1] = (number, ms + until - from_ms, much + harm * (until - from_ms))
            else:
                self.parts.append((number, until - from_ms, harm * (until - from_ms)))
            self.ms, self.harm = self.ms + until - from_ms, self.harm + harm * (until - from_ms)
            from_ms = until
        parts, gone = self.parts, (to_ms - 1) // size - PARTS
        while parts and parts[0][0] <= gone:
            _, ms, much = parts.pop(0)
            self.ms, self.harm = self.ms - ms, self.harm - much
            if parts and parts[0][0] % PARTS == 0:  # once a window, so that no rounding adds up
                self.harm = sum(part[2] for part in parts)

    def celsius(self) -> float | None:
        """The mean of what is known of the window; None where nothing is."""
        return mean_of(self.harm, self.ms) if self.ms else None
