"""A supplier's machine over the real web: the papers it fetches, as others' readers judge them, and who may.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec

from protocols.documents.papers import Event
from protocols.documents.reading import read
from protocols.documents.trade import Activity, Order, StockReport
from tests.contract.test_documents_judges import assert_counted, judged, segments, validator
from tests.contract.trade_partners import (
    answered,
    begin,
    fetched,
    machine,
    ordered,
    received,
)
from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "edi"


def only(data: bytes, kind: type[Any]) -> Any:
    """The one paper of an interchange, by our own reader, which finds nothing wrong with it."""
    document = read(data)
    assert document.problems == []
    (found,) = document.contents
    assert isinstance(found, kind)
    return found


def number(data: bytes) -> int:
    """The number of an X12 interchange."""
    return int(judged(data).header.element(13))


async def test_a_suppliers_machine_fetches_what_its_own_shelves_hold(trading: TradeSite) -> None:
    await begin(trading)
    await trading.weigh("A1", 42)
    await trading.weigh("B1", 70)
    await trading.weigh("A1", 30)
    await trading.tick(5)

    stock, moved = [await fetched(trading, "acme", f"/api/v1/portal/papers/{kind}") for kind in ("846", "852")]

    assert [one.transactions[0].header.element(1) for data in (stock, moved) for one in judged(data).groups] == [
        b"846",
        b"852",
    ]
    [line] = only(stock, StockReport).lines
    assert (line.item.number, line.item.gtin, line.quantity, line.unit) == ("bolt", "04006381333931", 30.0, "EA")
    [line] = only(moved, Activity).lines
    assert line.item.number == "bolt"
    told = {"on_hand": 30.0, "available": 30.0, "sold": 12.0, "minimum": 10.0, "maximum": 200.0}
    assert told.items() <= line.quantities.items()
    assert b"nut" not in stock + moved


async def test_an_edifact_partner_gets_its_stock_by_edifact(trading: TradeSite) -> None:
    await begin(trading)
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 7, "unit_cost": 2.0})

    data = await fetched(trading, "boltco", "/api/v1/portal/papers/INVRPT")

    found = segments(data)
    assert_counted(found, 1)
    assert ("LIN", ["1", "", ["tape", "IN"]]) in found
    [line] = only(data, StockReport).lines
    assert (line.item.number, line.quantity) == ("tape", 7.0)
    status, _, body = await machine(trading, "boltco", "GET", "/api/v1/portal/papers/846")
    assert (status, json.loads(body)["error"]) == (422, "other_standard")


async def test_what_came_and_went_is_told_as_events_that_gs1s_schema_takes(trading: TradeSite) -> None:
    """With the site's number at GS1 events name the slot, the site and the order; without it nothing of that."""
    await begin(trading)
    trading.text = trading.site_file().replace('name = "Depot"\n', 'name = "Depot"\ngln = "4012345000009"\n')
    await trading.restart()
    await trading.weigh("A1", 42)
    await trading.weigh("A1", 30)
    mine = await ordered(trading, bolt=60)
    await received(trading, mine, bolt=5)
    await received(trading, mine, bolt=50)
    [wrong] = [one for one in (await trading.get("/api/v1/book"))["entries"] if one["units"] == 50]
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 1, "ref": f"entry:{wrong['id']}"})

    status, content, data = await machine(trading, "acme", "GET", "/api/v1/portal/papers/EPCIS")
    again = await fetched(trading, "acme", "/api/v1/portal/papers/EPCIS")

    assert (status, content) == (200, "application/json")
    assert [one.message for one in validator().iter_errors(json.loads(data))] == []
    events = [one for one in read(data).contents if isinstance(one, Event)]
    assert sorted((one.step, one.goods[0].quantity) for one in events) == [("picking", 12.0), ("receiving", 5.0)]
    assert [one.id for one in read(again).contents if isinstance(one, Event)] == [one.id for one in events]
    picked, came = sorted(events, key=lambda one: one.step)
    here = "https://id.gs1.org/414/4012345000009"
    assert (picked.read_point, picked.location, came.location) == (f"{here}/254/A1", here, here)
    assert came.papers == [("po", f"urn:epcglobal:cbv:bt:4012345000009:PO-{mine}")]

    trading.text = trading.site_file().replace('gln = "4012345000009"\n', "")
    await trading.restart()
    plain = read(await fetched(trading, "acme", "/api/v1/portal/papers/EPCIS")).contents
    assert [(one.read_point, one.location, one.papers) for one in plain if isinstance(one, Event)] == [("", "", [])] * 2


async def test_what_another_supplier_delivers_is_in_no_paper_and_not_in_the_portal(trading: TradeSite) -> None:
    await begin(trading, '[[offers]]\nsupplier = "boltco"\nsku = "bolt"\nprice = 0.4\n')
    await trading.weigh("A1", 42)
    await trading.weigh("A1", 30)
    mine = await ordered(trading, bolt=60)
    theirs = await ordered(trading, "boltco", bolt=40)
    [shelf] = (await portal_of(trading, "acme"))["shelves"]
    assert (shelf["available"], shelf["projected"]) == (30, 90)
    assert trading.service.trade.position("bolt").projected == 130

    await received(trading, mine, bolt=10)
    await received(trading, theirs, bolt=40)
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 3, "unit_cost": 0.5})

    [line] = only(await fetched(trading, "acme", "/api/v1/portal/papers/852"), Activity).lines
    assert (line.quantities["received"], line.quantities["on_order"]) == (10.0, 50.0)
    told = read(await fetched(trading, "acme", "/api/v1/portal/papers/EPCIS")).contents
    assert [one.goods[0].quantity for one in told if isinstance(one, Event) and one.step == "receiving"] == [10.0]
    [shelf] = (await portal_of(trading, "acme"))["shelves"]
    assert shelf["projected"] == shelf["available"] + 50


async def test_the_weeks_picks_are_counted_once_and_only_those_of_the_week(trading: TradeSite) -> None:
    """Said at a slot, a pick only explains what the shelf saw; what was taken back was never picked."""
    await begin(trading)
    await trading.weigh("A1", 100)
    await trading.weigh("A1", 80)
    await trading.hours(8 * 24)
    await trading.weigh("A1", 70)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "bolt", "units": -10, "place": "A1"})
    await received(trading, await ordered(trading, bolt=60), bolt=30)
    wrong = await trading.post("/api/v1/book", {"kind": "pick", "sku": "bolt", "units": -4})
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "bolt", "units": -1, "ref": f"entry:{wrong['id']}"})

    [line] = only(await fetched(trading, "acme", "/api/v1/portal/papers/852"), Activity).lines

    assert (line.quantities["sold"], line.quantities["received"], line.quantities["on_hand"]) == (10.0, 30.0, 100.0)


async def test_an_order_is_fetched_by_whose_it_is_once_it_was_sent(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60, nut=100)
    theirs = await ordered(trading, "boltco", tape=5)
    draft = (await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 1}]}))["id"]

    data = await fetched(trading, "acme", f"/api/v1/portal/orders/{mine}/papers/850")
    other = await fetched(trading, "boltco", f"/api/v1/portal/orders/{theirs}/papers/ORDERS")
    asked = [
        (await machine(trading, who, "GET", f"/api/v1/portal/orders/{order}/papers/{kind}"))[0]
        for who, order, kind in (
            ("acme", theirs, "850"), ("acme", draft, "850"), ("acme", 99, "850"), ("boltco", mine, "ORDERS"),
            ("acme", mine, "846"), ("acme", mine, "999"),
        )
    ]  # fmt: skip

    assert judged(data).groups[0].transactions[0].header.element(1) == b"850"
    paper = only(data, Order)
    assert (paper.number, paper.currency) == (f"PO-{mine}", "EUR")
    assert [(one.item.number, one.quantity, float(one.price)) for one in paper.lines] == [
        ("bolt", 60.0, 0.5),
        ("nut", 100.0, 0.2),
    ]
    assert_counted(segments(other), 1)
    assert only(other, Order).number == f"PO-{theirs}"
    assert asked == [404] * 6
    assert (await trading.ask("bo", "GET", f"/api/v1/orders/{theirs}/papers/ORDERS"))[0] == 200
    assert (await trading.ask("bo", "GET", f"/api/v1/orders/{draft}/papers/850"))[0] == 422


async def test_a_change_of_a_sent_order_is_told_until_it_is_cancelled(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    path = f"/api/v1/portal/orders/{mine}/papers/860"
    assert (await machine(trading, "acme", "GET", path))[0] == 422
    await trading.post(f"/api/v1/orders/{mine}/change", {"lines": [{"sku": "bolt", "units": 50}]})
    changed = await fetched(trading, "acme", path)
    await trading.post(f"/api/v1/orders/{mine}/cancel", {})
    cancelled = await fetched(trading, "acme", path)

    assert [judged(one).groups[0].transactions[0].header.element(1) for one in (changed, cancelled)] == [b"860"] * 2
    assert b"POC*1*QD*50" in changed
    assert b"BCH*01*" in cancelled


async def test_a_partner_that_missed_a_change_is_told_of_all_by_the_next_paper(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60, nut=100)
    path = f"/api/v1/portal/orders/{mine}/papers/860"
    await trading.post(f"/api/v1/orders/{mine}/change", {"lines": [{"sku": "bolt", "units": 50}]})
    await trading.post(f"/api/v1/orders/{mine}/change", {"lines": [{"sku": "nut", "units": 90}], "note": "less"})
    await trading.restart()

    first, again = [await fetched(trading, "acme", path) for _ in range(2)]
    await trading.post(f"/api/v1/orders/{mine}/change", {"lines": [{"sku": "bolt", "units": 60}]})
    back = await fetched(trading, "acme", path)

    for told in (first, again):
        assert b"POC*1*QD*50" in told
        assert b"POC*2*QD*90" in told
    assert b"POC*1*RZ*60" in back
    assert b"POC*2*QD*90" in back
    assert judged(back).groups[0].transactions[0].header.element(1) == b"860"


async def test_the_numbers_of_interchanges_rise_whoever_asks_at_once_and_over_restarts(trading: TradeSite) -> None:
    await begin(trading)
    await trading.weigh("A1", 42)
    path = "/api/v1/portal/papers/846"

    at_once = await asyncio.gather(*(fetched(trading, "acme", path) for _ in range(20)))
    await trading.restart()
    after = [number(await fetched(trading, "acme", path)) for _ in range(2)]

    assert sorted(map(number, at_once)) == [*range(1, 21)]
    assert after == [21, 22]


async def portal_of(trading: TradeSite, supplier: str) -> Any:
    status, _, body = await machine(trading, supplier, "GET", "/api/v1/portal")
    assert status == 200
    return json.loads(body)


async def test_the_portal_names_the_papers_of_the_standard_that_is_agreed_on_and_what_is_offered(
    trading: TradeSite,
) -> None:
    await begin(trading)
    for supplier, papers in (("acme", ["852", "846", "EPCIS"]), ("boltco", ["INVRPT", "EPCIS"])):
        told = await portal_of(trading, supplier)
        assert told["papers"] == papers
        await fetched(trading, supplier, f"/api/v1/portal/papers/{papers[0]}")
    assert {"bolt", "gear"} <= {*(await portal_of(trading, "acme"))["names"]}


async def test_without_mailboxes_there_are_no_papers_but_events(trading: TradeSite) -> None:
    await begin(trading)
    trading.text = trading.site_file().replace('our_mailbox = "DEPOT"\n', "")
    await trading.restart()
    await trading.weigh("A1", 42)
    await trading.weigh("A1", 30)

    assert (await portal_of(trading, "acme"))["papers"] == []
    status, _, body = await machine(trading, "acme", "GET", "/api/v1/portal/papers/846")
    assert (status, json.loads(body)["error"]) == (422, "no_mailbox")
    status, _, body = await machine(trading, "acme", "POST", "/api/v1/portal/papers", answered(1, verdict="AD"))
    assert (status, json.loads(body)["error"]) == (422, "no_mailbox")
    assert (await machine(trading, "acme", "GET", "/api/v1/portal/papers/EPCIS"))[0] == 200


async def test_papers_are_for_suppliers_and_a_machine_needs_no_more_than_its_token(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=60)
    paper = answered(mine, verdict="AD")

    for name in ("ada", "bo", "mo"):
        assert (await trading.ask(name, "GET", "/api/v1/portal/papers/846"))[0] == 403
        assert (await trading.ask(name, "POST", "/api/v1/portal/papers", paper.encode()))[0] == 403
    for token in ("wrong", ""):
        assert (await machine(trading, token, "POST", "/api/v1/portal/papers", paper))[0] == 401
    for path in ("/api/v1/orders", "/api/v1/orders/1/papers/850", "/api/v1/stock", "/api/v1/webhooks", "/api/v1/book"):
        assert (await machine(trading, "acme", "GET", path))[0] == 403
    assert (await trading.ask("su", "POST", "/api/v1/portal/papers", paper.encode()))[0] == 200
    confirm = msgspec.json.encode({"lines": [{"sku": "bolt", "due_ms": trading.clock() + DAY_MS}]})
    path = f"/api/v1/portal/orders/{mine}/confirm"
    assert (await machine(trading, "acme", "POST", path, confirm))[0] == 200
    assert (await machine(trading, "boltco", "POST", path, confirm))[0] == 404
