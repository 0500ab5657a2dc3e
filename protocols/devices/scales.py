"""Scales on any topic: the lines of a serial port passed through as text, a bare number, or a small JSON object.

The lines are those of protocols/parsing/scale_lines.py. Keys of objects may be spelled in any way; what is nested, or
named otherwise, is read by the mapper. A weight is never guessed: what is not understood is a problem.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.moments import Moment, is_zone, moment
from protocols.parsing.payloads import (
    PAYLOAD_BYTES_MAX,
    Channel,
    capped,
    doubt,
    measured,
    name_of,
    noticed,
    number_of,
    object_of,
    too_big,
    unexpected,
)
from protocols.parsing.scale_lines import BEYOND, COUNTS, UNSTABLE, Decimal, Said, grams_of, read
from protocols.readings import Context, Decoded, Flag, Problem, Reading

FORMAT = "scales"
FILTERS: tuple[str, ...] = ()

LINES_MAX = 64


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a scale does not say of itself: the unit of numbers without one, and whether it leaves the unit out while
    it is `unstable` (Sartorius, Kern); the decimal mark of its lines, the channel of its pan, and the zone of times
    without one ("" the site's)."""

    unit: str = ""
    bare: Literal["stable", "unstable"] = "stable"
    decimal: Decimal = "."
    channel: Channel = "1"
    timezone: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is none of mass."""
        if self.unit and grams_of(self.unit) is None:
            raise ValueError(f"unit {self.unit!r} is none of mass; use one of kg g mg t lb oz")
        if self.timezone and not is_zone(self.timezone):
            raise ValueError(f"timezone {self.timezone!r} is not known; write one like 'Europe/Berlin'")


_DEFAULT = Options()


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """The weights in a message, one per line; unstable ones flagged, overload and what is not understood a problem."""
    options = context.options if isinstance(context.options, Options) else _DEFAULT
    start = payload[:64].lstrip()[:1]
    if start == b"{":
        return _object(payload, options, context)
    if len(payload) > PAYLOAD_BYTES_MAX:
        return [too_big(payload, context.name)]
    # A lamp byte (CAS) is no UTF-8, so lines are read as Latin-1 and what is no printing ASCII parts words.
    lines = [line for line in payload.decode("latin-1").replace("\r", "\n").split("\n") if line.strip(" \0\2\3")]
    at = moment(None, context)
    found = [_reading(read(line, options.decimal), name_of(context.name), options, at) for line in lines[:LINES_MAX]]
    if len(lines) > LINES_MAX:
        found.append(Problem("payload.too_big", f"{len(lines)} lines, {LINES_MAX} were read", "", context.name))
    return found


def _reading(said: Said, device: str, options: Options, at: Moment) -> Decoded:
    if said.value is None:
        code, detail = said.trouble
        if code == "notice":
            return noticed(device, options.channel, detail, at)
        return Problem(code, detail[:300], "look at the scale; docs/makes.md lists the lines that are read", device)
    unit, flags = said.unit or options.unit, said.flags
    if not said.unit and options.bare == "unstable" and "unstable" not in flags:
        flags = (*flags, "unstable")
    if unit.lower() in COUNTS:
        return measured(device, options.channel, "count", said.value, at, flags)
    known = grams_of(unit) if unit else None
    if known is None:
        detail = f"{said.value:g} {unit}: the unit of a weight is not known" if unit else f"{said.value:g} of no unit"
        return Problem("unit.unknown", detail, 'give the source of this scale `options = { unit = "g" }`', device)
    if said.change:
        return measured(device, options.channel, "mass_change_g", said.value * known, at, flags)
    return measured(device, options.channel, "g", said.value * known, at, flags)


_VALUES: tuple[tuple[str, bool, tuple[Flag, ...]], ...] = (
    ("weight", False, ()),
    ("net", False, ()),
    ("netweight", False, ()),
    ("mass", False, ()),
    ("load", False, ()),
    ("value", False, ()),
    ("gross", False, ("gross",)),
    ("grossweight", False, ("gross",)),
    ("change", True, ()),
    ("delta", True, ()),
)
"""Keys of a weight, the first found is taken: whether it is a change, its flags."""
_UNIT_KEYS = ("unit", "units", "uom", "weightunit", "unitofmeasure")
_TIME_KEYS = ("timestamp", "time", "ts", "datetime", "eventtime")
_STABLE_KEYS = ("stable", "isstable", "stability", "status", "state")
_SPELLED = str.maketrans("", "", "_- ")


def _object(payload: bytes, options: Options, context: Context) -> list[Decoded]:
    """The weight in a JSON object, its keys in any spelling: {"weight":1.2,"unit":"kg","stable":true,"ts":...}."""
    said = object_of(payload, context.name)
    if isinstance(said, Problem):
        return [said]
    keys = {key.lower().translate(_SPELLED): value for key, value in said.items()}
    device = _who(keys, context)
    stamp = next((keys[key] for key in _TIME_KEYS if keys.get(key)), None)
    if options.timezone:
        at = moment(stamp, msgspec.structs.replace(context, timezone=options.timezone))
        at = Moment(at.at_ms, tuple(flag for flag in at.flags if flag != "zone_assumed"))  # it is known
    else:
        at = moment(stamp, context)
    found: list[Decoded] = []
    weight = _weight(keys, options)
    if weight is not None:
        found.append(_reading(weight, device, options, at))
    for key, unit in (("rssi", "dBm"), ("battery", "%"), ("temperature", "Cel"), ("count", "count")):
        number = number_of(keys.get(key))
        if number is not None:
            found.append(measured(device, key, unit, number, at))
    if not found:
        return [unexpected(f"no weight among the fields {', '.join(said)[:200]}", device)]
    return capped([*found, *doubt(at, stamp, device)], device)


def _weight(keys: dict[str, Any], options: Options) -> Said | None:
    for key, change, flags in _VALUES:
        value = keys.get(key)
        if value is None or isinstance(value, bool):
            continue
        unit = next((str(keys[name]) for name in _UNIT_KEYS if keys.get(name)), "")
        if isinstance(value, str) and number_of(value) is None:
            said = read(value, options.decimal)
        else:
            number = number_of(value)
            if number is None:
                return Said(None, trouble=("value.not_finite", f"{key!r} says {value!r:.60}, which is no number"))
            said = Said(number)
        told = _stability(keys)
        if told == "over":
            return Said(None, trouble=("value.out_of_range", "the scale reports overload"))
        if told == "unstable":
            flags = (*flags, "unstable")
        return said._replace(unit=said.unit or unit, flags=(*said.flags, *flags), change=change or said.change)
    return None


def _stability(keys: dict[str, Any]) -> str:
    if keys.get("motion") is True:
        return "unstable"
    for key in _STABLE_KEYS:
        value = keys.get(key)
        if value is False or (value == 0 and "stab" in key):
            return "unstable"
        if isinstance(value, str):
            word = value.upper()
            return "unstable" if word in UNSTABLE or word == "FALSE" else "over" if word in BEYOND else ""
    return ""


def _who(keys: dict[str, Any], context: Context) -> str:
    """The scale: what it calls itself in so many words, else as its topic, else its `id` (no UUID: an event's)."""
    station, scale = keys.get("stationid"), keys.get("scaleid") or keys.get("deviceid") or keys.get("device")
    if isinstance(scale, str | int) and scale:
        return name_of(f"{station}/{scale}" if station else scale)
    last = keys.get("id")
    if context.name or not isinstance(last, str | int) or (isinstance(last, str) and last.count("-") == 4):
        return name_of(context.name)
    return name_of(last)


_NOW = 1_763_762_400_000
_NO_CLOCK: tuple[Flag, ...] = ("no_clock",)


def _weighed(grams: float, *flags: Flag) -> Reading:
    return Reading("pan", "1", "mass_g", _NOW, [grams], flags=(*_NO_CLOCK, *flags))


EXAMPLES = (
    Example("stable and gross", "dock/scale", b"ST,GS,+  1.250kg\r\n", [_weighed(1250.0, "gross")], name="pan"),
    Example("net, by A&D", "dock/scale", b"ST,+00001.25  kg\r\n", [_weighed(1250.0)], name="pan"),
    Example("still moving", "dock/scale", b"US,NT,-   0.5 g", [_weighed(-0.5, "unstable")], name="pan"),
    Example("CAS with its number and lamp byte", "s", b"ST,NT,1,\xc4,   13.5 kg", [_weighed(13_500.0)], name="pan"),
    Example(
        "MT-SICS, stable and moving",
        "s",
        b"S S     99.5 g\r\nS D     98 g\r\n",
        [_weighed(99.5), _weighed(98.0, "unstable")],
        name="pan",
    ),
    Example(
        "a change",
        "shop/s/events",
        b"CHANGE:-350",
        [Reading("pan", "1", "mass_change_g", _NOW, [-350.0], flags=_NO_CLOCK)],
        {"unit": "g"},
        "pan",
    ),
    Example(
        "number and unit in a text, time without a zone",
        "event/scale",
        b'{"id":"pan","timestamp":"2025-11-21T22:00:00","value":"2.0 KG"}',
        [Reading("pan", "1", "mass_g", _NOW, [2000.0])],
        {"timezone": "UTC"},
    ),
    Example(
        "a bare number of the unit that the site file tells",
        "s/load",
        b"1873.5",
        [_weighed(1873.5)],
        {"unit": "g"},
        "pan",
    ),
    Example("a bare number of no unit", "s/load", b"1873.5", [Problem("unit.unknown", "")]),
    Example("overload", "dock/scale", b"OL,GS,+ 99.99kg", [Problem("value.out_of_range", "")]),
    Example("MT-SICS overload", "dock/scale", b"S +", [Problem("value.out_of_range", "")]),
    Example("a decimal comma, or two numbers", "dock/scale", b"ST,GS,+ 1,240kg", [Problem("payload.invalid", "")]),
    Example("words", "dock/scale", b"Printer ready 5 kg", [Problem("payload.invalid", "")]),
)
