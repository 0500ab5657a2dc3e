"""What edge nodes say, folded: births tell what data means, sequence numbers whether all of it came.

A host application by the specification (chapter 5): a message out of its order waits for those before it until the
reorder timeout; then, as after anything that a missed birth would explain, the node is asked to be born again
(`Node Control/Rebirth`). A death is believed when its bdSeq is that of the birth. What a dead device had said is
stale: its `DeviceStatus` says so for all of it at once.

Limits: see the constants. What is forgotten at a limit asks for a rebirth when it next speaks.
"""

from __future__ import annotations

import zlib
from collections import deque

import msgspec
from msgspec import Struct, field

from protocols.parsing.moments import moment
from protocols.parsing.payloads import capped
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem
from protocols.sparkplug import topics, values
from protocols.sparkplug.control import REBIRTH, Key, Rebirths, state, told_state
from protocols.sparkplug.meaning import BIRTH_DEATH, short
from protocols.sparkplug.payload import Payload, decode
from protocols.sparkplug.topics import Address
from protocols.sparkplug.values import TEXT_MAX, Part

NODES_MAX = 1000
DEFINITIONS_MAX = 200_000
"""Devices, metrics and aliases of all nodes together; beyond it the node that was silent longest is forgotten, and
where there is but one, its oldest device."""
HELD_MAX = 64
"""Messages of one node that wait for an earlier one; beyond it the gap is given up at once."""
HELD_NODES_MAX = 50
HELD_BYTES_MAX = 16 * 1024 * 1024
"""Nodes with messages that wait, and the bytes of these; beyond it the oldest gap is given up."""
RECENT = 16
DENIED_MS = 2000
AHEAD_MS = 86_400_000
"""How far ahead of our clock a STATE of our own may be: a day."""
LAPSE_MS = 60_000
"""A device that its node did not bear again within this time is gone."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this host behaves.

    `host_id`: what we call ourselves on the broker, unlike any other host there. `units`: pattern of a metric's name
    (`*` for anything) -> unit, "" for text, "none" for what is not to be read; before all other rules. `reorder_ms`:
    how long a message waits for those before it. `rebirth`: whether nodes may be asked for one. `group_in_name`: a
    device is called `group/node/device`, where nodes of two groups share a name.
    """

    host_id: str = "open-smart-warehouse"
    units: dict[str, str] = {}
    reorder_ms: int = 2000
    rebirth: bool = True
    group_in_name: bool = False


class Held(Struct):
    """A message that came before its turn."""

    at: Address
    said: Payload
    context: Context


class Node(Struct):
    """One edge node: its session, and what belongs to it. The part "" is the node itself."""

    born: bool = False
    born_ms: int = 0
    bd_seq: int | None = None
    next_seq: int = 0
    parts: dict[str, Part] = {}
    held: dict[int, Held] = {}
    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RECENT))
    """(seq, checksum) of what came last, to know what is sent twice."""
    lapsing: dict[str, str] = {}
    """device -> its name, of those that an earlier birth had and the present one does not yet."""

    @property
    def size(self) -> int:
        """What it counts towards the limit."""
        return sum(part.size for part in self.parts.values())


class Host:
    """All edge nodes of one broker, as one host application sees them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.nodes: dict[Key, Node] = {}
        """The one that was silent longest is the first."""
        self.gaps: dict[Key, None] = {}
        self.rebirths = Rebirths()
        self.definitions = self.held_bytes = 0
        self.state_ms = 0
        """The timestamp of our own last STATE birth, as the broker echoed it."""
        self._denied_ms = self._death_ms = 0
        """When we heard of our own death, and do not yet know better (0: never); and the time it told."""
        self._units = tuple(settings.units.items())

    def hear(self, at: Address, payload: bytes, context: Context) -> list[Decoded]:
        """What one message says; what follows from it for messages that waited; and what is to be published."""
        if at.verb == topics.STATE:
            return self._state(at, payload, context)
        key = (at.group, at.node)
        said = decode(payload)
        if isinstance(said, Problem):
            return [msgspec.structs.replace(said, device=self._name(at))]
        if at.verb in ("NCMD", "DCMD"):
            return _commands(self._name(at), said, context)
        if at.verb == "NBIRTH":
            found = self._give_up(key) + self._bear_node(at, said, context)
        elif at.verb == "NDEATH":
            found = self._bury_node(at, said, context)
        else:
            found = self._in_order(at, said, payload, context)
        found = capped(found, self._name(at))
        return found + self._ask(context.received_ms, key) if key in self.rebirths.wanted else found

    def tick(self, now_ms: int) -> list[Decoded]:
        """What the passing of time brings: gaps given up, devices gone, rebirths asked for."""
        found: list[Decoded] = []
        for key in list(self.gaps):
            first_ms = min(one.context.received_ms for one in self.nodes[key].held.values())
            if now_ms - first_ms >= self.settings.reorder_ms:
                found += self._give_up(key)
        for node in self.nodes.values():
            if node.lapsing and now_ms - node.born_ms >= LAPSE_MS:
                found += _lapsed(node, now_ms)
        if self._denied_ms and now_ms - self._denied_ms >= DENIED_MS:
            # Nodes believe no birth that is older than the death they heard of.
            self.state_ms = max(self.state_ms, min(self._death_ms + 1, now_ms + AHEAD_MS))
            self._denied_ms = self._death_ms = 0
            found.append(state(self.settings.host_id, True, self.state_ms))
        return found + self._ask(now_ms)

    def _in_order(self, at: Address, said: Payload, payload: bytes, context: Context) -> list[Decoded]:
        key = (at.group, at.node)
        node = self.nodes.get(key)
        if node is None or not node.born:
            return [self._not_born(key, self._name(at), f"{at.verb} came before a birth of node {at.node!r}")]
        self.nodes[key] = self.nodes.pop(key)
        if said.seq is None:
            return self._take(node, at, said, context)
        seq = said.seq & 0xFF
        mark = (seq, zlib.crc32(payload))
        if mark in node.recent:
            return []
        node.recent.append(mark)
        # A number that waits already was given twice, by one who counts wrongly or by two who speak as one.
        found = self._give_up(key) if seq in node.held else []
        if seq != node.next_seq:
            node.held[seq] = Held(at, said, context)
            self.held_bytes += said.size
            self.gaps[key] = None
            if len(node.held) > HELD_MAX:
                found += self._give_up(key)
            while len(self.gaps) > HELD_NODES_MAX or self.held_bytes > HELD_BYTES_MAX:
                found += self._give_up(next(iter(self.gaps)))
            return found
        node.next_seq = (seq + 1) & 0xFF
        found += self._take(node, at, said, context)
        while node.held and (held := node.held.pop(node.next_seq, None)) is not None:
            node.next_seq = (node.next_seq + 1) & 0xFF
            self.held_bytes -= held.said.size
            found += self._take(node, held.at, held.said, held.context)
        if not node.held:
            self.gaps.pop(key, None)
        return found

    def _give_up(self, key: Key) -> list[Decoded]:
        """Take what waits, in its order, without what is missing."""
        self.gaps.pop(key, None)
        node = self.nodes.get(key)
        if node is None or not node.held:
            return []
        first = node.next_seq
        waiting, node.held = sorted(node.held.items(), key=lambda one: (one[0] - first) & 0xFF), {}
        node.next_seq = (waiting[-1][0] + 1) & 0xFF
        missing = ((waiting[-1][0] - first) & 0xFF) + 1 - len(waiting)
        self.rebirths.want(key)
        name = self._name(Address("NDATA", *key))
        hint = "nothing, if it is seldom: the node is asked for all its values; else look for a second publisher"
        found: list[Decoded] = [Problem("sequence.gap", f"{missing} messages of node {name!r} are missing", hint, name)]
        for _, held in waiting:
            self.held_bytes -= held.said.size
            found += self._take(node, held.at, held.said, held.context)
        return found

    def _bear_node(self, at: Address, said: Payload, context: Context) -> list[Decoded]:
        key = (at.group, at.node)
        node = self.nodes.pop(key, None) or Node()
        self.nodes[key] = node
        self.definitions -= node.size
        node.lapsing |= {device: part.name for device, part in node.parts.items() if device and part.online}
        node.parts = {}
        node.recent.clear()
        node.born, node.born_ms = True, context.received_ms
        node.next_seq = ((said.seq or 0) + 1) & 0xFF
        node.bd_seq = _bd_seq(said)
        self.rebirths.drop(key)
        return self._bear(node, at, said, context)

    def _bear(self, node: Node, at: Address, said: Payload, context: Context) -> list[Decoded]:
        part = values.learnt(self._name(at), said, self._units)
        old = node.parts.pop(at.device, None)
        self.definitions += part.size - (old.size if old else 0)
        node.parts[at.device] = part
        node.lapsing.pop(at.device, None)
        self._forget((at.group, at.node), node)
        online = DeviceStatus(part.name, True, moment(said.at_ms, context).at_ms)
        found, _ = values.read(part, said, context, self._units)
        return [online, *values.unread(part), *found]

    def _forget(self, keep: Key, node: Node) -> None:
        while self.definitions > DEFINITIONS_MAX or len(self.nodes) > NODES_MAX:
            oldest = next(iter(self.nodes))
            if oldest != keep:
                gone = self.nodes.pop(oldest)
                self.definitions -= gone.size
                self.held_bytes -= sum(held.said.size for held in gone.held.values())
                self.gaps.pop(oldest, None)
            elif len(node.parts) > 1:
                self.definitions -= node.parts.pop(next(iter(node.parts))).size
            else:
                return

    def _bury_node(self, at: Address, said: Payload, context: Context) -> list[Decoded]:
        key = (at.group, at.node)
        node = self.nodes.get(key)
        if node is None or not node.born:
            return [DeviceStatus(self._name(at), False, context.received_ms)]
        told = _bd_seq(said)
        if told is not None and node.bd_seq is not None and told != node.bd_seq:
            return []  # the will of an earlier connection, delivered after the birth of the next
        found = self._give_up(key)
        self.rebirths.drop(key)  # the dead are not asked
        node.born = False
        for part in node.parts.values():
            if part.online:
                part.online = False
                found.append(DeviceStatus(part.name, False, context.received_ms))
        return found + _lapsed(node, context.received_ms)

    def _take(self, node: Node, at: Address, said: Payload, context: Context) -> list[Decoded]:
        """One message of a node that is born, in its turn."""
        if at.verb == "DBIRTH":
            return self._bear(node, at, said, context)
        part = node.parts.get(at.device)
        if at.verb == "DDEATH":
            if part is not None:
                part.online = False
            node.lapsing.pop(at.device, None)
            return [DeviceStatus(self._name(at), False, moment(said.at_ms, context).at_ms)]
        key = (at.group, at.node)
        if part is None or not part.online:
            return [self._not_born(key, self._name(at), f"{at.verb} came before a birth of device {at.device!r}")]
        found, unknown = values.read(part, said, context, self._units)
        if unknown:
            detail = f"{len(unknown)} metrics were not in the birth: {', '.join(unknown[:10])}"
            found.append(self._not_born(key, part.name, detail))
        return found

    def _not_born(self, key: Key, device: str, detail: str) -> Problem:
        self.rebirths.want(key)
        hint = "nothing: the node is asked to be born again; if it stays, it does not obey Node Control/Rebirth"
        return Problem("sparkplug.not_born", detail[:300], hint, device)

    def _ask(self, now_ms: int, key: Key | None = None) -> list[Decoded]:
        if not self.settings.rebirth:
            self.rebirths.wanted.clear()
        return [*self.rebirths.due(now_ms, key)]

    def _state(self, at: Address, payload: bytes, context: Context) -> list[Decoded]:
        if not payload:
            return []
        told = told_state(payload)
        if told is None:
            hint = 'hosts say {"online": true, "timestamp": ...}'
            return [Problem("payload.invalid", f"STATE of host {at.node[:64]!r} can not be read", hint, short(at.node))]
        online, at_ms = told
        if at.node == self.settings.host_id:
            return self._own_state(online, at_ms or 0, context.received_ms)
        when = moment(at_ms, context)
        return [Notice(short(at.node), topics.STATE, "online" if online else "offline", when.at_ms, when.flags)]

    def _own_state(self, online: bool, at_ms: int, now_ms: int) -> list[Decoded]:
        """Our own death while we live is taken back, with the time of our birth. When it is the will of the connection
        whose birth we know, another one has begun, and its birth is on its way: it gets a moment to come. What is said
        later than any birth of ours is not our will, and is taken back with a time after it."""
        if online:
            if at_ms <= now_ms + AHEAD_MS:
                self.state_ms = max(self.state_ms, at_ms)
            if at_ms > self._death_ms:
                self._denied_ms = self._death_ms = 0
        elif at_ms < self.state_ms:
            return [state(self.settings.host_id, True, self.state_ms)]
        elif self.state_ms:
            self._denied_ms = self._denied_ms or now_ms
            self._death_ms = max(self._death_ms, at_ms)
        return []

    def _name(self, at: Address) -> str:
        levels = [at.group] if self.settings.group_in_name else []
        return short("/".join([*levels, at.node, at.device] if at.device else [*levels, at.node]))


def _lapsed(node: Node, now_ms: int) -> list[Decoded]:
    gone, node.lapsing = node.lapsing, {}
    return [DeviceStatus(name, False, now_ms) for name in gone.values()]


def _commands(device: str, said: Payload, context: Context) -> list[Decoded]:
    """What someone writes to a node or device: to be read by people, nothing follows from it."""
    told = [
        "rebirth" if one.name == REBIRTH else f"{one.name or f'alias {one.alias}'} = {one.value}"
        for one in said.metrics[:20]
    ]
    if not told:
        return []
    when = moment(said.at_ms, context)
    return [Notice(device, "command", ", ".join(told).replace("\x00", "")[:TEXT_MAX], when.at_ms, when.flags)]


def _bd_seq(said: Payload) -> int | None:
    for metric in said.metrics:
        if metric.name == BIRTH_DEATH and isinstance(metric.value, int):
            return metric.value
    return None
