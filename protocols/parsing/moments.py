"""Times as devices write them -> milliseconds since 1970, and what must be known about them.

Met in the field: ISO 8601 with `Z`, `+0000`, `+03:00` or nothing; nine digits of a second; `2018.02.01 22:52:09`;
`16/06/2021 07:16:17`, `3/5/2020 0:37:12:943`; epochs in s, ms, us or ns, as numbers or as text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from protocols.readings import Context, Flag, believable

TEXT_MAX = 64
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,9})?\Z")
_DOTTED = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)([ T].*)")
_DAY_FIRST = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})[ T](\d\d?):(\d\d?)(?::(\d\d?))?(?::(\d{1,3}))?(.*)")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_EPOCHS = ((10**11, 10**14, 1, 1e3), (10**14, 10**17, 10**3, 1.0), (10**17, 10**22, 10**6, 1e-3))
"""From a magnitude to the next an epoch is in ms, us, ns, below them in s: how many of its units are one ms, how many
us is one. Holds for all times from 1973 to 5138."""
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Moment(NamedTuple):
    """A time to use, and the flags that say how far it is the device's own."""

    at_ms: int
    flags: tuple[Flag, ...] = ()


def moment(stamp: object, context: Context) -> Moment:
    """The time of a value that came with `stamp` (None: it came without one): never beyond what can be believed."""
    at_ms, naive = _epoch(stamp, context.timezone)
    told_ms, flags = believable(at_ms, context)
    if naive and not flags:
        flags = ("zone_assumed",)
    if context.retained:
        flags = (*flags, "retained")
    return Moment(told_ms, flags)


def told_ms(stamp: object, zone: str = "UTC") -> int | None:
    """The time that a stamp tells, in ms since 1970, however long ago; None when it tells none."""
    at_ms, _ = _epoch(stamp, zone)
    return at_ms if at_ms > 0 else None


def _epoch(stamp: object, zone: str) -> tuple[int, bool]:
    """(ms since 1970, whether its zone had to be assumed). 0: no time at all; -1: a time that can not be read."""
    if stamp is None or stamp == "" or stamp == 0 or isinstance(stamp, bool):
        return 0, False
    if isinstance(stamp, int | float):
        return _scaled(stamp), False
    if not isinstance(stamp, str):
        return -1, False
    text = stamp.strip()[:TEXT_MAX]
    if text[4:5] != "-" and _NUMBER.match(text):  # most begin with a year
        return _scaled(float(text) if "." in text else int(text)), False
    try:
        when = _parsed(text)
        naive = when.tzinfo is None
        if naive:
            when = when.replace(tzinfo=_zone(zone))
        return (when - _1970) // _MS, naive  # by way of a float one stamp in 160 would lose a millisecond
    except (ValueError, OverflowError, OSError):
        return -1, False


def _scaled(number: int | float) -> int:
    """An epoch in whole ms; -1 for none. A fraction is taken to the nearest us first, as a float holds few exactly."""
    size = abs(number)
    if size < _EPOCHS[0][0]:
        return round(number * 1e6) // 1000 or -1
    for least, beyond, per_ms, in_us in _EPOCHS:
        if least <= size < beyond:
            return number // per_ms if isinstance(number, int) else round(number * in_us) // 1000
    return -1


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _unusual(text)


def _unusual(text: str) -> datetime:
    """A time in one of the other forms; ValueError when it is none."""
    utc = text.endswith(" UTC")
    text = _FRACTION.sub(r"\1", text.removesuffix(" UTC"))
    dotted = _DOTTED.match(text)
    if dotted:
        text = "{}-{}-{}{}".format(*dotted.groups())
    day_first = _DAY_FIRST.match(text)
    if day_first:
        day, month, year, hour, minute, second, ms, end = day_first.groups("")
        fraction = f".{ms:0>3}" if ms else ""
        text = f"{year}-{month:0>2}-{day:0>2} {hour:0>2}:{minute:0>2}:{second:0>2}{fraction}{end}"
    when = datetime.fromisoformat(text)
    return when.replace(tzinfo=UTC) if utc and when.tzinfo is None else when


def is_zone(name: str) -> bool:
    """Whether `name` is a time zone (IANA), for whoever takes one from a site file."""
    try:
        return bool(_zone(name))
    except (KeyError, ValueError, OSError):
        return False


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
