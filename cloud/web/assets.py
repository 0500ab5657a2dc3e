"""Assets over the web: how each is, and one with its evidence and features to draw."""

from __future__ import annotations

import typing

from aiohttp import web

from cloud.web.replies import reply


class AssetDesk(typing.Protocol):
    """Who knows the assets. Raises `DeskError`s."""

    def listed(self) -> object:
        """Every asset."""

    def detail(self, id: str) -> object:
        """One, with its evidence and what is to be drawn."""


class Assets:
    """The routes of assets."""

    def __init__(self, desk: AssetDesk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Both."""
        return [web.get("/api/v1/assets", self.listed), web.get("/api/v1/assets/{id}", self.detail)]

    async def listed(self, _: web.Request) -> web.Response:
        """Every asset, with what is wrong with it and why that is said."""
        return reply(self._desk.listed())

    async def detail(self, request: web.Request) -> web.Response:
        """One asset."""
        return reply(self._desk.detail(request.match_info["id"]))
