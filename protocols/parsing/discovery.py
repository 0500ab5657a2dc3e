"""Home Assistant's discovery messages: what the value on a state topic means (home-assistant.io/integrations/mqtt).

`announced` reads one config message, of one entity (`<prefix>/sensor/[<node>/]<object>/config`) or of a whole device
(`<prefix>/device/...`, with `components`). Of templates only paths are read, `{{ value_json.a['b'][0] | float }}`:
there is no Jinja here.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from protocols.parsing.payloads import name_of
from protocols.parsing.units import conversion
from protocols.readings import Problem

COMPONENTS_MAX = 256
"""Entities read from one config message."""
TEMPLATE_MAX = 200
TOPIC_MAX = 1000
WORD_MAX = 64

Path = tuple[str | int, ...]
Kind = Literal["number", "words", "switch_on", "door_open"]


class Entity(Struct, frozen=True):
    """One value on a state topic. `path`: where in its JSON, None when the payload is the value; `unreadable`: the
    template that is more than a path."""

    device: str
    channel: str
    kind: Kind
    unit: str = "raw"
    path: Path | None = None
    on: str = "on"
    off: str = "off"
    unreadable: str = ""


class Availability(Struct, frozen=True):
    """A topic that says whether a device is there; `topics`: all that say so of it, and how they count together."""

    device: str
    path: Path | None = None
    here: str = "online"
    gone: str = "offline"
    mode: str = "latest"
    topics: tuple[str, ...] = ()


class Announced(NamedTuple):
    """What one config message says: (topic, meaning) pairs, and what could not be read."""

    states: list[tuple[str, Entity]]
    available: list[tuple[str, Availability]]
    problems: list[Problem]


FULL = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "cmps": "components",
    "dev": "device",
    "dev_cla": "device_class",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_cla": "state_class",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_t": "state_topic",
    "t": "topic",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
    "ids": "identifiers",
}
"""Abbreviation -> key, of those that are read."""
COMPONENTS = ("sensor", "number", "binary_sensor", "switch")
DOORS = ("door", "garage_door", "opening", "window")
PERCENT = {"humidity": "%RH", "battery": "%"}
"""What a percentage is of, by device class."""
MEASURED = ("weight", "temperature", "power", "energy", "voltage", "current", "pressure")
"""Classes that are nothing without a unit."""

_HEAD = re.compile(r"\{\{-?\s*(value_json|value)\b")
_STEP = re.compile(r"""\.([A-Za-z_]\w*)|\[\s*(?:'([^']*)'|"([^"]*)"|(\d{1,6}))\s*\]""")
_FILTER = re.compile(r"\s*\|\s*(?:float|int|round|string|trim|default|is_defined)\b(?:\([^()]*\))?")
_TAIL = re.compile(r"\s*-?\}\}\s*\Z")


def announced(topic: str, said: dict[str, Any], prefix: str) -> Announced:
    """What a config message announces; `topic` begins with `prefix` and ends with `config`."""
    levels = topic[len(prefix) + 1 :].split("/")[:-1]
    found = Announced([], [], [])
    said = _full(said)
    if len(levels) not in (2, 3):
        found.problems.append(_unread(f"{topic[:200]!r} is no discovery topic"))
    elif levels[0] == "device":
        parts = said.get("components")
        parts = parts if isinstance(parts, dict) else {}
        for name, part in list(parts.items())[:COMPONENTS_MAX]:
            if isinstance(part, dict) and len(part) > 1:  # with its platform alone it is being taken away
                own = {**said, **_full(part)}
                _entity(str(own.get("platform")), name, own, prefix, found)
        if len(parts) > COMPONENTS_MAX:
            found.problems.append(_unread(f"{len(parts)} components, {COMPONENTS_MAX} were taken"))
    else:
        _entity(levels[0], levels[-1], said, prefix, found)
    return found


def path_of(template: object) -> tuple[Path | None, str]:
    """The path in a template (None: the payload is the value), and the template again where it is more than a path."""
    if template in (None, ""):
        return None, ""
    text = str(template).strip()[: TEMPLATE_MAX + 1]
    head = _HEAD.match(text)
    if head is None or len(text) > TEMPLATE_MAX:
        return None, text
    at, steps = head.end(), []
    while step := _STEP.match(text, at):
        steps.append(int(step[4]) if step[4] else next(part for part in step.groups() if part is not None))
        at = step.end()
    while more := _FILTER.match(text, at):
        at = more.end()
    if not _TAIL.match(text, at) or (head[1] == "value" and steps):
        return None, text
    return (tuple(steps) if head[1] == "value_json" else None), ""


def at_path(value: Any, path: Path) -> Any:
    """What stands at a path; None when nothing does."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def device_of(topic: str, prefix: str) -> tuple[str, str]:
    """The device and the channel that a state topic names by itself: `<node>/<component>/<object>/state` as ESPHome
    has it, or `<prefix>/<component>/<device>/state`; "" for what it does not name."""
    levels = topic.split("/")
    if levels[-1] != "state" or len(levels) < 4 or levels[-3] not in COMPONENTS:
        return "", ""
    if "/".join(levels[:-3]) == prefix:
        return name_of(levels[-2]), ""
    return name_of("/".join(levels[:-3])), name_of(levels[-2])


def _full(said: dict[str, Any]) -> dict[str, Any]:
    """With whole names for abbreviated ones, and with `~` filled in."""
    base = said.get("~")
    full = {FULL.get(key, key): value for key, value in said.items()}
    if isinstance(base, str):
        for key, value in full.items():
            if key.endswith("topic"):
                full[key] = _based(value, base)
        listed = full.get("availability")
        if isinstance(listed, list):
            full["availability"] = [
                {key: _based(value, base) if key in ("t", "topic") else value for key, value in one.items()}
                for one in listed[:8]
                if isinstance(one, dict)
            ]
    return full


def _based(value: Any, base: str) -> Any:
    if isinstance(value, str) and value.startswith("~"):
        return base + value[1:]
    if isinstance(value, str) and value.endswith("~"):
        return value[:-1] + base
    return value


def _entity(component: str, name: str, said: dict[str, Any], prefix: str, found: Announced) -> None:
    topic = said.get("state_topic")
    if component not in COMPONENTS or not isinstance(topic, str) or not 0 < len(topic) <= TOPIC_MAX:
        return
    path, unreadable = path_of(said.get("value_template"))
    device, channel = device_of(topic, prefix)
    device = device or _owner(said, name)
    channel = channel or name_of(".".join(map(str, path or ()))) or name_of(name) or "1"
    kind, unit = _meaning(component, said)
    if unreadable:
        found.problems.append(_unread(f"{channel!r}: {unreadable!r} is more than a path", device))
    elif kind == "words" and said.get("device_class") in MEASURED:
        found.problems.append(
            Problem(
                "unit.unknown",
                f"{channel!r} is a {said['device_class']} without a unit",
                f"give the source options = {{ units = {{ {channel} = ... }} }}",
                device,
            )
        )
    on, off = said.get("state_on", said.get("payload_on", "ON")), said.get("state_off", said.get("payload_off", "OFF"))
    entity = Entity(device, channel, kind, unit, path, _word(on), _word(off), unreadable)
    found.states.append((topic, entity))
    _available(device, said, found)


def _owner(said: dict[str, Any], name: str) -> str:
    device = said.get("device")
    device = _full(device) if isinstance(device, dict) else {}
    names = device.get("identifiers")
    first = names[0] if isinstance(names, list) and names else names
    return name_of(first or device.get("name") or said.get("unique_id") or name)


def _meaning(component: str, said: dict[str, Any]) -> tuple[Kind, str]:
    what, unit = said.get("device_class"), said.get("unit_of_measurement")
    if component == "switch":
        return "switch_on", "switch_on"
    if component == "binary_sensor":
        return ("door_open", "door_open") if what in DOORS else ("switch_on", "switch_on")
    if not isinstance(unit, str) or not unit:
        return ("number" if said.get("state_class") else "words"), "raw"
    if unit.strip() == "%":
        return "number", PERCENT.get(str(what), "raw")
    return "number", unit if conversion(unit) else "raw"


def _available(device: str, said: dict[str, Any], found: Announced) -> None:
    listed = said.get("availability")
    if isinstance(said.get("availability_topic"), str):
        listed = [{**said, "topic": said["availability_topic"], "value_template": said.get("availability_template")}]
    listed = [_full(one) for one in listed[:8] if isinstance(one, dict)] if isinstance(listed, list) else []
    listed = [one for one in listed if isinstance(one.get("topic"), str) and len(one["topic"]) <= TOPIC_MAX]
    topics = tuple(one["topic"] for one in listed)
    mode = _word(said.get("availability_mode", "latest"))
    for one in listed:
        path, unreadable = path_of(one.get("value_template"))
        here, gone = one.get("payload_available", "online"), one.get("payload_not_available", "offline")
        if unreadable:
            found.problems.append(_unread(f"availability: {unreadable!r} is more than a path", device))
        else:
            found.available.append((one["topic"], Availability(device, path, _word(here), _word(gone), mode, topics)))


def _word(value: object) -> str:
    return str(value)[:WORD_MAX].lower()


def _unread(detail: str, device: str = "") -> Problem:
    hint = "only paths such as {{ value_json.a.b }} are read: publish the value without arithmetic, or use the mapper"
    return Problem("discovery.unreadable", detail[:300], hint, device)
