"""What every foreign device format needs: JSON with limits, numbers that came as text, values checked and converted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from math import inf, isfinite
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from protocols.parsing.moments import Moment
from protocols.parsing.units import conversion
from protocols.readings import RANGES, Decoded, Flag, Notice, Problem, Quantity, Reading

PAYLOAD_BYTES_MAX = 256 * 1024
NAME_MAX = 64
TEXT_MAX = 500
UNIT_MAX = 40
WHOLE_MAX = 2**63
"""Whole numbers below this are reckoned with at once; one of 309 digits and more fits no float."""
VALUES_MAX = 4096
"""Readings taken from one message; whoever sends more is told so."""
Channel = Annotated[str, Meta(pattern=r"""^[^\x00-\x1f\x7f\\"']{1,64}$""")]
"""What a site file may call a channel."""
_FORBIDDEN = re.compile(r"""[\x00-\x1f\x7f\\"']""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_any: msgspec.json.Decoder[Any] = msgspec.json.Decoder()

_TRUTHS = frozenset(("door_open", "switch_on"))

Shape = TypeVar("Shape")
Meaning = tuple[str, str, Quantity | None, float, float, float, float]
"""Channel, unit as the device writes it; the quantity (None: unit unknown), the factor and offset to come to it, and
between what it lies. A plain tuple: it is unpacked for every value."""


def shaped(
    payload: bytes, decoder: msgspec.json.Decoder[Shape], device: str = "", hint: str = "send JSON, UTF-8, without NaN"
) -> Shape | Problem:
    """The JSON in a payload as the decoder's type, or a `Problem`; `hint` is for what is no JSON at all."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return too_big(payload, device)
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        return unexpected(str(error), device)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Problem("payload.not_json", str(error)[:300], hint, device)


def json_of(payload: bytes, device: str = "") -> Any:
    """The JSON value in a payload, or a `Problem`."""
    return shaped(payload, _any, device)


def object_of(payload: bytes, device: str = "") -> dict[str, Any] | Problem:
    """The JSON object in a payload, or a `Problem`."""
    found = json_of(payload, device)
    if isinstance(found, dict | Problem):
        return found
    return unexpected(f"a JSON {type(found).__name__} where an object was expected", device)


def text_of(payload: bytes, device: str = "") -> str | Problem:
    """The bare text in a payload (at most 1 KB), or a `Problem`."""
    if len(payload) > 1024:
        return too_big(payload, device)
    try:
        return payload.decode().strip("\x00 \r\n\t")
    except UnicodeDecodeError as error:
        return Problem("payload.not_text", str(error)[:300], "send UTF-8 text", device)


def too_big(payload: bytes, device: str = "") -> Problem:
    """The problem of a payload above the limit."""
    detail = f"{len(payload)} bytes, at most {PAYLOAD_BYTES_MAX} are read"
    return Problem("payload.too_big", detail, "send smaller messages", device)


def unexpected(detail: str, device: str = "") -> Problem:
    """The problem of a message that is not what its family sends."""
    return Problem("payload.invalid", detail[:300], "check that the topic belongs to this device family", device)


def name_of(text: object) -> str:
    """A device's or channel's name made fit to be kept: no control characters, quotes or backslashes, 64 at most."""
    return _fit(text[:NAME_MAX] if type(text) is str else str(text)[:NAME_MAX])


@lru_cache(maxsize=16_384)
def _fit(name: str) -> str:
    return _FORBIDDEN.sub("_", name)


def number_of(value: object) -> float | None:
    """A finite number, also from text or a boolean; None for anything else."""
    if isinstance(value, str):
        if len(value) > 40 or "_" in value:
            return None
    elif not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def measured(
    device: str, channel: str, unit: str, value: object, at: Moment, flags: Iterable[Flag] = ()
) -> Reading | Problem:
    """A reading of `value` in `unit` (see `protocols.parsing.units`), converted and checked; else the problem."""
    return checked(name_of(device), meaning(channel[:NAME_MAX], unit[:UNIT_MAX]), value, at, flags)


def readings(device: str, told: Iterable[tuple[Meaning, Any]], at: Moment) -> list[Decoded]:
    """As `measured`, for all that a message tells at one time; their meanings looked up beforehand."""
    device = name_of(device)
    at_ms, flags = at
    found: list[Decoded] = []
    for meant, value in told:
        kind = type(value)
        if kind is float or (kind is int and -WHOLE_MAX < value < WHOLE_MAX):
            channel, _, quantity, factor, offset, low, high = meant
            number = value * factor + offset
            if quantity is not None and low <= number <= high and quantity not in _TRUTHS:
                found.append(Reading(device, channel, quantity, at_ms, [number], 0, 0, -1, flags))
                continue
        found.append(checked(device, meant, value, at))
    return found


@lru_cache(maxsize=16_384)
def meaning(channel: str, unit: str) -> Meaning:
    """What a channel's values in a unit are; of an unknown unit it holds no value at all."""
    known, name = conversion(unit), name_of(channel) or "1"
    if known is None:
        return name, unit, None, 1.0, 0.0, inf, -inf
    return name, unit, *known, *RANGES[known[0]]


def checked(device: str, meant: Meaning, value: object, at: Moment, flags: Iterable[Flag] = ()) -> Reading | Problem:
    """As `measured`, of a device whose name is fit to be kept; the meaning looked up beforehand."""
    channel, unit, quantity, factor, offset, low, high = meant
    if quantity is None:
        return Problem("unit.unknown", f"unit {unit!r} of {channel!r}", "docs/makes.md lists the units", device)
    number = value if type(value) is float else number_of(value)  # by far the most common
    if number is None or number - number != 0.0:  # which is so of infinity and NaN alone
        said = repr(value)[:60]
        return Problem("value.not_finite", f"{channel!r} says {said}, which is no number", "check the sensor", device)
    number = number * factor + offset
    if not low <= number <= high:
        detail = f"{channel!r} says {value} {unit}: a {quantity} lies between {low:g} and {high:g}"
        return Problem("value.out_of_range", detail[:300], "check the sensor and the unit", device)
    if quantity in _TRUTHS and number not in (0.0, 1.0):
        return Problem("payload.invalid", f"{channel!r} is open or on, 1, or not, 0", "send 1 or 0", device)
    told = (*at.flags, *flags) if flags else at.flags
    return Reading(device, channel, quantity, at.at_ms, [number], 0, 0, -1, told)


def noticed(device: str, channel: str, text: str, at: Moment, flags: Iterable[Flag] = ()) -> Notice:
    """A notice; its text made fit to be kept: no control characters, 500 at most, `empty` where nothing was said."""
    words = text[:TEXT_MAX].strip()
    if not words.isprintable():
        words = _CONTROL.sub(" ", words).strip()
    words = words or "empty"
    return Notice(name_of(device), name_of(channel) or "1", words, at.at_ms, (*at.flags, *flags))


def doubt(at: Moment, stamp: object, device: str) -> list[Decoded]:
    """The problem of a clock that was not believed; what the message measured is used all the same."""
    if "clock" not in at.flags:
        return []
    detail = f"the device's clock says {str(stamp)[:60]!r}; the time of receipt is used"
    return [Problem("clock.not_believable", detail, "set the device's clock, or send no time", device)]


def capped(found: list[Decoded], device: str = "") -> list[Decoded]:
    """At most `VALUES_MAX` of what a message said, and a problem that says so where it was more."""
    if len(found) <= VALUES_MAX:
        return found
    detail = f"{len(found)} values in one message, {VALUES_MAX} were taken"
    return [*found[:VALUES_MAX], Problem("payload.too_big", detail, "send smaller messages", device)]
