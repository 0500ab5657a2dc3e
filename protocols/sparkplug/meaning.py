"""What a metric is: its channel, and its unit by the site's settings, by what the sender says, or by its name."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

from protocols.parsing.payloads import NAME_MAX, name_of
from protocols.parsing.units import conversion
from protocols.readings import Flag
from protocols.sparkplug import payload as types

CONTROLS = ("Node Control/", "Device Control/")
BIRTH_DEATH = "bdSeq"
TEXTS = (types.STRING, types.TEXT, types.UUID, types.DATETIME, types.DATASET)
UNREAD = (types.BYTES, types.FILE, types.PROPERTY_SET, types.PROPERTY_SETS)
"""What no reading can be made of; so are arrays."""
UNIT_KEYS = ("engUnit", "EngUnit", "engineeringUnit", "engineeringUnits", "unit", "units", "Unit", "Units")
NOTHING = "none"
"""What the site's settings call a metric that is not to be read."""

NAMED = {
    "weight": "kg",
    "mass": "kg",
    "netweight": "kg",
    "grossweight": "kg",
    "count": "count",
    "quantity": "count",
    "temperature": "Cel",
    "temp": "Cel",
    "humidity": "%RH",
    "battery": "%",
    "batterylevel": "%",
    "rssi": "dBm",
}
"""The last word of a metric's name -> its unit, where the sender tells none."""
PIECES = ("pcs", "pc", "ea", "each", "pieces", "1")
_SEPARATORS = re.compile(r"[/.:]")
_INNER = re.compile(r"[^a-z]")


class Meaning(NamedTuple):
    """What is made of a metric: a reading in `unit`; where that is "", text for a notice; None: nothing."""

    channel: str
    unit: str | None
    flags: tuple[Flag, ...] = ()


def meaning(name: str, datatype: int, properties: Mapping[str, Any], units: Iterable[tuple[str, str]]) -> Meaning:
    """What a metric is; `units` are the site's own (pattern of the name, unit), the first that fits counts."""
    channel = short(name)
    if is_control(name) or datatype in UNREAD or datatype >= types.INT8_ARRAY:
        return Meaning(channel, None)
    word = _INNER.sub("", _SEPARATORS.split(name)[-1].lower())
    flags: tuple[Flag, ...] = ("gross",) if word.startswith("gross") else ()
    for pattern, unit in units:
        if fnmatchcase(name, pattern):
            return Meaning(channel, None if unit == NOTHING else unit, flags)
    if datatype in TEXTS:
        return Meaning(channel, "")
    if datatype == types.BOOLEAN:
        return Meaning(channel, "door_open" if word in ("door", "dooropen") else "switch_on")
    said = next((str(properties[key]).strip() for key in UNIT_KEYS if properties.get(key)), "")
    if said == "%":  # of a battery, or of humidity: only the name tells
        said = NAMED[word] if NAMED.get(word) in ("%", "%RH") else "raw"
    elif said.lower() in PIECES:
        said = "count"
    elif conversion(said) is None:
        said = "raw" if said else NAMED.get(word, "raw")
    return Meaning(channel, said, flags)


def is_control(name: str) -> bool:
    """Whether a metric belongs to the session itself, and measures nothing."""
    return name == BIRTH_DEATH or name.startswith(CONTROLS)


@lru_cache(maxsize=8192)
def short(name: str) -> str:
    """The name made fit to be kept. What is too long ends in a number made of all of it, so that two stay two."""
    if len(name) <= NAME_MAX:
        return name_of(name)
    return f"{name_of(name)[: NAME_MAX - 9]}~{zlib.crc32(name.encode('utf-8', 'replace')):08x}"
