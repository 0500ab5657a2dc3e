"""Maintenance orders where things go wrong: answers that are lost, somebody else at the same ledger, chance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from cloud.core.maintenance.parts import Booked
from cloud.stores.database import LedgerUnavailable
from cloud.web.desk import Conflict, Unavailable
from tests.contract.trade_site import TradeSite, memory, site_text
from tests.contract.works import WORK, Ill, alert, holds, new, parts, position
from tests.depot import HOUR_MS

pytestmark = pytest.mark.usefixtures("bo_mends")


@contextmanager
def answers_lost(site: TradeSite, *names: str) -> Iterator[None]:
    """The ledger writes, and nobody hears that it did."""
    store: Any = site.service.ledger.books.work

    def lost(write: Callable[..., object]) -> Callable[..., object]:
        def written(*what: object) -> object:
            write(*what)
            raise LedgerUnavailable("the ledger can not be written: the cable is out")

        return written

    for name in names:
        setattr(store, name, lost(getattr(store, name)))
    try:
        yield
    finally:
        for name in names:
            delattr(store, name)


@pytest.fixture
async def tape(trading: TradeSite) -> TradeSite:
    """Twenty rolls of tape are there."""
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 20})
    return trading


async def test_what_was_written_and_not_answered_is_done_once_when_it_is_asked_again(tape: TradeSite) -> None:
    take = {"parts": parts(tape=2)}
    with answers_lost(tape, "create", "keep"):
        assert (await tape.ask("bo", "POST", WORK, new(parts=parts(tape=5)), "a"))[0] == 503
        assert (await tape.ask("bo", "POST", f"{WORK}/1/take", take, "b"))[0] == 503

    assert (await tape.post(WORK, new(parts=parts(tape=5)), key="a"))["id"] == 1
    assert (await tape.post(f"{WORK}/1/take", take, key="b"))["version"] == 2
    assert await position(tape, "tape") == (18, 3)
    holds(tape)
    before = memory(tape.service)
    await tape.restart()
    assert memory(tape.service) == before
    holds(tape)


async def test_a_proposal_that_was_written_and_not_answered_is_not_made_twice(trading: TradeSite) -> None:
    trading.service.trade.works.assets = lambda: [Ill("shelf-A1", "hall", (1.0, 2.0, 3.0))]
    with answers_lost(trading, "create"):
        await trading.tick()

    await trading.tick(5)

    assert [one["state"] for one in await trading.get(WORK)] == ["draft"]


async def test_a_tap_that_was_written_and_not_answered_counts_once(trading: TradeSite) -> None:
    await alert(trading)
    body = {"said": "wrong", "key": "phone-1"}
    with answers_lost(trading, "say"):
        assert (await trading.ask("bo", "POST", "/api/v1/alerts/1/verdict", body))[0] == 503

    assert (await trading.post("/api/v1/alerts/1/verdict", body))["verdict"]["id"] == 1
    [found] = [one for one in await trading.get("/api/v1/precision") if one["rule"] == "stock_differs"]
    assert found["wrong"] == 1


async def test_fifty_taps_at_once_with_one_key_are_one(trading: TradeSite) -> None:
    await alert(trading)
    body = {"said": "wrong", "key": "phone-1"}

    answers = await asyncio.gather(*(trading.ask("bo", "POST", "/api/v1/alerts/1/verdict", body) for _ in range(50)))

    assert {(status, told["verdict"]["id"]) for status, told in answers} == {(200, 1)}


async def test_who_else_writes_to_the_ledger_is_not_written_over(tape: TradeSite) -> None:
    await tape.post(WORK, new(parts=parts(tape=5)))
    store = tape.service.ledger.books.work
    [order] = store.orders()
    store.keep(order, replace(order, title="Another", version=2, by="eve"), "change", Booked())

    assert await tape.refused(f"{WORK}/1/take", {"parts": parts(tape=2)}) == (409, "changed")
    assert await position(tape, "tape") == (20, 5)
    taken = await tape.post(f"{WORK}/1/take", {"parts": parts(tape=2)})
    assert (taken["title"], taken["version"]) == ("Another", 3)
    holds(tape)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_two_people_do_in_whatever_trouble_what_is_held_is_what_is_wanted(
    tape: TradeSite, seed: int
) -> None:
    chance = random.Random(seed)
    units = [0, 0, 1, 2, 3, 5]

    def some() -> list[dict[str, object]]:
        return parts(tape=chance.choice(units), gear=chance.choice(units))

    await tape.weigh("G1", 4)
    for step in range(70):
        number, key = chance.randint(1, 4), f"{seed}:{step}"
        path, body = chance.choice(
            [
                (WORK, new(parts=some())),
                (f"{WORK}/{number}/change", {"parts": some()}),
                (f"{WORK}/{number}/take", {"parts": some()}),
                (f"{WORK}/{number}/take", {"parts": parts(tape=1)}),
                (f"{WORK}/{number}/start", {}),
                (f"{WORK}/{number}/finish", {"found": "x", "did": "y", "used": some()}),
                (f"{WORK}/{number}/cancel", {"note": "No.", "used": []}),
                ("/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 1}),
                ("/api/v1/reservations", {"sku": "tape", "units": 1, "customer": "Lee"}),
            ]
        )
        trouble = chance.random()
        if trouble < 0.1:
            with answers_lost(tape, "create", "keep"):
                await tape.ask("bo", "POST", path, body, key)
        elif trouble < 0.2:
            with tape.away():
                await tape.ask("bo", "POST", path, body, key)
        both = [tape.ask(who, "POST", path, body, key) for who in ("bo", "cy")]
        answers = await asyncio.gather(*both)
        assert all(status < 500 for status, _ in answers), answers
        holds(tape)
        if trouble > 0.95:
            await tape.restart()
            holds(tape)
    before = memory(tape.service)
    on_hand, reserved = await position(tape, "tape")
    await tape.restart()
    assert memory(tape.service) == before
    assert await position(tape, "tape") == (on_hand, reserved)
    told = (await tape.get("/api/v1/book?sku=tape&limit=1000"))["items"]
    assert sum(one["units"] for one in told) == on_hand
    used = sum(
        line.used if not one.is_open else line.taken
        for one in tape.service.trade.works._known.values()
        for line in one.parts
        if line.sku == "tape"
    )
    assert -sum(one["units"] for one in told if one["kind"] in ("pick", "put")) == used


async def test_a_part_that_the_site_does_not_have_any_more_is_let_go_of_and_never_taken(tape: TradeSite) -> None:
    await tape.post(WORK, new(parts=parts(tape=5)))
    await tape.post(WORK, new(parts=parts(tape=2)))
    blocks = [one for one in site_text().split("\n[[") if 'id = "tape"' not in one and 'sku = "tape"' not in one]
    tape.text = "\n[[".join(blocks)
    await tape.restart()

    assert [one["parts"][0]["name"] for one in await tape.get(WORK)] == ["tape", "tape"]
    for path in ("1/take", "1/change"):
        assert await tape.refused(f"{WORK}/{path}", {"parts": parts(tape=1)}) == (422, "unknown_sku")
    body = {"found": "x", "did": "y", "used": []}
    assert (await tape.post(f"{WORK}/1/finish", body))["state"] == "done"
    assert (await tape.post(f"{WORK}/2/change", {"parts": []}))["parts"] == []
    holds(tape)
    assert tape.service.ledger.books.reservations(held_only=True) == []


async def test_an_order_is_given_to_somebody_who_is_there(trading: TradeSite) -> None:
    assert (await trading.post(WORK, new(assigned_to="whoever")))["assigned_to"] == "whoever", "no people are listed"
    trading.service.trade.works.people = lambda: ["kim", "lee"]

    assert await trading.refused(f"{WORK}/1/change", {"assigned_to": "eve"}) == (422, "unknown_person")
    assert (await trading.post(f"{WORK}/1/change", {"assigned_to": "kim"}))["assigned_to"] == "kim"
    assert (await trading.post(f"{WORK}/1/change", {"assigned_to": ""}))["assigned_to"] == ""


async def test_a_tap_on_what_is_over_is_kept_though_nothing_can_be_put_aside(trading: TradeSite) -> None:
    await alert(trading)

    async def over(*_: object) -> None:
        raise Conflict("alert 1 is over", "nothing is left to do about it")

    trading.service.trade.works.verdicts.snooze = over

    told = await trading.post("/api/v1/alerts/1/verdict", {"said": "not_now"})

    assert told["standing"]["said"] == "not_now"


async def test_where_the_alert_can_not_be_put_aside_now_the_tap_is_sent_again_and_counts_once(
    trading: TradeSite,
) -> None:
    await alert(trading)
    aside: list[int] = []

    async def away(*_: object) -> None:
        raise Unavailable("the ledger can not be written now", "try again in a moment")

    async def snooze(*what: object) -> None:
        aside.append(int(str(what[3])))

    verdicts, body = trading.service.trade.works.verdicts, {"said": "not_now", "key": "phone-1", "hours": 1}
    tapped = trading.clock()
    verdicts.snooze = away
    assert (await trading.ask("bo", "POST", "/api/v1/alerts/1/verdict", body))[0] == 503
    verdicts.snooze = snooze
    trading.clock.pass_ms(60_000)
    assert (await trading.post("/api/v1/alerts/1/verdict", body))["verdict"]["id"] == 1
    trading.clock.pass_ms(HOUR_MS)
    await trading.post("/api/v1/alerts/1/verdict", body)

    assert aside == [tapped + HOUR_MS], "from the tap on, and not when that is over"
