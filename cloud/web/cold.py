"""Cold rooms over the web: as they are, their excursions, what lots went through, decisions, and reports."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.cold_view import ExcursionsPage, ExcursionView, ExposureView, RoomView
from cloud.core.coldchain.report import FORMATS, LANGUAGES, Asked
from cloud.web import codes
from cloud.web.paging import Paging
from cloud.web.queries import NUMBER_MAX, TIME_MS_MAX, Number, Text, Whole, number
from cloud.web.roles import Who
from cloud.web.routing import Given, Media, Route, get, post

EXCURSIONS = Paging("excursions", 1_000, 5_000)
ZONE = Text("zone", "Of this room alone.")
STORAGE = Text("storage", "As goods are kept there; left out, in all of these ways.")
SKU, LOT = Text("sku", "Of this SKU alone."), Text("lot", "Of this lot of the SKU.")
SINCE = Whole("from", "What began since then, in ms since 1970.", 0)
UNTIL = Whole("to", "What began until then, in ms since 1970.", TIME_MS_MAX)
FROM = Whole("from", "The report's beginning, in ms since 1970; left out or 0, a week before its end.", 0)
TO = Whole("to", "Its end, in ms since 1970; left out or 0, now.", 0)
FORMAT = Text("format", "As what.", "json", FORMATS)
LANG = Text("lang", "In which language.", "en", LANGUAGES)
NUMBERED = {"id": Number}
REPORTS = Media(("application/json", "text/csv", "application/pdf"))

LINES_MAX = 1_000


class Word(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody decides, and why; about these lines, or about all that wait."""

    comment: Annotated[str, Meta(max_length=500)]
    lines: Annotated[list[Annotated[int, Meta(ge=1, le=NUMBER_MAX)]], Meta(max_length=LINES_MAX)] = []


class Desk(typing.Protocol):
    """Who knows the cold rooms. Raises `DeskError`s."""

    def shown(self) -> list[RoomView]:
        """Every room as it is now."""

    async def excursions(self, zone: str, from_ms: int, to_ms: int) -> list[ExcursionView]:
        """Excursions of a zone ("": of all) that began within a span, newest first."""

    async def excursion(self, number: int) -> ExcursionView:
        """One of them."""

    def exposures(self, sku: str) -> list[ExposureView]:
        """What each lot of an SKU ("": of all) that is in a cold room went through."""

    async def decide(self, number: int, release: bool, lines: list[int], who: Who, comment: str) -> ExcursionView:
        """A person signs for what a breach set aside."""

    async def report(self, asked: Asked) -> tuple[bytes, str, str]:
        """A report: its bytes, their media type, and a name for the file."""


class Cold:
    """The routes of cold rooms."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        cases, case = "/api/v1/cold/excursions", "/api/v1/cold/excursions/{id}"
        return [
            get("/api/v1/cold/rooms", self.rooms, "look", list[RoomView]),
            get(cases, self.excursions, "look", ExcursionsPage, ZONE, SINCE, UNTIL, *EXCURSIONS.query),
            get(case, self.excursion, "look", ExcursionView, named=NUMBERED),
            get("/api/v1/cold/exposures", self.exposures, "look", list[ExposureView], SKU),
            post(
                f"{case}/release", self.release, "govern", Word, ExcursionView,
                named=NUMBERED, refusals=codes.DECIDE, thing=self.excursion,
            ),
            post(
                f"{case}/scrap", self.scrap, "govern", Word, ExcursionView,
                named=NUMBERED, refusals=codes.DECIDE, thing=self.excursion,
            ),
            get(
                "/api/v1/cold/report", self.report, "look", REPORTS, ZONE, STORAGE, SKU, LOT, FROM, TO, FORMAT, LANG,
                refusals=("unknown", "period", "report_of"),
            ),
        ]  # fmt: skip

    async def rooms(self, _: web.Request) -> object:
        """Every room, for each way in which goods are kept there."""
        return self._desk.shown()

    async def excursions(self, request: web.Request) -> object:
        """Excursions and defrosts, newest first."""
        found = await self._desk.excursions(ZONE.of(request), SINCE.of(request), UNTIL.of(request))
        return ExcursionsPage(*EXCURSIONS.cut(found, request))

    async def excursion(self, request: web.Request) -> object:
        """One excursion with what was set aside and who decided."""
        return await self._desk.excursion(number(request, "excursion"))

    async def exposures(self, request: web.Request) -> object:
        """What lots went through."""
        return self._desk.exposures(SKU.of(request))

    async def release(self, request: web.Request, word: Word, by: Given) -> object:
        """Give back what a breach set aside."""
        return await self._desk.decide(number(request, "excursion"), True, word.lines, by.who, word.comment)

    async def scrap(self, request: web.Request, word: Word, by: Given) -> object:
        """Scrap what a breach set aside."""
        return await self._desk.decide(number(request, "excursion"), False, word.lines, by.who, word.comment)

    async def report(self, request: web.Request) -> web.Response:
        """The report of a room, or of a lot, over a period."""
        form = FORMAT.of(request)
        asked = Asked(
            ZONE.of(request), STORAGE.of(request), SKU.of(request), LOT.of(request), FROM.of(request), TO.of(request),
            form, LANG.of(request),
        )  # fmt: skip
        body, media, name = await self._desk.report(asked)
        response = web.Response(body=body, content_type=media, charset="utf-8" if form == "csv" else None)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
