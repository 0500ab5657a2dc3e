"""Maintenance over the web: orders and their life, what people say of alerts and orders, and how rules did."""

from __future__ import annotations

import typing
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.maintenance.verdicts import SNOOZE_HOURS, SNOOZE_HOURS_MAX, RulePrecision
from cloud.core.maintenance.work import Said
from cloud.core.maintenance.working import ACTIONS, PARTS_MAX, UNITS_MAX, Action
from cloud.web.desk import NotFound
from cloud.web.queries import TIME_MS_MAX, number
from cloud.web.replies import reply
from cloud.web.writes import Given, Writes

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

    def __init__(self, desk: WorkDesk, writes: Writes) -> None:
        self._desk = desk
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/works", self.orders),
            web.post("/api/v1/works", self.open),
            web.get("/api/v1/works/{id}", self.order),
            web.post("/api/v1/works/{id}/verdict", self.judge_work),
            web.post("/api/v1/works/{id}/{action}", self.step),
            web.get("/api/v1/alerts/{id}/verdict", self.alert_verdicts),
            web.post("/api/v1/alerts/{id}/verdict", self.judge_alert),
            web.get("/api/v1/precision", self.precision),
        ]

    async def orders(self, _: web.Request) -> web.Response:
        """Open orders and the latest ended ones."""
        return reply(self._desk.orders())

    async def order(self, request: web.Request) -> web.Response:
        """One order with its versions."""
        return reply(await self._desk.order(number(request, "maintenance order")))

    async def open(self, request: web.Request) -> web.Response:
        """Open an order."""

        async def act(wanted: NewWork, by: Given) -> object:
            return await self._desk.open(wanted, by.who.name, by.key)

        return await self._writes.take(request, NewWork, act)

    async def step(self, request: web.Request) -> web.Response:
        """Change, start, take parts for, finish or cancel an order."""
        order = number(request, "maintenance order")
        action = next((one for one in ACTIONS if one == request.match_info["action"]), None)
        if action is None:
            raise NotFound(f"there is no {request.match_info['action'][:50]!r}", f"use one of {', '.join(ACTIONS)}")

        async def act(step: WorkStep, by: Given) -> object:
            return await self._desk.step(order, action, step, by.who.name, by.key)

        return await self._writes.take(request, WorkStep, act)

    async def judge_work(self, request: web.Request) -> web.Response:
        """Right, wrong or not now, of an order."""
        order = number(request, "maintenance order")

        async def act(told: Told, by: Given) -> object:
            return await self._desk.judge_work(order, told, by.who.name, by.key)

        return await self._writes.take(request, Told, act)

    async def judge_alert(self, request: web.Request) -> web.Response:
        """Right, wrong or not now, of an alert."""
        alert = number(request, "alert")

        async def act(told: Told, by: Given) -> object:
            return await self._desk.judge_alert(alert, told, by.who.name, by.key)

        return await self._writes.take(request, Told, act)

    async def alert_verdicts(self, request: web.Request) -> web.Response:
        """All that was said of an alert."""
        return reply(await self._desk.alert_verdicts(number(request, "alert")))

    async def precision(self, _: web.Request) -> web.Response:
        """How each rule did in the last 90 days."""
        return reply(self._desk.precision())
