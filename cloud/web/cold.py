"""Cold rooms over the web: as they are, their excursions, what lots went through, decisions, and reports."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.core.cold_view import ExcursionView, ExposureView, RoomView
from cloud.core.coldchain.report import FORMATS, LANGUAGES, Asked
from cloud.web.queries import NUMBER_MAX, TIME_MS_MAX, number, text, whole
from cloud.web.replies import Refusal, reply
from cloud.web.sign_in import Who
from cloud.web.writes import Given, Writes

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

    def __init__(self, desk: Desk, writes: Writes) -> None:
        self._desk = desk
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/cold/rooms", self.rooms),
            web.get("/api/v1/cold/excursions", self.excursions),
            web.get("/api/v1/cold/excursions/{id}", self.excursion),
            web.get("/api/v1/cold/exposures", self.exposures),
            web.post("/api/v1/cold/excursions/{id}/release", self.decide),
            web.post("/api/v1/cold/excursions/{id}/scrap", self.decide),
            web.get("/api/v1/cold/report", self.report),
        ]

    async def rooms(self, _: web.Request) -> web.Response:
        """Every room, for each way in which goods are kept there."""
        return reply(self._desk.shown())

    async def excursions(self, request: web.Request) -> web.Response:
        """Excursions and defrosts of `zone` that began within [`from`, `to`], newest first."""
        from_ms, to_ms = whole(request, "from", 0, 0, TIME_MS_MAX), whole(request, "to", TIME_MS_MAX, 0, TIME_MS_MAX)
        return reply(await self._desk.excursions(text(request, "zone"), from_ms, to_ms))

    async def excursion(self, request: web.Request) -> web.Response:
        """One excursion with what was set aside and who decided."""
        return reply(await self._desk.excursion(number(request, "excursion")))

    async def exposures(self, request: web.Request) -> web.Response:
        """What lots of `sku` went through."""
        return reply(self._desk.exposures(text(request, "sku")))

    async def decide(self, request: web.Request) -> web.Response:
        """Give back, or scrap, what a breach set aside."""
        release, excursion = request.path.endswith("/release"), number(request, "excursion")

        async def act(word: Word, by: Given) -> object:
            return await self._desk.decide(excursion, release, word.lines, by.who, word.comment)

        return await self._writes.take(request, Word, act)

    async def report(self, request: web.Request) -> web.Response:
        """The report of a `zone`, or of a `lot` of an `sku`, over [`from`, `to`]: as `json`, `csv` or `pdf`."""
        form, lang = text(request, "format") or "json", text(request, "lang") or "en"
        if form not in FORMATS or lang not in LANGUAGES:
            hint = f"use format={'|'.join(FORMATS)} and lang={'|'.join(LANGUAGES)}"
            raise Refusal(400, "bad_request", "there is no such report", hint)
        asked = Asked(
            text(request, "zone"), text(request, "storage"), text(request, "sku"), text(request, "lot"),
            whole(request, "from", 0, 0, TIME_MS_MAX), whole(request, "to", 0, 0, TIME_MS_MAX), form, lang,
        )  # fmt: skip
        body, media, name = await self._desk.report(asked)
        response = web.Response(body=body, content_type=media, charset="utf-8" if form == "csv" else None)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
