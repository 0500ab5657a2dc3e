"""What a device's own traffic says about it: lost and repeated messages, clock offset, silence."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from protocols.readings import DeviceStatus
from protocols.reports import DeviceHealth, Heard
from protocols.sequences import Sequence

SILENT_PERIODS = 6
SILENT_MIN_MS = 30_000
PERIOD_START_MS = 10_000
PERIOD_SHARE = 0.1
PERIOD_MAX_MS = 3_600_000
BOOTS_MAX = 3
"""Sequences are kept for this many of a device's latest boots; older messages pass unchecked."""
RANGES_TOLD = 16
"""The newest ranges of numbers that are told of a boot; older gaps are only counted."""
LIVE_MS = 60_000
"""Older messages are a device's backlog: they teach nothing about its period or clock."""
APART_MS = 30_000
"""Messages that keep pace with our time for so long, at whatever distance, are no backlog."""
LEARNT, STEADY_MS = 20, 10_000
"""A clock is learnt when so many live messages in a row were as far from ours as that, at most."""

Seen = Literal["new", "duplicate"]


class Pulse(Struct, array_like=True):
    """One device's traffic. Times of receipt (`seen_ms`) by the gateway's clock."""

    seen_ms: int = 0
    period_ms: float = PERIOD_START_MS
    offset_ms: float = 0.0
    boots: dict[int, Sequence] = {}
    duplicates: int = 0
    lost_before: int = 0
    online: bool = True
    state: Literal["ok", "silent", "offline"] = "ok"
    battery_pct: float | None = None
    told_ms: int = 0
    unheard: bool = False
    """It is silent, and nobody has listened for long enough to say that it is its own silence."""
    steady: int = 0
    """Live messages in a row, up to `LEARNT`, that bore out `offset_ms`."""
    apart: tuple[int, int] = (0, 0)
    """How far messages that look old are apart from our time, and since when they are just so far."""
    firmware: str = ""
    """Its version, as it told last."""

    @property
    def learnt(self) -> bool:
        """Whether its clock is known, wherever it stands."""
        return self.steady >= LEARNT


def hear(pulse: Pulse, boot: int, seq: int, at_ms: int, now_ms: int) -> Seen:
    """Fold one message's identity; whether it is new. A device without `seq` is taken at its word."""
    if at_ms > now_ms - LIVE_MS:
        if pulse.seen_ms:
            gap_ms = min(now_ms - pulse.seen_ms, PERIOD_MAX_MS)
            pulse.period_ms += PERIOD_SHARE * (gap_ms - pulse.period_ms)
        off_ms = at_ms - now_ms - pulse.offset_ms
        pulse.steady = min(pulse.steady + 1, LEARNT) if abs(off_ms) <= STEADY_MS else 0
        pulse.offset_ms += PERIOD_SHARE * off_ms
    elif abs(at_ms - now_ms - pulse.apart[0]) > STEADY_MS:
        pulse.apart = at_ms - now_ms, now_ms
    elif now_ms - pulse.apart[1] >= APART_MS:
        # A backlog is read faster than it was written. What keeps pace is new: our clock, or the device's, was set.
        pulse.offset_ms = float(at_ms - now_ms)
    pulse.seen_ms = now_ms
    pulse.online = True
    if seq < 0:
        return "new"
    held = pulse.boots.get(boot) or _begin(pulse, boot)
    if held is not None and not held.ranges:
        pulse.told_ms = 0  # a boot's first number is told at the next moment: from now on its gaps can be seen
    if held is None or held.add(seq):
        return "new"
    pulse.duplicates += 1
    return "duplicate"


def tell(pulse: Pulse, status: DeviceStatus, now_ms: int) -> None:
    """Fold a status message or a last will. A will of an earlier boot says nothing about this one."""
    if status.battery_pct is not None:
        pulse.battery_pct = status.battery_pct
    pulse.firmware = status.firmware or pulse.firmware
    if not status.online and pulse.boots and status.boot < max(pulse.boots):
        return
    if status.boot not in pulse.boots:
        # Known from now on, so that the will of the boot before, which may come late, is not taken for this one's.
        _begin(pulse, status.boot)
    pulse.online = status.online
    if status.online:
        pulse.seen_ms = now_ms


def answer(pulse: Pulse, now_ms: int) -> None:
    """Fold an answer to a command: whoever answers is there."""
    pulse.seen_ms = now_ms
    pulse.online = True


def lost(pulse: Pulse) -> int:
    """Messages that were numbered but never came."""
    return pulse.lost_before + sum(held.missing() for held in pulse.boots.values())


def lost_pct(pulse: Pulse) -> float | None:
    """Messages that never came, of those of the latest boots; None where none are numbered."""
    lost = sum(held.missing() for held in pulse.boots.values())
    heard = sum(last - first + 1 for held in pulse.boots.values() for first, last in held.ranges)
    return round(100 * lost / (lost + heard), 2) if heard else None


def judge(pulse: Pulse, now_ms: int) -> Literal["ok", "silent", "offline"]:
    """How the device is now."""
    if not pulse.online:
        return "offline"
    return "silent" if now_ms - pulse.seen_ms > patience_ms(pulse) else "ok"


def hear_nothing(pulse: Pulse, listening_ms: int) -> bool:
    """Whether a silence may be ours: for the last `listening_ms` the gateway was up and had its broker."""
    return pulse.state == "silent" and listening_ms <= patience_ms(pulse)


def patience_ms(pulse: Pulse) -> float:
    """How long nothing may be heard of a device, by its own period."""
    return max(SILENT_MIN_MS, SILENT_PERIODS * pulse.period_ms)


def _begin(pulse: Pulse, boot: int) -> Sequence | None:
    """The sequence of a boot not met before; None when it is older than all that are kept."""
    if len(pulse.boots) >= BOOTS_MAX and boot < min(pulse.boots):
        return None
    held = pulse.boots[boot] = Sequence()
    if len(pulse.boots) > BOOTS_MAX:
        pulse.lost_before += pulse.boots.pop(min(pulse.boots)).missing()
    return held


def report(pulse: Pulse, device: str, now_ms: int) -> DeviceHealth:
    """The pulse as a report."""
    return DeviceHealth(
        device,
        pulse.state,
        now_ms,
        pulse.seen_ms,
        round(pulse.period_ms),
        lost(pulse),
        pulse.duplicates,
        round(pulse.offset_ms),
        pulse.battery_pct,
        heard=[
            Heard(boot, [list(one) for one in held.ranges[-RANGES_TOLD:]], held.missing())
            for boot, held in sorted(pulse.boots.items())
            if held.ranges
        ],
        unheard=pulse.unheard,
    )
