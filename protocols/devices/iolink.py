"""IO-Link masters: the consortium's JSON (`.../processdata/value`, `.../events`) and events of ifm's IoT core.

Process data that the master decoded come with names; bytes (`byteArray`, `pdin` in hex) need the site file to say
which bits mean what, as the device's IODD tells. `valid: false` and an item's own `code` are the sender's verdict.
"""

from __future__ import annotations

import re
import struct
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from protocols.devices import Example
from protocols.parsing.fields import NO_FIELD, Field, check_unit, field_of
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import Channel, capped, measured, name_of, noticed, number_of, object_of, unexpected
from protocols.parsing.units import conversion
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading

FORMAT = "iolink"
FILTERS: tuple[str, ...] = ()

BITS_MAX = 64


class Bits(Struct, frozen=True, forbid_unknown_fields=True):
    """One value within process data: `bit_offset` as in the IODD, from the last byte's lowest bit."""

    channel: Channel
    bit_offset: Annotated[int, Meta(ge=0, le=255)] = 0
    bit_length: Annotated[int, Meta(ge=1, le=BITS_MAX)] = 16
    type: Literal["int", "uint", "float", "bool"] = "int"
    unit: str = "raw"
    factor: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Raises `ValueError` for an unknown unit or a float of no 32 bits."""
        check_unit(self.unit)
        if self.type == "float" and self.bit_length != 32:
            raise ValueError(f"{self.channel!r}: a float has bit_length = 32")


class Port(Struct, frozen=True, forbid_unknown_fields=True):
    """What is connected to a port: the device's address ("" the master's own) and what its bits mean."""

    device: str = ""
    values: list[Bits] = []


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Meanings of named values (`fields`: a unit, or more), and of bytes by port number, device alias or `*`."""

    fields: dict[str, str | Field] = {}
    ports: dict[str, Port] = {}

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is not known."""
        for field in self.fields.values():
            field_of(field)


_DEFAULT = Options()
_PORT = re.compile(r"/port\[(\d{1,3})\]/iolinkdevice/pdin\Z")
_MASTER = {"temperature": "Cel", "voltage": "mV", "current": "mA"}
"""What an ifm master says of itself under /processdatamaster."""


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """The readings in process data, and events as notices."""
    said = object_of(payload, context.name)
    if isinstance(said, Problem):
        return [said]
    options = context.options if isinstance(context.options, Options) else _DEFAULT
    device, at = name_of(context.name), moment(None, context)
    inner = said.get("data")
    if isinstance(inner, dict) and "code" in said:
        items = inner.get("payload", inner)
        if isinstance(items, dict):
            return capped(_ifm(device, items, at, options), device)
    if isinstance(said.get("message"), dict):
        return [_event(device, said, context)]
    if isinstance(said.get("statusInfo"), str) and said["statusInfo"]:
        text = said["statusInfo"]
        online = text in ("DEVICE_ONLINE", "OPERATE", "DEVICE_STARTING")
        return [DeviceStatus(device, online, at.at_ms), noticed(device, "status", text, at)]
    data = said.get("getData", said)
    if isinstance(data, dict):
        found = _process_data(device, data, at, options)
        if found is not None:
            return capped(found, device)
    return [unexpected("neither process data (`ioLink`) nor an event of an IO-Link master", device)]


def _process_data(device: str, data: dict[str, Any], at: Moment, options: Options) -> list[Decoded] | None:
    link = data.get("ioLink", data.get("iolink"))
    found: list[Decoded] = []
    if isinstance(link, dict):
        at = at if link.get("valid", True) else Moment(at.at_ms, (*at.flags, "bad"))
        value = link.get("value")
        if isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte <= 255 for byte in value[:256]):
            found += _bits(device, bytes(value[:256]), device, "data", at, options)
        elif isinstance(value, dict):
            _named(found, device, "", value, at, options, 0)
        elif isinstance(value, bool | int | float):
            _named(found, device, "", {"value": {"value": value}}, at, options, 0)
    for key, channel in (("iqValue", "iq"), ("cqValue", "cq")):
        if isinstance(data.get(key), bool):
            found.append(measured(device, channel, "switch_on", data[key], at))
    return found if found or isinstance(link, dict) else None


def _named(
    found: list[Decoded], device: str, path: str, items: dict[str, Any], at: Moment, options: Options, depth: int
) -> None:
    """Values under their IODD names; a record within a record is `outer.inner`."""
    for name, item in items.items():
        where = f"{path}.{name}" if path else name
        if not isinstance(item, dict):
            continue
        value = item.get("value", item)
        if isinstance(value, dict):
            if depth < 4:
                _named(found, device, where, value, at, options, depth + 1)
            continue
        field = field_of(options.fields.get(where, NO_FIELD))
        if value in (None, "") or field.skip:
            continue
        unit = field.unit or str(item.get("unit") or "")
        channel = field.channel or where
        if isinstance(value, str) and number_of(value) is None:
            found.append(noticed(device, channel, value, at))
        else:
            found.append(measured(device, channel, unit if conversion(unit) else "raw", field.scaled(value), at))


def _ifm(device: str, items: dict[str, Any], at: Moment, options: Options) -> list[Decoded]:
    """The items of an event of ifm's IoT core, each with its own code. Its timer's counter is left out."""
    found: list[Decoded] = []
    for path, item in items.items():
        if path.startswith("/timer[") or not isinstance(item, dict):
            continue
        code, value = item.get("code"), item.get("data")
        if code != 200:
            found.append(noticed(device, path, f"code {code!s:.20}", at, ("bad",)))
            continue
        port = _PORT.search(path)
        raw = _hex(value) if port else None
        if port and raw is not None and (port[1] in options.ports or "*" in options.ports):
            found += _bits(device, raw, port[1], path, at, options)
        elif isinstance(value, bool | int | float):
            leaf = path.rpartition("/")[2]
            own = path.startswith("/processdatamaster/") and leaf in _MASTER
            flags: tuple[Flag, ...] = ("internal",) if own else ()
            found.append(measured(device, path, _MASTER[leaf] if own else "raw", value, at, flags))
        elif isinstance(value, str) and value:
            found.append(noticed(device, path, value, at))
    return found


def _hex(value: object) -> bytes | None:
    try:
        return bytes.fromhex(value[:512]) if isinstance(value, str) else None
    except ValueError:
        return None


def _bits(device: str, raw: bytes, port: str, channel: str, at: Moment, options: Options) -> list[Decoded]:
    """The values in process data as the site file tells them; else the bytes as a notice."""
    known = options.ports.get(port) or options.ports.get("*")
    if known is None:
        return [noticed(device, channel, raw.hex().upper(), at)]
    device = name_of(known.device) or device
    number = int.from_bytes(raw, "big")
    found: list[Decoded] = []
    for bits in known.values:
        if bits.bit_offset + bits.bit_length > 8 * len(raw):
            detail = f"{bits.channel!r} lies beyond the {len(raw)} bytes that came"
            found.append(Problem("payload.invalid", detail, "compare bit_offset and bit_length with the IODD", device))
            continue
        value = (number >> bits.bit_offset) & ((1 << bits.bit_length) - 1)
        found.append(_value(device, bits, value, at))
    return found


def _value(device: str, bits: Bits, value: int, at: Moment) -> Decoded:
    number: float = value
    if bits.type == "float":
        (number,) = struct.unpack(">f", value.to_bytes(4, "big"))
    elif bits.type == "int":
        half = 1 << (bits.bit_length - 1)
        number = value - 2 * half if value >= half else value
        # IO-Link Smart Sensor Profile: "no data", "above range" and "below range" in place of a value.
        if bits.bit_length >= 16 and number in (half - 4, half - 8, 8 - half):
            what = {half - 4: "no data", half - 8: "above its range"}.get(int(number), "below its range")
            return Problem("value.sentinel", f"{bits.channel!r} says {number}: {what}", "look at the sensor", device)
    return measured(device, bits.channel, bits.unit, number * bits.factor + bits.offset, at)


def _event(device: str, said: dict[str, Any], context: Context) -> Notice:
    message, origin = said["message"], said.get("origin")
    at = moment(said.get("time"), context)
    alias = origin.get("deviceAlias") if isinstance(origin, dict) else None
    words = [said.get("severity"), message.get("code"), message.get("mode"), message.get("text")]
    text = " ".join(str(word) for word in words if word is not None)
    return noticed(name_of(alias or device), "event", text, at)


_NOW = 1_763_762_400_000
_NO_CLOCK: tuple[Flag, ...] = ("no_clock",)
_TEMPERATURE = {"channel": "tank", "bit_offset": 16, "type": "int", "unit": "Cel", "factor": 0.1}
EXAMPLES = (
    Example(
        "named values, one with its unit",
        "line/devices/tank/processdata/value",
        b'{"ioLink":{"valid":true,"value":{"Temperature":{"value":-18.5,"unit":"\xc2\xb0C"},"Level":{"value":55}}}}',
        [
            Reading("tank", "Temperature", "temperature_c", _NOW, [-18.5], flags=_NO_CLOCK),
            Reading("tank", "Level", "raw", _NOW, [55.0], flags=_NO_CLOCK),
        ],
        name="tank",
    ),
    Example(
        "bytes of an ifm port that the site file explains",
        "ifm/line-1",
        b'{"code":"event","cid":1,"data":{"payload":{"/timer[1]/counter":{"code":200,"data":1},'
        b'"/iolinkmaster/port[2]/iolinkdevice/pdin":{"code":200,"data":"FF470001"}}}}',
        [
            Reading("tank-t", "tank", "temperature_c", _NOW, [-18.5], flags=_NO_CLOCK),
            Reading("tank-t", "out", "switch_on", _NOW, [1.0], flags=_NO_CLOCK),
        ],
        {
            "ports": {
                "2": {
                    "device": "tank-t",
                    "values": [_TEMPERATURE, {"channel": "out", "bit_length": 1, "type": "bool", "unit": "switch_on"}],
                }
            }
        },
        "line-1",
    ),
    Example(
        "an event of a device",
        "line/devices/tank/events",
        b'{"time":"2025-11-21T22:00:00Z","severity":"WARNING","origin":{"deviceAlias":"tank"},'
        b'"message":{"code":16912,"mode":"APPEARS","text":"too hot"}}',
        [Notice("tank", "event", "WARNING 16912 APPEARS too hot", _NOW)],
    ),
    Example(
        "a sensor without a measurement",
        "line/tank",
        b'{"ioLink":{"valid":true,"value":[127,252]}}',
        [Problem("value.sentinel", "")],
        {"ports": {"*": {"values": [{"channel": "tank"}]}}},
        "tank",
    ),
    Example("something else", "line/tank", b'{"a":1}', [Problem("payload.invalid", "")]),
)
