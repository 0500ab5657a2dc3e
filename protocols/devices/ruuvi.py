"""Ruuvi Gateway: `ruuvi/<gateway>/<tag>`, the tag's advertisement in hex inside JSON (docs.ruuvi.com).

Read are data formats 5 (RAWv2) and 3 (RAWv1), and what a gateway has decoded itself. A measurement is numbered and
sent many times, and heard by each gateway: it is taken once. Other formats of Ruuvi (6, E1) are kept as a notice in
hex; what is not Ruuvi's at all says nothing. Times are seconds, as text or as numbers, or missing.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import Any

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, doubt, measured, name_of, object_of, unexpected
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading

FORMAT = "ruuvi"
FILTERS = ("ruuvi/+/+",)

COMPANY = b"\x99\x04"
TAGS_MAX = 4096
"""Tags whose last number is remembered; beyond it the one heard first is forgotten, and may be taken twice once."""
AGAIN_MS = 10 * 60_000
"""The same number within this time is the same measurement: a tag takes more than a day to come round."""

_RAW_V2 = Layout(">hHHhhhHBH6s")
_RAW_V1 = Layout(">BBBHhhhH")
_DECODED = (("temperature", "Cel", "1"), ("humidity", "%RH", "1"), ("pressure", "Pa", "1"), ("voltage", "V", "battery"))


class Memory(Struct):
    """Tag -> the number of its last measurement, and when it came."""

    last: dict[str, tuple[int, int]] = {}


def begin(options: object) -> Memory:
    """An empty memory."""
    return Memory()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says."""
    _, _, leaf = topic.rpartition("/")
    if not payload:
        return []
    device = name_of(context.name or leaf)
    said = object_of(payload, device)
    if isinstance(said, Problem):
        return [said]
    if leaf == "gw_status" or "DEVICE_ADDR" in said:
        return _gateway(topic, said, context)
    stamp = said.get("ts", said.get("gwts"))
    at = moment(stamp, context)
    found = _advertised(device, said, at, context)
    if found and said.get("rssi") is not None:
        found.append(measured(found[0].device if type(found[0]) is Reading else device, "1", "dBm", said["rssi"], at))
    return capped([*found, *doubt(at, stamp, device)], device)


def _advertised(device: str, said: dict[str, Any], at: Moment, context: Context) -> list[Decoded]:
    data = said.get("data")
    if data is None:
        device = name_of(said.get("id") or device)
        decoded = [measured(device, channel, unit, said[key], at) for key, unit, channel in _DECODED if _has(said, key)]
        return [*decoded] or [unexpected("neither `data` nor values", device)]
    try:
        raw = bytes.fromhex(data if isinstance(data, str) else "?")
    except ValueError:
        return [unexpected(f"`data` is no hex: {str(data)[:60]!r}", device)]
    own = _manufacturer(raw)
    if own is None:
        return []
    if own[:1] == b"\x05" and len(own) >= 24:
        return _raw_v2(own, at, context)
    if own[:1] == b"\x03" and len(own) >= 14:
        return _raw_v1(device, own, at)
    if own[:1] in (b"\x03", b"\x05", b""):
        return [unexpected(f"an advertisement cut off after {len(own)} bytes", device)]
    return [Notice(device, "raw", own[:255].hex().upper(), at.at_ms, at.flags)]


def _has(said: dict[str, Any], key: str) -> bool:
    return said.get(key) is not None


def _manufacturer(raw: bytes) -> bytes | None:
    """What a Ruuvi tag put into a Bluetooth advertisement (length, type, data, repeated); None: it is not Ruuvi's."""
    at = 0
    while at + 1 < len(raw):
        length = raw[at]
        if raw[at + 1] == 0xFF and raw[at + 2 : at + 4] == COMPANY:
            return raw[at + 4 : at + 1 + length]
        at += length + 1
    return None


def _raw_v2(own: bytes, at: Moment, context: Context) -> list[Decoded]:
    """Data format 5; the highest value of a field (the lowest of a signed one) says that it was not measured."""
    temperature, humidity, pressure, _, _, _, power, _, number, mac = _RAW_V2.unpack_from(own, 1)
    device = mac.hex(":").upper()
    if context.memory is not None and number != 0xFFFF and _heard(context.memory, device, number, context.received_ms):
        return []
    found: list[Decoded] = []
    if temperature != -0x8000:
        found.append(measured(device, "1", "Cel", temperature * 5 / 1000, at))
    if humidity != 0xFFFF:
        found.append(measured(device, "1", "%RH", humidity * 25 / 10000, at))
    if pressure != 0xFFFF:
        found.append(measured(device, "1", "hPa", (pressure + 50000) / 100, at))
    if power >> 5 != 0x7FF:
        found.append(measured(device, "battery", "V", ((power >> 5) + 1600) / 1000, at))
    return found


def _raw_v1(device: str, own: bytes, at: Moment) -> list[Decoded]:
    """Data format 3: the temperature is a sign, whole degrees, and hundredths."""
    humidity, whole, hundredths, pressure, _, _, _, millivolts = _RAW_V1.unpack_from(own, 1)
    degrees = ((whole & 0x7F) * 100 + hundredths) / 100
    return [
        measured(device, "1", "Cel", -degrees if whole & 0x80 else degrees, at),
        measured(device, "1", "%RH", humidity * 0.5, at),
        measured(device, "1", "hPa", (pressure + 50000) / 100, at),
        measured(device, "battery", "V", millivolts / 1000, at),
    ]


def _heard(memory: Memory, device: str, number: int, now_ms: int) -> bool:
    """Whether this measurement came before."""
    last = memory.last.get(device)
    if last is not None and last[0] == number and now_ms - last[1] < AGAIN_MS:
        return True
    if last is None and len(memory.last) >= TAGS_MAX:
        del memory.last[next(iter(memory.last))]
    memory.last[device] = (number, now_ms)
    return False


def _gateway(topic: str, said: dict[str, Any], context: Context) -> list[Decoded]:
    """What the gateway says of itself: `{"state": "online"}`, its last will, or why it started."""
    levels = topic.split("/")
    device = name_of(said.get("DEVICE_ADDR") or context.name or (levels[-2] if len(levels) > 1 else ""))
    at = moment(None, context)
    if said.get("state") in ("online", "offline"):
        return [DeviceStatus(device, said["state"] == "online", context.received_ms)]
    if _has(said, "RESET_REASON"):
        return [Notice(device, "gateway", name_of(said["RESET_REASON"]) or "unknown", at.at_ms, at.flags)]
    return [unexpected("neither a state nor a reason of a restart", device)]


_NOW = 1_763_762_400_000
_RECEIPT: tuple[Flag, ...] = ("no_clock",)
_TAG = "C1:00:00:00:00:07"
_TOPIC = f"ruuvi/AA:BB:CC:00:00:01/{_TAG}"
_V2 = b"0201061BFF990405" + b"F060" + b"55F0" + b"C87D" + b"7FFF" * 3 + b"AC36" + b"42" + b"00CD" + b"C10000000007"
_NOTHING = b"1BFF990405" + b"8000" + b"FFFF" + b"FFFF" + b"8000" * 3 + b"C87F" + b"FF" + b"FFFF" + b"C10000000007"
_SAID = b'{"gw_mac":"AA:BB:CC:00:00:01","rssi":-70,"ts":"1763762400","data":"' + _V2 + b'"}'
_COLD: list[Decoded] = [
    Reading(_TAG, "1", "temperature_c", _NOW, [-20.0]),
    Reading(_TAG, "1", "humidity_pct", _NOW, [55.0]),
    Reading(_TAG, "1", "pressure_hpa", _NOW, [1013.25]),
    Reading(_TAG, "battery", "voltage_v", _NOW, [2.977]),
]
EXAMPLES = (
    Example(
        "a tag in a freezer, the time as text", _TOPIC, _SAID, [*_COLD, Reading(_TAG, "1", "rssi_dbm", _NOW, [-70.0])]
    ),
    Example("the same, heard by another gateway", f"ruuvi/AA:02/{_TAG}", _SAID, [], before=((_TOPIC, _SAID),)),
    Example("the time as a number", _TOPIC, b'{"ts":1763762400,"data":"' + _V2 + b'"}', _COLD),
    Example(
        "a tag that measures nothing but is there, through a gateway without a clock",
        _TOPIC,
        b'{"cnt":7,"rssi":-70,"data":"' + _NOTHING + b'"}',
        [
            Reading(_TAG, "battery", "voltage_v", _NOW, [3.203], flags=_RECEIPT),
            Reading(_TAG, "1", "rssi_dbm", _NOW, [-70.0], flags=_RECEIPT),
        ],
    ),
    Example(
        "data format 3 below zero",
        _TOPIC,
        b'{"ts":1763762400,"data":"11FF990403' + b"291A1E" + b"CE1E" + b"03E8" * 3 + b"0BB8" + b'"}',
        [
            Reading(_TAG, "1", "temperature_c", _NOW, [26.3]),
            Reading(_TAG, "1", "humidity_pct", _NOW, [20.5]),
            Reading(_TAG, "1", "pressure_hpa", _NOW, [1027.66]),
            Reading(_TAG, "battery", "voltage_v", _NOW, [3.0]),
        ],
    ),
    Example(
        "an air quality sensor is kept as it is",
        _TOPIC,
        b'{"ts":1763762400,"data":"06FF990406170C"}',
        [Notice(_TAG, "raw", "06170C", _NOW)],
    ),
    Example(
        "what the gateway has decoded",
        _TOPIC,
        b'{"ts":1763762400,"dataFormat":5,"temperature":4.5,"pressure":101325,"voltage":2.9,"id":"C1:00:00:00:00:07"}',
        [
            Reading(_TAG, "1", "temperature_c", _NOW, [4.5]),
            Reading(_TAG, "1", "pressure_hpa", _NOW, [1013.25]),
            Reading(_TAG, "battery", "voltage_v", _NOW, [2.9]),
        ],
    ),
    Example("a telephone", _TOPIC, b'{"ts":1763762400,"rssi":-80,"data":"0AFF4C001005331CABCDEF"}', []),
    Example(
        "a gateway that went", "ruuvi/AA:02/gw_status", b'{"state":"offline"}', [DeviceStatus("AA:02", False, _NOW)]
    ),
    Example("cut off", _TOPIC, b'{"ts":1763762400,"data":"1BFF99040512FC"}', [Problem("payload.invalid", "")]),
    Example("no hex", _TOPIC, b'{"ts":1763762400,"data":"zz"}', [Problem("payload.invalid", "")]),
    Example("garbage", _TOPIC, b"\xff", [Problem("payload.not_json", "")]),
)
