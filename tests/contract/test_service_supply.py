"""The service plans with the terms of whoever would deliver - lead times, lots, prices and their breaks - and by the
policy that the site file asks for; and orders for no hour that is past."""

from __future__ import annotations

import asyncio

import pytest

from cloud import service as shell
from cloud.core.book.positions import Position
from cloud.core.days import day_start_ms, local_day
from cloud.core.ordering import NEVER, PATIENCE_MS
from cloud.core.purchasing.facts import LeadTime
from cloud.core.replenishment import OPEN
from cloud.service import Service
from protocols.reports import StockEvent
from protocols.trade import Offer
from tests.contract.depots import NOW_MS, until
from tests.contract.halls import Hall, level_of, levels, shown, site, sold, stocked
from tests.depot import DAY_MS, HOUR_MS, batches

SUPPLIERS = """
[[suppliers]]
id = "acme"
name = "Acme"
order_cost = 33.0
[[suppliers]]
id = "boltco"
name = "Bolt & Co"
order_cost = 9.0
[[offers]]
supplier = "acme"
sku = "milk"
price = 1.5
moq = 48
pack = 24
lead_time_days = 30
lead_time_sd_days = 6
"""
DEARER = """
[[offers]]
supplier = "boltco"
sku = "milk"
price = 1.9
lead_time_days = 1
"""
FREELY = "[buying]\napproved_to = 99_000\nadmin_limit = 99_000"


async def test_a_plan_is_made_with_the_terms_of_the_one_supplier_and_says_so(hall: Hall) -> None:
    service = await stocked(hall, 40, site(SUPPLIERS))

    card, need = service.planner.card("milk"), service.ordering.needs["milk"]
    assert card is not None
    assert card.ahead is not None
    assert card.terms is not None
    assert card.supply is not None
    assert (card.supply.supplier, card.supply.lead_lines) == ("acme", 0)
    assert (card.ahead.lead_time_days, card.ahead.lead_time_sd_days) == (30.0, 6.0)
    assert (card.terms.moq, card.terms.pack, card.terms.unit_cost, card.terms.order_cost) == (48, 24, 1.5, 33.0)
    assert card.reorder_point is not None
    assert card.reorder_point > 30 * 20
    assert card.order % 24 == 0
    assert card.risk is not None
    assert card.risk > 0.9, "40 units do not last for thirty days"
    assert need.why["supplier"] == "acme"
    bolt = service.planner.card("bolt")
    assert bolt is not None
    assert bolt.supply is None, "nobody offers it: its own terms"


async def test_a_lead_time_as_measured_stands_above_the_quoted_one_with_its_spread(hall: Hall) -> None:
    service = await stocked(hall, 40, site(SUPPLIERS))
    [quoted] = [one for one in service.live.current.skus if one.id == "milk"]

    def measured(offer: Offer) -> LeadTime:
        return LeadTime(11.04, 3.0, 6, 9.0)

    service.trade.supplying.lead_time = measured  # type: ignore[method-assign]
    await service.tick(NOW_MS + HOUR_MS)

    card = service.planner.card("milk")
    assert card is not None
    assert card.ahead is not None
    assert (card.ahead.lead_time_days, card.ahead.lead_time_sd_days) == (11.0, 3.0)
    assert card.supply is not None
    assert card.supply.lead_lines == 6
    assert quoted.reorder_point is not None
    assert card.reorder_point is not None
    assert card.reorder_point < quoted.reorder_point / 2


async def test_of_several_suppliers_it_is_planned_with_the_one_that_is_ordered_from(hall: Hall) -> None:
    place = site(SUPPLIERS + DEARER + FREELY, milk='replenish = "order"')
    service = await stocked(hall, 40, place)

    card = service.planner.card("milk")
    assert card is not None
    assert card.supply is not None
    [order] = [one for one in service.trade.purchasing.every() if one.lines[0].sku == "milk"]
    assert order.supplier == card.supply.supplier


async def test_the_lot_of_a_price_break_is_wanted_and_ordered(hall: Hall) -> None:
    breaks = "breaks = [{ units = 1500, price = 1.1 }]\nlead_time_days = 2\n"
    more = SUPPLIERS.replace("moq = 48\npack = 24\nlead_time_days = 30\nlead_time_sd_days = 6\n", breaks)
    place = site(more + FREELY, milk='replenish = "order"')
    service = await stocked(hall, 20, place)

    card = service.planner.card("milk")
    assert card is not None
    assert card.supply is not None
    assert card.order_up_to is not None
    assert card.reorder_point is not None
    assert card.order_up_to - card.reorder_point == 1500
    assert (card.supply.price, card.supply.price_from, card.supply.moq) == (1.1, 1500, 1)
    [order] = [one for one in service.trade.purchasing.every() if one.lines[0].sku == "milk"]
    [line] = order.lines
    assert (line.units, line.unit_price) == (1500, 1.1)


async def test_a_neighbour_that_can_spare_some_is_on_the_card_while_that_costs_less_than_waiting(hall: Hall) -> None:
    more = '[[neighbours]]\nid = "north"\nname = "North"\ndays = 1\nfixed_cost = 5.0\n'
    service = hall.start(site(more))
    service.planner.spares = lambda sku: {"north": 40} if sku == "pump" else {}
    await service.apply(batches([*sold(300)[1], *levels(0)]))
    await service.tick(NOW_MS)

    card = service.planner.card("pump")
    assert card is not None
    assert card.rescue is not None
    assert card.rescue.source == "neighbour:north"
    assert 0 < card.rescue.units <= 40
    assert card.rescue.risk_after < card.rescue.risk
    assert card.rescue.saves > card.rescue.costs
    bolt = service.planner.card("bolt")
    assert bolt is not None
    assert bolt.rescue is None


async def test_a_quicker_supplier_helps_out_until_what_was_ordered_comes(hall: Hall) -> None:
    more = """
    [[suppliers]]
    id = "fast"
    name = "Fast"
    order_cost = 3.0
    [[offers]]
    supplier = "fast"
    sku = "pump"
    price = 301.0
    lead_time_days = 2
    """
    service = hall.start(site(more))
    service.planner.positions = lambda sku: Position(0, on_order=10)
    due: dict[str, float] = {"pump": 15.0}
    service.planner.due = lambda sku, now_ms: due.get(sku)
    await service.apply(batches([*sold(300)[1], *levels(0)]))
    await service.tick(NOW_MS)

    card = service.planner.card("pump")
    assert card is not None
    assert card.verdict == "enough"
    assert card.rescue is not None
    assert card.rescue.source == "supplier:fast"
    assert "pump" not in {one.sku for one in service.live.current.needs}
    assert shown(service, "pump").rescue == card.rescue, "who looks at the article sees it, though nothing is needed"
    due["pump"] = 1.0
    service.ordering.note({"pump": NOW_MS + 1000}, NOW_MS + 1000)
    await service.tick(NOW_MS + 1000)
    card = service.planner.card("pump")
    assert card is not None
    assert card.rescue is None, "it would come later than what is on its way"
    assert shown(service, "pump").rescue is None


async def test_a_periodic_article_is_ordered_on_its_review_days_alone(hall: Hall) -> None:
    place = site(milk='policy = "periodic"\nreview_days = 7')
    service = await stocked(hall, 900, place)
    today = local_day("Europe/Berlin", NOW_MS)
    monday = next(day for day in range(today + 1, today + 8) if day % 7 == 1)
    sunday_ms, monday_ms = (day_start_ms("Europe/Berlin", day) + 10 * HOUR_MS for day in (monday - 1, monday))

    await service.apply(batches([level_of("milk", 5, sunday_ms)], 50_000))
    await planned_at(service, sunday_ms)
    card = service.planner.card("milk")
    assert card is not None
    assert (card.formula, card.verdict, card.order) == ("periodic_review", "enough", 0)
    assert card.terms is not None
    assert card.terms.review_days == 7
    assert "milk" not in service.ordering.needs
    assert {one.reorder_point for one in service.policies() if one.sku == "milk"} == {NEVER}

    await planned_at(service, monday_ms)
    need = service.ordering.needs["milk"]
    assert need.why["formula"] == "periodic_review"
    await planned_at(service, monday_ms + DAY_MS)
    assert service.ordering.needs["milk"].id == need.id, "what was wanted on Monday is still"


async def test_an_article_just_in_time_is_wanted_only_for_what_is_promised(hall: Hall) -> None:
    service = await stocked(hall, 0, site(milk='policy = "jit"'))
    assert "milk" not in service.ordering.needs

    service.planner.positions = lambda sku: Position(0, reserved=30 if sku == "milk" else 0)
    await planned_at(service, NOW_MS + HOUR_MS)

    assert service.ordering.needs["milk"].quantity == 30


async def test_the_nights_study_in_the_middle_of_a_hand_in_orders_nothing_for_a_past_hour(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await stocked(hall, 500)
    assert "bolt" not in service.ordering.needs
    learnt = service.planner.learnt
    learnt.classes["bolt"] = "CZ"  # it will move
    back_ms, held = NOW_MS + DAY_MS, True
    monkeypatch.setattr(shell, "_now_ms", lambda: back_ms)
    service._behind = lambda now_ms: held  # type: ignore[method-assign]

    # The gateway is back, and hands in what it saw nine hours ago; that the shelf was filled since, it tells last.
    past_ms = back_ms - 9 * HOUR_MS
    away = [StockEvent("bolt-1", "bolt", -500, 0, past_ms, 0.99), level_of("bolt", 0, past_ms)]
    await service.apply(batches(away, 50_000))
    at_ms = back_ms
    async with asyncio.timeout(20):
        while service.planner.learnt is learnt:
            await service.tick(at_ms := at_ms + 1000)
            await asyncio.sleep(0.01)
    for _ in range(20):
        await service.tick(at_ms := at_ms + 1000)
    assert service.planner.learnt.classes["bolt"] != "CZ"
    assert at_ms - back_ms < PATIENCE_MS
    assert "bolt" not in service.ordering.needs, "nothing was there nine hours ago"

    now = [StockEvent("bolt-1", "bolt", 500, 500, at_ms, 0.99), level_of("bolt", 500, at_ms)]
    await service.apply(batches(now, 50_002))
    held = False
    for _ in range(10):
        await service.tick(at_ms := at_ms + 1000)
    assert [one.sku for one in service.ledger.needs() if one.sku == "bolt"] == []


async def test_an_order_that_is_changed_in_the_middle_of_a_hand_in_decides_nothing_for_a_past_hour(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await stocked(hall, 500)
    held = True
    service._behind = lambda now_ms: held  # type: ignore[method-assign]
    back_ms = NOW_MS + 2 * HOUR_MS
    monkeypatch.setattr(shell, "_now_ms", lambda: back_ms)
    service.trade._now_ms = lambda: back_ms
    past_ms = back_ms - HOUR_MS
    await service.tick(past_ms)
    away = [StockEvent("bolt-1", "bolt", -500, 0, past_ms, 0.99), level_of("bolt", 0, past_ms)]
    await service.apply(batches(away, 50_000))

    service.trade.book.changed("bolt", back_ms)
    for second in range(1, 20):
        await service.tick(back_ms + second * 1000)
    assert "bolt" not in service.ordering.needs

    held = False
    await service.tick(back_ms + 21_000)
    assert service.ordering.needs["bolt"].state in OPEN


async def planned_at(service: Service, at_ms: int) -> None:
    """The service lives through a few seconds of some hour, and what it studied is known."""
    for second in range(8):
        await service.tick(at_ms + second * 1000)
        studying = service.planner._studying
        if studying is not None:
            await until(studying.done)
