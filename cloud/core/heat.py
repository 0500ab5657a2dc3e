"""Where people pick: units taken out of each slot, by the hour. Pure; bounded to a week."""

from __future__ import annotations

from collections import Counter

HOUR_MS = 3_600_000
HOURS_MAX = 7 * 24


class Heat:
    """Units taken by slot and hour, of the newest `HOURS_MAX` hours."""

    def __init__(self) -> None:
        self._hours: dict[int, Counter[str]] = {}
        self._newest = 0

    def take(self, slot: str, units: int, at_ms: int) -> None:
        """So many units left a slot."""
        hour = at_ms // HOUR_MS
        if hour <= self._newest - HOURS_MAX:
            return
        if hour > self._newest:
            self._newest = hour
            for old in [one for one in self._hours if one <= hour - HOURS_MAX]:
                del self._hours[old]
        self._hours.setdefault(hour, Counter())[slot] += units

    def since(self, from_ms: int) -> dict[str, int]:
        """Units by slot in the hours from that on, the one that it lies in with the rest."""
        found: Counter[str] = Counter()
        for hour, taken in self._hours.items():
            if hour >= from_ms // HOUR_MS:
                found.update(taken)
        return dict(found)
