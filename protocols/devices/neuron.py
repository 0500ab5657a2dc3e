"""EMQX Neuron, the gateway to PLCs and meters (Modbus, OPC UA, S7): groups of tags, and its heartbeat.

The device is the driver (`node`), a channel `group/tag`. Each tag has its value or its own error; an error is said as
a notice flagged bad, and never a zero. Both upload formats are read (`tags`; `values` and `errors`).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from protocols.devices import Example
from protocols.parsing.fields import NO_FIELD, Field, field_of
from protocols.parsing.moments import Moment, moment
from protocols.parsing.payloads import capped, doubt, measured, name_of, noticed, shaped, unexpected
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Reading

FORMAT = "neuron"
FILTERS = ("neuron/+/upload", "neuron/+/heartbeat", "/neuron/+/upload", "/neuron/+/heartbeat")

NODES_MAX = 1000
"""Drivers whose last state is remembered; beyond it the oldest is forgotten and told again."""


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What tags mean, by `group/tag`: a unit, or unit, channel, factor and offset of a register map."""

    tags: dict[str, str | Field] = {}

    def __post_init__(self) -> None:
        """Raises `ValueError` for a unit that is not known."""
        for field in self.tags.values():
            field_of(field)


class _Tag(Struct, gc=False):
    name: str
    value: Any = None
    error: Any = None


class _State(Struct, gc=False):
    node: str
    link: int = -1
    running: int = -1


class _Message(Struct):
    node: str = ""
    group: str = ""
    timestamp: Any = None
    tags: list[_Tag] | None = None
    values: dict[str, Any] | None = None
    errors: dict[str, Any] | None = None
    states: list[_State] | None = None
    version: str = ""


_message: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)
_RUNNING = {1: "starting", 2: "ready", 3: "running", 4: "stopped"}


def begin(_options: Options) -> dict[str, tuple[int, int]]:
    """The last state of each driver, so that only changes are said."""
    return {}


def decode(_topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """The readings of a group of tags, or the states of the drivers."""
    if not payload:
        return []
    said = shaped(payload, _message, context.name, "choose a JSON upload format in Neuron")
    if isinstance(said, Problem):
        return [said]
    at = moment(said.timestamp, context)
    if said.states is not None:
        return capped(_states(said, at, context))
    device = name_of(said.node or context.name)
    tags = list(said.tags or ())
    tags += [_Tag(name, value) for name, value in (said.values or {}).items()]
    tags += [_Tag(name, None, error) for name, error in (said.errors or {}).items()]
    if not tags and said.tags is None and said.values is None and said.errors is None:
        return [unexpected("neither `tags` nor `values` nor `states`", device)]
    fields = context.options.tags if isinstance(context.options, Options) else {}
    found: list[Decoded] = []
    for tag in tags:
        name = f"{said.group}/{tag.name}" if said.group else tag.name
        field = field_of(fields[name]) if name in fields else NO_FIELD
        if not field.skip:
            found += _tag(device, field.channel or name, tag, field, at)
    return capped([*found, *doubt(at, said.timestamp, device)], device)


def _tag(device: str, channel: str, tag: _Tag, field: Field, at: Moment) -> list[Decoded]:
    if tag.error:
        return [noticed(device, channel, f"error {tag.error}", at, ("bad",))]
    value = tag.value
    if value is None or value == "":
        return []
    if isinstance(value, str) and not field.unit:
        return [noticed(device, channel, value, at)]
    if isinstance(value, list):
        flat = [one for one in value[:1000] if isinstance(one, bool | int | float)]
        told = [(f"{channel}.{number}", one) for number, one in enumerate(flat)]
    else:
        told = [(channel, value)]
    return [measured(device, name, field.unit or "raw", field.scaled(one), at) for name, one in told]


def _states(said: _Message, at: Moment, context: Context) -> list[Decoded]:
    """The drivers' states: each time whether they are there, in words only where something changed."""
    known: dict[str, tuple[int, int]] = context.memory if isinstance(context.memory, dict) else {}
    found: list[Decoded] = []
    for state in said.states or ():
        device, now = name_of(state.node), (state.link, state.running)
        online = _connected(state.link, said.version)
        found.append(DeviceStatus(device, online, at.at_ms))
        if known.get(device) != now:
            link = "connected" if online else "disconnected"
            words = f"{state.link} {link} {_RUNNING.get(state.running, state.running)}"
            found.append(noticed(device, "link", words, at))
        known.pop(device, None)
        known[device] = now
        if len(known) > NODES_MAX:
            del known[next(iter(known))]
    return found


def _connected(link: int, version: str) -> bool:
    """Whether `link` says connected: 2 does, as does 1 but in versions 2.0 and 2.1, where it was "connecting"."""
    return link == 2 or (link == 1 and not version.lstrip("v").startswith(("2.0.", "2.1.")))


_NOW = 1_763_762_400_000
_HEAD = b'{"node":"chiller-plc","group":"rack","timestamp":1763762400000,'
EXAMPLES = (
    Example(
        "a register in tenths of a degree, and one that could not be read",
        "neuron/plant/upload",
        _HEAD + b'"tags":[{"name":"suction","value":-182},{"name":"oil","error":2014}]}',
        [
            Reading("chiller-plc", "suction", "temperature_c", _NOW, [-18.2]),
            Notice("chiller-plc", "rack/oil", "error 2014", _NOW, ("bad",)),
        ],
        options={"tags": {"rack/suction": {"unit": "Cel", "factor": 0.1, "channel": "suction"}}},
    ),
    Example(
        "the other format, nothing told of the tags",
        "neuron/plant/upload",
        _HEAD + b'"values":{"rpm":1480.5,"mode":"cool"},"errors":{}}',
        [Reading("chiller-plc", "rack/rpm", "raw", _NOW, [1480.5]), Notice("chiller-plc", "rack/mode", "cool", _NOW)],
    ),
    Example(
        "a heartbeat",
        "neuron/plant/heartbeat",
        b'{"version":"2.4.0","timestamp":1763762400000,"states":[{"node":"chiller-plc","link":1,"running":3}]}',
        [
            DeviceStatus("chiller-plc", True, _NOW),
            Notice("chiller-plc", "link", "1 connected running", _NOW),
        ],
    ),
    Example("no tags", "neuron/plant/upload", b'{"node":"a"}', [Problem("payload.invalid", "")]),
    Example("tags that are no list", "neuron/plant/upload", b'{"tags":7}', [Problem("payload.invalid", "")]),
)
