"""A Sparkplug plant for tests: one node with a device, as its host hears it."""

from __future__ import annotations

from typing import Any, TypeVar

from protocols.devices import sparkplug
from protocols.readings import Context, Decoded, Problem, Reading
from protocols.sparkplug import topics
from protocols.sparkplug.host import Host, Settings
from protocols.sparkplug.payload import BOOLEAN, DOUBLE, INT32, INT64, Metric
from protocols.sparkplug.schema import Message

NOW = 1_763_762_400_000
Kind = TypeVar("Kind")
BIRTH = (
    Metric("Bin/1/Weight", 1.5, DOUBLE, 0, NOW, properties={"engUnit": "kg"}),
    Metric("Bin/1/Count", 6, INT32, 1, NOW),
)


def message(metrics: list[Metric] | tuple[Metric, ...], at_ms: int | None = None, seq: int | None = None) -> bytes:
    """A payload as others write it: what has no datatype is left without one."""
    fields = {name: value for name, value in (("timestamp", at_ms), ("seq", seq)) if value is not None}
    data: bytes = Message(metrics=[_metric(one) for one in metrics], **fields).SerializeToString()
    return data


def _metric(one: Metric) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": one.name, "alias": one.alias, "timestamp": one.at_ms, "datatype": one.datatype}
    fields = {name: value for name, value in fields.items() if value or (name == "alias" and value is not None)}
    fields |= {"is_historical": one.historical, "is_transient": one.transient}
    if one.properties:
        fields["properties"] = {"keys": list(one.properties), "values": [_value(x) for x in one.properties.values()]}
    return fields | (_value(one.value) if one.value is not None else {"is_null": True})


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolean_value": value}
    if isinstance(value, int):
        return {"long_value": value & (2**64 - 1)}
    return {"double_value": value} if isinstance(value, float) else {"string_value": value}


class Plant:
    """One node `gw` of group `G` with devices, as its host hears it."""

    def __init__(self, **options: Any) -> None:
        self.options = Settings(**options)
        self.host: Host = sparkplug.begin(self.options)
        self.now_ms = NOW
        self.seq = 0

    def send(self, topic: str, payload: bytes, retained: bool = False) -> list[Decoded]:
        context = Context(self.now_ms, retained, options=self.options, memory=self.host)
        return sparkplug.decode(topic, payload, context)

    def say(
        self, verb: str, device: str, *metrics: Metric, seq: int | None = -1, node: str = "gw", at_ms: int | None = NOW
    ) -> list[Decoded]:
        """The next message of the node; `seq`: another number than its turn, None for none."""
        if seq == -1:
            self.seq = 0 if verb == "NBIRTH" else self.seq + 1
            seq = self.seq & 0xFF
        return self.send(topics.spell(verb, "G", node, device), message(metrics, at_ms, seq))

    def bear(self, bd_seq: int = 0, node: str = "gw") -> list[Decoded]:
        session = Metric("bdSeq", bd_seq, INT64, at_ms=NOW)
        control = Metric("Node Control/Rebirth", False, BOOLEAN, at_ms=NOW)
        found = self.say("NBIRTH", "", session, control, Metric("Uptime", 5, INT64, 90, NOW), node=node)
        return found + self.say("DBIRTH", "s1", *BIRTH, node=node)

    def die(self, bd_seq: int | None, node: str = "gw") -> list[Decoded]:
        metrics = [Metric("bdSeq", bd_seq, INT64)] if bd_seq is not None else []
        return self.say("NDEATH", "", *metrics, seq=None, node=node, at_ms=NOW - 99_000)

    def tick(self, later_ms: int) -> list[Decoded]:
        self.now_ms += later_ms
        return sparkplug.tick(self.host, self.now_ms)


def grams(value: float, **more: Any) -> Metric:
    """The weight of bin 1, by its alias, in kg."""
    return Metric("", value, 0, 0, NOW, **more)


def of(found: list[Decoded], kind: type[Kind]) -> list[Kind]:
    return [one for one in found if isinstance(one, kind)]


def weights(found: list[Decoded]) -> list[float]:
    return [one.values[0] for one in of(found, Reading) if one.quantity == "mass_g"]


def codes(found: list[Decoded]) -> list[str]:
    return [one.code for one in of(found, Problem)]
