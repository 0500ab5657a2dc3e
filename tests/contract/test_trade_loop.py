"""From an empty shelf to a closed order, through the real web, over a real ledger: each need on one order, ever.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from tests.contract.trade_site import TradeSite, memory
from tests.depot import DAY_MS, HOUR_MS


async def test_a_shelf_that_empties_is_bought_full_again_and_everybody_knows_it(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    assert need["card"]["position"]["on_hand"] == 5
    assert need["card"]["formula"] == "by_hand"
    assert need["order"] is None

    made = await trading.post(f"/api/v1/needs/{need['id']}/order", {})
    [order] = made["orders"]
    assert (order["state"], order["supplier"], order["needs"]) == ("approved", "acme", [need["id"]])
    [line] = order["lines"]
    assert (line["sku"], line["units"], line["unit_price"]) == ("bolt", need["quantity"], 0.5)
    path = f"/api/v1/orders/{order['id']}"
    order = await trading.post(f"{path}/send", {"version": order["version"]})
    assert order["state"] == "sent"
    await trading.tick(5)
    assert trading.sku("bolt")["on_order"] == need["quantity"]
    assert trading.needs("bolt") == []
    assert (await trading.get("/api/v1/skus/bolt/position"))["projected"] == 5 + need["quantity"]

    due_ms = trading.clock() + 2 * DAY_MS
    agreed = {"version": order["version"], "lines": [{"sku": "bolt", "due_ms": due_ms}]}
    order = await trading.post(f"/api/v1/portal{path.removeprefix('/api/v1')}/confirm", agreed, "su")
    assert (order["state"], order["lines"][0]["due_ms"]) == ("confirmed", due_ms)
    await trading.hours(24)
    shipped = {"lines": [{"sku": "bolt", "units": need["quantity"]}], "key": "ASN-1"}
    order = await trading.post(f"/api/v1/portal{path.removeprefix('/api/v1')}/ship", shipped, "su")
    await trading.tick()
    assert (trading.sku("bolt")["on_order"], trading.sku("bolt")["in_transit"]) == (0, need["quantity"])

    await trading.hours(24)
    came_ms = trading.clock()
    await trading.weigh("A1", 5 + need["quantity"])
    await trading.tick()
    [arrival] = await trading.get("/api/v1/arrivals")
    assert arrival["id"] == f"{order['id']}:bolt"
    assert (arrival["units"], arrival["slots"], arrival["difference"]) == (need["quantity"], ["A1"], 0)
    assert arrival["evidence"] == {"weight": need["quantity"]}
    assert arrival["confidence"] > 0.5
    assert (await trading.get("/api/v1/skus/bolt/position"))["unexplained"][0]["units"] == need["quantity"]

    await trading.hours(3)
    order = await trading.post(f"/api/v1/arrivals/{arrival['id']}/confirm", {"units": need["quantity"]})
    assert (order["state"], order["lines"][0]["received"]) == ("received", need["quantity"])
    standing = await trading.get("/api/v1/skus/bolt/position")
    assert standing["position"]["on_hand"] == 5 + need["quantity"]
    assert (standing["unexplained"], standing["position"]["on_order"]) == ([], 0)
    assert standing["layers"][-1] == {"units": need["quantity"], "unit_cost": 0.5}
    assert await trading.get("/api/v1/arrivals") == []
    [receipt] = [one for one in (await trading.get("/api/v1/book?sku=bolt"))["entries"] if one["kind"] == "receipt"]
    assert (receipt["ref"], receipt["happened_ms"], receipt["by"]) == (f"order:{order['id']}", came_ms, "bo")

    order = await trading.post(f"{path}/close", {"version": order["version"]})
    assert order["state"] == "closed"
    await trading.hours(24)
    told = await trading.get(path)
    assert [one["action"] for one in told["versions"]] == [
        "draft", "approve", "send", "confirm", "ship", "receive", "close",
    ]  # fmt: skip
    [card] = [one for one in await trading.get("/api/v1/suppliers") if one["id"] == "acme"]
    assert (card["on_time"], card["in_full"], card["accepted"], card["lines"]) == (1.0, 1.0, 1.0, 1)
    assert abs(card["lead_time_days"] - 3) < 1
    await trading.service.trade.figures.tick(trading.clock.pass_ms(60_000))
    [on_time] = [one for one in await trading.get("/api/v1/measures") if one["id"] == "supplier_on_time"]
    assert (on_time["value"], on_time["n"]) == (1.0, 1)

    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before
    assert came_ms < trading.clock() - HOUR_MS
