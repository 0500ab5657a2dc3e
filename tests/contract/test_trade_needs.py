"""A need and what becomes of its order, through the real web: a rest is wanted at once, what was cancelled is held."""

from __future__ import annotations

from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS


async def test_an_order_of_a_part_leaves_a_need_of_the_rest_in_the_next_tick(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    [order] = (await trading.post(f"/api/v1/needs/{need['id']}/order", {}))["orders"]
    path = f"/api/v1/orders/{order['id']}"
    order = await trading.post(f"{path}/change", {"version": order["version"], "lines": [{"sku": "bolt", "units": 10}]})
    await trading.post(f"{path}/send", {"version": order["version"]})

    await trading.tick()

    [rest] = trading.needs("bolt")
    assert rest["id"] != need["id"]
    assert rest["order"] is None
    assert (rest["card"]["projected"], rest["card"]["reorder_point"]) == (15, 20)
    assert trading.sku("bolt")["verdict"] == "order"


async def test_what_a_person_cancelled_is_not_ordered_again_by_the_service_for_a_day(trading: TradeSite) -> None:
    await trading.needed("A1", 5)
    await trading.weigh("B1", 2)
    await trading.tick(5)
    [order] = await trading.get("/api/v1/orders")
    assert order["by"] == "service"
    await trading.post(f"/api/v1/orders/{order['id']}/cancel", {"version": order["version"], "anyway": True})
    cancelled_ms = trading.clock()

    await trading.tick(30)
    await trading.hours(20)

    open_orders = [one for one in await trading.get("/api/v1/orders") if one["state"] != "cancelled"]
    assert open_orders == []
    [held] = trading.needs("nut")
    assert held["why"]["held_until_ms"] == cancelled_ms + DAY_MS
    assert trading.sku("nut")["held_until_ms"] == held["why"]["held_until_ms"]
    await trading.restart()
    await trading.tick(5)
    assert [one for one in await trading.get("/api/v1/orders") if one["state"] != "cancelled"] == []
    await trading.hours(5)
    [again] = [one for one in await trading.get("/api/v1/orders") if one["state"] != "cancelled"]
    assert again["needs"] == [held["id"]]


async def test_every_version_of_a_need_can_be_looked_up(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)

    [only] = await trading.get(f"/api/v1/needs/{need['id']}")

    assert only["quantity"] == need["quantity"]
    assert only["card"]["position"]["on_hand"] == 5
    status, told = await trading.ask("mo", "GET", "/api/v1/needs/12345")
    assert (status, told["error"]) == (404, "unknown")
