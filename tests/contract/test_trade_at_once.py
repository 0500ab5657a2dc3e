"""Two who want the same units at once, over the web: the second is refused; and nobody waits for another SKU.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from cloud.core.book.entries import Entry
from tests.contract.trade_site import Json, TradeSite, memory
from tests.depot import DAY_MS, HOUR_MS

ROUNDS = 12
RESERVE = {"sku": "milk", "units": 10, "tier": "gold"}


def fact(kind: str, units: int, sku: str = "milk", **more: object) -> dict[str, object]:
    return {"kind": kind, "sku": sku, "units": units, **more}


async def at_once(trading: TradeSite, *asked: tuple[str, object]) -> list[tuple[int, Json]]:
    """What each is answered, asked in the same moment."""
    return [*await asyncio.gather(*(trading.ask("bo", "POST", path, body) for path, body in asked))]


async def stands(trading: TradeSite, sku: str = "milk") -> Json:
    return (await trading.get(f"/api/v1/skus/{sku}/position"))["position"]


async def counted(trading: TradeSite, units: int) -> None:
    trading.clock.pass_ms(1000)
    await trading.post("/api/v1/book", fact("count", units))


async def test_of_two_who_reserve_and_pick_the_same_units_one_is_refused(trading: TradeSite) -> None:
    for _ in range(ROUNDS):
        await counted(trading, 10)

        held, taken = await at_once(trading, ("/api/v1/reservations", RESERVE), ("/api/v1/book", fact("pick", -10)))

        assert sorted((held[0], taken[0])) == [200, 422]
        found = await stands(trading)
        assert (found["on_hand"], found["reserved"]) == ((10, 10) if held[0] == 200 else (0, 0))
        if held[0] == 200:
            assert taken[1]["error"] == "reserved"
            await trading.post(f"/api/v1/reservations/{held[1]['id']}/release")


async def test_a_reservation_is_not_picked_of_what_is_being_lost(trading: TradeSite) -> None:
    for _ in range(ROUNDS):
        await counted(trading, 10)
        held = await trading.post("/api/v1/reservations", {**RESERVE, "units": 5})

        taken, lost = await at_once(
            trading, (f"/api/v1/reservations/{held['id']}/pick", None), ("/api/v1/book", fact("loss", -10))
        )

        assert sorted((taken[0], lost[0])) == [200, 422]
        assert (await stands(trading))["on_hand"] == (5 if taken[0] == 200 else 0)
        if taken[0] != 200:
            await trading.post(f"/api/v1/reservations/{held['id']}/release")


async def test_whatever_comes_at_once_no_more_leaves_than_was_there(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", fact("receipt", 20))
    held = [await trading.post("/api/v1/reservations", {**RESERVE, "units": 4}) for _ in range(2)]
    asked: list[tuple[str, object]] = [(f"/api/v1/reservations/{one['id']}/pick", None) for one in held]
    asked += [("/api/v1/book", fact("loss", -7)), ("/api/v1/book", fact("pick", -7)), ("/api/v1/reservations", RESERVE)]
    asked += [("/api/v1/book", fact("transfer", -7, other="acme")), ("/api/v1/counts", {"sku": "milk", "counted": 20})]

    answers = await at_once(trading, *asked)

    assert {status for status, _ in answers} == {200, 422}
    found = await stands(trading)
    assert found["on_hand"] >= 0
    after = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == after


async def test_a_fact_that_takes_long_to_be_folded_holds_nobody_of_another_sku(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_ms = trading.clock()
    await trading.post("/api/v1/book", fact("receipt", 10))
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/book", fact("pick", -1))
    books, begun, go_on = trading.service.ledger.books, asyncio.Event(), Event()
    loop, facts = asyncio.get_running_loop(), books.facts

    def slow(sku: str, *more: Any) -> Iterator[Entry]:
        if sku == "milk":
            loop.call_soon_threadsafe(begun.set)
            assert go_on.wait(10)
        return facts(sku, *more)

    monkeypatch.setattr(books, "facts", slow)
    try:
        late = asyncio.create_task(trading.ask("bo", "POST", "/api/v1/book", fact("pick", -1, happened_ms=at_ms + 1)))
        await begun.wait()
        await trading.post("/api/v1/book", fact("receipt", 5, "tape"))
        await trading.post("/api/v1/counts", {"sku": "tape", "counted": 5})
        await trading.post("/api/v1/reservations", {"sku": "tape", "units": 2})
        waiting = asyncio.create_task(trading.ask("bo", "POST", "/api/v1/reservations", {**RESERVE, "units": 9}))
        assert (await stands(trading, "tape"))["reserved"] == 2
        assert not late.done()
    finally:
        go_on.set()

    assert (await late)[0] == 200
    assert (await waiting)[1]["error"] == "not_enough", "it waits for what becomes of the eight"
    assert (await stands(trading))["on_hand"] == 8


async def test_what_has_run_out_is_not_picked_though_nobody_ended_it_yet(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", fact("receipt", 10))
    held = await trading.post("/api/v1/reservations", {**RESERVE, "hours": 1})
    trading.clock.pass_ms(HOUR_MS)

    path = f"/api/v1/reservations/{held['id']}/pick"
    assert await trading.refused(path) == (422, "reservation_over")
    assert (await stands(trading))["reserved"] == 0
    assert (await trading.post("/api/v1/reservations", RESERVE))["state"] == "held"


async def test_what_left_since_is_not_taken_back_with_what_came(trading: TradeSite) -> None:
    came = await trading.post("/api/v1/book", fact("receipt", 20))
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/book", fact("pick", -15))
    back = {**fact("receipt", 20), "ref": f"entry:{came['id']}"}

    assert await trading.refused("/api/v1/book", back) == (422, "short")
    assert (await stands(trading))["on_hand"] == 5
    await trading.post("/api/v1/book", fact("receipt", 16, happened_ms=came["happened_ms"]))
    await trading.post("/api/v1/book", back)
    assert (await stands(trading))["on_hand"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v1/book", fact("count", 2)), ("/api/v1/counts", {"sku": "milk", "counted": 2})],
    ids=["a fact", "a count"],
)
async def test_a_count_of_before_is_refused_where_more_left_since_than_it_found(
    trading: TradeSite, path: str, body: dict[str, object]
) -> None:
    now_ms = trading.clock()
    await trading.post("/api/v1/book", fact("receipt", 10, happened_ms=now_ms - 4 * DAY_MS))
    await trading.post("/api/v1/book", fact("pick", -5, happened_ms=now_ms - 2 * DAY_MS))
    body = body | {"happened_ms" if path == "/api/v1/book" else "at_ms": now_ms - 3 * DAY_MS}

    for _ in range(2):
        assert await trading.refused(path, body) == (422, "short")

    assert (await stands(trading))["on_hand"] == 5
    assert (await trading.get("/api/v1/counts"))["accuracy"]["counts"] == 0
    await trading.post("/api/v1/book", fact("receipt", 5, happened_ms=now_ms - 2 * DAY_MS - 60_000))
    await trading.post(path, body)


async def test_a_fact_told_at_another_time_under_its_key_is_another_one_also_after_a_restart(
    trading: TradeSite,
) -> None:
    at_ms = trading.clock() - HOUR_MS
    await trading.post("/api/v1/book", fact("receipt", 3), key="now")
    await trading.post("/api/v1/book", fact("receipt", 3, happened_ms=at_ms), key="then")
    for _ in range(2):
        assert await trading.refused("/api/v1/book", fact("receipt", 3, happened_ms=at_ms), key="now") == (
            409,
            "key_used",
        )
        assert await trading.refused("/api/v1/book", fact("receipt", 3), key="then") == (409, "key_used")
        trading.clock.pass_ms(HOUR_MS)
        await trading.restart()
    await trading.post("/api/v1/book", fact("receipt", 3), key="now")
    await trading.post("/api/v1/book", fact("receipt", 3, happened_ms=at_ms), key="then")
    assert (await stands(trading))["on_hand"] == 6


async def test_a_reservation_that_the_ledger_has_though_its_answer_was_lost_is_found_again(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trading.post("/api/v1/book", fact("receipt", 10))
    books = trading.service.ledger.books
    reserve = books.reserve

    def lost(one: Any) -> Any:
        reserve(one)
        raise OSError("the cable is out")

    monkeypatch.setattr(books, "reserve", lost)
    assert (await trading.ask("bo", "POST", "/api/v1/reservations", RESERVE))[0] == 500
    monkeypatch.undo()

    assert await trading.refused("/api/v1/book", fact("pick", -1)) == (422, "reserved")


async def test_what_is_doubted_while_it_is_folded_is_folded_again(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, book, loop = trading.service.ledger.books, trading.service.trade.book, asyncio.get_running_loop()
    facts, at_ms = books.facts, trading.clock()

    def overtaken(sku: str, *more: Any) -> Iterator[Entry]:
        read = [*facts(sku, *more)]
        if not read:  # somebody writes behind what was read, and can not say whether it was written
            books.post([Entry("receipt", sku, 4, at_ms, at_ms)])
            loop.call_soon_threadsafe(book.doubt, [sku])
        return iter(read)

    monkeypatch.setattr(books, "facts", overtaken)
    book.doubt(["milk"])
    for _ in range(2):
        await book.refold()

    assert (await stands(trading))["on_hand"] == 4
