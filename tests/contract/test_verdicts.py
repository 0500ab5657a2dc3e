"""What people say of alerts by a tap, over the web and a real ledger: kept once, with its own time, for good."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DatabaseError

from tests.contract.trade_site import TradeSite, site_text
from tests.contract.works import WORK, alert
from tests.depot import HOUR_MS

pytestmark = pytest.mark.usefixtures("bo_mends")


async def test_a_tap_is_kept_once_with_its_own_time_and_may_be_thought_over_for_a_day(trading: TradeSite) -> None:
    number, path = await alert(trading), "/api/v1/alerts/1/verdict"
    tapped = trading.clock() + HOUR_MS
    trading.clock.pass_ms(5 * HOUR_MS)  # the phone was out of reach
    body = {"said": "wrong", "at_ms": tapped, "key": "phone-7"}
    for _ in range(3):
        told = await trading.post(path, body)
        assert (told["verdict"]["id"], told["verdict"]["at_ms"], told["verdict"]["by"]) == (1, tapped, "bo")
    await trading.restart()
    assert (await trading.post(path, body))["verdict"]["id"] == 1
    assert await trading.refused(path, {**body, "said": "right"}) == (409, "key_used")

    trading.clock.pass_ms(19 * HOUR_MS)
    assert (await trading.post(path, {"said": "right"}, "cy"))["standing"]["said"] == "right"
    trading.clock.pass_ms(2 * HOUR_MS)
    assert await trading.refused(path, {"said": "wrong"}, "cy") == (422, "verdict_stands")
    kept = trading.service.ledger.books.work.verdicts_of(number, 0)
    assert [(one.said, one.by) for one in kept] == [("wrong", "bo"), ("right", "cy")]
    shown = await trading.get(path, "ada")
    assert [one["said"] for one in shown["verdicts"]] == ["wrong", "right"]
    assert shown["standing"]["by"] == "cy"
    [found] = [one for one in await trading.get("/api/v1/precision") if one["rule"] == "stock_differs"]
    assert (found["right"], found["wrong"], found["precision"]) == (1, 0, 1.0)


async def test_not_now_puts_the_alert_aside_and_counts_as_right(trading: TradeSite) -> None:
    await alert(trading)
    aside: list[tuple[object, ...]] = []

    async def snooze(*what: object) -> None:
        aside.append(what)

    trading.service.trade.works.verdicts.snooze = snooze
    told = await trading.post("/api/v1/alerts/1/verdict", {"said": "not_now", "hours": 2})

    assert aside == [(1, "bo", "not now", trading.clock() + 2 * HOUR_MS)]
    assert (told["precision"]["not_now"], told["precision"]["precision"]) == (1, 1.0)


async def test_a_rule_that_is_wrong_again_and_again_is_not_told_any_more_and_what_is_critical_is(
    trading: TradeSite,
) -> None:
    works = trading.service.trade.works
    for number in range(1, 5):
        assert works.paging("stock_differs")
        await alert(trading, number)
        await trading.post(f"/api/v1/alerts/{number}/verdict", {"said": "wrong"})
        await alert(trading, 10 + number, "gateway_silent")
        await trading.post(f"/api/v1/alerts/{10 + number}/verdict", {"said": "wrong"})

    assert not works.paging("stock_differs")
    assert works.paging("stock_differs", 1)
    assert works.paging("gateway_silent")
    assert [one.rule for one in works.verdicts.asking()] == ["gateway_silent", "stock_differs"]
    await trading.restart()
    works = trading.service.trade.works
    assert not works.paging("stock_differs")

    text = site_text()
    trading.text = text + "\n[tuning.stock_differs]\nhold_minutes = 30\n"
    since_ms = trading.clock()
    for _ in range(2):
        await trading.restart()
        await trading.tick()
        works = trading.service.trade.works
        assert works.paging("stock_differs"), "it was tuned as it asked: what was said before counts no more"
    [tuned] = [one for one in works.precision() if one.tuned_ms]
    assert (tuned.rule, tuned.wrong, tuned.tuned_ms) == ("stock_differs", 0, since_ms)
    trading.text = text
    await trading.restart()
    assert trading.service.trade.works.paging("stock_differs"), "to take it back is to change it"


async def test_what_is_found_at_the_end_goes_above_what_was_said_at_first(trading: TradeSite) -> None:
    number = await alert(trading)
    await trading.post("/api/v1/alerts/1/verdict", {"said": "wrong"})
    await trading.post(WORK, {"alert": number})
    await trading.hours(48)

    done = await trading.post(f"{WORK}/1/finish", {"found": "A worn cell.", "did": "Changed it.", "verdict": "right"})

    assert (done["verdict"], done["outcome"]["verdict"]) == ("right", "right")
    [found] = [one for one in await trading.get("/api/v1/precision") if one["rule"] == "stock_differs"]
    assert (found["right"], found["wrong"]) == (1, 0)
    assert [one["outcome"] for one in (await trading.get(f"{WORK}/1"))["verdicts"]] == [False, True]
    late = {"said": "wrong", "at_ms": trading.clock() - HOUR_MS, "key": "late"}
    assert (await trading.post(f"{WORK}/1/verdict", late))["standing"]["said"] == "right"


async def test_versions_and_verdicts_are_only_ever_added_to(trading: TradeSite) -> None:
    await alert(trading)
    await trading.post(WORK, {"alert": 1})
    await trading.post("/api/v1/alerts/1/verdict", {"said": "right"})
    database = trading.service.ledger._database
    for table in ("work_version", "verdict"):
        for statement in (f"UPDATE {table} SET \"by\" = 'eve'", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="only ever added"), database.engine.begin() as connection:
                connection.exec_driver_sql(statement)
