"""What announces itself to Home Assistant: ESPHome, and all else that publishes discovery messages.

A config message (`homeassistant/.../config`, retained) says what a state topic means, with its unit; it is remembered,
and an empty one takes it back. State topics are the device's own, so that the source must list them too. ESPHome keeps
its states retained: what comes at once on subscribing carries the flag `retained`, it may be old.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.discovery import TOPIC_MAX, Announced, Availability, Entity, announced, at_path, device_of
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, json_of, measured, name_of, number_of, object_of, text_of, unexpected
from protocols.parsing.units import conversion
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Notice, Problem, Reading

FORMAT = "homeassistant"
FILTERS = ("homeassistant/#",)

ENTITIES_MAX = 8192
"""Entities and availabilities remembered; a config message beyond it is refused with a problem, the others stay."""
QUIET = ("debug", "command", "set")
"""What a device logs and obeys."""
NOTHING = ("", "unknown", "unavailable", "none", "null")
"""States of a sensor that has no value."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`prefix`: of discovery topics. `units`: state topic, or channel -> unit, for what announces none, or nothing."""

    prefix: str = "homeassistant"
    units: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Raises ValueError for a unit that is not known."""
        for name, unit in self.units.items():
            if conversion(unit) is None:
                raise ValueError(f"units.{name}: the unit {unit!r} is not known")


class Memory(Struct):
    """What was announced, by config topic; and by state and availability topic, with the config topic it came from."""

    announced: dict[str, Announced] = {}
    states: dict[str, dict[tuple[str, int], Entity]] = {}
    available: dict[str, dict[tuple[str, int], Availability]] = {}
    here: dict[str, bool] = {}
    """Availability topic -> what it said last."""
    size: int = 0


_DEFAULTS = Options()


def begin(options: Options) -> Memory:
    """An empty memory."""
    return Memory()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a message says by what was announced of its topic; an announcement itself says nothing but problems."""
    options = context.options or _DEFAULTS
    memory = context.memory if context.memory is not None else Memory()
    if topic.startswith(options.prefix + "/"):
        if topic.endswith("/config"):
            return _announce(memory, topic, payload, options)
        if topic == options.prefix + "/status":
            return []
    entities, available = memory.states.get(topic), memory.available.get(topic)
    if not payload:
        return []
    found: list[Decoded] = []
    if available:
        found += _statuses(memory, topic, list(available.values()), payload, context)
    if entities:
        found += _states(list(entities.values()), payload, options, context, topic)
    if available or entities:
        return capped(found)
    return _unannounced(topic, payload, options, context)


def _announce(memory: Memory, topic: str, payload: bytes, options: Options) -> list[Decoded]:
    if not payload:
        _forget(memory, topic)
        return []
    said = object_of(payload)
    if isinstance(said, Problem):
        return [said]
    if len(topic) > TOPIC_MAX:
        return [unexpected(f"a discovery topic of {len(topic)} characters, at most {TOPIC_MAX} are remembered")]
    new = announced(topic, said, options.prefix)
    _forget(memory, topic)
    size = len(new.states) + len(new.available)
    if memory.size + size > ENTITIES_MAX:
        detail = f"{ENTITIES_MAX} announced values are remembered; those of {topic[:150]!r} were not taken"
        return [Problem("discovery.full", detail, "clear config messages of devices that are gone, or list fewer")]
    if size:
        memory.size += size
        memory.announced[topic] = new
    for at, (state, entity) in enumerate(new.states):
        memory.states.setdefault(state, {})[topic, at] = entity
    for at, (where, availability) in enumerate(new.available):
        memory.available.setdefault(where, {})[topic, at] = availability
    return [*new.problems]


def _forget(memory: Memory, topic: str) -> None:
    old = memory.announced.pop(topic, None)
    if old is None:
        return
    memory.size -= len(old.states) + len(old.available)
    for at, (state, _) in enumerate(old.states):
        meanings = memory.states[state]
        del meanings[topic, at]
        if not meanings:
            del memory.states[state]
    for at, (where, _) in enumerate(old.available):
        words = memory.available[where]
        del words[topic, at]
        if not words:
            del memory.available[where]
            memory.here.pop(where, None)


def _states(entities: list[Entity], payload: bytes, options: Options, context: Context, topic: str) -> list[Decoded]:
    at = moment(None, context)
    json: Any = None
    if any(entity.path is not None for entity in entities):
        json = json_of(payload, entities[0].device)
        if isinstance(json, Problem):
            return [json]
    found: list[Decoded] = []
    for entity in entities:
        if entity.unreadable:
            hint = "publish the value without arithmetic in the template, or use the mapper for this topic"
            detail = f"{entity.channel!r}: the template {entity.unreadable!r} is more than a path"
            found.append(Problem("discovery.unreadable", detail[:300], hint, entity.device))
            continue
        value = text_of(payload, entity.device) if entity.path is None else at_path(json, entity.path)
        if isinstance(value, Problem):
            found.append(value)
        elif value is not None and str(value).lower() not in NOTHING:
            found.append(_state(entity, value, options.units.get(topic, options.units.get(entity.channel)), at))
    return found


def _state(entity: Entity, value: object, unit: str | None, at: Moment) -> Decoded:
    device, channel = entity.device, entity.channel
    if unit is not None:
        return measured(device, channel, unit, value, at)
    if entity.kind == "number":
        return measured(device, channel, entity.unit, value, at)
    if entity.kind == "words":
        if number_of(value) is not None:
            return measured(device, channel, "raw", value, at)
        return Notice(device, channel, name_of(value) or "none", at.at_ms, at.flags)
    word = str(value).lower()
    if word not in (entity.on, entity.off):
        return unexpected(f"{channel!r} is {word[:60]!r}, neither {entity.on[:60]!r} nor {entity.off[:60]!r}", device)
    return measured(device, channel, entity.unit, word == entity.on, at)


def _statuses(
    memory: Memory, topic: str, available: list[Availability], payload: bytes, context: Context
) -> list[Decoded]:
    found: dict[str, Decoded] = {}
    for one in available:
        word: Any = text_of(payload, one.device) if one.path is None else json_of(payload, one.device)
        if one.path and not isinstance(word, Problem):
            word = at_path(word, one.path)
        if isinstance(word, Problem):
            found.setdefault(one.device, word)
            continue
        said = str(word).lower()
        if said not in (one.here, one.gone):
            detail = f"availability is {said[:60]!r}, neither {one.here[:60]!r} nor {one.gone[:60]!r}"
            found.setdefault(one.device, unexpected(detail, one.device))
            continue
        online = memory.here[topic] = said == one.here
        if one.mode == "all":
            online = all(memory.here.get(where, True) for where in one.topics)
        elif one.mode == "any":
            online = any(memory.here.get(where, False) for where in one.topics)
        found[one.device] = DeviceStatus(one.device, online, context.received_ms)
    return list(found.values())


def _unannounced(topic: str, payload: bytes, options: Options, context: Context) -> list[Decoded]:
    """What can be told from a topic alone: ESPHome's last will, and what the source gives a unit."""
    above, _, leaf = topic.rpartition("/")
    if leaf in QUIET:
        return []
    word = text_of(payload)
    device, channel = device_of(topic, options.prefix)
    device = device or name_of(context.name or above)
    unit = options.units.get(topic) or options.units.get(channel)
    if unit is not None and not isinstance(word, Problem):
        return [] if word.lower() in NOTHING else [measured(device, channel or leaf, unit, word, moment(None, context))]
    if leaf == "status" and word in ("online", "offline"):
        return [DeviceStatus(device, word == "online", context.received_ms)]
    hint = (
        f"let the device announce itself under {options.prefix}/ (retained) and list that in the source's topics, or "
        f"give the source options = {{ units = {{ {(channel or 'CHANNEL')[:40]} = ... }} }}"
    )
    return [Problem("discovery.missing", f"nothing has announced what {topic[:200]!r} means", hint, device)]


_NOW = 1_763_762_400_000
_RECEIPT: tuple[Flag, ...] = ("no_clock",)
_STATE = "shelf-1/sensor/load/state"
_LOAD = (
    "homeassistant/sensor/shelf-1/load/config",
    b'{"dev_cla":"weight","unit_of_meas":"kg","stat_t":"~/sensor/load/state","avty_t":"~/status","~":"shelf-1",'
    b'"uniq_id":"l1","dev":{"ids":["a1b2"],"name":"Shelf 1"}}',
)
_COLD = (
    "homeassistant/device/cold-1/config",
    b'{"dev":{"ids":"cold-1"},"state_topic":"cold/1","cmps":{'
    b'"t":{"p":"sensor","dev_cla":"temperature","unit_of_meas":"F","val_tpl":"{{ value_json.air[\'t\']|float }}"},'
    b'"d":{"p":"binary_sensor","dev_cla":"door","pl_on":"open","pl_off":"shut","val_tpl":"{{value_json.door}}"},'
    b'"gone":{"p":"sensor"}}}',
)
_HALF = (
    "homeassistant/sensor/x/config",
    b'{"state_topic":"x/s","unit_of_measurement":"g","value_template":"{{ value_json.g * 1000 }}"}',
)
EXAMPLES = (
    Example("an announcement says nothing yet", *_LOAD, []),
    Example(
        "a scale of ESPHome",
        _STATE,
        b"1.284",
        [Reading("shelf-1", "load", "mass_g", _NOW, [1284.0], flags=_RECEIPT)],
        before=(_LOAD,),
    ),
    Example("a scale that gives no number", _STATE, b"nan", [Problem("value.not_finite", "")], before=(_LOAD,)),
    Example("a scale that has none yet", _STATE, b"unavailable", [], before=(_LOAD,)),
    Example("its last will", "shelf-1/status", b"offline", [DeviceStatus("shelf-1", False, _NOW)], before=(_LOAD,)),
    Example("a state that nobody announced", _STATE, b"1.284", [Problem("discovery.missing", "")]),
    Example(
        "an announcement taken back",
        _STATE,
        b"1.284",
        [Problem("discovery.missing", "")],
        before=(_LOAD, (_LOAD[0], b"")),
    ),
    Example(
        "a unit from the source",
        _STATE,
        b"1284",
        [Reading("shelf-1", "load", "mass_g", _NOW, [1284.0], flags=_RECEIPT)],
        options={"units": {"load": "g"}},
    ),
    Example(
        "a device with several values in one message",
        "cold/1",
        b'{"air":{"t":"41"},"door":"open"}',
        [
            Reading("cold-1", "air.t", "temperature_c", _NOW, [41 * 5.0 / 9.0 - 160.0 / 9.0], flags=_RECEIPT),
            Reading("cold-1", "door", "door_open", _NOW, [1.0], flags=_RECEIPT),
        ],
        before=(_COLD,),
    ),
    Example("a door that is neither", "cold/1", b'{"door":7}', [Problem("payload.invalid", "")], before=(_COLD,)),
    Example("a template that reckons", *_HALF, [Problem("discovery.unreadable", "")]),
    Example("what it would have meant", "x/s", b'{"g":1}', [Problem("discovery.unreadable", "")], before=(_HALF,)),
    Example("an announcement that is none", _LOAD[0], b"[]", [Problem("payload.invalid", "")]),
    Example("what a node logs", "shelf-1/debug", b"[D][hx711:031]: 'load': Got value 84120", []),
)
