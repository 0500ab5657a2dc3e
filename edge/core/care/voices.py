"""What time it is by the devices' own clocks: a witness where the gateway's own clock may be years off.

A message may come late by any time, so one alone proves nothing: what waited in a queue for a month says that it is a
month ago. But what waited comes faster than it was made; only what is said live keeps its distance from our steady
time. So a device is heard when its newest time kept that distance from one minute to the next.
"""

from __future__ import annotations

from msgspec import Struct

from edge.core.care.charts import DAY_MS

ROUND_MS = 60_000
STEADY_MS = 10_000
"""By so much the distance may change from one minute to the next."""
FRESH_MS = 600_000
VOICES_MAX = 1000
"""Devices listened to; further ones have no say."""


class Voice(Struct, gc=False):
    """One device: how far its newest time was ahead of ours (ms) in the minute since `since_ms`, and in the two
    before."""

    since_ms: int
    best_ms: int
    before_ms: tuple[int, ...] = ()
    heard_ms: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it kept its distance."""
        return len(self.before_ms) == 2 and abs(self.before_ms[0] - self.before_ms[1]) <= STEADY_MS


class Voices:
    """The clocks of one site's devices, against ours."""

    def __init__(self) -> None:
        self._of: dict[str, Voice] = {}
        self._now_ms = 0

    def hear(self, device: str, said_ms: int, now_ms: int) -> None:
        """A device says that something was at `said_ms` by its own clock."""
        if abs(now_ms - self._now_ms) > DAY_MS:
            self._of.clear()  # our own time was set: the distances are from another one
        self._now_ms = now_ms
        ahead_ms = said_ms - now_ms
        voice = self._of.get(device)
        if voice is None:
            if len(self._of) >= VOICES_MAX:
                return
            voice = self._of[device] = Voice(now_ms, ahead_ms)
        elif now_ms - voice.since_ms >= ROUND_MS:
            voice.since_ms, voice.before_ms = now_ms, (*voice.before_ms[-1:], voice.best_ms)
            voice.best_ms = ahead_ms
        elif ahead_ms > voice.best_ms:
            voice.best_ms = ahead_ms
        voice.heard_ms = now_ms

    def ahead_ms(self, now_ms: int) -> int | None:
        """How far the clocks of most of those who speak live are ahead of ours; None when no most agree within a
        day."""
        if abs(now_ms - self._now_ms) > FRESH_MS:
            return None
        found = sorted(
            one.before_ms[-1] for one in self._of.values() if one.is_live and now_ms - one.heard_ms <= FRESH_MS
        )
        if not found:
            return None
        middle_ms = found[len(found) // 2]
        agreeing = sum(abs(one - middle_ms) <= DAY_MS for one in found)
        return middle_ms if 2 * agreeing > len(found) else None
