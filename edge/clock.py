"""The gateway's time: the machine's, as long as that can be believed; it never runs behind what was recorded.

A small computer without a battery wakes up in 1970, or where it was switched off; somebody sets the clock back. Then
time goes on from what the store recorded last, by the machine's steady counter, and the gateway says so. A clock that
is behind but believable is waited for: our time runs a tenth slower until it is there. One service that is
connected tells the time too, and is believed where the machine's own is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

BUILT_MS = 1_735_689_600_000
"""2025: whatever shows less never heard of this software."""
LATEST_MS = BUILT_MS + 15 * 365 * 86_400_000
"""A clock beyond this is not believed either."""
WRONG_MS = 5_000
"""Less is not worth a word: clocks are set right by seconds."""
SLOWER = 10
"""While we are ahead of a believable clock, a moment in so many is left out."""
_MS = 1_000_000


class Clock:
    """Time in ms since 1970, UTC; it never goes back. `recorded_ms`: the newest time in the store; `wall` and `steady`
    in ns, as time.time_ns and time.monotonic_ns. Asked from one thread."""

    def __init__(
        self,
        recorded_ms: int = 0,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._now_ns = max(BUILT_MS, recorded_ms if recorded_ms <= LATEST_MS else 0) * _MS
        self._mark_ns = steady()

    def now_ms(self) -> int:
        """The time."""
        wall_ns, mark_ns = self._wall(), self._steady()
        passed_ns = max(0, mark_ns - self._mark_ns)
        self._mark_ns = mark_ns
        if not _believable(wall_ns):
            self._now_ns += passed_ns
        elif wall_ns >= self._now_ns + passed_ns:
            self._now_ns = wall_ns
        else:
            self._now_ns += passed_ns - passed_ns // SLOWER
        return self._now_ns // _MS

    def ahead_ms(self) -> int:
        """How far our time is ahead of the machine's clock; below zero when that shows a year that can not be."""
        return self.now_ms() - self._wall() // _MS

    def told(self, service_ms: int) -> None:
        """The service says what time it is. Believed where the machine's clock is not, and never to go back."""
        if not _believable(self._wall()) and _believable(service_ms * _MS):
            self._now_ns = max(self.now_ms(), service_ms) * _MS

    @property
    def why(self) -> str:
        """What is wrong with the machine's clock and what to do; "" when nothing is."""
        ahead_ms, wall_ns = self.ahead_ms(), self._wall()
        if abs(ahead_ms) < WRONG_MS:
            return ""
        shown, ours = _spell(wall_ns // _MS), _spell(wall_ns // _MS + ahead_ms)
        fault = "is behind what was recorded already" if _believable(wall_ns) else "can not be right"
        return f"this machine's clock shows {shown}, which {fault}; going on at {ours}; set it, best by NTP"


def _believable(wall_ns: int) -> bool:
    return BUILT_MS * _MS <= wall_ns <= LATEST_MS * _MS


def _spell(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
