"""Figures over the web: KPIs with what is behind them, and the efficient curve of an SKU."""

from __future__ import annotations

import typing

from aiohttp import web

from cloud.core.planning.efficient import Curve
from cloud.core.trade_view import MeasureDetail, MeasureView
from cloud.web.routing import Route, get


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

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/measures", self.measures, "look", list[MeasureView]),
            get("/api/v1/measures/{name}", self.measure, "look", MeasureDetail),
            get("/api/v1/skus/{id}/curve", self.curve, "look", Curve),
        ]

    async def measures(self, _: web.Request) -> object:
        """Every KPI."""
        return self._desk.measures()

    async def measure(self, request: web.Request) -> object:
        """What is behind a KPI."""
        return self._desk.measure(request.match_info["name"])

    async def curve(self, request: web.Request) -> object:
        """The efficient curve of an SKU."""
        return await self._desk.curve(request.match_info["id"])
