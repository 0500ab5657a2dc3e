"""What a supplier sees and may do, and what it does not: the site's own routes, other suppliers, names and notes.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cloud.web.portal import Portal
from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS

NOTE = "we pay less elsewhere"


@pytest.fixture
async def sent(trading: TradeSite) -> TradeSite:
    """Order 1 was sent to Acme, order 2 to Bolt & Co, order 3 waits for approval."""
    for supplier, sku, units in (("acme", "bolt", 40), ("boltco", "tape", 5), ("acme", "gear", 3)):
        wanted = {"supplier": supplier, "lines": [{"sku": sku, "units": units}], "note": NOTE}
        made = await trading.post("/api/v1/orders", wanted)
        for action in () if sku == "gear" else ("approve", "send"):
            await trading.post(f"/api/v1/orders/{made['id']}/{action}", {})
    await trading.weigh("A1", 30)
    await trading.weigh("A2", 0)
    await trading.tick(5)
    return trading


async def test_a_supplier_sees_its_own_shelves_and_orders_alone(sent: TradeSite) -> None:
    seen = await sent.get("/api/v1/portal", "su")
    assert [one["id"] for one in seen["orders"]] == [1]
    [shelf] = seen["shelves"]
    assert (shelf["sku"], shelf["on_hand"], shelf["projected"], shelf["least"], shelf["most"]) == (
        "bolt", 30, 70, 10, 200,
    )  # fmt: skip
    other = await sent.get("/api/v1/portal", "ro")
    assert ([one["id"] for one in other["orders"]], other["shelves"]) == ([2], [])


async def test_nothing_of_the_sites_own_reaches_a_supplier(sent: TradeSite) -> None:
    sent.clock.pass_ms(DAY_MS)
    answers = [
        await sent.get("/api/v1/portal", "su"),
        (await sent.ask("su", "POST", "/api/v1/portal/orders/1/confirm", {"version": 1}))[1],
        await sent.post("/api/v1/portal/orders/1/confirm", {}, "su"),
        await sent.post("/api/v1/portal/orders/1/ship", {"lines": [{"sku": "bolt", "units": 40}], "key": "a1"}, "su"),
    ]

    for answer in answers:
        text = msgspec.json.encode(answer).decode()
        assert NOTE not in text
        assert '"bo"' not in text
        assert "by bo" not in text
    assert answers[1]["code"] == "changed"
    assert answers[2]["may"] == ["confirm", "change", "ship"]


async def test_a_supplier_is_told_which_of_its_own_people_changed_an_order_and_of_ours_only_that_the_site_did(
    sent: TradeSite,
) -> None:
    path, site = "/api/v1/portal/orders/1/confirm", sent.service.trade.purchasing.site.site
    ours = (await sent.ask("su", "POST", path, {"version": 1}))[1]
    sent.service.ledger.people.keep_account("su2", "supplier", "", "acme")
    await sent.post(path, {"lines": [{"sku": "bolt", "units": 40}]}, "su")
    sent.service.ledger.people.keep_account("su", "supplier", "", "acme")

    theirs = (await sent.ask("su", "POST", path, {"version": 3}))[1]

    assert (ours["code"], ours["by"], theirs["code"], theirs["by"]) == (
        "changed",
        site.name or site.id,
        "changed",
        "su",
    )


async def test_what_a_supplier_notes_reaches_the_site_and_ours_never_the_supplier(sent: TradeSite) -> None:
    said = {"lines": [{"sku": "bolt", "units": 40}], "note": "ten on Monday"}
    confirmed = await sent.post("/api/v1/portal/orders/1/confirm", said, "su")
    shipped = await sent.post("/api/v1/portal/orders/1/ship", said | {"key": "a1", "note": "two pallets"}, "su")

    told = await sent.get("/api/v1/orders/1")
    assert {one["order"]["note"] for one in told["versions"]} == {NOTE}
    assert [one["order"]["supplier_note"] for one in told["versions"]][2:] == ["", "ten on Monday", "two pallets"]
    assert [(one["note"], one["supplier_note"]) for one in (confirmed, shipped)] == [
        ("", "ten on Monday"),
        ("", "two pallets"),
    ]


@pytest.mark.parametrize("due_ms", [1, 253_370_764_800_000])
async def test_a_day_long_ago_or_in_an_age_is_no_day_that_goods_come(sent: TradeSite, due_ms: int) -> None:
    for action in ("confirm", "change"):
        body = {"lines": [{"sku": "bolt", "due_ms": due_ms}]}
        assert await sent.refused(f"/api/v1/portal/orders/1/{action}", body, "su") == (422, "date")
    plan = {"lines": [{"sku": "bolt", "units": 10, "due_ms": due_ms}]}
    assert await sent.refused("/api/v1/portal/plan", plan, "su") == (422, "date")


@pytest.mark.parametrize("number", ["2", "3", "99", "0", "x", "1e3", "-1", "9" * 18])
async def test_the_order_of_somebody_else_is_not_there(sent: TradeSite, number: str) -> None:
    for action in ("confirm", "change", "ship", "cancel", "receive"):
        assert await sent.refused(f"/api/v1/portal/orders/{number}/{action}", {}, "su") == (404, "unknown")


async def test_a_supplier_decides_nothing_for_the_site(sent: TradeSite) -> None:
    for action in ("approve", "send", "receive", "close", "cancel"):
        body = {"lines": [{"sku": "bolt", "received": 40}], "key": "k"} if action == "receive" else {}
        status, _ = await sent.refused(f"/api/v1/portal/orders/1/{action}", body, "su")
        assert status == 422, action
    more = {"lines": [{"sku": "bolt", "units": 41}]}
    assert await sent.refused("/api/v1/portal/orders/1/confirm", more, "su") == (422, "more_than_ordered")
    told = await sent.get("/api/v1/orders/1")
    assert (told["order"]["state"], told["order"]["version"]) == ("sent", 3)


async def test_whom_the_site_file_lists_no_more_is_nobody_in_the_portal(sent: TradeSite) -> None:
    sent.text = sent.site_file().replace('id = "acme"', 'id = "acme-2"').replace('"acme"', '"acme-2"')
    await sent.restart()
    nobody: Any = None

    for one in Portal(nobody, nobody, nobody).routes():
        path = one.path.replace("{id}", "1").replace("{kind}", "850").replace("{action}", "confirm")
        body: object = {"lines": [{"sku": "bolt", "units": 1}]} if path.endswith("plan") else {}
        body = {"skus": {"bolt": 0}} if path.endswith("stock") else body
        status, said = await sent.ask("su", one.method, path, body if one.method == "POST" else None)
        assert (status, said["code"]) == (404, "unknown"), path
    for action in ("change", "ship"):
        assert (await sent.ask("su", "POST", f"/api/v1/portal/orders/1/{action}", {}))[0] == 404


async def test_who_buys_scores_a_supplier_and_only_what_is_not_measured(sent: TradeSite) -> None:
    path = "/api/v1/suppliers/acme/scores"
    assert await sent.refused(path, {"criterion": "service", "value": 90}, "op") == (403, "forbidden")
    assert await sent.refused(path, {"criterion": "quality", "value": 90}, "mo") == (400, "bad_request")
    assert await sent.refused("/api/v1/suppliers/x/scores", {"criterion": "service", "value": 9}, "mo") == (
        404,
        "unknown",
    )
    await sent.post(path, {"criterion": "service", "value": 90, "note": "answers at once"}, "mo")

    await sent.restart()

    [card] = [one for one in await sent.get("/api/v1/suppliers") if one["id"] == "acme"]
    [part] = [one for one in card["parts"] if one["id" if "id" in one else "criterion"] == "service"]
    assert (part["value"], part["by"], card["score"]) == (90.0, "mo", 90.0)


async def test_of_two_who_score_a_supplier_the_second_is_told_who_was_first(sent: TradeSite) -> None:
    path = "/api/v1/suppliers/acme/scores"
    await sent.post(path, {"criterion": "service", "value": 1, "seen_ms": 0}, "bo")

    status, said = await sent.ask("mo", "POST", path, {"criterion": "service", "value": 20, "seen_ms": 0})

    assert (status, said["code"], said["by"]) == (409, "changed", "bo")
    await sent.post(path, {"criterion": "innovation", "value": 20, "seen_ms": 0}, "mo")
    [card] = [one for one in await sent.get("/api/v1/suppliers") if one["id"] == "acme"]
    [part] = [one for one in card["parts"] if one["criterion"] == "service"]
    assert (part["value"], part["by"]) == (1.0, "bo")
    await sent.post(path, {"criterion": "service", "value": 20, "seen_ms": part["at_ms"]}, "mo")
