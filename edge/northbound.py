"""The gateway as a Sparkplug edge node of someone else's broker: a second MQTT connection that only tells.

The shell gives it every outcome's reports by `tell`; what changed goes out by exception, and is kept, within a limit,
while the broker or the primary host is away. What it tells and when is decided in protocols/sparkplug/node.py.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from msgspec import Struct

from edge.mqtt import BrokerUrl, Mqtt
from protocols.layout import Site
from protocols.readings import Publish
from protocols.reports import Report
from protocols.sparkplug.node import EdgeNode
from protocols.sparkplug.stock import Stock

log = logging.getLogger(__name__)

GROUP_MAX = 100
TICK_S = 0.5


class NorthboundOptions(Struct, frozen=True):
    """Where to tell, and as whom. With `host_id` nothing is told while that host application is away."""

    broker: BrokerUrl
    group: str
    node: str
    host_id: str = ""


class Northbound:
    """One edge node on one broker, kept up. Raises `ValueError` for names that Sparkplug does not allow."""

    def __init__(self, options: NorthboundOptions, site: Site) -> None:
        self.stock = Stock(site)
        self.node = EdgeNode(options.group, options.node, options.host_id)
        self.node.tell(self.stock.declared(), 0)
        client_id = f"{options.node}-{options.group}-north"
        self.mqtt = Mqtt(
            options.broker, client_id, self.node.filters, self._presence, clean=True, on_ready=self._arrived
        )

    def tell(self, reports: Iterable[Report]) -> None:
        """Tell what the reports change. Never waits: what can not be sent now is kept in the node."""
        if self.node.connected and not self.mqtt.connected:
            self.node.lost()
        self._publish(self.node.tell(self.stock.updates(reports), _now_ms()))

    async def run(self) -> None:
        """Work until cancelled; then say goodbye."""
        link = asyncio.create_task(self.mqtt.run(), name="northbound mqtt")
        tasks = [link, asyncio.create_task(self._take()), asyncio.create_task(self._tick())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._publish(self.node.leave(_now_ms()))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self) -> None:
        while True:
            group = await self.mqtt.group(GROUP_MAX, 0.0)
            for message in group:
                answer = self.node.hear(message.topic, message.payload, message.received_ms)
                self._publish(answer.publish)
                if answer.hang_up:
                    log.info("northbound: the primary host went away; we wait for it")
                    self.mqtt.hang_up()
            self.mqtt.acknowledge(group)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if self.node.connected and not self.mqtt.connected:
                self.node.lost()
            self._publish(self.node.tick(_now_ms()))

    def _presence(self, now_ms: int) -> tuple[None, Publish]:
        return None, self.node.connect(now_ms)

    def _arrived(self) -> None:
        self._publish(self.node.arrive(_now_ms()))

    def _publish(self, wanted: list[Publish]) -> None:
        for one in wanted:
            if not self.mqtt.publish(one.topic, one.payload, one.qos, one.retain):
                # A message left out would be a gap: the next connection begins with births that hold all of it.
                log.warning("northbound: the broker takes nothing (%s); we connect anew", self.mqtt.why or "too slow")
                self.node.lost()
                self.mqtt.hang_up()
                return


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
