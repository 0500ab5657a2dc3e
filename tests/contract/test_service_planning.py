"""The service plans as `cloud plan` does: by what it learnt at night, by the position, as far as the site lets it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
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
from cloud.core.view import SkuView
from cloud.planning import plans
from cloud.service import Options, Service
from cloud.web.desk import NotFound
from protocols.layout import Site, parse
from protocols.reports import Report, StockEvent
from protocols.uplink import Policy
from tests.contract.depots import NOW_MS, until
from tests.depot import DAY_MS, batches, level

SKUS = """
[[skus]]
id = "{id}"
name = "{id}"
unit_mass_g = 50.0
lead_time_days = {lead}
lead_time_sd_days = {spread}
unit_cost = {cost}
pack = {pack}
{more}
[[slots]]
id = "{id}-1"
zone = "hall"
sku = "{id}"
device = "shelf-1"
channel = "{id}"
capacity = 2000
"""
HALL = """
[site]
id = "depot"
name = "Depot"
timezone = "Europe/Berlin"
[[zones]]
id = "hall"
name = "Hall"
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
"""
KINDS = {
    "bolt": {"lead": 4, "spread": 1, "cost": 2.0, "pack": 12, "more": ""},
    "milk": {"lead": 2, "spread": 0, "cost": 0.9, "pack": 1, "more": "service_level = 0.98"},
    "pump": {"lead": 21, "spread": 4, "cost": 300.0, "pack": 1, "more": "backorder_cost = 900.0"},
    "tape": {"lead": 7, "spread": 2, "cost": 1.1, "pack": 6, "more": "reorder_point = 20\norder_quantity = 60"},
    "dust": {"lead": 7, "spread": 2, "cost": 1.1, "pack": 6, "more": ""},
}
RATES = {"bolt": 6.0, "milk": 20.0, "pump": 0.2, "tape": 3.0, "dust": 0.0}


def site(more: str = "", **changes: str) -> Site:
    """Five articles; `changes` are more lines of one of them."""
    told = {name: kind | {"more": f"{kind['more']}\n{changes.get(name, '')}"} for name, kind in KINDS.items()}
    return parse(HALL + "".join(SKUS.format(id=name, **kind) for name, kind in told.items()) + more)


class Hall:
    """A service over its stores, started as often as wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service: Service | None = None

    def start(self, place: Site) -> Service:
        self.close()
        there = self.folder
        self.service = Service(Options(place, there, f"sqlite:///{there}/history.db", f"sqlite:///{there}/ledger.db"))
        return self.service

    def close(self) -> None:
        if self.service is not None:
            self.service.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.close()


def sold(days: int, seed: int = 1) -> tuple[dict[str, list[int]], list[Report]]:
    """Units of each whole day until yesterday, and the movements that tell of them; 500 of each are left."""
    random = np.random.default_rng(seed)
    units: dict[str, list[int]] = {}
    told: list[Report] = []
    for name, rate in RATES.items():
        units[name] = random.poisson(rate, days).tolist()
        told.append(StockEvent(f"{name}-1", name, 500, 500, NOW_MS - (days + 1) * DAY_MS, 0.99, "first"))
        for ago, count in zip(range(days, 0, -1), units[name], strict=True):
            if count:
                told.append(StockEvent(f"{name}-1", name, -count, 500, NOW_MS - ago * DAY_MS, 0.99))
    return units, sorted(told, key=lambda one: getattr(one, "at_ms", 0))


def levels(units: int, at_ms: int = NOW_MS) -> list[Report]:
    return [level_of(name, units, at_ms) for name in KINDS]


def level_of(name: str, units: int, at_ms: int = NOW_MS) -> Report:
    return msgspec.structs.replace(level("A1", units, at_ms), slot=f"{name}-1", sku=name)


def shown(service: Service, sku: str) -> SkuView:
    return next(one for one in service.live.current.skus if one.id == sku)


async def stocked(hall: Hall, units: int, place: Site | None = None, days: int = 120) -> Service:
    service = hall.start(place or site())
    await service.apply(batches([*sold(days)[1], *levels(units)]))
    await service.tick(NOW_MS)
    return service


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


async def test_looking_plans_by_what_is_kept(hall: Hall) -> None:
    await stocked(hall, 5)
    assert hall.service is not None
    planned = {name: hall.service.planner.card(name) for name in KINDS}

    again = hall.start(site())
    again.look_only()

    assert shell._now_ms() - NOW_MS < DAY_MS
    assert {name: again.planner.card(name) for name in KINDS} == planned
