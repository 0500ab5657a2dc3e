"""SenML (RFC 8428) in JSON or CBOR on any topic: records with base name, time, unit, value and sum, resolved.

A device is the base name, else the one that the topic names, else the record's whole name; the channel is what is left.
Units that none of our quantities has (lux, metres) give plain numbers.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from protocols.devices import Example
from protocols.parsing.cbor import CborError, cbor_of
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import PAYLOAD_BYTES_MAX, VALUES_MAX, capped, measured, name_of, noticed, too_big
from protocols.parsing.units import conversion
from protocols.readings import Context, Decoded, Flag, Notice, Problem, Reading, believable

FORMAT = "senml"
FILTERS: tuple[str, ...] = ()

VERSION_MAX = 10
RELATIVE_BELOW_S = 2**28
"""A time below this is one relative to now (RFC 8428, 4.5.3)."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Units by channel, for records that tell none or a wrong one: `units = { door = "door_open" }`."""

    units: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is not known."""
        for channel, unit in self.units.items():
            if conversion(unit) is None:
                raise ValueError(f"unit {unit!r} of {channel!r} is not known; docs/makes.md lists the units")


class _Record(Struct, gc=False):
    """A record as it is sent; absent fields are None."""

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bs: float | None = None
    bver: int | None = None
    n: str = ""
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    vd: Any = None
    s: float | None = None
    t: float = 0.0


class _Base(Struct, gc=False):
    """The base fields in force."""

    name: str = ""
    at_s: float = 0.0
    unit: str = ""
    value: float = 0.0
    sum: float = 0.0


_Pack = Annotated[list[_Record], Meta(max_length=VALUES_MAX)]
_pack: msgspec.json.Decoder[list[_Record]] = msgspec.json.Decoder(_Pack)
_fields: msgspec.json.Decoder[list[dict[str, msgspec.Raw]]] = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
"""The names alone: what a field that we do not know holds, say 1e999, is none of our concern."""
_LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs"}
_LABELS |= {0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 8: "vd"}
"""RFC 8428, table 4: CBOR labels."""
_HINT = "send a SenML pack (RFC 8428): a list of records"


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """The readings of a pack, in its order."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return [too_big(payload, context.name)]
    if not payload:
        return []
    try:
        if payload[0] in b"[ \t\r\n{":
            pack = _pack.decode(payload)
        else:
            pack = msgspec.convert(_labelled(cbor_of(payload)), _Pack)
        unknown = _not_understood(payload)  # reads names that the pack passed over: they too can be no UTF-8
    except msgspec.ValidationError as error:
        return [Problem("payload.invalid", str(error)[:300], _HINT, context.name)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return [Problem("payload.not_json", str(error)[:300], _HINT, context.name)]
    except CborError as error:
        return [Problem("payload.not_cbor", str(error)[:300], _HINT, context.name)]
    if unknown:
        detail = f"the field {unknown[:40]!r} must be understood, and is not"
        return [Problem("senml.not_understood", detail, "send it without this extension", context.name)]
    return _resolved(pack, context)


def _not_understood(payload: bytes) -> str:
    """The name of a field that ends in `_`, which says: understand me or leave it all (RFC 8428, 4.4); "" is none.

    Raises as the decoders do.
    """
    if b"_" not in payload:
        return ""
    if payload[0] in b"[ \t\r\n":
        names = [key for record in _fields.decode(payload) for key in record]
    else:
        pack = msgspec.convert(_labelled(cbor_of(payload)), list[dict[str, Any]])
        names = [key for record in pack for key in record]
    return next((name for name in names if name.endswith("_")), "")


def _labelled(pack: object) -> object:
    """A CBOR pack with the labels of JSON; an unknown label that must be understood stays, and is refused."""
    if not isinstance(pack, list):
        return pack
    return [
        {_LABELS.get(key, str(key)) if isinstance(key, int) else key: value for key, value in one.items()}
        if isinstance(one, dict)
        else one
        for one in pack
    ]


def _resolved(pack: list[_Record], context: Context) -> list[Decoded]:
    found: list[Decoded] = []
    base = _Base()
    units = context.options.units if isinstance(context.options, Options) else {}
    for record in pack:
        if record.bver is not None and record.bver > VERSION_MAX:
            detail = f"SenML version {record.bver}; up to {VERSION_MAX} is read"
            return [*found, Problem("senml.version", detail, "send an older version", context.name)]
        if record.bn is not None:
            base.name = record.bn
        if record.bt is not None:
            base.at_s = record.bt
        if record.bu is not None:
            base.unit = record.bu
        if record.bv is not None:
            base.value = record.bv
        if record.bs is not None:
            base.sum = record.bs
        device, channel = _named(base.name, record.n, context)
        unit = record.u or base.unit
        at = _moment(base.at_s + record.t, context)
        if "clock" in at.flags:
            detail = f"the time {base.at_s + record.t:.0f} s is not believable; the time of receipt is used"
            found.append(Problem("clock.not_believable", detail, "set the device's clock, or send no time", device))
        _values(found, record, base, _Place(device, channel, unit, units.get(channel, ""), at))
    return capped(found, name_of(context.name))


class _Place(Struct, gc=False):
    """Where, in which unit and when; `site_unit` is the one that the site file tells."""

    device: str
    channel: str
    unit: str
    site_unit: str
    at: Moment


def _values(found: list[Decoded], record: _Record, base: _Base, place: _Place) -> None:
    """What one record holds: a number, a text, a truth, data; and perhaps a sum over time."""
    device, channel, unit, at = place.device, place.channel, place.unit, place.at
    if record.vs is not None:
        found.append(noticed(device, channel, record.vs, at))
    elif record.vb is not None:
        found.append(measured(device, channel, place.site_unit or "raw", record.vb, at))
    elif record.vd is not None:
        found.append(_data(device, channel, record.vd, at))
    elif record.v is not None or (base.value and record.s is None and base.sum == 0):
        # A record of the base value alone is one with v left out as zero.
        found.append(
            measured(device, channel, place.site_unit or _unit(unit, channel), (record.v or 0.0) + base.value, at)
        )
    if record.s is not None or base.sum:
        # A sum is the integral over time: W become joules, all else has no quantity of ours.
        number = (record.s or 0.0) + base.sum
        kind, where = ("J", channel) if unit == "W" else ("raw", f"{channel}.sum")
        found.append(measured(device, where, kind, number, at))


def _unit(unit: str, channel: str) -> str:
    """A unit that converts: SenML's own `%` is any percentage, and what has no quantity here is a plain number."""
    if unit == "%":
        name = channel.lower()
        return "%" if "bat" in name else "%RH" if "hum" in name else "raw"
    return unit if unit and conversion(unit) else "raw"


def _data(device: str, channel: str, data: object, at: Moment) -> Decoded:
    try:
        raw = data if isinstance(data, bytes) else urlsafe_b64decode(str(data) + "=" * (-len(str(data)) % 4))
    except (Base64Error, ValueError):
        return Problem("payload.invalid", f"data of {channel!r} is no base64", _HINT, device)
    return noticed(device, channel, raw.hex().upper(), at)


def _named(base: str, name: str, context: Context) -> tuple[str, str]:
    """(device, channel). A base name that begins with `/` is a path within the device (LwM2M)."""
    if base and not (base.startswith("/") and context.name):
        return name_of(base), name_of(name) or "1"
    if context.name:
        return name_of(context.name), name_of((base + name).strip("/")) or "1"
    return name_of(name), "1"


def _moment(at_s: float, context: Context) -> Moment:
    if at_s == 0:
        return moment(None, context)
    if abs(at_s) < RELATIVE_BELOW_S:
        # Reckoned from our clock, as the device has none.
        at = moment(context.received_ms + round(at_s * 1000), context)
        flags: tuple[Flag, ...] = at.flags if "clock" in at.flags else ("no_clock", *at.flags)
        return Moment(at.at_ms, flags)
    at_ms, flags = believable(round(at_s * 1000) if abs(at_s) < 1e13 else -1, context)
    return Moment(at_ms, (*flags, "retained") if context.retained else flags)


_NOW = 1_763_762_400_000
_NO_CLOCK: tuple[Flag, ...] = ("no_clock",)
EXAMPLES = (
    Example(
        "a base name, unit and time, and times relative to it",
        "plant/senml",
        b'[{"bn":"urn:dev:mac:0024befffe804ff1/","bt":1763762400,"bu":"Cel","n":"in","v":4.5},{"n":"out","t":-60,"v":-18}]',
        [
            Reading("urn:dev:mac:0024befffe804ff1/", "in", "temperature_c", _NOW, [4.5]),
            Reading("urn:dev:mac:0024befffe804ff1/", "out", "temperature_c", _NOW - 60_000, [-18.0]),
        ],
    ),
    Example(
        "a base value, a time before now, a text",
        "plant/scale-7",
        b'[{"bv":20,"n":"pan","u":"kg","v":0.5,"t":-2},{"n":"state","vs":"ok","t":-2}]',
        [
            Reading("scale-7", "pan", "mass_g", _NOW - 2000, [20_500.0], flags=_NO_CLOCK),
            Notice("scale-7", "state", "ok", _NOW - 2000, _NO_CLOCK),
        ],
        name="scale-7",
    ),
    Example(
        "CBOR: the same labels as small numbers",
        "plant/senml",
        b"\x81\xa3\x00\x64room\x01\x63Cel\x02\xf9\x44\x80",
        [Reading("room", "1", "temperature_c", _NOW, [4.5], flags=_NO_CLOCK)],
    ),
    Example("a version to come", "x", b'[{"bver":11,"n":"a","v":1}]', [Problem("senml.version", "")]),
    Example("an object", "x", b'{"n":"a","v":1}', [Problem("payload.invalid", "")]),
    Example("a kelvin too few", "x", b'[{"n":"a","u":"K","v":-1}]', [Problem("value.out_of_range", "")]),
)
