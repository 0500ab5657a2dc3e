"""From a warm room to a signed word, through the real web, over a real ledger: each lot set aside once, ever.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio

from cloud.stores.database import LedgerUnavailable
from protocols.reports import Series
from tests.contract.cold_site import MINUTE_MS, ColdSite
from tests.depot import HOUR_MS

WARM = [9.0] * 45
COOL = [5.0] * 20


def defrost(peak: float) -> list[float]:
    """Twenty minutes of air warmed evenly, and taken back."""
    up = [5 + (peak - 5) * n / 20 for n in range(1, 21)]
    return [*up, *reversed(up)]


async def stocked(cold: ColdSite) -> None:
    """Two lots of vaccine, and insulin in a slot."""
    await cold.minutes(*COOL)
    await cold.lot("flu", "F1", 30, "2026-06-30")
    await cold.lot("flu", "F2", 20, "2026-09-30")
    await cold.weigh_in("C1", "insulin", 12)
    await cold.minutes(*COOL)


async def test_a_day_in_a_room_with_its_defrosts_sets_nothing_aside_and_its_figures_are_told(cold: ColdSite) -> None:
    await stocked(cold)
    for _ in range(4):
        await cold.minutes(*[5.0] * 300)
        await cold.minutes(*defrost(10.5))

    assert await cold.cases() == []
    assert [one["kind"] for one in await cold.cases("defrost")] == ["defrost"] * 8, "of each of the two storages"
    assert (await cold.position("flu"))["quarantined"] == 0
    rooms = {one["id"]: one for one in await cold.get("/api/v1/cold/rooms", "ada")}
    assert set(rooms) == {"cold/2-8", "cold/vaccine", "deep/frozen"}, "each way of keeping goods, and no room twice"
    now = rooms["cold/vaccine"]
    assert (now["kind"], now["lots"], now["undecided"], now["high_c"], now["kinetic_limit_c"]) == ("", 2, 0, 8, 8)
    assert 5.0 < now["kinetic_c"] < 6.5
    assert now["series"] == ["thermo-1/1/temperature_c"]
    exposures = {one["lot"]: one for one in await cold.get("/api/v1/cold/exposures?sku=flu", "ada")}
    assert set(exposures) == {"F1", "F2"}
    assert exposures["F1"]["known"] > 0.9
    spent = exposures["F1"]["budgets"][0]
    assert spent["minutes"] == 90
    assert 0 < spent["left_minutes"] < 60
    assert exposures["F1"]["outside_ms"] == round((90 - spent["left_minutes"]) * MINUTE_MS)


async def test_a_room_names_the_contacts_of_its_doors_after_a_restart_too(cold: ColdSite) -> None:
    async def doors() -> list[list[str]]:
        return [one["doors"] for one in await cold.get("/api/v1/cold/rooms", "ada") if one["zone"] == "cold"]

    assert await doors() == [[], []]
    await cold.hear(Series("shelf-C1", "2", "door_open", "cold", cold.clock(), [0], [1.0]))
    assert await doors() == [["shelf-C1/2/door_open"]] * 2
    await cold.restart()
    await cold.minutes(*[5.0] * 10)
    assert await doors() == [["shelf-C1/2/door_open"]] * 2


async def test_a_breach_sets_the_lots_aside_that_lie_there_and_they_are_bought_again(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.tick(3)
    assert cold.needs("flu") == []

    await cold.minutes(*WARM)
    assert cold.room(storage="vaccine").kind == "breach"
    assert cold.room().kind == "excursion", "insulin bears a day at 9 degrees"

    [case] = await cold.cases()
    assert (case["storage"], case["why"], case["state"], case["ended_ms"]) == ("vaccine", "too_long", "open", 0)
    assert sorted((one["lot"], one["units"]) for one in case["lines"]) == [("F1", 30), ("F2", 20)]
    assert cold.room(storage="vaccine").undecided == 2, "of each lot somebody has to say what becomes of it"
    assert cold.room(storage="vaccine").excursion == case["id"]
    stands = await cold.position("flu")
    assert (stands["on_hand"], stands["quarantined"]) == (50, 50)
    assert [one["units"] for one in await cold.book("flu", "quarantine")] == [30, 20]
    await cold.tick(3)
    [need] = cold.needs("flu")
    assert need["quantity"] == 40
    assert (await cold.get("/api/v1/skus/flu/picks?units=5"))["missing"] == 5
    assert await cold.refused("/api/v1/reservations", {"sku": "flu", "units": 1}) == (422, "not_enough")
    assert (await cold.position("insulin"))["quarantined"] == 0

    await cold.minutes(*COOL)
    [case] = await cold.cases()
    assert case["ended_ms"] > case["breach_ms"] > case["began_ms"]
    assert len(await cold.book("flu", "quarantine")) == 2


async def test_lots_come_back_or_are_lost_by_a_signed_word_alone(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM, *COOL)
    [case] = await cold.cases()
    path = f"/api/v1/cold/excursions/{case['id']}"
    first, second = sorted(case["lines"], key=lambda one: one["lot"])

    assert (await cold.ask("bo", "POST", f"{path}/release", {"comment": "looks fine"}))[0] == 403, "the crew may not"
    assert await cold.refused(f"{path}/release", {"comment": "  "}, "mo") == (422, "comment")
    assert await cold.refused(f"{path}/release", {"comment": "fine", "lines": [9]}, "mo") == (422, "unknown_line")
    assert (await cold.ask("mo", "POST", "/api/v1/cold/excursions/999/release", {"comment": "fine"}))[0] == 404

    said = {"comment": "maker says 60 min at 9 degC", "lines": [first["number"]]}
    after = await cold.post(f"{path}/release", said, "mo")
    assert after["state"] == "open"
    assert (await cold.position("flu"))["quarantined"] == 20
    assert cold.seen(storage="vaccine").undecided == 1
    assert await cold.post(f"{path}/release", said, "mo") == after, "said again, it changes nothing"
    assert await cold.refused(f"{path}/scrap", {"comment": "unfit", "lines": [first["number"]]}, "mo") == (
        422,
        "decided",
    )

    after = await cold.post(f"{path}/scrap", {"comment": "not worth the risk"}, "mo")
    assert after["state"] == "decided"
    assert cold.seen(storage="vaccine").undecided == 0, "all screens see it at once"
    assert [(one["by"], one["role"], one["decision"], one["comment"], one["lines"]) for one in after["signatures"]] == [
        ("mo", "admin", "release", "maker says 60 min at 9 degC", [first["number"]]),
        ("mo", "admin", "scrap", "not worth the risk", [second["number"]]),
    ]
    stands = await cold.position("flu")
    assert (stands["on_hand"], stands["quarantined"]) == (30, 0)
    [loss] = await cold.book("flu", "loss")
    assert (loss["units"], loss["lot"], loss["by"], loss["note"]) == (-20, "F2", "mo", "not worth the risk")
    assert cold.room(storage="vaccine").undecided == 0
    assert await cold.refused("/api/v1/book", {"kind": "loss", "sku": "flu", "units": -1, "ref": "cold:1"}) == (
        422,
        "ref",
    )


async def test_of_two_who_decide_at_once_one_signs_and_the_other_hears_who(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM, *COOL)
    [case] = await cold.cases()
    path = f"/api/v1/cold/excursions/{case['id']}"

    told = await asyncio.gather(
        cold.ask("mo", "POST", f"{path}/release", {"comment": "fit for use"}),
        cold.ask("mo", "POST", f"{path}/scrap", {"comment": "not fit for use"}),
    )
    assert sorted(status for status, _ in told) == [200, 422]
    lost = next(said for status, said in told if status == 422)
    assert lost["code"] == "decided"
    assert "mo " in lost["detail"]
    stands = await cold.position("flu")
    assert stands["quarantined"] == 0
    assert stands["on_hand"] in (0, 50)


async def test_after_a_crash_in_the_middle_nothing_is_set_aside_or_booked_twice(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM[:20])
    await cold.restart()
    await cold.minutes(*WARM[:20])
    await cold.tick(2)
    [case] = await cold.cases()
    assert len(case["lines"]) == 2
    began_ms = case["began_ms"]
    for _ in range(2):
        await cold.restart()
        await cold.tick(2)
        await cold.minutes(*WARM[:5])
    await cold.minutes(*COOL)
    [case] = await cold.cases()
    assert (case["began_ms"], len(case["lines"])) == (began_ms, 2)
    assert len(await cold.book("flu", "quarantine")) == 2
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", {"comment": "warm"}, "mo")
    await cold.restart()
    await cold.tick(3)
    assert [one["units"] for one in await cold.book("flu", "loss")] == [-30, -20]
    assert (await cold.position("flu"))["on_hand"] == 0
    [again] = await cold.cases()
    assert again["state"] == "decided"
    assert len(again["signatures"]) == 1


async def test_a_stop_between_the_book_and_the_dossier_is_made_good(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM[:25])
    books = cold.service.ledger.books
    add = books.add_cold

    def fails(steps: object) -> object:
        if any(one.what == "aside" for one in steps):  # type: ignore[attr-defined]
            raise SystemError("the process ends here")
        return add(steps)  # type: ignore[arg-type]

    books.add_cold = fails  # type: ignore[assignment, method-assign]
    try:
        await cold.minutes(*WARM[:10])
    except SystemError:
        await cold.restart()
    assert len(await cold.book("flu", "quarantine")) == 1
    await cold.tick(3)
    await cold.minutes(*WARM[:5])
    [case] = await cold.cases()
    assert sorted((one["lot"], one["units"]) for one in case["lines"]) == [("F1", 30), ("F2", 20)]
    assert len(await cold.book("flu", "quarantine")) == 2


async def test_a_backlog_that_tells_of_a_breach_later_finds_what_still_lies_there_and_what_left(
    cold: ColdSite,
) -> None:
    await stocked(cold)
    began_ms = cold.clock()
    cold.clock.pass_ms(2 * HOUR_MS)
    await cold.post("/api/v1/book", {"kind": "pick", "sku": "flu", "units": -4, "lot": "F1"})
    await cold.warmth("thermo-1", 5.0)
    await cold.tick(3)
    assert await cold.cases() == []

    await cold.warmth("thermo-1", *[9.5] * 60, at_ms=began_ms + 70 * MINUTE_MS)
    await cold.tick(8)
    [case] = await cold.cases()
    assert case["began_ms"] == began_ms + 11 * MINUTE_MS
    assert case["ended_ms"] > 0
    assert sum(one["units"] for one in case["lines"]) == 46
    assert sum(one["gone"] for one in case["lines"]) == 4
    exposed = await cold.get("/api/v1/cold/exposures?sku=flu")
    assert all(one["outside_ms"] >= 59 * MINUTE_MS for one in exposed)
    [asks] = [one for one in await cold.get("/api/v1/alerts") if one["zone"] == "cold"]
    assert (asks["rule"], asks["state"], asks["severity"]) == ("goods_aside", "firing", 2), "nobody else tells of it"
    assert (asks["params"]["units"], asks["params"]["lots"]) == (46, 2)


async def test_what_lies_in_a_slot_is_lost_once_its_scale_saw_it_leave(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(5.0, *[16.0] * 5, *COOL)
    cases = {one["storage"]: one for one in await cold.cases()}
    [line] = cases["2-8"]["lines"]
    assert (line["sku"], line["units"], cases["2-8"]["why"]) == ("insulin", 12, "too_far")

    await cold.post(f"/api/v1/cold/excursions/{cases['2-8']['id']}/scrap", {"comment": "too warm"}, "mo")
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (12, 12)
    await cold.weigh_in("C1", "insulin", 0)
    await cold.tick(3)
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (0, 0)
    [loss] = await cold.book("insulin", "loss")
    assert (loss["units"], loss["place"]) == (-12, "C1")
    assert cold.service.trade.book.account("insulin").flows.losses > 0
    await cold.weigh_in("C1", "insulin", 8)
    await cold.tick(3)
    assert (await cold.position("insulin"))["quarantined"] == 0, "what comes now was not there then"


async def test_a_lot_that_used_up_its_budget_is_set_aside_alone(cold: ColdSite) -> None:
    await stocked(cold)
    for _ in range(4):
        await cold.minutes(*[5.0] * 60, *[9.0] * 25)
    await cold.lot("flu", "F3", 10, "2026-12-31")
    await cold.minutes(*[5.0] * 60)
    cases = await cold.cases()
    assert sorted((one["why"], one["sku"], one["lot"]) for one in cases) == [
        ("budget", "flu", "F1"),
        ("budget", "flu", "F2"),
    ]
    assert sorted(line["lot"] for one in cases for line in one["lines"]) == ["F1", "F2"]
    assert (await cold.position("flu"))["quarantined"] == 50
    asks = [one["params"] for one in await cold.get("/api/v1/alerts") if one["rule"] == "goods_aside"]
    assert [(one["units"], one["lots"]) for one in asks] == [(50, 2)]
    await cold.restart()
    await cold.tick(12)
    await cold.minutes(*[5.0] * 5)
    assert len(await cold.cases()) == 2
    assert len(await cold.book("flu", "quarantine")) == 2


async def test_a_room_is_judged_by_its_own_limits_where_nothing_says_how_goods_are_kept_there(cold: ColdSite) -> None:
    own = cold.text.replace('storage = "frozen"\n', "")
    cold.text = own
    await cold.restart()
    await cold.minutes(*[-20.0] * 20, device="thermo-3")
    await cold.minutes(*[-20.0 + n for n in range(15)], *[-5.0 - n for n in range(16)], device="thermo-3")
    await cold.minutes(*[-20.0] * 10, device="thermo-3")
    assert [one["storage"] for one in await cold.cases("defrost", "deep")] == [""]
    await cold.minutes(*[2.0] * 5, device="thermo-3")
    assert [(one["storage"], one["ended_ms"]) for one in await cold.cases("excursion", "deep")] == [("", 0)]
    assert [one["storage"] for one in await cold.get("/api/v1/cold/rooms") if one["zone"] == "deep"] == [""]

    cold.text = own.replace("max_c = -15.0", 'max_c = -15.0\nstorage = "frozen"')
    await cold.restart()
    await cold.tick(12)
    assert [one["storage"] for one in await cold.get("/api/v1/cold/rooms") if one["zone"] == "deep"] == ["frozen"]
    [own_excursion] = await cold.cases("excursion", "deep")
    assert own_excursion["ended_ms"] > 0, "nothing more is heard of a room that is judged otherwise now"
    await cold.minutes(*[2.0] * 5, *[-20.0] * 10, device="thermo-3")
    assert [one["storage"] for one in await cold.cases("breach", "deep")] == ["frozen"]
    assert len(await cold.cases("excursion", "deep")) == 1


async def test_while_the_ledger_is_away_nothing_is_lost(cold: ColdSite) -> None:
    await stocked(cold)
    with cold.away():
        for _ in range(3):
            await cold.tick()
    await cold.minutes(*WARM[:20])
    calls = {"n": 0}
    real = cold.service.ledger.books.add_cold

    def away(steps: object) -> object:
        calls["n"] += 1
        if calls["n"] <= 3:
            raise LedgerUnavailable("the cable is out")
        return real(steps)  # type: ignore[arg-type]

    cold.service.ledger.books.add_cold = away  # type: ignore[assignment, method-assign]
    await cold.minutes(*WARM)
    assert calls["n"] > 3
    [case] = await cold.cases()
    assert len(case["lines"]) == 2
    assert len(await cold.book("flu", "quarantine")) == 2


async def test_what_comes_into_a_room_in_breach_is_set_aside_too_but_not_what_somebody_released(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM)
    [case] = await cold.cases()
    path = f"/api/v1/cold/excursions/{case['id']}"
    await cold.lot("flu", "F3", 5, "2026-12-31")
    await cold.minutes(*WARM[:10])
    [case] = await cold.cases()
    assert sorted(one["lot"] for one in case["lines"]) == ["F1", "F2", "F3"]
    await cold.post(f"{path}/release", {"comment": "fit, says the maker"}, "mo")
    await cold.minutes(*WARM[:10])
    [case] = await cold.cases()
    assert len(case["lines"]) == 3
    assert (await cold.position("flu"))["quarantined"] == 0


async def test_of_an_article_in_several_rooms_so_many_units_are_set_aside_as_lie_in_the_warm_one(
    cold: ColdSite,
) -> None:
    text = cold.text.replace('storage = "vaccine"\nzone = "cold"', 'storage = "vaccine"')
    text += '\n[[slots]]\nid = "H1"\nzone = "hall"\nsku = "insulin"\ndevice = "shelf-H1"\ncapacity = 300\n'
    cold.text = text + '[[devices]]\nid = "shelf-H1"\nkind = "shelf"\nzone = "hall"\n'
    await cold.restart()
    await cold.minutes(*COOL)
    await cold.weigh_in("C1", "insulin", 12)
    await cold.weigh_in("H1", "insulin", 7)
    await cold.minutes(*COOL)
    await cold.minutes(*[16.0] * 5, *COOL)
    [case] = [one for one in await cold.cases() if one["storage"] == "2-8"]
    assert [(one["sku"], one["lot"], one["units"]) for one in case["lines"]] == [("insulin", "", 12)]
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (19, 12)
    await cold.post(f"/api/v1/cold/excursions/{case['id']}/scrap", {"comment": "too warm"}, "mo")
    await cold.weigh_in("C1", "insulin", 0)
    await cold.tick(3)
    stands = await cold.position("insulin")
    assert (stands["on_hand"], stands["quarantined"]) == (7, 0)


async def test_an_article_that_is_kept_otherwise_from_now_on_is_judged_by_that_alone(cold: ColdSite) -> None:
    await stocked(cold)
    await cold.minutes(*WARM[:20], *COOL)
    before = cold.text
    cold.text = before.replace('storage = "vaccine"\nzone = "cold"', 'storage = "2-8"\nzone = "cold"')
    await cold.restart()
    await cold.tick(12)
    [one] = [one for one in await cold.get("/api/v1/cold/exposures?sku=flu") if one["lot"] == "F1"]
    assert (one["storage"], one["budgets"]) == ("2-8", [])
    assert one["outside_ms"] >= 10 * MINUTE_MS, "what it went through before is known, evenly over the hour"
    cold.text = before.replace("excursion_minutes = 30", "excursion_minutes = 10")
    await cold.restart()
    await cold.tick(12)
    assert await cold.cases() == [], "what was over before the new limits were written sets nothing aside"
    await cold.minutes(*[12.0] * 15)
    assert len(await cold.cases()) == 1
    cold.text = before.replace('storage = "vaccine"\nzone = "cold"\n', "")
    await cold.restart()
    await cold.tick(12)
    assert await cold.get("/api/v1/cold/exposures?sku=flu") == []
