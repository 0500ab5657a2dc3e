"""Home Assistant's side of real brokers: what it finds there, as the one user that may read it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge import broker
from edge.core.slots.actions import Count
from edge.gateway import Gateway, Options
from edge.homeassistant import HomeAssistant
from edge.mqtt import BrokerUrl
from protocols.layout import Site
from protocols.reports import Report
from tests.contract.brokers import BoxBroker, Broker, MosquittoBroker, Peer, mosquitto_argv
from tests.contract.sparkplug_sides import soon
from tests.unit.test_household import GATEWAY, HALL, SLOTS, level, site

STATUS = "wh/ha/depot/gw/status"


class HomeBox(BoxBroker):
    def prepare(self) -> None:
        self.argv = broker.prepare(self.state, self.port, homeassistant="homeassistant").argv


class HomeMosquitto(MosquittoBroker):
    def prepare(self) -> None:
        folder = broker.mosquitto_files(self.state, f"mqtt://127.0.0.1:{self.port}", homeassistant="homeassistant")
        self.kept = folder / "mosquitto.db"
        self.argv = mosquitto_argv(folder, self.port)


@pytest.fixture(scope="module", params=[HomeBox, HomeMosquitto], ids=["box", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one: Broker = request.param(tmp_path_factory.mktemp("home"))
    one.start()
    yield one
    one.stop()


class Theirs:
    """Home Assistant: the last payload of each topic, and all there were."""

    def __init__(self, to: Broker) -> None:
        self.peer = Peer(to, "homeassistant", "home").subscribe("homeassistant/#", "wh/ha/#")

    def all(self, topic: str) -> list[bytes]:
        return [one.payload for one in self.peer.got if one.topic == topic]

    def last(self, topic: str) -> Any:
        heard = self.all(topic)
        return json.loads(heard[-1]) if heard and heard[-1] not in (b"", b"online", b"offline") else heard[-1:]


class Ours:
    """Gateways that tell of their site."""

    def __init__(self, to: Broker) -> None:
        self._url = BrokerUrl("127.0.0.1", to.port, False, "gateway", to.users["gateway"])
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, of: Site, *known: Report) -> HomeAssistant:
        """A gateway that has said all it knows."""
        one = HomeAssistant(self._url, of, "gw", "homeassistant", known)
        self._tasks.append(asyncio.create_task(one.run()))
        await soon(lambda: bool(one.household._told), "what it knows")
        return one

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


@pytest.fixture
async def ours(running: Broker) -> AsyncIterator[Ours]:
    one = Ours(running)
    yield one
    await one.stop()


@pytest.fixture
def theirs(running: Broker) -> Iterator[Theirs]:
    one = Theirs(running)
    yield one
    one.peer.leave()


async def test_it_finds_stock_that_follows_and_goes_when_the_gateway_goes(ours: Ours, theirs: Theirs) -> None:
    gateway = await ours.begin(site(**SLOTS), level("B1", 4))
    await soon(lambda: theirs.last("wh/ha/depot/gw/sku/milk") == {"units": 4, "at_least": 4, "unknown": []}, "milk")
    gateway.tell([level("B1", 3)])
    await soon(lambda: theirs.last("wh/ha/depot/gw/sku/milk")["units"] == 3, "less milk")

    assert theirs.last(STATUS) == [b"online"]
    assert "sku_milk" in theirs.last(GATEWAY)["components"]
    await ours.stop()
    await soon(lambda: theirs.last(STATUS) == [b"offline"], "our goodbye")


async def test_who_comes_later_finds_all_of_it_retained(running: Broker, ours: Ours, theirs: Theirs) -> None:
    await ours.begin(site(**SLOTS), level("B1", 9))
    await soon(lambda: "9" in str(theirs.last("wh/ha/depot/gw/slot/B1")), "the last of it")

    later = Theirs(running)
    await soon(lambda: bool(later.all("wh/ha/depot/gw/sku/milk") and later.all(HALL) and later.all(STATUS)), "later")
    later.peer.leave()

    assert all(one.retain for one in later.peer.got)


async def test_a_gateway_that_dies_is_told_by_its_last_will(ours: Ours, theirs: Theirs) -> None:
    gateway = await ours.begin(site(**SLOTS))
    await soon(lambda: theirs.last(STATUS) == [b"online"], "our birth")

    gateway.mqtt._socket.shutdown(2)  # as a cable that is pulled, without a goodbye
    await soon(lambda: b"offline" in theirs.all(STATUS), "our will")
    await soon(lambda: theirs.last(STATUS) == [b"online"], "us again")


async def test_an_article_that_left_the_site_file_leaves_home_assistant(ours: Ours, theirs: Theirs) -> None:
    await ours.begin(site(**SLOTS), level("B1", 8))
    await soon(lambda: "8" in str(theirs.last("wh/ha/depot/gw/slot/B1")), "the last of it")
    await ours.stop()
    theirs.peer.got.clear()

    await ours.begin(site(A1="bolt"))
    await soon(lambda: len(theirs.all(HALL)) >= 2, "what is left")

    bare, left = (json.loads(one)["components"] for one in theirs.all(HALL)[:2])
    assert bare["slot_B1"] == {"platform": "sensor"}
    assert [*left] == ["slot_A1"]
    await soon(lambda: theirs.all("wh/ha/depot/gw/slot/B1") == [b""], "its state gone")


async def test_when_it_restarts_it_is_told_again(ours: Ours, theirs: Theirs) -> None:
    await ours.begin(site(**SLOTS), level("B1", 4))
    await soon(lambda: bool(theirs.all("wh/ha/depot/gw/slot/B1")), "all of it")
    theirs.peer.got.clear()

    theirs.peer.publish("homeassistant/status", b"online")

    await soon(lambda: bool(theirs.all(GATEWAY) and theirs.all("wh/ha/depot/gw/slot/B1")), "all of it again")


async def test_it_may_not_speak_for_us_nor_hear_devices(running: Broker, theirs: Theirs) -> None:
    ear = Peer(running, "gateway", "ear").subscribe("#")
    theirs.peer.publish(GATEWAY, b"{}")
    theirs.peer.publish("wh/v1/depot/shelf/cmd", b"{}")
    theirs.peer.publish("homeassistant/status", b"here")

    await soon(lambda: any(one.payload == b"here" for one in ear.got), "what it may say")
    ear.leave()

    assert [one.topic for one in ear.got if not one.retain] == ["homeassistant/status"]


def test_without_the_switch_there_is_no_such_user(tmp_path: Path) -> None:
    assert "homeassistant" not in BoxBroker(tmp_path).users


async def test_a_gateway_tells_it_what_somebody_counted_with_no_service_there(
    running: Broker, theirs: Theirs, tmp_path: Path
) -> None:
    url = BrokerUrl("127.0.0.1", running.port, False, "gateway", running.users["gateway"])
    gateway = Gateway(Options(site(**SLOTS), tmp_path, url, "gw", homeassistant="homeassistant"))
    working = asyncio.create_task(gateway.run())
    await soon(lambda: theirs.last(STATUS) == [b"online"], "our birth")

    await gateway.act("B1", Count(12, "bo"))
    await soon(lambda: "12" in str(theirs.last("wh/ha/depot/gw/sku/milk")), "what was counted")
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)

    assert theirs.last("wh/ha/depot/gw/sku/milk")["units"] == 12
    await soon(lambda: theirs.last(STATUS) == [b"offline"], "our goodbye")
