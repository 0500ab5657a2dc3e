"""The native format: JSON under `wh/v1/<site>/<device>/<leaf>`, described for firmware engineers in docs/devices.md."""

from __future__ import annotations

import re
from math import isfinite
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from protocols.devices import Example
from protocols.parsing import units
from protocols.parsing.units import Conversion
from protocols.readings import (
    FUTURE_LIMIT_MS,
    PAST_LIMIT_MS,
    RANGES,
    CommandAck,
    Context,
    Decoded,
    DeviceStatus,
    Flag,
    Problem,
    Reading,
    TagRead,
    TagReads,
    believable,
)
from protocols.topics import filters, parse

FORMAT = "native"
FILTERS = tuple(filters())

PAYLOAD_BYTES_MAX = 256 * 1024
SAMPLES_MAX = 4096
READS_MAX = 4096
MAGNITUDE_MAX = 1e9

Counter = Annotated[int, Meta(ge=0, le=2**53)]
StepMs = Annotated[int, Meta(ge=0, le=86_400_000)]
CHANNEL = re.compile(r"""[^\x00-\x1f\x7f/\\"']{1,64}\Z""")
"""What can name a series everywhere (see `protocols.reports.Name`)."""

UNITS: dict[str, dict[str, Conversion]] = {
    "shelf": {unit: units.UNITS[unit] for unit in ("g", "kg", "lb", "oz")},
    "climate": {
        **{unit: units.UNITS[unit] for unit in ("Cel", "degF", "K", "%RH")},
        "bool": units.UNITS["door_open"],
    },
    "machine": {unit: units.UNITS[unit] for unit in ("W", "A", "mm/s", "Cel", "degF", "%")},
}
"""kind -> the units it may use."""


class Measurement(Struct, gc=False):
    """One quantity: a `value`, or `values` taken `step_ms` apart, the first at `ts`."""

    unit: str
    boot: Counter = 0
    seq: Annotated[int, Meta(ge=-1, le=2**53)] = -1
    ts: float | None = 0.0
    channel: str = "1"
    value: float | bool | None = None
    values: Annotated[list[float], Meta(max_length=SAMPLES_MAX)] | None = None
    step_ms: StepMs = 0


class Sight(Struct, gc=False):
    """One tag read, `at` ms after the message's `ts`."""

    epc: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{4,124}\Z")]
    antenna: Annotated[int, Meta(ge=0, le=255)] = 1
    rssi: Annotated[float, Meta(ge=-200, le=200)] | None = None
    at: Annotated[int, Meta(ge=-86_400_000, le=86_400_000)] = 0


class Sights(Struct):
    """An rfid message."""

    reads: Annotated[list[Sight], Meta(max_length=READS_MAX)]
    boot: Counter = 0
    seq: Annotated[int, Meta(ge=-1, le=2**53)] = -1
    ts: float | None = 0.0


class Status(Struct, gc=False):
    """A status message or last will."""

    online: bool
    boot: Counter = 0
    ts: float | None = 0.0
    battery: Annotated[float, Meta(ge=0, le=100)] | None = None
    firmware: Annotated[str, Meta(max_length=64)] = ""


class Ack(Struct, gc=False):
    """A device's answer to a command."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    ok: bool
    error: Annotated[str, Meta(max_length=200)] = ""


_measurement: msgspec.json.Decoder[Measurement] = msgspec.json.Decoder(Measurement)
_sights: msgspec.json.Decoder[Sights] = msgspec.json.Decoder(Sights)
_status: msgspec.json.Decoder[Status] = msgspec.json.Decoder(Status)
_ack: msgspec.json.Decoder[Ack] = msgspec.json.Decoder(Ack)


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a native message says. An empty payload (a cleared retained message) says nothing."""
    parts = parse(topic)
    if parts is None:
        hint = "site and device are 1-64 of A-Z a-z 0-9 _ -"
        return [Problem("topic.malformed", f"{topic[:200]!r} is not wh/v1/<site>/<device>/<leaf>", hint)]
    _, device, leaf = parts
    if not payload:
        return []
    if len(payload) > PAYLOAD_BYTES_MAX:
        detail = f"{len(payload)} bytes, at most {PAYLOAD_BYTES_MAX} are read"
        return [Problem("payload.too_big", detail, "send smaller batches", device)]
    try:
        if leaf in UNITS:
            measurement = _measurement.decode(payload)
            reading = _reading(device, leaf, measurement, context)
            return [reading] if isinstance(reading, Problem) else _doubted(reading, reading.flags, measurement.ts)
        if leaf == "rfid":
            sights = _sights.decode(payload)
            seen = _tag_reads(device, sights, context)
            return _doubted(seen, seen.flags, sights.ts)
        if leaf == "status":
            status = _status.decode(payload)
            at_ms, flags = believable(_whole_ms(status.ts), context)
            told = DeviceStatus(device, status.online, at_ms, status.boot, status.battery, status.firmware)
            return _doubted(told, flags, status.ts)
        if leaf == "ack":
            ack = _ack.decode(payload)
            return [CommandAck(device, ack.id, ack.ok, ack.error)]
    except msgspec.ValidationError as error:
        return [Problem("payload.invalid", str(error)[:300], "docs/devices.md lists the fields of this topic", device)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return [Problem("payload.not_json", str(error)[:300], "send one JSON object, UTF-8, without NaN", device)]
    return []  # a command, on its way to a device


def _doubted(said: Reading | TagReads | DeviceStatus, flags: tuple[Flag, ...], ts: float | None) -> list[Decoded]:
    """What was said, and the problem of a clock that was not believed: what the message measured is used all the
    same."""
    if not flags or "clock" not in flags:
        return [said]
    detail = f"the device's clock says {ts or 0:.0f} ms since 1970; the time of receipt is used"
    hint = "set the device's clock, or leave `ts` out"
    return [said, Problem("clock.not_believable", detail, hint, said.device)]


def _reading(device: str, kind: str, said: Measurement, context: Context) -> Reading | Problem:
    unit = UNITS[kind].get(said.unit)
    if unit is None:
        known = " ".join(UNITS[kind])
        return Problem("unit.unknown", f"unit {said.unit[:40]!r} on a {kind} topic", f"use one of: {known}", device)
    quantity, factor, offset = unit
    if said.channel != "1" and not CHANNEL.match(said.channel):
        detail = f"channel {said.channel[:64]!r} can not name a series"
        return Problem("payload.invalid", detail, "use 1-64 printing characters without / \\ \" '", device)
    values = said.values
    if said.value is not None:
        if values is not None:
            return Problem("payload.invalid", "both `value` and `values`", "send one of them", device)
        if type(said.value) is bool and quantity != "door_open":
            return Problem("payload.invalid", f"true or false is no amount of {said.unit}", "send a number", device)
        values = [float(said.value)]
    elif not values:
        return Problem("payload.invalid", "neither `value` nor `values`", "send one of them", device)
    # The sum is finite only if all are, and is one pass in C; the bounds then catch what is merely absurd.
    least, most = (min(values), max(values)) if len(values) > 1 else values * 2
    if not isfinite(sum(values)) or most > MAGNITUDE_MAX or least < -MAGNITUDE_MAX:
        return Problem("value.not_finite", "a value is not a finite number below 1e9", "check the sensor", device)
    low, high = RANGES[quantity]
    if least * factor + offset < low or most * factor + offset > high:
        detail = f"{least:g} to {most:g} {said.unit}: a {quantity} lies between {low:g} and {high:g}"
        return Problem("value.out_of_range", detail, "check the sensor and the unit", device)
    if quantity == "door_open" and not all(value in (0.0, 1.0) for value in values):
        return Problem("payload.invalid", "a door is open, 1, or closed, 0", "send 1 or 0", device)
    if factor != 1.0 or offset:
        values = [value * factor + offset for value in values]
    at_ms, flags = believable(_whole_ms(said.ts), context)
    span_ms = (len(values) - 1) * said.step_ms
    if span_ms:
        if span_ms > PAST_LIMIT_MS:
            return Problem("payload.invalid", "one batch spans more than 400 days", "send a smaller `step_ms`", device)
        at_ms, flags = _before_now(at_ms, flags, span_ms, context)
    return Reading(device, said.channel, quantity, at_ms, values, said.step_ms, said.boot, said.seq, flags)


def _tag_reads(device: str, said: Sights, context: Context) -> TagReads:
    at_ms, flags = believable(_whole_ms(said.ts), context)
    at_ms, flags = _before_now(at_ms, flags, max((sight.at for sight in said.reads), default=0), context)
    reads = [TagRead(sight.epc.upper(), sight.antenna, at_ms + sight.at, sight.rssi) for sight in said.reads]
    return TagReads(device, at_ms, reads, said.boot, said.seq, flags)


def _before_now(at_ms: int, flags: tuple[Flag, ...], span_ms: int, context: Context) -> tuple[int, tuple[Flag, ...]]:
    """The time of the first sample when the last was taken `span_ms` later and can not lie in the future.

    A time we have to make up is that of receipt, which is when the last sample was taken.
    """
    if flags or at_ms + span_ms > context.received_ms + FUTURE_LIMIT_MS:
        return context.received_ms - max(0, span_ms), flags or ("clock",)
    return at_ms, flags


def _whole_ms(ts: float | None) -> int:
    return int(ts) if ts and abs(ts) < 2**53 else -1 if ts else 0


_NOW = 1_763_762_400_000
_DISBELIEVED = Problem("clock.not_believable", "")
EXAMPLES = (
    Example(
        "one weight",
        "wh/v1/demo/shelf-1/shelf",
        b'{"boot":3,"seq":412,"ts":1763762400000,"unit":"g","value":4821.5}',
        [Reading("shelf-1", "1", "mass_g", _NOW, [4821.5], 0, 3, 412)],
    ),
    Example(
        "a batch in kilograms from the second load cell",
        "wh/v1/demo/shelf-1/shelf",
        b'{"boot":3,"seq":413,"ts":1763762400000,"unit":"kg","channel":"2","step_ms":100,"values":[1.5,2.5]}',
        [Reading("shelf-1", "2", "mass_g", _NOW, [1500.0, 2500.0], 100, 3, 413)],
    ),
    Example(
        "tags seen by a reader",
        "wh/v1/demo/dock/rfid",
        b'{"boot":1,"seq":9,"ts":1763762400000,"reads":[{"epc":"3034257bf7194e4000001a85","rssi":-61.5,"at":12}]}',
        [TagReads("dock", _NOW, [TagRead("3034257BF7194E4000001A85", 1, _NOW + 12, -61.5)], 1, 9)],
    ),
    Example(
        "a thermometer in Fahrenheit without a clock",
        "wh/v1/demo/cold-1/climate",
        b'{"unit":"degF","value":41}',
        [Reading("cold-1", "1", "temperature_c", _NOW, [41 * 5.0 / 9.0 - 160.0 / 9.0], flags=("no_clock",))],
    ),
    Example(
        "a clock in 1970 is not believed",
        "wh/v1/demo/cold-1/climate",
        b'{"boot":1,"seq":0,"ts":86400000,"unit":"Cel","value":4.5}',
        [Reading("cold-1", "1", "temperature_c", _NOW, [4.5], 0, 1, 0, ("clock",)), _DISBELIEVED],
    ),
    Example(
        "a clock in 2099 is not believed",
        "wh/v1/demo/press/machine",
        b'{"boot":1,"seq":0,"ts":4070908800000,"unit":"W","value":180}',
        [Reading("press", "1", "power_w", _NOW, [180.0], 0, 1, 0, ("clock",)), _DISBELIEVED],
    ),
    Example(
        "a last will",
        "wh/v1/demo/shelf-1/status",
        b'{"boot":3,"online":false}',
        [DeviceStatus("shelf-1", False, _NOW, 3)],
    ),
    Example(
        "an answer to a command",
        "wh/v1/demo/shelf-1/ack",
        b'{"id":"c-17","ok":false,"error":"unknown command"}',
        [CommandAck("shelf-1", "c-17", False, "unknown command")],
    ),
    Example("a cleared retained message", "wh/v1/demo/shelf-1/status", b"", []),
    Example("garbage", "wh/v1/demo/shelf-1/shelf", b"\xff\x00\x9f", [Problem("payload.not_json", "")]),
    Example("NaN", "wh/v1/demo/shelf-1/shelf", b'{"unit":"g","value":NaN}', [Problem("payload.not_json", "")]),
    Example("a number as text", "wh/v1/demo/s/shelf", b'{"unit":"g","value":"12"}', [Problem("payload.invalid", "")]),
    Example("a wrong unit", "wh/v1/demo/s/shelf", b'{"unit":"Cel","value":12}', [Problem("unit.unknown", "")]),
    Example(
        "an endless number", "wh/v1/demo/s/shelf", b'{"unit":"g","value":1e300}', [Problem("value.not_finite", "")]
    ),
    Example(
        "no such temperature",
        "wh/v1/demo/c/climate",
        b'{"unit":"Cel","value":-5000}',
        [Problem("value.out_of_range", "")],
    ),
    Example("nothing in it", "wh/v1/demo/s/shelf", b'{"unit":"g"}', [Problem("payload.invalid", "")]),
    Example(
        "a batch that ends in the future is not believed",
        "wh/v1/demo/shelf-1/shelf",
        b'{"boot":3,"seq":414,"ts":1763762400000,"unit":"g","step_ms":3600000,"values":[1.0,2.0]}',
        [
            Reading("shelf-1", "1", "mass_g", _NOW - 3_600_000, [1.0, 2.0], 3_600_000, 3, 414, ("clock",)),
            _DISBELIEVED,
        ],
    ),
    Example(
        "an open door",
        "wh/v1/demo/cold-1/climate",
        b'{"boot":1,"seq":1,"ts":1763762400000,"unit":"bool","value":true}',
        [Reading("cold-1", "1", "door_open", _NOW, [1.0], 0, 1, 1)],
    ),
    Example("half a door", "wh/v1/demo/c/climate", b'{"unit":"bool","value":0.5}', [Problem("payload.invalid", "")]),
    Example("a true weight", "wh/v1/demo/s/shelf", b'{"unit":"g","value":true}', [Problem("payload.invalid", "")]),
    Example(
        "a batch of eleven years",
        "wh/v1/demo/s/shelf",
        b'{"unit":"g","step_ms":86400000,"values":[' + b"0," * 400 + b"0,0]}",
        [Problem("payload.invalid", "")],
    ),
    Example("a bottomless list", "wh/v1/demo/s/shelf", b'{"x":' + b"[" * 50_000, [Problem("payload.not_json", "")]),
    Example("a bad EPC", "wh/v1/demo/r/rfid", b'{"reads":[{"epc":"xyz"}]}', [Problem("payload.invalid", "")]),
    Example("ten megabytes", "wh/v1/demo/s/shelf", b" " * 300_000, [Problem("payload.too_big", "")]),
)
