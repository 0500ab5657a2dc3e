"""Edge nodes of others (npm sparkplug-client) on real brokers, and we as their host application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from protocols.readings import DeviceStatus, Notice, Reading
from tests.contract.brokers import Broker
from tests.contract.sparkplug_sides import (
    HERE,
    Host,
    Peer,
    PlantBox,
    PlantMosquitto,
    peers,
    plant_brokers,
    soon,
    weight,
)
from tests.unit.sparkplug_statements import holds


@pytest.fixture(scope="module", params=[PlantBox, PlantMosquitto], ids=["box", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    yield from plant_brokers(request.param, tmp_path_factory.mktemp("plant"))


@pytest.fixture
def peer(running: Broker) -> Iterator[Callable[..., Peer]]:
    yield from peers(running)


@pytest.fixture
async def host(running: Broker, request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    one = Host(running, request.node.originalname[-60:])
    await soon(lambda: one.ready, "the host's connection")
    yield one
    await one.stop()


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
    await soon(lambda: host.memory.gaps != {}, "the gap")
    assert host.values("Bin/A/Weight") == [12345.0]

    await soon(lambda: {"births": 2} in node.said, "the second birth")
    await soon(lambda: len(host.values("Bin/A/Weight")) == 4, "its values")
    assert host.values("Bin/A/Weight") == pytest.approx([12345.0, 11900.0, 11800.0, 12345.0])
    assert host.problems() == ["sequence.gap"]
    node.order(data=[weight(11.7)])
    await soon(lambda: len(host.values("Bin/A/Weight")) == 5, "data after the second birth")
    assert host.problems() == ["sequence.gap"]


async def test_a_host_that_comes_late_asks_for_a_birth(running: Broker, peer: Callable[..., Peer]) -> None:
    theirs = peer("host", "gateway")
    await soon(lambda: {"listening": True} in theirs.said, "their host")
    node = peer("node", "plant", "WH1", "gw-js")
    await soon(lambda: len(theirs.heard("DBIRTH")) == 1, "the birth that we do not hear")
    host = Host(running, "late-host")
    await soon(lambda: host.ready, "the late host")
    try:
        node.order(data=[weight(11.9)])
        await soon(lambda: {"births": 2} in node.said, "the birth that was asked for", lambda: [host.found, node.said])
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
    await soon(lambda: host.ready, "the echo of our birth")
    after = host.mqtt.publish("spBv1.0/WH1/NCMD/gw", b"")
    await host.stop()

    assert (before, after) == (False, True)


def test_the_peers_packages_are_named_by_hash() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]

    assert lock["node_modules/sparkplug-client"]["version"] == "3.2.4"
    assert all(one.get("integrity", "").startswith("sha512-") for name, one in lock.items() if name)
