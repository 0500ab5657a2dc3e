"""What may be done and asked at a gateway's slots by its API, and that nothing is answered before it is kept."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from edge import memory
from edge.api import make_app, serving
from edge.gateway import Gateway, Options
from edge.mqtt import BrokerUrl
from edge.store import Store, StoreError
from protocols import layout
from protocols.readings import Reading
from protocols.topics import spell
from tests.contract.brokers import Broker, Peer, free_port, make_broker
from tests.contract.test_gateway_api import BEARER, TOKEN, Running, soon
from tests.unit.test_inference import SITE_TEXT

SITE = layout.parse(
    SITE_TEXT
    + """
[[devices]]
id = "cold-2"
kind = "climate"
zone = "hall"
source = "zigbee"
address = "hall/north"
[[sources]]
id = "zigbee"
format = "zigbee2mqtt"
topics = ["zigbee2mqtt/#"]
"""
)
ACTS = "/api/v1/slots/A1/actions"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one = make_broker("box", tmp_path_factory.mktemp("box"))
    yield one
    one.stop()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway whose broker is away."""
    async for one in _run(BrokerUrl("127.0.0.1", free_port(), False, "", ""), tmp_path):
        yield one


@pytest.fixture
async def running(broker: Broker, tmp_path: Path) -> AsyncIterator[Running]:
    url = BrokerUrl("127.0.0.1", broker.port, False, "gateway", broker.users["gateway"])
    async for one in _run(url, tmp_path):
        await soon(partial(_is_ready, one.gateway), "a gateway that is ready")
        yield one


async def _run(url: BrokerUrl, folder: Path) -> AsyncIterator[Running]:
    gateway = Gateway(Options(SITE, folder, url, f"gw-{folder.name}"[:40]))
    work = asyncio.create_task(gateway.run())
    async with serving(make_app(gateway, TOKEN), "127.0.0.1", free_port()) as page, ClientSession() as browser:
        yield Running(gateway, page, browser, folder)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def _is_ready(gateway: Gateway) -> bool:
    return gateway.not_ready() == []


async def act(one: Running, body: object, path: str = ACTS) -> tuple[int, Any]:
    return await one.post(body, BEARER, path)


async def got(one: Running, path: str) -> Any:
    status, body = await one.get(path)
    assert status == 200, body
    return json.loads(body)


async def test_an_act_needs_the_token_and_no_foreign_page(alone: Running) -> None:
    body = {"do": "count", "units": 5}

    assert (await alone.post(body, {}, ACTS))[0] == 401
    assert (await alone.post(body, {"Authorization": "Bearer wrong"}, ACTS))[0] == 401
    assert (await alone.post(body, {**BEARER, "Origin": "https://evil.example"}, ACTS))[0] == 403
    assert alone.gateway.inference.shelves.slots == {}


async def test_a_count_and_a_booking_answer_with_what_came_of_them(alone: Running) -> None:
    counted = await act(alone, {"do": "count", "units": 20, "who": "Ann"})
    booked = await act(alone, {"do": "book", "by": 5, "id": "in-7"})
    again = await act(alone, {"do": "book", "by": 5, "id": "in-7"})
    (row,) = [row for row in await got(alone, "/api/v1/stock") if row["slot"] == "A1"]
    journal = await got(alone, "/api/v1/journal?about=A1")

    assert counted[0] == booked[0] == again[0] == 200
    assert (counted[1]["slot"], counted[1]["count"], counted[1]["low"], counted[1]["high"]) == ("A1", 20, 20, 20)
    assert ("repeated" in booked[1], again[1]["repeated"]) == (False, True)
    assert (row["booked"], row["differs"]) == (25, False)
    assert [(line["what"], line["about"]) for line in journal] == [("book", "A1"), ("count", "A1")]
    assert (journal[0]["by"], journal[0]["id"], journal[1]["units"], journal[1]["who"]) == (5, "in-7", 20, "Ann")
    assert await got(alone, "/api/v1/journal?about=A2") == []
    assert len(await got(alone, "/api/v1/journal")) == 2


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "one of teach, tare, calibrate, forget, book, count"),
        (b"{", 400, "one of teach, tare, calibrate, forget, book, count"),
        (b"\xff", 400, "one of teach"),
        (b"[]", 400, "one of teach"),
        (b'{"do":"steal","units":5}', 400, "steal"),
        (b'{"do":"count"}', 400, "units"),
        (b'{"do":"count","units":-1}', 400, "units: expected `int` >= 0"),
        (b'{"do":"count","units":1.5}', 400, "units"),
        (b'{"do":"count","units":101}', 400, "holds 100 at most"),
        (b'{"do":"count","units":5,"whom":"Ann"}', 400, "whom"),
        (b'{"do":"count","units":5,"who":"' + b"x" * 101 + b'"}', 400, "who: expected `str` of length <= 100"),
        (b'{"do":"book","by":0}', 400, "0 units"),
        (b'{"do":"book","by":1,"at_ms":5}', 400, "30 days"),
        (b'{"do":"book","by":1000000}', 400, "by: expected `int` <= 100000"),
        (b'{"do":"teach","pieces":10}', 400, "not at rest, or silent"),
        (b'{"do":"calibrate","mass_g":0}', 400, "mass_g"),
        (b'{"do":"count","units":' + b"[" * 7000 + b"]" * 7000 + b"}", 400, ""),
        (b"{" + b" " * 20_000 + b"}", 413, "Too Large"),
    ],
)
async def test_a_bad_act_is_one_sentence_and_changes_nothing(
    alone: Running, body: bytes, status: int, said: str
) -> None:
    answer = await act(alone, body)

    assert answer[0] == status
    assert said in answer[1]["error"]
    assert "$" not in answer[1]["error"]
    assert alone.gateway.inference.shelves.slots == {}
    assert await got(alone, "/api/v1/journal") == []


@pytest.mark.parametrize("slot", ["Z9", "a%2Fb", "%22", "A1%00", "x" * 500])
async def test_a_slot_that_is_not_there_is_not_found_in_words(alone: Running, slot: str) -> None:
    told = await act(alone, {"do": "count", "units": 5}, f"/api/v1/slots/{slot}/actions")
    status, body = await alone.get(f"/api/v1/stock/{slot}")

    assert (told[0], status) == (404, 404)
    assert "is not in the site file of 'demo'" in told[1]["error"]
    assert "is not in the site file of 'demo'" in json.loads(body)["error"]


async def test_a_slot_is_explained_before_and_after_its_first_word(alone: Running) -> None:
    before = await got(alone, "/api/v1/stock/A1")
    await act(alone, {"do": "count", "units": 7, "who": "Bo"})
    after = await got(alone, "/api/v1/stock/A1")

    assert (before["count"], before["words"], before["journal"]) == (None, [], [])
    assert (after["count"], after["book"], after["gap"]) == (7, 7, 0)
    assert [(word["source"], word["count"], word["by"]) for word in after["words"]] == [("counted", 7, "Bo")]
    assert [line["what"] for line in after["journal"]] == ["count"]


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"do": "count", "units": 7}, {"book": 7, "known": 7}),
        ({"do": "book", "by": 3, "id": "x"}, {"bookings": ["x"]}),
    ],
)
async def test_what_was_answered_is_kept_if_the_gateway_dies_with_its_answer(
    alone: Running, body: dict[str, Any], state: dict[str, Any]
) -> None:
    """The store is read as it lies on the disk right after the answer, before anything is closed."""
    assert (await act(alone, body))[0] == 200

    kept = _as_after_a_crash(alone.state)

    slot = memory.reopen(kept.restore()).shelves.slots["A1"]
    found = {"book": slot.stock.book, "known": slot.known, "bookings": slot.bookings}
    assert found == {**found, **state}
    assert [line["what"] for line in kept.journal()] == [body["do"]]
    kept.close()


def _as_after_a_crash(state: Path) -> Store:
    """A store opened on a copy of the files that a killed process would leave."""
    copy = state / "copy"
    copy.mkdir()
    for file in state.glob("edge.db*"):
        (copy / file.name).write_bytes(file.read_bytes())
    return Store(copy / "edge.db")


async def test_a_lesson_survives_a_crash_and_the_slot_is_weighed_by_it(broker: Broker, running: Running) -> None:
    weights = b'{"boot":1,"seq":%d,"unit":"g","step_ms":100,"values":[3100,3100,3100]}'
    device = await asyncio.to_thread(Peer, broker, "shelf", "test-acts-device")
    topic = spell("demo", "shelf-1", "shelf")
    await asyncio.to_thread(device.publish, topic, weights % 0)
    await soon(lambda: running.gateway.messages >= 1, "the first weight")

    status, answer = await act(running, {"do": "teach", "pieces": 10})
    kept = _as_after_a_crash(running.state)
    await asyncio.to_thread(device.publish, topic, weights % 1)
    await soon(lambda: running.gateway.messages >= 2, "the second weight")
    await asyncio.to_thread(device.leave)

    assert (status, answer["unit_mass_g"], answer["count"], answer["warnings"]) == (200, 300.0, 10, [])
    taught = memory.reopen(kept.restore()).shelves.taught
    assert taught.skus["bolt"].unit_mass_g == 300.0
    kept.close()
    (row,) = [row for row in await got(running, "/api/v1/stock") if row["slot"] == "A1"]
    assert (row["count"], row["mass_g"]) == (10, 3100.0)


async def test_an_act_on_a_full_disk_is_answered_only_when_it_is_kept(
    alone: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.gateway.STORE_RETRY_S", 0.05)
    full = True
    commit = alone.gateway.store.commit

    def refuse(group: Any) -> None:
        if full:
            raise StoreError("the disk is full; free some")
        commit(group)

    monkeypatch.setattr(alone.gateway.store, "commit", refuse)
    waiting = asyncio.create_task(act(alone, {"do": "count", "units": 7}))
    await soon(lambda: bool(alone.gateway.store_trouble), "the trouble")
    assert not waiting.done()
    full = False

    assert (await waiting)[0] == 200
    with closing(sqlite3.connect(alone.state / "edge.db")) as look:
        assert look.execute("SELECT what, about FROM journal").fetchall() == [("count", "A1")]


async def test_a_stranger_is_listed_with_the_entry_that_claims_it(alone: Running) -> None:
    assert await got(alone, "/api/v1/strangers") == []
    alone.gateway.decoder.decode("zigbee2mqtt/lamp", b'{"temperature":4.5}', 7)
    alone.gateway.decoder.decode("zigbee2mqtt/hall/north", b'{"temperature":4.5}', 7)

    assert await got(alone, "/api/v1/strangers") == [
        {
            "source": "zigbee",
            "address": "lamp",
            "at_ms": 7,
            "hint": 'add it under [[devices]] with source = "zigbee" and address = "lamp"',
        }
    ]


async def test_the_status_names_what_a_device_suffers_from(alone: Running) -> None:
    for hour in range(60):
        at_ms = 1_763_762_400_000 + hour * 3_600_000
        alone.gateway.inference.fold([Reading("cold-1", "1", "battery_pct", at_ms, [9.0])], at_ms)

    status = await got(alone, "/api/v1/status")

    (found,) = [one["findings"] for one in status["devices"] if one["id"] == "cold-1"]
    assert [(one["code"], one["remedy"], one["evidence"]) for one in found] == [
        ("battery_low", "replace_battery", {"pct": 9.0})
    ]
    assert status["unexamined"] == 0
