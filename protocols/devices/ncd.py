"""NCD wireless sensors (vibration, temperature, current) as their gateway passes them on, on any topic.

`addr` is the device, `received` the gateway's time in ms, battery figures come as text. A largest value below the mean
(max < rms) is real. Fields of a vibration sensor begin with the axis, of one with two probes with `ch1_`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.fields import NO_FIELD, Field, field_of, unit_of
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import (
    Meaning,
    capped,
    doubt,
    meaning,
    measured,
    name_of,
    noticed,
    number_of,
    object_of,
    readings,
    unexpected,
)
from protocols.readings import Context, Decoded, Notice, Problem, Reading

FORMAT = "ncd"
FILTERS: tuple[str, ...] = ()


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of fields of `sensor_data` that their names do not tell: a unit, or more."""

    fields: dict[str, str | Field] = {}

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is not known."""
        for field in self.fields.values():
            field_of(field)


_DEFAULT = Options()
_AXIS = re.compile(r"((?:[a-z]{1,5}\d_)?[xyz])_([A-Za-z_]{1,30})\Z")
_AXIS_FIELDS = {
    "rms_ACC_G": ("", "g0"),
    "max_ACC_G": ("_max", "g0"),
    "velocity_mm_sec": ("", "mm/s"),
    "displacement_mm": ("_displacement_mm", "raw"),
    "peak_one_Hz": ("_peak_one", "Hz"),
    "peak_two_Hz": ("_peak_two", "Hz"),
    "peak_three_Hz": ("_peak_three", "Hz"),
}
_NUMBERS = frozenset((float, int))
_SETTINGS = frozenset(
    ("mode", "odr", "fsr", "msg_type", "time_id", "mac_address", "total_samples", "fft_confidence", "data")
)
"""How it was measured; `data` is a recording in time (raw mode), which is not for a store of readings."""


_UNTOLD = "raw"
_VOLTS, _PERCENT = meaning("battery", "V"), meaning("1", "%")


@lru_cache(maxsize=1024)
def _meanings(names: tuple[str, ...]) -> list[Meaning]:
    """What the fields of a message mean, as their names tell it."""
    vibration = "x_rms_ACC_G" in names
    return [_meaning(name, vibration) for name in names]


def _meaning(name: str, vibration: bool) -> Meaning:
    axis = _AXIS.match(name)
    known = _AXIS_FIELDS.get(axis[2]) if axis else None
    if axis and known:
        return meaning(axis[1] + known[0], known[1])
    unit = unit_of(name)
    # The temperature probe of a vibration sensor sits on the motor.
    channel = "motor" if vibration and name == "temperature" else name
    return meaning(channel, "V" if unit == "battery" else unit or _UNTOLD)


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """The readings of one sensor's message."""
    said = object_of(payload, context.name)
    if isinstance(said, Problem):
        return [said]
    device = name_of(said.get("addr") or said.get("mac_address") or context.name)
    stamp = said.get("received")
    at = moment(stamp, context)
    data = said.get("sensor_data")
    if not isinstance(data, dict):
        kind = said.get("type")
        if isinstance(kind, str) and kind != "sensor_data":
            mode = said.get("mode")
            return [noticed(device, "event", f"{kind} {mode}" if mode else kind, at)]
        return [unexpected("a message of NCD has `sensor_data`", device)]
    options = context.options if isinstance(context.options, Options) else _DEFAULT
    for name in _SETTINGS.intersection(data):
        del data[name]
    meanings = _meanings(tuple(data))
    plain: list[tuple[Meaning, object]] = []
    others: list[Decoded] = []
    if not options.fields and _NUMBERS.issuperset(map(type, data.values())):  # nearly all
        plain = list(zip(meanings, data.values(), strict=True))
    else:
        for meant, (name, value) in zip(meanings, data.items(), strict=True):
            one = _told(device, meant, value, at, field_of(options.fields.get(name, NO_FIELD)))
            if one is not None:
                others.append(one)
    plain += _battery(said)
    return capped([*others, *readings(device, plain, at), *doubt(at, stamp, device)], device)


def _told(device: str, meant: Meaning, value: object, at: Moment, field: Field) -> Decoded | None:
    """What is no plain number, or is told by the site file."""
    if value in (None, "") or isinstance(value, dict | list) or field.skip:
        return None
    channel, unit = field.channel or meant[0], field.unit or meant[1]
    if isinstance(value, str) and unit == _UNTOLD and number_of(value) is None:
        return noticed(device, channel, value, at)
    return measured(device, channel, unit, field.scaled(value), at)


def _battery(said: dict[str, Any]) -> list[tuple[Meaning, object]]:
    """Volts and percent, which come as text."""
    found: list[tuple[Meaning, object]] = []
    volts, percent = said.get("battery"), said.get("battery_percent")
    if volts is not None:
        number = number_of(volts)
        found.append((_VOLTS, volts if number is None else number))
    if percent is not None:
        number = number_of(percent)
        # A fresh battery has more volts than the gateway's 100 %.
        full = number is not None and 100 < number <= 125
        found.append((_PERCENT, 100.0 if full else percent if number is None else number))
    return found


_NOW = 1_763_762_400_000
_ADDR = "00:13:a2:00:41:f1:b2:c7"
EXAMPLES = (
    Example(
        "one axis of a motor, with a fresh battery",
        "ncd/gateway",
        b'{"battery":"3.34","battery_percent":"100.36","sensor_type":80,"addr":"00:13:a2:00:41:f1:b2:c7","sensor_data":'
        b'{"mode":0,"odr":"800Hz","temperature":34.15,"x_rms_ACC_G":0.086,"x_max_ACC_G":0.065,"x_velocity_mm_sec":4.5,'
        b'"x_peak_one_Hz":35},"type":"sensor_data","received":1763762400000}',
        [
            Reading(_ADDR, "motor", "temperature_c", _NOW, [34.15]),
            Reading(_ADDR, "x", "vibration_g", _NOW, [0.086]),
            Reading(_ADDR, "x_max", "vibration_g", _NOW, [0.065]),
            Reading(_ADDR, "x", "vibration_mm_s", _NOW, [4.5]),
            Reading(_ADDR, "x_peak_one", "frequency_hz", _NOW, [35.0]),
            Reading(_ADDR, "battery", "voltage_v", _NOW, [3.34]),
            Reading(_ADDR, "1", "battery_pct", _NOW, [100.0]),
        ],
    ),
    Example(
        "a sensor wakes up",
        "ncd/gateway",
        b'{"addr":"00:13:a2:00:41:f1:b2:c7","type":"sensor_mode","mode":"RUN","received":1763762400000}',
        [Notice(_ADDR, "event", "sensor_mode RUN", _NOW)],
    ),
    Example("something else", "ncd/gateway", b'{"addr":"a"}', [Problem("payload.invalid", "")]),
    Example("cut off", "ncd/gateway", b'{"addr":"a"', [Problem("payload.not_json", "")]),
)
