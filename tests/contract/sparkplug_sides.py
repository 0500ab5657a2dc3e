"""What the Sparkplug suites share: a plant's broker, the independent peer (npm sparkplug-client), our two sides."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from edge import broker
from edge.core.decoding import Decoder
from edge.mqtt import BrokerUrl, Mqtt
from edge.northbound import Northbound, NorthboundOptions
from protocols import layout
from protocols.readings import Decoded, Problem, Publish, Reading
from tests.contract import npm
from tests.contract.brokers import DEADLINE_S, BoxBroker, Broker, MosquittoBroker, mosquitto_argv

HERE = Path(__file__).parent / "sparkplug_peer"
SITE = layout.parse("""
[site]
id = "demo"
name = "Demo"
[[zones]]
id = "hall"
name = "Hall"
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 250.0
[[sources]]
id = "plant"
format = "sparkplug"
topics = ["spBv1.0/#"]
[sources.options]
host_id = "warehouse"
reorder_ms = 3000
[[devices]]
id = "gw"
kind = "machine"
zone = "hall"
source = "plant"
address = "gw-js"
[[devices]]
id = "shelf"
kind = "shelf"
zone = "hall"
source = "plant"
address = "gw-js/shelf-01"
[[devices]]
id = "cold-1"
kind = "climate"
zone = "hall"
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf"
channel = "Bin/A/Weight"
""")
Kind = TypeVar("Kind")


class PlantBox(BoxBroker):
    def prepare(self) -> None:
        self.argv = broker.prepare(self.state, self.port, site=SITE).argv


class PlantMosquitto(MosquittoBroker):
    def prepare(self) -> None:
        folder = broker.mosquitto_files(self.state, f"mqtt://127.0.0.1:{self.port}", SITE)
        self.kept = folder / "mosquitto.db"
        self.argv = mosquitto_argv(folder, self.port)


class Peer:
    """The JavaScript side: orders go in, what happened comes out."""

    def __init__(self, role: str, to: Broker, user: str, *more: str) -> None:
        command = [*npm.install(HERE), "peer.mjs", role, f"mqtt://127.0.0.1:{to.port}", user, to.users[user], *more]
        self.process = subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                self.said.append(json.loads(line))
            except ValueError:
                self.said.append({"error": line.strip()})

    def order(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def heard(self, verb: str) -> list[dict[str, Any]]:
        """The messages of a verb that a host heard."""
        return [one for one in self.said if one.get("verb") == verb]

    def stop(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Host:
    """Our side as a gateway has it: one connection, one decoder, what it yields."""

    def __init__(self, to: Broker, name: str) -> None:
        self.decoder = Decoder(SITE)
        url = BrokerUrl("127.0.0.1", to.port, False, "gateway", to.users["gateway"])
        self.mqtt = Mqtt(url, name, self.decoder.filters, self.decoder.presence())
        self.found: list[Decoded] = []
        loops = (self.mqtt.run(), self._take(), self._tick())
        self.tasks = [asyncio.create_task(one) for one in loops]

    @property
    def memory(self) -> Any:
        """What the host remembers of the plant."""
        return self.decoder.routes[0].memory

    @property
    def ready(self) -> bool:
        """Whether subscriptions hold: our own birth came back."""
        return bool(self.mqtt.connected and self.memory.state_ms)

    async def _take(self) -> None:
        while True:
            group = await self.mqtt.group(500, 0.0)
            for one in group:
                self._keep(self.decoder.decode(one.topic, one.payload, one.received_ms, one.retained))
            self.mqtt.acknowledge(group)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._keep(self.decoder.tick(now_ms()))

    def _keep(self, found: list[Decoded]) -> None:
        for one in found:
            if isinstance(one, Publish):
                self.mqtt.publish(one.topic, one.payload, one.qos, one.retain)
            self.found.append(one)

    def of(self, kind: type[Kind], device: str = "shelf") -> list[Kind]:
        return [one for one in self.found if isinstance(one, kind) and getattr(one, "device", device) == device]

    def values(self, channel: str) -> list[float]:
        return [one.values[0] for one in self.of(Reading) if one.channel == channel]

    def problems(self) -> list[str]:
        """But for what other hosts and devices say, whom the site file does not know."""
        return [one.code for one in self.found if isinstance(one, Problem) and one.code != "device.unknown"]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def soon(condition: Callable[[], bool], what: str, seen: Callable[[], Any] = str) -> None:
    """Wait for a condition; fail with its name, and with what was seen instead."""
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what} {seen()}"
        await asyncio.sleep(0.01)


def weight(value: float, **more: Any) -> dict[str, Any]:
    return {"alias": 1, "value": value, "type": "Double", "timestamp": 1_000 * (now_ms() // 1000), **more}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class North:
    """Our gateway as an edge node."""

    def __init__(self, to: Broker, host_id: str = "") -> None:
        url = BrokerUrl("127.0.0.1", to.port, False, "plant", to.users["plant"])
        self.north = Northbound(NorthboundOptions(url, "WH2", "gw", host_id), SITE)
        self.task = asyncio.create_task(self.north.run())

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def plant_brokers(kind: type[Broker], state: Path) -> Iterator[Broker]:
    """A broker with a user `plant`, started; stopped at the end."""
    one = kind(state)
    one.start()
    yield one
    one.stop()


def peers(to: Broker) -> Iterator[Callable[..., Peer]]:
    """How to start a peer: (role, user, group, node); all are stopped at the end."""
    started: list[Peer] = []

    def start(role: str, user: str, *more: str) -> Peer:
        started.append(Peer(role, to, user, *more))
        return started[-1]

    yield start
    for one in started:
        one.stop()
