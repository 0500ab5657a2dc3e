"""An edge node of ours, as other host applications see it: births, data by exception, deaths, and what it kept while it
was away.

The shell connects, subscribes to `filters` and publishes what these functions return, in its order. A connection is
`connect` (its last will), `arrive` (subscriptions hold), then `hear`, `tell` and `tick`, at last `leave` or `lost`.
With a primary host, births wait until its STATE says that it is there, and when it goes the node goes too.

We write Int64, Double, Boolean and String only, with the datatype in data too (allowed, and one widespread reader needs
it); aliases from 1, none on what controls the session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from msgspec import Struct

from protocols.readings import Problem, Publish
from protocols.sparkplug import topics
from protocols.sparkplug.control import REBIRTH, told_state
from protocols.sparkplug.meaning import BIRTH_DEATH
from protocols.sparkplug.payload import BOOLEAN, INT64, Metric, Payload, decode, encode

STORED_MAX = 10_000
"""Values kept while away; beyond it the oldest is dropped, and counted."""
BATCH_MAX = 500
"""Metrics in one message of what was stored."""
METRICS_MAX = 10_000
"""Metrics of all devices; what comes new beyond it is not told, and counted."""
REBIRTH_EVERY_MS = 1000
"""A rebirth asked for sooner waits: births are big, requests are small."""
GOOD, STALE = 192, 500

Value = int | float | bool | str | None


class Update(NamedTuple):
    """One value of a device's metric at a time; `unit` as a host should read it; a `quality` of GOOD or STALE."""

    device: str
    name: str
    value: Value
    datatype: int
    at_ms: int
    unit: str = ""
    quality: int = GOOD


class Presence(NamedTuple):
    """A device came or went."""

    device: str
    online: bool


class Answer(NamedTuple):
    """What is to be published, and whether the connection is to be ended then."""

    publish: list[Publish]
    hang_up: bool = False


class Fact(Struct):
    """A metric as it is now."""

    alias: int
    datatype: int
    unit: str
    value: Value = None
    at_ms: int = 0
    quality: int = GOOD


class Device(Struct):
    """A device with its metrics by name."""

    facts: dict[str, Fact] = {}
    online: bool = True


class EdgeNode:
    """One edge node over all its connections. Raises `ValueError` for names that Sparkplug does not allow."""

    def __init__(self, group: str, name: str, host_id: str = "") -> None:
        self.group = topics.level(group)
        self.name = topics.level(name)
        self.host_topic = topics.state_of(host_id) if host_id else ""
        self.devices: dict[str, Device] = {}
        self.stored: deque[Update] = deque()
        self.dropped = self.untold = self.not_understood = 0
        self.connected = self.live = False
        """Whether subscriptions hold; whether births were said since then, so that data may follow."""
        self._bd_seq = -1
        self._seq = 0
        self._aliases = 0
        self._host_there = not host_id
        self._host_ms = 0
        self._born_ms = 0
        self._rebirth_due = False

    @property
    def filters(self) -> list[str]:
        """What must be subscribed to, at QoS 1."""
        return [topics.spell("NCMD", self.group, self.name), *([self.host_topic] if self.host_topic else [])]

    def connect(self, now_ms: int) -> Publish:
        """The last will of the next connection."""
        self.lost()
        self._host_there = not self.host_topic
        self._bd_seq = (self._bd_seq + 1) & 0xFF
        return self._death(now_ms)

    def arrive(self, now_ms: int) -> list[Publish]:
        """Subscriptions hold: births, unless a primary host has yet to come."""
        self.connected = True
        return self._births(now_ms) if self._host_there else []

    def hear(self, topic: str, payload: bytes, now_ms: int) -> Answer:
        """What follows from a message on one of `filters`."""
        if topic == self.host_topic:
            return self._hear_host(payload, now_ms)
        said = decode(payload)
        if isinstance(said, Problem):
            self.not_understood += 1
            return Answer([])
        if not any(one.name == REBIRTH and one.value is True for one in said.metrics) or not self.live:
            return Answer([])
        if 0 <= now_ms - self._born_ms < REBIRTH_EVERY_MS:
            self._rebirth_due = True
            return Answer([])
        return Answer(self._births(now_ms))

    def tell(self, updates: Iterable[Update | Presence], now_ms: int) -> list[Publish]:
        """Tell what changed; while nobody can be told, keep it."""
        changed: dict[str, list[tuple[Fact, Update]]] = {}
        born: dict[str, None] = {}
        publish: list[Publish] = []
        for one in updates:
            if isinstance(one, Presence):
                publish += self._appear(one, now_ms)
                continue
            device = self.devices.setdefault(one.device, Device())
            fact = device.facts.get(one.name)
            if fact is None:
                fact = self._declare(one, device)
                if fact is None:
                    continue
                born[one.device] = None
            elif fact.at_ms and (one.value, one.quality) == (fact.value, fact.quality):
                fact.at_ms = max(fact.at_ms, one.at_ms)
                continue
            if one.at_ms >= fact.at_ms:
                fact.value, fact.at_ms, fact.quality = one.value, one.at_ms, one.quality
            changed.setdefault(one.device, []).append((fact, one))
        for name, pairs in changed.items():
            if not self.live or not self.devices[name].online:
                self._store(update for _, update in pairs)
            elif name in born:
                publish.append(self._birth(name, now_ms))
                earlier = [pair for pair in pairs if pair[1].at_ms < pair[0].at_ms]  # the present values are in it
                publish += [self._data(name, earlier, now_ms)] if earlier else []
            else:
                publish.append(self._data(name, pairs, now_ms))
        return publish

    def tick(self, now_ms: int) -> list[Publish]:
        """A rebirth that had to wait."""
        if self._rebirth_due and self.live and now_ms - self._born_ms >= REBIRTH_EVERY_MS:
            return self._births(now_ms)
        return []

    def leave(self, now_ms: int) -> list[Publish]:
        """The death to say before going; the broker sends the last will only to those who vanish."""
        said = [self._death(now_ms)] if self.live else []
        self.lost()
        return said

    def lost(self) -> None:
        """The connection is gone."""
        self.connected = self.live = self._rebirth_due = False

    def _hear_host(self, payload: bytes, now_ms: int) -> Answer:
        told = told_state(payload)
        if told is None:
            self.not_understood += bool(payload)
            return Answer([])
        online, at_ms = told
        if at_ms is not None:
            if at_ms < self._host_ms:
                return Answer([])  # of an earlier session of the host
            self._host_ms = at_ms
        was, self._host_there = self._host_there, online
        if online:
            return Answer(self._births(now_ms) if self.connected and not self.live else [])
        if was and self.live:
            return Answer(self.leave(now_ms), hang_up=True)
        return Answer([])

    def _appear(self, one: Presence, now_ms: int) -> list[Publish]:
        device = self.devices.get(one.device)
        if device is None:  # never born, it can not die; if it is away, it must not be born yet
            if not one.online:
                self.devices[one.device] = Device(online=False)
            return []
        was, device.online = device.online, one.online
        if was == one.online or not self.live:
            return []
        if not one.online:
            return [self._say("DDEATH", one.device, [], now_ms)]
        return [self._birth(one.device, now_ms), *self._stored(now_ms)]

    def _declare(self, one: Update, device: Device) -> Fact | None:
        if self._aliases >= METRICS_MAX:
            self.untold += 1
            return None
        self._aliases += 1
        fact = device.facts[one.name] = Fact(self._aliases, one.datatype, one.unit)
        return fact

    def _store(self, updates: Iterable[Update]) -> None:
        for update in updates:
            if update.at_ms:  # what was only declared was never measured
                self.stored.append(update)
        while len(self.stored) > STORED_MAX:
            self.stored.popleft()
            self.dropped += 1

    def _births(self, now_ms: int) -> list[Publish]:
        """The node, its devices, then what was stored while nobody could be told."""
        self._seq, self._born_ms, self._rebirth_due, self.live = 0, now_ms, False, True
        control = Metric(REBIRTH, False, BOOLEAN, at_ms=now_ms)
        said = [self._say("NBIRTH", "", [self._session(now_ms), control], now_ms)]
        online = [name for name, device in self.devices.items() if device.online]
        said += [self._birth(name, now_ms) for name in online]
        return said + self._stored(now_ms)

    def _stored(self, now_ms: int) -> list[Publish]:
        said: list[Publish] = []
        waiting, self.stored = sorted(self.stored, key=lambda one: (one.device, one.at_ms)), deque()
        for name, updates in groupby(waiting, key=lambda one: one.device):
            device = self.devices[name]
            if not device.online:
                self.stored.extend(updates)
                continue
            metrics = []
            for one in updates:
                fact = device.facts[one.name]
                if (one.value, one.at_ms) != (fact.value, fact.at_ms):  # the present value is in the birth
                    metrics.append(_metric(fact, one.value, one.at_ms, one.quality, historical=True))
            batches = (metrics[first : first + BATCH_MAX] for first in range(0, len(metrics), BATCH_MAX))
            said += [self._say("DDATA", name, batch, now_ms) for batch in batches]
        return said

    def _birth(self, name: str, now_ms: int) -> Publish:
        facts = sorted(self.devices[name].facts.items(), key=lambda one: one[1].at_ms or now_ms)
        metrics = []
        for metric_name, fact in facts:
            metric = _metric(fact, fact.value, fact.at_ms or now_ms, fact.quality)
            metric.name = metric_name
            metric.properties = {**({"engUnit": fact.unit} if fact.unit else {}), **metric.properties}
            metrics.append(metric)
        return self._say("DBIRTH", name, metrics, now_ms)

    def _data(self, name: str, pairs: list[tuple[Fact, Update]], now_ms: int) -> Publish:
        pairs.sort(key=lambda pair: pair[1].at_ms)
        metrics = [
            _metric(fact, one.value, one.at_ms, one.quality, historical=one.at_ms < fact.at_ms) for fact, one in pairs
        ]
        return self._say("DDATA", name, metrics, now_ms)

    def _say(self, verb: str, device: str, metrics: list[Metric], now_ms: int) -> Publish:
        topic = topics.spell(verb, self.group, self.name, device)
        said = Publish(topic, encode(Payload(metrics, now_ms, self._seq)))
        self._seq = (self._seq + 1) & 0xFF
        return said

    def _death(self, now_ms: int) -> Publish:
        topic = topics.spell("NDEATH", self.group, self.name)
        return Publish(topic, encode(Payload([self._session(now_ms)], now_ms)), 1)

    def _session(self, now_ms: int) -> Metric:
        return Metric(BIRTH_DEATH, self._bd_seq, INT64, at_ms=now_ms)


def _metric(fact: Fact, value: Value, at_ms: int, quality: int, historical: bool = False) -> Metric:
    properties = {"Quality": quality} if quality != GOOD else {}
    return Metric("", value, fact.datatype, fact.alias, at_ms, historical, properties=properties)
