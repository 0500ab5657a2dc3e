"""A gateway whose store takes nothing: it acknowledges nothing, decides all the same what can not wait, and when there
is room again what it decided is stored and told once."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from edge import gateway as module
from edge import memory
from edge.api import make_app, serving
from edge.gateway import Gateway, Options
from edge.mqtt import BrokerUrl
from edge.store import Group, Store, StoreFull
from protocols import layout
from protocols.readings import Reading
from protocols.reports import Alarm, Report, decode
from tests.contract.brokers import free_port
from tests.contract.test_gateway_acts import act, got
from tests.contract.test_gateway_api import TOKEN, Running, soon
from tests.contract.test_store import SERIES
from tests.unit.test_inference import SITE_TEXT

SITE = layout.parse(SITE_TEXT.replace('name = "Hall"', 'name = "Hall"\nmax_c = 8.0', 1))
LIMIT = 5 << 20
ALL = (-1, 1 << 60, 1 << 30, 1 << 60)


class Stuck:
    """The store of a gateway that takes no group while it is stuck, and its time: a second a look."""

    def __init__(self, gateway: Gateway, patch: pytest.MonkeyPatch) -> None:
        self.gateway, self.stuck, self.tries = gateway, False, 0
        self.now_ms = gateway.clock.now_ms()
        self._commit = gateway.store.commit
        patch.setattr(gateway.store, "commit", self.commit)
        patch.setattr(gateway.clock, "now_ms", self._next_ms)

    def _next_ms(self) -> int:
        self.now_ms += 1000
        return self.now_ms

    def commit(self, group: Group) -> None:
        self.tries += 1
        if self.stuck:
            raise StoreFull("there is no room")
        self._commit(group)

    @property
    def fires(self) -> bool:
        alarm = self.gateway.inference.alone.alarms.open.get("not_acknowledging/full")
        return alarm is not None and alarm.state == "firing"


@pytest.fixture
async def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """A gateway whose broker is away, with ticks that are short."""
    monkeypatch.setattr(module, "TICK_S", 0.02)
    monkeypatch.setattr(module, "STORE_RETRY_S", 0.02)
    url = BrokerUrl("127.0.0.1", free_port(), False, "", "")
    gateway = Gateway(Options(SITE, tmp_path, url, "full", outbox_bytes_max=LIMIT))
    work = asyncio.create_task(gateway.run())
    async with serving(make_app(gateway, TOKEN), "127.0.0.1", free_port()) as page, ClientSession() as browser:
        yield Running(gateway, page, browser, tmp_path)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def told(state: Path) -> list[Report]:
    """The events that a service would be sent."""
    store = Store(state / "edge.db")
    try:
        return [decode(blob) for _, blob in store.waiting("events", *ALL)]
    finally:
        store.close()


def stalls(state: Path) -> list[str]:
    return [one.state for one in told(state) if isinstance(one, Alarm) and one.rule == "not_acknowledging"]


async def test_alarms_fire_and_are_shown_while_the_store_takes_nothing_and_are_told_once_when_it_does(
    alone: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Stuck(alone.gateway, monkeypatch)
    disk.stuck = True
    waiting = asyncio.create_task(act(alone, {"do": "count", "units": 7}))

    await soon(lambda: disk.fires, "the alarm")
    assert "not_acknowledging" in [one["rule"] for one in await got(alone, "/api/v1/alarms")]
    assert "there is no room" in (await alone.get("/readyz"))[1]
    assert not waiting.done()
    assert stalls(alone.state) == [], "nothing is stored yet"

    disk.stuck = False
    assert (await waiting)[0] == 200
    await soon(lambda: not disk.fires, "its end")
    await soon(lambda: stalls(alone.state) == ["firing", "resolved"], "both to be stored")
    assert not any("store" in one for one in alone.gateway.not_ready())


async def test_a_zone_that_is_too_warm_is_an_alarm_though_the_store_takes_nothing(
    alone: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, inference = Stuck(alone.gateway, monkeypatch), alone.gateway.inference
    disk.stuck = True
    tick = asyncio.create_task(act(alone, {"do": "count", "units": 7}))
    await soon(lambda: disk.tries > 0, "a group that waits")
    inference.fold([Reading("cold-1", "1", "temperature_c", disk.now_ms, [31.0])], disk.now_ms)

    await soon(lambda: any(one.startswith("zone_temperature/") for one in inference.alone.alarms.open), "the alarm")

    assert not any(one.startswith("device_silent/") for one in inference.alone.alarms.open), "nobody is heard now"
    disk.stuck = False
    await tick


async def test_a_disk_that_hangs_is_said_as_one_that_is_full(alone: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, free = Stuck(alone.gateway, monkeypatch), threading.Event()
    commit = alone.gateway.store.commit

    def hang(group: Group) -> None:
        free.wait(20)
        commit(group)

    monkeypatch.setattr(alone.gateway.store, "commit", hang)
    try:
        await soon(lambda: disk.fires, "the alarm")
        assert any("takes very long" in one for one in alone.gateway.not_ready())
    finally:
        free.set()
    await soon(lambda: stalls(alone.state)[:1] == ["firing"], "the alarm in the store")


async def test_a_gateway_that_stops_while_its_store_takes_nothing_forgets_what_it_decided_and_decides_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TICK_S", 0.02)
    monkeypatch.setattr(module, "STORE_RETRY_S", 0.02)
    gateway = Gateway(Options(SITE, tmp_path, BrokerUrl("127.0.0.1", free_port(), False, "", ""), "full"))
    disk = Stuck(gateway, monkeypatch)
    work = asyncio.create_task(gateway.run())
    await soon(lambda: disk.tries > 0, "the first group")
    disk.stuck = True
    await soon(lambda: disk.fires, "the alarm")

    work.cancel()
    disk.stuck = False  # there is room just now, but for what?
    await asyncio.gather(work, return_exceptions=True)

    store = Store(tmp_path / "edge.db")
    kept = memory.reopen(store.restore()).alone.alarms.open
    store.close()
    assert "not_acknowledging/full" not in kept
    assert stalls(tmp_path) == [], "neither stored nor told"


async def test_work_that_goes_well_does_not_hide_a_group_that_does_not(
    alone: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "edge.gateway")
    gateway, disk = alone.gateway, Stuck(alone.gateway, monkeypatch)
    disk.stuck = True
    await soon(lambda: bool(gateway.store_trouble), "the trouble")
    before = disk.tries

    await gateway._until_done(gateway.store.waiting, "events", *ALL)
    assert gateway.store_trouble
    await soon(lambda: disk.tries > before + 3, "more tries")
    disk.stuck = False

    await soon(lambda: not gateway.store_trouble, "the end of it")
    said = [one.getMessage() for one in caplog.records if one.getMessage().startswith("store: ")]
    assert said == ["store: there is no room", "store: it takes what it is given again"], "one line each"


async def test_the_status_shows_that_telemetry_is_given_up(alone: Running) -> None:
    gateway = alone.gateway
    gateway.store.outbox_bytes_max = 5000
    for _ in range(30):
        await gateway.on_disk(gateway.store.commit, Group(gateway.clock.now_ms(), reports=[SERIES]))

    status: dict[str, Any] = await got(alone, "/api/v1/status")

    assert (status["room"]["full"], status["room"]["max_bytes"]) == ("outbox_full", 5000)
    with closing(Store(alone.state / "edge.db")) as looks:
        assert looks.outlook(0).max_bytes == LIMIT, "as the gateway was started"
    assert not any("store" in one for one in status["not_ready"]), "it works"
    assert gateway._how_it_is().outbox_share >= 1.0, "what its alarm goes by"
