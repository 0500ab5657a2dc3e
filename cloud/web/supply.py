"""Replenishment over the web: an SKU's course, what waits to be ordered and what is decided about it, what another
policy would do."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.office_view import Ordered
from cloud.core.planning.what_if import Change
from cloud.core.sku_view import BackTest, Queue, SkuCourse, Suggestion, WhatIf
from cloud.web import codes
from cloud.web.desk import Refused
from cloud.web.office import OfficeDesk
from cloud.web.queries import NUMBER_MAX, TIME_MS_MAX, Number, Text, Whole, number
from cloud.web.routing import Given, Route, get, post

DAYS = Whole("days", "How many past days.", 42, 1, 400)
LIMIT = Whole("limit", "How many at most, those that run out first.", 200, 1, 1_000)
SKU = Text("sku", "Of this SKU alone; left out, of all.")
DEMAND = Whole("demand", "Demand, in percent of what is expected.", 100, 10, 500)
LEAD = Whole("lead", "Lead time, in percent of what it is.", 100, 0, 500)
LEVEL = Whole("level", "Service level in tenths of a percent; left out, as it is.", None, 500, 999)
NUMBERED = {"id": Number}
NEEDS_MAX = 200
Name = Annotated[str, Meta(max_length=100)]
Note = Annotated[str, Meta(max_length=500)]
Units = Annotated[int, Meta(ge=0, le=10**9)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]


class From(Struct, frozen=True, forbid_unknown_fields=True):
    """From whom a need is to be ordered (left out, from the best), and how many units (0: as is proposed
    by then)."""

    supplier: Note = ""
    units: Units = 0


class Snooze(Struct, frozen=True, forbid_unknown_fields=True):
    """Until when nobody wants to be asked (0: from now on again), and why."""

    until_ms: TimeMs = 0
    note: Note = ""


class Chosen(Struct, frozen=True, forbid_unknown_fields=True):
    """A need to be drafted: how many units (0: as proposed), and when it was changed last, as it was looked at (0:
    whenever)."""

    need: Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
    units: Units = 0
    changed_ms: TimeMs = 0


class Drafts(Struct, frozen=True, forbid_unknown_fields=True):
    """Needs to be put on drafts together, one for each supplier; all from one where it is named."""

    needs: Annotated[list[Chosen], Meta(min_length=1, max_length=NEEDS_MAX)]
    supplier: Name = ""


class CourseDesk(typing.Protocol):
    """Who knows the past and the future of SKUs. Raises `DeskError`s."""

    async def course(self, sku: str, days: int) -> SkuCourse:
        """One SKU over so many past days, and ahead."""

    async def what_if(self, sku: str, change: Change) -> WhatIf:
        """What the planner would do if things were otherwise, of an SKU or ("") of all."""

    async def backtest(self, sku: str) -> BackTest:
        """How the policy would have done, of an SKU or ("") of all."""


class QueueDesk(typing.Protocol):
    """Who knows what waits to be ordered. Raises `DeskError`s."""

    async def queue(self, limit: int) -> Queue:
        """What waits, what runs out first before the rest."""

    async def one(self, number: int) -> Suggestion:
        """One of these."""

    async def snooze(self, number: int, until_ms: int, note: str, by: str) -> Suggestion:
        """Nobody wants to be asked about it until then."""

    async def draft(self, needs: Mapping[int, int], seen: Mapping[int, int], supplier: str, by: str) -> object:
        """Drafts of these needs: need -> units, need -> when it was changed as it was looked at; who asks for it."""


class Supply:
    """The routes of replenishment."""

    def __init__(self, courses: CourseDesk, queue: QueueDesk, office: OfficeDesk) -> None:
        self._courses = courses
        self._queue = queue
        self._office = office

    def routes(self) -> list[Route]:
        """All of them."""
        need = "/api/v1/needs/{id}"
        return [
            get("/api/v1/skus/{id}/course", self.course, "look", SkuCourse, DAYS),
            get("/api/v1/what-if", self.what_if, "look", WhatIf, SKU, DEMAND, LEAD, LEVEL, refusals=("unknown",)),
            get("/api/v1/backtest", self.backtest, "look", BackTest, SKU, refusals=("unknown",)),
            get("/api/v1/replenishment", self.queue, "look", Queue, LIMIT),
            get("/api/v1/replenishment/{id}", self.one, "look", Suggestion, named=NUMBERED),
            post("/api/v1/replenishment/drafts", self.draft, "buy", Drafts, Ordered, refusals=codes.DRAFT_NEEDS),
            post(f"{need}/snooze", self.snooze, "buy", Snooze, Suggestion, named=NUMBERED, refusals=codes.SNOOZE,
                 thing=self.one),
            post(f"{need}/order", self.order, "buy", From, Ordered, named=NUMBERED, refusals=codes.NEED,
                 thing=self.one),
        ]  # fmt: skip

    async def course(self, request: web.Request) -> object:
        """What was on hand and taken of an SKU, and what is expected."""
        return await self._courses.course(request.match_info["id"], DAYS.of(request))

    async def what_if(self, request: web.Request) -> object:
        """What the planner would do if demand, lead time or service were another; it takes 3 s at most."""
        level = LEVEL.of(request, 0)
        change = Change(DEMAND.of(request) / 100, LEAD.of(request) / 100, level / 1000 if level else None)
        return await self._courses.what_if(SKU.of(request), change)

    async def backtest(self, request: web.Request) -> object:
        """How the policy would have done in the past at several service levels; it takes some 8 s at most."""
        return await self._courses.backtest(SKU.of(request))

    async def queue(self, request: web.Request) -> object:
        """What waits to be ordered, what runs out first before the rest."""
        return await self._queue.queue(LIMIT.of(request))

    async def one(self, request: web.Request) -> object:
        """One thing that waits to be ordered."""
        return await self._queue.one(number(request, "need"))

    async def draft(self, _: web.Request, wanted: Drafts, by: Given) -> object:
        """Put needs on drafts together."""
        needs = {one.need: one.units for one in wanted.needs}
        if len(needs) < len(wanted.needs):
            raise Refused("sku_twice", "A need is named twice.", "Name each once.")
        seen = {one.need: one.changed_ms for one in wanted.needs}
        return await self._queue.draft(needs, seen, wanted.supplier, by.who.name)

    async def snooze(self, request: web.Request, wish: Snooze, by: Given) -> object:
        """Do not ask about a need until a time."""
        return await self._queue.snooze(number(request, "need"), wish.until_ms, wish.note, by.who.name)

    async def order(self, request: web.Request, wanted: From, by: Given) -> object:
        """Order a need."""
        return await self._office.order_need(number(request, "need"), wanted.units, wanted.supplier, by.who)
