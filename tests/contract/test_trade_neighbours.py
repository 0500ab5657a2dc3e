"""Neighbour sites over the real web: what they tell helps who runs out, and takes what lies dead.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from typing import Any

from protocols.reports import SlotLevel, StockEvent
from tests.contract.trade_partners import begin, text
from tests.contract.trade_site import Json, TradeSite
from tests.depot import DAY_MS, HOUR_MS

TELL = "/api/v1/neighbours/north/spare"
RUNS_OUT = ("unit_cost = 0.5\nlead_time_days = 4\n", "unit_cost = 0.5\nlead_time_days = 3\nbackorder_cost = 20_000.0\n")


async def opened(trading: TradeSite) -> None:
    """The depot has a neighbour, and owing a bolt is dear."""
    await begin(trading)
    trading.text = text().replace(*RUNS_OUT, 1)
    await trading.restart()


async def sold(trading: TradeSite, slot: str, sku: str, each_day: int, left: int, days: int = 30) -> None:
    """So many units were picked a day; `left` are there now."""
    now_ms, count = trading.clock(), left + each_day * days
    reports: list[Any] = [StockEvent(slot, sku, count, count, now_ms - (days + 1) * DAY_MS, 0.99, "first")]
    for back in range(days, 0, -1):
        count -= each_day
        reports.append(StockEvent(slot, sku, -each_day, count, now_ms - back * DAY_MS + HOUR_MS, 0.99, "weight"))
    reports.append(SlotLevel(slot, sku, left, left, left, 0.99, 50.0 * left, now_ms))
    await trading.hear(*reports)
    trading.stocked[slot] = left


async def card(trading: TradeSite, sku: str = "bolt") -> Json:
    """The card of an SKU as it is planned now."""
    await trading.tick(5)
    planned = trading.service.planner.card(sku)
    assert planned is not None
    return planned


async def test_who_runs_out_before_its_supply_comes_is_helped_by_who_has_some_to_spare(trading: TradeSite) -> None:
    await opened(trading)
    await sold(trading, "A2", "bolt", 1, 0)
    await sold(trading, "A1", "bolt", 9, 12)
    assert (await card(trading)).rescue is None

    told = await trading.post(TELL, {"skus": {"bolt": 25, "tractor": 3, "wine": -2}})

    assert told == {"neighbour": "north", "taken": 2, "unknown": ["tractor"]}
    helped = (await card(trading)).rescue
    assert (helped.source, 0 < helped.units <= 25, helped.saves > helped.costs) == ("neighbour:north", True, True)
    assert helped.risk_after < helped.risk
    await trading.restart()
    assert (await card(trading)).rescue == helped


async def test_the_need_of_who_runs_out_carries_the_rescue(trading: TradeSite) -> None:
    await opened(trading)
    await trading.post(TELL, {"skus": {"bolt": 25}})
    await sold(trading, "A2", "bolt", 1, 0)
    await sold(trading, "A1", "bolt", 9, 12)
    await trading.tick(5)

    [need] = trading.needs("bolt")

    assert need["card"]["rescue"]["source"] == "neighbour:north"


async def test_what_a_neighbour_does_not_name_any_more_it_can_not_send(trading: TradeSite) -> None:
    """What `/api/v1/spare` of one site answers is its whole word for the other."""
    await opened(trading)
    await sold(trading, "A2", "bolt", 1, 0)
    await sold(trading, "A1", "bolt", 9, 12)
    await trading.post(TELL, {"skus": {"bolt": 25, "nut": 5}})
    assert (await card(trading)).rescue is not None

    await trading.post(TELL, {"skus": {"nut": 4}})

    assert (await card(trading)).rescue is None
    await trading.restart()
    assert (await card(trading)).rescue is None
    assert trading.service.trade.neighbours.spare("nut") == {"north": 4}


async def test_dead_stock_is_offered_to_the_neighbour_that_wants_it(trading: TradeSite) -> None:
    await opened(trading)
    await trading.weigh("G1", 20)
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "gear", "units": 20, "unit_cost": 50.0})
    trading.clock.pass_ms(200 * DAY_MS)
    await trading.tick(3)
    await trading.post(TELL, {"skus": {"gear": -6}})

    [row] = [one for one in (await trading.get("/api/v1/measures/dead_stock"))["rows"] if one["sku"] == "gear"]

    assert (row["act"], row["with_whom"], row["units"]) == ("transfer", "north", 6)
    await trading.post(TELL, {"skus": {}})
    [row] = [one for one in (await trading.get("/api/v1/measures/dead_stock"))["rows"] if one["sku"] == "gear"]
    assert row["act"] != "transfer"


async def test_a_site_tells_what_it_can_send_and_what_it_could_use(trading: TradeSite) -> None:
    await opened(trading)
    await sold(trading, "B1", "nut", 2, 300)
    await sold(trading, "A2", "bolt", 1, 0)
    await sold(trading, "A1", "bolt", 9, 12)
    await trading.tick(5)

    told = await trading.get("/api/v1/spare", "ada")

    assert told["site"] == "depot"
    assert told["skus"]["nut"] > 0
    assert told["skus"]["bolt"] < 0
    assert set(told["skus"]) == {"nut", "bolt"}
    assert (await trading.post(TELL, {"skus": told["skus"]}))["unknown"] == []


async def test_strangers_and_nonsense_are_told_why_not(trading: TradeSite) -> None:
    await opened(trading)

    assert await trading.refused("/api/v1/neighbours/south/spare", {"skus": {"bolt": 1}}) == (404, "unknown")
    for body in ({"skus": {"bolt": "many"}}, {"skus": {"bolt": 10**10}}, {"skus": ["bolt"]}, {}, {"skus": {}, "x": 1}):
        assert await trading.refused(TELL, body) == (400, "bad_request")
    assert await trading.refused(TELL, {"skus": {"bolt": 1}}, "ada") == (403, "forbidden")
    with trading.away():
        assert await trading.refused(TELL, {"skus": {"bolt": 25}}) == (503, "unavailable")
    assert trading.service.trade.neighbours.spare("bolt") == {}
