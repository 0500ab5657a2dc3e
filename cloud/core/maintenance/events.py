"""What was found in a series: from when to when, of what kind, and which features moved out of which range."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Kind = Literal["spike", "shift", "change", "time of day", "stuck", "state", "new state"]
"""spike: away and back; shift: to another level, and it stayed; change: faster than it ever moved; time of day: unlike
the same hour of other days; stuck: one value for far too long; state: channels together unlike what was learned;
new state: switches stand as they never did."""


class Moved(Struct):
    """A feature that moved: how far at most, and the range it kept before."""

    feature: str
    value: float
    low: float
    high: float


class Event(Struct):
    """Something that happened, first and last sample included. `score`: the highest of its samples'."""

    begin_ms: int
    end_ms: int
    kind: Kind
    score: float
    why: list[Moved] = field(default_factory=list)

    def moved(self, feature: str, value: float, low: float, high: float) -> None:
        """Note how far a feature is out of the range that it kept when it first left it."""
        for one in self.why:
            if one.feature == feature:
                far, now = max(one.value - one.high, one.low - one.value), max(value - one.high, one.low - value)
                if now > far:
                    one.value = value
                return
        self.why.append(Moved(feature, value, low, high))
