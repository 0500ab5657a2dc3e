"""Zigbee2MQTT: `zigbee2mqtt/<friendly name>`, one flat JSON object a device (zigbee2mqtt.io, MQTT topics and messages).

A message is the bridge's cache: one new value, and all the old ones again. With `last_seen` switched on (ISO or epoch)
what is said again with the same time is left out; without it an old value looks like a new one. A friendly name may
hold blanks and slashes, so it is all of the topic behind the base.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, doubt, json_of, measured, name_of, number_of, text_of, unexpected
from protocols.parsing.units import conversion
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading

FORMAT = "zigbee2mqtt"
FILTERS = ("zigbee2mqtt/#",)

DEVICES_MAX = 4096
"""Devices whose last message is remembered; beyond it the one heard first is forgotten, and repeats itself once."""


WORD_MAX = 64
"""A longer text is no value of a field that is read."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`base`: the bridge's base topic. `fields`: further fields to read -> their unit, e.g. soil_moisture = "raw"."""

    base: str = "zigbee2mqtt"
    fields: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Raises ValueError for a unit that is not known."""
        for field, unit in self.fields.items():
            if conversion(unit) is None:
                raise ValueError(f"fields.{field}: the unit {unit!r} is not known")


class Told(Struct, gc=False):
    """What a device said last."""

    stamp: object = None
    values: dict[str, object] = {}


class Memory(Struct):
    """What the devices said last."""

    told: dict[str, Told] = {}


FIELDS = {
    "temperature": "Cel",
    "local_temperature": "Cel",
    "soil_temperature": "Cel",
    "device_temperature": "Cel",
    "humidity": "%RH",
    "pressure": "hPa",
    "battery": "%",
    "voltage": "V",
    "current": "A",
    "power": "W",
    "energy": "kWh",
    "ac_frequency": "Hz",
    "state": "switch_on",
    "contact": "door_open",
}
"""Field -> unit. `voltage` is in V of the mains, but in mV of a battery; `contact` is true when the door is shut."""
ENDPOINTS = (*(f"l{n}" for n in range(1, 9)), *"12345678", "left", "right", "center", "top", "bottom")
PHASES = tuple(f"phase_{phase}" for phase in "abc")
NUMBERS: dict[str, tuple[str, str, str]] = {
    **{field: (field, unit, "1") for field, unit in FIELDS.items()},
    **{f"{field}_{end}": (field, unit, end) for field, unit in FIELDS.items() for end in (*ENDPOINTS, *PHASES)},
}
"""Field with its endpoint -> (field, unit, channel)."""
ALARMS = ("water_leak", "smoke", "carbon_monoxide", "gas", "tamper", "battery_low")

_INTERNAL: tuple[Flag, ...] = ("internal",)
_DEFAULTS = Options()


def begin(options: Options) -> Memory:
    """An empty memory."""
    return Memory()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says. Commands (`/set`, `/get`) and what the bridge tells beside its state say nothing."""
    options = context.options or _DEFAULTS
    base = options.base + "/"
    name = topic[len(base) :] if topic.startswith(base) else topic.partition("/")[2]
    if not payload or not name:
        return []
    head, _, leaf = name.rpartition("/")
    if name.startswith("bridge/"):
        return [_bridge(options.base, payload, context)] if name == "bridge/state" else []
    if leaf in ("set", "get") or head.endswith(("/set", "/get")):
        return []
    if leaf == "availability":
        return [_availability(name_of(head), payload, context)]
    if head and payload[:1] not in b"{[":  # `output: attribute`: one value a topic
        said: Any = _attribute(leaf, payload)
        name = head
    else:
        said = json_of(payload, name_of(name))
    device = name_of(name)
    if isinstance(said, Problem):
        return [said]
    if not isinstance(said, dict):
        return [unexpected("no object", device)]
    stamp = said.get("last_seen")
    if isinstance(stamp, str):
        stamp = stamp[:WORD_MAX]
    at = moment(stamp, context)
    told = _told(context.memory, device)
    again = told.values if stamp is not None and told.stamp == stamp else {}
    found: list[Decoded] = []
    values: dict[str, object] = {}
    for field, value in said.items():
        if value is None or isinstance(value, dict | list) or (isinstance(value, str) and len(value) > WORD_MAX):
            continue
        if field in NUMBERS or field in options.fields:
            values[field] = value
            if field not in again or again[field] != value:
                found.append(_number(device, field, value, said, at, options))
        elif field in ALARMS:
            values[field] = value
            before = told.values.get(field, False)
            if value != before:
                found.append(Notice(device, field, name_of(value).lower() or "none", at.at_ms, at.flags))
        elif field == "action" and value != "" and field not in again:
            values[field] = value
            found.append(Notice(device, field, name_of(value), at.at_ms, at.flags))
    told.stamp, told.values = stamp if isinstance(stamp, str | int | float) else None, values
    return capped([*found, *doubt(at, stamp, device)], device)


def _told(memory: Memory | None, device: str) -> Told:
    if memory is None:
        return Told()
    told = memory.told.get(device)
    if told is None:
        if len(memory.told) >= DEVICES_MAX:
            del memory.told[next(iter(memory.told))]
        told = memory.told[device] = Told()
    return told


def _number(device: str, field: str, value: object, said: dict[str, Any], at: Moment, options: Options) -> Decoded:
    if field in options.fields:
        return measured(device, field, options.fields[field], value, at)
    name, unit, channel = NUMBERS[field]
    if name == "state":
        word = str(value).upper()
        if word not in ("ON", "OFF"):  # of a blind, a lock
            return Notice(device, field, name_of(value) or "none", at.at_ms, at.flags)
        return measured(device, channel, unit, word == "ON", at)
    if name == "contact":
        return measured(device, channel, unit, not value if isinstance(value, bool) else value, at)
    if name == "voltage":
        volts = number_of(value) or 0.0
        unit = "mV" if volts >= 1000.0 or ("battery" in said and volts > 100.0) else "V"
    elif name == "device_temperature":
        return measured(device, "device", unit, value, at, _INTERNAL)
    return measured(device, "soil" if name == "soil_temperature" else channel, unit, value, at)


def _bridge(base: str, payload: bytes, context: Context) -> Decoded:
    word = _word(payload)
    if isinstance(word, Problem):
        return word
    at = moment(None, context)
    return Notice(name_of(base), "bridge", word, at.at_ms, at.flags)


def _availability(device: str, payload: bytes, context: Context) -> Decoded:
    word = _word(payload, device)
    if isinstance(word, Problem):
        return word
    if word not in ("online", "offline"):
        return unexpected(f"availability is {word[:60]!r}, neither online nor offline", device)
    return DeviceStatus(device, word == "online", context.received_ms)


def _word(payload: bytes, device: str = "") -> str | Problem:
    """`online`, bare or as `{"state":"online"}`."""
    if payload[:1] == b"{":
        said = json_of(payload, device)
        word = said.get("state") if isinstance(said, dict) else said
    else:
        word = text_of(payload, device)
    if isinstance(word, Problem):
        return word
    if not isinstance(word, str) or not word:
        return unexpected("no state in it", device)
    return name_of(word)


def _attribute(field: str, payload: bytes) -> dict[str, Any] | Problem:
    """The value of a topic of its own as if it had come in an object."""
    word = text_of(payload)
    if isinstance(word, Problem):
        return word
    return {field: {"true": True, "false": False}.get(word.lower(), word)}


_NOW = 1_763_762_400_000
_RECEIPT: tuple[Flag, ...] = ("no_clock",)
_SEEN = b'{"humidity":61,"last_seen":"2025-11-21T22:00:00.000Z","temperature":4.25}'
EXAMPLES = (
    Example(
        "a thermometer in a folder, with a blank in its name",
        "zigbee2mqtt/cold room/north wall",
        _SEEN,
        [
            Reading("cold room/north wall", "1", "humidity_pct", _NOW, [61.0]),
            Reading("cold room/north wall", "1", "temperature_c", _NOW, [4.25]),
        ],
    ),
    Example("the cache once more says nothing new", "zigbee2mqtt/t1", _SEEN, [], before=(("zigbee2mqtt/t1", _SEEN),)),
    Example(
        "of a cache the new value counts",
        "zigbee2mqtt/t1",
        b'{"humidity":61,"last_seen":1763762400000,"temperature":4.5}',
        [Reading("t1", "1", "temperature_c", _NOW, [4.5])],
        before=(("zigbee2mqtt/t1", b'{"humidity":61,"last_seen":1763762400000,"temperature":4.25}'),),
    ),
    Example(
        "a battery in millivolts, a shut door",
        "zigbee2mqtt/door",
        b'{"battery":88,"contact":true,"voltage":2985,"update":{"state":"idle"},"linkquality":54}',
        [
            Reading("door", "1", "battery_pct", _NOW, [88.0], flags=_RECEIPT),
            Reading("door", "1", "door_open", _NOW, [0.0], flags=_RECEIPT),
            Reading("door", "1", "voltage_v", _NOW, [2.985], flags=_RECEIPT),
        ],
    ),
    Example(
        "a plug with two outlets on the mains",
        "zigbee2mqtt/plug",
        b'{"state_left":"ON","state_right":"OFF","voltage":231,"power":12.5,"energy":1.5}',
        [
            Reading("plug", "left", "switch_on", _NOW, [1.0], flags=_RECEIPT),
            Reading("plug", "right", "switch_on", _NOW, [0.0], flags=_RECEIPT),
            Reading("plug", "1", "voltage_v", _NOW, [231.0], flags=_RECEIPT),
            Reading("plug", "1", "power_w", _NOW, [12.5], flags=_RECEIPT),
            Reading("plug", "1", "energy_wh", _NOW, [1500.0], flags=_RECEIPT),
        ],
    ),
    Example(
        "a leak", "zigbee2mqtt/floor", b'{"water_leak":true}', [Notice("floor", "water_leak", "true", _NOW, _RECEIPT)]
    ),
    Example(
        "a field that the source names",
        "zigbee2mqtt/plant",
        b'{"soil_moisture":41}',
        [Reading("plant", "soil_moisture", "raw", _NOW, [41.0], flags=_RECEIPT)],
        options={"fields": {"soil_moisture": "raw"}},
    ),
    Example(
        "one topic a value",
        "zigbee2mqtt/cold room/north wall/temperature",
        b"4.25",
        [Reading("cold room/north wall", "1", "temperature_c", _NOW, [4.25], flags=_RECEIPT)],
    ),
    Example("a device that went", "zigbee2mqtt/t1/availability", b"offline", [DeviceStatus("t1", False, _NOW)]),
    Example(
        "a device that came", "zigbee2mqtt/t1/availability", b'{"state":"online"}', [DeviceStatus("t1", True, _NOW)]
    ),
    Example(
        "the bridge, in its old form",
        "zigbee2mqtt/bridge/state",
        b"offline",
        [Notice("zigbee2mqtt", "bridge", "offline", _NOW, _RECEIPT)],
    ),
    Example("what the bridge logs", "zigbee2mqtt/bridge/logging", b'{"level":"info"}', []),
    Example("a command", "zigbee2mqtt/cold room/plug/set", b'{"state":"ON"}', []),
    Example("a command of one value", "zigbee2mqtt/plug/set/state", b"ON", []),
    Example("a cleared retained message", "zigbee2mqtt/t1", b"", []),
    Example("no such humidity", "zigbee2mqtt/t1", b'{"humidity":655.35}', [Problem("value.out_of_range", "")]),
    Example("a number without a field", "zigbee2mqtt/t1", b"27.5", [Problem("payload.invalid", "")]),
    Example("garbage", "zigbee2mqtt/t1", b"\xff{", [Problem("payload.not_json", "")]),
    Example("a list", "zigbee2mqtt/t1", b"[]", [Problem("payload.invalid", "")]),
)
