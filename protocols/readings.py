"""What devices say, in one canonical model. Every device format decodes into these types and nothing else.

Units stand in the name of the quantity. A `Reading` is a run of one or more samples of one quantity, so that a
message with n samples costs one object. Bad input is a value, `Problem`, never an exception.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Quantity = Literal[
    "mass_g",
    "temperature_c",
    "humidity_pct",
    "power_w",
    "current_a",
    "vibration_mm_s",
    "battery_pct",
    "door_open",
]
"""What is measured, with its unit. `door_open` is 0 or 1."""

Flag = Literal["clock", "no_clock"]
"""`clock`: the device's clock was not believable, `at_ms` is the time of receipt. `no_clock`: it sent no time."""

DAY_MS = 86_400_000
PAST_LIMIT_MS = 400 * DAY_MS
"""A device may hand in samples up to this old: it buffered while it was cut off."""
FUTURE_LIMIT_MS = 5 * 60_000
"""A device's clock may run ahead of the gateway's by this much before it is disbelieved."""


class Reading(Struct, frozen=True, gc=False, tag="reading", omit_defaults=True):
    """Samples of one quantity: sample i was taken at `at_ms + i * step_ms`."""

    device: str
    channel: str
    quantity: Quantity
    at_ms: int
    values: list[float]
    step_ms: int = 0
    boot: int = 0
    seq: int = -1
    flags: tuple[Flag, ...] = ()

    @property
    def last_ms(self) -> int:
        """The time of the last sample."""
        return self.at_ms + (len(self.values) - 1) * self.step_ms


class TagRead(Struct, frozen=True, gc=False, omit_defaults=True):
    """One sight of one tag: EPC in upper-case hex, antenna number, signal strength."""

    epc: str
    antenna: int
    at_ms: int
    rssi_dbm: float | None = None


class TagReads(Struct, frozen=True, tag="tags", omit_defaults=True):
    """The tags one reader saw in one message."""

    device: str
    at_ms: int
    reads: list[TagRead]
    boot: int = 0
    seq: int = -1
    flags: tuple[Flag, ...] = ()


class DeviceStatus(Struct, frozen=True, gc=False, tag="status", omit_defaults=True):
    """A device came (`online`), went (`offline`, also as its last will), or told how it is."""

    device: str
    online: bool
    at_ms: int
    boot: int = 0
    battery_pct: float | None = None
    firmware: str = ""


class CommandAck(Struct, frozen=True, gc=False, tag="ack", omit_defaults=True):
    """A device's answer to a command."""

    device: str
    id: str
    ok: bool
    error: str = ""


class Problem(Struct, frozen=True, gc=False, tag="problem", omit_defaults=True):
    """A message that could not be used: what is wrong (a stable code and a sentence) and what to do about it."""

    code: str
    detail: str
    hint: str = ""
    device: str = ""
    topic: str = ""


Decoded = Reading | TagReads | DeviceStatus | CommandAck | Problem
"""What a device format may yield."""


class Context(Struct, frozen=True, gc=False):
    """What a decoder may know beside the message: when it arrived (ms since 1970, the gateway's clock)."""

    received_ms: int


def believable(ts_ms: int | None, context: Context) -> tuple[int, tuple[Flag, ...]]:
    """The time to use for a device's `ts_ms`, and a flag where it is not the device's own."""
    if not ts_ms:
        return context.received_ms, ("no_clock",)
    if -FUTURE_LIMIT_MS <= context.received_ms - ts_ms <= PAST_LIMIT_MS:
        return ts_ms, ()
    return context.received_ms, ("clock",)
