"""What LoRaWAN network servers pass on, whichever they are: the fields that a codec made, or the bytes it did not.

What a field means is told by the site file (a profile), else by its name. Names are those of the device's maker, and
numbers may come as text. Dragino and Milesight say with a number like 327.67 that a probe is not there.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from protocols.parsing.fields import NO_FIELD, Field, field_of, unit_of
from protocols.parsing.lorawan_codecs import Frame, Value, cayenne, milesight
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import (
    NAME_MAX,
    VALUES_MAX,
    Meaning,
    capped,
    checked,
    doubt,
    meaning,
    measured,
    name_of,
    noticed,
    number_of,
)
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Problem

DEPTH_MAX = 4
MILESIGHT_PORT = 85
NOT_THERE = frozenset((327.67, 655.35, 3276.7, 6553.5, -127.0))
"""Temperatures that mean "no probe"; their negatives lie out of range anyway."""


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """How to read the devices of one make: a codec for their bytes, the meaning of their fields (a unit, or more)."""

    codec: Literal["", "cayenne", "milesight"] = ""
    fields: dict[str, str | Field] = {}

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is not known."""
        for field in self.fields.values():
            field_of(field)


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Profiles by DevEUI, by the name of the device's profile or model, or `*` for all others."""

    profiles: dict[str, Profile] = {}


class Uplink(NamedTuple):
    """A message of a device: who sent it (`kinds`: names of its profile), what it held, when and how well it came."""

    device: str
    kinds: tuple[str, ...]
    fields: dict[str, Any]
    data: str
    port: int
    stamp: object
    rssi: object = None


_PLAIN = Profile()
_TEXT_NUMBER_MAX = 10
"""A longer text under a name that says nothing is a serial number rather than a value."""
_NESTED = frozenset((dict, list))
_NUMBERS = frozenset((float, int))
_INTERNAL: tuple[Flag, ...] = ("internal",)
_OPEN = {"open": 1.0, "opened": 1.0, "close": 0.0, "closed": 0.0}


def uplink(said: Uplink, context: Context) -> list[Decoded]:
    """The readings and notices of an uplink."""
    device, at = name_of(said.device), moment(said.stamp, context)
    found: list[Decoded] = []
    profile = _profile(said, context)
    frame = Frame(list(_flat("", said.fields, 0)))
    if not said.fields and said.data:
        undecoded = _frame(said, profile)
        if isinstance(undecoded, Frame):
            frame = undecoded
        elif isinstance(undecoded, Problem):
            found.append(undecoded)
        else:
            found.append(noticed(device, "data", undecoded, at))
    plain = not profile.fields
    for value in frame.values:
        one = (_plainly(device, value, at) if plain else None) or _told(device, value, at, profile, context)
        if one is not None:
            found.append(one)
    if frame.trouble:
        hint = "check the profile's codec, or let the network server decode the payload"
        found.append(Problem("payload.invalid", frame.trouble, hint, device))
    strength = number_of(said.rssi)
    if strength is not None:
        found.append(measured(device, "rssi", "dBm", strength, at))
    return capped([*found, *doubt(at, said.stamp, device)], device)


def joined(device: str, stamp: object, context: Context) -> list[Decoded]:
    """What it means that a device joined the network: it is there, and it had (re)started."""
    at = moment(stamp, context)
    device = name_of(device)
    told: list[Decoded] = [DeviceStatus(device, True, at.at_ms), noticed(device, "join", "joined", at)]
    return [*told, *doubt(at, stamp, device)]


def _profile(said: Uplink, context: Context) -> Profile:
    if not isinstance(context.options, Options):
        return _PLAIN
    profiles = context.options.profiles
    for name in (said.device, said.device.lower(), said.device.upper(), *said.kinds, "*"):
        if name in profiles:
            return profiles[name]
    return _PLAIN


def _frame(said: Uplink, profile: Profile) -> Frame | str | Problem:
    """The values in bytes that the network server did not decode; else the bytes in hex."""
    try:
        data = b64decode(said.data, validate=True)
    except (Base64Error, ValueError):
        return Problem("payload.invalid", f"{said.data[:60]!r} is no base64", "", name_of(said.device))
    if profile.codec == "cayenne":
        return cayenne(data)
    if profile.codec == "milesight":
        return milesight(data)
    if said.port == MILESIGHT_PORT:
        frame = milesight(data)
        if not frame.trouble and frame.values:
            return frame
    return data.hex().upper()


def _flat(path: str, value: object, depth: int) -> Iterator[Value]:
    """The leaves of a codec's object; `a.b` for b in a. At most `DEPTH_MAX` deep, `VALUES_MAX` (and one) of a list."""
    if depth > DEPTH_MAX:
        return
    if isinstance(value, dict):
        numbered = depth == 1 and bool(value) and all(key.isdigit() for key in value)
        for key, inner in value.items():
            if type(inner) not in _NESTED:
                if numbered and unit_of(path):
                    yield Value(path, inner, channel=key)  # ChirpStack's CayenneLPP: {"temperatureSensor": {"1": 22.5}}
                elif depth < DEPTH_MAX:
                    yield Value(f"{path}.{key}" if path else key, inner)
            elif key == "history" and isinstance(inner, list):
                yield from _history(inner[: VALUES_MAX + 1], depth)
            else:
                yield from _flat(f"{path}.{key}" if path else key, inner, depth + 1)
    elif isinstance(value, list):
        for at, inner in enumerate(value[: VALUES_MAX + 1]):
            yield from _flat(f"{path}.{at}", inner, depth + 1)
    else:
        yield Value(path, value)


def _history(records: list[Any], depth: int) -> Iterator[Value]:
    """What a Milesight codec makes of values that the device kept while it was cut off."""
    for record in records:
        at_s = number_of(record.pop("timestamp", None)) if isinstance(record, dict) else None
        if at_s and at_s > 0:
            for value in _flat("", record, depth + 1):
                yield value._replace(at_s=int(at_s))


def _plainly(device: str, said: Value, at: Moment) -> Decoded | None:
    """A number under a name that tells all of it, as nearly all are; None for what wants a closer look."""
    name, value, unit, channel, at_s = said
    if unit or channel or at_s or type(value) not in _NUMBERS or value in NOT_THERE:
        return None
    usual = _usual(name)
    return checked(device, usual[0], value, at, usual[1]) if usual is not None else None


@lru_cache(maxsize=4096)
def _usual(name: str) -> tuple[Meaning, tuple[Flag, ...]] | None:
    """What the numbers of a field are; None where the number itself decides that."""
    unit = unit_of(name)
    return None if unit == "battery" else (meaning(name[:NAME_MAX], unit or "raw"), _inside(name, unit))


def _told(device: str, said: Value, at: Moment, profile: Profile, context: Context) -> Decoded | None:
    name, value, unit, channel, at_s = said
    if value is None or value == "":
        return None
    field = field_of(profile.fields[name]) if name in profile.fields else NO_FIELD
    if field.skip:
        return None
    unit = field.unit or unit or unit_of(name)
    # Channel 1 may hold several plain numbers: there the name tells them apart.
    where = field.channel or name
    if channel and not field.channel:
        where = channel if unit not in ("", "raw") else f"{name}.{channel}"
    flags: tuple[Flag, ...] = ()
    if at_s:
        at, flags = moment(at_s, context), ("historical",)
        if "clock" in at.flags:  # of what is past, nothing is left without its time
            detail = f"{name[:60]!r} was kept back since {at_s} s after 1970, which can not be"
            return Problem("clock.not_believable", detail, "let the network set the device's clock", device)
    if isinstance(value, str):
        word = _OPEN.get(value.lower()) if unit == "door_open" else None
        short = unit or len(value) <= _TEXT_NUMBER_MAX
        number = word if word is not None else number_of(value) if short else None
        if number is None and unit in ("", "door_open", "raw"):
            return noticed(device, where, value, at, flags)
        value = value if number is None else number
    if unit == "battery":
        unit = _battery_unit(value)
        flags = (*flags, "uncertain") if unit == "V" else flags
    if unit in ("Cel", "degF"):
        if value in NOT_THERE:
            detail = f"{name[:60]!r} says {value}, which means that no probe is connected"
            return Problem("value.sentinel", detail, "connect the probe, or leave the field out (skip)", device)
        flags = (*flags, *_inside(name, unit))
    return measured(device, where, unit or "raw", field.scaled(value), at, flags)


def _inside(name: str, unit: str) -> tuple[Flag, ...]:
    """The flag of a temperature that is the device's own."""
    return _INTERNAL if unit in ("Cel", "degF") and ("board" in name or "chip" in name) else ()


def _battery_unit(value: object) -> str:
    """A field that is just called battery: V for what one cell can have, else %. Above 4.5 % nobody loses an alarm."""
    number = number_of(value)
    return "V" if number is not None and 1.5 <= number <= 4.5 else "%"
