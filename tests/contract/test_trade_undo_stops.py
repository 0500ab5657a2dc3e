"""A receipt of an order is taken back though the write was thought lost, the service died, or much else went on.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from cloud.desks.arriving import Heard
from tests.contract.test_trade_orders import lost
from tests.contract.test_trade_tags import arrivals, bolt
from tests.contract.test_trade_undo import back, breaches, last, sent, stands, taken_in
from tests.contract.trade_site import TradeSite, memory
from tests.depot import HOUR_MS


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("key", ["", "k"], ids=["keyless", "keyed"])
@pytest.mark.parametrize("dies", [False, True], ids=["goes-on", "dies"])
async def test_what_was_lost_on_its_way_is_taken_back_once_when_it_is_asked_again(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, after: bool, key: str, dies: bool
) -> None:
    path = await sent(trading)
    await taken_in(trading, path, 60)
    await trading.post(f"{path}/close", {})
    asked = back(await last(trading))
    lost(monkeypatch, trading.service.ledger.books, "receive", after=after)
    assert await trading.refused("/api/v1/book", asked, key=key) == (503, "unavailable")
    if dies:
        await trading.restart()

    status, told = await trading.ask("bo", "POST", "/api/v1/book", asked, key)

    assert (status, told.get("error")) == ((422, "taken_back") if after and not key else (200, None))
    await trading.tick(2)
    assert ((await trading.get(path))["order"]["state"], trading.sku("tape")["on_order"]) == ("sent", 60)
    assert (await trading.get(path))["order"] in await trading.get("/api/v1/orders")
    assert (await stands(trading))["position"]["on_hand"] == 0
    assert [one["ref"] for one in (await trading.get("/api/v1/book?sku=tape"))["entries"]] == ["order:1", "entry:1"]
    assert breaches(trading) == []
    held = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == held


async def test_tags_wait_again_after_a_stop_between_the_order_and_them(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await sent(trading, "bolt", 20, "acme")
    trading.clock.pass_ms(HOUR_MS)
    await trading.tags(*(bolt(n) for n in range(12)))
    await trading.tick()
    await taken_in(trading, path, 20)
    await trading.tick()
    monkeypatch.setattr("cloud.desks.arriving.Arriving.remember", lambda *_: None)
    await trading.post("/api/v1/book", back(await last(trading, "bolt")))
    monkeypatch.undo()
    await trading.restart()

    assert await arrivals(trading) == {1: 12}


@pytest.mark.parametrize("key", ["", "k"], ids=["keyless", "keyed"])
async def test_any_entry_whose_taking_back_was_thought_lost_is_taken_back_once(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 9})
    asked = back(await last(trading, "milk"))
    lost(monkeypatch, trading.service.ledger.books, "post", after=True)
    assert await trading.refused("/api/v1/book", asked, key=key) == (503, "unavailable")

    status, told = await trading.ask("bo", "POST", "/api/v1/book", asked, key)

    assert (status, told.get("error")) == ((200, None) if key else (422, "taken_back"))
    assert (await stands(trading, "milk"))["position"]["on_hand"] == 0
    held = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == held
    assert breaches(trading) == []


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_to_an_order_meanwhile_the_book_and_its_orders_stay_one(
    trading: TradeSite, seed: int
) -> None:
    """A walk of receipts, dispatches, picks, counts, closings, stops and what is taken back, many times refused."""
    dice = random.Random(seed)
    path = await sent(trading, "tape", 100)
    undone = done = 0
    for number in range(40):
        trading.clock.pass_ms(HOUR_MS)
        units, key = dice.randint(1, 60), f"k{number}"
        line = {"sku": "tape", "units": units}
        came = {"sku": "tape", "received": units, "rejected": dice.choice([0, 0, 3])}
        entries = (await trading.get("/api/v1/book?sku=tape"))["entries"] or [{"sku": "tape", "id": 99}]
        asked: tuple[str, Any] = dice.choices(
            [
                (f"{path}/receive", {"lines": [came], "key": key, "note": "so it is", "anyway": dice.random() < 0.3}),
                (f"{path}/ship", {"lines": [line], "key": key}),
                (f"{path}/close", {"anyway": True}),
                (f"{path}/confirm", {}),
                ("/api/v1/book", {"kind": "pick", "sku": "tape", "units": -units}),
                ("/api/v1/book", {"kind": "count", "sku": "tape", "units": units}),
                ("/api/v1/book", back(dice.choice(entries))),
                ("/api/v1/book", back(entries[-1])),
                ("", None),
            ],
            [6, 2, 1, 1, 3, 1, 4, 2, 1],
        )[0]
        if not asked[0]:
            await trading.restart()
            continue
        status, told = await trading.ask("bo", "POST", *asked, key)
        assert status in (200, 409, 422), (asked, told)
        done += status == 200
        undone += status == 200 and told.get("ref", "").startswith("entry:")
        if dice.random() < 0.5:
            await trading.tick(1)
        assert breaches(trading) == [], asked
        [order] = await trading.get("/api/v1/orders")
        position = trading.service.trade.position("tape")
        [of] = order["lines"]
        rest = max(0, of["units"] - of["received"]) if order["state"] not in ("closed", "received") else 0
        assert position.on_order + position.in_transit == rest
    assert done > 12
    assert undone > 1
    await trading.tick(2)
    held = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == held


def test_tags_that_an_earlier_version_booked_stay_booked() -> None:
    heard = msgspec.msgpack.decode(msgspec.msgpack.encode([{"a": 5}, {"b": None}]), type=Heard)
    assert (heard.wait, heard.booked) == ({"a": 5}, {"b": None})
