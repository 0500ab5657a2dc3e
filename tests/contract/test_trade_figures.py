"""Key figures of a running service: they move with the facts, each rests on all that is known, targets are the site's.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cloud.core.kpis import figures
from cloud.core.planning.settling import Outlook
from tests.contract.trade_partners import ordered, received
from tests.contract.trade_site import Json, TradeSite, site_text
from tests.depot import DAY_MS


def seen(trading: TradeSite, name: str) -> Json:
    """A figure as the live page has it."""
    [found] = [one for one in trading.service.live.current.measures if one.id == name]
    return msgspec.to_builtins(found)


def daily(units: float) -> Outlook:
    """So many units a day are expected."""
    return Outlook(units, units, 0.0, "smooth", "mean", 28)


async def test_a_figure_moves_within_three_seconds_of_the_fact(trading: TradeSite) -> None:
    await trading.tick(5)
    before = seen(trading, "holding_cost")["value"] or 0.0
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 40, "unit_cost": 2.0})
    await trading.tick(3)
    assert seen(trading, "holding_cost")["value"] == pytest.approx(before + 40 * 2.0 * 0.25)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -30})
    await trading.tick(3)
    assert seen(trading, "holding_cost")["value"] == pytest.approx(before + 10 * 2.0 * 0.25)
    assert seen(trading, "fill_rate")["value"] == 1.0


async def test_figures_are_not_made_for_every_fact_and_hardly_ever_without_one(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, kpis = list[int](), figures.kpis

    def counted(*given: Any) -> list[figures.Kpi]:
        made.append(1)
        return kpis(*given)

    monkeypatch.setattr(figures, "kpis", counted)
    await trading.tick(65)
    made.clear()
    for n in range(20):
        for more in range(3):
            await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": n + more + 1})
        await trading.tick()
    assert 5 <= len(made) <= 11
    await trading.tick(3)
    made.clear()
    await trading.tick(120)
    assert 1 <= len(made) <= 3


async def test_cover_counts_each_article_as_soon_as_it_is_planned_and_all_of_them_after_a_start(
    trading: TradeSite,
) -> None:
    known: dict[str, Outlook] = {}

    def look() -> None:
        trading.service.trade.figures.outlook = known.get

    look()
    for sku, units in (("milk", 40), ("tape", 10)):
        await trading.post("/api/v1/book", {"kind": "receipt", "sku": sku, "units": units, "unit_cost": 1.0})
    known["milk"] = daily(4.0)
    await trading.tick(3)
    assert (seen(trading, "cover_days")["value"], seen(trading, "cover_days")["n"]) == (10.0, 1)
    known["tape"] = daily(5.0)
    await trading.tick(3)
    found = seen(trading, "cover_days")
    assert (found["value"], found["n"]) == (pytest.approx(50 / (4 * 1.0 + 5 * 2.0), rel=1e-3), 2)
    known["milk"] = daily(8.0)
    await trading.tick(3)
    assert seen(trading, "cover_days")["value"] == pytest.approx(50 / 18, rel=1e-3)

    await trading.restart()
    look()
    await trading.tick()
    assert (seen(trading, "cover_days")["value"], seen(trading, "cover_days")["n"]) == (
        pytest.approx(50 / 18, rel=1e-3),
        2,
    )


async def test_one_and_the_same_line_is_on_time_for_the_scorecard_and_for_the_figure(trading: TradeSite) -> None:
    """Promised in ten days, there after two."""
    mine = await ordered(trading, milk=10)
    promise = {"lines": [{"sku": "milk", "due_ms": trading.clock() + 10 * DAY_MS}]}
    await trading.post(f"/api/v1/portal/orders/{mine}/confirm", promise, "su")
    await trading.hours(48)
    assert seen(trading, "supplier_on_time")["reason"] == "no_orders"
    await received(trading, mine, milk=10)
    await trading.tick(3)
    found = seen(trading, "supplier_on_time")
    [card] = [one for one in await trading.get("/api/v1/suppliers") if one["id"] == "acme"]
    assert (found["value"], found["n"]) == (card["on_time"], card["lines"]) == (1.0, 1)
    assert card["lead_lines"] == 1


async def test_the_site_file_sets_targets(trading: TradeSite) -> None:
    trading.text = site_text() + "\n[targets]\nfill_rate = 0.97\ndead_stock = 500\n"
    await trading.restart()
    await trading.tick(3)
    told = {one["id"]: one["target"] for one in await trading.get("/api/v1/measures")}
    assert {name: target for name, target in told.items() if target is not None} == {
        "fill_rate": 0.97,
        "dead_stock": 500.0,
    }
