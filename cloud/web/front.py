"""What the overview asks beside the snapshot, over the web."""

from __future__ import annotations

from aiohttp import web

from cloud.core.tiles import TilesView
from cloud.core.trends import TrendView
from cloud.web.desk import Desk
from cloud.web.routing import Route, get


class Front:
    """The routes of the overview."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/tiles", self.tiles, "look", TilesView),
            get("/api/v1/trends", self.trends, "look", list[TrendView]),
        ]

    async def tiles(self, _: web.Request) -> object:
        """How the figures of the overview's tiles went in the last six hours, and what is usual of them."""
        return self._desk.front.tiles()

    async def trends(self, _: web.Request) -> object:
        """The courses of zones and equipment that are furthest out of what is normal, worst first, six at most."""
        return await self._desk.front.trends()
