"""What the fake service tells of an article's course and of what waits to be ordered: of made-up days, by the real
forecast, the real planner and the real back-test."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from cloud.core.forecasting.course import course as foretold
from cloud.core.planning.backtest_curve import backtest_curve, table_of
from cloud.core.planning.items import Item
from cloud.core.planning.settling import Outlook
from cloud.core.planning.what_if import Change, Planned, what_if
from cloud.core.purchasing.orders import Line
from cloud.core.purchasing.orders import draft as order_draft
from cloud.core.sku_view import BackTest, ComingView, Queue, Served, SkuCourse, Suggestion, WhatIf
from cloud.core.supplying import past, projecting
from cloud.core.view import NeedView, SkuView, Snapshot
from cloud.web.desk import NotFound, Refused
from tests.browser import fake_plan
from tests.browser.fake_orders import PRICE, agreed
from tests.browser.fake_trade import FakeTrade

DAY_MS = fake_plan.DAY_MS
KNOWN_DAYS = 60
TODAY_OVER = 0.4


class FakeSupply:
    """`CourseDesk` and `QueueDesk`. `show` publishes; drafts are made by the fake trade."""

    def __init__(
        self, now_ms: Callable[[], int], site: Callable[[], Snapshot], show: Callable[..., Any], trade: FakeTrade
    ) -> None:
        self._now_ms, self._site, self._show, self._trade = now_ms, site, show, trade
        self.told: list[tuple[str, object]] = []

    async def course(self, sku: str, days: int) -> SkuCourse:
        """See `supply.CourseDesk`. Two days were out of stock, and for one the shelf could not be counted."""
        one, now_ms = self._sku(sku), self._now_ms()
        units = _days(one)
        dry = [at in (20, 21) for at in range(KNOWN_DAYS)]
        today = now_ms - round(TODAY_OVER * DAY_MS)
        begins = [today - (KNOWN_DAYS - at) * DAY_MS for at in range(KNOWN_DAYS)]
        level, steps = 200, list[tuple[int, int]]()
        for begin, taken in zip(begins, units, strict=True):
            level = level - taken if level > taken else 240
            steps.append((begin + DAY_MS // 2, level))
        steps.append((now_ms - 60_000, one.on_hand))
        gap = (begins[45], begins[46])
        from_ms = now_ms - days * DAY_MS
        times, stock = past.course(steps, [gap], max(from_ms, begins[0]), now_ms, 600)
        kept = [at for at in range(KNOWN_DAYS) if begins[at] >= from_ms]
        what = [ComingView(3, 24, now_ms + 4 * DAY_MS, False)] if one.on_order else []
        ahead = None
        if one.daily_demand:
            found = foretold(units, dry, projecting.horizon(3.0, one.cover_days) + 1, projecting.TAUS)
            ahead = projecting.ahead(found, one.available, what, now_ms, TODAY_OVER)
        return SkuCourse(
            sku, now_ms, from_ms, [begins[at] for at in kept], [None if dry[at] else units[at] for at in kept], times,
            stock, what, 3.0, one.reorder_point, one.order_up_to, Served(60, 1_000.0, 962.0), ahead,
            fake_plan.card(one, 120) if one.daily_demand else None,
        )  # fmt: skip

    async def what_if(self, sku: str, change: Change) -> WhatIf:
        """See `supply.CourseDesk`."""
        every = [self._sku(sku)] if sku else [one for one in self._site().skus if one.daily_demand][:5]
        return what_if(sku, [Planned(_item(one), (), _outlook(one)) for one in every], change)

    async def backtest(self, sku: str) -> BackTest:
        """See `supply.CourseDesk`."""
        every = [self._sku(sku)] if sku else [one for one in self._site().skus if one.daily_demand][:3]
        rows = [[float(units) for units in _days(one)] for one in every]
        return backtest_curve(sku, [_item(one) for one in every], table_of(rows), self._now_ms())

    async def queue(self, limit: int) -> Queue:
        """See `supply.QueueDesk`."""
        rows = sorted((self._row(need) for need in self._open()), key=lambda one: one.out_ms or 2**53)
        return Queue(self._now_ms(), rows, 0)

    async def one(self, number: int) -> Suggestion:
        """See `supply.QueueDesk`."""
        return self._row(self._need(number))

    async def snooze(self, number: int, until_ms: int, note: str, by: str) -> Suggestion:
        """See `supply.QueueDesk`."""
        need = self._need(number)
        said = {"snoozed_until_ms": until_ms, "snoozed_by": by, "snoozed_note": note} if until_ms else {}
        why = {name: value for name, value in need.why.items() if not name.startswith("snoozed_")} | said
        self.told.append(("snooze", (number, until_ms - self._now_ms() if until_ms else 0, note)))
        self.change(number, why=why)
        return await self.one(number)

    async def draft(self, needs: Mapping[int, int], seen: Mapping[int, int], supplier: str, by: str) -> object:
        """See `supply.QueueDesk`."""
        for number, changed_ms in seen.items():
            if self._need(number).changed_ms != changed_ms:
                raise Refused("changed", f"Need {number} was changed meanwhile.", "Look at it again, then decide.")
        self.told.append(("draft", dict(needs)))
        now_ms, found = self._now_ms(), [self._need(one) for one in needs]
        lines = [Line(one.sku, one.quantity, PRICE, due_ms=now_ms + 3 * DAY_MS) for one in found]
        view = self._trade.enter(agreed(order_draft("acme", lines, "service", now_ms, needs=[*needs])))
        self._show(needs=[replace(one, order=view.id) if one.id in needs else one for one in self._site().needs])
        return {"orders": [view]}

    def change(self, number: int, **fields: Any) -> None:
        """Somebody changes a need."""
        needs = [
            replace(one, changed_ms=self._now_ms() + 1, **fields) if one.id == number else one
            for one in self._site().needs
        ]
        self._show(needs=needs)

    def _row(self, need: NeedView) -> Suggestion:
        one, now_ms, why = self._sku(need.sku), self._now_ms(), need.why
        daily = one.daily_demand or 0.0
        there, out_ms = projecting.runs_out(one.available, daily, [], 30, now_ms)
        until, by, note = (why.get(f"snoozed_{name}") for name in ("until_ms", "by", "note"))
        return Suggestion(
            need.id, need.sku, one.name, need.quantity, "observed" if need.state == "observed" else "proposed",
            one.on_hand, one.available, one.on_order, one.reorder_point, one.order_up_to, daily, 0.07,
            ["below_point"] if out_ms > now_ms + 3 * DAY_MS or not out_ms else ["before_delivery", "below_point"],
            "acme", "Acme Medical", 3.1, 12.5, 1_520.0, out_ms, there, need.created_ms, need.changed_ms, need.order,
            until if isinstance(until, int) else 0, str(by or ""), str(note or ""),
        )  # fmt: skip

    def _open(self) -> list[NeedView]:
        return [one for one in self._site().needs if one.state in ("proposed", "observed")]

    def _need(self, number: int) -> NeedView:
        found = next((one for one in self._open() if one.id == number), None)
        if found is None:
            raise NotFound(f"there is no need {number}")
        return found

    def _sku(self, sku: str) -> SkuView:
        found = next((one for one in self._site().skus if one.id == sku), None)
        if found is None:
            raise NotFound(f"there is no SKU {sku}")
        return found


def _days(one: SkuView) -> list[int]:
    """Units taken on each of the days that are known."""
    chance, mean = random.Random(one.id), one.daily_demand or 0.0
    return [max(0, round(chance.gauss(mean, mean * 0.35))) for _ in range(KNOWN_DAYS)]


def _item(one: SkuView) -> Item:
    return Item(one.id, 12.5, 20.0, 0.25, 3.0, 0.5, 10, 12, service_level=0.95, capacity=480)


def _outlook(one: SkuView) -> Outlook | None:
    daily = one.daily_demand
    return Outlook(daily, daily * 1.9, daily * 0.02, "smooth", "smoothing", KNOWN_DAYS) if daily else None
