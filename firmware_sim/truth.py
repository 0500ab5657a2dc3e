"""What truly happened, as values: the world yields them, devices look at them, the scoreboard keeps them."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_sim.physics.loadcell import Touch

NEVER_MS = 1 << 62
"""The time of what is not planned."""


@dataclass(frozen=True, slots=True)
class Handled:
    """Somebody was at a slot: `units` came (positive), went (negative), or none (a hand only); `count` lies there
    after `touch.end_ms`."""

    at_ms: int
    slot: str
    units: int
    count: int
    touch: Touch


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """A cold zone's door opened or closed."""

    at_ms: int
    zone: str
    open: bool


@dataclass(frozen=True, slots=True)
class TagMoved:
    """A tag went from a zone to a zone; "" is outside."""

    at_ms: int
    epc: str
    origin: str
    zone: str


Event = Handled | DoorMoved | TagMoved


def truth_of(event: Event) -> dict[str, int | str | bool] | None:
    """The event as a line of truth, or None when it changed nothing that is scored."""
    match event:
        case Handled(slot=slot, units=units, count=left, touch=touch):
            if units == 0:
                return None
            return {"at_ms": touch.end_ms, "touched_ms": touch.start_ms, "slot": slot, "count": left}
        case TagMoved(at_ms=at_ms, epc=epc, zone=zone):
            return {"at_ms": at_ms, "epc": epc, "zone": zone}
        case DoorMoved(at_ms=at_ms, zone=zone):
            return {"at_ms": at_ms, "door": zone, "open": event.open}
