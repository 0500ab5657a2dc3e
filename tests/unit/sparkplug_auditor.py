"""Our edge node's words taken apart, and an auditor who holds them against the specification."""

from __future__ import annotations

from typing import Any

from protocols.readings import Problem, Publish
from protocols.sparkplug import topics
from protocols.sparkplug.node import EdgeNode, Update
from protocols.sparkplug.payload import BOOLEAN, DOUBLE, INT32, INT64, STRING, Metric, Payload, decode, typed
from protocols.sparkplug.schema import Message
from tests.unit.sparkplug_plant import NOW, Plant, of

COMMANDS, STATE = "spBv1.0/WH/NCMD/gw", "spBv1.0/STATE/scada"


def said(one: Publish) -> Payload:
    found = decode(one.payload)
    assert isinstance(found, Payload)
    return found


def values(one: Publish) -> list[Any]:
    return [typed(metric.value, metric.datatype) for metric in said(one).metrics]


def told(published: list[Publish]) -> list[str]:
    """Verb and device of each message."""
    return [" ".join(one.topic.split("/")[2::2]) for one in published]


def present(birth: Publish) -> dict[str, Any]:
    return {metric.name: metric.value for metric in said(birth).metrics}


def count(value: int | None, at_ms: int, device: str = "s1") -> Update:
    return Update(device, "Bin/1/Count", value, INT64, at_ms)


def weight(value: float, at_ms: int) -> Update:
    return Update("s1", "Bin/1/Mass", value, DOUBLE, at_ms, "g")


def living() -> EdgeNode:
    """A node with one device that said its births at NOW."""
    node = EdgeNode("WH", "gw")
    node.tell([count(None, 0), Update("s1", "Bin/1/Mass", None, DOUBLE, 0, "g")], 0)
    node.connect(NOW)
    node.arrive(NOW)
    return node


class Auditor:
    """Holds everything a node publishes against the specification, and plays its host."""

    def __init__(self) -> None:
        self.plant = Plant(reorder_ms=0)
        self.wills: list[Publish] = []
        self.seq = -1
        self.born: dict[str, dict[int, Metric]] | None = None
        self.current: dict[tuple[str, str], Any] = {}
        self.heard: set[tuple[str, str, Any, int]] = set()
        self.bd_seqs: list[int] = []

    def will(self, one: Publish) -> None:
        """The last will given with a connection."""
        assert (one.topic, one.qos, one.retain) == ("spBv1.0/WH/NDEATH/gw", 1, False)
        payload = said(one)
        assert payload.seq is None
        assert [metric.name for metric in payload.metrics] == ["bdSeq"]
        self.wills.append(one)
        self.bd_seqs.append(payload.metrics[0].value)
        self.born = None

    def take(self, published: list[Publish]) -> None:
        for one in published:
            at = topics.parse(one.topic)
            assert at is not None
            assert (at.group, at.node, one.retain) == ("WH", "gw", False)
            self._check_fields(one.payload)
            payload = said(one)
            assert payload.at_ms is not None
            self.plant.now_ms = max(self.plant.now_ms, payload.at_ms)
            problems = of(self.plant.send(one.topic, one.payload), Problem)
            assert problems == [], "our own host understands our own node"
            if at.verb == "NDEATH":
                assert (one.qos, payload.seq) == (1, None)
                assert [m.value for m in payload.metrics] == [self.bd_seqs[-1]]
                self.born = None
                continue
            assert one.qos == 0
            assert payload.seq is not None
            self._check(at, payload)

    def _check_fields(self, payload: bytes) -> None:
        """What the decoder would forgive."""
        raw = Message.FromString(payload)
        assert raw.uuid == ""
        for metric in raw.metrics:
            assert metric.datatype in (INT64, DOUBLE, BOOLEAN, STRING)
            assert metric.is_null == (metric.WhichOneof("value") is None)
            assert len(metric.properties.keys) == len(metric.properties.values)
            for key, value in zip(metric.properties.keys, metric.properties.values, strict=True):
                written = value.WhichOneof("value")
                assert (value.type, written) == ((INT32, "int_value") if key == "Quality" else (STRING, "string_value"))
                assert key != "Quality" or value.int_value in (0, 192, 500)

    def _check(self, at: topics.Address, payload: Payload) -> None:
        if at.verb == "NBIRTH":
            self.seq, self.born = -1, {}
            assert {m.name: (typed(m.value, m.datatype), m.alias) for m in payload.metrics} == {
                "bdSeq": (self.bd_seqs[-1], None),
                "Node Control/Rebirth": (False, None),
            }
            assert {m.name: m.datatype for m in payload.metrics} == {"bdSeq": INT64, "Node Control/Rebirth": BOOLEAN}
        assert self.born is not None, f"{at.verb} before the node's birth"
        self.seq = (self.seq + 1) & 0xFF
        assert payload.seq == self.seq
        assert all(metric.at_ms for metric in payload.metrics)
        times = [metric.at_ms or 0 for metric in payload.metrics if not metric.historical]
        assert times == sorted(times)
        if at.verb == "DBIRTH":
            assert all(m.name and m.alias is not None and m.datatype for m in payload.metrics)
            self.born[at.device] = {m.alias: m for m in payload.metrics if m.alias is not None}
            everywhere = [alias for device in self.born.values() for alias in device]
            assert len(everywhere) == len(set(everywhere)), "an alias is one metric's, of all devices"
        elif at.verb == "DDATA":
            assert at.device in self.born
            assert all(not m.name and m.alias in self.born[at.device] for m in payload.metrics)
        elif at.verb == "DDEATH":
            assert not payload.metrics
            del self.born[at.device]
            return
        for metric in payload.metrics if at.device else ():
            name = self.born[at.device][metric.alias if metric.alias is not None else -1].name
            value = typed(metric.value, metric.datatype)
            self.heard.add((at.device, name, value, metric.at_ms or 0))
            if not metric.historical:
                self.current[at.device, name] = value
