"""Daily demand of one SKU, told by its picks, and when it was out of stock. Days are the site's own; today is not over
and does not count yet."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from msgspec import Struct, field

from cloud.core.days import day_start_ms, local_day

DAYS_MIN = 3
"""With fewer whole days than this, demand is not known."""
DAYS_MAX = 400
"""Older days are forgotten."""
TURNS_MAX = 1_000
"""Of each slot so many times of running out and being filled again are remembered, the newest."""


class DailyDemand(Struct):
    """Units picked per local day of one SKU (a fold over its movements, in any order).

    Every day from `since_ms` on counts, also those without a pick. Only negative deltas are demand: receipts are
    not, nor can a movement between two slots be told from a pick here; whoever knows it should not add it. `turns` are
    of each slot the times at which it ran out (True) or was filled again, oldest first.
    """

    timezone: str
    since_ms: int
    units: dict[int, int] = field(default_factory=dict)
    turns: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)

    def add(self, at_ms: int, delta: int) -> None:
        """Count one movement: `delta` units, negative when taken."""
        if delta >= 0:
            return
        day = local_day(self.timezone, at_ms)
        self.units[day] = self.units.get(day, 0) - delta
        self.since_ms = min(self.since_ms, at_ms)
        if len(self.units) > DAYS_MAX:
            del self.units[min(self.units)]

    def take_back(self, at_ms: int, units: int) -> None:
        """Units that were counted then were not taken."""
        day = local_day(self.timezone, at_ms)
        if day in self.units:
            self.units[day] = max(0, self.units[day] - units)

    def turn(self, slot: str, at_ms: int, delta: int, count: int) -> None:
        """A slot holds `count` units after a change by `delta`: it may have run out, or be filled again."""
        if count not in (0, delta):
            return
        turns = self.turns.setdefault(slot, [])
        insort(turns, (at_ms, count == 0))
        if len(turns) > TURNS_MAX:
            del turns[0]

    def copy(self) -> DailyDemand:
        """The same, which stays as it is."""
        return DailyDemand(
            self.timezone, self.since_ms, dict(self.units), {at: [*one] for at, one in self.turns.items()}
        )

    def whole_days(self, now_ms: int) -> list[int]:
        """Units of each whole local day, oldest first: not the day it began on, unless at midnight, and not today."""
        first, today = self._span(now_ms)
        return [self.units.get(day, 0) for day in range(first, today)]

    def dry_days(self, slots: Sequence[str], now_ms: int) -> list[bool]:
        """Of the same days: was the SKU out of stock, all of these slots empty, for more than half of the day's hours?
        What was not picked then might have been: such a day's demand is not known."""
        first, today = self._span(now_ms)
        dry = [False] * max(0, today - first)
        if not dry or not slots or not all(any(empty for _, empty in self.turns.get(one, ())) for one in slots):
            return dry
        dry_ms: dict[int, int] = {}
        for from_ms, to_ms in self._dry(slots, now_ms):
            day = max(first, local_day(self.timezone, from_ms))
            while day < today and (begins_ms := day_start_ms(self.timezone, day)) < to_ms:
                ends_ms = day_start_ms(self.timezone, day + 1)
                dry_ms[day] = dry_ms.get(day, 0) + max(0, min(to_ms, ends_ms) - max(from_ms, begins_ms))
                day += 1
        for day, lasted_ms in dry_ms.items():
            whole_ms = day_start_ms(self.timezone, day + 1) - day_start_ms(self.timezone, day)
            dry[day - first] = 2 * lasted_ms > whole_ms
        return dry

    def _dry(self, slots: Sequence[str], now_ms: int) -> list[tuple[int, int]]:
        """From when to when all of these slots were empty."""
        empty, since_ms, found = set[str](), 0, []
        for at_ms, is_empty, slot in sorted((*one, of) for of in slots for one in self.turns.get(of, ())):
            all_before = len(empty) == len(slots)
            (empty.add if is_empty else empty.discard)(slot)
            if len(empty) == len(slots) and not all_before:
                since_ms = at_ms
            elif all_before and not is_empty:
                found.append((since_ms, at_ms))
        return [*found, (since_ms, now_ms)] if len(empty) == len(slots) else found

    def _span(self, now_ms: int) -> tuple[int, int]:
        """The first day that counts, and today."""
        first = local_day(self.timezone, self.since_ms)
        if local_day(self.timezone, self.since_ms - 1) == first:
            first += 1
        today = local_day(self.timezone, now_ms)
        return max(first, today - DAYS_MAX), today
