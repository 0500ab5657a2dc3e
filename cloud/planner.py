"""The shell that plans: what is due, forecast together and off the event loop, its needs stored; and what is learnt of
all SKUs, once a night, in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.days import local_day
from cloud.core.forecasting.daily import Forecast
from cloud.core.inventory import Inventory
from cloud.core.ordering import Ordering
from cloud.core.planning.cards import Card, card
from cloud.core.planning.deals import Deal
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook, settle
from cloud.core.planning.what_if import Planned
from cloud.core.replenishment import OPEN, Fate, Need, Plan, Stock, aged, planned, reviewed, snoozed, stocked, unasked
from cloud.core.supplying import learning
from cloud.core.supplying.histories import Days, days_of
from cloud.core.supplying.learning import Learnt, Lesson
from cloud.core.supplying.preparing import Job, Prepared, Sources, prepare
from cloud.stores.database import LedgerUnavailable
from protocols.layout import Sku

log = logging.getLogger(__name__)

PLANS_A_TICK = 50
"""SKUs planned again in one tick; the rest wait for the next."""
PREPARED_MAX = 5_000
"""Policies kept in memory, some 10 KB each; beyond, those that waited longest are prepared anew when they are due."""
COPIED_AT_ONCE = 200
"""SKUs whose demand is copied before others have their turn."""

OnDisk = Callable[..., Awaitable[Any]]


class Kept(Protocol):
    """Where what was learnt is kept."""

    def keep(self, key: str, blob: bytes) -> None:
        """Store it; raises `LedgerUnavailable`."""

    def kept(self, key: str) -> bytes | None:
        """What was stored last."""


class Planner:
    """Plans the SKUs of one site. What it asks others: `positions` and dated `lots` of an SKU (`Stock`), the `fate` of
    a need among the orders and when its order was cancelled (`cancelled_ms`, 0 where it was not), the `spares` that
    neighbours told of an SKU, in how many days its regular supply is `due` (None: nothing is on its way), and the
    `deals` of its suppliers; until somebody sets them, only what is on the shelves and in the site file is known."""

    def __init__(self, inventory: Inventory, ordering: Ordering, books: Kept, on_disk: OnDisk) -> None:
        self.positions: Callable[[str], Position] = lambda sku: Position(inventory.stock(sku).units)
        self.lots: Callable[[str], Sequence[tuple[int, int]]] = lambda sku: ()
        self.fate: Callable[[int], Fate] = lambda need: "free"
        self.cancelled_ms: Callable[[int], int] = lambda need: 0
        self.spares: Callable[[str], dict[str, int]] = lambda sku: {}
        self.due: Callable[[str, int], float | None] = lambda sku, now_ms: None
        self.deals: Callable[[str], Sequence[Deal]] = lambda sku: ()
        self._site, self._inventory, self._ordering = inventory.site, inventory, ordering
        self._books, self._on_disk = books, on_disk
        self._sources = Sources(inventory.site)
        self._prepared: dict[str, Prepared] = {}
        self._learnt = learning.unpacked(books.kept(learning.KEY))
        self._studying: asyncio.Future[Learnt] | None = None
        self._unkept = False
        self._behind = self._stale = False
        self._deciding = asyncio.Lock()

    @property
    def learnt(self) -> Learnt:
        """What was learnt last; nothing before the first night."""
        return self._learnt or Learnt(0)

    def card(self, sku: str) -> Card | None:
        """The card of an SKU as it was planned last."""
        made = self._ordering.plans.get(sku)
        return made.card if made is not None else None

    def outlook(self, sku: str) -> Outlook | None:
        """What is expected of an SKU, as it was planned last."""
        made = self._prepared.get(sku)
        return made.told if made is not None else None

    def item(self, sku: str) -> Item | None:
        """An SKU as it is planned, where it was planned."""
        ready = self._prepared.get(sku)
        return stocked(ready.terms, self.positions(sku)) if ready is not None else None

    def planned(self, sku: str) -> Planned | None:
        """By what an SKU is planned whatever is in stock, where it was planned."""
        made = self._prepared.get(sku)
        return Planned(made.listed, made.deals, made.told) if made is not None else None

    def days(self, sku: str, now_ms: int) -> Days:
        """Its whole days until yesterday."""
        return self._days(sku, now_ms)

    def foretell(
        self, skus: Iterable[str], now_ms: int, days: int, taus: Sequence[float]
    ) -> tuple[list[str], Forecast | None]:
        """The demand of the next days with its quantiles, of those SKUs of which enough is known."""
        rows = {sku: self._days(sku, now_ms) for sku in skus}
        return learning.foretell(rows, self.learnt, taus, days)

    async def step(self, now_ms: int, behind: bool, keep: Callable[[Need], Awaitable[Need]]) -> None:
        """Plan what is due, and `keep` the needs that come of it. Raises `LedgerUnavailable`; what could not be kept is
        due again."""
        self._stale |= self._behind and not behind  # a backlog told of days that nothing was learnt of
        self._behind = behind
        await self._study(now_ms)
        jobs = [self._job(sku, now_ms) for sku in self._ordering.due(now_ms, PLANS_A_TICK, behind)]
        if lacking := [job for job in jobs if job.lacking]:
            self._enter(lacking, await asyncio.to_thread(prepare, lacking))
        ready = {job.sku.id for job in jobs}
        self._stale |= any(self._nameless(sku) for sku in ready)
        # A backlog may have begun meanwhile: nothing is decided in the middle of one.
        for sku in self._ordering.due(now_ms, PLANS_A_TICK, behind):
            if sku.id not in ready:
                continue
            made = self._plan(sku, now_ms)
            need = await self._decide(sku, made, now_ms, keep)
            if need is not None and need.state not in OPEN:  # what an order left of it is wanted now, not in an hour
                await self._decide(sku, made, now_ms, keep)

    async def snooze(
        self, number: int, until_ms: int, by: str, note: str, now_ms: int, keep: Callable[[Need], Awaitable[Need]]
    ) -> Need | None:
        """Nobody wants to be asked about an open need until then (0: now); as it is kept, None where it is not open.
        Raises `LedgerUnavailable`."""
        async with self._deciding:
            need = next((one for one in self._ordering.needs.values() if one.id == number), None)
            if need is None:
                return None
            need = await keep(snoozed(need, until_ms, by, note, now_ms))
            self._ordering.enter(need)
            return need

    async def _decide(self, sku: Sku, made: Plan, now_ms: int, keep: Callable[[Need], Awaitable[Need]]) -> Need | None:
        """What becomes of an SKU's need by this plan, kept."""
        async with self._deciding:
            return await self._decided(sku, made, now_ms, keep)

    async def _decided(self, sku: Sku, made: Plan, now_ms: int, keep: Callable[[Need], Awaitable[Need]]) -> Need | None:
        open_need = self._ordering.needs.get(sku.id)
        fate: Fate = self.fate(open_need.id) if open_need is not None else "free"
        before = self._ordering.last.get(sku.id)
        need = self._ordering.decide(made, now_ms, fate, self.cancelled_ms(before) if before is not None else 0)
        if need is None:
            return None
        try:
            if need.state in OPEN and (open_need is None or need.why != open_need.why):
                need = replace(need, why=need.why | {"card": await self._whole(sku, made)})
            need = await keep(need)
        except LedgerUnavailable:
            self._ordering.put_back(sku.id)
            raise
        self._ordering.enter(need)
        if need.state == "proposed":
            log.info("replenishment: %d x %s proposed", need.quantity, sku.id)
        return need

    def look(self, now_ms: int) -> None:
        """Plan every SKU for one look; nothing is decided or kept."""
        if self._learnt is None:
            self._learnt = learning.study([self._lesson(sku) for sku in self._site.skus], self._today(now_ms), now_ms)
        for sku in self._site.skus:
            self._ordering.plans[sku.id] = self._plan(sku, now_ms)

    def _plan(self, sku: Sku, now_ms: int) -> Plan:
        ready = self._prepared.get(sku.id)
        if ready is None:
            job = self._job(sku, now_ms)
            [ready] = prepare([job])
            self._enter([job], [ready])
        stock = self._stock(sku)
        item = stocked(ready.terms, aged(stock, ready.terms, ready.told))
        sources = self._sources.of(self.spares(sku.id), ready) if not sku.discontinued else []
        made = card(item, ready.told, False, ready.settled, sources, self.due(sku.id, now_ms))
        abc, xyz = self.learnt.abc_xyz(sku.id)
        made = replace(made, abc=abc, xyz=xyz, supply=ready.supply)
        found = planned(sku, ready.told, stock, made)
        asked = sku.id in self._ordering.needs or reviewed(sku, self._today(now_ms))
        return found if asked else unasked(found)

    async def _whole(self, sku: Sku, made: Plan) -> Any:
        """The card with what was rejected."""
        ready = self._prepared[sku.id]
        settled = await asyncio.to_thread(settle, ready.terms, ready.told, True)
        item = stocked(ready.terms, made.card.position)
        return msgspec.to_builtins(replace(made.card, rejected=card(item, ready.told, settled=settled).rejected))

    def _job(self, sku: Sku, now_ms: int) -> Job:
        days, before = self._days(sku.id, now_ms), self._prepared.get(sku.id)
        deals = tuple(self.deals(sku.id)) if not sku.discontinued else ()
        return Job(sku, days, self._stock(sku), self._level(sku), deals, before)

    def _enter(self, jobs: Sequence[Job], made: Sequence[Prepared]) -> None:
        for job, one in zip(jobs, made, strict=True):
            self._prepared.pop(job.sku.id, None)
            self._prepared[job.sku.id] = one
        while len(self._prepared) > PREPARED_MAX:
            del self._prepared[next(iter(self._prepared))]

    def _stock(self, sku: Sku) -> Stock:
        shelves = self._inventory.stock(sku.id)
        capacity = self._inventory.capacity(sku.id) or None
        return Stock(self.positions(sku.id), shelves.units, shelves.blind, capacity, tuple(self.lots(sku.id)))

    def _level(self, sku: Sku) -> float:
        return self._site.buying.level(*self.learnt.abc_xyz(sku.id))

    def _days(self, sku: str, now_ms: int) -> Days:
        return days_of(self._inventory.demand.get(sku), self._inventory.slots_of(sku), now_ms)

    def _today(self, now_ms: int) -> int:
        return local_day(self._site.site.timezone, now_ms)

    async def _study(self, now_ms: int) -> None:
        """Learn of all SKUs: at the first start at once, then each night beside all else."""
        today, running = self._today(now_ms), self._studying
        if self._learnt is None:
            self._learnt = await asyncio.to_thread(learning.study, await self._lessons(), today, now_ms)
            self._unkept = True
        elif running is not None and running.done():
            self._studying = None
            self._enter_learnt(running.result(), now_ms)
        elif running is None and (self._learnt.day != today or self._stale or self._strange()):
            self._stale = False
            study = partial(learning.study, await self._lessons(), today, now_ms)
            self._studying = asyncio.get_running_loop().run_in_executor(None, study)
        if self._unkept:
            try:
                await self._on_disk(self._books.keep, learning.KEY, learning.packed(self._learnt))
                self._unkept = False
            except LedgerUnavailable as error:
                log.warning("planning: %s; what was learnt is kept later", error)

    def _enter_learnt(self, made: Learnt, now_ms: int) -> None:
        """Plan by it from now on: at once what is of another class than it was."""
        before, self._learnt, self._unkept = self.learnt, made, True
        moved = [one for one in self._site.sku_by_id if before.abc_xyz(one) != made.abc_xyz(one)]
        self._ordering.again(moved, now_ms)

    def _nameless(self, sku: str) -> bool:
        """Whether demand is known of an SKU that has no class."""
        ready = self._prepared.get(sku)
        return ready is not None and ready.told is not None and self.learnt.abc_xyz(sku) == ("", "")

    def _strange(self) -> bool:
        """Whether the site has an SKU that nothing was learnt of."""
        return self._site.sku_by_id.keys() - self.learnt.classes.keys() != set()

    async def _lessons(self) -> list[Lesson]:
        """Every SKU's demand as it is now, so that a thread can look at it; others have their turn meanwhile."""
        found = []
        for at, sku in enumerate(self._site.skus, 1):
            found.append(self._lesson(sku))
            if at % COPIED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    def _lesson(self, sku: Sku) -> Lesson:
        known = self._inventory.demand.get(sku.id)
        copied = known.copy() if known is not None else None
        offered = min(self.deals(sku.id), key=lambda one: one.price, default=None)
        cost, lead = (sku.unit_cost, sku.lead_time_days) if offered is None else (offered.price, offered.lead_time_days)
        return Lesson(sku.id, copied, self._inventory.slots_of(sku.id), cost, lead)
