"""What becomes of needs by the level of their SKU, and that none is on two orders: by two people, or by a crash.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.planning.cards import Card, Terms
from cloud.core.planning.deals import Supply
from cloud.core.planning.settling import Outlook
from cloud.core.purchasing.sourcing import Sourcing
from cloud.stores.database import LedgerUnavailable
from tests.contract.trade_site import TradeSite, memory


def lost(monkeypatch: pytest.MonkeyPatch, books: Any, name: str, *, after: bool) -> Callable[[], None]:
    """The next call fails before, or after, it did its work; the one behind it goes well."""
    whole = getattr(books, name)

    def fails(*arguments: Any) -> Any:
        monkeypatch.setattr(books, name, whole)
        if after:
            whole(*arguments)
        raise LedgerUnavailable("the connection was lost")

    monkeypatch.setattr(books, name, fails)
    return lambda: monkeypatch.setattr(books, name, whole)


async def test_what_may_be_ordered_without_anybody_is_ordered_and_sent(trading: TradeSite) -> None:
    await trading.weigh("B1", 100)
    await trading.tick(5)
    await trading.weigh("B1", 3)
    await trading.tick(10)

    [order] = await trading.get("/api/v1/orders")
    assert (order["state"], order["value"], [line["sku"] for line in order["lines"]]) == ("sent", 20.0, ["nut"])
    told = await trading.get(f"/api/v1/orders/{order['id']}")
    assert [(one["action"], one["by"]) for one in told["versions"]] == [("draft", "service"), ("send", "service")]
    assert trading.sku("nut")["on_order"] == 100
    assert trading.needs("nut") == []
    assert (await trading.ask("su", "GET", "/api/v1/portal"))[1]["orders"][0]["id"] == order["id"]


async def test_what_is_dearer_waits_as_a_draft_and_counts_as_nothing_until_somebody_may_approve_it(
    trading: TradeSite,
) -> None:
    need = await trading.needed("G1", 1)
    await trading.tick(10)

    [order] = await trading.get("/api/v1/orders")
    assert (order["state"], order["value"], order["needs"]) == ("draft", 500.0, [need["id"]])
    assert trading.sku("gear")["on_order"] == 0
    assert [one["order"] for one in trading.needs("gear")] == [order["id"]]
    path = f"/api/v1/orders/{order['id']}/approve"
    assert await trading.refused(path, {"version": 1}, "bo") == (422, "above_limit")
    assert (await trading.get("/api/v1/portal", "su"))["orders"] == []
    assert (await trading.post(path, {"version": 1}, "mo"))["state"] == "approved"
    await trading.tick(5)
    assert trading.sku("gear")["on_order"] == 10
    assert trading.needs("gear") == []


async def test_what_is_only_observed_or_discontinued_is_never_ordered(trading: TradeSite) -> None:
    for slot in ("O1", "R1"):
        await trading.weigh(slot, 100)
    await trading.tick(5)
    for slot in ("O1", "R1"):
        await trading.weigh(slot, 1)
    await trading.tick(70)

    [need] = trading.needs()
    assert (need["sku"], need["state"]) == ("oil", "observed")
    assert await trading.refused(f"/api/v1/needs/{need['id']}/order", {}) == (422, "observed")
    wanted = {"supplier": "acme", "lines": [{"sku": "relic", "units": 5}]}
    assert await trading.refused("/api/v1/orders", wanted) == (422, "discontinued")
    made = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 5}]})
    more = {"lines": [{"sku": "relic", "units": 5}]}
    assert await trading.refused(f"/api/v1/orders/{made['id']}/change", more) == (422, "discontinued")
    assert [one["lines"][0]["sku"] for one in await trading.get("/api/v1/orders")] == ["bolt"]


async def test_what_was_discontinued_while_its_need_was_open_is_not_ordered_after_the_restart(
    trading: TradeSite,
) -> None:
    need = await trading.needed("A1", 3)
    trading.text = trading.site_file().replace(
        'id = "bolt"\n', 'id = "bolt"\ndiscontinued = true\nreplenish = "order"\n'
    )
    await trading.restart()

    assert await trading.refused(f"/api/v1/needs/{need['id']}/order", {}) == (422, "discontinued")
    await trading.tick(1)
    assert await trading.get("/api/v1/orders") == []


async def test_a_need_that_fifty_taps_order_at_once_is_on_one_order(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    path = f"/api/v1/needs/{need['id']}/order"

    answers = await asyncio.gather(*(trading.ask(("bo", "cy", "mo")[i % 3], "POST", path, {}) for i in range(50)))

    assert sorted(status for status, _ in answers) == [200] + [422] * 49
    assert {told["code"] for status, told in answers if status != 200} == {"ordered"}
    [order] = await trading.get("/api/v1/orders")
    assert order["needs"] == [need["id"]]
    assert await trading.refused(path, {}) == (422, "ordered")
    await trading.restart()
    assert await trading.refused(path, {}) == (422, "ordered")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["order_of_needs", "keep_order"])
@pytest.mark.parametrize("dies", [False, True], ids=["goes-on", "dies"])
async def test_an_order_that_was_lost_on_its_way_to_the_ledger_is_there_once(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, step: str, after: bool, dies: bool
) -> None:
    """`keep_order` sends it: what was approved without anybody is not left lying unsent."""
    await trading.weigh("B1", 100)
    await trading.tick(5)
    heal = lost(monkeypatch, trading.service.ledger.books, step, after=after)
    await trading.weigh("B1", 3)
    await trading.tick(2)
    heal()
    if dies:
        await trading.restart()
    await trading.tick(70)

    [order] = await trading.get("/api/v1/orders")
    assert (order["state"], order["lines"][0]["units"], order["version"]) == ("sent", 100, 2)
    assert trading.sku("nut")["on_order"] == 100
    assert trading.service.ready() == []
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before


async def test_of_two_who_change_an_order_the_second_is_told(trading: TradeSite) -> None:
    made = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 40}]})
    path = f"/api/v1/orders/{made['id']}"
    first = {"version": 1, "lines": [{"sku": "bolt", "units": 50}]}
    second = {"version": 1, "lines": [{"sku": "bolt", "units": 60}]}

    answers = await asyncio.gather(
        trading.ask("bo", "POST", f"{path}/change", first), trading.ask("cy", "POST", f"{path}/change", second)
    )

    assert sorted(status for status, _ in answers) == [200, 409]
    refused = next(told for status, told in answers if status == 409)
    assert (refused["code"], refused["by"]) == ("changed", "bo" if answers[0][0] == 200 else "cy")
    assert (await trading.get(path))["order"]["version"] == 2
    again = {"version": 2, "lines": [{"sku": "bolt", "units": 70}]}
    assert (await trading.post(f"{path}/change", again))["lines"][0]["units"] == 70


async def test_an_arrival_that_fifty_confirm_at_once_is_booked_once(trading: TradeSite) -> None:
    await ordered(trading)
    await trading.weigh("A1", 65)
    await trading.tick()
    [arrival] = await trading.get("/api/v1/arrivals")
    path, came = f"/api/v1/arrivals/{arrival['id']}/confirm", {"units": 60}

    answers = await asyncio.gather(*(trading.ask("bo", "POST", path, came, "note-7") for _ in range(50)))

    assert [status for status, _ in answers] == [200] * 50
    assert {told["lines"][0]["received"] for _, told in answers} == {60}
    assert len((await trading.get("/api/v1/book?sku=bolt"))["items"]) == 1
    await trading.restart()
    assert (await trading.post(path, came, key="note-7"))["lines"][0]["received"] == 60
    assert trading.service.trade.position("bolt").on_hand == 65


async def test_a_delivery_that_is_confirmed_in_two_parts_is_booked_as_two(trading: TradeSite) -> None:
    await ordered(trading)
    await trading.weigh("A1", 65)
    await trading.tick()

    first = await trading.post("/api/v1/arrivals/1:bolt/confirm", {"units": 40})
    second = await trading.post("/api/v1/arrivals/1:bolt/confirm", {"units": 20})

    assert (first["state"], second["state"]) == ("partly_received", "received")
    assert [one["units"] for one in (await trading.get("/api/v1/book?sku=bolt"))["items"]] == [40, 20]
    assert trading.service.trade.position("bolt").projected == 65


async def test_twenty_parts_that_are_taken_in_at_once_are_all_booked(trading: TradeSite) -> None:
    await ordered(trading)
    parts = [{"lines": [{"sku": "bolt", "received": 3}], "key": f"DN-{i}"} for i in range(20)]

    answers = await asyncio.gather(*(trading.ask("bo", "POST", "/api/v1/orders/1/receive", part) for part in parts))

    assert {status for status, _ in answers} == {200}
    told = await trading.get("/api/v1/orders/1")
    assert (told["order"]["state"], told["order"]["lines"][0]["received"]) == ("received", 60)
    assert trading.service.trade.position("bolt").on_hand == 65


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_receipt_that_was_lost_on_its_way_is_booked_once_when_it_is_sent_again(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    await ordered(trading)
    taken = {"lines": [{"sku": "bolt", "received": 60}], "key": "DN-1"}
    lost(monkeypatch, trading.service.ledger.books, "receive", after=after)
    assert await trading.refused("/api/v1/orders/1/receive", taken) == (503, "unavailable")
    await trading.tick(2)

    assert (await trading.post("/api/v1/orders/1/receive", taken))["state"] == "received"
    assert (await trading.post("/api/v1/orders/1/receive", taken))["state"] == "received"

    assert [one["units"] for one in (await trading.get("/api/v1/book?sku=bolt"))["items"]] == [60]
    assert trading.service.trade.position("bolt").on_hand == 65
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before


async def test_what_an_order_tells_of_its_supplier_is_learnt_later_where_it_can_not_be_read_now(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 40}]})
    await trading.post("/api/v1/orders/1/approve")
    lost(monkeypatch, trading.service.ledger.books, "versions", after=False)

    assert (await trading.post("/api/v1/orders/1/send", {"version": 2}))["state"] == "sent"
    assert trading.service.trade.supplying.facts() == []
    await trading.tick()

    [fact] = trading.service.trade.supplying.facts()
    assert (fact.order, fact.asked) == (made["id"], 40)


async def test_an_order_of_what_the_site_file_no_longer_names_can_still_be_ended(trading: TradeSite) -> None:
    made = await trading.post("/api/v1/orders", {"supplier": "boltco", "lines": [{"sku": "tape", "units": 5}]})
    for action in ("approve", "send"):
        await trading.post(f"/api/v1/orders/{made['id']}/{action}", {})
    gone = trading.site_file()
    at = gone.index('[[skus]]\nid = "tape"')
    gone = gone[:at] + gone[gone.index("[[skus]]", at + 1) :]
    at = gone.index('[[offers]]\nsupplier = "boltco"')
    trading.text = gone[:at]
    await trading.restart()
    await trading.tick(5)

    taken = {"lines": [{"sku": "tape", "received": 5}], "key": "DN-1"}
    assert (await trading.post(f"/api/v1/orders/{made['id']}/receive", taken))["state"] == "received"
    assert (await trading.post(f"/api/v1/orders/{made['id']}/close", {}))["state"] == "closed"


async def packed(trading: TradeSite) -> None:
    """Bolts come in tens, from a hundred on for less."""
    offer = 'supplier = "acme"\nsku = "bolt"\nprice = 0.5\n'
    more = "pack = 10\nbreaks = [{ units = 100, price = 0.4 }]\n"
    trading.text = (
        trading.site_file().replace(offer, offer + more).replace("order_quantity = 60", "order_quantity = 164")
    )
    await trading.restart()


async def test_the_service_raises_a_persons_draft_in_packs_at_the_price_of_the_break(trading: TradeSite) -> None:
    await packed(trading)
    need = await trading.needed("A1", 3)
    made = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 60}]})

    await trading.post(f"/api/v1/needs/{need['id']}/order", {}, "mo")

    told = await trading.get(f"/api/v1/orders/{made['id']}")
    [line] = told["order"]["lines"]
    assert (line["units"], line["unit_price"], told["order"]["needs"]) == (170, 0.4, [need["id"]])
    said = [(one["action"], one["by"], one["order"]["by"]) for one in told["versions"]]
    assert said == [("draft", "bo", "bo"), ("change", "mo", "service"), ("approve", "mo", "mo")]


async def test_other_units_have_the_price_of_their_break_and_whole_packs(trading: TradeSite) -> None:
    await packed(trading)
    wanted = {"supplier": "acme", "lines": [{"sku": "bolt", "units": 7}]}
    assert await trading.refused("/api/v1/orders", wanted) == (422, "not_a_lot")
    plan = {"lines": [{"sku": "bolt", "units": 15}]}
    assert await trading.refused("/api/v1/portal/plan", plan, "su") == (422, "not_a_lot")
    wanted["lines"] = [{"sku": "bolt", "units": 60}]
    path = f"/api/v1/orders/{(await trading.post('/api/v1/orders', wanted))['id']}/change"

    def to(units: int, **more: Any) -> dict[str, Any]:
        return {"lines": [{"sku": "bolt", "units": units, **more}]}

    def first(told: Any) -> tuple[int, float]:
        return told["lines"][0]["units"], told["lines"][0]["unit_price"]

    assert first(await trading.post(path, to(120))) == (120, 0.4)
    assert first(await trading.post(path, to(50))) == (50, 0.5)
    assert await trading.refused(path, to(7)) == (422, "not_a_lot")
    assert first(await trading.post(path, to(7) | {"anyway": True})) == (7, 0.5)
    assert first(await trading.post(path, to(100, unit_price=0.3))) == (100, 0.3)
    assert first(await trading.post(path, to(200))) == (200, 0.3)


async def test_a_typed_price_does_not_let_the_crew_spend_more(trading: TradeSite) -> None:
    made = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 60}]})
    path = f"/api/v1/orders/{made['id']}"
    cheap = {"lines": [{"sku": "bolt", "units": 10_000, "unit_price": 0.001}]}

    assert (await trading.post(f"{path}/change", cheap))["value"] == 10
    assert await trading.refused(f"{path}/approve") == (422, "above_limit")
    assert (await trading.post(f"{path}/approve", name="mo"))["state"] == "approved"


@pytest.mark.parametrize(
    ("capacity", "life_days", "units"),
    [(None, None, 100), (140, None, 100), (139, None, 90), (None, 70.0, 100), (None, 69.0, 90)],
)
async def test_a_break_is_bought_up_to_only_as_far_as_there_is_room_and_time_to_sell(
    trading: TradeSite, capacity: int | None, life_days: float | None, units: int
) -> None:
    await packed(trading)
    terms = Terms(0.95, None, 0.5, 5.0, 0.2, 1, 10, capacity, life_days)
    card = Card("bolt", "order", 90, Position(40), 40, 40, terms=terms)
    supplying = trading.service.trade.supplying
    supplying.look = lambda sku: (card, Outlook(2.0, 2.0, 0.0, "smooth", "mean", 90))

    found = supplying.source("bolt", 90, 40)

    assert isinstance(found, Sourcing)
    assert [one.units for one in found.splits] == [units]


async def ordered(trading: TradeSite) -> None:
    """Sixty bolts are on order 1, five are on the shelf."""
    need = await trading.needed("A1", 5)
    await trading.post(f"/api/v1/needs/{need['id']}/order", {})
    await trading.post("/api/v1/orders/1/send", {})
    await trading.hours(1)


@pytest.mark.parametrize(
    ("capacity", "life_days", "room"), [(None, None, None), (140, None, 100), (140, 70.0, 20), (None, 70.0, 20)]
)
async def test_what_expires_joins_an_order_with_no_more_than_it_would_order_itself(
    trading: TradeSite, capacity: int | None, life_days: float | None, room: int | None
) -> None:
    terms = Terms(0.95, None, 0.5, 5.0, 0.2, 1, 1, capacity, life_days)
    card = Card("bolt", "enough", 0, Position(40), 40, 40, reorder_point=20, order_up_to=60, terms=terms)
    supplying = trading.service.trade.supplying
    supplying.look = lambda sku: (card, Outlook(2.0, 2.0, 0.0, "smooth", "mean", 90))

    found = supplying.mates(lambda sku: 40, ["bolt"])

    assert {one.room for one in found["acme"] if one.sku == "bolt"} == {room}


@pytest.mark.parametrize(
    ("policy", "dearer", "joins"), [("", False, ["acme"]), ("", True, ["other"]), ("jit", False, [])]
)
async def test_who_joins_an_order_is_planned_by_its_suppliers_terms_and_has_no_days_of_its_own(
    trading: TradeSite, policy: Any, dearer: bool, joins: list[str]
) -> None:
    supplying = trading.service.trade.supplying
    other = next(one.id for one in supplying.site.suppliers if one.id != "acme")
    supply = Supply(other if dearer else "acme", 0.5, 5.0, 1, 1)
    terms = Terms(0.95, None, 0.5, 5.0, 0.2, 1, 1, None, None)
    card = Card("bolt", "enough", 0, Position(40), 40, 40, reorder_point=20, order_up_to=60, terms=terms, supply=supply)
    supplying.look = lambda sku: (card, Outlook(2.0, 2.0, 0.0, "smooth", "mean", 90))
    [offer] = supplying._offers["bolt"]
    supplying._offers["bolt"] = [offer, replace(offer, supplier=other, price=9.0)]
    supplying.site.sku_by_id["bolt"] = replace(supplying.site.sku_by_id["bolt"], policy=policy)

    found = supplying.mates(lambda sku: 40, ["bolt"])

    with_bolt = [name for name, mates in found.items() if any(one.sku == "bolt" for one in mates)]
    assert ["other" if name == other else name for name in with_bolt] == joins
