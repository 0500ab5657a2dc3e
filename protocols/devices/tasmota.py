"""Tasmota: `tele/<topic>/SENSOR` and its kin, JSON with one object a sensor (tasmota.github.io/docs).

A weight is taken from `WeightRaw`, in grams, where it is there: `Weight` is in kilograms with `WeightRes` decimals, by
default none, never below zero, and moves when the tare is set. `WeightRaw` counts the tare in, so that a slot's
`tare_g` is what the empty scale shows; it carries the flag `gross`. Times are local and have no zone.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, doubt, measured, name_of, object_of, text_of, unexpected
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading, TagRead, TagReads

FORMAT = "tasmota"
FILTERS = (
    *(f"tele/+/{leaf}" for leaf in ("SENSOR", "STATE", "LWT", "INFO1", "INFO2", "INFO3")),
    *(f"stat/+/{leaf}" for leaf in ("SENSOR", "RESULT", "STATUS8", "STATUS10", "STATUS11")),
    *(f"tele/+/+/{leaf}" for leaf in ("SENSOR", "ZbReceived")),
)
READ = ("SENSOR", "STATE", "RESULT", "STATUS8", "STATUS10", "STATUS11", "ZbReceived")


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`weight`: "raw" (WeightRaw, tare counted in) or "net" (Weight, tare taken off by the device). `online` and
    `offline` are the words of the last will, which builds in other languages have translated."""

    weight: Literal["raw", "net"] = "raw"
    online: str = "Online"
    offline: str = "Offline"


SENSOR = {
    "Temperature": "TempUnit",
    "Humidity": "%RH",
    "Pressure": "PressureUnit",
    "Battery": "%",
    "RSSI": "dBm",
    **dict.fromkeys(("CarbonDioxide", "eCO2", "TVOC", "Distance", "Illuminance", "Moisture", "Gas"), "raw"),
    **{f"{what}{axis}Axis": "raw" for what in ("Accel", "Gyro") for axis in "XYZ"},
    **dict.fromkeys(("A", "C", "Range"), "raw"),  # ANALOG and COUNTER number them
}
"""Field of a sensor -> its unit, or the key that tells the unit. Raw is what has none here, e.g. counts of a chip."""

ENERGY = {"Power": "W", "Total": "kWh", "Voltage": "V", "Current": "A", "Frequency": "Hz"}

ZIGBEE = {
    "Temperature": "Cel",
    "Humidity": "%RH",
    "Pressure": "hPa",
    "BatteryPercentage": "%",
    "BatteryVoltage": "V",
    "Power": "switch_on",
    "ActivePower": "W",
    "RMSVoltage": "V",
    "RMSCurrent": "A",
    "Contact": "door_open",
}
"""Attribute of a Zigbee device -> its unit. `Power` is the switch, 1 is on; `Contact` is 1 when the door is open."""
ZIGBEE_WORDS = ("Water", "Fire", "Vibration", "Movement", "Occupancy", "Click")

_SENTINELS = {"DS18": (85.0, -127.0)}
"""What a probe says when it has not measured yet, or has come off."""
_UID = re.compile(r"(?:[0-9A-Fa-f]{2}){2,62}\Z")
_INTERNAL: dict[str, tuple[Flag, ...]] = {"ESP32": ("internal",), "ESP8266": ("internal",)}
_DIGITS = "0123456789"
_DEFAULTS = Options()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says. A cleared retained message and the answer to a command say nothing."""
    leaf = topic[topic.rfind("/") + 1 :]
    device = name_of(context.name or _named(topic))
    if not payload:
        return []
    options = context.options or _DEFAULTS
    if leaf == "LWT":
        return [_will(device, payload, options, context)]
    if leaf not in READ:
        return []
    said = object_of(payload, device)
    if isinstance(said, Problem):
        return [said]
    inner = said.get("StatusSNS", said.get("StatusSTS", said))
    if not isinstance(inner, dict):
        return [unexpected(f"{leaf} holds no object", device)]
    if leaf == "ZbReceived":
        inner = {"ZbReceived": inner.get("ZbReceived", inner)}
    stamp = inner.get("Time")
    at = moment(stamp, context)
    found: list[Decoded] = []
    units = {"TempUnit": str(inner.get("TempUnit", "C")), "PressureUnit": str(inner.get("PressureUnit", "hPa"))}
    for key, part in inner.items():
        if isinstance(part, dict):
            _part(device, key, part, units, at, options, found)
        elif isinstance(part, str) and key.startswith(("POWER", "Switch")) and part.upper() in ("ON", "OFF"):
            found.append(measured(device, key, "switch_on", part.upper() == "ON", at))
        elif key == "Vcc":
            found.append(measured(device, key, "V", part, at, ("internal",)))
    return capped([*found, *doubt(at, stamp, device)], device)


def _named(topic: str) -> str:
    """The device a topic names: all levels but the prefix, which may stand before or behind it, and the last."""
    levels = topic.split("/")[:-1]
    for prefix in ("tele", "stat"):
        if prefix in levels:
            levels.remove(prefix)
            break
    return "/".join(levels)


def _will(device: str, payload: bytes, options: Options, context: Context) -> Decoded:
    word = text_of(payload, device)
    if isinstance(word, Problem):
        return word
    if word.lower() not in (options.online.lower(), options.offline.lower()):
        hint = "give the source the words of this build: options = { online = ..., offline = ... }"
        return Problem("payload.invalid", f"the last will says {word[:60]!r}", hint, device)
    return DeviceStatus(device, word.lower() == options.online.lower(), context.received_ms)


def _part(
    device: str, key: str, part: dict[str, Any], units: dict[str, str], at: Moment, options: Options, out: list[Decoded]
) -> None:
    """What one sensor says, added to `out`."""
    if key == "ZbReceived":
        if part.get("Device") is not None or not all(isinstance(one, dict) for one in part.values()):
            part = {device.rpartition("/")[2]: part}  # SetOption119 takes the address off: the topic has it
        for name, attributes in part.items():
            if isinstance(attributes, dict):
                _zigbee(name, attributes, at, out)
    elif key == "ENERGY":
        _energy(device, part, at, out)
    elif key == "Wifi":
        if part.get("Signal") is not None:
            out.append(measured(device, "1", "dBm", part["Signal"], at))
    elif key == "HX711":
        _weight(device, part, at, options, out)
    elif part.get("weight_unit") is not None:
        flags: tuple[Flag, ...] = () if part.get("stabilized") else ("unstable",)
        if part.get("weight") is not None and not part.get("weight_removed"):
            out.append(measured(device, key, str(part["weight_unit"]), part["weight"], at, flags))
    elif "UID" in part:
        _tag(device, key, part["UID"], at, out)
    else:
        _sensor(device, key, part, units, at, out)


def _sensor(device: str, key: str, part: dict[str, Any], units: dict[str, str], at: Moment, out: list[Decoded]) -> None:
    flags = _INTERNAL.get(key, ())
    channel = key
    if "Id" in part:  # the number behind the name moves when a probe drops out
        channel = f"{key.partition('-')[0].partition('_')[0]}:{part['Id']}"
    for field, value in part.items():
        unit = SENSOR.get(field) or SENSOR.get(field.rstrip(_DIGITS))
        if unit is None or value is None:
            continue
        own = channel if unit != "raw" and field in SENSOR else f"{channel}/{field}"
        found = measured(device, own, units.get(unit, unit), value, at, flags)
        if isinstance(found, Reading) and value in _SENTINELS.get(key[:4], ()):
            detail = f"{own!r} says {value}, which is what it says before it has measured, or when it has come off"
            found = Problem("value.sentinel", detail[:300], "check the wires of the probe", device)
        out.append(found)


def _weight(device: str, part: dict[str, Any], at: Moment, options: Options, out: list[Decoded]) -> None:
    grams, kilograms = part.get("WeightRaw"), part.get("Weight")
    if grams is not None and options.weight == "raw":
        out.append(measured(device, "HX711", "g", grams, at, ("gross",)))
    elif kilograms is not None:
        out.append(measured(device, "HX711", "kg", kilograms, at))
        if isinstance(kilograms, int):
            detail = f"a weight in whole kilograms, {kilograms}"
            out.append(Problem("value.coarse", detail[:300], "send the device the command `WeightRes 3`", device))
    if part.get("Count") is not None:
        out.append(measured(device, "HX711", "count", part["Count"], at))


def _energy(device: str, part: dict[str, Any], at: Moment, out: list[Decoded]) -> None:
    for field, unit in ENERGY.items():
        value = part.get(field)
        if isinstance(value, list):  # one a phase
            for phase, one in enumerate(value[:16], 1):
                if one is not None:
                    out.append(measured(device, f"ENERGY/{phase}", unit, one, at))
        elif value is not None:
            out.append(measured(device, "ENERGY", unit, value, at))


def _tag(device: str, key: str, uid: object, at: Moment, out: list[Decoded]) -> None:
    """A card's number as a tag: that of the chip, which is no EPC."""
    if uid in ("", None):
        return
    if not isinstance(uid, str) or not _UID.match(uid):
        out.append(unexpected(f"{key}: the UID {str(uid)[:60]!r} is not 2 to 62 bytes of hex", device))
        return
    out.append(TagReads(device, at.at_ms, [TagRead(uid.upper(), 1, at.at_ms)], flags=at.flags))


def _zigbee(name: str, part: dict[str, Any], at: Moment, out: list[Decoded]) -> None:
    """A device behind the bridge. Its short address changes when it joins anew: a name, where it has one, does not."""
    device = name_of(part.get("Name") or part.get("Device") or name)
    endpoint = name_of(part.get("Endpoint") or "1")
    for field, value in part.items():
        known = field if field in ZIGBEE else field.rstrip(_DIGITS)  # SetOption101 adds the endpoint
        if value is None:
            continue
        if known in ZIGBEE:
            out.append(measured(device, endpoint, ZIGBEE[known], value, at))
        elif known in ZIGBEE_WORDS:
            out.append(Notice(device, name_of(field), name_of(value) or "0", at.at_ms, at.flags))


_NOW = 1_763_762_400_000
_LOCAL: tuple[Flag, ...] = ("zone_assumed",)
EXAMPLES = (
    Example(
        "a scale: the grams with the tare, not the whole kilograms",
        "tele/shelf-7/SENSOR",
        b'{"Time":"2025-11-21T22:00:00","HX711":{"Weight":2,"Count":12,"WeightRaw":2381,"AbsRaw":83210}}',
        [
            Reading("shelf-7", "HX711", "mass_g", _NOW, [2381.0], flags=("zone_assumed", "gross")),
            Reading("shelf-7", "HX711", "count", _NOW, [12.0], flags=_LOCAL),
        ],
    ),
    Example(
        "the net weight, where the source asks for it",
        "tele/shelf-7/SENSOR",
        b'{"HX711":{"Weight":2.381,"WeightRaw":2981}}',
        [Reading("shelf-7", "HX711", "mass_g", _NOW, [2381.0], flags=("no_clock",))],
        options={"weight": "net"},
    ),
    Example(
        "whole kilograms can not count boxes",
        "tele/shelf-7/SENSOR",
        b'{"HX711":{"Weight":2}}',
        [Reading("shelf-7", "HX711", "mass_g", _NOW, [2000.0], flags=("no_clock",)), Problem("value.coarse", "")],
    ),
    Example(
        "probes go by their number, in Fahrenheit, with the old form of a time",
        "tele/cold/SENSOR",
        b'{"Time":"2025.11.21 22:00:00","DS18B20-1":{"Id":"0001","Temperature":-4},'
        b'"DS18B20-2":{"Id":"0002","Temperature":null},"TempUnit":"F"}',
        [Reading("cold", "DS18B20:0001", "temperature_c", _NOW, [-4 * 5.0 / 9.0 - 160.0 / 9.0], flags=_LOCAL)],
    ),
    Example(
        "85 degrees are a probe that has not measured",
        "tele/cold/SENSOR",
        b'{"DS18B20":{"Id":"0001","Temperature":85.0}}',
        [Problem("value.sentinel", "")],
    ),
    Example(
        "a meter with three phases",
        "tele/meter/SENSOR",
        b'{"ENERGY":{"Total":1.5,"Power":[100,null,300]}}',
        [
            Reading("meter", "ENERGY/1", "power_w", _NOW, [100.0], flags=("no_clock",)),
            Reading("meter", "ENERGY/3", "power_w", _NOW, [300.0], flags=("no_clock",)),
            Reading("meter", "ENERGY", "energy_wh", _NOW, [1500.0], flags=("no_clock",)),
        ],
    ),
    Example(
        "two devices behind a Zigbee bridge, one with a name",
        "tele/bridge/SENSOR",
        b'{"ZbReceived":{"0x1A2B":{"Device":"0x1A2B","Name":"door","Contact":1,"Endpoint":1,"LinkQuality":90},'
        b'"0x3C4D":{"Device":"0x3C4D","Power2":0,"Endpoint":2}}}',
        [
            Reading("door", "1", "door_open", _NOW, [1.0], flags=("no_clock",)),
            Reading("0x3C4D", "2", "switch_on", _NOW, [0.0], flags=("no_clock",)),
        ],
    ),
    Example(
        "a Zigbee device with a topic of its own",
        "tele/bridge/freezer/ZbReceived",
        b'{"Device":"0x3C4D","Temperature":-18.5,"Endpoint":1}',
        [Reading("0x3C4D", "1", "temperature_c", _NOW, [-18.5], flags=("no_clock",))],
    ),
    Example(
        "a card",
        "tele/gate/SENSOR",
        b'{"RC522":{"UID":"04a1b2c3","Type":"MIFARE 1KB"}}',
        [TagReads("gate", _NOW, [TagRead("04A1B2C3", 1, _NOW)], flags=("no_clock",))],
    ),
    Example("a card without a number", "tele/gate/SENSOR", b'{"PN532":{"UID":"zz"}}', [Problem("payload.invalid", "")]),
    Example("a last will", "tele/cold/LWT", b"Offline", [DeviceStatus("cold", False, _NOW)]),
    Example("a last will in Polish", "tele/cold/LWT", b"Aktywny", [Problem("payload.invalid", "")]),
    Example(
        "its own state",
        "tele/cold/STATE",
        b'{"Vcc":3.1,"POWER1":"ON","Wifi":{"RSSI":80,"Signal":-61}}',
        [
            Reading("cold", "Vcc", "voltage_v", _NOW, [3.1], flags=("no_clock", "internal")),
            Reading("cold", "POWER1", "switch_on", _NOW, [1.0], flags=("no_clock",)),
            Reading("cold", "1", "rssi_dbm", _NOW, [-61.0], flags=("no_clock",)),
        ],
    ),
    Example("a list", "tele/cold/SENSOR", b"[1]", [Problem("payload.invalid", "")]),
    Example("half a message", "tele/cold/SENSOR", b'{"AM2301":{"Temp', [Problem("payload.not_json", "")]),
)
