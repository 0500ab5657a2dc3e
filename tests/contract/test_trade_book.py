"""The book over the web: what is told once counts once, however late, however often, and whatever fails on the way.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cloud.core.book.entries import Entry
from cloud.stores.database import LedgerUnavailable
from tests.contract.trade_site import Json, TradeSite, memory
from tests.depot import DAY_MS, HOUR_MS


def fact(kind: str, units: int, sku: str = "milk", **more: object) -> dict[str, object]:
    return {"kind": kind, "sku": sku, "units": units, **more}


async def on_hand(trading: TradeSite, sku: str = "milk") -> int:
    found: Json = await trading.get(f"/api/v1/skus/{sku}/position")
    return int(found["position"]["on_hand"])


async def told(trading: TradeSite, sku: str = "milk") -> list[Json]:
    found: Json = await trading.get(f"/api/v1/book?sku={sku}")
    return list(found["items"])


async def test_what_is_told_fifty_times_at_once_under_one_key_counts_once(trading: TradeSite) -> None:
    answers = await asyncio.gather(
        *(trading.ask("bo", "POST", "/api/v1/book", fact("receipt", 4), "k1") for _ in range(50))
    )

    assert {(status, told["id"]) for status, told in answers} == {(200, 1)}
    assert await on_hand(trading) == 4
    assert len(await told(trading)) == 1


async def test_fifty_that_take_at_once_take_no_more_than_there_is(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", fact("receipt", 30))

    answers = await asyncio.gather(*(trading.ask("bo", "POST", "/api/v1/book", fact("pick", -1)) for _ in range(50)))

    assert sorted(status for status, _ in answers) == [200] * 30 + [422] * 20
    assert await on_hand(trading) == 0
    await trading.restart()
    assert await on_hand(trading) == 0


async def test_what_is_told_again_after_a_restart_counts_once_though_it_could_not_be_told_anew(
    trading: TradeSite,
) -> None:
    await trading.post("/api/v1/book", fact("receipt", 4))
    taken = await trading.post("/api/v1/book", fact("pick", -4), key="k1")
    assert await trading.refused("/api/v1/book", fact("pick", -3), key="k1") == (409, "key_used")
    await trading.restart()
    assert await trading.refused("/api/v1/book", fact("receipt", 3), key="k1") == (409, "key_used")
    await trading.restart()
    trading.clock.pass_ms(HOUR_MS)

    assert await trading.post("/api/v1/book", fact("pick", -4), key="k1") == taken
    assert await on_hand(trading) == 0
    assert (await trading.post("/api/v1/book", fact("receipt", 7), key="k1", name="cy"))["units"] == 7


async def test_one_key_for_a_fact_and_for_a_count_is_two_writes(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", fact("receipt", 4), key="k1")
    found = await trading.post("/api/v1/counts", {"sku": "milk", "counted": 4}, key="k1")

    assert (found["verdict"], found["entry"]) == ("agrees", 2)
    assert [one["kind"] for one in await told(trading)] == ["receipt", "count"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_fact_that_was_lost_on_its_way_counts_once_when_it_is_told_again(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    books: Any = trading.service.ledger.books
    whole = books.post

    def fails(*arguments: Any) -> Any:
        monkeypatch.setattr(books, "post", whole)
        if after:
            whole(*arguments)
        raise LedgerUnavailable("the connection was lost")

    monkeypatch.setattr(books, "post", fails)
    assert await trading.refused("/api/v1/book", fact("receipt", 4), key="k1") == (503, "unavailable")
    await trading.tick()
    assert await on_hand(trading) == (4 if after else 0)

    await trading.post("/api/v1/book", fact("receipt", 4), key="k1")

    assert await on_hand(trading) == 4
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before


async def test_what_was_read_from_the_ledger_before_it_was_told_here_counts_once(trading: TradeSite) -> None:
    """The account may be folded anew between the moment a fact is stored and the moment its desk hears of it."""
    book, now_ms = trading.service.trade.book, trading.clock()
    stored = trading.service.ledger.books.post([Entry("receipt", "milk", 4, now_ms, now_ms)])
    book.doubt(["milk"])
    await trading.tick()
    assert await on_hand(trading) == 4

    await book.enter(stored)

    assert await on_hand(trading) == 4


async def test_what_becomes_known_late_counts_as_of_when_it_happened(trading: TradeSite) -> None:
    begun_ms = trading.clock()
    await trading.post("/api/v1/book", fact("receipt", 10, unit_cost=2.0))
    trading.clock.pass_ms(DAY_MS)
    await trading.post("/api/v1/book", fact("pick", -6))
    known_ms = trading.clock.pass_ms(DAY_MS)
    late = await trading.post("/api/v1/book", fact("receipt", 5, unit_cost=1.0, happened_ms=begun_ms - DAY_MS))

    standing = await trading.get("/api/v1/skus/milk/position")
    assert standing["position"]["on_hand"] == 9
    assert standing["layers"] == [{"units": 9, "unit_cost": 2.0}], "the older, cheaper ones went first"
    at = f"/api/v1/value?at={begun_ms}"
    now = await trading.get(at)
    then = await trading.get(f"{at}&known={known_ms - 1}")
    assert (now["total"], then["total"]) == (25.0, 20.0)
    assert (await trading.get("/api/v1/value"))["total"] == 18.0

    await trading.post("/api/v1/book", fact("receipt", 5, ref=f"entry:{late['id']}"))
    assert await on_hand(trading) == 4
    assert (await trading.get("/api/v1/skus/milk/position"))["layers"] == [{"units": 4, "unit_cost": 2.0}]
    assert await trading.refused("/api/v1/book", fact("receipt", 5, ref=f"entry:{late['id']}")) == (422, "taken_back")
    assert await trading.refused("/api/v1/book", fact("receipt", 5, ref="entry:99")) == (422, "unknown_entry")
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before


async def test_a_count_stands_whatever_of_before_it_becomes_known_later(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", fact("receipt", 10))
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/book", fact("count", 8))
    counted_ms = trading.clock()
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/book", fact("receipt", 3))
    assert await on_hand(trading) == 11

    await trading.post("/api/v1/book", fact("pick", -2, happened_ms=counted_ms - 60_000))

    assert await on_hand(trading) == 11


async def test_what_is_not_there_is_refused_in_a_sentence_or_owed_until_it_comes(trading: TradeSite) -> None:
    status, said = await trading.ask("bo", "POST", "/api/v1/book", fact("pick", -3))
    assert (status, said["code"]) == (422, "short")
    assert "0 are there, 3 were asked" in said["detail"]
    assert await on_hand(trading) == 0

    await trading.post("/api/v1/book", fact("pick", -3, "tape", note="for the fair"))
    await trading.tick()
    standing = await trading.get("/api/v1/skus/tape/position")
    assert standing["position"]["on_hand"] == -3
    [debt] = standing["debts"]
    assert (debt["units"], debt["cause"]) == (3, "for the fair")
    assert trading.sku("tape")["owed"] == 3
    await trading.post("/api/v1/book", fact("receipt", 5, "tape"))
    await trading.tick()
    standing = await trading.get("/api/v1/skus/tape/position")
    assert (standing["position"]["on_hand"], standing["debts"]) == (2, [])
    assert trading.sku("tape")["owed"] == 0


async def test_what_is_set_aside_is_there_and_not_available_and_is_ordered_again(trading: TradeSite) -> None:
    await trading.weigh("A1", 60)
    await trading.weigh("A2", 0)
    await trading.tick(5)
    assert trading.needs("bolt") == []

    await trading.post("/api/v1/book", fact("quarantine", 45, "bolt"))
    await trading.tick(3)

    seen = trading.sku("bolt")
    assert (seen["on_hand"], seen["quarantined"], seen["available"], seen["projected"]) == (60, 45, 15, 15)
    [need] = trading.needs("bolt")
    assert need["card"]["position"]["quarantined"] == 45
    assert await trading.refused("/api/v1/book", fact("quarantine", 16, "bolt")) == (422, "quarantine")
    await trading.post("/api/v1/book", fact("quarantine", -45, "bolt"))
    await trading.tick(3)
    assert trading.sku("bolt")["available"] == 60
    assert trading.needs("bolt") == []


async def test_a_receipt_explains_what_the_shelf_saw_before_it_or_will_see_after(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await trading.weigh("A2", 0)
    trading.clock.pass_ms(HOUR_MS)
    await trading.weigh("A1", 30)
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/book", fact("receipt", 50, "bolt", unit_cost=0.4))
    standing = await trading.get("/api/v1/skus/bolt/position")
    assert (standing["position"]["on_hand"], standing["unexplained"]) == (60, [])
    trading.clock.pass_ms(HOUR_MS)
    await trading.weigh("A2", 30)
    await trading.tick()

    standing = await trading.get("/api/v1/skus/bolt/position")
    assert (standing["position"]["on_hand"], standing["unexplained"]) == (60, [])
    assert standing["layers"][-1]["unit_cost"] == 0.4
    assert trading.sku("bolt")["on_hand"] == 60


async def test_movements_of_the_past_are_folded_in_where_they_happened(trading: TradeSite) -> None:
    """A gateway that was away hands in what it saw."""
    await trading.weigh("A1", 10)
    await trading.weigh("A2", 0)
    away_ms = trading.clock()
    trading.clock.pass_ms(DAY_MS)
    await trading.post("/api/v1/book", fact("receipt", 20, "bolt"))
    await trading.weigh("A1", 4, away_ms + HOUR_MS)
    await trading.tick(6)

    assert trading.service.trade.book.account("bolt").shelves == {"A1": 4, "A2": 0}
    assert await on_hand(trading, "bolt") == 24
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before


async def test_the_book_is_read_page_by_page(trading: TradeSite) -> None:
    for units in range(1, 6):
        await trading.post("/api/v1/book", fact("receipt", units))

    first = await trading.get("/api/v1/book?limit=3")
    rest = await trading.get(f"/api/v1/book?limit=3&after={first['next']}")

    assert [one["units"] for one in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    assert rest["next"] is None


async def test_goods_in_quarantine_that_are_lost_leave_no_quarantine_behind(trading: TradeSite) -> None:
    for kind, units in (("receipt", 5), ("quarantine", 5), ("loss", -5)):
        await trading.post("/api/v1/book", fact(kind, units, lot="L1"))
    await trading.post("/api/v1/book", fact("receipt", 5, lot="L2"))

    found = await trading.get("/api/v1/skus/milk/position")
    assert (found["position"]["on_hand"], found["position"]["quarantined"], found["available"]) == (5, 0, 5)


async def test_what_belongs_to_an_order_or_a_reservation_is_not_told_by_hand(trading: TradeSite) -> None:
    assert await trading.refused("/api/v1/book", fact("receipt", 5, ref="order:7")) == (422, "ref")
    assert await trading.refused("/api/v1/book", fact("receipt", 5, ref="reservation:7")) == (422, "ref")


async def test_what_is_reserved_is_not_picked_without_its_reservation(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", fact("receipt", 10))
    held = await trading.post("/api/v1/reservations", {"sku": "milk", "units": 8, "tier": "gold"})
    status, said = await trading.ask("bo", "POST", "/api/v1/book", fact("pick", -5))
    assert (status, said["code"]) == (422, "reserved")
    assert "2 are free, 5 were asked; 8 are reserved" in said["detail"]
    await trading.post("/api/v1/book", fact("pick", -2))
    await trading.post(f"/api/v1/reservations/{held['id']}/pick")
    assert await on_hand(trading) == 0

    await trading.post("/api/v1/book", fact("receipt", 10))
    await trading.post("/api/v1/reservations", {"sku": "milk", "units": 8, "tier": "gold"})
    await trading.post("/api/v1/book", fact("loss", -5))
    assert (await trading.get("/api/v1/skus/milk/position"))["available"] == -3


async def test_nothing_is_picked_before_it_came(trading: TradeSite) -> None:
    begun_ms = trading.clock()
    trading.clock.pass_ms(2 * DAY_MS)
    await trading.post("/api/v1/book", fact("receipt", 10))
    status, said = await trading.ask("bo", "POST", "/api/v1/book", fact("pick", -10, happened_ms=begun_ms))
    assert (status, said["code"]) == (422, "short")
    assert said["detail"] == "When it is told to have happened: 0 are there, 10 were asked."

    await trading.post("/api/v1/book", fact("receipt", 10, happened_ms=begun_ms - HOUR_MS))
    await trading.post("/api/v1/book", fact("pick", -10, happened_ms=begun_ms))
    assert await on_hand(trading) == 10
    owed = await trading.post("/api/v1/book", fact("pick", -1, "tape", happened_ms=begun_ms))
    assert owed["units"] == -1


async def test_more_picks_than_a_person_had_found_leave_nothing_there_and_the_slot_is_to_be_counted(
    trading: TradeSite,
) -> None:
    await trading.weigh("A1", 49)
    await trading.weigh("A2", 0)
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/book", fact("count", 2, "bolt", place="A1"))
    for left in (48, 47, 46, 45):
        trading.clock.pass_ms(HOUR_MS)
        await trading.weigh("A1", left)

    assert await on_hand(trading, "bolt") == 0
    assert trading.service.trade.book.account("bolt").on_hand == 0
    round_ = await trading.get("/api/v1/counts")
    assert "differs" in next(one["reasons"] for one in round_["today"] if one["place"] == "A1")


async def test_a_pick_takes_the_lots_that_the_list_names(trading: TradeSite) -> None:
    for lot, units, expiry in (("OLD", 5, "2020-01-01"), ("NEW", 9, "2099-01-01")):
        await trading.post("/api/v1/book", fact("receipt", units, lot=lot, expiry=expiry))
    listed = await trading.get("/api/v1/skus/milk/picks?units=7")
    await trading.post("/api/v1/book", fact("pick", -7))

    assert [(one["lot"], one["units"]) for one in listed["lines"]] == [("NEW", 7)]
    lots = {one["lot"]: one["units"] for one in (await trading.get("/api/v1/skus/milk/position"))["lots"]}
    assert lots == {"OLD": 5, "NEW": 2}
    assert await trading.refused("/api/v1/book", fact("pick", -3, lot="NEW")) == (422, "short")


async def test_what_stock_cost_and_is_worth_is_for_who_may_buy(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 4, "unit_cost": 2.0})

    for path in ("/api/v1/value", "/api/v1/exports/layers", "/api/v1/exports/worth"):
        assert (await trading.ask("ada", "GET", path))[0] == 403
    at = "/api/v1/skus/milk/position"
    told, others = await trading.get(at, "bo"), await trading.get(at, "ada")
    assert (told["value"], told["layers"]) == (8.0, [{"units": 4, "unit_cost": 2.0}])
    assert others == {**told, "value": None, "layers": []}


async def test_what_stock_is_worth_is_told_as_known_now(trading: TradeSite) -> None:
    found = await trading.get("/api/v1/value")

    assert (found["at_ms"], found["known_ms"]) == (trading.clock(), trading.clock())
