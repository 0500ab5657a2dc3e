"""ChirpStack v4 and v3: `application/<id>/device/<DevEUI>/event/<up|join|status|log>`, in v3 also `/rx` and `/error`.

v4 leaves out fields that are zero and names the device under `deviceInfo`; v3 has `devEUI`, in one of its settings as
base64, and `objectJSON` as text in the place of `object`. A device is its DevEUI.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

import msgspec
from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.lorawan import Options, Uplink, joined, uplink
from protocols.parsing.moments import moment
from protocols.parsing.payloads import (
    doubt,
    measured,
    name_of,
    noticed,
    number_of,
    object_of,
    shaped,
    unexpected,
)
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

FORMAT = "chirpstack"
FILTERS = ("application/+/device/+/#",)
__all__ = ["EXAMPLES", "FILTERS", "FORMAT", "Options", "decode"]


class _Info(Struct, frozen=True, gc=False, rename="camel"):
    dev_eui: str = ""
    device_profile_name: str = ""
    device_profile_id: str = ""


class _Seen(Struct, frozen=True, gc=False):
    rssi: Any = None
    time: Any = None


class _Message(Struct, rename="camel"):
    """What any event of either version may hold, of what is used here."""

    device_info: _Info = _Info()
    dev_eui: str = msgspec.field(default="", name="devEUI")
    device_profile_name: str = ""
    time: Any = None
    published_at: Any = None
    rx_info: list[_Seen] | None = None
    f_port: int = 0
    data: str | None = None
    object: dict[str, Any] | None = None
    object_json: str = msgspec.field(default="", name="objectJSON")
    margin: Any = None
    external_power_source: bool = False
    battery_level_unavailable: bool = False
    battery_level: Any = None
    battery: Any = None
    level: str = ""
    code: str = ""
    description: str = ""
    type: str = ""
    error: str = ""


_message: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What the network says of a device; nothing for what went to it."""
    if not payload:
        return []
    said = shaped(payload, _message, "", "set `json = true` in the MQTT integration")
    if isinstance(said, Problem):
        return [said]
    device = said.device_info.dev_eui or _eui(said.dev_eui) or context.name
    heard = said.rx_info or []
    stamp = said.time or next((seen.time for seen in heard if seen.time), None) or said.published_at
    match topic.rpartition("/")[2]:
        case "up" | "rx":
            return _uplink(device, said, stamp, context)
        case "join":
            return joined(device, stamp, context)
        case "status":
            return _status(device, said, stamp, context)
        case "log" | "error":
            at = moment(stamp, context)
            text = f"{said.level or 'ERROR'} {said.code or said.type}: {said.description or said.error}"
            return [noticed(device, "log", text, at), *doubt(at, stamp, name_of(device))]
        case "ack" | "txack" | "location" | "integration" | "down":
            return []
    # Some bridges give messages topics of their own: then an uplink is told by what it holds.
    if said.rx_info is not None and said.margin is None:
        return _uplink(device, said, stamp, context)
    return [unexpected(f"{topic[:100]!r} is no event of ChirpStack", name_of(device))]


def _uplink(device: str, said: _Message, stamp: object, context: Context) -> list[Decoded]:
    info = said.device_info
    fields = said.object or {}
    if not fields and said.object_json:
        decoded = object_of(said.object_json.encode(), name_of(device))
        if isinstance(decoded, Problem):
            return [decoded]
        fields = decoded
    strengths = [known for seen in said.rx_info or [] if (known := number_of(seen.rssi)) is not None]
    kinds = (info.device_profile_name or said.device_profile_name, info.device_profile_id)
    rssi = max(strengths, default=None)
    return uplink(Uplink(device, kinds, fields, said.data or "", said.f_port, stamp, rssi), context)


def _status(device: str, said: _Message, stamp: object, context: Context) -> list[Decoded]:
    """A device's answer to the network's question after its battery. No level is said of one on mains."""
    at = moment(stamp, context)
    level = number_of(said.battery_level)
    if level is None and (old := number_of(said.battery)) is not None and 1 <= old <= 254:
        level = old / 2.54  # LoRaWAN's own scale; 0 is external power, 255 not known
    if level is None or said.external_power_source or said.battery_level_unavailable:
        return [noticed(device, "battery", "external power" if said.external_power_source else "unknown", at)]
    return [measured(device, "battery", "%", level, at), *doubt(at, stamp, name_of(device))]


def _eui(text: str) -> str:
    """A DevEUI in hex, also where it came as base64 of its 8 bytes."""
    if len(text) == 12 and text.endswith("="):
        try:
            return b64decode(text, validate=True).hex()
        except (Base64Error, ValueError):
            return text
    return text


_NOW = 1_763_762_400_000
_DEVICE = "24e124136b502217"
_TOPIC = f"application/17c8/device/{_DEVICE}/event/"
_HEAD = b'{"time":"2025-11-21T22:00:00.000123456+00:00","deviceInfo":{"devEui":"24e124136b502217"},'
EXAMPLES = (
    Example(
        "decoded by the network server, v4",
        _TOPIC + "up",
        _HEAD + b'"fPort":1,"object":{"temperature":-18.5,"humidity":0,"door":{"magnet_status":"open"}},'
        b'"rxInfo":[{"rssi":-97},{"rssi":-61}]}',
        [
            Reading(_DEVICE, "temperature", "temperature_c", _NOW, [-18.5]),
            Reading(_DEVICE, "humidity", "humidity_pct", _NOW, [0.0]),
            Reading(_DEVICE, "door.magnet_status", "door_open", _NOW, [1.0]),
            Reading(_DEVICE, "rssi", "rssi_dbm", _NOW, [-61.0]),
        ],
    ),
    Example(
        "Milesight bytes with a value kept from an hour before",
        _TOPIC + "up",
        _HEAD + b'"fPort":85,"data":"A2c2ASDO0NIgaT8BZQA="}',
        [
            Reading(_DEVICE, "temperature", "temperature_c", _NOW, [31.0]),
            Reading(_DEVICE, "temperature", "temperature_c", _NOW - 3_600_000, [31.9], flags=("historical",)),
            Reading(_DEVICE, "humidity", "humidity_pct", _NOW - 3_600_000, [50.5], flags=("historical",)),
        ],
    ),
    Example(
        "v3 with CayenneLPP, its DevEUI as base64 and its fields as text",
        "application/1/device/24e124136b502217/event/up",
        b'{"devEUI":"JOEkE2tQIhc=","rxInfo":[{"time":"2025-11-21T22:00:00Z"}],'
        b'"objectJSON":"{\\"temperatureSensor\\":{\\"1\\":4.5},\\"analogInput\\":{\\"1\\":7}}"}',
        [
            Reading(_DEVICE, "1", "temperature_c", _NOW, [4.5]),
            Reading(_DEVICE, "analogInput.1", "raw", _NOW, [7.0]),
        ],
    ),
    Example(
        "a battery",
        _TOPIC + "status",
        _HEAD + b'"margin":10,"batteryLevel":75.2}',
        [Reading(_DEVICE, "battery", "battery_pct", _NOW, [75.2])],
    ),
    Example(
        "a device joins",
        _TOPIC + "join",
        _HEAD + b'"devAddr":"00189440"}',
        [DeviceStatus(_DEVICE, True, _NOW), Notice(_DEVICE, "join", "joined", _NOW)],
    ),
    Example("protobuf, not JSON", _TOPIC + "up", b"\n\x01\x02", [Problem("payload.not_json", "")]),
    Example("data that is no base64", _TOPIC + "up", _HEAD + b'"data":"?"}', [Problem("payload.invalid", "")]),
)
