"""What a gateway tells the service. A report's identity is (gateway, lane, sequence), given once at the edge.

Two lanes: *events* are facts about stock, devices and tags and are never dropped; *telemetry* (levels, series) may be
thinned by a stated policy, and each thinning is an event itself.

`decode` is the door for what comes from afar: it takes only what every store can keep, so that a report which is
signed for can also be held.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

TIME_MAX_MS = 4_102_444_800_000
"""The year 2100: no sample is later."""
Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MAX_MS)]
Finite = Annotated[float, Meta(ge=-1e300, le=1e300)]
Name = Annotated[str, Meta(pattern=r"""\A[^\x00-\x1f\x7f/\\"']{1,100}\Z""")]
Words = Annotated[str, Meta(pattern=r"\A[^\x00]{0,1000}\Z")]

Lane = Literal["events", "telemetry"]
LANES: tuple[Lane, ...] = ("events", "telemetry")


class StockEvent(Struct, frozen=True, gc=False, tag="stock", array_like=True):
    """A slot's count changed: `count` is what is there now, `delta` the change since the last known count. `at_ms` by
    the device's clock where that can be believed, `heard_ms` by the gateway's (0: an older gateway does not say)."""

    slot: Name
    sku: Name
    delta: Whole
    count: Whole
    at_ms: TimeMs
    confidence: Finite
    source: Words = "weight"
    heard_ms: TimeMs = 0


class SlotLevel(Struct, frozen=True, gc=False, tag="level", array_like=True):
    """A slot's estimate. `count` is None when it can not be told; then `reason` and `remedy` are codes that say why
    and what would help. `low` and `high` bound the count with 95 % probability. `booked` is what the book says, where
    there is one; `differs_ms` since when it is certain that the book is wrong (0: it is not)."""

    slot: Name
    sku: Name
    count: Whole | None
    low: Whole
    high: Whole
    confidence: Finite
    mass_g: Finite
    at_ms: TimeMs
    reason: Words = ""
    remedy: Words = ""
    booked: Whole | None = None
    differs_ms: TimeMs = 0


class TagMove(Struct, frozen=True, gc=False, tag="tag", array_like=True):
    """A tag arrived in, or departed from, the zone a reader's antenna watches."""

    epc: Name
    zone: Name
    move: Literal["arrived", "departed"]
    at_ms: TimeMs
    device: Name
    heard_ms: TimeMs = 0


class Finding(Struct, frozen=True, gc=False, array_like=True):
    """What is wrong with a device's channel: a code, since when, the code of what would help, and the evidence, with
    units in its names (`per_day`, `hours`)."""

    code: Name
    channel: Words
    since_ms: TimeMs
    remedy: Name
    evidence: Annotated[dict[Name, Finite], Meta(max_length=16)] = {}


class Heard(Struct, frozen=True, gc=False, array_like=True):
    """Which numbers of one boot of a device the gateway holds: closed ranges `[first, last]`, the newest sixteen, and
    how many numbers between the first and the last of all it misses."""

    boot: Whole
    ranges: Annotated[list[Annotated[list[Whole], Meta(min_length=2, max_length=2)]], Meta(max_length=16)]
    missing: Whole


class DeviceHealth(Struct, frozen=True, tag="health", array_like=True):
    """How a device is. `silent`: nothing heard for several of its own periods. `offline`: it, or its will, said so.
    `findings`: what its own readings say against it. `heard`: the proof of what came, by its latest boots.
    `unheard`: the gateway itself was off or had no broker lately, so that the silence says nothing yet."""

    device: Name
    state: Literal["ok", "silent", "offline"]
    at_ms: TimeMs
    last_seen_ms: TimeMs
    period_ms: Whole
    lost: Whole
    duplicates: Whole
    clock_offset_ms: Whole
    battery_pct: Finite | None = None
    findings: list[Finding] = []
    heard: Annotated[list[Heard], Meta(max_length=8)] = []
    unheard: bool = False


class Series(Struct, frozen=True, gc=False, tag="series", array_like=True):
    """Samples of one quantity of one device's channel: sample i at `at_ms + offsets_ms[i]`."""

    device: Name
    channel: Name
    quantity: Name
    zone: Name
    at_ms: TimeMs
    offsets_ms: list[Whole]
    values: list[Finite]
    heard_ms: TimeMs = 0


class Thinned(Struct, frozen=True, gc=False, tag="thinned", array_like=True):
    """The gateway gave up the reports `first`..`last` of a lane, of which `count` were still there: they will not come.

    `why` is a code: `outbox_full` and `disk_full` (telemetry only), `damaged` (the store could not be read any more),
    `restored` (from a backup: these numbers were another life's), `not_kept` (asked for again, but gone)."""

    first: Whole
    last: Whole
    count: Whole
    at_ms: TimeMs
    why: Words
    lane: Lane = "telemetry"


class Proposal(Struct, frozen=True, gc=False, tag="proposal", array_like=True):
    """The gateway itself saw that an SKU should be ordered (`open`), or no longer (`closed`): the service may have been
    away. It is adopted there as the one open need of the SKU, never as a second one."""

    sku: Name
    state: Literal["open", "closed"]
    quantity: Annotated[int, Meta(ge=1, le=2**53)]
    position: Whole
    reorder_point: Whole
    at_ms: TimeMs


class Alarm(Struct, frozen=True, gc=False, tag="alarm", array_like=True):
    """An alarm of the gateway's own began to fire, or is over. `rule` and `params` are worded by whoever shows them."""

    rule: Name
    subject: Name
    zone: Words
    state: Literal["firing", "resolved"]
    since_ms: TimeMs
    at_ms: TimeMs
    params: Annotated[dict[Name, Finite], Meta(max_length=16)] = {}


Report = StockEvent | SlotLevel | TagMove | DeviceHealth | Series | Thinned | Proposal | Alarm
LANE_OF: dict[type, Lane] = {
    StockEvent: "events",
    TagMove: "events",
    DeviceHealth: "events",
    Thinned: "events",
    Proposal: "events",
    Alarm: "events",
    SlotLevel: "telemetry",
    Series: "telemetry",
}

encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def encode(report: Report) -> bytes:
    """One report as MessagePack."""
    return encoder.encode(report)


def decode(blob: bytes | memoryview) -> Report:
    """A report from MessagePack; raises `ValueError` (mostly msgspec's ValidationError, with the path of what is
    wrong) for anything else."""
    try:
        report = _decoder.decode(blob)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if type(report) is Series:
        _check(report)
    return report


def _check(series: Series) -> None:
    offsets = series.offsets_ms
    if not offsets or len(offsets) != len(series.values):
        raise ValueError(f"{len(offsets)} times for {len(series.values)} samples; each sample needs its time")
    if series.at_ms + min(offsets) < 0 or series.at_ms + max(offsets) > TIME_MAX_MS:
        raise ValueError("a sample's time lies before 1970 or after 2100")
