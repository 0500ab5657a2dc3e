"""Sparkplug B: edge nodes and their devices under `spBv1.0/#`; the gateway is a host application to them.

A device is called `node/device`, a node `node`; a channel is the metric's name. What a metric is follows from the
site's `units`, else from the sender's property `engUnit`, else from its name (`.../Weight` is kg); else it is a raw
number. Strings and dates become notices. The codec and the state machine are in protocols/sparkplug.
"""

from __future__ import annotations

import zlib

from protocols.devices import Example
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, Publish, Reading
from protocols.sparkplug import topics
from protocols.sparkplug.control import rebirth, state
from protocols.sparkplug.host import Host, Settings
from protocols.sparkplug.payload import BOOLEAN, DOUBLE, INT64, STRING, Metric, Payload, encode
from protocols.sparkplug.topics import NAMESPACE, STATE

FORMAT = "sparkplug"
FILTERS = (f"{NAMESPACE}/#",)
LISTENS = (f"{NAMESPACE}/+/NCMD/#", f"{NAMESPACE}/+/DCMD/#", f"{NAMESPACE}/{STATE}/#")
NEVER = (*LISTENS, f"{STATE}/#")
SPEAKS = tuple(
    f"{NAMESPACE}/+/{verb}/#" for verb in (*topics.NODE_VERBS, *topics.DEVICE_VERBS) if not verb.endswith("CMD")
)
Options = Settings


def begin(options: Settings) -> Host:
    """A host application that has heard nothing yet."""
    return Host(options)


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What a Sparkplug message says. Without a memory each is taken alone, and nothing is answered."""
    at = topics.parse(topic)
    if at is None:
        hint = "topics are spBv1.0/<group>/<verb>/<node>[/<device>] and spBv1.0/STATE/<host>"
        return [Problem("topic.malformed", f"{topic[:200]!r} is no Sparkplug topic", hint, topic=topic[:200])]
    if context.memory is not None:
        found: list[Decoded] = context.memory.hear(at, payload, context)
        return found
    alone = Host(context.options or Settings())
    return [one for one in alone.hear(at, payload, context) if not isinstance(one, Publish)]


def tick(memory: Host, now_ms: int) -> list[Decoded]:
    """Gaps given up, devices gone, and rebirths asked for by now."""
    return memory.tick(now_ms)


def presence(options: Settings, now_ms: int) -> tuple[Publish, Publish]:
    """The STATE messages (birth, will) of a connection made at `now_ms`; both carry this time."""
    return state(options.host_id, True, now_ms), state(options.host_id, False, now_ms)


_NOW = 1_763_762_400_000
_NODE, _SHELF = "spBv1.0/plant/{}/gw-7", "spBv1.0/plant/{}/gw-7/shelf-2"
_NBIRTH = encode(
    Payload(
        [Metric("bdSeq", 4, INT64, at_ms=_NOW), Metric("Node Control/Rebirth", False, BOOLEAN, at_ms=_NOW)], _NOW, 0
    )
)
_DBIRTH = encode(
    Payload(
        [
            Metric("Bin/1/Net", 4.5, DOUBLE, 1, _NOW, properties={"engUnit": "kg"}),
            Metric("Bin/1/Weight", None, DOUBLE, 2, _NOW),
            Metric("Door", True, BOOLEAN, 3, _NOW),
            Metric("Model", "XK3190", STRING, 4, _NOW),
        ],
        _NOW,
        1,
    )
)
_BIRTHS = ((_NODE.format("NBIRTH"), _NBIRTH), (_SHELF.format("DBIRTH"), _DBIRTH))
_SCADA = Notice("scada", STATE, "online", _NOW)
_BOMB = zlib.compress(bytes(8_000_000))
_UNBORN = Problem("sparkplug.not_born", "")


def _data(seq: int, *metrics: Metric) -> bytes:
    return encode(Payload(list(metrics), _NOW, seq))


EXAMPLES = (
    Example(
        "the birth of a node",
        _NODE.format("NBIRTH"),
        _NBIRTH,
        [DeviceStatus("gw-7", True, _NOW)],
    ),
    Example(
        "the birth of a shelf: units by engUnit or by name, a door, a text; null is no value",
        _SHELF.format("DBIRTH"),
        _DBIRTH,
        [
            DeviceStatus("gw-7/shelf-2", True, _NOW),
            Reading("gw-7/shelf-2", "Bin/1/Net", "mass_g", _NOW, [4500.0]),
            Reading("gw-7/shelf-2", "Door", "door_open", _NOW, [1.0]),
            Notice("gw-7/shelf-2", "Model", "XK3190", _NOW),
        ],
        before=_BIRTHS[:1],
    ),
    Example(
        "data by alias, without a datatype",
        _SHELF.format("DDATA"),
        b"\x12\x12\x10\x02\x18\x80\xd6\xb9\xc3\xaa\x33\x69\x00\x00\x00\x00\x00\x00\xf4\x3f\x18\x02",
        [Reading("gw-7/shelf-2", "Bin/1/Weight", "mass_g", _NOW, [1250.0])],
        before=_BIRTHS,
    ),
    Example(
        "a unit by the site's settings",
        _SHELF.format("DDATA"),
        _data(2, Metric("", 3.0, DOUBLE, 2, _NOW)),
        [Reading("gw-7/shelf-2", "Bin/1/Weight", "mass_g", _NOW, [3.0])],
        {"units": {"Bin/*/Weight": "g"}},
        before=_BIRTHS,
    ),
    Example(
        "buffered while it was cut off",
        _SHELF.format("DDATA"),
        _data(2, Metric("", 3.0, DOUBLE, 1, _NOW - 60_000, historical=True)),
        [Reading("gw-7/shelf-2", "Bin/1/Net", "mass_g", _NOW - 60_000, [3000.0], flags=("historical",))],
        before=_BIRTHS,
    ),
    Example(
        "the death of a node takes its devices along",
        _NODE.format("NDEATH"),
        encode(Payload([Metric("bdSeq", 4, INT64)], _NOW - 5000)),
        [DeviceStatus("gw-7", False, _NOW), DeviceStatus("gw-7/shelf-2", False, _NOW)],
        before=_BIRTHS,
    ),
    Example(
        "the death of an earlier connection",
        _NODE.format("NDEATH"),
        encode(Payload([Metric("bdSeq", 3, INT64)], _NOW)),
        [],
        before=_BIRTHS,
    ),
    Example(
        "the death of a device",
        _SHELF.format("DDEATH"),
        _data(2),
        [DeviceStatus("gw-7/shelf-2", False, _NOW)],
        before=_BIRTHS,
    ),
    Example("another host", f"{NAMESPACE}/{STATE}/scada", b'{"online":true,"timestamp":1763762400000}', [_SCADA]),
    Example("a cleared STATE", f"{NAMESPACE}/{STATE}/scada", b"", []),
    Example(
        "data before any birth: the node is asked for one",
        _SHELF.format("DDATA"),
        _data(9, Metric("", 3.0, DOUBLE, 1, _NOW)),
        [_UNBORN, rebirth("plant", "gw-7", _NOW)],
    ),
    Example(
        "an alias of no birth",
        _SHELF.format("DDATA"),
        _data(2, Metric("", 3.0, DOUBLE, 77, _NOW)),
        [_UNBORN, rebirth("plant", "gw-7", _NOW)],
        before=_BIRTHS,
    ),
    Example("a message too early waits", _SHELF.format("DDATA"), _data(3), [], before=_BIRTHS),
    Example("not protobuf", _NODE.format("NDATA"), b"\xff\xff{}", [Problem("payload.not_sparkplug", "")]),
    Example("not JSON", f"{NAMESPACE}/{STATE}/scada", b"{", [Problem("payload.invalid", "")]),
    Example("no verb", f"{NAMESPACE}/plant/BIRTH/gw-7", b"", [Problem("topic.malformed", "")]),
    Example(
        "eight megabytes in eight kilobytes",
        _NODE.format("NDATA"),
        b'"\x12SPBV1.0_COMPRESSED*' + bytes([len(_BOMB) & 0x7F | 0x80, len(_BOMB) >> 7]) + _BOMB,
        [Problem("payload.too_big", "")],
    ),
)
