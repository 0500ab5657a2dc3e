"""What devices say, in one canonical model. Every device format decodes into these types and nothing else.

Units stand in the name of the quantity. A `Reading` is a run of one or more samples of one quantity, so that a
message with n samples costs one object. Bad input is a value, `Problem`, never an exception.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Quantity = Literal[
    "mass_g",
    "mass_change_g",
    "count",
    "temperature_c",
    "humidity_pct",
    "pressure_hpa",
    "power_w",
    "energy_wh",
    "voltage_v",
    "current_a",
    "frequency_hz",
    "vibration_g",
    "vibration_mm_s",
    "battery_pct",
    "rssi_dbm",
    "door_open",
    "switch_on",
    "raw",
]
"""What is measured, with its unit. `door_open` and `switch_on` are 0 or 1; `raw` is a number whose unit nobody told."""

RANGES: dict[Quantity, tuple[float, float]] = {
    "mass_g": (-1e6, 1e7),
    "mass_change_g": (-1e7, 1e7),
    "count": (-1e9, 1e9),
    "temperature_c": (-150.0, 1500.0),
    "humidity_pct": (0.0, 105.0),
    "pressure_hpa": (0.0, 1e6),
    "power_w": (-1e7, 1e7),
    "energy_wh": (-1e12, 1e12),
    "voltage_v": (-1e5, 1e5),
    "current_a": (-1e5, 1e5),
    "frequency_hz": (0.0, 1e9),
    "vibration_g": (-1e4, 1e4),
    "vibration_mm_s": (0.0, 1e4),
    "battery_pct": (0.0, 100.0),
    "rssi_dbm": (-200.0, 50.0),
    "door_open": (0.0, 1.0),
    "switch_on": (0.0, 1.0),
    "raw": (-1e15, 1e15),
}
"""What can be at all; else a sensor is broken or a unit wrong. Some humidity sensors read up to 105 % when wet."""

Flag = Literal[
    "clock",
    "no_clock",
    "zone_assumed",
    "retained",
    "historical",
    "transient",
    "unstable",
    "gross",
    "internal",
    "bad",
    "stale",
    "uncertain",
]
"""What must be known about a value before it is used.

`clock`: the device's clock was not believable, `at_ms` is the time of receipt. `no_clock`: it sent no time.
`zone_assumed`: its time had no zone, the site's was taken. `retained`: the broker kept the message, it may be old.
`historical`: buffered while cut off, never the present value. `transient`: not worth storing. `unstable`: a scale that
had not come to rest. `gross`: tare not taken off. `internal`: about the device itself (its chip), not its
surroundings. `bad`, `stale`, `uncertain`: the sender's own verdict.
"""

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
    """One sight of one tag: EPC in upper-case hex, antenna number, signal strength. `seen`: how many reads the reader
    folded into this one; `tid`: the chip's own number; `direction`: "in" or "out" where a gate told it."""

    epc: str
    antenna: int
    at_ms: int
    rssi_dbm: float | None = None
    seen: int = 1
    tid: str = ""
    direction: str = ""


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


class Notice(Struct, frozen=True, gc=False, tag="notice", omit_defaults=True):
    """What a device told in words: an antenna came off, a button was pressed, a bridge is up."""

    device: str
    channel: str
    text: str
    at_ms: int
    flags: tuple[Flag, ...] = ()


class Publish(Struct, frozen=True, gc=False, tag="publish", omit_defaults=True):
    """What a family wants said on the broker, e.g. a request for a rebirth."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


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


Said = Reading | TagReads | DeviceStatus | Notice | CommandAck | Problem
"""What devices say, or could not say."""
Decoded = Said | Publish
"""What a device format may yield."""


class Context(Struct, frozen=True):
    """What a decoder may know beside topic and payload.

    `received_ms` by the gateway's clock; `retained`: the broker had kept it; `timezone`: the site's, for times without
    one; `name`: the device as the site's source takes it from the topic ("" when it does not); `options`: the
    source's settings, an instance of the family's `Options`; `memory`: what the family's `begin` made and keeps.
    `told`: what the device's own clock said in this message, believed or not; `believable` enters it.
    """

    received_ms: int
    retained: bool = False
    timezone: str = "UTC"
    name: str = ""
    options: Any = None
    memory: Any = None
    told: list[int] = []


def believable(ts_ms: int | None, context: Context) -> tuple[int, tuple[Flag, ...]]:
    """The time to use for a device's `ts_ms`, and a flag where it is not the device's own."""
    if not ts_ms:
        return context.received_ms, ("no_clock",)
    context.told.append(ts_ms)
    if -FUTURE_LIMIT_MS <= context.received_ms - ts_ms <= PAST_LIMIT_MS:
        return ts_ms, ()
    return context.received_ms, ("clock",)
