"""Crews over the web: who is on call, the roster, what was told; alerts put aside, taken up again, given away."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.crews_view import CrewsView, NoticeView, RosterView
from cloud.core.view import AlertView
from cloud.web.desk import Unavailable
from cloud.web.queries import NUMBER_MAX, number, whole
from cloud.web.replies import reply
from cloud.web.writes import Given, Writes

DAY_MS = 86_400_000
ROSTER_DAYS, ROSTER_DAYS_MAX = 14, 92
NOISE_DAYS, NOISE_DAYS_MAX = 30, 366
PAGE, PAGE_MAX = 100, 1_000
Note = Annotated[str, Meta(max_length=500)]
Name = Annotated[str, Meta(max_length=64)]


class Shelf(Struct, frozen=True, forbid_unknown_fields=True):
    """For how long an alert is put aside, and why."""

    minutes: Annotated[int, Meta(ge=1, le=10_080)]
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class Remark(Struct, frozen=True, forbid_unknown_fields=True):
    """Why, if somebody wants to say."""

    note: Note = ""


class Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to see to it: a person of the site file, or "" for nobody in particular."""

    to: Name
    note: Note = ""


class Test(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be told a test; through one channel, or ("") as always."""

    person: Name
    channel: Name = ""


class Desk(typing.Protocol):
    """Who knows the crews. Raises `DeskError`s."""

    def on_call(self) -> CrewsView:
        """Who is on call now."""

    def roster(self, days: int) -> RosterView:
        """Who is asked first in the next days."""

    async def notices(self, before: int, limit: int) -> list[NoticeView]:
        """What was told, newest first; with `before` what is older than that one."""

    async def noisiest(self, since_ms: int) -> dict[str, object]:
        """What fired most since."""

    async def test(self, person: str, channel: str) -> NoticeView:
        """Tell somebody a test."""

    async def shelve(self, alert: int, by: str, minutes: int, note: str) -> AlertView:
        """Put an alert aside."""

    async def unshelve(self, alert: int, by: str, note: str) -> AlertView:
        """Take it up again."""

    async def assign(self, alert: int, by: str, to: str, note: str) -> AlertView:
        """Give an alert to somebody."""


class Crews:
    """The routes of crews."""

    def __init__(self, desk: Desk | None, writes: Writes, now_ms: Callable[[], int]) -> None:
        self._asked, self._writes, self._now_ms = desk, writes, now_ms

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/oncall", self.on_call),
            web.get("/api/v1/roster", self.roster),
            web.get("/api/v1/notices", self.notices),
            web.get("/api/v1/noisiest", self.noisiest),
            web.post("/api/v1/notices/test", self.test),
            web.post("/api/v1/alerts/{id}/shelve", self.shelve),
            web.post("/api/v1/alerts/{id}/unshelve", self.unshelve),
            web.post("/api/v1/alerts/{id}/assign", self.assign),
        ]

    async def on_call(self, _: web.Request) -> web.Response:
        """Who is on call now, team by team."""
        return reply(self._desk.on_call())

    async def roster(self, request: web.Request) -> web.Response:
        """Who is asked first in the next `days` (14)."""
        return reply(self._desk.roster(whole(request, "days", ROSTER_DAYS, 1, ROSTER_DAYS_MAX)))

    async def notices(self, request: web.Request) -> web.Response:
        """The delivery log, newest first: `limit` (100), older than `before`."""
        before, limit = whole(request, "before", 0, 0, NUMBER_MAX), whole(request, "limit", PAGE, 1, PAGE_MAX)
        found: Sequence[NoticeView] = await self._desk.notices(before, limit)
        return reply({"notices": found, "next": found[-1].id if len(found) == limit else None})

    async def noisiest(self, request: web.Request) -> web.Response:
        """The ten alerts that fired most in the last `days` (30)."""
        days = whole(request, "days", NOISE_DAYS, 1, NOISE_DAYS_MAX)
        return reply(await self._desk.noisiest(self._now_ms() - days * DAY_MS))

    async def test(self, request: web.Request) -> web.Response:
        """Tell somebody a test."""

        async def act(given: Test, _: Given) -> NoticeView:
            return await self._desk.test(given.person, given.channel)

        return await self._writes.take(request, Test, act)

    async def shelve(self, request: web.Request) -> web.Response:
        """Put an alert aside, for a time and a reason."""
        alert = number(request, "alert")

        async def act(given: Shelf, by: Given) -> AlertView:
            return await self._desk.shelve(alert, by.who.name, given.minutes, given.note)

        return await self._writes.take(request, Shelf, act)

    async def unshelve(self, request: web.Request) -> web.Response:
        """Take an alert up again."""
        alert = number(request, "alert")

        async def act(given: Remark, by: Given) -> AlertView:
            return await self._desk.unshelve(alert, by.who.name, given.note)

        return await self._writes.take(request, Remark, act)

    async def assign(self, request: web.Request) -> web.Response:
        """Give an alert to somebody."""
        alert = number(request, "alert")

        async def act(given: Assignment, by: Given) -> AlertView:
            return await self._desk.assign(alert, by.who.name, given.to, given.note)

        return await self._writes.take(request, Assignment, act)

    @property
    def _desk(self) -> Desk:
        if self._asked is None:
            raise Unavailable("the crews are known to a running service alone", "start it with `python -m cloud serve`")
        return self._asked
