"""What waits to be ordered and what people decide about it, through the real web over the real stores: put off, edited,
drafted together; and an article's course, measured and foretold."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec.structs import replace

from cloud.core.sku_view import Suggestion
from cloud.web.tags import Tag, tag_of
from protocols.reports import SlotLevel, StockEvent
from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS, HOUR_MS


async def test_the_queue_tells_what_runs_out_first_why_from_whom_and_what_it_costs(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)

    told = await trading.get("/api/v1/replenishment", "ada")

    [row] = [one for one in told["items"] if one["sku"] == "bolt"]
    assert (row["id"], row["units"], row["on_hand"], row["reorder_point"]) == (need["id"], need["quantity"], 5, 20)
    assert "below_point" in row["why"]
    assert (row["supplier"], row["supplier_name"], row["lead_time_days"]) == ("acme", "Acme", 3.0)
    assert row["cost"] == need["quantity"] * 0.5 + 5
    assert told["more"] == 0
    assert (await trading.get("/api/v1/replenishment?limit=1", "ada"))["more"] == len(told["items"]) - 1
    assert await trading.get(f"/api/v1/replenishment/{need['id']}", "ada") == row


async def test_who_puts_a_need_off_is_named_also_after_a_restart_and_it_can_be_decided_sooner(
    trading: TradeSite,
) -> None:
    bolt = await trading.needed("A1", 5)
    path, until_ms = f"/api/v1/needs/{bolt['id']}/snooze", trading.clock() + 2 * DAY_MS

    row = await trading.post(path, {"until_ms": until_ms, "note": "spring sale"}, key="later")

    assert (row["snoozed_until_ms"], row["snoozed_by"], row["note"]) == (until_ms, "bo", "spring sale")
    assert await trading.post(path, {"until_ms": until_ms, "note": "spring sale"}, key="later") == row
    assert trading.needs("bolt")[0]["why"]["snoozed_by"] == "bo"
    await trading.restart()
    await trading.tick(3)
    [kept] = trading.needs("bolt")
    assert kept["why"]["snoozed_until_ms"] == until_ms
    versions = await trading.get(f"/api/v1/needs/{bolt['id']}")
    assert [one["why"].get("snoozed_until_ms") for one in versions] == [None, until_ms]
    again = await trading.post(path, {})
    assert (again["snoozed_until_ms"], again["snoozed_by"]) == (0, "")


async def test_a_snoozed_need_is_not_ordered_by_the_service_before_its_time_is_over(trading: TradeSite) -> None:
    await trading.needed("A1", 5)
    await trading.weigh("B1", 2)
    await trading.tick(5)
    [order] = await trading.get("/api/v1/orders")
    await trading.post(f"/api/v1/orders/{order['id']}/cancel", {"anyway": True})
    await trading.tick(3)  # it is wanted anew, and would be ordered in a day
    [nut] = trading.needs("nut")
    await trading.post(f"/api/v1/needs/{nut['id']}/snooze", {"until_ms": trading.clock() + 3 * DAY_MS})

    await trading.hours(30)

    assert [one for one in await trading.get("/api/v1/orders") if one["state"] not in ("cancelled", "closed")] == []
    await trading.hours(45)
    assert [one for one in await trading.get("/api/v1/orders") if one["state"] not in ("cancelled", "closed")]


async def test_a_time_that_is_over_and_a_need_on_an_order_can_not_be_put_off(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    path = f"/api/v1/needs/{need['id']}/snooze"
    ahead = {"until_ms": trading.clock() + DAY_MS}

    assert await trading.refused(path, {"until_ms": trading.clock() - 1}) == (422, "date")
    assert await trading.refused(path, {"until_ms": trading.clock() + 400 * DAY_MS}) == (422, "date")
    assert await trading.refused(path, ahead, name="op") == (403, "forbidden")
    assert await trading.refused("/api/v1/needs/4711/snooze", ahead) == (404, "unknown")
    await trading.post(f"/api/v1/needs/{need['id']}/order", {})
    assert await trading.refused(path, ahead) == (422, "ordered")


async def test_of_two_who_decide_about_the_same_need_the_second_is_told_who_was_first(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    path = f"/api/v1/replenishment/{need['id']}"
    _, headers, _ = await trading.request("bo", "GET", path, None, {})
    seen = {"If-Match": headers["ETag"]}
    await trading.post(f"/api/v1/needs/{need['id']}/snooze", {"until_ms": trading.clock() + DAY_MS}, name="cy")

    order = await trading.request("bo", "POST", f"/api/v1/needs/{need['id']}/order", {"units": 80}, seen)

    assert (order[0], order[2]["code"], order[2]["by"]) == (412, "changed", "cy")
    assert await trading.get("/api/v1/orders") == []
    _, headers, _ = await trading.request("bo", "GET", path, None, {})
    done = await trading.request(
        "bo", "POST", f"/api/v1/needs/{need['id']}/order", {"units": 80}, {"If-Match": headers["ETag"]}
    )
    assert (done[0], done[2]["orders"][0]["lines"][0]["units"]) == (200, 80)


async def test_what_is_proposed_may_move_and_who_looked_at_a_need_can_still_decide(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    path = f"/api/v1/replenishment/{need['id']}"
    _, headers, told = await trading.request("bo", "GET", path, None, {})
    seen = msgspec.convert(told, Suggestion)
    moved = replace(seen, units=seen.units + 20, available=1, out_ms=seen.out_ms + 1)

    assert (tag_of(moved), headers["ETag"]) == (tag_of(seen), f'"{(tag_of(seen) or Tag("")).value}"')
    assert tag_of(replace(seen, order=7)) != tag_of(seen)
    assert tag_of(replace(seen, snoozed_until_ms=7)) != tag_of(seen)


async def test_chosen_needs_become_one_draft_a_supplier_which_nobody_has_approved_yet(trading: TradeSite) -> None:
    bolt = await trading.needed("A1", 5)
    await trading.weigh("G1", 1)
    await trading.tick(2)
    gear = trading.needs("gear")[0]
    body = {"needs": [{"need": bolt["id"], "units": 80}, {"need": gear["id"], "changed_ms": gear["changed_ms"]}]}
    if gear["order"] is not None:  # dear, so the service drafted it: that draft is given up first
        await trading.post(f"/api/v1/orders/{gear['order']}/cancel", {})
        await trading.tick(3)
        gear = trading.needs("gear")[0]
        body["needs"][1] = {"need": gear["id"], "changed_ms": gear["changed_ms"]}

    [draft] = (await trading.post("/api/v1/replenishment/drafts", body, key="two"))["orders"]

    assert (draft["state"], draft["supplier"]) == ("draft", "acme")
    assert {line["sku"]: line["units"] for line in draft["lines"]} == {"bolt": 80, "gear": gear["quantity"]}
    assert await trading.post("/api/v1/replenishment/drafts", body, key="two") == {"orders": [draft]}
    assert await trading.refused("/api/v1/replenishment/drafts", body) == (422, "ordered")
    told = await trading.get(f"/api/v1/orders/{draft['id']}")
    assert [(one["action"], one["by"]) for one in told["versions"]] == [("draft", "bo")]  # who put them there


async def test_a_draft_of_what_somebody_changed_meanwhile_is_refused_whole(trading: TradeSite) -> None:
    bolt = await trading.needed("A1", 5)
    one = {"need": bolt["id"], "changed_ms": bolt["changed_ms"] - 1}

    assert await trading.refused("/api/v1/replenishment/drafts", {"needs": [one]}) == (409, "changed")
    assert await trading.refused("/api/v1/replenishment/drafts", {"needs": [one, one]}) == (422, "sku_twice")
    assert await trading.refused("/api/v1/replenishment/drafts", {"needs": []}) == (400, "bad_request")
    assert await trading.get("/api/v1/orders") == []


async def test_a_need_the_planner_looks_at_in_the_same_moment_stays_put_off(trading: TradeSite) -> None:
    need = await trading.needed("A1", 5)
    until_ms = trading.clock() + 5 * DAY_MS
    snoozing = trading.post(f"/api/v1/needs/{need['id']}/snooze", {"until_ms": until_ms})

    await trading.weigh("A1", 0)
    await asyncio.gather(snoozing, trading.tick(4))

    [still] = trading.needs("bolt")
    assert still["why"]["snoozed_until_ms"] == until_ms


async def test_a_course_tells_what_was_there_with_its_gaps_and_is_refused_for_what_is_not_there(
    trading: TradeSite,
) -> None:
    start_ms = trading.clock()
    await trading.weigh("B1", 100, start_ms)
    trading.clock.pass_ms(HOUR_MS)
    lost_ms = trading.clock()
    await trading.hear(SlotLevel("B1", "nut", None, 0, 300, 0.0, 0.0, lost_ms, "unstable", "check_sensor"))
    trading.clock.pass_ms(HOUR_MS)
    back_ms = trading.clock()
    await trading.hear(
        StockEvent("B1", "nut", -10, 90, back_ms, 0.99), SlotLevel("B1", "nut", 90, 90, 90, 0.99, 1800.0, back_ms)
    )
    await trading.tick(2)

    told = await trading.get("/api/v1/skus/nut/course?days=2", "ada")

    found = dict(zip(told["times"], told["stock"], strict=True))
    assert (found[start_ms], found[lost_ms], found[back_ms]) == (100, None, 90)
    assert told["ahead"] is None  # of no whole day is the demand known yet
    assert told["reorder_point"] == 10
    status, refusal = await trading.ask("ada", "GET", "/api/v1/skus/gold/course")
    assert (status, refusal["code"]) == (404, "unknown")
    assert (await trading.ask("ada", "GET", "/api/v1/skus/nut/course?days=0"))[0] == 400


async def test_after_some_days_a_course_is_foretold_and_what_if_and_back_test_answer(trading: TradeSite) -> None:
    now_ms, count = trading.clock(), 290
    await trading.weigh("B1", count, now_ms)
    for _ in range(14):
        trading.clock.pass_ms(DAY_MS)
        count -= 12
        await trading.weigh("B1", count, trading.clock())
    await trading.tick(5)

    told = await trading.get("/api/v1/skus/nut/course?days=30", "ada")
    now = (await trading.get("/api/v1/what-if?sku=nut", "ada"))["now"]
    then = (await trading.get("/api/v1/what-if?sku=nut&demand=200", "ada"))["then"]
    every = await trading.get("/api/v1/what-if?lead=150", "ada")
    test = await trading.get("/api/v1/backtest?sku=nut", "ada")

    assert sum(one or 0 for one in told["demand"]) == 13 * 12
    assert told["ahead"]["there"][0] == trading.sku("nut")["available"]
    assert told["ahead"]["out"]["likely_ms"] > trading.clock()
    assert told["card"]["reorder_point"] == told["reorder_point"]
    assert then["orders"] > 1.5 * now["orders"]
    assert every["skus"] >= 1
    assert test["days"] >= 5
    assert {one["level"] for one in test["points"]} > {0.9, 0.95}
    status, refusal = await trading.ask("ada", "GET", "/api/v1/what-if?sku=gold")
    assert (status, refusal["code"]) == (404, "unknown")
