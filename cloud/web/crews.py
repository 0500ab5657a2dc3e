"""Crews over the web: who is on call, the roster, what was told; alerts put aside, taken up again, given away."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.crews_view import AlertsPage, CrewsView, Noisiest, NoticesPage, NoticeView, RosterView, Sought
from cloud.core.view import AlertView
from cloud.web.desk import Unavailable
from cloud.web.paging import Paging
from cloud.web.queries import NUMBER_MAX, TIME_MS_MAX, Number, Text, Whole, number
from cloud.web.routing import Given, Read, Route, get, post

DAY_MS = 86_400_000
AHEAD = Whole("days", "So many days ahead.", 14, 1, 92)
BACK = Whole("days", "So many days back.", 30, 1, 366)
NOTICES = Paging("notices", 100, 1_000)
RULE = Text("rule", "Only of this rule.")
ABOUT = Text("about", "Only of what has this in its name, or in that of its zone.", length_max=100)
SEVERITY = Whole("severity", "Only of this severity: 1 is critical, 2 a warning, 3 a note.", None, 1, 3)
FROM = Whole("from", "Only what was there then or later, in ms since 1970.", 0)
TO = Whole("to", "Only what was there then or earlier, in ms since 1970; left out, whenever.", None)
ENDED = Paging("ended", 50, 1_000, {"changed_ms": TIME_MS_MAX, "id": NUMBER_MAX})
NUMBERED = {"id": Number}
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

    async def ended(self, sought: Sought, limit: int, after: tuple[int, int] | None) -> list[AlertView]:
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

    def __init__(self, desk: Desk | None, now_ms: Callable[[], int], alert: Read) -> None:
        self._asked, self._now_ms, self._alert = desk, now_ms, alert

    def routes(self) -> list[Route]:
        """All of them."""
        alert = "/api/v1/alerts/{id}"
        return [
            get("/api/v1/oncall", self.on_call, "look", CrewsView),
            get("/api/v1/roster", self.roster, "look", RosterView, AHEAD),
            get("/api/v1/notices", self.notices, "look", NoticesPage, *NOTICES.query),
            get("/api/v1/noisiest", self.noisiest, "look", Noisiest, BACK),
            get(
                "/api/v1/alerts/ended", self.ended, "look", AlertsPage,
                RULE, ABOUT, SEVERITY, FROM, TO, *ENDED.query,
            ),
            post(
                "/api/v1/notices/test", self.test, "respond", Test, NoticeView,
                refusals=("no_person", "no_channel", "too_soon"),
            ),
            post(f"{alert}/shelve", self.shelve, "respond", Shelf, AlertView, named=NUMBERED, thing=self._alert),
            post(f"{alert}/unshelve", self.unshelve, "respond", Remark, AlertView, named=NUMBERED, thing=self._alert),
            post(
                f"{alert}/assign", self.assign, "respond", Assignment, AlertView,
                named=NUMBERED, refusals=("no_person",), thing=self._alert,
            ),
        ]  # fmt: skip

    async def on_call(self, _: web.Request) -> object:
        """Who is on call now, team by team."""
        return self._desk.on_call()

    async def roster(self, request: web.Request) -> object:
        """Who is asked first in the next days."""
        return self._desk.roster(AHEAD.of(request))

    async def notices(self, request: web.Request) -> object:
        """The delivery log, newest first."""
        before, limit = NOTICES.of(request)
        found = await self._desk.notices(before, limit)
        return NoticesPage(found, NOTICES.next(found, limit))

    async def noisiest(self, request: web.Request) -> object:
        """The ten alerts that fired most in the last days."""
        return await self._desk.noisiest(self._now_ms() - BACK.of(request) * DAY_MS)

    async def ended(self, request: web.Request) -> object:
        """Alerts that are over, the latest end first."""
        sought = Sought(
            RULE.of(request), ABOUT.of(request).strip(), SEVERITY.of(request), FROM.of(request), TO.of(request)
        )
        limit, behind = ENDED.limit.of(request), ENDED.place(request)
        found = await self._desk.ended(sought, limit, (behind[0], behind[1]) if behind else None)
        return AlertsPage(found, ENDED.next(found, limit))

    async def test(self, _: web.Request, given: Test, by: Given) -> object:
        """Tell somebody a test."""
        return await self._desk.test(given.person, given.channel)

    async def shelve(self, request: web.Request, given: Shelf, by: Given) -> object:
        """Put an alert aside, for a time and a reason."""
        return await self._desk.shelve(number(request, "alert"), by.who.name, given.minutes, given.note)

    async def unshelve(self, request: web.Request, given: Remark, by: Given) -> object:
        """Take an alert up again."""
        return await self._desk.unshelve(number(request, "alert"), by.who.name, given.note)

    async def assign(self, request: web.Request, given: Assignment, by: Given) -> object:
        """Give an alert to somebody."""
        return await self._desk.assign(number(request, "alert"), by.who.name, given.to, given.note)

    @property
    def _desk(self) -> Desk:
        if self._asked is None:
            raise Unavailable("the crews are known to a running service alone", "start it with `python -m cloud serve`")
        return self._asked
