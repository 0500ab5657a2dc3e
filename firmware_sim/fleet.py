"""The fleet: every device of a feed on the broker, by the wall clock.

Up to `OWN_LINKS_MAX` devices have a connection and a last will each; above that the devices of a kind share one, and
have no wills.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from firmware_sim.devices.voice import Message
from firmware_sim.feed import Feed
from firmware_sim.mqtt import BACKLOG_MAX, Address, Link
from protocols import topics

log = logging.getLogger(__name__)

OWN_LINKS_MAX = 60
STEP_S = 0.2
NOTICE_S = (5.0, 30.0)
"""When somebody is first told that the broker is missing, and how often again."""
REBOOT_S = 0.5
"""A device that restarts says so, then drops its connection."""
DRAIN_S = 3.0
DRAIN_STEP_S = 0.02


class Fleet:
    """The links of all devices. `address_of` names the broker, and the user, for a kind of device."""

    def __init__(
        self, site: str, feed: Feed, address_of: Callable[[str], Address], clock_ms: Callable[[], int]
    ) -> None:
        self.site, self.feed, self._clock_ms = site, feed, clock_ms
        self._voices = feed.voices
        groups: dict[str, list[str]] = {}
        shared = len(self._voices) > OWN_LINKS_MAX
        for id, voice in self._voices.items():
            groups.setdefault(f"group-{voice.kind}" if shared else id, []).append(id)
        self.links: dict[str, Link] = {}
        self._link_of: dict[str, Link] = {}
        for name, ids in groups.items():
            link = self._link(name, ids, address_of)
            self.links[name] = link
            self._link_of |= dict.fromkeys(ids, link)

    @property
    def waiting(self) -> int:
        """Messages the broker has not signed for yet."""
        return sum(link.waiting for link in self.links.values())

    @property
    def counters(self) -> Mapping[str, int]:
        """Messages sent, waiting and dropped."""
        return {
            "sent": sum(link.sent for link in self.links.values()),
            "waiting": self.waiting,
            "dropped": sum(link.dropped for link in self.links.values()),
        }

    def deliver(self, messages: Iterable[Message]) -> None:
        """Hand messages to their devices' links."""
        for message in messages:
            self._link_of[message.device].send(message)

    async def connect(self) -> None:
        """Start all links and wait until every one is connected."""
        for link in self.links.values():
            link.start()
        notice_s, again_s = NOTICE_S
        for link in self.links.values():
            while not link.connected.is_set():
                try:
                    async with asyncio.timeout(notice_s):
                        await link.connected.wait()
                except TimeoutError:
                    notice_s = again_s
                    why = f"it says: {link.refusal}" if link.refusal else "is it running?"
                    log.warning("%s waits for the broker at %r; %s", link.name, link.where, why)

    async def drain(self, timeout_s: float) -> bool:
        """Wait until the broker has signed for everything; whether it did."""
        for _ in range(int(timeout_s / DRAIN_STEP_S)):
            if not self.waiting:
                break
            await asyncio.sleep(DRAIN_STEP_S)
        return not self.waiting

    async def live(self, each_step: Callable[[], None]) -> None:
        """Publish what happens, for ever. `each_step` is called some times a second."""
        while True:
            self.deliver(self.feed.advance(self._clock_ms()))
            each_step()
            await asyncio.sleep(STEP_S)

    async def stop(self) -> None:
        """Say goodbye for every device, wait a little for the broker, disconnect."""
        if any(link.connected.is_set() for link in self.links.values()):
            now_ms = self._clock_ms()
            self.deliver(voice.status(now_ms, online=False) for voice in self._voices.values())
            await self.drain(DRAIN_S)
        await asyncio.gather(*(link.stop() for link in self.links.values()))

    def _link(self, name: str, ids: list[str], address_of: Callable[[str], Address]) -> Link:
        own = len(ids) == 1
        voices = [self._voices[id] for id in ids]
        commands = [topics.spell(self.site, ids[0], "cmd")] if own else [f"{topics.ROOT}/{self.site}/+/cmd"]

        def greet() -> list[Message]:
            return [voice.status(self._clock_ms()) for voice in voices]

        def obey(topic: str, payload: bytes) -> None:
            parts = topics.parse(topic)
            if parts is None or parts.device not in ids:
                return
            voice = self._voices[parts.device]
            boot = voice.boot
            self.deliver(self.feed.command(parts.device, payload, self._clock_ms()))
            if own and voice.boot != boot:
                asyncio.get_running_loop().call_later(REBOOT_S, self.links[name].cut, voice.status(0, online=False))

        will = voices[0].status(0, online=False) if own else None
        backlog_max = BACKLOG_MAX if own else BACKLOG_MAX * 10
        return Link(address_of(voices[0].kind), f"{self.site}-{name}", commands, greet, obey, will, backlog_max)
