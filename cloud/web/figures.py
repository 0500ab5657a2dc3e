"""Figures over the web: KPIs with what is behind them, and the efficient curve of an SKU."""

from __future__ import annotations

import typing

from aiohttp import web

from cloud.web.replies import reply


class Desk(typing.Protocol):
    """Who knows the figures. Raises `DeskError`s."""

    def measures(self) -> object:
        """Every KPI."""

    def measure(self, name: str) -> object:
        """What is behind one: a row an SKU."""

    async def curve(self, sku: str) -> object:
        """Fill rate against money in stock, for an SKU."""


class Figures:
    """The routes of figures."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/measures", self.measures),
            web.get("/api/v1/measures/{name}", self.measure),
            web.get("/api/v1/skus/{id}/curve", self.curve),
        ]

    async def measures(self, _: web.Request) -> web.Response:
        """Every KPI."""
        return reply(self._desk.measures())

    async def measure(self, request: web.Request) -> web.Response:
        """What is behind a KPI."""
        return reply(self._desk.measure(request.match_info["name"]))

    async def curve(self, request: web.Request) -> web.Response:
        """The efficient curve of an SKU."""
        return reply(await self._desk.curve(request.match_info["id"]))
