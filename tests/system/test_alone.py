"""A gateway with nothing reachable: no broker, no service, no time. It starts, shows, decides and records; then the
world comes back, one thing after the other, and all of it works."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession

from cloud import keys as service_keys
from edge import gateway as module
from edge.api import make_app, serving
from edge.cli import main
from edge.clock import Clock
from edge.core import alarms, reorder
from edge.gateway import Gateway, Options
from edge.keys import own_keys
from edge.mqtt import BrokerUrl
from edge.store import Group, Store
from protocols import layout
from protocols.reports import Alarm, Proposal, StockEvent, decode
from protocols.topics import spell
from tests.contract.brokers import DEADLINE_S, Broker, Peer, free_port, make_broker
from tests.system.parts import Part
from tests.unit.test_inference import SITE_TEXT

SITE_TOML = SITE_TEXT.replace("unit_mass_g", "reorder_point = 20\norder_quantity = 50\nunit_mass_g", 1)
SITE = layout.parse(SITE_TOML)
RECORDED_MS = 1_795_000_000_000
HOUR_MS = 3_600_000


class Machine:
    """A machine's clock, wrong at first."""

    def __init__(self) -> None:
        self.wall_ms = 60_000

    def wall(self) -> int:
        return self.wall_ms * 1_000_000


class Alone(NamedTuple):
    gateway: Gateway
    machine: Machine
    broker: Broker
    service: Part
    url: str
    browser: ClientSession
    state: Path

    async def get(self, path: str) -> tuple[int, str]:
        async with self.browser.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def rows(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((await self.get(path))[1])
        return found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """It is there, but does not run yet."""
    one = make_broker("box", tmp_path / "box")
    one.stop()
    yield one
    one.stop()


@pytest.fixture
async def alone(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Alone]:
    machine, state = Machine(), tmp_path / "edge"
    monkeypatch.setattr(module, "Clock", partial(Clock, wall=machine.wall))
    for table, name, value in (
        (alarms.RULES, "broker_away", alarms.Delays(0, 0)),
        (alarms.RULES, "clock_wrong", alarms.Delays(0, 0)),
    ):
        monkeypatch.setitem(table, name, value)
    monkeypatch.setattr(reorder, "HOLD_MS", 1000)
    before = Store(state / "edge.db")  # it has worked here before, when the time was known
    before.commit(Group(RECORDED_MS, reports=[StockEvent("A1", "bolt", 1, 1, RECORDED_MS, 1.0)]))
    before.close()
    service = _service(tmp_path)
    service_keys.own_keys(tmp_path / "cloud")
    service_keys.allow(tmp_path / "cloud", "gw", own_keys(state, "gw").public.decode())
    key = tmp_path / "cloud" / "keys" / "service.key"
    url = BrokerUrl("127.0.0.1", broker.port, False, "gateway", broker.users["gateway"])
    gateway = Gateway(Options(SITE, state, url, "gw", service.argv[service.argv.index("--uplink") + 1], key))
    work = asyncio.create_task(gateway.run())
    async with serving(make_app(gateway, "token"), "127.0.0.1", free_port()) as page, ClientSession() as browser:
        yield Alone(gateway, machine, broker, service, page, browser, state)
    if service.alive:
        service.stop()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def soon(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await holds():
            await asyncio.sleep(0.05)


def fires(alone: Alone, *wanted: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return {one["rule"] for one in await alone.rows("/api/v1/alarms") if one["state"] == "firing"} == set(wanted)

    return look


async def test_it_starts_with_nothing_and_all_works_when_the_world_comes_back(
    alone: Alone, capsys: pytest.CaptureFixture[str]
) -> None:
    await soon(fires(alone, "broker_away", "clock_wrong"), "it knows what is wrong")
    status, html = await alone.get("/plain")
    assert status == 200
    assert "1970-01-01" in html
    assert "clock is wrong" in html
    status, said = await alone.get("/readyz")
    assert status == 503
    assert [one.partition(":")[0] for one in json.loads(said)["reasons"]] == ["broker", "clock"]

    alone.broker.start()
    await soon(fires(alone, "clock_wrong"), "the broker is heard")
    await asyncio.to_thread(_weigh, alone.broker, 7, 0, 86_400_000)  # the shelf too lives in 1970

    async def proposed() -> bool:
        return [(one["sku"], one["position"], one["quantity"]) for one in await alone.rows("/api/v1/proposals")] == [
            ("bolt", 7, 50)
        ]

    await soon(proposed, "a proposal by hand's policy")

    alone.machine.wall_ms = RECORDED_MS + HOUR_MS  # a time server answers
    await soon(fires(alone), "nothing is wrong any more")
    await asyncio.to_thread(_weigh, alone.broker, 5, 1, None)

    async def counted() -> bool:
        return [row["count"] for row in await alone.rows("/api/v1/stock") if row["slot"] == "A1"] == [5]

    await soon(counted, "the new stock")
    assert (await alone.get("/readyz"))[0] == 200

    store = alone.gateway.store
    held = await alone.gateway.on_disk(store.waiting, "events", -1, 2**53, 1000, 1 << 20)
    told = [decode(report) for _, report in held]
    moved = [one for one in told if type(one) is StockEvent][1:]
    assert [one.count for one in moved] == [7, 5]
    assert RECORDED_MS < moved[0].heard_ms < RECORDED_MS + HOUR_MS <= moved[1].heard_ms
    assert moved[0].at_ms <= moved[1].at_ms
    assert {(one.rule, one.state) for one in told if type(one) is Alarm} == {
        (rule, state) for rule in ("broker_away", "clock_wrong") for state in ("firing", "resolved")
    }
    assert [one.state for one in told if type(one) is Proposal] == ["open"]

    alone.service.start()

    async def adopted() -> bool:
        return [one["adopted"] for one in await alone.rows("/api/v1/proposals")] == [True]

    await soon(adopted, "the service orders it")
    with closing(sqlite3.connect(alone.service.log.parent / "cloud" / "ledger.db")) as ledger:
        needs = ledger.execute("SELECT sku, quantity, state, why FROM need").fetchall()
    assert [one[:3] for one in needs] == [("bolt", 50, "proposed")]
    assert json.loads(needs[0][3])["formula"] == "gateway"

    for verb, words in (("alarms", "clock is wrong"), ("proposals", "bolt: order 50 (in stock 7, order at 20)")):
        assert main([verb, "--state", str(alone.state)]) == 0
        assert words in capsys.readouterr().out


def _service(folder: Path) -> Part:
    """A service that does not run yet."""
    (folder / "site.toml").write_text(SITE_TOML)
    argv = ["cloud", "serve", "--site", str(folder / "site.toml"), "--state", str(folder / "cloud")]
    argv += ["--uplink", f"tcp://127.0.0.1:{free_port()}", "--port", str(free_port())]
    return Part("service", argv, folder / "service.log")


def _weigh(broker: Broker, units: int, seq: int, ts: int | None) -> None:
    body = {"boot": 1, "seq": seq, "unit": "g", "step_ms": 100, "values": [100.0 + units * 250.0] * 20, "ts": ts or 0}
    peer = Peer(broker, "shelf", f"alone-{seq}")
    try:
        peer.publish(spell(SITE.site.id, "shelf-1", "shelf"), json.dumps(body).encode())
    finally:
        peer.leave()
