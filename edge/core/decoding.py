"""From a message to what it says, for one site: the family its topic belongs to, what that family remembers, and the
site's own name for the device.

Native topics need no entry in the site file; all others are listed there as `[[sources]]`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from edge.core.care.voices import Voices
from protocols import devices as families
from protocols.devices import Format, uncovered
from protocols.layout import LayoutError, Site, Source, address_key
from protocols.readings import Context, Decoded, Problem, Publish, Reading, TagReads
from protocols.topics import ROOT, matches

UNCLAIMED_MAX = 1000
"""Foreign devices remembered that no `[[devices]]` entry claims; beyond it the oldest is forgotten."""
STRANGER_MS = 3_600_000


class Route(NamedTuple):
    """One source, ready to decode."""

    source: Source
    family: Format
    options: Any
    memory: Any
    only: str
    """The device that speaks here, where the site has just one."""


class Decoder:
    """Decodes one site's messages; keeps the memories of its families."""

    def __init__(self, site: Site) -> None:
        """Raises `LayoutError` for a source whose format or options do not exist."""
        families.formats()  # found and loaded now, not when the first message waits for it
        self.site = site
        self.routes = [_route(site, source) for source in site.sources]
        self.voices = Voices()
        """What time it is by the devices' own clocks."""
        self.unclaimed: dict[tuple[str, str], int] = {}
        """(source, address) of devices nobody claims -> when they last spoke."""
        self._told_ms: dict[tuple[str, str], int] = {}
        self._route_of = lru_cache(maxsize=8192)(self._find)

    @property
    def filters(self) -> list[str]:
        """What must be subscribed to beside the native topics."""
        return sorted({topic for route in self.routes for topic in route.source.topics})

    def decode(self, topic: str, payload: bytes, received_ms: int, retained: bool = False) -> list[Decoded]:
        """What a message says, its devices under the names the site has for them."""
        route = self._route_of(topic)
        if route is None:
            if topic.startswith(ROOT):
                context = Context(received_ms, retained)
                found = families.decode(topic, payload, context)
                self._listen(context, found)
                return [_kept(one) for one in found] if retained else found
            return [uncovered(topic)]
        level = route.source.name_level
        levels = topic.split("/") if level is not None else []
        name = levels[level] if level is not None and level < len(levels) else ""
        zone = self.site.site.timezone
        context = Context(received_ms, retained, zone, name, route.options, route.memory)
        try:
            found = route.family.decode(topic, payload, context)
        except Exception as error:  # see docs/decisions/0006: a family's mistake must not stop the gateway for good
            found = [_failed(route, error)]
        named = self._claimed(route, found, received_ms)
        self._listen(context, named)
        return named

    def tick(self, now_ms: int) -> list[Decoded]:
        """What follows from the passing of time alone: a rebirth asked for, a sender that went stale."""
        found: list[Decoded] = []
        for route in self.routes:
            if route.family.tick is not None:
                try:
                    told = route.family.tick(route.memory, now_ms)
                except Exception as error:
                    told = [_failed(route, error)]
                found += self._claimed(route, told, now_ms)
        return found

    def presence(self) -> Callable[[int], tuple[Publish, Publish]] | None:
        """What the gateway must say of itself (birth, will) at a time, where a family wants it."""
        for route in self.routes:
            if route.family.presence is not None:
                speak, options = route.family.presence, route.options
                return lambda now_ms: speak(options, now_ms)
        return None

    def _listen(self, context: Context, said: list[Decoded]) -> None:
        """What a device's clock said, as far as it is one of the site's; what the broker kept says nothing of now."""
        told = context.told
        if told and said and not context.retained:
            first = said[0]
            device = "" if isinstance(first, Publish) else first.device
            if device in self.site.device_by_id:
                self.voices.hear(device, told[0] if len(told) == 1 else max(told), context.received_ms)

    def _find(self, topic: str) -> Route | None:
        for route in self.routes:
            if any(matches(pattern, topic) for pattern in route.source.topics):
                return route
        return None

    def _claimed(self, route: Route, found: list[Decoded], now_ms: int) -> list[Decoded]:
        named: list[Decoded] = []
        strangers: dict[str, None] = {}
        for one in found:
            if isinstance(one, Publish):
                named.append(one)
                continue
            address = one.device or route.only
            device = self.site.device_by_address.get((route.source.id, address_key(address)))
            if device is not None:
                named.append(msgspec.structs.replace(one, device=device.id))
            elif type(one) is Problem:
                named.append(one)
            elif isinstance(one, Reading | TagReads):
                strangers[address] = None
        for address in strangers:
            told = self._stranger(route.source.id, address, now_ms)
            if told is not None:
                named.append(told)
        return named

    def _stranger(self, source: str, address: str, now_ms: int) -> Problem | None:
        """The problem of a device that nobody claims, told once an hour: a neighbour that talks all day would push
        every other problem out of the quarantine."""
        key = (source, address)
        self.unclaimed.pop(key, None)
        self.unclaimed[key] = now_ms
        if len(self.unclaimed) > UNCLAIMED_MAX:
            oldest = next(iter(self.unclaimed))
            del self.unclaimed[oldest]
            self._told_ms.pop(oldest, None)
        if now_ms - self._told_ms.get(key, -STRANGER_MS) < STRANGER_MS:
            return None
        self._told_ms[key] = now_ms
        if not address:
            detail = f"a message of source {source!r} does not say which device sent it"
            return Problem("device.unnamed", detail, claim(source, ""), "")
        detail = f"device {address[:100]!r} of source {source!r} is not in the site file"
        return Problem("device.unknown", detail, claim(source, address), address[:100])


def _kept(one: Decoded) -> Decoded:
    """Our own devices' readings that the broker had kept, marked so; their family says nothing of it."""
    if type(one) is not Reading or "retained" in one.flags:
        return one
    return msgspec.structs.replace(one, flags=(*one.flags, "retained"))


def claim(source: str, address: str) -> str:
    """How the site file claims a device, in words."""
    if not address:
        return "give the source a name_level in the site file"
    return f'add it under [[devices]] with source = "{source}" and address = "{address[:100]}"'


def _failed(route: Route, error: Exception) -> Problem:
    """A mistake of ours in a device family, met by one message: kept with its bytes, so that it can be mended."""
    detail = f"the family {route.family.name!r} failed on it: {type(error).__name__}: {error}"
    return Problem("decoder.failed", detail[:300], "this is a fault of the gateway: report it with the message's bytes")


def _route(site: Site, source: Source) -> Route:
    family = families.formats().get(source.format)
    if family is None:
        known = ", ".join(sorted(families.formats()))
        raise LayoutError(f"source {source.id!r}: no format is called {source.format!r}; there are {known}")
    try:
        options = msgspec.convert(source.options, family.options)
    except msgspec.ValidationError as error:
        hint = "docs/makes.md lists the options of each format"
        raise LayoutError(f"source {source.id!r}: options of {source.format!r}: {error}; {hint}") from None
    memory = family.begin(options) if family.begin is not None else None
    own = [device.address or device.id for device in site.devices if device.source == source.id]
    return Route(source, family, options, memory, own[0] if len(own) == 1 else "")
