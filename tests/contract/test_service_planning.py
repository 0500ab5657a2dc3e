"""The service plans as `cloud plan` does: by what it learnt at night, by the position, as far as the site lets it."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from cloud import service as shell
from cloud.core.book.positions import Position
from cloud.core.days import local_day
from cloud.core.ordering import NEVER
from cloud.core.planning.demand_table import DemandTable
from cloud.core.planning.items import Item
from cloud.core.replenishment import Fate
from cloud.core.supplying import learning
from cloud.core.supplying.learning import Learnt
from cloud.planning import plans
from cloud.web.desk import NotFound
from protocols.reports import StockEvent
from protocols.uplink import Policy
from tests.contract.depots import NOW_MS, until
from tests.contract.halls import KINDS, Hall, level_of, levels, shown, site, sold, stocked
from tests.depot import DAY_MS, batches


async def test_the_plan_of_the_service_is_that_of_the_command_line_for_the_same_history(hall: Hall) -> None:
    days = 120
    units, told = sold(days)
    place = site()
    service = hall.start(place)
    await service.apply(batches([*told, *levels(9)]))
    await service.tick(NOW_MS)

    today = local_day("Europe/Berlin", NOW_MS)
    table = DemandTable([*units], today - days, np.array([units[name] for name in units], dtype=np.float32))
    items = {}
    for sku in place.skus:
        abc, xyz = service.planner.learnt.abc_xyz(sku.id)
        items[sku.id] = Item(
            sku.id,
            sku.unit_cost,
            sku.order_cost,
            sku.holding_rate,
            sku.lead_time_days,
            sku.lead_time_sd_days,
            pack=sku.pack,
            on_hand=9,
            service_level=sku.service_level or place.buying.level(abc, xyz),
            backorder_cost=sku.backorder_cost,
            capacity=2000,
            reorder_point=sku.reorder_point,
            order_quantity=sku.order_quantity,
        )
    cards = {one.sku: one for one in plans(items, table)}

    assert {sku.id: service.planner.card(sku.id) for sku in place.skus} == cards
    assert {one.verdict for one in cards.values()} == {"order", "enough", "no_demand"}
    assert len({one.abc for one in cards.values()}) > 1


async def test_what_was_learnt_is_kept_over_a_restart_and_learnt_again_in_the_next_night_in_a_thread(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    study = learning.study

    def watched(*args: object) -> Learnt:
        threads.append(threading.current_thread())
        return study(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(learning, "study", watched)
    service = await stocked(hall, 9)
    await service.tick(NOW_MS + 1000)
    learnt = service.planner.learnt
    assert (len(threads), learnt.day) == (1, local_day("Europe/Berlin", NOW_MS))

    again = hall.start(site())
    assert again.planner.learnt == learnt
    await again.tick(NOW_MS + 2000)
    assert len(threads) == 1
    await again.tick(NOW_MS + DAY_MS)
    assert again.planner.learnt == learnt, "it plans on meanwhile"
    await until(lambda: len(threads) == 2 and again.planner._studying is not None and again.planner._studying.done())
    await again.tick(NOW_MS + DAY_MS + 1000)
    assert again.planner.learnt.day == learnt.day + 1
    assert len(threads) == 2
    assert threading.main_thread() not in threads


async def test_classes_are_not_known_before_demand_is_and_learnt_once_a_backlog_has_told_of_it(hall: Hall) -> None:
    service = hall.start(site())
    await service.tick(NOW_MS)
    assert {(one.abc, one.xyz) for one in service.live.current.skus} == {("", "")}

    await service.apply(batches([*sold(120)[1], *levels(9)]))
    at_ms = NOW_MS
    async with asyncio.timeout(20):
        while not shown(service, "pump").abc:
            at_ms += 10_000
            await service.tick(at_ms)
            await asyncio.sleep(0.01)
    letters = {one.id: one.abc + one.xyz for one in service.live.current.skus}
    assert letters["pump"][0] == "A"
    assert letters["dust"] in ("", "CZ")
    assert {name for name, both in letters.items() if not both} <= {"dust"}
    learnt = service.planner.learnt
    await service.tick(at_ms + 10_000)
    await service.tick(at_ms + 20_000)
    assert service.planner.learnt is learnt, "and not again and again"

    service.planner.learnt.classes["milk"] = "CZ"
    held = True
    service._behind = lambda now_ms: held  # type: ignore[method-assign]
    await service.tick(at_ms + 30_000)
    held = False
    async with asyncio.timeout(20):
        while service.planner.learnt is learnt:
            at_ms += 10_000
            await service.tick(at_ms + 30_000)
            await asyncio.sleep(0.01)


async def test_a_calibration_that_was_learnt_corrects_the_quantiles_that_are_told(hall: Hall) -> None:
    service = await stocked(hall, 9, days=300)

    skus, told = service.planner.foretell(["bolt", "milk", "unheard"], NOW_MS, 14, (0.5, 0.95))

    assert skus == ["bolt", "milk"]
    assert told is not None
    assert (told.quantiles[:, 1] > told.quantiles[:, 0]).all()
    assert abs(told.mean_day - [6.0, 20.0]).max() < 2
    assert np.array(service.planner.learnt.cases).sum() > 0


async def test_days_out_of_stock_are_no_days_without_demand(hall: Hall) -> None:
    service = hall.start(site())
    gone_ms = NOW_MS - 40 * DAY_MS
    told = [one for one in sold(120)[1] if isinstance(one, StockEvent) and one.slot == "bolt-1"]
    before = [one for one in told if one.at_ms < gone_ms]
    before.append(StockEvent("bolt-1", "bolt", -6, 0, gone_ms, 0.99))
    await service.apply(batches([*before, level_of("bolt", 0)]))
    await service.tick(NOW_MS)

    card = service.planner.card("bolt")
    assert card is not None
    assert card.ahead is not None
    assert card.ahead.days in (80, 81)
    assert 5 < card.ahead.daily < 7


async def test_what_is_under_way_is_not_ordered_again_here_nor_at_a_gateway(hall: Hall) -> None:
    service = await stocked(hall, 9)
    [tape] = [one for one in service.ledger.needs() if one.sku == "tape"]
    assert (tape.quantity, tape.why["formula"]) == (60, "by_hand")
    assert Policy("tape", 20, 60, True) in service.policies()

    fates: dict[int, Fate] = {tape.id: "placed"}
    service.planner.fate = lambda need: fates.get(need, "free")
    service.planner.positions = lambda sku: Position(9, on_order=60 if sku == "tape" else 0)
    service.ordering.note({"tape": NOW_MS + 1000}, NOW_MS + 1000)
    await service.tick(NOW_MS + 1000)

    assert [one.state for one in service.ledger.needs() if one.sku == "tape"] == ["fulfilled"]
    assert Policy("tape", NEVER, 60, False) in service.policies()
    [view] = [one for one in service.live.current.skus if one.id == "tape"]
    assert (view.on_hand, view.on_order, view.projected, view.verdict) == (9, 60, 69, "enough")


async def test_the_site_says_how_far_the_service_may_go(hall: Hall) -> None:
    place = site(bolt='replenish = "observe"', milk='replenish = "order"', tape="discontinued = true")
    service = await stocked(hall, 5, place)

    needs = {one.sku: one for one in service.live.current.needs}
    assert (needs["bolt"].state, needs["milk"].state) == ("observed", "proposed")
    assert needs["milk"].why["replenish"] == "order"
    assert "tape" not in needs
    policies = {one.sku: one.reorder_point for one in service.policies()}
    assert (policies["bolt"], policies["tape"]) == (NEVER, NEVER)
    assert policies["milk"] > 0


async def test_a_need_keeps_the_whole_card_and_what_was_rejected_over_a_restart(hall: Hall) -> None:
    service = await stocked(hall, 5)
    before = {one.sku: one for one in service.live.current.needs}

    after = {one.sku: one for one in hall.start(site()).live.current.needs}

    assert after == before
    card = after["bolt"].card
    assert card is not None
    assert card.ahead is not None
    assert len(card.rejected) >= 2
    assert (card.projected, card.order) == (5, after["bolt"].quantity)
    assert (card.abc, card.terms.service_level if card.terms else None) != ("", None)


async def test_every_card_of_a_need_is_kept_though_it_is_revised(hall: Hall) -> None:
    service = await stocked(hall, 9)
    [first] = [one for one in service.ledger.needs() if one.sku == "milk"]
    for revision, units in enumerate((-1200, -2600), 1):
        at_ms = NOW_MS + revision * 1000
        service.planner.positions = lambda sku, units=units: Position(units)  # type: ignore[misc]
        service.ordering.note({"milk": at_ms}, at_ms)
        await service.tick(at_ms)

    [last] = [one for one in service.ledger.needs() if one.sku == "milk"]
    assert last.why["revised"] == 2
    for running in (service, hall.start(site())):
        versions = await running.need_versions(last.id)
        assert [one.revised for one in versions] == [0, 1, 2]
        assert [one.changed_ms for one in versions] == [NOW_MS, NOW_MS + 1000, NOW_MS + 2000]
        assert (versions[0].quantity, versions[-1].quantity) == (first.quantity, last.quantity)
        assert [one.card.position.on_hand for one in versions if one.card is not None] == [9, -1200, -2600]
        with pytest.raises(NotFound):
            await running.need_versions(999)


async def test_looking_plans_by_what_is_kept(hall: Hall) -> None:
    await stocked(hall, 5)
    assert hall.service is not None
    planned = {name: hall.service.planner.card(name) for name in KINDS}

    again = hall.start(site())
    again.look_only()

    assert shell._now_ms() - NOW_MS < DAY_MS
    assert {name: again.planner.card(name) for name in KINDS} == planned
