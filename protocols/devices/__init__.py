"""One file a device family: `FORMAT`, `FILTERS` (MQTT filters), `decode(topic, payload, context)` and `EXAMPLES`.

Pure: bytes in, readings or problems out. A format never imports a sibling; it is found by the scan below, which fails
loudly on a broken file. `EXAMPLES` holds good and bad messages with what must come out of them; one test runs them all.

What a family may have beside these:

- `Options`: a msgspec Struct (all fields with defaults, unknown ones forbidden) of settings that a `[[sources]]` entry
  of the site file may give; it comes back as `context.options`, or None when decoding without a site.
- `begin(options) -> memory`: what it keeps between messages, as `context.memory`. Bounded, and lost on a restart.
- `tick(memory, now_ms) -> list[Decoded]`: what follows from the passing of time alone.
- `presence(options, now_ms) -> (birth, will)`: what the gateway must say of itself on the broker for this family.
- `LISTENS`: MQTT filters its devices subscribe to, for the broker's rights.
- `NEVER`: MQTT filters its devices must not publish to, though a source's topics may cover them; and `SPEAKS`: those
  that they do publish to, for a broker that knows no exceptions.

A device's name is what the message says, else `context.name`, else "". Channels are what the family calls them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from protocols.readings import Context, Decoded, Problem, Publish
from protocols.topics import matches

Decode = Callable[[str, bytes, Context], list[Decoded]]


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a family that has none."""


class Example(NamedTuple):
    """One message and what must come out of it. For problems only the code is compared.

    `options` are the source's settings, `name` the device its topic names; `before` are messages (topic, payload) that
    came first, for a family that remembers.
    """

    title: str
    topic: str
    payload: bytes
    yields: list[Decoded]
    options: dict[str, Any] = {}  # noqa: RUF012
    name: str = ""
    before: tuple[tuple[str, bytes], ...] = ()


class Format(NamedTuple):
    """One device family."""

    name: str
    filters: tuple[str, ...]
    decode: Decode
    examples: tuple[Example, ...]
    options: type[msgspec.Struct] = NoOptions
    begin: Callable[[Any], Any] | None = None
    tick: Callable[[Any, int], list[Decoded]] | None = None
    presence: Callable[[Any, int], tuple[Publish, Publish]] | None = None
    listens: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    speaks: tuple[str, ...] = ("#",)


@lru_cache(maxsize=1)
def formats() -> dict[str, Format]:
    """Every device family of this folder, by name."""
    found: dict[str, Format] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        try:
            one = Format(
                module.FORMAT,
                tuple(module.FILTERS),
                module.decode,
                tuple(module.EXAMPLES),
                getattr(module, "Options", NoOptions),
                getattr(module, "begin", None),
                getattr(module, "tick", None),
                getattr(module, "presence", None),
                tuple(getattr(module, "LISTENS", ())),
                tuple(getattr(module, "NEVER", ())),
                tuple(getattr(module, "SPEAKS", ("#",))),
            )
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
    """What a message says, told from its topic alone: readings, statuses, acks, or one Problem."""
    family = format_of(topic)
    if family is None:
        return [uncovered(topic)]
    return family.decode(topic, payload, context)


def uncovered(topic: str) -> Problem:
    """The problem of a topic that belongs to no family."""
    hint = "native devices publish to wh/v1/<site>/<device>/<leaf>; others need [[sources]]: docs/makes.md"
    return Problem("topic.unknown", f"no device format covers the topic {topic[:200]!r}", hint, topic=topic[:200])
