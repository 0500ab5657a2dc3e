"""Maintenance over the web: orders and their life, what people say of alerts and orders, and how rules did."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.maintenance.verdicts import SNOOZE_HOURS, SNOOZE_HOURS_MAX, RulePrecision
from cloud.core.maintenance.work import Said
from cloud.core.maintenance.working import ACTIONS, PARTS_MAX, UNITS_MAX, Action
from cloud.core.work_view import Judged, VerdictsView, WorkDetail, WorksPage, WorkView
from cloud.web import codes
from cloud.web.desk import NotFound
from cloud.web.paging import Paging
from cloud.web.queries import TIME_MS_MAX, Number, number
from cloud.web.routing import Given, Route, get, post

NUMBERED = {"id": Number}
ENDED = Paging("works", 100, 1_000)

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=1000)]
Title = Annotated[str, Meta(max_length=200)]
Word = Annotated[str, Meta(max_length=100)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of a part."""

    sku: Name
    units: Annotated[int, Meta(ge=0, le=UNITS_MAX)]


Parts = Annotated[list[Wanted], Meta(max_length=PARTS_MAX)]


class NewWork(Struct, frozen=True, forbid_unknown_fields=True):
    """An order that somebody opens: for an asset, or because of an alert, which names the asset where nothing else
    does."""

    asset: Word = ""
    alert: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    title: Title = ""
    fault: Word = ""
    from_ms: TimeMs = 0
    until_ms: TimeMs = 0
    whole_zone: bool = False
    assigned_to: Word = ""
    parts: Parts = []
    note: Text = ""


class WorkStep(Struct, frozen=True, forbid_unknown_fields=True):
    """An act on an order; what is left out stays as it is. `version` is the one that was looked at (0: whichever it is
    by now). `parts`: wanted in all (change), or taken now (take); `used` in the end, left out: all that were taken."""

    version: Annotated[int, Meta(ge=0)] = 0
    title: Title | None = None
    from_ms: TimeMs | None = None
    until_ms: TimeMs | None = None
    whole_zone: bool | None = None
    assigned_to: Word | None = None
    parts: Parts | None = None
    used: Parts | None = None
    note: Text = ""
    found: Text = ""
    did: Text = ""
    verdict: Literal["", "right", "wrong"] = ""


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """One tap: `said` at `at_ms` by the phone it was said on (0: now), with that phone's `key` for it (left out: the
    Idempotency-Key). Not now puts the alert aside for so many hours."""

    said: Said
    at_ms: TimeMs = 0
    key: Annotated[str, Meta(max_length=128)] = ""
    hours: Annotated[float, Meta(ge=0.25, le=SNOOZE_HOURS_MAX)] = SNOOZE_HOURS
    note: Text = ""


class WorkDesk(typing.Protocol):
    """Who keeps maintenance orders and what is said of rules, as the web sees it. Raises `DeskError`s."""

    def orders(self) -> object:
        """Open orders and the latest ended ones."""

    async def ended(self, before: int, limit: int) -> Sequence[WorkView]:
        """Those that are over, the newest first; with `before` (0: none) those of lower numbers."""

    async def order(self, number: int) -> object:
        """One, with its versions."""

    async def open(self, wanted: NewWork, by: str, key: str) -> object:
        """A new order."""

    async def step(self, number: int, action: Action, step: WorkStep, by: str, key: str) -> object:
        """Take an order a step further."""

    async def alert_verdicts(self, number: int) -> object:
        """All that was said of an alert, and what stands."""

    async def judge_work(self, number: int, told: Told, by: str, key: str) -> object:
        """Say whether what an order is for was so."""

    async def judge_alert(self, number: int, told: Told, by: str, key: str) -> object:
        """Say whether an alert is right."""

    def precision(self) -> list[RulePrecision]:
        """How each rule did."""


class Work:
    """The routes of maintenance."""

    def __init__(self, desk: WorkDesk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        one, alert = "/api/v1/works/{id}", "/api/v1/alerts/{id}/verdict"
        return [
            get("/api/v1/works", self.orders, "look", list[WorkView]),
            post("/api/v1/works", self.open, "maintain", NewWork, WorkView, refusals=codes.OPEN_WORK),
            get("/api/v1/works/ended", self.ended, "look", WorksPage, *ENDED.query),
            get(one, self.order, "look", WorkDetail, named=NUMBERED),
            post(f"{one}/verdict", self.judge_work, "maintain", Told, Judged, named=NUMBERED, refusals=codes.JUDGE),
            post(
                f"{one}/{{action}}", self.step, "maintain", WorkStep, WorkView,
                named=NUMBERED | {"action": Action}, refusals=codes.STEP_WORK, thing=self.order,
            ),
            get(alert, self.alert_verdicts, "look", VerdictsView, named=NUMBERED),
            post(alert, self.judge_alert, "respond", Told, Judged, named=NUMBERED, refusals=codes.JUDGE),
            get("/api/v1/precision", self.precision, "look", list[RulePrecision]),
        ]  # fmt: skip

    async def orders(self, _: web.Request) -> object:
        """Open orders and the latest ended ones."""
        return self._desk.orders()

    async def ended(self, request: web.Request) -> object:
        """Orders that are over, newest first."""
        before, limit = ENDED.of(request)
        found = await self._desk.ended(before, limit)
        return WorksPage([*found], ENDED.next(found, limit))

    async def order(self, request: web.Request) -> object:
        """One order with its versions."""
        return await self._desk.order(number(request, "maintenance order"))

    async def open(self, _: web.Request, wanted: NewWork, by: Given) -> object:
        """Open an order."""
        return await self._desk.open(wanted, by.who.name, by.key)

    async def step(self, request: web.Request, step: WorkStep, by: Given) -> object:
        """Change, start, take parts for, finish or cancel an order."""
        order = number(request, "maintenance order")
        action = next((one for one in ACTIONS if one == request.match_info["action"]), None)
        if action is None:
            raise NotFound(f"there is no {request.match_info['action'][:50]!r}", f"use one of {', '.join(ACTIONS)}")
        return await self._desk.step(order, action, step, by.who.name, by.key)

    async def judge_work(self, request: web.Request, told: Told, by: Given) -> object:
        """Right, wrong or not now, of an order."""
        return await self._desk.judge_work(number(request, "maintenance order"), told, by.who.name, by.key)

    async def judge_alert(self, request: web.Request, told: Told, by: Given) -> object:
        """Right, wrong or not now, of an alert."""
        return await self._desk.judge_alert(number(request, "alert"), told, by.who.name, by.key)

    async def alert_verdicts(self, request: web.Request) -> object:
        """All that was said of an alert."""
        return await self._desk.alert_verdicts(number(request, "alert"))

    async def precision(self, _: web.Request) -> object:
        """How each rule did in the last 90 days."""
        return self._desk.precision()
