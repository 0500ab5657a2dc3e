"""Promises to customers over the web: never more than there is, by tier, for as long as agreed; and the public page.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from cloud.core.days import day_start_ms, iso_day, local_day
from cloud.core.kpis.figures import kpis
from cloud.desks.promises import SECRET, token_of
from tests.contract.trade_site import TradeSite, memory
from tests.depot import DAY_MS, HOUR_MS


def wish(units: int, sku: str = "milk", tier: str = "", **more: object) -> dict[str, object]:
    return {"sku": sku, "units": units, "tier": tier, "customer": "Lee", **more}


@pytest.fixture
async def milk(trading: TradeSite) -> TradeSite:
    """Ten of milk are there, four of them protected for gold."""
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 10})
    return trading


async def test_fifty_who_reserve_at_once_are_never_promised_more_than_there_is(milk: TradeSite) -> None:
    answers = await asyncio.gather(
        *(milk.ask(("bo", "cy")[i % 2], "POST", "/api/v1/reservations", wish(1, tier="gold")) for i in range(50))
    )

    assert sorted(status for status, _ in answers) == [200] * 10 + [422] * 40
    assert {told["code"] for status, told in answers if status != 200} == {"not_enough"}
    found = (await milk.get("/api/v1/skus/milk/position"))["position"]
    assert (found["on_hand"], found["reserved"]) == (10, 10)
    await milk.restart()
    assert len(await milk.get("/api/v1/reservations")) == 10
    assert await milk.refused("/api/v1/reservations", wish(1, tier="gold")) == (422, "not_enough")


async def test_one_key_is_one_reservation_also_at_once_and_after_a_restart(milk: TradeSite) -> None:
    answers = await asyncio.gather(*(milk.ask("bo", "POST", "/api/v1/reservations", wish(2), "k") for _ in range(50)))
    assert {(status, told["id"]) for status, told in answers} == {(200, 1)}
    await milk.restart()

    assert (await milk.post("/api/v1/reservations", wish(2), key="k"))["id"] == 1
    assert await milk.refused("/api/v1/reservations", wish(3), key="k") == (409, "key_used")
    assert milk.service.trade.promises.reserved("milk") == 2


async def test_what_is_protected_is_for_its_tier_until_it_is_released(milk: TradeSite) -> None:
    assert await milk.refused("/api/v1/reservations", wish(7, tier="silver")) == (422, "not_enough")
    await milk.post("/api/v1/reservations", wish(6, tier="silver"))
    assert await milk.refused("/api/v1/reservations", wish(1)) == (422, "not_enough")
    gold = await milk.post("/api/v1/reservations", wish(3, tier="gold"))
    await milk.post(f"/api/v1/reservations/{gold['id']}/release")
    assert await milk.refused("/api/v1/reservations", wish(1, tier="silver")) == (422, "not_enough")

    await milk.hours(49)

    await milk.post("/api/v1/reservations", wish(4, tier="silver"))
    assert await milk.refused("/api/v1/reservations", wish(1, "wine", "silver")) == (422, "members_only")
    assert await milk.refused("/api/v1/reservations", wish(1, "milk", "bronze")) == (422, "unknown_tier")


async def test_a_reservation_runs_out_by_itself_also_while_nobody_runs(milk: TradeSite) -> None:
    await milk.post("/api/v1/reservations", wish(5, hours=2))
    await milk.hours(1)
    assert milk.sku("milk")["reserved"] == 5
    await milk.restart()
    milk.clock.pass_ms(2 * HOUR_MS)
    await milk.tick()

    assert milk.sku("milk")["reserved"] == 0
    assert await milk.get("/api/v1/reservations") == []
    assert await milk.refused("/api/v1/reservations/1/pick") == (422, "reservation_over")
    [kept] = milk.service.ledger.books.reservations()
    assert (kept.state, kept.changed_ms) == ("expired", kept.until_ms)


async def test_what_is_picked_leaves_the_book_once(milk: TradeSite) -> None:
    made = await milk.post("/api/v1/reservations", wish(5))
    path = f"/api/v1/reservations/{made['id']}/pick"

    answers = await asyncio.gather(*(milk.ask(("bo", "cy")[i % 2], "POST", path) for i in range(20)))

    assert {status for status, _ in answers} == {200}
    found = (await milk.get("/api/v1/skus/milk/position"))["position"]
    assert (found["on_hand"], found["reserved"]) == (5, 0)
    [_, pick] = (await milk.get("/api/v1/book?sku=milk"))["items"]
    assert (pick["kind"], pick["units"], pick["ref"]) == ("pick", -5, f"reservation:{made['id']}")
    assert await milk.refused(f"/api/v1/reservations/{made['id']}/release") == (422, "reservation_over")
    assert await milk.refused("/api/v1/reservations/99/pick") == (404, "unknown")
    before = memory(milk.service)
    await milk.restart()
    assert memory(milk.service) == before


async def test_a_released_one_is_free_again_and_releasing_twice_is_once(milk: TradeSite) -> None:
    made = await milk.post("/api/v1/reservations", wish(6))
    for _ in range(2):
        assert (await milk.post(f"/api/v1/reservations/{made['id']}/release"))["state"] == "released"

    assert (await milk.get("/api/v1/skus/milk/position"))["available"] == 10


async def test_what_was_promised_and_is_gone_is_not_picked_into_nothing(milk: TradeSite) -> None:
    made = await milk.post("/api/v1/reservations", wish(6))
    await milk.post("/api/v1/book", {"kind": "loss", "sku": "milk", "units": -8})

    assert await milk.refused(f"/api/v1/reservations/{made['id']}/pick") == (422, "short")

    assert (await milk.get("/api/v1/skus/milk/position"))["position"]["on_hand"] == 2


def fill_rate(site: TradeSite) -> tuple[float, float]:
    [found] = [one for one in kpis(site.service.trade.book.tallies, site.clock()) if one.id == "fill_rate"]
    assert found.value is not None
    return round(found.value, 9), found.n


async def test_what_was_refused_is_known_after_a_restart_and_no_slip_of_the_pen_ruins_it(milk: TradeSite) -> None:
    """6 were picked of 6, then 5 more are refused to a pick and 100,000 to a reservation: 6 of them count, of 12."""
    await milk.post("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -6})
    for asked in ({"units": 1, "tier": "bronze"}, {"units": 1, "sku": "wine"}, {"units": 0}):
        await milk.refused("/api/v1/reservations", wish(**asked))
    assert fill_rate(milk) == (1.0, 6)

    assert await milk.refused("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -5}) == (422, "short")
    assert fill_rate(milk) == (round(6 / 11, 9), 11)
    with milk.away():
        await milk.refused("/api/v1/reservations", wish(100_000, tier="gold"))
    assert fill_rate(milk) == (0.5, 12)
    await milk.tick()
    await milk.restart()
    assert fill_rate(milk) == (0.5, 12)

    await milk.refused("/api/v1/reservations", wish(5, tier="gold"))
    assert fill_rate(milk) == (0.5, 12)
    await milk.hours(24)
    await milk.refused("/api/v1/reservations", wish(5, tier="gold"))
    await milk.restart()
    assert fill_rate(milk) == (round(6 / 17, 9), 17)


async def test_what_expires_is_for_nobody_from_the_sites_midnight_on(milk: TradeSite) -> None:
    """The tenth of the ten that are there has no date; nobody says anything when the others run out."""
    await milk.post("/api/v1/book", {"kind": "loss", "sku": "milk", "units": -9})
    today = iso_day("Europe/Berlin", milk.clock())
    lot = {"kind": "receipt", "sku": "milk", "units": 9, "lot": "L1", "expiry": today}
    await milk.post("/api/v1/book", lot)
    changed: list[str] = []
    milk.service.trade.book.changed = lambda sku, _: changed.append(sku)

    midnight_ms = day_start_ms("Europe/Berlin", local_day("Europe/Berlin", milk.clock()) + 1)
    milk.clock.pass_ms(midnight_ms - 2_000 - milk.clock())
    await milk.tick()
    assert milk.sku("milk")["available"] == 10
    assert changed == []
    await milk.tick(2)

    assert changed == ["milk"]
    shown = await milk.get("/api/v1/skus/milk/position")
    assert (shown["position"]["on_hand"], shown["position"]["quarantined"], shown["available"]) == (10, 9, 1)
    assert milk.sku("milk")["available"] == 1
    assert (await milk.get("/api/v1/skus/milk/picks?units=10"))["missing"] == 9
    assert await milk.refused("/api/v1/reservations", wish(2, tier="gold")) == (422, "not_enough")
    await milk.restart()
    await milk.tick()
    assert milk.sku("milk")["available"] == 1


async def test_the_public_page_shows_what_a_group_may_have_and_nothing_else(milk: TradeSite) -> None:
    secret = b"0123456789abcdef"
    milk.service.ledger.books.keep(SECRET, secret)
    await milk.tick(11)
    await milk.post("/api/v1/reservations", wish(1, tier="silver", note="for the boss"))
    made = await milk.post(
        "/api/v1/orders", {"supplier": "boltco", "lines": [{"sku": "tape", "units": 5}], "note": "psst"}
    )
    for step in ("approve", "send"):
        await milk.post(f"/api/v1/orders/{made['id']}/{step}")
    due_ms = milk.clock() + 3 * DAY_MS
    await milk.post(
        f"/api/v1/portal/orders/{made['id']}/confirm", {"lines": [{"sku": "tape", "due_ms": due_ms}]}, name="ro"
    )

    pages = {}
    for tier in ("gold", "silver"):
        status, pages[tier] = await milk.ask("", "GET", f"/api/v1/public/{tier}.{token_of(secret, tier)}")
        assert status == 200

    rows = {tier: {one["sku"]: one for one in page["skus"]} for tier, page in pages.items()}
    assert (rows["gold"]["milk"]["available"], rows["silver"]["milk"]["available"]) == (9, 5)
    assert ("wine" in rows["gold"], "wine" in rows["silver"]) == (True, False)
    assert rows["silver"]["tape"]["available"] == 0
    assert rows["silver"]["tape"]["expected"] is not None
    assert all(set(one) == {"sku", "name", "available", "expected"} for one in rows["silver"].values())
    assert set(pages["silver"]) == {"site", "tier", "timezone", "at_ms", "skus"}
    assert (pages["silver"]["tier"], pages["silver"]["timezone"]) == ("Silver", "Europe/Berlin")
    assert "relic" not in rows["silver"], "it is discontinued, and gone"
    text = msgspec.json.encode(pages["silver"]).decode()
    assert not [word for word in ("boss", "psst", "Lee", "boltco", "acme", "price") if word in text]


@pytest.mark.parametrize("link", ["gold.wrong", "gold", "gold.", "%00.x", "gold.%F0%9F%8D%BA", "gold.%FF", "x" * 5000])
async def test_a_wrong_link_shows_nothing_not_even_that_there_is_a_group(milk: TradeSite, link: str) -> None:
    unknown, told = await milk.ask("", "GET", "/api/v1/public/nobody.atall")
    milk.service.ledger.books.keep(SECRET, b"0123456789abcdef")
    await milk.tick(11)

    status, said = await milk.ask("", "GET", f"/api/v1/public/{link}")
    assert (status, {**said, "instance": ""}) == (unknown, {**told, "instance": ""}), "all but what was asked for"
    assert unknown == 404


async def test_a_link_of_one_group_opens_no_other(milk: TradeSite) -> None:
    secret = b"0123456789abcdef"
    milk.service.ledger.books.keep(SECRET, secret)
    await milk.tick(11)

    assert (await milk.ask("", "GET", f"/api/v1/public/gold.{token_of(secret, 'silver')}"))[0] == 404


async def test_what_will_not_sell_before_it_expires_is_not_planned_with(milk: TradeSite) -> None:
    """Nine of the ten go off tonight; they may still be promised today."""
    await milk.post("/api/v1/book", {"kind": "loss", "sku": "milk", "units": -9})
    today = iso_day("Europe/Berlin", milk.clock())
    await milk.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 9, "lot": "L1", "expiry": today})
    await milk.tick(5)

    planned = milk.service.planner.card("milk")

    assert planned is not None
    assert (planned.available, planned.position.perishing, planned.projected) == (10, 9, 1)
    assert milk.sku("milk")["available"] == 10


async def test_who_comes_second_to_a_reservation_is_told_who_was_first_and_when(milk: TradeSite) -> None:
    for how, state in (("pick", "picked"), ("release", "released")):
        path = f"/api/v1/reservations/{(await milk.post('/api/v1/reservations', wish(2)))['id']}"
        _, seen, _ = await milk.request("cy", "GET", path, None, {})
        milk.clock.pass_ms(1000)
        done = await milk.post(f"{path}/{how}", name="bo")
        assert (done["by"], done["changed_ms"]) == ("bo", milk.clock())
        milk.clock.pass_ms(1000)

        for late in ("pick", "release"):
            status, headers, told = await milk.request("cy", "POST", f"{path}/{late}", None, {"If-Match": seen["ETag"]})
            assert (status, told["code"], told["by"], told["changed_ms"]) == (412, "changed", "bo", done["changed_ms"])
        for _ in range(2):
            status, shown, now = await milk.request("cy", "GET", path, None, {})
            assert (status, now["state"], now["by"], now["covered"]) == (200, state, "bo", 0)
            assert shown["ETag"] == headers["ETag"]
            await milk.restart()
    assert await milk.get("/api/v1/reservations") == []
