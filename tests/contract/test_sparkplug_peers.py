"""Sparkplug with an independent peer (npm sparkplug-client) on real brokers: their node and our host, our node and
their host."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

import hatch_build
from edge import broker
from edge.core.decoding import Decoder
from edge.mqtt import BrokerUrl, Mqtt
from edge.northbound import Northbound, NorthboundOptions
from protocols import layout
from protocols.readings import Decoded, DeviceStatus, Notice, Problem, Publish, Reading
from protocols.reports import DeviceHealth, Series, SlotLevel
from tests.contract.brokers import DEADLINE_S, BoxBroker, Broker, MosquittoBroker, mosquitto_argv
from tests.unit.sparkplug_statements import holds

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


@pytest.fixture(scope="module", params=[PlantBox, PlantMosquitto], ids=["box", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one: Broker = request.param(tmp_path_factory.mktemp("plant"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def node_js() -> list[str]:
    """The command of a Node that has the peer's packages, installed by the hashes of package-lock.json."""
    try:
        node = hatch_build.find_node()
        lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
        mark = HERE / "node_modules" / ".lock-sha256"
        if not mark.is_file() or mark.read_text() != lock:
            command = [*hatch_build._npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env={**os.environ, "PATH": path})
            if done.returncode:
                raise hatch_build.BuildError(f"npm ci for the Sparkplug peer failed:\n{done.stdout}{done.stderr}")
            mark.write_text(lock)
    except hatch_build.BuildError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    return node


class Peer:
    """The JavaScript side: orders go in, what happened comes out."""

    def __init__(self, node: list[str], role: str, to: Broker, user: str, *more: str) -> None:
        command = [*node, "peer.mjs", role, f"mqtt://127.0.0.1:{to.port}", user, to.users[user], *more]
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


@pytest.fixture
def peer(node_js: list[str], running: Broker) -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(role: str, user: str, *more: str) -> Peer:
        peers.append(Peer(node_js, role, running, user, *more))
        return peers[-1]

    yield start
    for one in peers:
        one.stop()


class Host:
    """Our side as a gateway has it: one connection, one decoder, what it yields."""

    def __init__(self, to: Broker, name: str) -> None:
        self.decoder = Decoder(SITE)
        url = BrokerUrl("127.0.0.1", to.port, False, "gateway", to.users["gateway"])
        self.mqtt = Mqtt(url, name, self.decoder.filters, self.decoder.presence())
        self.found: list[Decoded] = []
        self.tasks = [asyncio.create_task(self.mqtt.run()), asyncio.create_task(self._take())]

    async def _take(self) -> None:
        while True:
            group = await self.mqtt.group(500, 0.0)
            for one in group:
                self._keep(self.decoder.decode(one.topic, one.payload, one.received_ms, one.retained))
            self.mqtt.acknowledge(group)

    def _keep(self, found: list[Decoded]) -> None:
        for one in found:
            if isinstance(one, Publish):
                self.mqtt.publish(one.topic, one.payload, one.qos, one.retain)
            self.found.append(one)

    def tick(self, now_ms: int) -> None:
        self._keep(self.decoder.tick(now_ms))

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


@pytest.fixture
async def host(running: Broker, request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    one = Host(running, request.node.originalname[-60:])
    await soon(lambda: one.mqtt.connected, "the host's connection")
    yield one
    await one.stop()


async def soon(condition: Callable[[], bool], what: str) -> None:
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


def weight(value: float, **more: Any) -> dict[str, Any]:
    return {"alias": 1, "value": value, "type": "Double", "timestamp": 1_000 * (now_ms() // 1000), **more}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_a_foreign_nodes_births_and_data_are_readings(host: Host, peer: Callable[..., Peer]) -> None:
    node = peer("node", "plant", "WH1", "gw-js")
    await soon(lambda: len(host.of(Notice)) >= 1, "the birth")

    node.order(data=[weight(11.9)])
    node.order(data=[weight(11.8, name="Bin/A/Weight")], compress="GZIP")
    node.order(data=[weight(11.7), {"alias": 0, "value": -71, "type": "Int8"}], compress="DEFLATE")
    node.order(data=[weight(9.0, isHistorical=True)])
    await soon(lambda: 9000.0 in host.values("Bin/A/Weight"), f"the data; {host.found}")

    assert [one.online for one in host.of(DeviceStatus)] == [True]
    assert [one.online for one in host.of(DeviceStatus, "gw")] == [True]
    assert host.values("Bin/A/Weight") == pytest.approx([12345.0, 11900.0, 11800.0, 11700.0, 9000.0])
    assert host.values("Bin/A/Count") == [7.0]
    assert host.values("RSSI") == [-67.0, -71.0]
    assert host.values("Tare") == [-250.0]
    assert [one.text for one in host.of(Notice)] == ["A"]
    flagged = [one.flags for one in host.of(Reading) if one.channel == "Bin/A/Weight"]
    assert [("historical" in flags) for flags in flagged] == [False, False, False, False, True]
    assert host.problems() == []


async def test_a_foreign_node_is_born_again_when_we_missed_something(host: Host, peer: Callable[..., Peer]) -> None:
    node = peer("node", "plant", "WH1", "gw-js")
    await soon(lambda: len(host.of(Notice)) >= 1, "the birth")

    node.order(data=[weight(11.9)], skip=True)
    node.order(data=[weight(11.8)])
    await soon(lambda: len(node.said) >= 3, "the orders")
    await soon(lambda: next(iter(host.decoder.routes)).memory.gaps != {}, "the gap")
    assert host.values("Bin/A/Weight") == [12345.0]
    host.tick(now_ms() + 10_000)

    await soon(lambda: {"births": 2} in node.said, "the second birth")
    await soon(lambda: len(host.values("Bin/A/Weight")) == 4, "its values")
    assert host.values("Bin/A/Weight") == pytest.approx([12345.0, 11900.0, 11800.0, 12345.0])
    assert host.problems() == ["sequence.gap"]
    node.order(data=[weight(11.7)])
    await soon(lambda: len(host.values("Bin/A/Weight")) == 5, "data after the second birth")
    assert host.problems() == ["sequence.gap"]


async def test_a_host_that_comes_late_asks_for_a_birth(running: Broker, peer: Callable[..., Peer]) -> None:
    node = peer("node", "plant", "WH1", "gw-js")
    await soon(lambda: {"births": 1} in node.said, "the birth that nobody hears")
    host = Host(running, "late-host")
    await soon(lambda: host.mqtt.connected and host.mqtt.connection > 0, "the late host")
    try:
        node.order(data=[weight(11.9)])
        await soon(lambda: {"births": 2} in node.said, f"the birth that was asked for; {host.found}")
        await soon(lambda: host.values("Bin/A/Weight") == [12345.0], "its values")

        assert host.problems() == ["sparkplug.not_born"]
    finally:
        await host.stop()


@pytest.mark.parametrize("way", ["stop", "vanish"])
async def test_a_foreign_nodes_end_takes_its_devices_along(host: Host, peer: Callable[..., Peer], way: str) -> None:
    node = peer("node", "plant", "WH1", "gw-js")
    await soon(lambda: len(host.of(Notice)) >= 1, "the birth")

    node.order(death=True)
    await soon(lambda: [one.online for one in host.of(DeviceStatus)] == [True, False], "the device's death")
    node.order(**{way: True})

    await soon(lambda: [one.online for one in host.of(DeviceStatus, "gw")][-1] is False, "the node's death")
    assert host.problems() == []


@holds(
    "tck-id-components-ph-state",
    "tck-id-conformance-primary-host",
    "tck-id-intro-sparkplug-host-state",
    "tck-id-host-topic-phid-birth-required",
    "tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean",
    "tck-id-host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet",
    "tck-id-message-flow-phid-sparkplug-state-publish",
    "tck-id-operational-behavior-host-application-connect-birth",
    "tck-id-operational-behavior-host-application-disconnect-intentional",
    "tck-id-operational-behavior-host-application-termination",
    "tck-id-payloads-state-birth",
)
async def test_our_state_is_there_while_we_are_and_says_when_we_go(running: Broker, peer: Callable[..., Peer]) -> None:
    theirs = peer("host", "gateway")
    await soon(lambda: {"listening": True} in theirs.said, "their host")
    host = Host(running, "our-state")
    await soon(lambda: any(one["said"]["online"] for one in theirs.heard("STATE")), "our birth")
    born = next(one for one in reversed(theirs.heard("STATE")) if one["said"]["online"])

    before = len(theirs.heard("STATE"))

    theirs.order(topic="spBv1.0/STATE/warehouse", state={"online": False, "timestamp": born["said"]["timestamp"] - 9})
    await soon(lambda: len(theirs.heard("STATE")) >= before + 2, "our answer")
    assert theirs.heard("STATE")[-1]["said"] == born["said"]
    await host.stop()

    await soon(lambda: theirs.heard("STATE")[-1]["said"]["online"] is False, "our farewell")
    assert theirs.heard("STATE")[-1]["qos"] == 1
    assert theirs.heard("STATE")[-1]["said"]["timestamp"] >= born["said"]["timestamp"]
    later = peer("host", "gateway")
    await soon(lambda: len(later.heard("STATE")) >= 1, "what the broker kept")
    assert later.heard("STATE")[0]["retain"] is True


@holds(
    "tck-id-host-topic-phid-death-required",
    "tck-id-operational-behavior-host-application-connect-will",
    "tck-id-payloads-state-will-message",
    "tck-id-host-topic-phid-birth-sub-required",
    "tck-id-payloads-state-subscribe",
)
async def test_a_host_that_vanishes_is_said_to_be_gone_and_takes_it_back(host: Host, peer: Callable[..., Peer]) -> None:
    theirs = peer("host", "gateway")
    await soon(lambda: len(theirs.heard("STATE")) >= 1, "our birth, as the broker kept it")
    first = theirs.heard("STATE")[-1]["said"]

    host.mqtt._socket.shutdown(2)
    await soon(lambda: theirs.heard("STATE")[-1]["said"] == {**first, "online": False}, "our last will")
    await soon(lambda: theirs.heard("STATE")[-1]["said"]["online"], "our next birth")

    assert theirs.heard("STATE")[-1]["said"]["timestamp"] > first["timestamp"]
    assert "spBv1.0/#" in [pattern for pattern, _ in host.mqtt.filters], "it covers our own STATE"


@holds(
    "tck-id-host-topic-phid-birth-message",
    "tck-id-message-flow-phid-sparkplug-subscription",
)
async def test_nothing_is_said_before_our_birth_and_that_only_once_subscriptions_hold(
    running: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(running, "unborn")
    subscribe = host.mqtt._client.subscribe
    monkeypatch.setattr(host.mqtt._client, "subscribe", lambda _filters: None)
    await soon(lambda: host.mqtt.connected, "the connection")
    before = host.mqtt.publish("spBv1.0/WH1/NCMD/gw", b"")
    subscribe(host.mqtt.filters)
    await soon(lambda: next(iter(host.decoder.routes)).memory.state_ms > 0, "the echo of our birth")
    after = host.mqtt.publish("spBv1.0/WH1/NCMD/gw", b"")
    await host.stop()

    assert (before, after) == (False, True)


class North:
    """Our gateway as an edge node."""

    def __init__(self, to: Broker, host_id: str = "") -> None:
        url = BrokerUrl("127.0.0.1", to.port, False, "plant", to.users["plant"])
        self.north = Northbound(NorthboundOptions(url, "WH2", "gw", host_id), SITE)
        self.task = asyncio.create_task(self.north.run())

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def theirs(peer: Callable[..., Peer]) -> Peer:
    one = peer("host", "gateway")
    await soon(lambda: {"listening": True} in one.said, "their host")
    return one


def level(count: int | None, at_ms: int) -> SlotLevel:
    low, high = (count, count) if count is not None else (0, 9)
    return SlotLevel("A1", "bolt", count, low, high, 0.99, 1250.5, at_ms)


def named(message: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in message["said"]["metrics"]}


@holds("tck-id-operational-behavior-edge-node-intentional-disconnect-packet")
async def test_their_host_reads_our_births_data_and_deaths(running: Broker, theirs: Peer) -> None:
    ours = North(running)
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 1, f"our births; {theirs.said}")
    at_ms = now_ms()

    ours.north.tell(
        [level(5, at_ms), Series("cold-1", "1", "temperature_c", "hall", at_ms - 1000, [0, 500], [4.5, -4.25])]
    )
    await soon(lambda: len(theirs.heard("DDATA")) >= 1 and len(theirs.heard("DBIRTH")) >= 2, "our data")
    ours.north.tell([level(5, at_ms + 10), level(4, at_ms + 20)])
    await soon(lambda: len(theirs.heard("DDATA")) >= 2, "what changed")
    ours.north.tell([DeviceHealth("shelf", "silent", at_ms + 30, at_ms, 1000, 0, 0, 0)])
    await soon(lambda: len(theirs.heard("DDEATH")) >= 1, "the shelf's death")
    await ours.stop()
    await soon(lambda: len(theirs.heard("NDEATH")) >= 1, "the node's death")

    birth = theirs.heard("NBIRTH")[0]
    assert named(birth) == {"bdSeq": 0, "Node Control/Rebirth": False}
    shelf, zone = theirs.heard("DBIRTH")
    assert shelf["topic"] == "spBv1.0/WH2/DBIRTH/gw/shelf"
    assert set(named(shelf)) == {f"Bin/A1/{word}" for word in ("Count", "Low", "High", "Confidence", "Mass", "Reason")}
    assert set(named(shelf).values()) == {None}
    aliases = {one["alias"]: one["name"] for one in shelf["said"]["metrics"]}
    assert named(zone) == {"Ambient/cold-1/Temperature": -4.25}
    assert zone["said"]["metrics"][0]["properties"]["engUnit"]["value"] == "°C"
    first, second = theirs.heard("DDATA")
    assert {aliases[one["alias"]]: one["value"] for one in first["said"]["metrics"]} == {
        "Bin/A1/Count": 5,
        "Bin/A1/Low": 5,
        "Bin/A1/High": 5,
        "Bin/A1/Confidence": 0.99,
        "Bin/A1/Mass": 1250.5,
        "Bin/A1/Reason": "",
    }
    assert {aliases[one["alias"]]: one["value"] for one in second["said"]["metrics"]} == {
        "Bin/A1/Count": 4,
        "Bin/A1/Low": 4,
        "Bin/A1/High": 4,
    }
    numbered = [one for one in theirs.said if one.get("verb") in ("NBIRTH", "DBIRTH", "DDATA", "DDEATH")]
    assert [one["said"]["seq"] for one in numbered] == list(range(len(numbered)))
    assert "seq" not in theirs.heard("NDEATH")[0]["said"]
    assert named(theirs.heard("NDEATH")[0]) == {"bdSeq": 0}


@holds("tck-id-message-flow-edge-node-ncmd-subscribe")
async def test_we_are_born_again_when_their_host_asks(running: Broker, theirs: Peer) -> None:
    ours = North(running)
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 1, "our births")
    request = {"timestamp": now_ms(), "metrics": [{"name": "Node Control/Rebirth", "type": "Boolean", "value": True}]}

    theirs.order(topic="spBv1.0/WH2/NCMD/gw", payload=request)
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 2, "our second births")
    await ours.stop()

    first, second = theirs.heard("NBIRTH")
    assert named(first) == named(second)
    assert [one["said"]["seq"] for one in (first, second)] == [0, 0]


@holds("tck-id-message-flow-edge-node-birth-publish-will-message", "tck-id-principles-persistence-clean-session-311")
async def test_a_lost_connection_is_a_death_and_what_was_missed_is_historical(running: Broker, theirs: Peer) -> None:
    ours = North(running)
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 1, "our births")
    at_ms = now_ms()
    ours.north.tell([level(5, at_ms)])
    await soon(lambda: len(theirs.heard("DDATA")) >= 1, "our data")

    ours.north.mqtt._socket.shutdown(2)
    await soon(lambda: not ours.north.mqtt.connected, "the loss")
    ours.north.tell([level(4, at_ms + 10)])
    ours.north.tell([level(3, at_ms + 20)])
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 2 and len(theirs.heard("DDATA")) >= 2, "our return")
    await ours.stop()

    assert ours.north.mqtt._client._clean_session
    assert named(theirs.heard("NDEATH")[0]) == {"bdSeq": 0}
    assert theirs.heard("NDEATH")[0]["qos"] == 1
    assert [named(one)["bdSeq"] for one in theirs.heard("NBIRTH")] == [0, 1]
    assert named(theirs.heard("DBIRTH")[1])["Bin/A1/Count"] == 3
    missed = theirs.heard("DDATA")[1]["said"]["metrics"]
    assert {one["value"] for one in missed} == {4}
    assert all(one["isHistorical"] for one in missed)


async def test_we_speak_only_while_the_primary_host_is_there(running: Broker, theirs: Peer) -> None:
    topic, at_ms = "spBv1.0/STATE/scada", now_ms()
    theirs.order(topic=topic, state={"online": False, "timestamp": at_ms})
    await soon(lambda: any(one["topic"] == topic for one in theirs.heard("STATE")), "the host's absence")
    ours = North(running, "scada")
    await soon(lambda: ours.north.node.connected, "our connection")
    ours.north.tell([level(5, at_ms)])

    theirs.order(topic=topic, state={"online": True, "timestamp": at_ms + 1})
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 1, "our births")
    order = [one["verb"] for one in theirs.said if one.get("topic", "").startswith(("spBv1.0/WH2", topic))]
    assert order[:4] == ["STATE", "STATE", "NBIRTH", "DBIRTH"]
    theirs.order(topic=topic, state={"online": False, "timestamp": at_ms + 1})
    await soon(lambda: len(theirs.heard("NDEATH")) >= 1, "our withdrawal")
    await soon(lambda: ours.north.node.connected and not ours.north.node.live, "our next connection")
    theirs.order(topic=topic, state={"online": True, "timestamp": at_ms + 2})
    await soon(lambda: len(theirs.heard("NBIRTH")) >= 2, "our next birth")
    await ours.stop()
    theirs.order(topic=topic, state={"online": False, "timestamp": at_ms + 3})

    assert [named(one)["bdSeq"] for one in theirs.heard("NBIRTH")] == [0, 1]


def test_the_peers_packages_are_named_by_hash() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]

    assert lock["node_modules/sparkplug-client"]["version"] == "3.2.4"
    assert all(one.get("integrity", "").startswith("sha512-") for name, one in lock.items() if name)
