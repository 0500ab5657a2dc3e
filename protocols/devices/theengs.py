"""Theengs Gateway and OpenMQTTGateway: `home/<gateway>/BTtoMQTT/<mac>`, Bluetooth sensors decoded to flat JSON.

One name a quantity (`tempc`, `hum`, `batt`, `volt`); what comes in two units (`tempf`) is read in one. No message has a
time. Gateways pass on every telephone that walks by: what measures nothing says nothing.
"""

from __future__ import annotations

from typing import Any

from protocols.devices import Example
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, measured, name_of, number_of, object_of, text_of, unexpected
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading

FORMAT = "theengs"
FILTERS = ("home/+/BTtoMQTT/+", "home/+/BTtoMQTT", "home/+/LWT")

PROBES = tuple(f"tempc{probe}" for probe in range(1, 7))
FIELDS = {
    "tempc": ("Cel", "1"),
    **{field: ("Cel", field.removeprefix("tempc")) for field in PROBES},
    "hum": ("%RH", "1"),
    "batt": ("%", "1"),
    "volt": ("V", "battery"),
    "lux": ("raw", "lux"),
    "moi": ("raw", "moisture"),
    "open": ("door_open", "1"),
}
"""Field -> (unit, channel). The probes of a thermometer with several are its channels."""
FAHRENHEIT = {f"tempf{field[5:]}": field for field in ("tempc", *PROBES)}
WORDS = ("button", "motion", "alarm", "water_leak")

SENTINELS = (127.99, -127.0, 327.67, -327.68, 3276.7, 6553.5)
"""What a sensor sends in the place of a temperature or a humidity when it has none."""
GRAM_SCALES = ("SKALE",)
"""Models whose weight is in grams; all others tell their `unit`, and weigh in kg without one."""


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says."""
    levels = topic.split("/")
    if not payload:
        return []
    if levels[-1] == "LWT":
        return [_will(name_of("/".join(levels[1:-1])), payload, context)]
    own = name_of(context.name or ("" if levels[-1] == "BTtoMQTT" else levels[-1]))
    said = object_of(payload, own)
    if isinstance(said, Problem):
        return [said]
    device = name_of(said.get("id") or own)
    at = moment(None, context)
    found: list[Decoded] = []
    for field, value in said.items():
        if value is None:
            continue
        if field in FIELDS:
            found.append(_value(device, field, *FIELDS[field], value, at))
        elif field in FAHRENHEIT and FAHRENHEIT[field] not in said:
            found.append(measured(device, FIELDS[FAHRENHEIT[field]][1], "degF", value, at))
        elif field in WORDS:
            found.append(Notice(device, field, name_of(value).lower() or "none", at.at_ms, at.flags))
    if said.get("weight") is not None:
        found.append(_weight(device, said, at))
    if found and said.get("rssi") is not None:
        found.append(measured(device, "1", "dBm", said["rssi"], at))
    return capped(found, device)


def _value(device: str, field: str, unit: str, channel: str, value: object, at: Moment) -> Reading | Problem:
    if unit in ("Cel", "%RH") and value in SENTINELS:
        detail = f"{field} is {value}, which is what a sensor sends when it has no value"
        return Problem("value.sentinel", detail, "check the sensor, its probe and its battery", device)
    reading = measured(device, channel, unit, value, at)
    if unit == "%RH" and isinstance(reading, Reading) and reading.values[0] > 100.0:
        return measured(device, channel, unit, value, at, ("uncertain",))
    return reading


def _weight(device: str, said: dict[str, Any], at: Moment) -> Reading | Problem:
    unit = "g" if str(said.get("model_id", "")).startswith(GRAM_SCALES) else str(said.get("unit", "kg"))
    weight = said["weight"]
    if unit == "jin":  # half a kilogram
        number = number_of(weight)
        unit, weight = "kg", None if number is None else number / 2
    return measured(device, "1", unit, weight, at)


def _will(gateway: str, payload: bytes, context: Context) -> Decoded:
    word = text_of(payload, gateway)
    if isinstance(word, Problem):
        return word
    if word not in ("online", "offline"):
        return unexpected(f"the last will says {word[:60]!r}, neither online nor offline", gateway)
    return DeviceStatus(gateway, word == "online", context.received_ms)


_NOW = 1_763_762_400_000
_RECEIPT: tuple[Flag, ...] = ("no_clock",)
_MAC = "A4:C1:38:00:00:02"
_TOPIC = "home/hall/BTtoMQTT/A4C138000002"
EXAMPLES = (
    Example(
        "a thermometer says its temperature in two units",
        _TOPIC,
        b'{"id":"A4:C1:38:00:00:02","rssi":-71,"model_id":"LYWSD03MMC_ATC","tempc":4.5,"tempf":40.1,"hum":61,"batt":88,'
        b'"volt":2.875}',
        [
            Reading(_MAC, "1", "temperature_c", _NOW, [4.5], flags=_RECEIPT),
            Reading(_MAC, "1", "humidity_pct", _NOW, [61.0], flags=_RECEIPT),
            Reading(_MAC, "1", "battery_pct", _NOW, [88.0], flags=_RECEIPT),
            Reading(_MAC, "battery", "voltage_v", _NOW, [2.875], flags=_RECEIPT),
            Reading(_MAC, "1", "rssi_dbm", _NOW, [-71.0], flags=_RECEIPT),
        ],
    ),
    Example(
        "a thermometer with three probes, one not plugged in",
        _TOPIC,
        b'{"tempc1":-18.5,"tempf1":-1.3,"tempc2":null,"tempf3":32}',
        [
            Reading("A4C138000002", "1", "temperature_c", _NOW, [-18.5], flags=_RECEIPT),
            Reading("A4C138000002", "3", "temperature_c", _NOW, [32 * 5.0 / 9.0 - 160.0 / 9.0], flags=_RECEIPT),
        ],
    ),
    Example(
        "a scale in grams",
        _TOPIC,
        b'{"model_id":"SKALE","weight":250.5}',
        [Reading("A4C138000002", "1", "mass_g", _NOW, [250.5], flags=_RECEIPT)],
    ),
    Example(
        "a scale in jin",
        _TOPIC,
        b'{"model_id":"XMTZC04HMKG","unit":"jin","weight":5}',
        [Reading("A4C138000002", "1", "mass_g", _NOW, [2500.0], flags=_RECEIPT)],
    ),
    Example(
        "a wet sensor is read, and doubted",
        "home/hall/BTtoMQTT",
        b'{"id":"A4:C1:38:00:00:02","hum":102.5}',
        [Reading(_MAC, "1", "humidity_pct", _NOW, [102.5], flags=("no_clock", "uncertain"))],
    ),
    Example(
        "no value and an impossible one",
        _TOPIC,
        b'{"tempc":127.99,"hum":155}',
        [Problem("value.sentinel", ""), Problem("value.out_of_range", "")],
    ),
    Example("a telephone", _TOPIC, b'{"id":"5C:00:00:00:00:09","rssi":-80,"mfr":"Apple"}', []),
    Example("the gateway went", "home/hall/LWT", b"offline", [DeviceStatus("hall", False, _NOW)]),
    Example("a wrong last will", "home/hall/LWT", b"{}", [Problem("payload.invalid", "")]),
    Example("half a message", _TOPIC, b'{"tempc":4.', [Problem("payload.not_json", "")]),
)
