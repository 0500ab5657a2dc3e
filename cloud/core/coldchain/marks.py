"""What a room had counted by when: the sums of each past hour, and of each past day further back.

A lot that came yesterday has what came on since; so what was counted then has to be known today.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct, field

from cloud.core.coldchain.exposure import Worn
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS

HOURS_KEPT, DAYS_KEPT = 35 * 24, 400


class Marks(Struct):
    """Moments and what was counted by then, oldest first. At those `pinned`, when lots came, it is wanted exactly."""

    at_ms: list[int] = field(default_factory=list)
    worn: list[Worn] = field(default_factory=list)
    pinned: list[int] = field(default_factory=list)

    def note(self, at_ms: int, worn: Worn) -> bool:
        """Remember it, if an hour has begun since the last one, or a lot came. Old hours become days; older days
        leave."""
        pinned = False
        while self.pinned and self.pinned[0] <= at_ms:
            pinned = bool(self.pinned.pop(0))
        if self.at_ms and at_ms // HOUR_MS <= self.at_ms[-1] // HOUR_MS and not pinned:
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

    def at(self, at_ms: int, now: Worn) -> Worn:
        """What was counted by a moment; `now` is what is counted by now. Between two moments it grew evenly; what was
        before the first is not known, and counts as that."""
        place = bisect_right(self.at_ms, at_ms)
        if place == 0:
            return self.worn[0] if self.worn else now
        if place == len(self.at_ms):
            return self.worn[-1] if at_ms <= self.at_ms[-1] else now
        before, after = self.worn[place - 1], self.worn[place]
        share = (at_ms - self.at_ms[place - 1]) / (self.at_ms[place] - self.at_ms[place - 1])
        return before.plus(after.plus(before, -1).part(share))
