"""Shelly, second generation and later: `<id>/events/rpc`, `<id>/status/<component>` (shelly-api-docs.shelly.cloud).

A device that has both switched on says everything twice: what comes again by the other way within seconds, unchanged,
is left out. Notices are deltas, so what is missing has not changed. `temperature` inside a switch, and `temperature:0`
of an energy meter, is that of the device itself. Energy is in Wh; the list `by_minute`, in mWh, is not read.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, doubt, json_of, measured, name_of, object_of, text_of, unexpected
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading

FORMAT = "shelly"
FILTERS = ("+/events/rpc",)

ECHO_MS = 5000
"""What comes by the other way within this time is the same message."""
REMEMBERED_MAX = 8192
"""Series, packets and meters remembered; beyond it the first heard is forgotten, and its echo may be read twice."""
CLOCK_MS = 10 * 60_000
"""A device that has just woken without the time of day (`unixtime` null) is believed this far from the receipt."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`sleeping`: the devices of this source sleep between their messages; when one goes offline, that is no status."""

    sleeping: bool = False


class Memory(Struct):
    """What came last: (device, channel, quantity) -> (way, value, when), and Bluetooth address -> packet number."""

    said: dict[tuple[str, str, str], tuple[str, float, int]] = {}
    packets: dict[str, tuple[int, int]] = {}
    meters: dict[str, bool] = {}
    """Devices that have said that they are energy meters."""


METER = {
    "apower": "W",
    "act_power": "W",
    "voltage": "V",
    "current": "A",
    "freq": "Hz",
    "output": "switch_on",
    "total_act_energy": "Wh",
    "rh": "%RH",
    "tC": "Cel",
    "rssi": "dBm",
    "lux": "raw",
    "percent": "raw",
}
"""Field of a component -> its unit."""
COMPONENTS = (
    *("switch", "light", "rgb", "rgbw", "cct", "cover", "pm1", "em1", "em1data", "temperature", "humidity"),
    *("voltmeter", "illuminance", "wifi", "input", "em", "emdata", "devicepower", "smoke", "flood"),
    *("bthomesensor", "bthomedevice"),
)
PHASES = ("a", "b", "c", "n", "total")
PHASE_FIELDS = {
    "act_power": "W",
    "voltage": "V",
    "current": "A",
    "freq": "Hz",
    "total_act_energy": "Wh",
    "act": "Wh",  # emdata: the sum of the phases
}
BLUETOOTH = {
    "battery": "%",
    "temperature": "Cel",
    "humidity": "%RH",
    "pressure": "hPa",
    "rssi": "dBm",
    "window": "door_open",
    "illuminance": "raw",
}
_INTERNAL: tuple[Flag, ...] = ("internal",)
_DEFAULTS = Options()


def begin(options: Options) -> Memory:
    """An empty memory."""
    return Memory()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says. Components that measure nothing (`ble`, `cloud`, `mqtt`, `sys`) say nothing."""
    parts = topic.split("/")
    if not payload:
        return []
    leaf = parts[-1]
    if leaf == "online" and len(parts) > 1:
        return _online(name_of("/".join(parts[:-1])), payload, context)
    if len(parts) > 2 and parts[-2] == "status":
        device = name_of("/".join(parts[:-2]))
        said = json_of(payload, device)
        if isinstance(said, Problem):
            return [said]
        return _fresh(_component(device, leaf, said, moment(None, context), context), "status", context)
    if len(parts) > 2 and parts[-2] == "events" and leaf == "rpc":
        return _notified(name_of("/".join(parts[:-2])), payload, context)
    return []


def _notified(device: str, payload: bytes, context: Context) -> list[Decoded]:
    said = object_of(payload, device)
    if isinstance(said, Problem):
        return [said]
    params, method = said.get("params"), said.get("method")
    if method not in ("NotifyStatus", "NotifyFullStatus", "NotifyEvent"):
        return []
    if not isinstance(params, dict):
        return [unexpected(f"a {method} without params", device)]
    stamp = params.get("ts")
    at = moment(stamp, context)
    system = params.get("sys")
    awake = isinstance(system, dict) and "unixtime" in system and system["unixtime"] is None
    if awake and abs(at.at_ms - context.received_ms) > CLOCK_MS:
        at = Moment(context.received_ms, ("clock",))
    found: list[Decoded] = []
    if method == "NotifyEvent":
        for event in _list(params.get("events")):
            _event(device, event, at, context, found)
    else:
        for component, status in params.items():
            found += _component(device, component, status, at, context)
    return capped([*_fresh(found, "rpc", context), *doubt(at, stamp, device)], device)


def _online(device: str, payload: bytes, context: Context) -> list[Decoded]:
    word = text_of(payload, device)
    if isinstance(word, Problem):
        return [word]
    if word not in ("true", "false"):
        return [unexpected(f"online is {word[:60]!r}, neither true nor false", device)]
    if word == "false" and (context.options or _DEFAULTS).sleeping:
        return [Notice(device, "online", "asleep", context.received_ms)]
    return [DeviceStatus(device, word == "true", context.received_ms)]


def _component(device: str, name: str, said: object, at: Moment, context: Context) -> list[Decoded]:
    """What one component says of itself."""
    kind = name.partition(":")[0]
    if kind not in COMPONENTS:
        return []
    if not isinstance(said, dict):
        return [] if said is None else [unexpected(f"{name}: no object", device)]
    found: list[Decoded] = []
    if kind.startswith("em") and context.memory is not None:
        _keep(context.memory.meters, device, True)
    if kind in ("em", "emdata"):
        _phases(device, name, said, at, found)
    elif kind == "devicepower":
        _battery(device, name, said, at, found)
    elif kind == "input":
        _input(device, name, said, at, found)
    elif kind.startswith("bthome"):
        _paired(device, name, said, context, found)
    else:
        flags = _INTERNAL if name == "temperature:0" and _is_meter(device, context) else ()
        for field, value in said.items():
            unit = METER.get(field)
            if unit is None or value is None or (kind == "wifi" and value == 0):  # a signal of 0 is none
                continue
            found.append(measured(device, name, unit, value, at, flags))
        total, inside = _inner(said, "aenergy", "total"), _inner(said, "temperature", "tC")
        if total is not None:
            found.append(measured(device, name, "Wh", total, at))
        if inside is not None:
            found.append(measured(device, name, "Cel", inside, at, _INTERNAL))
        if said.get("alarm") is not None:
            _tell(device, name, "alarm" if said["alarm"] else "no alarm", at, found)
    for error in _list(said.get("errors")):
        _tell(device, name, error, at, found)
    return found


def _phases(device: str, name: str, said: dict[str, Any], at: Moment, out: list[Decoded]) -> None:
    for field, value in said.items():
        phase, _, what = field.partition("_")
        if value is not None and phase in PHASES and what in PHASE_FIELDS:
            out.append(measured(device, f"{name}/{phase}", PHASE_FIELDS[what], value, at))


def _battery(device: str, name: str, said: dict[str, Any], at: Moment, out: list[Decoded]) -> None:
    """A battery of 0 % beside external power is none."""
    external = bool(_inner(said, "external", "present"))
    volts, percent = _inner(said, "battery", "V"), _inner(said, "battery", "percent")
    if volts is not None:
        out.append(measured(device, name, "V", volts, at))
    if percent is not None:
        out.append(measured(device, name, "%", percent, at, ("uncertain",) if external else ()))


def _input(device: str, name: str, said: dict[str, Any], at: Moment, out: list[Decoded]) -> None:
    counted = _inner(said, "counts", "total")
    for unit, value in (("switch_on", said.get("state")), ("raw", said.get("percent")), ("count", counted)):
        if value is not None:
            out.append(measured(device, name, unit, value, at))


def _is_meter(device: str, context: Context) -> bool:
    """Whether a device is an energy meter: it has said so, or its id (shellypro3em-...) does."""
    model = device.rpartition("/")[2].partition("-")[0]
    said = context.memory is not None and device in context.memory.meters
    return said or (model.startswith("shelly") and "em" in model)


def _paired(device: str, name: str, said: dict[str, Any], context: Context, out: list[Decoded]) -> None:
    """A Bluetooth sensor paired with the device, heard when it says so, not when the device repeats it. What it
    measures is known to the device alone."""
    value, at = said.get("value"), moment(said.get("last_updated_ts"), context)
    if isinstance(value, bool):
        out.append(measured(device, name, "switch_on", value, at))
    elif value is not None:
        out.append(measured(device, name, "raw", value, at))
    for field, unit in (("battery", "%"), ("rssi", "dBm")):
        if said.get(field) is not None:
            out.append(measured(device, name, unit, said[field], at))


def _event(device: str, event: object, at: Moment, context: Context, out: list[Decoded]) -> None:
    if not isinstance(event, dict):
        out.append(unexpected("an event that is no object", device))
        return
    data = event.get("data")
    if isinstance(data, dict) and "pid" in data and isinstance(data.get("address"), str):
        _advertised(data["address"], data, at, context, out)
        return
    _tell(device, str(event.get("component", "1")), event.get("event"), at, out)


def _advertised(address: str, data: dict[str, Any], at: Moment, context: Context, out: list[Decoded]) -> None:
    """A BLU device that a script on the gateway passes on; a packet is sent, and heard, several times."""
    device = name_of(address)
    packet = data["pid"]
    if context.memory is not None and isinstance(packet, int):
        last = context.memory.packets.get(device)
        if last is not None and last[0] == packet and context.received_ms - last[1] < 60_000:
            return
        _keep(context.memory.packets, device, (packet, context.received_ms))
    for field, unit in BLUETOOTH.items():
        value = data.get(field)
        for number, one in enumerate(value[:16] if isinstance(value, list) else [value], 1):
            if one is not None:
                out.append(measured(device, str(number), unit, one, at))
    for field in ("button", "motion", "rotation"):
        if data.get(field) is not None:
            _tell(device, field, data[field], at, out)


def _tell(device: str, channel: str, text: object, at: Moment, out: list[Decoded]) -> None:
    words = name_of(text)
    if words and text is not None:
        out.append(Notice(device, name_of(channel) or "1", words, at.at_ms, at.flags))


def _fresh(found: list[Decoded], way: str, context: Context) -> list[Decoded]:
    """Without what came by the other way a moment ago."""
    memory = context.memory
    if memory is None:
        return found
    said, now_ms = memory.said, context.received_ms
    fresh: list[Decoded] = []
    for one in found:
        if type(one) is Reading:
            key, value = (one.device, one.channel, one.quantity), one.values[0]
            last = said.get(key)
            if last is not None and last[0] != way and last[1] == value and now_ms - last[2] < ECHO_MS:
                continue
            _keep(said, key, (way, value, now_ms))
        fresh.append(one)
    return fresh


def _keep(kept: dict[Any, Any], key: object, value: object) -> None:
    kept[key] = value
    if len(kept) > REMEMBERED_MAX:
        del kept[next(iter(kept))]


def _inner(said: dict[str, Any], outer: str, inner: str) -> Any:
    part = said.get(outer)
    return part.get(inner) if isinstance(part, dict) else None


def _list(value: object) -> list[Any]:
    return value[:256] if isinstance(value, list) else []


_NOW = 1_763_762_400_000
_RECEIPT: tuple[Flag, ...] = ("no_clock",)
_DELTA = b'{"src":"pm-1","method":"NotifyStatus","params":{"ts":1763762400.25,"switch:0":{"id":0,"apower":181.5}}}'
_BLU = (
    b'{"src":"gw","method":"NotifyEvent","params":{"ts":1763762400,"events":[{"component":"script:1","event":"shelly-blu",'
    b'"data":{"pid":118,"battery":100,"temperature":[4.5,-18.25],"window":1,"button":0,"address":"7c:c6:b6:00:00:01"}}]}}'
)
EXAMPLES = (
    Example(
        "a delta: what is missing has not changed",
        "pm-1/events/rpc",
        _DELTA,
        [Reading("pm-1", "switch:0", "power_w", _NOW + 250, [181.5])],
    ),
    Example(
        "the same by the other way",
        "pm-1/status/switch:0",
        b'{"id":0,"apower":181.5}',
        [],
        before=(("pm-1/events/rpc", _DELTA),),
    ),
    Example(
        "a switch with a meter, hot inside",
        "hall/pm-1/status/switch:0",
        b'{"id":0,"output":true,"apower":25.5,"aenergy":{"total":913.5,"by_minute":[404.6]},'
        b'"temperature":{"tC":68.5,"tF":155.3},"errors":["overtemp"]}',
        [
            Reading("hall/pm-1", "switch:0", "switch_on", _NOW, [1.0], flags=_RECEIPT),
            Reading("hall/pm-1", "switch:0", "power_w", _NOW, [25.5], flags=_RECEIPT),
            Reading("hall/pm-1", "switch:0", "energy_wh", _NOW, [913.5], flags=_RECEIPT),
            Reading("hall/pm-1", "switch:0", "temperature_c", _NOW, [68.5], flags=("no_clock", "internal")),
            Notice("hall/pm-1", "switch:0", "overtemp", _NOW, _RECEIPT),
        ],
    ),
    Example(
        "a thermometer that has just woken, on external power; its clock is an hour off",
        "ht-1/events/rpc",
        b'{"src":"ht-1","method":"NotifyFullStatus","params":{"ts":1763758800.0,"sys":{"unixtime":null},'
        b'"temperature:0":{"id":0,"tC":null},"humidity:0":{"id":0,"rh":61.5},'
        b'"devicepower:0":{"id":0,"battery":{"V":0.4,"percent":0},"external":{"present":true}}}}',
        [
            Reading("ht-1", "humidity:0", "humidity_pct", _NOW, [61.5], flags=("clock",)),
            Reading("ht-1", "devicepower:0", "voltage_v", _NOW, [0.4], flags=("clock",)),
            Reading("ht-1", "devicepower:0", "battery_pct", _NOW, [0.0], flags=("clock", "uncertain")),
            Problem("clock.not_believable", ""),
        ],
    ),
    Example(
        "a meter of three phases, one without a wire",
        "em-1/status/em:0",
        b'{"id":0,"a_act_power":375.5,"a_voltage":229.0,"b_act_power":null,"n_current":null,"total_act_power":375.5}',
        [
            Reading("em-1", "em:0/a", "power_w", _NOW, [375.5], flags=_RECEIPT),
            Reading("em-1", "em:0/a", "voltage_v", _NOW, [229.0], flags=_RECEIPT),
            Reading("em-1", "em:0/total", "power_w", _NOW, [375.5], flags=_RECEIPT),
        ],
    ),
    Example(
        "a Bluetooth sensor with two probes, passed on by a script",
        "gw/events/rpc",
        _BLU,
        [
            Reading("7c:c6:b6:00:00:01", "1", "battery_pct", _NOW, [100.0]),
            Reading("7c:c6:b6:00:00:01", "1", "temperature_c", _NOW, [4.5]),
            Reading("7c:c6:b6:00:00:01", "2", "temperature_c", _NOW, [-18.25]),
            Reading("7c:c6:b6:00:00:01", "1", "door_open", _NOW, [1.0]),
            Notice("7c:c6:b6:00:00:01", "button", "0", _NOW),
        ],
    ),
    Example("the same packet again", "gw/events/rpc", _BLU, [], before=(("gw/events/rpc", _BLU),)),
    Example(
        "a button",
        "i4/events/rpc",
        b'{"method":"NotifyEvent","params":{"ts":1763762400,"events":[{"component":"input:0","event":"single_push"}]}}',
        [Notice("i4", "input:0", "single_push", _NOW)],
    ),
    Example("it went", "pm-1/online", b"false", [DeviceStatus("pm-1", False, _NOW)]),
    Example(
        "it went to sleep", "ht-1/online", b"false", [Notice("ht-1", "online", "asleep", _NOW)], {"sleeping": True}
    ),
    Example("neither here nor there", "pm-1/online", b"maybe", [Problem("payload.invalid", "")]),
    Example("no such temperature", "ht-1/status/temperature:0", b'{"tC":-999}', [Problem("value.out_of_range", "")]),
    Example("an answer to a command", "pm-1/events/rpc", b'{"id":1,"src":"pm-1","result":{}}', []),
    Example("half a message", "pm-1/events/rpc", _DELTA[:60], [Problem("payload.not_json", "")]),
)
