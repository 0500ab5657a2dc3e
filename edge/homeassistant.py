"""The gateway as devices of Home Assistant, found by its MQTT discovery: a connection of its own to the same broker.

It is there while the gateway is, and its last will says when it is not. What it says is decided in
edge/core/household.py; it is never waited for, and works with the service away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from edge.core.household import Household, known
from edge.core.inference import Inference
from edge.mqtt import BrokerUrl, Mqtt
from protocols.layout import Site
from protocols.readings import Publish
from protocols.reports import Report

log = logging.getLogger(__name__)

GROUP_MAX = 100


def make(broker: BrokerUrl, prefix: str, name: str, inference: Inference) -> HomeAssistant | None:
    """The devices of a gateway, where there is a prefix to tell them below."""
    return HomeAssistant(broker, inference.site, name, prefix, known(inference)) if prefix else None


class HomeAssistant:
    """One gateway's devices, kept up. Raises `ValueError` for a prefix or a name that can be no topic."""

    def __init__(self, broker: BrokerUrl, site: Site, name: str, prefix: str, known: Iterable[Report]) -> None:
        """`known`: what is known at the start."""
        self.household = Household(site, name, prefix)
        self.household.tell(known)
        presence = self.household.birth, self.household.will
        self.mqtt = Mqtt(
            broker,
            f"{name}-{site.site.id}-homeassistant",
            self.household.filters,
            lambda _: presence,
            clean=True,
            on_ready=self._arrived,
        )
        if self.household.left_out:
            log.warning("homeassistant: there is no room for %d SKUs and slots", self.household.left_out)

    def tell(self, reports: Iterable[Report]) -> None:
        """Tell what the reports change. Never waits."""
        self._publish(self.household.tell(reports))

    async def run(self) -> None:
        """Work until cancelled; then say goodbye."""
        tasks = [asyncio.create_task(self.mqtt.run(), name="homeassistant mqtt"), asyncio.create_task(self._take())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self) -> None:
        while True:
            group = await self.mqtt.group(GROUP_MAX, 0.0)
            for message in group:
                self._publish(self.household.heard(message.topic, message.payload))
            self.mqtt.acknowledge(group)

    def _arrived(self) -> None:
        self.household.lost()
        self._publish([self.household.marker])

    def _publish(self, wanted: Iterable[Publish]) -> None:
        for one in wanted:
            if not self.mqtt.publish(one.topic, one.payload, one.qos, one.retain):
                self.household.lost()  # the next connection says all of it again
                if self.mqtt.connected:
                    log.warning("homeassistant: the broker takes nothing; we connect anew")
                    self.mqtt.hang_up()
                return
