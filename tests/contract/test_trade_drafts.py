"""What the service drafted for a need that is over is taken back before anybody approves it, or says so."""

from __future__ import annotations

from typing import Any

from tests.contract.trade_site import TradeSite


async def drafted(trading: TradeSite, **left: int) -> Any:
    """The draft that the service makes as these shelves empty."""
    for slot in ("A1", "A2", "B1", "G1", "O1", "R1"):
        await trading.weigh(slot, 100)
    await trading.tick(5)
    for slot, units in left.items():
        await trading.weigh(slot, units)
    await trading.tick(3)
    [order] = await trading.get("/api/v1/orders")
    assert (order["state"], order["by"], order["version"]) == ("draft", "service", 1)
    return order


async def test_a_draft_whose_need_is_over_is_withdrawn_and_can_not_be_approved(trading: TradeSite) -> None:
    order = await drafted(trading, G1=2)

    await trading.weigh("G1", 100)
    await trading.tick(5)

    [after] = await trading.get("/api/v1/orders")
    assert (after["state"], after["by"], after["note"]) == ("cancelled", "service", "not needed any more")
    assert await trading.refused(f"/api/v1/orders/{order['id']}/approve", {"version": 1}, "mo") == (409, "changed")
    assert await trading.refused(f"/api/v1/orders/{order['id']}/approve", {}, "mo") == (422, "not_now")
    assert trading.sku("gear")["on_order"] == 0
    told = await trading.get(f"/api/v1/orders/{order['id']}")
    assert [one["action"] for one in told["versions"]] == ["draft", "cancel"]

    assert trading.service.trade.purchasing.cancelled_ms(order["needs"][0]) == 0, "nobody cancelled it"
    await trading.restart()
    await trading.tick(5)
    await trading.weigh("G1", 2)
    await trading.tick(5)
    [anew] = [one for one in await trading.get("/api/v1/orders") if one["state"] == "draft"]
    [need] = trading.needs("gear")
    assert anew["needs"] == [need["id"]]
    assert trading.sku("gear")["held_until_ms"] == 0


async def test_before_that_it_says_so_and_is_approved_only_by_who_insists(trading: TradeSite) -> None:
    order = await drafted(trading, G1=2)

    async def later(now_ms: int) -> None:
        """The service has no time for it yet."""

    trading.service.trade.purchasing.needs.withdrawing.tick = later  # type: ignore[method-assign]
    await trading.weigh("G1", 100)
    await trading.tick(5)
    assert trading.needs("gear") == []

    path = f"/api/v1/orders/{order['id']}/approve"
    assert await trading.refused(path, {"version": 1}, "mo") == (422, "need_over")
    approved = await trading.post(path, {"version": 1, "anyway": True}, "mo")
    assert approved["state"] == "approved"


async def test_of_a_draft_for_several_needs_only_what_is_over_is_struck(trading: TradeSite) -> None:
    order = await drafted(trading, G1=2, B1=2)
    assert sorted(line["sku"] for line in order["lines"]) == ["gear", "nut"]

    await trading.weigh("G1", 100)
    await trading.tick(5)

    [after] = await trading.get("/api/v1/orders")
    assert ([line["sku"] for line in after["lines"]], after["state"]) == (["nut"], "draft")
    assert (await trading.post(f"/api/v1/orders/{order['id']}/approve", {}, "mo"))["state"] == "approved"
    await trading.tick(5)
    assert trading.needs("nut") == []
    [sent] = await trading.get("/api/v1/orders")
    assert sent["state"] in ("approved", "sent")


async def test_what_a_person_had_a_hand_in_is_left_to_people(trading: TradeSite) -> None:
    order = await drafted(trading, G1=2)
    path = f"/api/v1/orders/{order['id']}"
    await trading.post(f"{path}/change", {"version": 1, "lines": [{"sku": "gear", "units": 12}]})

    await trading.weigh("G1", 100)
    await trading.tick(5)

    [after] = await trading.get("/api/v1/orders")
    assert (after["state"], after["version"]) == ("draft", 2)
    assert await trading.refused(f"{path}/approve", {"version": 2}, "mo") == (422, "need_over")
    assert (await trading.post(f"{path}/approve", {"version": 2, "anyway": True}, "mo"))["state"] == "approved"


async def test_a_persons_own_draft_that_a_need_joined_is_not_withdrawn(trading: TradeSite) -> None:
    await trading.weigh("G1", 100)
    await trading.tick(5)
    lines = [{"sku": "gear", "units": 1}, {"sku": "nut", "units": 5}]
    order = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": lines})
    await trading.weigh("G1", 2)
    await trading.tick(5)
    [joined] = await trading.get("/api/v1/orders")
    assert (joined["by"], joined["version"]) == ("service", 2)

    await trading.weigh("G1", 100)
    await trading.tick(5)

    [after] = await trading.get("/api/v1/orders")
    assert (after["id"], after["state"], after["version"]) == (order["id"], "draft", 2)
