"""A receipt of an order is taken back: order, book, debts, suppliers and key figures are as if it had not been told.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from cloud.core.book.audit import Beside, audit
from cloud.core.book.entries import taken_back
from tests.contract.test_trade_tags import arrivals, bolt
from tests.contract.trade_site import TradeSite, memory
from tests.depot import DAY_MS, HOUR_MS


async def sent(trading: TradeSite, sku: str = "tape", units: int = 60, supplier: str = "boltco") -> str:
    """An order that was sent: its address."""
    lines = [{"sku": sku, "units": units}]
    made = await trading.post("/api/v1/orders", {"supplier": supplier, "lines": lines}, "mo")
    for step in ("approve", "send"):
        await trading.post(f"/api/v1/orders/{made['id']}/{step}", {}, "mo")
    return f"/api/v1/orders/{made['id']}"


async def taken_in(trading: TradeSite, path: str, units: int, key: str = "DN-1", **more: Any) -> Any:
    """The order after so many came."""
    sku = (await trading.get(path))["order"]["lines"][0]["sku"]
    note = {"note": "torn"} if more else {}
    return await trading.post(
        f"{path}/receive", {"lines": [{"sku": sku, "received": units, **more}], "key": key} | note
    )


async def last(trading: TradeSite, sku: str = "tape") -> Any:
    """The newest entry of an SKU."""
    return (await trading.get(f"/api/v1/book?sku={sku}"))["entries"][-1]


def back(entry: Any) -> dict[str, Any]:
    """What takes an entry back."""
    return {"kind": "receipt", "sku": entry["sku"], "units": 1, "ref": f"entry:{entry['id']}"}


async def stands(trading: TradeSite, sku: str = "tape") -> Any:
    """Where an SKU stands, but for who reads it."""
    await trading.tick()
    return await trading.get(f"/api/v1/skus/{sku}/position")


def breaches(trading: TradeSite) -> list[Any]:
    """What the audit finds."""
    books, trade = trading.service.ledger.books, trading.service.trade
    takers = [one for one in books.entries() if taken_back(one) is not None]
    facts = (one for sku in trading.service.site.skus for one in books.facts(sku.id))
    terms = {sku.id: trade.book.terms(sku.id) for sku in trading.service.site.skus}
    accounts = {sku.id: trade.book.account(sku.id) for sku in trading.service.site.skus}
    return [*audit(facts, takers, terms, Beside(orders=books.orders(), accounts=accounts))]


async def test_a_mistyped_receipt_is_undone_and_told_anew_and_nothing_of_it_is_left(trading: TradeSite) -> None:
    path = await sent(trading)
    before, suppliers = await stands(trading), await trading.get("/api/v1/suppliers")
    wrong = await taken_in(trading, path, 18, rejected=2)
    trading.clock.pass_ms(HOUR_MS)

    taken = await trading.post("/api/v1/book", back(await last(trading)) | {"note": "it was 58"})

    assert (taken["units"], taken["ref"], taken["note"]) == (-18, "entry:1", "it was 58")
    told = await trading.get(path)
    [line], version = told["order"]["lines"], told["versions"][-1]
    assert (told["order"]["state"], told["order"]["version"]) == ("sent", wrong["version"] + 1)
    assert (line["received"], line["rejected"], line["shipped"]) == (0, 0, 0)
    assert (version["action"], version["by"], version["order"]["note"]) == ("take_back", "bo", "it was 58")
    assert await stands(trading) == before
    assert await trading.get("/api/v1/suppliers") == suppliers
    right = await taken_in(trading, path, 58, "DN-1-2")
    assert (right["state"], right["lines"][0]["received"]) == ("partly_received", 58)
    assert (await stands(trading))["position"] == before["position"] | {"on_hand": 58, "on_order": 2}
    assert breaches(trading) == []
    held = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == held


async def test_layers_lots_debts_and_what_was_picked_since_are_as_if_it_had_not_come(trading: TradeSite) -> None:
    await trading.post(
        "/api/v1/book",
        {"kind": "receipt", "sku": "tape", "units": 4, "unit_cost": 1.0, "lot": "L0", "expiry": "2027-01-31"},
    )
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "tape", "units": -7, "note": "party"})
    path = await sent(trading)
    owed = await stands(trading)
    assert [one["units"] for one in owed["debts"]] == [3]
    await taken_in(trading, path, 10)
    assert (await stands(trading))["debts"] == []
    trading.clock.pass_ms(DAY_MS)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "tape", "units": -2, "note": "ward"})
    entries = (await trading.get("/api/v1/book?sku=tape"))["entries"]

    await trading.post("/api/v1/book", back(next(one for one in entries if one["ref"] == "order:1")))

    found = await stands(trading)
    assert [(one["units"], one["cause"]) for one in found["debts"]] == [(3, "party"), (2, "ward")]
    assert (found["position"]["on_hand"], found["layers"], found["lots"]) == (-5, [], owed["lots"])
    assert breaches(trading) == []


async def test_what_was_reserved_of_it_is_owed_again(trading: TradeSite) -> None:
    path = await sent(trading, "milk", 10, "acme")
    await taken_in(trading, path, 10)
    await trading.post("/api/v1/reservations", {"sku": "milk", "units": 6, "tier": "gold"})

    await trading.post("/api/v1/book", back(await last(trading, "milk")))

    found = await stands(trading, "milk")
    assert (found["position"]["on_hand"], found["position"]["reserved"], found["available"]) == (0, 6, -6)
    assert found["projected"] == 4


async def test_fifty_take_it_back_at_once_and_it_is_taken_back_once(trading: TradeSite) -> None:
    path = await sent(trading)
    await taken_in(trading, path, 18)
    asked = back(await last(trading))

    answers = await asyncio.gather(
        *(trading.ask(("bo", "cy")[i % 2], "POST", "/api/v1/book", asked, f"k{i % 5}") for i in range(50))
    )

    right = [told["id"] for status, told in answers if status == 200]
    assert {*right} == {2}
    assert {told["error"] for status, told in answers if status != 200} == {"taken_back"}
    assert (await trading.get(path))["order"]["version"] == 5
    assert breaches(trading) == []


async def test_an_order_that_was_closed_opens_for_what_is_missing_now_alone(trading: TradeSite) -> None:
    path = await sent(trading)
    await taken_in(trading, path, 40)
    await trading.post(f"{path}/close", {"note": "twenty are not worth waiting for"})
    assert (await stands(trading))["projected"] == 40

    await trading.post("/api/v1/book", back(await last(trading)))

    found = await stands(trading)
    assert (found["position"]["on_hand"], found["position"]["on_order"], found["projected"]) == (0, 40, 40)
    await taken_in(trading, path, 4, "DN-2")
    await trading.post(f"{path}/close", {})
    shown = await trading.get("/api/v1/orders")
    assert [(one["id"], one["state"], one["lines"][0]["units"]) for one in shown] == [(1, "closed", 40)]
    [fact] = trading.service.trade.supplying.facts()
    assert (fact.asked, fact.received, fact.given_up) == (60, 4, True)
    held = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == held


async def test_an_order_of_long_ago_is_found_in_the_ledger(trading: TradeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.desks.orderbook.ENDED_SHOWN", 1)
    await trading.restart()
    first = await sent(trading)
    await taken_in(trading, first, 60)
    came = await last(trading)
    await trading.post(f"{first}/close", {})
    second = await sent(trading)
    await trading.post(f"{second}/cancel", {})
    await sent(trading)
    assert [one["id"] for one in await trading.get("/api/v1/orders")] == [2, 3]

    await trading.post("/api/v1/book", back(came))

    shown = [(one["id"], one["state"]) for one in await trading.get("/api/v1/orders")]
    assert shown == [(2, "cancelled"), (1, "sent"), (3, "sent")]
    assert (await stands(trading))["position"]["on_order"] == 120
    held = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == held


async def test_lead_times_and_key_figures_follow(trading: TradeSite) -> None:
    async def learnt() -> Any:
        await trading.tick(2, 60_000)
        card = next(one for one in await trading.get("/api/v1/suppliers") if one["id"] == "boltco")
        figures = await trading.get("/api/v1/measures")
        return {name: card[name] for name in ("score", "lead_time_days", "on_time", "in_full", "accepted", "lines")} | {
            one["id"]: one["value"] for one in figures if one["id"] in ("supplier_on_time", "holding_cost", "turnover")
        }

    path = await sent(trading)
    trading.clock.pass_ms(10 * DAY_MS)
    before = await learnt()
    await taken_in(trading, path, 50, rejected=10)
    wrong = await learnt()
    assert {name for name in before if before[name] != wrong[name]} == {"score", "accepted", "holding_cost"}
    trading.clock.pass_ms(5 * DAY_MS)
    wrong = await learnt()

    await trading.post("/api/v1/book", back(await last(trading)))

    after = await learnt()
    assert wrong["lead_time_days"] == pytest.approx((4 * 3 + 10) / 5, abs=0.01)
    assert after["lead_time_days"] == pytest.approx((4 * 3 + 15) / 5, abs=0.01), "it is still waited for"
    assert {**after, "lead_time_days": 0} == {**before, "lead_time_days": 0}


async def test_shelves_and_tags_that_were_booked_with_it_wait_for_another_receipt(trading: TradeSite) -> None:
    await sent(trading, "bolt", 20, "acme")
    await trading.weigh("A1", 0)
    await trading.hours(1)
    await trading.tags(*(bolt(n) for n in range(12)))
    await trading.weigh("A1", 20)
    await trading.tick()
    [seen] = await trading.get("/api/v1/arrivals")
    assert seen["evidence"] == {"weight": 20, "tags": 12}
    await trading.post("/api/v1/arrivals/1:bolt/confirm", {"units": 20})
    assert await arrivals(trading) == {}

    await trading.post("/api/v1/book", back(await last(trading, "bolt")))
    await trading.tick()

    assert await trading.get("/api/v1/arrivals") == [seen]
    await trading.restart()
    assert await trading.get("/api/v1/arrivals") == [seen]
    assert (await trading.post("/api/v1/arrivals/1:bolt/confirm", {"units": 20}))["state"] == "received"
    assert await arrivals(trading) == {}
    assert trading.service.trade.position("bolt").on_hand == 20


async def test_only_the_crew_takes_back_and_a_supplier_sees_what_it_still_owes(trading: TradeSite) -> None:
    path = await sent(trading)
    await taken_in(trading, path, 60)
    asked = back(await last(trading))
    for name in ("ada", "ro"):
        assert (await trading.ask(name, "POST", "/api/v1/book", asked))[0] == 403

    await trading.post("/api/v1/book", asked)

    [own] = (await trading.get("/api/v1/portal", "ro"))["orders"]
    assert (own["state"], own["lines"][0]["received"], own["by"], own["note"]) == ("sent", 0, "", "")


async def test_who_listens_is_told_what_the_order_is_now(trading: TradeSite) -> None:
    hook = '[[webhooks]]\nid = "erp"\nurl = "http://127.0.0.1:9/hook"\nevents = ["warehouse.order.changed"]\n'
    trading.text = f"{trading.site_file()}\n{hook}"
    await trading.restart()
    path = await sent(trading)
    trading.clock.pass_ms(HOUR_MS)
    await taken_in(trading, path, 60)
    await trading.post(f"{path}/close", {})
    await trading.post("/api/v1/book", back(await last(trading)))

    posts = trading.service.trade.telling.posting._waiting["erp"]

    told = [msgspec.json.decode(one.event.data) for one in posts]
    assert [(one["state"], one["lines"][0]["received"]) for one in told] == [
        ("received", 60), ("closed", 60), ("sent", 0),
    ]  # fmt: skip


async def test_a_count_that_came_between_stands_where_the_right_receipt_is_told_at_its_time(trading: TradeSite) -> None:
    path = await sent(trading)
    trading.clock.pass_ms(DAY_MS)
    came_ms = trading.clock()
    await taken_in(trading, path, 18)
    trading.clock.pass_ms(DAY_MS)
    await trading.post("/api/v1/book", {"kind": "count", "sku": "tape", "units": 58})
    trading.clock.pass_ms(DAY_MS)

    entries = (await trading.get("/api/v1/book?sku=tape"))["entries"]
    await trading.post("/api/v1/book", back(entries[0]))
    right = {"lines": [{"sku": "tape", "received": 58}], "key": "DN-1-2", "came_ms": came_ms}
    assert (await trading.post(f"{path}/receive", right))["lines"][0]["received"] == 58

    assert (await last(trading))["happened_ms"] == came_ms
    assert (await stands(trading))["position"]["on_hand"] == 58
    [fact] = trading.service.trade.supplying.facts()
    assert [one.at_ms for one in fact.came] == [came_ms]
    for wrong_ms in (came_ms - 2 * DAY_MS, trading.clock() + 2 * DAY_MS):
        asked = {"lines": [{"sku": "tape", "received": 1}], "key": "DN-3", "came_ms": wrong_ms}
        assert await trading.refused(f"{path}/receive", asked) == (422, "time")
    assert await trading.refused(f"{path}/receive", right | {"came_ms": came_ms + 1}) == (409, "key_used")
    assert (await trading.post(f"{path}/receive", right))["lines"][0]["received"] == 58
    assert breaches(trading) == []
