"""How warm it is around the cold rooms: the mean of the hour before, of the thermometers of rooms without limits."""

from __future__ import annotations

HOUR_MS = 3_600_000
HOURS_MAX = 24 * 35
"""So far back it is remembered, for coolers that are learned anew from the history."""


class Outside:
    """Hours of the thermometers that stand in the halls. The hour before is used, so that it does not matter whose
    samples of one moment come first."""

    def __init__(self) -> None:
        self._hours: dict[int, tuple[float, int]] = {}
        self._asked: tuple[int, float | None] = (-1, None)

    def hear(self, at_ms: int, celsius: float) -> None:
        """Take a sample of a hall's thermometer, in any order."""
        hour = at_ms // HOUR_MS
        total, count = self._hours.get(hour, (0.0, 0))
        self._hours[hour] = (total + celsius, count + 1)
        if hour == self._asked[0] - 1:
            self._asked = (-1, None)
        if len(self._hours) > HOURS_MAX:
            del self._hours[min(self._hours)]

    def at(self, at_ms: int) -> float | None:
        """How warm it was in the hour before, or the one before that; None where nothing is known."""
        hour = at_ms // HOUR_MS
        if hour == self._asked[0]:
            return self._asked[1]
        known = self._hours.get(hour - 1) or self._hours.get(hour - 2)
        found = known[0] / known[1] if known is not None else None
        self._asked = (hour, found)
        return found
