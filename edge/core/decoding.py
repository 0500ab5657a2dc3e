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
from edge.core.field.places import Places
from edge.core.field.strangers import Strangers
from protocols import devices as families
from protocols.devices import Format, uncovered
from protocols.layout import LayoutError, Site, Source
from protocols.readings import Context, Decoded, Problem, Publish, Reading, TagReads
from protocols.topics import ROOT, matches


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

    def __init__(self, site: Site, places: Places | None = None) -> None:
        """Raises `LayoutError` for a source whose format or options do not exist."""
        families.formats()  # found and loaded now, not when the first message waits for it
        self.site = site
        self.routes = [_route(site, source) for source in site.sources]
        self.voices = Voices()
        """What time it is by the devices' own clocks."""
        self.places = places or Places(site)
        self.strangers = Strangers()
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
                found = self._at_places(families.decode(topic, payload, context), received_ms)
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

    def again(self, topic: str, payload: bytes, received_ms: int) -> list[Decoded]:
        """What a message of the past says as it would be read today. It teaches the families and the list of strangers
        nothing: a family that keeps something between messages begins anew for it."""
        route = self._route_of(topic)
        if route is None:
            if not topic.startswith(ROOT):
                return [uncovered(topic)]
            return self._named("", families.decode(topic, payload, Context(received_ms)))
        level, levels = route.source.name_level, topic.split("/")
        name = levels[level] if level is not None and level < len(levels) else ""
        memory = route.family.begin(route.options) if route.family.begin is not None else None
        found: list[Decoded]
        context = Context(received_ms, False, self.site.site.timezone, name, route.options, memory)
        try:
            found = route.family.decode(topic, payload, context)
        except Exception as error:
            found = [_failed(route, error)]
        return self._named(route.source.id, found, route.only)

    def _named(self, source: str, found: list[Decoded], only: str = "") -> list[Decoded]:
        """What was said under the names of the places; a problem of each who has none."""
        named: list[Decoded] = []
        for one in found:
            if isinstance(one, Publish):
                continue
            address = one.device or only
            device = self.places.at(source, address) if address else None
            if device is not None:
                named.append(msgspec.structs.replace(one, device=device))
            else:
                named.append(one if type(one) is Problem else _unclaimed(source, address))
        return named

    def _at_places(self, found: list[Decoded], now_ms: int) -> list[Decoded]:
        """What our own devices say, under the name of the place where they stand. Who has none goes on as it is, for
        the fold to blame; but one that was refused, or replaced, is left out."""
        if not found or isinstance(found[0], Publish):
            return found
        name = found[0].device
        if self.places.plain and name in self.site.device_by_id:
            return found
        place = self.places.at("", name) if name else None
        if place is not None:
            if place == name:
                return found
            return [one if isinstance(one, Publish) else msgspec.structs.replace(one, device=place) for one in found]
        if not any(isinstance(one, Reading | TagReads) for one in found):
            return [] if name in self.site.device_by_id else found
        if self.places.refused("", name, now_ms):
            return []
        told = self.strangers.meet("", name, found, now_ms)
        if name not in self.site.device_by_id:
            return found
        return [_replaced(name)] if told else []

    def _claimed(self, route: Route, found: list[Decoded], now_ms: int) -> list[Decoded]:
        named: list[Decoded] = []
        strangers: dict[str, list[Decoded]] = {}
        for one in found:
            if isinstance(one, Publish):
                named.append(one)
                continue
            address = one.device or route.only
            device = self.places.at(route.source.id, address)
            if device is not None:
                named.append(msgspec.structs.replace(one, device=device))
            elif type(one) is Problem:
                named.append(one)
            elif isinstance(one, Reading | TagReads):
                strangers.setdefault(address, []).append(one)
        source = route.source.id
        for address, said in strangers.items():
            if not self.places.refused(source, address, now_ms) and self.strangers.meet(source, address, said, now_ms):
                named.append(_unclaimed(source, address))
        return named


def _unclaimed(source: str, address: str) -> Problem:
    """The problem of a device that nobody claims."""
    if not address:
        detail = f"a message of source {source!r} does not say which device sent it"
        return Problem("device.unnamed", detail, claim(source, ""), "")
    of = f" of source {source!r}" if source else ""
    detail = f"device {address[:100]!r}{of} is not in the site file"
    return Problem("device.unknown", detail, claim(source, address), address[:100])


def _replaced(name: str) -> Problem:
    """The problem of one that speaks on though another one stands at its place."""
    hint = "take it off the network, or enrol it at another place"
    return Problem("device.replaced", f"another device stands at the place of {name!r} now", hint, name)


def _kept(one: Decoded) -> Decoded:
    """Our own devices' readings that the broker had kept, marked so; their family says nothing of it."""
    if type(one) is not Reading or "retained" in one.flags:
        return one
    return msgspec.structs.replace(one, flags=(*one.flags, "retained"))


def claim(source: str, address: str) -> str:
    """How the site file claims a device, in words."""
    if not address:
        return "give the source a name_level in the site file"
    if not source:
        return "enrol it at a place of the site file, or add it under [[devices]]"
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
