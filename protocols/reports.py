"""What a gateway tells the service. A report's identity is (gateway, lane, sequence), given once at the edge.

Two lanes: *events* are facts about stock, devices and tags and are never dropped; *telemetry* (levels, series) may be
thinned by a stated policy, and each thinning is an event itself.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

Lane = Literal["events", "telemetry"]
LANES: tuple[Lane, ...] = ("events", "telemetry")


class StockEvent(Struct, frozen=True, gc=False, tag="stock", array_like=True):
    """A slot's count changed: `count` is what is there now, `delta` the change since the last known count."""

    slot: str
    sku: str
    delta: int
    count: int
    at_ms: int
    confidence: float
    source: str = "weight"


class SlotLevel(Struct, frozen=True, gc=False, tag="level", array_like=True):
    """A slot's estimate. `count` is None when it can not be told; then `reason` and `remedy` are codes that say why
    and what would help. `low` and `high` bound the count with 95 % probability."""

    slot: str
    sku: str
    count: int | None
    low: int
    high: int
    confidence: float
    mass_g: float
    at_ms: int
    reason: str = ""
    remedy: str = ""


class TagMove(Struct, frozen=True, gc=False, tag="tag", array_like=True):
    """A tag arrived in, or departed from, the zone a reader's antenna watches."""

    epc: str
    zone: str
    move: Literal["arrived", "departed"]
    at_ms: int
    device: str


class DeviceHealth(Struct, frozen=True, gc=False, tag="health", array_like=True):
    """How a device is. `silent`: nothing heard for several of its own periods. `offline`: it, or its will, said so."""

    device: str
    state: Literal["ok", "silent", "offline"]
    at_ms: int
    last_seen_ms: int
    period_ms: int
    lost: int
    duplicates: int
    clock_offset_ms: int
    battery_pct: float | None = None


class Series(Struct, frozen=True, gc=False, tag="series", array_like=True):
    """Samples of one quantity of one device's channel: sample i at `at_ms + offsets_ms[i]`."""

    device: str
    channel: str
    quantity: str
    zone: str
    at_ms: int
    offsets_ms: list[int]
    values: list[float]


class Thinned(Struct, frozen=True, gc=False, tag="thinned", array_like=True):
    """The gateway dropped telemetry reports `first`..`last` (of which `count` were still there) to save the disk."""

    first: int
    last: int
    count: int
    at_ms: int
    why: str


Report = StockEvent | SlotLevel | TagMove | DeviceHealth | Series | Thinned
LANE_OF: dict[type, Lane] = {
    StockEvent: "events",
    TagMove: "events",
    DeviceHealth: "events",
    Thinned: "events",
    SlotLevel: "telemetry",
    Series: "telemetry",
}

encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def encode(report: Report) -> bytes:
    """One report as MessagePack."""
    return encoder.encode(report)


def decode(blob: bytes | memoryview) -> Report:
    """A report from MessagePack; raises `ValueError` (msgspec's ValidationError) with the path of what is wrong."""
    return _decoder.decode(blob)
