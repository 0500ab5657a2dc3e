"""What a fleet publishes: a warehouse that is simulated, recordings that are played, or several of these as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from firmware_sim.devices.voice import Message, Voice


@dataclass(slots=True)
class Remembered:
    """What is kept between runs: enough to go on where the last one stopped.

    `lived`: the buffered past has been handed in; until then only the boot numbers count.
    """

    boots: dict[str, int] = field(default_factory=dict)
    lived: bool = False
    at_ms: int = 0
    units: dict[str, list[float]] = field(default_factory=dict)
    zero_g: dict[str, float] = field(default_factory=dict)
    tare_g: dict[str, float] = field(default_factory=dict)
    rooms_c: dict[str, float] = field(default_factory=dict)
    leak_from_ms: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    wear_from_ms: dict[str, int] = field(default_factory=dict)


class Feed(Protocol):
    """Devices that speak: `begin` once, then `advance` with the time."""

    @property
    def voices(self) -> dict[str, Voice]:
        """Every device's voice, by its id."""

    def begin(self, kept: Remembered) -> list[Message]:
        """Start all devices once more: the buffered past, unless it was lived already, and whatever comes at once."""

    def advance(self, until_ms: int) -> list[Message]:
        """What the devices say up to and including `until_ms`."""

    def command(self, device: str, payload: bytes, now_ms: int) -> list[Message]:
        """A device's answer to a command."""

    def remember(self) -> Remembered:
        """What to keep for the next run."""


def restart(voices: dict[str, Voice], kept: Remembered) -> None:
    """Every device boots once more than it is remembered to have."""
    for id, voice in voices.items():
        voice.boot, voice.seq = kept.boots.get(id, 0) + 1, 0


class Several:
    """Feeds side by side; each device belongs to one of them."""

    def __init__(self, feeds: list[Feed]) -> None:
        self.feeds = feeds

    @property
    def voices(self) -> dict[str, Voice]:
        """All devices."""
        return {id: voice for feed in self.feeds for id, voice in feed.voices.items()}

    def begin(self, kept: Remembered) -> list[Message]:
        """Begin all, in order of time."""
        return sorted((m for feed in self.feeds for m in feed.begin(kept)), key=lambda m: m.at_ms)

    def advance(self, until_ms: int) -> list[Message]:
        """Advance all, in order of time."""
        return sorted((m for feed in self.feeds for m in feed.advance(until_ms)), key=lambda m: m.at_ms)

    def command(self, device: str, payload: bytes, now_ms: int) -> list[Message]:
        """The owner's answer."""
        for feed in self.feeds:
            if device in feed.voices:
                return feed.command(device, payload, now_ms)
        return []

    def remember(self) -> Remembered:
        """All memories in one; only one feed of several has a world of its own."""
        whole = Remembered(lived=True)
        for feed in self.feeds:
            kept = feed.remember()
            whole.boots |= kept.boots
            if kept.units:
                kept.boots, whole = whole.boots, kept
        return whole
