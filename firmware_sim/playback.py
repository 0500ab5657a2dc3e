"""Recorded messages, played again and again under today's clock with boot numbers of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from firmware_sim.devices.voice import Message, Voice
from firmware_sim.feed import Remembered, restart
from firmware_sim.truth import NEVER_MS
from protocols import topics


class Item(NamedTuple):
    """One data message of a recording: sent `offset_ms` after its beginning, its first sample `age_ms` old then."""

    offset_ms: int
    device: str
    body: dict[str, object]
    age_ms: int = 0


class Playback:
    """Items in order of time, repeated every `period_ms`. With `past`, those are handed in at the first start."""

    def __init__(
        self,
        site: str,
        kinds: dict[str, str],
        items: Iterable[Item],
        period_ms: int,
        start_ms: int,
        past: Iterable[Item] = (),
        speed: float = 1.0,
    ) -> None:
        self.voices = {id: Voice(site, id, kind) for id, kind in kinds.items()}
        self._items = sorted(items, key=lambda item: item.offset_ms)
        self._period_ms, self._speed = max(period_ms, 1), speed
        self._start_ms, self._past = start_ms, list(past)
        self._next, self._round = 0, 0

    def begin(self, kept: Remembered) -> list[Message]:
        """Restart the devices; hand in the past, whose offsets count from its own beginning up to now."""
        restart(self.voices, kept)
        if kept.lived:
            return []
        return [self._say(item, self._start_ms, self._start_ms - item.age_ms) for item in self._past]

    def advance(self, until_ms: int) -> list[Message]:
        """Whatever is due. Played faster, gaps and the steps between samples shrink alike."""
        told = []
        while self._items:
            item = self._items[self._next]
            due_ms = self._start_ms + int((self._round * self._period_ms + item.offset_ms) / self._speed)
            if due_ms > until_ms:
                break
            told.append(self._say(self._quicker(item), due_ms, due_ms - int(item.age_ms / self._speed)))
            self._next += 1
            if self._next == len(self._items):
                self._next, self._round = 0, self._round + 1
        return told

    def command(self, device: str, payload: bytes, now_ms: int) -> list[Message]:
        """A recording takes no orders, and says so."""
        try:
            id = str(msgspec.json.decode(payload)["id"])
        except (msgspec.DecodeError, KeyError, TypeError):
            return []
        return [self.voices[device].ack(now_ms, id, "a recording takes no commands")]

    def remember(self) -> Remembered:
        """The boot numbers."""
        return Remembered({id: voice.boot for id, voice in self.voices.items()}, lived=True)

    def _quicker(self, item: Item) -> Item:
        step_ms = item.body.get("step_ms")
        if self._speed == 1.0 or not isinstance(step_ms, int):
            return item
        return item._replace(body=item.body | {"step_ms": max(1, int(step_ms / self._speed))})

    def _say(self, item: Item, at_ms: int, ts_ms: int) -> Message:
        return self.voices[item.device].data(at_ms, ts_ms, item.body)


def items_of(messages: Iterable[tuple[int, str, bytes]], start_ms: int) -> tuple[dict[str, str], list[Item]]:
    """The devices' kinds and the data items of recorded native messages (at_ms, topic, payload)."""
    kinds: dict[str, str] = {}
    items = []
    for at_ms, topic, payload in messages:
        parts = topics.parse(topic)
        if parts is None or parts.leaf not in topics.KINDS:
            continue
        body = msgspec.json.decode(payload)
        ts_ms = body.pop("ts", 0) or at_ms
        body.pop("boot", None)
        body.pop("seq", None)
        kinds[parts.device] = parts.leaf
        items.append(Item(at_ms - start_ms, parts.device, body, min(at_ms - ts_ms, NEVER_MS)))
    return kinds, items
