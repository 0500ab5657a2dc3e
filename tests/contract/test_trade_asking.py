"""Over the web: a dearer answer waits for the site, odd lines are refused or added up, and more than was ordered is
spending.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from typing import Any

from tests.contract.trade_partners import begin, ordered
from tests.contract.trade_site import TradeSite


def lines(sku: str, **told: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, **told}]}


async def test_a_dearer_answer_waits_until_somebody_who_may_agrees_also_after_a_restart(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=100)
    dearer = lines("bolt", units=10, unit_price=49.0) | {"note": "steel is dear"}

    asks = await trading.post(f"/api/v1/portal/orders/{mine}/confirm", dearer, "su")
    await trading.restart()

    found = await trading.get(f"/api/v1/orders/{mine}")
    assert (asks["state"], asks["value"], asks["supplier_note"]) == ("sent", 50.0, "steel is dear")
    assert found["order"]["asking"] == [
        {"sku": "bolt", "units": 10, "unit_price": 49.0, "due_ms": asks["lines"][0]["due_ms"]}
    ]
    assert (found["versions"][-1]["action"], "approve" in found["order"]["may"]) == ("ask", True)
    assert await trading.refused(f"/api/v1/orders/{mine}/approve", {}, "bo") == (422, "above_limit")
    agreed = await trading.post(f"/api/v1/orders/{mine}/approve", {}, "mo")
    assert (agreed["state"], agreed["value"], agreed["asking"]) == ("confirmed", 490.0, [])


async def test_an_article_in_two_lines_is_added_up_where_it_moves_and_refused_where_it_is_agreed_on(
    trading: TradeSite,
) -> None:
    await begin(trading)
    mine = await ordered(trading, bolt=100)
    twice = {"lines": [{"sku": "bolt", "units": 30}, {"sku": "bolt", "units": 40}]}

    for path, name in ((f"/api/v1/orders/{mine}", "bo"), (f"/api/v1/portal/orders/{mine}", "su")):
        assert await trading.refused(f"{path}/confirm", twice, name) == (422, "sku_twice")
    assert await trading.refused(f"/api/v1/orders/{mine}/change", twice) == (422, "sku_twice")
    shipped = await trading.post(f"/api/v1/portal/orders/{mine}/ship", twice | {"key": "a"}, "su")
    two_days = [one | {"due_ms": trading.clock() + at} for at, one in enumerate(twice["lines"])]
    assert await trading.refused(f"/api/v1/portal/orders/{mine}/ship", {"lines": two_days, "key": "b"}, "su") == (
        422,
        "sku_twice",
    )
    pallets = [{"sku": "bolt", "received": 3, "rejected": 1}, {"sku": "bolt", "received": 4}]
    came = await trading.post(f"/api/v1/orders/{mine}/receive", {"lines": pallets, "key": "d", "note": "torn"})

    assert shipped["lines"][0]["shipped"] == 70
    assert (came["lines"][0]["received"], came["lines"][0]["rejected"]) == (7, 1)
    assert (await trading.get("/api/v1/skus/bolt/position"))["position"]["on_hand"] == 7


async def test_what_is_in_no_site_file_is_ordered_by_nobody_and_what_is_not_offered_by_a_manager(
    trading: TradeSite,
) -> None:
    await begin(trading)
    new = {"supplier": "acme", "lines": [{"sku": "bolt", "units": 10}]}
    mine = (await trading.post("/api/v1/orders", new))["id"]
    change = f"/api/v1/orders/{mine}/change"

    for name in ("bo", "mo"):
        assert await trading.refused(change, lines("doesnotexist", units=9, unit_price=1.0), name) == (
            422,
            "unknown_sku",
        )
    assert await trading.refused("/api/v1/orders", new | lines("doesnotexist", units=9)) == (422, "unknown_sku")
    assert await trading.refused(change, lines("tape", units=9, unit_price=1.0), "bo") == (422, "no_offer")
    assert await trading.refused(change, lines("tape", units=9, unit_price=0.0), "mo") == (422, "price")
    assert (await trading.post(change, lines("tape", units=9, unit_price=1.0), "mo"))["value"] == 14.0


async def test_a_proposed_arrival_of_too_much_says_what_is_taken_and_all_of_it_is_kept_if_it_is_meant(
    trading: TradeSite,
) -> None:
    await begin(trading)
    await trading.weigh("A1", 0)
    mine = await ordered(trading, bolt=100)
    await trading.hours(1)
    await trading.weigh("A1", 181)
    await trading.tick(3)
    [seen] = await trading.get("/api/v1/arrivals")
    path = f"/api/v1/arrivals/{seen['id']}/confirm"

    assert (seen["units"], seen["taken"], seen["difference"]) == (181, 105, 81)
    assert await trading.refused(path, {"units": 181}) == (422, "too_many")
    kept = await trading.post(path, {"units": 181, "anyway": True})

    assert (kept["id"], kept["state"], kept["lines"][0]["received"]) == (mine, "received", 181)


async def test_the_crew_keeps_no_more_than_it_may_spend(trading: TradeSite) -> None:
    await begin(trading)
    mine = await ordered(trading, gear=1)
    much = lines("gear", received=20) | {"key": "n", "anyway": True}

    assert await trading.refused(f"/api/v1/orders/{mine}/receive", much, "bo") == (422, "above_limit")
    assert (await trading.post(f"/api/v1/orders/{mine}/receive", much, "mo"))["lines"][0]["received"] == 20
