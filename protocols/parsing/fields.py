"""What the fields of a device's message mean: told by the site file, else by their names."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from protocols.parsing.payloads import number_of
from protocols.parsing.units import conversion


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """What a field means: its unit ("" as its name says), channel ("" its name), value * factor + offset; or that it
    is to be left out (`skip`)."""

    unit: str = ""
    channel: str = ""
    factor: float = 1.0
    offset: float = 0.0
    skip: bool = False

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is not known."""
        check_unit(self.unit)

    def scaled(self, value: object) -> object:
        """The value that is meant; one that is no number stays."""
        if self.factor == 1.0 and not self.offset:
            return value
        number = number_of(value)
        return value if number is None else number * self.factor + self.offset


def check_unit(unit: str) -> None:
    """Raises `ValueError` for a unit ("" is none) that is not known."""
    if unit and conversion(unit) is None:
        raise ValueError(f"unit {unit!r} is not known; docs/makes.md lists the units")


NO_FIELD = Field()


def field_of(told: str | Field) -> Field:
    """A field from a site file, where a unit alone may stand for it."""
    return Field(told) if isinstance(told, str) else told


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SETTINGS = frozenset(
    ("status", "state", "alarm", "flag", "type", "mode", "interval", "threshold", "offset", "min", "max", "limit")
)


@lru_cache(maxsize=4096)
def unit_of(name: str) -> str:
    """The unit of a field as its name tells it, "" when it tells none: `TempC_SHT`, `relativeHumidity`, `BatV`."""
    for symbol in ("mV", "kWh", "Wh"):  # else they would part where the capital is
        name = name.replace(symbol, f"_{symbol.lower()}_")
    words = {word.lower() for word in _WORD.findall(name)}
    if words & {"door", "magnet"} and not words & {"alarm", "times", "last", "duration", "count"}:
        return "door_open"
    if words & _SETTINGS:
        return ""
    if words & {"temp", "temperature", "tempc", "tempf"}:
        return "degF" if words & {"f", "tempf", "fahrenheit"} else "Cel"
    if words & {"hum", "humi", "humidity", "rh"} and not words & {"soil", "moisture"}:
        return "%RH"
    if words & {"bat", "batt", "battery", "vbat", "batv", "batmv"}:
        return _battery(words)
    for wanted, unit in _BY_WORD:
        if words & wanted:
            return unit
    return ""


def _battery(words: set[str]) -> str:
    if words & {"mv", "batmv"}:
        return "mV"
    if words & {"v", "volt", "volts", "voltage", "vbat", "batv"}:
        return "V"
    return "%" if words & {"percent", "percentage", "pct", "level", "soc"} else "battery"


_BY_WORD = (
    (frozenset(("pressure", "barometer", "barometric")), "hPa"),
    (frozenset(("voltage", "volt")), "V"),
    (frozenset(("vdd",)), "mV"),
    (frozenset(("power",)), "W"),
    (frozenset(("kwh",)), "kWh"),
    (frozenset(("wh",)), "Wh"),
    (frozenset(("amp", "amps")), "A"),
    (frozenset(("psi",)), "psi"),
    (frozenset(("rssi",)), "dBm"),
    (frozenset(("kg",)), "kg"),
    (frozenset(("count", "counter", "pulse", "pulses")), "count"),
)
"""What has no unit that all makers agree on (current, energy, weight) is left to the site file."""
