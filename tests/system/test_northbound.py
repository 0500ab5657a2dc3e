"""A running gateway as a Sparkplug edge node of a plant: its births, its counts, a rebirth, its death by kill -9."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from protocols.sparkplug import payload as sparkplug
from protocols.sparkplug.payload import BOOLEAN, Metric, Payload
from protocols.topics import spell
from tests.contract.brokers import Peer
from tests.system.parts import System, eventually
from tests.unit.test_inference import SITE_TEXT

PLANT = """
[site]
id = "plant"
name = "Plant"
[[zones]]
id = "hall"
name = "Hall"
[[sources]]
id = "node"
format = "sparkplug"
topics = ["spBv1.0/#"]
"""


class Door(NamedTuple):
    """Where a broker is, for a `Peer`."""

    port: int
    users: dict[str, str]


def door(system: System) -> Door:
    return Door(system.ports["broker"], tomllib.loads(system.credentials.read_text())["users"])


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[tuple[System, System]]:
    """A depot, its gateway not started yet, and the plant's broker."""
    (tmp_path / "plant").mkdir()
    depot, plant = System(tmp_path, SITE_TEXT), System(tmp_path / "plant", PLANT)
    plant.parts["broker"].argv += ["--site", str(plant.site)]
    try:
        depot.start("broker")
        plant.start("broker")
        yield depot, plant
    finally:
        for part in (*depot.parts.values(), *plant.parts.values()):
            if part.alive:
                part.kill()


def heard(peer: Peer, verb: str) -> list[dict[Any, Any]]:
    """The metrics of every message of a kind, by name (by alias where it has none)."""
    found = []
    for message in list(peer.got):
        if f"/{verb}/" in message.topic:
            told = sparkplug.decode(message.payload)
            assert isinstance(told, Payload)
            found.append({metric.name or metric.alias: metric.value for metric in told.metrics})
    return found


def test_a_plant_sees_the_counts_and_the_death_of_a_gateway(depot: tuple[System, System]) -> None:
    system, plant = depot
    to = door(plant)
    host = Peer(to, "gateway", "host")  # type: ignore[arg-type]
    host.subscribe("spBv1.0/#")
    north = f"mqtt://node:{to.users['node']}@127.0.0.1:{to.port}"
    system.parts["gateway"].argv += ["--northbound", north, "--northbound-group", "WH1"]
    system.start("gateway")
    eventually(lambda: heard(host, "NBIRTH"), bool, "the plant hears the birth")
    status = system.gateway.get("/api/v1/status").value
    assert status["northbound"] == {"connected": True, "why": ""}

    shelf = Peer(door(system), "shelf", "shelf")  # type: ignore[arg-type]
    body = {"boot": 1, "seq": 1, "ts": int(time.time() * 1000), "unit": "g", "step_ms": 100}
    shelf.publish(spell("demo", "shelf-1", "shelf"), json.dumps(body | {"values": [100.0 + 7 * 250.0] * 15}).encode())
    eventually(lambda: 7 in [value for one in heard(host, "DDATA") for value in one.values()], bool, "7 units arrive")

    births = len(heard(host, "NBIRTH"))
    now_ms = int(time.time() * 1000)
    again = Metric("Node Control/Rebirth", True, BOOLEAN, at_ms=now_ms)
    host.publish("spBv1.0/WH1/NCMD/gateway", sparkplug.encode(Payload([again], now_ms)))
    eventually(lambda: len(heard(host, "NBIRTH")) > births, bool, "it is born again when asked")
    (count,) = [value for one in heard(host, "DBIRTH")[-6:] for name, value in one.items() if name == "Bin/A1/Count"][
        -1:
    ]
    assert count == 7, "a birth holds what is known"

    system.parts["gateway"].kill()
    eventually(lambda: heard(host, "NDEATH"), bool, "its will tells the plant")
    shelf.leave()
    host.leave()
