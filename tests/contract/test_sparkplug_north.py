"""We as an edge node on real brokers, read by a host of others (npm sparkplug-payload)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocols.reports import DeviceHealth, Series, SlotLevel
from tests.contract.brokers import Broker
from tests.contract.sparkplug_sides import (
    North,
    Peer,
    PlantBox,
    PlantMosquitto,
    now_ms,
    peers,
    plant_brokers,
    soon,
)
from tests.unit.sparkplug_statements import holds


@pytest.fixture(scope="module", params=[PlantBox, PlantMosquitto], ids=["box", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    yield from plant_brokers(request.param, tmp_path_factory.mktemp("plant"))


@pytest.fixture
def peer(running: Broker) -> Iterator[Callable[..., Peer]]:
    yield from peers(running)


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
    assert [one["verb"] for one in theirs.said if one.get("topic", "").startswith("spBv1.0/WH2")] == []

    theirs.order(topic=topic, state={"online": True, "timestamp": at_ms + 1})
    await soon(lambda: len(theirs.heard("DBIRTH")) >= 1, "our births")
    order = [one["verb"] for one in theirs.said if one.get("topic", "").startswith("spBv1.0/WH2")]
    assert order[:2] == ["NBIRTH", "DBIRTH"]
    theirs.order(topic=topic, state={"online": False, "timestamp": at_ms + 1})
    await soon(lambda: len(theirs.heard("NDEATH")) >= 1, "our withdrawal")
    await soon(lambda: ours.north.node.connected and not ours.north.node.live, "our next connection")
    theirs.order(topic=topic, state={"online": True, "timestamp": at_ms + 2})
    await soon(lambda: len(theirs.heard("NBIRTH")) >= 2, "our next birth")
    await ours.stop()
    theirs.order(topic=topic, state={"online": False, "timestamp": at_ms + 3})

    assert [named(one)["bdSeq"] for one in theirs.heard("NBIRTH")] == [0, 1]
