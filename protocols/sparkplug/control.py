"""What hosts say: STATE, whether they are there, and the request to a node to be born again, no oftener than helps."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from protocols.readings import Publish
from protocols.sparkplug import topics
from protocols.sparkplug.payload import BOOLEAN, Metric, Payload, encode

REBIRTH = "Node Control/Rebirth"
EVERY_MS = 10_000
EVERY_MAX_MS = 900_000
"""One node is asked at most so often: the wait doubles from the first to the second while asking does not help."""
ASKS_PER_S = 20
"""All nodes together: a thousand births at once would drown the plant's network."""
TRIES_MAX = 8
"""Requests to a node that is not heard of; after these it is asked again only once it speaks."""
NODES_MAX = 1000
"""Nodes that wait to be asked, and nodes whose last request is remembered; beyond it the oldest is forgotten."""

Key = tuple[str, str]
"""(group, node)."""


def rebirth(group: str, node: str, now_ms: int) -> Publish:
    """The request to a node to be born again."""
    metric = Metric(REBIRTH, True, BOOLEAN, at_ms=now_ms)
    return Publish(topics.spell("NCMD", group, node), encode(Payload([metric], now_ms)))


def state(host: str, online: bool, at_ms: int) -> Publish:
    """What a host application says of itself: its birth, or its death."""
    payload = msgspec.json.encode({"online": online, "timestamp": at_ms})
    return Publish(topics.state_of(host), payload, 1, True)


def told_state(payload: bytes) -> tuple[bool, int | None] | None:
    """(online, timestamp in ms) of a STATE message, a bare ONLINE or OFFLINE of the versions before 3.0 too; None when
    it can not be read."""
    word = payload[:20].strip().upper()
    if word in (b"ONLINE", b"OFFLINE"):
        return word == b"ONLINE", None
    try:
        said = msgspec.json.decode(payload[:1024])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("online"), bool):
        return None
    at_ms = said.get("timestamp")
    whole = isinstance(at_ms, int) and not isinstance(at_ms, bool) and 0 < at_ms < 2**53
    return said["online"], at_ms if whole else None


class Asked(Struct):
    """When a node was last asked, how long to wait before the next time, and how often it was in vain."""

    at_ms: int
    wait_ms: int
    tries: int = 1


class Rebirths:
    """The requests that are wanted, and those made. One can be lost, so it stays wanted until the node is born."""

    def __init__(self) -> None:
        self.wanted: dict[Key, None] = {}
        self._asked: dict[Key, Asked] = {}
        self._second_ms = self._asks = 0

    def want(self, key: Key) -> None:
        """A birth of this node would explain what it says."""
        self.wanted[key] = None
        if len(self.wanted) > NODES_MAX:
            del self.wanted[next(iter(self.wanted))]

    def drop(self, key: Key) -> None:
        """It was born, or it died."""
        self.wanted.pop(key, None)

    def due(self, now_ms: int, key: Key | None = None) -> list[Publish]:
        """The requests to make now: for one node, or for all that wait."""
        keys = list(self.wanted) if key is None else [key] if key in self.wanted else []
        return [rebirth(*one, now_ms) for one in keys if self._may(one, now_ms)]

    def _may(self, key: Key, now_ms: int) -> bool:
        before = self._asked.get(key)
        wait_ms, tries = EVERY_MS, 1
        if before is not None:
            since_ms = now_ms - before.at_ms
            if 0 <= since_ms < before.wait_ms:
                return False
            if since_ms < 2 * before.wait_ms:
                wait_ms, tries = min(2 * before.wait_ms, EVERY_MAX_MS), before.tries + 1
        if not 0 <= now_ms - self._second_ms < 1000:
            self._second_ms, self._asks = now_ms, 0
        if self._asks >= ASKS_PER_S:
            return False
        self._asks += 1
        self._asked.pop(key, None)
        self._asked[key] = Asked(now_ms, wait_ms, tries)
        if tries >= TRIES_MAX:
            del self.wanted[key]
        if len(self._asked) > NODES_MAX:
            del self._asked[next(iter(self._asked))]
        return True
