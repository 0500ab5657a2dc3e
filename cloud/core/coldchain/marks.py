"""What a room had counted by when: the sums of each past hour, and of each past day further back.

A lot that came yesterday has what came on since; so what was counted then has to be known today.
"""

from __future__ import annotations

from bisect import bisect_right, insort

from msgspec import Struct, field

from cloud.core.coldchain.exposure import Worn
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS

HOURS_KEPT, DAYS_KEPT = 35 * 24, 400


class Marks(Struct):
    """Moments and what was counted by then, oldest first. Those `pinned` are still to come: a lot came then, and what
    was counted by that very moment is wanted."""

    at_ms: list[int] = field(default_factory=list)
    worn: list[Worn] = field(default_factory=list)
    pinned: list[int] = field(default_factory=list)

    def pin(self, at_ms: int) -> None:
        """What is counted by a moment to come is wanted exactly."""
        if at_ms not in self.pinned:
            insort(self.pinned, at_ms)

    def due(self, at_ms: int) -> list[int]:
        """The pins up to a moment, which are asked for once."""
        count = bisect_right(self.pinned, at_ms)
        found, self.pinned = self.pinned[:count], self.pinned[count:]
        return found

    def note(self, at_ms: int, worn: Worn, pinned: bool = False) -> bool:
        """Remember it, if an hour has begun since the last one, or a lot came. Old hours become days; older days
        leave."""
        if self.at_ms and (at_ms <= self.at_ms[-1] or (not pinned and at_ms // HOUR_MS == self.at_ms[-1] // HOUR_MS)):
            return False
        self.at_ms.append(at_ms)
        self.worn.append(worn)
        turn = len(self.at_ms) - HOURS_KEPT
        if turn > 0 and self.at_ms[turn] // DAY_MS == self.at_ms[turn - 1] // DAY_MS:
            del self.at_ms[turn], self.worn[turn]
            turn -= 1
        if turn > DAYS_KEPT:
            del self.at_ms[0], self.worn[0]
        return True

    def cut(self, after_ms: int) -> None:
        """Forget what was after a moment: it is counted anew."""
        keep = bisect_right(self.at_ms, after_ms)
        del self.at_ms[keep:], self.worn[keep:]

    def at(self, at_ms: int, now: Worn, now_ms: int = 0) -> Worn:
        """What was counted by a moment; `now` is what is counted by now, which is `now_ms`. Between two moments it grew
        evenly; what was before the first is not known, and counts as that."""
        place = bisect_right(self.at_ms, at_ms)
        if place == 0:
            return self.worn[0] if self.worn else now
        if at_ms == self.at_ms[place - 1]:
            return self.worn[place - 1]
        if place == len(self.at_ms):
            if at_ms >= now_ms:
                return now
            before, after, after_ms = self.worn[-1], now, now_ms
        else:
            before, after, after_ms = self.worn[place - 1], self.worn[place], self.at_ms[place]
        share = (at_ms - self.at_ms[place - 1]) / (after_ms - self.at_ms[place - 1])
        return before.plus(after.plus(before, -1).part(share))
