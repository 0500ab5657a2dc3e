"""A shelf device: several load cells, sampled all the time, told about when something happens or now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from firmware_sim.devices.voice import Message, Voice
from firmware_sim.physics.loadcell import LoadCell, Touch, load_at, read, rest
from firmware_sim.scenario import Sampling
from firmware_sim.truth import NEVER_MS

SETTLED_MS = 2_500
"""A buffering device keeps the weight it saw this long after a touch."""
SETTLED_SAMPLES = 8
AFTER_MS = 3_000
"""A touch counts as going on until this long after its end."""
TICK_MS = 1_000


@dataclass(slots=True)
class Channel:
    """One load cell under one slot."""

    name: str
    slot: str
    cell: LoadCell
    load_g: float
    at_ms: int
    falling: bool = False
    touches: list[Touch] = field(default_factory=list)
    said_ms: int = -NEVER_MS


@dataclass(slots=True)
class ShelfDevice:
    """The load cells of one shelf behind one microcontroller."""

    voice: Voice
    channels: list[Channel]
    sampling: Sampling
    rng: Generator
    ambient_c: Callable[[int], float]
    buffering: bool = False
    next_ms: int = NEVER_MS
    lights: dict[str, str] = field(default_factory=dict)

    def touch(self, slot: str, touch: Touch) -> None:
        """Somebody begins to handle a slot."""
        channel = next(channel for channel in self.channels if channel.slot == slot)
        channel.touches.append(touch)
        if self.buffering:
            self.next_ms = min(self.next_ms, touch.end_ms + SETTLED_MS)

    def take_stock(self, now_ms: int) -> list[Message]:
        """Begin to buffer: what lies on every channel now."""
        self.buffering = True
        return [self._batch(channel, now_ms, SETTLED_SAMPLES, 100) for channel in self.channels]

    def tick(self, now_ms: int) -> list[Message]:
        """The last second's samples of every channel that has news, or has been quiet for `rest_s`."""
        if self.buffering:
            return self._settled(now_ms)
        self.next_ms += TICK_MS * max(1, (now_ms - self.next_ms) // TICK_MS + 1)
        told = []
        rest_ms = self.sampling.rest_s * 1000
        for channel in self.channels:
            busy = any(touch.start_ms <= now_ms for touch in channel.touches)
            if busy or now_ms - channel.said_ms >= rest_ms:
                told.append(self._batch(channel, now_ms, TICK_MS // self.sampling.sample_ms, self.sampling.sample_ms))
        return told

    def go_live(self, now_ms: int) -> list[Message]:
        """End the buffered past."""
        told: list[Message] = []
        if self.buffering:
            for channel in self.channels:
                if channel.touches and channel.touches[-1].end_ms <= now_ms:
                    told.append(self._batch(channel, now_ms, SETTLED_SAMPLES, 100))
        self.buffering = False
        self.next_ms = now_ms + TICK_MS + int(self.rng.integers(TICK_MS))
        for i, channel in enumerate(self.channels):
            # Channels take turns at rest, so that the traffic is even.
            channel.said_ms = now_ms - (i * self.sampling.rest_s * 1000) // len(self.channels)
        return told

    def obey(self, command: str, args: dict[str, object], now_ms: int) -> str:
        """`tare` a channel to zero, or `light` a slot's lamp."""
        if command == "light":
            slot = str(args.get("slot", ""))
            if slot not in {channel.slot for channel in self.channels}:
                return f"no slot {slot!r} here"
            self.lights[slot] = str(args.get("color", "white"))
            return ""
        if command == "tare":
            name = str(args.get("channel", "1"))
            for channel in self.channels:
                if channel.name == name:
                    shown = read(channel.cell, np.array([channel.load_g]), channel.falling, 20.0, self.rng)
                    channel.cell.tare_g += float(shown[0])
                    return ""
            return f"no channel {name!r} here"
        return "unknown command"

    def _settled(self, now_ms: int) -> list[Message]:
        told = []
        self.next_ms = NEVER_MS
        for channel in self.channels:
            if channel.touches and channel.touches[-1].end_ms + SETTLED_MS <= now_ms:
                told.append(self._batch(channel, now_ms, SETTLED_SAMPLES, 100))
            elif channel.touches:
                self.next_ms = min(self.next_ms, channel.touches[-1].end_ms + SETTLED_MS)
        return told

    def _batch(self, channel: Channel, now_ms: int, samples: int, step_ms: int) -> Message:
        first_ms = now_ms - samples * step_ms + step_ms
        times = np.arange(samples, dtype=np.float64) * step_ms + first_ms
        rest(channel.cell, channel.load_g, (now_ms - channel.at_ms) / 1000.0, self.rng)
        channel.at_ms = now_ms
        load = load_at(times, channel.load_g, channel.touches, self.rng)
        done = [touch for touch in channel.touches if touch.end_ms <= now_ms]
        for touch in done:
            if touch.after_g != touch.before_g:
                channel.falling = touch.after_g < touch.before_g
            channel.load_g = touch.after_g
        shown = read(channel.cell, load, channel.falling, self.ambient_c(now_ms), self.rng)
        # Ended touches still ring: they stay until nothing of them is left to tell.
        kept_ms = 0 if self.buffering else AFTER_MS
        channel.touches = [touch for touch in channel.touches if touch.end_ms + kept_ms > now_ms]
        channel.said_ms = now_ms
        body: dict[str, object] = {"unit": "g", "channel": channel.name}
        values: list[float] = np.round(shown, 2).tolist()
        body |= {"value": values[0]} if samples == 1 else {"step_ms": step_ms, "values": values}
        return self.voice.data(now_ms, first_ms, body)
