"""One file a device family: `FORMAT`, `FILTERS` (MQTT filters), `decode(topic, payload, context)` and `EXAMPLES`.

Pure: bytes in, readings or problems out. A format never imports a sibling; it is found by the scan below, which fails
loudly on a broken file. `EXAMPLES` holds good and bad messages with what must come out of them; one test runs them all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from protocols.readings import Context, Decoded, Problem
from protocols.topics import matches

Decode = Callable[[str, bytes, Context], list[Decoded]]


class Example(NamedTuple):
    """One message and what must come out of it. For problems only the code is compared."""

    title: str
    topic: str
    payload: bytes
    yields: list[Decoded]


class Format(NamedTuple):
    """One device family."""

    name: str
    filters: tuple[str, ...]
    decode: Decode
    examples: tuple[Example, ...]


@lru_cache(maxsize=1)
def formats() -> dict[str, Format]:
    """Every device family of this folder, by name."""
    found: dict[str, Format] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        try:
            one = Format(module.FORMAT, tuple(module.FILTERS), module.decode, tuple(module.EXAMPLES))
        except AttributeError as missing:
            raise ImportError(f"protocols/devices/{module_info.name}.py is no device format: {missing}") from missing
        if one.name in found:
            raise ImportError(f"two device formats call themselves {one.name!r}")
        found[one.name] = one
    return found


@lru_cache(maxsize=8192)
def format_of(topic: str) -> Format | None:
    """The family whose filters cover the topic."""
    for one in formats().values():
        if any(matches(pattern, topic) for pattern in one.filters):
            return one
    return None


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says: readings, statuses, acks, or one Problem."""
    family = format_of(topic)
    if family is None:
        hint = "native devices publish to wh/v1/<site>/<device>/<shelf|rfid|climate|machine>: docs/devices.md"
        return [Problem("topic.unknown", f"no device format covers the topic {topic[:200]!r}", hint, topic=topic[:200])]
    return family.decode(topic, payload, context)
