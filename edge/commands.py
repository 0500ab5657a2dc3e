"""Commands to devices and what they answer. A device that does not answer in time answers nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from edge.core.field.places import Places
from edge.mqtt import Mqtt
from protocols.layout import Site
from protocols.readings import CommandAck
from protocols.topics import spell

COMMANDS_MAX = 200
"""So many may wait for answers at once."""


class Commands:
    """What was asked of devices and is not answered yet."""

    def __init__(self, site: Site, places: Places, mqtt: Mqtt) -> None:
        self._site, self._places, self._mqtt = site, places, mqtt
        self._acks: dict[str, CommandAck | None] = {}
        self._news = asyncio.Condition()

    @property
    def waiting(self) -> int:
        """How many are on their way."""
        return len(self._acks)

    async def ask(self, device: str, cmd: str, args: dict[str, Any], within_s: float = 5.0) -> CommandAck | None:
        """Send a command to a device and wait for its answer; None when none came. Raises `ValueError` with why not."""
        if device not in self._site.device_by_id:
            raise ValueError(f"device {device!r} is not in the site file")
        if len(self._acks) >= COMMANDS_MAX:
            raise ValueError("too many commands are waiting for answers; try again in a few seconds")
        command_id = f"c{time.time_ns():x}"
        payload = msgspec.json.encode({"id": command_id, "cmd": cmd, "args": args})
        self._acks[command_id] = None
        try:
            source, address = self._places.who(device)
            if not self._mqtt.publish(spell(self._site.site.id, device if source else address, "cmd"), payload):
                raise ValueError(f"the broker is away: {self._mqtt.why}")
            async with self._news:
                try:
                    async with asyncio.timeout(within_s):
                        await self._news.wait_for(lambda: self._acks[command_id] is not None)
                except TimeoutError:
                    return None
            return self._acks[command_id]
        finally:
            del self._acks[command_id]

    async def hear(self, acks: Iterable[CommandAck]) -> None:
        """Devices answered."""
        async with self._news:
            self._acks.update({ack.id: ack for ack in acks if ack.id in self._acks})
            self._news.notify_all()
