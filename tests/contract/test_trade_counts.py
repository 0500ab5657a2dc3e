"""Counts over the web: what to count and why, what a count says, and what is said of it once more is known.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio

from tests.contract.trade_site import Json, TradeSite, memory
from tests.depot import HOUR_MS

MINUTE_MS = 60_000


async def counted(trading: TradeSite, units: int, key: str = "", sku: str = "milk", **more: object) -> Json:
    return await trading.post("/api/v1/counts", {"sku": sku, "counted": units, **more}, key=key)


async def full(trading: TradeSite) -> None:
    """Hundred of milk came an hour ago."""
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 100})
    trading.clock.pass_ms(HOUR_MS)


async def test_a_count_that_agrees_is_an_anchor_at_once(trading: TradeSite) -> None:
    await full(trading)

    found = await counted(trading, 100)

    assert (found["verdict"], found["expected"], found["difference"], found["causes"]) == ("agrees", 100, 0, [])
    assert found["entry"] == 2


async def test_a_count_that_differs_is_repeated_before_it_stands(trading: TradeSite) -> None:
    await full(trading)
    await trading.post("/api/v1/book", {"kind": "quarantine", "sku": "milk", "units": 10})

    first = await counted(trading, 90)
    assert (first["verdict"], first["entry"], first["difference"]) == ("recount", 0, -10)
    assert trading.service.trade.position("milk").on_hand == 100
    [listed] = [one for one in (await trading.get("/api/v1/counts"))["today"] if one["sku"] == "milk"]
    assert "recount" in listed["reasons"]
    await trading.restart()
    second = await counted(trading, 90)

    assert (second["verdict"], second["difference"], second["value"]) == ("differs", -10, -10.0)
    assert second["causes"][0]["code"] == "quarantined"
    assert trading.service.trade.position("milk").on_hand == 90
    assert (await trading.get("/api/v1/counts"))["accuracy"]["counts"] == 1
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before


async def test_a_count_sent_twice_under_one_key_is_not_its_own_second_count(trading: TradeSite) -> None:
    await full(trading)
    asked = {"sku": "milk", "counted": 90}

    answers = await asyncio.gather(*(trading.ask("bo", "POST", "/api/v1/counts", asked, "k1") for _ in range(20)))
    assert {told["verdict"] for _, told in answers} == {"recount"}
    await trading.restart()
    assert await trading.refused("/api/v1/counts", {"sku": "milk", "counted": 92}, key="k1") == (409, "key_used")
    await trading.restart()
    assert (await counted(trading, 90, "k1"))["verdict"] == "recount"
    assert await trading.refused("/api/v1/counts", {"sku": "milk", "counted": 91}, key="k1") == (409, "key_used")

    assert (await counted(trading, 90, "k2"))["verdict"] == "differs"
    assert (await counted(trading, 90, "k2"))["verdict"] == "differs"
    assert (await trading.get("/api/v1/counts"))["accuracy"]["counts"] == 1


async def test_goods_that_move_while_somebody_counts_are_no_difference(trading: TradeSite) -> None:
    await full(trading)
    began_ms = trading.clock()
    trading.clock.pass_ms(MINUTE_MS)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -7})
    trading.clock.pass_ms(MINUTE_MS)

    assert (await counted(trading, 100, at_ms=began_ms))["verdict"] == "agrees"
    first = await counted(trading, 100)
    assert (first["verdict"], first["expected"]) == ("recount", 93)
    assert first["causes"][0]["code"] == "moved_while_counting"


async def test_what_becomes_known_later_judges_the_count_anew(trading: TradeSite) -> None:
    await full(trading)
    for _ in range(2):
        found = await counted(trading, 80)
        trading.clock.pass_ms(MINUTE_MS)
    assert (found["verdict"], found["difference"]) == ("differs", -20)
    assert (await trading.get("/api/v1/counts"))["accuracy"]["counts"] == 1
    before = trading.service.trade.counts.stood[0].finding
    await trading.restart()

    half_an_hour_ago_ms = trading.clock() - HOUR_MS // 2
    late = {"kind": "pick", "sku": "milk", "units": -20, "happened_ms": half_an_hour_ago_ms}
    await trading.post("/api/v1/book", late)
    await trading.tick(3)

    [after] = trading.service.trade.counts.stood
    assert (before.verdict, after.finding.verdict, after.finding.difference) == ("differs", "agrees", 0)
    assert trading.service.trade.position("milk").on_hand == 80
    await trading.restart()
    assert [*trading.service.trade.counts.stood] == [after]


async def test_a_first_count_that_turns_out_to_have_been_right_needs_no_second(trading: TradeSite) -> None:
    await full(trading)
    assert (await counted(trading, 80))["verdict"] == "recount"

    late = {"kind": "pick", "sku": "milk", "units": -20, "happened_ms": trading.clock() - HOUR_MS // 2}
    trading.clock.pass_ms(MINUTE_MS)
    await trading.post("/api/v1/book", late)
    with trading.away():
        await trading.tick()
    await trading.tick(3)

    assert trading.service.trade.counts.waiting == {}
    assert [one["kind"] for one in (await trading.get("/api/v1/book?sku=milk"))["items"]] == [
        "receipt",
        "pick",
        "count",
    ]


async def test_a_persons_count_of_a_slot_stands_against_what_its_scale_claims(trading: TradeSite) -> None:
    await trading.weigh("A1", 50)
    await trading.weigh("A2", 0)
    await trading.tick(2)
    for _ in range(2):
        found = await counted(trading, 47, sku="bolt", place="A1")
        trading.clock.pass_ms(MINUTE_MS)
    await trading.tick()

    assert (found["verdict"], found["difference"]) == ("differs", -3)
    assert trading.sku("bolt")["on_hand"] == 47
    await trading.weigh("A1", 45)
    await trading.tick()
    assert trading.sku("bolt")["on_hand"] == 42


async def test_the_round_lists_what_matters_with_its_reasons(trading: TradeSite) -> None:
    await trading.weigh("A1", 50)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "tape", "units": -3})
    await trading.tick(2)

    listed = (await trading.get("/api/v1/counts"))["today"]

    by_place = {(one["sku"], one["place"]): one for one in listed}
    assert ("tape", "") in by_place
    assert by_place["tape", ""]["reasons"]
    assert [one["score"] for one in listed] == sorted((one["score"] for one in listed), reverse=True)


async def test_a_count_of_what_does_not_lie_there_says_where_it_lies(trading: TradeSite) -> None:
    for asked, said in (
        ({"sku": "bolt", "place": "G1", "counted": 1}, "unknown_place"),
        ({"sku": "nothing", "counted": 1}, "unknown_place"),
        ({"sku": "milk", "counted": 1, "at_ms": trading.clock() + 90_000_000}, "time"),
    ):
        assert await trading.refused("/api/v1/counts", asked) == (422, said)


async def test_a_count_that_differs_is_approved_by_who_may_and_did_not_count(trading: TradeSite) -> None:
    await full(trading)
    here = {"sku": "milk", "place": ""}
    assert (await counted(trading, 90))["verdict"] == "recount"

    assert await trading.refused("/api/v1/counts/approve", here) == (422, "own_count")
    assert (await trading.ask("op", "POST", "/api/v1/counts/approve", here))[0] == 403
    [waits] = (await trading.get("/api/v1/counts/differences"))["items"]
    assert (waits["waiting"], waits["counted"], waits["expected"], waits["counts"][0]["by"]) == (True, 90, 100, "bo")
    assert (await trading.ask("op", "GET", "/api/v1/counts/differences"))[1]["items"] == [], "they count blind"
    for _ in range(2):
        status, told = await trading.ask("cy", "POST", "/api/v1/counts/approve", here, "k")
        assert (status, told["verdict"], told["difference"]) == (200, "differs", -10)

    assert trading.service.trade.position("milk").on_hand == 90
    assert (await trading.ask("cy", "POST", "/api/v1/counts/approve", here, "other"))[1]["code"] == "not_waiting"
    [stands] = (await trading.ask("op", "GET", "/api/v1/counts/differences"))[1]["items"]
    assert (stands["waiting"], stands["difference"], stands["again"]) == (False, -10, False)
    await trading.restart()
    assert (await trading.ask("cy", "POST", "/api/v1/counts/approve", here, "k"))[1]["difference"] == -10


async def test_a_count_is_approved_by_the_figures_that_were_seen_and_by_no_others(trading: TradeSite) -> None:
    await full(trading)
    here = {"sku": "milk", "place": ""}
    await counted(trading, 90)
    [first] = (await trading.get("/api/v1/counts/differences"))["items"]
    seen = here | {"seen": {"counted": first["counted"], "expected": first["expected"]}}
    trading.clock.pass_ms(MINUTE_MS)
    await trading.ask("op", "POST", "/api/v1/counts", here | {"counted": 500})

    for what in ("approve", "again"):
        status, told = await trading.ask("cy", "POST", f"/api/v1/counts/{what}", seen)
        assert (status, told["code"], told["by"]) == (409, "changed", "op")
        assert told["changed_ms"] == trading.clock()
    assert trading.service.trade.position("milk").on_hand == 100
    now = here | {"seen": {"counted": 500, "expected": 100}}
    assert (await trading.ask("cy", "POST", "/api/v1/counts/approve", now))[1]["counted"] == 500
    assert await trading.refused("/api/v1/counts/again", seen) == (409, "changed")
    assert (await trading.ask("cy", "POST", "/api/v1/counts/again", now))[0] == 204


async def test_what_stands_is_counted_again_where_somebody_asks_for_it(trading: TradeSite) -> None:
    await full(trading)
    here = {"sku": "milk", "place": ""}
    assert await trading.refused("/api/v1/counts/again", here) == (422, "not_counted_yet")
    await counted(trading, 90)
    await counted(trading, 90)

    assert (await trading.ask("bo", "POST", "/api/v1/counts/again", here))[0] == 204
    await trading.restart()

    [listed] = [one for one in (await trading.get("/api/v1/counts"))["today"] if one["sku"] == "milk"]
    assert listed["reason"] == "recount"
    assert (await trading.get("/api/v1/counts/differences"))["items"][0]["again"]
    assert (await counted(trading, 90))["verdict"] == "agrees"
    assert "milk" not in [one["sku"] for one in (await trading.get("/api/v1/counts"))["today"]]


async def test_a_place_that_was_left_out_says_so_until_it_is_counted(trading: TradeSite) -> None:
    await full(trading)

    async def left_out() -> Json:
        return [one["skipped"] for one in (await trading.get("/api/v1/counts"))["today"] if one["sku"] == "milk"]

    assert (await trading.ask("op", "POST", "/api/v1/counts/skip", {"sku": "milk", "reason": "blocked"}))[0] == 204
    await trading.restart()
    assert await left_out() == [{"reason": "blocked", "by": "op", "at_ms": trading.clock.now_ms}]
    assert await trading.refused("/api/v1/counts/skip", {"sku": "milk", "reason": "lunch"}) == (400, "bad_request")
    await counted(trading, 80)
    assert await left_out() == [None]
