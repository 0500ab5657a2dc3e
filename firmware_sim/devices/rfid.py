"""A tag reader: one message a cycle with what it heard, or none."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy.random import Generator

from firmware_sim.devices.voice import Message, Voice
from firmware_sim.physics.reader import FAR_DBM, NEAR_DBM, Link, cycle, passing, still_rate
from firmware_sim.scenario import Reader
from firmware_sim.truth import NEVER_MS, TagMoved
from firmware_sim.world import PORTAL_MS


@dataclass(slots=True)
class Heard:
    """A tag on site as this reader could hear it."""

    zone: str
    since_ms: int
    rate: float
    rssi_dbm: float
    inbound: bool


@dataclass(slots=True)
class ReaderDevice:
    """A reader over one zone."""

    voice: Voice
    reader: Reader
    rng: Generator
    next_ms: int = NEVER_MS
    tags: dict[str, Heard] = field(default_factory=dict)

    def move(self, event: TagMoved) -> None:
        """A tag came, went on, or left."""
        if not event.zone:
            self.tags.pop(event.epc, None)
            return
        rate = still_rate(self.rng, self.reader.dead_share)
        rssi_dbm = FAR_DBM + (NEAR_DBM - FAR_DBM) * (0.3 + 0.5 * float(self.rng.random()))
        self.tags[event.epc] = Heard(event.zone, event.at_ms, rate, rssi_dbm, not event.origin)

    def tick(self, now_ms: int) -> list[Message]:
        """The reads of the cycle that ends now."""
        length_ms = self.reader.cycle_ms
        self.next_ms += length_ms * max(1, (now_ms - self.next_ms) // length_ms + 1)
        links: list[Link] = []
        for epc, tag in self.tags.items():
            if tag.zone != self.reader.zone:
                links.append(Link(epc, 1, self.reader.stray_rate, FAR_DBM - 2.0))
            elif self.reader.portal:
                links += passing(epc, tag.rate, min(1.0, (now_ms - tag.since_ms) / PORTAL_MS), tag.inbound)
            else:
                links.append(Link(epc, 1, tag.rate, tag.rssi_dbm))
        sights = cycle(links, length_ms, self.rng)
        if not sights:
            return []
        reads = [{"epc": s.epc, "antenna": s.antenna, "rssi": s.rssi_dbm, "at": s.at_ms} for s in sights]
        return [self.voice.data(now_ms, now_ms - length_ms, {"unit": "dBm", "reads": reads})]

    def go_live(self, now_ms: int) -> list[Message]:
        """Begin to listen; a reader keeps no past."""
        self.next_ms = now_ms + self.reader.cycle_ms
        return []

    def obey(self, command: str, args: dict[str, object], now_ms: int) -> str:
        """A reader has nothing to tare or to light."""
        return "unknown command"
