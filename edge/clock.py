"""The gateway's time: the machine's, as long as that can be believed; it does not run behind what was recorded.

A small computer without a battery wakes up in 1970, or where it was switched off; somebody sets the clock back, or to
2035. Then time goes on from what the store recorded last, by the machine's steady counter, and the gateway says so. A
clock that is a little behind is waited for: our time runs a tenth slower until it is there.

Of a time more than a day from ours there are three witnesses: the machine's clock, the service, and the devices' own
clocks. Two that agree are believed, also where that sets our time back. The machine's alone is believed ahead of ours
when nobody says otherwise: at once after a start, as the gateway was switched off, else when it has stood for an hour.
It is on trial then: the first witness that speaks confirms it, or our time goes where that one says.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

log = logging.getLogger(__name__)

BUILT_MS = 1_735_689_600_000
"""2025: whatever shows less never heard of this software."""
LATEST_MS = BUILT_MS + 15 * 365 * 86_400_000
"""A clock beyond this is not believed either."""
WRONG_MS = 5_000
"""Less is not worth a word: clocks are set right by seconds."""
SLOWER = 10
"""While we are ahead of a believable clock, a moment in so many is left out."""
DAY_MS = 86_400_000
"""What is further apart is not the same time, however slow or far a clock is."""
OFF_MAX_MS = 400 * DAY_MS
"""No gateway is switched off for longer: after a start, a clock further ahead must stand for an hour, too."""
STANDS_MS = 3_600_000
"""So long a clock that jumped ahead must go on from there, while nobody says otherwise."""
HELD_MS = 3_600_000
"""So long the last word of a witness counts; by the steady counter it stays right, but that stops in a sleep."""
_MS = 1_000_000
_DAY = DAY_MS * _MS


class Clock:
    """Time in ms since 1970, UTC. `recorded_ms`: the newest time in the store, 0 for a new one; `wall` and `steady` in
    ns, as time.time_ns and time.monotonic_ns. Asked from one thread."""

    def __init__(
        self,
        recorded_ms: int = 0,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall, self._steady = wall, steady
        known_ms = recorded_ms if recorded_ms <= LATEST_MS else 0
        self._new = known_ms < BUILT_MS
        self._now_ns = max(BUILT_MS, known_ms) * _MS
        self._mark_ns = steady()
        self._looked = False
        """A clock that can be believed was seen since the start."""
        self._alone: tuple[int, int] | None = None
        """A clock far ahead of us: by how much it is ahead of the steady counter, and since when (of that)."""
        self._refused: int | None = None
        """By how much a clock that a witness spoke against is ahead of the steady counter."""
        self._trial: int | None = None
        """On trial: by how much the time we left is ahead of the steady counter."""
        self._said: dict[str, tuple[int, int]] = {}
        """Witness -> by how much its time is ahead of the steady counter, and when (of that) it spoke last."""

    def now_ms(self) -> int:
        """The time. It goes back only where two witnesses are against ours, or one against a clock on trial."""
        wall_ns, mark_ns = self._wall(), self._steady()
        passed_ns = max(0, mark_ns - self._mark_ns)
        self._mark_ns = mark_ns
        self._now_ns += passed_ns
        if _believable(wall_ns) and not _far(wall_ns, self._now_ns):
            self._alone, self._looked = None, True
            self._now_ns = max(wall_ns, self._now_ns - passed_ns // SLOWER)
        self._hear_witnesses(wall_ns)
        return self._now_ns // _MS

    def ahead_ms(self) -> int:
        """How far our time is ahead of the machine's clock; below zero when that shows a year that can not be."""
        return self.now_ms() - self._wall() // _MS

    def off_ms(self) -> int:
        """How far something is from our time that should not be: the machine's clock, else a witness; 0: nothing."""
        if not self.why:
            return 0
        apart_ms = [self.ahead_ms(), *((self._now_ns - said_ns) // _MS for said_ns in self._witnesses().values())]
        return max(apart_ms, key=abs)

    def told(self, service_ms: int) -> None:
        """The service says what time it is. Alone it is believed where the machine's clock can not be, and never to go
        back."""
        if not _believable(service_ms * _MS):
            self._said.pop("service", None)
            return
        self._said["service"] = (service_ms * _MS - self._steady(), self._steady())
        self.now_ms()
        if not _believable(self._wall()):
            self._now_ns = max(self._now_ns, self._witnesses()["service"])

    def heard(self, devices_ms: int) -> None:
        """What time it is by most devices' own clocks."""
        if _believable(devices_ms * _MS):
            self._said["devices"] = (devices_ms * _MS - self._steady(), self._steady())

    @property
    def why(self) -> str:
        """What is wrong with the machine's clock and what to do; "" when nothing is."""
        ahead_ms, wall_ns = self.ahead_ms(), self._wall()
        against = {name: ns for name, ns in self._witnesses().items() if _far(ns, self._now_ns)}
        if abs(ahead_ms) < WRONG_MS:
            if not against:
                return ""
            name, said_ns = next(iter(against.items()))
            says = "the service says" if name == "service" else "most devices say"
            both = f"this machine's clock shows {_spell(wall_ns // _MS)}, but {says} {_spell(said_ns // _MS)}"
            return f"{both}; set the one that is wrong, best by NTP"
        shown, ours = _spell(wall_ns // _MS), _spell(wall_ns // _MS + ahead_ms)
        if not _believable(wall_ns):
            fault = "can not be right"
        elif ahead_ms > 0:
            fault = "is behind what was recorded already"
        else:
            fault = "jumped ahead, and nobody confirms it"
        return f"this machine's clock shows {shown}, which {fault}; going on at {ours}; set it, best by NTP"

    def _witnesses(self) -> dict[str, int]:
        """What time each witness says it is now, in ns, the service first."""
        mark_ns = self._mark_ns
        fresh = {name: ahead for name, (ahead, at_ns) in self._said.items() if mark_ns - at_ns <= HELD_MS * _MS}
        return {name: mark_ns + fresh[name] for name in ("service", "devices") if name in fresh}

    def _hear_witnesses(self, wall_ns: int) -> None:
        said = list(self._witnesses().values())
        if self._trial is not None and said:
            self._judge_trial(said)
        sound = _believable(wall_ns)
        times = [wall_ns, *said] if sound else said
        for at_ns in times:
            if _far(at_ns, self._now_ns) and sum(not _far(at_ns, other) for other in times) > 1:
                self._go(at_ns, "two of this machine's clock, the service and the devices say so")
                self._alone = self._trial = None
                return
        if sound and wall_ns > self._now_ns + _DAY:
            self._weigh_alone(wall_ns, said)

    def _judge_trial(self, said: list[int]) -> None:
        """We followed the machine's clock on its own word; now somebody else speaks."""
        assert self._trial is not None
        left_ns, self._trial = self._mark_ns + self._trial, None
        if all(_far(at_ns, self._now_ns) for at_ns in said) and said[0] > left_ns - _DAY:
            self._refused = self._now_ns - self._mark_ns
            self._go(said[0], "nobody confirms this machine's clock")

    def _weigh_alone(self, wall_ns: int, said: list[int]) -> None:
        """The machine's clock is far ahead of our time, and nobody agrees with it."""
        ahead_ns = wall_ns - self._mark_ns
        looked, self._looked = self._looked, True
        if said:
            self._refused, self._alone = ahead_ns, None
            return
        if self._refused is not None and not _far(ahead_ns, self._refused):
            return
        if self._alone is None or _far(ahead_ns, self._alone[0]):
            self._alone = ahead_ns, self._mark_ns
        at_once = not looked and (self._new or wall_ns - self._now_ns <= OFF_MAX_MS * _MS)
        if at_once or self._mark_ns - self._alone[1] >= STANDS_MS * _MS:
            self._trial, self._alone = self._now_ns - self._mark_ns, None
            self._go(wall_ns, "by this machine's clock alone")

    def _go(self, to_ns: int, why: str) -> None:
        way = log.warning if to_ns < self._now_ns else log.info
        back = " BACK" if to_ns < self._now_ns else ""
        way("clock: time goes%s from %s to %s: %s", back, _spell(self._now_ns // _MS), _spell(to_ns // _MS), why)
        self._now_ns = to_ns


def _far(one_ns: int, other_ns: int) -> bool:
    return abs(one_ns - other_ns) > _DAY


def _believable(wall_ns: int) -> bool:
    return BUILT_MS * _MS <= wall_ns <= LATEST_MS * _MS


def _spell(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
