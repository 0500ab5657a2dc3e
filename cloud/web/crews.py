"""Crews over the web: who is on call, the roster, what was told; alerts put aside, taken up again, given away."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.crews_view import CrewsView, EndedView, Noisiest, NoticesView, NoticeView, RosterView, Sought
from cloud.core.view import AlertView
from cloud.web.desk import Unavailable
from cloud.web.queries import NUMBER_MAX, TIME_MS_MAX, number, text, whole
from cloud.web.replies import Refusal, reply
from cloud.web.writes import Given, Writes

DAY_MS = 86_400_000
ROSTER_DAYS, ROSTER_DAYS_MAX = 14, 92
NOISE_DAYS, NOISE_DAYS_MAX = 30, 366
PAGE, PAGE_MAX = 100, 1_000
ENDED_PAGE, ABOUT_MAX = 50, 100
MARK = re.compile(r"(\d{1,16})-(\d{1,10})", re.ASCII)
"""Where a page of alerts that are over ended: when the last of them did, and its number."""
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

    async def noisiest(self, since_ms: int) -> Noisiest:
        """What fired most since."""

    async def ended(self, sought: Sought, limit: int, after: tuple[int, int] | None) -> EndedView:
        """Alerts that are over, the latest end first; with `after` (an end and a number) those that follow that one."""

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
            web.get("/api/v1/alerts/ended", self.ended),
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
        found = await self._desk.notices(before, limit)
        return reply(NoticesView(found, found[-1].id if len(found) == limit else None))

    async def noisiest(self, request: web.Request) -> web.Response:
        """The ten alerts that fired most in the last `days` (30)."""
        days = whole(request, "days", NOISE_DAYS, 1, NOISE_DAYS_MAX)
        return reply(await self._desk.noisiest(self._now_ms() - days * DAY_MS))

    async def ended(self, request: web.Request) -> web.Response:
        """Alerts that are over, the latest end first: of a `rule`, `about` something, of a `severity`, there between
        `from` and `to` (ms); `limit` (50), those `after` a page's `next`."""
        rule, about = text(request, "rule"), text(request, "about").strip()
        severity = whole(request, "severity", 0, 1, 3)
        from_ms, to_ms = (whole(request, name, 0, 0, TIME_MS_MAX) for name in ("from", "to"))
        limit = whole(request, "limit", ENDED_PAGE, 1, PAGE_MAX)
        sought = Sought(rule, about[:ABOUT_MAX], severity, from_ms, to_ms)
        return reply(await self._desk.ended(sought, limit, _mark(request)))

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


def _mark(request: web.Request) -> tuple[int, int] | None:
    given = request.query.get("after", "")
    found = MARK.fullmatch(given)
    if given and found is None:
        raise Refusal(400, "bad_request", "`after` is no mark of a page", "send `next` of the page before it")
    return (int(found[1]), int(found[2])) if found is not None else None
