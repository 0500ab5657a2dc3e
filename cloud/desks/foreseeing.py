"""One SKU's past and future for a chart, and what another policy would do: worked out in a thread, so many at a time,
and for no longer than is said here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from cloud.core.book.positions import Position
from cloud.core.days import day_start_ms, local_day
from cloud.core.demand import DAYS_MIN
from cloud.core.forecasting.course import course as foretold
from cloud.core.inventory import Inventory
from cloud.core.kpis.courses import DAYS, lost
from cloud.core.planning.backtest_curve import backtest_curve, table_of
from cloud.core.planning.what_if import Change, Planned, what_if
from cloud.core.sku_view import AheadView, BackTest, ComingView, Served, SkuCourse, WhatIf
from cloud.core.supplying import past, projecting
from cloud.core.supplying.histories import Days
from cloud.desks.bookkeeping import Bookkeeping
from cloud.desks.folding import fold
from cloud.desks.purchasing import Purchasing
from cloud.desks.refusing import storing
from cloud.planner import Planner
from cloud.stores.books import Books
from cloud.stores.history import History, HistoryUnavailable
from cloud.web.desk import NotFound, Unavailable

SERVED_DAYS: Final = 90
"""Service is measured over so many days, today the last."""
POINTS: Final = 600
KEPT_MS, KEPT_MAX = 20_000, 16
"""The steps of so many SKUs are held for so long: who moves along the time axis asks again and again."""
WHAT_IF_S: Final = 3.0
BACKTEST_S: Final = 8.0
"""Beyond, what is left is counted."""
BACKTEST_KEPT_MS: Final = 600_000
WAITING_MAX: Final = 8
"""So many wait for their turn; who comes then is asked to come again."""
COPIED_AT_ONCE: Final = 200
SKUS_MAX: Final = 2_000
"""So many SKUs are lived through, those with most money in them first."""


class Foreseeing:
    """What is asked of SKUs' courses. `position` is where one stands; until it is set, nothing is."""

    def __init__(
        self,
        inventory: Inventory,
        planner: Planner,
        purchasing: Purchasing,
        book: Bookkeeping,
        books: Books,
        history: History | None,
        now_ms: Callable[[], int],
    ) -> None:
        self.position: Callable[[str], Position] = lambda _: Position(0)
        self._site, self._inventory, self._planner = inventory.site, inventory, planner
        self._purchasing, self._book, self._books, self._history = purchasing, book, books, history
        self._now_ms = now_ms
        self._drawing, self._weighing = _Turns(2), _Turns(1)
        self._steps: dict[str, tuple[int, list[tuple[int, int]]]] = {}
        self._tested: dict[str, tuple[int, BackTest]] = {}

    async def course(self, sku: str, days: int) -> SkuCourse:
        """See `cloud.web.supply.CourseDesk`."""
        self._known(sku)
        now_ms, zone = self._now_ms(), self._site.site.timezone
        today = local_day(zone, now_ms)
        from_ms = day_start_ms(zone, today - days)
        known, card = self._planner.days(sku, now_ms), self._planner.card(sku)
        what = projecting.coming(self._purchasing.of(sku), sku, now_ms)
        async with self._drawing.turn():
            steps, gaps = await self._measured(sku, from_ms, now_ms)
            ahead = await self._ahead(sku, known, what, now_ms)
        times, stock = past.course(steps, gaps, from_ms, now_ms, POINTS)
        first = max(0, len(known.units) - days)
        rows = [*zip(known.units, known.dry, strict=True)][first:]
        begins = [day_start_ms(zone, today - len(rows) + at) for at in range(len(rows))]
        lead = card.ahead.lead_time_days if card is not None and card.ahead is not None else None
        return SkuCourse(
            sku, now_ms, from_ms, begins, [None if dry else units for units, dry in rows], times, stock, what, lead,
            card.reorder_point if card is not None else None, card.order_up_to if card is not None else None,
            self._served(sku, today), ahead, card,
        )  # fmt: skip

    async def what_if(self, sku: str, change: Change) -> WhatIf:
        """See `cloud.web.supply.CourseDesk`."""
        if sku:
            self._known(sku)
        skus = [made for one in self._chosen(sku) if (made := self._planner.planned(one)) is not None]
        if sku and not skus:
            raise NotFound(f"{sku!r} was not planned yet", "try again in a moment")
        skus.sort(key=_money, reverse=True)
        async with self._weighing.turn():
            until_s = time.monotonic() + WHAT_IF_S
            return await asyncio.to_thread(what_if, sku, skus, change, lambda: time.monotonic() < until_s)

    async def backtest(self, sku: str) -> BackTest:
        """See `cloud.web.supply.CourseDesk`."""
        if sku:
            self._known(sku)
        now_ms, zone = self._now_ms(), self._site.site.timezone
        async with self._weighing.turn():
            made_ms, kept = self._tested.get(sku, (0, None))
            if kept is not None and 0 <= now_ms - made_ms < BACKTEST_KEPT_MS:
                return kept
            every = [(one, made) for one in self._chosen(sku) if (made := self._planner.planned(one)) is not None]
            every = sorted((one for one in every if one[1].told), key=lambda one: _money(one[1]), reverse=True)
            items, rows = [], list[list[float]]()
            for at, (one, _) in enumerate(every[:SKUS_MAX], 1):
                item = self._planner.item(one)
                days = self._planner.days(one, now_ms)
                if item is not None and days.known >= DAYS_MIN:
                    items.append(item)
                    rows.append([float(units) for units in days.units])
                if at % COPIED_AT_ONCE == 0:
                    await asyncio.sleep(0)
            ends_ms = day_start_ms(zone, local_day(zone, now_ms))
            until_s = time.monotonic() + BACKTEST_S
            found = await asyncio.to_thread(
                lambda: backtest_curve(sku, items, table_of(rows), ends_ms, lambda: time.monotonic() < until_s)
            )
            self._tested.pop(sku, None)
            self._tested[sku] = (now_ms, found)
            while len(self._tested) > KEPT_MAX:
                del self._tested[next(iter(self._tested))]
            return found

    async def _measured(
        self, sku: str, from_ms: int, now_ms: int
    ) -> tuple[Sequence[tuple[int, int]], list[tuple[int, int]]]:
        """What was on hand from each moment on, and when a slot could not be counted."""
        made_ms, steps = self._steps.get(sku, (0, []))
        if not 0 <= now_ms - made_ms < KEPT_MS:
            terms, gone = self._book.terms(sku), self._book.gone
            with storing():
                folded = await asyncio.to_thread(lambda: fold(sku, self._books.facts(sku), terms, gone)[1])
            steps = [(one.at_ms, one.on_hand) for one in folded]
            self._steps.pop(sku, None)
            self._steps[sku] = (now_ms, steps)
            while len(self._steps) > KEPT_MAX:
                del self._steps[next(iter(self._steps))]
        return steps, await asyncio.to_thread(self._gaps, sku, from_ms, now_ms)

    def _gaps(self, sku: str, from_ms: int, now_ms: int) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        for slot in self._inventory.slots_of(sku):
            device = self._inventory.devices.get(self._site.slot_by_id[slot].device)
            if device is not None and device.state != "ok" and not device.unheard:
                spans.append((max(from_ms, device.last_seen_ms), now_ms))
            if self._history is None:
                continue
            try:
                unknown, _ = self._history.read(f"{slot}/slot/unknown", from_ms, now_ms + 1, POINTS)
                known, _ = self._history.read(f"{slot}/slot/count", from_ms, now_ms + 1) if unknown else ([], [])
            except HistoryUnavailable as error:
                raise Unavailable("the history can not be read now", "try again in a moment") from error
            spans += past.uncounted(unknown, known, now_ms)
        return past.together(spans)

    async def _ahead(self, sku: str, known: Days, what: Sequence[ComingView], now_ms: int) -> AheadView | None:
        if known.known < DAYS_MIN:
            return None
        told, zone = self._planner.outlook(sku), self._site.site.timezone
        today = local_day(zone, now_ms)
        begins, ends = day_start_ms(zone, today), day_start_ms(zone, today + 1)
        place, free = self._site.sku_by_id[sku], self.position(sku).available
        made = self._planner.item(sku)
        lead = made.lead_time_days if made is not None else place.lead_time_days
        cover = max(0, free) / told.mean if told is not None and told.mean > 0 else None
        days, calibration = projecting.horizon(lead, cover), self._planner.learnt.calibration
        found = await asyncio.to_thread(foretold, known.units, known.dry, days + 1, projecting.TAUS, calibration)
        return projecting.ahead(found, free, what, now_ms, (now_ms - begins) / (ends - begins))

    def _served(self, sku: str, today: int) -> Served:
        course = self._book.tallies.courses.get(sku)
        if course is None or not course.first_day:
            return Served(0, 0.0, 0.0)
        first = max(course.first_day, today - SERVED_DAYS + 1)
        given = asked = 0.0
        for day in range(first, today + 1):
            at = day % DAYS
            met = max(0.0, course.picked[at] - course.owed[at])
            given, asked = given + met, asked + met + lost(course, at)
        return Served(today - first + 1, round(asked, 1), round(given, 1))

    def _known(self, sku: str) -> None:
        if sku not in self._site.sku_by_id:
            raise NotFound(f"there is no SKU {sku[:100]!r}", "the list of stock shows all there are")

    def _chosen(self, sku: str) -> list[str]:
        return [sku] if sku else [one.id for one in self._site.skus if not one.discontinued]


class _Turns:
    """So many at a time, and so many who wait."""

    def __init__(self, at_once: int) -> None:
        self._free, self._waiting = asyncio.Semaphore(at_once), 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises `Unavailable` where too many do."""
        if self._waiting >= WAITING_MAX:
            raise Unavailable("many ask for such figures at this moment", "try again in a moment")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


def _money(one: Planned) -> float:
    """What a day's demand costs, by which SKUs are taken first."""
    return one.told.mean * one.item.unit_cost if one.told is not None else 0.0
