"""Tables over the web: which there are, and each as a file, written while it is read."""

from __future__ import annotations

import asyncio
import logging
import typing
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from cloud.core.exporting.columns import Table, TableView
from cloud.core.exporting.source import SERIES_MAX, Span
from cloud.core.exporting.tables import TABLES
from cloud.web.access import WHO
from cloud.web.desk import DeskError, NotFound
from cloud.web.queries import TIME_MS_MAX, Text, Texts, Whole
from cloud.web.replies import Refusal
from cloud.web.routing import Media, Route, get

log = logging.getLogger(__name__)

MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
FORMAT = Text("format", "As what.", "csv", tuple(MEDIA))
FROM = Whole("from", "Only rows of this time or later, in ms since 1970.", 0)
TO = Whole("to", "Only rows before this time, in ms since 1970.", TIME_MS_MAX)
SERIES = Texts("series", "Of the history: the names of its series.", SERIES_MAX)
SEND_TIMEOUT_S = 60.0
"""Who takes no piece of a file for so long gets no more of it."""


class Desk(typing.Protocol):
    """Who has the tables. Raises `DeskError`s."""

    def tables(self) -> list[TableView]:
        """All there are."""

    def file(self, table: Table, form: str, span: Span) -> AsyncGenerator[bytes, None]:
        """A table as a file, piece by piece; of how things are now as they were when it was begun."""


class Exports:
    """The routes of tables."""

    def __init__(self, desk: Desk, send_timeout_s: float = SEND_TIMEOUT_S) -> None:
        self._desk, self._send_timeout_s = desk, send_timeout_s

    def routes(self) -> list[Route]:
        """All of them."""
        one, files = "/api/v1/exports/{table}", Media(tuple(MEDIA.values()))
        return [
            get("/api/v1/exports", self.tables, "look", list[TableView]),
            get(one, self.table, "look", files, FORMAT, FROM, TO, SERIES),
        ]

    async def tables(self, _: web.Request) -> object:
        """The tables that can be had as files."""
        return self._desk.tables()

    async def table(self, request: web.Request) -> web.StreamResponse:
        """A table as a file."""
        table, form = _table(request), FORMAT.of(request)
        span = _span(request, table)
        headers = {
            "Content-Type": f"{MEDIA[form]}; charset=utf-8" if form == "csv" else MEDIA[form],
            "Content-Disposition": f'attachment; filename="{table.name}.{form}"',
        }
        if request.method == "HEAD":
            return web.Response(headers=headers)
        async with aclosing(self._desk.file(table, form, span)) as pieces:
            first = await anext(pieces, b"")  # what goes wrong until here is answered as ever
            response = web.StreamResponse(headers=headers)
            if form == "csv":
                response.enable_compression()
            try:
                await response.prepare(request)
                await self._send(response, first)
                async for piece in pieces:
                    await self._send(response, piece)
                await response.write_eof()
            except (ConnectionError, TimeoutError):
                _cut(request)  # who asked is gone, or takes nothing
            except DeskError as error:
                log.error("exports: %s was cut off: %s", table.name, error.detail)
                _cut(request)  # so that nobody takes a part for the whole
        return response

    async def _send(self, response: web.StreamResponse, piece: bytes) -> None:
        async with asyncio.timeout(self._send_timeout_s):
            await response.write(piece)


def _table(request: web.Request) -> Table:
    name = request.match_info["table"]
    if name not in TABLES:
        raise NotFound(f"there is no table {name[:100]!r}", "/api/v1/exports lists them")
    table = TABLES[name]
    if not request[WHO].may(table.right):
        said = f"the table {name} needs the right `{table.right}`, and you have the role {request[WHO].role}"
        raise Refusal(403, "forbidden", said, "ask somebody who has it")
    return table


def _span(request: web.Request, table: Table) -> Span:
    from_ms, to_ms, series = FROM.of(request), TO.of(request), SERIES.of(request)
    if not table.time and (from_ms or to_ms != TIME_MS_MAX):
        raise Refusal(400, "bad_request", f"{table.name} is of now: it has no `from` and `to`", "leave them out")
    if from_ms > to_ms:
        raise Refusal(400, "bad_request", "`from` is later than `to`", "swap them")
    if bool(series) != (table.wants == "series"):
        said, hint = ("has no series", "leave `series` out") if series else ("is of series", "name them with `series`")
        raise Refusal(400, "bad_request", f"{table.name} {said}", hint)
    return Span(from_ms, to_ms, series)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
