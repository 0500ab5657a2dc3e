"""A vendor that keeps our shelves: its plan becomes an order as was agreed, and what it says it has is believed."""

from __future__ import annotations

import pytest

from tests.contract.trade_site import TradeSite, site_text

PLAN = {"lines": [{"sku": "bolt", "units": 60}]}
AGREED = 'supplier = "acme"\nskus = ["bolt"]'
RIVAL = '[[offers]]\nsupplier = "boltco"\nsku = "bolt"\nprice = 0.6\nlead_time_days = 3\n'


async def test_where_the_site_decides_a_plan_is_a_draft_that_the_vendor_sees_waiting(trading: TradeSite) -> None:
    await trading.weigh("A1", 30)

    made = await trading.post("/api/v1/portal/plan", PLAN, "su")

    assert (made["state"], made["lines"][0]["units"]) == ("draft", 60)
    assert trading.sku("bolt")["on_order"] == 0
    seen = await trading.get("/api/v1/portal", "su")
    assert (seen["orders"], [one["id"] for one in seen["waiting"]]) == ([], [made["id"]])
    assert (await trading.get("/api/v1/portal", "ro"))["waiting"] == []


async def test_what_the_site_makes_of_a_plan_is_not_the_vendors_to_see_however_often_it_is_handed_in(
    trading: TradeSite,
) -> None:
    await trading.weigh("A1", 30)
    status, first = await trading.ask("su", "POST", "/api/v1/portal/plan", PLAN, "week-47")
    change = {"lines": [{"sku": "bolt", "units": 50, "unit_price": 0.4}], "note": "do not tell: we go elsewhere"}
    await trading.post(f"/api/v1/orders/{first['id']}/change", change, "mo")
    await trading.restart()

    again = await trading.ask("su", "POST", "/api/v1/portal/plan", PLAN, "week-47")
    seen = await trading.get("/api/v1/portal", "su")

    assert status == 200
    assert again == (200, first)
    assert seen["waiting"] == [first]
    for action in ("approve", "send"):
        await trading.post(f"/api/v1/orders/{first['id']}/{action}", {}, "mo")
    await trading.restart()
    _, sent = await trading.ask("su", "POST", "/api/v1/portal/plan", PLAN, "week-47")
    assert (sent["state"], sent["lines"][0]["units"], sent["note"], sent["by"]) == ("sent", 50, "", "")
    assert (await trading.get("/api/v1/portal", "su"))["waiting"] == []


async def test_what_is_not_bought_any_more_is_neither_shown_nor_planned(trading: TradeSite) -> None:
    trading.text = site_text().replace('id = "bolt"\n', 'id = "bolt"\ndiscontinued = true\n', 1)
    await trading.restart()
    await trading.weigh("A1", 3)

    assert await trading.refused("/api/v1/portal/plan", PLAN, "su") == (422, "discontinued")
    assert (await trading.get("/api/v1/portal", "su"))["shelves"] == []


async def test_a_proposal_holds_no_need_of_the_site(trading: TradeSite) -> None:
    trading.text = (
        site_text()
        .replace('skus = ["bolt"]', 'skus = ["bolt", "nut"]')
        .replace("most = { bolt = 200 }", "most = { bolt = 200, nut = 400 }")
        .replace("least = { bolt = 10 }", "least = { bolt = 10, nut = 10 }")
    )
    await trading.restart()
    await trading.weigh("B1", 60)
    plan = {"lines": [{"sku": "nut", "units": 10}]}
    proposed = await trading.post("/api/v1/portal/plan", plan, "su")

    await trading.weigh("B1", 5)
    await trading.tick(10)

    orders = {one["id"]: one for one in await trading.get("/api/v1/orders")}
    assert [line["units"] for line in orders.pop(proposed["id"])["lines"]] == [10]
    [bought] = orders.values()
    assert (bought["state"], bought["by"], bought["lines"][0]["sku"]) == ("sent", "service", "nut")


async def test_where_the_vendor_decides_its_plan_is_an_order_at_once_and_the_same_plan_again_is_the_same(
    trading: TradeSite,
) -> None:
    trading.text = site_text().replace(AGREED, f'decides = "supplier"\n{AGREED}')
    await trading.restart()
    await trading.weigh("A1", 30)

    first = await trading.ask("su", "POST", "/api/v1/portal/plan", PLAN, "week-47")
    await trading.restart()
    again = await trading.ask("su", "POST", "/api/v1/portal/plan", PLAN, "week-47")

    assert (first[0], first[1]["state"]) == (200, "confirmed")
    assert again[1]["id"] == first[1]["id"]
    assert trading.sku("bolt")["on_order"] == 60


async def test_a_plan_outside_what_was_agreed_is_refused_with_what_would_be_right(trading: TradeSite) -> None:
    await trading.weigh("A1", 30)

    assert await trading.refused("/api/v1/portal/plan", {"lines": [{"sku": "bolt", "units": 500}]}, "su") == (
        422,
        "outside",
    )
    assert (await trading.refused("/api/v1/portal/plan", {"lines": [{"sku": "nut", "units": 5}]}, "su"))[
        1
    ] == "not_yours"
    twice = {"lines": [{"sku": "bolt", "units": 20}, {"sku": "bolt", "units": 20}]}
    assert (await trading.refused("/api/v1/portal/plan", twice, "su"))[1] == "sku_twice"
    assert await trading.get("/api/v1/orders") == []


@pytest.mark.parametrize("decides", ["site", "supplier"])
async def test_of_two_colleagues_who_plan_the_same_the_second_is_told_who_was_first(
    trading: TradeSite, decides: str
) -> None:
    trading.text = site_text().replace(AGREED, f'decides = "{decides}"\n{AGREED}')
    await trading.restart()
    await trading.weigh("A1", 30)
    [shelf] = (await trading.get("/api/v1/portal", "su"))["shelves"]
    assert shelf["coming"] == 0
    plan = {"lines": [{"sku": "bolt", "units": 20, "coming": shelf["coming"]}]}

    status, made = await trading.ask("su", "POST", "/api/v1/portal/plan", plan, "hers")
    assert status == 200
    status, told = await trading.ask("su", "POST", "/api/v1/portal/plan", plan, "his")

    assert (status, told["code"], told["by"], told["changed_ms"]) == (409, "changed", "su", made["created_ms"])
    assert (await trading.ask("su", "POST", "/api/v1/portal/plan", plan, "hers"))[1]["id"] == made["id"]
    assert len(await trading.get("/api/v1/orders")) == 1
    [shelf] = (await trading.get("/api/v1/portal", "su"))["shelves"]
    assert shelf["coming"] == 20
    plan["lines"][0]["coming"] = 20
    assert (await trading.ask("su", "POST", "/api/v1/portal/plan", plan, "knowing"))[0] == 200


async def test_what_the_site_made_of_a_plan_is_not_told_by_what_is_to_come(trading: TradeSite) -> None:
    await trading.weigh("A1", 30)
    made = await trading.post("/api/v1/portal/plan", PLAN, "su")
    change = {"lines": [{"sku": "bolt", "units": 50}]}
    await trading.post(f"/api/v1/orders/{made['id']}/change", change, "mo")

    [shelf] = (await trading.get("/api/v1/portal", "su"))["shelves"]
    assert shelf["coming"] == 60
    await trading.post(f"/api/v1/orders/{made['id']}/cancel", {"note": "no"}, "mo")

    again = {"lines": [{"sku": "bolt", "units": 20, "coming": 60}]}
    _, told = await trading.ask("su", "POST", "/api/v1/portal/plan", again)
    assert (told["code"], "by" in told) == ("changed", False)


async def test_what_a_colleague_told_to_have_is_replaced_by_who_has_seen_it_alone(trading: TradeSite) -> None:
    path = "/api/v1/portal/stock"
    await trading.post(path, {"skus": {"bolt": 7}, "seen": {"bolt": None}}, "su")

    status, told = await trading.ask("su", "POST", path, {"skus": {"bolt": 9, "nut": 3}, "seen": {"bolt": None}})
    assert (status, told["code"], told["by"], told["changed_ms"]) == (409, "changed", "su", trading.clock())
    assert (await trading.get("/api/v1/portal", "su"))["stock"] == {"bolt": 7}

    assert await trading.post(path, {"skus": {"bolt": 7}, "seen": {"bolt": None}}, "su"), "the same is no other"
    await trading.restart()
    told = await trading.post(path, {"skus": {"bolt": 9}, "seen": {"bolt": 7}}, "su")
    assert told["skus"] == {"bolt": 9}
    assert (await trading.post(path, {"skus": {"bolt": 11}}, "su"))["skus"] == {"bolt": 11}


async def test_a_plan_may_name_articles_of_two_agreements(trading: TradeSite) -> None:
    second = '[[agreements]]\nsupplier = "acme"\nskus = ["nut"]\nleast = { nut = 10 }\nmost = { nut = 500 }\n'
    plan = {"lines": [{"sku": "bolt", "units": 60}, {"sku": "nut", "units": 100}]}
    trading.text = f"{site_text()}\n{second}"
    await trading.restart()
    await trading.weigh("A1", 30)

    made = await trading.post("/api/v1/portal/plan", plan, "su")
    trading.text = trading.text.replace(AGREED, f'decides = "supplier"\n{AGREED}')
    await trading.restart()

    assert [(one["sku"], one["units"]) for one in made["lines"]] == [("bolt", 60), ("nut", 100)]
    assert await trading.refused("/api/v1/portal/plan", plan, "su") == (422, "two_plans")


async def test_what_a_vendor_says_it_has_decides_from_whom_is_bought_also_after_a_restart(trading: TradeSite) -> None:
    trading.text = f"{site_text()}\n{RIVAL}"
    await trading.restart()
    told = await trading.post("/api/v1/portal/stock", {"skus": {"bolt": 0, "gold bar": 5}}, "su")
    assert told == {"skus": {"bolt": 0}, "not_offered": ["gold bar"]}
    await trading.restart()

    need = await trading.needed("A1", 5)
    made = await trading.post(f"/api/v1/needs/{need['id']}/order", {}, "mo")

    seen = await trading.get("/api/v1/portal", "su")
    [card] = [one for one in await trading.get("/api/v1/suppliers") if one["id"] == "acme"]
    at_ms = seen["stock_ms"]["bolt"]
    assert 0 < at_ms <= trading.clock()
    assert (seen["stock"], card["stock"]) == ({"bolt": 0}, [{"sku": "bolt", "units": 0, "at_ms": at_ms}])
    assert [one["supplier"] for one in made["orders"]] == ["boltco"]
    whole = await trading.get(f"/api/v1/orders/{made['orders'][0]['id']}")
    [why] = whole["sourced"].values()
    assert [(one["supplier"], one["reason"]) for one in why["rejected"]][:1] == [("acme", "no_stock")]
