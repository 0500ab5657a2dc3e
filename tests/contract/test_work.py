"""Maintenance orders over the web and a real ledger: parts that are held, races, replays and restarts.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from cloud import cli
from cloud.core.book.audit import Beside, audit
from cloud.core.days import iso_day
from cloud.core.maintenance.work import Window
from tests.contract.trade_site import TradeSite, memory
from tests.contract.works import WORK, Ill, alert, holds, new, parts, position
from tests.depot import DAY_MS, HOUR_MS

pytestmark = pytest.mark.usefixtures("bo_mends")


@pytest.fixture
async def tape(trading: TradeSite) -> TradeSite:
    """Ten rolls of tape are there."""
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 10})
    return trading


async def test_an_order_lives_from_its_opening_to_its_outcome_and_every_version_stays(tape: TradeSite) -> None:
    begin = tape.clock() + HOUR_MS
    made = await tape.post(WORK, new(from_ms=begin, until_ms=begin + HOUR_MS, parts=parts(tape=4), note="It creeps."))
    assert (made["id"], made["state"], made["zone"], made["by"]) == (1, "planned", "hall", "bo")
    assert made["parts"] == [
        {"sku": "tape", "name": "Tape", "units": 4, "taken": 0, "used": 0, "there": 4, "short": 0, "expected_ms": None}
    ]
    assert await position(tape, "tape") == (10, 4)
    tape.clock.pass_ms(HOUR_MS)
    await tape.post(f"{WORK}/1/start", {"version": 1})
    await tape.post(f"{WORK}/1/take", {"version": 2, "parts": parts(tape=3)})
    assert await position(tape, "tape") == (7, 1)
    holds(tape)
    done = await tape.post(
        f"{WORK}/1/finish", {"version": 3, "found": "A cut cable.", "did": "Soldered it.", "used": parts(tape=2)}
    )

    [seen] = tape.service.live.current.works
    assert seen.state == "done", "all screens see it at once"
    assert (done["state"], done["version"], done["may"]) == ("done", 4, [])
    assert (done["outcome"]["found"], done["parts"][0]["taken"], done["parts"][0]["used"]) == ("A cut cable.", 3, 2)
    assert await position(tape, "tape") == (8, 0)
    told = await tape.get("/api/v1/book?sku=tape")
    assert [(one["kind"], one["units"]) for one in told["items"]] == [("receipt", 10), ("pick", -3), ("put", 1)]
    before = memory(tape.service)
    await tape.restart()
    assert memory(tape.service) == before
    kept = await tape.get(f"{WORK}/1")
    assert [(one["action"], one["by"], one["order"]["state"]) for one in kept["versions"]] == [
        ("open", "bo", "planned"), ("start", "bo", "in_work"), ("take", "bo", "in_work"), ("finish", "bo", "done"),
    ]  # fmt: skip
    assert kept["work"] == done == (await tape.get(WORK))[0]
    holds(tape)


async def test_parts_that_are_not_there_are_held_all_the_same_and_told_with_their_day(trading: TradeSite) -> None:
    """Replenishment sees them as it sees what customers were promised: a need for gears comes of it."""
    for slot in ("A1", "A2", "B1", "O1", "R1"):
        await trading.weigh(slot, 100)
    await trading.weigh("G1", 6)
    await trading.tick(5)
    assert trading.needs("gear") == []

    made = await trading.post(WORK, new(parts=parts(gear=8)))
    await trading.tick(5)

    assert [(one["there"], one["short"], one["expected_ms"]) for one in made["parts"]] == [(6, 2, None)]
    [need] = trading.needs("gear")
    assert need["quantity"] >= 2
    [ordered] = await trading.get("/api/v1/orders")
    if ordered["state"] == "draft":
        await trading.post(f"/api/v1/orders/{ordered['id']}/approve", name="mo")
    sent = await trading.post(f"/api/v1/orders/{ordered['id']}/send", name="mo")
    due_ms = sent["lines"][0]["due_ms"]
    [line] = (await trading.get(WORK))[0]["parts"]
    assert (line["there"], line["short"], line["expected_ms"]) == (6, 2, due_ms)
    status, told = await trading.ask("bo", "POST", f"{WORK}/1/take", {"parts": parts(gear=7)})
    assert (status, told["code"]) == (422, "not_there")
    assert iso_day("Europe/Berlin", due_ms) in told["detail"]
    holds(trading)

    await trading.weigh("G1", 16)
    await trading.tick(2)

    [line] = (await trading.get(WORK))[0]["parts"]
    assert (line["there"], line["short"], line["expected_ms"]) == (8, 0, None)
    await trading.post(f"{WORK}/1/take", {"parts": parts(gear=8)})
    await trading.weigh("G1", 8)  # the shelf itself sees them leave
    assert await position(trading, "gear") == (8, 0)
    holds(trading)


async def test_the_audit_takes_parts_that_are_waited_for_as_no_breach(tape: TradeSite) -> None:
    await tape.post(WORK, new(parts=parts(tape=14)))
    books, book = tape.service.ledger.books, tape.service.trade.book
    facts = [one for _, of in books.facts_by_sku() for one in of]
    beside = Beside({}, books.reservations(held_only=True), [], [], tiers=book.site.tiers)

    found = [one for one in audit(facts, [], book._terms, beside) if one.check == "promised"]

    assert [(one.subject, one.breach) for one in found] == [("tape", False)]


async def test_customers_get_nothing_that_a_part_is_held_of_and_no_hand_ends_that_hold(tape: TradeSite) -> None:
    await tape.post(WORK, new(parts=parts(tape=8)))

    assert await tape.refused("/api/v1/reservations", {"sku": "tape", "units": 3, "customer": "Lee"}) == (
        422, "not_enough",
    )  # fmt: skip
    for how in ("pick", "release"):
        assert await tape.refused(f"/api/v1/reservations/1/{how}") == (422, "of_work")
    await tape.post(f"{WORK}/1/cancel", {"note": "The cable was loose."})
    assert await position(tape, "tape") == (10, 0)
    await tape.post("/api/v1/reservations", {"sku": "tape", "units": 3, "customer": "Lee"})


async def test_two_people_who_decide_at_once_do_not_undo_each_other(tape: TradeSite) -> None:
    made = await tape.post(WORK, new(parts=parts(tape=4)))
    acts = [("bo", {"version": 1, "parts": parts(tape=2)}), ("cy", {"version": 1, "parts": parts(tape=9)})]

    answers = await asyncio.gather(*(tape.ask(who, "POST", f"{WORK}/1/change", body) for who, body in acts))

    assert sorted(status for status, _ in answers) == [200, 409]
    assert {told["code"] for status, told in answers if status == 409} == {"changed"}
    assert (await tape.get(WORK))[0]["version"] == made["version"] + 1
    holds(tape)


async def test_fifty_who_take_at_once_take_what_is_wanted_and_no_more(tape: TradeSite) -> None:
    await tape.post(WORK, new(parts=parts(tape=4)))

    answers = await asyncio.gather(
        *(tape.ask(("bo", "cy")[i % 2], "POST", f"{WORK}/1/take", {"parts": parts(tape=1)}) for i in range(50))
    )

    assert sorted(status for status, _ in answers) == [200] * 4 + [422] * 46
    assert await position(tape, "tape") == (6, 0)
    holds(tape)


async def test_a_key_is_one_act_also_at_once_and_after_a_restart(tape: TradeSite) -> None:
    made = await asyncio.gather(*(tape.ask("bo", "POST", WORK, new(parts=parts(tape=4)), "k") for _ in range(9)))
    assert {(status, told["id"]) for status, told in made} == {(200, 1)}
    took = [tape.ask("bo", "POST", f"{WORK}/1/take", {"parts": parts(tape=1)}, "t") for _ in range(9)]
    assert {told["version"] for _, told in await asyncio.gather(*took)} == {2}
    await tape.restart()

    assert (await tape.post(WORK, new(parts=parts(tape=4)), key="k"))["version"] == 2
    assert await tape.refused(WORK, new(parts=parts(tape=5)), key="k") == (409, "key_used")
    assert (await tape.post(f"{WORK}/1/take", {"parts": parts(tape=1)}, key="t"))["version"] == 2
    assert await tape.refused(f"{WORK}/1/take", {"parts": parts(tape=2)}, key="t") == (409, "key_used")
    assert await position(tape, "tape") == (9, 3)
    holds(tape)


async def test_while_the_ledger_is_away_nothing_is_half_done(tape: TradeSite) -> None:
    await tape.post(WORK, new(parts=parts(tape=4)))
    with tape.away():
        for path, body in ((f"{WORK}/1/take", {"parts": parts(tape=2)}), (WORK, new(parts=parts(tape=1)))):
            status, told = await tape.ask("bo", "POST", path, body, "again")
            assert (status, told["code"]) == (503, "unavailable")

    assert await position(tape, "tape") == (10, 4)
    await tape.post(f"{WORK}/1/take", {"parts": parts(tape=2)}, key="again")
    assert await position(tape, "tape") == (8, 2)
    holds(tape)


async def test_an_asset_that_may_not_last_is_proposed_once_also_after_a_restart(trading: TradeSite) -> None:
    ill = [Ill("shelf-A1", "hall", (9.0, 20.0, 60.0)), Ill("shelf-B1", "hall", (15.0, 40.0, 90.0))]
    trading.service.trade.works.assets = lambda: ill
    await trading.tick(3)
    await trading.restart()
    trading.service.trade.works.assets = lambda: ill
    await trading.tick(3)

    [found] = await trading.get(WORK)
    assert (found["asset"], found["state"], found["by"], found["title"]) == ("shelf-A1", "draft", "service", "")
    assert found["cause"] == {"rule": "life_left", "fault": "", "alert": 0, "days": [9.0, 20.0, 60.0]}
    await trading.post(f"{WORK}/1/cancel", {"note": "It was changed last week."})
    await trading.hours(24)
    assert len(await trading.get(WORK)) == 1, "somebody decided"

    await trading.hours(14 * 24)

    assert [one["state"] for one in await trading.get(WORK)] == ["cancelled", "draft"]


async def test_one_alert_has_one_open_order_and_names_what_it_is_about(trading: TradeSite) -> None:
    number = await alert(trading)
    made = await trading.post(WORK, {"alert": number})
    assert (made["asset"], made["zone"], made["cause"]["rule"]) == ("shelf-A1", "hall", "stock_differs")

    assert await trading.refused(WORK, {"alert": number}, "cy") == (422, "work_open")
    await trading.post(f"{WORK}/1/cancel", {"note": "Nothing was wrong."})
    assert (await trading.post(WORK, {"alert": number}, "cy"))["id"] == 2
    assert await trading.refused(WORK, {"alert": 99}) == (404, "unknown")
    assert await trading.refused(WORK, new(asset="nobody")) == (422, "unknown_asset")


async def test_a_window_holds_from_its_first_moment_to_its_last_whoever_is_late(trading: TradeSite) -> None:
    begin = trading.clock() + HOUR_MS
    await trading.post(WORK, new(from_ms=begin, until_ms=begin + HOUR_MS, whole_zone=True))
    works = trading.service.trade.works
    assert works.windows() == []
    trading.clock.pass_ms(HOUR_MS)
    assert works.windows() == [Window("shelf-A1", "hall", begin, begin + HOUR_MS, 1)]
    await trading.post(f"{WORK}/1/start")
    trading.clock.pass_ms(HOUR_MS)

    assert works.windows() == []
    assert [(one.order, one.late) for one in works.late(trading.clock())] == [(1, "overrun")]
    assert (await trading.get(WORK))[0]["late"] == "overrun"
    longer = trading.clock() + HOUR_MS
    await trading.post(f"{WORK}/1/change", {"until_ms": longer})
    assert works.windows() == [Window("shelf-A1", "hall", begin, longer, 1)]
    assert works.late(trading.clock()) == []


async def test_who_only_looks_may_not_act(trading: TradeSite) -> None:
    await trading.post(WORK, new())
    await alert(trading)
    assert len(await trading.get(WORK, "ada")) == 1
    assert (await trading.get(f"{WORK}/1", "ada"))["work"]["id"] == 1
    assert await trading.get("/api/v1/precision", "ada")
    for path in (WORK, f"{WORK}/1/start", f"{WORK}/1/verdict", "/api/v1/alerts/1/verdict"):
        assert await trading.refused(path, {}, "ada") == (403, "forbidden")
        assert await trading.refused(path, {}, "su") == (403, "forbidden")


async def test_what_can_not_be_so_is_refused_in_two_sentences(tape: TradeSite) -> None:
    now_ms = tape.clock()
    for body, code in (
        (new(title=""), "untitled"),
        (new(from_ms=now_ms), "window"),
        (new(from_ms=now_ms, until_ms=now_ms), "window"),
        (new(from_ms=now_ms - 2, until_ms=now_ms - 1), "window"),
        (new(from_ms=now_ms, until_ms=now_ms + 15 * DAY_MS), "window"),
        (new(parts=parts(tape=1) * 2), "sku_twice"),
        (new(parts=parts(glue=1)), "unknown_sku"),
    ):
        assert await tape.refused(WORK, body) == (422, code)
    await tape.post(WORK, new(parts=parts(tape=2)))
    acts: list[tuple[str, dict[str, object], str]] = [
        ("1/change", {"title": " "}, "untitled"),
        ("1/take", {}, "nothing"),
        ("1/take", {"parts": parts(tape=3)}, "not_wanted"),
        ("1/take", {"parts": parts(bolt=1)}, "not_wanted"),
        ("1/finish", {"found": "x"}, "no_outcome"),
        ("1/finish", {"found": "x", "did": "y", "verdict": "right"}, "no_rule"),
        ("1/verdict", {"said": "right"}, "no_rule"),
        ("1/cancel", {}, "no_note"),
    ]
    for path, body, code in acts:
        assert await tape.refused(f"{WORK}/{path}", body) == (422, code)
    assert await tape.refused(f"{WORK}/1/fly", {}) == (404, "unknown")
    assert await tape.refused(f"{WORK}/9/start", {}) == (404, "unknown")
    assert await tape.refused(f"{WORK}/9/verdict", {"said": "right"}) == (404, "unknown")
    await tape.post(f"{WORK}/1/take", {"parts": parts(tape=2)})
    assert await tape.refused(f"{WORK}/1/change", {"parts": parts(tape=1)}) == (422, "below_taken")
    assert await tape.refused(f"{WORK}/1/cancel", {"note": "No."}) == (422, "say_used")
    await tape.post(f"{WORK}/1/cancel", {"note": "No.", "used": parts(tape=1)})
    assert await position(tape, "tape") == (9, 0)
    assert await tape.refused(f"{WORK}/1/start", {}) == (422, "not_now")
    assert await tape.refused("/api/v1/book", {"kind": "put", "sku": "tape", "units": 1, "ref": "work:1"}) == (
        422,
        "ref",
    )


async def test_the_command_line_lists_the_orders_and_the_rules(
    tape: TradeSite, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = tape.clock() - HOUR_MS
    body = new(from_ms=begin, until_ms=tape.clock() + HOUR_MS, parts=parts(tape=4), assigned_to="kim")
    await tape.post(WORK, body)
    await tape.post(f"{WORK}/1/take", {"parts": parts(tape=1)})
    await tape.post(WORK, new(title="Sweep"))
    await tape.post(f"{WORK}/2/cancel", {"note": "No."})
    where = ["work", "--state", str(tape.state), "--ledger", tape.ledger]

    assert cli.main(where) == 0
    said = capsys.readouterr().out
    assert said.startswith("    1  planned    shelf-A1              Change the load cell  2025-11-21 21:00 to ")
    assert said.endswith("  for kim  4 tape (1 taken)\n")
    assert cli.main([*where, "--all", "--json"]) == 0
    rows = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["state"]) for one in rows] == [(1, "planned"), (2, "cancelled")]
    assert cli.main([*where, "--rules"]) == 0
    assert "gateway_silent            nobody said anything\n" in capsys.readouterr().out
